"""Trajectory files: JSON as `traffic` writes it and CSV; what is missing is said, never made up."""

import json
from pathlib import Path
from typing import Any

import pytest

from detente.formats import Reading, ReadOptions, read, read_bytes
from detente.volumes import Activity, Band, Edges, Reference, Shape

START_MS = 1628470800000  # 2021-08-09T01:00:00Z


def record(second: float, **changes: Any) -> dict[str, Any]:
    """A sample of a flight northward at 250 m/s and level at 10,000 ft."""
    return {
        "timestamp": START_MS + round(second * 1000),
        "latitude": 36 + second * 250 / 111_000,
        "longitude": 68.8,
        "altitude": 10_000.0,
        "callsign": "EXERCISE1",
        **changes,
    }


def read_json(records: list[Any], options: ReadOptions | None = None) -> Reading:
    return read_bytes("us.json", json.dumps(records).encode(), options)


def only(reading: Reading) -> Activity:
    assert [str(error) for error in reading.bad] == []
    (activity,) = reading.activities
    return activity


def test_a_file_of_the_exercise(data: Path) -> None:
    reading = read(data / "exercise-tracks.csv")
    activity = only(reading)
    assert (activity.party, activity.id, activity.kind) == (
        "exercise-tracks",
        "EXERCISE1",
        "flight",
    )
    assert reading.unknown == []
    assert "926 m to each side" in reading.notes[0]
    assert "altitude interpolated at 1 samples, over gaps of at most 60 s" in activity.notes
    assert {volume.core.edges for volume in activity.volumes} == {Edges.GEODESIC}
    assert {limit.reference for volume in activity.volumes
            if (limit := volume.band.upper)} == {Reference.STD}  # fmt: skip
    assert min(volume.start_s for volume in activity.volumes) == START_MS / 1000 - 30
    assert max(volume.end_s for volume in activity.volumes) == START_MS / 1000 + 120 + 30


def test_margins_are_those_of_the_options() -> None:
    options = ReadOptions(party="ru", track_radius_m=500, track_height_m=100, track_time_s=5)
    activity = only(read_json([record(0), record(10)], options))
    (volume,) = activity.volumes
    assert activity.party == "ru"
    assert volume.radius_m == 500
    assert volume.band.lower is not None
    assert volume.band.upper is not None
    assert volume.band.lower.value_m == pytest.approx(3048 - 100)
    assert volume.band.upper.value_m == pytest.approx(3048 + 100)
    assert (volume.start_s, volume.end_s) == (START_MS / 1000 - 5, START_MS / 1000 + 15)


def test_a_single_sample_is_a_point() -> None:
    (volume,) = only(read_json([record(0)])).volumes
    assert volume.core.shape is Shape.POINT


def test_samples_are_sorted_and_may_repeat() -> None:
    in_order = [record(second) for second in range(0, 100, 5)]
    mixed = in_order[::-1] + in_order[3:6]
    a, b = only(read_json(in_order)), only(read_json(mixed))
    assert [volume.core.rings[0][0] for volume in a.volumes] == [
        volume.core.rings[0][0] for volume in b.volumes
    ]
    assert [volume.end_s for volume in a.volumes] == [volume.end_s for volume in b.volumes]


def test_callsigns_are_flights_and_addresses_keep_aircraft_apart() -> None:
    records = [
        record(0, callsign="A1 "),
        record(0, callsign="B2", icao24="0101de"),
        record(10, callsign="B2", icao24="0101de"),
        record(5, callsign="B2", icao24="39b002", latitude=-36),
        record(0, callsign=None, icao24="4b1234"),
    ]
    activities = read_json(records).activities
    assert [activity.id for activity in activities] == ["A1", "B2", "B2.2", "4b1234"]
    assert activities[1].volumes[0].core.rings[0][0][1] > 0
    assert activities[2].volumes[0].core.rings[0][0][1] < 0


def test_a_long_pause_begins_another_flight_and_is_unknown() -> None:
    reading = read_json([record(0), record(10), record(1811), record(1820)])
    assert [activity.id for activity in reading.activities] == ["EXERCISE1", "EXERCISE1.2"]
    (unknown,) = reading.unknown
    assert unknown.why == (
        "no position from 2021-08-09T01:00:10Z to 2021-08-09T01:30:11Z; "
        "another flight begins after it"
    )


def test_a_gap_in_position_is_bridged_for_its_whole_time_and_unknown() -> None:
    reading = read_json([record(0), record(10), record(200), record(210)])
    (unknown,) = reading.unknown
    assert "from 2021-08-09T01:00:10Z to 2021-08-09T01:03:20Z" in unknown.why
    bridge = only(reading).volumes[1]
    assert bridge.start_s == START_MS / 1000 + 10 - 30
    assert bridge.end_s == START_MS / 1000 + 200 + 30
    assert bridge.band == Band(None, None), "altitude is not known there either"
    assert bridge.core.rings[0][0][1] == pytest.approx(record(10)["latitude"])
    assert bridge.core.rings[0][-1][1] == pytest.approx(record(200)["latitude"])


def test_many_pauses_are_one_unknown_item() -> None:
    reading = read_json([record(second) for second in range(0, 900, 100)])
    (unknown,) = reading.unknown
    assert "and 5 times more; the shortest way is assumed" in unknown.why
    assert len(only(reading).notes) == 1


def test_samples_without_position_keep_their_altitude() -> None:
    records = [record(second) for second in range(0, 60, 5)]
    records[5] = record(25, latitude=None, longitude=None, altitude=12_000.0)
    reading = read_json(records)
    assert reading.unknown == []
    tops = [v.band.upper.value_m for v in only(reading).volumes if v.band.upper]
    assert max(tops) == pytest.approx(12_000 * 0.3048 + 91.44)


def test_a_beginning_or_end_without_position_is_unknown() -> None:
    records = [record(second) for second in range(0, 300, 5)]
    for at in (*range(20), *range(40, 60)):
        records[at]["longitude"] = None
    reading = read_json(records)
    assert [item.why for item in reading.unknown] == [
        "no position from 2021-08-09T01:00:00Z to 2021-08-09T01:01:40Z, "
        "from 2021-08-09T01:03:15Z to 2021-08-09T01:04:55Z; it is not covered there"
    ]


def test_a_flight_without_any_position_is_unknown() -> None:
    reading = read_json([record(0, latitude=None), record(5, latitude=None)])
    assert reading.activities == []
    assert [(item.id, item.why) for item in reading.unknown] == [
        ("EXERCISE1", "it has no position at all")
    ]


@pytest.mark.parametrize(("gap_s", "interpolated"), [(60, True), (61, False)])
def test_altitude_gaps_are_interpolated_up_to_the_stated_length(
    gap_s: int, interpolated: bool
) -> None:
    records = [record(0), record(1), record(1 + gap_s), record(2 + gap_s, altitude=11_000.0)]
    records[2:2] = [record(1 + second, altitude=None) for second in range(1, gap_s)]
    activity = only(read_json(records))
    bands = [volume.band for volume in activity.volumes]
    assert all(band.lower and band.upper for band in bands) == interpolated
    text = " ".join(activity.notes)
    assert ("interpolated at 59 samples" in text) == interpolated
    assert ("all altitudes" in text) != interpolated


def test_an_altitude_that_never_was_is_all_altitudes() -> None:
    records = [record(second, altitude=None) for second in range(0, 30, 5)]
    activity = only(read_json(records))
    assert {volume.band for volume in activity.volumes} == {Band(None, None)}
    assert activity.notes == (
        "altitude unknown, all altitudes taken from 2021-08-09T00:59:30Z to 2021-08-09T01:00:55Z",
    )


def test_csv_and_json_say_the_same() -> None:
    records = [record(second) for second in range(0, 60, 7)]
    records[3]["altitude"] = None
    lines = [",".join(records[0])]
    lines += [",".join("" if v is None else str(v) for v in r.values()) for r in records]
    table = read_bytes("us.csv", "\r\n".join(lines).encode())
    assert table.activities == read_json(records).activities


# -- what cannot be used --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"latitude": 91}, "latitude 91"),
        ({"longitude": 361}, "longitude 361"),
        ({"latitude": "36"}, "is not a sample"),
        ({"timestamp": None}, "is not a sample"),
        ({"timestamp": 1628470800}, "looks like seconds"),
        ({"timestamp": 1e15}, "outside the years"),
        ({"altitude": "high"}, "is not a sample"),
        ({"altitude": 10**400}, "is not a sample"),
    ],
)
def test_one_bad_record_makes_its_whole_flight_unusable(changes: dict[str, Any], what: str) -> None:
    records = [record(0), {**record(1), **changes}, record(2), record(0, callsign="OTHER")]
    reading = read_json(records)
    assert [activity.id for activity in reading.activities] == ["OTHER"]
    (error,) = reading.bad
    assert error.where.startswith("us.json: record 2 (EXERCISE1)")
    assert what in error.message
    assert error.remedy
    assert [(item.party, item.id) for item in reading.dropped] == [("us", "EXERCISE1")]


def test_records_without_a_name_are_one_bad_item() -> None:
    reading = read_json([record(0, callsign=""), 5, {"callsign": 5}, record(0, callsign="A1")])
    assert [activity.id for activity in reading.activities] == ["A1"]
    (error,) = reading.bad
    assert error.where.startswith("us.json: record ")
    assert "and 2 more" in error.where


@pytest.mark.parametrize("name", ["A B", "é", "-A", "A" * 65])
def test_a_callsign_that_is_no_activity_id_is_bad(name: str) -> None:
    (error,) = read_json([record(0, callsign=name)]).bad
    assert "not an activity id" in error.message


def test_an_altitude_out_of_range_is_bad() -> None:
    (error,) = read_json([record(0, altitude=1e7)]).bad
    assert str(error).startswith("us.json: flight (EXERCISE1)")
    assert "altitude limit" in error.message


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[", "not JSON"),
        ('[{"timestamp": NaN}]', "not JSON"),
        ("[" * 100_000, "neither GeoJSON nor trajectory records"),
        ('[{"callsign":"\\ud800"}]', "not JSON"),
    ],
)
def test_a_bad_file_is_one_bad_item(text: str, what: str) -> None:
    (error,) = read_bytes("us.json", text.encode()).bad
    assert what in error.message
    assert error.where == "us.json"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("soon,36,68,1000,A1", "'soon' is not a number"),
        (",36,68,1000,A1", "no timestamp"),
        ("2021-08-09T01:00:00,36,68,1000,A1", "no offset"),
        ("1628470800000,nan,68,1000,A1", "latitude 'nan'"),
        ("1628470800000,36,68,1000 m,A1", "altitude '1000 m'"),
    ],
)
def test_a_bad_csv_sample_is_named(row: str, what: str) -> None:
    text = f"timestamp,latitude,longitude,altitude,callsign\n{row}\n"
    (error,) = read_bytes("us.csv", text.encode()).bad
    assert str(error).startswith("us.csv: line 2 (A1)")
    assert what in str(error)


def test_a_short_csv_row_is_bad() -> None:
    text = "timestamp,latitude,longitude,altitude,callsign\n1628470800000,36\n"
    (error,) = read_bytes("us.csv", text.encode()).bad
    assert "2 cells where the header has 5" in error.message

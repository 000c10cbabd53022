"""OpenAir: every record's meaning, shapes held whole, and what is left unknown or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Proj

from detente.conflict import Separation, between
from detente.errors import LimitError
from detente.formats import Reading, openair, read, read_all, read_bytes
from detente.formats.openair_limits import band_of
from detente.formats.reading import ALWAYS_S
from detente.volumes import (
    Activity,
    Band,
    Core,
    Edges,
    Limit,
    Position,
    Reference,
    Shape,
    Volume,
)
from detente.volumes.times import format_time

WGS84 = Geod(ellps="WGS84")
SQUARE = "DP 37:00N 068:00E\nDP 37:00N 069:00E\nDP 38:00N 069:00E\nDP 38:00N 068:00E\n"
CENTRE = "V X=37:30:00N 068:30:00E\n"

Reader = Callable[..., Reading]


def airspace(shape: str = SQUARE, **records: str) -> Reading:
    said = {"AC": "R", "AN": "EXERCISE Area", "AH": "FL195", "AL": "GND", **records}
    head = "".join(f"{record} {text}\n" for record, text in said.items())
    return read_bytes("oakx.openair", (head + shape).encode())


def only(reading: Reading) -> Activity:
    assert [str(error) for error in reading.bad] == []
    assert reading.unknown == []
    (activity,) = reading.activities
    return activity


def test_a_file_of_the_exercise(data: Path) -> None:
    reading = read(data / "exercise-openair.txt")
    assert reading.bad == []
    tra, danger, ctr, moon = reading.activities
    assert (tra.id, tra.party, tra.kind) == (
        "EXERCISE-TRA-Lyaur",
        "exercise-openair",
        "temporary reserved area",
    )
    assert [(format_time(v.start_s), format_time(v.end_s)) for v in tra.volumes] == [
        ("2021-08-09T04:00:00Z", "2021-08-09T10:00:00Z"),
        ("2021-08-10T04:00:00Z", "2021-08-10T10:00:00Z"),
    ]
    assert len(tra.volumes[0].core.rings[0]) == 3
    circle = danger.volumes[0]
    assert circle.core.shape is Shape.POINT
    assert circle.core.rings[0][0] == pytest.approx((68 + 54 / 60 + 39 / 3600, 36.665))
    assert circle.radius_m == 5 * 1852
    assert circle.band == Band(Limit(0.0, Reference.SFC), Limit(3048.0, Reference.MSL))
    assert ctr.kind == "control zone"
    assert moon.kind == "class D airspace"
    assert [(item.id, item.why.split(" (")[0]) for item in reading.unknown] == [
        ("EXERCISE-By-NOTAM", "it is active when another source says so"),
        ("EXERCISE-Airway", "it is drawn as an airway"),
    ]
    assert "records not used: TO" in reading.notes[0]


@pytest.mark.parametrize(
    ("record", "text", "expected"),
    [
        ("AL", "GND", Limit(0.0, Reference.SFC)),
        ("AL", "sfc", Limit(0.0, Reference.SFC)),
        ("AH", "GND", Limit(0.0, Reference.SFC)),
        ("AH", "UNL", None),
        ("AH", "Unlimited", None),
        ("AH", "FL195", Limit(5943.6, Reference.STD)),
        ("AL", "FL 65", Limit(1981.2, Reference.STD)),
        ("AH", "10000ft STD", Limit(3048.0, Reference.STD)),
        ("AH", "3500ft MSL", Limit(1066.8, Reference.MSL)),
        ("AH", "4500 FT AMSL", Limit(1371.6, Reference.MSL)),
        ("AH", "1371.6m ALT", Limit(1371.6, Reference.MSL)),
        ("AH", "1500mMSL", Limit(1500.0, Reference.MSL)),
        ("AL", "1000ft AGL", Limit(304.8, Reference.AGL)),
        ("AL", "1000ft GND", Limit(304.8, Reference.AGL)),
        ("AL", "300m ASFC", Limit(300.0, Reference.AGL)),
        ("AL", "300M SFC", Limit(300.0, Reference.AGL)),
        ("AL", "-100ft MSL", Limit(-30.48, Reference.MSL)),
    ],
)
def test_limits(record: str, text: str, expected: Limit | None) -> None:
    band, _ = band_of(text if record == "AL" else "GND", text if record == "AH" else "UNL")
    found = band.lower if record == "AL" else band.upper
    if expected is None or found is None:
        assert found is expected
    else:
        assert found.reference is expected.reference
        assert found.value_m == pytest.approx(expected.value_m)


@pytest.mark.parametrize(
    ("floor", "ceiling", "lower", "upper", "note"),
    [
        # 2000 without a unit: feet below, metres above, so that either reading lies inside.
        ("2000 MSL", "UNL", Limit(609.6, Reference.MSL), None, "AL has no unit"),
        ("GND", "2000MSL", Limit(0.0, Reference.SFC), Limit(2000.0, Reference.MSL), "AH has no u"),
        ("-100 MSL", "UNL", Limit(-100.0, Reference.MSL), None, "AL has no unit"),
        ("2000ft", "UNL", None, None, "AL has no reference"),
        ("GND", "2000", Limit(0.0, Reference.SFC), None, "AH has no reference"),
        (None, "UNL", None, None, "no AL is given"),
        ("GND", None, Limit(0.0, Reference.SFC), None, "no AH is given"),
    ],
)
def test_limits_that_are_not_whole_are_open_or_wide(
    floor: str | None, ceiling: str | None, lower: Limit | None, upper: Limit | None, note: str
) -> None:
    band, notes = band_of(floor, ceiling)
    assert band == Band(lower, upper)
    assert len(notes) == 1
    assert note in notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "54:25:00N 010:40:00E",
        "54:25:00 N 010:40:00 E",
        "54:25:00N, 10:40:00E",
        "54:25.0N 010:40.000E",
        "54:25N 10:40E",
        "54:25:00.0N 010:40E",
        "54:25:00.N 010:40.E",
        "54:24:60N 010:39:60.0E",
        "54.41666667N 10.66666667E",
    ],
)
def test_coordinates(text: str) -> None:
    volume = only(airspace(f"V X={text}\nDC 2\n")).volumes[0]
    assert volume.core.rings[0][0] == pytest.approx((10 + 2 / 3, 54 + 5 / 12))


def test_south_west_and_the_antimeridian() -> None:
    shape = "DP 10:00S 179:30E\nDP 10:00S 179:30W\nDP 11:00S 179:30W\nDP 11:00S 179:30E\n"
    ring = only(airspace(shape)).volumes[0].core.rings[0]
    assert ring == ((179.5, -10.0), (180.5, -10.0), (180.5, -11.0), (179.5, -11.0))


def holds(volume: Volume, places: list[Position], middle: Position) -> list[bool]:
    """Whether places lie in the volume, in an azimuthal plane about ``middle`` (within 0.5 m at
    40 km), which is no part of the code under test."""
    plane = Proj(proj="aeqd", lon_0=middle[0], lat_0=middle[1], ellps="WGS84")
    ring = np.array(volume.core.rings[0])
    polygon = shapely.Polygon(np.column_stack(plane(ring[:, 0], ring[:, 1])))
    points = shapely.points(np.column_stack(plane(*np.array(places).T)))
    return [bool(far <= volume.radius_m + 0.5) for far in shapely.distance(points, polygon)]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-170, 170), st.floats(-75, 75),
    st.floats(0, 359.9), st.floats(20, 340), st.floats(8, 20), st.floats(1, 7),
)  # fmt: skip
def test_an_arc_that_bulges_out_and_one_that_bulges_in_cut_nothing_off(
    lon: float, lat: float, begin: float, turn: float, outer_nm: float, inner_nm: float
) -> None:
    """The sector of a ring: out along the outer arc, back along the inner one."""
    begin, outer_nm, inner_nm = round(begin, 1), round(outer_nm, 2), round(inner_nm, 2)
    end = round((begin + round(turn, 1)) % 360, 1)
    x = f"{abs(lat):.6f}{'N' if lat >= 0 else 'S'} {abs(lon):.6f}{'E' if lon >= 0 else 'W'}"
    shape = f"V X={x}\nDA {outer_nm},{begin},{end}\nV D=-\nDA {inner_nm},{end},{begin}\n"
    volume = only(airspace(shape)).volumes[0]
    middle = (round(lon, 6), round(lat, 6))
    places = []
    for share in np.linspace(0, 1, 60):
        azimuth = begin + share * ((end - begin) % 360)
        for distance_nm in (inner_nm, (inner_nm + outer_nm) / 2, outer_nm):
            places.append(WGS84.fwd(*middle, azimuth, distance_nm * 1852)[:2])
    assert all(holds(volume, places, middle))
    # And no more than the bounds say: what is clearly outside stays outside.
    farther = [WGS84.fwd(*middle, az, outer_nm * 1852 + 100)[:2] for az in range(0, 360, 15)]
    nearer = [WGS84.fwd(*middle, az, inner_nm * 1852 - 100)[:2] for az in range(0, 360, 15)]
    assert not any(holds(volume, farther + nearer, middle))


def test_a_whole_circle_by_arcs_is_no_smaller_than_the_circle() -> None:
    volume = only(airspace(f"{CENTRE}DA 10,0,360\n")).volumes[0]
    places = [WGS84.fwd(68.5, 37.5, az, 18520)[:2] for az in np.linspace(0, 360, 999)]
    assert all(holds(volume, places, (68.5, 37.5)))
    assert volume.radius_m < 3


def test_arcs_end_where_the_corners_beside_them_are() -> None:
    # 10 NM at 90 degrees is 068:42:34E; the corner before is 130 m off, the one after 90 m.
    shape = (
        f"DP 37:20:00N 068:30:00E\nDP 37:20:03N 068:30:01E\n{CENTRE}V D=-\nDA 10,180,90\n"
        "DP 37:30:00N 068:42:38E\nDP 37:30:00N 068:30:00E\n"
    )
    volume = only(airspace(shape)).volumes[0]
    # Two of the corners are one place each with an end of the arc.
    arc = 56 + 1
    assert len(volume.core.rings[0]) == 1 + 1 + arc - 1 + 1
    assert 60 < volume.radius_m < 220


def test_an_arc_whose_ends_differ_is_held_at_both_distances() -> None:
    shape = f"{CENTRE}DB 37:40:00N 068:30:00E, 37:30:00N 068:43:00E\nDP 37:30:00N 068:30:00E\n"
    volume = only(airspace(shape)).volumes[0]
    _, _, one_m = WGS84.inv(68.5, 37.5, 68.5, 37 + 40 / 60)
    _, _, two_m = WGS84.inv(68.5, 37.5, 68 + 43 / 60, 37.5)
    assert volume.radius_m > abs(one_m - two_m) > 500
    places = [
        WGS84.fwd(68.5, 37.5, azimuth, distance_m)[:2]
        for azimuth in np.linspace(0, 90, 50)
        for distance_m in (one_m, two_m)
    ]
    assert all(holds(volume, places, (68.5, 37.5)))


def test_several_circles_and_a_polygon_are_several_volumes() -> None:
    shape = f"{CENTRE}DC 1\nV X=38:00N 068:00E\nDC 2\n{SQUARE}"
    volumes = only(airspace(shape)).volumes
    assert [volume.core.shape for volume in volumes] == [Shape.POINT, Shape.POINT, Shape.POLYGON]
    assert [volume.radius_m for volume in volumes[:2]] == [1852, 3704]


def test_an_arc_of_no_length_is_a_corner() -> None:
    arc = f"{CENTRE}DB 37:40N 068:30E, 37:40N 068:30E\n"
    volume = only(airspace(f"{arc}DP 37:40N 068:40E\nDP 37:30N 068:30E\n")).volumes[0]
    assert len(volume.core.rings[0]) == 3


def test_direction_and_centre_do_not_outlive_their_airspace() -> None:
    one = f"AC R\nAN A\nAL GND\nAH UNL\n{CENTRE}V D=-\nDA 10,0,90\nDP 37:30N 068:30E\n"
    two = f"AC R\nAN B\nAL GND\nAH UNL\n{CENTRE}DA 10,0,90\nDP 37:30N 068:30E\n"
    three = "AC R\nAN C\nAL GND\nAH UNL\nDC 5\n"
    reading = read_bytes("x.openair", (one + two + three).encode())
    left, right = reading.activities
    assert len(left.volumes[0].core.rings[0]) > 2.5 * len(right.volumes[0].core.rings[0])
    (error,) = reading.bad
    assert str(error).startswith("x.openair: airspace 3 (C): DC comes before a centre is set")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["2021-08-09T04:00Z/2021-08-09T24:00Z"], [(1628481600, 1628553600)]),
        (["2021-08-09T04:00:30Z/NONE"], [(1628481630, ALWAYS_S[1])]),
        (["none/2021-08-09t04:00z"], [(ALWAYS_S[0], 1628481600)]),
        ([], [ALWAYS_S]),
    ],
)
def test_times(times: list[str], expected: list[tuple[float, float]]) -> None:
    records = "".join(f"AA {text}\n" for text in times)
    activity = only(airspace(records + SQUARE))
    assert [(volume.start_s, volume.end_s) for volume in activity.volumes] == expected
    assert any("active always" in note for note in activity.notes) is bool(
        set(ALWAYS_S) & set(expected[0])
    )


@pytest.mark.parametrize("year", ["1930-01-01", "2021-08-09", "2190-01-01"])
def test_what_is_always_active_meets_a_plan_of_any_year(year: str) -> None:
    from detente.volumes.times import parse_time_s

    always = only(airspace(f"{CENTRE}DC 5\n"))
    start_s = parse_time_s(f"{year}T08:00:00Z")
    core = Core(Shape.POINT, (((68.5, 37.55),),), Edges.STRAIGHT)
    volume = Volume(core, 100.0, Band(None, None), start_s, start_s + 3600)
    plan = Activity("us", "orbit", "activity", (volume,))
    met = between(always, plan, Separation())
    assert met is not None
    assert (met.start_s, met.end_s) == (start_s - 300, start_s + 3900)
    both = between(always, Activity("us", "b", "b", always.volumes), Separation(time_s=86400.0))
    assert both is not None
    assert format_time(both.start_s) == "1900-12-31T12:00:00Z"
    assert format_time(both.end_s) == "2199-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("shape", "records", "what"),
    [
        (SQUARE, {"AH": "3500ft MSL/500ft AGL"}, "AH '3500FT MSL/500FT AGL' is not one limit"),
        (SQUARE, {"AH": "3500 KM"}, "is not one limit"),
        (SQUARE, {"AH": ""}, "AH '' is not one limit"),
        (SQUARE, {"AL": "UNL"}, "AL 'UNL' is not one limit"),
        (SQUARE, {"AL": "FL200", "AH": "FL100"}, "above the upper"),
        (SQUARE, {"AA": "2021-08-09T04:00Z"}, "is no interval"),
        (SQUARE, {"AA": "NONE/NONE"}, "is no interval"),
        (SQUARE, {"AA": "2021-08-09T04:00/2021-08-09T10:00"}, "no time in UTC"),
        (SQUARE, {"AA": "2021-08-09T04:00+02:00/2021-08-09T10:00Z"}, "no time in UTC"),
        (SQUARE, {"AA": "2021-13-09T04:00Z/2021-08-09T10:00Z"}, "no such instant"),
        (SQUARE, {"AA": "2021-08-09T10:00Z/2021-08-09T04:00Z"}, "end lies before start"),
        (SQUARE + "AA NONE\nAA 2021-08-09T04:00Z/NONE\n", {}, "AA 'NONE' is no interval"),
        (SQUARE + "AH UNL\n", {}, "has two records AH"),
        ("", {}, "has no shape"),
        (CENTRE, {}, "has no shape"),
        ("DP 37:00N 068:00E\nDP 37:00N 069:00E\n", {}, "fewer than three corners"),
        ("DP 37:00N 068:00E\n" * 4, {}, "fewer than three corners"),
        ("DP 37:00N 068:00E\nDP 37:00N 069:00E\nDP 38:00N 068:00E\nDP 38:00N 069:00E\n", {},
         "crosses itself"),
        ("DP 37:60N 068:00E\n", {}, "too many minutes or seconds"),
        ("DP 37:10:60.1N 068:00E\n", {}, "too many minutes or seconds"),
        (f"{CENTRE}DB 37:40N 068:30E, 37:40N 068:30E\n", {}, "fewer than three corners"),
        ("DP 91:00N 068:00E\n", {}, "is not on Earth"),
        ("DP 37:00N 181:00E\n", {}, "is not on Earth"),
        ("DP 37:00N\n", {}, "DP '37:00N' is not a coordinate"),
        ("DP 068:00E 37:00N\n", {}, "is not a coordinate"),
        ("DP 37:00N 068:00E 5\n", {}, "is not a coordinate"),
        ("DP\n", {}, "DP '' is not a coordinate"),
        ("DP 86:00N 068:00E\nDP 86:00N 069:00E\nDP 87:00N 069:00E\n", {}, "near a pole"),
        ("DC 5\n", {}, "DC comes before a centre"),
        ("DA 5,0,90\n", {}, "DA comes before a centre"),
        (f"{CENTRE}DC five\n", {}, "DC 'FIVE' is not a radius in NM"),
        (f"{CENTRE}DC 5NM\n", {}, "is not a radius in NM"),
        (f"{CENTRE}DC 0\n", {}, "radius 0 leaves a Point"),
        (f"{CENTRE}DC 99999\n", {}, "radius"),
        (f"{CENTRE}DA 5,0\n", {}, "a radius in NM and two angles"),
        (f"{CENTRE}DA 5,0,361\n", {}, "an angle above 360"),
        (f"{CENTRE}DA 0,0,90\n", {}, "an arc has a radius of 0 NM"),
        (f"{CENTRE}DB 37:40N 068:30E\n", {}, "is not two coordinates"),
        (f"{CENTRE}DB 37:40N 068:30E, 37:30N 069:30E\n", {}, "ends of an arc lie"),
        ("V Q=5\n", {}, "sets nothing that is known"),
        ("V D=1\n", {}, "sets nothing that is known"),
        ("V 37:30N 068:30E\n", {}, "sets nothing that is known"),
        ("V X=37:30N\n", {}, "V X= '37:30N' is not a coordinate"),
        (SQUARE + "DX 5\n", {}, "has a record 'DX', which is not known"),
        (SQUARE + "37:00N 068:00E\n", {}, "has a record '37:00N 068', which is not known"),
        (SQUARE + "DP37:00N 068:00E\n", {}, "which is not known"),
        (SQUARE + "ACR\n", {}, "has a record 'ACR', which is not known"),
        (SQUARE, {"AC": "x" * 80}, "kind is not a short word"),
        (SQUARE, {"AC": "é\x07"}, "kind is not a short word"),
    ],
)  # fmt: skip
def test_a_bad_airspace_is_one_line_with_file_item_and_remedy(
    shape: str, records: dict[str, str], what: str
) -> None:
    reading = airspace(shape, **records)
    assert reading.activities == []
    (error,) = reading.bad
    assert str(error).startswith("oakx.openair: airspace 1 (EXERCISE-Area): ")
    assert what in str(error)
    assert error.remedy
    assert "\n" not in str(error)


def test_names_make_ids_and_two_of_a_name_two_ids() -> None:
    names = ["Zürich (TMA) 1", "Zurich TMA 1", "Москва", "", "A" * 90, ".-", "Zurich-TMA-1.2"]
    text = "".join(f"AC R\nAN {name}\nAL GND\nAH UNL\n{SQUARE}" for name in names)
    reading = read_bytes("oakx.openair", text.encode())
    assert reading.bad == []
    assert [activity.id for activity in reading.activities] == [
        "Zurich-TMA-1", "Zurich-TMA-1.2", "airspace-3", "airspace-4", "A" * 56, "airspace-6",
        "Zurich-TMA-1.2.2",
    ]  # fmt: skip


@pytest.mark.parametrize(("record", "kind"), [
    ("P", "prohibited area"), ("Q", "danger area"), ("c", "class C airspace"),
    ("CTR", "control zone"), ("GP", "gliding prohibited"), ("W", "wave window"),
    ("RMZ", "airspace RMZ"),
])  # fmt: skip
def test_classes(record: str, kind: str) -> None:
    assert only(airspace(AC=record)).kind == kind


def test_comments_blank_lines_case_and_unused_records_do_no_harm() -> None:
    text = (
        "* AC R\n\n  ac Q   * danger\r\nan Area * 51\r\nah fl100\r\n\r\nal gnd\r\nAF 123.3\r\n"
        "AT 37:30N 068:30E\r\nSP 0,1,0,0,255\r\nSB -1,-1,-1\r\nV Z=100\r\nAI 5\r\n; a line\r\n"
        "TW MON.0800-2359\r\nv x = 37:30n 068:30e ; the middle\r\ndc 5\r\n"
        "AC R\r\nSP 0,1,0,0,255\r\n"
    )
    reading = read_bytes("oakx.air", text.encode())
    assert only(reading).id == "Area"
    assert reading.notes == ["oakx.air: records not used: AI, TW"]


def test_records_before_the_first_class_are_not_lost_in_silence() -> None:
    reading = read_bytes("oakx.openair", f"DP 37:00N 068:00E\nAC R\n{SQUARE}".encode())
    assert len(reading.activities) == 1
    assert "stand before the first AC" in str(reading.bad[0])


def test_a_text_is_told_from_notams(tmp_path: Path) -> None:
    text = f"AC R\nAN EXERCISE\nAL GND\nAH UNL\n{SQUARE}"
    (tmp_path / "us.txt").write_text(text)
    (tmp_path / "ru.air").write_text(text)
    reading = read_all([tmp_path / "us.txt", tmp_path / "ru.air"])
    assert [(activity.party, activity.id) for activity in reading.activities] == [
        ("us", "EXERCISE"),
        ("ru", "EXERCISE"),
    ]
    both = read_bytes("us.txt", f"{text}* see A1234/21 NOTAMN\n".encode())
    assert "both OpenAir's records and NOTAMs" in str(both.bad[0])
    assert len(read_bytes("us.openair", f"{text}* see A1234/21 NOTAMN\n".encode()).activities) == 1
    neither = read_bytes("us.openair", b"nothing of the kind")
    assert "has no airspace" in str(neither.bad[0])


@pytest.mark.parametrize(
    ("limit", "text", "what"),
    [
        ("MAX_FEATURES", "AC R\n" * 11 + SQUARE, "more than 10 airspaces"),
        ("MAX_OPENAIR_CHARACTERS", "AC R\n" + SQUARE, "more than 10 characters"),
        ("MAX_ARC_CORNERS", f"AC R\n{CENTRE}DA 5,0,360\nAC R\n{SQUARE}", "arcs of more than 10"),
        ("_RECORDS_MAX", "AC R\n" + SQUARE * 3, "more than 10 records"),
    ],
)
def test_a_limit_on_everything(
    limit: str, text: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openair, limit, 10)
    reading = read_bytes("us.openair", text.encode())
    (error,) = reading.bad
    assert isinstance(error, LimitError)
    assert what in str(error)


def test_a_polygon_of_too_many_corners() -> None:
    arcs = "DA 5,0,359\n" * 50
    (error,) = airspace(CENTRE + arcs).bad
    assert "more than 10,000 corners" in str(error)
    circles = airspace(CENTRE + "DC 5\n" * 5001)
    assert "more than 5000 circles" in str(circles.bad[0])


WORDS = st.sampled_from(
    ["AC R", "AC", "AN x", "AH FL100", "AL GND", "AH 5", "AA NONE", "AA x/y", "DP 37:00N 068:00E",
     "DP 37:00N 069:00E", "DP 38:00N 068:30E", "DP 90:00N 000:00E", "V X=37:00N 068:30E",
     "V X=90:00S 180:00W", "V D=-", "V W=5", "DA 10,90,270", "DA 10,0,0", "DA 999,0,1", "DC 5",
     "DB 37:10N 068:30E,37:00N 068:42E", "DY 37:00N 068:00E", "TO x", "* é", "V", "D", "\x85",
     "DA 0.0001,0,1", "AA NONE/2021-08-09T00:00Z"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=20))
def test_any_records(lines: list[str]) -> None:
    from detente.volumes.check import check_activity

    reading = read_bytes("us.openair", "\n".join(["AC R", *lines]).encode())
    judged: list[Any] = [*reading.bad, *reading.unknown]
    assert all(str(error) and error.where and error.remedy for error in reading.bad)
    for activity in reading.activities:
        check_activity(activity)
    starts = 1 + sum(line.startswith("AC ") for line in lines)
    if "AC" not in lines:
        assert len(judged) + len(reading.activities) == starts

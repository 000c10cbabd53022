"""Observations from files and into files, beside the csv and json modules and figures by hand."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError
from detente.formats.observed import OWN_FILE, UCDP_GED, Options, read_observations
from detente.formats.observed_out import Reported, write_csv, write_geojson
from detente.formats.reading import CutError
from detente.observations import Observation
from detente.volumes import Core, Edges, Shape

GED = Path(__file__).parents[2] / "examples" / "observations-ged-invented.csv"
OPTIONS = Options("us", "TLP:AMBER")
HEAD = "id,kind,from,until,radius_m,longitude,latitude\n"
ROW = "a,fighting,2021-08-09T00:00:00Z,2021-08-09T01:00:00Z,500,68.6,37.2\n"


def read(name: str, data: bytes | str) -> list[Any]:
    raw = data.encode() if isinstance(data, str) else data
    return list(read_observations(name, io.BytesIO(raw), OPTIONS).items)


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


# --- UCDP GED -------------------------------------------------------------------------------------


def test_ged_is_told_by_its_columns_and_read_by_hand() -> None:
    found = read_observations(GED.name, io.BytesIO(GED.read_bytes()), OPTIONS)
    assert found.format == UCDP_GED
    town, district, country = found.items
    assert isinstance(town, Observation)
    assert isinstance(district, Observation)
    assert isinstance(country, Observation)
    assert (town.id, town.kind, town.how, town.marking) == (
        "ged-900001",
        "fighting",
        "third-party",
        "TLP:AMBER",
    )
    assert town.core.rings == (((68.605, 37.185),),)
    assert (town.radius_m, district.radius_m, country.radius_m) == (5e3, 60e3, 1e6)
    assert town.counts == {"fatalities-best": 3, "fatalities-high": 5, "fatalities-low": 2}
    assert (town.district, district.district, country.district) == (
        "Imam Sahib district",
        "Khash district",
        "",
    )
    # A day in every zone at once: from noon less two hours before it, until noon after it.
    assert (town.from_s, town.until_s) == (utc("2021-08-08T10:00:00"), utc("2021-08-10T11:59:59"))
    assert district.kind == "harm-to-civilians"
    assert (district.from_s, district.until_s) == (
        utc("2021-08-02T10:00:00"),
        utc("2021-08-08T11:59:59"),
    )


def test_no_side_no_conflict_and_no_source_comes_through() -> None:
    with GED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = repr(read(GED.name, GED.read_bytes()))
    for name in ("side_a", "side_b", "conflict_name", "source_article", "source_office"):
        for row in rows:
            assert row[name]
            assert row[name] not in shown


def ged(**changes: str) -> str:
    with GED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerow(rows[0] | changes)
    writer.writerow(rows[1])
    return out.getvalue()


@pytest.mark.parametrize(
    ("precision", "days"), [("1", 0), ("2", 6), ("3", 7), ("4", 31), ("5", 366)]
)
def test_the_window_reaches_as_far_as_the_date_is_uncertain(precision: str, days: int) -> None:
    one = read("x.csv", ged(date_prec=precision))[0]
    assert isinstance(one, Observation)
    assert (utc("2021-08-08T10:00:00") - one.from_s) / 86_400 == days
    assert (one.until_s - utc("2021-08-10T11:59:59")) / 86_400 == days


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "x1"}, "its id 'x1' is not a number"),
        ({"type_of_violence": "4"}, "its type_of_violence '4' is not one of 1, 2, 3"),
        ({"where_prec": "0"}, "its where_prec '0' is not one of"),
        ({"date_prec": ""}, "its date_prec '' is not one of"),
        ({"latitude": "91"}, "latitude"),
        ({"longitude": ""}, "has no coordinates"),
        ({"longitude": "east"}, "longitude 'east' is not a number"),
        ({"date_start": "09/08/2021"}, "its date_start '09/08/2021' is not a day"),
        ({"date_start": "2021-02-30"}, "is not a day"),
        ({"date_end": "2021-08-08"}, "ends before it begins"),
        ({"best": "-1"}, "its best '-1' is not a count"),
        ({"high": "many"}, "its high 'many' is not a count"),
    ],
)
def test_a_row_of_ged_that_cannot_be_used_is_named_and_the_next_is_read(
    change: dict[str, str], says: str
) -> None:
    bad, good = read("x.csv", ged(**change))
    assert isinstance(bad, InputError)
    assert says in bad.message
    assert bad.where.startswith("line 2 (")
    assert isinstance(good, Observation)


# --- own files ------------------------------------------------------------------------------------


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    text = (
        "id,kind,from,until,radius_m,longitude,latitude,counts,text,marking,district\n"
        'a,crossing-closed,2021-08-09T04:40:00+04:30,2021-08-09T00:40:00Z,500,68.605,37.185,'
        '"vehicles=40; tents=3","the gate, shut",TLP:GREEN,Imam Sahib\n'
        "b,quiet,2021-08-09,2021-08-10,2000,68.7,37.2,,,,\n"
    )  # fmt: skip
    first, second = read("own.csv", text)
    assert isinstance(first, Observation)
    assert (first.from_s, first.until_s) == (
        utc("2021-08-09T00:10:00"),
        utc("2021-08-09T00:40:00"),
    )
    assert first.counts == {"vehicles": 40, "tents": 3}
    assert (first.text, first.marking, first.how) == ("the gate, shut", "TLP:GREEN", "unknown")
    assert isinstance(second, Observation)
    assert second.marking == "TLP:AMBER"
    assert (second.from_s, second.until_s) == (
        utc("2021-08-08T10:00:00"),
        utc("2021-08-11T11:59:59"),
    )


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("x.kml", "", "files ending in '.kml' are not read"),
        ("x.csv", "id,kind\na,b\n", "neither those of UCDP GED nor of observations"),
        ("x.csv", HEAD.replace("kind", "kind,perpetrator"), "has 'perpetrator', which is not used"),
        ("x.geojson", "[1]", "is not GeoJSON"),
        ("x.geojson", '{"type":"Topology"}', "its JSON has the type 'Topology'"),
    ],
)
def test_a_file_of_no_use_is_refused_whole(name: str, data: str, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("(", "\\(")):
        read(name, data)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (ROW.replace("a,", ",", 1), "has no id"),
        (ROW.replace("fighting", "Battle"), "its kind 'Battle' is not known"),
        (ROW.replace(",500,", ",,"), "has no radius_m"),
        (ROW.replace(",500,", ",5 km,"), "radius_m '5 km' is not a number"),
        (ROW.replace("00:00:00Z", "00:00:00"), "has no offset from UTC"),
        (ROW.replace("2021-08-09T00:00:00Z", "2021-02-30"), "is no such day"),
        (ROW.replace("T00:00:00Z", "T02:00:00Z"), "ends before it begins"),
        (ROW.replace("68.6", ""), "has no place"),
        (ROW.replace(",37.2", ""), "has 6 cells where the header has 7"),
    ],
)
def test_a_bad_row_is_named_by_its_line(row: str, says: str) -> None:
    good, bad, last = read("x.csv", HEAD + ROW + row + ROW.replace("a,", "c,", 1))
    assert isinstance(good, Observation)
    assert isinstance(bad, InputError)
    assert says in bad.message
    assert bad.where.startswith("line 3")
    assert isinstance(last, Observation)


def test_a_file_that_is_cut_short_says_where() -> None:
    *good, end = read("x.csv", HEAD + ROW + ROW.replace("a,", '"b,', 1))
    assert [one.id for one in good] == ["a"]
    assert isinstance(end, CutError)
    *good, end = read("x.geojson", _collection({})[:-30])
    assert isinstance(end, CutError)


def _collection(change: dict[str, Any], geometry: Any = None) -> str:
    properties = {
        "id": "a",
        "kind": "obstruction",
        "from": "2021-08-09T00:00:00Z",
        "until": "2021-08-09T01:00:00Z",
        "radius_m": 20,
        "counts": {"vehicles": 2},
    }
    feature = {
        "type": "Feature",
        "geometry": geometry or {"type": "LineString", "coordinates": [[68, 37], [68.1, 37]]},
        "properties": properties | change,
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def test_a_feature_of_ones_own() -> None:
    [one] = read("x.geojson", _collection({}))
    assert isinstance(one, Observation)
    assert one.core == Core(Shape.POLYLINE, (((68.0, 37.0), (68.1, 37.0)),), Edges.STRAIGHT)
    assert (one.radius_m, one.counts) == (20.0, {"vehicles": 2})
    assert read_observations("x.geojson", io.BytesIO(b'{"type":"FeatureCollection","features":[]}'),
                             OPTIONS).format == OWN_FILE  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": {"vehicles": 1.5}}, "not whole numbers"),
        ({"counts": [1]}, "not whole numbers"),
        ({"radius_m": "20"}, "has no radius_m"),
        ({"radius_m": True}, "has no radius_m"),
        ({"radius_m": 10**400}, "its uncertainty"),
        ({"text": 7}, "its text is not text"),
        ({"commander": "x"}, "has 'commander', which is not used"),
        ({"party": "ru"}, "would outlive its recall"),
    ],
)
def test_a_bad_feature_is_named(change: dict[str, Any], says: str) -> None:
    [bad] = read("x.geojson", _collection(change))
    assert isinstance(bad, InputError)
    assert says in bad.message
    assert bad.where == "feature 1 (a)"


def test_a_misspelt_kind_is_refused_with_the_nearest_one() -> None:
    feature = _collection({"kind": "fightng"}, {"type": "Point", "coordinates": [68, 37]})
    for name, data in (
        ("x.csv", HEAD + ROW.replace("fighting", "fightng")),
        ("x.geojson", feature),
    ):
        [bad] = read(name, data)
        assert isinstance(bad, InputError)
        assert "its kind 'fightng' is not known" in bad.message
        assert "did you mean fighting?" in bad.remedy
        assert "crossing-closed" in bad.remedy


def test_two_places_are_two_reports() -> None:
    parts = {"type": "MultiPoint", "coordinates": [[68, 37], [69, 37]]}
    [bad] = read("x.geojson", _collection({}, parts))
    assert isinstance(bad, InputError)
    assert "several parts" in bad.message


# --- out and in again -----------------------------------------------------------------------------

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), max_size=20
)
observations = st.builds(
    Observation,
    id=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,10}\Z"),
    kind=st.sampled_from(["fighting", "quiet", "relief-delivery"]),
    core=st.sampled_from(
        [
            Core(Shape.POINT, (((68.123456789, -37.5),),), Edges.GEODESIC),
            Core(Shape.POLYLINE, (((68.0, 37.0), (69.0, 37.5)),), Edges.STRAIGHT),
            Core(
                Shape.POLYGON,
                (((68.0, 37.0), (69.0, 37.0), (69.0, 38.0), (68.0, 38.0)),),
                Edges.GEODESIC,
            ),
        ]
    ),
    radius_m=st.floats(0, 1e6).map(lambda metres: round(metres, 3)),
    from_s=st.integers(0, 10**12).map(lambda ms: ms / 1000),
    until_s=st.integers(10**12, 2 * 10**12).map(lambda ms: ms / 1000),
    how=st.sampled_from(["seen", "unknown"]),
    confidence=st.sampled_from(["low", "unknown"]),
    marking=st.sampled_from(["TLP:CLEAR", "TLP:AMBER+STRICT"]),
    place=texts,
    district=texts,
    seeing=st.sampled_from(["good", "unknown"]),
    counts=st.dictionaries(st.sampled_from(["vehicles", "tents"]), st.integers(0, 10**9)),
    text=texts | st.sampled_from(["=1+1", "'=1+1", "-5", "@x", "+7", "\tx"]),
    source=texts,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(observations, max_size=3))
def test_what_is_written_is_read_again(some: list[Observation]) -> None:
    out = [
        Reported(line="1" * 64, party="us", said=one, version=2, first="2021-08-09T00:00:00Z",
                 reported="2021-08-10T00:00:00Z")
        for one in some
    ]  # fmt: skip
    for name, written in (
        ("x.geojson", b"".join(write_geojson(out))),
        ("x.csv", b"".join(write_csv(out))),
    ):
        assert read(name, written) == some
    document = json.loads(b"".join(write_geojson(out)))
    assert [one["properties"]["marking"] for one in document["features"]] == [
        one.marking for one in some
    ]
    strict = any(one.marking == "TLP:AMBER+STRICT" for one in some)
    assert document["marking"] == ("TLP:AMBER+STRICT" if strict else "TLP:CLEAR")
    rows = list(csv.DictReader(io.StringIO(b"".join(write_csv(out)).decode(), newline="")))
    assert [row["marking"] for row in rows] == [one.marking for one in some]
    # Nothing that a spreadsheet would run.
    for row in rows:
        assert not any(row[name][:1] in ("=", "+", "-", "@") for name in ("text", "place"))

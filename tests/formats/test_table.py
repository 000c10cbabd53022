"""CSV of activities: the same profile as GeoJSON, in cells."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from detente.formats import Reading, read, read_bytes
from detente.volumes import Band, Edges, Limit, Reference

Reader = Callable[..., Reading]

POINT = "POINT (68.8 36.5)"
SQUARE = "POLYGON ((68 36, 69 36, 69 37, 68 37, 68 36))"


def test_a_file_of_the_exercise(data: Path) -> None:
    reading = read(data / "exercise-ru.csv")
    assert not (reading.bad)
    assert not (reading.unknown)
    assert not (reading.notes)
    patrol, place, lamp = reading.activities
    assert [a.id for a in reading.activities] == [
        "EXERCISE-patrol",
        "EXERCISE-range",
        "EXERCISE-lamp",
    ]
    assert {a.party for a in reading.activities} == {"ru"}
    assert [a.kind for a in reading.activities] == ["patrol", "range", "activity"]
    assert patrol.volumes[0].core.edges is Edges.GEODESIC
    assert patrol.volumes[0].band == Band(Limit(0.0, Reference.SFC), Limit(3000.0, Reference.MSL))
    assert place.volumes[0].radius_m == 0
    assert lamp.volumes[0].band.upper is not None
    assert lamp.volumes[0].band.upper.value_m == pytest.approx(304.8)


@pytest.mark.parametrize(
    "wkt",
    [
        POINT,
        "POINT Z (68.8 36.5 100)",
        "MULTIPOINT ((68.8 36.5), (69 37))",
        "LINESTRING (170 45, 190 45)",
        "MULTILINESTRING ((170 45, 180 45), (-180 45, -170 45))",
        SQUARE,
        "POLYGON ((68 36, 69 36, 69 37, 68 36), (68.5 36.2, 68.8 36.2, 68.8 36.4, 68.5 36.2))",
    ],
)  # fmt: skip
def test_well_known_text_reads_like_geojson(
    read_row: Reader, read_feature: Reader, wkt: str
) -> None:
    geometry = json.loads(shapely.to_geojson(shapely.from_wkt(wkt)))
    assert read_row(wkt=wkt).activities == read_feature(geometry).activities
    assert read_row(wkt=wkt).activities != []


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"wkt": ""}, "wkt '' cannot be read"),
        ({"wkt": "POINT EMPTY"}, "empty"),
        ({"wkt": "POINT (68.8)"}, "cannot be read"),
        ({"wkt": "POINT (nan 36)"}, "nan"),
        ({"wkt": "POINT (68.8 91)"}, "latitude 91"),
        ({"wkt": "SRID=4326;POINT (68 36)"}, "cannot be read"),
        ({"wkt": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"}, "crosses itself"),
        ({"wkt": "POLYGON ((0 0, 1 0, 1 1, 0 1))"}, "cannot be read"),
        ({"wkt": f"GEOMETRYCOLLECTION ({POINT})"}, "GeometryCollection"),
        ({"wkt": "GEOMETRYCOLLECTION (" * 5000 + POINT + ")" * 5000}, "nested"),
        ({"wkt": "CIRCULARSTRING (0 0, 1 1, 2 0)"}, "cannot be read"),
        ({"wkt": POINT, "radius_m": ""}, "no radius_m"),
        ({"wkt": POINT, "radius_m": "5 km"}, "not a number"),
        ({"wkt": POINT, "radius_m": "nan"}, "not a number"),
        ({"wkt": POINT, "radius_m": "1_000"}, "not a number"),
        ({"wkt": POINT, "id": ""}, "no id"),
        ({"wkt": POINT, "party": "US"}, "not a party id"),
        ({"wkt": POINT, "start": ""}, "no start"),
        ({"wkt": POINT, "end": "2021-08-08T00:00:00Z"}, "end lies before start"),
        ({"wkt": POINT, "altitude_lower": "5000 FT"}, "no reference"),
        ({"wkt": POINT, "edges": "curved"}, "edges"),
    ],
)
def test_a_bad_row_is_one_line_with_file_item_and_remedy(
    read_row: Reader, cells: dict[str, str], what: str
) -> None:
    reading = read_row(**cells)
    assert reading.activities == []
    (error,) = reading.bad
    assert str(error).startswith("plans.csv: line 2")
    assert what in str(error)
    assert error.remedy
    assert "\n" not in str(error)


def row(name: str) -> str:
    return f'{name},1000,2021-08-09T00:30:00Z,2021-08-09T05:00:00Z,"{POINT}"\n'


HEAD = "id,radius_m,start,end,wkt\n"


def test_a_bad_row_does_not_take_the_others_along() -> None:
    text = HEAD + row("a") + "b,1000\n" + "\n" + row("a") + row("c")
    reading = read_bytes("ru.csv", text.encode())
    assert [(a.party, a.id) for a in reading.activities] == [("ru", "a"), ("ru", "c")]
    assert [error.where for error in reading.bad] == ["ru.csv: line 3", "ru.csv: line 5 (a)"]
    assert "2 cells where the header has 5" in reading.bad[0].message


def test_altitudes_without_a_unit_are_said_once(read_row: Callable[..., Reading]) -> None:
    bare = {"altitude_lower": " 240", "altitude_upper": "260.5", "wkt": POINT}
    assert read_row(**bare).notes == [
        "plans.csv: altitude_lower 240 and 1 more without a unit were read as metres above WGS84"
    ]
    for stated in ("FL240", "240 M MSL", "SFC", "", '{"value":240,"units":"FL"}'):
        assert read_row(altitude_lower=stated, wkt=POINT).notes == []


def test_a_broken_quote_ends_the_file_and_says_so() -> None:
    reading = read_bytes("ru.csv", (HEAD + row("a") + 'b,"unclosed\n' + row("c")).encode())
    assert [activity.id for activity in reading.activities] == ["a"]
    (error,) = reading.bad
    assert "not CSV" in error.message
    assert "nothing from here on was read" in error.remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("id,name\n", "neither those of activities nor of trajectories"),
        ("id;wkt\n", "separated by ;"),
        ("id,wkt,ID\n", "'id' twice"),
        (HEAD + "a," + "x" * 2**20 + "\n", "line 2 has more than 1,048,576 characters"),
    ],
)
def test_a_bad_file_is_one_bad_item(text: str, what: str) -> None:
    (error,) = read_bytes("ru.csv", text.encode()).bad
    assert error.where == "ru.csv"
    assert what in error.message
    assert error.remedy


def test_a_shape_at_the_limit_fits_into_one_cell() -> None:
    circle = shapely.Point(68, 36).buffer(1, quad_segs=2499)
    text = HEAD + f'a,0,2021-08-09T00:30:00Z,2021-08-09T05:00:00Z,"{shapely.to_wkt(circle)}"\n'
    assert len(text) > 131_072, "longer than the csv module's own limit"
    (activity,) = read_bytes("ru.csv", text.encode()).activities
    assert len(activity.volumes[0].core.rings[0]) == 9996


def test_columns_that_are_not_used_are_named() -> None:
    text = "id,radius,radius_m,start,end,wkt\n" + row("a").replace("a,", "a,5,")
    (note,) = read_bytes("ru.csv", text.encode()).notes
    assert note == "ru.csv: columns not used: radius"

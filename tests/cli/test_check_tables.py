"""What is printed is rounded so that it never hides a conflict, and fits a page."""

import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.cli import tables
from detente.conflict import Conflict, Key, Kind, Part, Separation
from detente.formats import Unknown
from detente.volumes import Band, Limit, Reference
from detente.volumes.times import parse_time_s

START_S = parse_time_s("2021-08-09T02:35:00.4Z")
END_S = parse_time_s("2021-08-09T03:25:00.2Z")


def conflict(
    *, lateral_m: float = 0.0, vertical_m: float = 0.0, lon: float = 68.83, lat: float = 36.42
) -> Conflict:
    part = Part(0, 0, START_S, END_S, lateral_m, vertical_m, lon, lat)
    a, b = Key("ru", "recon-2"), Key("us", "orbit-1")
    return Conflict(a, b, Kind.SEPARATION, START_S, END_S, lateral_m, vertical_m, lon, lat, (part,))


def result(*conflicts: Conflict, unknown: tuple[Unknown, ...] = ()) -> tables.Result:
    return tables.Result(12, Separation(), conflicts, unknown)


def text_of(found: tables.Result) -> str:
    out = io.StringIO()
    tables.write_table(found, out, within=False)
    return out.getvalue()


def test_the_document_has_the_promised_shape() -> None:
    found = result(
        conflict(lateral_m=1234.567, vertical_m=99.99), unknown=(Unknown("relief", "x", "why"),)
    )
    out = io.StringIO()
    assert tables.write_json(found, out) == 1
    assert json.loads(out.getvalue()) == {
        "activities": 12,
        "separation": {"lateral_m": 9260.0, "vertical_m": 304.8, "time_s": 600.0},
        "conflicts": [
            {
                "a": {"party": "ru", "id": "recon-2"},
                "b": {"party": "us", "id": "orbit-1"},
                "kind": "separation",
                "start": "2021-08-09T02:35:00.400Z",
                "end": "2021-08-09T03:25:00.200Z",
                "lateral_m": 1234.5,
                "vertical_m": 99.9,
                "place": {"lon": 68.83, "lat": 36.42},
            }
        ],
        "unknown": [{"party": "relief", "id": "x", "why": "why"}],
    }


def test_geojson_is_a_point_for_each_conflict() -> None:
    out = io.StringIO()
    found = result(conflict(), conflict(lon=-179.9, lat=-89.9))
    assert tables.write_geojson(found, lambda _: [], out) == 2
    collection = json.loads(out.getvalue())
    assert collection["type"] == "FeatureCollection"
    assert [feature["geometry"] for feature in collection["features"]] == [
        {"type": "Point", "coordinates": [68.83, 36.42]},
        {"type": "Point", "coordinates": [-179.9, -89.9]},
    ]
    assert collection["features"][0]["properties"]["a"] == {"party": "ru", "id": "recon-2"}
    assert collection["activities"] == 12
    assert collection["unknown"] == []


def test_the_table_says_who_when_how_close_and_where() -> None:
    text = text_of(result(conflict(lateral_m=4278.0, vertical_m=152.4)))
    for words in (
        "ru", "recon-2", "us", "orbit-1", "2021-08-09T02:35:00Z", "2021-08-09T03:25:01Z",
        "2.30 NM", "4278 m", "500 ft", "152 m", "36°25.200'N 068°49.800'E", "42SVF 84759 30547",
        "1 conflict found among 12 activities", "5 NM (9260 m)", "1000 ft (304.8 m)", "10 min",
    ):  # fmt: skip
        assert words in text


def test_the_table_fits_a_page_whatever_the_names() -> None:
    long = Conflict(
        Key("p" * 32, "i" * 64), Key("q" * 32, "j" * 64), Kind.SEPARATION, START_S, END_S, 9260.0,
        304.8, -179.5, -36.42, (),
    )  # fmt: skip
    text = text_of(result(long, conflict()))
    assert max(map(len, text.splitlines())) <= tables.WIDTH
    assert sum(line.count("i") for line in text.splitlines()) >= 64


@pytest.mark.parametrize(
    ("kind", "lateral_m", "words"),
    [
        (Kind.PROTECTED_SITE, 0.0, "in the buffer of a protected site"),
        (Kind.LINE_CROSSING, 0.0, "across a line"),
        (Kind.SPECIAL_CAUTION_AREA, 0.0, "in a special caution area"),
        (Kind.SPECIAL_CAUTION_AREA, 900.0, "near a special caution area"),
        (Kind.RESTRICTED_OPERATING_ZONE, 0.0, "in a restricted operating zone"),
        (Kind.RESTRICTED_OPERATING_ZONE, 900.0, "near a restricted operating zone"),
    ],
)
@pytest.mark.parametrize("vertical_m", [0.0, 150.0])
def test_a_conflict_with_an_area_says_of_what_kind_it_is(
    kind: Kind, lateral_m: float, vertical_m: float, words: str
) -> None:
    one = conflict(lateral_m=lateral_m, vertical_m=vertical_m)
    found = msgspec.structs.replace(result(msgspec.structs.replace(one, kind=kind)), places=2)
    if vertical_m:
        words = {
            Kind.PROTECTED_SITE: "near the buffer of a protected site",
            Kind.LINE_CROSSING: "near a line",
        }.get(kind, words.replace("in a", "near a"))
    lines = text_of(found).splitlines()
    assert lines[5].strip() == words
    assert "Of the activities 2 are protected sites or lines: to these" in lines[-1]
    out = io.StringIO()
    tables.write_json(found, out)
    assert json.loads(out.getvalue())["conflicts"][0]["kind"] == kind
    assert words not in text_of(result(conflict()))
    assert "protected" not in text_of(result(conflict()))


def test_what_is_unknown_is_said_first_and_never_called_clear() -> None:
    text = text_of(result(unknown=(Unknown("relief", "a9", "it has a schedule"),)))
    assert text.startswith("UNKNOWN: relief/a9: it has a schedule\n")
    assert "No conflict found among 12 activities, between different parties; 1 unknown." in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = text_of(result(unknown=(Unknown("relief", "a\x1b[2J", "\x07why"),)))
    assert "\x1b" not in text
    assert "\x07" not in text


@given(st.floats(0, 1e7))
def test_distances_are_rounded_down_but_not_by_a_whole_digit(length_m: float) -> None:
    near_nm, near_m = tables.lateral(length_m).rstrip(" m)").split(" NM (")
    assert length_m - 1 < float(near_m) <= length_m + 1e-5
    assert length_m - 0.01 * 1852 - 1e-5 < float(near_nm) * 1852 <= length_m + 1e-5


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (68.83, 36.42, "36°25.200'N 068°49.800'E"),
        (-0.5, -0.5, "00°30.000'S 000°30.000'W"),
        (9.99999999, 59.99999999, "60°00.000'N 010°00.000'E"),
        (180.0, -90.0, "90°00.000'S 180°00.000'E"),
    ],
)
def test_degrees_and_minutes(lon: float, lat: float, expected: str) -> None:
    assert tables.degrees_minutes(lon, lat) == expected


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (68.83, 36.42, "42SVF 84759 30547"),
        (0.0, 90.0, "ZAH 00000 00000"),
        (-170.0, -85.0, "AZG 03545 52981"),
    ],
)
def test_grid_references_also_near_the_poles(lon: float, lat: float, expected: str) -> None:
    assert tables.grid_reference(lon, lat) == expected


def test_bands_are_spoken_as_they_were_stated() -> None:
    levels = Band(Limit(240 * 30.48, Reference.STD), Limit(260 * 30.48, Reference.STD))
    assert tables.spoken_band(levels) == "FL240 – FL260"
    low = Band(Limit(0.0, Reference.SFC), Limit(3000.0, Reference.MSL))
    assert tables.spoken_band(low) == "SFC – 3000 m MSL"
    assert tables.spoken_band(Band(None, None)) == "no lower limit – no upper limit"

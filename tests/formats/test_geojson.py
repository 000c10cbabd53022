"""GeoJSON: the profile of the README, RFC 7946's own examples, and every bad feature by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from detente.formats import Reading, read, read_bytes
from detente.volumes import Band, Edges, Limit, Reference, Shape, Volume

Reader = Callable[..., Reading]

POINT = {"type": "Point", "coordinates": [68.8, 36.5]}
LINE = {"type": "LineString", "coordinates": [[68.8, 36.2], [69.1, 36.2]]}
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[68.0, 36.0], [69.0, 36.0], [69.0, 37.0], [68.0, 37.0], [68.0, 36.0]]],
}


def only_volume(reading: Reading) -> Volume:
    assert reading.bad == []
    (activity,) = reading.activities
    (volume,) = activity.volumes
    return volume


def test_a_file_of_the_exercise(data: Path) -> None:
    reading = read(data / "exercise-us.geojson")
    assert [(a.party, a.id, a.kind) for a in reading.activities] == [
        ("us", "EXERCISE-orbit", "surveillance"),
        ("us", "EXERCISE-tanker", "refuelling"),
        ("exercise-us", "EXERCISE-drop", "activity"),
    ]
    assert not (reading.bad)
    assert not (reading.unknown)
    assert not (reading.dropped)
    orbit, tanker, drop = (activity.volumes[0] for activity in reading.activities)
    assert orbit.band == Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD))
    assert orbit.core.edges is Edges.GEODESIC
    assert tanker.radius_m == 0
    assert tanker.band == Band(Limit(6096.0, Reference.MSL), Limit(6800.0, Reference.W84))
    assert tanker.start_s == orbit.start_s, "05:00 in Kabul is 00:30 UTC"
    assert drop.band == Band(Limit(0.0, Reference.SFC), Limit(1500.0, Reference.AGL))


@pytest.mark.parametrize("kind", ["line", "EXERCISE Line of contact"])
def test_a_line_to_be_crossed_needs_no_radius_and_has_one_all_the_same(
    read_feature: Reader, kind: str
) -> None:
    assert only_volume(read_feature(LINE, kind=kind, radius_m=None)).radius_m == 1.0
    assert only_volume(read_feature(LINE, kind=kind, radius_m=50)).radius_m == 50.0
    (bad,) = read_feature(POINT, kind=kind, radius_m=None).bad
    assert "no radius_m" in str(bad)


@pytest.mark.parametrize(
    ("geometry", "shapes"),
    [
        (POINT, [Shape.POINT]),
        (LINE, [Shape.POLYLINE]),
        (SQUARE, [Shape.POLYGON]),
        # RFC 7946, appendices A.4 to A.6.
        ({"type": "MultiPoint", "coordinates": [[100.0, 0.0], [101.0, 1.0]]}, [Shape.POINT] * 2),
        (
            {
                "type": "MultiLineString",
                "coordinates": [[[100.0, 0.0], [101.0, 1.0]], [[102.0, 2.0], [103.0, 3.0]]],
            },
            [Shape.POLYLINE] * 2,
        ),
        (
            {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[102.0, 2.0], [103.0, 2.0], [103.0, 3.0], [102.0, 3.0], [102.0, 2.0]]],
                    [
                        [[100.0, 0.0], [101.0, 0.0], [101.0, 1.0], [100.0, 1.0], [100.0, 0.0]],
                        [[100.2, 0.2], [100.2, 0.8], [100.8, 0.8], [100.8, 0.2], [100.2, 0.2]],
                    ],
                ],
            },
            [Shape.POLYGON] * 2,
        ),
    ],
)
def test_each_geometry(read_feature: Reader, geometry: Any, shapes: list[Shape]) -> None:
    (activity,) = read_feature(geometry).activities
    assert [volume.core.shape for volume in activity.volumes] == shapes


def test_wrong_winding_is_accepted(read_feature: Reader) -> None:
    ring = SQUARE["coordinates"][0][::-1]
    volume = only_volume(read_feature({"type": "Polygon", "coordinates": [ring]}))
    assert len(volume.core.rings[0]) == 4


def test_a_line_that_stays_in_one_place_is_a_point(read_feature: Reader) -> None:
    volume = only_volume(
        read_feature({"type": "LineString", "coordinates": [[68.8, 36.2], [68.8, 36.2]]})
    )
    assert volume.core.shape is Shape.POINT


def test_heights_in_positions_are_said_not_to_be_used(read_feature: Reader) -> None:
    (activity,) = read_feature({"type": "Point", "coordinates": [68.8, 36.5, 1200]}).activities
    assert any("third value" in note for note in activity.notes)


def test_missing_limits_are_said_to_mean_all_altitudes(read_feature: Reader) -> None:
    (activity,) = read_feature(POINT).activities
    assert activity.volumes[0].band == Band(None, None)
    assert any("all altitudes" in note for note in activity.notes)
    (activity,) = read_feature(POINT, altitude_lower=5, altitude_upper=6).activities
    assert activity.notes == ()


def test_a_feature_and_an_id_where_rfc_7946_puts_it() -> None:
    feature = {"type": "Feature", "id": 17, "geometry": SQUARE, "properties": {
        "start": "2021-08-09T00:30:00Z", "end": "2021-08-09T05:00:00Z"}}  # fmt: skip
    reading = read_bytes("ru.geojson", json.dumps(feature).encode("utf-8-sig"))
    assert [(a.party, a.id) for a in reading.activities] == [("ru", "17")]


def test_properties_that_are_not_used_are_named(read_feature: Reader) -> None:
    assert "altitude_uper" in " ".join(read_feature(POINT, altitude_uper=5).notes)


# -- across the antimeridian ----------------------------------------------------------------------

# RFC 7946, section 3.1.9.
CUT_LINE = {
    "type": "MultiLineString",
    "coordinates": [[[170.0, 45.0], [180.0, 45.0]], [[-180.0, 45.0], [-170.0, 45.0]]],
}
CUT_SQUARE = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[180.0, 40.0], [180.0, 50.0], [170.0, 50.0], [170.0, 40.0], [180.0, 40.0]]],
        [[[-170.0, 40.0], [-170.0, 50.0], [-180.0, 50.0], [-180.0, 40.0], [-170.0, 40.0]]],
    ],
}


def test_a_line_cut_at_the_antimeridian_is_one(read_feature: Reader) -> None:
    core = only_volume(read_feature(CUT_LINE)).core
    assert core.rings == (((170.0, 45.0), (180.0, 45.0), (190.0, 45.0)),)


def test_a_polygon_cut_at_the_antimeridian_is_one(read_feature: Reader) -> None:
    core = only_volume(read_feature(CUT_SQUARE)).core
    united = shapely.Polygon(core.rings[0])
    assert united.equals(shapely.box(170, 40, 190, 50))


def test_a_hole_across_the_antimeridian_is_kept(read_feature: Reader) -> None:
    east = shapely.box(170, 40, 180, 50) - shapely.box(178, 44, 180, 46)
    west = shapely.box(-180, 40, -170, 50) - shapely.box(-180, 44, -178, 46)
    cut = shapely.geometry.mapping(shapely.MultiPolygon([east, west]))
    core = only_volume(read_feature(cut)).core
    whole = shapely.Polygon(core.rings[0], core.rings[1:])
    assert whole.equals(shapely.box(170, 40, 190, 50) - shapely.box(178, 44, 182, 46))


def test_pieces_that_do_not_meet_there_stay_apart(read_feature: Reader) -> None:
    apart = {
        "type": "MultiLineString",
        "coordinates": [[[170.0, 45.0], [180.0, 45.0]], [[-180.0, 46.0], [-170.0, 46.0]]],
    }
    (activity,) = read_feature(apart).activities
    assert len(activity.volumes) == 2


@pytest.mark.parametrize(
    ("longitudes", "expected"),
    [([170, 190], (170, 190)), ([-170, -190], (-170, -190)), ([190, 170], (-170, -190)),
     ([-350, -340], (10, 20)), ([350, 360], (-10, 0))],
)  # fmt: skip
def test_longitudes_past_180_continue(
    read_feature: Reader, longitudes: list[float], expected: tuple[float, float]
) -> None:
    line = {"type": "LineString", "coordinates": [[lon, 60] for lon in longitudes]}
    ring = only_volume(read_feature(line)).core.rings[0]
    assert tuple(lon for lon, _ in ring) == expected


def test_between_geodesic_vertices_there_is_only_one_way(read_feature: Reader) -> None:
    line = {"type": "LineString", "coordinates": [[170, 60], [-170, 60]]}
    ring = only_volume(read_feature(line, edges="geodesic")).core.rings[0]
    assert ring == ((170, 60), (190, 60))


# -- what cannot be used --------------------------------------------------------------------------


def ring_of(count: int) -> dict[str, Any]:
    circle = shapely.Point(68, 36).buffer(1, quad_segs=count // 4)
    return dict(shapely.geometry.mapping(circle))


BAD: list[tuple[str, Any, dict[str, Any], str]] = [
    ("no geometry", None, {}, "no geometry"),
    ("geometry is text", "POINT (1 2)", {}, "no geometry"),
    ("circle", {"type": "Circle", "coordinates": [1, 2]}, {}, "'Circle'"),
    ("collection", {"type": "GeometryCollection", "geometries": [POINT]}, {}, "GeometryCollection"),
    ("no coordinates", {"type": "Point"}, {}, "coordinates is not a list"),
    ("empty", {"type": "MultiPoint", "coordinates": []}, {}, "empty"),
    ("too shallow", {"type": "LineString", "coordinates": [68.8, 36.2]}, {}, "not a list"),
    ("one number", {"type": "Point", "coordinates": [68.8]}, {}, "fewer than two numbers"),
    ("text", {"type": "Point", "coordinates": ["68.8", "36.5"]}, {}, "not a number"),
    ("true", {"type": "Point", "coordinates": [True, False]}, {}, "not a number"),
    ("NaN", {"type": "Point", "coordinates": [68.8, float("nan")]}, {}, "nan"),
    ("Infinity", {"type": "Point", "coordinates": [68.8, float("inf")]}, {}, "inf"),
    ("huge", {"type": "Point", "coordinates": [68.8, 10**400]}, {}, "finite"),
    ("latitude 91", {"type": "Point", "coordinates": [68.8, 91]}, {}, "latitude 91"),
    ("longitude 361", {"type": "Point", "coordinates": [361, 36]}, {}, "longitude 361"),
    ("one vertex", {"type": "LineString", "coordinates": [[68.8, 36.2]]}, {}, "fewer than two"),
    ("long way", {"type": "LineString", "coordinates": [[170, 0], [-170, 0]]}, {}, "jumps"),
    ("open ring", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, {},
     "not closed"),
    ("two vertices", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}, {},
     "fewer than four"),
    ("no rings", {"type": "Polygon", "coordinates": []}, {}, "no ring"),
    ("self-crossing", {"type": "Polygon", "coordinates":
     [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, {}, "crosses itself"),
    ("200,000 vertices", ring_of(200_000), {}, "vertices"),
    ("no id", POINT, {"id": None}, "no id"),
    ("id is a list", POINT, {"id": [1]}, "no id"),
    ("id with blanks", POINT, {"id": "orbit 1"}, "not an activity id"),
    ("party in capitals", POINT, {"party": "US"}, "not a party id"),
    ("party is a number", POINT, {"party": 5}, "party is not a word"),
    ("kind is a number", POINT, {"kind": 5}, "kind is not a word"),
    ("no radius", POINT, {"radius_m": None}, "no radius_m"),
    ("no radius of a line", LINE, {"radius_m": None}, "no radius_m"),
    ("radius is text", POINT, {"radius_m": "9260"}, "radius_m is not a number"),
    ("radius is true", POINT, {"radius_m": True}, "radius_m is not a number"),
    ("radius 0", POINT, {"radius_m": 0}, "without extent"),
    ("radius below 0", SQUARE, {"radius_m": -1}, "radius -1"),
    ("radius NaN", SQUARE, {"radius_m": float("nan")}, "radius nan"),
    ("radius huge", SQUARE, {"radius_m": 10**400}, "radius inf"),
    ("no start", POINT, {"start": None}, "no start"),
    ("no end", POINT, {"end": None}, "no end"),
    ("start is a number", POINT, {"start": 1628469000}, "start is not text"),
    ("start without offset", POINT, {"start": "2021-08-09T00:30:00"}, "no offset"),
    ("end before start", POINT, {"end": "2021-08-08T00:00:00Z"}, "end lies before start"),
    ("edges", POINT, {"edges": "curved"}, "edges"),
    ("missing unit", POINT, {"altitude_lower": {"value": 5000, "reference": "MSL"}}, "no units"),
    ("missing reference", POINT, {"altitude_lower": {"value": 5000, "units": "FT"}},
     "no reference"),
    ("altitude is text", POINT, {"altitude_lower": "5000 FT MSL"}, "neither a number"),
    ("upside down", POINT, {"altitude_lower": 500, "altitude_upper": 400}, "above the upper"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("geometry", "changes", "what"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD]
)
def test_a_bad_feature_is_one_line_with_file_item_and_remedy(
    read_feature: Reader, geometry: Any, changes: dict[str, Any], what: str
) -> None:
    reading = read_feature(geometry, **changes)
    assert reading.activities == []
    (error,) = reading.bad
    line = str(error)
    assert line.startswith("plans.geojson: feature 1")
    assert what in line
    assert error.remedy
    assert "\n" not in line
    (dropped,) = reading.dropped
    assert dropped.why == error.message


def test_a_bad_feature_does_not_take_the_others_along() -> None:
    def feature(name: str, latitude: float) -> dict[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [68.8, latitude]},
            "properties": {"id": name, "radius_m": 5, "start": "2021-08-09T00:30:00Z",
                           "end": "2021-08-09T05:00:00Z"},
        }  # fmt: skip

    features = [feature("a", 36), feature("b", 91), feature("a", 37), 5, feature("c", 38)]
    document = {"type": "FeatureCollection", "features": features}
    reading = read_bytes("ru.geojson", json.dumps(document).encode())
    assert [activity.id for activity in reading.activities] == ["a", "c"]
    assert [error.where for error in reading.bad] == [
        "ru.geojson: feature 2 (b)",
        "ru.geojson: feature 3 (a)",
        "ru.geojson: feature 4",
    ]
    assert "twice" in reading.bad[1].message
    assert [(item.party, item.id) for item in reading.dropped] == [
        ("ru", "b"),
        ("ru", "a"),
        ("ru", "feature 4"),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("nonsense", "not JSON"),
        ("{", "line 1, column 2"),
        ("5", "neither GeoJSON nor trajectory records"),
        ('{"type":"Topology"}', "'Topology'"),
        ('{"type":"FeatureCollection"}', "no list of features"),
        ('{"type":"FeatureCollection","type":"Feature"}', "stands twice"),
        (
            '{"type":"FeatureCollection","features":[],"crs":{"type":"name","properties":'
            '{"name":"urn:ogc:def:crs:EPSG::3857"}}}',
            "EPSG::3857",
        ),
        ('{"type":"FeatureCollection","features":[],"crs":5}', "coordinates are in"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nested"),
        ('{"a":' + "9" * 5000 + "}", "too long"),
    ],
)
def test_a_bad_file_is_one_bad_item(text: str, what: str) -> None:
    reading = read_bytes("ru.geojson", text.encode())
    (error,) = reading.bad
    assert error.where == "ru.geojson"
    assert what in error.message
    assert error.remedy
    assert reading.activities == []


def test_altitudes_without_a_unit_are_said_once(read_feature: Reader) -> None:
    stated = {"value": 260, "units": "FL"}
    assert read_feature(POINT, altitude_lower=240, altitude_upper=stated).notes == [
        "plans.geojson: altitude_lower 240 without a unit was read as metres above WGS84"
    ]
    assert read_feature(POINT, altitude_lower=240, altitude_upper=260.5).notes == [
        "plans.geojson: altitude_lower 240 and 1 more without a unit were read as metres above "
        "WGS84"
    ]
    assert read_feature(POINT, altitude_upper=stated).notes == []


def test_progress_counts_bytes_and_ends_at_the_whole() -> None:
    said: list[tuple[int, int]] = []
    features = [{"x": "x" * 1000}] * 2500
    text = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    read_bytes("ru.json", text, progress=lambda done, total: said.append((done, total)))
    assert len(said) > 2
    assert said == sorted(said)
    assert said[-1] == (len(text), len(text))


def test_wgs84_may_be_named() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    document = {"type": "FeatureCollection", "crs": crs, "features": []}
    assert read_bytes("ru.geojson", json.dumps(document).encode()).bad == []

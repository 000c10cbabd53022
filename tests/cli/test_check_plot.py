"""The picture: outlines lie where GeographicLib puts them, and it comes out anywhere on Earth."""

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.cli.main import run
from detente.cli.plot.outline import Plane, volumes_outline, walks
from detente.volumes import Band, Core, Edges, Shape, Volume
from detente.volumes.model import Ring

GEOD = Geod(ellps="WGS84")


def volume(
    shape: Shape, *rings: Ring, radius_m: float = 0.0, edges: Edges = Edges.GEODESIC
) -> Volume:
    return Volume(Core(shape, rings, edges), radius_m, Band(None, None), 0.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    radius_m=st.floats(100, 500_000),
    azimuth=st.floats(0, 360),
)
def test_a_circle_is_drawn_with_its_radius(
    lon: float, lat: float, radius_m: float, azimuth: float
) -> None:
    centre_lon, centre_lat, _ = GEOD.fwd(lon, lat, azimuth, radius_m / 2)
    plane = Plane(centre_lon, centre_lat)
    outline = volumes_outline([volume(Shape.POINT, ((lon, lat),), radius_m=radius_m)], plane)
    edge = plane.unproject(shapely.get_coordinates(outline))
    count = len(edge)
    _, _, distance_m = GEOD.inv(np.full(count, lon), np.full(count, lat), edge[:, 0], edge[:, 1])
    assert distance_m == pytest.approx(np.full(count, radius_m), rel=1e-6, abs=0.1)


def test_a_corridor_across_the_antimeridian_is_one_piece() -> None:
    plane = Plane(180.0, 10.0)
    outline = volumes_outline(
        [volume(Shape.POLYLINE, ((178.0, 10.0), (183.0, 10.0)), radius_m=10_000.0)], plane
    )
    assert outline.geom_type == "Polygon"
    _, _, length_m = GEOD.inv(178.0, 10.0, -177.0, 10.0)
    assert outline.area == pytest.approx(length_m * 20_000 + math.pi * 10_000**2, rel=0.01)


def test_a_polygon_around_the_pole_holds_it() -> None:
    plane = Plane(0.0, 90.0)
    ring = tuple((float(lon), 80.0) for lon in range(-180, 180, 30))
    outline = volumes_outline([volume(Shape.POLYGON, ring)], plane)
    assert shapely.contains(outline, shapely.Point(0, 0))


def test_a_straight_edge_follows_its_parallel_and_a_geodesic_does_not() -> None:
    ring = ((0.0, 50.0), (20.0, 50.0))
    (straight,) = walks(Core(Shape.POLYLINE, (ring,), Edges.STRAIGHT))
    (geodesic,) = walks(Core(Shape.POLYLINE, (ring,), Edges.GEODESIC))
    assert straight[:, 1] == pytest.approx(50.0)
    # On a sphere the arc is highest at its middle, where tan(lat) = tan(50°) / cos(10°).
    highest = math.degrees(math.atan(math.tan(math.radians(50)) / math.cos(math.radians(10))))
    assert geodesic[:, 1].max() == pytest.approx(highest, abs=0.005)


def test_holes_stay_open() -> None:
    outer = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
    hole = ((0.9, 0.9), (1.1, 0.9), (1.1, 1.1), (0.9, 1.1))
    plane = Plane(1.0, 1.0)
    outline = volumes_outline([volume(Shape.POLYGON, outer, hole)], plane)
    assert not shapely.contains(outline, shapely.Point(0, 0))


def plan(path: Path, identifier: str, geometry: object, radius_m: float, **more: object) -> str:
    properties = {
        "id": identifier,
        "radius_m": radius_m,
        "start": "2026-11-22T08:00:00Z",
        "end": "2026-11-22T09:00:00Z",
        **more,
    }
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    path.write_text(json.dumps(feature))
    return str(path)


def size_px(path: Path) -> tuple[int, int]:
    """Width and height from a PNG's first chunk (ISO 15948, 11.2.2)."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width_px, height_px = struct.unpack(">II", head[16:24])
    return width_px, height_px


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Across the antimeridian, in both ways of writing it.
        ([[179.0, 10.0], [181.0, 10.5]], [-179.9, 10.3]),
        # Over the north pole and at the south pole.
        ([[10.0, 88.0], [-170.0, 87.0]], [0.0, 89.9]),
        ([[10.0, -88.0], [-170.0, -87.0]], [0.0, -90.0]),
        # A corridor much longer than the other is wide.
        ([[0.0, 45.0], [20.0, 52.0]], [10.0, 49.2]),
    ],
)
def test_a_picture_comes_out_anywhere(
    first: list[list[float]], second: list[float], tmp_path: Path
) -> None:
    line = {"type": "LineString", "coordinates": first}
    point = {"type": "Point", "coordinates": second}
    one = plan(tmp_path / "us.geojson", "a", line, 20_000, edges="geodesic", altitude_upper=3000)
    limit = {"value": 0, "units": "FT", "reference": "SFC"}
    other = plan(tmp_path / "ru.geojson", "b", point, 30_000, altitude_lower=limit)
    picture = tmp_path / "meeting.png"
    assert run(["check", "--plot", str(picture), one, other]) == 1
    width_px, height_px = size_px(picture)
    assert width_px > 1200
    assert 0.4 < height_px / width_px < 0.6


def test_several_conflicts_get_an_overview_and_no_more_than_three_panels(tmp_path: Path) -> None:
    heights = {}
    for count in (1, 2, 5):
        files = [
            plan(
                tmp_path / f"p{number}-{count}.geojson",
                "a",
                {"type": "Point", "coordinates": [10.0 + number // 2, 45.0]},
                5000,
            )
            for number in range(2 * count)
        ]
        picture = tmp_path / f"{count}.png"
        assert run(["check", "--plot", str(picture), *files]) == 1
        heights[count] = size_px(picture)[1]
    assert heights[1] < heights[2] < heights[5]


def test_without_conflict_no_picture_is_written_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lone = plan(tmp_path / "us.geojson", "a", {"type": "Point", "coordinates": [0, 0]}, 100)
    picture = tmp_path / "meeting.png"
    assert run(["check", "--within", "--plot", str(picture), lone]) == 0
    assert not picture.exists()
    assert "nothing conflicts" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_does_not_hide_the_conflict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    point = {"type": "Point", "coordinates": [0, 0]}
    files = [plan(tmp_path / f"{name}.geojson", "a", point, 100) for name in ("us", "ru")]
    picture = tmp_path / "meeting.png"
    picture.mkdir()
    assert run(["check", "--plot", str(picture), *files]) == 1
    captured = capsys.readouterr()
    assert "1 conflict found" in captured.out
    assert "meeting.png" in captured.err

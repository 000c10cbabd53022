"""Outlines for the map, against distances on the ellipsoid (GeographicLib through pyproj)."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point

from detente.console import outlines
from detente.volumes import Band, Core, Edges, Shape, Volume

GEOD = Geod(ellps="WGS84")
LENGTHS_M = st.floats(500, 300_000)


def volume(shape: Shape, *rings: tuple[tuple[float, float], ...], radius_m: float) -> Volume:
    return Volume(Core(shape, rings, Edges.GEODESIC), radius_m, Band(None, None), 0.0, 1.0)


def holds(outline: Any, lon: float, lat: float) -> bool:
    """Whether a place lies inside, whichever way round the world the outline was unrolled."""
    return any(outline.covers(Point(lon + turn, lat)) for turn in (-720, -360, 0, 360, 720))


@settings(max_examples=60, deadline=None)
@given(
    lon=st.floats(-180, 180), lat=st.floats(-84, 84), radius_m=LENGTHS_M, azimuth=st.floats(0, 360)
)
def test_a_circle_is_as_wide_as_its_radius(
    lon: float, lat: float, radius_m: float, azimuth: float
) -> None:
    outline = outlines.outline(volume(Shape.POINT, ((lon, lat),), radius_m=radius_m))
    inside = GEOD.fwd(lon, lat, azimuth, radius_m * 0.99)
    outside = GEOD.fwd(lon, lat, azimuth, radius_m * 1.01)
    assert holds(outline, inside[0], inside[1])
    assert not holds(outline, outside[0], outside[1])


@settings(max_examples=40, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-75, 75),
    azimuth=st.floats(0, 360),
    length_m=st.floats(10_000, 1_500_000),
    radius_m=st.floats(1_000, 30_000),
    along=st.floats(0.05, 0.95),
)
def test_a_corridor_is_as_wide_everywhere(
    lon: float, lat: float, azimuth: float, length_m: float, radius_m: float, along: float
) -> None:
    end_lon, end_lat, _ = GEOD.fwd(lon, lat, azimuth, length_m)
    if abs(end_lat) > 80:
        return
    end_lon += 360 * round((lon - end_lon) / 360)
    outline = outlines.outline(
        volume(Shape.POLYLINE, ((lon, lat), (end_lon, end_lat)), radius_m=radius_m)
    )
    mid_lon, mid_lat, back = GEOD.fwd(lon, lat, azimuth, length_m * along)
    for side in (90, -90):
        inside = GEOD.fwd(mid_lon, mid_lat, back + 180 + side, radius_m * 0.98)
        outside = GEOD.fwd(mid_lon, mid_lat, back + 180 + side, radius_m * 1.02)
        assert holds(outline, inside[0], inside[1])
        assert not holds(outline, outside[0], outside[1])


def test_a_polygon_across_the_antimeridian_stays_in_one_piece() -> None:
    ring = ((179.0, 60.0), (181.0, 60.0), (181.0, 61.0), (179.0, 61.0))
    outline = outlines.outline(volume(Shape.POLYGON, ring, radius_m=20_000.0))
    assert outline.geom_type == "Polygon"
    west, _, east, _ = outline.bounds
    assert 2 < east - west < 4
    assert holds(outline, 180.0, 60.5)
    assert holds(outline, -179.0, 60.5)
    assert not holds(outline, 0.0, 60.5)


def test_a_hole_stays_a_hole_and_shrinks_by_the_radius() -> None:
    outer = ((60.0, 30.0), (64.0, 30.0), (64.0, 34.0), (60.0, 34.0))
    hole = ((61.0, 31.0), (61.0, 33.0), (63.0, 33.0), (63.0, 31.0))
    outline = outlines.outline(volume(Shape.POLYGON, outer, hole, radius_m=20_000.0))
    assert not holds(outline, 62.0, 32.0)
    assert holds(outline, 61.1, 32.0)  # 9.4 km from the hole's edge


@pytest.mark.parametrize("lat", [89.0, -89.0])
def test_a_circle_round_a_pole_holds_it(lat: float) -> None:
    outline = outlines.outline(volume(Shape.POINT, ((10.0, lat),), radius_m=400_000.0))
    pole = math.copysign(90.0, lat)
    assert outline.is_valid
    assert holds(outline, 0.0, pole)
    assert holds(outline, -170.0, math.copysign(88.0, lat))
    assert not holds(outline, 10.0, math.copysign(80.0, lat))


def test_shared_ground_is_found_across_the_antimeridian() -> None:
    west = outlines.outline(volume(Shape.POINT, ((-179.9, 10.0),), radius_m=30_000.0))
    east = outlines.outline(volume(Shape.POINT, ((179.9, 10.0),), radius_m=30_000.0))
    shared = outlines.areas_of(outlines.overlap(west, east))
    assert not shared.is_empty
    assert holds(shared, 180.0, 10.0)
    far = outlines.outline(volume(Shape.POINT, ((0.0, 10.0),), radius_m=30_000.0))
    assert outlines.areas_of(outlines.overlap(west, far)).is_empty

"""Lines of a chart between corners lie within what is said, and dense outlines cost nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Proj, Transformer

from detente.formats.outlines import reaches_a_pole, stray_note, strays_m
from detente.volumes import Core, Edges, Position, Shape

WGS84 = Geod(ellps="WGS84")
MERCATOR = Transformer.from_crs("EPSG:4326", "EPSG:3395", always_xy=True)
SHARE = np.linspace(0, 1, 301)


def edge(*corners: Position) -> Core:
    return Core(Shape.POLYLINE, (corners,), Edges.GEODESIC)


def strays_of_a_chart_m(start: Position, end: Position) -> float:
    """How far the two straight lines get from the geodesic, by brute force."""
    azimuth, _, length_m = WGS84.inv(*start, *end)
    many = np.linspace(0, 1, 1501)
    way = WGS84.fwd(
        np.full(1501, start[0]), np.full(1501, start[1]), np.full(1501, azimuth), many * length_m
    )
    _, y = MERCATOR.transform([start[0], end[0]], [start[1], end[1]])
    _, rhumb_lat = MERCATOR.transform(
        np.zeros_like(SHARE), y[0] + SHARE * (y[1] - y[0]), direction="INVERSE"
    )
    lon = start[0] + SHARE * (end[0] - start[0])
    most = 0.0
    for lat in (start[1] + SHARE * (end[1] - start[1]), rhumb_lat):
        for at in range(0, len(SHARE), 15):
            _, _, far_m = WGS84.inv(np.full(1501, lon[at]), np.full(1501, lat[at]), way[0], way[1])
            # The places of the geodesic are this far apart.
            nearest_m = float(far_m.min())
            most = max(most, math.sqrt(max(nearest_m**2 - (length_m / 3000) ** 2, 0.0)))
    return most


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-180, 180),
    st.floats(-84.9, 84.9),
    st.floats(0.001, 2000),
    st.floats(0, 360),
)
def test_charts_lines_are_held(lon: float, lat: float, length_km: float, azimuth: float) -> None:
    end_lon, end_lat, _ = WGS84.fwd(lon, lat, azimuth, 1000 * length_km)
    end_lon += 360 * round((lon - end_lon) / 360)
    core = edge((lon, lat), (end_lon, end_lat))
    if reaches_a_pole(core):
        return
    room_m = strays_m(core)
    assert strays_of_a_chart_m((lon, lat), (end_lon, end_lat)) <= room_m


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-180, 180), st.floats(-84, 84), st.floats(5, 70), st.floats(0, 360)
)  # fmt: skip
def test_the_bound_that_stands_for_short_edges_holds(
    lon: float, lat: float, length_km: float, azimuth: float
) -> None:
    """In a plane about the middle, where a geodesic of 70 km is straight to a millimetre."""
    end_lon, end_lat, _ = WGS84.fwd(lon, lat, azimuth, 1000 * length_km)
    end_lon += 360 * round((lon - end_lon) / 360)
    core = edge((lon, lat), (end_lon, end_lat))
    if reaches_a_pole(core):
        return
    room_m = strays_m(core)
    middle = WGS84.npts(lon, lat, end_lon, end_lat, 1)[0]
    plane = Proj(proj="aeqd", lon_0=middle[0], lat_0=middle[1], ellps="WGS84")
    (x_a, x_b), (y_a, y_b) = plane([lon, end_lon], [lat, end_lat])
    _, y = MERCATOR.transform([lon, end_lon], [lat, end_lat])
    _, rhumb_lat = MERCATOR.transform(
        np.zeros_like(SHARE), y[0] + SHARE * (y[1] - y[0]), direction="INVERSE"
    )
    for line_lat in (lat + SHARE * (end_lat - lat), rhumb_lat):
        x, y = plane(lon + SHARE * (end_lon - lon), line_lat)
        far_m = np.abs((x_b - x_a) * (y - y_a) - (y_b - y_a) * (x - x_a))
        assert far_m.max() / math.hypot(x_b - x_a, y_b - y_a) <= room_m + 0.002


def test_the_closing_edge_counts_for_polygons_only() -> None:
    corners = ((0.0, 60.0), (1.0, 60.1), (20.0, 60.0))
    polygon = Core(Shape.POLYGON, (corners,), Edges.GEODESIC)
    # 20 degrees on the parallel of 60: the geodesic rises some 40 km above it.
    assert strays_m(polygon) > 40_000
    assert strays_m(edge(*corners[:2])) < 200
    assert strays_m(Core(Shape.POINT, ((corners[0],),))) == 0


def test_the_closing_edge_of_a_ring_round_a_pole_is_like_the_others() -> None:
    ring = ((0.0, 80.0), (120.0, 80.0), (240.0, 80.0))
    polygon = Core(Shape.POLYGON, (ring,), Edges.GEODESIC)
    assert strays_m(polygon) == strays_m(edge(*ring[:2]))


def test_short_edges_are_bounded_without_solving_each() -> None:
    turn = np.linspace(0, 2 * math.pi, 10_000, endpoint=False)
    ring = tuple(zip((69 + np.cos(turn)).tolist(), (36 + np.sin(turn)).tolist(), strict=True))
    assert strays_m(Core(Shape.POLYGON, (ring,), Edges.GEODESIC)) <= 0.1


@pytest.mark.parametrize(("room_m", "count"), [(0.4, 0), (120.0, 1)])
def test_room_is_said_where_it_matters(room_m: float, count: int) -> None:
    assert len(stray_note(room_m)) == count

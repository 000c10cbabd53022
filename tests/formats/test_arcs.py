"""Arcs: whatever the ends, direction and place, every point of the arc is held (GeographicLib)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.errors import InputError
from detente.formats.arcs import (
    RADIUS_M_MAX,
    STEP_DEG,
    Arc,
    arc_between_azimuths,
    arc_between_points,
)
from detente.volumes import Position

WGS84 = Geod(ellps="WGS84")

CENTRES = st.tuples(st.floats(-180, 180), st.floats(-84, 84))
AZIMUTHS = st.floats(0, 360)


def farthest_m(arc: Arc, points: list[Position]) -> float:
    """How far the points, in order along the arc, are from the geodesics between its corners."""
    lon, lat = np.array(arc.corners).T
    azimuth, _, length_m = WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    share = np.linspace(0, 1, 41)
    at = np.repeat(np.arange(len(azimuth)), len(share))
    way_lon, way_lat, _ = WGS84.fwd(
        lon[at], lat[at], azimuth[at], np.tile(share, len(azimuth)) * length_m[at]
    )
    most = 0.0
    for number, (point_lon, point_lat) in enumerate(points):
        # Only the chords around it: the nearest corner is at most a few away.
        middle = round(number / max(len(points) - 1, 1) * (len(azimuth) - 1))
        near = slice(max(0, middle - 3) * len(share), (middle + 4) * len(share))
        count = len(way_lon[near])
        _, _, far_m = WGS84.inv(
            np.full(count, point_lon), np.full(count, point_lat), way_lon[near], way_lat[near]
        )
        # Between two places 1/40 of a chord apart, the nearest is at most this much nearer.
        spacing_m = float(length_m.max()) / 40
        nearest_m = float(far_m.min())
        most = max(most, math.sqrt(max(nearest_m**2 - (spacing_m / 2) ** 2, 0.0)))
    return most


@settings(max_examples=40, deadline=None)
@given(CENTRES, st.floats(50, RADIUS_M_MAX), AZIMUTHS, AZIMUTHS, st.booleans())
def test_an_arc_of_azimuths_is_held(
    centre: Position, radius_m: float, begin: float, end: float, clockwise: bool
) -> None:
    arc = arc_between_azimuths(centre, radius_m, begin, end, clockwise=clockwise)
    turn = (end - begin) % 360 if clockwise else -((begin - end) % 360)
    turn = turn or (360.0 if clockwise else -360.0)
    points = []
    for share in np.linspace(0, 1, 97):
        lon, lat, _ = WGS84.fwd(*centre, begin + share * turn, radius_m)
        points.append((lon, lat))
    assert farthest_m(arc, points) <= arc.stray_m
    # The bound is not a way out either: 1/10,000 of the radius and rounding.
    assert arc.stray_m <= 1.02e-4 * radius_m + 0.001


@settings(max_examples=40, deadline=None)
@given(CENTRES, st.floats(500, 300_000), AZIMUTHS, st.floats(5, 355), st.floats(-0.09, 0.09))
def test_an_arc_of_points_is_held_at_either_distance(
    centre: Position, radius_m: float, begin: float, turn: float, uneven: float
) -> None:
    start = WGS84.fwd(*centre, begin, radius_m)[:2]
    end = WGS84.fwd(*centre, begin + turn, radius_m * (1 + uneven))[:2]
    arc = arc_between_points(centre, start, end, clockwise=True)
    assert arc.corners[0] == start
    assert arc.corners[-1] == end
    for distance_m in (radius_m, radius_m * (1 + uneven), radius_m * (1 + uneven / 3)):
        points = []
        for share in np.linspace(0, 1, 61):
            lon, lat, _ = WGS84.fwd(*centre, begin + share * turn, distance_m)
            points.append((lon, lat))
        assert farthest_m(arc, points) <= arc.stray_m
    assert arc.stray_m <= 1.02 * radius_m * abs(uneven) + 1.2e-4 * radius_m + 0.001


def test_the_corners_of_a_whole_circle_are_few_and_close() -> None:
    arc = arc_between_azimuths((69.0, 36.0), 100_000, 0, 360, clockwise=True)
    assert len(arc.corners) == math.ceil(360 / STEP_DEG) + 1
    assert arc.stray_m < 10.2


def test_left_and_right_are_what_they_say() -> None:
    right = arc_between_azimuths((0.0, 0.0), 10_000, 0, 90, clockwise=True)
    left = arc_between_azimuths((0.0, 0.0), 10_000, 0, 90, clockwise=False)
    assert all(lon > -1e-9 and lat > -1e-9 for lon, lat in right.corners)
    assert min(lon for lon, _ in left.corners) == pytest.approx(-10_000 / 111_320, rel=1e-3)
    assert len(left.corners) > 2.9 * len(right.corners)


@pytest.mark.parametrize("radius_m", [0.0, RADIUS_M_MAX * 1.01])
def test_a_radius_that_is_none_is_refused(radius_m: float) -> None:
    with pytest.raises(InputError, match="radius of"):
        arc_between_azimuths((69.0, 36.0), radius_m, 0, 90, clockwise=True)


def test_ends_that_are_on_no_circle_are_refused() -> None:
    with pytest.raises(InputError, match="ends of an arc lie 11132 m and 22264 m"):
        arc_between_points((0.0, 0.0), (0.1, 0.0), (-0.2, 0.0), clockwise=True)
    with pytest.raises(InputError, match="radius of"):
        arc_between_points((0.0, 0.0), (0.0, 0.0), (0.001, 0.0), clockwise=True)

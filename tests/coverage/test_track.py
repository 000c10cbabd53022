"""A planned track's view of a place, against closed forms and a sampled flight."""

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.coverage import Track, gaps_s, watched
from detente.coverage.track import length_m

WGS84 = Geod(ellps="WGS84")
LON, LAT = 68.9, 36.7


def line(length_m: float, end_s: float = 1e6) -> Track:
    end = WGS84.fwd(LON, LAT, 70.0, length_m)[:2]
    return Track("t", ((LON, LAT), end), 100.0, 20e3, 0.0, end_s)


def test_a_straight_pass_by_hand() -> None:
    """A place 12 km abeam of the middle is in view along the chord of a circle of 20 km."""
    middle = WGS84.fwd(LON, LAT, 70.0, 100e3)
    place = WGS84.fwd(*middle[:2], middle[2] + 180 + 90, 12e3)[:2]
    ((start_s, end_s),) = watched(line(200e3), *place)
    half_m = sqrt(20e3**2 - 12e3**2)
    assert start_s == pytest.approx((100e3 - half_m) / 100, abs=0.5)
    assert end_s == pytest.approx((100e3 + half_m) / 100, abs=0.5)


def test_a_racetrack_by_hand() -> None:
    """Out and back over 100 km every 2,000 s; a place at one end is left alone once a lap."""
    track = line(100e3, end_s=6000.0)
    track = Track("r", track.points, 100.0, 20e3, 0.0, 6000.0, closed=True)
    seen = watched(track, LON, LAT)
    assert seen[0] == pytest.approx((0.0, 200.0), abs=0.1)
    assert [b - a for a, b in seen[1:-1]] == [pytest.approx(400.0, abs=0.2)] * 2
    assert seen[-1][1] == 6000.0
    assert gaps_s(seen, 0.0, 6000.0) == [pytest.approx(1600.0, abs=0.2)] * 3
    share = sum(b - a for a, b in seen) / 6000
    assert share == pytest.approx(400 / 2000, abs=1e-3)


def test_what_is_out_of_view_is_one_gap() -> None:
    track = line(100e3, end_s=1000.0)
    place = WGS84.fwd(LON, LAT, 250.0, 21e3)[:2]
    assert watched(track, *place) == []
    assert gaps_s([], 0.0, 1000.0) == [1000.0]


def test_a_track_ends_when_its_time_is_up_or_at_its_last_point() -> None:
    assert watched(line(10e3, end_s=50.0), LON, LAT) == [(0.0, 50.0)]
    ((start_s, end_s),) = watched(line(10e3), LON, LAT)
    assert start_s == 0.0
    assert end_s == pytest.approx(100.0, abs=0.01)


def test_a_leg_a_third_round_the_world_is_seen_from_its_middle() -> None:
    track = line(13e6, end_s=1e6)
    middle = WGS84.fwd(LON, LAT, 70.0, 6.5e6)
    ((start_s, end_s),) = watched(track, *middle[:2])
    assert start_s == pytest.approx((6.5e6 - 20e3) / 100, abs=0.1)
    assert end_s == pytest.approx((6.5e6 + 20e3) / 100, abs=0.1)


places = st.tuples(st.floats(-3, 3), st.floats(-2, 2))


@settings(max_examples=25, deadline=None)
@given(
    points=st.lists(places, min_size=2, max_size=5, unique=True),
    place=places,
    lon=st.sampled_from([0.0, 69.0, 179.0]),
    lat=st.sampled_from([0.0, 37.0, -80.0, 87.0]),
    closed=st.booleans(),
)
def test_against_a_flight_that_is_sampled(
    points: list[tuple[float, float]],
    place: tuple[float, float],
    lon: float,
    lat: float,
    closed: bool,
) -> None:
    def at(offset: tuple[float, float]) -> tuple[float, float]:
        return (lon + offset[0] + 180) % 360 - 180, lat + offset[1]

    around = [at(point) for point in points]
    track = Track("t", tuple(around), 200.0, 60e3, 0.0, 9000.0, closed=closed)
    assume(length_m(track) > 20e3)
    seen = watched(track, *at(place))
    legs = [*around, around[0]] if closed else around
    lons, lats, at_s, flown_m = [], [], [], 0.0
    while flown_m / 200 < 9000:
        for one, other in pairwise(legs):
            azimuth, _, leg_m = WGS84.inv(*one, *other)
            steps = np.arange(0.0, leg_m, 500.0)
            lon_0, lat_0, bearing = (np.full(len(steps), v) for v in (*one, azimuth))
            moved = WGS84.fwd(lon_0, lat_0, bearing, steps)
            lons.append(moved[0])
            lats.append(moved[1])
            at_s.append((flown_m + steps) / 200)
            flown_m += leg_m
        if not closed:
            break
    when = np.concatenate(at_s)
    lon_, lat_ = np.concatenate(lons), np.concatenate(lats)
    place_lon, place_lat = (np.full(len(when), v) for v in at(place))
    far_m = WGS84.inv(lon_, lat_, place_lon, place_lat)[2]
    for moment_s, m in zip(when[when < 9000], far_m[when < 9000], strict=True):
        inside = any(a <= moment_s <= b for a, b in seen)
        # Whatever is told to be in view is; what lies within a metre of the edge may be left out.
        if inside:
            assert m <= 60e3 + 0.01
        elif m < 60e3 - 1.0:
            assert any(abs(moment_s - edge) < 0.02 for one in seen for edge in one)

"""Corridors hold every sample and every leg: judged by GeographicLib, not by the code's own plane.

The oracle goes along each leg with ``pyproj.Geod`` and finds the nearest place on each geodesic of
a core by walking to it, so it shares nothing with the projection that simplified the track.
"""

import importlib.metadata
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod

from detente.formats import ReadOptions, read
from detente.formats.corridors import PIECE_M, TOLERANCE_M, Track, corridor, simplified
from detente.volumes import Volume

WGS84 = Geod(ellps="WGS84")
Floats = NDArray[np.float64]


def places_on(lon: Floats, lat: Floats) -> Floats:
    """Nine places (9, 2) on the geodesic between two given ones, the ends among them."""
    azimuth, _, length_m = WGS84.inv(lon[0], lat[0], lon[-1], lat[-1])
    way_m = np.linspace(0, length_m, 9)
    start_lon, start_lat, course = (np.full(9, value) for value in (lon[0], lat[0], azimuth))
    east, north, _ = WGS84.fwd(start_lon, start_lat, course, way_m)
    return np.stack([east, north], axis=1)


def distances_m(places: Floats, volume: Volume) -> Floats:
    """Distances (n,) of places (n, 2) from the volume's core."""
    ring = np.array(volume.core.rings[0])
    starts, ends = (ring[:-1], ring[1:]) if len(ring) > 1 else (ring, ring)
    which = np.repeat(np.arange(len(starts)), len(places))
    lon, lat = np.tile(places, (len(starts), 1)).T
    start_lon, start_lat = starts[which].T
    azimuth, _, length_m = WGS84.inv(start_lon, start_lat, *ends[which].T)
    way_m = np.zeros(len(which))
    for _ in range(6):
        # From a place on the geodesic, the nearest is about as far on as the distance's share
        # along it; a few steps find it to well below a millimetre.
        here_lon, here_lat, back = WGS84.fwd(start_lon, start_lat, azimuth, way_m)
        course, _, far_m = WGS84.inv(here_lon, here_lat, lon, lat)
        ahead_m = far_m * np.cos(np.radians(course - (back + 180)))
        way_m = np.clip(way_m + ahead_m, 0, length_m)
    here_lon, here_lat, _ = WGS84.fwd(start_lon, start_lat, azimuth, way_m)
    nearest_m = WGS84.inv(here_lon, here_lat, lon, lat)[2]
    return np.asarray(nearest_m.reshape(len(starts), -1).min(axis=0))


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """A winding track of a few minutes anywhere on Earth, some altitudes missing."""
    count = draw(st.integers(1, 60))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    lon = [draw(st.floats(-180, 180))]
    lat = [draw(st.sampled_from([0.0, 36.5, -62.0, 84.0, 89.95]))]
    course = random.uniform(0, 360)
    for _ in range(count - 1):
        course += random.normal(0, draw(st.sampled_from([0.0, 3.0, 40.0])))
        east, north, _ = WGS84.fwd(lon[-1], lat[-1], course, random.exponential(600))
        lon.append(east + 360 * round((lon[-1] - east) / 360))
        lat.append(north)
    altitude_m = 3000 + np.cumsum(random.normal(0, 60, count))
    altitude_m[random.random(count) < draw(st.sampled_from([0.0, 0.1, 0.9]))] = math.nan
    time_s = 1628470800 + np.cumsum(random.choice([0.0, 1.0, 5.0, 45.0], count))
    return Track("EXERCISE1", time_s, np.array(lon), np.array(lat), altitude_m)


@settings(max_examples=100, deadline=None)
@given(tracks())
def test_every_leg_lies_in_a_volume_of_its_time(track: Track) -> None:
    options = ReadOptions(track_radius_m=100.0, track_height_m=50.0, track_time_s=10.0)
    volumes = corridor(track, options)
    legs = [slice(leg, leg + 2) for leg in range(max(len(track.lon) - 1, 1))]
    places = np.array([places_on(track.lon[leg], track.lat[leg]) for leg in legs])
    held = np.zeros(len(legs), dtype=bool)
    for volume in volumes:
        for number, leg in enumerate(legs):
            # Without the margins, so that they are whole where the track itself runs.
            begin_s, end_s = float(track.time_s[leg][0]), float(track.time_s[leg][-1])
            in_time = volume.start_s + 10 <= begin_s and end_s <= volume.end_s - 10
            if held[number] or not in_time or not _in_height(volume, track.altitude_m[leg]):
                continue
            far_m = distances_m(places[number], volume).max()
            held[number] = far_m <= volume.radius_m - 100 + 0.001
    assert held.all()


def _in_height(volume: Volume, altitude_m: Floats) -> bool:
    lower, upper = volume.band.lower, volume.band.upper
    if lower is None or upper is None:
        return True
    known = altitude_m[np.isfinite(altitude_m)]
    low_m, high_m = lower.value_m + 50 - 1e-6, upper.value_m - 50 + 1e-6
    return bool(np.all((low_m <= known) & (known <= high_m)))


def test_a_straight_flight_needs_two_vertices_a_piece() -> None:
    azimuth, step_m, count = 70.0, 250.0, 241
    lon, lat, _ = WGS84.fwd(
        np.full(count, 68.0),
        np.full(count, 36.0),
        np.full(count, azimuth),
        step_m * np.arange(count),
    )
    track = Track("A", 1.6e9 + np.arange(count, dtype=float), lon, lat, np.full(count, 9000.0))
    volumes = corridor(track, ReadOptions())
    assert len(volumes) == 3, "60 km in pieces of at most 25 km"
    assert {len(volume.core.rings[0]) for volume in volumes} == {2}
    for volume in volumes:
        (start, end) = volume.core.rings[0]
        assert WGS84.inv(*start, *end)[2] <= PIECE_M
        assert volume.radius_m - 926 < 0.15, "nothing moved but by the plane's own error"


def test_a_climb_is_cut_into_steps() -> None:
    count = 61
    track = Track(
        "A",
        1.6e9 + np.arange(count, dtype=float),
        np.linspace(68, 68.06, count),
        np.full(count, 36.0),
        np.linspace(0, 1200, count),
    )
    heights = [
        volume.band.upper.value_m - volume.band.lower.value_m
        for volume in corridor(track, ReadOptions(track_height_m=0))
        if volume.band.upper and volume.band.lower
    ]
    assert len(heights) == 4
    assert max(heights) <= 304.8


def test_simplifying_keeps_within_its_tolerance_and_says_how_far() -> None:
    random = np.random.default_rng(7)
    lon = 68 + np.cumsum(np.full(200, 1e-3))
    lat = 36 + random.normal(0, 5e-5, 200)
    kept, moved_m = simplified(lon, lat)
    assert kept[0] == 0
    assert kept[-1] == 199
    assert 2 < len(kept) < 150
    assert 1 < moved_m <= TOLERANCE_M * 1.001 + 0.1
    assert simplified(lon[:2], lat[:2]) == ([0, 1], 0.0)


def test_a_parked_aircraft_is_a_point() -> None:
    track = Track(
        "A", 1.6e9 + np.arange(50.0), np.full(50, 68.0), np.full(50, 36.0), np.full(50, 9.0)
    )
    (volume,) = corridor(track, ReadOptions())
    assert volume.core.rings == (((68.0, 36.0),),)


def test_a_very_long_track_is_cut_coarser_and_still_held() -> None:
    count = 12_000
    track = Track(
        "A",
        np.linspace(1.6e9, 1.6e9 + 100.0 * (count - 1), count),
        np.resize([68.0, 68.0001], count),
        np.full(count, 36.0),
        np.full(count, 9000.0),
    )
    volumes = corridor(track, ReadOptions(track_altitude_gap_s=200))
    assert 2_500 < len(volumes) <= 5_000
    assert volumes[-1].end_s == track.time_s[-1] + 30
    assert all(a.end_s - 30 == b.start_s + 30 for a, b in pairwise(volumes))


@pytest.mark.samples
def test_the_bundled_sample_is_held() -> None:
    files = importlib.metadata.files("traffic") or []
    path = next((f for f in files if f.name == "quickstart.json.gz"), None)
    if path is None:
        pytest.skip("the `traffic` package is not installed")
    reading = read(Path(str(path.locate())))
    assert reading.bad == []
    assert len({activity.id.split(".")[0] for activity in reading.activities}) == 236
    assert len(reading.activities) == 238, "two flights pause for more than half an hour"
    assert all(volume.radius_m < 926 + 20.2 for a in reading.activities for volume in a.volumes)

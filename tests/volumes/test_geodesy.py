"""Edges cut into pieces: short, on what they stand for, and within their stated bulge."""

import numpy as np
import pytest
from pyproj import Geod, Transformer

from detente.conflict import ellipsoid
from detente.volumes.geodesy import (
    LIFT_BULGE_PER_M3,
    PIECE_M_LONGEST,
    PIECE_M_MAX,
    PIECES_MAX,
    Floats,
    cut_edges,
    destination,
    distance_m,
    ecef,
    straight_bulge_m,
    straight_length_m,
)

WGS84 = Geod(ellps="WGS84")


def cut(path: list[tuple[float, float]], straight: bool) -> tuple[Floats, Floats]:
    lon, lat = np.array(path).T
    starts = np.array([0, len(path)])
    lon, lat, starts = cut_edges(
        lon, lat, starts, np.array([straight]), np.zeros(1, dtype=np.int64)
    )
    assert starts.tolist() == [0, len(lon)]
    return lon, lat


def test_ecef_is_that_of_proj() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-540, 540, 200), np.append(rng.uniform(-90, 90, 198), [90.0, -90.0])
    proj = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.stack(proj.transform((lon + 180) % 360 - 180, lat, np.zeros(200)), axis=-1)
    assert np.abs(ecef(lon, lat) - expected).max() < 1e-6


def test_distance_and_destination_agree() -> None:
    lon, lat = destination([10.0, 179.0], [50.0, -80.0], [90.0, 45.0], [1e5, 2e6])
    assert distance_m([10.0, 179.0], [50.0, -80.0], lon, lat) == pytest.approx([1e5, 2e6])


@pytest.mark.parametrize(
    "path", [[(0, 60), (14, 61)], [(170, -40), (-160, 10)], [(5, 80), (-175, 85)]]
)
def test_geodesic_pieces_are_short_and_on_the_geodesic(path: list[tuple[float, float]]) -> None:
    lon, lat = cut(path, straight=False)
    pieces_m = distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    whole_m = distance_m(*path[0], *path[1])
    assert pieces_m.max() <= PIECE_M_MAX + 0.001
    assert pieces_m.sum() == pytest.approx(whole_m, abs=1e-4)
    assert np.abs(np.diff(lon)).max() <= 180
    assert (lon[0], lat[0]) == path[0]
    assert (lon[-1] % 360, lat[-1]) == (path[1][0] % 360, path[1][1])


def test_straight_pieces_are_short_and_straight() -> None:
    lon, lat = cut([(-170, 60), (170, 70), (190, 70)], straight=True)
    assert distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).max() <= PIECE_M_MAX
    first = lon < 170
    assert lat[first] == pytest.approx(60 + (lon[first] + 170) / 34)
    assert (lat[~first] == 70).all()


def test_paths_are_cut_apart_from_each_other() -> None:
    lon, lat = np.array([[0.0, 50.0], [3.0, 50.0], [100.0, 0.0], [100.0, 0.0]]).T
    starts = np.array([0, 2, 4])
    owners, kinds = np.array([0, 1]), np.array([True, False])
    out_lon, out_lat, out_starts = cut_edges(lon, lat, starts, kinds, owners)
    assert out_lon[out_starts[1] :].tolist() == [100.0, 100.0]
    assert out_lat[: out_starts[1]].tolist() == [50.0] * int(out_starts[1])
    assert out_starts[1] > 5


def test_an_owner_of_endless_edges_gets_longer_pieces_not_more() -> None:
    path = [(-90.0 if n % 2 else 90.0, 10.0) for n in range(400)]
    lon, lat = np.array(path * 20).T
    starts = np.array([0, len(lon)])
    out, _, _ = cut_edges(lon, lat, starts, np.array([True]), np.zeros(1, dtype=np.int64))
    assert len(out) <= PIECES_MAX + 2 * len(lon)


@pytest.mark.parametrize("straight", [False, True])
def test_no_piece_is_longer_than_its_bounds_hold(straight: bool) -> None:
    # So many edges that by their number alone each would stay one piece.
    path = [(-90.0 if n % 2 else 89.0, 10.0) for n in range(400)]
    lon, lat = np.array(path * 150).T
    starts = np.array([0, len(lon)])
    out = cut_edges(lon, lat, starts, np.array([straight]), np.zeros(1, dtype=np.int64))
    some = slice(0, 1000)
    after = slice(1, 1001)
    longest_m = distance_m(out[0][some], out[1][some], out[0][after], out[1][after]).max()
    assert PIECE_M_LONGEST / 2 < longest_m <= PIECE_M_LONGEST * 1.001


def test_straight_edges_stay_within_their_bulge_of_the_geodesic() -> None:
    rng = np.random.default_rng(5)
    closest = 0.0
    for _ in range(150):
        lat = float(rng.choice([rng.uniform(-80, 80), rng.uniform(88, 89.9)]))
        lon_to = float(rng.uniform(0, 0.7) / max(0.1, np.cos(np.radians(lat))))
        lat_to = float(np.clip(lat + rng.uniform(-0.3, 0.3) * rng.integers(0, 2), -90, 90))
        ends = (np.array([0.0]), np.array([lat]), np.array([lon_to]), np.array([lat_to]))
        share = np.linspace(0, 1, 21)
        x, y = lon_to * share, lat + share * (lat_to - lat)
        azimuth, _, length = WGS84.inv(0.0, lat, lon_to, lat_to)
        # Distance from the geodesic: that of a right-angled triangle, plane enough at 50 km.
        bearing, _, reach = WGS84.inv(np.zeros(21), np.full(21, lat), x, y)
        strays = np.abs(np.asarray(reach) * np.sin(np.radians(np.asarray(bearing) - azimuth))).max()
        bulge_m = float(straight_bulge_m(*ends)[0])
        assert strays <= bulge_m * 1.002 + 0.01
        assert length <= float(straight_length_m(*ends)[0])
        closest = max(closest, strays / (bulge_m + 0.1))
    assert closest > 0.9


@pytest.mark.parametrize("length_m", [50e3, 400e3, 3000e3, PIECE_M_LONGEST])
def test_lifted_chords_stay_within_their_bulge_of_the_geodesic(length_m: float) -> None:
    rng = np.random.default_rng(6)
    worst = 0.0
    for _ in range(200):
        lon, lat = float(rng.uniform(-180, 180)), float(rng.uniform(-85, 85))
        azimuth = float(rng.uniform(-180, 180))
        x, y, _ = WGS84.fwd(lon, lat, azimuth, length_m)
        ends = ecef(np.array([lon, x]), np.array([lat, y]))
        # The two cross half-way; between the end and there they part most.
        point = ellipsoid.between(tuple(ends[0]), tuple(ends[1]), 0.21)
        at_lon = np.degrees(np.arctan2(point[1], point[0]))
        at_lat = np.degrees(np.arctan2(point[2] * 1.0067394967422765, np.hypot(*point[:2])))
        _, _, reach = WGS84.inv(lon, lat, at_lon, at_lat)
        on_lon, on_lat, _ = WGS84.fwd(lon, lat, azimuth, reach)
        worst = max(worst, WGS84.inv(at_lon, at_lat, on_lon, on_lat)[2])
    assert worst <= LIFT_BULGE_PER_M3 * length_m**3
    assert worst > LIFT_BULGE_PER_M3 * length_m**3 / 4

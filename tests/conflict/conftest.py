"""An oracle for lateral distances, and random activities to hold the engine against it.

The oracle shares no formula with the engine. It samples edges densely and asks GeographicLib
(``pyproj.Geod``) for the distance of every pair of samples, then samples again around the closest
ones, ever more finely. Whether a polygon covers a point it asks shapely, for edges straight in
longitude and latitude, or counts how often the ring's bearings turn round the point, for geodesics.
"""

from itertools import pairwise
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from pyproj import Geod

from detente.volumes.model import Activity, Band, Core, Edges, Ring, Shape, Volume

Floats = npt.NDArray[np.float64]

WGS84 = Geod(ellps="WGS84")


class _EdgesOf(NamedTuple):
    """All edges of a core: longitudes and latitudes of their ends, bearing and length."""

    ends: Floats
    straight: bool
    azimuth: Floats
    length: Floats

    def at(self, edge: npt.NDArray[np.int64], share: Floats) -> tuple[Floats, Floats]:
        start = self.ends[edge]
        if self.straight:
            return (
                start[:, 0] + share * (start[:, 2] - start[:, 0]),
                start[:, 1] + share * (start[:, 3] - start[:, 1]),
            )
        lon, lat, _ = WGS84.fwd(
            start[:, 0], start[:, 1], self.azimuth[edge], share * self.length[edge]
        )
        return np.asarray(lon), np.asarray(lat)


def _edges(core: Core) -> _EdgesOf:
    ends = []
    for ring in core.rings:
        if core.shape is Shape.POINT:
            pairs = [(ring[0], ring[0])]
        elif core.shape is Shape.POLYLINE:
            pairs = list(pairwise(ring))
        else:
            pairs = list(zip(ring, (*ring[1:], ring[0]), strict=True))
        ends += [(*start, *end) for start, end in pairs]
    table = np.array(ends, dtype=np.float64)
    azimuth, _, length = WGS84.inv(table[:, 0], table[:, 1], table[:, 2], table[:, 3])
    return _EdgesOf(table, core.edges is Edges.STRAIGHT, np.asarray(azimuth), np.asarray(length))


def _samples(edges: _EdgesOf, per_edge: int) -> tuple[npt.NDArray[np.int64], Floats]:
    edge = np.repeat(np.arange(len(edges.ends)), per_edge)
    return edge, np.tile(np.linspace(0, 1, per_edge), len(edges.ends))


def core_distance_m(a: Core, b: Core, per_edge: int = 24, rounds: int = 30) -> float:
    """Geodesic distance of two cores by brute force, 0 where they overlap; never too short."""
    if _covers_a_vertex(a, b) or _covers_a_vertex(b, a):
        return 0.0
    one, other = _edges(a), _edges(b)
    edge_a, share_a = _samples(one, per_edge)
    edge_b, share_b = _samples(other, per_edge)
    grid = _pairwise(one.at(edge_a, share_a), other.at(edge_b, share_b))
    # The closest samples of each pair of edges, for the two dozen closest pairs of edges.
    by_edge = grid.reshape(len(one.ends), per_edge, len(other.ends), per_edge).swapaxes(1, 2)
    cells = by_edge.reshape(len(one.ends) * len(other.ends), per_edge * per_edge)
    pairs = np.argsort(cells.min(axis=1))[:24]
    ea, eb = np.divmod(pairs, len(other.ends))
    inner = cells[pairs].argmin(axis=1)
    ta, tb = (part / (per_edge - 1) for part in np.divmod(inner, per_edge))
    # The windows searched are as wide in metres on either edge, or a short one is lost to a long.
    window = 2 / (per_edge - 1) * np.maximum(one.length[ea], other.length[eb]) + 1e-3
    steps = np.linspace(-1, 1, 9)
    du, dv = (m.ravel() for m in np.meshgrid(steps, steps))
    least = float(grid.min())
    for _ in range(rounds):
        n, m = len(ea), len(du)
        fa, fb = np.repeat(ea, m), np.repeat(eb, m)
        half_a = np.minimum(1, window / (one.length[ea] + 1e-9))
        half_b = np.minimum(1, window / (other.length[eb] + 1e-9))
        ua = np.clip(np.repeat(ta, m) + np.outer(half_a, du).ravel(), 0, 1)
        ub = np.clip(np.repeat(tb, m) + np.outer(half_b, dv).ravel(), 0, 1)
        pa, pb = one.at(fa, ua), other.at(fb, ub)
        d = np.asarray(WGS84.inv(*pa, *pb)[2]).reshape(n, m)
        best = d.argmin(axis=1)
        pick = np.arange(n) * m + best
        ta, tb = ua[pick], ub[pick]
        least = min(least, float(d.min()))
        keep = np.argsort(d.min(axis=1))[: max(6, 2 * n // 3)]
        ea, ta, eb, tb = ea[keep], ta[keep], eb[keep], tb[keep]
        window = 0.6 * window[keep]
    return least


def _pairwise(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> Floats:
    n, m = len(a[0]), len(b[0])
    d = WGS84.inv(np.repeat(a[0], m), np.repeat(a[1], m), np.tile(b[0], n), np.tile(b[1], n))[2]
    return np.asarray(d).reshape(n, m)


def _covers_a_vertex(a: Core, b: Core) -> bool:
    if a.shape is not Shape.POLYGON:
        return False
    return any(covers(a, *ring[0]) for ring in b.rings)


def covers(core: Core, lon: float, lat: float) -> bool:
    """Whether a polygon, less its holes, covers a point."""
    if core.edges is Edges.STRAIGHT:
        polygon = shapely.Polygon(core.rings[0], core.rings[1:])
        turns = [shapely.Point(lon + 360 * k, lat) for k in range(-3, 4)]
        return any(polygon.covers(point) for point in turns)
    outer, *holes = (_turns_round(core, k, lon, lat) for k in range(len(core.rings)))
    return outer and not any(holes)


def _turns_round(core: Core, ring: int, lon: float, lat: float) -> bool:
    edges = _edges(Core(Shape.POLYGON, (core.rings[ring],), Edges.GEODESIC))
    x, y = edges.at(*_samples(edges, 200))
    bearing, _, length = WGS84.inv(np.full(len(x), lon), np.full(len(x), lat), x, y)
    turn = (np.diff(np.append(bearing, bearing[0])) + 180) % 360 - 180
    # A ring also turns round the antipode of what it encloses; those are half a world away.
    return bool(abs(turn.sum()) > 180 and np.min(length) < 9e6)


# Random shapes ------------------------------------------------------------------------------


def walk(rng: np.random.Generator, lon: float, lat: float, reach_m: float) -> tuple[float, float]:
    """A point at a random bearing and distance."""
    x, y, _ = WGS84.fwd(lon, lat, rng.uniform(-180, 180), reach_m * rng.uniform())
    return float(x), float(y)


def somewhere(rng: np.random.Generator) -> tuple[float, float]:
    """A place, often at a pole or across the antimeridian."""
    kind = rng.integers(5)
    if kind == 0:
        return float(rng.uniform(-180, 180)), float(np.degrees(np.arcsin(rng.uniform(-1, 1))))
    if kind == 1:
        return float(rng.choice([-180.0, 180.0, 179.9, -179.95])), float(rng.uniform(-80, 80))
    if kind == 2:
        return float(rng.uniform(-180, 180)), float(90 - abs(rng.normal(0, 1.0)))
    if kind == 3:
        return float(rng.uniform(-180, 180)), float(-90 + abs(rng.normal(0, 1.0)))
    return float(rng.uniform(40, 80)), float(rng.uniform(30, 60))


def _continuous(ring: list[tuple[float, float]]) -> Ring:
    out = [ring[0]]
    for lon, lat in ring[1:]:
        turn = (lon - out[-1][0] + 180) % 360 - 180
        out.append((out[-1][0] + turn, lat))
    return tuple(out)


def _star(
    rng: np.random.Generator, lon: float, lat: float, size: float, n: int
) -> list[tuple[float, float]]:
    bearings = np.sort((np.arange(n) + rng.uniform(0.1, 0.9, n)) / n * 360)
    x, y, _ = WGS84.fwd(np.full(n, lon), np.full(n, lat), bearings, size * rng.uniform(0.6, 1.0, n))
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def random_core(rng: np.random.Generator, lon: float, lat: float, size_m: float) -> Core:
    """A core of about this size around a place; polygons are simple and may have a hole."""
    edges = Edges.GEODESIC if rng.uniform() < 0.5 else Edges.STRAIGHT
    kind = rng.integers(4)
    if kind == 0:
        return Core(Shape.POINT, (((lon, lat),),), edges)
    if kind == 1:
        ring = [(lon, lat)]
        for _ in range(rng.integers(1, 5)):
            ring.append(walk(rng, *ring[-1], size_m))
        return Core(Shape.POLYLINE, (_continuous(ring),), edges)
    for _ in range(20):
        n = int(rng.integers(3, 9))
        outer = _continuous(_star(rng, lon, lat, size_m, n))
        rings = [outer]
        if kind == 3:
            hole = _continuous(_star(rng, lon, lat, 0.3 * size_m, int(rng.integers(3, 7))))
            shift = 360 * round((outer[0][0] - hole[0][0]) / 360)
            rings.append(tuple((x + shift, y) for x, y in hole))
        if edges is Edges.GEODESIC:
            return Core(Shape.POLYGON, tuple(rings), edges)
        # In the plane of longitude and latitude a star near a pole is no star: keep sound ones.
        if shapely.Polygon(rings[0], rings[1:]).is_valid:
            return Core(Shape.POLYGON, tuple(rings), edges)
        size_m *= 0.7
    return Core(Shape.POINT, (((lon, lat),),), edges)


OPEN = Band(None, None)


def volume(
    core: Core, radius_m: float = 0.0, band: Band = OPEN, start_s: float = 0, end_s: float = 60
) -> Volume:
    return Volume(core, radius_m, band, float(start_s), float(end_s))


def activity(party: str, *volumes: Volume, id: str = "1") -> Activity:
    return Activity(party, id, "test", volumes)


def point(lon: float, lat: float) -> Core:
    return Core(Shape.POINT, (((lon, lat),),))


def line(*positions: tuple[float, float], edges: Edges = Edges.STRAIGHT) -> Core:
    return Core(Shape.POLYLINE, (positions,), edges)


def polygon(*rings: Ring, edges: Edges = Edges.STRAIGHT) -> Core:
    return Core(Shape.POLYGON, rings, edges)


@pytest.fixture(scope="session")
def shapes() -> SimpleNamespace:
    """Short names for building activities."""
    return SimpleNamespace(
        volume=volume, activity=activity, point=point, line=line, polygon=polygon
    )


@pytest.fixture(scope="session")
def oracle() -> SimpleNamespace:
    """Distances by brute force, and random cores."""
    return SimpleNamespace(
        core_distance_m=core_distance_m,
        covers=covers,
        somewhere=somewhere,
        walk=walk,
        random_core=random_core,
        wgs84=WGS84,
    )

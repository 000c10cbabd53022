"""The engine's workload: activities of every shape, seeded, over a theatre or the world.

Half are circles of 1 to 50 km, about a third polygons of 4 to 40 vertices, the rest corridors of
100 to 800 km. They last from 15 minutes to 12 hours within a week. Six in ten lie around hubs, as
traffic does. Bands are the thinner the more activities there are, so that in the theatre each
conflicts with a few others at most, whatever their number. Separations are folded into the sizes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.volumes.geodesy import destination, turn_deg
from detente.volumes.model import Activity, Band, Core, Edges, Limit, Shape, Volume

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WEEK_S = 7 * 86_400.0
START_S = 1_795_000_000.0
LEG_M = 50_000.0
POINT, POLYGON, LINE = range(3)
AREAS = {
    "theatre": ((46.0, 88.0), (35.0, 56.0), 40),
    "world": ((-180.0, 180.0), (-90.0, 90.0), 2000),
}
"""Longitudes, latitudes and number of hubs."""


class Workload(NamedTuple):
    """Shapes as arrays: those of activity i are ``lon[first[i]:first[i + 1]]`` and so on."""

    shape: Ints
    first: Ints
    lon: Floats
    lat: Floats
    radius_m: Floats
    low_m: Floats
    high_m: Floats
    start_s: Floats
    end_s: Floats

    def activities(self) -> list[Activity]:
        """The same as activities of as many parties, so that all are compared with all."""
        return [self.activity(i) for i in range(len(self.shape))]

    def activity(self, i: int) -> Activity:
        """One of them."""
        piece = slice(self.first[i], self.first[i + 1])
        ring = tuple(zip(self.lon[piece].tolist(), self.lat[piece].tolist(), strict=True))
        shape = (Shape.POINT, Shape.POLYGON, Shape.POLYLINE)[self.shape[i]]
        core = Core(shape, (ring,), Edges.GEODESIC)
        band = Band(Limit(float(self.low_m[i])), Limit(float(self.high_m[i])))
        volume = Volume(
            core, float(self.radius_m[i]), band, float(self.start_s[i]), float(self.end_s[i])
        )
        return Activity(f"p{i}", "1", "flight", (volume,))


def workload(count: int, area: str, seed: int) -> Workload:
    """The same figures for the same arguments, on any machine."""
    rng = np.random.default_rng(seed)
    lon, lat = _places(rng, count, area)
    kind = rng.uniform(size=count)
    shape = np.where(kind < 0.5, POINT, np.where(kind < 0.85, POLYGON, LINE))
    length_m = rng.uniform(100e3, 800e3, count)
    vertices = np.ones(count, dtype=np.int64)
    vertices[shape == POLYGON] = rng.integers(4, 41, int((shape == POLYGON).sum()))
    vertices[shape == LINE] = np.ceil(length_m / LEG_M).astype(np.int64)[shape == LINE] + 1
    first = np.concatenate([[0], np.cumsum(vertices)])
    owner = np.repeat(np.arange(count), vertices)
    number = np.arange(first[-1]) - first[owner]

    size_m = np.exp(rng.uniform(np.log(1e3), np.log(40e3), count))
    star = shape[owner] == POLYGON
    azimuth = (number + rng.uniform(0.1, 0.9, len(number))) / vertices[owner] * 360
    out_m = np.where(star, size_m[owner] * rng.uniform(0.6, 1.3, len(number)), 0.0)
    x, y = destination(lon[owner], lat[owner], azimuth, out_m)
    _march(rng, x, y, first, np.flatnonzero(shape == LINE), length_m)
    begin = x[first[:-1]][owner]

    circle_m = np.exp(rng.uniform(np.log(1e3), np.log(50e3), count))
    corridor_m = rng.uniform(2e3, 10e3, count)
    radius_m = np.where(shape == POINT, circle_m, np.where(shape == LINE, corridor_m, 0.0))
    crowd = count if area == "theatre" else count / 64
    thick_m = np.clip(3e8 / crowd, 250, 9000) * np.exp(rng.uniform(-1, 1, count))
    middle_m = rng.uniform(0, 15_000, count)
    start_s = START_S + rng.uniform(0, WEEK_S, count)
    lasts_s = np.exp(rng.uniform(np.log(900), np.log(43_200), count))
    return Workload(
        shape=shape.astype(np.int64),
        first=first,
        lon=begin + turn_deg(begin, x),
        lat=y,
        radius_m=radius_m + rng.uniform(500, 5000, count),
        low_m=np.maximum(middle_m - thick_m / 2, 0) - 75,
        high_m=middle_m + thick_m / 2 + 75,
        start_s=start_s - 150,
        end_s=start_s + lasts_s + 150,
    )


def _places(rng: np.random.Generator, count: int, area: str) -> tuple[Floats, Floats]:
    (west, east), (south, north), hubs = AREAS[area]

    lowest, highest = np.sin(np.radians([south, north])).tolist()

    def anywhere(n: int) -> tuple[Floats, Floats]:
        lat = np.degrees(np.arcsin(rng.uniform(lowest, highest, n)))
        return rng.uniform(west, east, n), lat

    lon, lat = anywhere(count)
    hub_lon, hub_lat = anywhere(hubs)
    hub = rng.integers(0, hubs, count)
    off_m = np.abs(rng.normal(0, 150e3, count))
    near = destination(hub_lon[hub], hub_lat[hub], rng.uniform(0, 360, count), off_m)
    at_hub = rng.uniform(size=count) < 0.6
    return np.where(at_hub, near[0], lon), np.where(at_hub, near[1], lat)


def _march(
    rng: np.random.Generator, x: Floats, y: Floats, first: Ints, lines: Ints, length_m: Floats
) -> None:
    """Lays the vertices of corridors one leg after another, with a turn now and then."""
    legs = first[lines + 1] - first[lines] - 1
    heading = rng.uniform(0, 360, len(lines))
    for leg in range(1, int(legs.max(initial=0)) + 1):
        still = legs >= leg
        turns = rng.uniform(size=len(lines)) < 0.2
        heading = heading + np.where(turns, rng.uniform(-30, 30, len(lines)), 0.0)
        at = first[lines[still]] + leg
        step_m = (length_m[lines] / legs)[still]
        x[at], y[at] = destination(x[at - 1], y[at - 1], heading[still], step_m)

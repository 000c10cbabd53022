"""Where a change is looked for: a plane about a place, and what would be in the way there.

A change is found in the azimuthal equidistant plane about the conflict and decided by the engine:
whatever this module gets wrong makes a change larger than needed, or has it thrown away, and never
lets one through. Shapes of so many edges that every edge against every other would take long are
taken as the rectangles that hold them, which is too large and never too small.
"""

from collections.abc import Iterable

import numpy as np
import shapely
from pyproj import Proj
from shapely.geometry.base import BaseGeometry

from detente.conflict.pack import Pack
from detente.volumes.geodesy import Bools, Floats, Ints
from detente.volumes.model import Position

REACH_M = 200_000.0
"""A change that leads farther aside than this is none of detail and is not suggested."""
MARGIN_M = 50.0
QUARTER_SEGMENTS = 32
ROUNDED = 1.001
"""A disc of so many corners is too small by 0.03 % between them, and a length in the plane is off
by 0.04 % at 300 km: what is in the way is drawn larger by both."""
QUADS_MAX = 4_000


class Plane:
    """The azimuthal equidistant plane about a place, in metres east and north of it."""

    def __init__(self, about: Position) -> None:
        self._proj = Proj(proj="aeqd", lon_0=about[0], lat_0=about[1], ellps="WGS84")

    def flat(self, lon: Floats, lat: Floats) -> Floats:
        """Places in the plane, (n, 2)."""
        return np.column_stack(self._proj(lon, lat))

    def place(self, point: Floats) -> Position:
        """The longitude and latitude of a point of the plane."""
        lon, lat = self._proj(point[0], point[1], inverse=True)
        return float(lon), float(lat)


class Flat:
    """The volumes of a pack as they lie in the plane: edges (k, 4) of each, and which are areas."""

    def __init__(self, packed: Pack, plane: Plane) -> None:
        cores = packed.cores
        self._points = plane.flat(cores.lon, cores.lat)
        self._paths, self._volumes = cores.paths, cores.volumes
        self.area: Bools = cores.polygon
        self.radius_m: Floats = cores.radius_m
        self._boxed = False

    def box(self) -> None:
        """From now on each volume is the rectangle that holds it."""
        self._boxed = True

    def outer(self, volume: int) -> Floats:
        """(n, 2) the vertices of a volume's first path: of a ring, the outer one, closed."""
        first = int(self._volumes[volume])
        points = self._points[self._paths[first] : self._paths[first + 1]]
        if not self._boxed or len(points) <= 5:
            return points
        held = shapely.minimum_rotated_rectangle(shapely.multipoints(points))
        return np.asarray(shapely.get_coordinates(held))

    def edges(self, volume: int) -> Floats:
        """(k, 2, 2) the ends of a volume's edges; holes are taken as filled."""
        points = self.outer(volume)
        return np.stack([points[:-1], points[1:]], axis=1)

    def shape(self, volume: int) -> BaseGeometry:
        """A volume's core in the plane."""
        points = self.outer(volume)
        if self.area[volume]:
            return shapely.buffer(shapely.polygons(points), 0)
        # A point is written twice, and a line of no length has no surroundings.
        alike = bool((points == points[0]).all())
        return shapely.points(points[0]) if alike else shapely.linestrings(points)


def moves_that_meet(
    moves: Flat, first: Ints, still: Flat, second: Ints, apart_m: Floats
) -> BaseGeometry:
    """Every displacement (east, north) by which a pair of volumes comes within ``apart_m`` (k,).

    The displacements that make two cores touch are their Minkowski difference. Where both are in
    one piece, that is every edge of one against every edge of the other, and, where one is an area,
    that area about one point of the other; grown by both radii and by what they must keep apart.
    """
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    if sum(len(moves.outer(i)) * len(still.outer(j)) for i, j in pairs) > QUADS_MAX:
        moves.box()
        still.box()
    by_reach: dict[float, list[BaseGeometry]] = {}
    for (i, j), keep_m in zip(pairs, apart_m.tolist(), strict=True):
        reach_m = float(moves.radius_m[i] + still.radius_m[j]) + keep_m
        by_reach.setdefault(reach_m, []).extend(_differences(moves, i, still, j))
    return shapely.union_all([grown(shapes, reach_m) for reach_m, shapes in by_reach.items()])


def grown(shapes: Iterable[BaseGeometry], reach_m: float) -> BaseGeometry:
    """Shapes of the plane as one, grown by a reach and by what drawing makes it too small."""
    return shapely.buffer(
        shapely.union_all(list(shapes)),
        reach_m * ROUNDED + MARGIN_M,
        quad_segs=QUARTER_SEGMENTS,
    )


def _differences(moves: Flat, i: int, still: Flat, j: int) -> list[BaseGeometry]:
    one, other = moves.edges(i), still.edges(j)
    corners = other[:, None, :, None, :] - one[None, :, None, :, :]
    quads = shapely.multipoints(corners.reshape(-1, 4, 2))
    found = list(shapely.convex_hull(quads))
    if moves.area[i]:
        found.append(shapely.buffer(shapely.polygons(other[0, 0] - moves.outer(i)), 0))
    if still.area[j]:
        found.append(shapely.buffer(shapely.polygons(still.outer(j) - one[0, 0]), 0))
    return found

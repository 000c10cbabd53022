"""Whether volumes lie inside places, on the map: yes for certain, no for certain, or not known.

Heights and times are no part of a place. What is *inside* lies in one place as a whole; of what
lies partly in one and partly in the next it is not known, which is too careful and never wrong.

- A circle (a point and its radius) holds a volume that reaches no farther from its middle
  (``volumes.reach``).
- A polygon holds what keeps clear of all its edges and has a point in it: a volume is in one piece,
  and would have to cross an edge to be elsewhere. The conflict engine decides both. What lies in
  the polygon's own radius round it, but not in the polygon, is not known to be inside.
- A strip along a line holds a point or a line whose points are near points of that line: both are
  cut into steps, and half a step is the most that a point can be from the nearest of them. Whether
  it holds an area is not known.

*Outside* is a volume of which some point lies in no place.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

import numpy as np

from detente.conflict import Conflict, Separation, between
from detente.line.bodies.giving import Place
from detente.volumes.geodesy import (
    RADIUS_MIN_M,
    Floats,
    destination,
    distance_m,
    ecef,
    geod,
    straight_length_m,
)
from detente.volumes.model import Activity, Band, Core, Edges, Position, Shape, Volume
from detente.volumes.reach import volume_reach_m

CLEAR_M = 25.0
"""How far from the edges of a polygon a volume has to stay to be inside for certain."""
PROBES = 8
"""Directions in which the rim of a volume is looked at."""
VERTICES_MAX = 200
MEETING_MAX = 20
"""At most so many vertices of a core are looked for in another."""
STEPS_MAX = 2_000
"""At most so many points of a line are looked at."""
_TOUCHING = Separation(lateral_m=0.0, vertical_m=0.0, time_s=0.0)
_CLEAR = Separation(lateral_m=CLEAR_M, vertical_m=0.0, time_s=0.0)
_BAND = Band(None, None)


class Inside(StrEnum):
    """Where a volume is, with regard to places."""

    YES = "inside"
    NO = "outside"
    UNKNOWN = "unknown"


def inside(core: Core, radius_m: float, places: Sequence[Place]) -> Inside:
    """Whether what lies within ``radius_m`` of ``core`` lies in one of the places.

    A place without extent may be anywhere.
    """
    return inside_extents(core, radius_m, extents_of(places))


def extents_of(places: Sequence[Place]) -> list[Volume | None]:
    """The extent of each place, or None where only a name is given."""
    cores = [(one.extent, one.radius_m) for one in places]
    return [None if core is None else _flat(core, radius_m) for core, radius_m in cores]


def inside_extents(core: Core, radius_m: float, places: Sequence[Volume | None]) -> Inside:
    """The same by the ``extents_of`` places, which are read once for many volumes."""
    volume = _flat(core, radius_m)
    extents = [one for one in places if one is not None]
    if any(_holds(place, volume) for place in extents):
        return Inside.YES
    if len(extents) < len(places):
        return Inside.UNKNOWN
    return Inside.NO if _sticks_out(volume, extents) else Inside.UNKNOWN


def meets(core: Core, radius_m: float, place: Volume) -> Inside:
    """Whether some of a volume lies in a place, by its ``extents_of``: ``NO`` if certainly none.

    ``YES`` where a vertex of the one certainly lies in the other. Where the two come near each
    other in any other way it is not known.
    """
    volume = _flat(core, radius_m)
    if _conflict([volume], [place], _TOUCHING) is None:
        return Inside.NO
    if any(_holds(place, one) for one in _vertices(volume)):
        return Inside.YES
    return Inside.YES if any(_holds(volume, one) for one in _vertices(place)) else Inside.UNKNOWN


def _vertices(volume: Volume) -> list[Volume]:
    """Some of the vertices of a core, as points that belong to the volume."""
    vertices = [vertex for ring in volume.core.rings for vertex in ring]
    vertices = vertices[:: -(-len(vertices) // MEETING_MAX)]
    return [_flat(Core(Shape.POINT, ((one,),)), 0.0) for one in vertices]


def _flat(core: Core, radius_m: float) -> Volume:
    return Volume(core, radius_m, _BAND, 0.0, 1.0)


def _holds(place: Volume, volume: Volume) -> bool:
    """Whether all of the volume lies in this one place, for certain."""
    if volume.core == place.core and volume.radius_m <= place.radius_m:
        return True
    match place.core.shape:
        case Shape.POINT:
            return volume_reach_m(volume, place.core.rings[0][0]) <= place.radius_m
        case Shape.POLYGON:
            return _clear_of_edges(volume, place.core) and _meets(volume.core, place.core)
        case _:
            return _along(place, volume)


def _clear_of_edges(volume: Volume, polygon: Core) -> bool:
    edges = [
        _flat(Core(Shape.POLYLINE, ((*ring, ring[0]),), polygon.edges), 0.0)
        for ring in polygon.rings
    ]
    return _conflict([volume], edges, _CLEAR) is None


def _meets(core: Core, polygon: Core) -> bool:
    point = Core(Shape.POINT, ((core.rings[0][0],),))
    return _conflict([_flat(point, 0.0)], [_flat(polygon, 0.0)], _TOUCHING) is not None


def _conflict(
    volumes: Sequence[Volume], places: Sequence[Volume], separation: Separation
) -> Conflict | None:
    one = Activity("a", "volumes", "volume", tuple(volumes))
    return between(one, Activity("b", "places", "place", tuple(places)), separation)


def _along(place: Volume, volume: Volume) -> bool:
    """Whether a point or a line lies in the strip along another line."""
    spare_m = place.radius_m - volume.radius_m
    if volume.core.shape is Shape.POLYGON or spare_m <= 0:
        return False
    step_m = max(spare_m / 4, 10.0)
    line, points = _steps(place.core, step_m), _steps(volume.core, step_m)
    if line is None or points is None:
        return False
    there = ecef(*line)
    farthest_m = max(float(np.linalg.norm(there - one, axis=1).min()) for one in ecef(*points))
    return _over_ground_m(farthest_m) + step_m / 2 <= spare_m


def _over_ground_m(chord_m: float) -> float:
    """A bound of the geodesic between points so far apart in a straight line.

    No geodesic bends more sharply than a circle of the ellipsoid's least radius of curvature, and
    of all curves that do not, that circle is the longest over its chord (Schur's theorem).
    """
    return 2 * RADIUS_MIN_M * math.asin(min(1.0, chord_m / (2 * RADIUS_MIN_M)))


def _steps(core: Core, step_m: float) -> tuple[Floats, Floats] | None:
    """Points of a point or line, no two neighbours farther apart along it; None if too many."""
    straight = core.edges is Edges.STRAIGHT
    lons, lats = [core.rings[0][0][0]], [core.rings[0][0][1]]
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(core.rings[0]):
        ends = [np.array([value]) for value in (lon_a, lat_a, lon_b, lat_b)]
        length_m = straight_length_m(*ends) if straight else distance_m(*ends)
        count = max(1, math.ceil(length_m[0] / step_m))
        if len(lons) + count > STEPS_MAX:
            return None
        if straight:
            lons += np.linspace(lon_a, lon_b, count + 1)[1:].tolist()
            lats += np.linspace(lat_a, lat_b, count + 1)[1:].tolist()
        else:
            between_them = geod().npts(lon_a, lat_a, lon_b, lat_b, count - 1) if count > 1 else []
            lons += [lon for lon, _ in between_them] + [lon_b]
            lats += [lat for _, lat in between_them] + [lat_b]
    return np.array(lons), np.array(lats)


def _sticks_out(volume: Volume, places: Sequence[Volume]) -> bool:
    """Whether some point of the volume lies in none of the places, for certain."""
    probes = _probes(volume)
    points = [_flat(Core(Shape.POINT, ((probe,),)), 0.0) for probe in probes]
    met = _conflict(points, places, _TOUCHING) if places else None
    return met is None or len({part.a_volume for part in met.parts}) < len(points)


def _probes(volume: Volume) -> list[Position]:
    """Points of the volume: vertices of its core, and points on the rim round each."""
    vertices = [vertex for ring in volume.core.rings for vertex in ring]
    vertices = vertices[:: -(-len(vertices) // VERTICES_MAX)]
    probes = list(vertices)
    if volume.radius_m > 0:
        for azimuth in range(0, 360, 360 // PROBES):
            lons, lats = destination(
                [lon for lon, _ in vertices],
                [lat for _, lat in vertices],
                [float(azimuth)] * len(vertices),
                [volume.radius_m * (1 - 1e-9)] * len(vertices),
            )
            probes += zip(lons.tolist(), lats.tolist(), strict=True)
    return probes

"""Moving an activity sideways: a whole activity, kept in shape, by a distance towards a bearing.

A move is of the globe, not of single vertices: it carries the place it is stated for along the
geodesic of that bearing, and turns what lies around it along with it. Each vertex keeps its
geodesic distance from that place and its direction as seen there, so that a shape of 300 km keeps
its distances to within a metre, at any latitude, and two activities moved alike stay as they lie
to each other. Every vertex towards the same bearing would not do that: 20 km to the north-east
pulls a shape 300 km wide apart by almost a kilometre at 40 degrees of latitude, and tears one at a
pole to pieces.

The least move is looked for in a plane (``plane``), in whole kilometres towards every fifth degree,
and counts only when the engine finds that the moved activity meets nothing of what it must clear.
"""

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from detente.conflict.ground import Ground
from detente.conflict.pack import pack
from detente.conflict.plane import REACH_M, Flat, Plane, moves_that_meet
from detente.errors import DetenteError
from detente.volumes.check import check_activity
from detente.volumes.geodesy import Floats, destination, geod
from detente.volumes.model import Activity, Core, Position, Ring

DISTANCE_STEP_M = 1_000.0
BEARING_STEP_DEG = 5.0
DECIMALS = 7
"""A moved vertex is written to 1e-7 degrees, a centimetre."""
TRIED_MAX = 12
"""Distances at which the plane finds something clear and the engine is asked, the least first."""
ELSEWHERE_DEG = 90.0


class Sideways(msgspec.Struct, frozen=True):
    """A move of ``distance_m`` towards the true bearing ``bearing_deg``, stated for ``place``."""

    place: Position
    bearing_deg: float
    distance_m: float


def moved(activity: Activity, move: Sideways) -> Activity:
    """The activity moved sideways; bands, times, radii and kinds of edges stay.

    What comes out is not checked: a polygon of straight edges may not survive a move to a pole.
    """
    lon0, lat0 = move.place
    lon1, lat1, back_deg = geod().fwd(lon0, lat0, move.bearing_deg, move.distance_m)
    turned_deg = back_deg + 180.0 - move.bearing_deg

    def carried(ring: Ring, near: float | None) -> Ring:
        at = np.array(ring, dtype=np.float64)
        from_lon, from_lat = np.full(len(at), lon0), np.full(len(at), lat0)
        azimuth_deg, _, far_m = geod().inv(from_lon, from_lat, at[:, 0], at[:, 1])
        to_lon, to_lat = np.full(len(at), lon1), np.full(len(at), lat1)
        lon, lat = destination(to_lon, to_lat, np.asarray(azimuth_deg) + turned_deg, far_m)
        return unrolled(lon, lat, near)

    def core(of: Core) -> Core:
        outer = carried(of.rings[0], None)
        holes = (carried(ring, outer[0][0]) for ring in of.rings[1:])
        return msgspec.structs.replace(of, rings=(outer, *holes))

    volumes = (
        msgspec.structs.replace(volume, core=core(volume.core)) for volume in activity.volumes
    )
    return msgspec.structs.replace(activity, volumes=tuple(volumes))


def unrolled(lon: Floats, lat: Floats, near: float | None) -> Ring:
    """Vertices written to 1e-7 degrees, each the short way from the one before.

    The first lies in [-180, 180], or the short way from ``near``.
    """
    ring: list[Position] = []
    for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
        before = ring[-1][0] if ring else near
        turns = 0 if before is None else round((before - x) / 360.0)
        # Adding 0.0 turns -0.0 into 0.0, which is written alike everywhere.
        ring.append((round(x + 360.0 * turns, DECIMALS) + 0.0, round(y, DECIMALS) + 0.0))
    return tuple(ring)


def sideways(moves: Activity, ground: Ground, place: Position) -> list[Sideways]:
    """The least move of ``moves`` that clears the ground, and the least more or less back.

    ``place`` is what they are stated for. The second leads more than 90 degrees away from the
    first, for whom there is a mountain or a border. Empty where nothing within 200 km does.
    """
    packed, plane = pack([moves]), Plane(place)
    first, second = ground.within(packed, REACH_M)
    blocked = moves_that_meet(
        Flat(packed, plane),
        first,
        Flat(ground.pack, plane),
        second,
        ground.apart_m(packed, first, second),
    )
    bearing_deg, distance_m, x, y = _clear(blocked)
    found: list[Sideways] = []
    while len(found) < 2 and len(bearing_deg):
        one = _least(bearing_deg, distance_m, x, y, blocked, moves, ground, place)
        if one is None:
            break
        found.append(one)
        turn_deg = np.abs((bearing_deg - one.bearing_deg + 180.0) % 360.0 - 180.0)
        away = turn_deg > ELSEWHERE_DEG
        bearing_deg, distance_m, x, y = bearing_deg[away], distance_m[away], x[away], y[away]
    return found


def clears(changed: Activity, ground: Ground) -> bool:
    """Whether a changed activity is sound and meets nothing of the ground, by the engine."""
    try:
        check_activity(changed)
    except DetenteError:
        return False
    return not ground.met(changed)


def _clear(blocked: BaseGeometry) -> tuple[Floats, Floats, Floats, Floats]:
    """Bearings and lengths of the displacements that are not blocked, and their ends, (n,) each."""
    bearings_deg = np.arange(0.0, 360.0, BEARING_STEP_DEG)
    distances_m = np.arange(1, REACH_M / DISTANCE_STEP_M + 1) * DISTANCE_STEP_M
    bearing, distance = (grid.ravel() for grid in np.meshgrid(bearings_deg, distances_m))
    x, y = distance * np.sin(np.radians(bearing)), distance * np.cos(np.radians(bearing))
    shapely.prepare(blocked)
    free = ~shapely.intersects_xy(blocked, x, y)
    return bearing[free], distance[free], x[free], y[free]


def _least(
    bearing_deg: Floats,
    distance_m: Floats,
    x: Floats,
    y: Floats,
    blocked: BaseGeometry,
    moves: Activity,
    ground: Ground,
    place: Position,
) -> Sideways | None:
    """The shortest of these moves that the engine finds clear; of equally long, the roomiest."""
    for length_m in np.unique(distance_m)[:TRIED_MAX].tolist():
        ring = np.flatnonzero(distance_m == length_m)
        room_m = shapely.distance(shapely.points(x[ring], y[ring]), blocked)
        best = float(bearing_deg[ring[int(np.argmax(room_m))]])
        one = Sideways(place, best, length_m)
        if clears(moved(moves, one), ground):
            return one
    return None

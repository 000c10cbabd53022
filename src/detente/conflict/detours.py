"""Leading a route round what is in its way: two waypoints aside, the rest of the route as it was.

A *route* is a run of volumes whose cores are polylines, each beginning where the one before ends: a
corridor, or the legs of one. It leaves its way before it comes too near, runs past on one side of
everything it must clear there, and comes back; where the ends of a route are themselves too near,
only the whole of it can be moved.

A longer way takes longer. The time is estimated at the route's own speed, its length over its
window, and the windows from the first changed volume on end later by as much: the route may be
there from when it was said, and is gone when even the slower one would be.

The way round is drawn in a plane (``plane``) and counts only when the engine finds that it meets
nothing of what it must clear.
"""

import math
from itertools import pairwise

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from detente.conflict.ground import Ground
from detente.conflict.pack import pack
from detente.conflict.plane import REACH_M, Flat, Plane, grown
from detente.conflict.sideways import clears, unrolled
from detente.volumes.geodesy import Floats, destination, geod
from detente.volumes.model import Activity, Edges, Position, Shape, Volume

LEADS_M = (2_000.0, 8_000.0, 20_000.0, 50_000.0, 120_000.0)
"""How long before what is in the way, and after it, the route leaves its way and comes back."""
STEEPEST_DEG = 75.0
OFFSET_STEP_M = 1_000.0
MARGINS_M = (100.0, 2_000.0)
"""What is in the way is drawn this much larger, the second time because the first did not do."""
WAYPOINT_DEG = 1 / 600
"""Waypoints lie on tenths of a minute, as they are written and read out."""
ROUNDING_M = 200.0
"""More than a waypoint is moved by that."""
LEFT_COST = 0.1
"""To leave ten kilometres more of the route is as bad as a kilometre more of way."""
TRIED_MAX = 8
VERTICES_MAX = 2_000
"""A route of more vertices is a recorded track and not somebody's plan of waypoints."""
ROUNDS_MAX = 4


class Difference(msgspec.Struct, frozen=True):
    """How a route that was changed differs from what it was.

    ``off_m`` is how far the two lie apart at most, waypoints left out included, of which there are
    ``left_out``; ``longer_m`` how much longer the way is and ``later_s`` how much later it ends,
    both negative for less.
    """

    off_m: float
    longer_m: float
    later_s: float
    left_out: int


def difference(old: tuple[Volume, ...], new: tuple[Volume, ...]) -> Difference | None:
    """How ``new`` differs from ``old``; None where either is no route, or too long to compare."""
    rings = [[volume.core.rings[0] for volume in some] for some in (old, new)]
    if any(volume.core.shape is not Shape.POLYLINE for volume in (*old, *new)):
        return None
    if sum(len(ring) for some in rings for ring in some) > 2 * VERTICES_MAX:
        return None
    plane = Plane(old[0].core.rings[0][0])
    lines, lengths_m = [], []
    for some in rings:
        at = [np.array(ring) for ring in some]
        flat = [plane.flat(one[:, 0], one[:, 1]) for one in at]
        if not all(np.isfinite(one).all() for one in flat):
            return None
        lines.append(shapely.multilinestrings([shapely.linestrings(one) for one in flat]))
        lengths_m.append(sum(float(geod().line_length(one[:, 0], one[:, 1])) for one in at))
    ends_s = [max(volume.end_s for volume in some) for some in (old, new)]
    off_m = float(shapely.hausdorff_distance(*lines))
    before, after = ({place for ring in some for place in ring} for some in rings)
    return Difference(
        off_m, lengths_m[1] - lengths_m[0], ends_s[1] - ends_s[0], len(before - after)
    )


def detour(
    moves: Activity, ground: Ground, place: Position, meeting: frozenset[int]
) -> tuple[Volume, ...] | None:
    """All volumes of ``moves`` when it is led a short way round, or None.

    Its volumes ``meeting`` are in conflict. None where they are no route, where the ends of it are
    in the way, and where nothing within 200 km clears the ground.
    """
    route = _route(moves, meeting, Plane(place))
    if route is None:
        return None
    ways = (
        way
        for margin_m in MARGINS_M
        for way in _ways(route, _in_the_way(moves, route, ground, place, margin_m))[:TRIED_MAX]
    )
    for way in ways:
        found = _led(moves, route, way)
        if clears(msgspec.structs.replace(moves, volumes=found), ground):
            return found
    return None


class _Route(msgspec.Struct, frozen=True):
    """The route of the volumes ``first`` to ``last``, in the plane.

    ``points`` (n, 2) are its vertices, ``along_m`` (n,) how far along each lies and ``ends`` the
    number of the last vertex of each volume.
    """

    first: int
    last: int
    plane: Plane
    places: list[Position]
    points: Floats
    along_m: Floats
    ends: list[int]

    @property
    def line(self) -> BaseGeometry:
        return shapely.linestrings(self.points)

    @property
    def length_m(self) -> float:
        return float(self.along_m[-1])

    def at(self, along_m: float) -> Floats:
        """The point so far along."""
        return np.array([np.interp(along_m, self.along_m, self.points[:, axis]) for axis in (0, 1)])


class _Way(msgspec.Struct, frozen=True):
    """Leaves the route ``leave_m`` along it, comes back at ``rejoin_m``, by ``points`` (k, 2)."""

    leave_m: float
    rejoin_m: float
    points: Floats
    longer_m: float
    off_m: float

    @property
    def cost_m(self) -> float:
        """What is to be least. A way that cuts a corner is not the better for being shorter."""
        left_m = self.rejoin_m - self.leave_m
        return self.off_m + max(0.0, self.longer_m) + LEFT_COST * left_m


def _route(moves: Activity, meeting: frozenset[int], plane: Plane) -> _Route | None:
    volumes = moves.volumes
    first, last = min(meeting), max(meeting)
    while first > 0 and _joined(volumes[first - 1], volumes[first]):
        first -= 1
    while last + 1 < len(volumes) and _joined(volumes[last], volumes[last + 1]):
        last += 1
    run = volumes[first : last + 1]
    if run[0].core.shape is not Shape.POLYLINE:
        return None
    if not all(_joined(one, other) for one, other in pairwise(run)):
        return None
    places = list(run[0].core.rings[0])
    ends = [len(places) - 1]
    for volume in run[1:]:
        places += volume.core.rings[0][1:]
        ends.append(len(places) - 1)
    if len(places) > VERTICES_MAX:
        return None
    at = np.array(places)
    points = plane.flat(at[:, 0], at[:, 1])
    steps_m = np.hypot(*np.diff(points, axis=0).T)
    along_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    if not np.isfinite(along_m[-1]) or not (steps_m > 0).all():
        return None
    return _Route(first, last, plane, places, points, along_m, ends)


def _joined(one: Volume, other: Volume) -> bool:
    """Whether one leg ends where the other begins."""
    if not one.core.shape is other.core.shape is Shape.POLYLINE:
        return False
    (lon, lat), (next_lon, next_lat) = one.core.rings[0][-1], other.core.rings[0][0]
    return lat == next_lat and (lon - next_lon) % 360.0 == 0.0


def _in_the_way(
    moves: Activity, route: _Route, ground: Ground, place: Position, margin_m: float
) -> list[BaseGeometry]:
    """Where the route must not lead: what it must clear, grown; pieces that are apart."""
    packed, plane = pack([moves]), Plane(place)
    first, second = ground.within(packed, REACH_M)
    on_route = (first >= route.first) & (first <= route.last)
    still = Flat(ground.pack, plane)
    radius_m = max(volume.radius_m for volume in moves.volumes[route.first : route.last + 1])
    shapes: dict[float, list[BaseGeometry]] = {}
    first, second = first[on_route], second[on_route]
    apart_m = dict(
        zip(second.tolist(), ground.apart_m(packed, first, second).tolist(), strict=True)
    )
    for j, keep_m in apart_m.items():
        reach_m = radius_m + float(still.radius_m[j]) + keep_m + margin_m
        shapes.setdefault(reach_m, []).append(still.shape(j))
    together = shapely.union_all([grown(some, reach_m) for reach_m, some in shapes.items()])
    return [part for part in shapely.get_parts(together) if not part.is_empty]


def _ways(route: _Route, blocked: list[BaseGeometry]) -> list[_Way]:
    """Ways round on both sides, from near and from afar, the shortest first."""
    line = route.line
    met = [part for part in blocked if shapely.intersects(part, line)]
    if not met:
        return []
    ends = shapely.points(route.points[[0, -1]])
    if any(shapely.intersects(part, ends).any() for part in met):
        return []
    ways = [
        way
        for lead_m in LEADS_M
        for side in (1.0, -1.0)
        if (way := _round(route, blocked, met, lead_m, side)) is not None
    ]
    return sorted(ways, key=lambda way: way.cost_m)


def _round(
    route: _Route, blocked: list[BaseGeometry], met: list[BaseGeometry], lead_m: float, side: float
) -> _Way | None:
    """The way round on one side; what it then meets besides is gone round as well."""
    met = list(met)
    for _ in range(ROUNDS_MAX):
        touched = shapely.get_coordinates(shapely.intersection(route.line, shapely.union_all(met)))
        along_m = shapely.line_locate_point(route.line, shapely.points(touched))
        leave_m = max(0.0, float(along_m.min()) - lead_m)
        rejoin_m = min(route.length_m, float(along_m.max()) + lead_m)
        start, end = route.at(leave_m), route.at(rejoin_m)
        corners = _corners(start, end, shapely.union_all(met), side)
        if corners is None:
            return None
        corners = np.array([_rounded(route.plane, point) for point in corners]).reshape(-1, 2)
        points = np.vstack([start, corners, end])
        way = shapely.linestrings(points)
        more = [part for part in blocked if shapely.intersects(part, way)]
        if not more:
            longer_m = shapely.length(way) - (rejoin_m - leave_m)
            off_m = _off_m(route, leave_m, rejoin_m, points)
            return _Way(leave_m, rejoin_m, points, float(longer_m), off_m)
        if any(part in met for part in more):
            return None
        met += more
    return None


def _corners(start: Floats, end: Floats, blocked: BaseGeometry, side: float) -> Floats | None:
    """One or two corners (k, 2) of a way from start to end outside the convex hull of ``blocked``.

    Seen along the way, the hull lies below a slope from the start, a slope from the end, and a
    line so many whole kilometres aside. None where a slope would be too steep or too far aside.
    """
    along, far_m = end - start, float(np.hypot(*(end - start)))
    if far_m < 1.0:
        return None
    along = along / far_m
    across = side * np.array([-along[1], along[0]])
    hull = shapely.buffer(shapely.convex_hull(blocked), ROUNDING_M)
    hull = shapely.get_coordinates(hull) - start
    x, y = hull @ along, hull @ across
    aside = y > 0
    if not aside.any():
        return np.empty((0, 2))
    up = float(np.arctan2(y[aside], x[aside]).max())
    down = float(np.arctan2(y[aside], far_m - x[aside]).max())
    off_m = math.ceil(float(y.max()) / OFFSET_STEP_M) * OFFSET_STEP_M
    if max(up, down) > math.radians(STEEPEST_DEG) or off_m > REACH_M:
        return None
    left, right = off_m / math.tan(up), far_m - off_m / math.tan(down)
    if left >= right:
        left = far_m * math.tan(down) / (math.tan(up) + math.tan(down))
        return np.array([start + left * along + left * math.tan(up) * across])
    return np.array([start + at * along + off_m * across for at in (left, right)])


def _rounded(plane: Plane, point: Floats) -> Floats:
    lon, lat = (round(degrees / WAYPOINT_DEG) * WAYPOINT_DEG for degrees in plane.place(point))
    flat: Floats = plane.flat(np.array([lon]), np.array([lat]))[0]
    return flat


def _led(moves: Activity, route: _Route, way: _Way) -> tuple[Volume, ...]:
    """The activity's volumes with the route led along ``way``."""
    length_m = route.length_m
    run = moves.volumes[route.first : route.last + 1]
    lasts_s = max(volume.end_s for volume in run) - min(volume.start_s for volume in run)
    longer_s = 60.0 * math.ceil(max(0.0, way.longer_m) / length_m * lasts_s / 60.0)
    volumes = list(moves.volumes)
    changed = False
    for number, (begin, end) in enumerate(pairwise([0, *route.ends])):
        volume = run[number]
        from_m, to_m = float(route.along_m[begin]), float(route.along_m[end])
        if from_m < way.rejoin_m and to_m > way.leave_m:
            ring = _leg(route, way, begin, end, volume.core.edges)
            volume = msgspec.structs.replace(
                volume, core=msgspec.structs.replace(volume.core, rings=(ring,))
            )
            changed = True
        if changed:
            volume = msgspec.structs.replace(volume, end_s=volume.end_s + longer_s)
        volumes[route.first + number] = volume
    return tuple(volumes)


def _off_m(route: _Route, leave_m: float, rejoin_m: float, points: Floats) -> float:
    """How far a new way and the part of the old one that it replaces lie apart at most."""
    left = (route.along_m > leave_m) & (route.along_m < rejoin_m)
    old = shapely.linestrings(np.vstack([points[0], route.points[left], points[-1]]))
    return float(shapely.hausdorff_distance(old, shapely.linestrings(points)))


def _leg(route: _Route, way: _Way, begin: int, end: int, edges: Edges) -> tuple[Position, ...]:
    """The vertices of one volume: its own outside the detour, within it its share of the new way.

    A volume that has had a third of the old way has a third of the new one.
    """
    from_m, to_m = float(route.along_m[begin]), float(route.along_m[end])
    kept = range(begin, end + 1)
    before = [route.places[k] for k in kept if route.along_m[k] < way.leave_m - 1.0]
    after = [route.places[k] for k in kept if route.along_m[k] > way.rejoin_m + 1.0]
    new = [_place_on(route, way, along_m, edges) for along_m in _shares(way, from_m, to_m)]
    at = np.array([*before, *new, *after])
    return unrolled(at[:, 0], at[:, 1], None)


def _shares(way: _Way, from_m: float, to_m: float) -> list[float]:
    """How far along the new way a volume's vertices lie, the ends of its share among them."""
    lengths_m = np.hypot(*np.diff(way.points, axis=0).T)
    along_m = np.concatenate([[0.0], np.cumsum(lengths_m)])
    share = along_m[-1] / (way.rejoin_m - way.leave_m)
    low = max(0.0, (from_m - way.leave_m) * share)
    high = min(float(along_m[-1]), (to_m - way.leave_m) * share)
    inner = [one for one in along_m.tolist() if low + 1.0 < one < high - 1.0]
    return [low, *inner, high]


def _place_on(route: _Route, way: _Way, along_m: float, edges: Edges) -> Position:
    """A place of the new way; where it leaves and comes back, exactly on the old one's edge."""
    lengths_m = np.hypot(*np.diff(way.points, axis=0).T)
    whole_m = np.concatenate([[0.0], np.cumsum(lengths_m)])
    if along_m <= 0.0:
        return _on_edge(route, way.leave_m, edges)
    if along_m >= whole_m[-1]:
        return _on_edge(route, way.rejoin_m, edges)
    point = np.array([np.interp(along_m, whole_m, way.points[:, axis]) for axis in (0, 1)])
    return route.plane.place(point)


def _on_edge(route: _Route, along_m: float, edges: Edges) -> Position:
    """The place so far along the route, on its true edge."""
    at = int(np.searchsorted(route.along_m, along_m, side="right")) - 1
    at = min(at, len(route.places) - 2)
    (lon, lat), (to_lon, to_lat) = route.places[at], route.places[at + 1]
    share = (along_m - route.along_m[at]) / (route.along_m[at + 1] - route.along_m[at])
    if share <= 0.0 or share >= 1.0:
        return route.places[at if share <= 0.0 else at + 1]
    if edges is Edges.STRAIGHT:
        return lon + share * (to_lon - lon), lat + share * (to_lat - lat)
    azimuth_deg, _, length_m = geod().inv(lon, lat, to_lon, to_lat)
    x, y = destination(lon, lat, azimuth_deg, length_m * share)
    return float(x), float(y)

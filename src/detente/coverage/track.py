"""When a place lies in view of a platform that flies a planned track: to the second, not sampled.

Along one geodesic leg of less than a quarter of the globe the distance to a point has one minimum
and rises on both sides of it, so the time in view is one interval, found by halving. A racetrack is
a closed track that is flown lap after lap.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from detente.coverage.model import LonLat, Track
from detente.volumes.geodesy import distance_m, geod

Interval = tuple[float, float]

LEG_M_MAX = 1_000_000.0
"""Longer legs are cut: far from a quarter of the globe, so that a distance has one minimum."""
STEP_M = 0.5
"""How exactly the ends of an interval are found; they are rounded inward by as much."""


def length_m(track: Track) -> float:
    """Once along a track, and back to its first point if it is closed."""
    points = [*track.points, track.points[0]] if track.closed else list(track.points)
    lons, lats = zip(*points, strict=True)
    return float(distance_m(lons[:-1], lats[:-1], lons[1:], lats[1:]).sum())


def watched(track: Track, lon: float, lat: float) -> list[Interval]:
    """When a place is within the footprint of a track, as POSIX seconds, in order, apart."""
    points = [*track.points, track.points[0]] if track.closed else list(track.points)
    seen: list[Interval] = []
    flown_m = 0.0
    for one, other in pairwise(points):
        azimuth, _, length_m = geod().inv(*one, *other)
        done_m = 0.0
        while done_m < length_m:
            piece_m = min(LEG_M_MAX, length_m - done_m)
            start = geod().fwd(*one, azimuth, done_m)[:2]
            onward = geod().inv(*start, *other)[0]
            found = _in_view(start, onward, piece_m, track.footprint_m, (lon, lat))
            if found is not None:
                begun_m = flown_m + done_m
                seen.append((begun_m + found[0], begun_m + found[1]))
            done_m += piece_m
        flown_m += length_m
    lap = [(a / track.speed_mps, b / track.speed_mps) for a, b in seen]
    return _within(_laps(lap, flown_m / track.speed_mps, track), track)


def gaps_s(intervals: Sequence[Interval], start_s: float, end_s: float) -> list[float]:
    """How long each stretch of a window is in which nothing is in view."""
    found, at_s = [], start_s
    for begin_s, stop_s in intervals:
        if begin_s > at_s:
            found.append(begin_s - at_s)
        at_s = max(at_s, stop_s)
    if at_s < end_s:
        found.append(end_s - at_s)
    return found


def _in_view(
    start: LonLat, azimuth: float, length_m: float, reach_m: float, place: LonLat
) -> Interval | None:
    """Between which metres of a leg a place is within reach, or None."""

    def far_m(at_m: float) -> float:
        lon, lat, _ = geod().fwd(*start, azimuth, at_m)
        return float(geod().inv(lon, lat, *place)[2])

    low_m, high_m = 0.0, length_m
    while high_m - low_m > STEP_M:
        one_m, other_m = low_m + (high_m - low_m) / 3, high_m - (high_m - low_m) / 3
        if far_m(one_m) <= far_m(other_m):
            high_m = other_m
        else:
            low_m = one_m
    nearest_m = min((0.0, length_m, (low_m + high_m) / 2), key=far_m)
    if far_m(nearest_m) > reach_m:
        return None
    return (
        _edge(far_m, nearest_m, 0.0, reach_m),
        _edge(far_m, nearest_m, length_m, reach_m),
    )


def _edge(
    far_m: Callable[[float], float], inside_m: float, outside_m: float, reach_m: float
) -> float:
    """Where, between a point in view and an end, the view is lost; on the side that is in view."""
    if far_m(outside_m) <= reach_m:
        return outside_m
    while abs(outside_m - inside_m) > STEP_M:
        middle_m = (inside_m + outside_m) / 2
        if far_m(middle_m) <= reach_m:
            inside_m = middle_m
        else:
            outside_m = middle_m
    return inside_m


def _laps(lap: list[Interval], lap_s: float, track: Track) -> list[Interval]:
    if not track.closed or lap_s <= 0:
        return [(track.start_s + a, track.start_s + b) for a, b in lap]
    count = int((track.end_s - track.start_s) // lap_s) + 1
    return [
        (track.start_s + n * lap_s + a, track.start_s + n * lap_s + b)
        for n in range(count)
        for a, b in lap
    ]


def _within(intervals: list[Interval], track: Track) -> list[Interval]:
    """Cut to the track's time, and joined where one ends as the next begins."""
    found: list[Interval] = []
    for begin_s, stop_s in intervals:
        begin_s, stop_s = max(begin_s, track.start_s), min(stop_s, track.end_s)
        if stop_s <= begin_s:
            continue
        if found and begin_s <= found[-1][1] + 1e-6:
            found[-1] = (found[-1][0], max(found[-1][1], stop_s))
        else:
            found.append((begin_s, stop_s))
    return found

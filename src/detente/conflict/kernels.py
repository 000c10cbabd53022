"""How far apart two cores are on the ellipsoid, by branch and bound.

The distance of two cores is the least geodesic distance between any of their pieces, or 0 where
one covers the other. For a pair of pieces there is a *lower bound* that no pair of their points
undercuts (``bounds``), and an *attained* distance between two points that truly lie on them. A
pair whose lower bound is beyond what matters is dropped; otherwise the longer piece is halved,
until the bound and the attained distance agree. Nothing is ever dropped on an estimate.
"""

from math import atan2, degrees, inf, sqrt

import numpy as np

from detente.conflict.bounds import PLANE_M, ball_bound, ball_m, far_bound, plane_bound
from detente.conflict.compiled import kernel, making_kernel
from detente.conflict.cores import Cores
from detente.conflict.ellipsoid import Found, along, arc_m, chord_floor_m, chord_m, clamp, norm
from detente.conflict.pieces import covered_vertex, piece_of, point_on
from detente.volumes.geodesy import ECCENTRICITY2, RADIUS_MIN_M, Floats, Ints

TIGHT_M = 0.004
"""A bound and an attained distance this close are taken for equal."""
REPORT_M = 0.25
"""How far a reported distance may exceed the true one, once it is known to matter."""
STACK_ROWS = 256
"""Rows of the stack of halves; a pair of pieces is halved at most about 90 times in depth."""
STEPS_MAX = 2_000_000
"""Steps of the search for one pair of cores: a few seconds. Whoever draws shapes to need more
than that gets a conflict: two cores not known to be apart by then are taken to be near."""


@kernel
def search(
    a: Cores,
    i: int,
    b: Cores,
    j: int,
    touch_m: float,
    limit_m: float,
    best: Found,
    stack: Floats,
    steps: Ints,
) -> Found:
    """Improves on ``best`` with the closest points of pieces i and j, as far as it matters.

    It matters until the cores are known to be within ``touch_m``; beyond ``limit_m`` not at all.
    Where attained distance and bound straddle the limit by less than ``TIGHT_M``, the limit is
    taken as reached: too near, never missed. ``steps`` holds how many steps have been taken and how
    many may be; whoever calls must look whether they were enough.
    """
    piece_a, piece_b = piece_of(a, i), piece_of(b, j)
    straight_a, straight_b = piece_a[6], piece_b[6]
    whole_a, whole_b = a.bulge_m[i], b.bulge_m[j]
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = 0.0, 1.0, 0.0, 1.0
    rows = 1
    while rows > 0 and best[0] > touch_m and steps[0] < steps[1]:
        steps[0] += 1
        rows -= 1
        t, t_end, u, u_end = stack[rows, 0], stack[rows, 1], stack[rows, 2], stack[rows, 3]
        dt, du = t_end - t, u_end - u
        a0, a1 = point_on(piece_a, t), point_on(piece_a, t_end)
        b0, b1 = point_on(piece_b, u), point_on(piece_b, u_end)
        # A part of a straight piece bulges with the square of its length; a lifted chord's
        # distance from the geodesic is the same for all its parts.
        bulge_a = whole_a * (dt * dt if straight_a else 1.0)
        bulge_b = whole_b * (du * du if straight_b else 1.0)
        speed_a, speed_b = a.speed_m[i] * dt, b.speed_m[j] * du

        cutoff = limit_m if best[0] > limit_m else best[0] - REPORT_M
        balls_m = ball_m(chord_m(a0, a1), speed_a, bulge_a) + ball_m(
            chord_m(b0, b1), speed_b, bulge_b
        )
        lower = ball_bound(a0, a1, b0, b1, balls_m)
        if lower > cutoff:
            continue
        share_a, share_b = 0.5, 0.5
        if balls_m < PLANE_M:
            closer, share_a, share_b = plane_bound(
                a0, a1, b0, b1, (speed_a, speed_b), (bulge_a, bulge_b)
            )
            if closer == -inf:
                closer, share_a, share_b = far_bound(a0, a1, b0, b1, bulge_a + bulge_b)
            lower = max(lower, closer)
            if lower > cutoff:
                continue
        p, q = point_on(piece_a, t + share_a * dt), point_on(piece_b, u + share_b * du)
        attained = arc_m(p, q)
        if attained < best[0]:
            best = (attained, p, q)
        # What a lifted chord may stray cannot be halved away.
        strays_m = (0.0 if straight_a else bulge_a) + (0.0 if straight_b else bulge_b)
        close_m = (TIGHT_M if best[0] > limit_m else REPORT_M) + strays_m
        if attained - lower <= close_m or max(speed_a, speed_b) < TIGHT_M / 4:
            if best[0] > limit_m:
                best = (limit_m, p, q)
            continue
        if speed_a >= speed_b:
            half = (t + t_end) / 2
            put(stack, rows, t, half, u, u_end)
            put(stack, rows + 1, half, t_end, u, u_end)
        else:
            half = (u + u_end) / 2
            put(stack, rows, t, t_end, u, half)
            put(stack, rows + 1, t, t_end, half, u_end)
        rows += 2
    return best


@kernel
def put(stack: Floats, row: int, t: float, t_end: float, u: float, u_end: float) -> None:
    stack[row, 0], stack[row, 1], stack[row, 2], stack[row, 3] = t, t_end, u, u_end


@kernel
def closest(
    a: Cores,
    i: int,
    b: Cores,
    j: int,
    touch_m: float,
    limit_m: float,
    stack: Floats,
    steps: Ints,
) -> Found:
    """The closest points of two cores and their distance, infinite if beyond ``limit_m``.

    The distance is exact to ``REPORT_M`` where it lies between ``touch_m`` and ``limit_m``; below
    ``touch_m`` it is that of some two points that are near enough to touch. When ``steps`` run
    out, it is the least found so far, and the limit if that is beyond it.
    """
    nowhere = (0.0, 0.0, 0.0)
    if a.polygon[i]:
        vertex = covered_vertex(a, i, b, j)
        if vertex >= 0:
            point = (b.xyz[vertex, 0], b.xyz[vertex, 1], b.xyz[vertex, 2])
            return 0.0, point, point
    if b.polygon[j]:
        vertex = covered_vertex(b, j, a, i)
        if vertex >= 0:
            point = (a.xyz[vertex, 0], a.xyz[vertex, 1], a.xyz[vertex, 2])
            return 0.0, point, point
    best = (inf, nowhere, nowhere)
    reach_m, near_p, near_q = chord_floor_m(limit_m), -1, -1
    # The nearest pair of balls goes first: what it attains lets most of the others be dropped.
    for searching in range(2):
        for s in range(a.blocks[i], a.blocks[i + 1]):
            for t in range(b.blocks[j], b.blocks[j + 1]):
                if block_gap_m(a, s, b, t) > reach_m:
                    continue
                for p in range(a.block_starts[s], a.block_starts[s + 1]):
                    for q in range(b.block_starts[t], b.block_starts[t + 1]):
                        gap_m = ball_gap_m(a, p, b, q, reach_m)
                        if gap_m > reach_m:
                            continue
                        if not searching:
                            reach_m, near_p, near_q = gap_m, p, q
                        elif (p != near_p or q != near_q) and chord_gap_m(a, p, b, q) <= reach_m:
                            best = search(a, p, b, q, touch_m, limit_m, best, stack, steps)
                            reach_m = chord_floor_m(min(limit_m, best[0]))
                            if best[0] <= touch_m or steps[0] >= steps[1]:
                                return min(best[0], limit_m), best[1], best[2]
        if near_p < 0:
            return best
        if not searching:
            best = search(a, near_p, b, near_q, touch_m, limit_m, best, stack, steps)
            reach_m = chord_floor_m(min(limit_m, best[0]))
            if best[0] <= touch_m or steps[0] >= steps[1]:
                return min(best[0], limit_m), best[1], best[2]
    return best if best[0] <= limit_m else (inf, nowhere, nowhere)


@kernel
def block_gap_m(a: Cores, s: int, b: Cores, t: int) -> float:
    """Gap between the balls of two blocks; infinite where there is no piece in one."""
    if a.block_ball_m[s] < 0 or b.block_ball_m[t] < 0:
        return inf
    dx = a.block_middle[s, 0] - b.block_middle[t, 0]
    dy = a.block_middle[s, 1] - b.block_middle[t, 1]
    dz = a.block_middle[s, 2] - b.block_middle[t, 2]
    return float(sqrt(dx * dx + dy * dy + dz * dz) - a.block_ball_m[s] - b.block_ball_m[t])


@kernel
def ball_gap_m(a: Cores, i: int, b: Cores, j: int, reach_m: float) -> float:
    """Gap between the balls of two pieces; infinite beyond ``reach_m`` or where a piece is none."""
    if a.ball_m[i] < 0 or b.ball_m[j] < 0:
        return inf
    dx = a.middle[i, 0] - b.middle[j, 0]
    dy = a.middle[i, 1] - b.middle[j, 1]
    dz = a.middle[i, 2] - b.middle[j, 2]
    balls_m = a.ball_m[i] + b.ball_m[j]
    square, near_m = dx * dx + dy * dy + dz * dz, reach_m + balls_m
    # Squares are compared first: most pairs need no root. ``near_m`` is negative only once
    # something nearer has been found than any two balls can be.
    if near_m < 0 or square > near_m * near_m:
        return inf
    return float(sqrt(square) - balls_m)


@kernel
def chord_gap_m(a: Cores, i: int, b: Cores, j: int) -> float:
    """Lower bound of the chord between two pieces, the longer one held by more than its ball.

    A piece lies within its bulge and its sag of the chord between its ends; the shorter piece is
    taken as its ball.
    """
    if a.ball_m[i] < b.ball_m[j]:
        return chord_to_ball_m(b, j, a.middle[i], a.ball_m[i])
    return chord_to_ball_m(a, i, b.middle[j], b.ball_m[j])


@kernel
def chord_to_ball_m(cores: Cores, piece: int, middle: Floats, ball: float) -> float:
    """Lower bound of the chord between a piece and what lies in a ball."""
    xyz, speed_m = cores.xyz, cores.speed_m[piece]
    ux = xyz[piece + 1, 0] - xyz[piece, 0]
    uy = xyz[piece + 1, 1] - xyz[piece, 1]
    uz = xyz[piece + 1, 2] - xyz[piece, 2]
    wx, wy, wz = middle[0] - xyz[piece, 0], middle[1] - xyz[piece, 1], middle[2] - xyz[piece, 2]
    square = ux * ux + uy * uy + uz * uz
    share = clamp((wx * ux + wy * uy + wz * uz) / square) if square > 0.0 else 0.0
    wx, wy, wz = wx - share * ux, wy - share * uy, wz - share * uz
    strays_m = cores.bulge_m[piece] + speed_m * speed_m / (8 * RADIUS_MIN_M)
    return float(sqrt(wx * wx + wy * wy + wz * wz) - strays_m - ball)


@kernel
def precedes(a: Cores, i: int, b: Cores, j: int) -> bool:
    """Whether volume i comes first where the order of two must not depend on who asks.

    Of two that are alike in all this neither does, and then the order makes no difference.
    """
    if a.radius_m[i] != b.radius_m[j]:
        return bool(a.radius_m[i] < b.radius_m[j])
    if a.polygon[i] != b.polygon[j]:
        return bool(b.polygon[j])
    rings_a, rings_b = a.volumes[i + 1] - a.volumes[i], b.volumes[j + 1] - b.volumes[j]
    if rings_a != rings_b:
        return bool(rings_a < rings_b)
    for ring in range(rings_a):
        p, q = a.volumes[i] + ring, b.volumes[j] + ring
        start_a, start_b = a.paths[p], b.paths[q]
        size_a, size_b = a.paths[p + 1] - start_a, b.paths[q + 1] - start_b
        if size_a != size_b:
            return bool(size_a < size_b)
        if a.straight[start_a] != b.straight[start_b]:
            return bool(b.straight[start_b])
        for k in range(size_a):
            lon_a, lon_b = a.lon[start_a + k], b.lon[start_b + k]
            lat_a, lat_b = a.lat[start_a + k], b.lat[start_b + k]
            if lon_a != lon_b:
                return bool(lon_a < lon_b)
            if lat_a != lat_b:
                return bool(lat_a < lat_b)
    return False


@kernel
def decide(
    a: Cores, i: int, b: Cores, j: int, lateral_m: float, stack: Floats, steps: Ints
) -> tuple[float, float, float]:
    """Lateral gap of two volumes and its place; the gap is infinite if beyond ``lateral_m``.

    The place is the longitude and latitude of the middle of the gap, or of a point inside both
    volumes where there is none. Whichever of the two is named first, the answer is the same to the
    last bit. ``steps`` is as in ``search``.
    """
    if precedes(b, j, a, i):
        return decide_in_order(b, j, a, i, lateral_m, stack, steps)
    return decide_in_order(a, i, b, j, lateral_m, stack, steps)


@kernel
def decide_in_order(
    a: Cores, i: int, b: Cores, j: int, lateral_m: float, stack: Floats, steps: Ints
) -> tuple[float, float, float]:
    radius_a, radius_b = a.radius_m[i], b.radius_m[j]
    touch_m = radius_a + radius_b
    length_m, p, q = closest(a, i, b, j, touch_m, touch_m + lateral_m, stack, steps)
    if length_m == inf:
        return inf, 0.0, 0.0
    middle_m = (max(0.0, length_m - radius_b) + min(length_m, radius_a)) / 2
    x, y, z = along(p, q, middle_m, length_m)
    lat = degrees(atan2(z, (1 - ECCENTRICITY2) * norm(x, y)))
    return max(0.0, length_m - touch_m), degrees(atan2(y, x)), lat


@making_kernel
def examine(
    a: Cores,
    b: Cores,
    a_volumes: Ints,
    b_volumes: Ints,
    lateral_m: float,
    gaps_m: Floats,
    places: Floats,
    start: int,
    patience: int,
) -> int:
    """Decides pairs of volumes: lateral gap and place of those within ``lateral_m``, else inf.

    Writes ``gaps_m`` (n,) and ``places`` (n, 2), longitude and latitude (see ``decide``). Begins
    with pair ``start`` and gives up when ``patience`` steps have been taken; returns the number of
    the first pair left undecided.
    """
    stack, steps = np.empty((STACK_ROWS, 4)), np.zeros(2, dtype=np.int64)
    return examine_pairs(
        a, b, a_volumes, b_volumes, lateral_m, gaps_m, places, start, patience, stack, steps
    )


@kernel
def examine_pairs(
    a: Cores,
    b: Cores,
    a_volumes: Ints,
    b_volumes: Ints,
    lateral_m: float,
    gaps_m: Floats,
    places: Floats,
    start: int,
    patience: int,
    stack: Floats,
    steps: Ints,
) -> int:
    """``examine`` with its scratch."""
    for k in range(start, len(a_volumes)):
        steps[0], steps[1] = 0, min(patience, STEPS_MAX)
        gap_m, lon, lat = decide(a, a_volumes[k], b, b_volumes[k], lateral_m, stack, steps)
        if steps[0] >= patience:
            return k
        patience -= steps[0]
        gaps_m[k], places[k, 0], places[k, 1] = gap_m, lon, lat
    return len(a_volumes)

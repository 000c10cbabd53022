"""How far apart two cores are on the ellipsoid, by branch and bound.

The distance of two cores is the least geodesic distance between any of their pieces, or 0 where
one covers the other. For a pair of pieces there is a *lower bound* that no pair of their points
undercuts, and an *attained* distance between two points that truly lie on them. A pair whose lower
bound is beyond what matters is dropped; otherwise the longer piece is halved, until the bound and
the attained distance agree. Nothing is ever dropped on an estimate. Three lower bounds serve:

``ball_bound``
    Each piece lies in a ball about the middle of its chord; the balls' gap is a chord, and a
    chord of length c spans at least the arc that a sphere of the largest radius of curvature
    gives it. Valid everywhere, used for long pieces.
``plane_bound``
    For pieces within ``PLANE_M`` of a centre: distances in the azimuthal equidistant plane about
    that centre. On a surface of positive curvature this plane never shows a distance too short,
    and shows one between points a and b too long by at most the factor 1 + h²/6R², where h is how
    far the line ab passes from the centre (``true_share``). Geodesics appear bent there by at most
    0.7 r l²/8R² (``bend_m``; r from the centre, length l). Every halving re-centres the plane.
``far_bound``
    For pieces further apart: the geodesic between their middles and its slope along each piece,
    less what the second variation of arc length allows the distance to fall short of linear:
    k tan(kd/2) (ha + hb)²/4, with half-lengths ha, hb and curvature k.

Each is tested against GeographicLib with the constants below, and so is each term by itself
(``docs/geometry.md`` lists them). The bend turns away from the centre, and so from the other
piece: what is taken off for it pays for what the rest of ``plane_bound`` leaves out, namely how the
curvature changes across the plane, which is up to 5 mm between any two points of it. It is also
twice the stretch or more, so that the bound as a whole would hold without the stretch. Points are
triples of Earth-centred coordinates in metres. See ``cores.Cores`` for the arrays.
"""

from math import asin, atan2, ceil, copysign, cos, degrees, inf, radians, sin, sqrt, tan

import numpy as np

from detente.conflict.compiled import kernel, making_kernel
from detente.conflict.cores import Cores
from detente.volumes.geodesy import (
    ECCENTRICITY2,
    FLATTENING,
    RADIUS_MAX_M,
    RADIUS_MIN_M,
    SEMI_MAJOR_M,
    SEMI_MINOR_M,
    Floats,
    Ints,
)

Point = tuple[float, float, float]
Frame = tuple[Point, Point, float, float]
Found = tuple[float, Point, Point]
Piece = tuple[Point, Point, float, float, float, float, bool]
"""A piece by itself: its ends, their longitudes and latitudes, and whether it is straight. Numbers
are handed from function to function much faster than all the arrays of ``Cores``."""

TIGHT_M = 0.004
"""A bound and an attained distance this close are taken for equal."""
REPORT_M = 0.25
"""How far a reported distance may exceed the true one, once it is known to matter."""
PLANE_M = 150_000.0
"""The azimuthal plane is used this far from its centre."""
PLANE_ERROR_M = 0.001
"""What is left of the plane's error between points opposite each other: the series, and curvature
that changes with place. From the centre to one of them it is up to 2.5 mm, with opposite signs."""
CHORD_M = 200_000.0
"""Up to this length an arc follows from its chord to 0.01 mm; beyond it, Vincenty's formulae."""
VINCENTY_ERROR_M = 0.002
STACK_ROWS = 256
"""Rows of the stack of halves; a pair of pieces is halved at most about 90 times in depth."""
STEPS_MAX = 2_000_000
"""Steps of the search for one pair of cores: a few seconds. Whoever draws shapes to need more
than that gets a conflict: two cores not known to be apart by then are taken to be near."""


@kernel
def norm(x: float, y: float) -> float:
    """Length of a vector in the plane: ``hypot`` with no care for overflow, and twice as fast."""
    return sqrt(x * x + y * y)


@kernel
def lift(point: Point) -> Point:
    """The point of the ellipsoid above a point within it, along the normal there."""
    x, y, z = point
    nx, ny, nz = x, y, z / (1 - ECCENTRICITY2)
    length = sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx / length, ny / length, nz / length
    a2, b2 = SEMI_MAJOR_M * SEMI_MAJOR_M, SEMI_MINOR_M * SEMI_MINOR_M
    square = (nx * nx + ny * ny) / a2 + nz * nz / b2
    linear = (x * nx + y * ny) / a2 + z * nz / b2
    rest = (x * x + y * y) / a2 + z * z / b2 - 1
    up = -rest / (linear + sqrt(max(0.0, linear * linear - square * rest)))
    return x + up * nx, y + up * ny, z + up * nz


@kernel
def between(a: Point, b: Point, share: float) -> Point:
    """The point at this share of the chord from a to b, lifted to the surface."""
    rest = 1 - share
    return lift(
        (rest * a[0] + share * b[0], rest * a[1] + share * b[1], rest * a[2] + share * b[2])
    )


@kernel
def chord_m(a: Point, b: Point) -> float:
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    return sqrt(dx * dx + dy * dy + dz * dz)


@kernel
def arc_floor_m(chord: float) -> float:
    """The least geodesic distance that points ``chord`` apart can have."""
    return 2 * RADIUS_MAX_M * asin(min(1.0, chord / (2 * RADIUS_MAX_M)))


@kernel
def chord_floor_m(arc_m: float) -> float:
    """Points further apart than this chord are further apart than ``arc_m`` along the surface."""
    return 2 * RADIUS_MAX_M * sin(min(arc_m / (2 * RADIUS_MAX_M), radians(90.0)))


@kernel
def frame(point: Point) -> Frame:
    """East and north at a point of the surface, and the curvatures along each."""
    x, y, z = point
    axis_m = norm(x, y)
    sin_lon, cos_lon = (y / axis_m, x / axis_m) if axis_m > 1e-6 else (0.0, 1.0)
    up_m = z / (1 - ECCENTRICITY2)
    normal_m = norm(axis_m, up_m)
    sin_lat, cos_lat = up_m / normal_m, axis_m / normal_m
    w2 = 1 - ECCENTRICITY2 * sin_lat * sin_lat
    across = sqrt(w2) / SEMI_MAJOR_M
    along = across * w2 / (1 - ECCENTRICITY2)
    east = (-sin_lon, cos_lon, 0.0)
    north = (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat)
    return east, north, across, along


@kernel
def arc_m(a: Point, b: Point) -> float:
    """The geodesic distance between two points of the surface.

    Up to ``CHORD_M`` it is the arc over the chord of a circle that has the curvature of the normal
    section half-way (Euler's theorem), which errs by less than 0.01 mm.
    """
    chord = chord_m(a, b)
    if chord > CHORD_M:
        return geodesic(a, b)[0]
    if chord < 1.0:
        return chord
    east, north, across, along = frame(between(a, b, 0.5))
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    e = east[0] * dx + east[1] * dy
    n = north[0] * dx + north[1] * dy + north[2] * dz
    curvature = (along * n * n + across * e * e) / (n * n + e * e)
    return 2 * asin(chord * curvature / 2) / curvature


@kernel
def geodesic(a: Point, b: Point) -> Found:
    """Length of the geodesic from a to b, and its directions there (Vincenty 1975, inverse).

    Accurate to 0.5 mm short of the antipode. Near the antipode, where the iteration need not
    converge, the length returned is a lower bound above 18,000 km.
    """
    b_m = SEMI_MINOR_M
    sin_u1, cos_u1 = a[2] / b_m, norm(a[0], a[1]) / SEMI_MAJOR_M
    sin_u2, cos_u2 = b[2] / b_m, norm(b[0], b[1]) / SEMI_MAJOR_M
    turn = atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])
    lam = turn
    sin_l, cos_l, sin_s, cos_s, s, cos2_alpha, middle = 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0
    for _ in range(100):
        sin_l, cos_l = sin(lam), cos(lam)
        sin_s = norm(cos_u2 * sin_l, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_l)
        cos_s = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_l
        s = atan2(sin_s, cos_s)
        sin_alpha = cos_u1 * cos_u2 * sin_l / sin_s if sin_s > 0 else 0.0
        cos2_alpha = 1 - sin_alpha * sin_alpha
        middle = cos_s - 2 * sin_u1 * sin_u2 / cos2_alpha if cos2_alpha > 1e-15 else 0.0
        c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
        series = s + c * sin_s * (middle + c * cos_s * (2 * middle * middle - 1))
        was, lam = lam, turn + (1 - c) * FLATTENING * sin_alpha * series
        if abs(lam - was) < 1e-13:
            break
    else:
        return arc_floor_m(chord_m(a, b)), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    u2 = cos2_alpha * (SEMI_MAJOR_M * SEMI_MAJOR_M - b_m * b_m) / (b_m * b_m)
    big_a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    big_b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    m2 = 2 * middle * middle - 1
    last = big_b / 6 * middle * (4 * sin_s * sin_s - 3) * (4 * middle * middle - 3)
    length_m = b_m * big_a * (s - big_b * sin_s * (middle + big_b / 4 * (cos_s * m2 - last)))
    start = atan2(cos_u2 * sin_l, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_l)
    end = atan2(cos_u1 * sin_l, cos_u1 * sin_u2 * cos_l - sin_u1 * cos_u2)
    return length_m, heading(a, start), heading(b, end)


@kernel
def heading(point: Point, azimuth: float) -> Point:
    """The direction of an azimuth (radians) at a point of the surface."""
    east, north, _, _ = frame(point)
    e, n = sin(azimuth), cos(azimuth)
    return e * east[0] + n * north[0], e * east[1] + n * north[1], n * north[2]


@kernel
def piece_of(cores: Cores, i: int) -> Piece:
    xyz, lon, lat = cores.xyz, cores.lon, cores.lat
    return (
        (xyz[i, 0], xyz[i, 1], xyz[i, 2]),
        (xyz[i + 1, 0], xyz[i + 1, 1], xyz[i + 1, 2]),
        lon[i],
        lat[i],
        lon[i + 1],
        lat[i + 1],
        cores.straight[i] != 0.0,
    )


@kernel
def point_on(piece: Piece, share: float) -> Point:
    """The point at this share of a piece, exactly on what the piece stands for."""
    start, end, lon_a, lat_a, lon_b, lat_b, straight = piece
    if share <= 0.0:
        return start
    if share >= 1.0:
        return end
    if not straight:
        return between(start, end, share)
    lon, lat = radians(lon_a + share * (lon_b - lon_a)), radians(lat_a + share * (lat_b - lat_a))
    sin_lat, cos_lat = sin(lat), cos(lat)
    normal_m = SEMI_MAJOR_M / sqrt(1 - ECCENTRICITY2 * sin_lat * sin_lat)
    return (
        normal_m * cos_lat * cos(lon),
        normal_m * cos_lat * sin(lon),
        normal_m * (1 - ECCENTRICITY2) * sin_lat,
    )


@kernel
def ball_m(chord: float, speed_m: float, bulge_m: float) -> float:
    """Radius of a ball about the middle of a piece's chord that holds the piece."""
    return chord / 2 + bulge_m + speed_m * speed_m / (8 * RADIUS_MIN_M)


@kernel
def ball_bound(a0: Point, a1: Point, b0: Point, b1: Point, balls_m: float) -> float:
    """Lower bound of the distance of two pieces whose balls' radii add up to ``balls_m``."""
    dx = (b0[0] + b1[0] - a0[0] - a1[0]) / 2
    dy = (b0[1] + b1[1] - a0[1] - a1[1]) / 2
    dz = (b0[2] + b1[2] - a0[2] - a1[2]) / 2
    return arc_floor_m(max(0.0, sqrt(dx * dx + dy * dy + dz * dz) - balls_m))


@kernel
def in_plane(point: Point, centre: Point, axes: Frame) -> tuple[float, float]:
    """East and north in the azimuthal equidistant plane about ``centre``.

    The orthographic radius u becomes the arc whose sine it is, R asin(u/R), with the curvature
    1/R of the normal section in that direction; the series is good to 0.1 mm at 200 km.
    """
    east, north, across, along = axes
    dx, dy, dz = point[0] - centre[0], point[1] - centre[1], point[2] - centre[2]
    e = east[0] * dx + east[1] * dy
    n = north[0] * dx + north[1] * dy + north[2] * dz
    u2 = e * e + n * n
    if u2 < 1.0:
        return e, n
    bend = along * n * n + across * e * e
    q = bend * bend / u2
    stretch = 1 + q * (1 / 6 + q * (3 / 40 + q * (15 / 336)))
    return e * stretch, n * stretch


@kernel
def clamp(value: float) -> float:
    return min(1.0, max(0.0, value))


@kernel
def segments(
    a0: tuple[float, float],
    a1: tuple[float, float],
    b0: tuple[float, float],
    b1: tuple[float, float],
) -> tuple[float, float, float]:
    """Distance of two segments in the plane, and the shares along each where they are closest."""
    ux, uy = a1[0] - a0[0], a1[1] - a0[1]
    vx, vy = b1[0] - b0[0], b1[1] - b0[1]
    wx, wy = b0[0] - a0[0], b0[1] - a0[1]
    cross = ux * vy - uy * vx
    uu, vv = ux * ux + uy * uy, vx * vx + vy * vy
    if cross != 0.0:
        t, s = (wx * vy - wy * vx) / cross, (wx * uy - wy * ux) / cross
        if 0 <= t <= 1 and 0 <= s <= 1:
            return 0.0, t, s
    best, best_t, best_s = inf, 0.0, 0.0
    # Where they do not cross, an end of one is among the closest points.
    for end in range(4):
        if end < 2:
            t = float(end)
            px, py = t * ux - wx, t * uy - wy
            s = clamp((px * vx + py * vy) / vv) if vv > 0 else 0.0
        else:
            s = float(end - 2)
            px, py = wx + s * vx, wy + s * vy
            t = clamp((px * ux + py * uy) / uu) if uu > 0 else 0.0
        gap = norm(wx + s * vx - t * ux, wy + s * vy - t * uy)
        if gap < best:
            best, best_t, best_s = gap, t, s
    return best, best_t, best_s


@kernel
def bend_m(reach_m: float, speed_m: float) -> float:
    """How far a geodesic strays in the plane from the straight line between its ends.

    On a sphere it is r l²/12R², away from the centre; r is at most ``reach_m``.
    """
    return 0.7 * reach_m * speed_m * speed_m / (8 * RADIUS_MIN_M * RADIUS_MIN_M)


@kernel
def true_share(offset_m: float) -> float:
    """At least this share of a length is true that the plane shows ``offset_m`` from its centre."""
    return 1 - offset_m * offset_m / (6 * RADIUS_MIN_M * RADIUS_MIN_M)


@kernel
def plane_bound(
    a0: Point,
    a1: Point,
    b0: Point,
    b1: Point,
    speeds_m: tuple[float, float],
    bulges_m: tuple[float, float],
) -> tuple[float, float, float]:
    """Lower bound of the distance of two pieces, and the shares where they look closest.

    The bound is minus infinity where the pieces reach beyond the plane.
    """
    centre = lift(
        (
            (a0[0] + a1[0] + b0[0] + b1[0]) / 4,
            (a0[1] + a1[1] + b0[1] + b1[1]) / 4,
            (a0[2] + a1[2] + b0[2] + b1[2]) / 4,
        )
    )
    axes = frame(centre)
    p0, p1 = in_plane(a0, centre, axes), in_plane(a1, centre, axes)
    q0, q1 = in_plane(b0, centre, axes), in_plane(b1, centre, axes)
    gap, share_a, share_b = segments(p0, p1, q0, q1)
    reach_m = max(
        max(norm(p0[0], p0[1]), norm(p1[0], p1[1])), max(norm(q0[0], q0[1]), norm(q1[0], q1[1]))
    )
    if reach_m > PLANE_M:
        return -inf, share_a, share_b
    bent_m = bend_m(reach_m, speeds_m[0]) + bend_m(reach_m, speeds_m[1])
    # The plane stretches what is short by this much at most, so bulges grow by it too.
    bulge_m = (bulges_m[0] + bulges_m[1]) * (1 + reach_m * reach_m / (RADIUS_MIN_M * RADIUS_MIN_M))
    offset_m = (speeds_m[0] + speeds_m[1]) / 4 + bulge_m + bent_m
    shown_m = max(0.0, gap - bent_m - bulge_m)
    return shown_m * true_share(offset_m) - PLANE_ERROR_M, share_a, share_b


@kernel
def far_bound(
    a0: Point, a1: Point, b0: Point, b1: Point, bulge_m: float
) -> tuple[float, float, float]:
    """Lower bound of the distance of two pieces far apart, and shares where they may be closest."""
    length_m, at_a, at_b = geodesic(between(a0, a1, 0.5), between(b0, b1, 0.5))
    half_a, half_b = arc_m(a0, a1) / 2, arc_m(b0, b1) / 2
    slope_a, slope_b = -slope(a0, a1, at_a), slope(b0, b1, at_b)
    halves = half_a + half_b
    k = 1 / RADIUS_MIN_M
    # Valid while k (d + halves) / 2 stays below a right angle; ours stays below 60 degrees.
    fall = k * tan(min(k * (length_m + halves) / 2, 1.5)) * halves * halves / 4
    # The chord's direction is the piece's at its middle but for e²/R times its length.
    skew = 0.01 * k * halves * halves
    lower = length_m - abs(slope_a) * half_a - abs(slope_b) * half_b - 1.1 * fall - skew
    share_a = nearest_share(slope_a, half_a, length_m)
    share_b = nearest_share(slope_b, half_b, length_m)
    return lower - bulge_m - VINCENTY_ERROR_M, share_a, share_b


@kernel
def slope(start: Point, end: Point, direction: Point) -> float:
    """Cosine of the angle between a piece and a direction; 0 for a piece without length."""
    length = chord_m(start, end)
    if length == 0.0:
        return 0.0
    dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    return (dx * direction[0] + dy * direction[1] + dz * direction[2]) / length


@kernel
def nearest_share(slope_: float, half_m: float, length_m: float) -> float:
    """Share of a piece nearest to a point ``length_m`` from its middle, as in the plane."""
    if half_m == 0.0:
        return 0.5
    return clamp(0.5 - slope_ * length_m / max(1e-9, 1 - slope_ * slope_) / (2 * half_m))


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
def images_below(lon: float, limit: float) -> int:
    """Numbers, up to a constant, the longitudes lon + 360 k that lie below a limit."""
    return ceil((limit - lon) / 360.0)


@kernel
def crossings(cores: Cores, path: int, lon: float, lat: float) -> int:
    """How often a ring crosses the meridian from a point to the north pole, eastward positive.

    Vertices on the meridian count as lying east of it, the same for both pieces they belong to.
    A ring that has turned round the pole ends a whole turn on, and is counted so exactly.
    """
    first, last = cores.paths[path], cores.paths[path + 1] - 1
    start = images_below(lon, cores.lon[first])
    before, total = start, 0
    sin_lon, cos_lon = sin(radians(lon)), cos(radians(lon))
    for i in range(first, last):
        after = images_below(lon, cores.lon[i + 1])
        if i + 1 == last:
            after = start + cores.turns[path]
        step = 1 if after > before else -1
        for image in range(min(before, after), max(before, after)):
            if latitude_at(piece_of(cores, i), lon + 360.0 * image, sin_lon, cos_lon) > lat:
                total += step
        before = after
    return total


@kernel
def latitude_at(piece: Piece, lon: float, sin_lon: float, cos_lon: float) -> float:
    """Latitude in degrees at which a piece crosses a meridian that it does cross."""
    start, end, lon_a, lat_a, lon_b, lat_b, straight = piece
    if straight:
        return lat_a + clamp((lon - lon_a) / (lon_b - lon_a)) * (lat_b - lat_a)
    # Lifting a point moves it within its meridian, so the chord crosses where the piece does.
    off_start = start[0] * sin_lon - start[1] * cos_lon
    off_end = end[0] * sin_lon - end[1] * cos_lon
    if off_start == off_end:
        return copysign(90.0, start[2])
    x, y, z = point_on(piece, clamp(off_start / (off_start - off_end)))
    return degrees(atan2(z, (1 - ECCENTRICITY2) * norm(x, y)))


@kernel
def inside(cores: Cores, path: int, lon: float, lat: float) -> bool:
    """Whether a point lies inside a ring; either answer may come on the ring itself."""
    return bool((crossings(cores, path, lon, lat) != 0) != cores.north[path])


@kernel
def covers(cores: Cores, volume: int, lon: float, lat: float) -> bool:
    """Whether a polygon, less its holes, covers a point."""
    first, last = cores.volumes[volume], cores.volumes[volume + 1]
    if not inside(cores, first, lon, lat):
        return False
    for hole in range(first + 1, last):  # noqa: SIM110 (numba compiles no generators here)
        if inside(cores, hole, lon, lat):
            return False
    return True


@kernel
def covered_vertex(a: Cores, i: int, b: Cores, j: int) -> int:
    """A vertex of b's volume j that a's polygon i covers, or -1.

    If two cores meet and no edges cross, then one covers a whole ring of the other, so one vertex
    of each ring is enough.
    """
    for path in range(b.volumes[j], b.volumes[j + 1]):
        vertex = int(b.paths[path])
        if covers(a, i, b.lon[vertex], b.lat[vertex]):
            return vertex
    return -1


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
def along(a: Point, b: Point, distance_m: float, length_m: float) -> Point:
    """The point ``distance_m`` from a on the way to b, which is ``length_m`` away."""
    angle = 2 * asin(min(1.0, chord_m(a, b) / (2 * RADIUS_MAX_M)))
    if angle == 0.0:
        return a
    share = clamp(distance_m / length_m)
    point = a
    for _ in range(3):
        # Even steps along the arc are uneven ones along its chord.
        toward = sin(share * angle)
        rest = sin((1 - share) * angle)
        point = between(a, b, toward / (toward + rest))
        reached_m = arc_m(a, point)
        if abs(reached_m - distance_m) < 1.0:
            break
        share = clamp(share * distance_m / reached_m)
    return point


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


@kernel
def bound_boxes(cores: Cores, low: Floats, high: Floats) -> None:
    """Boxes in Earth-centred coordinates that hold each core grown by its radius.

    Writes ``low`` and ``high``, (n, 3). A coordinate is largest over a region of the surface
    either on the region's edge or at the point where the axis pierces the surface, so a polygon's
    box takes in those of the six such points that it covers.
    """
    for v in range(len(cores.radius_m)):
        grow_m = 0.0
        for axis in range(3):
            low[v, axis], high[v, axis] = inf, -inf
        for i in range(cores.paths[cores.volumes[v]], cores.paths[cores.volumes[v + 1]]):
            for axis in range(3):
                low[v, axis] = min(low[v, axis], cores.xyz[i, axis])
                high[v, axis] = max(high[v, axis], cores.xyz[i, axis])
            if cores.ball_m[i] >= 0:
                speed_m = cores.speed_m[i]
                sag_m = cores.bulge_m[i] + speed_m * speed_m / (8 * RADIUS_MIN_M)
                grow_m = max(grow_m, sag_m)
        if cores.polygon[v]:
            for axis in range(2):
                if covers(cores, v, 90.0 * axis, 0.0):
                    high[v, axis] = SEMI_MAJOR_M
                if covers(cores, v, 90.0 * axis - 180.0, 0.0):
                    low[v, axis] = -SEMI_MAJOR_M
            if covers(cores, v, 0.0, 90.0):
                high[v, 2] = SEMI_MINOR_M
            if covers(cores, v, 0.0, -90.0):
                low[v, 2] = -SEMI_MINOR_M
        for axis in range(3):
            low[v, axis] -= grow_m + cores.radius_m[v]
            high[v, axis] += grow_m + cores.radius_m[v]

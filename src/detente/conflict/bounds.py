"""Lower bounds of the distance of two pieces, which no pair of their points undercuts (kernels).

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
twice the stretch or more, so that the bound as a whole would hold without the stretch.
"""

from math import inf, sqrt, tan

from detente.conflict.compiled import kernel
from detente.conflict.ellipsoid import (
    VINCENTY_ERROR_M,
    Frame,
    Point,
    arc_floor_m,
    arc_m,
    between,
    chord_m,
    clamp,
    frame,
    geodesic,
    lift,
    norm,
)
from detente.volumes.geodesy import RADIUS_MIN_M

PLANE_M = 150_000.0
"""The azimuthal plane is used this far from its centre."""
PLANE_ERROR_M = 0.001
"""What is left of the plane's error between points opposite each other: the series, and curvature
that changes with place. From the centre to one of them it is up to 2.5 mm, with opposite signs."""


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

"""Points of the ellipsoid, and arcs and geodesics between them (kernels).

A point is a triple of Earth-centred coordinates in metres (WGS84).
"""

from math import asin, atan2, cos, radians, sin, sqrt

from detente.conflict.compiled import kernel
from detente.volumes.geodesy import (
    ECCENTRICITY2,
    FLATTENING,
    RADIUS_MAX_M,
    SEMI_MAJOR_M,
    SEMI_MINOR_M,
)

Point = tuple[float, float, float]
Frame = tuple[Point, Point, float, float]
Found = tuple[float, Point, Point]

CHORD_M = 200_000.0
"""Up to this length an arc follows from its chord to 0.01 mm; beyond it, Vincenty's formulae."""
VINCENTY_ERROR_M = 0.002


@kernel
def norm(x: float, y: float) -> float:
    """Length of a vector in the plane: ``hypot`` with no care for overflow, which is slower."""
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
def clamp(value: float) -> float:
    return min(1.0, max(0.0, value))

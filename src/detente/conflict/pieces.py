"""Cores as the pieces of their edges, what rings of them cover, and boxes round them (kernels).

See ``cores.Cores`` for the arrays.
"""

from math import atan2, ceil, copysign, cos, degrees, inf, radians, sin, sqrt

from detente.conflict.compiled import kernel
from detente.conflict.cores import Cores
from detente.conflict.ellipsoid import Point, between, clamp, norm
from detente.volumes.geodesy import (
    ECCENTRICITY2,
    RADIUS_MIN_M,
    SEMI_MAJOR_M,
    SEMI_MINOR_M,
    Floats,
)

Piece = tuple[Point, Point, float, float, float, float, bool]
"""A piece by itself: its ends, their longitudes and latitudes, and whether it is straight. So
functions hand each other a few numbers and not all the arrays of ``Cores``."""


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

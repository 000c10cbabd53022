"""Cores and boxes of volumes, computed from their vertices (kernels).

The rings of volumes come in flat arrays (``outlines``) and go out as ``Cores``: longitudes made
continuous, places as Earth-centred vectors, and for every piece the bounds that the search for
the closest points relies on. Where each bound comes from is said in ``volumes.geodesy``; here are
the same formulas for one piece at a time.
"""

from math import cos, floor, hypot, isfinite, pi, radians, sin, sqrt

import numpy as np

from detente.conflict.compiled import kernel, making_kernel
from detente.conflict.cores import BLOCK, VERTEX_ROW, Cores
from detente.conflict.ellipsoid import chord_m
from detente.conflict.outlines import END, HEIGHTS, POLYGON, RADIUS, START, Outlines
from detente.conflict.pieces import bound_boxes
from detente.volumes.geodesy import (
    ECCENTRICITY2,
    LIFT_BULGE_PER_M3,
    PIECE_M_MAX,
    RADIUS_MAX_M,
    RADIUS_MIN_M,
    SEMI_MAJOR_M,
    Bools,
    Floats,
)

Point = tuple[float, float, float]

HEIGHTS_AT = 3
"""The first of the boxes' columns for altitudes; before it stand x, y and z."""
TIME_AT = 6


@kernel
def place(lon: float, lat: float) -> Point:
    """Earth-centred coordinates of a point on the ellipsoid."""
    sin_lat, cos_lat = sin(radians(lat)), cos(radians(lat))
    normal_m = SEMI_MAJOR_M / sqrt(1 - ECCENTRICITY2 * sin_lat * sin_lat)
    return (
        normal_m * cos_lat * cos(radians(lon)),
        normal_m * cos_lat * sin(radians(lon)),
        normal_m * (1 - ECCENTRICITY2) * sin_lat,
    )


@kernel
def arc_most_m(chord: float) -> float:
    """The longest geodesic that points ``chord`` apart can have between them.

    The arc exceeds its chord by at most (pi/2 - 1) of it, and by (l/R)²/24 of it when short.
    """
    share = min(1.0, chord / (2 * RADIUS_MIN_M))
    return chord * (1 + 0.6 * share * share)


@kernel
def straight_bounds_m(
    lon_a: float, lat_a: float, lon_b: float, lat_b: float
) -> tuple[float, float]:
    """Upper bounds of a straight piece's length, and of how far it strays from the geodesic."""
    nearest = 0.0 if lat_a * lat_b <= 0 else min(abs(lat_a), abs(lat_b))
    parallel_m = min(SEMI_MAJOR_M, RADIUS_MAX_M * cos(radians(nearest)))
    turn, climb = radians(abs(lon_b - lon_a)), radians(abs(lat_b - lat_a))
    steepest = sin(radians(max(abs(lat_a), abs(lat_b))))
    east_m = 2 * RADIUS_MAX_M * steepest * turn * climb
    north_m = parallel_m * steepest * turn * turn + 70_000.0 * climb * climb
    return hypot(parallel_m * turn, RADIUS_MAX_M * climb), hypot(east_m, north_m) / 8


@kernel
def mark_long(outlines: Outlines, long: Bools) -> bool:
    """Marks the rings with an edge that has to be cut; tells whether there is any."""
    any_long = False
    for v in range(len(outlines.shapes)):
        for ring in range(outlines.volumes[v], outlines.volumes[v + 1]):
            long[ring] = False
            for i in range(outlines.rings[ring], outlines.rings[ring + 1] - 1):
                lon_a, lat_a = outlines.vertices[i, 0], outlines.vertices[i, 1]
                lon_b, lat_b = outlines.vertices[i + 1, 0], outlines.vertices[i + 1, 1]
                if outlines.straight[v]:
                    length_m = straight_bounds_m(lon_a, lat_a, lon_b, lat_b)[0]
                else:
                    length_m = 1.001 * chord_m(place(lon_a, lat_a), place(lon_b, lat_b))
                if not length_m <= PIECE_M_MAX:
                    long[ring] = any_long = True
                    break
    return any_long


@kernel
def odd_volume(outlines: Outlines) -> int:
    """The first volume with a figure that is not finite, or -1.

    Heights may be without limit; they may not be no number at all, nor end before they begin.
    """
    for v in range(len(outlines.shapes)):
        figures = outlines.figures[v]
        total = figures[RADIUS] + figures[START] + figures[END]
        for ring in range(outlines.volumes[v], outlines.volumes[v + 1]):
            for i in range(outlines.rings[ring], outlines.rings[ring + 1]):
                total += outlines.vertices[i, 0] + outlines.vertices[i, 1]
        # A sum is finite only if all its terms are.
        if not isfinite(total):
            return v
        for k in range(HEIGHTS, HEIGHTS + 6):
            if figures[k] != figures[k]:
                return v
    return -1


@kernel
def inverted_volume(outlines: Outlines) -> int:
    """The first volume whose band or window ends before it begins, or -1."""
    for v in range(len(outlines.shapes)):
        figures = outlines.figures[v]
        if not figures[START] <= figures[END]:
            return v
        for k in range(HEIGHTS, HEIGHTS + 6, 2):
            if not figures[k] <= figures[k + 1]:
                return v
    return -1


@making_kernel
def lay(outlines: Outlines) -> Cores:
    """The cores of volumes whose edges need not be cut."""
    n, count = len(outlines.vertices), len(outlines.shapes)
    paths = len(outlines.rings) - 1
    blocks = np.zeros(count + 1, dtype=np.int64)
    for v in range(count):
        size = outlines.rings[outlines.volumes[v + 1]] - outlines.rings[outlines.volumes[v]]
        blocks[v + 1] = blocks[v] + (size + BLOCK - 1) // BLOCK
    rows = np.empty((n, VERTEX_ROW))
    cores = Cores(
        rows[:, 0],
        rows[:, 1],
        rows[:, 2:5],
        rows[:, 5],
        rows[:, 6],
        rows[:, 7],
        rows[:, 8:11],
        rows[:, 11],
        np.empty((blocks[count], 3)),
        np.empty(blocks[count]),
        np.empty(blocks[count] + 1, dtype=np.int64),
        blocks,
        outlines.rings.copy(),
        outlines.volumes.copy(),
        np.empty(paths, dtype=np.int64),
        np.empty(paths, dtype=np.bool_),
        np.empty(count, dtype=np.bool_),
        np.empty(count),
    )
    fill(outlines, cores)
    return cores


@kernel
def fill(outlines: Outlines, cores: Cores) -> None:
    """Computes what ``cores`` has room for."""
    count = len(outlines.shapes)
    for v in range(count):
        cores.polygon[v] = outlines.shapes[v] == POLYGON
        cores.radius_m[v] = outlines.figures[v, RADIUS]
        for path in range(outlines.volumes[v], outlines.volumes[v + 1]):
            lay_path(outlines, cores, path, outlines.straight[v], cores.polygon[v])
        lay_blocks(cores, v)
    cores.block_starts[cores.blocks[count]] = len(cores.lon)


@kernel
def lay_path(outlines: Outlines, cores: Cores, path: int, straight: bool, polygon: bool) -> None:
    """Places, pieces and turns of one path."""
    first, last = outlines.rings[path], outlines.rings[path + 1] - 1
    turns = 0.0
    for i in range(first, last + 1):
        lon = outlines.vertices[i, 0]
        if i > first and not straight:
            # The next vertex lies the short way round; whole turns are added to what was written.
            step = lon - outlines.vertices[i - 1, 0]
            turns += floor(((step + 180.0) % 360.0 - 180.0 - step) / 360.0 + 0.5)
        cores.lon[i], cores.lat[i] = lon + 360.0 * turns, outlines.vertices[i, 1]
        x, y, z = place(cores.lon[i], cores.lat[i])
        cores.xyz[i, 0], cores.xyz[i, 1], cores.xyz[i, 2] = x, y, z
        cores.straight[i] = 1.0 if straight else 0.0
    turned, area = 0.0, 0.0
    for i in range(first, last):
        lay_piece(cores, i, straight)
        turn = radians(cores.lon[i + 1] - cores.lon[i])
        turned += turn
        area += turn * (sin(radians(cores.lat[i])) + sin(radians(cores.lat[i + 1]))) / 2
    # No piece begins at the last vertex.
    cores.speed_m[last] = cores.bulge_m[last] = 0.0
    cores.ball_m[last] = -1.0
    for axis in range(3):
        cores.middle[last, axis] = cores.xyz[last, axis]
    whole = 0 if straight else floor(turned / (2 * pi) + 0.5)
    cores.turns[path] = whole
    # The inside of a ring of geodesics is the smaller of its two sides. The area between the ring
    # and the equator, over R², is the integral of sin(latitude) over longitude: a ring once round
    # the axis lies mostly north of the equator when that is positive for an eastward turn, and a
    # ring that does not go round encloses less than half the globe when it is below 2 pi. A
    # straight ring is a polygon in the plane of longitude and latitude: it has no pole inside.
    north = abs(area) > 2 * pi if whole == 0 else area * whole > 0
    cores.north[path] = north and polygon and not straight


@kernel
def lay_piece(cores: Cores, i: int, straight: bool) -> None:
    """Speed, bulge, middle and ball of the piece from vertex i to the next."""
    xyz = cores.xyz
    chord = chord_m(
        (xyz[i, 0], xyz[i, 1], xyz[i, 2]), (xyz[i + 1, 0], xyz[i + 1, 1], xyz[i + 1, 2])
    )
    if straight:
        speed_m, bulge_m = straight_bounds_m(
            cores.lon[i], cores.lat[i], cores.lon[i + 1], cores.lat[i + 1]
        )
    else:
        speed_m = arc_most_m(chord)
        bulge_m = LIFT_BULGE_PER_M3 * speed_m * speed_m * speed_m
    cores.speed_m[i], cores.bulge_m[i] = speed_m, bulge_m
    for axis in range(3):
        cores.middle[i, axis] = (xyz[i, axis] + xyz[i + 1, axis]) / 2
    cores.ball_m[i] = chord / 2 + bulge_m + speed_m * speed_m / (8 * RADIUS_MIN_M)


@kernel
def lay_blocks(cores: Cores, v: int) -> None:
    """A ball for each ``BLOCK`` vertices of a volume; one of no pieces has a radius below 0."""
    begin, end = cores.paths[cores.volumes[v]], cores.paths[cores.volumes[v + 1]]
    for block in range(cores.blocks[v], cores.blocks[v + 1]):
        first = begin + BLOCK * (block - cores.blocks[v])
        last = min(first + BLOCK, end)
        cores.block_starts[block] = first
        pieces = 0
        x, y, z = 0.0, 0.0, 0.0
        for i in range(first, last):
            if cores.ball_m[i] >= 0:
                pieces += 1
                x, y, z = x + cores.middle[i, 0], y + cores.middle[i, 1], z + cores.middle[i, 2]
        x, y, z = x / max(1, pieces), y / max(1, pieces), z / max(1, pieces)
        cores.block_middle[block, 0] = x
        cores.block_middle[block, 1] = y
        cores.block_middle[block, 2] = z
        reach_m = -1.0
        for i in range(first, last):
            if cores.ball_m[i] >= 0:
                middle = (cores.middle[i, 0], cores.middle[i, 1], cores.middle[i, 2])
                reach_m = max(reach_m, chord_m(middle, (x, y, z)) + cores.ball_m[i])
        cores.block_ball_m[block] = reach_m


@kernel
def box(outlines: Outlines, cores: Cores, low: Floats, high: Floats) -> None:
    """Writes the volumes' boxes, (v, 7) lower and upper ends: see ``pack``."""
    bound_boxes(cores, low, high)
    for v in range(len(outlines.shapes)):
        figures = outlines.figures[v]
        for k in range(3):
            low[v, HEIGHTS_AT + k] = figures[HEIGHTS + 2 * k]
            high[v, HEIGHTS_AT + k] = figures[HEIGHTS + 2 * k + 1]
        low[v, TIME_AT], high[v, TIME_AT] = figures[START], figures[END]

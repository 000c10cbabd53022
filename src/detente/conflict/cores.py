"""Cores of volumes as arrays: edges cut into pieces, each with its bounds.

All vertices of a set of volumes stand one after another in flat arrays, which is what the kernels
read. A *path* is a run of vertices: a polyline, a closed ring (its first vertex repeated at its
end, a whole turn on if it goes round a pole), or a point written twice, so that every core has
pieces. The *piece* i runs from vertex i to vertex i + 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detente.volumes.geodesy import (
    LIFT_BULGE_PER_M3,
    RADIUS_MIN_M,
    Bools,
    Floats,
    Ints,
    cut_edges,
    ecef,
    straight_bulge_m,
    straight_length_m,
)
from detente.volumes.model import Edges, Shape, Volume

BLOCK = 16
"""Vertices of a block: enough that two shapes of the largest size meet block by block in 0.1 s."""


class Cores(NamedTuple):
    """The cores of ``v`` volumes, with ``p`` paths and ``n`` vertices in all.

    The bounds of piece i stand at i; at the last vertex of a path, where no piece begins, they
    are 0 and ``ball_m`` is -1.
    """

    lon: Floats
    """(n,) degrees, continuous along each path."""
    lat: Floats
    """(n,) degrees."""
    xyz: Floats
    """(n, 3) Earth-centred coordinates in metres."""
    straight: Bools
    """(n,) whether the piece is straight in longitude and latitude, else geodesic."""
    speed_m: Floats
    """(n,) greatest speed of the piece run through in unit time: at least its length."""
    bulge_m: Floats
    """(n,) how far at most the piece strays from the geodesic between its ends."""
    middle: Floats
    """(n, 3) the middle of the piece's chord."""
    ball_m: Floats
    """(n,) radius of a ball about ``middle`` that holds the piece."""
    block_middle: Floats
    """(b, 3) the middle of a block: of up to ``BLOCK`` pieces that follow each other."""
    block_ball_m: Floats
    """(b,) radius of a ball about ``block_middle`` that holds the block's pieces."""
    block_starts: Ints
    """(b + 1,) first vertex of each block."""
    blocks: Ints
    """(v + 1,) first block of each volume."""
    paths: Ints
    """(p + 1,) first vertex of each path."""
    volumes: Ints
    """(v + 1,) first path of each volume."""
    turns: Ints
    """(p,) how many times the path turns round the axis, eastward positive."""
    north: Bools
    """(p,) whether a ring has the north pole inside."""
    polygon: Bools
    """(v,) whether the core is a polygon: its first path the outer ring, the others holes."""
    radius_m: Floats
    """(v,) radius by which the core is grown."""

    def pieces(self, volumes: Ints) -> Ints:
        """(k,) how many pieces these volumes have."""
        first, end = self.volumes[volumes], self.volumes[volumes + 1]
        pieces: Ints = self.paths[end] - self.paths[first] - (end - first)
        return pieces


def cores_of(volumes: Sequence[Volume], owner: Ints) -> Cores:
    """The cores of volumes; ``owner`` (v,) numbers the activity that each belongs to."""
    rings = [ring for volume in volumes for ring in _closed_rings(volume)]
    rings_of = np.array([len(volume.core.rings) for volume in volumes], dtype=np.int64)
    volume_of = np.repeat(np.arange(len(volumes)), rings_of)
    vertices = np.array([position for ring in rings for position in ring], dtype=np.float64)
    straight = np.array([volume.core.edges is Edges.STRAIGHT for volume in volumes])[volume_of]
    polygon = np.array([volume.core.shape is Shape.POLYGON for volume in volumes])

    starts = _offsets(np.array([len(ring) for ring in rings], dtype=np.int64))
    lon, lat, paths = cut_edges(vertices[:, 0], vertices[:, 1], starts, straight, owner[volume_of])
    turns, north = _around_poles(lon, lat, paths, straight)
    xyz = ecef(lon, lat)
    straight_at = np.repeat(straight, np.diff(paths))
    speed_m, bulge_m, middle, ball_m = _bounds(lon, lat, xyz, straight_at, paths)
    volume_paths = _offsets(rings_of)
    blocks, block_starts = _blocks(paths[volume_paths])
    block_middle, block_ball_m = _block_balls(middle, ball_m, block_starts)
    return Cores(
        lon=lon,
        lat=lat,
        xyz=xyz,
        straight=straight_at,
        speed_m=speed_m,
        bulge_m=bulge_m,
        middle=middle,
        ball_m=ball_m,
        block_middle=block_middle,
        block_ball_m=block_ball_m,
        block_starts=block_starts,
        blocks=blocks,
        paths=paths,
        volumes=volume_paths,
        turns=turns,
        north=north & polygon[volume_of],
        polygon=polygon,
        radius_m=np.array([volume.radius_m for volume in volumes], dtype=np.float64),
    )


def _closed_rings(volume: Volume) -> list[tuple[tuple[float, float], ...]]:
    core = volume.core
    if core.shape is Shape.POLYLINE:
        return list(core.rings)
    return [(*ring, ring[0]) for ring in core.rings]


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _around_poles(lon: Floats, lat: Floats, paths: Ints, straight: Bools) -> tuple[Ints, Bools]:
    """How often each ring turns round the axis, and whether the north pole is inside it.

    The inside of a ring of geodesics is the smaller of its two sides. The area between the ring
    and the equator, over R², is the integral of sin(latitude) over longitude: a ring once round
    the axis lies mostly north of the equator when that is positive for an eastward turn, and a
    ring that does not go round encloses less than half the globe when it is below 2 pi. A straight
    ring is a polygon in the plane of longitude and latitude, which has no pole inside.
    """
    turn = np.zeros(len(lon))
    turn[:-1] = np.radians(np.diff(lon))
    turn[paths[1:] - 1] = 0.0
    height = np.sin(np.radians(lat))
    height[:-1] = (height[:-1] + height[1:]) / 2
    area = np.add.reduceat(turn * height, paths[:-1])
    turns = np.rint(np.add.reduceat(turn, paths[:-1]) / (2 * np.pi)).astype(np.int64)
    turns[straight] = 0
    north = np.where(turns == 0, np.abs(area) > 2 * np.pi, area * turns > 0)
    return turns, north & ~straight


def _bounds(
    lon: Floats, lat: Floats, xyz: Floats, straight: Bools, paths: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Speed, bulge, middle and ball of every piece."""
    after = np.minimum(np.arange(len(lon)) + 1, len(lon) - 1)
    chord_m = np.linalg.norm(xyz[after] - xyz, axis=1)
    # The arc exceeds its chord by at most (pi/2 - 1) of it, and by (l/R)²/24 of it when short.
    arc_m = chord_m * (1 + 0.6 * np.minimum(1.0, chord_m / (2 * RADIUS_MIN_M)) ** 2)
    speed_m = np.where(straight, straight_length_m(lon, lat, lon[after], lat[after]), arc_m)
    bulge_m = np.where(
        straight,
        straight_bulge_m(lon, lat, lon[after], lat[after]),
        LIFT_BULGE_PER_M3 * arc_m**3,
    )
    ball_m = chord_m / 2 + bulge_m + speed_m**2 / (8 * RADIUS_MIN_M)
    last = paths[1:] - 1
    speed_m[last] = bulge_m[last] = 0.0
    ball_m[last] = -1.0
    return speed_m, bulge_m, (xyz + xyz[after]) / 2, ball_m


def _blocks(starts: Ints) -> tuple[Ints, Ints]:
    """First block of each volume, and first vertex of each block, given each volume's first."""
    counts = -(-np.diff(starts) // BLOCK)
    blocks = _offsets(counts)
    number = np.arange(blocks[-1]) - np.repeat(blocks[:-1], counts)
    return blocks, np.append(np.repeat(starts[:-1], counts) + BLOCK * number, starts[-1])


def _block_balls(middle: Floats, ball_m: Floats, block_starts: Ints) -> tuple[Floats, Floats]:
    """Middle and radius of a ball for each block; one of no pieces has a radius below 0."""
    first, sizes = block_starts[:-1], np.diff(block_starts)
    is_piece = (ball_m >= 0).astype(np.float64)
    count = np.maximum(1.0, np.add.reduceat(is_piece, first))
    centre = np.add.reduceat(middle * is_piece[:, None], first, axis=0) / count[:, None]
    reach_m = np.linalg.norm(middle - np.repeat(centre, sizes, axis=0), axis=1) + ball_m
    return centre, np.maximum.reduceat(np.where(is_piece > 0, reach_m, -1.0), first)

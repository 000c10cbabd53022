"""Cores of volumes as arrays: edges cut into pieces, each with its bounds.

All vertices of a set of volumes stand one after another in flat arrays, which is what the kernels
read. A *path* is a run of vertices: a polyline, a closed ring (its first vertex repeated at its
end, a whole turn on if it goes round a pole), or a point written twice, so that every core has
pieces. The *piece* i runs from vertex i to vertex i + 1.
"""

from typing import NamedTuple

from detente.volumes.geodesy import Bools, Floats, Ints

BLOCK = 16
"""Vertices of a block: enough that two shapes of the largest size meet block by block in 0.1 s."""
VERTEX_COLUMNS: dict[str, int | slice] = {
    "lon": 0,
    "lat": 1,
    "xyz": slice(2, 5),
    "straight": 5,
    "speed_m": 6,
    "bulge_m": 7,
    "middle": slice(8, 11),
    "ball_m": 11,
}
"""What ``Cores`` says of a vertex and its piece stands side by side in memory, because who needs
one of these figures needs most: the arrays are columns of one, of ``VERTEX_ROW`` columns."""
VERTEX_ROW = 12


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
    straight: Floats
    """(n,) 1 where the piece is straight in longitude and latitude, 0 where it is geodesic."""
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

"""How far a volume reaches from a point: the circle round that point which holds all of it.

Why such a circle holds everything: it is a ball of geodesic distance on WGS84, and such balls are
convex up to some 9,900 km, so that a geodesic between two of its points stays inside.

- An edge: a geodesic stays inside with its ends. A straight edge (RFC 7946) is cut into pieces that
  stray from the geodesics between their ends by a known *bulge*, which is added.
- The inside of a polygon of straight edges: every point of it lies on its meridian between two
  points of the boundary, and meridians are geodesics. Of geodesic edges: the inside is the smaller
  side (``volumes.check``), and what lies outside the ball is more than half the globe.
- Growing by a radius adds that radius at most (the triangle inequality).
"""

import numpy as np

from detente.volumes.geodesy import Floats, cut_edges, distance_m, straight_bulge_m
from detente.volumes.model import Core, Edges, Position, Shape, Volume

_SLACK_M = 1.0
"""More than the arithmetic of distances can be wrong by."""


def volume_reach_m(volume: Volume, centre: Position) -> float:
    """A bound of the distance from ``centre`` to the farthest point that the volume occupies."""
    lon, lat, bulge_m = outline_of(volume.core)
    far_m = distance_m(np.full_like(lon, centre[0]), np.full_like(lat, centre[1]), lon, lat)
    return float(far_m.max()) + bulge_m + volume.radius_m + _SLACK_M


def outline_of(core: Core) -> tuple[Floats, Floats, float]:
    """Points of a core's boundary, and how far it strays at most from the geodesics between them.

    Longitudes and latitudes, degrees, shape (n,), and metres. Holes lie inside the outer ring and
    add nothing.
    """
    ring = core.rings[0] + (core.rings[0][:1] if core.shape is Shape.POLYGON else ())
    positions = np.array(ring, dtype=np.float64)
    lon, lat = positions[:, 0], positions[:, 1]
    if core.edges is Edges.GEODESIC or len(lon) == 1:
        return lon, lat, 0.0
    starts, zero = np.array([0, len(lon)]), np.zeros(1, dtype=np.int64)
    lon, lat, _ = cut_edges(lon, lat, starts, np.ones(1, dtype=np.bool_), zero)
    return lon, lat, float(straight_bulge_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).max())

"""Arcs of circles as corners joined by geodesics, and how far these may stray from the arc.

An arc may bulge out of an area or into it, so corners inside of it would cut the area here and
corners outside of it would cut it there. The corners therefore lie *on* the arc, and whoever takes
them adds ``stray_m`` to the radius of the shape; then it holds the arc whichever way it bends.

Between two corners d apart in azimuth, the chord strays from an arc of radius r by less than
r (1 - cos(d/2)): exactly that in the plane, less on a curved surface, where geodesics bend towards
the circle. With d at most 1.62 degrees it is r/10,000: 10 m in 100 km.

An arc given by its two ends and its centre is given twice over, and rounding makes the two ends lie
at different distances. The corners then go over from the one to the other, and the difference is
added to ``stray_m``: an arc with either distance is held, and any between.
"""

import math

import msgspec
import numpy as np
from pyproj import Geod

from detente.errors import InputError
from detente.volumes import Position
from detente.volumes.units import NM_M

STEP_DEG = 1.62
RADIUS_M_MAX = 1_000 * NM_M
UNEVEN = 0.1
"""By how much of the radius, and UNEVEN_M, the ends of an arc may differ in distance."""
UNEVEN_M = 200.0

_WGS84 = Geod(ellps="WGS84")


class Arc(msgspec.Struct, frozen=True):
    """Corners on an arc, its first and its last among them; the radius of the arc."""

    corners: tuple[Position, ...]
    stray_m: float
    radius_m: float


def arc_between_azimuths(
    centre: Position, radius_m: float, from_deg: float, to_deg: float, *, clockwise: bool
) -> Arc:
    """The arc of a circle from one true azimuth at its centre to another; all of it if equal."""
    return _arc(centre, (from_deg, radius_m), (to_deg, radius_m), clockwise=clockwise)


def arc_between_points(centre: Position, start: Position, end: Position, *, clockwise: bool) -> Arc:
    """The arc about a centre from one point to another; InputError if they are not on one."""
    from_deg, _, start_m = _WGS84.inv(*centre, *start)
    to_deg, _, end_m = _WGS84.inv(*centre, *end)
    if abs(end_m - start_m) > UNEVEN * max(start_m, end_m) + UNEVEN_M:
        raise InputError(
            f"the ends of an arc lie {start_m:.0f} m and {end_m:.0f} m from its centre",
            remedy="correct the centre or the ends",
        )
    arc = _arc(centre, (from_deg, start_m), (to_deg, end_m), clockwise=clockwise)
    corners = (start, *arc.corners[1:-1], end)
    return Arc(corners, arc.stray_m, arc.radius_m)


def _arc(
    centre: Position, start: tuple[float, float], end: tuple[float, float], *, clockwise: bool
) -> Arc:
    """The arc from (azimuth, distance) to another, about a centre."""
    radius_m = max(start[1], end[1])
    if not 0 < min(start[1], end[1]) <= radius_m <= RADIUS_M_MAX:
        raise InputError(
            f"an arc has a radius of {radius_m / NM_M:g} NM",
            remedy=f"give one above 0 and up to {RADIUS_M_MAX / NM_M:g} NM",
        )
    turn = (end[0] - start[0]) % 360 if clockwise else -((start[0] - end[0]) % 360)
    turn = turn or (360.0 if clockwise else -360.0)
    steps = math.ceil(abs(turn) / STEP_DEG)
    share = np.linspace(0, 1, steps + 1)
    distance_m = start[1] + share * (end[1] - start[1])
    lon, lat, _ = _WGS84.fwd(
        np.full_like(share, centre[0]),
        np.full_like(share, centre[1]),
        start[0] + share * turn,
        distance_m,
    )
    half = math.radians(abs(turn) / steps / 2)
    # A hundredth and a millimetre more stand for the ellipsoid and for rounding.
    stray_m = 1.01 * radius_m * (1 - math.cos(half)) + 1.02 * abs(end[1] - start[1]) + 0.001
    corners = tuple(zip(lon.tolist(), lat.tolist(), strict=True))
    return Arc(corners, stray_m, radius_m)

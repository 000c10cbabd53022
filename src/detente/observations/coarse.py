"""A coarsened observation: its place to the half-degree cell, its time to the day, no words.

It covers what it stands for: everything within the old radius of the old core, and the whole cell,
lie within the new radius of the new core, and its days hold the old window. What could tell the
place all the same is left out: its name, the text, the source, the visit. The district's name, the
kind, the counts and how it is known stay.
"""

import math

import msgspec
import numpy as np

from detente.errors import InputError
from detente.observations.model import MAX_RADIUS_M, Observation
from detente.observations.places import CELL_DEG, corner_of, middle_of, whole_days
from detente.volumes.geodesy import distance_m, straight_length_m
from detente.volumes.model import Core, Edges, Shape

ROUND_M = 1_000.0


def coarsened(one: Observation) -> Observation:
    """``one`` with its place rounded to the cell and its time to days, always an outer cover.

    Raises InputError where the cover would be larger than an observation may be.
    """
    west, south = corner_of(*middle_of(one.core))
    lon, lat = west + CELL_DEG / 2, south + CELL_DEG / 2
    corners = [(west + x, south + y) for x in (0.0, CELL_DEG) for y in (0.0, CELL_DEG)]
    reach_m = max(_farthest_m(lon, lat, corners), _extent_m(lon, lat, one.core) + one.radius_m)
    radius_m = math.ceil(reach_m / ROUND_M) * ROUND_M
    if radius_m > MAX_RADIUS_M:
        raise InputError(
            f"its place reaches {radius_m:,.0f} m from the middle of its cell: it is too large to "
            "be rounded",
            remedy="report it as it is, or not at all",
            where=one.id,
        )
    from_s, until_s = whole_days(one.from_s, one.until_s)
    return msgspec.structs.replace(
        one,
        core=Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC),
        radius_m=radius_m,
        from_s=from_s,
        until_s=until_s,
        place="",
        text="",
        visit=None,
        source="",
    )


def _extent_m(lon: float, lat: float, core: Core) -> float:
    """How far from a position a core reaches, edges and all; never too little."""
    ring = core.rings[0]
    reach_m = _farthest_m(lon, lat, list(ring))
    if core.shape is Shape.POINT:
        return reach_m
    ends = [*ring[1:], ring[0]] if core.shape is Shape.POLYGON else list(ring[1:])
    a_lon, a_lat = np.array(ring[: len(ends)]).T
    b_lon, b_lat = np.array(ends).T
    # A point of an edge is no farther from one of its ends than half of the edge's length, of
    # which this is an upper bound whether it is straight on a chart or on the ground.
    return reach_m + float(straight_length_m(a_lon, a_lat, b_lon, b_lat).max()) / 2


def _farthest_m(lon: float, lat: float, positions: list[tuple[float, float]]) -> float:
    size = len(positions)
    lons, lats = map(list, zip(*positions, strict=True))
    return float(distance_m([lon] * size, [lat] * size, lons, lats).max())

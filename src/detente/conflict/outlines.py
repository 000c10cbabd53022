"""Activities flattened to numbers: what the kernels need of volumes, and nothing else.

This is all that is done of a check in the interpreter before compiled code takes over, so it does
as little as it can: it copies vertices, closes rings and widens altitude bands.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detente.volumes.datums import height_interval_m
from detente.volumes.geodesy import Bools, Floats, Ints
from detente.volumes.model import Edges, Shape, Volume

POINT, POLYLINE, POLYGON = range(3)
_SHAPES = {Shape.POINT: POINT, Shape.POLYLINE: POLYLINE, Shape.POLYGON: POLYGON}

RADIUS, HEIGHTS, START, END, FIGURES = 0, 1, 7, 8, 9
"""Columns of ``Outlines.figures``; ``HEIGHTS`` is the first of six."""


class Outlines(NamedTuple):
    """The volumes of some activities, one after another."""

    vertices: Floats
    """(n, 2) longitudes and latitudes in degrees, as they were written. Rings of polygons are
    closed, and a point is written twice, so that every core has pieces."""
    rings: Ints
    """(r + 1,) the first vertex of each ring."""
    volumes: Ints
    """(v + 1,) the first ring of each volume."""
    shapes: Ints
    """(v,) ``POINT``, ``POLYLINE`` or ``POLYGON``."""
    straight: Bools
    """(v,) whether edges are straight in longitude and latitude, else geodesic."""
    figures: Floats
    """(v, 9) radius; lower and upper end of the band above WGS84, above mean sea level and in
    pressure altitude, in metres; first and last POSIX second."""


def outlines_of(volumes: Sequence[Volume]) -> Outlines:
    """Flattens volumes."""
    vertices: list[float] = []
    rings, starts, shapes, straight, figures = [0], [0], [], [], []
    at = 0
    for volume in volumes:
        core = volume.core
        shape = _SHAPES[core.shape]
        for ring in core.rings:
            for position in ring:
                vertices += position
            at += len(ring)
            if shape != POLYLINE:
                vertices += ring[0]
                at += 1
            rings.append(at)
        starts.append(len(rings) - 1)
        shapes.append(shape)
        straight.append(core.edges is Edges.STRAIGHT)
        heights = height_interval_m(volume.band)
        figures.append(
            (
                volume.radius_m,
                *heights.w84,
                *heights.msl,
                *heights.std,
                volume.start_s,
                volume.end_s,
            )
        )
    return Outlines(
        np.array(vertices, dtype=np.float64).reshape(-1, 2),
        np.array(rings, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(shapes, dtype=np.int64),
        np.array(straight, dtype=np.bool_),
        np.array(figures, dtype=np.float64).reshape(-1, FIGURES),
    )

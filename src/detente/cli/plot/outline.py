"""Outlines of volumes as they lie on the ellipsoid, drawn in a plane.

The plane is the azimuthal equidistant projection (Snyder 1987, chapter 25) on WGS84, centred on
the place of conflict: distances and directions from there are true, and no meridian or pole is
special, so a shape across the antimeridian or over a pole is drawn in one piece. Every outline is
walked on the ellipsoid (Karney 2013, through ``pyproj.Geod``) and only then projected; nothing is
buffered in degrees or in the plane.

The outlines are for eyes. What conflicts is decided by ``detente.conflict``, never by them.
"""

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Proj

from detente.volumes.model import Activity, Core, Edges, Ring, Shape, Volume

Coordinates = NDArray[np.float64]

GEOD = Geod(ellps="WGS84")
STEP_M = 25_000.0
"""Longest piece of an edge that is drawn as a straight line."""
STEP_DEG = 1.0
"""Largest step in longitude or latitude of a straight (RFC 7946) edge: near a pole a long way
round is short in metres."""
CAP_POINTS = 24
"""Points on the half circle that ends a leg."""
HORIZON_M = 15_000_000.0
"""Nothing farther from the centre is drawn: towards the antipode the projection tears."""


class Plane:
    """Azimuthal equidistant on WGS84, centred on (``lon``, ``lat``); metres east and north."""

    def __init__(self, lon: float, lat: float) -> None:
        self.lon = lon
        self.lat = lat
        self._proj = Proj(proj="aeqd", lon_0=lon, lat_0=lat, datum="WGS84")

    def project(self, lonlat: Coordinates) -> Coordinates:
        """(n, 2) metres of (n, 2) degrees."""
        return np.stack(self._proj(lonlat[..., 0], lonlat[..., 1]), axis=-1)

    def unproject(self, xy: Coordinates) -> Coordinates:
        """(n, 2) degrees of (n, 2) metres."""
        return np.stack(self._proj(xy[..., 0], xy[..., 1], inverse=True), axis=-1)


def volumes_outline(volumes: Iterable[Volume], plane: Plane) -> shapely.Geometry:
    """Everything that the volumes cover, as one geometry in the plane, in metres."""
    return shapely.union_all([shape for volume in volumes for shape in _shapes(volume, plane)])


def cores(activity: Activity, plane: Plane) -> shapely.Geometry:
    """The cores alone, in the plane: points, lines and polygons without their radius."""
    drawn: list[shapely.Geometry] = []
    for volume in activity.volumes:
        rings = [plane.project(walk) for walk in walks(volume.core)]
        if volume.core.shape is Shape.POINT:
            drawn.append(shapely.Point(rings[0][0]))
        elif volume.core.shape is Shape.POLYLINE:
            drawn.append(shapely.LineString(rings[0]))
        else:
            drawn.append(_polygon(rings))
    return shapely.GeometryCollection(drawn)


def walks(core: Core) -> list[Coordinates]:
    """Each ring of the core with points enough that straight pieces between them will do.

    A polygon's rings come closed.
    """
    return [
        _walk((*ring, ring[0]) if core.shape is Shape.POLYGON else ring, core.edges)
        for ring in core.rings
    ]


def _shapes(volume: Volume, plane: Plane) -> list[shapely.Geometry]:
    rings = walks(volume.core)
    shapes: list[shapely.Geometry] = []
    if volume.core.shape is Shape.POLYGON:
        shapes.append(_polygon([plane.project(ring) for ring in rings]))
    if volume.radius_m > 0:
        legs = np.concatenate([np.stack([_starts(ring), _ends(ring)], axis=1) for ring in rings])
        shapes.extend(_capsules(legs, volume.radius_m, plane))
    elif volume.core.shape is Shape.POLYLINE:
        shapes.append(shapely.LineString(plane.project(rings[0])))
    elif volume.core.shape is Shape.POINT:
        shapes.append(shapely.Point(plane.project(rings[0])[0]))
    return shapes


def _starts(ring: Coordinates) -> Coordinates:
    return ring[:-1] if len(ring) > 1 else ring


def _ends(ring: Coordinates) -> Coordinates:
    return ring[1:] if len(ring) > 1 else ring


def _walk(ring: Ring, edges: Edges) -> Coordinates:
    points = np.asarray(ring, dtype=np.float64)
    pieces = [points[:1]]
    for (lon1, lat1), (lon2, lat2) in pairwise(points.tolist()):
        azimuth, _, length_m = GEOD.inv(lon1, lat1, lon2, lat2)
        count = max(1, math.ceil(length_m / STEP_M))
        if edges is Edges.STRAIGHT:
            span_deg = max(abs(lon2 - lon1), abs(lat2 - lat1))
            count = max(count, math.ceil(span_deg / STEP_DEG))
            share = np.arange(1, count + 1)[:, None] / count
            pieces.append(np.array([lon1, lat1]) + share * np.array([lon2 - lon1, lat2 - lat1]))
        else:
            along_m = length_m * np.arange(1, count + 1) / count
            same = np.ones(count)
            lons, lats, _ = GEOD.fwd(lon1 * same, lat1 * same, azimuth * same, along_m)
            pieces.append(np.stack([lons, lats], axis=-1))
    return np.concatenate(pieces)


def _capsules(legs: Coordinates, radius_m: float, plane: Plane) -> list[shapely.Geometry]:
    """Each leg's surroundings: its sides and a half circle at each end; (n, 2, 2) degrees."""
    lon1, lat1, lon2, lat2 = (legs[:, i, j] for i in (0, 1) for j in (0, 1))
    azimuth, back_azimuth, _ = GEOD.inv(lon1, lat1, lon2, lat2)
    turn = np.linspace(90.0, 270.0, CAP_POINTS)
    tail = _fan(lon1, lat1, azimuth[:, None] + turn, radius_m)
    head = _fan(lon2, lat2, back_azimuth[:, None] + turn, radius_m)
    outlines = plane.project(np.concatenate([tail, head], axis=1))
    return [shapely.Polygon(outline).buffer(0) for outline in outlines]


def _fan(lon: Coordinates, lat: Coordinates, azimuth: Coordinates, radius_m: float) -> Coordinates:
    shape = azimuth.shape
    lons = np.broadcast_to(lon[:, None], shape).ravel()
    lats = np.broadcast_to(lat[:, None], shape).ravel()
    lons, lats, _ = GEOD.fwd(lons, lats, azimuth.ravel(), np.full(lons.size, radius_m))
    return np.stack([lons, lats], axis=-1).reshape(*shape, 2)


def _polygon(rings: list[Coordinates]) -> shapely.Geometry:
    # buffer(0) drops what an outline along ±180° or through a pole walks there and back.
    return shapely.Polygon(rings[0], rings[1:]).buffer(0)

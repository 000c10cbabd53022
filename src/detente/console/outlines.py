"""Outlines of volumes for drawing: a core grown by its radius, as polygons in longitude, latitude.

For the eye only. Conflicts are found by ``detente.conflict`` from cores and radii on the ellipsoid;
a polygonised outline is too small between its corners (2 m at 10 km here) and must never be used
to decide anything.

Every piece of a core (a vertex, an edge) is grown in an azimuthal equidistant projection centred
on that piece, where distances from the centre are true, and the pieces are joined afterwards. So a
corridor of a thousand kilometres is as wide at its ends as in its middle, at any latitude.

Longitudes run on without a jump across the antimeridian (as in the model); a piece that holds a
pole is opened along a meridian and closed over the pole, as a map of the world needs it.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
from pyproj import Geod, Proj
from shapely import affinity, unary_union
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import make_valid

from detente.node.shapes import kept
from detente.volumes import Edges, Position, Ring, Shape, Volume

GEOD = Geod(ellps="WGS84")
QUARTER_SEGMENTS = 16
PIECE_M = 100_000.0
"""Edges are drawn in pieces of this length, so that each bends as it does on the ellipsoid."""
STEP_M = 10_000.0
"""A corridor's sides get a vertex this often: between two they are straight on the map."""
MAX_PIECES = 2_000
"""More pieces than this are drawn as one to a few edges each: a drawing, not a measurement."""


@kept(4096)
def outline(volume: Volume, grow_m: float = 0.0) -> BaseGeometry:
    """The outline of one volume, grown by a further ``grow_m`` metres on every side."""
    radius_m = volume.radius_m + grow_m
    core = volume.core
    if core.shape is Shape.POINT:
        return _grown([core.rings[0][0]], radius_m)
    closed = core.shape is Shape.POLYGON
    rings = [_drawn(ring, core.edges, closed=closed) for ring in core.rings]
    parts: list[BaseGeometry] = []
    if closed:
        parts.append(make_valid(Polygon(rings[0], rings[1:])))
    if radius_m > 0:
        near = rings[0][0][0]
        parts += [
            _beside(_grown(list(edge), radius_m), near) for ring in rings for edge in _edges(ring)
        ]
    if not parts:
        return LineString(rings[0])
    return unary_union(parts)


def joined(geometries: list[BaseGeometry]) -> BaseGeometry:
    """Several outlines as one."""
    return unary_union([_beside(g, geometries[0].centroid.x) for g in geometries])


def overlap(a: BaseGeometry, b: BaseGeometry) -> BaseGeometry:
    """The ground that two outlines share, whichever way round the world each was unrolled."""
    if a.is_empty or b.is_empty:
        return Polygon()
    return a.intersection(_beside(b, a.centroid.x))


def name_place(geometry: BaseGeometry) -> Position:
    """A point inside, for a name to stand at."""
    point = geometry.representative_point()
    return (point.x, point.y)


def _drawn(ring: Ring, edges: Edges, *, closed: bool) -> list[Position]:
    """A ring or line with the bends of its edges drawn in; closed when it is a polygon's."""
    points = [*ring, ring[0]] if closed else list(ring)
    if len(points) > MAX_PIECES:
        return points
    drawn = [points[0]]
    for a, b in itertools.pairwise(points):
        drawn += _bends(a, b, edges)
        drawn.append(b)
    return drawn


def _bends(a: Position, b: Position, edges: Edges) -> list[Position]:
    _, _, length_m = GEOD.inv(a[0], a[1], b[0], b[1])
    pieces = min(math.ceil(length_m / PIECE_M), 200)
    if pieces < 2:
        return []
    if edges is Edges.STRAIGHT:
        steps = np.linspace(0, 1, pieces + 1)[1:-1]
        return [(a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])) for s in steps]
    between = GEOD.npts(a[0], a[1], b[0], b[1], pieces - 1)
    return [(_near(lon, a[0]), lat) for lon, lat in between]


def _edges(points: list[Position]) -> Iterator[tuple[Position, Position]]:
    step = max(1, len(points) // MAX_PIECES)
    thinned = [*points[:-1:step], points[-1]]
    return itertools.pairwise(thinned)


def _grown(points: list[Position], radius_m: float) -> BaseGeometry:
    """Everything within ``radius_m`` of one point or one short edge."""
    lon, lat = points[0]
    if radius_m <= 0:
        return Point(lon, lat) if len(points) == 1 else LineString(points)
    if len(points) == 2:
        azimuth, _, length_m = GEOD.inv(lon, lat, *points[1])
        lon, lat, _ = GEOD.fwd(lon, lat, azimuth, length_m / 2)
    plane = Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")
    flat = [plane(x, y) for x, y in points]
    shape = LineString(flat) if len(flat) == 2 and flat[0] != flat[1] else Point(flat[0])
    grown = shape.buffer(radius_m, quad_segs=QUARTER_SEGMENTS).segmentize(STEP_M)
    ring = np.asarray(grown.exterior.coords)
    lons, lats = plane(ring[:, 0], ring[:, 1], inverse=True)
    return _unrolled(np.asarray(lons), np.asarray(lats), points[0][0])


def _unrolled(lons: np.ndarray, lats: np.ndarray, near: float) -> BaseGeometry:
    """A ring on the ellipsoid as a planar polygon: longitudes without jumps, poles closed over."""
    lons = np.degrees(np.unwrap(np.radians(lons)))
    turn = lons[-1] - lons[0]
    if abs(turn) < 180:
        return _beside(make_valid(Polygon(np.column_stack([lons, lats]))), near)
    # The ring runs once round the world: it holds the pole on its side of the equator.
    pole = 90.0 if lats.mean() > 0 else -90.0
    corners = [(lons[-1], pole), (lons[0], pole)]
    return _beside(make_valid(Polygon([*zip(lons, lats, strict=True), *corners])), near)


def _near(lon: float, near: float) -> float:
    return lon + 360.0 * round((near - lon) / 360.0)


def _beside(geometry: BaseGeometry, near: float) -> BaseGeometry:
    """The same shape, moved by whole turns to where its neighbours have been unrolled."""
    if geometry.is_empty:
        return geometry
    middle = geometry.centroid.x
    return affinity.translate(geometry, xoff=_near(middle, near) - middle)


def areas_of(geometry: BaseGeometry) -> MultiPolygon:
    """Only the areas of a geometry: what is left of a touch is a line or a point."""
    parts = getattr(geometry, "geoms", [geometry])
    return MultiPolygon([p for p in parts if isinstance(p, Polygon) and not p.is_empty])

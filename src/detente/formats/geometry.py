"""GeoJSON geometries (RFC 7946) into cores.

Point, LineString and Polygon give one core, their Multi forms several. Two conventions for shapes
across the antimeridian are read alike:

- continued longitudes: ``[[175,60],[185,60]]``, up to ±360;
- cut at ±180 into a Multi form, as RFC 7946 (3.1.9) asks: pieces that share an edge or an end point
  there are joined again.

Joining never changes which places are covered; it spares the reader two halves of one thing.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import shapely

from detente.errors import InputError, LimitError
from detente.volumes import Core, Edges, Position, Ring, Shape
from detente.volumes.check import MAX_VERTICES, MAX_VOLUMES, check_core

SHAPES = {
    "Point": Shape.POINT,
    "LineString": Shape.POLYLINE,
    "Polygon": Shape.POLYGON,
    "MultiPoint": Shape.POINT,
    "MultiLineString": Shape.POLYLINE,
    "MultiPolygon": Shape.POLYGON,
}
_REMEDY = "use Point, LineString, Polygon or their Multi forms (RFC 7946)"


def cores_of(geometry: object, edges: Edges) -> tuple[tuple[Core, ...], bool]:
    """The cores of a GeoJSON geometry, and whether positions had a third value (not used)."""
    if not isinstance(geometry, dict):
        raise InputError("has no geometry", remedy=_REMEDY)
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        raise InputError(
            "its geometry is a GeometryCollection",
            remedy="write its parts as separate features, or as one Multi form",
        )
    if not isinstance(kind, str) or kind not in SHAPES:
        raise InputError(f"its geometry has the type {str(kind)[:40]!r}", remedy=_REMEDY)
    parts = _list(geometry.get("coordinates"), "coordinates")
    if not kind.startswith("Multi"):
        parts = [parts]
    if not parts:
        raise InputError("its geometry is empty", remedy="give it at least one position")
    if len(parts) > MAX_VOLUMES:
        raise LimitError(
            f"has {len(parts)} volumes, more than {MAX_VOLUMES}",
            remedy="split it into several activities",
        )
    reader = _Positions()
    cores = [reader.core(SHAPES[kind], part, edges) for part in parts]
    if len(cores) > 1:
        cores = _joined(cores)
    return tuple(cores), reader.heights


class _Positions:
    """Reads coordinates and remembers whether any had a third value."""

    def __init__(self) -> None:
        self.heights = False

    def core(self, shape: Shape, value: object, edges: Edges) -> Core:
        rings = self._rings(shape, value)
        if edges is Edges.GEODESIC:
            rings = [_unwrapped(ring) for ring in rings]
            rings = [rings[0], *(_beside(ring, rings[0]) for ring in rings[1:])]
        turn = _turn(rings[0][0][0])
        placed = tuple(tuple((lon + turn, lat) for lon, lat in ring) for ring in rings)
        if shape is Shape.POLYLINE and len(placed[0]) == 1:
            shape = Shape.POINT
        return Core(shape, placed, edges)

    def _rings(self, shape: Shape, value: object) -> list[list[Position]]:
        if shape is Shape.POINT:
            return [[self._position(value)]]
        if shape is Shape.POLYLINE:
            positions = self._positions(value)
            if len(positions) < 2:
                raise InputError("a LineString has fewer than two positions", remedy="add one")
            return [_distinct(positions)]
        rings = [_opened(self._positions(ring)) for ring in _list(value, "coordinates")]
        if not rings:
            raise InputError("a Polygon has no ring", remedy="give it an outer ring")
        return rings

    def _positions(self, value: object) -> list[Position]:
        positions = _list(value, "coordinates")
        if len(positions) > MAX_VERTICES + 1:
            raise LimitError(
                f"has {len(positions):,} vertices in one ring, more than {MAX_VERTICES:,}",
                remedy="simplify the shape outward or split it",
            )
        return [self._position(position) for position in positions]

    def _position(self, value: object) -> Position:
        numbers = _list(value, "a position")
        if len(numbers) < 2:
            raise InputError("a position has fewer than two numbers", remedy="write [lon, lat]")
        self.heights = self.heights or len(numbers) > 2
        lon, lat = _number(numbers[0]), _number(numbers[1])
        if not -360 <= lon <= 360:
            raise InputError(
                f"longitude {lon:g} is not between -360 and 360",
                remedy="write degrees, continued past 180 only to cross the antimeridian",
            )
        return lon, lat


def _list(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} is not a list", remedy="nest the lists as RFC 7946 shows")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("a coordinate is not a number", remedy="write [lon, lat] in degrees")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(
            f"a coordinate is {number}, not a finite number", remedy="remove or correct it"
        )
    return number


def _opened(ring: list[Position]) -> list[Position]:
    if len(ring) < 4:
        raise InputError(
            "a ring has fewer than four positions",
            remedy="a triangle has four: the first is repeated at the end",
        )
    if ring[0] != ring[-1]:
        raise InputError("a ring is not closed", remedy="repeat its first position at its end")
    return ring[:-1]


def _distinct(positions: list[Position]) -> list[Position]:
    kept = [positions[0]]
    kept += [now for before, now in pairwise(positions) if now != before]
    return kept


def _unwrapped(ring: list[Position]) -> list[Position]:
    """Between two places there is one geodesic, whichever way its longitudes are written."""
    placed = [ring[0]]
    for lon, lat in ring[1:]:
        placed.append((_nearest(lon, placed[-1][0]), lat))
    return placed


def _beside(hole: list[Position], outer: list[Position]) -> list[Position]:
    middle = (min(lon for lon, _ in outer) + max(lon for lon, _ in outer)) / 2
    shift = _nearest(hole[0][0], middle) - hole[0][0]
    return [(lon + shift, lat) for lon, lat in hole]


def _nearest(lon: float, to: float) -> float:
    return lon + 360 * round((to - lon) / 360)


def _turn(lon: float) -> float:
    """Whole turns that bring a longitude into [-180, 180]."""
    return 0.0 if -180 <= lon <= 180 else -360.0 * math.floor((lon + 180) / 360)


def _joined(cores: list[Core]) -> list[Core]:
    if cores[0].shape is Shape.POLYGON:
        return _joined_polygons(cores)
    return _joined_lines(cores) if cores[0].shape is Shape.POLYLINE else cores


def _joined_lines(cores: list[Core]) -> list[Core]:
    """Lines whose ends meet on the antimeridian, end to start, as one."""
    joined: list[Core] = []
    for core in cores:
        before = joined[-1] if joined else None
        if before is None or not _meets(before.rings[0][-1], core.rings[0][0]):
            joined.append(core)
            continue
        turn = before.rings[0][-1][0] - core.rings[0][0][0]
        rest = tuple((lon + turn, lat) for lon, lat in core.rings[0][1:])
        joined[-1] = Core(before.shape, ((*before.rings[0], *rest),), core.edges)
    return joined


def _meets(end: Position, start: Position) -> bool:
    opposite = abs(start[0]) == 180 and abs(end[0] - start[0]) == 360
    return opposite and end[1] == start[1]


def _joined_polygons(cores: list[Core]) -> list[Core]:
    """Polygons that share an edge on the antimeridian as one; the others as they are."""
    east = [core for core in cores if _has_edge_at(core, 180.0)]
    west = [core for core in cores if _has_edge_at(core, -180.0)]
    seam = [*east, *west]
    if not east or not west or any(core in east for core in west):
        return cores
    for core in seam:
        check_core(core)
    shapes = [_polygon(core, 0.0) for core in east] + [_polygon(core, 360.0) for core in west]
    if not all(shapely.is_valid(shapes)):
        # Sound as geodesics, but not where the union is made; apart they cover the same places.
        return cores
    united = shapely.unary_union(shapes)
    found = shapely.get_parts(united)
    return [
        *(core for core in cores if core not in seam),
        *(_core_of(polygon, cores[0].edges) for polygon in found),
    ]


def _has_edge_at(core: Core, meridian: float) -> bool:
    ring = core.rings[0]
    return any(
        lon == next_lon == meridian and lat != next_lat
        for (lon, lat), (next_lon, next_lat) in zip(ring, ring[1:] + ring[:1], strict=True)
    )


def _polygon(core: Core, turn: float) -> shapely.Polygon:
    rings = [[(lon + turn, lat) for lon, lat in ring] for ring in core.rings]
    return shapely.Polygon(rings[0], rings[1:])


def _core_of(polygon: shapely.Polygon, edges: Edges) -> Core:
    rings = [polygon.exterior, *polygon.interiors]
    opened: list[Ring] = [tuple((lon, lat) for lon, lat in ring.coords[:-1]) for ring in rings]
    turn = _turn(opened[0][0][0])
    return Core(
        Shape.POLYGON,
        tuple(tuple((lon + turn, lat) for lon, lat in ring) for ring in opened),
        edges,
    )

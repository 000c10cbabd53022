"""What a party plans, as data: an activity is one or more 4D volumes.

A *volume* is a core on the WGS84 ellipsoid (point, polyline or polygon) grown by a radius, an
altitude band and a time window. The core and the radius are kept apart and never turned into a
polygonised buffer, because such a buffer is too small between its corners (15 m at 50 km with 32
segments a quarter) and a conflict could slip through.

These types hold what was said, exactly as it was said: limits keep their own altitude reference,
edges keep their kind. They are checked where they enter (``volumes.check``), widened only where
they are compared.
"""

from enum import StrEnum

import msgspec

Position = tuple[float, float]
"""Longitude and latitude in degrees, WGS84, in this order (RFC 7946).

The first longitude of a shape lies in [-180, 180]; later ones continue from it without a jump and
may reach ±540, so that a shape across the antimeridian stays in one piece.
"""

Ring = tuple[Position, ...]


class Shape(StrEnum):
    """The kind of a core."""

    POINT = "Point"
    POLYLINE = "LineString"
    POLYGON = "Polygon"


class Edges(StrEnum):
    """What the edge between two vertices is."""

    STRAIGHT = "straight"
    """A straight line in longitude and latitude (RFC 7946, section 3.1.1)."""
    GEODESIC = "geodesic"
    """The shortest path on the ellipsoid (ASTM F3548-21)."""


class Reference(StrEnum):
    """What an altitude is measured from."""

    W84 = "W84"
    """The WGS84 ellipsoid."""
    MSL = "MSL"
    """Mean sea level (the geoid)."""
    STD = "STD"
    """Standard pressure, 1013.25 hPa: flight levels. The value is a pressure altitude."""
    AGL = "AGL"
    """The ground below."""
    SFC = "SFC"
    """The surface of land or water; the value is 0."""


class Limit(msgspec.Struct, frozen=True):
    """One limit of an altitude band: metres in the limit's own reference."""

    value_m: float
    reference: Reference = Reference.W84


class Band(msgspec.Struct, frozen=True):
    """An altitude band, both limits included. ``None`` means without limit on that side."""

    lower: Limit | None
    upper: Limit | None


class Core(msgspec.Struct, frozen=True):
    """The core of a volume.

    ``rings`` holds one ring for a point (one position) and a polyline (two or more). For a polygon
    it holds the outer ring and then its holes, each *open*: the first vertex is not repeated.
    """

    shape: Shape
    rings: tuple[Ring, ...]
    edges: Edges = Edges.STRAIGHT


class Volume(msgspec.Struct, frozen=True):
    """Everything within ``radius_m`` of ``core``, inside ``band``, from start to end.

    Times are POSIX seconds, UTC; both ends are included.
    """

    core: Core
    radius_m: float
    band: Band
    start_s: float
    end_s: float


class Activity(msgspec.Struct, frozen=True):
    """What a party plans or does: one or more volumes under one identifier of that party.

    ``notes`` says what had to be assumed when it was read (a gap that was interpolated, say).
    """

    party: str
    id: str
    kind: str
    volumes: tuple[Volume, ...]
    notes: tuple[str, ...] = ()

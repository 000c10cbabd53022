"""What an activity must satisfy before anything is computed from it.

Everything that enters, from a file, a form or a peer, passes here once; behind it the code may rely
on finite numbers, closed windows and polygons whose inside is known. The check refuses and never
repairs: a shape that was mended is no longer the shape its party meant.

Whether a polygon crosses itself is decided with its true edges. Straight edges are straight in
longitude and latitude (RFC 7946, 3.1.1), so that plane decides. Geodesic edges are cut into pieces
of at most 50 km and judged in a stereographic plane about the shape, which keeps every crossing and
has no seam at a pole or at the antimeridian.
"""

import math
import re

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from detente.errors import InputError, LimitError
from detente.volumes.datums import heights_of
from detente.volumes.model import Activity, Band, Core, Edges, Limit, Reference, Ring, Shape, Volume
from detente.volumes.printable import is_printable
from detente.volumes.times import check_time_s
from detente.volumes.units import FL_M

MAX_VERTICES = 10_000
"""Vertices in one volume (protocol, section 1)."""
MAX_VOLUMES = 5_000
"""Volumes in one activity (protocol, section 1)."""
MAX_RADIUS_M = 5_000_000.0
MAX_EDGES_M = 1e9
"""All edges of all polygons of an activity together, measured as geodesics (protocol, section 1).
Whether a polygon crosses itself is decided piece by piece, and a few kilobytes of edges half-way
round the globe would take minutes."""
ALTITUDES_M = (-8_000.0, 100_000.0)
"""Lowest and highest value of a limit (ASTM F3548-21, Altitude)."""
MAX_NOTES = 1_000

PARTY_PATTERN = r"[a-z][a-z0-9-]{0,31}"
ACTIVITY_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"

_PARTY = re.compile(PARTY_PATTERN, re.ASCII)
_ACTIVITY = re.compile(ACTIVITY_PATTERN, re.ASCII)
_WGS84 = Geod(ellps="WGS84")
_PIECE_M = 50_000.0


def check_activity(activity: Activity) -> Activity:
    """The same activity, if it is sound; else InputError or LimitError naming party and item."""
    check_party(activity.party)
    check_activity_id(activity.id)
    where = f"{activity.party}/{activity.id}"
    if not (1 <= len(activity.kind) <= 64 and is_printable(activity.kind)):
        raise InputError("kind is not a short word", remedy="use 1 to 64 characters", where=where)
    if len(activity.notes) > MAX_NOTES:
        raise LimitError(f"more than {MAX_NOTES} notes", remedy="shorten them", where=where)
    if not activity.volumes:
        raise InputError("has no volume", remedy="give it at least one shape", where=where)
    if len(activity.volumes) > MAX_VOLUMES:
        raise LimitError(
            f"has {len(activity.volumes)} volumes, more than {MAX_VOLUMES}",
            remedy="split it into several activities",
            where=where,
        )
    one = len(activity.volumes) == 1
    places = [where if one else f"{where}: volume {n}" for n in range(1, len(activity.volumes) + 1)]
    for volume, place in zip(activity.volumes, places, strict=True):
        _check_vertices(volume.core, place)
    _check_length(activity, where)
    for volume, place in zip(activity.volumes, places, strict=True):
        check_volume(volume, where=place)
    return activity


def check_party(party: str, *, where: str = "") -> str:
    """The same party id, if it has the protocol's form."""
    if not _PARTY.fullmatch(party):
        raise InputError(
            f"{party[:40]!r} is not a party id",
            remedy="use 1 to 32 of a-z, 0-9 and -, beginning with a letter",
            where=where,
        )
    return party


def check_activity_id(identifier: str, *, where: str = "") -> str:
    """The same activity id, if it has the protocol's form."""
    if not _ACTIVITY.fullmatch(identifier):
        raise InputError(
            f"{identifier[:40]!r} is not an activity id",
            remedy="use 1 to 64 of A-Z, a-z, 0-9 and ._:-, beginning with a letter or digit",
            where=where,
        )
    return identifier


def check_volume(volume: Volume, *, where: str = "") -> Volume:
    """The same volume, if it is sound; else InputError or LimitError at ``where``."""
    check_core(volume.core, where=where)
    _check_radius(volume.radius_m, volume.core.shape, where)
    check_band(volume.band, where=where)
    check_time_s(volume.start_s, where=where)
    check_time_s(volume.end_s, where=where)
    if volume.end_s < volume.start_s:
        raise InputError("end lies before start", remedy="exchange or correct them", where=where)
    return volume


def check_band(band: Band, *, where: str = "") -> Band:
    """The same band, if its limits are in range and not upside down."""
    for name, limit in (("lower", band.lower), ("upper", band.upper)):
        if limit is not None:
            _check_limit(name, limit, where)
    lower, upper = band.lower, band.upper
    if lower is None or upper is None:
        return band
    low, high = _spoken(lower), _spoken(upper)
    if _ground(lower) is _ground(upper):
        upside_down = lower.value_m > upper.value_m
    else:
        # Whether it lies below is known only where the ground and the pressure are. But what lies
        # above wherever and whenever it is has nothing inside and would conflict with nothing.
        lowest_m, highest_m = heights_of(lower)[0], heights_of(upper)[1]
        upside_down = lowest_m > highest_m
        if lower.reference is not Reference.W84:
            low += f", at least {lowest_m:,.0f} m W84"
        if upper.reference is not Reference.W84:
            high += f", at most {highest_m:,.0f} m W84"
    if upside_down:
        raise InputError(
            f"the lower altitude limit ({low}) lies above the upper ({high})",
            remedy="exchange or correct them",
            where=where,
        )
    return band


def check_core(core: Core, *, where: str = "") -> Core:
    """The same core, if its vertices are in range and its inside is known."""
    _check_vertices(core, where)
    if core.shape is Shape.POLYGON:
        _check_polygon(core, where)
    return core


def _check_vertices(core: Core, where: str) -> None:
    _check_counts(core, where)
    for ring in core.rings:
        _check_positions(ring, where)
    first = core.rings[0][0][0]
    if not -180 <= first <= 180:
        raise InputError(
            f"the first longitude is {first:g}",
            remedy="begin between -180 and 180 and continue without a jump",
            where=where,
        )
    for ring in core.rings:
        _check_jumps(ring, core, where)


def _check_length(activity: Activity, where: str) -> None:
    cores = (volume.core for volume in activity.volumes)
    rings = [ring for core in cores if core.shape is Shape.POLYGON for ring in core.rings]
    closed = [np.array((*ring, ring[0])) for ring in rings]
    length_m = sum(float(_WGS84.line_length(ring[:, 0], ring[:, 1])) for ring in closed)
    if length_m > MAX_EDGES_M:
        raise LimitError(
            f"has polygons with edges of {length_m / 1000:,.0f} km, more than "
            f"{MAX_EDGES_M / 1000:,.0f} km",
            remedy="draw them with fewer or shorter edges, or split it into several activities",
            where=where,
        )


def _spoken(limit: Limit) -> str:
    level = round(limit.value_m / FL_M)
    if limit.reference is Reference.STD and abs(limit.value_m - level * FL_M) < 0.01:
        return f"FL{level:03d}"
    return f"{limit.value_m:,g} m {limit.reference}"


def _ground(limit: Limit) -> Reference:
    return Reference.AGL if limit.reference is Reference.SFC else limit.reference


def _check_radius(radius_m: float, shape: Shape, where: str) -> None:
    if not 0 <= radius_m <= MAX_RADIUS_M:
        raise InputError(
            f"radius {radius_m:g} m is not between 0 and {MAX_RADIUS_M:g} m",
            remedy="give the radius in metres",
            where=where,
        )
    if radius_m == 0 and shape is not Shape.POLYGON:
        raise InputError(
            f"radius 0 leaves a {shape} without extent",
            remedy="give the radius that it occupies, in metres",
            where=where,
        )


def _check_limit(name: str, limit: Limit, where: str) -> None:
    lowest, highest = ALTITUDES_M
    if not lowest <= limit.value_m <= highest:
        raise InputError(
            f"the {name} altitude limit {limit.value_m:g} m is not between {lowest:g} and "
            f"{highest:g} m",
            remedy="correct the value or its units; leave the limit out if there is none",
            where=where,
        )
    if limit.reference is Reference.SFC and limit.value_m != 0:
        raise InputError(
            f"the {name} altitude limit is {limit.value_m:g} m from the surface (SFC)",
            remedy="use AGL for a height above the ground",
            where=where,
        )


def _check_counts(core: Core, where: str) -> None:
    count = sum(len(ring) for ring in core.rings)
    if count > MAX_VERTICES:
        raise LimitError(
            f"has {count:,} vertices, more than {MAX_VERTICES:,}",
            remedy="simplify the shape outward or split it",
            where=where,
        )
    least = {Shape.POINT: 1, Shape.POLYLINE: 2, Shape.POLYGON: 3}[core.shape]
    many_rings = core.shape is not Shape.POLYGON and len(core.rings) != 1
    if not core.rings or many_rings or any(len(ring) < least for ring in core.rings):
        raise InputError(
            f"has too few vertices for a {core.shape}",
            remedy=f"a {core.shape} needs at least {least}",
            where=where,
        )
    if core.shape is Shape.POINT and len(core.rings[0]) != 1:
        raise InputError("a Point has one position", remedy="use a LineString", where=where)


def _check_positions(ring: Ring, where: str) -> None:
    for number, (lon, lat) in enumerate(ring, 1):
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise InputError(
                f"vertex {number} is not a finite number",
                remedy="remove or correct it",
                where=where,
            )
        if not -90 <= lat <= 90:
            raise InputError(
                f"latitude {lat:g} at vertex {number} is not between -90 and 90",
                remedy="write longitude first, then latitude",
                where=where,
            )
        if not -540 <= lon <= 540:
            raise InputError(
                f"longitude {lon:g} at vertex {number} is not between -540 and 540",
                remedy="write degrees, continued past 180 only to cross the antimeridian",
                where=where,
            )


def _check_jumps(ring: Ring, core: Core, where: str) -> None:
    """A leap of more than half the world has two readings; neither is chosen here.

    Around a pole a ring of geodesics ends 360 degrees from where it began, so its closing edge is
    judged by ``_check_polygon`` and not here.
    """
    closed = core.shape is Shape.POLYGON and core.edges is Edges.STRAIGHT
    following = ring[1:] + ring[:1] if closed else ring[1:]
    for number, ((lon, _), (next_lon, _)) in enumerate(zip(ring, following, strict=False), 1):
        if abs(next_lon - lon) > 180:
            raise InputError(
                f"longitude jumps from {lon:g} to {next_lon:g} after vertex {number}",
                remedy="continue past ±180 (190, not -170) to cross the antimeridian, or add a "
                "vertex between to go the long way",
                where=where,
            )


def _check_polygon(core: Core, where: str) -> None:
    if core.edges is Edges.STRAIGHT:
        rings = [np.array(ring) for ring in core.rings]
        if np.ptp(rings[0][:, 0]) > 360:
            raise InputError(
                "is wider than the whole world", remedy="end it 360 degrees on", where=where
            )
    else:
        rings = _stereographic([_densified(ring) for ring in core.rings], where)
    polygon = shapely.Polygon(rings[0], rings[1:])
    if not shapely.is_valid(polygon):
        raise InputError(
            f"the polygon has no clear inside ({_plain(polygon, core.edges)})",
            remedy="correct the order of its vertices or draw it as several polygons",
            where=where,
        )


def _plain(polygon: shapely.Polygon, edges: Edges) -> str:
    reason = str(shapely.is_valid_reason(polygon))
    words, _, place = reason.partition("[")
    words = words.strip().lower().replace("self-intersection", "it crosses itself")
    if edges is Edges.GEODESIC or not place:
        return words
    lon, lat = (float(part) for part in place.rstrip("]").split()[:2])
    return f"{words} near {lat:.5f}, {lon:.5f}"


def _densified(ring: Ring) -> NDArray[np.float64]:
    """Positions (n, 2) along the closed ring's geodesics, at most 50 km apart."""
    points: list[tuple[float, float]] = []
    for (lon, lat), (next_lon, next_lat) in zip(ring, ring[1:] + ring[:1], strict=True):
        points.append((lon, lat))
        _, _, length_m = _WGS84.inv(lon, lat, next_lon, next_lat)
        pieces = math.ceil(length_m / _PIECE_M)
        if pieces > 1:
            points += _WGS84.npts(lon, lat, next_lon, next_lat, pieces - 1)
    return np.array(points)


def _stereographic(rings: list[NDArray[np.float64]], where: str) -> list[NDArray[np.float64]]:
    """Rings in the stereographic plane about the middle of the first."""
    unit = [_unit_vectors(ring) for ring in rings]
    middle = unit[0].mean(axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-6 or min(float((ring @ (middle / length)).min()) for ring in unit) <= 0:
        raise InputError(
            "a polygon of geodesics reaches round half the globe, so its inside is not known",
            remedy="draw it as several smaller polygons",
            where=where,
        )
    middle /= length
    east = np.cross(middle, np.eye(3)[int(np.argmin(np.abs(middle)))])
    east /= np.linalg.norm(east)
    axes = np.stack([east, np.cross(middle, east)], axis=1)
    return [(ring @ axes) / (1 + ring @ middle)[:, None] for ring in unit]


def _unit_vectors(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(positions[:, 0]), np.radians(positions[:, 1])
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)

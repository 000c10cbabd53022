"""One planned activity from its properties and its geometry, the same in GeoJSON, CSV and KML.

==================  ===========================================================================
``id``              required; unique within the party
``party``           the file's name stands in
``kind``            ``activity`` if missing; some kinds are areas (``volumes.areas``)
``radius_m``        required for Point and LineString; if missing 0 for a Polygon, 1 for a
                    LineString of the kind ``line``
``altitude_lower``  see ``formats.altitudes``; no limit on that side if missing
``altitude_upper``
``start``, ``end``  required; RFC 3339 with offset
``edges``           ``straight`` (RFC 7946, the default) or ``geodesic``
==================  ===========================================================================

A property that is not of this list is not used, and a note says so: a misspelt one would otherwise
be lost in silence.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from detente.errors import InputError
from detente.formats.altitudes import is_bare
from detente.formats.geometry import cores_of
from detente.formats.reading import Gathering
from detente.volumes import Activity, Band, Core, Edges, Limit, Shape, Volume
from detente.volumes.areas import Area, area_of
from detente.volumes.check import PARTY_PATTERN, check_party
from detente.volumes.times import parse_time_s

PROPERTIES = (
    "id",
    "party",
    "kind",
    "radius_m",
    "altitude_lower",
    "altitude_upper",
    "start",
    "end",
    "edges",
)

LINE_RADIUS_M = 1.0
"""A line that is crossed needs no width, and every polyline must have one."""

LimitReader = Callable[[object, str], Limit | None]


def activity_of(
    properties: Mapping[str, Any],
    geometry: object,
    gathering: Gathering,
    limit_of: LimitReader,
) -> Activity:
    """The activity of one feature or row; InputError if it cannot be used as it stands."""
    identifier = identifier_of(properties)
    if identifier is None:
        raise InputError("has no id", remedy="give it an id that is unique within its party")
    party = party_of(properties, gathering)
    edges = edges_of(properties.get("edges"))
    cores, heights = cores_of(geometry, edges)
    start_s, end_s = window_of(properties)
    band = Band(
        limit_of(properties.get("altitude_lower"), "altitude_lower"),
        limit_of(properties.get("altitude_upper"), "altitude_upper"),
    )
    note_bare_limits(properties, gathering)
    volumes = tuple(
        Volume(core, radius_m_of(properties, core), band, start_s, end_s) for core in cores
    )
    return Activity(party, identifier, kind_of(properties), volumes, _notes(band, heights))


def identifier_of(properties: Mapping[str, Any]) -> str | None:
    """The id as text, if there is one; whole numbers are taken as text."""
    value = properties.get("id")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return value if isinstance(value, str) and value else None


def label_of(properties: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Party and id as far as they can be read, to name an item that cannot be used."""
    party = properties.get("party")
    known = isinstance(party, str) and re.fullmatch(PARTY_PATTERN, party, re.ASCII)
    return party if known else None, identifier_of(properties)


def party_of(properties: Mapping[str, Any], gathering: Gathering) -> str:
    """The party named, or the one that the file's name stands for."""
    value = properties.get("party")
    if value is None or value == "":
        return gathering.party_of_file()
    if not isinstance(value, str):
        raise InputError("party is not a word", remedy="write the party's id, say us")
    return check_party(value)


def kind_of(properties: Mapping[str, Any]) -> str:
    """The kind named, or ``activity``."""
    kind = properties.get("kind")
    if kind is not None and not isinstance(kind, str):
        raise InputError("kind is not a word", remedy="write, say, surveillance")
    return kind or "activity"


def window_of(properties: Mapping[str, Any]) -> tuple[float, float]:
    """Start and end in POSIX seconds; both must be there."""
    return (
        parse_time_s(_text(properties, "start"), where="start"),
        parse_time_s(_text(properties, "end"), where="end"),
    )


def _text(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if value is None or value == "":
        raise InputError(
            f"has no {name}", remedy=f"add {name}, a time such as 2026-11-22T08:00:00Z"
        )
    if not isinstance(value, str):
        raise InputError(f"{name} is not text", remedy="write it as in 2026-11-22T08:00:00Z")
    return value


def edges_of(value: object) -> Edges:
    """What joins its vertices; straight lines if nothing is said."""
    if value is None or value == "":
        return Edges.STRAIGHT
    if isinstance(value, str) and value in ("straight", "geodesic"):
        return Edges(value)
    raise InputError("edges is neither straight nor geodesic", remedy="use one of them")


def radius_m_of(properties: Mapping[str, Any], core: Core) -> float:
    """Metres around a core; if nothing is said 0 for a polygon, 1 for what is to be crossed."""
    value = properties.get("radius_m")
    if value is None:
        if core.shape is Shape.POLYGON:
            return 0.0
        if core.shape is Shape.POLYLINE and area_of(kind_of(properties)) is Area.LINE:
            return LINE_RADIUS_M
        raise InputError(
            f"a {core.shape} has no radius_m", remedy="add radius_m, the metres it occupies around"
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("radius_m is not a number", remedy="write metres, without a unit")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def number_of_text(text: str, name: str) -> float | None:
    """The number in a CSV cell, None if it is empty."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", text, re.A):
        raise InputError(f"{name} {text[:40]!r} is not a number", remedy="write it as in 9260.0")
    return float(text)


def _notes(band: Band, heights: bool) -> tuple[str, ...]:
    notes = [*band_notes(band)]
    if heights:
        notes.append("the third value of its positions is not used: altitudes are in properties")
    return tuple(notes)


def note_bare_limits(properties: Mapping[str, Any], gathering: Gathering) -> None:
    """Remember the limits, already read, that are numbers alone."""
    for name in ("altitude_lower", "altitude_upper"):
        value = properties.get(name)
        if is_bare(value):
            gathering.read_as_metres(f"{name} {str(value).strip()[:40]}")


def band_notes(band: Band) -> tuple[str, ...]:
    """What to say of limits that are missing."""
    if band.lower is None and band.upper is None:
        return ("no altitude limits are given: all altitudes",)
    if band.lower is None:
        return ("no lower altitude limit is given: everything below the upper",)
    if band.upper is None:
        return ("no upper altitude limit is given: everything above the lower",)
    return ()

"""Altitude limits as files write them: a value, its units and what it is measured from.

==============================================  =========================================
in GeoJSON                                      in a CSV cell
==============================================  =========================================
``1500`` (metres above the WGS84 ellipsoid)     ``1500``
``{"value":5000,"units":"FT","reference":"MSL"}``  the same JSON, or ``5000 FT MSL``
``{"value":240,"units":"FL"}`` (implies STD)    ``FL240``
``{"value":0,"units":"M","reference":"SFC"}``   ``SFC``
``null`` or missing: no limit                   an empty cell, or ``UNL``
==============================================  =========================================

A number alone is metres above WGS84, and a note for each file says so. Beside that, units and
reference are never guessed: 5000 may be feet or metres, above the sea or the ground, and the four
readings lie more than a mile apart.
"""

import json
import math
import re
from typing import Any

from detente.errors import InputError
from detente.volumes import Limit, Reference
from detente.volumes.units import FT_M, flight_level_m

_REFERENCES = "W84 (ellipsoid), MSL (sea), STD (1013.25 hPa), AGL (ground) or SFC (surface)"
_REMEDY = "write metres above WGS84 as a number, or {value, units: M|FT|FL, reference}"
_COMPACT = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)\s*([A-Z]*)\s*([A-Z0-9]*)", re.ASCII)
_FLIGHT_LEVEL = re.compile(r"FL\s*(\d{1,3})", re.ASCII)


def limit_of_json(value: object, name: str) -> Limit | None:
    """The limit of a JSON value; ``name`` is the property that holds it."""
    if value is None:
        return None
    if isinstance(value, dict):
        return _limit_of_object(value, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name} is neither a number nor an object", remedy=_REMEDY)
    return Limit(_finite(value, name), Reference.W84)


def limit_of_text(text: str, name: str) -> Limit | None:
    """The limit of a CSV cell, as JSON or in the compact notation."""
    text = text.strip().upper()
    if text in ("", "UNL"):
        return None
    if text.startswith("{"):
        return limit_of_json(_json_of(text, name), name)
    if text in ("SFC", "GND"):
        return Limit(0.0, Reference.SFC)
    if level := _FLIGHT_LEVEL.fullmatch(text):
        return Limit(flight_level_m(int(level[1])), Reference.STD)
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise InputError(
            f"{name} {text[:40]!r} is not an altitude", remedy="write it as 5000 FT MSL or FL240"
        )
    number, units, reference = match.groups()
    if not units and not reference:
        return Limit(_finite(float(number), name), Reference.W84)
    if units in Reference.__members__ and not reference:
        units, reference = "", units
    return _limit_of_object(
        {"value": float(number), "units": units or None, "reference": reference or None}, name
    )


def is_bare(value: object) -> bool:
    """Whether a limit that could be read, of JSON or a cell, is a number alone."""
    if isinstance(value, str):
        match = _COMPACT.fullmatch(value.strip().upper())
        return match is not None and not (match[2] or match[3])
    return isinstance(value, int | float)


def _json_of(text: str, name: str) -> object:
    try:
        # The keys were turned to capitals with the rest of the cell.
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} {text[:40]!r} is not JSON", remedy=_REMEDY) from error
    if not isinstance(value, dict):
        return value
    return {str(key).lower(): part for key, part in value.items()}


def _limit_of_object(value: dict[str, Any], name: str) -> Limit:
    units = _word(value.get("units"), f"{name}: units")
    reference = _word(value.get("reference"), f"{name}: reference")
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError(f"{name} has no numeric value", remedy=_REMEDY)
    amount = _finite(number, name)
    if units == "":
        raise InputError(f"{name} has no units", remedy="add units: M, FT or FL")
    if units == "FL":
        if reference not in ("", "STD"):
            raise InputError(
                f"{name} is a flight level measured from {reference!r}",
                remedy="a flight level is always STD; use FT for other references",
            )
        return Limit(flight_level_m(amount), Reference.STD)
    if units not in ("M", "FT"):
        raise InputError(f"{name} has units {units[:20]!r}", remedy="use M, FT or FL")
    if reference == "":
        raise InputError(f"{name} has no reference", remedy=f"add reference: {_REFERENCES}")
    if reference not in Reference.__members__:
        raise InputError(f"{name} has reference {reference[:20]!r}", remedy=f"use {_REFERENCES}")
    return Limit(amount * (FT_M if units == "FT" else 1.0), Reference[reference])


def _word(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{name} is not a word", remedy=_REMEDY)
    return value.strip().upper()


def _finite(number: float, name: str) -> float:
    try:
        amount = float(number)
    except OverflowError:
        amount = math.inf
    if not math.isfinite(amount):
        raise InputError(f"{name} is not a finite number", remedy="leave it out if unlimited")
    return amount

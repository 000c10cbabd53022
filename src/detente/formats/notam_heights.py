"""Items F and G of a NOTAM: lower and upper limit.

::

    F) SFC  G) 3000FT AMSL      F) FL100  G) FL240      F) 500M AGL  G) UNL

Without them only the flight levels of the Q line are left. Those are for sorting: rounded to
hundreds of feet, and the same number whether the limit was a flight level or an altitude above the
sea. The band taken then holds both readings at any air pressure (bounds of ``volumes.datums``).
"""

import re

from detente.errors import InputError
from detente.volumes import Band, Limit, Reference
from detente.volumes.datums import SEA_LEVEL_STD_M, THICKNESS
from detente.volumes.units import FT_M, flight_level_m

_LEVEL = re.compile(r"FL ?([0-9]{2,3})", re.ASCII)
_HEIGHT = re.compile(r"([0-9]{1,6}) ?(FT|M) ?(AMSL|MSL|AGL|ASFC)", re.ASCII)
_REFERENCES = {
    "AMSL": Reference.MSL,
    "MSL": Reference.MSL,
    "AGL": Reference.AGL,
    "ASFC": Reference.AGL,
}


def band_of(f: str, g: str, q_lower: int, q_upper: int) -> tuple[Band, tuple[str, ...]]:
    """The band of items F and G (empty text where there is none) or of the Q line's flight
    levels; and notes on what was assumed. InputError for limits that cannot be read."""
    if not f and not g:
        note = (
            f"no items F and G: the Q line's levels {q_lower:03d} to {q_upper:03d}, widened "
            "because they may be altitudes or flight levels"
        )
        return Band(_lowest(q_lower), _highest(q_upper)), (note,)
    if not f or not g:
        raise InputError(
            "has only one of the items F and G", remedy="look the other up in the NOTAM"
        )
    return Band(_limit(f, "F"), _limit(g, "G")), ()


def _limit(text: str, item: str) -> Limit | None:
    text = " ".join(text.upper().split())
    if text in ("SFC", "GND"):
        return Limit(0.0, Reference.SFC)
    if text in ("UNL", "UNLTD"):
        return None
    if level := _LEVEL.fullmatch(text):
        return Limit(flight_level_m(int(level[1])), Reference.STD)
    if height := _HEIGHT.fullmatch(text):
        unit_m = FT_M if height[2] == "FT" else 1.0
        return Limit(int(height[1]) * unit_m, _REFERENCES[height[3]])
    raise InputError(
        f"item {item} {text[:40]!r} is not a limit with unit and reference",
        remedy="write it as SFC, FL100, 3000FT AMSL, 500M AGL or UNL",
    )


def _lowest(level: int) -> Limit | None:
    if level == 0:
        return None
    value_m = flight_level_m(level)
    as_altitude_m = SEA_LEVEL_STD_M[0] + value_m / THICKNESS[1]
    return Limit(min(value_m, as_altitude_m), Reference.STD)


def _highest(level: int) -> Limit | None:
    if level == 999:
        return None
    value_m = flight_level_m(level)
    as_altitude_m = SEA_LEVEL_STD_M[1] + value_m / THICKNESS[0]
    return Limit(max(value_m, as_altitude_m), Reference.STD)

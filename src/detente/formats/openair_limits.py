"""Floor and ceiling of an OpenAir airspace: the records AL and AH.

::

    AL GND   AL SFC   AL 1500ft AGL   AL 300m ASFC   AH 3500ft MSL   AH 4500 FT AMSL
    AH FL195   AH 10000ft STD   AH UNL

OpenAir never said what a number without a unit or without a reference means, and files have both.
Neither is guessed: a number without a unit makes the band hold feet and metres, and a limit without
a reference leaves the band open on its side. A note says so.
"""

import re

from detente.errors import InputError
from detente.volumes import Band, Limit, Reference
from detente.volumes.units import FT_M, flight_level_m

_LEVEL = re.compile(r"FL ?([0-9]{1,3})", re.ASCII)
_HEIGHT = re.compile(
    r"([+-]?[0-9]{1,6}(?:\.[0-9]{1,3})?) ?(FT|M)? ?(AMSL|MSL|ALT|STD|AAGL|AGL|ASFC|SFC|GND)?",
    re.ASCII,
)
_REFERENCES = {
    "AMSL": Reference.MSL,
    "MSL": Reference.MSL,
    "ALT": Reference.MSL,
    "STD": Reference.STD,
    "AGL": Reference.AGL,
    "AAGL": Reference.AGL,
    "ASFC": Reference.AGL,
    "SFC": Reference.AGL,
    "GND": Reference.AGL,
}


def band_of(floor: str | None, ceiling: str | None) -> tuple[Band, tuple[str, ...]]:
    """The band of the texts of AL and AH (None if there is no such record), and notes on what had
    to be assumed; InputError for a limit that cannot be read."""
    notes: list[str] = []
    lower = _limit(floor, "AL", notes)
    upper = _limit(ceiling, "AH", notes)
    return Band(lower, upper), tuple(notes)


def _limit(text: str | None, record: str, notes: list[str]) -> Limit | None:
    side = "lower" if record == "AL" else "upper"
    if text is None:
        notes.append(f"no {record} is given: no {side} limit is taken")
        return None
    text = " ".join(text.upper().split())
    if text in ("GND", "SFC"):
        return Limit(0.0, Reference.SFC)
    if text in ("UNL", "UNLIM", "UNLIMITED", "UNLTD") and record == "AH":
        return None
    if level := _LEVEL.fullmatch(text):
        return Limit(flight_level_m(int(level[1])), Reference.STD)
    height = _HEIGHT.fullmatch(text)
    if height is None:
        raise InputError(
            f"{record} {text[:40]!r} is not one limit",
            remedy="write it as GND, 1500ft AGL, 3500ft MSL, FL195 or (AH) UNL",
        )
    number, unit, reference = float(height[1]), height[2], height[3]
    if reference is None:
        notes.append(f"{record} has no reference (AGL, MSL): no {side} limit is taken")
        return None
    readings_m = (number * FT_M, number)
    if unit is None:
        notes.append(f"{record} has no unit: the {side} limit holds feet and metres")
        value_m = min(readings_m) if record == "AL" else max(readings_m)
    else:
        value_m = readings_m[0] if unit == "FT" else readings_m[1]
    return Limit(value_m, _REFERENCES[reference])

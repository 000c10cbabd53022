"""Lengths, altitudes, durations and speeds as people write them: a number *and* its unit.

A number without a unit is refused, never guessed: 1000 ft read as 1000 m is how aircraft meet.
The factors are exact by definition (international foot and mile, 1959; international nautical
mile, 1929; flight level in hundreds of feet of pressure altitude, ICAO Annex 2).

::

    5NM  9260m  9.26km  1000ft  3mi        600s  10min  1h  1.5 h  3 h 51 min        200kt  90 m/s
"""

import math
import re

from detente.errors import InputError

FT_M = 0.3048
NM_M = 1852.0
MI_M = 1609.344
FL_M = 100 * FT_M

LENGTH_UNITS_M = {"m": 1.0, "km": 1000.0, "ft": FT_M, "NM": NM_M, "mi": MI_M}
SPEED_UNITS_MPS = {"m/s": 1.0, "km/h": 1000.0 / 3600.0, "kt": NM_M / 3600.0}
DURATION_UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

_QUANTITY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})\s*([A-Za-z/]+)?", re.ASCII)
_HOURS_AND_MINUTES = re.compile(r"([0-9]{1,4})\s*h\s+([0-5]?[0-9])\s*min", re.ASCII | re.IGNORECASE)


def parse_length_m(text: str, *, where: str = "") -> float:
    """Metres of a length such as ``5NM``, ``1000 ft`` or ``9.26km``; never negative.

    ``where`` names the option or field in the error. Units are read without regard to case.
    """
    return _parse(text, LENGTH_UNITS_M, "length", "5NM", where)


def parse_duration_s(text: str, *, where: str = "") -> float:
    """Seconds of a duration such as ``10min``, ``600 s``, ``1h`` or ``3 h 51 min``."""
    both = _HOURS_AND_MINUTES.fullmatch(text.strip()[:64])
    if both is not None:
        return 3600.0 * int(both[1]) + 60.0 * int(both[2])
    return _parse(text, DURATION_UNITS_S, "duration", "10min", where)


def parse_speed_mps(text: str, *, where: str = "") -> float:
    """Metres per second of a speed such as ``200kt``, ``360 km/h`` or ``90 m/s``."""
    return _parse(text, SPEED_UNITS_MPS, "speed", "200kt", where)


def flight_level_m(level: float) -> float:
    """Metres of pressure altitude (reference STD) of a flight level."""
    return level * FL_M


def _parse(text: str, units: dict[str, float], what: str, example: str, where: str) -> float:
    remedy = f"write a number and a unit ({', '.join(units)}), for example {example}"
    match = _QUANTITY.fullmatch(text.strip()[:64])
    if match is None:
        raise InputError(f"{text[:40]!r} is not a {what}", remedy=remedy, where=where)
    number, unit = match.groups()
    if unit is None:
        raise InputError(f"{text[:40]!r} has no unit", remedy=remedy, where=where)
    factor = {name.lower(): value for name, value in units.items()}.get(unit.lower())
    if factor is None:
        raise InputError(f"{unit[:40]!r} is not a unit of {what}", remedy=remedy, where=where)
    value = float(number) * factor
    assert math.isfinite(value)
    assert value >= 0
    return value

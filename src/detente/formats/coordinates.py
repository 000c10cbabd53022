"""Coordinates as aeronautical text writes them.

::

    3412N06912E           degrees and minutes
    341200N0691200E       … and seconds
    341200.5N0691200.5E   … with decimals of the last part
    3412N 06912E, 3412N/06912E, 341200N-0691200E
    N3412 E06912, N341200 E0691200, N34 12 00 E069 12 00
    34 12 00N 069 12 00E, 34-12-00N 069-12-00E, 34°12'00"N 069°12'00"E
    34.2000N 069.2000E    degrees with decimals

Latitude comes first and has two digits of degrees, longitude three; anything else is not a
coordinate here, because a digit too few moves a danger area by ten degrees.
"""

import re
from collections.abc import Iterator

import msgspec

from detente.errors import InputError
from detente.volumes import Position

_SIGNS = "°'’′\"”″"
_GAP = rf"[ {_SIGNS}:-]{{0,2}}"


def _angle(degrees: int) -> str:
    minutes = rf"{_GAP}[0-9]{{2}}"
    return rf"[0-9]{{{degrees}}}(?:{minutes}(?:{minutes})?)?(?:\.[0-9]{{1,6}})?[{_SIGNS}]?"


_BETWEEN = r"[ ,/-]{0,3}"
_AFTER = rf"(?P<lat_a>{_angle(2)}) ?(?P<ns_a>[NS]){_BETWEEN}(?P<lon_a>{_angle(3)}) ?(?P<ew_a>[EW])"
_BEFORE = rf"(?P<ns_b>[NS]) ?(?P<lat_b>{_angle(2)}){_BETWEEN}(?P<ew_b>[EW]) ?(?P<lon_b>{_angle(3)})"
_COORDINATE = re.compile(rf"(?<![A-Z0-9.])(?:{_AFTER}|{_BEFORE})(?![A-Z0-9])", re.ASCII)


class Found(msgspec.Struct, frozen=True):
    """A coordinate and where in the text it stands."""

    position: Position
    start: int
    end: int


def coordinates_in(text: str) -> Iterator[Found]:
    """Every coordinate in a text in capitals; InputError for one that cannot be on Earth."""
    for match in _COORDINATE.finditer(text):
        parts = match.groupdict()
        form = "a" if parts["lat_a"] else "b"
        lat = _degrees(parts[f"lat_{form}"], 2, match[0])
        lon = _degrees(parts[f"lon_{form}"], 3, match[0])
        if lat > 90 or lon > 180:
            raise InputError(
                f"{match[0]!r} is not on Earth", remedy="write latitude, then longitude"
            )
        south, west = parts[f"ns_{form}"] == "S", parts[f"ew_{form}"] == "W"
        position = (-lon if west else lon, -lat if south else lat)
        yield Found(position, match.start(), match.end())


def _degrees(text: str, degree_digits: int, whole: str) -> float:
    """Degrees of digits such as 3412, 341200.5 or 34.2; the decimals belong to the last part."""
    digits, _, decimals = re.sub(r"[^0-9.]", "", text).partition(".")
    parts = [digits[:degree_digits]]
    parts += [digits[at : at + 2] for at in range(degree_digits, len(digits), 2)]
    values = [float(part) for part in parts]
    values[-1] += float(f"0.{decimals}") if decimals else 0.0
    if any(value >= 60 for value in values[1:]):
        raise InputError(f"{whole!r} has 60 minutes or seconds or more", remedy="correct it")
    return sum((value / 60.0**power for power, value in enumerate(values)), 0.0)

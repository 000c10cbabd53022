"""What officers type about people, equipment, places and hours, one to a row, and how it reads.

::

    4 observer                                      4 of that role; never a name
    Khujand airfield; 40.2100N 069.6900E; 5 km      a circle; the name alone, if no more is known
    02:00-14:00                                     hours of the day, UTC

An empty field is nothing said. In a form for limits it means *as asked*, and ``none`` means none.
"""

import re
from typing import Any

from detente.console.positions import read_positions
from detente.errors import InputError
from detente.volumes.units import parse_length_m

Json = dict[str, Any]
NONE = "none"
_COUNTED = re.compile(r"(\d{1,6})\s*[x×]?\s+(\S.*)")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})", re.ASCII)


def counted(text: str, name: str, what: str) -> list[Json] | None:
    """``4 observer`` per row as ``{"role": "observer", "count": 4}``; None if nothing is said."""
    rows = _rows(text)
    if rows is None:
        return None
    found = []
    for row in rows:
        match = _COUNTED.fullmatch(row)
        if match is None:
            raise InputError(
                f"{row[:60]!r} is not a number and a {name}",
                where=what,
                remedy=f"write one {name} to a row, the number first: 4 observer",
            )
        found.append({name: match[2].strip(), "count": int(match[1])})
    return found


def places(text: str) -> list[Json] | None:
    """A place per row: its name, and where stated a position and a radius."""
    rows = _rows(text)
    return None if rows is None else [_place(row) for row in rows]


def hours(text: str) -> list[list[float]] | None:
    """Spans of the day, one to a row or parted by commas."""
    rows = _rows(text.replace(",", "\n"))
    if rows is None:
        return None
    found = []
    for row in rows:
        match = _SPAN.fullmatch(row)
        if match is None or int(match[2]) > 59 or int(match[4]) > 59:
            raise InputError(
                f"{row[:40]!r} is not a span of hours",
                where="hours",
                remedy="write it as 02:00-14:00, UTC",
            )
        found.append([int(match[1]) + int(match[2]) / 60, int(match[3]) + int(match[4]) / 60])
    return found


def _rows(text: str) -> list[str] | None:
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    if not rows:
        return None
    return [] if [row.casefold() for row in rows] == [NONE] else rows


def _place(row: str) -> Json:
    name, *more = (part.strip() for part in row.split(";"))
    if not more:
        return {"name": name}
    if len(more) != 2:
        raise InputError(
            f"{row[:60]!r} is not a place",
            where="places",
            remedy="write name; position; radius, as in Khujand; 40.21N 069.69E; 5 km",
        )
    [position] = _one_position(more[0], row)
    core = {"type": "Point", "coordinates": list(position), "edges": "geodesic"}
    return {"name": name, "core": core, "radius_m": parse_length_m(more[1], where="places")}


def _one_position(text: str, row: str) -> list[tuple[float, float]]:
    found = list(read_positions(text))
    if len(found) != 1:
        raise InputError(
            f"{row[:60]!r} has {len(found)} positions",
            where="places",
            remedy="give one; what is no circle is asked for by a file: `detente permission`",
        )
    return found

"""The window of a TimeSpan or a TimeStamp (OGC KML 2.3, 15; XML Schema dates).

::

    2021-08-09T04:00:00Z   2021-08-09T08:30:00+04:30   2021-08-09T04:00:00
    2021-08-09             2021-08                     2021

A day, a month or a year is the whole of it. A time without a zone could be in any: it is taken in
every zone at once, from 14 hours before UTC to 12 hours after, so that it holds whichever is meant.
A side that is missing is open.
"""

import re
from datetime import UTC, datetime

from detente.errors import InputError
from detente.formats.kml_element import Element
from detente.formats.reading import ALWAYS_S
from detente.volumes.times import parse_time_s

EASTERNMOST_S = 14 * 3600.0
"""The zone whose clocks are first, UTC+14."""
WESTERNMOST_S = 12 * 3600.0
"""The zone whose clocks are last, UTC-12."""

_VALUE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})(?P<clock>T[0-9:.]+)?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_REMEDY = "write it as in 2021-08-09T04:00:00Z"


def window_of(time: Element) -> tuple[float, float, tuple[str, ...]]:
    """Start and end in POSIX seconds, and notes on what was assumed."""
    if time.name == "TimeStamp":
        begin = end = time.text_of("when")
    else:
        begin, end = time.text_of("begin"), time.text_of("end")
    if not begin and not end:
        raise InputError(f"its {time.name} has no time in it", remedy=_REMEDY)
    notes: list[str] = []
    start_s = _bounds_s(begin, notes)[0] if begin else ALWAYS_S[0]
    end_s = _bounds_s(end, notes)[1] if end else ALWAYS_S[1]
    if not begin or not end:
        notes.append("its TimeSpan is open on one side: taken as active always on that side")
    return start_s, end_s, tuple(dict.fromkeys(notes))


def _bounds_s(text: str, notes: list[str]) -> tuple[float, float]:
    """The earliest and the latest moment that is meant."""
    match = _VALUE.fullmatch(text) if len(text) <= 64 else None
    if match is None:
        raise InputError(f"{text[:40]!r} is not a time", remedy=_REMEDY)
    zone = match["zone"]
    if match["clock"]:
        moment = text if zone else f"{text}Z"
        earliest_s = latest_s = parse_time_s(moment, where="TimeSpan")
    else:
        year = int(match["year"])
        month = int(match["month"]) if match["month"] else None
        day = int(match["day"]) if match["day"] else None
        earliest_s = _midnight_s(year, month or 1, day or 1, zone)
        if day:
            latest_s = earliest_s + 86_400
        elif month:
            latest_s = _midnight_s(year + month // 12, month % 12 + 1, 1, zone)
        else:
            latest_s = _midnight_s(year + 1, 1, 1, zone)
    if zone is None:
        notes.append("its times have no zone: they are taken in every zone at once")
        earliest_s, latest_s = earliest_s - EASTERNMOST_S, latest_s + WESTERNMOST_S
    return earliest_s, latest_s


def _midnight_s(year: int, month: int, day: int, zone: str | None) -> float:
    try:
        date = datetime(year, month, day, tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError as error:
        raise InputError(f"{year:04}-{month:02}-{day:02} is no day", remedy=_REMEDY) from error
    return parse_time_s(f"{date}T00:00:00{zone or 'Z'}", where="TimeSpan")

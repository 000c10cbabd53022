"""Instants: RFC 3339 outside, POSIX seconds inside.

::

    2026-11-22T08:00:00Z   2026-11-22T08:00:00.123Z   2026-11-22T09:30:00+01:30

``read_time_s`` reads what is signed, hashed or sent between parties. That has one spelling, the
protocol's (section 1): were another taken, two nodes would differ in what is void. ``format_time``
writes it. ``parse_time_s`` reads what people and files say, in whichever spelling of RFC 3339. A
time without an offset is refused: "08:00" read in the wrong zone is hours away. A leap second
(``23:59:60`` UTC on the last day of a month) is the second after, as POSIX counts it. Fractions are
read to a nanosecond and written to a millisecond at most; whoever writes a window rounds it outward
first, with ``floor_ms`` and ``ceil_ms``.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from detente.errors import InputError

YEARS = (1900, 2200)
"""First year accepted and the first no longer accepted: farther is a mistake of units."""

_MIN_S = datetime(YEARS[0], 1, 1, tzinfo=UTC).timestamp()
_MAX_S = datetime(YEARS[1], 1, 1, tzinfo=UTC).timestamp()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REMEDY = "write it as in 2026-11-22T08:00:00Z or 2026-11-22T09:30:00+01:30"

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-])(\d\d):(\d\d))?",
    re.ASCII,
)

_RECORDED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,3})?Z", re.ASCII)


class TimeReader(Protocol):
    """``read_time_s`` or ``parse_time_s``: POSIX seconds of a text, or InputError at ``where``."""

    def __call__(self, text: str, *, where: str = "") -> float: ...


def read_time_s(text: str, where: str = "") -> float:
    """POSIX seconds of a time as the protocol writes it, to the millisecond."""
    if not _RECORDED.fullmatch(text):
        raise InputError(
            f"{text[:40]!r} is not a time in UTC such as 2026-11-22T08:00:00.123Z",
            remedy="write it with T and Z as capitals and at most three digits of the second's "
            "fraction",
            where=where,
        )
    return parse_time_s(text, where=where)


def parse_time_s(text: str, *, where: str = "") -> float:
    """POSIX seconds of an RFC 3339 date-time, as people and files write it, with its offset."""
    match = _RFC3339.fullmatch(text.strip()) if len(text) <= 64 else None
    if match is None:
        raise InputError(f"{text[:40]!r} is not a time", remedy=_REMEDY, where=where)
    zulu, sign, hours, minutes = match.group(8, 9, 10, 11)
    if zulu is None and sign is None:
        raise InputError(
            f"{text[:40]!r} has no offset from UTC", remedy="add Z or, say, +04:30", where=where
        )
    offset_s = 0 if zulu else _offset_s(sign, int(hours), int(minutes), text, where)
    year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
    leap = second == 60
    try:
        read = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
        instant = read - timedelta(seconds=offset_s)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text!r} is no such instant", remedy=_REMEDY, where=where) from error
    if leap and not _may_leap(instant):
        raise InputError(
            f"{text!r} has a leap second where there can be none",
            remedy="leap seconds end the last UTC day of a month; correct the time",
            where=where,
        )
    whole_s = (instant - _EPOCH) // timedelta(seconds=1) + leap
    # Whole numbers divided once give the float nearest to what was written.
    ns = int((match.group(7) or ".0")[1:].ljust(9, "0"))
    return check_time_s((whole_s * 10**9 + ns) / 10**9, where=where)


def check_time_s(seconds: float, *, where: str = "") -> float:
    """The same seconds, if they are an instant between the years 1900 and 2200."""
    if not (_MIN_S <= seconds < _MAX_S):
        raise InputError(
            f"the time {seconds!r} s lies outside the years {YEARS[0]} to {YEARS[1]}",
            remedy="correct the year, or the unit if it was given as a number",
            where=where,
        )
    return seconds


def within_calendar_s(seconds: float) -> float:
    """The nearest instant between the years 1900 and 2200, to the millisecond.

    For instants that are computed from two others, a margin or an offset away from them: they must
    not fail because those lie at the calendar's edge.
    """
    return min(max(seconds, _MIN_S), _MAX_S - 0.001)


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC, rounded to the nearest millisecond, which is shown only when not zero."""
    ms = round(check_time_s(seconds) * 1000)
    # The last half millisecond of the calendar is rounded out of it, and nobody could read that.
    check_time_s(ms / 1000)
    text = (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


def floor_ms(seconds: float) -> float:
    """The last whole millisecond not after ``seconds``."""
    ms = _near_ms(seconds)
    return math.floor(ms) / 1000


def ceil_ms(seconds: float) -> float:
    """The first whole millisecond not before ``seconds``."""
    ms = _near_ms(seconds)
    return math.ceil(ms) / 1000


def _near_ms(seconds: float) -> float:
    # A float holds today's seconds to a quarter of a microsecond. What lies within a microsecond
    # of a millisecond is that millisecond; otherwise every trip to text and back would grow.
    ms = seconds * 1000
    return round(ms) if abs(ms - round(ms)) < 1e-3 else ms


def _offset_s(sign: str, hours: int, minutes: int, text: str, where: str) -> int:
    if hours > 23 or minutes > 59:
        raise InputError(f"{text!r} has an impossible offset", remedy=_REMEDY, where=where)
    return (hours * 3600 + minutes * 60) * (-1 if sign == "-" else 1)


def _may_leap(instant: datetime) -> bool:
    last_second = (instant.hour, instant.minute) == (23, 59)
    return last_second and (instant + timedelta(seconds=1)).day == 1

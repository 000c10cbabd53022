"""Item D of a NOTAM: the hours within B and C at which it holds (Doc 8126, chapter 6; OPADD).

::

    DAILY 0700-1500 EXC SAT SUN              H24
    MON-FRI 2200-0400                        0700-1100 1300-1500
    JAN 12 0900-1600, 13 0700-1800 AND 14-18 0700-1600
    09 10 12 H24                             days of the month of B and C
    JAN 30 1000-FEB 02 1600                  without a break from the one to the other

All times are UTC. Days are those on which a period *begins*: one that ends no later than it begins
ends on the day after. 2359 stands for midnight, as H24 is often written 0000-2359. Every period is
cut to B and C.

Whether ``2100-0600 EXC WED`` leaves out the night that begins on Wednesday, or everything between
two midnights, is nowhere said. Only what both readings leave out is left out: Wednesday from 2100
to midnight. ``EXC`` after several groups of days is taken to belong to the last, which leaves out
the least.

Sunrise, sunset, holidays, days of two kinds mixed, days without hours, and dates outside B and C
make the schedule unclear.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from detente.errors import InputError
from detente.formats.notam_area import Unclear

MAX_PERIODS = 1_000
"""Periods of one NOTAM."""
MAX_DAYS = 366
"""Days from B to C; a NOTAM lasts three months (Annex 15, 6.3.2.2)."""
MAX_CHARACTERS = 1_000
"""Characters of item D; 200 are allowed (OPADD)."""

Window = tuple[float, float]
"""POSIX seconds from and to."""

_WORD = re.compile(r"[0-9]{4}(?![0-9])|[0-9]{1,2}(?![0-9])|[A-Z]+[0-9]*|[-,.:;]", re.ASCII)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAILY = ("DAILY", "DLY")
_JOINTS = (",", ".", ";", "AND")
_DAY_S = 86_400
_DAY_MIN = 24 * 60


def periods_of(text: str, start_s: float, end_s: float) -> tuple[Window, ...] | Unclear:
    """The periods of item D between B and C in order, none touching the next; or why not."""
    try:
        if len(text) > MAX_CHARACTERS:
            raise _unclear(f"has more than {MAX_CHARACTERS:,} characters")
        if end_s - start_s > MAX_DAYS * _DAY_S:
            raise _unclear(f"belongs to more than {MAX_DAYS} days from B to C")
        reader = _Schedule(_words(text.upper()), start_s, end_s)
        periods = _merged(reader.read())
    except InputError as error:
        return Unclear(f"its schedule (item D) {error.message}")
    if len(periods) > MAX_PERIODS:
        return Unclear(f"its schedule (item D) has more than {MAX_PERIODS:,} periods")
    return tuple(periods)


def _unclear(what: str) -> InputError:
    return InputError(what, remedy="look the hours up in the NOTAM")


def _words(text: str) -> list[str]:
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _WORD.match(text, at)
        if match is None:
            raise _unclear(f"has {text[at : at + 12]!r}")
        words.append(match[0])
        at = match.end()
    return words


def _merged(windows: Iterable[Window]) -> list[Window]:
    merged: list[Window] = []
    for start_s, end_s in sorted(windows):
        if merged and start_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
        else:
            merged.append((start_s, end_s))
    return merged


class _Schedule:
    """Reads words from left to right; a month, once named, holds for the days after it."""

    def __init__(self, words: list[str], start_s: float, end_s: float) -> None:
        self._words = words
        self._at = 0
        self._start_s, self._end_s = start_s, end_s
        first = datetime.fromtimestamp(start_s, UTC).date()
        last = datetime.fromtimestamp(end_s, UTC).date()
        self._one_month = (first.year, first.month) == (last.year, last.month)
        self._month = first.month if self._one_month else 0
        # A night that began on the eve of B may reach into it.
        eve = first - timedelta(days=1)
        self._dates = [eve + timedelta(days=n) for n in range((last - eve).days + 1)]
        self._kinds: set[str] = set()
        self._latest = date.min

    def read(self) -> list[Window]:
        """Every period, cut to B and C, in no order."""
        groups: list[list[Window]] = []
        while self._peek():
            if self._skip(*_JOINTS):
                continue
            if self._skip("EXC"):
                if not groups:
                    raise _unclear("excepts days from none")
                groups[-1] = _without(groups[-1], self._excepted())
            else:
                groups.append(self._group(first=not groups))
        windows = [window for group in groups for window in group]
        cut = [self._cut(window) for window in windows]
        found = [(start_s, end_s) for start_s, end_s in cut if start_s < end_s]
        if not found:
            raise _unclear("has no hour between B and C")
        if "date" in self._kinds and len(found) < len(windows):
            raise _unclear("names a day that is not between B and C")
        return found

    def _cut(self, window: Window) -> Window:
        return max(window[0], self._start_s), min(window[1], self._end_s)

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else ""

    def _skip(self, *words: str) -> bool:
        if self._peek() not in words:
            return False
        self._at += 1
        return True

    def _group(self, *, first: bool) -> list[Window]:
        """Days and their hours, as windows that begin on them."""
        if self._is_day() and (unbroken := self._unbroken()):
            return [unbroken]
        days = self._days()
        if days is None:
            if not first or not self._is_hours():
                raise _unclear(f"has {self._peek()!r}" if self._peek() else "ends too early")
            days = self._daily()
        if len(self._kinds) > 1:
            raise _unclear("mixes dates, weekdays and every day")
        self._skip(":")
        hours = self._hours()
        return [
            (_posix(day) + 60 * begin_min, _posix(day) + 60 * end_min)
            for day in days
            for begin_min, end_min in hours
        ]

    def _daily(self) -> list[date]:
        self._kinds.add("daily")
        return self._dates

    def _days(self) -> list[date] | None:
        """A list of days and ranges, with or without commas; None if it does not stand here.

        It may be empty: the days that are named need not occur between B and C.
        """
        if self._skip(*_DAILY):
            return self._daily()
        days: list[date] | None = None
        while True:
            at = self._at
            while days is not None and self._skip(",", "AND"):
                pass
            if not self._is_day():
                self._at = at
                return days
            days = [*(days or ()), *self._span()]

    def _span(self) -> list[date]:
        """One day, or all from one to another."""
        if self._peek() in _WEEKDAYS:
            first, last = self._weekday(), -1
            if self._skip("-"):
                last = self._weekday()
            self._kinds.add("weekday")
            length = (last - first) % 7 if last >= 0 else 0
            return [day for day in self._dates if (day.weekday() - first) % 7 <= length]
        begin = self._date()
        end = self._date() if self._skip("-") else begin
        self._kinds.add("date")
        return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]

    def _is_day(self) -> bool:
        word = self._peek()
        return word in _MONTHS or word in _WEEKDAYS or (word.isdigit() and len(word) < 3)

    def _is_hours(self) -> bool:
        word = self._peek()
        return word == "H24" or (word.isdigit() and len(word) == 4)

    def _weekday(self) -> int:
        word = self._peek()
        if word not in _WEEKDAYS:
            raise _unclear(f"has {word!r} where a weekday should be")
        self._at += 1
        return _WEEKDAYS.index(word)

    def _date(self) -> date:
        named = self._peek() in _MONTHS
        if named:
            self._month = _MONTHS.index(self._peek()) + 1
            self._at += 1
        word = self._peek()
        if not (word.isdigit() and len(word) < 3):
            raise _unclear(f"has {word!r} where a day should be")
        self._at += 1
        if not self._month:
            raise _unclear(f"names day {word} without its month")
        found = [day for day in self._dates if (day.month, day.day) == (self._month, int(word))]
        if not found:
            month = _MONTHS[self._month - 1]
            raise _unclear(f"names {month} {word}, which is not between B and C")
        if found[0] < self._latest:
            # 30 31 01 may go on in the next month.
            raise _unclear("names days that are not in order")
        self._latest = found[0]
        return found[0]

    def _hours(self) -> list[tuple[int, int]]:
        """Minutes of the day from and to, one or several."""
        hours: list[tuple[int, int]] = []
        while True:
            at = self._at
            while hours and self._skip(",", "AND"):
                pass
            if not self._is_hours():
                self._at = at
                break
            hours.append(self._span_of_hours())
        if not hours:
            raise _unclear(f"has {self._peek()!r}" if self._peek() else "gives days without hours")
        return hours

    def _span_of_hours(self) -> tuple[int, int]:
        if self._skip("H24"):
            return 0, _DAY_MIN
        begin_min = self._minute()
        if not self._skip("-"):
            raise _unclear(f"has {self._peek()!r} where hours should go on")
        end_min = self._end_minute()
        if begin_min == _DAY_MIN:
            raise _unclear("begins at 2400")
        return begin_min, end_min if end_min > begin_min else end_min + _DAY_MIN

    def _end_minute(self) -> int:
        end_min = self._minute()
        return _DAY_MIN if end_min == _DAY_MIN - 1 else end_min

    def _minute(self) -> int:
        word = self._peek()
        self._at += 1
        hour, minute = (int(word[:2]), int(word[2:])) if _is_time(word) else (99, 99)
        if minute > 59 or hour * 60 + minute > _DAY_MIN:
            raise _unclear(f"has {word!r} where a time should be")
        return hour * 60 + minute

    def _unbroken(self) -> Window | None:
        """``JAN 30 1000-FEB 02 1600``, if that is what stands here."""
        at, month, latest = self._at, self._month, self._latest
        if self._peek() not in _WEEKDAYS:
            begin = self._date()
            if _is_time(self._peek()) and self._peek(1) == "-" and not _is_time(self._peek(2)):
                begin_min = self._minute()
                self._at += 1
                end = self._date()
                end_min = self._end_minute()
                self._kinds.add("date")
                window = _posix(begin) + 60 * begin_min, _posix(end) + 60 * end_min
                if window[0] >= window[1]:
                    raise _unclear("has a period that ends before it begins")
                return window
        self._at, self._month, self._latest = at, month, latest
        return None

    def _excepted(self) -> set[date]:
        """The days after EXC, which must be the last."""
        kinds = set(self._kinds)
        self._latest = date.min
        days = self._days() if self._is_day() else None
        if days is None or self._peek():
            raise _unclear(f"has {self._peek()!r} after EXC" if self._peek() else "ends with EXC")
        self._kinds = kinds
        return set(days)


def _is_time(word: str) -> bool:
    return word.isdigit() and len(word) == 4


def _posix(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _without(windows: list[Window], excepted: set[date]) -> list[Window]:
    """The windows without what lies on an excepted day *and* began on one."""
    kept = []
    for start_s, end_s in windows:
        day = datetime.fromtimestamp(start_s, UTC).date()
        if day not in excepted:
            kept.append((start_s, end_s))
            continue
        for begin_s in range(_posix(day) + _DAY_S, int(end_s), _DAY_S):
            if datetime.fromtimestamp(begin_s, UTC).date() not in excepted:
                kept.append((float(begin_s), min(end_s, float(begin_s + _DAY_S))))
    return kept

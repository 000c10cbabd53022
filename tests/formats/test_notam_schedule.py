"""Item D: hours worked out by hand, and every minute of many schedules against their meaning."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.formats.notam_area import Unclear
from detente.formats.notam_schedule import MAX_PERIODS, periods_of


def at(text: str, year: int = 2021) -> float:
    """``09 0400``, in August, or ``0109 0400`` with a month."""
    day, hour = text.split()
    month = int(day[:-2] or 8)
    midnight = datetime(year, month, int(day[-2:]), tzinfo=UTC)
    return (midnight + timedelta(hours=int(hour[:2]), minutes=int(hour[2:]))).timestamp()


def spans(*texts: str) -> tuple[tuple[float, float], ...]:
    """Each ``09 0400 09 1000``."""
    return tuple((at(text[: len(text) // 2]), at(text[len(text) // 2 + 1 :])) for text in texts)


# 9 August 2021 is a Monday.
@pytest.mark.parametrize(
    ("text", "b", "c", "expected"),
    [
        ("H24", "09 0400", "11 1000", ["09 0400 11 1000"]),
        ("DAILY 0000-2400", "09 0400", "11 1000", ["09 0400 11 1000"]),
        ("DAILY H24", "09 0400", "11 1000", ["09 0400 11 1000"]),
        ("DAILY 0000-2359", "09 0400", "11 1000", ["09 0400 11 1000"]),
        ("DAILY 0600-0600", "09 0600", "11 0600", ["09 0600 11 0600"]),
        ("0700-1100 1300-1500", "09 0700", "10 1500",
         ["09 0700 09 1100", "09 1300 09 1500", "10 0700 10 1100", "10 1300 10 1500"]),
        ("DLY 0700-1100, 1300-1500", "09 0700", "09 1500", ["09 0700 09 1100", "09 1300 09 1500"]),
        ("DAILY 0400 - 1000", "09 0400", "10 1000", ["09 0400 09 1000", "10 0400 10 1000"]),
        # Nights: named by the day on which they begin; the one of the eve of B reaches into it.
        ("DAILY 2200-0400", "09 0000", "10 0400", ["09 0000 09 0400", "09 2200 10 0400"]),
        ("09 10 2200-0400", "09 2200", "11 0400", ["09 2200 10 0400", "10 2200 11 0400"]),
        ("MON-WED 2200-0400", "08 0000", "15 0000",
         ["09 2200 10 0400", "10 2200 11 0400", "11 2200 12 0400"]),
        ("SUN 2200-0400", "09 0000", "15 2359", ["09 0000 09 0400", "15 2200 15 2359"]),
        ("MON-FRI 0700-1500, SAT 0900-1200", "13 0000", "16 2359",
         ["13 0700 13 1500", "14 0900 14 1200", "16 0700 16 1500"]),
        ("SAT SUN H24", "09 0000", "17 0000", ["14 0000 16 0000"]),
        ("FRI-MON: 0700-0800", "09 0000", "14 2359",
         ["09 0700 09 0800", "13 0700 13 0800", "14 0700 14 0800"]),
        ("AUG 09 0900-1600, 10 0700-1800 AND 12-13 0700-1600", "09 0900", "13 1600",
         ["09 0900 09 1600", "10 0700 10 1800", "12 0700 12 1600", "13 0700 13 1600"]),
        ("09 10 12 0930-1100, 14 1130-1300 AND 15 16 0730-1300", "09 0930", "16 1300",
         ["09 0930 09 1100", "10 0930 10 1100", "12 0930 12 1100", "14 1130 14 1300",
          "15 0730 15 1300", "16 0730 16 1300"]),
        ("AUG 31 SEP 01-02 0630-0700", "31 0630", "0902 0700",
         ["0831 0630 0831 0700", "0901 0630 0901 0700", "0902 0630 0902 0700"]),
        ("AUG 30-SEP 01 0630-0700", "30 0630", "0901 0700",
         ["0830 0630 0830 0700", "0831 0630 0831 0700", "0901 0630 0901 0700"]),
        ("AUG 30 1000-SEP 01 1600", "30 1000", "0901 1600", ["0830 1000 0901 1600"]),
        ("09 0700-11 1900 13 0700-1900", "09 0700", "13 1900",
         ["09 0700 11 1900", "13 0700 13 1900"]),
        ("9 0700-0800", "09 0700", "09 0800", ["09 0700 09 0800"]),
        ("DAILY 0700-1500 EXC SAT SUN", "13 0000", "16 2359",
         ["13 0700 13 1500", "16 0700 16 1500"]),
        ("MON-FRI 0700-1500 EXC AUG 10 12-13", "09 0000", "15 0000",
         ["09 0700 09 1500", "11 0700 11 1500"]),
        # Both readings of a night that is excepted, together: only its first part is out.
        ("DAILY 2100-0600 EXC WED", "10 2100", "13 0600",
         ["10 2100 11 0600", "12 0000 12 0600", "12 2100 13 0600"]),
        ("DAILY 2100-0600 EXC WED THU", "10 2100", "13 0600",
         ["10 2100 11 0600", "13 0000 13 0600"]),
        # EXC belongs to the last group only: the 9th, a Monday, stays.
        ("MON-FRI 0700-0800, SAT 0700-0800 EXC 09", "09 0000", "10 0000", ["09 0700 09 0800"]),
    ],
)  # fmt: skip
def test_schedules_worked_out_by_hand(text: str, b: str, c: str, expected: list[str]) -> None:
    assert periods_of(text, at(b), at(c)) == spans(*expected)


def test_across_the_year() -> None:
    found = periods_of("DEC 31-JAN 01 2300-0100", at("1231 2300"), at("0102 0100", 2022))
    assert found == (
        (at("1231 2300"), at("0101 0100", 2022)),
        (at("0101 2300", 2022), at("0102 0100", 2022)),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SR-SS", "has 'SR'"),
        ("DAILY SR MINUS30-SS PLUS30", "has 'SR'"),
        ("DAILY 0600-SS", "has 'SS' where a time"),
        ("HJ", "has 'HJ'"),
        ("MON-FRI EXC HOL 0700-1500", "has 'EXC'"),
        ("MON-FRI 0700-1500 EXC HOL", "has 'HOL' after EXC"),
        ("DAILY 0700-1500 EXC SAT 0900-1000", "has '0900' after EXC"),
        ("DAILY 0700-1500 EXC SAT, SUN 0900-1000", "has '0900' after EXC"),
        ("DAILY 0700-1500 EXC", "ends with EXC"),
        ("EXC SUN", "excepts days from none"),
        ("DAILY 0700-1500 EXC SAT EXC SUN", "has 'EXC' after EXC"),
        ("DAILY", "gives days without hours"),
        ("MON-FRI", "gives days without hours"),
        ("09 10", "gives days without hours"),
        ("MON 0700-FRI 1900", "has 'FRI' where a time"),
        ("DAILY 0700-1500 MON 1900-2300", "mixes"),
        ("09 0700-1500 MON 1900-2300", "mixes"),
        ("09 MON 1900-2300", "mixes"),
        ("09 0700-1500 0000", "has '' where hours should go on"),
        ("0700", "has '' where hours should go on"),
        ("0700-", "has '' where a time"),
        ("0760-0800", "has '0760' where a time"),
        ("0700-2401", "has '2401' where a time"),
        ("2400-0700", "begins at 2400"),
        ("0700-1500 UTC", "has 'UTC'"),
        ("0700/1500", "has '/1500'"),
        ("07000-1500", "has '07000-1500'"),
        ("DAY 0700-1500", "has 'DAY'"),
        ("09 0700-1500, 0900-1000 TIL 14", "has 'TIL'"),
        ("20 0700-1500", "AUG 20, which is not between B and C"),
        ("SEP 09 0700-1500", "SEP 09, which is not between B and C"),
        ("32 0700-1500", "AUG 32, which is not between B and C"),
        ("09-20 0700-1500", "AUG 20, which is not between B and C"),
        ("09 0000-0100, 15 0700-1500", "names a day that is not between B and C"),
        ("11-09 0700-1500", "not in order"),
        ("11 09 0700-1500", "not in order"),
        ("10 0700-10 0600", "ends before it begins"),
        ("AUG 0700-1500", "has '0700' where a day"),
        ("09- 0700-1500", "has '0700' where a day"),
        ("MON- 0700-1500", "has '0700' where a weekday"),
        ("9 0700-15 0", "has '0' where"),
        ("", "no hour"),
        (", ,", "no hour"),
        ("1 " * 501, "more than 1,000 characters"),
    ],
)
def test_a_schedule_that_is_not_certain_is_unclear(text: str, reason: str) -> None:
    found = periods_of(text, at("09 0000"), at("15 0600"))
    assert isinstance(found, Unclear)
    assert found.why.startswith("its schedule (item D) ")
    assert reason in found.why


def test_days_without_a_month_belong_to_the_month_of_b_and_c_or_to_none() -> None:
    found = periods_of("30 0700-1500", at("30 0000"), at("0902 0000"))
    assert isinstance(found, Unclear)
    assert "names day 30 without its month" in found.why


def test_what_comes_of_a_schedule_is_bounded() -> None:
    found = periods_of("H24", 0.0, 367 * 86400.0)
    assert isinstance(found, Unclear)
    assert "more than 366 days" in found.why
    hours = " ".join(f"{hour:02}00-{hour:02}30" for hour in range(24))
    found = periods_of(f"DAILY {hours}", at("0101 0000"), at("1231 0000"))
    assert isinstance(found, Unclear)
    assert f"more than {MAX_PERIODS:,} periods" in found.why


DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
HOURS = st.tuples(st.integers(0, 1439), st.integers(0, 1440).filter(lambda minute: minute != 1439))


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(0, 6)),
    st.lists(HOURS, min_size=1, max_size=3),
    st.sets(st.integers(0, 6), max_size=3),
    st.integers(0, 7 * 1440),
    st.integers(1, 3 * 1440),
)
def test_every_minute_means_what_the_schedule_says(
    days: set[int], hours: list[tuple[int, int]], excepted: set[int], start: int, length: int
) -> None:
    text = " ".join(DAYS[day] for day in sorted(days)) or "DAILY"
    text += "".join(f" {a // 60:02}{a % 60:02}-{b // 60:02}{b % 60:02}" for a, b in hours)
    if excepted:
        text += " EXC " + " ".join(DAYS[day] for day in sorted(excepted))
    b_s = at("09 0000") + 60 * start
    c_s = b_s + 60 * length

    def holds(minute_s: float) -> bool:
        moment = datetime.fromtimestamp(minute_s, UTC)
        minute, today = moment.hour * 60 + moment.minute, moment.date()
        return any(
            (not days or begins.weekday() in days)
            and not {begins.weekday(), today.weekday()} <= excepted
            and first <= minute + 1440 * (today - begins).days < last
            for a, b in hours
            for begins in (today, today - timedelta(days=1))
            for first, last in [(a, b if b > a else b + 1440)]
        )

    found = periods_of(text, b_s, c_s)
    expected = [minute_s for minute_s in range(int(b_s), int(c_s), 60) if holds(minute_s)]
    if isinstance(found, Unclear):
        assert expected == []
        assert "no hour" in found.why
        return
    assert [s for first, last in found for s in range(int(first), int(last), 60)] == expected
    assert all(a[1] < b[0] for a, b in pairwise(found))


WORDS = st.sampled_from(
    ["DAILY", "MON", "FRI", "-", ",", "AND", "EXC", "H24", "0700", "1500", "2400", "9", "10", "31",
     "AUG", "FEB", "SR", "/", "é", ".", ":"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=14), st.sampled_from([" ", ""]))
def test_any_words_give_periods_within_b_and_c_or_a_reason(words: list[str], joint: str) -> None:
    b_s, c_s = at("09 0000"), at("0902 0600")
    found = periods_of(joint.join(words), b_s, c_s)
    if isinstance(found, Unclear):
        assert found.why
    else:
        assert found
        assert all(b_s <= first < last <= c_s for first, last in found)


def test_the_calendar_used_here() -> None:
    assert date(2021, 8, 9).strftime("%a") == "Mon"

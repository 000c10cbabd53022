"""Instants: the examples of RFC 3339, POSIX seconds from Python's own calendar as the oracle."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import InputError
from detente.volumes.times import (
    ceil_ms,
    check_time_s,
    floor_ms,
    format_time,
    parse_time_s,
    within_calendar_s,
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        # RFC 3339, section 5.8.
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z"),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"),
        ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
        # What pandas writes, and lower case, which section 5.6 allows.
        ("2021-10-07 12:12:53+00:00", "2021-10-07T12:12:53Z"),
        ("2026-11-22t08:00:00z", "2026-11-22T08:00:00Z"),
    ],
)
def test_published_examples(text: str, same: str) -> None:
    assert format_time(parse_time_s(text)) == same


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2026-11-22T08:00:00", "no offset"),
        ("2026-11-22", "not a time"),
        ("2026-02-30T00:00:00Z", "no such instant"),
        ("2026-11-22T24:00:00Z", "no such instant"),
        ("2026-11-22T08:00:00+25:00", "impossible offset"),
        ("2026-11-22T08:00:60Z", "leap second"),
        ("1899-12-31T23:59:59Z", "outside the years"),
        ("2200-01-01T00:00:00Z", "outside the years"),
        ("0001-01-01T00:00:00+12:00", "no such instant"),
        ("22/11/2026 08:00", "not a time"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        parse_time_s(text, where="feature 3: start")
    assert str(caught.value).startswith("feature 3: start: ")
    assert caught.value.remedy


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)),
    st.integers(-23 * 60, 23 * 60),
)
def test_any_offset_names_the_instant_that_the_calendar_says(local: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    oracle = (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    text = f"{local.isoformat(timespec='microseconds')}{sign}{hours:02d}:{rest:02d}"
    if not 1900 <= oracle.year < 2200:
        return
    assert parse_time_s(text) == pytest.approx(oracle.timestamp(), abs=1e-6)


@given(st.floats(-2.2e9, 7.2e9))
def test_rounding_goes_outward_and_comes_to_rest(seconds: float) -> None:
    assert floor_ms(seconds) <= seconds + 1.1e-6
    assert ceil_ms(seconds) >= seconds - 1.1e-6
    assert ceil_ms(seconds) - floor_ms(seconds) <= 0.0011
    for rounded in (floor_ms(seconds), ceil_ms(seconds)):
        assert parse_time_s(format_time(rounded)) == rounded
        assert floor_ms(rounded) == rounded == ceil_ms(rounded)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1e18, 1e18])
def test_seconds_that_are_no_instant_are_refused(seconds: float) -> None:
    with pytest.raises(InputError, match="outside the years"):
        check_time_s(seconds)


@given(st.text(max_size=80))
def test_any_text_is_an_instant_or_an_input_error(text: str) -> None:
    try:
        seconds = parse_time_s(text)
    except InputError:
        return
    assert check_time_s(seconds) == seconds


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_computed_stays_within_what_can_be_written(seconds: float) -> None:
    nearest = within_calendar_s(seconds)
    assert format_time(nearest)[:4] in {str(year) for year in range(1900, 2200)}
    if -2_208_988_800 <= seconds <= 7_258_118_399.999:
        assert nearest == seconds

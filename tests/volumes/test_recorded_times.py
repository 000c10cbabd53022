"""The one spelling of a time on the record, by docs/protocol.md, section 1, and by nothing else.

The oracle is a regular expression written from its words and Python's own ``fromisoformat``.
"""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detente.errors import InputError
from detente.volumes.times import format_time, parse_time_s, read_time_s

SPELLING = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]([.][0-9]|[.][0-9]{2}|[.][0-9]{3})?Z"
)
NO_TIMES = [
    " 2021-08-09T06:00:00Z",
    "2021-08-09T06:00:00Z\n",
    "2021-08-09t06:00:00Z",
    "2021-08-09T06:00:00z",
    "2021-08-09 06:00:00Z",
    "2016-12-31T23:59:60Z",
    "2021-08-09T06:00:00.123456789Z",
    "2021-08-09T06:00:00.1234Z",
    "2021-08-09T06:00:00.Z",
    "2021-08-09T06:00:00,5Z",
    "2021-08-09T06:00:00+00:00",
    "2021-08-09T05:30:00+04:30",
    "2021-08-09T06:00:00",
    "2021-08-09T06:00Z",
    "2021-08-09T24:00:00Z",
    "2021-02-29T06:00:00Z",
    "0000-01-01T00:00:00Z",
    "1899-12-31T23:59:59.999Z",
    "2200-01-01T00:00:00Z",
    "٢٠٢١-08-09T06:00:00Z",
    "",
]
ODD = st.from_regex(
    r"\A ?[0-9]{3,5}-[0-2][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{0,10})?"
    r"([Zz]|[+-]0[0-4]:[03]0)?\s?\Z"
)


def _by_the_document(text: str) -> float | None:
    if not SPELLING.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.timestamp() if 1900 <= read.year <= 2199 else None


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_written_otherwise_is_no_time(text: str) -> None:
    assert _by_the_document(text) is None
    with pytest.raises(InputError) as caught:
        read_time_s(text, "slot")
    assert str(caught.value).startswith("slot: ")


@given(ODD | st.text(max_size=30))
@example("2021-08-09T06:00:00Z")
@example("2021-08-09T06:00:00.5Z")
@example("1900-01-01T00:00:00Z")
@example("2199-12-31T23:59:59.999Z")
def test_a_time_is_read_where_the_document_says_that_it_is_one(text: str) -> None:
    try:
        read: float | None = read_time_s(text)
    except InputError:
        read = None
    assert read == pytest.approx(_by_the_document(text), abs=1e-6)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59, 59, 999_999))
    | st.just(datetime(2199, 12, 31, 23, 59, 59, 999_500))
)
def test_whatever_people_write_is_written_anew_so_that_it_is_read(typed: datetime) -> None:
    seconds = parse_time_s(f"{typed.isoformat(sep=' ')}+00:00")
    try:
        written = format_time(seconds)
    except InputError:
        # Nothing is written that rounds out of the calendar.
        assert typed > datetime(2199, 12, 31, 23, 59, 59, 999_000)
        return
    assert SPELLING.fullmatch(written)
    exact = typed.replace(tzinfo=UTC).timestamp()
    assert read_time_s(written) == pytest.approx(exact, abs=0.000_51)
    assert format_time(read_time_s(written)) == written

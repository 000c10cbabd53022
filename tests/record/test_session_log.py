"""Logs of sessions at a guest's desk: read as they were written, or refused."""

import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError, RecordError
from detente.record import session_log
from detente.record.session_log import file_of, first_line, next_line, read_session_log

AT = "2021-08-09T04:00:00Z"
OPENED: dict[str, Any] = {
    "at": AT, "who": "escort 1", "line": "1" * 64, "visit": "2" * 64, "session": "morning",
    "host": "tj", "guest": "us", "hold": False,
}  # fmt: skip
SHOWN: dict[str, Any] = {"sha256": "3" * 64, "size_bytes": 5}


def lines() -> list[bytes]:
    made = [first_line(OPENED)]
    said: list[dict[str, Any]] = [
        {"who": "guest 1", "do": "enter", **SHOWN},
        {"who": "guest 1", "do": "ask", "wants": "open-item", "item": "f1"},
        {"who": "escort 1", "do": "consent", "of": 2},
        {"who": "guest 1", "do": "open-item", "item": "f1", "of": 2, **SHOWN},
        {"who": "host", "do": "end", "ended": "halted", "why": "the visit was cancelled"},
    ]
    for n, one in enumerate(said, 1):
        made.append(next_line(made[-1], n, {"at": AT, **one}))
    return made


def test_the_bytes_of_a_log() -> None:
    made = lines()
    assert made[0] == (
        b'{"at":"2021-08-09T04:00:00Z","do":"open","guest":"us","hold":false,"host":"tj",'
        b'"line":"' + b"1" * 64 + b'","n":0,"prev":null,"session":"morning",'
        b'"visit":"' + b"2" * 64 + b'","who":"escort 1"}'
    )
    assert json.loads(made[1])["prev"] == hashlib.sha256(made[0]).hexdigest()
    read = read_session_log(file_of(made))
    assert (read.actions, read.opened.guest) == (6, "us")
    assert read.end is not None
    assert read.end.ended == "halted"
    assert read.sha256 == hashlib.sha256(b"".join(one + b"\n" for one in made)).hexdigest()
    assert read_session_log(file_of(made[:-1])).end is None


@pytest.mark.parametrize(
    "said",
    [
        {"who": "watch-1", "do": "look", **SHOWN},
        {"who": "guest 0", "do": "look", **SHOWN},
        {"who": "guest 1", "do": "delete"},
        {"who": "guest 1", "do": "look"},
        {"who": "guest 1", "do": "mark"},
        {"who": "escort 1", "do": "consent"},
        {"who": "guest 1", "do": "open-item", "item": "../f1", **SHOWN},
        {"who": "guest 1", "do": "leave", "name": "somebody"},
        {"who": "guest 1", "do": "leave", "at": "yesterday"},
        {"who": "host", "do": "end", "ended": "lost", "why": ""},
    ],
    ids=lambda said: f"{said['who']} {said['do']} {len(said)}",
)
def test_what_is_no_line_is_not_written(said: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        next_line(first_line(OPENED), 1, {"at": AT, **said})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_log_that_was_changed_is_broken_or_has_another_hash(data: st.DataObject) -> None:
    whole = file_of(lines())
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != whole[at]))
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
    in_the_last = at > whole[:-1].rindex(b"\n")
    try:
        read = read_session_log(changed)
    except RecordError:
        return
    # Nothing follows the last line that could hold it fast but the hash on the record.
    assert in_the_last
    assert read.sha256 != hashlib.sha256(whole).hexdigest()


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=300), at=st.integers(0, 1200))
def test_anything_else_is_refused_in_one_way(junk: bytes, at: int) -> None:
    whole = file_of(lines())
    for data in (junk, whole[:at] + junk + whole[at:]):
        with suppress(RecordError):
            read_session_log(data)


def test_a_log_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_log, "LOG_BYTES_MAX", 100)
    with pytest.raises(LimitError):
        read_session_log(file_of(lines()))

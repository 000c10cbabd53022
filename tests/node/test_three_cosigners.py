"""Cosignatures that one member passes on for the others: each counts by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import RecordError, SignatureError
from detente.node.keys import read_signing_key
from detente.record import SigningKey
from detente.record.checkpoint import cosign, with_cosignatures

LINE = "northern-watch"


@pytest.fixture
def trio(make_pair: Callable[[dict[str, str]], Any]) -> Any:
    made = make_pair({"ru": "detente.db", "tj": "detente.db", "us": "detente.db"})
    made.sync()
    return made


@pytest.mark.parametrize("last", [False, True])
def test_a_clock_that_is_ahead_hides_nobody_elses_signature(trio: Any, last: bool) -> None:
    us, ru = trio.nodes["us"], trio.nodes["ru"]
    line = us.line(LINE).id
    sent = us.send(LINE, text="hello", officer="a")
    note = str(us.read_log(line, "us", 0, "ru").checkpoint)
    now_s = int(trio.clock.now_s())
    keys = {
        party: read_signing_key(trio.directory / party / "keys", None) for party in ("ru", "tj")
    }
    good, ahead = cosign(keys["tj"], "tj", note, now_s), cosign(keys["ru"], "ru", note, now_s + 999)
    signed = with_cosignatures(note, [good, ahead] if last else [ahead, good])
    # Passed on by another than whose clock is ahead: that one alone is left out.
    us.receive_cosignatures(line, "us", signed, "tj")
    receipts = us.entry(LINE, sent.id).receipts
    assert receipts["tj"] is not None
    assert receipts["ru"] is None
    # Brought by itself, it is told.
    with pytest.raises(RecordError, match="future"):
        us.receive_cosignatures(line, "us", signed, "ru")
    assert ru.verify() == []


def test_a_forged_one_is_told_and_hides_nobody_elses(trio: Any) -> None:
    us = trio.nodes["us"]
    line = us.line(LINE).id
    sent = us.send(LINE, text="hello", officer="a")
    note = str(us.read_log(line, "us", 0, "ru").checkpoint)
    now_s = int(trio.clock.now_s())
    good = cosign(read_signing_key(trio.directory / "tj/keys", None), "tj", note, now_s)
    forged = cosign(SigningKey.generate(), "ru", note, now_s)
    with pytest.raises(SignatureError):
        us.receive_cosignatures(line, "us", with_cosignatures(note, [forged, good]), "tj")
    receipts = us.entry(LINE, sent.id).receipts
    assert receipts["tj"] is not None
    assert receipts["ru"] is None

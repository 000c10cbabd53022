"""Ed25519 and ML-DSA-44 under the logs of a line: who owes both, who owes one, who cannot."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from detente.errors import SignatureError
from detente.record.note import parse_note

LINE = "northern-watch"


def without_second_key(pair: Any, party: str) -> None:
    (pair.directory / party / "keys/signing-ml-dsa.pem").unlink()
    pair.open(party)


def kinds(note: str) -> list[tuple[str, int]]:
    """Whose signatures a note has, and how long they are."""
    found = [(s.name.rpartition("/")[2], len(s.signature)) for s in parse_note(note).signatures]
    return sorted(found)


def test_each_party_signs_as_its_card_says(strangers: Any) -> None:
    without_second_key(strangers, "ru")
    line = strangers.join()
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    us.send(LINE, text="one", officer="a")
    ru.send(LINE, text="two", officer="b")
    strangers.sync()
    for node in (us, ru):
        ours = node.log_checkpoint(line, "us", "us").decode()
        theirs = node.log_checkpoint(line, "ru", "us").decode()
        assert kinds(ours) == [("ru", 8 + 64), ("us", 64), ("us", 8 + 2420)]
        assert kinds(theirs) == [("ru", 64), ("us", 8 + 64), ("us", 8 + 2420)]
        assert node.verify() == []


def test_a_signature_taken_away_is_refused(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    us.send(LINE, text="one", officer="a")
    page = us.read_log(line, "us", 1, "ru")
    *text, _second, end = page.checkpoint.split("\n")
    stripped = "\n".join([*text, end])
    with pytest.raises(SignatureError, match="ML-DSA-44"):
        ru.receive(line, "us", 1, page.entries, stripped, "us")
    receipt = ru.receive(line, "us", 1, page.entries, page.checkpoint, "us")
    for half in receipt.cosignature.split("\n"):
        with pytest.raises(SignatureError):
            us.receive_cosignatures(line, "us", f"{page.checkpoint}{half}\n", "ru")
    us.receive_cosignatures(line, "us", f"{page.checkpoint}{receipt.cosignature}\n", "ru")


def test_a_party_that_had_no_second_key_adds_one_and_owes_it_from_then_on(strangers: Any) -> None:
    without_second_key(strangers, "ru")
    line = strangers.join()
    strangers.nodes["ru"].rotate_key(strangers.directory / "ru", None, officer="admin")
    us, ru = strangers.nodes["us"], strangers.open("ru")
    strangers.push(ru, us)
    ru.send(LINE, text="two", officer="b")
    strangers.sync()
    for node in (us, ru):
        assert kinds(node.log_checkpoint(line, "ru", "us").decode()) == [
            ("ru", 64), ("ru", 8 + 2420), ("us", 8 + 64), ("us", 8 + 2420)
        ]  # fmt: skip
        assert node.verify() == []
    page = ru.read_log(line, "ru", 1, "us")
    *text, _second, end = page.checkpoint.split("\n")
    with pytest.raises(SignatureError, match="ML-DSA-44"):
        us.receive(line, "ru", 1, page.entries, "\n".join([*text, end]), "ru")


def test_a_node_that_lost_its_second_key_signs_nothing(pair: Any) -> None:
    without_second_key(pair, "us")
    us = pair.nodes["us"]
    with pytest.raises(SignatureError, match="founded with"):
        us.send(LINE, text="one", officer="a")
    assert us.verify() == []


def test_what_is_committed_together_is_signed_once(pair: Any) -> None:
    us = pair.nodes["us"]
    line = us.line(LINE).id
    first = us.heads(line, "us")["us"].size
    with ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda n: us.send(LINE, text=f"{n}", officer="a"), range(64)))
    assert sorted(entry.index for entry in sent) == list(range(first, first + 64))
    assert us.heads(line, "us")["us"].checkpoint.split("\n")[1] == str(first + 64)
    assert us.verify() == []
    pair.sync()
    assert all(entry.receipts["ru"] is not None for entry in us.entries(LINE, "us"))

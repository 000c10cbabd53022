"""A witness on the console: beside the parties and not among them, and late where it is late."""

from pathlib import Path
from typing import Any

import pytest

from detente.console import words
from detente.errors import ForkError
from detente.exercise import northern_watch as exercise
from detente.line.witnesses import Witness
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, MlDsaKey, SigningKey
from detente.record.checkpoint import cosign, cosigner_keys, origin, sign_checkpoint
from detente.record.witness_proof import check_twice

LINE = "/console/lines/northern-watch"
NAME = "witness.example/w1"


def test_a_witness_is_shown_beside_the_parties(pair: Any) -> None:
    key = SigningKey.generate(MlDsaKey.generate())
    us, ru = pair.us.node, pair.ru.node
    assert "witness" not in us_page(pair, f"{LINE}/panels/links")
    terms = dict(us.line(exercise.LINE).terms)
    witness = Witness(name=NAME, keys=tuple(cosigner_keys(NAME, key.public)))
    terms |= {"version": 2, "witnesses": [{"name": NAME, "keys": list(witness.keys)}]}
    for node in (us, ru):
        node.sign_terms(exercise.LINE, terms, officer="watch-1")
    pair.level()
    page = us_page(pair, f"{LINE}/panels/links")
    assert f"witness {NAME}" in page
    assert "2 of ours not cosigned by it yet" in page
    # What was joint under the old terms is not under the new ones.
    record = us_page(pair, f"{LINE}/record")
    assert "All is joint" not in record
    assert f"the witness {NAME} has seen 0 of 2" in record
    assert "has not seen it yet" in record
    line = us.line(exercise.LINE).id
    for party in ("us", "ru"):
        note = us.heads(line, "us")[party].checkpoint
        assert note is not None
        signed = cosign(key, NAME, note, int(pair_now_s(us)))
        us.receive_cosignatures(line, party, f"{note}{signed}\n", "us")
    assert "all 2 of ours cosigned" in us_page(pair, f"{LINE}/panels/links")
    record = us_page(pair, f"{LINE}/record")
    assert "All is joint" in record
    assert "holds no entry" in record
    assert us.verify() == []


def test_a_witness_that_refuses_is_not_called_down_and_logs_are_called_by_their_party() -> None:
    refused = f"witness {NAME}: it does not trust the keys that our checkpoint is signed by"
    assert words.witness_state("down", refused) == "refuses"
    assert words.witness_state("down", f"witness {NAME}: cannot be reached (x)") == "down"
    lacks = f"0 signatures by the ML-DSA-44 key of detente.invalid/line/{'a1' * 32}/tj, where"
    assert words.witness_state("down", lacks) == "holds a checkpoint that cannot be verified"
    assert words.short_origin(lacks) == "0 signatures by the ML-DSA-44 key of the log of tj, where"
    assert words.witness_state("up", None) == "up"


def us_page(pair: Any, path: str) -> str:
    page: str = pair.us.page(path)
    return page


def pair_now_s(node: Any) -> float:
    now_s: float = node._core.clock.now_s()
    return now_s


def test_a_witness_that_signed_for_two_histories_is_shown_beside_the_fork(
    pair: Any, tmp_path: Path
) -> None:
    key = SigningKey.generate()
    us, ru = pair.us.node, pair.ru.node
    terms = dict(us.line(exercise.LINE).terms)
    keys = cosigner_keys(NAME, key.public)
    terms |= {"version": 2, "witnesses": [{"name": NAME, "keys": keys}]}
    for node in (us, ru):
        node.sign_terms(exercise.LINE, terms, officer="watch-1")
    pair.level()
    line = us.line(exercise.LINE).id
    held = us.heads(line, "us")["ru"].checkpoint
    assert held is not None
    size = int(held.split("\n")[1])
    other = sign_checkpoint(
        read_signing_key(tmp_path / "ru/keys", None),
        Checkpoint(origin(line, "ru"), size, bytes(32)),
    )
    notes = [f"{one}{cosign(key, NAME, one, int(pair_now_s(us)))}\n" for one in (held, other)]
    us.receive_cosignatures(line, "ru", notes[0], "us")
    assert "WITNESS" not in us_page(pair, f"{LINE}/panels/attention")
    with pytest.raises(ForkError):
        us.receive_cosignatures(line, "ru", notes[1], "ru")
    attention = us_page(pair, f"{LINE}/panels/attention")
    assert f"The witness {NAME} has signed for {size} and for {size} entries" in attention
    assert "it has signed for two histories" in us_page(pair, f"{LINE}/panels/links")
    page = us_page(pair, f"{LINE}/record")
    assert f"The witness {NAME} has signed for {size}" in page
    saved = pair.us.browser.get(f"{LINE}/record/proofs/2")
    assert "ru-witness-2.json" in saved.headers["Content-Disposition"]
    assert check_twice(saved.content, NAME, key.public).after == size

"""A witness on the console: beside the parties and not among them, and late where it is late."""

from typing import Any

from detente.console import words
from detente.exercise import northern_watch as exercise
from detente.line.witnesses import Witness
from detente.record import MlDsaKey, SigningKey
from detente.record.checkpoint import cosign, cosigner_keys

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

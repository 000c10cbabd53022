"""What a node keeps of a fork convinces a stranger who has the party's card and nothing else."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run
from detente.errors import ForkError
from detente.line import KeyChain, message_draft
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, Entry, decode_header, open_card, read_entry, tree
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.entry import entry_to_bundle, write_entry
from detente.record.proof import check_proof, encode_proof

LINE = "northern-watch"


class Forker:
    """Signs with the keys of ``ru`` what its node would not."""

    def __init__(self, pair: Any) -> None:
        self.us, self.ru = pair.nodes["us"], pair.nodes["ru"]
        self.line = self.us.line(LINE).id
        self.key = read_signing_key(pair.directory / "ru/keys", None)
        page = self.ru.read_log(self.line, "ru", 0, "us")
        self.log = [read_entry(one, lambda _: self.key.public) for one in page.entries]

    def other(self, index: int) -> Entry:
        """Another entry than the one at ``index``."""
        draft = message_draft(text="another")
        header = decode_header(self.log[min(index, len(self.log) - 1)].envelope.payload)
        return write_entry(
            self.key, line=self.line, party="ru", index=index, type=draft.type,
            time=header.time, seen=header.seen, about=draft.about, body=draft.body,
            salt=bytes(32),
        )  # fmt: skip

    def note(self, entries: list[Entry]) -> str:
        root = tree.root_of(tree.leaf_hash(one.leaf) for one in entries)
        return sign_checkpoint(self.key, Checkpoint(origin(self.line, "ru"), len(entries), root))

    def push(self, start: int, new: list[Entry], note: str | None) -> None:
        bundles = [entry_to_bundle(one) for one in new]
        with pytest.raises(ForkError):
            self.us.receive(self.line, "ru", start, bundles, note, "ru")


@pytest.fixture
def forker(pair: Any) -> Forker:
    ru = pair.nodes["ru"]
    for n in range(4):
        ru.send(LINE, text=f"test {n}", officer="b")
    pair.sync()
    return Forker(pair)


def proven(forker: Forker) -> list[str]:
    card = open_card(forker.ru.card())
    found = forker.us.proofs(LINE)
    assert all(one.proof is not None for one in found)
    return [
        check_proof(encode_proof(one.proof), "ru", KeyChain.from_card(card.public)).what
        for one in found
    ]


def test_two_entries(forker: Forker) -> None:
    forker.push(3, [forker.other(3)], None)
    assert proven(forker) == ["signed two different entries with index 3"]


@pytest.mark.parametrize("size", [1, 3, 5])
def test_two_checkpoints(forker: Forker, size: int) -> None:
    forker.push(5, [], forker.note([*forker.log[: size - 1], forker.other(size - 1)]))
    [what] = proven(forker)
    assert what == f"signed a checkpoint of {size} entries other than those it has signed"


def test_entries_that_came_with_a_checkpoint_of_others(forker: Forker) -> None:
    """Those entries are not on the record: the proof has them all the same."""
    new = [forker.other(5), forker.other(6)]
    forker.push(5, new, forker.note([*forker.log, new[0], forker.other(4)]))
    [what] = proven(forker)
    assert what == "signed a checkpoint of 7 entries other than those it has signed"
    assert forker.us.heads(forker.line, "us")["ru"].size == 5


def test_an_honest_line_has_no_proofs(forker: Forker) -> None:
    assert forker.us.proofs(LINE) == forker.ru.proofs(LINE) == []


def test_a_proof_is_carried_in_a_file(pair: Any, forker: Forker, tmp_path: Path) -> None:
    forker.push(3, [forker.other(3)], None)
    cards = {party: tmp_path / f"{party}.card" for party in ("us", "ru")}
    for party, path in cards.items():
        path.write_bytes(pair.nodes[party].card())
    pair.nodes["us"].close()

    def said(*words: str, status: int = 0) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(list(words)) == status
        return out.getvalue()

    us = str(pair.directory / "us")
    printed = said("record", "proofs", us, "--line", LINE, "--out", str(tmp_path / "proofs"))
    assert "signed two different entries with index 3" in printed
    file = tmp_path / "proofs/ru-3-1.json"
    assert "Proven: ru signed two" in said("record", "prove", str(file), str(cards["ru"]))
    said("record", "prove", str(file), str(cards["us"]), status=2)
    file.write_bytes(file.read_bytes().replace(b'"v":1', b'"v":2'))
    said("record", "prove", str(file), str(cards["ru"]), status=2)
    held = said("record", "holders", us, "--line", LINE, "--party", "us")
    assert "joint since 2026-11-22T08:00:00Z" in held
    assert "  ru           2026-11-22T08:00:00Z" in held
    pair.open("us")
    pair.nodes["us"].send(LINE, text="not yet received", officer="a")
    pair.nodes["us"].close()
    assert "NOT JOINT" in said("record", "holders", us, "--line", LINE, "--party", "us")
    pair.open("us")

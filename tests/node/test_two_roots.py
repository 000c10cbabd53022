"""A witness that cosigns both histories of a party that forks: who finds out, and by what.

``ru`` runs its node twice under one key. ``us`` is shown one history and ``tj`` the other; the
witness, whose key the test holds, signs for both.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.cli.main import run
from detente.errors import DetenteError, ForkError, SignatureError
from detente.line import open_founding
from detente.line.witnesses import Witness
from detente.node import Node
from detente.record import SigningKey
from detente.record.checkpoint import cosign, cosigner_keys, with_cosignatures
from detente.record.proof import encode_proof
from detente.record.witness_proof import check_twice

LINE, NAME = "northern-watch", "witness.example/w1"
NOW_S = 1_795_334_400
KEY = SigningKey.generate()
THREE = {"ru": "detente.db", "tj": "detente.db", "us": "detente.db"}


@pytest.fixture(scope="module")
def template(make_template: Callable[..., Path]) -> Path:
    """Three nodes on a line whose terms name a witness without a URL."""

    def fill(nodes: Any) -> None:
        witness = Witness(name=NAME, keys=tuple(cosigner_keys(NAME, KEY.public)))
        terms = msgspec.structs.replace(nodes.terms(), witnesses=(witness,))
        ru, tj, us = nodes.nodes.values()
        founding = ru.found(LINE, terms, [tj.card(), us.card()])
        for node in (ru, tj, us):
            node.join(founding, nodes.confirm(node))
        nodes.sync()

    return make_template(fill, joined=False, databases=THREE)


class Forked:
    """``ru`` twice, and what each of the other two was shown."""

    def __init__(self, nodes: Any, twin: Node) -> None:
        self.nodes, self.twin = nodes, twin
        self.us, self.tj, self.ru = (nodes.nodes[one] for one in ("us", "tj", "ru"))
        self.line = self.us.line(LINE).id

    def say(self, node: Node, count: int, text: str) -> None:
        for n in range(count):
            node.send(LINE, text=f"{text} {n}", officer="a")

    def show(self, of: Node, to: Node, start: int) -> None:
        page = of.read_log(self.line, "ru", start, "ru")
        to.receive(self.line, "ru", start, page.entries, page.checkpoint, "ru")

    def signed(self, node: Node, *, at: int = NOW_S, key: SigningKey = KEY) -> str:
        """The newest checkpoint of the log of ``ru`` at a node, with the witness's cosignature."""
        note = node.heads(self.line, node.party)["ru"].checkpoint
        assert note is not None
        return with_cosignatures(note, [cosign(key, NAME, note, at)])

    def witness(self, node: Node, **how: Any) -> str:
        """Have the witness sign for what a node holds, and the node take it."""
        note = self.signed(node, **how)
        node.receive_cosignatures(self.line, "ru", note, node.party)
        return note

    def known(self, node: Node) -> list[str]:
        (witness,) = node.witnesses(LINE)
        return witness.twice

    def exchange(self, caller: str, server: str) -> None:
        self.nodes.exchange(caller, server)[0].run()


@pytest.fixture
def forked(template: Path, copy_of: Callable[[Path], Any], tmp_path: Path) -> Iterator[Forked]:
    nodes = copy_of(template)
    nodes.nodes["ru"].close()
    shutil.copytree(nodes.directory / "ru", tmp_path / "twin")
    nodes.open("ru")
    twin = Node.open(tmp_path / "twin", clock=nodes.clock)
    yield Forked(nodes, twin)
    twin.close()


def told(size: int, other: int) -> list[str]:
    return [
        f"signed for {size} and for {other} entries of the log of ru that are not of one history"
    ]


@pytest.mark.parametrize(("ours", "theirs"), [(2, 2), (1, 3), (3, 1)])
@pytest.mark.parametrize("caller", ["us", "tj"])
def test_of_two_honest_nodes_whose_was_cosigned_further_proves_it(
    forked: Forked, ours: int, theirs: int, caller: str
) -> None:
    """Neither party nor witness shows either node the other's history, and one may not be called:
    only the two exchange."""
    forked.say(forked.ru, ours, "one thing")
    forked.say(forked.twin, theirs, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.show(forked.twin, forked.tj, 1)
    for node in (forked.us, forked.tj):
        forked.witness(node)
    # More is written that the witness signs for nobody: the newest checkpoints bear nothing.
    forked.say(forked.ru, 3, "more")
    forked.show(forked.ru, forked.us, 1 + ours)
    forked.say(forked.twin, 3, "more")
    forked.show(forked.twin, forked.tj, 1 + theirs)
    forked.exchange(caller, "tj" if caller == "us" else "us")
    forked.exchange("tj" if caller == "us" else "us", caller)
    few, many = sorted((1 + ours, 1 + theirs))
    if ours >= theirs:
        assert forked.known(forked.us) == told(few, many)
    if theirs >= ours:
        assert forked.known(forked.tj) == told(few, many)
    for node, count in ((forked.us, ours), (forked.tj, theirs)):
        # What it shows as witnessed is of the log that it holds.
        (shown,) = [one for one in node.logs(LINE) if one.party == "ru"]
        assert shown.witnesses[0].entries == 1 + count
        assert node.verify() == []
    forked.us.send(LINE, text="two tracks below you", precedence="urgent-safety", officer="a")
    forked.exchange("us", "tj")
    assert forked.tj.heads(forked.line, "tj")["us"].size == 2


def test_one_node_that_is_shown_both_knows(forked: Forked) -> None:
    """By the witness itself, by the party, by hand: whoever brings it, and with any time on it."""
    forked.say(forked.ru, 2, "one thing")
    forked.say(forked.twin, 2, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.witness(forked.us)
    assert forked.known(forked.us) == []
    for at in (0, NOW_S + 10**6):
        with pytest.raises(ForkError):
            forked.us.receive_seen(forked.line, NAME, "ru", forked.signed(forked.twin, at=at))
    assert forked.known(forked.us) == told(3, 3)


def test_a_push_with_the_cosignature_is_enough(forked: Forked) -> None:
    forked.say(forked.ru, 1, "one thing")
    forked.say(forked.twin, 1, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.witness(forked.us)
    page = forked.twin.read_log(forked.line, "ru", 1, "us")
    with pytest.raises(ForkError):
        forked.us.receive(forked.line, "ru", 1, page.entries, forked.signed(forked.twin), "tj")
    assert forked.known(forked.us) == told(2, 2)


def test_it_is_known_once_our_own_history_is_cosigned_as_far(forked: Forked) -> None:
    """Before, the witness may have gone from ours to the other while they were the same."""
    forked.say(forked.ru, 1, "one thing")
    forked.show(forked.ru, forked.us, 1)
    forked.witness(forked.us)
    forked.say(forked.ru, 1, "and more")
    forked.show(forked.ru, forked.us, 2)
    forked.say(forked.twin, 1, "another")
    forked.say(forked.twin, 1, "and another")
    with pytest.raises(ForkError):
        forked.us.receive_cosignatures(forked.line, "ru", forked.signed(forked.twin), "tj")
    assert forked.known(forked.us) == []
    forked.witness(forked.us)
    assert forked.known(forked.us) == told(3, 3)


def test_a_witness_that_signed_for_one_history_is_not_accused(forked: Forked) -> None:
    """Also not one that signed for what both have in common, and then for one of the two."""
    forked.witness(forked.us)
    forked.say(forked.ru, 2, "one thing")
    forked.say(forked.twin, 2, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.show(forked.twin, forked.tj, 1)
    forked.witness(forked.tj)
    for caller, server in (("us", "tj"), ("tj", "us")) * 2:
        forked.exchange(caller, server)
    assert forked.known(forked.us) == forked.known(forked.tj) == []
    assert all(one.witness is None for one in forked.us.proofs(LINE))
    assert forked.us.links(LINE)[0].forks != []


def test_nobody_else_can_accuse_it(forked: Forked) -> None:
    """By another key under its name, by what it signed for another note, or without it."""
    forked.say(forked.ru, 1, "one thing")
    forked.say(forked.twin, 1, "another")
    forked.show(forked.ru, forked.us, 1)
    ours = forked.witness(forked.us)
    lines = [one for one in ours.split("\n") if one.startswith(f"— {NAME} ")]
    bare = forked.signed(forked.twin).split(f"— {NAME} ")[0]
    thief = forked.signed(forked.twin, key=SigningKey.generate())
    for note in (thief, bare + "\n".join(lines) + "\n", bare):
        with pytest.raises(DetenteError):
            forked.us.receive_cosignatures(forked.line, "ru", note, "tj")
    assert forked.known(forked.us) == []


@pytest.mark.parametrize("by_witness", [True, False])
def test_its_signature_counts_where_its_partys_is_by_a_key_that_is_not_known(
    forked: Forked, by_witness: bool
) -> None:
    """In the other history the party has handed over to another key, or has signed nothing."""
    forked.say(forked.ru, 1, "one thing")
    forked.say(forked.twin, 1, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.witness(forked.us)
    theirs = forked.signed(forked.twin)
    unsigned = theirs.split("\n\n")[0] + "\n\n" + theirs[theirs.index(f"— {NAME} ") :]
    line, us = forked.line, forked.us
    with pytest.raises(SignatureError):
        (
            us.receive_seen(line, NAME, "ru", unsigned)
            if by_witness
            else us.receive_cosignatures(line, "ru", unsigned, "tj")
        )
    assert forked.known(forked.us) == told(2, 2)
    assert forked.us.links(LINE)[0].forks == []


def test_a_flood_of_forks_does_not_crowd_it_out(forked: Forked) -> None:
    forked.say(forked.ru, 25, "one thing")
    forked.show(forked.ru, forked.us, 1)
    for n in range(24):
        forked.say(forked.twin, 1, f"another {n}")
        note = forked.twin.heads(forked.line, "ru")["ru"].checkpoint
        with pytest.raises(ForkError):
            forked.us.receive_cosignatures(forked.line, "ru", note, "tj")
    with pytest.raises(ForkError):
        forked.us.receive_cosignatures(forked.line, "ru", forked.signed(forked.twin), "tj")
    forked.witness(forked.us)
    assert len(forked.us.links(LINE)[0].forks) == 16
    assert forked.known(forked.us) == told(25, 26)


def test_the_proof_is_carried_in_a_file(forked: Forked, tmp_path: Path) -> None:
    """And checked with the founding document, which gives the witness's keys."""
    forked.say(forked.ru, 2, "one thing")
    forked.say(forked.twin, 1, "another")
    forked.show(forked.ru, forked.us, 1)
    forked.witness(forked.us)
    with pytest.raises(ForkError):
        forked.us.receive_cosignatures(forked.line, "ru", forked.signed(forked.twin), "tj")
    (found,) = [one for one in forked.us.proofs(LINE) if one.witness]
    assert (found.witness, found.party, found.offered_by) == (NAME, "ru", "tj")
    assert found.keys == cosigner_keys(NAME, KEY.public)
    proven = check_twice(encode_proof(found.proof), NAME, KEY.public)
    assert (proven.line, proven.before, proven.after) == (forked.line, 2, 3)
    founding, card = tmp_path / "northern-watch.line", tmp_path / "ru.card"
    founding.write_bytes(forked.us.founding(forked.line))
    card.write_bytes(forked.ru.card())
    assert open_founding(founding.read_bytes()).id == forked.line
    forked.us.close()

    def said(*words: str, status: int = 0) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(list(words)) == status
        return out.getvalue()

    folder = str(forked.nodes.directory / "us")
    printed = said("record", "proofs", folder, "--line", LINE, "--out", str(tmp_path / "proofs"))
    assert f"witness {NAME} signed for 2 and for 3 entries of the log of ru" in printed
    (file,) = (tmp_path / "proofs").glob("ru-witness-*.json")
    assert f"Proven: the witness {NAME} has signed for 2 and for 3" in said(
        "record", "prove", str(file), str(founding)
    )
    said("record", "prove", str(file), str(card), status=2)
    forked.nodes.open("us")

"""One fold, no order: however entries arrive, and over whatever restarts, the state is the same."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.errors import StateError
from detente.node import Node
from detente.node.views import ShiftView

LINE = "northern-watch"


def lived(pair: Any) -> None:
    """A history with everything in it, the two writing past each other now and then.

    Beside the folders of both stands ``ru-joined``: that of ``ru`` as it was at the beginning.
    """
    pair.nodes["ru"].close()
    shutil.copytree(pair.directory / "ru", pair.directory / "ru-joined")
    us, ru = pair.nodes["us"], pair.open("ru")
    for node in (us, ru):
        for i in range(3):
            name = f"{node.party}-{i}"
            node.file(pair.circle(node.party, name, lat=36.5 + i / 4), title="", officer="a")
            node.release(name, LINE, ("exact", "coarse")[i % 2], officer="a")
    sent = us.send(LINE, text="hello", officer="a")
    pair.sync()
    conflict = next(c.id for c in us.conflicts(LINE) if (c.a.id, c.b.id) == ("ru-0", "us-0"))
    us.propose(LINE, conflict, "ru", ShiftView(time_s=36_000.0), officer="a")
    ru.propose(LINE, conflict, "ru", ShiftView(altitude_m=6000.0), officer="b")
    ru.withdraw("ru-2", LINE, "off", officer="b")
    us.change(pair.circle("us", "us-2", lat=30.0), officer="a")
    us.release("us-2", LINE, "exact", officer="a")
    pair.sync()
    [proposal] = [one for one in ru.proposals(LINE) if one.may_answer]
    ru.assent(LINE, proposal.id, officer="b")
    ru.carry_out(LINE, proposal.id, officer="b")
    ru.acknowledge(LINE, sent.id, "understood", officer="b")
    us.suspend(LINE, officer="a")
    us.resume(LINE, officer="a")
    pair.sync()


@pytest.fixture(scope="module")
def folders(make_template: Any) -> Path:
    """What is left of that history on the disks."""
    return Path(make_template(lived))


@pytest.fixture
def source(folders: Path, copy_of: Any) -> Any:
    """Both nodes, having lived it."""
    return copy_of(folders)


@pytest.fixture
def restored(source: Any) -> Iterator[Node]:
    """The node of ``ru``, restored from a backup made just after it had joined."""
    node = Node.open(source.directory / "ru-joined", clock=source.clock)
    yield node
    node.close()


def take_back(us: Node, restored: Node, chance: random.Random) -> None:
    """Give ``restored`` both logs, its own too, some entries of one and then of the other."""
    line = us.line(LINE).id
    whole = {party: head.size for party, head in us.heads(line, "ru").items()}
    while True:
        held = {party: head.size for party, head in restored.heads(line, "us").items()}
        lacking = [party for party in sorted(held) if held[party] < whole[party]]
        if not lacking:
            return
        party = chance.choice(lacking)
        page = us.read_log(line, party, held[party], "ru")
        some = page.entries[: chance.randint(1, 4)]
        restored.receive(line, party, held[party], some, page.checkpoint, "us")


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_arrivals_give_the_same_bytes(source: Any, restored: Node, seed: int) -> None:
    us = source.nodes["us"]
    take_back(us, restored, random.Random(seed))
    assert restored.state_document(LINE) == us.state_document(LINE)
    assert restored.verify() == []


def test_a_restored_node_writes_nothing_until_it_has_its_own_log_back(
    source: Any, restored: Node
) -> None:
    """It would sign a second history of its own otherwise."""
    us = source.nodes["us"]
    line = us.line(LINE).id
    page = us.read_log(line, "ru", 1, "ru")
    restored.receive(line, "ru", 1, page.entries[:1], page.checkpoint, "us")
    for _ in range(2):
        with pytest.raises(StateError, match="restored"):
            restored.send(LINE, text="hello", officer="b")
        restored.close()
        restored = Node.open(source.directory / "ru-joined", clock=source.clock)
    take_back(us, restored, random.Random(0))
    sent = restored.send(LINE, text="hello", officer="b")
    assert sent.index == 1 + len(page.entries)
    source.push(restored, us)
    assert us.entry(LINE, sent.id).receipts["us"] is not None
    assert us.links(LINE)[0].forks == []
    restored.close()


def test_no_peer_can_silence_us_by_a_claim(source: Any) -> None:
    us = source.nodes["us"]
    us.heard(us.line(LINE).id, "ru", {"us": 10**9, "ru": 10**9})
    us.send(LINE, text="hello", precedence="urgent-safety", officer="a")


def test_everything_is_there_after_a_restart(source: Any) -> None:
    us = source.nodes["us"]
    before = [
        us.state_document(LINE),
        us.conflicts(LINE),
        us.plans(),
        us.entries(LINE),
        us.links(LINE),
        us.audit(0, 1000),
        us.newest_change(),
    ]
    us = source.open("us")
    assert before == [
        us.state_document(LINE),
        us.conflicts(LINE),
        us.plans(),
        us.entries(LINE),
        us.links(LINE),
        us.audit(0, 1000),
        us.newest_change(),
    ]
    assert us.verify() == []


def test_the_engine_finds_after_a_restart_what_was_released_before(source: Any) -> None:
    us = source.open("us")
    us.file(source.circle("us", "new", lat=36.5), title="", officer="a")
    assert {c.b.id if c.a.own else c.a.id for c in us.plan("new").conflicts} >= {"ru-1"}
    us.release("new", LINE, "exact", officer="a")
    source.sync()
    ru = source.nodes["ru"]
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []

"""All or nothing: a transaction that fails at any of its rows leaves none of them.

The failures are real ones, by triggers in the database itself.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from detente.errors import StoreError
from detente.node import Node

LINE = "northern-watch"


@contextmanager
def failing(pair: Any, party: str, table: str) -> Iterator[None]:
    """While it lasts, no row can be put into ``table`` of a party's database."""
    path = pair.directory / party / "detente.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            f"CREATE TRIGGER broken BEFORE INSERT ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    try:
        yield
    finally:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DROP TRIGGER broken")


def held(node: Node) -> tuple[Any, ...]:
    """Everything that a transaction of a use case can change."""
    line = node.line(LINE).id
    return (
        node.heads(line, node.party),
        node.state_document(LINE),
        node.entries(LINE),
        node.plans(),
        node.audit(0, 1000),
        node.newest_change(),
    )


OWN = ("entries", "nodes", "checkpoints", "projection", "changes", "audit", "requests")


@pytest.mark.parametrize("table", OWN)
def test_an_own_entry_that_fails_leaves_nothing(pair: Any, table: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    before = held(us)
    with failing(pair, "us", table), pytest.raises(StoreError, match="disk full"):
        us.release("orbit-1", LINE, "exact", officer="a", key="k")
    assert held(us) == before
    # The same request succeeds afterwards, at the index that was never used up.
    entry = us.release("orbit-1", LINE, "exact", officer="a", key="k")
    assert entry.index == 1
    pair.sync()
    assert us.verify() == ru.verify() == []
    assert us.state_document(LINE) == ru.state_document(LINE)


@pytest.mark.parametrize("table", ["entries", "nodes", "checkpoints", "projection", "changes"])
def test_a_push_that_fails_leaves_nothing(pair: Any, table: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for text in "abc":
        us.send(LINE, text=text, officer="a")
    before = held(ru)
    with failing(pair, "ru", table), pytest.raises(StoreError, match="disk full"):
        pair.push(us, ru)
    assert held(ru) == before
    pair.push(us, ru)
    assert len(ru.messages(LINE)) == 3
    assert ru.verify() == []


def test_what_could_not_be_cosigned_is_cosigned_when_it_is_sent_again(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    sent = us.send(LINE, text="hello", officer="a")
    with failing(pair, "ru", "cosignatures"), pytest.raises(StoreError):
        pair.push(us, ru)
    assert us.entry(LINE, sent.id).receipts == {"ru": None}
    assert len(ru.messages(LINE)) == 1, "stored, in a transaction before that of the cosignature"
    pair.push(us, ru)
    assert us.entry(LINE, sent.id).receipts["ru"] is not None


@pytest.mark.parametrize("table", ["plans", "audit", "changes", "requests"])
def test_a_plan_that_fails_leaves_nothing(pair: Any, table: str) -> None:
    us = pair.nodes["us"]
    before = held(us)
    with failing(pair, "us", table), pytest.raises(StoreError):
        us.file(pair.circle("us", "orbit-1"), title="", officer="a", key="k")
    assert held(us) == before


@pytest.mark.parametrize("table", ["plans", "audit"])
def test_a_settlement_that_fails_moves_neither_plan_nor_release(pair: Any, table: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for node in (us, ru):
        node.file(pair.circle(node.party, f"{node.party}-1"), title="", officer="a")
        node.release(f"{node.party}-1", LINE, "exact", officer="a")
    pair.sync()
    [conflict] = us.conflicts(LINE)
    shift = next(s.shift for s in conflict.suggestions if s.moves == "ru")
    us.propose(LINE, conflict.id, "ru", shift, officer="a")
    pair.sync()
    [proposal] = ru.proposals(LINE)
    ru.assent(LINE, proposal.id, officer="b")
    before = held(ru)
    with failing(pair, "ru", table), pytest.raises(StoreError):
        ru.carry_out(LINE, proposal.id, officer="b")
    assert held(ru) == before
    ru.carry_out(LINE, proposal.id, officer="b")
    assert ru.conflicts(LINE)[0].state == "ended"


def test_the_engine_does_not_believe_what_was_undone(pair: Any) -> None:
    """A version that was rolled back after the engine had taken it in must hide no conflict."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    pair.sync()
    # Moving away fails at the last row of its transaction: the orbit is still where it was.
    us.change(pair.circle("us", "orbit-1", lat=20.0), officer="a")
    with failing(pair, "us", "audit"), pytest.raises(StoreError):
        us.release("orbit-1", LINE, "exact", officer="a")
    ru.file(pair.circle("ru", "recce-1"), title="", officer="b")
    ru.release("recce-1", LINE, "exact", officer="b")
    pair.sync()
    assert [c.state for c in us.conflicts(LINE) if c.basis == "joint"] == ["open"]
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == []

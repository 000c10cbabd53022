"""The state hangs on the entries alone: dropped and folded anew, it is the same byte for byte."""

import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest

from detente.errors import StateError
from detente.node import Node, rebuilding, verifying
from detente.store import raw

LINE = "northern-watch"
ROWS = "SELECT kind, key, doc FROM projection ORDER BY kind, key"


@pytest.fixture
def us(pair: Any) -> Node:
    """A node whose line has a conflict, a settled one, talk, and something not compared yet."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for node in (us, ru):
        for name in ("one", "other"):
            node.file(pair.circle(node.party, name), title="", officer="watch")
            node.release(name, LINE, "exact", officer="watch")
    pair.sync()
    ru.withdraw("other", LINE, officer="watch")
    ru.send(LINE, text="turned away", officer="watch")
    us.attend(True)
    pair.push(ru, us)
    found: Node = us
    return found


def _rows(pair: Any) -> list[Any]:
    with closing(sqlite3.connect(pair.directory / "us/detente.db")) as db:
        return db.execute(ROWS).fetchall()


def _sql(pair: Any, statement: str) -> None:
    with closing(sqlite3.connect(pair.directory / "us/detente.db")) as db, db:
        assert db.execute(statement).rowcount > 0


def test_a_rebuild_gives_the_same_byte_for_byte(pair: Any, us: Node) -> None:
    [done] = us.rebuild()
    assert done.equal
    assert done.named == []
    us.attend(False)
    before = us.state_document(LINE)
    assert us.rebuild()[0].rows == len(_rows(pair))
    assert us.state_document(LINE) == before == pair.nodes["ru"].state_document(LINE)
    assert us.verify() == []


def test_what_was_not_what_the_entries_give_is_named_and_made_right(pair: Any, us: Node) -> None:
    us.compare()
    before = _rows(pair)
    _sql(pair, "DELETE FROM projection WHERE kind = 'message'")
    _sql(pair, "UPDATE projection SET doc = x'7b7d' WHERE kind = 'conflict'")
    _sql(pair, "UPDATE projection SET key = key || 'x' WHERE kind = 'log' AND key = 'ru'")
    assert us.verify()
    [done] = us.rebuild()
    assert not done.equal
    kinds = {name.partition(" ")[0] for name in done.named}
    assert kinds == {"conflict", "log", "message"}
    assert _rows(pair) == before
    assert us.verify() == []


def test_no_state_is_made_of_damaged_entries(pair: Any, us: Node) -> None:
    _sql(pair, "UPDATE entries SET body = x'00' WHERE party = 'ru' AND \"index\" = 1")
    before = _rows(pair)
    with pytest.raises(StateError, match="damaged"):
        us.rebuild()
    assert _rows(pair) == before


def test_what_is_written_meanwhile_is_folded_on_top(pair: Any, us: Node) -> None:
    ru, core = pair.nodes["ru"], us._core
    with core.store.read() as tx:
        [(line, name, document)] = raw.lines(tx)
        projected = verifying.projected(core, tx, line, name, document)
    assert projected is not None
    us.send(LINE, text="meanwhile", officer="watch")
    ru.change(pair.circle("ru", "one", hours=3.0), officer="watch")
    ru.release("one", LINE, "exact", officer="watch")
    pair.push(ru, us)
    core.store.write(lambda tx: rebuilding._replace(core, tx, projected))
    assert [one.text for one in us.messages(LINE)] == ["turned away", "meanwhile"]
    us.attend(False)
    pair.sync()
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == []
    state = msgspec.json.decode(us.state_document(LINE))
    assert "uncompared" not in state

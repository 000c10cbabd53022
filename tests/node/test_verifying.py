"""One changed byte anywhere in the record is found, and named."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from detente.line import project
from detente.node import Node
from detente.node.views import ShiftView
from detente.store import logs
from detente.store.tables import RECORD

LINE = "northern-watch"
COLUMNS = [
    (table.name, column.name)
    for table in RECORD
    for column in table.columns
    # A founder has none; test_admitting says what is found out about a newcomer's.
    if (table.name, column.name) != ("lines", "card")
]


@pytest.fixture(scope="module")
def template(make_template: Callable[..., Path]) -> Path:
    """Folders of two nodes with something in every table of the record."""

    def fill(pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        us.file(pair.circle("us", "orbit-1"), title="", officer="a")
        ru.file(pair.circle("ru", "recce-1"), title="", officer="b")
        us.release("orbit-1", LINE, "exact", officer="a")
        ru.release("recce-1", LINE, "coarse", officer="b")
        pair.sync()
        conflict = us.conflicts(LINE)[0]
        us.propose(LINE, conflict.id, "ru", ShiftView(time_s=36_000.0), officer="a")
        ru.send(LINE, text="привет", officer="b")
        pair.sync()
        assert us.verify() == ru.verify() == []

    return make_template(fill)


@pytest.fixture
def full(template: Path, copy_of: Callable[[Path], Any]) -> Any:
    """A pair with something in every table of the record."""
    return copy_of(template)


class Damage:
    """Changes one value in the database behind the node's back, and puts it back."""

    def __init__(self, path: Any) -> None:
        self.path = path

    def rowids(self, table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f'SELECT * FROM "{table}"')]

    def put(self, table: str, row: dict[str, Any], column: str, value: Any) -> None:
        where = " AND ".join(f'"{name}" IS ?' for name in row)
        with closing(sqlite3.connect(self.path)) as db, db:
            changed = db.execute(
                f'UPDATE "{table}" SET "{column}" = ? WHERE {where}', [value, *row.values()]
            )
            assert changed.rowcount == 1


def flipped(value: Any, chance: random.Random) -> Any:
    """The value with one bit of it changed."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(16))
    data = bytearray(value.encode() if isinstance(value, str) else value)
    at = chance.randrange(len(data))
    if isinstance(value, str):
        # The lowest bits keep it text; above 0x7f it would be none, which has a test of its own.
        data[at] ^= 1 << chance.randrange(4)
        return data.decode()
    data[at] ^= 1 << chance.randrange(8)
    return bytes(data)


def tampered(node: Node, damage: Damage, table: str, column: str) -> Iterator[Any]:
    """Findings after one bit was changed, for several rows and bits of a column."""
    chance = random.Random(f"{table}.{column}")
    rows = damage.rowids(table)
    for row in chance.sample(rows, min(3, len(rows))):
        changed = row | {column: flipped(row[column], chance)}
        try:
            damage.put(table, row, column, changed[column])
        except sqlite3.IntegrityError:
            continue  # the bit makes it the key of another row: SQLite itself refuses that
        yield row, node.verify()
        damage.put(table, changed, column, row[column])


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_bit_is_found(full: Any, table: str, column: str) -> None:
    node = full.nodes["us"]
    damage = Damage(full.directory / "us/detente.db")
    tried = 0
    for row, findings in tampered(node, damage, table, column):
        tried += 1
        assert findings, (table, column, row)
        assert all(finding.what and finding.remedy for finding in findings)
        if table == "entries" and column not in ("line", "party", "index"):
            named = {(finding.party, finding.index) for finding in findings}
            assert (row["party"], row["index"]) in named
    assert tried
    assert node.verify() == []


def test_text_that_is_no_longer_text_is_found(full: Any) -> None:
    node = full.nodes["us"]
    path = full.directory / "us/detente.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE entries SET id = CAST(X'FF' || id AS TEXT) WHERE party = 'ru'")
    [finding] = node.verify()
    assert (finding.party, finding.index) == ("ru", 0)


@pytest.mark.parametrize("table", [table.name for table in RECORD])
def test_a_row_that_is_gone_is_found(full: Any, table: str) -> None:
    """Except the newest of a peer's checkpoints and cosignatures: nothing hangs on those."""
    node = full.nodes["us"]
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        own = " AND party = 'us'" if table == "checkpoints" else ""
        order = "ORDER BY rowid LIMIT 1" if table not in ("nodes", "checkpoints") else ""
        if order:
            db.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} {order})")
        else:
            db.execute(f"DELETE FROM {table} WHERE 1=1{own}")
    assert bool(node.verify()) == (table != "cosignatures")


def test_the_first_bad_entry_of_each_log_is_named(full: Any) -> None:
    node = full.nodes["us"]
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        db.execute("UPDATE entries SET body = X'00' WHERE \"index\" >= 1")
    found = node.verify()
    assert [(f.line_name, f.party, f.index) for f in found] == [(LINE, "ru", 1), (LINE, "us", 1)]


def test_a_missing_entry_is_named(full: Any) -> None:
    node = full.nodes["us"]
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        db.execute("DELETE FROM entries WHERE party = 'ru' AND \"index\" = 1")
    [found] = node.verify()
    assert (found.party, found.index) == ("ru", 1)
    assert "missing" in found.what


def test_a_log_cut_short_is_found_by_what_was_signed_of_it(full: Any) -> None:
    node = full.nodes["us"]
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        db.execute("DELETE FROM entries WHERE party = 'ru' AND \"index\" = 2")
    assert [(f.party, f.index) for f in node.verify()] == [("ru", 2)]


@pytest.mark.parametrize(("party", "named"), [("ru", "us"), ("us", "ru")])
def test_a_log_cut_short_with_all_its_traces_is_found_by_who_had_seen_more(
    full: Any, party: str, named: str
) -> None:
    """Whoever can write the database can make a shorter log sound, but not what others signed."""
    node = full.nodes["us"]
    line = node.line(LINE).id
    with node._core.store.read() as tx:
        founding = node._core.founding(tx, line)
        rows = [
            row
            for member in founding.members
            for row in logs.read(tx, line, member, 0, 1 if member == party else 1000)
        ]
        entries = node._core.entries(tx, founding, rows)
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        db.execute('DELETE FROM entries WHERE party = ? AND "index" > 0', [party])
        db.execute('DELETE FROM nodes WHERE party = ? AND (level > 0 OR "index" > 0)', [party])
        for table in ("checkpoints", "cosignatures"):
            db.execute(f"DELETE FROM {table} WHERE party = ? AND size > 1", [party])
        db.execute("DELETE FROM projection")
        state = [(line, *key, doc) for key, doc in project(founding, entries).items()]
        db.executemany("INSERT INTO projection VALUES (?, ?, ?, ?)", state)
    seen, shown = sorted(node.verify(), key=lambda finding: finding.party != named)
    assert (seen.party, shown.party) == (named, party)
    assert f"entries of {party}, and 1 are held" in seen.what
    assert f"3 entries of {party} have been " in shown.what


def test_our_newest_cosignature_cannot_be_taken_out(full: Any) -> None:
    """Its mark is kept outside the database. Of older ones nothing is, nor of the others'."""
    node = full.nodes["us"]
    newest = "SELECT MAX(size) FROM cosignatures WHERE party = 'ru' AND cosigner = 'us'"
    with closing(sqlite3.connect(full.directory / "us/detente.db")) as db, db:
        gone = f"DELETE FROM cosignatures WHERE party = 'ru' AND size = ({newest})"
        assert db.execute(gone).rowcount == 1
    [found] = node.verify()
    assert (found.party, found.index) == ("ru", 2)
    assert "our cosignature of 3 entries is missing" in found.what
    # Nothing else hangs on it, so what the entries give is still what is stored.
    assert all(line.equal for line in node.rebuild())


def test_a_damaged_file_is_found(full: Any) -> None:
    node = full.nodes["us"]
    path = full.directory / "us/detente.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entries'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    node.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 3)
        file.write(b"\xff\xff\xff")
    reopened = Node.open(full.directory / "us", clock=full.clock)
    full.nodes["us"] = reopened
    assert reopened.verify()

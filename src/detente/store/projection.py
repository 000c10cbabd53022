"""The state of each line, as the rows that ``line.fold`` computes.

``LineRows`` is what the fold reads and changes: the rows as they are stored, with the changes of
the transaction at hand on top. A push of 256 entries is folded in memory and written once.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import delete, func, select

from detente.store import changes
from detente.store.tables import projection
from detente.store.upsert import upsert
from detente.store.writer import Tx

_LAST = "\U0010ffff"
"""Sorts after every other character, byte by byte as well as by code point."""


class RowChange(NamedTuple):
    """One row to put (``doc``) or to remove (``doc`` is None)."""

    kind: str
    key: str
    doc: bytes | None


class LineRows:
    """The rows of one line in one transaction; satisfies ``line.View``."""

    def __init__(self, tx: Tx, line: str) -> None:
        self._tx = tx
        self._line = line
        self._read: dict[tuple[str, str], bytes | None] = {}
        self._changed: dict[tuple[str, str], bytes | None] = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """The document of one row, or None."""
        at = (kind, key)
        if at in self._changed:
            return self._changed[at]
        if at not in self._read:
            query = select(projection.c.doc).where(
                projection.c.line == self._line, projection.c.kind == kind, projection.c.key == key
            )
            self._read[at] = self._tx.connection.execute(query).scalar()
        return self._read[at]

    def scan(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """``(key, doc)`` of every row of ``kind`` whose key begins so, sorted by key."""
        query = select(projection.c.key, projection.c.doc).where(
            projection.c.line == self._line,
            projection.c.kind == kind,
            projection.c.key >= prefix,
            projection.c.key < prefix + _LAST,
        )
        found: dict[str, bytes | None] = {}
        for row in self._tx.connection.execute(query):
            found[row.key] = self._read[kind, row.key] = row.doc
        for (changed_kind, key), doc in self._changed.items():
            if changed_kind == kind and key.startswith(prefix):
                found[key] = doc
        for key in sorted(found):
            doc = found[key]
            if doc is not None:
                yield key, doc

    def apply(self, new: Iterable[tuple[str, str, bytes | None]]) -> list[RowChange]:
        """Put and remove rows, in memory for now. Returns those that differ from what was."""
        differing = []
        for kind, key, doc in new:
            if self.get(kind, key) != doc:
                self._changed[kind, key] = doc
                differing.append(RowChange(kind, key, doc))
        return differing

    def flush(self) -> None:
        """Write what was changed, and note every changed row in the change log."""
        gone = [at for at, doc in self._changed.items() if doc is None]
        for kind, key in gone:
            self._tx.connection.execute(
                delete(projection).where(
                    projection.c.line == self._line,
                    projection.c.kind == kind,
                    projection.c.key == key,
                )
            )
        upsert(
            self._tx,
            projection,
            [
                {"line": self._line, "kind": kind, "key": key, "doc": doc}
                for (kind, key), doc in self._changed.items()
                if doc is not None
            ],
        )
        by_kind: dict[str, list[str]] = {}
        for kind, key in self._changed:
            by_kind.setdefault(kind, []).append(key)
        for kind, keys in by_kind.items():
            changes.note(self._tx, self._line, kind, keys)
        self._read |= self._changed
        self._changed.clear()


def count(tx: Tx, line: str, kind: str) -> int:
    """How many rows of a kind a line has."""
    query = select(func.count()).where(projection.c.line == line, projection.c.kind == kind)
    return tx.connection.execute(query).scalar_one()


def replace(tx: Tx, line: str, rows: dict[tuple[str, str], bytes]) -> None:
    """Drop the projection of a line and write another, rebuilt from its entries."""
    tx.connection.execute(delete(projection).where(projection.c.line == line))
    upsert(
        tx,
        projection,
        [{"line": line, "kind": kind, "key": key, "doc": doc} for (kind, key), doc in rows.items()],
    )

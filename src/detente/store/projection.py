"""The state of each line, as the rows that ``line.fold`` computes.

``LineRows`` is what the fold reads and changes: the rows as they are stored, with the changes of
the transaction at hand on top. A push of 256 entries, or as many officers' own, are folded in
memory and written once. Kinds of which all rows are going to be needed are read at once: a query
costs as much as a hundred rows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, or_, select

from detente.store import changes
from detente.store.tables import projection
from detente.store.upsert import upserting
from detente.store.writer import Tx

FEW = ("admit", "join", "leave", "key", "log", "suspension", "terms")
"""Kinds of which a line has few rows, and of which the fold of every entry needs some."""

_LAST = "\U0010ffff"
"""Sorts after every other character, byte by byte as well as by code point."""

_OF_LINE = projection.c.line == bindparam("of_line")
_ROW = select(projection.c.doc).where(
    _OF_LINE, projection.c.kind == bindparam("of_kind"), projection.c.key == bindparam("of_key")
)
_RANGE = select(projection.c.key, projection.c.doc).where(
    _OF_LINE,
    projection.c.kind == bindparam("of_kind"),
    projection.c.key >= bindparam("first"),
    projection.c.key < bindparam("last"),
)
_KINDS = select(projection.c.kind, projection.c.key, projection.c.doc).where(
    _OF_LINE, projection.c.kind.in_(bindparam("kinds", expanding=True))
)
# Spelled out: a list of any length would have to be expanded anew each time it is executed.
_FEW = select(projection.c.kind, projection.c.key, projection.c.doc).where(
    _OF_LINE, or_(*(projection.c.kind == kind for kind in FEW))
)
_REMOVE = delete(projection).where(
    _OF_LINE, projection.c.kind == bindparam("of_kind"), projection.c.key == bindparam("of_key")
)
_COUNT = select(func.count()).where(_OF_LINE, projection.c.kind == bindparam("of_kind"))
_PAGE = (
    select(projection.c.key, projection.c.doc)
    .where(
        _OF_LINE,
        projection.c.kind == bindparam("of_kind"),
        projection.c.key > bindparam("after"),
    )
    .order_by(projection.c.key)
    .limit(bindparam("most"))
)


class LineRows:
    """The rows of one line in one transaction; satisfies ``line.View``. Use ``rows_of``."""

    def __init__(self, tx: Tx, line: str) -> None:
        self._tx = tx
        self._line = line
        self._read: dict[tuple[str, str], bytes | None] = {}
        self._whole: dict[str, dict[str, bytes]] = {kind: {} for kind in FEW}
        self._keys: dict[str, list[str]] = {}
        self._changed: dict[str, dict[str, bytes | None]] = {}
        self._put_off: dict[str, dict[str, bytes | None]] = {}
        for kind, key, doc in tx.as_written.execute(_FEW, {"of_line": line}):
            self._whole[kind][key] = doc

    def read_whole(self, *kinds: str) -> None:
        """Read every row of these kinds now; nothing is asked of the database for them again."""
        wanted = [kind for kind in kinds if kind not in self._whole]
        if not wanted:
            return
        found: dict[str, dict[str, bytes]] = {kind: {} for kind in wanted}
        given = {"of_line": self._line, "kinds": wanted}
        for kind, key, doc in self._tx.as_written.execute(_KINDS, given):
            found[kind][key] = doc
        for kind, rows in found.items():
            self._whole[kind] = rows
            self._replace(kind, self._put_off.pop(kind, {}))

    def get(self, kind: str, key: str) -> bytes | None:
        """The document of one row, or None."""
        for new in (self._changed, self._put_off):
            if kind in new and key in new[kind]:
                return new[kind][key]
        if kind in self._whole:
            return self._whole[kind].get(key)
        at = (kind, key)
        if at not in self._read:
            given = {"of_line": self._line, "of_kind": kind, "of_key": key}
            self._read[at] = self._tx.as_written.execute(_ROW, given).scalar()
        return self._read[at]

    def scan(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """``(key, doc)`` of every row of ``kind`` whose key begins so, sorted by key."""
        found: dict[str, bytes | None] = {}
        if kind in self._whole:
            if not self._whole[kind] and kind not in self._changed:
                # As most of the few kinds are on most lines, and each entry asks for all of them.
                return
            whole, keys = self._whole[kind], self._sorted(kind)
            for key in keys[bisect_left(keys, prefix) : bisect_left(keys, prefix + _LAST)]:
                found[key] = whole[key]
        else:
            given = {"of_line": self._line, "of_kind": kind, "first": prefix}
            rows = self._tx.as_written.execute(_RANGE, given | {"last": prefix + _LAST})
            for key, doc in rows:
                found[key] = self._read[kind, key] = doc
        for new in (self._put_off, self._changed):
            for key, changed in new.get(kind, {}).items():
                if key.startswith(prefix):
                    found[key] = changed
        for key in sorted(found):
            row = found[key]
            if row is not None:
                yield key, row

    def _sorted(self, kind: str) -> list[str]:
        if kind not in self._keys:
            self._keys[kind] = sorted(self._whole[kind])
        return self._keys[kind]

    def apply(self, new: Iterable[tuple[str, str, bytes | None]]) -> None:
        """Put and remove rows, in memory for now."""
        for kind, key, doc in new:
            self._changed.setdefault(kind, {})[key] = doc

    def flush(self) -> None:
        """Have what was changed written, and every changed row noted in the change log."""
        put_row = _put(self._tx.dialect)
        for kind, rows in self._changed.items():
            for key, doc in rows.items():
                row: dict[str, Any]
                if doc is None:
                    row = {"of_line": self._line, "of_kind": kind, "of_key": key}
                else:
                    row = {"line": self._line, "kind": kind, "key": key, "doc": doc}
                statement = _REMOVE if doc is None else put_row
                self._tx.later((projection, self._line, kind, key), statement, row)
            changes.note(self._tx, self._line, kind, rows)
            if kind in self._whole:
                self._replace(kind, rows)
            else:
                self._put_off.setdefault(kind, {}).update(rows)
        self._changed.clear()

    def _replace(self, kind: str, new: Mapping[str, bytes | None]) -> None:
        """Put and remove rows among those of a kind that was read whole."""
        whole = self._whole[kind]
        if any((doc is None) == (key in whole) for key, doc in new.items()):
            self._keys.pop(kind, None)
        for key, doc in new.items():
            if doc is None:
                whole.pop(key, None)
            else:
                whole[key] = doc


def rows_of(tx: Tx, line: str) -> LineRows:
    """The rows of a line, one for all who ask in this transaction.

    Two would not know what the other has put off.
    """
    name = (LineRows, line)
    if name not in tx.held:
        tx.held[name] = LineRows(tx, line)
    rows: LineRows = tx.held[name]
    return rows


def count(tx: Tx, line: str, kind: str) -> int:
    """How many rows of a kind a line has."""
    given = {"of_line": line, "of_kind": kind}
    return tx.connection.execute(_COUNT, given).scalar_one()


def stream(tx: Tx, line: str, kind: str, page: int = 2048) -> Iterator[tuple[str, bytes]]:
    """``(key, doc)`` of every row of a kind, sorted by key; few of them in memory at a time."""
    after = ""
    while True:
        given = {"of_line": line, "of_kind": kind, "after": after, "most": page}
        rows = [(key, doc) for key, doc in tx.connection.execute(_PAGE, given)]
        yield from rows
        if len(rows) < page:
            return
        after = rows[-1][0]


def has(tx: Tx, line: str, kind: str, key: str) -> bool:
    """Whether a line has a row."""
    given = {"of_line": line, "of_kind": kind, "of_key": key}
    return tx.connection.execute(_ROW, given).first() is not None


@cache
def _put(dialect: str) -> Executable:
    return upserting(projection, dialect)

"""The state of each line, as the rows that ``line.fold`` computes.

``LineRows`` is what the fold reads and changes: the rows as they are stored, with the changes of
the transaction at hand on top. A push of 256 entries is folded in memory and written once. Kinds
of which all rows are going to be needed are read at once: a query costs as much as a hundred rows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import bindparam, delete, func, select

from detente.store import changes
from detente.store.tables import projection
from detente.store.upsert import upsert
from detente.store.writer import Tx

FEW = ("join", "leave", "key", "log", "suspension", "terms")
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
    """The rows of one line in one transaction; satisfies ``line.View``."""

    def __init__(self, tx: Tx, line: str) -> None:
        self._tx = tx
        self._line = line
        self._read: dict[tuple[str, str], bytes | None] = {}
        self._whole: dict[str, dict[str, bytes]] = {}
        self._keys: dict[str, list[str]] = {}
        self._changed: dict[tuple[str, str], bytes | None] = {}
        self.read_whole(*FEW)

    def read_whole(self, *kinds: str) -> None:
        """Read every row of these kinds now; nothing is asked of the database for them again."""
        wanted = [kind for kind in kinds if kind not in self._whole]
        for kind in wanted:
            self._whole[kind] = {}
        if wanted:
            given = {"of_line": self._line, "kinds": wanted}
            for kind, key, doc in self._tx.connection.execute(_KINDS, given):
                self._whole[kind][key] = doc

    def get(self, kind: str, key: str) -> bytes | None:
        """The document of one row, or None."""
        at = (kind, key)
        if at in self._changed:
            return self._changed[at]
        if kind in self._whole:
            return self._whole[kind].get(key)
        if at not in self._read:
            given = {"of_line": self._line, "of_kind": kind, "of_key": key}
            self._read[at] = self._tx.connection.execute(_ROW, given).scalar()
        return self._read[at]

    def scan(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """``(key, doc)`` of every row of ``kind`` whose key begins so, sorted by key."""
        found: dict[str, bytes | None] = {}
        if kind in self._whole:
            whole, keys = self._whole[kind], self._sorted(kind)
            for key in keys[bisect_left(keys, prefix) : bisect_left(keys, prefix + _LAST)]:
                found[key] = whole[key]
        else:
            given = {"of_line": self._line, "of_kind": kind, "first": prefix}
            rows = self._tx.connection.execute(_RANGE, given | {"last": prefix + _LAST})
            for key, doc in rows:
                found[key] = self._read[kind, key] = doc
        for (changed_kind, key), changed in self._changed.items():
            if changed_kind == kind and key.startswith(prefix):
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
            self._changed[kind, key] = doc

    def flush(self) -> None:
        """Write what was changed, and note every changed row in the change log."""
        write(self._tx, self._line, self._changed)
        for (kind, key), doc in self._changed.items():
            if kind not in self._whole:
                self._read[kind, key] = doc
            elif doc is None:
                self._whole[kind].pop(key, None)
            else:
                self._whole[kind][key] = doc
        self._keys.clear()
        self._changed.clear()


def write(tx: Tx, line: str, changed: Mapping[tuple[str, str], bytes | None]) -> None:
    """Put rows and remove those that are None, and note each of them in the change log."""
    gone = [
        {"of_line": line, "of_kind": kind, "of_key": key}
        for (kind, key), doc in changed.items()
        if doc is None
    ]
    if gone:
        tx.connection.execute(_REMOVE, gone)
    put(tx, line, {at: doc for at, doc in changed.items() if doc is not None})
    changes.note_all(tx, line, list(changed))


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


def put(tx: Tx, line: str, rows: dict[tuple[str, str], bytes]) -> None:
    """Put rows of a line, over those that are there."""
    upsert(
        tx,
        projection,
        [{"line": line, "kind": kind, "key": key, "doc": doc} for (kind, key), doc in rows.items()],
    )

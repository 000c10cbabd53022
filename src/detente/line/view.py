"""The projection of a line: documents keyed by kind, and how the fold reads and changes them.

A *row* is ``(kind, key, doc)``; ``doc`` is canonical JSON. The store keeps rows as they are, the
fold knows nothing of the store, and equal sets of entries give equal rows (docs/decisions/0004).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import msgspec

from detente.record.strict_json import canonical

Rows = dict[tuple[str, str], bytes]


class Change(NamedTuple):
    """One row to put (``doc``) or to remove (``doc`` is None)."""

    kind: str
    key: str
    doc: bytes | None


class View(Protocol):
    """The rows of one line."""

    def get(self, kind: str, key: str) -> bytes | None:
        """The document of one row, or None."""
        ...

    def scan(self, kind: str, prefix: str = "") -> Iterable[tuple[str, bytes]]:
        """``(key, doc)`` of the rows of ``kind`` whose key begins so, by key in code points."""
        ...


class MemoryView:
    """Rows in memory: for rebuilding a projection, and for tests."""

    def __init__(self, rows: Rows | None = None) -> None:
        self._kinds: dict[str, dict[str, bytes]] = {}
        self._sorted: dict[str, list[str]] = {}
        self.apply(Change(kind, key, doc) for (kind, key), doc in (rows or {}).items())

    def get(self, kind: str, key: str) -> bytes | None:
        return self._kinds.get(kind, {}).get(key)

    def scan(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        keys, rows = self._sorted.get(kind, []), self._kinds.get(kind, {})
        found = []
        for place in range(bisect_left(keys, prefix), len(keys)):
            if not keys[place].startswith(prefix):
                break
            found.append((keys[place], rows[keys[place]]))
        return iter(found)

    def apply(self, changes: Iterable[Change]) -> None:
        """Put and remove rows."""
        for kind, key, doc in changes:
            rows = self._kinds.setdefault(kind, {})
            keys = self._sorted.setdefault(kind, [])
            if doc is not None:
                if key not in rows:
                    insort(keys, key)
                rows[key] = doc
            elif rows.pop(key, None) is not None:
                del keys[bisect_left(keys, key)]

    def rows(self) -> Rows:
        """All rows, sorted."""
        return {
            (kind, key): doc
            for kind in sorted(self._kinds)
            for key, doc in sorted(self._kinds[kind].items())
        }


def put(kind: str, key: str, doc: dict[str, Any]) -> Change:
    """A change that puts a row."""
    return Change(kind, key, canonical(doc))


def load(view: View, kind: str, key: str) -> dict[str, Any] | None:
    """The decoded document of one row, or None."""
    doc = view.get(kind, key)
    return None if doc is None else decode(doc)


def scan(view: View, kind: str, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """``(key, decoded document)`` of every row of ``kind`` whose key begins so."""
    for key, doc in view.scan(kind, prefix):
        yield key, decode(doc)


def decode(doc: bytes) -> dict[str, Any]:
    """A document of our own writing, decoded."""
    value: dict[str, Any] = msgspec.json.decode(doc)
    return value


def place_key(party: str, index: int) -> str:
    """The key of an entry's place in its log; it sorts as the log does."""
    return f"{party}/{index:010d}"

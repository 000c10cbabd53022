"""The change log: what changed, numbered in the order of commits.

Numbers only rise: there is one writing transaction at a time, so a smaller number is never
committed after a larger one, and a reader that has seen number n asks for what lies above it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func, insert, select

from detente.store.tables import changes
from detente.store.writer import Tx


class Change(NamedTuple):
    """One changed thing. ``line`` is empty for what belongs to no line."""

    n: int
    line: str
    kind: str
    key: str


_ADD = insert(changes)
_NEWEST = select(func.max(changes.c.n))


def note(tx: Tx, line: str, kind: str, keys: Iterable[str]) -> None:
    """Note that these have changed: one change for each, however often it is in one commit."""
    for key in keys:
        tx.later((changes, line, kind, key), _ADD, {"line": line, "kind": kind, "key": key})


def newest(tx: Tx) -> int:
    """The newest number given; 0 before the first."""
    return tx.connection.execute(_NEWEST).scalar() or 0


class Keys(NamedTuple):
    """The changed keys of one kind, and the newest change number they are complete up to."""

    newest: int
    keys: list[str]


def keys_since(tx: Tx, n: int, line: str, kind: str) -> Keys:
    """What of one kind has changed on a line above number ``n``."""
    query = select(changes.c.key).where(
        changes.c.n > n, changes.c.line == line, changes.c.kind == kind
    )
    up_to = newest(tx)
    keys = tx.connection.execute(query).scalars().all() if up_to > n else []
    return Keys(up_to, list(keys))


def since(tx: Tx, n: int, limit: int) -> list[Change]:
    """The first ``limit`` changes above number ``n``."""
    rows = tx.connection.execute(
        select(changes.c.n, changes.c.line, changes.c.kind, changes.c.key)
        .where(changes.c.n > n)
        .order_by(changes.c.n)
        .limit(limit)
    )
    return [Change(*row) for row in rows]

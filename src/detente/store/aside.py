"""Entries kept aside: they came by hand before those that stand before them in their log.

Each is a bundle as it came, signed by its log's party. They are no part of the record: they are not
in its tree, not folded, not cosigned and not passed on.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import delete, func, insert, select

from detente.store.tables import aside
from detente.store.writer import Tx


class Aside(msgspec.Struct, frozen=True):
    """One entry. ``bundle`` is JSON, as it came."""

    line: str
    party: str
    index: int
    id: str
    bundle: bytes


def put(tx: Tx, rows: Iterable[Aside]) -> None:
    """Keep entries for whose places none is kept yet."""
    values = [msgspec.structs.asdict(row) for row in rows]
    if values:
        tx.connection.execute(insert(aside), values)


def kept(tx: Tx, line: str, party: str) -> tuple[int, int]:
    """How many entries of a log are aside, and their bytes."""
    count, size = func.count(), func.sum(func.length(aside.c.bundle))
    query = select(count, size).where(aside.c.line == line, aside.c.party == party)
    row = tx.connection.execute(query).one()
    return row[0], int(row[1] or 0)


def indexes(tx: Tx, line: str, party: str) -> list[int]:
    """The places of a log for which an entry is aside, rising."""
    query = (
        select(aside.c.index)
        .where(aside.c.line == line, aside.c.party == party)
        .order_by(aside.c.index)
    )
    return list(tx.connection.execute(query).scalars())


def end(tx: Tx, line: str, party: str) -> int:
    """How large a log is at least, by what is aside of it; 0 where nothing is."""
    query = select(func.max(aside.c.index)).where(aside.c.line == line, aside.c.party == party)
    newest: int | None = tx.connection.execute(query).scalar_one()
    return 0 if newest is None else newest + 1


def read(tx: Tx, line: str, party: str, start: int, limit: int) -> list[Aside]:
    """Up to ``limit`` entries that are aside, from index ``start`` on."""
    query = (
        select(*(aside.c[name] for name in Aside.__struct_fields__))
        .where(aside.c.line == line, aside.c.party == party, aside.c.index >= start)
        .order_by(aside.c.index)
        .limit(limit)
    )
    return [Aside(*row) for row in tx.connection.execute(query)]


def drop(tx: Tx, line: str, party: str, start: int, end: int) -> None:
    """Forget what is aside from index ``start`` to below ``end``."""
    tx.connection.execute(
        delete(aside).where(
            aside.c.line == line,
            aside.c.party == party,
            aside.c.index >= start,
            aside.c.index < end,
        )
    )


def drop_all(tx: Tx, line: str, party: str | None = None) -> bool:
    """Forget what is aside of one log of a line, or of all; whether there was anything."""
    query = delete(aside).where(aside.c.line == line)
    if party is not None:
        query = query.where(aside.c.party == party)
    return tx.connection.execute(query).rowcount > 0

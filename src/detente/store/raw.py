"""The record's tables read as they are, for verification: nothing is assumed of what they hold."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import func, literal, select, union

from detente.store.tables import checkpoints as checkpoints_table
from detente.store.tables import cosignatures as cosignatures_table
from detente.store.tables import entries, nodes
from detente.store.tables import lines as lines_table
from detente.store.tables import projection as projection_table
from detente.store.writer import Tx


class Cosignature(NamedTuple):
    """One row of the cosignatures."""

    size: int
    cosigner: str
    time_s: int
    signature: bytes


def damage(tx: Tx) -> Iterator[str]:
    """What SQLite finds wrong with its own file; PostgreSQL keeps checksums of its own."""
    if tx.connection.dialect.name == "sqlite":
        for (what,) in tx.connection.exec_driver_sql("PRAGMA integrity_check(10)"):
            if what != "ok":
                yield f"the database file is damaged: {what}"


def lines(tx: Tx) -> list[tuple[str, str, bytes]]:
    """Id, name and founding document of every line."""
    query = select(lines_table.c.line, lines_table.c.name, lines_table.c.founding)
    return [(row.line, row.name, row.founding) for row in tx.connection.execute(query)]


def owners(tx: Tx) -> list[tuple[str, str, str | None]]:
    """Table, line and party (None for the projection) of all rows, each once."""
    tables = (entries, nodes, checkpoints_table, cosignatures_table)
    logs = [select(literal(t.name), t.c.line, t.c.party).distinct() for t in tables]
    found = [(name, line, party) for name, line, party in tx.connection.execute(union(*logs))]
    states = tx.connection.execute(select(projection_table.c.line).distinct()).scalars()
    return [*found, *((projection_table.name, line, None) for line in states)]


def entry_count(tx: Tx, line: str, party: str) -> int:
    """How many rows a log has, whatever their indexes."""
    query = select(func.count()).where(entries.c.line == line, entries.c.party == party)
    return tx.connection.execute(query).scalar_one()


def tree(tx: Tx, line: str, party: str) -> dict[tuple[int, int], bytes]:
    """Every stored subtree of a log by level and index."""
    query = select(nodes.c.level, nodes.c.index, nodes.c.hash).where(
        nodes.c.line == line, nodes.c.party == party
    )
    return {(level, index): hash_ for level, index, hash_ in tx.connection.execute(query)}


def checkpoints(tx: Tx, line: str, party: str) -> dict[int, bytes]:
    """Every stored checkpoint of a log by size."""
    table = checkpoints_table
    query = select(table.c.size, table.c.note).where(table.c.line == line, table.c.party == party)
    rows = tx.connection.execute(query.order_by(table.c.size))
    return {row.size: row.note for row in rows}


def cosignatures(tx: Tx, line: str, party: str) -> list[Cosignature]:
    """Every stored cosignature of a log, by size and cosigner."""
    table = cosignatures_table
    query = (
        select(table.c.size, table.c.cosigner, table.c.time_s, table.c.signature)
        .where(table.c.line == line, table.c.party == party)
        .order_by(table.c.size, table.c.cosigner)
    )
    return [Cosignature(*row) for row in tx.connection.execute(query)]


def projection(tx: Tx, line: str) -> dict[tuple[str, str], bytes]:
    """Every row of a line's state by kind and key."""
    table = projection_table
    query = select(table.c.kind, table.c.key, table.c.doc).where(table.c.line == line)
    return {(kind, key): doc for kind, key, doc in tx.connection.execute(query)}

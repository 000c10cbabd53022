"""How much was received of each other member's log: counted as it comes, and never summed up."""

from typing import NamedTuple

from sqlalchemy import bindparam, select

from detente.store import tables
from detente.store.upsert import upsert
from detente.store.writer import Tx


class Usage(NamedTuple):
    """What was received of one log, on ``day`` (UTC, from 1970) and in all.

    Since ``refused_s`` what it goes on with is refused; None where nothing is.
    """

    line: str
    party: str
    day: int
    day_entries: int = 0
    day_bytes: int = 0
    entries: int = 0
    bytes: int = 0
    refused_s: float | None = None


_USAGE = select(tables.usage).where(
    tables.usage.c.line == bindparam("of_line"), tables.usage.c.party == bindparam("of_party")
)


def get(tx: Tx, line: str, party: str) -> Usage | None:
    """What was received of a log, or None before the first entry."""
    row = tx.connection.execute(_USAGE, {"of_line": line, "of_party": party}).first()
    return None if row is None else Usage(*row)


def put(tx: Tx, received: Usage) -> None:
    """Keep what was received."""
    upsert(tx, tables.usage, [received._asdict()])

"""How much of each log an officer has looked at."""

import msgspec
from sqlalchemy import select

from detente.store.tables import looks
from detente.store.upsert import upsert
from detente.store.writer import Tx


class Look(msgspec.Struct, frozen=True):
    """An officer's mark: entries by party, and when it was made (real time)."""

    seen: dict[str, int]
    looked_s: float


def get(tx: Tx, line: str, officer: str) -> Look | None:
    """The mark of an officer on a line, or None."""
    row = tx.connection.execute(
        select(looks.c.seen, looks.c.looked_s).where(
            looks.c.line == line, looks.c.officer == officer
        )
    ).first()
    return None if row is None else Look(msgspec.json.decode(row[0], type=dict[str, int]), row[1])


def put(tx: Tx, line: str, officer: str, look: Look) -> None:
    """Make or move a mark."""
    row = {
        "line": line,
        "officer": officer,
        "seen": msgspec.json.encode(look.seen),
        "looked_s": look.looked_s,
    }
    upsert(tx, looks, [row])

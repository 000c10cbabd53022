"""What own commitments hide until they are opened: salt and body, by their hash."""

from typing import NamedTuple

from sqlalchemy import delete, insert, select

from detente.store.tables import sealed
from detente.store.writer import Tx


class Sealed(NamedTuple):
    """Salt and body of a commitment that is not opened yet."""

    salt: bytes
    body: bytes


def put(tx: Tx, line: str, sha256: str, hidden: Sealed) -> None:
    """Keep what a commitment hides."""
    row = {"line": line, "sha256": sha256, **hidden._asdict()}
    tx.connection.execute(insert(sealed).values(row))


def get(tx: Tx, line: str, sha256: str) -> Sealed | None:
    """What a commitment hides, or None if it is not kept here."""
    query = select(sealed.c.salt, sealed.c.body).where(
        sealed.c.line == line, sealed.c.sha256 == sha256
    )
    row = tx.connection.execute(query).first()
    return None if row is None else Sealed(*row)


def remove(tx: Tx, line: str, sha256: str) -> None:
    """Forget what was hidden, now that it stands on the record."""
    tx.connection.execute(delete(sealed).where(sealed.c.line == line, sealed.c.sha256 == sha256))

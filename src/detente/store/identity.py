"""Whose store this is, so that it is never written with another party's keys."""

from sqlalchemy import delete, insert, select

from detente.store.tables import identity
from detente.store.writer import Tx


def owner(tx: Tx) -> tuple[str, bytes] | None:
    """Whose store this is: party and public signing key; None in a new store."""
    row = tx.connection.execute(select(identity.c.party, identity.c.sign_key)).first()
    return None if row is None else (row.party, row.sign_key)


def set_owner(tx: Tx, party: str, sign_key: bytes) -> None:
    """Say whose store this is, or that its party signs with another key from now on."""
    tx.connection.execute(delete(identity))
    tx.connection.execute(insert(identity).values(party=party, sign_key=sign_key))

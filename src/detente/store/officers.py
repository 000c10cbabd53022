"""Officers, one-time login codes and sessions. Secrets are kept as their SHA-256 only."""

from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from detente.store.tables import logins, officers
from detente.store.writer import Tx

CODE = "code"
"""A one-time login code, exchanged for a session."""
SESSION = "session"


class Officer(NamedTuple):
    """A person on watch. ``ended_s`` is set once the person may no longer use this node."""

    name: str
    role: str
    added_s: float
    ended_s: float | None


_OFFICER = (officers.c.name, officers.c.role, officers.c.added_s, officers.c.ended_s)


def add(tx: Tx, name: str, role: str, token: bytes, added_s: float) -> None:
    """Add an officer; ``token`` is the hash of the token."""
    tx.connection.execute(
        insert(officers).values(name=name, role=role, token=token, added_s=added_s)
    )


def end(tx: Tx, name: str, ended_s: float) -> None:
    """Let an officer's token, codes and sessions end."""
    tx.connection.execute(
        update(officers)
        .where(officers.c.name == name, officers.c.ended_s.is_(None))
        .values(ended_s=ended_s)
    )
    tx.connection.execute(delete(logins).where(logins.c.officer == name))


def get(tx: Tx, name: str) -> Officer | None:
    """One officer, or None."""
    row = tx.connection.execute(select(*_OFFICER).where(officers.c.name == name)).first()
    return None if row is None else Officer(*row)


def all_officers(tx: Tx) -> list[Officer]:
    """Every officer there ever was, by name."""
    rows = tx.connection.execute(select(*_OFFICER).order_by(officers.c.name))
    return [Officer(*row) for row in rows]


def by_token(tx: Tx, token: bytes) -> Officer | None:
    """The officer whose token has this hash, or None."""
    row = tx.connection.execute(select(*_OFFICER).where(officers.c.token == token)).first()
    return None if row is None else Officer(*row)


def by_login(tx: Tx, kind: str, secret: bytes, now_s: float) -> Officer | None:
    """The officer of an unexpired code or session with this hash, or None."""
    query = (
        select(*_OFFICER)
        .join(logins, logins.c.officer == officers.c.name)
        .where(logins.c.secret == secret, logins.c.kind == kind, logins.c.expires_s > now_s)
    )
    row = tx.connection.execute(query).first()
    return None if row is None else Officer(*row)


def add_login(tx: Tx, kind: str, secret: bytes, officer: str, expires_s: float) -> None:
    """Keep a code or a session by its hash."""
    tx.connection.execute(
        insert(logins).values(secret=secret, officer=officer, kind=kind, expires_s=expires_s)
    )


def used_s(tx: Tx, secret: bytes) -> float | None:
    """When a session was last used, as far as was written down."""
    used: float | None = tx.connection.execute(
        select(logins.c.used_s).where(logins.c.secret == secret)
    ).scalar()
    return used


def touch(tx: Tx, secret: bytes, now_s: float) -> None:
    """Write down that a session was used."""
    tx.connection.execute(update(logins).where(logins.c.secret == secret).values(used_s=now_s))


def end_login(tx: Tx, secret: bytes, now_s: float) -> None:
    """Forget a code or a session, and all that have expired."""
    tx.connection.execute(
        delete(logins).where((logins.c.secret == secret) | (logins.c.expires_s <= now_s))
    )

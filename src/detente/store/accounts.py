"""Passwords and code secrets of officers, and who failed to log in from where."""

from typing import NamedTuple

from sqlalchemy import delete, select

from detente.store.officers import SESSION
from detente.store.tables import accounts, attempts, logins
from detente.store.upsert import upsert
from detente.store.writer import Tx


class Account(NamedTuple):
    """``password`` is a PHC string, ``secret`` the code's, ``step`` the newest one used."""

    officer: str
    password: str
    secret: bytes
    step: int


def get(tx: Tx, officer: str) -> Account | None:
    """An officer's account, or None."""
    row = tx.connection.execute(select(accounts).where(accounts.c.officer == officer)).first()
    return None if row is None else Account(*row)


def put(tx: Tx, account: Account) -> None:
    """Keep an account as it now is."""
    upsert(tx, accounts, [account._asdict()])


def end_sessions(tx: Tx, officer: str) -> None:
    """End every session of an officer."""
    tx.connection.execute(
        delete(logins).where(logins.c.officer == officer, logins.c.kind == SESSION)
    )


def failures(tx: Tx, officer: str, address: str) -> int:
    """How often it has failed from this address since it last went well."""
    query = select(attempts.c.failures).where(
        attempts.c.officer == officer, attempts.c.address == address
    )
    return tx.connection.execute(query).scalar() or 0


def waits_until(tx: Tx, officer: str, address: str) -> float:
    """Until when nothing is tried from this address; 0 if now."""
    query = select(attempts.c.until_s).where(
        attempts.c.officer == officer, attempts.c.address == address
    )
    return tx.connection.execute(query).scalar() or 0.0


def note_failure(tx: Tx, officer: str, address: str, count: int, until_s: float) -> None:
    """Remember a failure."""
    row = {"officer": officer, "address": address, "failures": count, "until_s": until_s}
    upsert(tx, attempts, [row])


def forget_failures(tx: Tx, officer: str, address: str | None = None) -> None:
    """Forget the failures from one address, or from all."""
    query = delete(attempts).where(attempts.c.officer == officer)
    if address is not None:
        query = query.where(attempts.c.address == address)
    tx.connection.execute(query)


def keep_newest(tx: Tx, officer: str, most: int) -> None:
    """Forget the oldest failures, so that addresses without end fill no disk."""
    newest = (
        select(attempts.c.address)
        .where(attempts.c.officer == officer)
        .order_by(attempts.c.until_s.desc())
        .limit(most)
    )
    kept = set(tx.connection.execute(newest).scalars())
    held = select(attempts.c.address).where(attempts.c.officer == officer)
    for address in set(tx.connection.execute(held).scalars()) - kept:
        forget_failures(tx, officer, address)

"""Passwords and code secrets of officers, and who failed to log in from where."""

from typing import NamedTuple

from sqlalchemy import delete, select

from detente.store.officers import SESSION
from detente.store.tables import accounts, attempts, logins, resets
from detente.store.upsert import upsert
from detente.store.writer import Tx


class Account(NamedTuple):
    """``password`` is a PHC string, ``secret`` the code's, sealed, ``step`` the newest one used.

    ``recovery`` holds the SHA-256 of each recovery code that was not used.
    """

    officer: str
    password: str
    secret: bytes
    step: int
    recovery: bytes | None = None


def get(tx: Tx, officer: str) -> Account | None:
    """An officer's account, or None."""
    row = tx.connection.execute(select(accounts).where(accounts.c.officer == officer)).first()
    return None if row is None else Account(*row)


def put(tx: Tx, account: Account) -> None:
    """Keep an account as it now is."""
    upsert(tx, accounts, [account._asdict()])


def all_accounts(tx: Tx) -> list[Account]:
    """Every account."""
    return [Account(*row) for row in tx.connection.execute(select(accounts))]


def remove(tx: Tx, officer: str) -> None:
    """Forget an officer's password and codes."""
    tx.connection.execute(delete(accounts).where(accounts.c.officer == officer))


class Reset(NamedTuple):
    """A reset that ``asked_by`` has asked for and nobody else yet."""

    officer: str
    asked_by: str
    expires_s: float


def reset_asked(tx: Tx, officer: str, now_s: float) -> Reset | None:
    """The reset that was asked for an officer, if its time is not over."""
    query = select(resets).where(resets.c.officer == officer, resets.c.expires_s > now_s)
    row = tx.connection.execute(query).first()
    return None if row is None else Reset(*row)


def ask_reset(tx: Tx, reset: Reset) -> None:
    """Keep that a reset was asked for."""
    upsert(tx, resets, [reset._asdict()])


def forget_reset(tx: Tx, officer: str) -> None:
    """Forget that a reset was asked for."""
    tx.connection.execute(delete(resets).where(resets.c.officer == officer))


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

"""The internal audit log: rows that follow each other, each bound to all before it.

Row *n* has ``hash_n = SHA-256(hash_m ‖ JSON of [n, time, officer, action, subject, SHA-256 of the
detail])``, *m* being the row before it; the first begins with 32 zero bytes. Whoever changes a row
and cannot recompute every later hash is found out by ``damage``. Who can write the whole database
can recompute them all: an auditor who keeps the newest hash elsewhere finds that out too.
"""

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select

from detente.errors import InputError
from detente.store.tables import audit, audit_chain
from detente.store.writer import Tx

START = bytes(32)
_NEWEST = select(audit_chain.c.n, audit_chain.c.hash).order_by(audit_chain.c.n.desc()).limit(1)
_NUMBERED = select(func.max(audit.c.n))
_ADD = insert(audit)
_BIND = insert(audit_chain)


def add(
    tx: Tx, *, time_s: float, officer: str, action: str, subject: str, detail: bytes = b"{}"
) -> None:
    """Add a row. ``detail`` is a JSON object.

    Raises InputError for text that no database keeps.
    """
    _check_text(officer, action, subject)
    before, n = _newest(tx)
    n += 1
    row = {
        "n": n,
        "time_s": time_s,
        "officer": officer,
        "action": action,
        "subject": subject,
        "detail": detail,
    }
    bound = link(before, n, time_s, officer, action, subject, detail)
    tx.later((audit, n), _ADD, row)
    tx.later((audit_chain, n), _BIND, {"n": n, "hash": bound})
    tx.held[_NEWEST] = (bound, n)


def _newest(tx: Tx) -> tuple[bytes, int]:
    """Hash and number of the newest row. Nobody else numbers rows."""
    if _NEWEST not in tx.held:
        row = tx.as_written.execute(_NEWEST).first()
        # A row whose hash was taken out must not be written over: its damage is to be found.
        n = tx.as_written.execute(_NUMBERED).scalar() or 0
        tx.held[_NEWEST] = (START, n) if row is None else (row.hash, max(n, row.n))
    found: tuple[bytes, int] = tx.held[_NEWEST]
    return found


def _check_text(*texts: str) -> None:
    if any("\0" in text or not _is_utf8(text) for text in texts):
        raise InputError(
            "the audit log cannot hold that name",
            remedy="send whole characters and no NUL",
            where="officer",
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def link(
    before: bytes, n: int, time_s: float, officer: str, action: str, subject: str, detail: bytes
) -> bytes:
    """The hash of a row that follows one with the hash ``before``."""
    told = [n, time_s, officer, action, subject, hashlib.sha256(detail).hexdigest()]
    return hashlib.sha256(before + msgspec.json.encode(told)).digest()


def who_did(tx: Tx, subject: str, actions: Collection[str], since_s: float) -> set[str]:
    """Whoever did one of these actions to a subject, at ``since_s`` or later."""
    query = select(audit.c.officer).where(
        audit.c.subject == subject, audit.c.action.in_(actions), audit.c.time_s >= since_s
    )
    return set(tx.connection.execute(query).scalars())


def chain_all(connection: Connection) -> None:
    """Bind the rows of a log that was kept without hashes."""
    before = START
    columns = [audit.c[name] for name in _COLUMNS]
    for row in connection.execute(select(*columns).order_by(audit.c.n)).all():
        before = link(before, *row)
        connection.execute(_BIND, {"n": row.n, "hash": before})


_COLUMNS = ("n", "time_s", "officer", "action", "subject", "detail")


def _holds(before: bytes, row: Any, hash_: bytes | None) -> bool:
    try:
        return link(before, *row) == hash_
    except (TypeError, ValueError):
        # A damaged cell may be of any kind.
        return False


def damage(tx: Tx) -> Iterator[int]:
    """The number of the first row that is not what was written, or that is missing."""
    hashes = tx.connection.execute(select(audit_chain.c.n, audit_chain.c.hash))
    bound = {row.n: row.hash for row in hashes}
    expected, before = iter(sorted(bound)), START
    columns = [audit.c[name] for name in _COLUMNS]
    for row in tx.connection.execute(select(*columns).order_by(audit.c.n)):
        wanted = next(expected, row.n)
        if wanted != row.n or not _holds(before, row, bound.get(row.n)):
            yield min(wanted, row.n)
            return
        before = bound[row.n]
    yield from list(expected)[:1]

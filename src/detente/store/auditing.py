"""The internal audit log: rows that follow each other, each bound to all before it.

Row *n* has ``hash_n = SHA-256(hash_m ‖ JSON of [n, time, officer, action, subject, SHA-256 of the
detail])``, *m* being the row before it; the first begins with 32 zero bytes. Whoever changes a row
and cannot recompute every later hash is found out by ``damage``. Who can write the whole database
can recompute them all: an auditor who keeps the newest hash elsewhere finds that out too.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from detente.store.tables import audit, audit_chain
from detente.store.writer import Tx

START = bytes(32)
_NEWEST = select(audit_chain.c.hash).order_by(audit_chain.c.n.desc()).limit(1)
_ADD = insert(audit)
_BIND = insert(audit_chain)


def add(
    tx: Tx, *, time_s: float, officer: str, action: str, subject: str, detail: bytes = b"{}"
) -> None:
    """Add a row. ``detail`` is a JSON object."""
    row = {
        "time_s": time_s,
        "officer": officer,
        "action": action,
        "subject": subject,
        "detail": detail,
    }
    before = tx.connection.execute(_NEWEST).scalar() or START
    [n] = tx.connection.execute(_ADD, row).inserted_primary_key or (0,)
    bound = link(before, n, time_s, officer, action, subject, detail)
    tx.connection.execute(_BIND, {"n": n, "hash": bound})


def link(
    before: bytes, n: int, time_s: float, officer: str, action: str, subject: str, detail: bytes
) -> bytes:
    """The hash of a row that follows one with the hash ``before``."""
    told = [n, time_s, officer, action, subject, hashlib.sha256(detail).hexdigest()]
    return hashlib.sha256(before + msgspec.json.encode(told)).digest()


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

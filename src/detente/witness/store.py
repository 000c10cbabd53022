"""What a witness keeps: the logs it serves, and per log the newest checkpoint that it cosigned.

It is a SQLite file, opened as every store is (``store.database``), with one writer
(``store.writer``) that holds the database's write lock from the first read of a transaction on. So
the size that a submission is held against is the size that it is written over, in one process or
in two.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from detente.errors import StoreError
from detente.record.note import VerifierKey, parse_verifier_key
from detente.record.tree import EMPTY_ROOT
from detente.store.database import database_url, open_engines, reason
from detente.store.writer import Tx, Writer

T = TypeVar("T")

FILE = "witness.db"
VERSION = 1
REFUSED_MAX = 16
"""Refused submissions kept per log. One is evidence, and a log that forks could fill a disk."""

TURNED_AWAY_MAX = 64
"""Logs of which it is kept that they were turned away."""

metadata = MetaData()

schema = Table("schema", metadata, Column("version", Integer, primary_key=True))
logs = Table(
    "logs",
    metadata,
    Column("origin", String, primary_key=True),
    Column("sha256", String, nullable=False, unique=True),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary),
)
"""Per log the newest checkpoint that was cosigned, with the log's signatures and ours.

A log stays when its keys are taken away: served again, it goes on from where it was.
"""
keys = Table(
    "keys",
    metadata,
    Column("origin", String, ForeignKey("logs.origin"), primary_key=True),
    Column("key", String, primary_key=True),
)
"""The keys that a log's checkpoints are signed by, as tools for signed notes are told keys."""
refused = Table(
    "refused",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("origin", String, ForeignKey("logs.origin"), nullable=False),
    Column("time_s", Integer, nullable=False),
    Column("why", String, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("held", LargeBinary),
)
"""Checkpoints that a log signed and that did not go on from ``held``, the one cosigned before."""
turned_away = Table(
    "turned_away",
    metadata,
    Column("origin", String, primary_key=True),
    Column("time_s", Integer, nullable=False),
    Column("why", String, nullable=False),
    Column("key_ids", String, nullable=False),
)
"""Per log the last checkpoint that no trusted keys have signed: what the operator has to look at.

Nothing of it is proven: whoever submits a checkpoint chooses the log's name and the keys' ids.
"""


class TurnedAway(msgspec.Struct, frozen=True):
    """A log whose checkpoint was refused. ``key_ids`` (hex) are those it was signed by, untrusted.

    An id is the middle part of a verifier key.
    """

    origin: str
    time_s: int
    why: str
    key_ids: tuple[str, ...]


class Latest(msgspec.Struct, frozen=True):
    """How far a log was cosigned; ``note`` is None before the first time."""

    origin: str
    size: int
    root: bytes
    note: str | None


class Refused(msgspec.Struct, frozen=True):
    """A checkpoint that was refused, and the one that it does not go on from."""

    origin: str
    time_s: int
    why: str
    note: str
    held: str | None


class WitnessStore:
    """A witness's database, open."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises StoreError."""
        self._engines = open_engines(database_url(path))
        self._writer = Writer(self._engines[0], lambda: None)
        try:
            self.write(_prepare)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Finish what is being written."""
        self._writer.close()
        for engine in self._engines:
            engine.dispose()

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a transaction that is on the disk when this returns."""
        return self._writer.write(work)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent snapshot."""
        try:
            with self._engines[1].begin() as connection:
                yield Tx(connection)
        except SQLAlchemyError as error:
            raise StoreError(
                f"the witness's database cannot be read: {reason(error)}",
                remedy="check the disk, and restore the whole folder from its newest backup",
            ) from error


def _prepare(tx: Tx) -> None:
    metadata.create_all(tx.connection)
    version = tx.connection.execute(select(func.max(schema.c.version))).scalar()
    if version is None:
        tx.connection.execute(insert(schema).values(version=VERSION))
    elif version != VERSION:
        raise StoreError(
            f"its tables are of version {version}, and this is version {VERSION}",
            where=FILE,
            remedy="run the version of detente that made it, or a newer one",
        )


def latest(tx: Tx, origin: str) -> Latest | None:
    """How far a log was cosigned; None for one that is not served."""
    return _latest(tx, logs.c.origin == origin)


def latest_by_hash(tx: Tx, sha256: str) -> Latest | None:
    """The same, for the hex SHA-256 of its origin."""
    return _latest(tx, logs.c.sha256 == sha256)


def all_latest(tx: Tx) -> list[Latest]:
    """Every log, by origin."""
    return [_row(*row) for row in tx.connection.execute(_LATEST.order_by(logs.c.origin))]


_LATEST = select(logs.c.origin, logs.c.size, logs.c.root, logs.c.note)


def _latest(tx: Tx, which: ColumnElement[bool]) -> Latest | None:
    row = tx.connection.execute(_LATEST.where(which)).first()
    return None if row is None else _row(*row)


def _row(origin: str, size: int, root: bytes, note: bytes | None) -> Latest:
    return Latest(origin, size, root, None if note is None else note.decode())


def put_latest(tx: Tx, cosigned: Latest) -> None:
    """Go on to a newer checkpoint."""
    values = {
        "size": cosigned.size,
        "root": cosigned.root,
        "note": None if cosigned.note is None else cosigned.note.encode(),
    }
    tx.connection.execute(update(logs).where(logs.c.origin == cosigned.origin).values(values))


def keys_of(tx: Tx, origin: str) -> list[VerifierKey]:
    """The keys trusted for a log, sorted as they are written."""
    query = select(keys.c.key).where(keys.c.origin == origin).order_by(keys.c.key)
    return [parse_verifier_key(text) for text in tx.connection.execute(query).scalars()]


def allow(tx: Tx, origin: str, sha256: str, key: str) -> bool:
    """Trust a key for a log; False if it is trusted already."""
    if latest(tx, origin) is None:
        new = {"origin": origin, "sha256": sha256, "size": 0, "root": EMPTY_ROOT}
        tx.connection.execute(insert(logs).values(new))
    row = (keys.c.origin == origin) & (keys.c.key == key)
    if tx.connection.execute(select(keys.c.key).where(row)).first() is not None:
        return False
    tx.connection.execute(insert(keys).values(origin=origin, key=key))
    return True


def forbid(tx: Tx, origin: str, key: str) -> bool:
    """Trust a key no more; False if it was not trusted."""
    row = (keys.c.origin == origin) & (keys.c.key == key)
    return bool(tx.connection.execute(delete(keys).where(row)).rowcount)


def put_refused(tx: Tx, one: Refused) -> None:
    """Keep a refused checkpoint, once, and no more than some of one log."""
    same = (refused.c.origin == one.origin) & (refused.c.note == one.note.encode())
    count = select(func.count()).where(refused.c.origin == one.origin)
    if tx.connection.execute(select(refused.c.n).where(same)).first() is not None:
        return
    if tx.connection.execute(count).scalar_one() >= REFUSED_MAX:
        return
    values = {
        "origin": one.origin,
        "time_s": one.time_s,
        "why": one.why,
        "note": one.note.encode(),
        "held": None if one.held is None else one.held.encode(),
    }
    tx.connection.execute(insert(refused).values(values))


def all_refused(tx: Tx) -> list[Refused]:
    """Every refused checkpoint that was kept, oldest first."""
    query = select(
        refused.c.origin, refused.c.time_s, refused.c.why, refused.c.note, refused.c.held
    ).order_by(refused.c.n)
    return [
        Refused(origin, time_s, why, note.decode(), None if held is None else held.decode())
        for origin, time_s, why, note, held in tx.connection.execute(query)
    ]


def turn_away(tx: Tx, one: TurnedAway) -> bool:
    """Note it; False if the same was noted before. Logs that are not served make room first."""
    ids = " ".join(one.key_ids)
    which = turned_away.c.origin == one.origin
    same = which & (turned_away.c.why == one.why) & (turned_away.c.key_ids == ids)
    known = tx.connection.execute(select(turned_away.c.origin).where(same)).first() is not None
    tx.connection.execute(delete(turned_away).where(which))
    row = {"origin": one.origin, "time_s": one.time_s, "why": one.why, "key_ids": ids}
    tx.connection.execute(insert(turned_away).values(row))
    served = turned_away.c.origin.in_(select(logs.c.origin))
    order = (served.desc(), turned_away.c.time_s.desc())
    kept = select(turned_away.c.origin).order_by(*order).limit(TURNED_AWAY_MAX)
    tx.connection.execute(delete(turned_away).where(turned_away.c.origin.not_in(kept)))
    return not known


def forget_turned_away(tx: Tx, origin: str) -> None:
    """The log is cosigned again."""
    tx.connection.execute(delete(turned_away).where(turned_away.c.origin == origin))


def all_turned_away(tx: Tx) -> list[TurnedAway]:
    """Every log that was turned away and not cosigned since, newest first."""
    query = select(
        turned_away.c.origin, turned_away.c.time_s, turned_away.c.why, turned_away.c.key_ids
    ).order_by(turned_away.c.time_s.desc(), turned_away.c.origin)
    return [
        TurnedAway(origin, time_s, why, tuple(ids.split()))
        for origin, time_s, why, ids in tx.connection.execute(query)
    ]

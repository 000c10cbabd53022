"""``apsw`` as SQLAlchemy's driver for SQLite, as far as the store needs one (PEP 249).

All connections to one file are one connection of SQLite's, because the recording VFS can have no
more (``vfs``). They take turns: who begins a transaction has it to its end. What a node does is the
same, only never two things at once. A thread that reads while it reads has one snapshot for both.
"""

import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from typing import Any
from unittest import mock

import apsw
from sqlalchemy import URL, Engine, create_engine

from bench.crash.recorder import Recorder
from bench.crash.vfs import NAME, RecordingVFS
from detente.store import database

__all__ = [
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
]

apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
sqlite_version_info = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
sqlite_version = apsw.sqlite_lib_version()
PARSE_DECLTYPES, PARSE_COLNAMES = sqlite3.PARSE_DECLTYPES, sqlite3.PARSE_COLNAMES
Binary = bytes

TURN_S_MAX = 60.0
"""Who waits longer for its turn waits for itself."""


class _Shared:
    """The one connection to a file, and whose turn it is."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.users = 0
        self.turn = threading.RLock()
        self.real = apsw.Connection(path, vfs=NAME)
        self.real.execute("PRAGMA locking_mode=EXCLUSIVE")


class Connection:
    """A connection, or what looks like one."""

    def __init__(self, shared: _Shared, synchronous: str) -> None:
        self._shared = shared
        self._synchronous = synchronous
        self._in_transaction = False
        self._is_inner = False
        self._query_only = "OFF"
        self.isolation_level: str | None = ""
        shared.users += 1

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        return self.cursor().execute(sql, parameters)

    def create_function(self, name: str, arguments: int, function: Any, **_: Any) -> None:
        self._shared.real.create_scalar_function(name, function, arguments)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def close(self) -> None:
        self.rollback()
        self._shared.users -= 1
        if not self._shared.users:
            self._shared.real.close()

    def _end(self, how: str) -> None:
        if self._in_transaction:
            try:
                if not self._is_inner and not self._shared.real.get_autocommit():
                    self._shared.real.execute(how)
            except apsw.Error as error:
                raise OperationalError(str(error)) from error
            finally:
                self._in_transaction = False
                self._shared.turn.release()

    @contextmanager
    def run(self, sql: str) -> Iterator[apsw.Cursor]:
        """A cursor to run one statement with, when it is our turn."""
        word = sql.split(None, 1)[0].upper()
        if not self._in_transaction and not self._shared.turn.acquire(timeout=TURN_S_MAX):
            raise OperationalError(f"waited {TURN_S_MAX:g} s for its turn: {sql[:60]}")
        try:
            if word == "BEGIN":
                self._is_inner = not self._shared.real.get_autocommit()
                self._shared.real.execute(f"PRAGMA query_only={self._query_only}")
                self._in_transaction = True
            yield self._shared.real.cursor()
        except apsw.ConstraintError as error:
            raise IntegrityError(str(error)) from error
        except apsw.Error as error:
            raise OperationalError(str(error)) from error
        finally:
            if not self._in_transaction:
                self._shared.turn.release()

    def changed(self, sql: str) -> str:
        """A statement as it is run: what would be one connection's setting is kept here."""
        if self._is_inner and sql == "BEGIN":
            return "SELECT 1"
        if sql.startswith("PRAGMA query_only="):
            self._query_only = sql.partition("=")[2]
            return "SELECT 1"
        if sql.startswith("PRAGMA ") and "=" in sql and not self._shared.real.get_autocommit():
            # It is set on the one connection there is, and cannot be while that is reading.
            return "SELECT 1"
        if sql.startswith("PRAGMA synchronous="):
            return f"PRAGMA synchronous={self._synchronous}"
        return sql


class Cursor:
    """A cursor that has read all rows when it is given back."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        return self._run(sql, [parameters])

    def executemany(self, sql: str, several: Iterable[Sequence[Any]]) -> "Cursor":
        return self._run(sql, several)

    def _run(self, sql: str, several: Iterable[Sequence[Any]]) -> "Cursor":
        self.description = None
        with self.connection.run(sql) as cursor:
            real = cursor.connection
            before = real.total_changes()

            def describe(of: apsw.Cursor, *_: Any) -> bool:
                found = of.get_description()
                self.description = [(one[0], *[None] * 6) for one in found] or None
                return True

            cursor.exec_trace = describe
            self._rows = []
            for parameters in several:
                self._rows += cursor.execute(self.connection.changed(sql), tuple(parameters))
            self.rowcount = -1 if self.description else real.total_changes() - before
            self.lastrowid = real.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = arraysize) -> list[Any]:
        found, self._rows = self._rows[:size], self._rows[size:]
        return found

    def fetchall(self) -> list[Any]:
        found, self._rows = self._rows, []
        return found

    def close(self) -> None:
        self._rows = []


@contextmanager
def recorded(recorder: Recorder, synchronous: str = "FULL") -> Iterator[None]:
    """Have every store that is opened until the end of the block write through ``recorder``.

    ``synchronous`` is set in the place of what the store asks for.
    """
    vfs = RecordingVFS(recorder)
    files: dict[str, _Shared] = {}

    def connect(path: str) -> Connection:
        if path not in files or not files[path].users:
            files[path] = _Shared(path)
        return Connection(files[path], synchronous)

    def make_engine(url: URL, **options: Any) -> Engine:
        path, this = str(url.database), sys.modules[__name__]
        return create_engine(url, module=this, creator=lambda: connect(path), **options)

    try:
        with recorder.watching(), mock.patch.object(database, "create_engine", make_engine):
            yield
    finally:
        vfs.unregister()

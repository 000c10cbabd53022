"""Opening a database so that what it acknowledges is on the disk.

Two are known. **SQLite**, the embedded default: write-ahead log with ``synchronous=FULL``. In crash
tests WAL with ``NORMAL`` lost acknowledged rows, so it cannot be chosen here. **PostgreSQL**, by
URL through psycopg 3: refused if the server acknowledges commits before they are on its disk.

Writers and readers get separate engines. The writer takes the database's write lock when its
transaction begins, so that what it reads inside is what it will write upon; a reader sees one
consistent snapshot for as long as its transaction lasts, and can write nothing.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from detente.errors import InputError, StoreError

BUSY_TIMEOUT_S = 30
"""How long to wait for another process that holds SQLite's write lock."""

WRITE_LOCK = 0x6465746E
"""The number of PostgreSQL's advisory lock that admits one writing transaction at a time."""


def database_url(url_or_path: str | Path) -> URL:
    """The SQLAlchemy URL of a SQLite path, a ``sqlite:`` or a ``postgresql:`` URL."""
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite", database=str(url_or_path))
    try:
        url = make_url(url_or_path)
    except ArgumentError as error:
        raise InputError(
            "the database's URL cannot be read",
            remedy="write it as postgresql://user:password@host/name",
        ) from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database:
        return url.set(drivername="sqlite")
    raise InputError(
        f"a database of the kind {url.drivername!r} is not supported",
        remedy="use a file's path (SQLite) or a postgresql:// URL",
    )


def open_engines(url: URL) -> tuple[Engine, Engine]:
    """A writer's engine (one connection) and a readers' engine for the same database."""
    if url.get_backend_name() == "sqlite":
        _create_private(Path(str(url.database)))
        writer = create_engine(url, pool_size=1, max_overflow=0)
        reader = create_engine(url, pool_size=8, max_overflow=24)
        _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", query_only=False)
        _prepare_sqlite(reader, begin="BEGIN", query_only=True)
    else:
        writer = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
        reader = create_engine(
            url,
            pool_size=8,
            max_overflow=24,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
        event.listen(writer, "begin", _lock_postgresql)
    try:
        with writer.connect() as connection:
            _check_durable(connection)
    except SQLAlchemyError as error:
        writer.dispose()
        reader.dispose()
        raise StoreError(
            f"the database {url.render_as_string()} cannot be opened: {reason(error)}",
            remedy="check that it exists, is reachable and may be written",
        ) from error
    except StoreError:
        writer.dispose()
        reader.dispose()
        raise
    return writer, reader


def reason(error: Exception) -> str:
    """The driver's own words, on one line, without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(cause).__name__


@contextmanager
def lenient_text(connection: Connection, *, lenient: bool) -> Iterator[None]:
    """While it lasts, have SQLite give damaged text back with U+FFFD for what is not UTF-8.

    It would refuse the whole row otherwise, and with it any hope of naming it.
    """
    driver = connection.connection.driver_connection
    if not lenient or not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        yield
    finally:
        driver.text_factory = str


def _create_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its -wal and -shm the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"the database cannot be opened: {error.strerror}",
            where=str(path),
            remedy="check that the folder exists and may be written",
        ) from error


def _prepare_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, explicitly: the driver's own habit of beginning one before
        # the first INSERT would let two writers read the same size of a log.
        connection.isolation_level = None
        pragmas: dict[str, Any] = {
            "busy_timeout": BUSY_TIMEOUT_S * 1000,
            "journal_mode": "WAL",
            "synchronous": "FULL",
            "fullfsync": "ON",  # macOS acknowledges a plain fsync before the disk has it
            "checkpoint_fullfsync": "ON",
            "foreign_keys": "ON",
            # What a recall erases is overwritten in the file, not just forgotten.
            "secure_delete": "ON",
            "query_only": "ON" if query_only else "OFF",
        }
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _lock_postgresql(connection: Connection) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(WRITE_LOCK)))


def _check_durable(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        if mode != "wal":
            raise StoreError(
                f"SQLite cannot keep a write-ahead log here (journal mode {mode})",
                remedy="put the node's folder on a local disk, or use PostgreSQL",
            )
        return
    settings = ("synchronous_commit", "fsync", "full_page_writes")
    row = connection.execute(select(*(func.current_setting(name) for name in settings))).one()
    for name, value in zip(settings, row, strict=True):
        if value == "off":
            raise StoreError(
                f"PostgreSQL's {name} is off: it would acknowledge what a crash can lose",
                remedy=f"set {name} to on",
            )

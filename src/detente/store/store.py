"""The store: one database, one writer, many readers.

::

    store = Store.open("detente.db")            # or postgresql://…
    entry = store.write(lambda tx: …)           # on the disk when this returns
    with store.read() as tx: …                  # one consistent snapshot

What is read and written stands in the modules beside this one (``logs``, ``projection``,
``plans`` …), as functions over a ``Tx``. They hold all the SQL there is.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from detente.errors import StoreError
from detente.store import changes, migrations
from detente.store.database import database_url, lenient_text, open_engines, reason
from detente.store.scrubbing import mark, outlived, rewrites, scrub
from detente.store.writer import Tx, Writer

__all__ = ["Store", "Tx"]

T = TypeVar("T")

POLL_S = 1.0
"""How soon a commit by another process over the same database is noticed at the latest."""


class Store:
    """One party's database, open."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._engines = (writer, reader)
        self._reader = reader
        self._news = threading.Condition()
        self._commits = 0
        self._open = True
        self._writer = Writer(writer, self._announce)

    @classmethod
    def open(cls, url_or_path: str | Path) -> "Store":
        """Open a database, creating or upgrading its tables.

        Raises InputError for a URL of an unknown kind, StoreError if it cannot be opened, does not
        keep what it acknowledges, or was written by a newer version.
        """
        writer, reader = open_engines(database_url(url_or_path))
        store = cls(writer, reader)
        try:
            store.write(lambda tx: migrations.upgrade(tx.connection))
            if writer.dialect.name == "sqlite":
                # A crash may have left what was erased in the write-ahead log.
                store.scrub()
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Finish the writes that are waiting and close every connection."""
        self._writer.close()
        self._open = False
        for engine in self._engines:
            engine.dispose()

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a transaction of the one writer; durable when this returns.

        Raises what ``work`` raised (then nothing of it is kept) or StoreError.
        """
        return self._writer.write(work)

    def scrub(self) -> bool:
        """Overwrite what was erased, as far as the database can be told to (``scrubbing``).

        False if readers held it up: try again later. Raises StoreError.
        """
        return self._writer.between(scrub)

    @property
    def scrub_rewrites(self) -> bool:
        """Whether ``scrub`` costs as much as what is kept, however little was erased."""
        return rewrites(self._reader)

    def mark(self) -> str:
        """The state after everything committed until now, for ``outlived``. Raises StoreError."""
        return self._writer.between(mark)

    def outlived(self, mark: str) -> bool:
        """Whether nobody reads an older state than ``mark``, which ``scrub`` would preserve.

        Asks and does not wait. Raises StoreError.
        """
        with self.read() as tx:
            return outlived(tx.connection, mark)

    @contextmanager
    def read(self, *, damaged: bool = False) -> Iterator[Tx]:
        """A consistent snapshot of what is committed. Raises StoreError if it cannot be read.

        ``damaged`` is for verification: text that is no longer text is read as far as it goes.
        """
        if not self._open:
            raise StoreError("the store is closed", remedy="start the node again")
        try:
            with self._reader.begin() as connection, lenient_text(connection, lenient=damaged):
                yield Tx(connection)
        except SQLAlchemyError as error:
            raise StoreError(
                f"the store cannot be read: {reason(error)}",
                remedy="check the disk or the database server, then run `detente record verify`",
            ) from error

    def wait_change(self, n: int, timeout_s: float) -> int:
        """Wait until a change above number ``n`` is committed; the newest number, then or at the
        end of ``timeout_s``."""
        end_s = time.monotonic() + timeout_s
        while True:
            with self._news:
                commits = self._commits
            with self.read() as tx:
                newest = changes.newest(tx)
            left_s = end_s - time.monotonic()
            if newest > n or left_s <= 0:
                return newest
            with self._news:
                if self._commits == commits:
                    self._news.wait(min(left_s, POLL_S))

    def _announce(self) -> None:
        with self._news:
            self._commits += 1
            self._news.notify_all()

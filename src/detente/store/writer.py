"""The one thread that writes, and its group commit.

A durable commit costs one wait for the disk, whatever it holds. So callers do not commit; they
hand a function to the one writer thread, which takes all that are waiting, runs them one after
the other in one transaction, each inside a savepoint of its own, commits once, and only then
answers them all. A function that raises undoes its own savepoint and nobody else's. If the commit
fails, nothing of the batch is there and every caller of it gets a StoreError.

One writer also means that what a function reads cannot change before it is committed: the size of
a log read inside is the size the next entry is appended to. See docs/decisions/0006.
"""

import queue
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from detente.errors import StoreError
from detente.store.database import reason

T = TypeVar("T")

BATCH_MAX = 64
"""Callers served by one commit at most, so that the first of them is not kept waiting."""


class Tx:
    """A transaction in which the store's modules read and, in a ``write``, change rows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.undone: list[Callable[[], None]] = []
        self.last: dict[Hashable, Callable[[Tx], None]] = {}

    def before_commit(self, what: Hashable, work: "Callable[[Tx], None]") -> None:
        """Have ``work`` done in the same transaction, once for all that is committed with this.

        Of several works for one ``what``, from this function or from others of the batch that are
        not undone, the last is done and the others are not. It may not fail for what it is given:
        then nothing of the batch is kept.
        """
        self.last[what] = work

    def after_rollback(self, note: Callable[[], None]) -> None:
        """Have ``note`` called, on the writer thread, if what was done here is undone.

        For state outside the database that follows it. ``note`` may not raise.
        """
        self.undone.append(note)


class _Job:
    """One caller's function, and where its answer goes."""

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.answer: Future[Any] = Future()
        self.undone: list[Callable[[], None]] = []
        self.last: dict[Hashable, Callable[[Tx], None]] = {}
        self.result: Any = None
        self.error: BaseException | None = None

    def attempt(self, connection: Connection) -> None:
        """Run the function inside a savepoint; keep its result, or its error and no rows.

        Raises SQLAlchemyError if not even the savepoint can be undone: the transaction is lost.
        """
        tx = Tx(connection)
        savepoint = connection.begin_nested()
        try:
            self.result = self.work(tx)
            savepoint.commit()
            self.undone, self.last = tx.undone, tx.last
        except BaseException as error:
            self.error = error
            self.undone = tx.undone
            self.undo()
            savepoint.rollback()

    def undo(self) -> None:
        """Tell who asked that what this function did is undone."""
        for note in self.undone:
            note()
        self.undone = []

    def settle(self) -> None:
        """Give the caller its result or its own error, now that the batch is committed."""
        if self.error is None:
            self.answer.set_result(self.result)
        elif isinstance(self.error, SQLAlchemyError):
            self.fail(self.error)
        else:
            self.answer.set_exception(self.error)

    def fail(self, cause: Exception) -> None:
        """Tell the caller that nothing of what it asked for was kept."""
        error = StoreError(
            f"the store could not keep this: {reason(cause)}",
            remedy="nothing of it was kept; check the disk or the database server, and try again",
        )
        error.__cause__ = cause
        self.answer.set_exception(error)


class _Chore:
    """One caller's function that is run between transactions, and where its answer goes."""

    def __init__(self, work: Callable[[Engine], Any]) -> None:
        self.work = work
        self.answer: Future[Any] = Future()

    def attempt(self, engine: Engine) -> None:
        """Run the function and answer."""
        try:
            self.answer.set_result(self.work(engine))
        except Exception as cause:
            error = StoreError(
                f"the store could not do this: {reason(cause)}",
                remedy="check the disk or the database server; it is tried again",
            )
            error.__cause__ = cause
            self.answer.set_exception(error)


_NOTHING = _Chore(lambda _: None)
"""Stands for an empty queue, where None stands for its end."""


class Writer:
    """Runs the functions handed to ``write`` on one thread, many to a commit.

    ``committed`` is called on that thread after each commit, before the callers are answered.
    """

    def __init__(self, engine: Engine, committed: Callable[[], None]) -> None:
        self._engine = engine
        self._committed = committed
        self._jobs: queue.SimpleQueue[_Job | _Chore | None] = queue.SimpleQueue()
        self._open = True
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="detente-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in the one writer; what it did is on the disk when this returns.

        Raises what ``work`` raised (nothing of it is kept), or StoreError.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("write was called inside a write: it would wait for itself")
        job = _Job(work)
        with self._gate:
            if not self._open:
                raise StoreError("the store is closed", remedy="start the node again")
            self._jobs.put(job)
        result: T = job.answer.result()
        return result

    def between(self, work: Callable[[Engine], T]) -> T:
        """Run ``work`` on the writer thread, outside any transaction, and give its answer.

        For what a database does only there. Raises StoreError if it cannot.
        """
        chore = _Chore(work)
        with self._gate:
            if not self._open:
                raise StoreError("the store is closed", remedy="start the node again")
            self._jobs.put(chore)
        answer: T = chore.answer.result()
        return answer

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._gate:
            if self._open:
                self._open = False
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        following = self._jobs.get()
        while following is not None:
            if isinstance(following, _Chore):
                following.attempt(self._engine)
                following = self._jobs.get()
            else:
                batch, following = self._gather(following)
                self._commit(batch)
                following = self._jobs.get() if following is _NOTHING else following

    def _gather(self, first: "_Job") -> "tuple[list[_Job], _Job | _Chore | None]":
        """All that are waiting, up to BATCH_MAX, and what else was taken from the queue."""
        batch = [first]
        while len(batch) < BATCH_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if not isinstance(job, _Job):
                return batch, job
            batch.append(job)
        return batch, _NOTHING

    def _commit(self, batch: list[_Job]) -> None:
        try:
            with self._engine.begin() as connection:
                last: dict[Hashable, Callable[[Tx], None]] = {}
                for job in batch:
                    job.attempt(connection)
                    last |= job.last
                for work in last.values():
                    work(Tx(connection))
        except Exception as error:
            # Not the database's errors alone: without this thread nobody would be answered again.
            for job in batch:
                job.undo()
                job.fail(error)
            return
        self._committed()
        for job in batch:
            job.settle()

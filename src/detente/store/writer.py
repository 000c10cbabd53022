"""The one thread that writes, and its group commit.

A durable commit costs one wait for the disk, whatever it holds. So callers do not commit; they
hand a function to the one writer thread, which takes all that are waiting, runs them one after
the other in one transaction, each inside a savepoint of its own, commits once, and only then
answers them all. A function that raises undoes its own savepoint and nobody else's. If the commit
fails, nothing of the batch is there and every caller of it gets a StoreError. What the functions of
a batch read and write alike, they read and write once (``Tx``).

One writer also means that what a function reads cannot change before it is committed: the size of
a log read inside is the size the next entry is appended to. See docs/decisions/0006.
"""

import queue
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, NestedTransaction
from sqlalchemy.exc import SQLAlchemyError

from detente.errors import StoreError
from detente.store.database import reason

T = TypeVar("T")

BATCH_MAX = 64
"""Callers served by one commit at most, so that the first of them is not kept waiting."""


Later = dict[Hashable, tuple[Executable, dict[str, Any]]]
"""Rows that are put off, by name: the statement that writes such a row, and the row."""


class Tx:
    """A transaction in which the store's modules read and, in a ``write``, change rows.

    The functions of one commit share one, and with it what makes a commit of many cheap:

    - ``held``: what was read and is still true, since nobody else writes meanwhile. Whoever changes
      what may be held there changes it there too, or forgets it.
    - ``later``: rows that are put off until the last function is done, and then written together.

    SQL over ``connection`` shows all of it, because what is put off is written before that is
    given. When a function raises, nothing that it wrote, put off or held is left.
    """

    def __init__(self, connection: Connection, *, writes: bool = False) -> None:
        self._connection = connection
        self._writes = writes
        self._savepoint: NestedTransaction | None = None
        self._done: Later = {}
        self._own: Later = {}
        self._lost: Exception | None = None
        self._last: dict[Hashable, Callable[[Tx], None]] = {}
        self._own_last: dict[Hashable, Callable[[Tx], None]] = {}
        self.held: dict[Hashable, Any] = {}

    @property
    def connection(self) -> Connection:
        """To read and change rows by SQL, which shows everything that was put off as well."""
        if self._writes:
            if self._savepoint is None:
                # What the functions before have put off is not undone with this one.
                self._write_out_done()
                self._savepoint = self._connection.begin_nested()
            self._write_out(self._own)
        return self._connection

    @property
    def as_written(self) -> Connection:
        """To read rows of which the reader knows by itself what was put off (``held``).

        Nothing may be changed over it.
        """
        return self._connection

    @property
    def dialect(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self._connection.dialect.name

    def later(self, name: Hashable, statement: Executable, row: dict[str, Any]) -> None:
        """Put a row off: before the commit, ``statement`` is executed with it and its like.

        Of two with one ``name`` the last is written. Rows of different statements are written in
        no certain order. What can be wrong with a row has to be found out before: if one cannot be
        written, nothing of the commit is kept, for nobody.
        """
        self._own[name] = (statement, row)

    def before_commit(self, what: Hashable, work: "Callable[[Tx], None]") -> None:
        """Have ``work`` done in the same transaction, once for all that is committed with this.

        Of several works for one ``what``, from this function or from others of the batch that are
        not undone, the last is done and the others are not. It may not fail for what it is given:
        then nothing of the batch is kept.
        """
        self._own_last[what] = work

    def keep(self) -> None:
        """What the function under way did is done: for the writer."""
        if self._savepoint is not None:
            self._savepoint.commit()
            self._savepoint = None
        self._done |= self._own
        self._last |= self._own_last
        self._own, self._own_last = {}, {}

    def undo(self) -> None:
        """Undo what the function under way did: for the writer.

        Raises SQLAlchemyError if not even that can be done: the transaction is lost.
        """
        self._own, self._own_last = {}, {}
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is not None:
            savepoint.rollback()
        # Nothing that is held says any more what is put off: so nothing may be put off.
        self._write_out_done()
        self.held.clear()

    def finish(self) -> None:
        """Do what was to be done last, and write what was put off: for the writer."""
        for work in self._last.values():
            work(self)
        self.keep()
        self._write_out_done()

    def _write_out_done(self) -> None:
        if self._lost is not None:
            raise self._lost
        try:
            self._write_out(self._done)
        except Exception as error:
            # Whose row it was is told already that all is well so far. Nobody may go on from here.
            self._lost = error
            raise

    def _write_out(self, rows: Later) -> None:
        together: dict[Executable, list[dict[str, Any]]] = {}
        for statement, row in rows.values():
            together.setdefault(statement, []).append(row)
        rows.clear()
        for statement, some in together.items():
            self._connection.execute(statement, some)


class _Job:
    """One caller's function, and where its answer goes."""

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.answer: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def attempt(self, tx: Tx) -> None:
        """Run the function; keep its result, or its error and no rows.

        Raises SQLAlchemyError if not even its rows can be undone: the transaction is lost.
        """
        try:
            self.result = self.work(tx)
            tx.keep()
        except BaseException as error:
            self.error = error
            tx.undo()

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
                tx = Tx(connection, writes=True)
                for job in batch:
                    job.attempt(tx)
                tx.finish()
        except Exception as error:
            # Not the database's errors alone: without this thread nobody would be answered again.
            for job in batch:
                job.fail(error)
            return
        self._committed()
        for job in batch:
            job.settle()

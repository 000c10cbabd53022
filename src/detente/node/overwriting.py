"""When the disk is overwritten next, and of which recalls nothing is left on it since.

Overwriting can cost as much as all that is kept (``scrubbing``), and nothing is written meanwhile;
what asks for it is one small entry of a peer. So several recalls share one round, and between two
rounds lies ``PAUSE_FACTOR`` times what the last one took: however many recalls come, the one writer
is held up for 2 % of the time at most. The first one after a quiet time is not put off.

A round begins with a *mark*: what was erased before it is overwritten by a round that ends well.
Who reads an older state than the mark holds the round up. He is asked for with every attempt and
never waited for, and the mark stays, so that readers who come later hold nothing up.
"""

import time
from collections.abc import Callable, Iterable
from threading import Lock

from detente.node.clock import Clock
from detente.store.store import Store

PAUSE_FACTOR = 50
"""The pause after a round, in times of what the round took."""
PAUSE_S_MIN = 60.0
"""The shortest pause where a round writes whole tables anew."""


class Overwriting:
    """What recalls have erased in transactions, on its way to be gone from the disk."""

    def __init__(self, store: Store, clock: Clock, forget: Callable[[], None]) -> None:
        """``forget`` lets go of whatever is kept in memory that was computed from what is read."""
        self._store = store
        self._clock = clock
        self._forget = forget
        self._one = Lock()
        self._erased = False
        self._mark: str | None = None
        self._before_mark: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()
        self._pause: tuple[float, float] | None = None

    @property
    def is_owed(self) -> bool:
        """Whether something was erased since this node was started that may be on the disk."""
        return self._erased or self._mark is not None

    def note_erased(self) -> None:
        """Something is erased in the write transaction under way."""
        self._erased = True

    def gone(self, recalls: Iterable[str]) -> list[str]:
        """Those of these recalls of which a round has left nothing on the disk."""
        return [recall for recall in recalls if recall in self._gone]

    def attempt(self, find_done: Callable[[], frozenset[str]]) -> None:
        """Run a round, unless it is too soon, somebody holds it up or another thread runs one.

        ``find_done`` gives the recalls that are committed and await it. Raises StoreError.
        """
        if not self._one.acquire(blocking=False):
            return
        try:
            if self._resting():
                return
            if self._mark is None:
                self._begin(find_done)
            if self._mark is not None and self._store.outlived(self._mark):
                self._scrub()
        finally:
            self._one.release()

    def _resting(self) -> bool:
        if self._pause is None:
            return False
        start_s, pause_s = self._pause
        # A clock that was set back must not put it off for longer.
        return start_s <= self._clock.now_s() < start_s + pause_s

    def _begin(self, find_done: Callable[[], frozenset[str]]) -> None:
        self._before_mark = find_done()
        # Before the mark: who erases from here on asks for another round, at worst needlessly.
        self._erased = False
        try:
            self._mark = self._store.mark()
        except BaseException:
            self._erased = True
            raise

    def _scrub(self) -> None:
        start_s, done = time.monotonic(), False
        try:
            done = self._store.scrub()
        finally:
            pause_s = PAUSE_FACTOR * (time.monotonic() - start_s)
            if self._store.scrub_rewrites:
                pause_s = max(pause_s, PAUSE_S_MIN)
            elif done:
                pause_s = 0.0
            self._pause = (self._clock.now_s(), pause_s)
        if done:
            # Not in the transaction: until it is committed, and as long as an older snapshot is
            # read, what it erases may be computed from and kept again. No such snapshot is left.
            self._forget()
            self._mark = None
            self._gone = self._before_mark

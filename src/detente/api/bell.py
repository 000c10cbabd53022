"""A bell that rings when something in the node has changed, for asynchronous readers.

The node is synchronous: waiting for its next change blocks a thread. One thread waits here on
behalf of any number of readers of one event loop, so that an open page costs no thread.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from detente.errors import StoreError

if TYPE_CHECKING:
    from detente.node import Node

WAIT_S = 1.0

log = structlog.get_logger("detente.bell")


class Bell:
    """Rings for every change of one node. Readers are all of one event loop."""

    def __init__(self, node: "Node") -> None:
        """Nothing runs until the first reader comes."""
        self._node = node
        self._readers: set[asyncio.Event] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = threading.Event()

    @property
    def readers(self) -> int:
        """How many listen now."""
        return len(self._readers)

    @property
    def closed(self) -> bool:
        """Whether readers are to end."""
        return self._closed.is_set()

    def close(self) -> None:
        """Ring once more, for the last time. Any thread may call it."""
        self._closed.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ring)

    def join(self) -> None:
        """Wait, in another thread than the loop's, until the node is not asked any more."""
        if self._thread is not None:
            self._thread.join()

    @contextlib.contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set at every change, until the block ends.

        Clear it *before* asking the node what has changed: a change that comes meanwhile then
        sets it again, and nothing is missed.
        """
        bell = asyncio.Event()
        self._readers.add(bell)
        if self._thread is None and not self.closed:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(
                target=self._watch, args=(self._loop,), name="bell", daemon=True
            )
            self._thread.start()
        try:
            yield bell
        finally:
            self._readers.discard(bell)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        newest = -1
        # A loop that has been closed has no readers left to tell.
        with contextlib.suppress(RuntimeError):
            while not self.closed:
                try:
                    now = self._node.wait_change(newest, WAIT_S)
                except StoreError as error:
                    # A database server that is restarted comes back, and so must the bell.
                    if not self._closed.wait(WAIT_S):
                        log.warning("changes cannot be followed", why=str(error))
                    continue
                if now != newest:
                    newest = now
                    loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        for bell in self._readers:
            bell.set()


async def rung(bell: asyncio.Event, timeout_s: float) -> bool:
    """Wait for the bell; False when it did not ring in time."""
    try:
        async with asyncio.timeout(timeout_s):
            await bell.wait()
    except TimeoutError:
        return False
    return True

"""Live events: a stream of what changes in the node, as Server-Sent Events (WHATWG HTML, 9.2).

::

    id: 1042
    event: change
    data: {"n":1042,"line":"5e1f…","kind":"message","key":"9ab0…"}

An event says what changed and not how: whoever listens asks again for what it shows, so that
events that were lost or came twice do no harm. A reader that was away sends ``Last-Event-ID``, as
browsers do by themselves, and goes on from there.

One thread waits for the node's changes on behalf of all readers, so that a reader costs no thread.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from detente.errors import InputError, StateError

if TYPE_CHECKING:
    from detente.node import Node

READERS_MAX = 64
KEEP_ALIVE_S = 15.0
WAIT_S = 1.0
PAGE = 500


class Events:
    """The change feed of one node, for any number of asynchronous readers of one event loop."""

    def __init__(self, node: "Node") -> None:
        """Nothing runs until the first reader comes."""
        self._node = node
        self._readers: set[asyncio.Event] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def close(self) -> None:
        """End all streams; the waiting thread ends within a second. Call it on the event loop."""
        self._closed = True
        self._ring()

    async def answer(self, request: Request) -> StreamingResponse:
        """The stream for one reader, from the change it last saw, or from now on.

        Raises ``InputError`` for a number that is none, ``StateError`` for too many readers.
        """
        if len(self._readers) >= READERS_MAX:
            raise StateError(
                f"{READERS_MAX} readers follow the events of this node already",
                remedy="close another page, or ask /api/v1/changes from time to time",
            )
        asked = request.headers.get("last-event-id") or request.query_params.get("since")
        if asked is None:
            start = await run_in_threadpool(self._node.newest_change)
        elif asked.isdecimal() and len(asked) <= 15:
            start = int(asked)
        else:
            raise InputError(
                "the number of the last event seen is not a number",
                where="header Last-Event-ID or query since",
                remedy="send the id of an event",
            )
        return StreamingResponse(
            self._stream(start),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, seen: int) -> AsyncIterator[bytes]:
        bell = asyncio.Event()
        self._readers.add(bell)
        self._start(asyncio.get_running_loop())
        try:
            yield b"retry: 2000\n\n"
            while not self._closed:
                # Cleared before asking: a change that comes meanwhile rings again.
                bell.clear()
                changes = await run_in_threadpool(self._node.changes_since, seen, PAGE)
                for change in changes:
                    seen = change.n
                    data = msgspec.json.encode(change)
                    yield b"id: %d\nevent: change\ndata: %s\n\n" % (change.n, data)
                if not changes and not await _rung(bell):
                    yield b": still here\n\n"
        finally:
            self._readers.discard(bell)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._watch, args=(loop,), name="events", daemon=True
            )
            self._thread.start()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        newest = self._node.newest_change()
        # A loop that has been closed has no readers left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._ring)
            while not self._closed:
                now = self._node.wait_change(newest, WAIT_S)
                if now != newest:
                    newest = now
                    loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        for bell in self._readers:
            bell.set()


async def _rung(bell: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            await bell.wait()
    except TimeoutError:
        return False
    return True

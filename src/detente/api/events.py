"""Live events: a stream of what changes in the node, as Server-Sent Events (WHATWG HTML, 9.2).

::

    id: 1042
    event: change
    data: {"n":1042,"line":"5e1f…","kind":"message","key":"9ab0…"}

An event says what changed and not how: whoever listens asks again for what it shows, so that
events that were lost or came twice do no harm. A reader that was away sends ``Last-Event-ID``, as
browsers do by themselves, and goes on from there.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from detente.api.bell import Bell, rung
from detente.errors import CredentialError, InputError, StateError

if TYPE_CHECKING:
    from detente.node import Node

READERS_MAX = 64
KEEP_ALIVE_S = 15.0
PAGE = 500


class Events:
    """The change feed of one node."""

    def __init__(self, node: "Node") -> None:
        """Nothing runs until the first reader comes."""
        self._node = node
        self.bell = Bell(node)

    async def answer(
        self, request: Request, check: Callable[[], Awaitable[object]]
    ) -> StreamingResponse:
        """The stream for one reader, from the change it last saw, or from now on.

        It ends when ``check`` raises ``CredentialError``, since an officer's access may end before.

        Raises ``InputError`` for a number that is none, ``StateError`` for too many readers.
        """
        if self.bell.readers >= READERS_MAX:
            raise StateError(
                f"{READERS_MAX} readers follow the events of this node already",
                remedy="close another page, or ask /api/v1/changes from time to time",
            )
        asked = request.headers.get("last-event-id") or request.query_params.get("since")
        if asked is None:
            start = await run_in_threadpool(self._node.newest_change)
        elif asked.isdecimal() and asked.isascii() and len(asked) <= 15:
            start = int(asked)
        else:
            raise InputError(
                "the number of the last event seen is not a number",
                where="header Last-Event-ID or query since",
                remedy="send the id of an event",
            )
        return StreamingResponse(
            self._stream(start, check),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    async def _stream(
        self, seen: int, check: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[bytes]:
        with self.bell.heard() as bell:
            yield b"retry: 2000\n\n"
            while not self.bell.closed:
                bell.clear()
                changes = await run_in_threadpool(self._node.changes_since, seen, PAGE)
                # Asked after they were read: what comes after an access has ended is not told.
                try:
                    await check()
                except CredentialError:
                    return
                for change in changes:
                    seen = change.n
                    data = msgspec.json.encode(change)
                    yield b"id: %d\nevent: change\ndata: %s\n\n" % (change.n, data)
                if not changes and not await rung(bell, KEEP_ALIVE_S):
                    yield b": still here\n\n"

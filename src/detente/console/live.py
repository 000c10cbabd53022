"""Live pages: a beat every few seconds, and at once when something has changed.

::

    event: beat
    data: {"now_s":1628472037.2,"panels":["conflicts","messages"]}

A beat carries the line's domain time, which the page's clock follows, and the panels whose content
has changed; the page fetches those again. It says *what* changed and never *how*, so beats that are
lost or come twice do no harm. A page that hears no beat for a while says so on itself: old news
must not look like no news (Server-Sent Events: WHATWG HTML, section 9.2).
"""

import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from detente.api.bell import Bell, rung
from detente.console.door import caller
from detente.errors import CredentialError, StateError
from detente.node.views import ChangeView
from detente.volumes.times import parse_time_s

if TYPE_CHECKING:
    from detente.node import Node

PAGES_MAX = 64
BEAT_S = 4.0
"""The page waits three times as long before it calls the node silent."""
SESSION_CHECK_S = 30.0
CHANGES_MAX = 500

EVERYTHING = (
    "attention",
    "links",
    "hint",
    "conflicts",
    "owed",
    "activities",
    "messages",
    "detail",
    "map",
)
_ACTIVITY = ("conflicts", "owed", "activities", "detail", "hint", "map")
PANELS_OF = {
    # Rows of the projection (line/fold.py) …
    "ack": ("messages", "owed", "activities", "detail", "attention"),
    "activity": _ACTIVITY,
    "answer": ("conflicts", "detail", "hint"),
    "check": ("owed", "attention"),
    "conflict": _ACTIVITY,
    "entry": ("links",),
    "id": (),
    "lapse": ("owed", "attention"),
    "log": ("links",),
    "meeting": _ACTIVITY,
    "message": ("messages", "owed", "attention"),
    "proposal": ("conflicts", "detail", "owed", "hint"),
    "successor": (),
    "version": _ACTIVITY,
    # … and what the node keeps beside it.
    "cosignature": ("messages", "owed", "activities", "detail", "links"),
    "link": ("links", "attention"),
    "officer": (),
    "plan": ("conflicts", "activities", "detail", "map"),
}
"""Which panels a change of some kind touches; a kind that is not listed touches everything."""


class Live:
    """The beats of one node, for any number of pages on one event loop."""

    def __init__(self, node: "Node") -> None:
        """Nothing runs until the first page comes."""
        self._node = node
        self._bell = Bell(node)

    def close(self) -> None:
        """End all streams now. Any thread may call it."""
        self._bell.close()

    def join(self) -> None:
        """Wait, in another thread than the event loop's, until the node is not asked any more."""
        self._bell.join()

    async def answer(self, request: Request, line: str) -> StreamingResponse:
        """The beats for one page of ``line``."""
        if self._bell.readers >= PAGES_MAX:
            raise StateError(
                f"{PAGES_MAX} pages follow this node already",
                remedy="close pages that nobody looks at",
            )
        view = await run_in_threadpool(self._node.line, line)
        # How far the line's domain time lies from this machine's clock.
        ahead_s = parse_time_s(view.now) - time.time()
        newest = await run_in_threadpool(self._node.newest_change)
        return StreamingResponse(
            self._beats(request, view.id, ahead_s, newest),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _beats(
        self, request: Request, line: str, ahead_s: float, seen: int
    ) -> AsyncIterator[bytes]:
        checked_s = time.monotonic()
        with self._bell.heard() as bell:
            yield beat(time.time() + ahead_s, ())
            while not self._bell.closed:
                if time.monotonic() - checked_s > SESSION_CHECK_S:
                    checked_s = time.monotonic()
                    if not await self._still_logged_in(request):
                        yield b"event: ended\ndata: {}\n\n"
                        return
                await rung(bell, BEAT_S)
                bell.clear()
                changes = await run_in_threadpool(self._node.changes_since, seen, CHANGES_MAX)
                seen = max((change.n for change in changes), default=seen)
                yield beat(time.time() + ahead_s, panels_of(changes, line))

    async def _still_logged_in(self, request: Request) -> bool:
        try:
            await caller(self._node, request)
        except CredentialError:
            return False
        return True


def beat(now_s: float, panels: Iterable[str]) -> bytes:
    """One beat as it goes over the wire. ``now_s`` is domain time, POSIX seconds."""
    data = msgspec.json.encode({"now_s": round(now_s, 3), "panels": sorted(panels)})
    return b"event: beat\ndata: %s\n\n" % data


def panels_of(changes: Iterable[ChangeView], line: str) -> set[str]:
    """The panels of ``line``'s page that these changes touch."""
    panels: set[str] = set()
    for change in changes:
        if change.line in ("", line):
            panels.update(PANELS_OF.get(change.kind, EVERYTHING))
    return panels

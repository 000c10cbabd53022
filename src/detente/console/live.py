"""Live pages: a beat every few seconds, and at once when something has changed.

::

    id: 1042
    event: beat
    data: {"now_s":1628472037.2,"panels":["conflicts","messages"]}

A beat carries the line's domain time, which the page's clock follows, and the panels whose content
has changed; the page fetches those again. It says *what* changed and never *how*, so beats that
come twice do no harm. Its id is the number of the newest change told of: a page says which state of
the node it was made from, a browser that comes back says what it heard last, and neither misses
what came between. A page that hears no beat for a while says so on itself: old news
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
    "state",
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
_ACTIVITY = ("conflicts", "owed", "activities", "detail", "hint", "map", "attention")
PANELS_OF = {
    # Rows of the projection (line/fold/rows.py) …
    "ack": ("messages", "owed", "activities", "detail", "attention"),
    "activity": _ACTIVITY,
    "answer": ("conflicts", "detail", "owed", "attention", "hint"),
    "check": ("owed", "attention"),
    "conflict": _ACTIVITY,
    "entry": ("links",),
    "id": (),
    "lapse": ("owed", "attention"),
    "log": ("links",),
    "meeting": _ACTIVITY,
    "message": ("messages", "owed", "attention"),
    "honour": ("detail", "messages"),
    "proposal": ("conflicts", "detail", "owed", "hint"),
    "successor": (),
    "version": _ACTIVITY,
    "plan-newest": (),
    "review": ("owed",),
    "visit": ("owed",),
    "visit-name": (),
    "visit-once": (),
    "visit-report": (),
    "visit-said": ("owed", "attention"),
    # … and what the node keeps beside it.
    "cosignature": ("messages", "owed", "activities", "detail", "links"),
    "desk": (),
    "link": ("links", "attention", "hint"),
    "officer": (),
    "pending": ("attention",),
    "plan": ("conflicts", "activities", "detail", "hint", "map", "owed"),
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
        newest, seen = await run_in_threadpool(self._node.newest_change), _seen(request)
        return StreamingResponse(
            # A number that this node has not reached is of another life of it.
            self._beats(request, view.id, ahead_s, -1 if seen > newest else seen),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _beats(
        self, request: Request, line: str, ahead_s: float, seen: int
    ) -> AsyncIterator[bytes]:
        checked_s = time.monotonic()
        with self._bell.heard() as bell:
            if seen < 0:
                seen = await run_in_threadpool(self._node.newest_change)
                yield beat(seen, time.time() + ahead_s, EVERYTHING)
            bell.set()
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
                yield beat(seen, time.time() + ahead_s, panels_of(changes, line))

    async def _still_logged_in(self, request: Request) -> bool:
        try:
            await caller(self._node, request)
        except CredentialError:
            return False
        return True


def beat(seen: int, now_s: float, panels: Iterable[str]) -> bytes:
    """One beat as it goes over the wire. ``now_s`` is domain time, POSIX seconds."""
    data = msgspec.json.encode({"now_s": round(now_s, 3), "panels": sorted(panels)})
    return b"id: %d\nevent: beat\ndata: %s\n\n" % (seen, data)


def _seen(request: Request) -> int:
    """The number of the last change that the page knows of; -1 when it cannot be told."""
    text = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return int(text) if text.isdecimal() and len(text) <= 15 else -1


def panels_of(changes: Iterable[ChangeView], line: str) -> set[str]:
    """The panels of ``line``'s page that these changes touch."""
    panels: set[str] = set()
    for change in changes:
        if change.line in ("", line):
            panels.update(PANELS_OF.get(change.kind, EVERYTHING))
    return panels

"""Reading request bodies, bounded in bytes and in time while they are being read.

A limit that is checked after a body has been read protects nothing, and ``Content-Length`` is only
what the caller says; so both it and every chunk are held against the limit.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
from starlette.requests import ClientDisconnect, Request

from detente.errors import InputError, LimitError

UPLOAD_BYTES_MAX = 10 * 1024 * 1024
"""What an officer may upload at once."""

LINE_BYTES_MAX = 8 * 1024 * 1024
"""One request or response between nodes (docs/protocol.md, section 1)."""

BODY_SECONDS_MAX = 60.0
BODY_BYTES_PER_S_MIN = 16 * 1024
"""A body that is read as it comes gets a second more for so much of it: while it comes, nobody
else's is taken."""
FINISH_BYTES_MAX = 32 * 1024 * 1024
FINISH_SECONDS_MAX = 5.0


async def read_body(request: Request, limit_bytes: int, limit_s: float = BODY_SECONDS_MAX) -> bytes:
    """The whole body. Raises ``LimitError`` for one that is too large or comes too slowly."""
    chunks: list[bytes] = []
    held = 0
    stream = request.stream()
    try:
        async with asyncio.timeout(limit_s):
            if _declared_bytes(request) > limit_bytes:
                await _let_finish(request, stream)
                raise _too_large(limit_bytes)
            async for chunk in stream:
                held += len(chunk)
                if held > limit_bytes:
                    await _let_finish(request, stream)
                    raise _too_large(limit_bytes)
                chunks.append(chunk)
    except TimeoutError:
        raise _too_slow(limit_s) from None
    except ClientDisconnect:
        raise _gone() from None
    return b"".join(chunks)


class Incoming:
    """A request's body, read piece by piece by the thread that serves it.

    Whoever sends is held up while what it sent is being worked on; so a body of any length takes
    no more memory than its reader does. It has ``BODY_SECONDS_MAX`` for each piece and as much in
    all, beside what ``BODY_BYTES_PER_S_MIN`` gives it.
    """

    def __init__(self, request: Request, limit_bytes: int) -> None:
        self._request = request
        self._stream = request.stream()
        self._limit_bytes = limit_bytes
        self._came = 0
        self._waited_s = 0.0
        self._held = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end. Raises LimitError, or InputError for no end."""
        while not self._held and not self._ended:
            self._held = anyio.from_thread.run(self._next)
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    async def finish(self) -> None:
        """Throw away some of what is still coming, so that its sender reads why."""
        if not self._ended:
            with suppress(ClientDisconnect):
                await _let_finish(self._request, self._stream)

    async def _next(self) -> bytes:
        # Counted is what was waited for it alone, not what was made of it meanwhile.
        in_all_s = BODY_SECONDS_MAX + self._came / BODY_BYTES_PER_S_MIN
        left_s = min(BODY_SECONDS_MAX, in_all_s - self._waited_s)
        since_s = time.monotonic()
        try:
            async with asyncio.timeout(left_s):
                piece = await anext(self._stream, b"")
        except TimeoutError:
            raise _too_slow(self._waited_s + left_s) from None
        except ClientDisconnect:
            raise _gone() from None
        self._waited_s += time.monotonic() - since_s
        self._ended = not piece
        self._came += len(piece)
        if self._came > self._limit_bytes:
            raise _too_large(self._limit_bytes)
        return piece


def _declared_bytes(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() and len(declared) < 19 else 0


async def _let_finish(request: Request, stream: AsyncIterator[bytes]) -> None:
    """Throw away some of what is still coming: a caller that is cut off while it sends may never
    read why. One that asked first (``Expect: 100-continue``) has not begun to send."""
    if "expect" in request.headers:
        return
    thrown = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS_MAX):
            async for chunk in stream:
                thrown += len(chunk)
                if thrown > FINISH_BYTES_MAX:
                    break


def _too_slow(limit_s: float) -> LimitError:
    return LimitError(
        f"the body did not arrive within {limit_s:g} s",
        where="body",
        remedy="send it again over a faster connection, or in smaller parts",
    )


def _gone() -> InputError:
    return InputError(
        "the caller went away before the body was complete", where="body", remedy="send it again"
    )


def _too_large(limit_bytes: int) -> LimitError:
    return LimitError(
        f"the body is larger than {limit_bytes // (1024 * 1024)} MB",
        where="body",
        remedy="send fewer activities or entries at once",
    )

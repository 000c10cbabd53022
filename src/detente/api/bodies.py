"""Reading request bodies, bounded in bytes and in time while they are being read.

A limit that is checked after a body has been read protects nothing, and ``Content-Length`` is only
what the caller says; so both it and every chunk are held against the limit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request

from detente.errors import InputError, LimitError

UPLOAD_BYTES_MAX = 10 * 1024 * 1024
"""What an officer may upload at once."""

LINE_BYTES_MAX = 8 * 1024 * 1024
"""One request or response between nodes (docs/protocol.md, section 1)."""

BODY_SECONDS_MAX = 60.0
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
        raise LimitError(
            f"the body did not arrive within {limit_s:g} s",
            where="body",
            remedy="send it again over a faster connection, or in smaller parts",
        ) from None
    except ClientDisconnect:
        raise InputError(
            "the caller went away before the body was complete",
            where="body",
            remedy="send it again",
        ) from None
    return b"".join(chunks)


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


def _too_large(limit_bytes: int) -> LimitError:
    return LimitError(
        f"the body is larger than {limit_bytes // (1024 * 1024)} MB",
        where="body",
        remedy="send fewer activities or entries at once",
    )

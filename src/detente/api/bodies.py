"""Reading request bodies, bounded in bytes and in time while they are being read.

A limit that is checked after a body has been read protects nothing, and ``Content-Length`` is only
what the caller says; so both it and every chunk are held against the limit.
"""

import asyncio

from starlette.requests import ClientDisconnect, Request

from detente.errors import InputError, LimitError

UPLOAD_BYTES_MAX = 10 * 1024 * 1024
"""What an officer may upload at once."""

LINE_BYTES_MAX = 8 * 1024 * 1024
"""One request or response between nodes (docs/protocol.md, section 1)."""

BODY_SECONDS_MAX = 60.0


async def read_body(request: Request, limit_bytes: int, limit_s: float = BODY_SECONDS_MAX) -> bytes:
    """The whole body. Raises ``LimitError`` as soon as it is known to be too large or too slow."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    chunks: list[bytes] = []
    held = 0
    try:
        async with asyncio.timeout(limit_s):
            async for chunk in request.stream():
                held += len(chunk)
                if held > limit_bytes:
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


def _too_large(limit_bytes: int) -> LimitError:
    return LimitError(
        f"the body is larger than {limit_bytes // (1024 * 1024)} MB",
        where="body",
        remedy="send fewer activities or entries at once",
    )

"""What a witness answers over HTTP (C2SP tlog-witness, version 1.0.0).

::

    POST /add-checkpoint            200 signature lines · 400 · 403 · 404 · 409 size · 422
    GET  /<origin hash>/checkpoint  200 the newest checkpoint cosigned, with all signatures · 404

Nobody is asked who is calling: what counts is the log's signature. So callers are bounded by their
address, and everything that is read by its size and its time.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from detente.api.bodies import read_body
from detente.errors import (
    DetenteError,
    InputError,
    LimitError,
    NotFoundError,
    RecordError,
    SignatureError,
)
from detente.record.witness import MAX_SUBMISSION_BYTES, SIZE_TYPE
from detente.witness.cosigner import Cosigner, InconsistentError, StaleError

BODY_SECONDS_MAX = 10.0
THREADS_MAX = 8
REQUESTS_PER_SECOND = 50.0
REQUESTS_BURST = 200.0
ADDRESSES_MAX = 4096

_HASH = re.compile(r"[0-9a-f]{64}")
_STATUS: tuple[tuple[type[DetenteError], int], ...] = (
    (InconsistentError, 422),
    (SignatureError, 403),
    (NotFoundError, 404),
    (LimitError, 413),
    (RecordError, 400),
    (InputError, 400),
)


class WitnessFace:
    """The requests of the protocol, over one witness."""

    def __init__(self, cosigner: Cosigner) -> None:
        """``cosigner`` answers them."""
        self._cosigner = cosigner
        self._threads = anyio.CapacityLimiter(THREADS_MAX)
        self._share = Share()

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/add-checkpoint", self._add, methods=["POST"]),
                Route("/{sha256}/checkpoint", self._checkpoint, methods=["GET"]),
            ]
        )

    async def _add(self, request: Request) -> Response:
        async def answer() -> Response:
            body = await read_body(request, MAX_SUBMISSION_BYTES, BODY_SECONDS_MAX)
            lines = await self._call(lambda: self._cosigner.add_checkpoint(body))
            return PlainTextResponse(lines)

        return await self._served(request, answer)

    async def _checkpoint(self, request: Request) -> Response:
        async def answer() -> Response:
            sha256 = request.path_params["sha256"]
            if not _HASH.fullmatch(sha256):
                raise NotFoundError("not the hash of an origin")
            return PlainTextResponse(await self._call(lambda: self._cosigner.checkpoint(sha256)))

        return await self._served(request, answer)

    async def _served(
        self, request: Request, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        address = request.client.host if request.client else ""
        if not self._share.take(address, time.monotonic()):
            return PlainTextResponse("asked too often\n", 429)
        try:
            return await answer()
        except StaleError as error:
            # Nothing may stand behind the type: clients compare the whole field.
            return Response(f"{error.size}\n", 409, headers={"Content-Type": SIZE_TYPE})
        except DetenteError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
            return PlainTextResponse(f"{error}\n", status)

    async def _call(self, use: Callable[[], str]) -> str:
        return await anyio.to_thread.run_sync(use, limiter=self._threads)


class Share:
    """How much each address asks: a token bucket for each of the last that asked."""

    def __init__(self) -> None:
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are known."""
        return len(self._callers)

    def take(self, address: str, now_s: float) -> bool:
        """Whether one more request is within the share of ``address``."""
        tokens, told_s = self._callers.pop(address, (REQUESTS_BURST, now_s))
        tokens = min(REQUESTS_BURST, tokens + (now_s - told_s) * REQUESTS_PER_SECOND)
        self._callers[address] = (max(0.0, tokens - 1), now_s)
        if len(self._callers) > ADDRESSES_MAX:
            self._callers.popitem(last=False)
        return tokens >= 1

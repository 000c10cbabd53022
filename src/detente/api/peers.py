"""The line's face: what other nodes may ask of this one (docs/protocol.md, section 8).

Who calls is known from the TLS certificate alone, and what they may see from the line's members:
for anyone else a line does not exist. Peers are treated as hostile: every read is bounded in
bytes, in time and in how often one caller may ask, and one caller cannot use up what the others
or the officers' face need.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.api.bodies import LINE_BYTES_MAX, read_body
from detente.api.errors import BusyError, internal, json_answer, refusal
from detente.errors import DetenteError, InputError, LimitError, NotFoundError
from detente.node.channel import Trust
from detente.record import strict_json

if TYPE_CHECKING:
    from detente.node import Node

BODY_SECONDS_MAX = 30.0
REQUESTS_AT_ONCE_MAX = 2
REQUESTS_PER_SECOND = 50.0
REQUESTS_BURST = 200.0
THREADS_MAX = 4
"""A push of 8 MiB takes some 100 MB while it is read; this bounds them all together."""
ENTRIES_MAX = 256
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A tile never changes; but it is for members only, and no cache in between may give it on."""


class Caller(msgspec.Struct):
    """How much one caller asks: a token bucket, and how many requests are being served."""

    tokens: float
    told_s: float
    serving: int = 0


class PeerFace:
    """The requests of the protocol, over one node."""

    def __init__(self, node: "Node", trust: Trust) -> None:
        """``trust`` tells who a certificate's issuer is on which line."""
        self._node = node
        self._trust = trust
        self._callers: dict[str, Caller] = {}
        self._threads = anyio.CapacityLimiter(THREADS_MAX)

    def app(self) -> Starlette:
        """The ASGI application."""
        base = "/line/v1/{line}"
        return Starlette(
            routes=[
                Route(f"{base}/heads", self._served(self._heads), methods=["GET"]),
                Route(f"{base}/logs/{{party}}", self._served(self._read), methods=["GET"]),
                Route(f"{base}/logs/{{party}}", self._served(self._push), methods=["POST"]),
                Route(
                    f"{base}/logs/{{party}}/cosignatures",
                    self._served(self._cosignatures),
                    methods=["POST"],
                ),
                Route(
                    f"{base}/logs/{{party}}/checkpoint",
                    self._served(self._checkpoint),
                    methods=["GET"],
                ),
                Route(
                    f"{base}/logs/{{party}}/tile/{{tile:path}}",
                    self._served(self._tile),
                    methods=["GET"],
                ),
            ],
            exception_handlers={404: _no_such_path, 405: _no_such_path},
        )

    def _served(
        self, handle: Callable[[Request, str], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """``handle`` for a caller who is known, a member of the line, and within its share."""

        async def endpoint(request: Request) -> Response:
            try:
                issuer = self._trust.caller(request.scope["state"].get("client_certificate"))
                caller = self._take(issuer)
                try:
                    return await handle(request, self._member(request, issuer))
                finally:
                    caller.serving -= 1
            except DetenteError as error:
                return refusal(error)
            except Exception as error:
                return internal(error, where=f"{request.method} {request.url.path}")

        return endpoint

    async def _heads(self, request: Request, caller: str) -> Response:
        heads = await self._call(self._node.heads, request.path_params["line"], caller)
        return json_answer({"heads": heads})

    async def _read(self, request: Request, caller: str) -> Response:
        start = request.query_params.get("from", "0")
        if not (start.isdecimal() and start.isascii() and len(start) <= 15):
            raise InputError(
                "the first index asked for is not a number",
                where="query from",
                remedy="ask with ?from=0 or higher",
            )
        params = request.path_params
        page = await self._call(
            self._node.read_log, params["line"], params["party"], int(start), caller
        )
        return json_answer(page)

    async def _push(self, request: Request, caller: str) -> Response:
        push = await self._body(request, Push)
        if len(push.entries) > ENTRIES_MAX:
            raise LimitError(
                f"{len(push.entries)} entries in one push, more than {ENTRIES_MAX}",
                where="entries",
                remedy=f"push {ENTRIES_MAX} at a time",
            )
        params = request.path_params
        receive = partial(self._node.receive, urgent=push.urgent)
        receipt = await self._call(
            receive,
            params["line"],
            params["party"],
            push.start,
            push.entries,
            push.checkpoint,
            caller,
        )
        return json_answer(receipt)

    async def _cosignatures(self, request: Request, caller: str) -> Response:
        body = await self._body(request, Cosignatures)
        params = request.path_params
        await self._call(
            self._node.receive_cosignatures,
            params["line"],
            params["party"],
            body.checkpoint,
            caller,
        )
        return Response(status_code=204)

    async def _checkpoint(self, request: Request, caller: str) -> Response:
        params = request.path_params
        note = await self._call(self._node.log_checkpoint, params["line"], params["party"], caller)
        return Response(note, media_type="text/plain", headers={"Cache-Control": "no-cache"})

    async def _tile(self, request: Request, caller: str) -> Response:
        params = request.path_params
        path = f"tile/{params['tile']}"
        tile = await self._call(self._node.log_tile, params["line"], params["party"], path, caller)
        return Response(tile, media_type="application/octet-stream", headers=IMMUTABLE)

    async def _body(self, request: Request, kind: type[Any]) -> Any:
        raw = await read_body(request, LINE_BYTES_MAX, BODY_SECONDS_MAX)
        value = await self._call(strict_json.loads, raw, LINE_BYTES_MAX)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise InputError(
                str(error), where="body", remedy="send what docs/protocol.md, section 8 shows"
            ) from None

    async def _call(self, use: Callable[..., Any], *arguments: Any) -> Any:
        return await anyio.to_thread.run_sync(lambda: use(*arguments), limiter=self._threads)

    def _member(self, request: Request, issuer: str) -> str:
        line = request.path_params["line"]
        party = self._trust.party_on(line, issuer)
        if party is None:
            raise _no_such_line()
        return party

    def _take(self, issuer: str) -> Caller:
        """Count a request against its caller's share; ``BusyError`` when none of it is left."""
        now = time.monotonic()
        caller = self._callers.setdefault(issuer, Caller(tokens=REQUESTS_BURST, told_s=now))
        earned = (now - caller.told_s) * REQUESTS_PER_SECOND
        caller.tokens, caller.told_s = min(REQUESTS_BURST, caller.tokens + earned), now
        if caller.serving >= REQUESTS_AT_ONCE_MAX or caller.tokens < 1:
            raise BusyError(
                "this caller asks for more than its share",
                where="line face",
                remedy="wait two seconds and go on from where you were",
            )
        caller.tokens -= 1
        caller.serving += 1
        return caller


class Push(msgspec.Struct, frozen=True):
    """``{"from":n,"entries":[bundle, …],"checkpoint":"note or null","urgent":false}``."""

    start: Annotated[int, msgspec.Meta(ge=0, le=strict_json.MAX_INTEGER)] = msgspec.field(
        name="from"
    )
    entries: list[dict[str, Any]]
    checkpoint: str | None
    urgent: bool = False


class Cosignatures(msgspec.Struct, frozen=True):
    """``{"checkpoint":"note with cosignature lines"}``."""

    checkpoint: str


def _no_such_line() -> NotFoundError:
    return NotFoundError(
        "there is no such line, or no such log, for this caller",
        remedy="call with a line that both nodes have joined",
    )


async def _no_such_path(request: Request, error: Exception) -> Response:
    return refusal(_no_such_line())

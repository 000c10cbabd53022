"""What one route is, and how a request becomes a call of a handler and an answer.

A route says everything about itself that a caller needs: routing and OpenAPI are both made from
it, so neither can differ from what is served. A handler is a plain function of the node and a
``Call``; it runs in a thread, because the node is synchronous, and returns a view.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from detente import errors
from detente.api.bodies import UPLOAD_BYTES_MAX, Incoming, read_body
from detente.api.errors import MediaError, internal, json_answer, refusal
from detente.node.roles import LOOK
from detente.node.views import OfficerView
from detente.record import strict_json

if TYPE_CHECKING:
    from detente.api.access import Access
    from detente.node import Node

V1 = "/api/v1"
JSON = "application/json"
ESTIMATE = "X-Estimated-Bytes"
KEY_CHARACTERS_MAX = 128
NOBODY = OfficerView(name="", role="", active=False)
"""Who calls a route that is open to all."""


class Call(msgspec.Struct, frozen=True):
    """One request, read and checked: who calls, what for, with what.

    ``path`` holds the path's parameters; ``query`` and ``body`` are of the route's types; ``raw``
    is the body of a route that takes bytes, or ``incoming`` that of one too long to be held whole;
    ``key`` is the caller's ``Idempotency-Key`` and ``address`` where it calls from.
    """

    officer: OfficerView
    path: dict[str, str]
    query: Any
    body: Any
    raw: bytes
    key: str | None
    address: str = ""
    incoming: Incoming | None = None


class Streamed(NamedTuple):
    """A document that is made while it is sent, of about ``estimated_bytes``.

    What goes wrong then breaks it off, so that its reader sees no end.
    """

    pieces: Iterator[bytes]
    estimated_bytes: int


Handler = Callable[["Node", Call], Any]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path.

    ``body`` is a Struct (JSON), ``bytes`` (a file) or None; ``query`` a Struct or None.
    ``answer`` is the view returned, ``bytes`` for a document of type ``media``, or None (204).
    ``limit_bytes``: a body of ``bytes`` is at most so long and is not held whole (``incoming``).
    ``act`` is what the caller's role must permit (``node.roles``); ``open``: not even a token is
    needed. ``writes``: takes an ``Idempotency-Key``; ``deep``: its last parameter may have slashes.
    ``may_raise`` are the errors that its kind does not already imply.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    answer: Any = None
    body: Any = None
    query: Any = None
    media: str = JSON
    status: int = 200
    limit_bytes: int | None = None
    act: str = LOOK
    open: bool = False
    writes: bool = False
    deep: bool = False
    may_raise: tuple[type[errors.DetenteError], ...] = ()

    @property
    def refusals(self) -> tuple[type[errors.DetenteError], ...]:
        """Every error a caller of this route may meet."""
        usual: tuple[type[errors.DetenteError], ...] = (errors.StoreError,)
        if not self.open:
            usual += (errors.CredentialError,)
        if self.act != LOOK:
            usual += (errors.AccessError,)
        if "{" in self.path:
            usual += (errors.NotFoundError,)
        if self.body is not None:
            usual += (errors.InputError, errors.LimitError)
        if self.body is not None and self.body is not bytes:
            usual += (MediaError,)
        if self.query is not None or self.writes:
            # A key that is none is refused like a query that is none.
            usual += (errors.InputError,)
        return tuple(dict.fromkeys(usual + self.may_raise))


def mounted(route: Route, node: "Node", access: "Access") -> StarletteRoute:
    """The Starlette route that serves ``route``, below ``V1``."""

    async def endpoint(request: Request) -> Response:
        try:
            officer = NOBODY
            if not route.open:
                officer = await access.officer(request, route.act)
            if route.limit_bytes is not None:
                incoming = Incoming(request, route.limit_bytes)
                try:
                    return await run_in_threadpool(
                        _answer, route, node, request, officer, b"", incoming
                    )
                finally:
                    await incoming.finish()
            raw = await read_body(request, UPLOAD_BYTES_MAX) if route.body is not None else b""
            # Ten megabytes of JSON take a second to read; the event loop serves others meanwhile.
            return await run_in_threadpool(_answer, route, node, request, officer, raw)
        except errors.DetenteError as error:
            return refusal(error)
        except Exception as error:
            return internal(error, where=f"{route.method} {route.path}")

    path = route.path.removeprefix(V1)
    if route.deep:
        path = path.removesuffix("}") + ":path}"
    return StarletteRoute(path, endpoint, methods=[route.method], name=operation_id(route))


def _answer(
    route: Route,
    node: "Node",
    request: Request,
    officer: OfficerView,
    raw: bytes,
    incoming: Incoming | None = None,
) -> Response:
    call = Call(
        officer=officer,
        path=dict(request.path_params),
        query=_read_query(route, request),
        body=_read_json(route.body, raw, request) if is_struct(route.body) else None,
        raw=raw,
        key=_idempotency_key(request) if route.writes else None,
        address=request.client.host if request.client else "",
        incoming=incoming,
    )
    found = route.handler(node, call)
    if route.answer is None:
        return Response(status_code=204)
    if isinstance(found, Streamed):
        about = {ESTIMATE: str(found.estimated_bytes)}
        return StreamingResponse(found.pieces, route.status, about, media_type=route.media)
    if route.answer is bytes:
        return Response(found, route.status, media_type=route.media)
    return json_answer(found, route.status)


def operation_id(route: Route) -> str:
    """The route's name in OpenAPI: its handler's, which is unique in the table."""
    return str(getattr(route.handler, "__name__", ""))


def _read_json(kind: Any, raw: bytes, request: Request) -> Any:
    media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media != JSON:
        # A form of another site can send text or form data without asking first, but not JSON.
        raise MediaError(f"the body is {media[:60]}", where="body", remedy=f"send it as {JSON}")
    value = strict_json.loads(raw, UPLOAD_BYTES_MAX)
    return _converted(value, kind, "body", strict=True)


def _read_query(route: Route, request: Request) -> Any:
    if route.query is None:
        return None
    return _converted(dict(request.query_params), route.query, "query", strict=False)


def _converted(value: object, kind: Any, where: str, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise errors.InputError(
            str(error), where=where, remedy="see /docs for what this path takes"
        ) from None


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= KEY_CHARACTERS_MAX and key.isprintable()):
        raise errors.InputError(
            f"the key is empty, longer than {KEY_CHARACTERS_MAX} characters or not printable",
            where="header Idempotency-Key",
            remedy="send a random word, the same for every try of one request",
        )
    return key


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)

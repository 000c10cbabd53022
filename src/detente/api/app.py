"""The officers' face as one ASGI application: the API, its documents, and the console beside it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from detente.api.access import Access, Guard
from detente.api.docs_page import docs_page
from detente.api.errors import internal, json_answer, refusal
from detente.api.events import Events
from detente.api.health import METRICS_MEDIA, health, metrics_text
from detente.api.openapi import openapi
from detente.api.route import V1, mounted
from detente.api.table import ROUTES
from detente.errors import DetenteError, NotFoundError

if TYPE_CHECKING:
    from detente.node import Node

DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

Endpoint = Callable[[Request], Awaitable[Response]]


def build(
    node: "Node",
    console: ASGIApp | None = None,
    *,
    operator_token: str | None = None,
    hosts: Iterable[str] = (),
) -> Starlette:
    """The application over ``node``, with ``console`` at ``/`` if there is one.

    ``operator_token`` lets the command line in (``access``); ``hosts`` are the names, beside
    loopback's, that this face is called by.
    """
    access = Access(node, operator_token)
    events = Events(node)
    calls = [mounted(route, node, access) for route in ROUTES]
    # Mounted: a path below it is answered here, also one that is not there, and not by the console.
    routes: list[BaseRoute] = [Mount(V1, routes=[*calls, _stream(events, access)])]
    routes += _documents()
    routes += _watching(node, access)
    if console is not None:
        routes.append(Mount("/", console))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=tuple(hosts))],
        exception_handlers={404: _no_such_path, 405: _no_such_method},
    )
    # A stream never ends by itself; whoever stops the server ends them first.
    app.state.bell = events.bell
    return app


def _documents() -> list[BaseRoute]:
    document = openapi(ROUTES)
    encoded, page = msgspec.json.encode(document), docs_page(document)

    async def openapi_json(_: Request) -> Response:
        return Response(encoded, media_type="application/json")

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": DOCS_POLICY})

    return [Route("/openapi.json", openapi_json), Route("/docs", docs)]


def _stream(events: Events, access: Access) -> Route:
    async def stream(request: Request) -> Response:
        await access.officer(request)
        return await events.answer(request, lambda: access.officer(request))

    return Route("/events", _refusing(stream))


def _watching(node: "Node", access: Access) -> list[BaseRoute]:
    """For whoever watches the machines: health and numbers."""
    numbers = metrics_text(node)

    async def healthz(_: Request) -> Response:
        found = await health(node)
        return json_answer(found, 200 if found.status == "ok" else 503)

    async def metrics(request: Request) -> Response:
        await access.officer(request)
        return Response(await run_in_threadpool(numbers), media_type=METRICS_MEDIA)

    return [
        Route("/healthz", _refusing(healthz)),
        Route("/metrics", _refusing(metrics)),
    ]


def _refusing(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its errors turned into answers."""

    async def safe(request: Request) -> Response:
        try:
            return await endpoint(request)
        except DetenteError as error:
            return refusal(error)
        except Exception as error:
            return internal(error, where=request.url.path)

    return safe


async def _no_such_path(request: Request, _: Exception) -> Response:
    return refusal(NotFoundError("there is no such path", remedy="see /docs for those there are"))


async def _no_such_method(request: Request, error: Exception) -> Response:
    refused = NotFoundError(
        f"this path does not take {request.method[:20]}", remedy="see /docs for what it takes"
    )
    allowed = getattr(error, "headers", None) or {}
    answer = refusal(refused)
    answer.status_code = 405
    answer.headers.update(allowed)
    return answer

"""Who calls the officers' face, and from where.

Every path but a few needs an officer's token (``Authorization: Bearer …``). The node keeps a digest
of it and knows whose it is. A server also makes a token of its own for each run and writes it to
``run.json``, which only the owner of the node's directory can read; with it the command line does
an operator's work in the running node instead of in its store behind its back.

The ``Host`` of every request is checked: a page on the web can have its own name resolve to
127.0.0.1 and so reach a server there with the reader's browser ("DNS rebinding"), but it cannot
make the browser send a name other than its own.
"""

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detente import errors
from detente.api.errors import refusal
from detente.node import roles
from detente.node.views import OfficerView

if TYPE_CHECKING:
    from detente.node import Node

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OPERATOR = OfficerView(name=roles.OPERATOR, role=roles.OPERATOR, active=True)
"""Whoever can read the node's own directory."""


class Access:
    """Tells officers by their tokens."""

    def __init__(self, node: "Node", operator_token: str | None = None) -> None:
        """``operator_token`` is accepted as ``OPERATOR``; None accepts no such token."""
        self._node = node
        self._operator_token = operator_token

    async def officer(self, request: Request, act: str = roles.LOOK) -> OfficerView:
        """Who calls. Raises ``CredentialError``, or ``AccessError`` if the role forbids ``act``."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.CredentialError(
                "no officer's token was sent",
                remedy="send the header 'Authorization: Bearer <token>'; `detente officer add` "
                "makes a token",
            )
        officer = await run_in_threadpool(self._officer_of, token.strip())
        roles.check(officer.name, officer.role, act)
        return officer

    def _officer_of(self, token: str) -> OfficerView:
        ours = self._operator_token
        if ours is not None and hmac.compare_digest(token.encode(), ours.encode()):
            return OPERATOR
        return self._node.officer_of(token)


class Guard:
    """ASGI middleware: refuses requests for other hosts, and adds headers every answer needs.

    A header that an application has set itself is left alone.
    """

    HEADERS = (
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cache-Control", "no-store"),
    )

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        """``hosts`` are names, without ports, that this face is called by beside loopback's."""
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        host = Request(scope).headers.get("host", "")
        if host_name(host) in self._hosts:
            await self._app(scope, receive, send_guarded)
            return
        refused = errors.AccessError(
            f"this node is not called {host[:100]!r}",
            where="header Host",
            remedy="use the address it prints when it starts, or add the name to `hosts` in "
            "detente.toml",
        )
        await refusal(refused)(scope, receive, send_guarded)


def host_name(host: str) -> str:
    """The name in a ``Host`` header, lower case, without the port: ``[::1]:80`` gives ``[::1]``."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()

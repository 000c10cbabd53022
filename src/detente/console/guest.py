"""The guest's door, at ``/desk``: the pages of another party's officers at this node.

::

    /desk/                            what is laid out, the map, the guest's notes, the log so far
    /desk/items/f1                    one thing; its bytes come from …/content
    /desk/map.svg                     the granted area and what is laid out
    /desk/note, …/mark, …/ask         POST: what the guest does
    /desk/state                       asked every two seconds: does the session go on?
    /desk/login, /desk/account        by a link that works once, then by password and code

It shares nothing with the officers' console but the style sheet: a cookie of its own that is sent
nowhere else, accounts that are nobody's elsewhere, pages with a stricter policy. Every byte of an
answer that tells anything stands, by its hash, in the session's log before it is sent, and while it
is sent the session is asked for before every piece; whoever halts it stops connections under way.
What is not of a session (logging in, "no session is open") says nothing of what is laid out.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from detente.api.errors import status_of
from detente.console import desk_map, door
from detente.console.render import fragment, page
from detente.errors import (
    AccessError,
    CredentialError,
    DetenteError,
    InputError,
    NotFoundError,
    StateError,
)
from detente.node.together.desk_serving import AtDeskView, Served

if TYPE_CHECKING:
    from detente.node import Node

FORM_BYTES_MAX = 64 * 1024
PIECE_BYTES = 16 * 1024
WATCH_S = 0.2
"""How soon a connection that does not take its bytes is cut after the session has ended."""

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SHOWN_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
SHOWN = HEADERS | {
    "Content-Security-Policy": SHOWN_POLICY,
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Disposition": "inline",
}

log = structlog.get_logger("detente.desk")
Endpoint = Callable[[Request], Awaitable[Response]]


class Guest:
    """The guest's pages of one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    @property
    def routes(self) -> list[BaseRoute]:
        """Everything below ``/desk``."""
        found: list[tuple[str, Endpoint, str]] = [
            ("/desk/", self._home, "GET"),
            ("/desk/state", self._state, "GET"),
            ("/desk/map.svg", self._map, "GET"),
            ("/desk/items/{item}", self._item, "GET"),
            ("/desk/items/{item}/content", self._content, "GET"),
            ("/desk/note", self._note, "POST"),
            ("/desk/mark", self._mark, "POST"),
            ("/desk/unmark", self._mark, "POST"),
            ("/desk/ask", self._ask, "POST"),
            ("/desk/leave", self._leave, "POST"),
            ("/desk/login", self._login, "GET"),
            ("/desk/login", self._password, "POST"),
            ("/desk/account", self._account, "GET"),
            ("/desk/account", self._enrol, "POST"),
        ]
        routes: list[BaseRoute] = [
            Route(path, self._safe(call), methods=[verb]) for path, call, verb in found
        ]
        return [*routes, Route("/desk/{rest:path}", self._safe(self._nothing))]

    # -- coming in and going --------------------------------------------------------------------

    @property
    def _cookie(self) -> str:
        return f"{door.cookie_name(self._node)}_desk"

    async def _guest(self, request: Request) -> tuple[str, str]:
        """The account that calls, and the token that its forms carry."""
        session = request.cookies.get(self._cookie, "")
        if not session:
            raise CredentialError("no guest has logged in here")
        account = await run_in_threadpool(self._node.guest_of, session)
        return account, door.form_token_of(session)

    async def _login(self, request: Request) -> Response:
        code = request.query_params.get("t", "")
        if not code:
            return await self._login_page("")
        try:
            session = await run_in_threadpool(self._node.guest_log_in, code[:200])
        except DetenteError as error:
            return await self._login_page(f"{error.message}. {error.remedy}.", 401)
        return await self._entered(request, session, "/desk/account")

    async def _password(self, request: Request) -> Response:
        door.check_origin(request)
        form = await _form(request)
        account, password, code = (
            str(form.get(name, ""))[:300] for name in ("account", "password", "code")
        )
        address = request.client.host if request.client else ""
        try:
            session = await run_in_threadpool(
                self._node.guest_log_in_with, account, password, code, address
            )
        except DetenteError as error:
            return await self._login_page(f"{error.message}. {error.remedy}.", 401)
        return await self._entered(request, session, "/desk/")

    async def _entered(self, request: Request, session: str, to: str) -> Response:
        # By a page and no redirect: a strict cookie does not go with what another site began.
        account = await run_in_threadpool(self._node.guest_of, session)
        answer = await self._outside("guest/entered.html", {"to": to}, account)
        door.keep_session(self._node, request, answer, session, name=self._cookie, path="/desk")
        return answer

    async def _login_page(self, problem: str, status: int = 200) -> Response:
        return await self._outside("guest/login.html", {"problem": problem}, None, status)

    async def _outside(
        self, template: str, context: dict[str, Any], account: str | None, status: int = 200
    ) -> Response:
        """A page that is not of a session; it says where the visit is part of an exercise."""
        exercise = await run_in_threadpool(self._node.guest_exercise, account)
        return page(template, context | {"exercise": exercise}, status, HEADERS)

    async def _account(self, request: Request) -> Response:
        account, form_token = await self._guest(request)
        has = await run_in_threadpool(self._node.has_password, account)
        context = {"account": account, "form_token": form_token, "has_password": has}
        return await self._outside("guest/account.html", context, account)

    async def _enrol(self, request: Request) -> Response:
        account, form = await self._own_form(request)
        password, present = str(form.get("password", "")), str(form.get("present", "")) or None
        if password != str(form.get("again", "")):
            raise InputError("the two are not the same", where="password", remedy="type it again")
        made = await run_in_threadpool(self._node.guest_enrol, account, password, present)
        return await self._outside("guest/enrolled.html", {"made": made}, account)

    async def _leave(self, request: Request) -> Response:
        account, _ = await self._own_form(request)
        session = request.cookies.get(self._cookie, "")
        await run_in_threadpool(self._node.guest_log_out, account, session)
        answer = RedirectResponse("/desk/login", 303, HEADERS)
        answer.delete_cookie(self._cookie, path="/desk")
        return answer

    # -- looking --------------------------------------------------------------------------------

    async def _home(self, request: Request) -> Response:
        account, form_token = await self._guest(request)
        return await self._page(account, "guest/desk.html", {"form_token": form_token})

    async def _item(self, request: Request) -> Response:
        """The page of one thing. That it is there is on the log before its bytes are asked for."""
        account, form_token = await self._guest(request)
        item = request.path_params["item"][:20]
        asked = _number(request)
        context = {"form_token": form_token, "item": item, "of": asked}
        return await self._page(account, "guest/item.html", context, item)

    async def _page(
        self, account: str, template: str, context: dict[str, Any], item: str | None = None
    ) -> Response:
        def render(view: AtDeskView) -> bytes:
            return fragment(template, {"desk": view, **context}).encode()

        served = await run_in_threadpool(self._node.guest_page, account, render, item)
        return Witnessed(self._node, account, served, HEADERS)

    async def _map(self, request: Request) -> Response:
        account, _ = await self._guest(request)
        served = await run_in_threadpool(
            self._node.guest_map, account, _number(request), desk_map.draw
        )
        return Witnessed(self._node, account, served, SHOWN)

    async def _content(self, request: Request) -> Response:
        account, _ = await self._guest(request)
        served = await run_in_threadpool(
            self._node.guest_item, account, request.path_params["item"][:40], _number(request)
        )
        return Witnessed(self._node, account, served, SHOWN)

    async def _state(self, request: Request) -> Response:
        account, _ = await self._guest(request)
        found = await run_in_threadpool(self._node.guest_state, account)
        return Response(
            msgspec.json.encode(found._asdict()), 200, HEADERS, media_type="application/json"
        )

    # -- doing ----------------------------------------------------------------------------------

    async def _note(self, request: Request) -> Response:
        account, form = await self._own_form(request)
        title, text = str(form.get("title", "")), str(form.get("text", ""))
        await run_in_threadpool(self._node.guest_note, account, title, text)
        return RedirectResponse("/desk/", 303, HEADERS)

    async def _mark(self, request: Request) -> Response:
        account, form = await self._own_form(request)
        item, of = str(form.get("item", ""))[:20], str(form.get("of", ""))
        on = request.url.path == "/desk/mark"
        asked = int(of) if of.isdecimal() and of.isascii() and len(of) < 10 else None
        await run_in_threadpool(self._node.guest_mark, account, item, on, asked)
        return RedirectResponse("/desk/", 303, HEADERS)

    async def _ask(self, request: Request) -> Response:
        account, form = await self._own_form(request)
        item = str(form.get("item", ""))[:20] or None
        await run_in_threadpool(self._node.guest_ask, account, str(form.get("wants", "")), item)
        return RedirectResponse("/desk/", 303, HEADERS)

    async def _nothing(self, request: Request) -> Response:
        await self._guest(request)
        raise NotFoundError("there is nothing of that name on this desk")

    async def _own_form(self, request: Request) -> tuple[str, FormData]:
        account, form_token = await self._guest(request)
        form = await _form(request)
        door.check_form(request, form, form_token)
        return account, form

    # -- errors ---------------------------------------------------------------------------------

    def _safe(self, call: Endpoint) -> Endpoint:
        """``call`` with its errors shown in words that tell nothing of this node."""

        async def safe(request: Request) -> Response:
            try:
                return await call(request)
            except CredentialError:
                return await self._login_page("Nobody is logged in here, or the time is over.", 401)
            except (StateError, InputError, NotFoundError, AccessError) as error:
                words = {"message": error.message, "remedy": error.remedy}
                return await self._problem(request, words, status_of(type(error)))
            except Exception:
                log.exception("unforeseen error", where=request.url.path)
                words = {"message": "this node met an error", "remedy": "tell your escort"}
                return page("guest/problem.html", words, 500, HEADERS)

        return safe

    async def _problem(self, request: Request, words: dict[str, Any], status: int) -> Response:
        try:
            account, _ = await self._guest(request)
        except CredentialError:
            account = None
        return await self._outside("guest/problem.html", words, account, status)


class Witnessed(Response):
    """Bytes that a line of the session's log tells of, sent while the session goes on."""

    def __init__(self, node: "Node", account: str, served: Served, headers: dict[str, str]) -> None:
        super().__init__(served.content, 200, headers, media_type=None)
        self.headers["content-type"] = served.media
        self._served = served
        self._alive = partial(node.guest_alive, served.session, account)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send piece by piece; stop between two, or in one that is not taken, when it is over.

        A response that is not finished has its connection closed by the server.
        """
        del scope, receive
        content = self._served.content
        async with anyio.create_task_group() as both:
            both.start_soon(self._watch, both.cancel_scope)
            if await run_in_threadpool(self._alive):
                start: MutableMapping[str, Any] = {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
                await send(start)
                for at in range(0, max(1, len(content)), PIECE_BYTES):
                    if not await run_in_threadpool(self._alive):
                        break
                    piece = content[at : at + PIECE_BYTES]
                    more = at + PIECE_BYTES < len(content)
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
            both.cancel_scope.cancel()

    async def _watch(self, sending: anyio.CancelScope) -> None:
        while await run_in_threadpool(self._alive):
            await anyio.sleep(WATCH_S)
        sending.cancel()


def _number(request: Request) -> int | None:
    """The line that asked for this, in the query; None where there is none."""
    text = request.query_params.get("of", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None


async def _form(request: Request) -> FormData:
    """A guest sends no files, and little."""
    return await door.read_form(request, FORM_BYTES_MAX, files_max=0, fields_max=20)

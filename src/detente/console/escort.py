"""The host's pages of guests' desks: laying out, accounts, and the escort's page.

::

    …/desks                         the desks of a line; setting one up
    …/desks/3fa1c209                what is laid out, guests, sessions
    …/desks/3fa1c209/collected.zip  what the guest marked, for `detente media seal`
    …/desks/3fa1c209/1              the escort's page of its first session
    …/desks/3fa1c209/1/beat         POST, every two seconds: the escort is here
    …/desks/3fa1c209/1/log.jsonl    the session's log, to be handed to the guest

Halting is a form of its own that needs no script, and no confirmation: a session halted by mistake
is opened again in a moment, and what a guest has seen cannot be taken back.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door
from detente.console.render import HEADERS, page
from detente.errors import AccessError, InputError, NotFoundError
from detente.line.abouts import OBSERVE, RELEASE
from detente.node.roles import ACCOUNTS, TALK, check
from detente.node.roles import RELEASE as LETS_OUT
from detente.node.together.desk_showable import FILE_BYTES_MAX
from detente.node.views import OfficerView
from detente.node.views.guests import DeskView, SessionView

if TYPE_CHECKING:
    from detente.node import Node

ENTRIES_READ = 200
Endpoint = Callable[[Request], Awaitable[Response]]
Fields = Mapping[str, Any]

NEEDS: dict[str, str] = {
    "set-up": LETS_OUT,
    "lay-file": LETS_OUT,
    "lay-text": LETS_OUT,
    "lay-plan": LETS_OUT,
    "lay-entry": LETS_OUT,
    "put-away": LETS_OUT,
    "close-desk": LETS_OUT,
    "collected": LETS_OUT,
    "add-guest": ACCOUNTS,
    "open": TALK,
    "beat": TALK,
    "halt": TALK,
    "close": TALK,
    "hold": TALK,
    "free": TALK,
    "consent": TALK,
    "refuse": TALK,
}
"""What each action needs."""


class Escort:
    """The host's side of the desks of one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    @property
    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Paths, calls and methods."""
        desks = "/console/lines/{line}/desks"
        return [
            (desks, self._desks, "GET"),
            (desks, self._set_up, "POST"),
            (f"{desks}/{{desk}}", self._desk, "GET"),
            (f"{desks}/{{desk}}/collected.zip", self._collected, "GET"),
            (f"{desks}/{{desk}}/do/{{action}}", self._act, "POST"),
            (f"{desks}/{{desk}}/{{number:int}}", self._session, "GET"),
            (f"{desks}/{{desk}}/{{number:int}}/log.jsonl", self._log, "GET"),
            (f"{desks}/{{desk}}/{{number:int}}/beat", self._beat, "POST"),
            (f"{desks}/{{desk}}/{{number:int}}/do/{{action}}", self._witness, "POST"),
        ]

    # -- looking --------------------------------------------------------------------------------

    async def _desks(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        line = request.path_params["line"]

        def read() -> dict[str, Any]:
            return {
                **self._base(line, who),
                "desks": self._node.desks(line),
                "visits": self._node.visits_without_desk(line),
                "logs": self._node.session_logs(line),
            }

        return page("desks.html", await run_in_threadpool(read))

    async def _desk(self, request: Request) -> Response:
        who = await door.caller(self._node, request)

        def read() -> dict[str, Any]:
            desk = self._desk_of(request)
            return {**self._base(desk.line_name, who), **self._about(desk), "made": None}

        return page("desk_host.html", await run_in_threadpool(read))

    def _about(self, desk: DeskView) -> dict[str, Any]:
        total = sum(log.entries for log in self._node.logs(desk.line))
        newest = self._node.entries(
            desk.line, start=max(0, total - ENTRIES_READ), limit=ENTRIES_READ
        )
        shown = [one for one in newest if one.type in (RELEASE, OBSERVE) and one.void is None]
        return {"desk": desk, "plans": self._node.plans(), "entries": shown[::-1]}

    async def _session(self, request: Request) -> Response:
        who = await door.caller(self._node, request)

        def read() -> dict[str, Any]:
            desk, session = self._session_of(request)
            return {**self._base(desk.line_name, who), "desk": desk, "session": session}

        return page("escort.html", await run_in_threadpool(read))

    async def _log(self, request: Request) -> Response:
        await door.caller(self._node, request)

        def read() -> tuple[str, bytes]:
            desk, session = self._session_of(request)
            return f"{desk.visit_name}-{session.name}.jsonl", self._node.session_log(session.id)

        name, content = await run_in_threadpool(read)
        kept = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, HEADERS | kept, media_type="application/x-ndjson")

    async def _collected(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        _check("collected", who.officer)

        def read() -> tuple[str, bytes]:
            desk = self._desk_of(request)
            return f"{desk.visit_name}-collected.zip", self._node.collected(desk.id)

        name, content = await run_in_threadpool(read)
        kept = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, HEADERS | kept, media_type="application/zip")

    # -- doing ----------------------------------------------------------------------------------

    async def _set_up(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request, 64 * 1024)
        _check("set-up", who.officer)
        line, visit = request.path_params["line"], str(form.get("visit", ""))
        made = await run_in_threadpool(
            lambda: self._node.set_up_desk(
                line, visit, hold=form.get("hold") == "yes", officer=who.officer.name
            )
        )
        return RedirectResponse(f"{_base_of(request)}/{made.id}", 303, HEADERS)

    async def _act(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request, FILE_BYTES_MAX + 64 * 1024)
        action = request.path_params["action"]
        _check(action, who.officer)
        try:
            fields = {k: v for k, v in form.items() if isinstance(v, str)}
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
        finally:
            await form.close()
        desk = await run_in_threadpool(self._desk_of, request)
        if action == "add-guest":
            return await self._add_guest(desk, who)
        to = await run_in_threadpool(self._done, desk, action, fields, content, who.officer.name)
        return RedirectResponse(f"{_base_of(request)}/{to}", 303, HEADERS)

    def _done(
        self, desk: DeskView, action: str, fields: Fields, content: bytes, officer: str
    ) -> str:
        """Do one thing about a desk; where to go on."""
        node, title = self._node, fields.get("title", "")
        match action:
            case "lay-file":
                if not content:
                    raise InputError("no file was chosen", where="file", remedy="choose one")
                node.lay_file(desk.id, title, content, officer=officer)
            case "lay-text":
                text = fields.get("text", "").replace("\r\n", "\n").encode("utf-8", "replace")
                node.lay_file(desk.id, title, text, officer=officer)
            case "lay-plan":
                node.lay_plan(desk.id, fields.get("plan", ""), title, officer=officer)
            case "lay-entry":
                node.lay_entry(desk.id, fields.get("entry", ""), title, officer=officer)
            case "put-away":
                node.put_away(desk.id, fields.get("item", ""), officer=officer)
            case "close-desk":
                node.close_desk(desk.id, officer=officer)
            case "open":
                opened = node.open_session(desk.id, officer=officer)
                return f"{desk.id}/{opened.sessions[-1].number}"
            case _:
                raise NotFoundError(f"there is no action {action[:40]!r}", remedy="reload the page")
        return desk.id

    async def _add_guest(self, desk: DeskView, who: door.Caller) -> Response:
        """The link is shown on this page, this once."""

        def make() -> dict[str, Any]:
            made = self._node.add_guest(desk.id, by=who.officer.name)
            fresh = self._node.desk(desk.id)
            return {**self._base(desk.line_name, who), **self._about(fresh), "made": made}

        return page("desk_host.html", await run_in_threadpool(make))

    async def _beat(self, request: Request) -> Response:
        who, _ = await door.own_form(self._node, request, 4096)
        _check("beat", who.officer)

        def do() -> dict[str, Any]:
            _, session = self._session_of(request)
            self._node.beat(session.id, officer=who.officer.name)
            desk, session = self._session_of(request)
            return {**self._base(desk.line_name, who), "desk": desk, "session": session}

        return page("escort_live.html", await run_in_threadpool(do))

    async def _witness(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request, 4096)
        action, asked = request.path_params["action"], str(form.get("asked", ""))
        _check(action, who.officer)
        why, name = str(form.get("why", "")), who.officer.name

        def do() -> None:
            _, session = self._session_of(request)
            number = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
            match action:
                case "halt":
                    self._node.end_session(session.id, "halted", why, officer=name)
                case "close":
                    self._node.end_session(session.id, "closed", why, officer=name)
                case "hold" | "free":
                    self._node.hold_session(session.id, action == "hold", officer=name)
                case "consent" | "refuse":
                    self._node.answer_guest(session.id, number, action == "consent", officer=name)
                case _:
                    raise NotFoundError(f"there is no action {action[:40]!r}")

        await run_in_threadpool(do)
        there = f"{_base_of(request)}/{request.path_params['desk']}"
        return RedirectResponse(f"{there}/{request.path_params['number']}", 303, HEADERS)

    # -- helpers --------------------------------------------------------------------------------

    def _base(self, line: str, who: door.Caller) -> dict[str, Any]:
        view = self._node.line(line)
        return {
            "line": view,
            "base": f"/console/lines/{view.name}",
            "officer": who.officer,
            "form_token": who.form_token,
            "barred": lambda action: _barred(action, who.officer),
        }

    def _desk_of(self, request: Request) -> DeskView:
        """The desk of the path, on the line of the path. Raises NotFoundError."""
        desk = self._node.desk(request.path_params["desk"])
        if request.path_params["line"] not in (desk.line, desk.line_name):
            raise NotFoundError("that desk is of another line", remedy="list the line's desks")
        return desk

    def _session_of(self, request: Request) -> tuple[DeskView, SessionView]:
        desk = self._desk_of(request)
        for one in desk.sessions:
            if one.number == request.path_params["number"]:
                return desk, one
        raise NotFoundError("there is no such session", remedy="list the sessions of the desk")


def _check(action: str, officer: OfficerView) -> None:
    act = NEEDS.get(action)
    if act is None:
        raise NotFoundError(f"there is no action {action[:40]!r}", remedy="reload the page")
    check(officer.name, officer.role, act)


def _barred(action: str, officer: OfficerView) -> str:
    """Why an officer may not do something; empty if they may."""
    try:
        _check(action, officer)
    except AccessError as error:
        return f"{error.message}. {error.remedy}"
    return ""


def _base_of(request: Request) -> str:
    return request.url.path.partition("/desks")[0] + "/desks"

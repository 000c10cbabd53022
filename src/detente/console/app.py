"""The console as one ASGI application, to be mounted at ``/`` beside the API.

::

    /console/                             the lines of this node
    /console/lines/northern-watch         the watch page
      …/panels/<panel>                    one panel of it, fetched again when it has changed
      …/desk/<form>                       a form, for the page's desk
      …/<action>                          POST: what the form does
      …/map.json, …/preview.json          what the map draws
      …/observations, …/map.json          what was observed, by district and week
      …/record, …/record/proofs/1         who holds what; proofs to be carried away
      …/linked, …/daily/DATE              which reports are of one event; daily reports
      …/coverage                          what was observed, beside what could have been
      …/desks, …/desks/3fa1c209/1         guests' desks; the escort's page (``escort``)
      …/visits, …/visits/ID               the line's visits, and one of them (``visits``)
      …/events                            beats, for as long as the page is open
    /console/ledger                       permissions over all lines (``ledger``)
    /console/account, /console/audit      one's own password; the internal audit log
    /login, /login?t=…                    by password and code, or by a link that works once
    /desk/…                               the guest's own door (``guest``)

Nothing but ``/login`` and the static files is shown without a session. Pages work without script,
by whole pages; with it, by panels.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from detente.api.bodies import UPLOAD_BYTES_MAX
from detente.api.errors import UploadError, status_of
from detente.console import actions, coverage, desk, door, observations, picture, record
from detente.console.board import Board
from detente.console.daily import Dailies
from detente.console.entrance import Entrance
from detente.console.escort import Escort
from detente.console.guest import Guest
from detente.console.ledger import Ledger
from detente.console.linked import Linked
from detente.console.live import Live
from detente.console.render import HEADERS, HERE, fragment, page
from detente.console.visits import Visits
from detente.errors import CredentialError, DetenteError, InputError, NotFoundError
from detente.node import roles
from detente.node.views import LineView

if TYPE_CHECKING:
    from detente.node import Node

AUDIT_ROWS = 200
PANELS = (
    "state",
    "attention",
    "links",
    "hint",
    "conflicts",
    "owed",
    "activities",
    "messages",
    "detail",
)

log = structlog.get_logger("detente.console")
Endpoint = Callable[[Request], Awaitable[Response]]


def console_app(node: "Node") -> Starlette:
    """The console over ``node``."""
    return Console(node).app


class Console:
    """The pages of one node. ``close()`` ends the streams of open pages."""

    def __init__(self, node: "Node") -> None:
        """Reads nothing until the first request."""
        self._node = node
        self._live = Live(node)
        self._entrance = Entrance(node)
        line = "/console/lines/{line}"
        pages: list[tuple[str, Endpoint, str]] = [
            ("/", self._home_redirect, "GET"),
            *self._entrance.pages(),
            ("/console/", self._home, "GET"),
            ("/console/audit", self._audit, "GET"),
            *Ledger(node).pages(),
            *Visits(node).pages(),
            *Linked(node).pages(),
            *Dailies(node).pages(),
            (line, self._line, "GET"),
            (f"{line}/panels/{{panel}}", self._panel, "GET"),
            (f"{line}/desk/{{form}}", self._desk, "GET"),
            (f"{line}/map.json", self._map, "GET"),
            (f"{line}/preview.json", self._preview, "GET"),
            (f"{line}/events", self._events, "GET"),
            (f"{line}/record", self._record, "GET"),
            (f"{line}/coverage", self._coverage, "GET"),
            (f"{line}/record/proofs/{{number:int}}", self._proof, "GET"),
            (f"{line}/observations", self._observations, "GET"),
            (f"{line}/observations/map.json", self._observations_map, "GET"),
            (f"{line}/observations/export", self._observations_export, "GET"),
            (f"{line}/language", self._language, "POST"),
            (f"{line}/upload", self._upload, "POST"),
            *Escort(node).pages,
            (f"{line}/{{action}}", self._act, "POST"),
        ]
        self.app = Starlette(
            routes=[
                Mount("/console/static", _Static(directory=HERE / "static"), name="static"),
                *Guest(node).routes,
                *(Route(path, self._safe(call), methods=[verb]) for path, call, verb in pages),
            ],
            exception_handlers={404: self._no_such_page},
        )
        self.app.state.console = self

    def close(self) -> None:
        """End the streams of open pages."""
        self._live.close()

    def join(self) -> None:
        """Wait, in another thread than the event loop's, until the node is not asked any more."""
        self._live.join()

    async def _home_redirect(self, request: Request) -> Response:
        return RedirectResponse("/console/", 303, HEADERS)

    async def _audit(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        roles.check(who.officer.name, who.officer.role, roles.AUDIT)
        start = _number(request, "start") or 0
        rows = await run_in_threadpool(self._node.audit, start, AUDIT_ROWS)
        return page("audit.html", {"rows": rows, "more": len(rows) == AUDIT_ROWS})

    # -- looking --------------------------------------------------------------------------------

    async def _home(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        lines = await run_in_threadpool(self._node.lines)
        if len(lines) == 1:
            return RedirectResponse(_line_url(lines[0].name), 303, HEADERS)
        return page(
            "home.html",
            {
                "lines": await run_in_threadpool(lambda: [self._waiting(line) for line in lines]),
                "exercises": sorted({line.exercise for line in lines if line.exercise}),
                "all_invented": all(line.exercise for line in lines),
                "officer": who.officer,
                "form_token": who.form_token,
                "party_name": self._node.name,
            },
        )

    def _waiting(self, line: LineView) -> tuple[LineView, list[tuple[str, bool]]]:
        """A line, and what waits on it."""
        joined = line.state != "pending"
        return line, Board(self._node, line, "en").waiting() if joined else []

    async def _line(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        selected = _selected(request)

        def read() -> dict[str, Any]:
            # Read first: what changes while the page is made is told of again.
            newest = self._node.newest_change()
            board = self._board(request)
            base = board.base() | self._base(board, who)
            return base | {
                "panels": {
                    name: fragment(f"panels/{name}.html", base | facts)
                    for name, facts in ((n, board.panel(n, selected)) for n in PANELS)
                },
                "newest": newest,
                "selected": selected,
                "officer": who.officer,
                "own_name": next(m.name for m in board.line.members if m.own),
            }

        return page("line.html", await run_in_threadpool(read))

    async def _panel(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        name = request.path_params["panel"]
        if name not in PANELS:
            raise NotFoundError(f"there is no panel {name[:40]!r}", remedy="reload the page")

        def read() -> dict[str, Any]:
            board = self._board(request)
            return board.base() | self._base(board, who) | board.panel(name, _selected(request))

        return page(f"panels/{name}.html", await run_in_threadpool(read))

    async def _desk(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        actions.check_form(str(request.url), who.officer)

        def read() -> tuple[str, dict[str, Any]]:
            board = self._board(request)
            template, more = desk.sheet(
                request.path_params["form"], board, dict(request.query_params)
            )
            context = board.base() | self._base(board, who) | more
            if "action" in more:
                context["action"] = f"{context['base']}/{more['action']}"
            return template, context

        template, context = await run_in_threadpool(read)
        if "hx-request" in request.headers:
            return page(template, context)
        return page("desk_page.html", context | {"sheet": template})

    async def _map(self, request: Request) -> Response:
        await door.caller(self._node, request)
        return _json(await run_in_threadpool(lambda: self._board(request).map()))

    async def _preview(self, request: Request) -> Response:
        await door.caller(self._node, request)
        query, line = request.query_params, request.path_params["line"]
        if query.get("plan"):
            form = "coarse" if query.get("form") == "coarse" else "exact"
            shown = await run_in_threadpool(self._node.preview, query["plan"], line, form)
            volumes = shown.volumes
        else:
            board = await run_in_threadpool(self._board, request)
            volumes = await run_in_threadpool(desk.preview_volumes, board, query)
        return _json(await run_in_threadpool(picture.preview_picture, volumes))

    async def _record(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        party, start = request.query_params.get("party", "")[:100], _number(request, "start")

        def read() -> dict[str, Any]:
            board = self._board(request)
            return board.base() | self._base(board, who) | record.record(board, party, start)

        return page("record.html", await run_in_threadpool(read))

    async def _coverage(self, request: Request) -> Response:
        who = await door.caller(self._node, request)

        def read() -> dict[str, Any]:
            board = self._board(request)
            return (
                board.base()
                | self._base(board, who)
                | coverage.coverage(board, request.query_params)
            )

        return page("coverage.html", await run_in_threadpool(read))

    async def _proof(self, request: Request) -> Response:
        await door.caller(self._node, request)
        line, number = request.path_params["line"], request.path_params["number"]
        name, content = await run_in_threadpool(record.proof_file, self._node, line, number)
        kept = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, HEADERS | kept, media_type="application/json")

    async def _observations(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        asked = observations.asked_of(request.query_params)
        said = request.query_params.get("said", "")

        def read() -> dict[str, Any]:
            board = self._board(request)
            shown = observations.observations(board, who.officer, asked, said)
            return board.base() | self._base(board, who) | shown

        return page("observations.html", await run_in_threadpool(read))

    async def _observations_map(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        asked = observations.asked_of(request.query_params)

        def read() -> Any:
            board = self._board(request)
            return observations.picture(board, observations.single(board, who.officer, asked))

        return _json(await run_in_threadpool(read))

    async def _observations_export(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        roles.check(who.officer.name, who.officer.role, roles.RELEASE)
        format_, audience = observations.export_of(request.query_params)
        found = await run_in_threadpool(
            self._node.export_observations,
            request.path_params["line"],
            format_,
            audience,
            officer=who.officer.name,
        )
        kept = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return Response(found.document, 200, HEADERS | kept, media_type=found.media)

    async def _events(self, request: Request) -> Response:
        await door.caller(self._node, request)
        return await self._live.answer(request, request.path_params["line"])

    # -- doing ----------------------------------------------------------------------------------

    async def _act(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        act = actions.action_of(request.path_params["action"], who.officer)
        line = await run_in_threadpool(self._node.line, request.path_params["line"])
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        said = await run_in_threadpool(act, self._node, line.id, who.officer, fields)
        if fields.get("back") == "observations":
            done = request.path_params["action"]
            there = f"{_line_url(line.name)}/observations?said={done}"
            return RedirectResponse(there, 303, HEADERS)
        return self._said(request, said)

    async def _upload(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request, UPLOAD_BYTES_MAX)
        roles.check(who.officer.name, who.officer.role, roles.PLAN)
        try:
            file, key = form.get("file"), form.get("key")
            if not isinstance(file, UploadFile) or not file.filename:
                raise InputError("no file was chosen", where="file", remedy="choose one")
            content = await file.read()
        finally:
            await form.close()
        key = key if isinstance(key, str) else None
        plan_id = form.get("replaces")
        if isinstance(plan_id, str) and plan_id:
            said = await run_in_threadpool(
                actions.replace, self._node, who.officer, plan_id, file.filename, content, key
            )
        else:
            said = await run_in_threadpool(
                actions.upload, self._node, who.officer, file.filename, content, key
            )
        return self._said(request, said)

    async def _language(self, request: Request) -> Response:
        _, form = await door.own_form(self._node, request)
        language = str(form.get("language", ""))[:8]
        answer = RedirectResponse(_line_url(request.path_params["line"]), 303, HEADERS)
        if language.isalpha():
            answer.set_cookie(
                f"{door.cookie_name(self._node)}_language", language, path="/", samesite="strict"
            )
        return answer

    def _said(self, request: Request, message: str) -> Response:
        if "hx-request" not in request.headers:
            return RedirectResponse(_line_url(request.path_params["line"]), 303, HEADERS)
        context = {"message": message, "wrong": False, "remedy": "", "items": []}
        return page("said.html", context, headers={"HX-Trigger": "detente:done"})

    # -- helpers --------------------------------------------------------------------------------

    def _board(self, request: Request) -> Board:
        line = self._node.line(request.path_params["line"])
        own = next((m for m in line.members if m.own), None)
        chosen = request.cookies.get(f"{door.cookie_name(self._node)}_language", "")
        first = own.languages[0] if own and own.languages else "en"
        return Board(self._node, line, chosen if chosen.isalpha() else first)

    def _base(self, board: Board, who: door.Caller) -> dict[str, Any]:
        return {
            "base": _line_url(board.line.name),
            "form_token": who.form_token,
            "officer": who.officer,
            "barred": partial(actions.barred, who.officer),
            "barred_request": partial(actions.barred_request, who.officer),
            "peers": ", ".join(m.party for m in board.line.members if not m.own),
        }

    def _safe(self, call: Endpoint) -> Endpoint:
        """``call`` with its errors shown to the officer."""

        async def safe(request: Request) -> Response:
            try:
                return await call(request)
            except CredentialError as error:
                return await self._stranger(request, error)
            except DetenteError as error:
                return self._problem(request, error)
            except Exception:
                log.exception("unforeseen error", where=request.url.path)
                refused = DetenteError(
                    "the node met an error that it did not foresee",
                    remedy="try again; if it stays, look at the node's log",
                )
                return self._problem(request, refused)

        return safe

    async def _stranger(self, request: Request, error: CredentialError) -> Response:
        if request.method == "GET" and "hx-request" not in request.headers:
            return await self._entrance.login_page(error.message.capitalize() + ".", 401)
        return self._problem(request, error)

    def _problem(self, request: Request, error: DetenteError) -> Response:
        context = {
            "wrong": True,
            "message": f"{error.where}: {error.message}." if error.where else f"{error.message}.",
            "remedy": error.remedy,
            "items": error.items if isinstance(error, UploadError) else [],
        }
        if "hx-request" not in request.headers:
            return page("problem.html", context, status_of(type(error)))
        # The desk keeps what was typed: what went wrong is said above it, not in its place.
        headers = {"HX-Retarget": "#said", "HX-Reswap": "innerHTML"}
        return page("said.html", context, status_of(type(error)), headers)

    async def _no_such_page(self, request: Request, _: Exception) -> Response:
        return self._problem(
            request, NotFoundError("there is no such page", remedy="go back to the console")
        )


class _Static(StaticFiles):
    """Files that the browser asks about each time and fetches only when they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        # The map's worker lives under the policy of its own file, not of the page.
        response.headers.update(HEADERS | {"Cache-Control": "no-cache"})
        return response


def _line_url(name: str) -> str:
    return f"/console/lines/{quote(name, safe='')}"


def _selected(request: Request) -> str:
    return request.query_params.get("selected", "")[:200]


def _number(request: Request, name: str) -> int | None:
    """A count in the query; None where there is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else None


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), 200, HEADERS, media_type="application/json")

"""The pages at the door: logging in, leaving, and one's own password.

::

    /login, /login?t=…       by password and code, or by a link that works once
    /console/account         one's own password
    /console/leave           POST: the end of the session
"""

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door
from detente.console.ledger import Endpoint
from detente.console.render import HEADERS, page
from detente.errors import DetenteError, InputError

if TYPE_CHECKING:
    from detente.node import Node


class Entrance:
    """The pages, over one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Path, endpoint and method of each."""
        return [
            ("/login", self._login, "GET"),
            ("/login", self._password, "POST"),
            ("/console/account", self._account, "GET"),
            ("/console/account", self._enrol, "POST"),
            ("/console/leave", self._leave, "POST"),
        ]

    async def _login(self, request: Request) -> Response:
        code = request.query_params.get("t", "")
        if not code:
            return await self.login_page("")
        try:
            session = await run_in_threadpool(self._node.log_in, code[:200])
        except DetenteError as error:
            return await self.login_page(f"{error.message}. {error.remedy}", 401)
        return self._entered(request, session)

    async def _password(self, request: Request) -> Response:
        """A session for a password and a code; there is no session yet that a form could be of."""
        door.check_origin(request)
        form = await door.read_form(request, door.FORM_BYTES_MAX)
        officer, password, code = (
            str(form.get(name, ""))[:300] for name in ("officer", "password", "code")
        )
        address = request.client.host if request.client else ""
        try:
            session = await run_in_threadpool(
                self._node.log_in_with, officer, password, code, address
            )
        except DetenteError as error:
            return await self.login_page(f"{error.message}. {error.remedy}.", 401)
        return self._entered(request, session)

    def _entered(self, request: Request, session: str) -> Response:
        answer = page("entered.html", {})
        door.keep_session(self._node, request, answer, session)
        return answer

    async def login_page(self, problem: str, status: int = 200) -> Response:
        """Where somebody logs in, and what went wrong with the last try."""
        lines = await run_in_threadpool(self._node.lines)
        return page(
            "login.html",
            {
                "party_name": self._node.name,
                "problem": problem,
                "exercises": sorted({line.exercise for line in lines if line.exercise}),
            },
            status,
        )

    async def _account(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        has = await run_in_threadpool(self._node.has_password, who.officer.name)
        context = {"officer": who.officer, "form_token": who.form_token, "has_password": has}
        return page("account.html", context)

    async def _enrol(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        password, again = str(form.get("password", "")), str(form.get("again", ""))
        if password != again:
            raise InputError("the two are not the same", where="password", remedy="type it again")
        present = str(form.get("present", "")) or None
        made = await run_in_threadpool(self._node.enrol, who.officer.name, password, present)
        return page("enrolled.html", {"made": made})

    async def _leave(self, request: Request) -> Response:
        await door.own_form(self._node, request)
        session = request.cookies.get(door.cookie_name(self._node), "")
        await run_in_threadpool(self._node.log_out, session)
        answer = RedirectResponse("/login", 303, HEADERS)
        answer.delete_cookie(door.cookie_name(self._node), path="/")
        return answer

"""The daily report's pages: a day as it is seen here, everybody's report of it, and ours to write.

::

    /console/lines/LINE/daily                the newest day that is over
    /console/lines/LINE/daily/2021-08-09     one day; made to be printed on A4
      …/joint.json                           the joint part, the bytes that are hashed
      …/publish                              POST: our report of that day
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door, parties
from detente.console.linked import barred
from detente.console.planform import need
from detente.console.render import HEADERS, page
from detente.line.bodies import DailyBody
from detente.node.roles import RELEASE
from detente.node.roles import check as check_role
from detente.node.views import OfficerView
from detente.observations import MEANINGS, words

if TYPE_CHECKING:
    from detente.node import Node

Context = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

VERDICTS = {
    "agrees": "joint part agrees with what is computed here",
    "differs": "JOINT PART DIFFERS from what is computed here of the same entries",
    "unknown": "joint part cannot be checked here",
}
PARTS = ("conditions", "access_denied", "not_observed", "areas")


class Dailies:
    """The pages, over one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Path, endpoint and method of each."""
        base = "/console/lines/{line}/daily"
        return [
            (base, self._newest, "GET"),
            (f"{base}/{{day}}", self._day, "GET"),
            (f"{base}/{{day}}/joint.json", self._joint, "GET"),
            (f"{base}/{{day}}/publish", self._publish, "POST"),
        ]

    async def _newest(self, request: Request) -> Response:
        await door.caller(self._node, request)
        line = request.path_params["line"]
        day = await run_in_threadpool(self._node.last_day, line)
        return RedirectResponse(url_of(line, day), 303, HEADERS)

    async def _day(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        line, day = request.path_params["line"], request.path_params["day"]
        context = await run_in_threadpool(shown, self._node, line, day, who.officer)
        return page("daily.html", context | {"form_token": who.form_token})

    async def _joint(self, request: Request) -> Response:
        await door.caller(self._node, request)
        line, day = request.path_params["line"], request.path_params["day"]
        raw = await run_in_threadpool(self._node.daily_joint, line, day)
        kept = {"Content-Disposition": f'attachment; filename="joint-{day}.json"'}
        return Response(raw, 200, HEADERS | kept, media_type="application/json")

    async def _publish(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        check_role(who.officer.name, who.officer.role, RELEASE)
        line, day = request.path_params["line"], request.path_params["day"]
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        await run_in_threadpool(publish, self._node, line, day, who.officer, fields)
        return RedirectResponse(url_of(line, day), 303, HEADERS)


def url_of(line: str, day: str) -> str:
    """Where a day is shown."""
    return f"/console/lines/{quote(line, safe='')}/daily/{quote(day, safe='')}"


def publish(
    node: "Node", line: str, day: str, officer: OfficerView, fields: Mapping[str, str]
) -> None:
    """Publish our report as the form has it: one statement to a row."""
    own = DailyBody(
        text=fields.get("text", ""),
        language=fields.get("language") or "en",
        conditions=_rows(fields, "conditions"),
        access_denied=_rows(fields, "access_denied"),
        not_observed=_rows(fields, "not_observed"),
        areas=_rows(fields, "areas"),
    )
    node.publish_daily(
        line,
        day,
        own,
        shown=need(fields, "shown"),
        officer=officer.name,
        key=fields.get("key") or None,
    )


def _rows(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(row.strip() for row in fields.get(name, "").splitlines() if row.strip())


def shown(node: "Node", name: str, day: str, officer: OfficerView) -> Context:
    """What the page of a day shows."""
    line, view = node.line(name), node.daily(name, day)
    at = date.fromisoformat(view.day)
    return {
        "line": line,
        "view": view,
        "joint": view.joint,
        "styles": parties.styles(line),
        "url": url_of(line.name, view.day),
        "back": f"/console/lines/{quote(line.name, safe='')}",
        "before": url_of(line.name, (at - timedelta(days=1)).isoformat()),
        "after": url_of(line.name, (at + timedelta(days=1)).isoformat()),
        "cells": [(cell["district"], words(cell["kind"]), cell) for cell in view.joint["cells"]],
        "meanings": MEANINGS,
        "verdicts": VERDICTS,
        "parts": PARTS,
        "barred": barred(officer, RELEASE),
        "published": any(one.own for one in view.reports),
    }

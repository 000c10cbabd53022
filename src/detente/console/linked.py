"""Which reports are of one event: what changed, who links and who disputes, and what may be linked.

::

    /console/lines/LINE/linked               counts, what changed since I last looked, links
    /console/lines/LINE/linked?suggest=yes   … with suggestions, which take some seconds
      …/<act>                                POST: link, dispute, take-back, seen

Whoever may not look at single observations sees which are linked, and not what they say.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door, parties
from detente.console.planform import need
from detente.console.render import HEADERS, page
from detente.errors import AccessError, DetenteError, InputError, NotFoundError
from detente.node.roles import LOOK, RELEASE, SINGLE
from detente.node.roles import check as check_role
from detente.node.views import ObservationView, OfficerView
from detente.node.views.linking import MaybeView
from detente.observations import MEANINGS, words

if TYPE_CHECKING:
    from detente.node import Node

Context = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

SUGGESTED = 30
NEEDS = {"link": RELEASE, "dispute": RELEASE, "take-back": RELEASE, "seen": LOOK}
WHAT = {
    "reported": "new report",
    "revised": "report revised",
    "retracted": "report retracted",
    "recalled": "report recalled",
    "linked": "linked as one event",
    "disputed": "link disputed",
    "link-taken-back": "link taken back",
    "dispute-taken-back": "dispute taken back",
}
STATES = {
    "joins": "counted as one event",
    "disputed": "DISPUTED: counted as two",
    "idle": "joins nothing: one of the two does not stand, or is not held here",
    "taken-back": "taken back",
}


class Linked:
    """The pages, over one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Path, endpoint and method of each."""
        base = "/console/lines/{line}/linked"
        return [(base, self._page, "GET"), (f"{base}/{{act}}", self._act, "POST")]

    async def _page(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        suggest = bool(request.query_params.get("suggest"))
        line = request.path_params["line"]
        context = await run_in_threadpool(shown, self._node, line, who.officer, suggest)
        return page("linked.html", context | {"form_token": who.form_token})

    async def _act(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        name, line = request.path_params["act"], request.path_params["line"]
        if name not in NEEDS:
            raise NotFoundError("there is no such act", remedy="go back to the line")
        check_role(who.officer.name, who.officer.role, NEEDS[name])
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        await run_in_threadpool(act, self._node, line, who.officer, name, fields)
        return RedirectResponse(url_of(line), 303, HEADERS)


def url_of(line: str) -> str:
    """Where the page of a line is."""
    return f"/console/lines/{quote(line, safe='')}/linked"


def act(node: "Node", line: str, officer: OfficerView, name: str, fields: dict[str, str]) -> None:
    """Do what a form of the page asks for."""
    who: Context = {"officer": officer.name, "key": fields.get("key") or None}
    note = fields.get("note", "")
    match name:
        case "link":
            node.link_observations(line, need(fields, "a"), need(fields, "b"), note, **who)
        case "dispute":
            node.dispute_link(line, need(fields, "link"), note, **who)
        case "take-back":
            node.take_back(line, need(fields, "entry"), note, **who)
        case _:
            node.mark_looked(line, _seen(need(fields, "seen")), officer=officer.name)


def _seen(text: str) -> dict[str, int]:
    try:
        return msgspec.json.decode(text, type=dict[str, int])
    except msgspec.DecodeError:
        raise InputError(
            "is not what the page gave", where="seen", remedy="reload the page"
        ) from None


def shown(node: "Node", name: str, officer: OfficerView, suggest: bool) -> Context:
    """What the page shows this officer."""
    line = node.line(name)
    single = not barred(officer, SINGLE)
    reports = {f"{one.party}/{one.observation}": one for one in node.observations(name)}
    look = node.changed_since_look(name, officer=officer.name)
    return {
        "line": line,
        "officer": officer,
        "styles": parties.styles(line),
        "url": url_of(line.name),
        "back": f"/console/lines/{quote(line.name, safe='')}",
        "events": node.events(name),
        "says": {key: says(one) for key, one in reports.items()} if single else {},
        "names": sorted(key for key, one in reports.items() if one.state == "reported"),
        "marking": node.observation_table(name).marking,
        "meanings": MEANINGS,
        "look": look,
        "seen": msgspec.json.encode(look.seen).decode(),
        "what": WHAT,
        "states": STATES,
        "suggest": suggest,
        "single": barred(officer, SINGLE),
        "barred": barred(officer, RELEASE),
        **(_suggested(node, name) if suggest and single else {"maybe": [], "unable": ""}),
    }


def _suggested(node: "Node", line: str) -> Context:
    """Suggestions, or why there can be none: the rest of the page needs them for nothing."""
    try:
        found = node.suggest_links(line, most=SUGGESTED)
    except DetenteError as error:
        return {"maybe": [], "unable": f"{error.message}; {error.remedy}"}
    return {"maybe": [(one, why(one)) for one in found], "unable": ""}


def why(one: MaybeView) -> list[str]:
    """What a suggestion rests on, in words."""
    said = [
        f"{one.distance_m / 1000:.1f} km and {_duration(one.apart_s)} apart",
        "the same kind" if one.same_kind else "reported as another kind",
    ]
    if one.shared_words:
        said.append(f"both say “{', '.join(one.shared_words[:6])}”")
    against = [name for name, weight in one.weights.items() if weight < 0]
    return [*said, *([f"against it: {', '.join(against)}"] if against else [])]


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def says(one: ObservationView) -> str:
    """A report in a few words."""
    if one.observed is None:
        return one.state if one.state != "unknown" else f"unknown: {one.unknown}"
    said = one.observed
    window = f"{said['from'][:16]}–{said['until'][11:16]}Z".replace("T", " ")
    counts = ", ".join(f"{count} {name}" for name, count in said["counts"].items())
    told = f"“{said['text']}”" if said["text"] else ""
    what = f"{words(said['kind'])}, {one.district}, {window}, {said['how']}"
    return "; ".join(part for part in (what, counts, told) if part)


def barred(officer: OfficerView, needs: str) -> str:
    """Why this officer may not; empty if the role permits it."""
    try:
        check_role(officer.name, officer.role, needs)
    except AccessError as error:
        return f"{error.message}; {error.remedy}"
    return ""

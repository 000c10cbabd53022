"""The pages of visits: all of a line's, and one with its clocks and both sides' words.

::

    /console/lines/X/visits              every visit; a guest's form for a notice
    /console/lines/X/visits/ID           one visit
      …/<act>                            POST: what one side states of it

What the two sides state stands side by side, and what differs says so. Times are the line's domain
time, which the page's clock shows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door, giving, parties
from detente.console.ledger import Context, Endpoint, Fields, text_of, viewer
from detente.console.planform import need
from detente.console.render import HEADERS, page
from detente.errors import NotFoundError
from detente.node.roles import RELEASE, TALK
from detente.node.roles import check as check_role
from detente.node.views import LineView, OfficerView
from detente.node.views.visits import ClockView, VisitView
from detente.volumes.times import format_time, parse_time_s

if TYPE_CHECKING:
    from detente.node import Node

PHASES = {
    "notified": "NOTICE GIVEN",
    "acknowledged": "ACKNOWLEDGED",
    "planned": "PLANNED",
    "agreed": "PLAN AGREED",
    "off": "OFF BY THE TERMS",
    "arrived": "ARRIVED",
    "under-way": "MISSION UNDER WAY",
    "ended": "MISSION ENDED",
    "reported": "REPORTED",
    "cancelled": "CANCELLED",
    "passed": "ITS TIME HAS PASSED",
}
CLOCKS = {
    "notice": "notice before it begins",
    "acknowledge": "the host acknowledges",
    "plan": "mission plan before it begins",
    "review": "review of the plan",
    "agree": "plan agreed, or the mission is off",
    "fly": "mission begins after arrival",
    "report": "report after its end",
}
CLOCK_WORDS = {
    "met": "met",
    "met-late": "MET LATE",
    "due": "due",
    "late": "LATE",
    "stopped": "stopped",
    "unknown": "UNKNOWN",
}
MISSIONS = {
    "none": "no mission plan yet",
    "planned": "planned, not reviewed yet",
    "change-asked": "the host asks for a change",
    "agreed": "agreed",
}
ITEMS = {
    "sealed": "sealed by both sides",
    "sealed-by-one": "SEALED BY ONE SIDE ONLY",
    "differing": "THE SEALS DIFFER",
    "unsealed": "NOT SEALED",
}
GROUNDS = ("safety", "logistics", "weather", "not-agreed", "restriction", "other")
STAGES = ("arrived", "begun", "ended", "departed")
LEAD_S = 4 * 86_400.0


class Visits:
    """The pages, over one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Path, endpoint and method of each."""
        every = "/console/lines/{line}/visits"
        return [
            (every, self._every, "GET"),
            (every, self._notify, "POST"),
            (f"{every}/{{visit}}", self._one, "GET"),
            (f"{every}/{{visit}}/{{act}}", self._act, "POST"),
        ]

    async def _every(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        context = await run_in_threadpool(all_visits, self._node, request.path_params["line"])
        return page("visits.html", context | viewer(who))

    async def _one(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        line, visit = request.path_params["line"], request.path_params["visit"]
        context = await run_in_threadpool(one_visit, self._node, line, visit)
        return page("visit.html", context | viewer(who))

    async def _notify(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        check_role(who.officer.name, who.officer.role, RELEASE)
        line = request.path_params["line"]
        entry = await run_in_threadpool(notify, self._node, line, who.officer, text_of(form))
        return RedirectResponse(url_of(line, entry), 303, HEADERS)

    async def _act(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        line, visit = request.path_params["line"], request.path_params["visit"]
        name = request.path_params["act"]
        if name not in ACTS:
            raise NotFoundError("there is no such act", remedy="go back to the visit")
        act, needs = ACTS[name]
        check_role(who.officer.name, who.officer.role, needs)
        who_acts = _who(who.officer, text_of(form))
        await run_in_threadpool(act, self._node, line, visit, text_of(form), who_acts)
        return RedirectResponse(url_of(line, visit), 303, HEADERS)


def url_of(line: str, visit: str) -> str:
    """Where one visit is shown."""
    return f"/console/lines/{quote(line, safe='')}/visits/{quote(visit, safe='')}"


# --- what is shown ----------------------------------------------------------------------------


def _common(line: LineView) -> Context:
    return {
        "line": line,
        "base": f"/console/lines/{quote(line.name, safe='')}",
        "styles": parties.styles(line),
        "now_s": parse_time_s(line.now),
        "phases": PHASES,
        "languages": line.terms["languages"],
    }


def all_visits(node: "Node", line: str) -> Context:
    """Every visit of a line, and what a guest can give notice under."""
    shown = node.line(line)
    grants = [
        one
        for one in node.permissions(line)
        if one.own and one.kind == "visit" and one.state in ("granted", "limited") and one.grant
    ]
    start_s = parse_time_s(shown.now) + LEAD_S
    start_s -= start_s % 3600
    return {
        **_common(shown),
        "rows": [(one, url_of(shown.name, one.id), _next(one)) for one in node.visits(line)],
        "clock_names": CLOCKS,
        "report_within": _report_within(shown),
        "grants": grants,
        "window": (format_time(start_s), format_time(start_s + 86_400)),
    }


def _report_within(line: LineView) -> str | None:
    """In how long after a mission's end the terms have its reports; None if they do not say."""
    watching = line.terms.get("watching")
    if watching is None:
        return None
    days, rest_s = divmod(watching["visit"]["report_s"], 86_400)
    return f"{days} d" if days and not rest_s else f"{(days * 86_400 + rest_s) / 3600:g} h"


def _next(one: VisitView) -> ClockView | None:
    """The clock that runs out first, or ran out and is not met."""
    running = [each for each in one.clocks if each.state in ("due", "late") and each.due]
    return min(running, key=lambda each: each.due or "", default=None)


def one_visit(node: "Node", line: str, visit: str) -> Context:
    """One visit, and what its forms offer. Raises NotFoundError."""
    shown = node.line(line)
    one = node.visit(line, visit)
    released = [each for each in node.activities(line) if each.own and not each.withdrawn]
    other = one.host if one.own else one.party
    return {
        **_common(shown),
        "v": one,
        "url": url_of(shown.name, one.id),
        "sides": (one.party, one.host),
        "clock_names": CLOCKS,
        "clock_words": CLOCK_WORDS,
        "mission": MISSIONS[one.mission],
        "item_words": ITEMS,
        "activities": sorted(each.id for each in released),
        "grounds": GROUNDS,
        "left_stages": [
            stage
            for stage in STAGES
            if not any(
                each.own
                for found in one.stages
                if found.stage == stage
                for each in found.stated.values()
            )
        ],
        "other": other,
        "others_report": other if other in one.reports else None,
        "broken": [each for each in one.items if each.found == "broken"],
    }


# --- what is done -----------------------------------------------------------------------------


def notify(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    """Give notice of a visit; its entry."""
    body = {
        "point_of_entry": need(fields, "point_of_entry"),
        "people": giving.counted(fields.get("people", ""), "role", "people") or [],
        "equipment": giving.counted(fields.get("equipment", ""), "item", "equipment") or [],
        "note": fields.get("note", ""),
    }
    entry = node.notify_visit(
        line,
        need(fields, "visit"),
        need(fields, "request"),
        body,
        start=need(fields, "start"),
        end=need(fields, "end"),
        late="late" in fields,
        exceed="exceed" in fields,
        **_who(officer, fields),
    )
    return entry.id


def _acknowledge(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    body = {
        "point_of_entry": fields.get("point_of_entry", "").strip() or None,
        "escorts": giving.counted(fields.get("escorts", ""), "role", "escorts") or [],
        "hours_utc": giving.hours(fields.get("hours", "")),
        "note": fields.get("note", ""),
    }
    node.acknowledge_visit(line, visit, body, **who)


def _plan(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    activity, exceed = need(fields, "activity"), "exceed" in fields
    node.plan_mission(line, visit, activity, fields.get("note", ""), exceed=exceed, **who)


def _review(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    answer = need(fields, "answer")
    ground = None if answer == "agreed" else answer
    node.review_mission(line, visit, ground=ground, text=fields.get("text", ""), **who)


def _restrict(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    body: Context = {
        "hours_utc": giving.hours(fields.get("hours", "")),
        "places": giving.places(fields.get("places", "")) or [],
        "text": fields.get("text", ""),
    }
    start, end = need(fields, "start"), need(fields, "end")
    node.restrict_visit(line, visit, body, start=start, end=end, **who)


def _stage(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    stage: Any = need(fields, "stage")
    node.state_stage(line, visit, stage, at=_at(fields), text=fields.get("text", ""), **who)


def _inspect(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    agreed = _counts(node.visit(line, visit).equipment)
    counts = _counts(giving.counted(fields.get("found", ""), "item", "found") or [])
    items = [
        {"item": item, "agreed": agreed[item], "found": counts[item]}
        for item in dict.fromkeys([*agreed, *counts])
    ]
    node.inspect_visit(line, visit, {"items": items, "note": fields.get("note", "")}, **who)


def _counts(equipment: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many of each item; one that stands in two rows is both."""
    counts: Counter[str] = Counter()
    for each in equipment:
        counts[each["item"]] += each["count"]
    return counts


def _deviate(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    node.state_deviation(line, visit, need(fields, "text"), at=_at(fields), **who)


def _cancel(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    ground: Any = need(fields, "ground")
    node.cancel_visit(line, visit, ground, fields.get("note", ""), **who)


def _report(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    if fields.get("same_as"):
        node.report_visit(line, visit, same_as=fields["same_as"], **who)
        return
    body = {
        "text": need(fields, "text"),
        "language": fields.get("language", "en"),
        "conditions": fields.get("conditions", ""),
        "access_denied": _sentences(fields.get("access_denied", "")),
        "not_observed": _sentences(fields.get("not_observed", "")),
    }
    node.report_visit(line, visit, body, **who)


def _lapse(node: "Node", line: str, visit: str, fields: Fields, who: Context) -> None:
    del visit
    node.state_lapse(line, need(fields, "obligation"), **who)


def _at(fields: Fields) -> str | None:
    return fields.get("at", "").strip() or None


def _sentences(text: str) -> list[str]:
    return [row.strip() for row in text.splitlines() if row.strip()]


def _who(officer: OfficerView, fields: Fields) -> Context:
    """Who acts, and the form's own key: a form sent twice is done once."""
    return {"officer": officer.name, "key": fields.get("key") or None}


ACTS: dict[str, tuple[Callable[["Node", str, str, Fields, Context], None], str]] = {
    "acknowledge": (_acknowledge, RELEASE),
    "plan": (_plan, RELEASE),
    "review": (_review, RELEASE),
    "restrict": (_restrict, RELEASE),
    "stage": (_stage, TALK),
    "inspect": (_inspect, TALK),
    "deviate": (_deviate, TALK),
    "cancel": (_cancel, RELEASE),
    "report": (_report, RELEASE),
    "lapse": (_lapse, TALK),
}
"""What is stated of a visit, and what an officer's role must permit for it."""

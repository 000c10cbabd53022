"""The permission ledger's pages: over all lines, who asked which host for what, and what holds.

::

    /console/ledger                          a row for each permission, a column for each host
    /console/ledger/ask                      the form that asks hosts
    /console/ledger/LINE/REQUEST             one request: what was asked, what is granted, its forms
      …/<act>                                POST: answer, revoke, withdraw, renew

Every time here is a line's domain time. The page has one clock: that of the lines if they share
one, else the real one, and countdowns are moved by what each line's clock is ahead of it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente.console import door, giving, parties
from detente.console.planform import need
from detente.console.render import HEADERS, page
from detente.errors import AccessError, InputError, NotFoundError
from detente.node.roles import RELEASE, TALK
from detente.node.roles import check as check_role
from detente.node.views import EntryView, LineView, OfficerView, PermissionView
from detente.volumes.times import format_time, parse_time_s

if TYPE_CHECKING:
    from detente.node import Node

Context = dict[str, Any]
Fields = Mapping[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]

WORDS = {
    "asked": "ASKED",
    "unanswered": "NO ANSWER",
    "granted": "GRANTED",
    "limited": "GRANTED WITH LIMITS",
    "refused": "REFUSED",
    "withdrawn": "WITHDRAWN",
    "revoked": "REVOKED",
    "expired": "EXPIRED",
    "superseded": "SUPERSEDED",
}
ENDS = {
    "revoked": "then revoked",
    "withdrawn": "then given up",
    "superseded": "then a later grant holds",
}
DAY_S = 86_400.0
SAME_CLOCK_S = 60.0


class Ledger:
    """The pages, over one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def pages(self) -> list[tuple[str, Endpoint, str]]:
        """Path, endpoint and method of each."""
        one = "/console/ledger/{line}/{request}"
        return [
            ("/console/ledger", self._grid, "GET"),
            ("/console/ledger/ask", self._asking, "GET"),
            ("/console/ledger/ask", self._ask, "POST"),
            (one, self._one, "GET"),
            (f"{one}/{{act}}", self._act, "POST"),
        ]

    async def _grid(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        context = await run_in_threadpool(grid, self._node)
        return page("ledger.html", context | viewer(who))

    async def _asking(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        context = await run_in_threadpool(asking, self._node)
        return page("ledger_ask.html", context | viewer(who))

    async def _one(self, request: Request) -> Response:
        who = await door.caller(self._node, request)
        line, entry = request.path_params["line"], request.path_params["request"]
        context = await run_in_threadpool(one_request, self._node, line, entry)
        return page("ledger_one.html", context | viewer(who))

    async def _ask(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        check_role(who.officer.name, who.officer.role, RELEASE)
        hosts = [str(value) for value in form.getlist("host")]
        await run_in_threadpool(ask, self._node, who.officer, hosts, text_of(form))
        return RedirectResponse("/console/ledger", 303, HEADERS)

    async def _act(self, request: Request) -> Response:
        who, form = await door.own_form(self._node, request)
        line, entry = request.path_params["line"], request.path_params["request"]
        act = ACTS.get(request.path_params["act"])
        if act is None:
            raise NotFoundError("there is no such act", remedy="go back to the request")
        check_role(who.officer.name, who.officer.role, NEEDS[request.path_params["act"]])
        await run_in_threadpool(act, self._node, line, entry, who.officer, text_of(form))
        return RedirectResponse(url_of(line, entry), 303, HEADERS)


def url_of(line: str, entry: str) -> str:
    """Where one request is shown."""
    return f"/console/ledger/{quote(line, safe='')}/{quote(entry, safe='')}"


def viewer(who: door.Caller) -> Context:
    """What a page needs to know of who looks at it."""
    return {
        "officer": who.officer,
        "form_token": who.form_token,
        "barred": barred(who.officer, RELEASE),
        "barred_talk": barred(who.officer, TALK),
    }


def barred(officer: OfficerView, act: str) -> str:
    """Why this officer may not do ``act``; empty if the role permits it."""
    try:
        check_role(officer.name, officer.role, act)
    except AccessError as error:
        return f"{error.message}; {error.remedy}"
    return ""


def text_of(form: FormData) -> dict[str, str]:
    """A form's fields without its files."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


# --- what is shown ----------------------------------------------------------------------------


def grid(node: "Node") -> Context:
    """Rows by who asks and a permission's name, columns by host; the newest of each, and what
    an earlier one still permits."""
    lines = {line.id: line for line in node.lines()}
    now_s = _clock_s(lines.values())
    found = node.ledger()
    shown = [one for one in found if one.newest or one.permits]
    hosts = sorted({one.host for one in shown})
    rows: dict[tuple[str, str], dict[str, list[Context]]] = {}
    for one in shown:
        row = rows.setdefault((one.party, one.permission), {})
        row.setdefault(one.host, []).append(cell(one, now_s))
    own_first = sorted(rows, key=lambda key: (key[0] != node.party, key))
    return {
        **_common(list(lines.values()), now_s),
        "hosts": hosts,
        "rows": [(*key, rows[key]) for key in own_first],
        "waits": [cell(one, now_s) for one in found if one.may_answer],
        "watched": [line.name for line in lines.values() if line.terms.get("watching")],
        "more_lines": len({one.line for one in shown}) > 1,
        "exceeds": [cell(one, now_s) for one in shown if any(e.known for e in one.exceeding)],
    }


def _clock_s(lines: Collection[LineView]) -> float:
    """The time that the page's clock shows."""
    shown = [(parse_time_s(line.now), line.clock_offset_s) for line in lines]
    if not shown:
        return 0.0
    now_s, offset_s = shown[0]
    # Lines of one exercise are founded one after another, and so some seconds apart.
    apart_s = max(abs(ahead_s - offset_s) for _, ahead_s in shown)
    return now_s if apart_s < SAME_CLOCK_S else now_s - offset_s


def _common(lines: list[LineView], now_s: float) -> Context:
    styles: dict[str, str] = {}
    for line in lines:
        styles = parties.styles(line) | styles
    exercises = sorted({line.exercise for line in lines if line.exercise})
    return {"styles": styles, "now_s": now_s, "exercises": exercises}


def cell(one: PermissionView, now_s: float) -> Context:
    """One request with its word, and its next moment on the page's clock."""
    ahead_s = parse_time_s(one.now) - now_s
    grant = one.grant
    next_s, words = None, ""
    if one.due is not None and one.state in ("asked", "unanswered"):
        next_s, words = parse_time_s(one.due), "answer due in |overdue"
    elif grant is not None and one.state in ("granted", "limited"):
        begun = parse_time_s(grant.start) <= parse_time_s(one.now)
        next_s = parse_time_s(grant.end if begun else grant.start)
        words = "ends in |past" if begun else "begins in |past"
    return {
        "view": one,
        "url": url_of(one.line_name, one.id),
        "word": WORDS[one.state],
        "next_s": None if next_s is None else next_s - ahead_s,
        "next_words": words,
        "ends": ENDS.get(grant.ends, "") if grant else "",
        "now": parse_time_s(one.now),
    }


def one_request(node: "Node", line: str, entry: str) -> Context:
    """One request, with those before and after it. Raises NotFoundError."""
    shown = node.line(line)
    found = node.permissions(line)
    one = next((each for each in found if each.id == entry), None)
    if one is None:
        raise NotFoundError(
            "there is no such request", where=f"line {shown.name}", remedy="see the ledger"
        )
    now_s = _clock_s([shown])
    same = [
        each
        for each in found
        if (each.party, each.permission, each.host) == (one.party, one.permission, one.host)
    ]
    start_s = max(parse_time_s(one.end), parse_time_s(one.now))
    length_s = parse_time_s(one.end) - parse_time_s(one.start)
    return {
        **_common([shown], now_s),
        "one": cell(one, now_s),
        "same": [cell(each, now_s) for each in same],
        "line": shown,
        "renewal": (format_time(start_s), format_time(start_s + length_s)),
        "asked_fields": _fields_of(one),
    }


def _fields_of(one: PermissionView) -> dict[str, str]:
    """What was asked, as the forms write it."""
    asked = one.asked or {}
    return {
        "people": "\n".join(f"{each['count']} {each['role']}" for each in asked.get("people", [])),
        "equipment": "\n".join(
            f"{each['count']} {each['item']}" for each in asked.get("equipment", [])
        ),
    }


def asking(node: "Node") -> Context:
    """What the form offers: every other member of every line whose terms speak of watching."""
    lines = node.lines()
    now_s = _clock_s(lines)
    offered, others, quotas = [], [], []
    for line in lines:
        watching = line.terms.get("watching")
        if not watching:
            others.append(line.name)
            continue
        for member in line.members:
            if member.joined and not member.own and not member.left:
                offered.append((line, member))
        quotas += [
            (line.name, quota) for quota in watching["quotas"] if quota["guest"] == node.party
        ]
    start_s = now_s + DAY_S
    if offered:
        start_s = parse_time_s(offered[0][0].now) + 4 * DAY_S
    start_s -= start_s % DAY_S
    return {
        **_common(lines, now_s),
        "offered": offered,
        "others": others,
        "quotas": quotas,
        "window": (format_time(start_s), format_time(start_s + 7 * DAY_S)),
    }


# --- what is done -----------------------------------------------------------------------------


def ask(node: "Node", officer: OfficerView, hosts: list[str], fields: Fields) -> list[EntryView]:
    """Ask the hosts that were ticked, each as ``LINE/PARTY``."""
    return node.request_permission(
        [_pair(one) for one in hosts],
        need(fields, "permission"),
        _kind(fields),
        {
            "purpose": need(fields, "purpose"),
            "places": giving.places(fields.get("places", "")) or [],
            "people": giving.counted(fields.get("people", ""), "role", "people") or [],
            "equipment": giving.counted(fields.get("equipment", ""), "item", "equipment") or [],
            "quota": fields.get("quota") or None,
            "note": fields.get("note", ""),
        },
        start=need(fields, "start"),
        end=need(fields, "end"),
        overdraw="overdraw" in fields,
        officer=officer.name,
        key=fields.get("key") or None,
    )


def _pair(text: str) -> tuple[str, str]:
    line, _, host = text.rpartition("/")
    return line, host


def _kind(fields: Fields) -> Any:
    kind = fields.get("kind", "")
    if kind not in ("basing", "transit", "visit"):
        raise InputError("is none of basing, transit and visit", where="kind", remedy="choose one")
    return kind


def _answer(node: "Node", line: str, entry: str, officer: OfficerView, fields: Fields) -> None:
    refused = fields.get("answer") == "refused"
    limits = {} if refused else _limits(fields)
    answer: Any = fields.get("answer", "")
    start, end = (fields.get(name, "").strip() or None for name in ("start", "end"))
    node.answer_permission(
        line,
        entry,
        answer,
        start=None if refused else start,
        end=None if refused else end,
        limits=limits or None,
        note=fields.get("note", ""),
        **_who(officer, fields),
    )


def _limits(fields: Fields) -> Context:
    units = fields.get("quota_units", "").strip()
    if units and not (units.isascii() and units.isdecimal() and len(units) < 6):
        raise InputError(f"{units[:20]!r} is no number", where="visits", remedy="write a number")
    limits = {
        "purpose": fields.get("purpose", "").strip() or None,
        "hours_utc": giving.hours(fields.get("hours", "")),
        "places": giving.places(fields.get("places", "")),
        "people": giving.counted(fields.get("people", ""), "role", "people"),
        "equipment": giving.counted(fields.get("equipment", ""), "item", "equipment"),
        "quota_units": int(units) if units else None,
    }
    return {name: value for name, value in limits.items() if value is not None}


def _revoke(node: "Node", line: str, entry: str, officer: OfficerView, fields: Fields) -> None:
    start = fields.get("start", "").strip() or None
    note = fields.get("note", "")
    node.revoke_permission(line, entry, note, start=start, **_who(officer, fields))


def _withdraw(node: "Node", line: str, entry: str, officer: OfficerView, fields: Fields) -> None:
    node.withdraw_permission(line, entry, fields.get("note", ""), **_who(officer, fields))


def _renew(node: "Node", line: str, entry: str, officer: OfficerView, fields: Fields) -> None:
    node.renew_permission(
        line,
        entry,
        start=need(fields, "start"),
        end=need(fields, "end"),
        overdraw="overdraw" in fields,
        **_who(officer, fields),
    )


def _lapse(node: "Node", line: str, entry: str, officer: OfficerView, fields: Fields) -> None:
    del entry
    node.state_lapse(line, need(fields, "obligation"), **_who(officer, fields))


def _who(officer: OfficerView, fields: Fields) -> Context:
    """Who acts, and the form's own key: a form sent twice is done once."""
    return {"officer": officer.name, "key": fields.get("key") or None}


ACTS: dict[str, Callable[["Node", str, str, OfficerView, Fields], None]] = {
    "answer": _answer,
    "revoke": _revoke,
    "withdraw": _withdraw,
    "renew": _renew,
    "lapse": _lapse,
}
NEEDS = {
    "answer": RELEASE,
    "revoke": RELEASE,
    "withdraw": RELEASE,
    "renew": RELEASE,
    "lapse": TALK,
}
"""What an officer's role must permit for each act."""

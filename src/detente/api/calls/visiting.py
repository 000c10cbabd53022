"""Visits: what our officers state of one, as its guest or its host."""

from detente.api import rows
from detente.api.calls.bodies import Body, said
from detente.api.route import Call
from detente.line.abouts import Ground, Stage
from detente.node import Node, roles
from detente.node.views import EntryView, Json
from detente.node.views.visits import VisitView


class NotifyBody(Body, frozen=True):
    """A visit named ``visit`` under our ``request`` (its id or name); domain times.

    ``body`` as docs/protocol.md, section 10 has it. ``late``: also later than the terms' notice;
    ``exceed``: also beyond what was granted, or a quota.
    """

    visit: str
    request: str
    start: str
    end: str
    body: Json
    late: bool = False
    exceed: bool = False


class ReceiveBody(Body, frozen=True):
    """How the host receives the visit: escorts, hours, point of entry."""

    body: Json | None = None


class StageBody(Body, frozen=True):
    """A stage, reached ``at`` a domain time, or now."""

    stage: Stage
    at: str | None = None
    text: str = ""
    language: str | None = None


class InspectBody(Body, frozen=True):
    """What was found, item by item."""

    body: Json


class MissionBody(Body, frozen=True):
    """An activity of ours that the line has been released; ``exceed``: also beyond the grant."""

    activity: str
    note: str = ""
    exceed: bool = False


class ReviewBody(Body, frozen=True):
    """Agreed without a ``ground``; with one, ``safety`` or ``logistics``, to be changed."""

    ground: str | None = None
    text: str = ""
    language: str | None = None


class RestrictBody(Body, frozen=True):
    """What the host closes within a window, domain times."""

    start: str
    end: str
    body: Json


class DeviationBody(Body, frozen=True):
    """What was not as agreed, ``at`` a domain time, or now."""

    text: str
    at: str | None = None
    language: str | None = None


class CancelBody(Body, frozen=True):
    """Why the visit ends before its time."""

    ground: Ground
    note: str = ""


class VisitReportBody(Body, frozen=True):
    """A report of our own, or the very bytes of the other side's (``same_as`` names it)."""

    body: Json | None = None
    same_as: str | None = None


def list_visits(node: Node, call: Call) -> list[VisitView]:
    """Every visit on a line."""
    return node.visits(call.path["line"])


def show_visit(node: Node, call: Call) -> VisitView:
    """One visit."""
    return node.visit(call.path["line"], call.path["visit"])


def notify_visit(node: Node, call: Call) -> EntryView:
    """Give notice of a visit."""
    return node.notify_visit(**said(call))


def acknowledge_visit(node: Node, call: Call) -> EntryView:
    """Take note of a visit, as its host."""
    return node.acknowledge_visit(**said(call))


def state_stage(node: Node, call: Call) -> EntryView:
    """State how far a visit is."""
    return node.state_stage(**said(call))


def inspect_visit(node: Node, call: Call) -> EntryView:
    """State what an inspection found."""
    return node.inspect_visit(**said(call))


def plan_mission(node: Node, call: Call) -> EntryView:
    """Plan the mission: an activity that has been released."""
    return node.plan_mission(**said(call))


def review_mission(node: Node, call: Call) -> EntryView:
    """Agree to the newest plan, or ask for a change."""
    return node.review_mission(**said(call))


def restrict_visit(node: Node, call: Call) -> EntryView:
    """Restrict a visit, as its host."""
    return node.restrict_visit(**said(call))


def state_deviation(node: Node, call: Call) -> EntryView:
    """State that something was not as agreed."""
    return node.state_deviation(**said(call))


def cancel_visit(node: Node, call: Call) -> EntryView:
    """End a visit before its time."""
    return node.cancel_visit(**said(call))


def report_visit(node: Node, call: Call) -> EntryView:
    """Report on a visit."""
    return node.report_visit(**said(call))


ROUTES = (
    rows.get(
        "visits", "/lines/{line}/visits", list_visits,
        "Every visit: how far it is, its clocks, what each side stated and what exceeds",
        list[VisitView],
    ),
    rows.get("visits", "/lines/{line}/visits/{visit}", show_visit, "One visit", VisitView),
    rows.entry(
        "visits", "/lines/{line}/visits", notify_visit,
        "Give notice of a visit to the host that granted it, and to all parties of the line",
        NotifyBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/acknowledge", acknowledge_visit,
        "As the host: take note of a visit, and say how it is received",
        ReceiveBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/stages", state_stage,
        "State that a visit arrived, began, ended or departed", StageBody,
        act=roles.TALK,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/inspections", inspect_visit,
        "State what an inspection of the equipment found", InspectBody, act=roles.TALK,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/plans", plan_mission,
        "Name a released activity of ours as the next version of the mission plan",
        MissionBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/reviews", review_mission,
        "As the host: agree to the newest plan, or ask for a change for safety or logistics",
        ReviewBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/restrictions", restrict_visit,
        "As the host: close hours or places to a visit; flagged where it is late",
        RestrictBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/deviations", state_deviation,
        "State that something was not as agreed", DeviationBody, act=roles.TALK,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/cancel", cancel_visit,
        "End a visit before its time", CancelBody, act=roles.RELEASE,
    ),
    rows.entry(
        "visits", "/lines/{line}/visits/{visit}/reports", report_visit,
        "Report on a visit; two reports of the same bytes are the joint one",
        VisitReportBody, act=roles.RELEASE,
    ),
)  # fmt: skip

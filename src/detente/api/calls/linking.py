"""Which reports are of one event: links, disputes, and the figures they make."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.calls.bodies import Body
from detente.api.route import Call
from detente.errors import LimitError, StateError
from detente.node import Node, roles
from detente.node.views import EntryView
from detente.node.views.linking import EventsView, MaybeView


class EventLinkBody(Body, frozen=True):
    """Two reports, each ``<party>/<name>``, of one event."""

    a: str
    b: str
    note: str = ""


class TakeBackBody(Body, frozen=True):
    """A link or a dispute of ours."""

    entry: str
    note: str = ""


class MaybeQuery(Body, frozen=True):
    """Only pairs with at least this score, and so many of them."""

    score_min: float = 0.9
    most: int = 100


def suggest_links(node: Node, call: Call) -> list[MaybeView]:
    """Reports that may be of one event."""
    query: MaybeQuery = call.query
    return node.suggest_links(call.path["line"], score_min=query.score_min, most=query.most)


def count_events(node: Node, call: Call) -> EventsView:
    """How many events the reports on a line are of."""
    return node.events(call.path["line"])


def link_observations(node: Node, call: Call) -> EntryView:
    """Say that two reports are of one event."""
    return node.link_observations(**bodies.said(call))


def dispute_link(node: Node, call: Call) -> EntryView:
    """Say that the reports of another party's link are of two events."""
    return node.dispute_link(**bodies.said(call))


def take_back(node: Node, call: Call) -> EntryView:
    """Take a link or a dispute of ours back."""
    return node.take_back(**bodies.said(call))


ROUTES = (
    rows.get(
        "events", "/lines/{line}/events", count_events,
        "How many events the reports on a line are of, and who counts otherwise", EventsView,
    ),
    rows.get(
        "events", "/lines/{line}/event-links/suggestions", suggest_links,
        "Reports that may be of one event, and why; links nothing", list[MaybeView],
        act=roles.SINGLE, query=MaybeQuery, may_raise=(LimitError, StateError),
    ),
    rows.entry(
        "events", "/lines/{line}/event-links", link_observations,
        "Say that two reports are of one event", EventLinkBody, act=roles.RELEASE,
    ),
    rows.entry(
        "events", "/lines/{line}/event-links/{link}/dispute", dispute_link,
        "Say that the reports of another party's link are of two events", bodies.NoteBody,
        act=roles.RELEASE,
    ),
    rows.entry(
        "events", "/lines/{line}/take-backs", take_back,
        "Take a link or a dispute of ours back", TakeBackBody, act=roles.RELEASE,
    ),
)  # fmt: skip

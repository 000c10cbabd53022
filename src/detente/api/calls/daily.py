"""Daily reports: a day as it is seen here, its joint part as bytes, publishing ours."""

from detente.api import rows
from detente.api.calls.bodies import Body
from detente.api.route import Call
from detente.errors import InputError, StateError
from detente.line.bodies import DailyBody
from detente.node import Node, roles
from detente.node.views import EntryView
from detente.node.views.daily import DailyReportView, DailyView


class OwnPartBody(Body, frozen=True):
    """Our own part of a day's report. ``shown`` is the hash of the joint part decided upon."""

    text: str = ""
    language: str = "en"
    conditions: tuple[str, ...] = ()
    access_denied: tuple[str, ...] = ()
    not_observed: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    shown: str | None = None


def list_dailies(node: Node, call: Call) -> list[DailyReportView]:
    """Every daily report, each checked."""
    return node.dailies(call.path["line"])


def show_daily(node: Node, call: Call) -> DailyView:
    """One day, its joint part computed here and every party's report of it."""
    return node.daily(call.path["line"], call.path["day"])


def show_joint(node: Node, call: Call) -> bytes:
    """The joint part of one day, as the bytes that are hashed."""
    return node.daily_joint(call.path["line"], call.path["day"])


def publish_daily(node: Node, call: Call) -> EntryView:
    """Publish our report of a day."""
    body: OwnPartBody = call.body
    own = DailyBody(
        text=body.text,
        language=body.language,
        conditions=body.conditions,
        access_denied=body.access_denied,
        not_observed=body.not_observed,
        areas=body.areas,
    )
    return node.publish_daily(
        call.path["line"],
        call.path["day"],
        own,
        shown=body.shown,
        officer=call.officer.name,
        key=call.key,
    )


ROUTES = (
    rows.get(
        "events", "/lines/{line}/dailies", list_dailies,
        "The newest days' reports, and whether their joint parts are what we compute",
        list[DailyReportView],
    ),
    rows.get(
        "events", "/lines/{line}/dailies/{day}", show_daily,
        "A day by all that is held here, and every party's report of it", DailyView,
        may_raise=(InputError, StateError),
    ),
    rows.get(
        "events", "/lines/{line}/dailies/{day}/joint", show_joint,
        "A day's joint part as canonical JSON: the bytes that are hashed", bytes,
        may_raise=(InputError, StateError),
    ),
    rows.entry(
        "events", "/lines/{line}/dailies/{day}", publish_daily,
        "Publish our report of a day that is over", OwnPartBody, act=roles.RELEASE,
    ),
)  # fmt: skip

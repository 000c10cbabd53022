"""Guests' desks: what the host lays out for a visit, who may sit there, and the sessions' logs.

There is no route for guests: their one door is the console's ``/desk``.
"""

from detente.api import rows
from detente.api.calls.bodies import Body, NoteBody
from detente.api.route import Call
from detente.errors import LimitError, RecordError, StateError
from detente.node import Node, roles
from detente.node.views import EntryView
from detente.node.views.guests import DeskView, GuestMadeView, HeldLogView, SessionView


class DeskBody(Body, frozen=True):
    """Which visit to us; ``hold``: each thing waits for the escort's consent."""

    visit: str
    hold: bool = False


class LaidFileBody(Body, frozen=True):
    """A text or a picture (PNG, JPEG), base64."""

    title: str
    content: bytes


class LaidPlanBody(Body, frozen=True):
    """A plan of ours as it now is; the guest reads ``title``, or else the plan's id."""

    plan: str
    title: str = ""


class LaidEntryBody(Body, frozen=True):
    """A release or an observation on the line, by its entry id."""

    entry: str
    title: str = ""


class SessionLogBody(Body, frozen=True):
    """A session's log, as it was handed over, and a note that goes onto the line."""

    log: str
    note: str = ""


def list_desks(node: Node, call: Call) -> list[DeskView]:
    """The desks for visits to us on a line."""
    return node.desks(call.path["line"])


def set_up_desk(node: Node, call: Call) -> DeskView:
    """Set up the desk of a visit."""
    body: DeskBody = call.body
    return node.set_up_desk(
        call.path["line"], body.visit, hold=body.hold, officer=call.officer.name
    )


def show_desk(node: Node, call: Call) -> DeskView:
    """One desk."""
    return node.desk(call.path["desk"])


def close_desk(node: Node, call: Call) -> None:
    """Close a desk for good."""
    node.close_desk(call.path["desk"], officer=call.officer.name)


def lay_file(node: Node, call: Call) -> DeskView:
    """Lay out a text or a picture."""
    body: LaidFileBody = call.body
    return node.lay_file(call.path["desk"], body.title, body.content, officer=call.officer.name)


def lay_plan(node: Node, call: Call) -> DeskView:
    """Lay out a plan of ours."""
    body: LaidPlanBody = call.body
    return node.lay_plan(call.path["desk"], body.plan, body.title, officer=call.officer.name)


def lay_entry(node: Node, call: Call) -> DeskView:
    """Lay out an entry of the line."""
    body: LaidEntryBody = call.body
    return node.lay_entry(call.path["desk"], body.entry, body.title, officer=call.officer.name)


def put_away(node: Node, call: Call) -> None:
    """Take something off a desk."""
    node.put_away(call.path["desk"], call.path["item"], officer=call.officer.name)


def add_guest(node: Node, call: Call) -> GuestMadeView:
    """Make an account for a guest."""
    return node.add_guest(call.path["desk"], by=call.officer.name)


def show_collected(node: Node, call: Call) -> bytes:
    """What the guest has marked, as a ZIP archive."""
    return node.collected(call.path["desk"])


def show_session_log(node: Node, call: Call) -> bytes:
    """A session's log."""
    return node.session_log(call.path["session"])


def halt_session(node: Node, call: Call) -> SessionView:
    """Halt a session at once."""
    body: NoteBody = call.body
    return node.end_session(call.path["session"], "halted", body.note, officer=call.officer.name)


def list_session_logs(node: Node, call: Call) -> list[HeldLogView]:
    """Which log of each session either side says it holds."""
    return node.session_logs(call.path["line"])


def confirm_session_log(node: Node, call: Call) -> EntryView:
    """Say on the line which log of a session we hold."""
    body: SessionLogBody = call.body
    return node.confirm_session(
        call.path["line"],
        body.log.encode("utf-8", "replace"),
        body.note,
        officer=call.officer.name,
        key=call.key,
    )


ROUTES = (
    rows.get(
        "desks", "/lines/{line}/desks", list_desks,
        "Desks for guests on a visit to us, with their sessions", list[DeskView],
    ),
    rows.post(
        "desks", "/lines/{line}/desks", set_up_desk,
        "Set up the desk of a visit that is granted", DeskBody, DeskView,
        act=roles.RELEASE,
    ),
    rows.get("desks", "/desks/{desk}", show_desk, "One desk", DeskView),
    rows.delete(
        "desks", "/desks/{desk}", close_desk,
        "Close a desk for good: its session and its guests' accounts end", act=roles.RELEASE,
        may_raise=(StateError,),
    ),
    rows.post(
        "desks", "/desks/{desk}/files", lay_file,
        "Lay out a text or a picture, without what is written beside the picture",
        LaidFileBody, DeskView, act=roles.RELEASE,
    ),
    rows.post(
        "desks", "/desks/{desk}/plans", lay_plan,
        "Lay out a plan of ours as it now is, if it lies within what was granted",
        LaidPlanBody, DeskView, act=roles.RELEASE,
    ),
    rows.post(
        "desks", "/desks/{desk}/entries", lay_entry,
        "Lay out a release or an observation of the line, if it lies in a granted place",
        LaidEntryBody, DeskView, act=roles.RELEASE,
    ),
    rows.delete(
        "desks", "/desks/{desk}/items/{item}", put_away, "Take something off a desk",
        act=roles.RELEASE, may_raise=(StateError,),
    ),
    rows.post(
        "desks", "/desks/{desk}/guests", add_guest,
        "Make an account for a guest; the answer holds a link that works once",
        None, GuestMadeView, act=roles.ACCOUNTS, may_raise=(StateError, LimitError),
    ),
    rows.get(
        "desks", "/desks/{desk}/collected", show_collected,
        "What the guest has marked, as one file to be sealed", bytes, media="application/zip",
        act=roles.RELEASE,
    ),
    rows.get(
        "desks", "/desk-sessions/{session}/log", show_session_log,
        "A session's log, to be handed to the guest", bytes, media="application/x-ndjson",
    ),
    rows.post(
        "desks", "/desk-sessions/{session}/halt", halt_session,
        "Halt a session: nothing more is shown to the guest", NoteBody, SessionView,
        status=200, act=roles.TALK, may_raise=(),
    ),
    rows.get(
        "desks", "/lines/{line}/session-logs", list_session_logs,
        "Which log of each session either side says it holds, and whether they agree",
        list[HeldLogView],
    ),
    rows.entry(
        "desks", "/lines/{line}/session-logs", confirm_session_log,
        "Check a session's log and say on the line that we hold it", SessionLogBody,
        act=roles.TALK, may_raise=(RecordError, StateError),
    ),
)  # fmt: skip

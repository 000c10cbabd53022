"""Guests' desks: what the host lays out for a visit, who may sit there, and the sessions' logs.

There is no route for guests: their one door is the console's ``/desk``.
"""

from detente.api.calls.bodies import Body, NoteBody
from detente.api.route import Call
from detente.node import Node
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

"""What changed since the caller last looked."""

from detente.api import rows
from detente.api.calls.bodies import Body
from detente.api.route import Call
from detente.node import Node
from detente.node.views.looking import LookView


class LookBody(Body, frozen=True):
    """How much of each log the caller has seen, as the list of changes gave it."""

    seen: dict[str, int]


def show_changes(node: Node, call: Call) -> LookView:
    """What changed since the caller last looked."""
    return node.changed_since_look(call.path["line"], officer=call.officer.name)


def mark_looked(node: Node, call: Call) -> LookView:
    """Move the caller's mark."""
    body: LookBody = call.body
    return node.mark_looked(call.path["line"], body.seen, officer=call.officer.name)


ROUTES = (
    rows.get(
        "events", "/lines/{line}/changed", show_changes,
        "What of the observations changed since the caller last looked", LookView,
    ),
    rows.post(
        "events", "/lines/{line}/changed", mark_looked,
        "Mark what the caller has looked at; no one else's list is changed by it",
        LookBody, LookView, status=200, may_raise=(),
    ),
)  # fmt: skip

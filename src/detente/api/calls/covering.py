"""What was observed on a line."""

from detente.api import rows
from detente.api.route import Call
from detente.node import Node
from detente.node.views.coverage import LookedView


def show_looked(node: Node, call: Call) -> LookedView:
    """Who looked where, by the record."""
    return node.looked(call.path["line"])


ROUTES = (
    rows.get(
        "media", "/lines/{line}/looked", show_looked,
        "Who looked where, by the record: missions flown, and what observers saw themselves",
        LookedView,
    ),
)  # fmt: skip

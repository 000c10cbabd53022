"""What a node counts, for whoever watches the machines."""

from detente.line import read
from detente.node.core import Core
from detente.store import links, logs, plans
from detente.store.projection import LineRows

COUNTERS = (
    "cosignatures_made_total",
    "entries_recalled_total",
    "entries_received_total",
    "entries_written_total",
    "forks_found_total",
    "plan_changes_total",
)
"""Counted since the node was opened."""


def metrics(core: Core) -> dict[str, float]:
    """Every counter, and gauges of what the store holds now, by name."""
    found = {name: float(core.counters[name]) for name in COUNTERS}
    with core.store.read() as tx:
        lines = core.lines(tx)
        found["lines"] = len(lines)
        found["plans"] = plans.count(tx)
        found["entries"] = sum(
            logs.size(tx, line.id, party) for line in lines for party in line.members
        )
        found["forks"] = sum(len(links.forks_of(tx, line.id)) for line in lines)
        found["conflicts_open"] = sum(
            conflict.state == "open"
            for line in lines
            for conflict in read.conflicts(LineRows(tx, line.id))
        )
    return found

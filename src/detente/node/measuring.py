"""What a node counts, for whoever watches the machines."""

from detente.line import read
from detente.node import quota
from detente.node.core import Core
from detente.node.views import EngineView
from detente.store import links, logs, plans, projection
from detente.store.projection import rows_of
from detente.store.store import Tx

COUNTERS = (
    "cosignatures_made_total",
    "entries_recalled_total",
    "entries_received_total",
    "entries_written_total",
    "forks_found_total",
    "plan_changes_total",
    "pushes_over_quota_total",
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
            for conflict in read.conflicts(rows_of(tx, line.id))
        )
        found["uncompared_entries"] = sum(
            projection.count(tx, line.id, "uncompared") for line in lines
        )
        shares, refused = quotas(core, tx)
        found["quota_used_ratio"] = max(shares, default=0.0)
        found["quota_refused_logs"] = refused
        engine = engine_of(core, tx)
    found["engine_ready"] = float(engine.ready)
    found["engine_activities"] = engine.done
    found["engine_memory_bytes"] = engine.memory_bytes
    return found


def quotas(core: Core, tx: Tx) -> tuple[list[float], int]:
    """What share of its quota each other member has used on each line; how many are refused."""
    now_s = core.clock.now_s()
    received = [
        quota.received(tx, line.id, party, now_s)
        for line in core.lines(tx)
        for party in line.members
        if party != core.party
    ]
    return [core.quota.share(one) for one in received], sum(
        one.refused_s is not None for one in received
    )


def quota_word(core: Core, tx: Tx) -> str:
    """``refused`` while some member's entries are refused, ``near`` before that, else ``ok``."""
    shares, refused = quotas(core, tx)
    if refused:
        return "refused"
    return "near" if max(shares, default=0.0) >= quota.NEAR else "ok"


def engine_of(core: Core, tx: Tx) -> EngineView:
    """How far the conflict engine is, over all lines."""
    replicas = [core.engine.replica(line) for line in core.lines(tx)]
    reading = [replica.progress for replica in replicas if not replica.ready]
    # Where nobody attends, whoever asks reads first.
    ready = not (reading and core.engine.attended)
    done = sum(at.done for at in reading) if reading else sum(len(one) for one in replicas)
    return EngineView(
        ready=ready,
        done=done,
        total=sum(at.total for at in reading) if reading else done,
        memory_bytes=sum(one.memory_bytes() for one in replicas),
    )

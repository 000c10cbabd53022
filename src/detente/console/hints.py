"""The exercise's guide: the steps that settle the open conflict, and which of them is next.

Derived from the state of the line, like everything else here, so that it is right on both sides and
after a restart.
"""

import msgspec

from detente.console import words
from detente.node.views import ConflictView, LineView, ProposalView

LIVE = ("open", "assented", "carried-out")


class Hint(msgspec.Struct, frozen=True):
    """Steps in order; ``now`` is the index of the next one. ``ours``: this side takes it."""

    steps: list[str]
    now: int
    ours: bool
    conflict: str | None


def hint(line: LineView, open_conflicts: list[ConflictView]) -> Hint:
    """What a first-time visitor does next on this side."""
    if not open_conflicts:
        return Hint(
            ["Settled: no conflict is known among what both sides have released."], 0, True, None
        )
    conflict = open_conflicts[0]
    proposal = _live(conflict)
    own, peer = line.own, _peer(line, conflict)
    name = words.tag(conflict.id)
    if proposal is None:
        steps = [
            f"Open conflict {name} and press one of the suggestions",
            f"{peer} assents in its own console",
            "the side that moves carries it out",
        ]
        return Hint(steps, 0, True, conflict.id)
    change = f"“{proposal.moves} moves {words.shift(proposal.shift)}”"
    asked = peer if proposal.own else own
    steps = [
        f"{proposal.party} proposed {change}",
        f"{asked} assents" + ("" if asked == own else f", in the console of {asked}"),
        f"{proposal.moves} carries it out"
        + ("" if proposal.moves == own else f", in the console of {proposal.moves}"),
    ]
    if proposal.status == "open":
        return Hint(steps, 1, asked == own, conflict.id)
    return Hint(steps, 2, proposal.moves == own, conflict.id)


def _live(conflict: ConflictView) -> ProposalView | None:
    return next((p for p in conflict.proposals if p.status in LIVE and p.void is None), None)


def _peer(line: LineView, conflict: ConflictView) -> str:
    other = conflict.b if conflict.a.party == line.own else conflict.a
    return other.party

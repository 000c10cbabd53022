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
            [
                "settled: no conflict is known among what both sides have released. Write a "
                "message, or release one of your plans, and watch it arrive on the other side"
            ],
            0,
            True,
            None,
        )
    conflict = open_conflicts[0]
    proposal = _live(conflict)
    own, peer = line.own, _peer(line, conflict)
    name = words.tag(conflict.id)
    if proposal is None:
        steps = [
            f"press one of the suggestions under conflict {name} below",
            f"{peer} assents, in the console of {peer}",
            "the side that moves carries it out",
        ]
        return Hint(steps, 0, True, conflict.id)
    change = f"“{proposal.moves} moves {words.shift(proposal.shift)}”"
    asked = peer if proposal.own else own
    steps = [
        f"{proposal.party} proposed {change}",
        f"press “Assent…” in conflict {name} below"
        if asked == own
        else f"{asked} assents, in the console of {asked}",
        f"press “Carry out…” in conflict {name} below"
        if proposal.moves == own
        else f"{proposal.moves} carries it out, in the console of {proposal.moves}",
    ]
    if proposal.status == "open":
        return Hint(steps, 1, asked == own, conflict.id)
    return Hint(steps, 2, proposal.moves == own, conflict.id)


def _live(conflict: ConflictView) -> ProposalView | None:
    return next((p for p in conflict.proposals if p.status in LIVE and p.void is None), None)


def _peer(line: LineView, conflict: ConflictView) -> str:
    other = conflict.b if conflict.a.party == line.own else conflict.a
    return other.party

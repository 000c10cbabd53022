"""The exercise's guide: the steps that settle the open conflict, and which of them is next.

Derived from the state of the line, like everything else here, so that it is right on both sides and
after a restart.
"""

import msgspec

from detente.console import words
from detente.node.views import ConflictView, LineView, ProposalView


class Hint(msgspec.Struct, frozen=True):
    """Steps in order; ``now`` is the index of the next one. ``ours``: this side takes it."""

    steps: list[str]
    now: int
    ours: bool
    conflict: str | None


def hint(line: LineView, open_conflicts: list[ConflictView]) -> Hint:
    """What a first-time visitor does next on this side."""
    if line.suspended_by:
        steps = [
            f"{party} has declared the line suspended: "
            + ("press “resume…” at the top left" if party == line.own else f"{party} resumes it")
            for party in line.suspended_by
        ]
        return Hint(steps, 0, line.suspended_by[0] == line.own, None)
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
    proposal = _live(conflict, line.own)
    own, peer = line.own, _peer(line, conflict)
    name = words.tag(conflict.id)
    if proposal is None:
        steps = [
            f"press one of the suggestions under conflict {name} below"
            if conflict.suggestions
            else f"press “Propose another change…” under conflict {name} below",
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


def _live(conflict: ConflictView, own: str) -> ProposalView | None:
    """The proposal that still leads somewhere: one that we could neither answer nor carry out
    when it is our turn, or that was carried out before this conflict came about, does not.
    """
    for one in conflict.proposals:
        ours = one.moves == own
        open_still = one.status == "open" and (one.own or one.may_answer)
        assented = one.status == "assented" and (one.may_carry_out or not ours)
        if one.void is None and (open_still or assented):
            return one
    return None


def _peer(line: LineView, conflict: ConflictView) -> str:
    other = conflict.b if conflict.a.party == line.own else conflict.a
    return other.party

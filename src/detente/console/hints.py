"""The exercise's guide: the steps that settle the open conflict, and which of them is next.

Derived from the state of the line, like everything else here, so that it is right on both sides and
after a restart.
"""

import msgspec

from detente.console import words
from detente.node.views import (
    ConflictsView,
    ConflictView,
    LineView,
    LinkView,
    ProposalView,
    ReleasedView,
)


class Hint(msgspec.Struct, frozen=True):
    """Steps in order; ``now`` is the index of the next one. ``ours``: this side takes it."""

    steps: list[str]
    now: int
    ours: bool
    conflict: str | None


def hint(
    line: LineView,
    open_conflicts: list[ConflictView],
    unsettled: list[str],
    own_open: list[ConflictView],
) -> Hint:
    """What a first-time visitor does next on this side.

    ``open_conflicts`` are the joint ones; ``unsettled`` is what ``not_settled`` found: while there
    is any, the line is not called settled. ``own_open`` are those that our exact plans alone meet.
    """
    if line.suspended_by:
        steps = [
            f"{party} has declared the line suspended: "
            + ("press “resume…” at the top left" if party == line.own else f"{party} resumes it")
            for party in line.suspended_by
        ]
        return Hint(steps, 0, line.suspended_by[0] == line.own, None)
    shown = next((one for one in own_open if one.elsewhere), None)
    if not open_conflicts and shown is not None:
        plan = words.sides_of(shown)[0].id
        steps = [
            "not settled: " + "; ".join(unsettled),
            f"release {plan} on this line as well, so that every member sees the same conflict "
            "and it can be settled here",
        ]
        return Hint(steps, 1, True, shown.id)
    if not open_conflicts and unsettled:
        return Hint(["not settled: " + "; ".join(unsettled)], 0, True, None)
    if not open_conflicts:
        return Hint(
            [
                "settled: no conflict between parties is known among what they have released. "
                "Write a "
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


def not_settled(
    line: LineView,
    links: list[LinkView],
    released: list[ReleasedView],
    found: ConflictsView,
    own_open: list[ConflictView],
) -> list[str]:
    """What is open or unknown beside the joint conflicts that are open, in plain words.

    ``own_open`` are the open conflicts that were found from our exact plans alone.
    """
    said = [f"{member.party} has left the line" for member in line.members if member.left]
    said += [
        f"{link.peer} {words.LINK_WORDS[link.state]}: what it has done since is unknown"
        for link in links
        if link.state != "up"
    ]
    unknown = sum(one.state == "unknown" for one in found.conflicts)
    if alone := sum(not one.elsewhere for one in own_open):
        said.append(f"{_conflicts(alone)} open by our own exact plans, which only we see")
    said += [
        f"{words.tag(one.id)} is open by our own exact plan: {words.seen(one)}"
        for one in own_open
        if one.elsewhere
    ]
    if unknown:
        said.append(f"{_conflicts(unknown)} unknown now")
    said += [
        f"what {one.party} {one.id} occupies is unknown"
        for one in released
        if one.unknown and not one.withdrawn
    ]
    return said + [f"not all is known yet: {why}" for why in found.unknown]


def _conflicts(count: int) -> str:
    return "1 conflict is" if count == 1 else f"{count} conflicts are"


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

"""Settling a conflict: a proposal, its answer, and the version that carries it out.

Each is an entry of its own, written by an officer. Nobody's activity is ever moved by the other
side, nor by this node because it assented: to assent is to agree, to carry out is to release the
changed version, and both are somebody's decision.
"""

import msgspec

from detente.errors import StateError
from detente.line import (
    Draft,
    assent_draft,
    decline_draft,
    proposal_draft,
    read,
    release_draft,
)
from detente.line.changes import changed
from detente.line.read import Proposal, Version
from detente.node import filing
from detente.node.core import Core
from detente.node.saying import say
from detente.node.seconding import Second
from detente.node.show.elsewhere import is_current
from detente.node.show.reader import LineReader, no_such
from detente.node.show.suggestions import shift_of
from detente.node.views import EntryView, ShiftView
from detente.release.cover import covers
from detente.store import plans


def propose(
    core: Core,
    line: str,
    conflict: str,
    moves: str,
    shift: ShiftView,
    note: str,
    *,
    officer: str,
    key: str | None,
) -> EntryView:
    """Propose that ``moves``, we or the other side, changes its activity by ``shift``."""

    def make(reader: LineReader) -> Draft:
        found = read.conflict(reader.rows, conflict)
        if found is None:
            raise no_such("conflict", conflict, reader.founding)
        sides = {found.a.party, found.b.party}
        if core.party not in sides or moves not in sides:
            raise StateError(
                f"that conflict is between {found.a.party} and {found.b.party}",
                remedy="propose only for conflicts of our own, and that one of the two moves",
            )
        if found.state != "open":
            raise StateError(
                f"that conflict is {found.state}", remedy="propose for conflicts that are open"
            )
        return proposal_draft(
            conflict=conflict,
            versions=found.versions,
            moves=moves,
            shift=shift_of(shift),
            note=note,
        )

    content = {
        "conflict": conflict,
        "moves": moves,
        "shift": msgspec.to_builtins(shift),
        "note": note,
    }
    return say(core, line, make, officer=officer, key=key, action="propose", content=content)


def answer(
    core: Core,
    line: str,
    proposal: str,
    note: str,
    *,
    assents: bool,
    officer: str,
    key: str | None,
) -> EntryView:
    """Assent to the other side's proposal, or decline it. The first answer counts."""

    def make(reader: LineReader) -> Draft:
        found = _proposal(reader, proposal)
        if found.answered_by != core.party or found.status != "open":
            raise StateError(
                f"that proposal is {found.status}, and for {found.answered_by} to answer",
                where=f"proposal {proposal[:16]}…",
                remedy="answer the other side's open proposals",
            )
        if assents and found.shift is None:
            raise StateError(
                "what is proposed is not known here",
                where=f"proposal {proposal[:16]}…",
                remedy="decline it, or ask the other side to propose it anew",
            )
        return (assent_draft if assents else decline_draft)(proposal, note)

    action = "assent" if assents else "decline"
    content = {"proposal": proposal, "note": note}
    return say(core, line, make, officer=officer, key=key, action=action, content=content)


def carry_out(
    core: Core,
    line: str,
    proposal: str,
    *,
    officer: str,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Release our activity changed as was agreed, in the form it had, and change our plan alike."""

    def make(reader: LineReader) -> Draft:
        found = _proposal(reader, proposal)
        version = _version_to_move(reader, found)
        newest = read.newest(reader.rows, core.party, version.id)
        check_settles(reader, proposal, newest)
        if version.activity is None or version.form is None or found.shift is None:
            raise StateError(
                "what was agreed is not known here",
                where=f"proposal {proposal[:16]}…",
                remedy="change the plan and release it with settles naming this proposal",
            )
        moved = changed(version.activity, found.shift)
        if plans.get(reader.tx, version.id) is not None:
            _check_current(reader, version)
            if version.form != "exact" and found.shift.volumes is not None:
                raise _only_coarse(version)
            plan = changed(filing.activity_of(core, reader.tx, version.id), found.shift)
            if version.form != "exact" and not covers(moved, plan):
                raise _only_coarse(version)
            filing.replace_plan(
                core, reader.tx, plan, title=None, officer=officer, action="carry-out"
            )
        return release_draft(
            moved,
            version=version.version + 1,
            supersedes=version.entry,
            form=version.form,
            settles=proposal,
        )

    content = {"proposal": proposal}
    return say(
        core,
        line,
        make,
        officer=officer,
        key=key,
        action="carry-out",
        content=content,
        second=second,
    )


def _only_coarse(version: Version) -> StateError:
    """A plan behind a coarse release is not ours to guess at."""
    return StateError(
        "what was agreed is an outline, and where the plan itself would lie in it is not said",
        where=version.id,
        remedy="change the plan as was agreed and release it with settles naming this proposal",
    )


def _check_current(reader: LineReader, version: Version) -> None:
    """Both are changed alike, so they must be of one another, or the line would see neither."""
    if not is_current(reader.tx, version):
        raise StateError(
            "our plan was changed since the version that the proposal is about",
            where=version.id,
            remedy="change the plan as was agreed and release it with settles naming this proposal",
        )


def check_settles(reader: LineReader, proposal: str, newest: Version | None) -> None:
    """Return if the version after ``newest`` may carry out ``proposal``; else raise StateError."""
    found = _proposal(reader, proposal)
    own = reader.core.party
    if found.status != "assented" or found.moves != own:
        raise StateError(
            f"that proposal is {found.status}, and {found.moves} would move",
            where=f"proposal {proposal[:16]}…",
            remedy="carry out proposals that were assented to and that move us",
        )
    if newest is None or found.versions[own] != newest.entry:
        raise StateError(
            "that proposal is about another version of the activity",
            where=f"proposal {proposal[:16]}…",
            remedy="propose anew for the newest versions",
        )


def _proposal(reader: LineReader, proposal: str) -> Proposal:
    found = read.proposal(reader.rows, proposal)
    if found is None or found.void is not None:
        raise no_such("proposal", proposal, reader.founding)
    return found


def _version_to_move(reader: LineReader, found: Proposal) -> Version:
    """Our version that a proposal is about."""
    conflict = read.conflict(reader.rows, found.conflict)
    own = reader.core.party
    sides = () if conflict is None else (conflict.a, conflict.b)
    for side in sides:
        if side.party == own:
            version = reader.version_of(own, side.id, found.versions.get(own, ""))
            if version is not None:
                return version
    raise StateError(
        "that proposal is about no version of ours",
        where=f"proposal {found.entry[:16]}…",
        remedy="carry out proposals that move us",
    )

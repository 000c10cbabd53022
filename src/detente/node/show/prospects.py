"""What a change would do: which released activities the changed one would meet.

Computed from what is released and known here, at the moment of asking, and never stored: both
sides see the same where they hold the same. A private plan has no part in it, unless it is itself
what changes, in a conflict that only we see.
"""

from detente.conflict import Conflict, between
from detente.errors import DetenteError
from detente.line import Shift, read
from detente.line.changes import changed
from detente.line.conflict_id import Pair
from detente.line.read import Proposal
from detente.node.show.reader import LineReader
from detente.node.views import MeetingView
from detente.volumes import Activity
from detente.volumes.times import ceil_ms, floor_ms, format_time, within_calendar_s

Prospect = tuple[bool | None, list[MeetingView]]
"""Whether the conflict ends, or None where that is not known, and what else would be met."""

UNKNOWN: Prospect = (None, [])


def prospect(reader: LineReader, moves: Activity, other: Pair, shift: Shift) -> Prospect:
    """What ``moves`` would meet if it were changed and nothing else was.

    ``other`` is the activity that it is in conflict with; what else it would meet is told whether
    or not it meets it now. Unknown where the change leads to what may not be released.
    """
    still = reader.newest(other)
    if still is None or still.activity is None:
        return UNKNOWN
    try:
        moved = changed(moves, shift)
    except DetenteError:
        return UNKNOWN
    near = reader.near(moved)
    if near is None:
        return UNKNOWN
    met = {pair: _met(reader, moved, pair) for pair in near}
    opens = [
        MeetingView(
            party=pair[0],
            id=pair[1],
            start=format_time(within_calendar_s(floor_ms(found.start_s))),
            end=format_time(within_calendar_s(ceil_ms(found.end_s))),
            already=_met(reader, moves, pair) is not None,
        )
        for pair, found in met.items()
        if found is not None and pair != other
    ]
    return met.get(other) is None, sorted(opens, key=lambda one: (one.start, one.party, one.id))


def _met(reader: LineReader, moved: Activity, pair: Pair) -> Conflict | None:
    theirs = reader.newest(pair)
    if theirs is None or theirs.activity is None:
        return None
    return between(moved, theirs.activity, reader.terms.separation)


def of_proposal(reader: LineReader, proposal: Proposal) -> Prospect:
    """What carrying out a proposal would do, while it may still be carried out."""
    sides = sides_of(reader, proposal)
    if sides is None or proposal.shift is None:
        return UNKNOWN
    moves, other = sides
    return prospect(reader, moves, other, proposal.shift)


def sides_of(reader: LineReader, proposal: Proposal) -> tuple[Activity, Pair] | None:
    """What a proposal would change, and what that is in conflict with; None once it is past."""
    live = proposal.void is None and proposal.status in ("open", "assented")
    found = read.conflict(reader.rows, proposal.conflict) if live else None
    if found is None or found.state != "open":
        return None
    a, b = (found.a.party, found.a.id), (found.b.party, found.b.id)
    moves, other = (a, b) if a[0] == proposal.moves else (b, a)
    newest = reader.newest(moves)
    if newest is None or newest.activity is None or newest.entry != proposal.versions[moves[0]]:
        return None
    return newest.activity, other

"""Conflicts: those every member computes alike, and those that only we can see.

*Joint*: released against released, read from the line's state. *Own*: our plan as it really is
against what the others have released, for our officers alone. What is computed from a private plan
is never written on the line: a suggestion made from one would give the plan away.
"""

from collections.abc import Iterable
from functools import lru_cache

from detente.conflict import Conflict, Part, Separation, Shifts, between
from detente.conflict import part as shifts_that_part
from detente.line import conflict_id, first_parts, read
from detente.line.conflict_id import Pair
from detente.line.read import Suggestion, Version
from detente.node.show import talk
from detente.node.show.prospects import prospect
from detente.node.show.reader import LineReader
from detente.node.views import (
    ConflictSideView,
    ConflictView,
    PartView,
    PlaceView,
    ProposalView,
    ShiftView,
    SuggestionView,
)
from detente.volumes import Activity
from detente.volumes.areas import PLACES, area_of
from detente.volumes.datums import widenings
from detente.volumes.times import ceil_ms, floor_ms, format_time, within_calendar_s


def joint(reader: LineReader) -> list[ConflictView]:
    """The conflicts of a line as its state has them, by start."""
    proposals = talk.proposals(reader)
    return [
        _joint(reader, found, [one for one in proposals if one.conflict == found.id])
        for found in read.conflicts(reader.rows)
    ]


def _joint(reader: LineReader, found: read.Conflict, proposals: list[ProposalView]) -> ConflictView:
    versions = {
        side.party: reader.version_of(side.party, side.id, found.versions[side.party])
        for side in (found.a, found.b)
    }
    known = {
        party: one.activity for party, one in versions.items() if one and one.activity is not None
    }
    still = {found.a.party: (found.b.party, found.b.id), found.b.party: (found.a.party, found.a.id)}
    return ConflictView(
        id=found.id,
        line=reader.id,
        line_name=reader.name,
        a=_side(reader, found.a.party, found.a.id, versions[found.a.party]),
        b=_side(reader, found.b.party, found.b.id, versions[found.b.party]),
        kind=found.kind,
        start=found.start,
        end=found.end,
        lateral_m=found.lateral_m,
        vertical_m=found.vertical_m,
        place=PlaceView(lon=found.lon, lat=found.lat),
        parts=[
            PartView(
                a_volume=one.a_volume,
                b_volume=one.b_volume,
                start=one.start,
                end=one.end,
                lateral_m=one.lateral_m,
                vertical_m=one.vertical_m,
                place=PlaceView(lon=one.lon, lat=one.lat),
            )
            for one in found.parts
        ],
        more_parts=found.more_parts,
        state=found.state,
        basis="joint",
        notes=_notes(known.values()),
        begun=_begun(reader, known.values()) if found.state == "open" else [],
        suggestions=[
            suggestion
            for party, shifts in sorted(found.suggestions.items())
            if party in known
            for suggestion in _suggestions(reader, known[party], still[party], shifts)
        ],
        proposals=proposals,
    )


def own(reader: LineReader, plans: list[Activity]) -> list[ConflictView]:
    """Conflicts of our plans as they are with what the others have released on this line."""
    found = [conflict for plan in plans for conflict in own_of(reader, plan)]
    return sorted(found, key=lambda conflict: (conflict.start, conflict.id))


def own_of(reader: LineReader, plan: Activity) -> list[ConflictView]:
    """Own conflicts of one plan on one line; none where the line already sees exactly that plan.

    Whether they are all known is for ``reader.unknown`` to say.
    """
    newest = read.newest(reader.rows, plan.party, plan.id)
    seen = newest.activity if newest is not None and newest.form == "exact" else None
    if seen is not None and (seen.kind, seen.volumes) == (plan.kind, plan.volumes):
        return []
    found = []
    for pair in sorted(reader.near(plan) or ()):
        theirs = reader.newest(pair)
        if theirs is not None and theirs.activity is not None:
            met = _met(plan, theirs.activity, reader.terms.separation)
            if met is not None:
                found.append(_own(reader, plan, theirs, met))
    return found


@lru_cache(maxsize=1024)
def _met(
    plan: Activity, theirs: Activity, separation: Separation
) -> tuple[Conflict, Shifts] | None:
    """How a plan meets a released activity, and what would part them by moving the plan."""
    found = between(plan, theirs, separation)
    return None if found is None else (found, shifts_that_part(plan, theirs, separation))


def forget() -> None:
    """Let go of every shape that was kept to spare computing anew."""
    _met.cache_clear()


def _own(
    reader: LineReader, plan: Activity, theirs: Version, met: tuple[Conflict, Shifts]
) -> ConflictView:
    found, shifts = met
    parts = first_parts(found)
    known = [plan, *([theirs.activity] if theirs.activity else [])]
    sides = {
        plan.party: _side(reader, plan.party, plan.id, None, kind=plan.kind),
        theirs.party: _side(reader, theirs.party, theirs.id, theirs),
    }
    return ConflictView(
        id=conflict_id(reader.id, (plan.party, plan.id), (theirs.party, theirs.id)),
        line=reader.id,
        line_name=reader.name,
        a=sides[found.a.party],
        b=sides[found.b.party],
        kind=found.kind,
        start=format_time(within_calendar_s(floor_ms(found.start_s))),
        end=format_time(within_calendar_s(ceil_ms(found.end_s))),
        lateral_m=found.lateral_m,
        vertical_m=found.vertical_m,
        place=PlaceView(lon=found.lon, lat=found.lat),
        parts=[_part(one) for one in parts],
        more_parts=len(found.parts) - len(parts),
        state="open",
        basis="own",
        notes=_notes(known),
        begun=_begun(reader, known),
        suggestions=_suggestions(reader, plan, (theirs.party, theirs.id), shifts),
        proposals=[],
    )


def _side(
    reader: LineReader, party: str, activity_id: str, version: Version | None, kind: str = ""
) -> ConflictSideView:
    known = version.activity if version is not None else None
    return ConflictSideView(
        party=party,
        id=activity_id,
        own=reader.is_own(party),
        title=reader.titles.get(activity_id) if reader.is_own(party) else None,
        kind=known.kind if known is not None else kind,
        entry=version.entry if version is not None else None,
        version=version.version if version is not None else None,
    )


def _part(one: Part) -> PartView:
    return PartView(
        a_volume=one.a_volume,
        b_volume=one.b_volume,
        start=format_time(within_calendar_s(floor_ms(one.start_s))),
        end=format_time(within_calendar_s(ceil_ms(one.end_s))),
        lateral_m=one.lateral_m,
        vertical_m=one.vertical_m,
        place=PlaceView(lon=one.lon, lat=one.lat),
    )


def _suggestions(
    reader: LineReader, moves: Activity, other: Pair, shifts: Suggestion | Shifts
) -> list[SuggestionView]:
    """What would part them by moving ``moves``, of what can still be done.

    The shifts do not know the time: members compute them alike, whenever they do.
    """
    start_s, end_s = _window_s(moves)
    if end_s < reader.now_s:
        return []
    shifted = (
        ShiftView(time_s=shifts.later_s),
        ShiftView(time_s=_negative(shifts.earlier_s)),
        ShiftView(altitude_m=shifts.higher_m),
        ShiftView(altitude_m=_negative(shifts.lower_m)),
    )
    found = []
    for shift in shifted:
        if shift.time_s is None and shift.altitude_m is None:
            continue
        # What has begun cannot begin at another time; what has not cannot have begun.
        if shift.time_s is not None and min(start_s, start_s + shift.time_s) < reader.now_s:
            continue
        ends, opens = prospect(reader, moves, other, shift)
        found.append(SuggestionView(moves=moves.party, shift=shift, ends=ends, opens=opens))
    return found


def _window_s(activity: Activity) -> tuple[float, float]:
    """When its first volume begins and its last one ends."""
    starts_s = [volume.start_s for volume in activity.volumes]
    return min(starts_s), max(volume.end_s for volume in activity.volumes)


def _begun(reader: LineReader, activities: Iterable[Activity]) -> list[str]:
    """Which sides of an open conflict can no longer be moved in time, and why."""
    said = []
    for activity in activities:
        if area_of(activity.kind) in PLACES:
            # No change of a place is suggested at any time.
            continue
        start_s, end_s = _window_s(activity)
        name = f"{activity.party}/{activity.id}"
        if end_s < reader.now_s:
            said.append(f"{name} is over: no change of it is suggested")
        elif start_s < reader.now_s:
            said.append(f"{name} has begun: no change of its time is suggested")
    return said


def _negative(amount: float | None) -> float | None:
    """``earlier`` and ``lower`` are amounts; a proposal's shift has a sign."""
    return None if amount is None else -amount


def _notes(activities: Iterable[Activity]) -> list[str]:
    """What had to be assumed to compare these heights, each sentence once."""
    said = {
        sentence
        for activity in activities
        for volume in activity.volumes
        for sentence in widenings(volume.band)
    }
    return sorted(said)

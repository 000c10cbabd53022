"""Conflicts: those every member computes alike, and those that only we can see.

*Joint*: released against released, read from the line's state. *Own*: our plan as it really is
against what the others have released, for our officers alone. What is computed from a private plan
is never written on the line: a suggestion made from one would give the plan away.
"""

from collections.abc import Iterable

import msgspec

from detente.conflict import Conflict, Part, Separation, Shifts, between
from detente.conflict import part as shifts_that_part
from detente.errors import StateError
from detente.line import Shift, conflict_id, first_parts, read
from detente.line.bodies import check_shift
from detente.line.read import Version
from detente.node.shapes import kept
from detente.node.show import suggestions, talk
from detente.node.show.elsewhere import elsewhere
from detente.node.show.prospects import prospect
from detente.node.show.reader import LineReader, no_such
from detente.node.views import (
    ConflictSideView,
    ConflictView,
    PartView,
    PlaceView,
    ProposalView,
    ProspectView,
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


def one_joint(reader: LineReader, conflict: str) -> ConflictView:
    """One conflict as the line's state has it, with everything that would end it."""
    found = read.conflict(reader.rows, conflict)
    if found is None:
        raise no_such("conflict", conflict, reader.founding)
    proposals = [one for one in talk.proposals(reader) if one.conflict == found.id]
    shown = _joint(reader, found, proposals)
    versions = [reader.newest((side.party, side.id)) for side in (found.a, found.b)]
    released = [one.activity for one in versions if one is not None and one.activity is not None]
    if found.state != "open" or len(released) < 2:
        return shown
    a, b = released
    place = (found.lon, found.lat)
    one, other = (suggestions.full(reader, *sides, place) for sides in ((a, b), (b, a)))
    if one is None or other is None:
        return shown
    return msgspec.structs.replace(shown, suggestions=[*one, *other])


def one_own(reader: LineReader, plans: list[Activity], conflict: str) -> ConflictView:
    """One conflict of a plan of ours, with everything that would end it by changing the plan."""
    for plan in plans:
        for shown in own_of(reader, plan):
            if shown.id == conflict:
                [other] = {(side.party, side.id) for side in (shown.a, shown.b)} - {
                    (plan.party, plan.id)
                }
                theirs = reader.newest(other)
                if theirs is None or theirs.activity is None:
                    return shown
                place = (round(shown.place.lon, 5), round(shown.place.lat, 5))
                parting = suggestions.full(reader, plan, theirs.activity, place)
                if parting is None:
                    return shown
                return msgspec.structs.replace(shown, suggestions=parting)
    raise no_such("conflict", conflict, reader.founding)


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
            for suggestion in suggestions.short(reader, known[party], still[party], shifts)
        ],
        proposals=proposals,
        elsewhere=[],
    )


def prospect_of(reader: LineReader, conflict: str, moves: str, shift: Shift) -> ProspectView:
    """What a change of one side's released activity would do."""
    found = read.conflict(reader.rows, conflict)
    if found is None:
        raise no_such("conflict", conflict, reader.founding)
    a, b = (found.a.party, found.a.id), (found.b.party, found.b.id)
    if moves not in (a[0], b[0]):
        raise StateError(
            f"that conflict is between {a[0]} and {b[0]}", remedy="have one of the two move"
        )
    side, other = (a, b) if moves == a[0] else (b, a)
    newest = reader.newest(side)
    if newest is None or newest.activity is None:
        raise StateError(
            "it is not known here what that activity occupies",
            where=f"{side[0]}/{side[1]}",
            remedy="ask the other side for it",
        )
    check_shift(shift)
    ends, opens = prospect(reader, newest.activity, other, shift)
    return ProspectView(
        moves=moves,
        shift=suggestions.shift_view(shift),
        volumes=suggestions.changed_volumes(newest.activity, shift),
        ends=ends,
        opens=opens,
        detour=suggestions.detour_view(newest.activity, shift),
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


@kept(1024)
def _met(
    plan: Activity, theirs: Activity, separation: Separation
) -> tuple[Conflict, Shifts] | None:
    """How a plan meets a released activity, and what would part them by moving the plan."""
    found = between(plan, theirs, separation)
    return None if found is None else (found, shifts_that_part(plan, theirs, separation))


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
        suggestions=suggestions.short(reader, plan, (theirs.party, theirs.id), shifts),
        proposals=[],
        elsewhere=elsewhere(reader, plan.id, theirs.party),
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


def _begun(reader: LineReader, activities: Iterable[Activity]) -> list[str]:
    """Which sides of an open conflict can no longer be moved in time, and why."""
    said = []
    for activity in activities:
        if area_of(activity.kind) in PLACES:
            # No change of a place is suggested at any time.
            continue
        start_s, end_s = suggestions.window_s(activity)
        name = f"{activity.party}/{activity.id}"
        if end_s < reader.now_s:
            said.append(f"{name} is over: no change of it is suggested")
        elif start_s < reader.now_s:
            said.append(
                f"{name} has begun: no other time and no way round is suggested; "
                f"whether it can still change height or move aside, {activity.party} knows"
            )
    return said


def _notes(activities: Iterable[Activity]) -> list[str]:
    """What had to be assumed to compare these heights, each sentence once."""
    said = {
        sentence
        for activity in activities
        for volume in activity.volumes
        for sentence in widenings(volume.band)
    }
    return sorted(said)

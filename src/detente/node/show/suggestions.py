"""What would end a conflict by changing one side, of what can still be done.

Two lists. The short one stands with every conflict: the least shifts in time and altitude, which
the line's state has. The long one is computed for one conflict that somebody looks at: the least
change of every kind, sideways and round included, that makes nothing meet that does not meet now.
It depends on everything that is released and known here, so it is no part of the state, and is
computed anew whenever that changes.

What a suggestion is computed from is what the caller gives: two released versions, for what may go
to the other side, or a plan of ours, for our officers alone.
"""

from collections.abc import Iterator, Sequence

from detente.conflict import Separation, Shifts, Ways, difference, surroundings, ways
from detente.line import Shift, read
from detente.line.changes import changed
from detente.line.conflict_id import Pair
from detente.node.shapes import kept
from detente.node.show.prospects import prospect
from detente.node.show.reader import LineReader
from detente.node.views import DetourView, Json, PlaceView, ShiftView, SuggestionView
from detente.volumes import Activity, Position
from detente.volumes.areas import PLACES, area_of
from detente.volumes.codec import volumes_from_wire, volumes_to_wire
from detente.volumes.times import parse_time_s

Least = Shifts | read.Suggestion


def shift_view(shift: Shift) -> ShiftView:
    """A change as it is shown."""
    place = shift.place
    return ShiftView(
        time_s=shift.time_s,
        altitude_m=shift.altitude_m,
        place=None if place is None else PlaceView(lon=place[0], lat=place[1]),
        bearing_deg=shift.bearing_deg,
        distance_m=shift.distance_m,
        volumes=shift.volumes,
    )


def shift_of(view: ShiftView) -> Shift:
    """A change as it goes on the record; volumes are written anew, whoever typed them."""
    volumes = view.volumes
    if volumes is not None:
        typed = volumes_from_wire(volumes, where="shift", check=False, time_s=parse_time_s)
        volumes = volumes_to_wire(typed)
    return Shift(
        time_s=view.time_s,
        altitude_m=view.altitude_m,
        place=None if view.place is None else (view.place.lon, view.place.lat),
        bearing_deg=view.bearing_deg,
        distance_m=view.distance_m,
        volumes=volumes,
    )


def short(reader: LineReader, moves: Activity, other: Pair, least: Least) -> list[SuggestionView]:
    """The least shifts in time and altitude, and what each would do."""
    return _shown(reader, moves, other, list(_shifts(least)))


def full(
    reader: LineReader, moves: Activity, still: Activity, place: Position
) -> list[SuggestionView] | None:
    """The least change of every kind that ends the conflict and brings no other about.

    None where it is not known what a changed activity might meet.
    """
    other = (still.party, still.id)
    near = reader.near(surroundings(moves))
    if near is None:
        return None
    known = [one.activity for pair in sorted(near - {other}) if (one := reader.newest(pair))]
    clear = tuple(one for one in known if one is not None)
    found = _ways(moves, still, clear, reader.terms.separation, place)
    shifts = [
        *_shifts(found.shifts),
        *(
            Shift(place=one.place, bearing_deg=one.bearing_deg, distance_m=one.distance_m)
            for one in found.sideways
        ),
    ]
    if found.detour is not None:
        shifts.append(Shift(volumes=volumes_to_wire(found.detour)))
    return _shown(reader, moves, other, shifts)


@kept(256)
def _ways(
    moves: Activity,
    still: Activity,
    known: Sequence[Activity],
    separation: Separation,
    place: Position,
) -> Ways:
    return ways(moves, still, known, separation, place)


def detour_view(moves: Activity, shift: Shift) -> DetourView | None:
    """How the route differs, where a change is to other volumes and both are routes."""
    if shift.volumes is None:
        return None
    found = difference(moves.volumes, changed(moves, shift).volumes)
    if found is None:
        return None
    return DetourView(
        off_m=found.off_m,
        longer_m=found.longer_m,
        later_s=found.later_s,
        left_out=found.left_out,
    )


def changed_volumes(moves: Activity, shift: Shift) -> list[Json]:
    """What an activity would occupy, in the protocol's JSON: for drawing it."""
    return volumes_to_wire(changed(moves, shift).volumes)


def window_s(activity: Activity) -> tuple[float, float]:
    """When its first volume begins and its last one ends."""
    starts_s = [volume.start_s for volume in activity.volumes]
    return min(starts_s), max(volume.end_s for volume in activity.volumes)


def _shifts(least: Least) -> Iterator[Shift]:
    """``earlier`` and ``lower`` are amounts; a proposal's shift has a sign."""
    for sign, time_s in ((1, least.later_s), (-1, least.earlier_s)):
        if time_s is not None:
            yield Shift(time_s=sign * time_s)
    for sign, altitude_m in ((1, least.higher_m), (-1, least.lower_m)):
        if altitude_m is not None:
            yield Shift(altitude_m=sign * altitude_m)


def _shown(
    reader: LineReader, moves: Activity, other: Pair, shifts: list[Shift]
) -> list[SuggestionView]:
    """What can still be done of these.

    The shifts do not know the time: members compute them alike, whenever they do. What is over is
    not changed any more, and a site or a line never is.
    """
    start_s, end_s = window_s(moves)
    if end_s < reader.now_s or area_of(moves.kind) in PLACES:
        return []
    begun = start_s < reader.now_s
    shown = []
    for shift in shifts:
        # What has begun cannot begin at another time; what has not cannot have begun.
        if shift.time_s is not None and (begun or start_s + shift.time_s < reader.now_s):
            continue
        # How far along its way it is by now, nobody here knows.
        if shift.volumes is not None and begun:
            continue
        ends, opens = prospect(reader, moves, other, shift)
        shown.append(
            SuggestionView(
                moves=moves.party,
                shift=shift_view(shift),
                ends=ends,
                opens=opens,
                detour=detour_view(moves, shift),
            )
        )
    return shown

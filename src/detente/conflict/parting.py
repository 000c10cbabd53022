"""Every way to part two activities by changing one of them, without a conflict with a third.

Later or earlier, higher or lower (``shifts``), sideways (``sideways``), and for routes round what
is in the way (``detours``). Each is the least of its kind that ends the conflict and that makes the
changed activity meet none of the other known activities that it does not meet already. What it
meets already is another conflict, to be settled on its own: if that had to end as well, one orbit
over a whole area would leave no suggestion at all. A site or a line (``volumes.areas``) stays where
and when it is: it is the other side that can do something about it.

A radius is never made smaller to part two: it is the room that an activity said it needs.
"""

from collections.abc import Sequence

import msgspec

from detente.conflict.detours import detour
from detente.conflict.ground import Ground
from detente.conflict.meeting import between
from detente.conflict.model import Separation
from detente.conflict.pack import key_of
from detente.conflict.plane import REACH_M
from detente.conflict.shifts import TIME_STEP_S, TIME_STEPS_MAX, Shifts, least_shifts
from detente.conflict.sideways import Sideways, sideways
from detente.volumes.areas import PLACES, area_of
from detente.volumes.check import MAX_RADIUS_M
from detente.volumes.model import Activity, Band, Position, Volume


class Ways(msgspec.Struct, frozen=True):
    """What of one activity's changes would part it from another; the least of each kind.

    ``sideways`` are at most two, the second to another side; ``detour`` is all volumes of a route
    that is led round.
    """

    shifts: Shifts
    sideways: tuple[Sideways, ...]
    detour: tuple[Volume, ...] | None


def ways(
    moves: Activity,
    still: Activity,
    known: Sequence[Activity],
    separation: Separation,
    place: Position,
) -> Ways:
    """The ways to part ``moves`` from ``still``, which it is in conflict with, by changing it.

    ``known`` are the other activities that ``surroundings`` of it may meet, of other parties;
    ``place`` is what a move sideways is stated for.
    """
    found = between(moves, still, separation)
    if found is None or area_of(moves.kind) in PLACES:
        return Ways(Shifts(None, None, None, None), (), None)
    own = key_of(moves) == found.a
    meeting = frozenset(one.a_volume if own else one.b_volume for one in found.parts)
    ground = Ground([still, *known], separation)
    ground.leave_out(ground.met(moves) - {key_of(still)})
    return Ways(
        least_shifts(moves, ground),
        tuple(sideways(moves, ground, place)),
        detour(moves, ground, place, meeting),
    )


def surroundings(activity: Activity) -> Activity:
    """All that the activity might occupy if it were changed as far as anything here suggests.

    At any height, up to a day earlier or later, 200 km aside: for finding what it might meet.
    """
    day_s = TIME_STEPS_MAX * TIME_STEP_S
    volumes = (
        msgspec.structs.replace(
            volume,
            radius_m=min(volume.radius_m + REACH_M, MAX_RADIUS_M),
            band=Band(None, None),
            start_s=volume.start_s - day_s,
            end_s=volume.end_s + day_s,
        )
        for volume in activity.volumes
    )
    return msgspec.structs.replace(activity, volumes=tuple(volumes))

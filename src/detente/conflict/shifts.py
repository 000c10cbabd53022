"""What would part two activities: the least shift of one of them in time, and in altitude.

A shift moves a whole activity, all its volumes alike, so a shift that parts two volumes may bring
two others together. For each pair of volumes that are near enough laterally, the shifts at which
they conflict form one interval: in time because windows are intervals, in altitude because a band
that has come to lie above another stays above it when it rises further. The least shift is the
first whole step outside all these intervals, and counts only when the engine finds nothing.

A limit of a band is shifted in its own reference: FL240 becomes FL250, 500 m above ground becomes
805 m above ground.
"""

from bisect import bisect_left
from collections.abc import Iterator
from math import floor

import msgspec
import numpy as np

from detente.conflict.ground import Ground
from detente.conflict.hits import by_own_rule, hits_of
from detente.conflict.model import Separation
from detente.conflict.pack import HEIGHTS, TIME, Pack, pack, reach_of
from detente.volumes.areas import PLACES, area_of
from detente.volumes.datums import height_interval_m
from detente.volumes.geodesy import Bools, Floats, Ints
from detente.volumes.model import Activity, Band, Limit, Reference, Volume
from detente.volumes.units import FT_M

TIME_STEP_S = 60.0
ALTITUDE_STEP_M = 100 * FT_M
TIME_STEPS_MAX = 24 * 60
ALTITUDE_STEPS_MAX = int(20_000 / ALTITUDE_STEP_M)

Interval = tuple[float, float]
"""First and last number of steps, both included."""


class Shifts(msgspec.Struct, frozen=True):
    """The least shifts of one activity that end its conflict with another.

    All are amounts, greater than zero, in whole minutes or whole hundreds of feet. None where
    there is no such shift within 24 hours or 20 km, or where it would take a limit below the zero
    of its reference.
    """

    later_s: float | None
    earlier_s: float | None
    higher_m: float | None
    lower_m: float | None


def part(a: Activity, b: Activity, separation: Separation) -> Shifts:
    """What would end the conflict of ``a`` and ``b``, of different parties, if only ``a`` moved.

    Nothing would if ``a`` is a place (``areas.PLACES``): a hospital does not move.
    """
    if area_of(a.kind) in PLACES:
        return Shifts(None, None, None, None)
    return least_shifts(a, Ground((b,), separation))


def least_shifts(a: Activity, ground: Ground) -> Shifts:
    """What would have ``a``, moved and nothing else changed, clear the ground."""
    one, first, second = _near_laterally(a, ground)
    separation = ground.separation
    times = _times_blocked(one, first, ground.pack, second, separation)
    heights = _heights_blocked(one, first, ground.pack, second, separation)

    def delayed(steps: int) -> Activity:
        return shifted(a, time_s=steps * TIME_STEP_S)

    def raised(steps: int) -> Activity:
        return shifted(a, altitude_m=steps * ALTITUDE_STEP_M)

    def least(blocked: list[Interval], sign: int, most: int, step: float) -> float | None:
        moved = delayed if blocked is times else raised
        for steps in _free(blocked, sign, most):
            # Sums of binary fractions may leave a step touching: the test itself decides.
            if not ground.met(moved(sign * steps)):
                return steps * step
        return None

    down = int(_room_below_m(a) // ALTITUDE_STEP_M)
    return Shifts(
        later_s=least(times, 1, TIME_STEPS_MAX, TIME_STEP_S),
        earlier_s=least(times, -1, TIME_STEPS_MAX, TIME_STEP_S),
        higher_m=least(heights, 1, ALTITUDE_STEPS_MAX, ALTITUDE_STEP_M),
        lower_m=least(heights, -1, down, ALTITUDE_STEP_M),
    )


def shifted(activity: Activity, *, time_s: float = 0.0, altitude_m: float = 0.0) -> Activity:
    """The activity later by ``time_s`` and higher by ``altitude_m``; negative is earlier, lower."""

    def moved(volume: Volume) -> Volume:
        return msgspec.structs.replace(
            volume,
            start_s=volume.start_s + time_s,
            end_s=volume.end_s + time_s,
            band=_raised(volume.band, altitude_m),
        )

    return msgspec.structs.replace(activity, volumes=tuple(map(moved, activity.volumes)))


def _raised(band: Band, altitude_m: float) -> Band:
    return Band(_raised_limit(band.lower, altitude_m), _raised_limit(band.upper, altitude_m))


def _raised_limit(limit: Limit | None, altitude_m: float) -> Limit | None:
    if limit is None or altitude_m == 0:
        return limit
    above_ground = limit.reference is Reference.SFC
    return Limit(limit.value_m + altitude_m, Reference.AGL if above_ground else limit.reference)


def _room_below_m(activity: Activity) -> float:
    """How far an activity can descend before any limit is below the zero of its reference.

    The upper ones count as well: between 3,000 m above ground and FL060 there is room enough for
    the lower limit where there is none for the upper, and the band would be turned over.
    """
    limits = [
        limit
        for volume in activity.volumes
        for limit in (volume.band.lower, volume.band.upper)
        if limit is not None
    ]
    room_m = [max(0.0, limit.value_m) for limit in limits]
    return min([ALTITUDE_STEPS_MAX * ALTITUDE_STEP_M, *room_m])


def _near_laterally(a: Activity, ground: Ground) -> tuple[Pack, Ints, Ints]:
    """Pairs of volumes within the lateral separation that a shift could bring into conflict."""
    one, other, separation = pack([a]), ground.pack, ground.separation
    reach = reach_of(separation)
    wide = reach.copy()
    wide[HEIGHTS] = np.inf
    wide[TIME] += TIME_STEPS_MAX * TIME_STEP_S
    firsts, seconds = [], []
    for first, second in ground.candidates(one, wide):
        # A shift changes time or altitude, not both: the other must be near as it is.
        matters = _within(one, first, other, second, reach, HEIGHTS) | _within(
            one, first, other, second, reach, slice(TIME, TIME + 1)
        )
        near = hits_of(one, first[matters], other, second[matters], separation)
        hits = by_own_rule(one, other, near, separation)
        firsts.append(hits.first)
        seconds.append(hits.second)
    return one, np.concatenate(firsts), np.concatenate(seconds)


def _within(a: Pack, first: Ints, b: Pack, second: Ints, reach: Floats, columns: slice) -> Bools:
    """(k,) whether pairs of volumes are within reach in all these columns of their boxes."""
    gaps = np.maximum(
        a.low[first, columns] - b.high[second, columns],
        b.low[second, columns] - a.high[first, columns],
    )
    return np.asarray((gaps <= reach[columns]).all(axis=1), dtype=np.bool_)


def _times_blocked(
    a: Pack, first: Ints, b: Pack, second: Ints, separation: Separation
) -> list[Interval]:
    """Intervals of steps by which ``a`` can be moved in time and meet ``b``."""
    reach = reach_of(separation)
    near = _within(a, first, b, second, reach, HEIGHTS)
    first, second = first[near], second[near]
    low_s = b.low[second, TIME] - a.high[first, TIME] - reach[TIME]
    high_s = b.high[second, TIME] - a.low[first, TIME] + reach[TIME]
    return list(zip((low_s / TIME_STEP_S).tolist(), (high_s / TIME_STEP_S).tolist(), strict=True))


def _heights_blocked(
    a: Pack, first: Ints, b: Pack, second: Ints, separation: Separation
) -> list[Interval]:
    """Intervals of steps by which ``a`` can be moved in altitude and meet ``b``."""
    reach = reach_of(separation)
    near = _within(a, first, b, second, reach, slice(TIME, TIME + 1))
    volumes = a.activities[0].volumes
    others = [volume for activity in b.activities for volume in activity.volumes]
    bands = {
        (volumes[i].band, others[j].band)
        for i, j in zip(first[near].tolist(), second[near].tolist(), strict=True)
    }
    return [_band_blocked(one, other, float(reach[HEIGHTS][0])) for one, other in bands]


def _band_blocked(a: Band, b: Band, reach_m: float) -> Interval:
    """The steps between which band ``a``, moved by them, is not provably apart from ``b``."""
    still = height_interval_m(b)
    steps = range(-ALTITUDE_STEPS_MAX, ALTITUDE_STEPS_MAX + 1)

    def clear(step: int, *, above: bool) -> bool:
        moved = height_interval_m(_raised(a, step * ALTITUDE_STEP_M))
        pairs = (moved.w84, still.w84), (moved.msl, still.msl), (moved.std, still.std)
        if above:
            return any(own[0] - other[1] > reach_m for own, other in pairs)
        return any(other[0] - own[1] > reach_m for own, other in pairs)

    # Rising, a band is clear below until it is not, and clear above from some step on.
    lowest = bisect_left(steps, True, key=lambda step: not clear(step, above=False))
    highest = bisect_left(steps, True, key=lambda step: clear(step, above=True))
    return steps[0] + lowest, steps[0] + highest - 1


def _free(blocked: list[Interval], sign: int, most: int) -> Iterator[int]:
    """The numbers of steps from 1 to ``most`` outside all closed intervals, in order."""
    ahead = sorted(blocked) if sign > 0 else sorted((-high, -low) for low, high in blocked)
    steps = 1
    for low, high in ahead:
        while steps < low and steps <= most:
            yield steps
            steps += 1
        steps = max(steps, floor(high) + 1)
    while steps <= most:
        yield steps
        steps += 1

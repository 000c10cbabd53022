"""What was observed, beside what could have been: per place and window, from what the record says.

Somebody looked where a mission was flown (its plan's volumes, while no side says that it was not
under way) and where an observer stood and reported. Everything else was *not observed*, and that is
told apart by whether it could have been: it never reads as "nothing happened there".

Each place in each window is in one state, the first of these that holds:

1. ``observed``: for so long, as far as a mission was there; under good, limited or unknown seeing.
2. ``poor``: the same, under poor seeing only.
3. ``unknown``: it is not known here whether somebody looked there then.
4. ``missed``: nobody looked; from the ground and by the leave that the scenario has somebody could.
5. ``unreached``: nobody looked, and nobody could.

A mission's time over a place is the time in which its volume there was flown, which is *at most*
how long the place was in view. Times are POSIX seconds.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from detente.coverage.model import LonLat
from detente.volumes.model import Activity, Band, Core, Shape, Volume

Seeing = Literal["good", "limited", "poor", "unknown"]
State = Literal["observed", "poor", "unknown", "missed", "unreached"]
Interval = tuple[float, float]

STATES: tuple[State, ...] = ("observed", "poor", "unknown", "missed", "unreached")
"""Every state, the first one that holds first."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a mission: flown within ``radius_m`` of ``core`` from ``start_s`` to ``end_s``."""

    name: str
    core: Core
    radius_m: float
    start_s: float
    end_s: float
    seeing: Seeing


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an observer saw, within ``radius_m`` of ``core``, between two times.

    It was somewhere in the core, which reaches ``reach_m`` from its middle; or, where that is 0,
    all of the core was watched.
    """

    name: str
    core: Core
    radius_m: float
    reach_m: float = 0.0
    start_s: float
    end_s: float
    seeing: Seeing


class Blank(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which somebody may have looked, and ``why`` that is not known here.

    It may have been within ``radius_m`` of ``core``, or anywhere if there is none.
    """

    name: str
    core: Core | None = None
    radius_m: float = 0.0
    start_s: float
    end_s: float
    why: str


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the record says about who looked."""

    stretches: tuple[Stretch, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    blanks: tuple[Blank, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was observed of one place in one window.

    ``observed_s`` is the time, at most, under seeing that was not poor; ``poor_s`` that under poor
    seeing alone. ``sightings`` are told without a length. ``seeing`` are the conditions stated,
    ``by`` the missions and observations, ``blank`` those of which it is not known whether they were
    there.
    """

    state: State
    observed_s: float
    poor_s: float
    sightings: int
    seeing: tuple[str, ...]
    by: tuple[str, ...]
    blank: tuple[str, ...]


def seen_at(
    looked: Looked,
    points: Sequence[LonLat],
    windows: Sequence[Interval],
    reachable: Sequence[bool],
    *,
    near_m: float,
) -> list[list[Seen]]:
    """For each point, what was observed of it in each window.

    A sighting counts where the point is within ``near_m`` of it and it is told within ``near_m``;
    and in a window that holds all of its time. Wherever else it may have been within ``near_m``, in
    any window that it may have been in, it is a blank. ``reachable`` says of each point whether it
    could have been watched.
    """
    over = _over(points, [(one.core, one.radius_m) for one in looked.stretches])
    sightings = [one for one in looked.sightings if any(_may_be_in(one, w) for w in windows)]
    sure = [at for at, one in enumerate(sightings) if one.radius_m + one.reach_m <= near_m]
    beside = _over(points, [(sightings[i].core, near_m) for i in sure])
    about = _over(points, [(one.core, one.radius_m + near_m) for one in sightings])
    close = [{sure[i] for i in found} for found in beside]
    anywhere = [one for one in looked.blanks if one.core is None]
    placed = [(one, one.core) for one in looked.blanks if one.core is not None]
    maybe = _over(points, [(core, one.radius_m) for one, core in placed])
    return [
        [
            _seen(
                [looked.stretches[i] for i in over[at]],
                [(sightings[i], i in close[at]) for i in about[at]],
                [*anywhere, *(placed[i][0] for i in maybe[at])],
                window,
                reachable=reachable[at],
            )
            for window in windows
        ]
        for at in range(len(points))
    ]


def length_s(intervals: Sequence[Interval]) -> float:
    """How long intervals are together, where they overlap counted once."""
    total_s, until_s = 0.0, float("-inf")
    for start_s, end_s in sorted(intervals):
        total_s += max(0.0, end_s - max(start_s, until_s))
        until_s = max(until_s, end_s)
    return total_s


def _seen(
    stretches: Sequence[Stretch],
    sightings: Sequence[tuple[Sighting, bool]],
    blanks: Sequence[Blank],
    window: Interval,
    *,
    reachable: bool,
) -> Seen:
    """One place in one window; of each sighting, whether it is close enough to count there."""
    flown = [(one, cut) for one in stretches if (cut := _cut(one, window)) is not None]
    told, vague = list[Sighting](), list[Sighting]()
    for one, close in sightings:
        if close and window[0] <= one.start_s and one.end_s <= window[1]:
            told.append(one)
        elif _may_be_in(one, window):
            vague.append(one)
    clear = [cut for one, cut in flown if one.seeing != "poor"]
    every_s, clear_s = length_s([cut for _, cut in flown]), length_s(clear)
    blank = [one.name for one in blanks if _cut(one, window) is not None]
    blank += [one.name for one in vague]
    looked: list[Stretch | Sighting] = [*(one for one, _ in flown), *told]
    state: State
    if any(one.seeing != "poor" for one in looked):
        state = "observed"
    elif looked:
        state = "poor"
    elif blank:
        state = "unknown"
    else:
        state = "missed" if reachable else "unreached"
    return Seen(
        state=state,
        observed_s=clear_s,
        poor_s=every_s - clear_s,
        sightings=len(told),
        seeing=tuple(sorted({one.seeing for one in looked})),
        by=tuple(dict.fromkeys(one.name for one in looked)),
        blank=tuple(dict.fromkeys(blank)),
    )


def _cut(one: Stretch | Blank, window: Interval) -> Interval | None:
    """The part of a time within a window, or None."""
    start_s, end_s = max(one.start_s, window[0]), min(one.end_s, window[1])
    return (start_s, end_s) if start_s < end_s else None


def _may_be_in(one: Sighting, window: Interval) -> bool:
    """Whether what was seen at some time between two may have been within a window."""
    if one.start_s == one.end_s:
        return window[0] <= one.start_s <= window[1]
    return one.start_s < window[1] and window[0] < one.end_s


def _over(points: Sequence[LonLat], extents: Sequence[tuple[Core, float]]) -> list[list[int]]:
    """For each point, the numbers of the extents that it lies in, by the conflict engine."""
    from detente.conflict import Separation, find

    found: list[list[int]] = [[] for _ in points]
    if not points or not extents:
        return found
    places = [
        _activity("place", number, Core(Shape.POINT, ((point,),)), 0.0)
        for number, point in enumerate(points)
    ]
    # Reports that are rounded to one cell have one extent between them: it is asked of once.
    alike: dict[tuple[Core, float], list[int]] = {}
    for number, extent in enumerate(extents):
        alike.setdefault(extent, []).append(number)
    areas = [_activity("watch", number, *extent) for number, extent in enumerate(alike)]
    numbers = list(alike.values())
    for conflict in find([*places, *areas], Separation(0.0, 0.0, 0.0)):
        sides = {key.party: int(key.id) for key in (conflict.a, conflict.b)}
        found[sides["place"]] += numbers[sides["watch"]]
    return [sorted(one) for one in found]


def _activity(party: str, number: int, core: Core, radius_m: float) -> Activity:
    # Only where they are is asked: all are at one time and at every height.
    volume = Volume(core, radius_m, Band(None, None), 0.0, 1.0)
    return Activity(party, str(number), "surveillance", (volume,))

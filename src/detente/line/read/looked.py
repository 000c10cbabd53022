"""Who looked where, by the record: missions flown on visits, and what observers saw themselves.

A mission was flown from the last time that a side states for its beginning until the first that one
states for its end or its departure, or cancels (until ``now_s`` while nobody does), where its plan
says: the newest one that was agreed, else the newest. Of its seeing, the worst counts that the
visit's own observations state for that time. Of a mission that only one side says has begun, and
of which there is no joint report, it is not known whether it was flown: one side's word alone makes
its plan's ground neither observed nor missed. Where a plan is not held, was released as an outer
cover, or is none, it is not known where somebody looked; and so it is on the day of an observation
whose content is gone.
"""

from collections.abc import Iterator, Sequence
from typing import cast, get_args

from detente.coverage.observed import Blank, Looked, Seeing, Sighting, Stretch
from detente.line.read.activities import Version, versions
from detente.line.read.observations import Observed, observations
from detente.line.read.visits import MissionPlan, Visit, visits
from detente.line.view import View
from detente.observations import OBSTRUCTION, QUIET
from detente.observations.places import reach_m
from detente.volumes.times import read_time_s

DAY_S = 86_400.0
OWN_EYES = frozenset({"seen", "sensor", "visit"})
"""How an observation is known by whoever stood there, and not from others."""
_WORST: tuple[Seeing, ...] = ("poor", "limited", "good")


def looked(view: View, now_s: float, offset_s: float = 0.0) -> Looked:
    """Everything that the record says about who looked, up to ``now_s``, domain time.

    ``offset_s`` is what the line's domain time is ahead of real time.
    """
    told = list(observations(view))
    stretches, blanks = list[Stretch](), list[Blank]()
    for visit in visits(view):
        for one in _flown(view, visit, told, _until_s(visit, now_s, offset_s)):
            if isinstance(one, Stretch):
                stretches.append(one)
            else:
                blanks.append(one)
    blanks += [_blank(one, offset_s) for one in told if one.standing in ("recalled", "unknown")]
    return Looked(
        stretches=tuple(stretches),
        sightings=tuple(_sighting(one) for one in told if _by_own_eyes(one)),
        blanks=tuple(blanks),
    )


def _flown(
    view: View, visit: Visit, told: Sequence[Observed], end_s: float
) -> Iterator[Stretch | Blank]:
    begun = visit.stated("begun")
    if not begun:
        return
    start_s = max(one.at_s for one in begun.values())
    if start_s >= end_s:
        return
    name = f"{visit.guest}/{visit.name}"
    version = _version(view, visit)
    if version is None or version.activity is None or version.form != "exact":
        why = "its plan is not known here" if version is None or version.activity is None else (
            "its plan was released as an outer cover"
        )  # fmt: skip
        yield Blank(name=name, start_s=start_s, end_s=end_s, why=why)
        return
    by_both = len(begun) == len(visit.sides) or visit.accounts == "joint"
    for volume in version.activity.volumes:
        first_s, last_s = max(start_s, volume.start_s), min(end_s, volume.end_s)
        if first_s >= last_s:
            continue
        flown = Stretch(
            name=name,
            core=volume.core,
            radius_m=volume.radius_m,
            start_s=first_s,
            end_s=last_s,
            seeing=_worst(visit, told, first_s, last_s),
        )
        yield flown if by_both else _claimed(flown, by=next(iter(begun)))


def _claimed(flown: Stretch, *, by: str) -> Blank:
    return Blank(
        name=flown.name,
        core=flown.core,
        radius_m=flown.radius_m,
        start_s=flown.start_s,
        end_s=flown.end_s,
        why=f"only {by} says that it began",
    )


def _until_s(visit: Visit, now_s: float, offset_s: float) -> float:
    """Until when a mission can have been flown: nobody flies on a visit that is over."""
    over = [*visit.stated("ended").values(), *visit.stated("departed").values()]
    cancelled_s = [
        read_time_s(one.time) + offset_s for one in visit.cancels if one.party in visit.sides
    ]
    return min([now_s, *(one.at_s for one in over), *cancelled_s])


def _version(view: View, visit: Visit) -> Version | None:
    """The version of the activity that was flown, as far as is known."""
    plan = _plan(visit.plans)
    if plan is None:
        return None
    released = versions(view, visit.guest, plan.activity)
    return next((one for one in released if one.entry == plan.release), None)


def _plan(plans: Sequence[MissionPlan]) -> MissionPlan | None:
    agreed = [one for one in plans if one.review is not None and one.review.answer == "agreed"]
    return next(reversed(agreed or list(plans)), None)


def _worst(visit: Visit, told: Sequence[Observed], start_s: float, end_s: float) -> Seeing:
    stated = {
        one.said.seeing
        for one in told
        if one.said is not None
        and one.said.visit == visit.entry
        and one.said.from_s < end_s
        and one.said.until_s >= start_s
    }
    return next((one for one in _WORST if one in stated), "unknown")


def _by_own_eyes(one: Observed) -> bool:
    # Whoever says that the way was blocked saw the block, and not what lies behind it.
    return (
        one.said is not None
        and one.standing == "reported"
        and one.said.how in OWN_EYES
        and one.said.kind != OBSTRUCTION
    )


def _sighting(one: Observed) -> Sighting:
    said = one.said
    assert said is not None
    seeing = said.seeing if said.seeing in get_args(Seeing) else "unknown"
    return Sighting(
        name=f"{one.party}/{one.observation}",
        core=said.core,
        radius_m=said.radius_m,
        # "Watched, nothing seen" is told of all of a place; what was seen, of somewhere in it.
        reach_m=0.0 if said.kind == QUIET else reach_m(said.core),
        start_s=said.from_s,
        end_s=said.until_s,
        seeing=cast(Seeing, seeing),
    )


def _blank(one: Observed, offset_s: float) -> Blank:
    """Nothing is known of when it was but when it was reported: that day."""
    start_s = (read_time_s(one.time) + offset_s) // DAY_S * DAY_S
    return Blank(
        name=f"{one.party}/{one.observation}",
        start_s=start_s,
        end_s=start_s + DAY_S,
        why=f"what it says is {one.standing}",
    )

"""What of a planned mission enters what the host has closed to the visit.

A restriction closes its places, in its hours of the day, from its beginning until its end; without
places it closes everything in those hours. A volume keeps out of a place only if it certainly does:
``meets`` decides that, heights aside. What shares a single instant with a closed time is counted
too. What is closed in words alone nobody can compute: it is said that there are such words.
"""

from collections.abc import Iterator, Sequence

from detente.line.bodies import RestrictionBody
from detente.line.bodies.giving import Hours
from detente.line.read.exceeding import (
    LOOKS_MAX,
    LOOKS_PER_VOLUME,
    Exceeding,
    hours_in_words,
    meets_hours,
)
from detente.line.read.inside import Inside, extents_of, meets
from detente.line.read.visits import Restriction, Visit
from detente.volumes.model import Core, Volume
from detente.volumes.times import format_time

_NAMED_MAX = 5
Numbered = Sequence[tuple[int, Volume]]


def closings(visit: Visit, volumes: Sequence[Volume] | None) -> Iterator[Exceeding]:
    """What of a mission's volumes is, or may be, closed to it; None: they are not known here.

    Nothing is once the mission is over: not what begins after the later end that a side states for
    it, and nothing at all if the visit was cancelled and nobody states that the mission began.
    """
    if visit.cancels and not visit.stated("begun"):
        return
    ends = visit.stated("ended") or visit.stated("departed")
    over_s = max((one.at_s for one in ends.values()), default=None)
    left = LOOKS_MAX
    for one in visit.restrictions:
        if over_s is not None and one.from_s > over_s:
            continue
        if volumes is None:
            yield _told(False, f"where the mission would be is not known here, {_by(visit, one)}")
            continue
        until_s = one.until_s if over_s is None else min(one.until_s, over_s)
        hours = one.body.hours_utc if one.body else None
        flown = _flown(volumes, one.from_s, until_s, hours)
        if not flown:
            continue
        left -= _looks(one, flown)
        if left < 0:
            yield _told(
                False, f"not held against the mission, which is too much: {_by(visit, one)}"
            )
        else:
            yield from _of(visit, one, flown)


def _flown(
    volumes: Sequence[Volume], from_s: float, until_s: float, hours: Hours | None
) -> Numbered:
    """The volumes, numbered from 1, of which some instant lies in a closed time."""
    found = []
    for number, volume in enumerate(volumes, 1):
        start_s, end_s = max(volume.start_s, from_s), min(volume.end_s, until_s)
        if start_s <= end_s and (hours is None or meets_hours(hours, start_s, end_s)):
            found.append((number, volume))
    return found


def _of(visit: Visit, restriction: Restriction, flown: Numbered) -> Iterator[Exceeding]:
    body, closed = restriction.body, _by(visit, restriction)
    if body is None:
        yield _told(False, f"what is {closed}, is not known here")
    elif body.places:
        yield from _entered(body, flown, closed)
    elif body.hours_utc:
        yield _told(True, f"{_names([number for number, _ in flown])} in what is {closed}")
    else:
        words = f"see “{body.text}”" if body.text else "it does not say how"
        yield _told(False, f"restricted in words while the mission flies: {words}, {closed}")


def _entered(body: RestrictionBody, flown: Numbered, closed: str) -> Iterator[Exceeding]:
    for place, extent in zip(body.places, extents_of(body.places), strict=True):
        found: dict[Inside, list[int]] = {Inside.YES: [], Inside.UNKNOWN: [], Inside.NO: []}
        for number, volume in flown:
            met = Inside.UNKNOWN if extent is None else meets(volume.core, volume.radius_m, extent)
            found[met].append(number)
        if found[Inside.YES]:
            many = "enter" if len(found[Inside.YES]) > 1 else "enters"
            yield _told(True, f"{_names(found[Inside.YES])} {many} {place.name}, {closed}")
        if found[Inside.UNKNOWN]:
            yield _told(False, f"{_names(found[Inside.UNKNOWN])} may enter {place.name}, {closed}")


def _looks(restriction: Restriction, flown: Numbered) -> int:
    """How much work it is to hold volumes against a restriction's places."""
    places = restriction.body.places if restriction.body else ()
    cores = [one for one in extents_of(places) if one is not None]
    own = sum(_vertices(one.core) for one in cores)
    each = sum(LOOKS_PER_VOLUME * len(cores) + len(cores) * _vertices(one.core) for _, one in flown)
    return LOOKS_PER_VOLUME + own * len(flown) + each


def _vertices(core: Core) -> int:
    return sum(map(len, core.rings))


def _by(visit: Visit, one: Restriction) -> str:
    hours = one.body.hours_utc if one.body else None
    daily = f", {hours_in_words(hours)}," if hours else ""
    window = f"from {format_time(one.from_s)} until {format_time(one.until_s)}"
    return f"closed by {visit.host}{daily} {window}"


def _names(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:_NAMED_MAX]))
    more = f" and {len(numbers) - _NAMED_MAX} more" if len(numbers) > _NAMED_MAX else ""
    return f"volume{'s' if len(numbers) > 1 else ''} {named}{more}"


def _told(known: bool, why: str) -> Exceeding:
    return Exceeding(what="restriction", known=known, why=why)

"""What exceeds a grant: each thing that is more, elsewhere or at another time than was granted.

Nothing is forbidden here. What exceeds is said, in a sentence, and stays said; where what would
decide it is not known, that is said just so. Times are POSIX seconds, domain time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from detente.line.bodies.giving import AllEquipment, AllPeople, Equipment, Hours, People, Places
from detente.line.read.inside import Inside, extents_of, inside, inside_extents
from detente.line.read.permissions import UNKNOWN, Grant, Permission
from detente.line.read.quotas import Drawn
from detente.volumes.model import Core, Volume
from detente.volumes.times import format_time, read_time_s

What = Literal["grant", "window", "hours", "people", "equipment", "place", "quota", "restriction"]
LOOKS_MAX = 50_000
LOOKS_PER_VOLUME = 100
"""An activity's volumes are held against places for so many looks at a vertex, and some more for
each volume; of the volumes left it is not known. So nobody makes a page slow by odd shapes."""
_DAY_S = 86_400.0
_WHY_NOT = {
    "refused": "the host has refused it",
    "withdrawn": "the request was withdrawn",
}
_ENDS = {
    "expired": "what is granted ends",
    "revoked": "the grant was revoked as of",
    "withdrawn": "the guest gave it up at",
    "superseded": "a later grant holds in its place from",
}


class Exceeding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that exceeds a grant; if not ``known``, it is not known whether it does.

    ``why`` is a clause for an officer: ``4 observers: 3 are granted``.
    """

    what: What
    known: bool
    why: str


def of_grant(permission: Permission | None) -> list[Exceeding]:
    """That there is no grant at all, by what is held here."""
    if permission is None:
        return [_exceeds("grant", "it names no request that is held here")]
    if permission.granted:
        return []
    refused = permission.reply is not None
    state = "refused" if refused else "withdrawn" if permission.forgone else "asked"
    host = permission.host
    return [_exceeds("grant", _WHY_NOT.get(state, f"{host} has not granted it"))]


def of_window(grant: Grant, start_s: float, end_s: float, *, done: bool = False) -> list[Exceeding]:
    """What of a time lies outside the grant's window.

    ``done``: it took place then, and was not only meant to; before the grant was given is then too
    early as well.
    """
    found = []
    if start_s < grant.from_s:
        found.append(_exceeds("window", f"from {_at(start_s)}: granted from {_at(grant.from_s)}"))
    elif done and start_s < grant.given_s:
        found.append(
            _exceeds("window", f"at {_at(start_s)}: it was not granted before {_at(grant.given_s)}")
        )
    # The last instant of a window belongs to it; what takes a grant back holds at once.
    taken_back = done and end_s == grant.until_s and grant.ends != "expired"
    if end_s > grant.until_s or taken_back:
        ends = _ENDS[grant.ends]
        found.append(_exceeds("window", f"until {_at(end_s)}: {ends} {_at(grant.until_s)}"))
    return found


def of_hours(grant: Grant, start_s: float, end_s: float) -> list[Exceeding]:
    """Whether some of a time lies outside the granted hours of the day."""
    if grant.hours_utc is UNKNOWN:
        return [_unknown("hours", "the granted hours are not known here")]
    if grant.hours_utc is None or within_hours(grant.hours_utc, start_s, end_s):
        return []
    spans = hours_in_words(grant.hours_utc)
    return [_exceeds("hours", f"{_at(start_s)} to {_at(end_s)}: granted is {spans}")]


def hours_in_words(hours: Hours) -> str:
    """``02:00-14:00 UTC``."""
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in hours) + " UTC"


def within_hours(hours: Hours, start_s: float, end_s: float) -> bool:
    """Whether all of a time lies in spans of the day; the last instant of a span belongs to it."""
    spans = sorted(_of_a_day(hours))
    at_s, held = start_s, False
    # Spans of the day before reach over midnight; each one that holds on carries further.
    day_s = start_s // _DAY_S * _DAY_S - _DAY_S
    while day_s <= at_s:
        for first_s, last_s in spans:
            if day_s + first_s <= at_s <= day_s + last_s:
                at_s, held = day_s + last_s, True
        # What holds for a whole day holds for ever, since every day is like the one before.
        if held and (at_s >= end_s or at_s - start_s > _DAY_S):
            return True
        day_s += _DAY_S
    return False


def meets_hours(hours: Hours, start_s: float, end_s: float) -> bool:
    """Whether some instant of a time lies in spans of the day; their ends belong to them."""
    if end_s - start_s >= _DAY_S:
        return True
    # Spans of the day before reach over midnight.
    day_s = start_s // _DAY_S * _DAY_S - _DAY_S
    spans = list(_of_a_day(hours))
    while day_s <= end_s:
        if any(day_s + first <= end_s and start_s <= day_s + last for first, last in spans):
            return True
        day_s += _DAY_S
    return False


def _of_a_day(hours: Hours) -> Iterable[tuple[float, float]]:
    """Seconds after midnight. A span that ends as it begins is an instant, and no whole day."""
    for start, end in hours:
        yield start * 3600, (end if end >= start else end + 24) * 3600


def of_people(grant: Grant, people: AllPeople | None) -> list[Exceeding]:
    """Which roles are more than were granted; None: who comes is not known here."""
    if people is None:
        return [_unknown("people", "who comes is not known here")]
    if grant.people is UNKNOWN:
        return [_unknown("people", "who is granted is not known here")] if people else []
    return _more("people", _roles(people), _roles(grant.people))


def of_equipment(grant: Grant, equipment: AllEquipment | None) -> list[Exceeding]:
    """Which items are more than were granted; None: what is brought is not known here."""
    if equipment is None:
        return [_unknown("equipment", "what is brought is not known here")]
    if grant.equipment is UNKNOWN:
        return [_unknown("equipment", "what is granted is not known here")] if equipment else []
    return _more("equipment", _items(equipment), _items(grant.equipment))


def of_places(grant: Grant, volumes: Sequence[Volume] | None) -> list[Exceeding]:
    """Which volumes leave the granted places; None: what they are is not known here."""
    if volumes is None:
        return [_unknown("place", "where it would be is not known here")]
    if grant.places is UNKNOWN:
        return [_unknown("place", "which places are granted is not known")] if volumes else []
    return list(_elsewhere(grant.places, list(enumerate(volumes, 1)), LOOKS_MAX))


def of_volumes(grants: Sequence[Grant], volumes: Sequence[Volume] | None) -> list[Exceeding]:
    """What of an activity leaves the grants that hold one after another: places, window, hours."""
    if volumes is None:
        return of_places(grants[0], None)
    parts = [
        (number, volume, part)
        for number, volume in enumerate(volumes, 1)
        for part in by_grant(grants, volume.start_s, volume.end_s)
    ]
    places: list[Exceeding] = []
    times: dict[What, list[Exceeding]] = {"window": [], "hours": []}
    looks = LOOKS_MAX // len(grants)
    for grant in grants:
        held = [(number, volume) for number, volume, part in parts if part[0] is grant]
        if grant.places is not UNKNOWN:
            places += _elsewhere(grant.places, held, looks)
        elif held:
            places += of_places(grant, volumes)
    for _, _, (grant, start_s, end_s) in parts:
        times["window"] += of_window(grant, start_s, end_s)
        times["hours"] += of_hours(grant, start_s, end_s)
    found = [*places, *_first_and_last(times["window"]), *_first_and_last(times["hours"])]
    return list(dict.fromkeys(found))


def by_grant(
    grants: Sequence[Grant], start_s: float, end_s: float
) -> Iterable[tuple[Grant, float, float]]:
    """A time cut into the parts that each of some grants decides, where the next took its place."""
    for grant in grants[:-1]:
        if start_s >= grant.until_s:
            continue
        if end_s <= grant.until_s:
            yield grant, start_s, end_s
            return
        yield grant, start_s, grant.until_s
        start_s = grant.until_s
    yield grants[-1], start_s, end_s


def _first_and_last(found: Iterable[Exceeding]) -> list[Exceeding]:
    """Of many times alike the first and the last: a thousand lines would hide what else exceeds."""
    each = list(dict.fromkeys(found))
    if len(each) <= 2:
        return each
    last = msgspec.structs.replace(each[-1], why=f"{each[-1].why} (the last of {len(each)})")
    return [each[0], last]


def of_units(name: str, units: int, number: int) -> list[Exceeding]:
    """That the visit which is the ``number``-th (from 1) to draw on units is one too many."""
    if number <= units:
        return []
    return [_exceeds("quota", f"visit {number}: {name} has {units}")]


def of_quota(drawn: Drawn) -> list[Exceeding]:
    """That more visits are notified or asked for than a quota of the terms has units."""
    quota, taken = drawn.quota, len(drawn.visits) + drawn.reserved
    if taken > quota.units:
        return [_exceeds("quota", f"{quota.name}: {taken} of {quota.units} drawn or asked for")]
    if taken + drawn.unknown > quota.units:
        why = f"{quota.name}: {taken} of {quota.units} drawn, and {drawn.unknown} not known here"
        return [_unknown("quota", why)]
    return []


def wider(permission: Permission) -> list[Exceeding]:
    """What the host's answer gives that was not asked for."""
    asked, grant, reply = permission.asked, permission.grant, permission.reply
    if grant is None or reply is None:
        return []
    found = []
    if grant.from_s < read_time_s(permission.from_):
        found.append(_exceeds("window", f"from {_at(grant.from_s)}: asked from {permission.from_}"))
    if reply.until and read_time_s(reply.until) > read_time_s(permission.until):
        until = f"until {reply.until}: asked until {permission.until}"
        found.append(_exceeds("window", until))
    if asked is None:
        return found
    if grant.people is not UNKNOWN:
        found += _more("people", _roles(grant.people), _roles(asked.people), "asked for")
    if grant.equipment is not UNKNOWN:
        found += _more("equipment", _items(grant.equipment), _items(asked.equipment), "asked for")
    if grant.places is not UNKNOWN and grant.places != asked.places:
        found += _other_places(asked.places, grant.places)
    return found


def _other_places(asked: Places, granted: Places) -> Iterable[Exceeding]:
    for place in (one for one in granted if one not in asked):
        if place.extent is None:
            if place.name not in [one.name for one in asked]:
                yield _exceeds("place", f"{place.name}: it was not asked for")
            continue
        match inside(place.extent, place.radius_m, asked):
            case Inside.NO:
                yield _exceeds("place", f"{place.name}: some of it was not asked for")
            case Inside.UNKNOWN:
                yield _unknown("place", f"{place.name}: it may leave what was asked for")


def _elsewhere(
    places: Places, volumes: Sequence[tuple[int, Volume]], looks: int
) -> Iterable[Exceeding]:
    names = ", ".join(place.name for place in places) or "no place"
    extents = extents_of(places)
    cores = [one.core for one in extents if one is not None]
    left = looks
    for done, (number, volume) in enumerate(volumes):
        left -= LOOKS_PER_VOLUME + sum(map(_vertices, cores)) + len(cores) * _vertices(volume.core)
        if left < 0:
            held = f"{done} of {len(volumes)} volumes were held against {names}"
            yield _unknown("place", f"{held}: of the others it is not known")
            return
        match inside_extents(volume.core, volume.radius_m, extents):
            case Inside.NO:
                yield _exceeds("place", f"volume {number} leaves what is granted: {names}")
            case Inside.UNKNOWN:
                yield _unknown("place", f"volume {number} may leave what is granted: {names}")


def _vertices(core: Core) -> int:
    return sum(map(len, core.rings))


def _more(
    what: Literal["people", "equipment"],
    counts: Counter[str],
    granted: Counter[str],
    word: str = "granted",
) -> list[Exceeding]:
    return [
        _exceeds(what, f"{count} × {name}: {granted[name] or 'none'} {word}")
        for name, count in sorted(counts.items())
        if count > granted[name]
    ]


def _roles(people: Iterable[People]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in people:
        found[_plain(one.role)] += one.count
    return found


def _items(equipment: Iterable[Equipment]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in equipment:
        found[_plain(one.item)] += one.count
    return found


def _plain(name: str) -> str:
    """Names are alike whatever their case and spaces."""
    return " ".join(name.split()).casefold()


def _exceeds(what: What, why: str) -> Exceeding:
    return Exceeding(what=what, known=True, why=why)


def _unknown(what: What, why: str) -> Exceeding:
    return Exceeding(what=what, known=False, why=why)


def _at(time_s: float) -> str:
    return format_time(time_s)


def _clock(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

"""What of a visit exceeds what its host granted or closed, or the quota it draws on.

Nothing is refused for it: it is shown, wherever the visit is. What counts is what the record says:
the notice, the newest mission plan, the stages and inspections as either side states them.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from detente.line.bodies import Equipment, NoticeBody
from detente.line.founding import Founding
from detente.line.read import exceeding
from detente.line.read.activities import version
from detente.line.read.closed import closings
from detente.line.read.exceeding import Exceeding
from detente.line.read.permissions import (
    UNKNOWN,
    Grant,
    Permission,
    permissions,
    succession,
)
from detente.line.read.quotas import Drawn, drawn_under, visits_by_request
from detente.line.read.visits import Inspection, Visit
from detente.line.view import View, load, place_key
from detente.volumes.model import Volume


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What the visits of a line are held against, read once: requests by entry, and quotas.

    ``under`` are the visits that draw on each request, and ``drawn`` those that draw on each quota
    (by its place in ``quotas``): the how many-th to begin each is, from 1.
    """

    asked: Mapping[str, Permission]
    under: Mapping[str, Mapping[str, int]]
    quotas: Sequence[Drawn]
    drawn: Sequence[Mapping[str, int]]


def granted(view: View, founding: Founding, now_s: float) -> Granted:
    """What is granted on a line, and what is drawn of its quotas at a domain time."""
    asked, under = permissions(view, founding), visits_by_request(view)
    quotas = drawn_under(view, founding, asked, under, now_s)
    return Granted(
        asked={one.entry: one for one in asked},
        under={request: _numbered(visits) for request, visits in under.items()},
        quotas=quotas,
        drawn=[_numbered(one.visits) for one in quotas],
    )


def _numbered(visits: Sequence[str]) -> dict[str, int]:
    return {visit: number for number, visit in enumerate(visits, 1)}


def exceedings(view: View, visit: Visit, against: Granted) -> list[Exceeding]:
    """What of a visit exceeds, or may exceed, what was granted, or enters what was closed."""
    return list(dict.fromkeys(_exceedings(view, visit, against)))


def _exceedings(view: View, visit: Visit, against: Granted) -> Iterator[Exceeding]:
    permission = against.asked.get(visit.request)
    yield from exceeding.of_grant(permission)
    volumes = planned_volumes(view, visit.plan.release) if visit.plan else None
    if visit.plan is not None:
        yield from closings(visit, volumes)
    grant = permission.grant if permission else None
    if grant is None:
        return
    # A renewal leaves no gap: each part of a visit is held against the grant that holds then.
    grants = grants_of(succession(against.asked, visit.request))
    for one, start_s, end_s in exceeding.by_grant(grants, visit.from_s, visit.until_s):
        yield from of_notice(one, start_s, end_s, visit.body)
        for inspection in visit.inspections:
            yield from exceeding.of_equipment(one, _found(inspection))
    for stage in visit.stages:
        for one, at_s, _ in exceeding.by_grant(grants, stage.at_s, stage.at_s):
            yield from exceeding.of_window(one, at_s, at_s, done=True)
    if visit.plan is not None:
        yield from exceeding.of_volumes(grants, volumes)
    yield from _of_quotas(visit, grant, against)


def grants_of(chain: Sequence[Permission]) -> list[Grant]:
    """The grants of requests that took each other's place."""
    return [one.grant for one in chain if one.grant is not None]


def of_notice(
    grant: Grant, from_s: float, until_s: float, body: NoticeBody | None
) -> Iterator[Exceeding]:
    """What of a notice exceeds a grant; ``body`` is None where it is not known here."""
    if grant.kind != "visit":
        why = f"its request was for {grant.kind}, and not for a visit"
        yield Exceeding(what="grant", known=True, why=why)
    yield from exceeding.of_window(grant, from_s, until_s)
    yield from exceeding.of_people(grant, body.people if body else None)
    yield from exceeding.of_equipment(grant, body.equipment if body else None)


def _found(inspection: Inspection) -> tuple[Equipment, ...] | None:
    """What was found, whatever the list said; None where that is not known here."""
    if inspection.body is None:
        return None
    return tuple(Equipment(item=one.item, count=one.found) for one in inspection.body.items)


def planned_volumes(view: View, release: str) -> tuple[Volume, ...] | None:
    """What a released version of an activity occupies; None where that is not known here."""
    place = load(view, "id", release)
    if place is None:
        return None
    row = load(view, "entry", place_key(place["party"], place["index"])) or {}
    about = row["about"]
    found = version(view, place["party"], about["activity"], about["version"])
    return None if found is None or found.activity is None else found.activity.volumes


def _of_quotas(visit: Visit, grant: Grant, against: Granted) -> Iterator[Exceeding]:
    number = against.under.get(visit.request, {}).get(visit.entry)
    if number is None:
        # It was cancelled before anybody arrived, and so draws on nothing.
        return
    if grant.quota_units is UNKNOWN:
        why = "for how many visits it was granted is not known here"
        yield Exceeding(what="quota", known=False, why=why)
    elif grant.quota_units is not None:
        yield from exceeding.of_units("the grant", grant.quota_units, number)
    if grant.quota is UNKNOWN:
        yield Exceeding(what="quota", known=False, why="which quota it draws on is not known here")
    elif grant.quota is not None:
        yield from _of_quota(visit, grant.quota, grant, against)


def _of_quota(visit: Visit, name: str, grant: Grant, against: Granted) -> Iterator[Exceeding]:
    of = (name, grant.guest, grant.host)
    found = [
        (one, numbers)
        for one, numbers in zip(against.quotas, against.drawn, strict=True)
        if (one.quota.name, one.quota.guest, one.quota.host) == of
    ]
    if not found:
        why = f"{name}: the terms have no such quota between {grant.guest} and {grant.host}"
        yield Exceeding(what="quota", known=True, why=why)
    for one, numbers in found:
        quota, number = one.quota, numbers.get(visit.entry)
        if number is None:
            why = f"{quota.name} holds from {quota.start} to {quota.end}"
            yield Exceeding(what="quota", known=True, why=why)
        else:
            yield from exceeding.of_units(quota.name, quota.units, number)
            if one.unknown:
                why = f"{one.unknown} requests that are not known here may draw on {quota.name}"
                yield Exceeding(what="quota", known=False, why=why)

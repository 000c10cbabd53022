"""What our own node refuses to say of a visit, before it is on the record.

Each check returns if the thing may be said, and else raises what an officer should do instead. A
peer's entries are not held to any of this: they are kept, and shown as what they are.
"""

from collections.abc import Iterable

from detente.errors import InputError, StateError
from detente.line import read
from detente.line.abouts import Stage
from detente.line.read import Exceeding, Grant, Permission, Visit, exceeding
from detente.node.show import visits as show
from detente.node.show.reader import LineReader
from detente.volumes.times import format_time, parse_time_s


def requested(reader: LineReader, request: str) -> Permission:
    """Our request by its id or its name, the newest of that name that was granted, if one was."""
    ours = [
        one
        for one in read.permissions(reader.rows, reader.founding)
        if reader.is_own(one.party) and request in (one.entry, one.permission)
    ]
    if not ours:
        raise StateError(
            f"we have asked nobody on this line for {request[:80]!r}",
            where=f"line {reader.name}",
            remedy="ask the host for permission first; a visit is made under a request",
        )
    granted = [one for one in ours if one.grant is not None]
    hosts = {one.host for one in ours}
    if len(hosts) > 1:
        raise InputError(
            f"{request[:64]} was asked of {', '.join(sorted(hosts))}",
            where="request",
            remedy="name the request by its id",
        )
    return (granted or ours)[-1]


def grant_of(permission: Permission) -> Grant:
    grant = permission.grant
    if grant is None:
        [why] = exceeding.of_grant(permission)
        raise StateError(
            f"{why.why}: a visit without a grant is shown as one to every party",
            where=f"request {permission.permission} to {permission.host}",
            remedy="wait for the host's answer, or ask again",
        )
    return grant


def check_notice(reader: LineReader, from_s: float) -> None:
    watching = reader.terms.watching
    if watching is not None and from_s - reader.now_s < watching.visit.notice_s:
        hours = watching.visit.notice_s / 3600
        raise StateError(
            f"the terms give a host {hours:g} h of notice, and {format_time(from_s)} is sooner",
            where="start",
            remedy="begin later, or say that the notice is late; it is shown as that",
        )


def beyond_quotas(reader: LineReader, permission: Permission, grant: Grant) -> Iterable[Exceeding]:
    """What one more visit under a grant would overdraw."""
    under = read.visits_by_request(reader.rows).get(permission.entry, [])
    number = len(under) + 1
    if isinstance(grant.quota_units, int):
        yield from exceeding.of_units("the grant", grant.quota_units, number)
    for one in read.drawn(reader.rows, reader.founding, reader.now_s):
        quota = one.quota
        if (quota.name, quota.guest, quota.host) == (grant.quota, grant.guest, grant.host):
            yield from exceeding.of_units(quota.name, quota.units, len(one.visits) + 1)


def check_within(more: Iterable[Exceeding], what: str, said: str) -> None:
    """Return if nothing exceeds the grant, for certain or perhaps."""
    reasons = list(dict.fromkeys(one.why for one in more))
    if reasons:
        raise StateError(
            f"{what} exceeds, or may exceed, what was granted: {'; '.join(reasons)}",
            where=said,
            remedy="stay within it, ask the host for more, or say that it is meant to exceed; "
            "it is shown as that",
        )


def check_stage(reader: LineReader, visit: Visit, stage: Stage, at_s: float) -> None:
    """The stages of one side follow each other, and none begins after a cancel of ours."""
    check_side(reader, visit)
    own = {one.stage: one.at_s for one in visit.stages if reader.is_own(one.party)}
    order = show.STAGES
    for before in order[: order.index(stage)]:
        if own.get(before, at_s) > at_s:
            raise InputError(
                f"we have stated that it {before} at {format_time(own[before])}",
                where="at",
                remedy="give the time at which this stage was reached, after that",
            )
    ours = [one for one in visit.cancels if reader.is_own(one.party)]
    if ours and stage in ("arrived", "begun"):
        raise StateError(
            "we have cancelled that visit",
            where=where(visit),
            remedy="state only that it ended or departed; a new visit needs a new notice",
        )


def check_reportable(reader: LineReader, visit: Visit) -> None:
    check_side(reader, visit)
    if not visit.stages and not visit.cancels and reader.now_s <= visit.until_s:
        raise StateError(
            "nobody has stated that the visit arrived, and its window has not passed",
            where=where(visit),
            remedy="report once it has ended, or was cancelled",
        )


def check_side(reader: LineReader, visit: Visit) -> None:
    if reader.core.party not in visit.sides:
        raise StateError(
            f"that visit is between {visit.guest} and {visit.host}",
            where=where(visit),
            remedy="send a message if they should know something",
        )


def check_host(reader: LineReader, visit: Visit) -> None:
    if not reader.is_own(visit.host):
        raise StateError(
            f"that is for the host, {visit.host}, to say",
            where=where(visit),
            remedy="leave it to the host",
        )


def past_s(reader: LineReader, at: str | None) -> float:
    """A domain time that has come; now if none is given."""
    if at is None:
        return reader.now_s
    at_s = parse_time_s(at, where="at")
    if at_s > reader.now_s:
        raise InputError(
            f"{at} is still to come: it is {format_time(reader.now_s)} on this line",
            where="at",
            remedy="state it when it has happened",
        )
    return at_s


def where(visit: Visit) -> str:
    return f"visit {visit.guest}/{visit.name}"

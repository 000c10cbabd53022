"""The permission ledger: who asked whom for what, what was answered, and what holds at a time.

A request is in the log of who asks, its answer and revocation in the host's; so what became of it
is derived here, as a function of the set of entries. Times are POSIX seconds, domain time: when
something was written is moved by the exercise's offset like every other time that its writer
claims.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, Literal

import msgspec

from detente.line import abouts
from detente.line.bodies.giving import AllEquipment, AllPeople, Hours, Places
from detente.line.bodies.permissions import AnswerBody, Limits, RequestBody
from detente.line.founding import Founding
from detente.line.read.agreement import terms
from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, place_key, scan
from detente.volumes.times import read_time_s, within_calendar_s

State = Literal[
    "asked",
    "unanswered",
    "granted",
    "limited",
    "refused",
    "withdrawn",
    "revoked",
    "expired",
    "superseded",
]
Ended = Literal["expired", "revoked", "withdrawn", "superseded"]


class Unknown(Enum):
    """What the body that decides a thing does not tell here."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Reply(Stamp, frozen=True, kw_only=True):
    """The host's first answer. ``body`` is None where it is not known here, and ``unknown`` why.

    ``at_s`` is when it was given; the window stands only where it was not refused.
    """

    answer: abouts.PermissionAnswer
    at_s: float
    from_: str | None
    until: str | None
    body: AnswerBody | None
    unknown: str | None


class Revocation(Stamp, frozen=True, kw_only=True):
    """What the host had granted does not hold from ``from_s`` on.

    That is the time ``from_`` that the host stated, or when it wrote so, whichever is later.
    """

    from_: str
    from_s: float
    note: str | None


class Forgone(Stamp, frozen=True, kw_only=True):
    """Who asked gave it up at ``at_s``."""

    at_s: float
    note: str | None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a host permits: the request, narrowed by the limits of the answer.

    It permits nothing before ``from_s`` or after ``until_s``, and did so since it was given at
    ``given_s``; ``ends`` says why it ends when it does. Hours are None where every hour is granted.
    ``quota_units`` is None where the answer sets none. A field is ``UNKNOWN`` where the body that
    decides it is not known here, and so are the places where nobody stated any.
    """

    request: str
    guest: str
    host: str
    kind: abouts.PermissionKind
    given_s: float
    from_s: float
    until_s: float
    ends: Ended
    purpose: str | Unknown
    hours_utc: Hours | Unknown | None
    places: Places | Unknown
    people: AllPeople | Unknown
    equipment: AllEquipment | Unknown
    quota: str | Unknown | None
    quota_units: int | Unknown | None


class Permission(Stamp, frozen=True, kw_only=True):
    """A request of ``party`` to ``host``, and everything that became of it.

    ``asked`` is None where the content is not known here, and ``unknown`` says why. ``renewed_by``
    is the next request of the same name to the same host; ``superseded_s`` is from when on a later
    one that was granted holds in its place.
    """

    permission: str
    host: str
    kind: abouts.PermissionKind
    from_: str
    until: str
    asked: RequestBody | None
    unknown: str | None
    renews: str | None
    renewed_by: str | None
    reply: Reply | None
    revocation: Revocation | None
    forgone: Forgone | None
    superseded_s: float | None

    @property
    def granted(self) -> bool:
        """Whether the host ever granted it, with limits or without."""
        return self.reply is not None and self.reply.answer != "refused"

    @property
    def grant(self) -> Grant | None:
        """What the host permits, for as long as it does; None if it granted nothing."""
        return _grant(self, self.reply) if self.reply and self.granted else None

    def state(self, at_s: float, late: bool) -> State:
        """What it is at a domain time; ``late``: the host owes an answer and is late with it."""
        grant = self.grant
        if grant is not None and _over(grant, at_s):
            return grant.ends
        if self.reply is not None and self.reply.answer == "refused":
            return "refused"
        if self.forgone is not None:
            return "withdrawn"
        if self.reply is not None:
            return self.reply.answer
        if at_s > read_time_s(self.until):
            return "expired"
        return "unanswered" if late else "asked"

    def permits(self, at_s: float) -> bool:
        """Whether a grant was given by then, holds, and is in its window."""
        grant = self.grant
        if grant is None or at_s < max(grant.given_s, grant.from_s):
            return False
        return not _over(grant, at_s)


def _over(grant: Grant, at_s: float) -> bool:
    """The last instant of a window belongs to it; what takes a grant back holds at once."""
    return at_s > grant.until_s or (at_s == grant.until_s and grant.ends != "expired")


def permissions(view: View, founding: Founding) -> list[Permission]:
    """Every request that counts, by name, host and the order in which they were made."""
    return _permissions(view, founding, dict(scan(view, "permission")))


def permission(view: View, founding: Founding, entry: str) -> Permission | None:
    """One request by its entry id, or None."""
    asked = load(view, "permission", entry)
    if asked is None:
        return None
    # Only the requests that it renews, or that renew it, say what became of it.
    docs = {key: doc for key, doc in scan(view, "permission") if _name(doc) == _name(asked)}
    return next(one for one in _permissions(view, founding, docs) if one.entry == entry)


def succession(found: Mapping[str, Permission], entry: str) -> list[Permission]:
    """A request, and those that took its place one after the other, of requests by their entries.

    Each but the last is superseded by the next, and its grant ends where that of the next begins to
    hold: what was done under a request that was renewed is done under the renewal from then on.
    Whatever else ends a grant first, a revocation as well as its window, hands on to nothing.
    """
    first = found[entry]
    later: list[Permission] = []
    renewed_by = first.renewed_by
    while renewed_by is not None and renewed_by in found:
        later.append(found[renewed_by])
        renewed_by = later[-1].renewed_by
    holds_s = math.inf
    takers: list[Permission] = []
    for one in reversed(later):
        grant = one.grant
        if grant is not None and max(grant.given_s, grant.from_s) < holds_s:
            holds_s = max(grant.given_s, grant.from_s)
            takers.append(one)
    chain = [first, *reversed(takers)]
    ends = (at for at, one in enumerate(chain) if not one.grant or one.grant.ends != "superseded")
    return chain[: next(ends) + 1]


def succession_of(view: View, founding: Founding, entry: str) -> list[Permission]:
    """The succession of one request by its entry id; empty if there is no such request."""
    asked = load(view, "permission", entry)
    if asked is None:
        return []
    docs = {key: doc for key, doc in scan(view, "permission") if _name(doc) == _name(asked)}
    return succession({one.entry: one for one in _permissions(view, founding, docs)}, entry)


def in_force(chain: Sequence[Permission], at_s: float) -> Permission:
    """Which of a succession decides at a time: the one that is not superseded by then."""
    for one in chain[:-1]:
        if one.grant is not None and at_s < one.grant.until_s:
            return one
    return chain[-1]


def _name(doc: Mapping[str, Any]) -> tuple[str, str, str]:
    return (doc["party"], doc["permission"], doc["host"])


def _permissions(
    view: View, founding: Founding, docs: Mapping[str, Mapping[str, Any]]
) -> list[Permission]:
    offset_s = terms(view, founding).clock_offset_s
    replies = {entry: _reply(view, doc, offset_s) for entry, doc in docs.items()}
    after = {doc["renews"]: entry for entry, doc in docs.items() if doc["renews"] is not None}
    ends_s = _superseded_s(docs, after, replies)
    found = [
        _permission(view, doc, replies[entry], after.get(entry), ends_s[entry], offset_s)
        for entry, doc in docs.items()
    ]
    return sorted(found, key=lambda one: (one.permission, one.party, one.host, one.index))


def newest_request(view: View, party: str, permission: str, host: str) -> str | None:
    """The entry of the newest request of that name to that host, which the next one renews."""
    row = load(view, "asked", f"{party}/{permission}/{host}")
    return None if row is None else str(row["entry"])


def void_reason(view: View, party: str, row: Mapping[str, Any]) -> str | None:
    """Why an answer or revocation of ``party`` is void by another log, or None."""
    place = load(view, "id", row["about"]["request"])
    if place is None:
        return None
    target = load(view, "entry", place_key(place["party"], place["index"])) or {}
    if target["type"] != abouts.REQUEST or target["void"] is not None:
        return "not-a-request"
    return None if target["about"]["host"] == party else "not-a-request"


def _permission(
    view: View,
    doc: Mapping[str, Any],
    reply: Reply | None,
    renewed_by: str | None,
    superseded_s: float | None,
    offset_s: float,
) -> Permission:
    content = doc["content"]
    return Permission(
        **stamp(doc["party"], doc),
        permission=doc["permission"],
        host=doc["host"],
        kind=doc["kind"],
        from_=doc["from"],
        until=doc["until"],
        asked=None if content is None else msgspec.convert(content, RequestBody),
        unknown=doc["unknown"],
        renews=doc["renews"],
        renewed_by=renewed_by,
        reply=reply,
        revocation=_revocation(view, doc, offset_s),
        forgone=_forgone(doc, offset_s),
        superseded_s=superseded_s,
    )


def _superseded_s(
    docs: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, str],
    replies: Mapping[str, Reply | None],
) -> dict[str, float | None]:
    """From when on a later request that was granted holds; never before it was granted.

    From the newest of each name back, each request once: nobody makes a page slow by renewing much.
    """
    found: dict[str, float | None] = {}
    for newest in docs.keys() - after.keys():
        entry: str | None = newest
        ends_s = math.inf
        while entry is not None:
            found[entry] = None if ends_s == math.inf else ends_s
            reply = replies[entry]
            if reply is not None and reply.from_ is not None:
                ends_s = min(ends_s, max(reply.at_s, read_time_s(reply.from_)))
            entry = docs[entry]["renews"]
    return found


def _reply(view: View, doc: Mapping[str, Any], offset_s: float) -> Reply | None:
    host = doc["host"]
    for _, row in scan(view, "permission-answer", f"{doc['entry']}/{host}/"):
        content = row["content"]
        return Reply(
            **stamp(host, row),
            answer=row["answer"],
            at_s=_domain_s(row["time"], offset_s),
            from_=row["from"],
            until=row["until"],
            body=None if content is None else msgspec.convert(content, AnswerBody),
            unknown=row["unknown"],
        )
    return None


def _revocation(view: View, doc: Mapping[str, Any], offset_s: float) -> Revocation | None:
    host = doc["host"]
    for _, row in scan(view, "revocation", f"{doc['entry']}/{host}/"):
        return Revocation(
            **stamp(host, row),
            from_=row["from"],
            # Nobody takes back what was done under a grant before it was revoked.
            from_s=max(read_time_s(row["from"]), _domain_s(row["time"], offset_s)),
            note=note(row),
        )
    return None


def _forgone(doc: Mapping[str, Any], offset_s: float) -> Forgone | None:
    row = doc["forgone"]
    if row is None:
        return None
    at_s = _domain_s(row["time"], offset_s)
    return Forgone(**stamp(doc["party"], row), at_s=at_s, note=note(row))


def _domain_s(time: str, offset_s: float) -> float:
    # A peer's claim of a time may lie at the calendar's edge, and an exercise move it beyond.
    return within_calendar_s(read_time_s(time) + offset_s)


def _grant(one: Permission, reply: Reply) -> Grant:
    until_s, ends = _end(one, reply)
    asked, limits = one.asked, None if reply.body is None else reply.body.limits
    return Grant(
        request=one.entry,
        guest=one.party,
        host=one.host,
        kind=one.kind,
        given_s=reply.at_s,
        from_s=read_time_s(reply.from_ or one.from_),
        until_s=until_s,
        ends=ends,
        purpose=_narrowed(limits, asked, "purpose"),
        hours_utc=UNKNOWN if limits is None else limits.hours_utc,
        # Where nobody said where, nothing can be said to lie inside.
        places=_narrowed(limits, asked if asked and asked.places else None, "places"),
        people=_narrowed(limits, asked, "people"),
        equipment=_narrowed(limits, asked, "equipment"),
        quota=UNKNOWN if asked is None else asked.quota,
        quota_units=UNKNOWN if limits is None else limits.quota_units,
    )


def _end(one: Permission, reply: Reply) -> tuple[float, Ended]:
    """When the grant ends, and by what; what ends it first counts."""
    revoked_s = one.revocation.from_s if one.revocation else math.inf
    forgone_s = one.forgone.at_s if one.forgone else math.inf
    later_s = math.inf if one.superseded_s is None else one.superseded_s
    ends: list[tuple[float, Ended]] = [
        (revoked_s, "revoked"),
        (forgone_s, "withdrawn"),
        (later_s, "superseded"),
        (read_time_s(reply.until or one.until), "expired"),
    ]
    return min(ends, key=lambda end: end[0])


def _narrowed(limits: Limits | None, asked: RequestBody | None, field: str) -> Any:
    """What the limits say of a field, or else what was asked; unknown where that is not known."""
    if limits is None:
        return UNKNOWN
    limit = getattr(limits, field)
    if limit is not None:
        return limit
    return UNKNOWN if asked is None else getattr(asked, field)

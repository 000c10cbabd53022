"""The permission ledger of a line as officers see it: states, limits in words, what exceeds."""

from typing import Any

import msgspec

from detente.line import Obligation, answers_owed, read
from detente.line.bodies import Limits, Place
from detente.line.read import (
    UNKNOWN,
    Exceeding,
    Grant,
    Granted,
    Permission,
    Visit,
    exceeding,
)
from detente.node.show import talk
from detente.node.show.reader import LineReader
from detente.node.views import ExceedingView, GrantView, Json, PermissionView
from detente.volumes.times import format_time, parse_time_s

_FIELDS = ("purpose", "hours_utc", "places", "people", "equipment", "quota", "quota_units")


def permissions(reader: LineReader) -> list[PermissionView]:
    """Every request on the line, by name, asking party, host, and the order they were made in."""
    against = read.granted(reader.rows, reader.founding, reader.now_s)
    if not against.asked:
        return []
    owed = answers_owed(reader.rows, reader.founding, reader.received_s, reader.now_s)
    under: dict[str, list[Visit]] = {}
    for visit in read.visits(reader.rows):
        under.setdefault(visit.request, []).append(visit)
    return [
        _permission(reader, one, owed.get(one.entry), under.get(one.entry, []), against)
        for one in against.asked.values()
    ]


def exceedings(found: list[Exceeding]) -> list[ExceedingView]:
    """What exceeds, as officers see it."""
    return [ExceedingView(what=one.what, known=one.known, why=one.why) for one in found]


def _permission(
    reader: LineReader,
    one: Permission,
    owed: Obligation | None,
    visits: list[Visit],
    against: Granted,
) -> PermissionView:
    state = one.state(reader.now_s, owed is not None and owed.state == "late")
    reply, grant = one.reply, one.grant
    own, own_host = reader.is_own(one.party), reader.is_own(one.host)
    holds = state in ("granted", "limited")
    waits = owed is not None and owed.state != "met" and owed.due_s is not None
    exercise = reader.terms.exercise
    return PermissionView(
        id=one.entry,
        line=reader.id,
        line_name=reader.name,
        permission=one.permission,
        party=one.party,
        own=own,
        host=one.host,
        own_host=own_host,
        kind=one.kind,
        start=one.from_,
        end=one.until,
        time=one.time,
        asked=None if one.asked is None else _json(one.asked),
        unknown=one.unknown,
        state=state,
        permits=one.permits(reader.now_s),
        due=format_time(owed.due_s) if waits and owed and owed.due_s is not None else None,
        obligation=talk.obligation_id(owed) if owed is not None else None,
        lapse=owed.lapse if owed is not None else None,
        answer=reply.answer if reply else None,
        answered=reply.time if reply else None,
        answer_entry=reply.entry if reply else None,
        answer_note=reply.body.note if reply and reply.body else "",
        limits=_limits(one),
        grant=_grant(grant) if grant else None,
        revoked_from=one.revocation.from_ if one.revocation else None,
        revoked_note=(one.revocation.note or "") if one.revocation else "",
        withdrawn=one.forgone.time if one.forgone else None,
        withdrawn_note=(one.forgone.note or "") if one.forgone else "",
        renews=one.renews,
        newest=one.renewed_by is None,
        visits=[visit.entry for visit in visits],
        exceeding=exceedings([*exceeding.wider(one), *_beyond(reader, one, visits, against)]),
        may_answer=own_host and state in ("asked", "unanswered"),
        may_revoke=own_host and holds and one.revocation is None,
        may_withdraw=own and (holds or state in ("asked", "unanswered")),
        may_renew=own and one.renewed_by is None and state != "asked",
        now=format_time(reader.now_s),
        exercise=exercise.name if exercise else None,
        receipts=reader.receipts(one.party, one.index),
    )


def _grant(grant: Grant) -> GrantView:
    found = {name: getattr(grant, name) for name in _FIELDS}
    unknown = [name for name, value in found.items() if value is UNKNOWN]
    known = {name: None if name in unknown else value for name, value in found.items()}
    return GrantView(
        given=format_time(grant.given_s),
        start=format_time(grant.from_s),
        end=format_time(grant.until_s),
        ends=grant.ends,
        unknown=unknown,
        **_json(known),
    )


def _json(value: Any) -> Json:
    """A body as the line has it, with lists and no tuples."""
    decoded: Json = msgspec.json.decode(msgspec.json.encode(value))
    return decoded


def _limits(one: Permission) -> list[str]:
    """The limits of an answer in words; the window, which stands beside them, only as that."""
    reply = one.reply
    if reply is None or reply.from_ is None or reply.until is None:
        return []
    said = []
    if parse_time_s(reply.from_) > parse_time_s(one.from_):
        said.append("begins later than asked")
    if parse_time_s(reply.until) < parse_time_s(one.until):
        said.append("ends earlier than asked")
    if reply.body is None:
        return [*said, "other limits are not known here"]
    return said + _in_words(reply.body.limits, one.kind)


def _in_words(limits: Limits, kind: str) -> list[str]:
    """Each limit that is set, in words."""
    said = []
    if limits.purpose is not None:
        said.append(f"for: {limits.purpose}")
    if limits.hours_utc is not None:
        said.append(f"{exceeding.hours_in_words(limits.hours_utc)} only")
    if limits.places is not None:
        said.append("only at " + _listed(tuple(map(place_in_words, limits.places)), "no place"))
    if limits.people is not None:
        said.append(_listed(tuple(f"{p.count} × {p.role}" for p in limits.people), "nobody"))
    if limits.equipment is not None:
        items = tuple(f"{e.count} × {e.item}" for e in limits.equipment)
        said.append(_listed(items, "no equipment"))
    if limits.quota_units is not None:
        unit = "stay" if kind == "basing" else kind
        said.append(f"{limits.quota_units} {unit}{'' if limits.quota_units == 1 else 's'}")
    return said


def place_in_words(place: Place) -> str:
    """A place by its name, and how large it is round a point."""
    around = place.core is not None and place.radius_m > 0
    return f"{place.name} (within {place.radius_m / 1000:g} km)" if around else place.name


def _listed(names: tuple[str, ...], none: str) -> str:
    return ", ".join(names) or none


def _beyond(
    reader: LineReader, one: Permission, visits: list[Visit], against: Granted
) -> list[Exceeding]:
    """What visits under a request exceed, and the terms' quota that it draws on."""
    found: list[Exceeding] = []
    for visit in visits:
        for each in read.exceedings(reader.rows, visit, against):
            why = f"visit {visit.name}: {each.why}"
            found.append(msgspec.structs.replace(each, why=why))
    for quota in against.quotas:
        parties = (quota.quota.guest, quota.quota.host)
        if one.asked and parties == (one.party, one.host) and one.asked.quota == quota.quota.name:
            found += exceeding.of_quota(quota)
    return found

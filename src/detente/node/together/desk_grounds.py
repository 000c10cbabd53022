"""On what ground a guest is shown anything now: the visit, the permission behind it, the hours.

A desk is open to its guest only while the line's domain time lies in the visit's window and in what
the host has granted, within the hours of the grant and of the host's acknowledgement, and while the
visit is not cancelled and no restriction of the host's holds. Whatever of this is not known here is
as good as a no: a grant whose limits cannot be read opens nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from detente.errors import NotFoundError
from detente.line import abouts
from detente.line.bodies.giving import Hours
from detente.line.read.permissions import (
    UNKNOWN,
    Grant,
    Permission,
    in_force,
    succession_of,
)
from detente.line.view import load, scan
from detente.node.show.reader import LineReader
from detente.volumes.times import parse_time_s

_DAY_S = 86_400.0
_SPANS_MAX = 400
NEVER: Hours = ((0.0, 0.0),)


class Grounds(NamedTuple):
    """Whether the desk is open now; ``why`` not, in a clause for officers; until when.

    ``over`` is that it will not be open again. ``until_s`` is the next time at which it closes, as
    far as is known now; times are POSIX seconds, domain time. ``cut_then``: it closes then because
    the host has restricted the visit from then on. ``restrictions`` are the host's, of now and of
    later, as they stand on the record.
    """

    open: bool
    why: str
    over: bool
    cut: bool
    until_s: float
    from_s: float
    guest: str
    grant: Grant | None
    cut_then: bool
    restrictions: tuple[Mapping[str, Any], ...]


def grounds(reader: LineReader, visit: str) -> Grounds:
    """What holds for a visit to us. Raises NotFoundError if it is none."""
    notice = load(reader.rows, "visit", visit)
    if notice is None or notice["host"] != reader.core.party:
        raise NotFoundError(
            f"there is no visit {visit[:16]!r} to us on the line {reader.name}",
            remedy="take a visit's id from `detente visit list`",
        )
    # A visit goes on under a renewal of its request from when that holds in the request's place.
    chain = succession_of(reader.rows, reader.founding, notice["request"])
    asked = in_force(chain, reader.now_s) if chain else None
    grant = None if asked is None or asked.party != notice["party"] else asked.grant
    from_s, end_s = parse_time_s(notice["from"]), parse_time_s(notice["until"])
    if grant is not None:
        from_s, end_s = max(from_s, grant.from_s), min(end_s, grant.until_s)
    said = list(_said(reader, visit, {notice["party"], notice["host"]}))
    why, over, cut = _closed(reader.now_s, asked, grant, from_s, end_s, said)
    spans = _hours(grant, said, notice["host"])
    until_s = _open_until_s(reader.now_s, end_s, spans)
    if not why and until_s is None:
        why = "it is outside the granted hours"
    if not why:
        why, cut = _restricted(reader.now_s, said, notice["host"])
    until_s = until_s or reader.now_s
    restrictions = tuple(_restrictions(said, notice["host"]))
    cut_s = _first_cut_s(reader.now_s, until_s, restrictions)
    return Grounds(
        open=not why,
        why=why,
        over=over,
        cut=cut,
        until_s=cut_s,
        from_s=from_s,
        guest=notice["party"],
        grant=grant,
        cut_then=cut_s < until_s,
        restrictions=tuple(
            doc for doc in restrictions if reader.now_s < parse_time_s(doc["about"]["until"])
        ),
    )


def _said(reader: LineReader, visit: str, sides: set[str]) -> Iterable[Mapping[str, Any]]:
    """What the two sides have stated of the visit; what others state of it is not for them."""
    return (doc for _, doc in scan(reader.rows, "visit-said", f"{visit}/") if doc["party"] in sides)


def _closed(
    now_s: float,
    asked: Permission | None,
    grant: Grant | None,
    from_s: float,
    end_s: float,
    said: list[Mapping[str, Any]],
) -> tuple[str, bool, bool]:
    """Why the desk is closed, whether for good, and whether something cut the visit short."""
    if any(doc["type"] == abouts.CANCEL for doc in said):
        return "the visit was cancelled", True, True
    if asked is not None and asked.party in _departed(said):
        return "the guest has departed", True, False
    if asked is None or grant is None:
        return "nothing was granted for this visit", False, False
    if UNKNOWN in (grant.hours_utc, grant.places):
        return "what was granted is not known here", False, False
    if now_s > end_s or (now_s == end_s and grant.ends != "expired"):
        if end_s == grant.until_s and grant.ends != "expired":
            return f"the permission was {grant.ends}", True, True
        return "the visit's time is over", True, False
    if now_s < from_s or not asked.permits(now_s):
        return "the visit's time has not begun", False, False
    return "", False, False


def _departed(said: list[Mapping[str, Any]]) -> set[str]:
    """Which sides have stated that the guest departed; the guest's word alone closes the desk."""
    return {
        doc["party"]
        for doc in said
        if doc["type"] == abouts.STAGE and doc["about"]["stage"] == "departed"
    }


def _hours(grant: Grant | None, said: list[Mapping[str, Any]], host: str) -> list[Hours]:
    """The spans of the day that all have to hold."""
    found: list[Hours] = []
    if grant is not None and isinstance(grant.hours_utc, tuple):
        found.append(grant.hours_utc)
    for doc in said:
        if doc["type"] == abouts.TAKE_NOTE and doc["party"] == host:
            content = doc["content"]
            hours = NEVER if content is None else content["hours_utc"]
            if hours is not None:
                found.append(tuple((span[0], span[1]) for span in hours))
    return found


def _open_until_s(now_s: float, end_s: float, all_hours: list[Hours]) -> float | None:
    """When the spans that hold now end; None if one does not hold."""
    ends = [end_s]
    for hours in all_hours:
        until_s = span_end_s(now_s, hours)
        if until_s is None:
            return None
        for _ in range(_SPANS_MAX):
            further = span_end_s(until_s, hours)
            if until_s >= end_s or further is None or further == until_s:
                break
            until_s = further
        ends.append(until_s)
    return min(ends)


def span_end_s(now_s: float, hours: Hours) -> float | None:
    """When the span of the day that holds now ends; None if none does. Its end belongs to none."""
    day_s = now_s // _DAY_S * _DAY_S
    ends = []
    for first, last in hours:
        length = last - first if last >= first else last + 24 - first
        for begin_s in (day_s - _DAY_S + first * 3600, day_s + first * 3600):
            if begin_s <= now_s < begin_s + length * 3600:
                ends.append(begin_s + length * 3600)
    return max(ends, default=None)


def _restrictions(said: list[Mapping[str, Any]], host: str) -> Iterable[Mapping[str, Any]]:
    return (doc for doc in said if doc["type"] == abouts.RESTRICT and doc["party"] == host)


def _restricted(now_s: float, said: list[Mapping[str, Any]], host: str) -> tuple[str, bool]:
    """A restriction that closes but hours of the day closes the desk in these; any other, all of
    its window: whether what lies here is of the closed places, nobody but the host can say."""
    for doc in _restrictions(said, host):
        about, content = doc["about"], doc["content"]
        if not parse_time_s(about["from"]) <= now_s < parse_time_s(about["until"]):
            continue
        hours = None if content is None else content["hours_utc"]
        spans = None if hours is None else tuple((span[0], span[1]) for span in hours)
        if spans is None or span_end_s(now_s, spans) is not None:
            return "the host has restricted the visit", True
    return "", False


def _first_cut_s(now_s: float, until_s: float, restrictions: Iterable[Mapping[str, Any]]) -> float:
    starts = [parse_time_s(doc["about"]["from"]) for doc in restrictions]
    return min([until_s, *(start_s for start_s in starts if start_s > now_s)])

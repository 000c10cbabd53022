"""How much of a quota is drawn: by visits, and by requests that no visit has used yet.

A visit draws on the quota that its request names, one unit each, unless it was cancelled before
anybody arrived. A request whose content is not known here may draw on any quota between its two
parties; how many those are is told, and not guessed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from detente.line import abouts
from detente.line.founding import Founding
from detente.line.read.agreement import terms
from detente.line.read.permissions import UNKNOWN, Permission, permissions
from detente.line.view import View, load, scan
from detente.line.watching import Quota
from detente.volumes.times import read_time_s


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of a quota: ``visits`` are entries of notices, the first to begin first.

    ``reserved`` are the units of requests that ask for a visit, or are granted one, beyond the
    visits under them. ``unknown`` are requests that may draw on it or not.
    """

    quota: Quota
    visits: tuple[str, ...]
    reserved: int
    unknown: int

    @property
    def left(self) -> int:
        """Units that neither a visit nor a request has taken; below 0 if it is overdrawn."""
        return self.quota.units - len(self.visits) - self.reserved


def drawn(view: View, founding: Founding, now_s: float) -> list[Drawn]:
    """Every quota of the terms that hold, and what is drawn of it at a domain time."""
    asked, under = permissions(view, founding), visits_by_request(view)
    return drawn_under(view, founding, asked, under, now_s)


def drawn_under(
    view: View,
    founding: Founding,
    asked: Sequence[Permission],
    under: Mapping[str, Sequence[str]],
    now_s: float,
) -> list[Drawn]:
    """The same, for whoever has read the requests and the visits under each already."""
    watching = terms(view, founding).watching
    return [_drawn(view, one, asked, under, now_s) for one in (watching.quotas if watching else ())]


def visits_by_request(view: View) -> dict[str, list[str]]:
    """The notices of the visits under each request, the first to begin first.

    Of two that begin at once the first is the one notified first. Those that were cancelled before
    anybody arrived draw on nothing and are left out.
    """
    found: dict[str, list[str]] = {}
    docs = dict(scan(view, "visit"))
    off = _cancelled(view, docs)
    for entry, doc in sorted(docs.items(), key=lambda one: _begins(one[1])):
        if entry not in off:
            found.setdefault(doc["request"], []).append(entry)
    return found


def _cancelled(view: View, docs: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The visits that a side of theirs cancelled, and of which none says that anybody arrived."""
    cancelled: set[str] = set()
    arrived: set[str] = set()
    for key, said in scan(view, "visit-said"):
        entry = key.partition("/")[0]
        doc = docs.get(entry)
        if doc is None or said["party"] not in (doc["party"], doc["host"]):
            continue
        if said["type"] == abouts.CANCEL:
            cancelled.add(entry)
        elif said["type"] == abouts.STAGE and said["about"]["stage"] in ("arrived", "begun"):
            arrived.add(entry)
    return cancelled - arrived


def _drawn(
    view: View,
    quota: Quota,
    asked: Sequence[Permission],
    under: Mapping[str, Sequence[str]],
    now_s: float,
) -> Drawn:
    visits: list[str] = []
    reserved = unknown = 0
    for one in asked:
        if (one.party, one.host) != (quota.guest, quota.host) or not _within(one, quota):
            continue
        if one.asked is None:
            unknown += 1
        elif one.asked.quota == quota.name:
            made = under.get(one.entry, ())
            visits += made
            reserved += max(0, _units(one, now_s) - len(made))
    return Drawn(
        quota=quota,
        visits=tuple(sorted(visits, key=lambda entry: _begins(load(view, "visit", entry) or {}))),
        reserved=reserved,
        unknown=unknown,
    )


def _begins(doc: Mapping[str, Any]) -> tuple[float, int, str]:
    return read_time_s(doc["from"]), doc["index"], doc["entry"]


def _within(one: Permission, quota: Quota) -> bool:
    """Whether a request is for some time of the quota's window."""
    starts_s, ends_s = read_time_s(quota.start), read_time_s(quota.end)
    return read_time_s(one.from_) <= ends_s and read_time_s(one.until) >= starts_s


def _units(one: Permission, now_s: float) -> int:
    """How many visits may still be made, or be granted, under a request."""
    if one.state(now_s, False) not in ("asked", "granted", "limited"):
        return 0
    if one.renewed_by is not None and one.reply is None:
        return 0
    units = one.grant.quota_units if one.grant else None
    return 1 if units is None or units is UNKNOWN else units

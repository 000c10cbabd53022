"""Terms of watching an area together: the clocks of visits, the quotas, the daily cut-off.

They are a part of the line's terms that may be left out; nothing is owed then for permissions and
visits, and what their clocks would say is unknown.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from detente.errors import InputError
from detente.line.wire import PartyId
from detente.volumes.times import read_time_s

_DAY_S = 86_400

Deadline = Annotated[int, Meta(ge=1, le=60 * _DAY_S)]
Notice = Annotated[int, Meta(ge=0, le=60 * _DAY_S)]


class _Exact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class VisitTimes(_Exact, frozen=True, kw_only=True):
    """The clocks of a visit, seconds.

    The guest gives notice ``notice_s`` before the visit begins, the host acknowledges it within
    ``acknowledge_s``; a mission plan comes ``plan_s`` before the mission, is reviewed within
    ``review_s`` and agreed within ``agree_s``, or the mission is off; it is flown within ``fly_s``
    of arrival; both report within ``report_s`` of its end. A restriction made less than
    ``restrict_s`` before the mission begins is late.
    """

    notice_s: Notice
    acknowledge_s: Deadline
    plan_s: Notice
    review_s: Deadline
    agree_s: Deadline
    fly_s: Notice
    report_s: Notice
    restrict_s: Notice


class Quota(_Exact, frozen=True, kw_only=True):
    """How many visits or crossings ``host`` owes ``guest`` within a window (domain times)."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    guest: PartyId
    host: PartyId
    units: Annotated[int, Meta(ge=0, le=10_000)]
    start: str
    end: str


class Watching(_Exact, frozen=True, kw_only=True):
    """What the members agree on for watching an area together.

    A host answers a request within ``answer_s``. The joint part of a daily report is cut off at
    ``cutoff_utc``, hours after midnight.
    """

    answer_s: Deadline
    visit: VisitTimes
    cutoff_utc: Annotated[float, Meta(ge=0, lt=24)]
    quotas: Annotated[tuple[Quota, ...], Meta(max_length=256)] = ()


STANDARD_WATCHING = Watching(
    answer_s=7 * _DAY_S,
    visit=VisitTimes(
        notice_s=72 * 3600,
        acknowledge_s=24 * 3600,
        plan_s=24 * 3600,
        review_s=4 * 3600,
        agree_s=8 * 3600,
        fly_s=96 * 3600,
        report_s=7 * _DAY_S,
        restrict_s=24 * 3600,
    ),
    cutoff_utc=19.5,
)
"""The shipped default: the clocks of the Treaty on Open Skies, and the OSCE's cut-off in Ukraine.

How long an answer and a report may take, and when a restriction is late, has no such precedent.
"""


def check_watching(watching: Watching) -> None:
    """Return if the clocks and the quotas fit together; else InputError naming the field."""
    times = watching.visit
    if times.review_s > times.agree_s:
        raise _wrong("a plan is to be agreed before it is to be reviewed", "visit: agree_s")
    names = [(one.name, one.guest, one.host) for one in watching.quotas]
    if len(set(names)) != len(names):
        raise _wrong("a quota stands twice", "quotas")
    for one in watching.quotas:
        where = f"quotas: {one.name[:40]}"
        if one.guest == one.host:
            raise _wrong("its guest is its host", where)
        start_s, end_s = read_time_s(one.start, where), read_time_s(one.end, where)
        if end_s <= start_s:
            raise _wrong("it ends before it begins", where)


def _wrong(message: str, field: str) -> InputError:
    return InputError(message, remedy="correct it", where=f"terms: watching: {field}")

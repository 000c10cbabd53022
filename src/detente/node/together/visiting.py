"""Visits: what our officers state of one, as its guest or as its host.

What would be a mistake for certain is refused here, before it is on the record, and so is what is
late or exceeds the grant until the officer says that it is meant so. What a peer does all the same
is kept and shown. Nothing here lets anybody in: a notice, a review and a restriction are words.
"""

from collections.abc import Callable, Iterable
from typing import Any

from detente.errors import InputError, StateError
from detente.line import (
    Draft,
    cancel_draft,
    deviation_draft,
    inspection_draft,
    noted_draft,
    notice_draft,
    plan_draft,
    read,
    report_draft,
    restriction_draft,
    review_draft,
    stage_draft,
)
from detente.line.abouts import Ground, Stage
from detente.line.bodies import (
    InspectionBody,
    NotedBody,
    NoticeBody,
    RemarkBody,
    ReportBody,
    RestrictionBody,
    write_visit,
)
from detente.line.read import Exceeding, Grant, Permission, Visit, exceeding, overstepping
from detente.line.wire import read_struct, read_time_s
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show import visits as show
from detente.node.show.reader import LineReader
from detente.node.together.permitting import exactly
from detente.node.views import EntryView
from detente.node.views.visits import VisitAlertView, VisitView
from detente.store import logs
from detente.volumes.times import format_time

Json = dict[str, Any]
Make = Callable[[LineReader, Visit], Draft]
GROUNDS = ("safety", "logistics")
"""The only grounds on which a host asks for a plan to be changed."""


class Visiting:
    """The part of a node's door that is about visits.

    ``visit`` is a visit's id or ``<guest>/<name>``. Bodies are those of protocol section 10; times
    are the line's domain time, and now where none is given.
    """

    _core: Core

    def visits(self, line: str) -> list[VisitView]:
        """Every visit on a line, by when it begins."""
        with self._core.settled() as tx:
            return show.visits(LineReader(self._core, tx, line).for_list())

    def visit(self, line: str, visit: str) -> VisitView:
        """One visit."""
        with self._core.settled() as tx:
            return show.visit(LineReader(self._core, tx, line).for_list(), visit)

    def visit_alerts(self, line: str) -> list[VisitAlertView]:
        """What the other side of a visit of ours stated and nobody here has understood yet.

        That is deviations, cancels and late restrictions, until an officer acknowledges them.
        """
        with self._core.store.read() as tx:
            return show.alerts(LineReader(self._core, tx, line))

    def notify_visit(
        self,
        line: str,
        visit: str,
        request: str,
        body: Json,
        *,
        start: str,
        end: str,
        late: bool = False,
        exceed: bool = False,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Give notice of a visit named ``visit`` to the host that granted our ``request``.

        ``late``: also if it comes later than the terms' notice; ``exceed``: also if it exceeds
        what was granted or a quota.
        """
        content: Json = {
            "visit": visit,
            "request": request,
            "body": body,
            "start": start,
            "end": end,
            "late": late,
            "exceed": exceed,
        }
        return _notify(self._core, line, content, officer=officer, key=key)

    def acknowledge_visit(
        self,
        line: str,
        visit: str,
        body: Json | None = None,
        *,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """As the host: say that we have taken note, and how we receive the visit."""
        noted = exactly(body or {}, NotedBody, "body")

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_host(reader, one)
            return noted_draft(one.entry, noted)

        content = {"visit": visit, "body": body}
        return self._say(line, visit, "visit-acknowledge", content, make, officer=officer, key=key)

    def state_stage(
        self,
        line: str,
        visit: str,
        stage: Stage,
        *,
        at: str | None = None,
        text: str = "",
        language: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """State that the visit ``arrived``, or has ``begun``, ``ended`` or ``departed``."""
        remark = _remark(self._core, text, language)

        def make(reader: LineReader, one: Visit) -> Draft:
            at_s = _past_s(reader, at)
            _check_stage(reader, one, stage, at_s)
            return stage_draft(one.entry, stage, at_s=at_s, remark=remark)

        content = {"visit": visit, "stage": stage, "at": at, "text": text, "language": language}
        return self._say(line, visit, "visit-stage", content, make, officer=officer, key=key)

    def inspect_visit(
        self, line: str, visit: str, body: Json, *, officer: str, key: str | None = None
    ) -> EntryView:
        """State what an inspection of the equipment found, item by item."""
        found = exactly(body, InspectionBody, "body")
        if not found.items:
            raise InputError(
                "an inspection of nothing says nothing",
                where="body: items",
                remedy="name each item, how many were agreed and how many were found",
            )

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_side(reader, one)
            return inspection_draft(one.entry, found)

        content = {"visit": visit, "body": body}
        return self._say(line, visit, "visit-inspect", content, make, officer=officer, key=key)

    def plan_mission(
        self,
        line: str,
        visit: str,
        activity: str,
        note: str = "",
        *,
        exceed: bool = False,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """As the guest: the mission is what the line has been released of an activity of ours.

        ``exceed``: also if it leaves the places, the window or the hours that were granted.
        """

        def make(reader: LineReader, one: Visit) -> Draft:
            return _planned(reader, one, activity, note, exceed=exceed)

        content = {"visit": visit, "activity": activity, "note": note, "exceed": exceed}
        return self._say(line, visit, "visit-plan", content, make, officer=officer, key=key)

    def review_mission(
        self,
        line: str,
        visit: str,
        *,
        ground: str | None = None,
        text: str = "",
        language: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """As the host: agree to the newest plan, or ask to change it for safety or logistics."""
        if ground is not None and ground not in GROUNDS:
            raise InputError(
                f"{ground[:40]!r} is no ground on which a host asks for a change",
                where="ground",
                remedy=f"give {' or '.join(GROUNDS)}; cancel the visit if it is neither",
            )
        remark = _remark(self._core, text, language)

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_host(reader, one)
            if one.plan is None or one.plan.review is not None:
                why = "has no mission plan" if one.plan is None else "has a plan reviewed already"
                raise StateError(
                    f"the visit {why}",
                    where=_where(one),
                    remedy=f"wait for {one.guest} to plan the next version",
                )
            return review_draft(one.plan.entry, ground=ground, remark=remark)

        content = {"visit": visit, "ground": ground, "text": text, "language": language}
        return self._say(line, visit, "visit-review", content, make, officer=officer, key=key)

    def restrict_visit(
        self,
        line: str,
        visit: str,
        body: Json,
        *,
        start: str,
        end: str,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """As the host: close hours or places to the visit; it is flagged where it is late."""
        restricted = exactly(body, RestrictionBody, "body")
        if not (restricted.text or restricted.places or restricted.hours_utc):
            raise InputError(
                "a restriction that closes nothing says nothing",
                where="body",
                remedy="give hours, places or words",
            )
        window = {"from_s": read_time_s(start, "start"), "until_s": read_time_s(end, "end")}

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_host(reader, one)
            return restriction_draft(one.entry, **window, body=restricted)

        content = {"visit": visit, "body": body, "start": start, "end": end}
        return self._say(line, visit, "visit-restrict", content, make, officer=officer, key=key)

    def state_deviation(
        self,
        line: str,
        visit: str,
        text: str,
        *,
        at: str | None = None,
        language: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """State that something was not as agreed."""
        remark = _remark(self._core, text, language)

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_side(reader, one)
            return deviation_draft(one.entry, at_s=_past_s(reader, at), remark=remark)

        content = {"visit": visit, "text": text, "at": at, "language": language}
        return self._say(line, visit, "visit-deviation", content, make, officer=officer, key=key)

    def cancel_visit(
        self,
        line: str,
        visit: str,
        ground: Ground,
        note: str = "",
        *,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """End the visit before its time."""

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_side(reader, one)
            return cancel_draft(one.entry, ground, note)

        content = {"visit": visit, "ground": ground, "note": note}
        return self._say(line, visit, "visit-cancel", content, make, officer=officer, key=key)

    def report_visit(
        self,
        line: str,
        visit: str,
        body: Json | None = None,
        *,
        same_as: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Report on a visit: a text of our own, or the other side's very bytes (``same_as``).

        Reports of the same bytes are the joint one.
        """
        if (body is None) == (same_as is None):
            raise InputError(
                "a report is a text of our own, or the same as the other side's",
                where="report",
                remedy="give exactly one of the two",
            )
        own = b"" if body is None else write_visit(exactly(body, ReportBody, "body"))

        def make(reader: LineReader, one: Visit) -> Draft:
            _check_reportable(reader, one)
            report = own if same_as is None else _bytes_of(reader, one, same_as)
            return _reported(reader, one, report)

        content = {"visit": visit, "body": body, "same_as": same_as}
        return self._say(line, visit, "visit-report", content, make, officer=officer, key=key)

    def _say(
        self,
        line: str,
        visit: str,
        action: str,
        content: Json,
        make: Make,
        *,
        officer: str,
        key: str | None,
    ) -> EntryView:
        """Write what is said of a visit that is on the line."""
        return say(
            self._core,
            line,
            lambda reader: make(reader, show.found(reader, visit)),
            officer=officer,
            key=key,
            action=action,
            content=content,
        )


def _notify(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    body = exactly(content["body"], NoticeBody, "body")
    from_s, until_s = read_time_s(content["start"], "start"), read_time_s(content["end"], "end")

    def make(reader: LineReader) -> Draft:
        permission = _requested(reader, content["request"])
        grant = _granted(permission)
        if until_s <= reader.now_s:
            raise InputError(
                f"the visit would have ended at {content['end']}, and it is "
                f"{format_time(reader.now_s)} on this line",
                where="end",
                remedy="give a window that has not passed; times are the line's domain time, UTC",
            )
        if not content["late"]:
            _check_notice(reader, from_s)
        if not content["exceed"]:
            more = [
                *overstepping.of_notice(grant, from_s, until_s, body),
                *_beyond_quotas(reader, permission, grant),
            ]
            _check_within(more, "the visit", "the notice")
        return notice_draft(
            content["visit"],
            host=permission.host,
            request=permission.entry,
            from_s=from_s,
            until_s=until_s,
            body=body,
        )

    return say(core, line, make, officer=officer, key=key, action="visit-notice", content=content)


def _requested(reader: LineReader, request: str) -> Permission:
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


def _granted(permission: Permission) -> Grant:
    grant = permission.grant
    if grant is None:
        [why] = exceeding.of_grant(permission)
        raise StateError(
            f"{why.why}: a visit without a grant is shown as one to every party",
            where=f"request {permission.permission} to {permission.host}",
            remedy="wait for the host's answer, or ask again",
        )
    return grant


def _check_notice(reader: LineReader, from_s: float) -> None:
    watching = reader.terms.watching
    if watching is not None and from_s - reader.now_s < watching.visit.notice_s:
        hours = watching.visit.notice_s / 3600
        raise StateError(
            f"the terms give a host {hours:g} h of notice, and {format_time(from_s)} is sooner",
            where="start",
            remedy="begin later, or say that the notice is late; it is shown as that",
        )


def _beyond_quotas(reader: LineReader, permission: Permission, grant: Grant) -> Iterable[Exceeding]:
    """What one more visit under a grant would overdraw."""
    under = read.visits_by_request(reader.rows).get(permission.entry, [])
    number = len(under) + 1
    if isinstance(grant.quota_units, int):
        yield from exceeding.of_units("the grant", grant.quota_units, number)
    for one in read.drawn(reader.rows, reader.founding, reader.now_s):
        quota = one.quota
        if (quota.name, quota.guest, quota.host) == (grant.quota, grant.guest, grant.host):
            yield from exceeding.of_units(quota.name, quota.units, len(one.visits) + 1)


def _check_within(more: Iterable[Exceeding], what: str, said: str) -> None:
    """Return if nothing exceeds the grant, for certain or perhaps."""
    reasons = list(dict.fromkeys(one.why for one in more))
    if reasons:
        raise StateError(
            f"{what} exceeds, or may exceed, what was granted: {'; '.join(reasons)}",
            where=said,
            remedy="stay within it, ask the host for more, or say that it is meant to exceed; "
            "it is shown as that",
        )


def _planned(reader: LineReader, visit: Visit, activity: str, note: str, *, exceed: bool) -> Draft:
    if not reader.is_own(visit.guest):
        raise StateError(
            f"that visit is {visit.guest}'s",
            where=_where(visit),
            remedy="leave its mission plan to the guest",
        )
    newest = read.newest(reader.rows, reader.core.party, activity)
    if newest is None or newest.state != "released":
        raise StateError(
            f"the line {reader.name} does not see {activity[:64]}",
            where=_where(visit),
            remedy="file the plan and release it there, then name it here; it is compared like "
            "any other",
        )
    before = visit.plan
    if before is not None and before.release == newest.entry:
        raise StateError(
            "the newest mission plan names that version already",
            where=_where(visit),
            remedy="change the activity, release it again and plan that",
        )
    permission = read.permission(reader.rows, reader.founding, visit.request)
    if not exceed and permission is not None and permission.grant is not None:
        volumes = newest.activity.volumes if newest.activity else None
        more = exceeding.of_volumes(permission.grant, volumes)
        _check_within(more, "the mission", f"activity {activity}")
    return plan_draft(
        visit.entry,
        version=1 if before is None else before.version + 1,
        supersedes=None if before is None else before.entry,
        activity=activity,
        release=newest.entry,
        note=note,
    )


def _check_stage(reader: LineReader, visit: Visit, stage: Stage, at_s: float) -> None:
    """The stages of one side follow each other, and none begins after a cancel of ours."""
    _check_side(reader, visit)
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
            where=_where(visit),
            remedy="state only that it ended or departed; a new visit needs a new notice",
        )


def _check_reportable(reader: LineReader, visit: Visit) -> None:
    _check_side(reader, visit)
    if not visit.stages and not visit.cancels and reader.now_s <= visit.until_s:
        raise StateError(
            "nobody has stated that the visit arrived, and its window has not passed",
            where=_where(visit),
            remedy="report once it has ended, or was cancelled",
        )


def _reported(reader: LineReader, visit: Visit, report: bytes) -> Draft:
    """The next version of our report."""
    before = visit.reports.get(reader.core.party)
    return report_draft(
        visit.entry,
        version=1 if before is None else before.version + 1,
        supersedes=None if before is None else before.entry,
        report=report,
    )


def _bytes_of(reader: LineReader, visit: Visit, party: str) -> bytes:
    """The exact bytes of another party's newest report."""
    other = visit.reports.get(party)
    row = None if other is None else logs.find(reader.tx, reader.id, other.entry)
    if reader.is_own(party) or row is None or row.body is None:
        raise StateError(
            f"no report of {party[:40]} on this visit is held here",
            where=_where(visit),
            remedy="name the other side, once its report is held; or write one",
        )
    return row.body


def _check_side(reader: LineReader, visit: Visit) -> None:
    if reader.core.party not in visit.sides:
        raise StateError(
            f"that visit is between {visit.guest} and {visit.host}",
            where=_where(visit),
            remedy="send a message if they should know something",
        )


def _check_host(reader: LineReader, visit: Visit) -> None:
    if not reader.is_own(visit.host):
        raise StateError(
            f"that is for the host, {visit.host}, to say",
            where=_where(visit),
            remedy="leave it to the host",
        )


def _past_s(reader: LineReader, at: str | None) -> float:
    """A domain time that has come; now if none is given."""
    if at is None:
        return reader.now_s
    at_s = read_time_s(at, "at")
    if at_s > reader.now_s:
        raise InputError(
            f"{at} is still to come: it is {format_time(reader.now_s)} on this line",
            where="at",
            remedy="state it when it has happened",
        )
    return at_s


def _remark(core: Core, text: str, language: str | None) -> RemarkBody:
    said = {"text": text, "language": language or core.language}
    return read_struct(said, RemarkBody, "remark")


def _where(visit: Visit) -> str:
    return f"visit {visit.guest}/{visit.name}"

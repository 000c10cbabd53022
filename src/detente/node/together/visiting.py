"""Visits: what our officers state of one, as its guest or as its host.

What would be a mistake for certain is refused here, before it is on the record, and so is what is
late or exceeds the grant until the officer says that it is meant so. What a peer does all the same
is kept and shown. Nothing here lets anybody in: a notice, a review and a restriction are words.
"""

from collections.abc import Callable
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
from detente.line.read import Visit, exceeding, overstepping
from detente.line.wire import read_struct
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show import visits as show
from detente.node.show.reader import LineReader
from detente.node.together import visiting_rules as rules
from detente.node.together.exact import exactly
from detente.node.views import EntryView
from detente.node.views.visits import VisitAlertView, VisitView
from detente.store import logs
from detente.volumes.times import format_time, parse_time_s

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
            rules.check_host(reader, one)
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
            at_s = rules.past_s(reader, at)
            rules.check_stage(reader, one, stage, at_s)
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
            rules.check_side(reader, one)
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
            rules.check_host(reader, one)
            if one.plan is None or one.plan.review is not None:
                why = "has no mission plan" if one.plan is None else "has a plan reviewed already"
                raise StateError(
                    f"the visit {why}",
                    where=rules.where(one),
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
        window = {
            "from_s": parse_time_s(start, where="start"),
            "until_s": parse_time_s(end, where="end"),
        }

        def make(reader: LineReader, one: Visit) -> Draft:
            rules.check_host(reader, one)
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
            rules.check_side(reader, one)
            return deviation_draft(one.entry, at_s=rules.past_s(reader, at), remark=remark)

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
            rules.check_side(reader, one)
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
            rules.check_reportable(reader, one)
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
    from_s, until_s = (
        parse_time_s(content["start"], where="start"),
        parse_time_s(content["end"], where="end"),
    )

    def make(reader: LineReader) -> Draft:
        permission = rules.requested(reader, content["request"])
        grant = rules.grant_of(permission)
        if until_s <= reader.now_s:
            raise InputError(
                f"the visit would have ended at {content['end']}, and it is "
                f"{format_time(reader.now_s)} on this line",
                where="end",
                remedy="give a window that has not passed; times are the line's domain time, UTC",
            )
        if not content["late"]:
            rules.check_notice(reader, from_s)
        if not content["exceed"]:
            more = [
                *overstepping.of_notice(grant, from_s, until_s, body),
                *rules.beyond_quotas(reader, permission, grant),
            ]
            rules.check_within(more, "the visit", "the notice")
        return notice_draft(
            content["visit"],
            host=permission.host,
            request=permission.entry,
            from_s=from_s,
            until_s=until_s,
            body=body,
        )

    return say(core, line, make, officer=officer, key=key, action="visit-notice", content=content)


def _planned(reader: LineReader, visit: Visit, activity: str, note: str, *, exceed: bool) -> Draft:
    if not reader.is_own(visit.guest):
        raise StateError(
            f"that visit is {visit.guest}'s",
            where=rules.where(visit),
            remedy="leave its mission plan to the guest",
        )
    newest = read.newest(reader.rows, reader.core.party, activity)
    if newest is None or newest.state != "released":
        raise StateError(
            f"the line {reader.name} does not see {activity[:64]}",
            where=rules.where(visit),
            remedy="file the plan and release it there, then name it here; it is compared like "
            "any other",
        )
    before = visit.plan
    if before is not None and before.release == newest.entry:
        raise StateError(
            "the newest mission plan names that version already",
            where=rules.where(visit),
            remedy="change the activity, release it again and plan that",
        )
    chain = read.succession_of(reader.rows, reader.founding, visit.request)
    grants = overstepping.grants_of(chain)
    if not exceed and grants:
        volumes = newest.activity.volumes if newest.activity else None
        more = exceeding.of_volumes(grants, volumes)
        rules.check_within(more, "the mission", f"activity {activity}")
    return plan_draft(
        visit.entry,
        version=1 if before is None else before.version + 1,
        supersedes=None if before is None else before.entry,
        activity=activity,
        release=newest.entry,
        note=note,
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
            where=rules.where(visit),
            remedy="name the other side, once its report is held; or write one",
        )
    return row.body


def _remark(core: Core, text: str, language: str | None) -> RemarkBody:
    said = {"text": text, "language": language or core.language}
    return read_struct(said, RemarkBody, "remark")

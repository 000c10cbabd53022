"""Visits as officers see them: what each side stated, the clocks, and what is out of order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from detente.line import read
from detente.line.abouts import Stage
from detente.line.bodies import RemarkBody
from detente.line.read import Clock, Granted, Item, MissionPlan, Restriction, Session, Visit
from detente.line.read.clocks import OWED
from detente.line.read.visits import Report, Statement
from detente.node.show import permitting, visit_remarks
from detente.node.show.reader import LineReader, no_such
from detente.node.views import Json
from detente.node.views.visits import (
    CancelView,
    ClockView,
    DeviationView,
    InspectionView,
    ItemView,
    MediaOpeningView,
    MissionPlanView,
    NotedView,
    ReportView,
    RestrictionView,
    ReviewView,
    SealView,
    SessionStatedView,
    SessionView,
    StageStatedView,
    StageView,
    VisitAlertView,
    VisitView,
)
from detente.volumes.codec import volumes_to_wire
from detente.volumes.times import format_time

STAGES: tuple[Stage, ...] = ("arrived", "begun", "ended", "departed")


def visits(reader: LineReader) -> list[VisitView]:
    """Every visit of the line, by when it begins."""
    found = read.visits(reader.rows)
    if not found:
        return []
    known = _known(reader)
    return [_visit(reader, one, known) for one in found]


def visit(reader: LineReader, name: str) -> VisitView:
    """One visit by its id or ``<guest>/<name>``; NotFoundError."""
    return _visit(reader, found(reader, name), _known(reader))


def alerts(reader: LineReader) -> list[VisitAlertView]:
    """Deviations, cancels and late restrictions by the other side that wait for an officer."""
    return [
        VisitAlertView(
            entry=said.entry,
            visit=f"{one.guest}/{one.name}",
            visit_id=one.entry,
            party=said.party,
            what=what,
            time=said.time,
            text=text,
            restriction=_restriction(reader, one, said) if isinstance(said, Restriction) else None,
            unknown=said.unknown,
        )
        for one in read.visits(reader.rows)
        if reader.core.party in one.sides
        for what, said, text in _urgent(reader, one)
        if not reader.is_own(said.party) and not _understood(reader, said)
    ]


def _urgent(reader: LineReader, visit: Visit) -> Iterator[tuple[str, Statement, str]]:
    for cancel in visit.cancels:
        yield "cancel", cancel, f"{cancel.ground}. {cancel.note or ''}".strip()
    for deviation in visit.deviations:
        yield "deviation", deviation, deviation.remark.text if deviation.remark else ""
    for one in visit.restrictions:
        if read.late_by_s(visit, one, reader.terms):
            yield "restriction", one, one.body.text if one.body else ""


def _understood(reader: LineReader, said: Statement) -> bool:
    given = read.acknowledgements(reader.rows, said.entry)
    return any(reader.is_own(one.party) for one in given)


def found(reader: LineReader, name: str) -> Visit:
    """The visit of this id or ``<guest>/<name>``; NotFoundError."""
    row = reader.rows.get("visit-name", name)
    entry = name if row is None else str(msgspec.json.decode(row)["entry"])
    one = read.visit(reader.rows, entry)
    if one is None:
        raise no_such("visit", name, reader.founding)
    return one


def clocks_of(reader: LineReader, visit: Visit) -> list[Clock]:
    """The clocks of a visit, from the receipts held here."""
    return read.clocks(visit, reader.terms, reader.received_s, reader.now_s)


class _Known(NamedTuple):
    """What every visit is held against, read once for all of them."""

    granted: Granted
    lapses: Mapping[tuple[str, str, str | None], str]
    """The entry that states each lapse, by who owed what for which entry."""
    conflicts: Mapping[tuple[str, str], list[str]]
    """The conflicts that are not ended, by party and activity."""


def _known(reader: LineReader) -> _Known:
    lapses: dict[tuple[str, str, str | None], str] = {}
    for lapse in read.lapses(reader.rows):
        lapses.setdefault((lapse.owed_by, lapse.what, lapse.owed_for), lapse.entry)
    conflicts: dict[tuple[str, str], list[str]] = {}
    for one in read.conflicts(reader.rows):
        for side in (one.a, one.b) if one.state != "ended" else ():
            conflicts.setdefault((side.party, side.id), []).append(one.id)
    granted = read.granted(reader.rows, reader.founding, reader.now_s)
    return _Known(granted, lapses, conflicts)


def _visit(reader: LineReader, one: Visit, known: _Known) -> VisitView:
    against = known.granted
    running = clocks_of(reader, one)
    permission = against.asked.get(one.request)
    phase = read.phase(one, running, reader.now_s)
    return VisitView(
        **_said(reader, one),
        id=one.entry,
        line=reader.id,
        line_name=reader.name,
        name=one.name,
        host=one.host,
        own_host=reader.is_own(one.host),
        request=one.request,
        permission=None if permission is None else permission.permission,
        start=format_time(one.from_s),
        end=format_time(one.until_s),
        point_of_entry=one.body.point_of_entry if one.body else "",
        people=_jsons(one.body.people if one.body else ()),
        equipment=_jsons(one.body.equipment if one.body else ()),
        note=one.body.note if one.body else "",
        phase=phase,
        mission=read.mission(one),
        noted=_noted(reader, one),
        stages=[_stage(reader, one, stage) for stage in STAGES if one.stated(stage)],
        inspections=_inspections(reader, one),
        plans=[_plan(reader, one, plan, known) for plan in one.plans],
        restrictions=[_restriction(reader, one, each) for each in one.restrictions],
        deviations=_deviations(reader, one),
        cancels=_cancels(reader, one),
        items=[_item(reader, item) for item in one.items],
        sessions=[_session(reader, session) for session in one.sessions],
        reports={party: _report(reader, each) for party, each in sorted(one.reports.items())},
        accounts=one.accounts,
        clocks=[_clock(reader, clock, known) for clock in running],
        exceeding=permitting.exceedings(read.exceedings(reader.rows, one, against)),
        remarks=list(visit_remarks.remarks(reader, one, running)),
        may=list(_may(reader, one, phase)),
        now=format_time(reader.now_s),
        exercise=reader.terms.exercise.name if reader.terms.exercise else None,
        receipts=reader.receipts(one.party, one.index),
    )


def _said(reader: LineReader, one: Statement) -> dict[str, Any]:
    return {
        "entry": one.entry,
        "party": one.party,
        "own": reader.is_own(one.party),
        "time": one.time,
        "unknown": one.unknown,
    }


def _remark(remark: RemarkBody | None) -> dict[str, Any]:
    if remark is None:
        return {"text": "", "language": None}
    return {"text": remark.text, "language": remark.language}


def _jsons(structs: Sequence[msgspec.Struct]) -> list[Json]:
    return [msgspec.to_builtins(one) for one in structs]


def _noted(reader: LineReader, visit: Visit) -> NotedView | None:
    noted = visit.noted
    if noted is None:
        return None
    body = noted.body
    return NotedView(
        **_said(reader, noted),
        point_of_entry=body.point_of_entry if body else None,
        escorts=_jsons(body.escorts if body else ()),
        hours_utc=list(body.hours_utc) if body and body.hours_utc else None,
        note=body.note if body else "",
    )


def _stage(reader: LineReader, visit: Visit, stage: Stage) -> StageView:
    stated = visit.stated(stage)
    return StageView(
        stage=stage,
        stated={
            party: StageStatedView(
                **_said(reader, one), at=format_time(one.at_s), **_remark(one.remark)
            )
            for party, one in sorted(stated.items())
        },
        differs=len({one.at_s for one in stated.values()}) > 1,
    )


def _inspections(reader: LineReader, visit: Visit) -> list[InspectionView]:
    return [
        InspectionView(
            **_said(reader, one),
            finding=one.finding,
            items=_jsons(one.body.items if one.body else ()),
            note=one.body.note if one.body else "",
        )
        for one in visit.inspections
    ]


def _plan(reader: LineReader, visit: Visit, plan: MissionPlan, known: _Known) -> MissionPlanView:
    review = plan.review
    volumes = read.planned_volumes(reader.rows, plan.release)
    return MissionPlanView(
        **_said(reader, plan),
        version=plan.version,
        activity=plan.activity,
        release=plan.release,
        note=plan.note or "",
        review=None
        if review is None
        else ReviewView(
            **_said(reader, review),
            answer=review.answer,
            ground=review.ground,
            **_remark(review.remark),
        ),
        changed=plan.changed,
        volumes=None if volumes is None else volumes_to_wire(volumes),
        conflicts=known.conflicts.get((visit.guest, plan.activity), []),
    )


def _restriction(reader: LineReader, visit: Visit, one: Restriction) -> RestrictionView:
    body = one.body
    received_s = reader.received_s(one.party, one.index, visit.guest)
    return RestrictionView(
        **_said(reader, one),
        start=format_time(one.from_s),
        end=format_time(one.until_s),
        hours_utc=list(body.hours_utc) if body and body.hours_utc else None,
        places=_jsons(body.places if body else ()),
        text=body.text if body else "",
        language=body.language if body else None,
        made=format_time(read.claimed_s(one, reader.terms)),
        late_by_s=read.late_by_s(visit, one, reader.terms),
        late=visit_remarks.late_words(reader, visit, one),
        received=None if received_s is None else format_time(received_s),
    )


def _deviations(reader: LineReader, visit: Visit) -> list[DeviationView]:
    return [
        DeviationView(**_said(reader, one), at=format_time(one.at_s), **_remark(one.remark))
        for one in visit.deviations
    ]


def _cancels(reader: LineReader, visit: Visit) -> list[CancelView]:
    return [
        CancelView(
            **_said(reader, one),
            ground=one.ground,
            made=format_time(read.claimed_s(one, reader.terms)),
            note=one.note or "",
        )
        for one in visit.cancels
    ]


def _item(reader: LineReader, item: Item) -> ItemView:
    broken = {one.entry for one in item.broken_by}
    return ItemView(
        name=item.name,
        state=item.state,
        seals={
            party: SealView(
                **_said(reader, one),
                content_sha256=one.content_sha256,
                size_bytes=one.size_bytes,
                manifest_sha256=one.manifest_sha256,
                note=one.note or "",
            )
            for party, one in sorted(item.seals.items())
        },
        openings=[
            MediaOpeningView(
                **_said(reader, one),
                manifest_sha256=one.manifest_sha256,
                finding=one.finding,
                found_sha256=one.found_sha256,
                note=one.note or "",
                breaks=one.entry in broken,
            )
            for one in item.openings
        ],
        found=("broken" if broken else "intact") if item.openings else None,
    )


def _session(reader: LineReader, session: Session) -> SessionView:
    return SessionView(
        name=session.name,
        state=session.state,
        stated={
            party: SessionStatedView(
                **_said(reader, one),
                ended=one.ended,
                actions=one.actions,
                log_sha256=one.log_sha256,
                note=one.note or "",
            )
            for party, one in sorted(session.stated.items())
        },
    )


def _report(reader: LineReader, report: Report) -> ReportView:
    body = report.body
    return ReportView(
        **_said(reader, report),
        version=report.version,
        sha256=report.sha256,
        text=body.text if body else "",
        language=body.language if body else None,
        conditions=body.conditions if body else "",
        access_denied=list(body.access_denied) if body else [],
        not_observed=list(body.not_observed) if body else [],
    )


def _clock(reader: LineReader, clock: Clock, known: _Known) -> ClockView:
    what, said = OWED.get(clock.name), clock.runs_for
    owed = None
    if what is not None and said is not None and clock.state != "stopped":
        owed = f"{clock.owed_by}/{what}/{said.entry}"
    return ClockView(
        name=clock.name,
        owed_by=clock.owed_by,
        own=reader.is_own(clock.owed_by),
        entry=None if said is None else said.entry,
        due=None if clock.due_s is None else format_time(clock.due_s),
        met_at=None if clock.met_at_s is None else format_time(clock.met_at_s),
        state=clock.state,
        obligation=owed,
        lapse=None
        if said is None or what is None
        else known.lapses.get((clock.owed_by, what, said.entry)),
    )


def _may(reader: LineReader, visit: Visit, phase: str) -> Iterator[str]:
    """The commands that fit the state of the visit and our side of it."""
    own = reader.core.party
    if own not in visit.sides:
        return
    host = own == visit.host
    over = bool(visit.stated("ended")) or phase in ("cancelled", "reported", "passed")
    if host and visit.noted is None and not over:
        yield "acknowledge"
    if not host and not over:
        yield "plan"
    if host and visit.plan is not None and visit.plan.review is None and not over:
        yield "review"
    if host and not over:
        yield "restrict"
    stated = {one.stage for one in visit.stages if one.party == own}
    if len(stated) < len(STAGES):
        yield "stage"
    yield from ("inspect", "deviate")
    if not stated & {"ended", "departed"} and all(one.party != own for one in visit.cancels):
        yield "cancel"
    yield "report"

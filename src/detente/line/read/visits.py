"""Visits as the line knows them: what guest and host have stated of each, side by side.

A statement counts if it is by the guest or the host of a visit that is held, and what is the host's
to say, by the host; others are void (``void_reason``). What the two sides say differently stands
here twice: nothing is adjudicated. How far a visit is, and what is owed, is in ``clocks``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from detente.line import abouts
from detente.line.bodies import (
    InspectionBody,
    NotedBody,
    NoticeBody,
    RemarkBody,
    ReportBody,
    RestrictionBody,
)
from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, scan
from detente.volumes.times import read_time_s

Row = Mapping[str, Any]
T = TypeVar("T")
S = TypeVar("S", bound="Statement")
ItemState = Literal["sealed", "sealed-by-one", "differing", "unsealed"]
SessionState = Literal["same", "one", "differing"]
Accounts = Literal["none", "one", "joint", "two"]

_HOSTS = frozenset({abouts.TAKE_NOTE, abouts.RESTRICT})
_STATED = frozenset(abouts.VISITS) - {abouts.NOTICE, abouts.PLAN, abouts.REVIEW}


class Statement(Stamp, frozen=True, kw_only=True):
    """Base of all: ``unknown`` says why what the body says is not known here, else None."""

    unknown: str | None


class Noted(Statement, frozen=True, kw_only=True):
    """The host's acknowledgement."""

    body: NotedBody | None


class Reached(Statement, frozen=True, kw_only=True):
    """A stage that the visit reached at ``at_s`` (domain time), as one side has it."""

    stage: abouts.Stage
    at_s: float
    remark: RemarkBody | None


class Inspection(Statement, frozen=True, kw_only=True):
    """What one side's inspection of the equipment found."""

    finding: str
    body: InspectionBody | None


class Review(Statement, frozen=True, kw_only=True):
    """The host's review of a plan: ``agreed``, or ``change`` on a ground."""

    answer: str
    ground: str | None
    remark: RemarkBody | None


class MissionPlan(Statement, frozen=True, kw_only=True):
    """A version of the mission plan; ``changed`` if its activity has a later version by now."""

    version: int
    activity: str
    release: str
    note: str | None
    review: Review | None
    changed: bool


class Restriction(Statement, frozen=True, kw_only=True):
    """What the host closes to the visit from ``from_s`` until ``until_s`` (domain times)."""

    from_s: float
    until_s: float
    body: RestrictionBody | None


class Deviation(Statement, frozen=True, kw_only=True):
    """Something that was not as agreed at ``at_s`` (domain time), as one side has it."""

    at_s: float
    remark: RemarkBody | None


class Cancel(Statement, frozen=True, kw_only=True):
    """One side's end of the visit before its time."""

    ground: str
    note: str | None


class Seal(Statement, frozen=True, kw_only=True):
    """One side's seal on an item."""

    item: str
    content_sha256: str
    size_bytes: int
    manifest_sha256: str
    note: str | None

    @property
    def facts(self) -> tuple[str, int, str]:
        """What both sides have to state alike."""
        return (self.content_sha256, self.size_bytes, self.manifest_sha256)


class Opening(Statement, frozen=True, kw_only=True):
    """What one side found when it opened its copy of an item."""

    item: str
    manifest_sha256: str
    finding: str
    found_sha256: str
    note: str | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What was collected, as each side sealed it and as it was found.

    An opening breaks it that found it broken, or that names another manifest or another content
    than was sealed, whatever it says of it.
    """

    name: str
    seals: dict[str, Seal]
    openings: tuple[Opening, ...]

    @property
    def state(self) -> ItemState:
        """Whether both sides have sealed it alike."""
        if len(self.seals) < 2:
            return "sealed-by-one" if self.seals else "unsealed"
        return "sealed" if len({seal.facts for seal in self.seals.values()}) == 1 else "differing"

    @property
    def broken_by(self) -> tuple[Opening, ...]:
        """The openings that break it; none, too, while nobody has opened it."""
        return tuple(one for one in self.openings if not self._fits(one))

    def _fits(self, opening: Opening) -> bool:
        sealed = [(seal.manifest_sha256, seal.content_sha256) for seal in self.seals.values()]
        found = (opening.manifest_sha256, opening.found_sha256)
        return opening.finding == "intact" and all(found == one for one in sealed)


class SessionStated(Statement, frozen=True, kw_only=True):
    """A session at the guest's desk as one side holds its log."""

    session: str
    ended: str
    actions: int
    log_sha256: str
    note: str | None

    @property
    def facts(self) -> tuple[str, int, str]:
        """What both sides have to state alike."""
        return (self.ended, self.actions, self.log_sha256)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session at the guest's desk, by who stated what it holds of it."""

    name: str
    stated: dict[str, SessionStated]

    @property
    def state(self) -> SessionState:
        """Whether both sides hold the same log."""
        if len(self.stated) < 2:
            return "one"
        return "same" if len({one.facts for one in self.stated.values()}) == 1 else "differing"


class Report(Statement, frozen=True, kw_only=True):
    """A version of one side's report."""

    version: int
    sha256: str
    body: ReportBody | None


class Visit(Statement, frozen=True, kw_only=True):
    """A visit, named by the entry of its notice, with all that its two sides have stated.

    ``party`` is the guest. Times are domain times. ``plans`` and ``reported`` are every version of
    the mission plan and of each side's report, the newest last. Everything else stands in the order
    of the times that its writers claim; each side states each stage once.
    """

    name: str
    host: str
    request: str
    from_s: float
    until_s: float
    body: NoticeBody | None
    noted: Noted | None
    stages: tuple[Reached, ...]
    inspections: tuple[Inspection, ...]
    plans: tuple[MissionPlan, ...]
    restrictions: tuple[Restriction, ...]
    deviations: tuple[Deviation, ...]
    cancels: tuple[Cancel, ...]
    items: tuple[Item, ...]
    sessions: tuple[Session, ...]
    reported: tuple[Report, ...]

    @property
    def guest(self) -> str:
        """Who visits."""
        return self.party

    @property
    def sides(self) -> tuple[str, str]:
        """The guest and the host."""
        return (self.party, self.host)

    @property
    def plan(self) -> MissionPlan | None:
        """The newest version of the mission plan."""
        return self.plans[-1] if self.plans else None

    @property
    def reports(self) -> dict[str, Report]:
        """By side, its newest report."""
        return {one.party: one for one in self.reported}

    @property
    def accounts(self) -> Accounts:
        """Whether the two sides' newest reports are joint: the same bytes."""
        newest = self.reports
        if len(newest) < 2:
            return "one" if newest else "none"
        return "joint" if len({one.sha256 for one in newest.values()}) == 1 else "two"

    def stated(self, stage: abouts.Stage) -> dict[str, Reached]:
        """By side, when it says that the visit reached a stage."""
        return {one.party: one for one in self.stages if one.stage == stage}


def visits(view: View) -> list[Visit]:
    """Every visit of the line, by when it begins."""
    known = _known(view)
    found = [_visit(view, doc, known) for _, doc in scan(view, "visit")]
    return sorted(found, key=lambda visit: (visit.from_s, visit.entry))


def visit(view: View, entry: str) -> Visit | None:
    """One visit by the entry id of its notice, or None."""
    doc = load(view, "visit", entry)
    return None if doc is None else _visit(view, doc, _known(view, entry))


def void_reason(view: View, party: str, type_: str, about: Mapping[str, Any]) -> str | None:
    """Why another log makes a statement about a visit void, or None."""
    if type_ == abouts.REVIEW:
        return _review_reason(view, party, about["plan"])
    if type_ not in _STATED or view.get("id", about["visit"]) is None:
        return None
    notified = load(view, "visit", about["visit"])
    if notified is None:
        return "not-a-visit"
    host = notified["host"]
    sides = (host,) if type_ in _HOSTS else (notified["party"], host)
    return None if party in sides else "not-a-side"


def _review_reason(view: View, party: str, plan: str) -> str | None:
    if view.get("id", plan) is None:
        return None
    planned = load(view, "plan", plan)
    if planned is None:
        return "not-a-plan"
    notified = load(view, "visit", planned["visit"]) or {}
    return None if party == notified["host"] else "not-a-side"


class _Known(NamedTuple):
    """What is known of visits, read once, however many visits there are."""

    said: Mapping[str, Sequence[Row]]
    """By visit, what was said of it."""
    plans: Mapping[str, Sequence[Row]]
    """By visit, the versions of its mission plan."""
    reviews: Mapping[tuple[str, str], Row]
    """By plan and reviewer, the first review."""


def _known(view: View, visit: str | None = None) -> _Known:
    """What is known of all visits, or as much of it as one ``visit`` needs."""
    of_visit = "" if visit is None else f"{visit}/"
    said: dict[str, list[Row]] = {}
    for key, row in scan(view, "visit-said", of_visit):
        said.setdefault(key.partition("/")[0], []).append(row)
    plans: dict[str, list[Row]] = {}
    for _, row in scan(view, "plan"):
        plans.setdefault(row["visit"], []).append(row)
    reviews: dict[tuple[str, str], Row] = {}
    for key, row in scan(view, "review"):
        reviews.setdefault((key.partition("/")[0], row["party"]), row)
    return _Known(said, plans, reviews)


def _visit(view: View, doc: Row, known: _Known) -> Visit:
    sides = (doc["party"], doc["host"])
    said: dict[str, list[Row]] = {type_: [] for type_ in _STATED}
    for row in known.said.get(doc["entry"], ()):
        if row["party"] in ((doc["host"],) if row["type"] in _HOSTS else sides):
            said[row["type"]].append(row)
    for rows in said.values():
        rows.sort(key=lambda row: (row["time"], row["party"], row["index"]))
    return Visit(
        **_stated(doc),
        name=doc["visit"],
        host=doc["host"],
        request=doc["request"],
        from_s=read_time_s(doc["from"]),
        until_s=read_time_s(doc["until"]),
        body=_body(doc, NoticeBody),
        noted=next((_noted(row) for row in said[abouts.TAKE_NOTE]), None),
        stages=tuple(_reached(row) for row in said[abouts.STAGE]),
        inspections=tuple(_inspection(row) for row in said[abouts.INSPECT]),
        plans=_plans(view, doc, known),
        restrictions=tuple(_restriction(row) for row in said[abouts.RESTRICT]),
        deviations=tuple(_deviation(row) for row in said[abouts.DEVIATION]),
        cancels=tuple(_cancel(row) for row in said[abouts.CANCEL]),
        items=_items(said[abouts.SEAL], said[abouts.UNSEAL]),
        sessions=_sessions(said[abouts.SESSION]),
        reported=_reports(said[abouts.REPORT]),
    )


def _stated(row: Row) -> dict[str, Any]:
    return {**stamp(row["party"], row), "unknown": row["unknown"]}


def _body(row: Row, kind: type[T]) -> T | None:
    return None if row["content"] is None else msgspec.convert(row["content"], kind)


def _noted(row: Row) -> Noted:
    return Noted(**_stated(row), body=_body(row, NotedBody))


def _reached(row: Row) -> Reached:
    about = row["about"]
    return Reached(
        **_stated(row),
        stage=about["stage"],
        at_s=read_time_s(about["at"]),
        remark=_body(row, RemarkBody),
    )


def _inspection(row: Row) -> Inspection:
    finding = row["about"]["finding"]
    return Inspection(**_stated(row), finding=finding, body=_body(row, InspectionBody))


def _plans(view: View, visit: Row, known: _Known) -> tuple[MissionPlan, ...]:
    rows = sorted(known.plans.get(visit["entry"], ()), key=lambda row: int(row["index"]))
    return tuple(_plan(view, row, known.reviews.get((row["entry"], visit["host"]))) for row in rows)


def _plan(view: View, row: Row, review: Row | None) -> MissionPlan:
    newest = load(view, "activity", f"{row['party']}/{row['activity']}") or {}
    return MissionPlan(
        **_stated(row),
        version=row["version"],
        activity=row["activity"],
        release=row["release"],
        note=note(row),
        review=None if review is None else _review(review),
        changed=newest["entry"] != row["release"],
    )


def _review(row: Row) -> Review:
    remark = _body(row, RemarkBody)
    return Review(**_stated(row), answer=row["answer"], ground=row["ground"], remark=remark)


def _restriction(row: Row) -> Restriction:
    return Restriction(
        **_stated(row),
        from_s=read_time_s(row["about"]["from"]),
        until_s=read_time_s(row["about"]["until"]),
        body=_body(row, RestrictionBody),
    )


def _deviation(row: Row) -> Deviation:
    at_s = read_time_s(row["about"]["at"])
    return Deviation(**_stated(row), at_s=at_s, remark=_body(row, RemarkBody))


def _cancel(row: Row) -> Cancel:
    return Cancel(**_stated(row), ground=row["about"]["ground"], note=note(row))


def _items(seals: Iterable[Row], openings: Iterable[Row]) -> tuple[Item, ...]:
    sealed = _grouped([_fact(Seal, row) for row in seals], lambda one: one.item)
    opened = _grouped([_fact(Opening, row) for row in openings], lambda one: one.item)
    return tuple(
        Item(
            name=name,
            seals={one.party: one for one in sealed.get(name, ())},
            openings=tuple(opened.get(name, ())),
        )
        for name in sorted(sealed.keys() | opened.keys())
    )


def _sessions(rows: Iterable[Row]) -> tuple[Session, ...]:
    stated = _grouped([_fact(SessionStated, row) for row in rows], lambda one: one.session)
    return tuple(
        Session(name=name, stated={one.party: one for one in stated[name]})
        for name in sorted(stated)
    )


def _grouped(stated: Iterable[S], name: Callable[[S], str]) -> dict[str, list[S]]:
    """What was stated, by the name of what it is about: one pass, however much a side states."""
    found: dict[str, list[S]] = {}
    for one in stated:
        found.setdefault(name(one), []).append(one)
    return found


def _fact(kind: type[S], row: Row) -> S:
    """A statement whose fields are those of its ``about``, with a note."""
    facts = {field: value for field, value in row["about"].items() if field != "visit"}
    return msgspec.convert({**_stated(row), **facts, "note": note(row)}, kind)


def _reports(rows: Iterable[Row]) -> tuple[Report, ...]:
    found = [
        Report(
            **_stated(row),
            version=row["about"]["version"],
            sha256=row["about"]["report_sha256"],
            body=_body(row, ReportBody),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.party, one.index)))

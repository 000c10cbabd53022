"""Folding visits: each statement beside the others, and the plan by its versions.

A statement may come before the notice that it is about, which stands in another log: what it is
worth then is found when the rows are read.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from detente.errors import InputError
from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, load, put, scan

Read = Callable[[bytes], dict[str, Any]]


def notice(step: Step, about: abouts.VisitNotified) -> list[Change]:
    """A visit that its guest will make under a request of its own to that host."""
    asked = load(step.view, "permission", about.request)
    if asked is None or (asked["party"], asked["host"]) != (step.party, about.host):
        raise Void("not-a-request")
    key = f"{step.party}/{about.visit}"
    if step.view.get("visit-name", key) is not None:
        raise Void("named-before")
    facts = msgspec.to_builtins(about)
    doc = {**step.stamp, "party": step.party, **facts, **step.content(_as(bodies.NoticeBody))}
    return [put("visit", step.entry.id, doc), put("visit-name", key, step.stamp)]


def plan(step: Step, about: abouts.MissionPlanned) -> list[Change]:
    """A version of the mission plan, by the guest: a release of its own."""
    _own_visit(step, about.visit)
    key = f"{about.visit}/{step.party}"
    _check_next(step, "plan-newest", key, about.version, about.supersedes)
    released = step.own(about.release)
    if (
        released is None
        or released["type"] != abouts.RELEASE
        or released["void"] is not None
        or released["about"]["activity"] != about.activity
    ):
        raise Void("no-such-version")
    doc = {**step.stamp, "party": step.party, **msgspec.to_builtins(about), **step.note()}
    return [
        put("plan", step.entry.id, doc),
        put("plan-newest", key, {**step.stamp, "version": about.version}),
    ]


def review(step: Step, about: abouts.MissionReviewed) -> list[Change]:
    """The host's review of a plan; its first one counts."""
    if step.own(about.plan) is not None:
        raise Void("own-entry")
    if any(scan(step.view, "review", f"{about.plan}/{step.party}/")):
        raise Void("answered-before")
    content = step.content(_as(bodies.RemarkBody))
    doc = {**step.stamp, "party": step.party, **msgspec.to_builtins(about), **content}
    return [put("review", f"{about.plan}/{step.place}", doc)]


def acknowledge(step: Step, about: abouts.VisitNoted) -> list[Change]:
    """The host has taken note; once."""
    if step.own(about.visit) is not None:
        raise Void("own-entry")
    return [_once(step, about.visit), *_said(step, about, _as(bodies.NotedBody))]


def stage(step: Step, about: abouts.VisitStage) -> list[Change]:
    """A stage that the visit has reached; each party states it once."""
    return [
        _once(step, about.visit, about.stage),
        *_said(step, about, _as(bodies.RemarkBody)),
    ]


def inspect(step: Step, about: abouts.VisitInspected) -> list[Change]:
    """What the inspection of the equipment found."""
    return _said(step, about, _as(bodies.InspectionBody))


def restrict(step: Step, about: abouts.VisitRestricted) -> list[Change]:
    """What the host closes to the visit."""
    if step.own(about.visit) is not None:
        raise Void("own-entry")
    return _said(step, about, _as(bodies.RestrictionBody))


def deviation(step: Step, about: abouts.VisitDeviated) -> list[Change]:
    """Something that was not as agreed, as one side has it."""
    return _said(step, about, _as(bodies.RemarkBody))


def cancel(step: Step, about: abouts.VisitCancelled) -> list[Change]:
    """One side ends the visit before its time; once, and not when it has said that it is over."""
    for stage in ("ended", "departed"):
        if step.view.get("visit-once", _once_key(step, about.visit, abouts.STAGE, stage)):
            raise Void("ended-before")
    return [_once(step, about.visit), *_said(step, about, _note)]


def seal(step: Step, about: abouts.MediaSealed) -> list[Change]:
    """One side's seal on an item; its first one for that item counts."""
    return [_once(step, about.visit, about.item), *_said(step, about, _note)]


def unseal(step: Step, about: abouts.MediaOpened) -> list[Change]:
    """What one side found when it opened its copy of an item."""
    return _said(step, about, _note)


def session(step: Step, about: abouts.DeskSession) -> list[Change]:
    """A session at the guest's desk, as one side has its log; once for each."""
    return [_once(step, about.visit, about.session), *_said(step, about, _note)]


def report(step: Step, about: abouts.VisitReported) -> list[Change]:
    """A version of one side's report."""

    def read(body: bytes) -> dict[str, Any]:
        if hashlib.sha256(body).hexdigest() != about.report_sha256:
            raise InputError("is not the report that its header names", where="body")
        return _as(bodies.ReportBody)(body)

    _check_next(
        step, "visit-report", f"{about.visit}/{step.party}", about.version, about.supersedes
    )
    newest = {**step.stamp, "version": about.version}
    return [
        *_said(step, about, read),
        put("visit-report", f"{about.visit}/{step.party}", newest),
    ]


def _as(kind: type[msgspec.Struct]) -> Read:
    def read(body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(bodies.read_visit(body, kind))
        return found

    return read


def _note(body: bytes) -> dict[str, Any]:
    return {"note": bodies.read_note(body)}


def _said(step: Step, about: Any, read: Read) -> list[Change]:
    facts = msgspec.to_builtins(about)
    doc = {
        **step.stamp,
        "party": step.party,
        "type": step.header.type,
        "about": facts,
        **step.content(read),
    }
    return [put("visit-said", f"{about.visit}/{step.place}", doc)]


def _once(step: Step, visit: str, which: str = "") -> Change:
    """The row that says that this party has stated this; void if it is there.

    A row by itself, so that nobody can make the fold slow by stating much.
    """
    key = _once_key(step, visit, step.header.type, which)
    if step.view.get("visit-once", key) is not None:
        raise Void("stated-before")
    return put("visit-once", key, step.stamp)


def _once_key(step: Step, visit: str, type_: str, which: str) -> str:
    return f"{visit}/{step.party}/{type_}/{which}"


def _own_visit(step: Step, visit: str) -> None:
    notified = load(step.view, "visit", visit)
    if notified is None or notified["party"] != step.party:
        raise Void("not-its-own")


def _check_next(step: Step, kind: str, key: str, version: int, supersedes: str | None) -> None:
    newest = load(step.view, kind, key) or {"version": 0, "entry": None}
    if (version, supersedes) != (newest["version"] + 1, newest["entry"]):
        raise Void("out-of-sequence")

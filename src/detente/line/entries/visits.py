"""Drafts of visits (protocol, section 10): what guest and host say of one, step by step.

``visit`` is the entry id of the visit's notice. Times are domain times, POSIX seconds. Bodies are
the Structs of ``line.bodies``.
"""

import hashlib

from detente.line import abouts, bodies
from detente.line.abouts import Ground, Stage
from detente.line.entries.base import Draft, checked
from detente.volumes.times import format_time


def notice_draft(
    visit: str,
    *,
    host: str,
    request: str,
    from_s: float,
    until_s: float,
    body: bodies.NoticeBody,
) -> Draft:
    """We will visit ``host`` under our ``request``, with whom and with what the body says."""
    window = {"from": format_time(from_s), "until": format_time(until_s)}
    facts = {"visit": visit, "host": host, "request": request, **window}
    return checked(abouts.NOTICE, facts, bodies.write_visit(body))


def noted_draft(visit: str, body: bodies.NotedBody) -> Draft:
    """As the host: we have taken note of the visit, and receive it like this."""
    return checked(abouts.TAKE_NOTE, {"visit": visit}, bodies.write_visit(body))


def stage_draft(visit: str, stage: Stage, *, at_s: float, remark: bodies.RemarkBody) -> Draft:
    """The visit reached a stage at a time, as we have it."""
    facts = {"visit": visit, "stage": stage, "at": format_time(at_s)}
    return checked(abouts.STAGE, facts, bodies.write_visit(remark))


def inspection_draft(visit: str, body: bodies.InspectionBody) -> Draft:
    """We held the equipment against the agreed list; what differs follows from the numbers."""
    same = all(one.agreed == one.found for one in body.items)
    facts = {"visit": visit, "finding": "as-agreed" if same else "differs"}
    return checked(abouts.INSPECT, facts, bodies.write_visit(body))


def plan_draft(
    visit: str,
    *,
    version: int,
    supersedes: str | None,
    activity: str,
    release: str,
    note: str = "",
) -> Draft:
    """As the guest: the mission is what this ``release`` of our ``activity`` says."""
    facts = {
        "visit": visit,
        "version": version,
        "supersedes": supersedes,
        "activity": activity,
        "release": release,
    }
    return checked(abouts.PLAN, facts, bodies.write_note(note))


def review_draft(plan: str, *, ground: str | None, remark: bodies.RemarkBody) -> Draft:
    """As the host: a plan is agreed, or, where a ``ground`` is given, is to be changed."""
    answer = "agreed" if ground is None else "change"
    facts = {"plan": plan, "answer": answer, "ground": ground}
    return checked(abouts.REVIEW, facts, bodies.write_visit(remark))


def restriction_draft(
    visit: str, *, from_s: float, until_s: float, body: bodies.RestrictionBody
) -> Draft:
    """As the host: the visit is restricted within a window."""
    facts = {"visit": visit, "from": format_time(from_s), "until": format_time(until_s)}
    return checked(abouts.RESTRICT, facts, bodies.write_visit(body))


def deviation_draft(visit: str, *, at_s: float, remark: bodies.RemarkBody) -> Draft:
    """Something was not as agreed, as we have it."""
    facts = {"visit": visit, "at": format_time(at_s)}
    return checked(abouts.DEVIATION, facts, bodies.write_visit(remark))


def cancel_draft(visit: str, ground: Ground, note: str = "") -> Draft:
    """We end the visit before its time."""
    facts = {"visit": visit, "ground": ground}
    return checked(abouts.CANCEL, facts, bodies.write_note(note))


def seal_draft(
    visit: str,
    *,
    item: str,
    content_sha256: str,
    size_bytes: int,
    manifest_sha256: str,
    note: str = "",
) -> Draft:
    """Our seal on an item that was collected; hashes in hex."""
    facts = {
        "visit": visit,
        "item": item,
        "content_sha256": content_sha256,
        "size_bytes": size_bytes,
        "manifest_sha256": manifest_sha256,
    }
    return checked(abouts.SEAL, facts, bodies.write_note(note))


def unseal_draft(
    visit: str,
    *,
    item: str,
    manifest_sha256: str,
    finding: str,
    found_sha256: str,
    note: str = "",
) -> Draft:
    """What we found when we opened our copy of an item: ``intact`` or ``broken``."""
    facts = {
        "visit": visit,
        "item": item,
        "manifest_sha256": manifest_sha256,
        "finding": finding,
        "found_sha256": found_sha256,
    }
    return checked(abouts.UNSEAL, facts, bodies.write_note(note))


def session_draft(
    visit: str, *, session: str, ended: str, actions: int, log_sha256: str, note: str = ""
) -> Draft:
    """A session at the guest's desk, ``closed`` or ``halted``, as we hold its log."""
    facts = {
        "visit": visit,
        "session": session,
        "ended": ended,
        "actions": actions,
        "log_sha256": log_sha256,
    }
    return checked(abouts.SESSION, facts, bodies.write_note(note))


def report_draft(visit: str, *, version: int, supersedes: str | None, report: bytes) -> Draft:
    """A version of our report. ``report`` are the body's exact bytes (``bodies.write_visit``).

    The other side's report is made joint by giving its very bytes.
    """
    bodies.read_visit(report, bodies.ReportBody)
    facts = {
        "visit": visit,
        "version": version,
        "supersedes": supersedes,
        "report_sha256": hashlib.sha256(report).hexdigest(),
    }
    return checked(abouts.REPORT, facts, report)

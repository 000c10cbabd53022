"""Folding proposals and their answers."""

from typing import Any

import msgspec

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, put, scan


def proposal(step: Step, about: abouts.Proposed) -> list[Change]:
    """A change proposed by one side of a conflict."""

    def read(body: bytes) -> dict[str, Any]:
        proposal = bodies.read_proposal(body)
        return {"shift": msgspec.to_builtins(proposal.shift), "note": proposal.note}

    if step.party not in about.versions:
        raise Void("not-a-side")
    own = step.own(about.versions[step.party])
    if own is None or own["type"] != abouts.RELEASE or own["void"]:
        raise Void("no-such-version")
    facts = {**msgspec.to_builtins(about), "line": step.header.line}
    doc = {**step.stamp, "party": step.party, **facts, **step.content(read)}
    return [put("proposal", step.entry.id, doc)]


def answer(step: Step, about: abouts.Answered) -> list[Change]:
    """The other side's answer; its first one counts."""
    if step.own(about.proposal) is not None:
        raise Void("own-entry")
    if any(scan(step.view, "answer", f"{about.proposal}/{step.party}/")):
        raise Void("answered-before")
    answer = "assented" if step.header.type == abouts.ASSENT else "declined"
    doc = {**step.stamp, "party": step.party, "answer": answer, **step.note()}
    return [put("answer", f"{about.proposal}/{step.place}", doc)]

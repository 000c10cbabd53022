"""Folding commitments and their openings."""

from typing import Any

import msgspec

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, load, put
from detente.volumes.codec import volumes_to_wire
from detente.volumes.times import format_time, read_time_s


def commit(step: Step, about: abouts.Committed) -> list[Change]:
    """A hash of what is told later."""
    facts = msgspec.to_builtins(about)
    for field in ("open_from", "open_by"):
        if facts[field] is not None:
            facts[field] = format_time(read_time_s(facts[field], field))
    doc = {**step.stamp, "party": step.party, **facts, **step.note()}
    return [put("commitment", step.entry.id, doc)]


def open_commitment(step: Step, about: abouts.Opened) -> list[Change]:
    """What was committed to, or something else."""
    committed = load(step.view, "commitment", about.commitment)
    if committed is None or committed["party"] != step.party:
        raise Void("not-a-commitment")

    def read(body: bytes) -> dict[str, Any]:
        found = bodies.read_opening(body, committed["subject"], step.party)
        if isinstance(found, bodies.TextBody):
            return {"text": found.text, "language": found.language}
        activity, note = found
        volumes = volumes_to_wire(activity.volumes)
        return {"id": activity.id, "kind": activity.kind, "volumes": volumes, "note": note}

    # Decided by the header, so that it holds also when the body is recalled.
    right = step.header.body_sha256 == committed["sha256"]
    doc = {**step.stamp, "party": step.party, "right": right, **step.content(read)}
    return [put("opening", f"{about.commitment}/{step.place}", doc)]

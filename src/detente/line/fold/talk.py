"""Folding what parties say to each other, acknowledge, and state as overdue."""

from typing import Any

import msgspec

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, put
from detente.volumes.times import format_time, read_time_s


def message(step: Step, about: abouts.Said) -> list[Change]:
    """Something said."""

    def read(body: bytes) -> dict[str, Any]:
        said: dict[str, Any] = msgspec.to_builtins(bodies.read_message(body))
        return said

    facts = msgspec.to_builtins(about)
    doc = {**step.stamp, "party": step.party, **facts, **step.content(read)}
    return [put("message", step.place, doc)]


def acknowledgement(step: Step, about: abouts.Acknowledged) -> list[Change]:
    """Another party's entry is understood, or further."""
    if step.own(about.entry) is not None:
        raise Void("own-entry")
    doc = {**step.stamp, "party": step.party, "level": about.level, **step.note()}
    return [put("ack", f"{about.entry}/{step.place}", doc)]


def check(step: Step, about: abouts.Checked) -> list[Change]:
    """A line check."""
    slot = format_time(read_time_s(about.slot, "slot"))
    return [put("check", f"{step.party}/{slot}/{step.header.index:010d}", step.stamp)]


def lapse(step: Step, about: abouts.Lapsed) -> list[Change]:
    """What another party owed this one is stated to be overdue."""
    known = {*step.founding.founders, *step.header.seen}
    if about.owed_by == step.party or about.owed_by not in known:
        raise Void("not-owed")
    if about.entry is not None and step.own(about.entry) is None:
        # What is owed for an entry is owed to its writer, and only that side may state it.
        raise Void("not-owed")
    doc = {
        **step.stamp,
        "party": step.party,
        "owed_by": about.owed_by,
        "owed_for": about.entry,
        "what": about.what,
        "due": format_time(read_time_s(about.due, "due")),
    }
    return [put("lapse", f"{about.owed_by}/{about.entry or '-'}/{step.place}", doc)]

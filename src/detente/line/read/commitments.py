"""Commitments and how each was opened: protocol section 6, "Commitment"."""

from collections.abc import Mapping
from typing import Any, Literal

from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, scan
from detente.volumes.times import read_time_s

State = Literal["unopened", "opened", "wrong"]


class Opening(Stamp, frozen=True, kw_only=True):
    """An opening. ``content`` is None where it is not known here; ``unknown`` says why."""

    right: bool
    content: dict[str, Any] | None
    unknown: str | None


class Commitment(Stamp, frozen=True, kw_only=True):
    """A commitment: ``subject`` is ``activity`` or ``statement``; times are domain times."""

    sha256: str
    subject: str
    open_from: str | None
    open_by: str | None
    note: str | None
    openings: tuple[Opening, ...]

    @property
    def opening(self) -> Opening | None:
        """The first right opening, or None."""
        return next((one for one in self.openings if one.right), None)

    @property
    def state(self) -> State:
        """What it holds is unknown unless it is ``opened``."""
        if self.opening is not None:
            return "opened"
        return "wrong" if self.openings else "unopened"

    def timing(self, clock_offset_s: float) -> str | None:
        """``early``, ``in-time`` or ``late``, by the time its opening claims; None if unopened."""
        if self.opening is None:
            return None
        at_s = read_time_s(self.opening.time) + clock_offset_s
        if self.open_from is not None and at_s < read_time_s(self.open_from):
            return "early"
        late = self.open_by is not None and at_s > read_time_s(self.open_by)
        return "late" if late else "in-time"

    def overdue(self, now_s: float) -> bool:
        """Whether it should have been opened by ``now_s``, domain time, and is not."""
        by = self.open_by
        return self.opening is None and by is not None and now_s > read_time_s(by)


def commitments(view: View) -> list[Commitment]:
    """Every commitment, by the time its writer claims."""
    found = [_commitment(view, doc) for _, doc in scan(view, "commitment")]
    return sorted(found, key=lambda one: (one.time, one.party, one.index))


def commitment(view: View, entry: str) -> Commitment | None:
    """One commitment by its entry id, or None."""
    doc = load(view, "commitment", entry)
    return None if doc is None else _commitment(view, doc)


def _commitment(view: View, doc: Mapping[str, Any]) -> Commitment:
    openings = [
        Opening(
            **stamp(row["party"], row),
            right=row["right"],
            content=row["content"],
            unknown=row["unknown"],
        )
        for _, row in scan(view, "opening", f"{doc['entry']}/")
    ]
    return Commitment(
        **stamp(doc["party"], doc),
        sha256=doc["sha256"],
        subject=doc["subject"],
        open_from=doc["open_from"],
        open_by=doc["open_by"],
        note=note(doc),
        openings=tuple(openings),
    )

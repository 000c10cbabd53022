"""What became of proposals: protocol section 6, "Proposal".

A proposal names one exact version of each side's activity. Its answer is in one log, the versions
that carry it out or overtake it in others; so its status is derived here, as a function of the set
of entries. Where two sides acted without knowing of each other, cause decides, not arrival: the
next version of the side that moves carries the proposal out unless its writer had already seen a
next version of the other side.
"""

from typing import Any, Literal

import msgspec

from detente.line import abouts
from detente.line.bodies import Shift
from detente.line.conflict_id import conflict_id
from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, place_key, scan

Status = Literal["open", "assented", "declined", "carried-out", "overtaken"]


class Answer(Stamp, frozen=True, kw_only=True):
    """The first answer of the side that was asked: ``assented`` or ``declined``."""

    answer: str
    note: str | None


class Proposal(Stamp, frozen=True, kw_only=True):
    """A proposal and what became of it.

    ``shift`` is None where the content is not known here; ``unknown`` says why. ``carried_out`` and
    ``overtaken_by`` are entry ids of versions. ``void`` is a code of ``VOID_REASONS``: such a
    proposal changes nothing, and its status means nothing.
    """

    conflict: str
    versions: dict[str, str]
    moves: str
    shift: Shift | None
    note: str | None
    unknown: str | None
    status: Status
    answer: Answer | None
    carried_out: str | None
    overtaken_by: str | None
    void: str | None

    @property
    def answered_by(self) -> str:
        """The side that assents or declines: the one that did not propose."""
        return next(party for party in sorted(self.versions) if party != self.party)


def proposals(view: View, conflict: str | None = None) -> list[Proposal]:
    """Every proposal, or those about one conflict, by the time their writers claim."""
    found = [
        _proposal(view, doc)
        for _, doc in scan(view, "proposal")
        if conflict is None or doc["conflict"] == conflict
    ]
    return sorted(found, key=lambda proposal: (proposal.time, proposal.party, proposal.index))


def proposal(view: View, entry: str) -> Proposal | None:
    """One proposal by its entry id, or None."""
    doc = load(view, "proposal", entry)
    return None if doc is None else _proposal(view, doc)


class _Side(msgspec.Struct, frozen=True):
    """A side of a proposal: the activity it names, and the row of the version after."""

    activity: str
    successor: dict[str, Any] | None


def _proposal(view: View, doc: dict[str, Any]) -> Proposal:
    sides, void = _sides(view, doc)
    carried_out, overtaken_by = _outcome(doc, sides)
    answer = _answer(view, doc)
    content = doc["content"] or {}
    return Proposal(
        **stamp(doc["party"], doc),
        conflict=doc["conflict"],
        versions=doc["versions"],
        moves=doc["moves"],
        shift=msgspec.convert(content["shift"], Shift) if content else None,
        note=content.get("note"),
        unknown=doc["unknown"],
        status=_status(answer, carried_out, overtaken_by),
        answer=answer,
        carried_out=carried_out,
        overtaken_by=overtaken_by,
        void=void,
    )


def _status(answer: Answer | None, carried_out: str | None, overtaken_by: str | None) -> Status:
    if carried_out is not None:
        return "carried-out"
    if answer is not None and answer.answer == "declined":
        return "declined"
    if overtaken_by is not None:
        return "overtaken"
    return "open" if answer is None else "assented"


def _sides(view: View, doc: dict[str, Any]) -> tuple[dict[str, _Side], str | None]:
    """The sides whose version is held here, and why the proposal is void if it is."""
    sides: dict[str, _Side] = {}
    for party, entry in doc["versions"].items():
        place = load(view, "id", entry)
        if place is None:
            continue
        row = load(view, "entry", place_key(place["party"], place["index"])) or {}
        if place["party"] != party or row["type"] != abouts.RELEASE or row["void"] is not None:
            return {}, "no-such-version"
        activity, number = row["about"]["activity"], row["about"]["version"]
        successor = load(view, "version", f"{party}/{activity}/{number + 1:07d}")
        sides[party] = _Side(activity, successor)
    if len(sides) == 2:
        (p1, one), (p2, two) = sides.items()
        if conflict_id(doc["line"], (p1, one.activity), (p2, two.activity)) != doc["conflict"]:
            return {}, "other-conflict"
    return sides, None


def _outcome(doc: dict[str, Any], sides: dict[str, _Side]) -> tuple[str | None, str | None]:
    """The entry that carries the proposal out, or else one that overtakes it."""
    successors = {
        party: side.successor for party, side in sides.items() if side.successor is not None
    }
    moved = successors.get(doc["moves"])
    [other] = set(doc["versions"]) - {doc["moves"]}
    if moved is not None and moved["settles"] == doc["entry"]:
        after = successors.get(other)
        if after is None or moved["seen"].get(other, 0) <= after["index"]:
            return moved["entry"], None
        return None, after["entry"]
    return None, min((row["entry"] for row in successors.values()), default=None)


def _answer(view: View, doc: dict[str, Any]) -> Answer | None:
    [other] = set(doc["versions"]) - {doc["party"]}
    for _, row in scan(view, "answer", f"{doc['entry']}/{other}/"):
        return Answer(**stamp(other, row), answer=row["answer"], note=note(row))
    return None

"""Entries that are genuine but say something impossible: kept, shown, and of no effect.

Some are impossible by their own log alone, and the fold marks them. Others are only by what another
log says, which may not have arrived yet; those are found here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from detente.line import abouts
from detente.line.read.base import Stamp
from detente.line.read.links import dispute_void
from detente.line.read.permissions import void_reason as permission_void_reason
from detente.line.read.settlement import proposal
from detente.line.read.talk import acknowledged
from detente.line.read.visits import void_reason as visit_void
from detente.line.view import View, load, place_key, scan

VOID_REASONS: dict[str, str] = {
    "bad-facts": "its header does not have the facts that its type needs",
    "joined-before": "its party had joined before",
    "first-terms": "version 1 of the terms stands in the founding document",
    "out-of-sequence": "it does not follow the newest version of that activity",
    "not-released": "that activity was not released",
    "own-entry": "a party cannot acknowledge, answer or dispute what it said itself",
    "answered-before": "its party had answered that before",
    "not-a-side": "its party is not the side that this is for",
    "no-such-version": "it names a version that is not there",
    "other-conflict": "it names another conflict than that of its versions",
    "suspended-before": "its party had suspended the line before",
    "not-suspended": "its party had not suspended the line",
    "not-owed": "nothing of the kind is owed to its party",
    "admitted-before": "that party, or its key, was on the line or had been taken in by its party",
    "line-full": "a line has no more parties than it would then have",
    "key-left": "its party has signed with that key before, and left it",
    "not-acknowledged": "acknowledgements are not acknowledged",
    "not-a-proposal": "it answers what is not a proposal",
    "void-proposal": "it answers a proposal that is void",
    "not-its-own": "it is not about an earlier entry of its own party",
    "not-recallable": "an entry of that type cannot be recalled",
    "recalled-before": "that entry had been recalled before",
    "honoured-before": "its party had stated the same before",
    "not-a-commitment": "it opens what is not a commitment of its own party",
    "not-a-request": "it is about what is not a request of that party to that host",
    "not-granted": "its party has not granted that",
    "revoked-before": "its party had taken that back before",
    "forgone-before": "its party had given that up before",
    "named-before": "its party has had a visit of that name",
    "not-a-visit": "it is about what is not a visit",
    "ended-before": "its party had stated that the visit was over",
    "not-a-plan": "it reviews what is not a mission plan",
    "not-a-link": "it disputes what is not a link",
    "stated-before": "its party had stated the same before",
    "not-a-recall": "it honours what is not a recall, or a void one",
}
"""Why an entry is void, by code (docs/protocol.md, section 6)."""


class Void(Stamp, frozen=True, kw_only=True):
    """A genuine entry that changes nothing; ``why`` is a sentence for the code ``reason``."""

    type: str
    reason: str
    why: str


def voids(view: View) -> list[Void]:
    """Every void entry, by party and index."""
    return list(_voids(view))


def void_of(view: View, party: str, index: int) -> Void | None:
    """Why one entry is void, or None."""
    row = load(view, "entry", place_key(party, index))
    return None if row is None else _void(view, party, index, row)


def _voids(view: View) -> Iterator[Void]:
    for key, row in scan(view, "entry"):
        party, _, index = key.partition("/")
        void = _void(view, party, int(index), row)
        if void is not None:
            yield void


def _void(view: View, party: str, index: int, row: Mapping[str, Any]) -> Void | None:
    reason = row["void"] or _reason(view, party, row)
    if reason is None:
        return None
    return Void(
        entry=row["id"],
        party=party,
        index=index,
        time=row["time"],
        type=row["type"],
        reason=reason,
        why=VOID_REASONS[reason],
    )


def _reason(view: View, party: str, row: Mapping[str, Any]) -> str | None:
    """Why the set of entries makes this one void, or None."""
    match row["type"]:
        case abouts.ACKNOWLEDGEMENT:
            place = load(view, "id", row["about"]["entry"])
            return None if place is None or acknowledged(view, place) else "not-acknowledged"
        case abouts.PROPOSAL:
            found = proposal(view, row["id"])
            return found.void if found else None
        case abouts.ASSENT | abouts.DECLINE:
            return _answer_reason(view, party, row["about"]["proposal"])
        case abouts.DISPUTE:
            return dispute_void(view, row["about"])
        case abouts.ANSWER | abouts.REVOKE:
            return permission_void_reason(view, party, row)
        case type_ if type_ in abouts.VISITS:
            return visit_void(view, party, type_, row["about"])
        case abouts.HONOURED:
            place = load(view, "id", row["about"]["recall"])
            target = place and load(view, "entry", place_key(place["party"], place["index"]))
            if target and (target["type"] != abouts.RECALL or target["void"] is not None):
                return "not-a-recall"
    return None


def _answer_reason(view: View, party: str, entry: str) -> str | None:
    place = load(view, "id", entry)
    if place is None:
        return None
    found = proposal(view, entry)
    if found is None:
        target = load(view, "entry", place_key(place["party"], place["index"])) or {}
        return "void-proposal" if target["type"] == abouts.PROPOSAL else "not-a-proposal"
    if found.void is not None:
        return "void-proposal"
    return None if party == found.answered_by else "not-a-side"

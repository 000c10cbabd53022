"""What parties say on a line, and what they state about it.

Lists are put in the order of the times that writers claim, for reading; nothing depends on it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from detente.line import abouts
from detente.line.bodies import PhraseBody, TextBody
from detente.line.read.base import Stamp, note, stamp
from detente.line.terms import Terms
from detente.line.view import View, load, place_key, scan
from detente.volumes.times import read_time_s


class Message(Stamp, frozen=True, kw_only=True):
    """A message. ``said`` is None where its content is not known here; ``unknown`` says why."""

    precedence: str
    reply_to: str | None
    conflict: str | None
    said: TextBody | PhraseBody | None
    unknown: str | None


class Acknowledgement(Stamp, frozen=True, kw_only=True):
    """An officer's acknowledgement; ``note`` is None where it is not known here."""

    level: str
    note: str | None


class Suspension(Stamp, frozen=True, kw_only=True):
    """A party's suspension that lasts."""

    note: str | None


class Leave(Stamp, frozen=True, kw_only=True):
    """A party's last entry on the line."""

    note: str | None


class Check(Stamp, frozen=True, kw_only=True):
    """A line check; ``slot`` is its scheduled time (domain time)."""

    slot: str


class Lapse(Stamp, frozen=True, kw_only=True):
    """What the writer stated it waited for in vain, and for which entry; ``due`` in domain time."""

    owed_by: str
    what: str
    owed_for: str | None
    due: str


def messages(view: View) -> list[Message]:
    """Every message, by the time its writer claims."""
    found = [_message(doc) for _, doc in scan(view, "message")]
    return sorted(found, key=lambda message: (message.time, message.party, message.index))


def _message(doc: Mapping[str, Any]) -> Message:
    content = doc["content"]
    said: TextBody | PhraseBody | None = None
    if content is not None:
        phrase = "phrase" in content
        said = (
            msgspec.convert(content, PhraseBody) if phrase else msgspec.convert(content, TextBody)
        )
    return Message(
        **stamp(doc["party"], doc),
        precedence=doc["precedence"],
        reply_to=doc["reply_to"],
        conflict=doc["conflict"],
        said=said,
        unknown=doc["unknown"],
    )


def acknowledgements(view: View, entry: str) -> list[Acknowledgement]:
    """The acknowledgements of an entry, by party and then in the order they were written."""
    place = load(view, "id", entry)
    if place is not None and not acknowledged(view, place):
        return []
    return [_acknowledgement(doc) for _, doc in scan(view, "ack", f"{entry}/")]


def all_acknowledgements(view: View) -> dict[str, list[Acknowledgement]]:
    """Every acknowledgement by the entry it is of: one scan, for whoever needs them all."""
    found: dict[str, list[Acknowledgement]] = {}
    for key, doc in scan(view, "ack"):
        found.setdefault(key.partition("/")[0], []).append(_acknowledgement(doc))
    return found


def acknowledged(view: View, place: Mapping[str, Any]) -> bool:
    """Whether the entry at ``place`` is of a type that is acknowledged."""
    entry = load(view, "entry", place_key(place["party"], place["index"]))
    return entry is None or entry["type"] != abouts.ACKNOWLEDGEMENT


def _acknowledgement(doc: Mapping[str, Any]) -> Acknowledgement:
    return Acknowledgement(**stamp(doc["party"], doc), level=doc["level"], note=note(doc))


def suspended_by(view: View) -> list[Suspension]:
    """The suspensions that last, by party; the line is declared suspended while there is one."""
    return [
        Suspension(**stamp(party, doc), note=note(doc))
        for party, doc in scan(view, "suspension")
        if view.get("leave", party) is None
    ]


def left(view: View) -> dict[str, Leave]:
    """The parties that have left the line."""
    return {party: Leave(**stamp(party, doc), note=note(doc)) for party, doc in scan(view, "leave")}


def checks(view: View, party: str | None = None) -> list[Check]:
    """Every line check, by party, slot and index."""
    found = scan(view, "check", f"{party}/" if party else "")
    return [Check(**stamp(key.split("/")[0], doc), slot=key.split("/")[1]) for key, doc in found]


def checks_that_count(view: View, party: str, agreed: Terms) -> list[Check]:
    """A party's line checks but those it says it wrote more than ``grace_s`` before their slot.

    A check written long ahead shows nobody on watch.
    """
    first_s = -agreed.line_checks.grace_s - agreed.clock_offset_s
    return [
        one
        for one in checks(view, party)
        if read_time_s(one.time) >= read_time_s(one.slot) + first_s
    ]


def lapses(view: View) -> list[Lapse]:
    """Every stated lapse, by who owed."""
    return [
        Lapse(
            **stamp(doc["party"], doc),
            owed_by=doc["owed_by"],
            what=doc["what"],
            owed_for=doc["owed_for"],
            due=doc["due"],
        )
        for _, doc in scan(view, "lapse")
    ]

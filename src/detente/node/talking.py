"""Talk: messages, acknowledgements, line checks, suspension, terms, and lapses."""

from collections.abc import Mapping
from typing import Any

from detente.errors import StateError
from detente.line import (
    Draft,
    Obligation,
    Terms,
    acknowledgement_draft,
    check_draft,
    encode_terms,
    lapse_draft,
    leave_draft,
    message_draft,
    read,
    resume_draft,
    suspend_draft,
    terms_draft,
    terms_from_wire,
)
from detente.node.core import Core
from detente.node.saying import say
from detente.node.seconding import Second
from detente.node.show import talk
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.volumes.times import parse_time_s


def send(
    core: Core, line: str, said: dict[str, Any], *, officer: str, key: str | None
) -> EntryView:
    """Send a message; ``said`` holds the arguments of ``line.message_draft``."""

    def make(reader: LineReader) -> Draft:
        reply_to, conflict = said["reply_to"], said["conflict"]
        if reply_to is not None and not reader.holds(reply_to):
            raise no_such("entry", reply_to, reader.founding)
        if conflict is not None and read.conflict(reader.rows, conflict) is None:
            raise no_such("conflict", conflict, reader.founding)
        return message_draft(**{**said, "language": said["language"] or core.language})

    return say(core, line, make, officer=officer, key=key, action="send", content=said)


def acknowledge(
    core: Core, line: str, entry: str, level: str, note: str, *, officer: str, key: str | None
) -> EntryView:
    """Say that an entry of another party is understood, or disseminated to the units concerned."""

    def make(reader: LineReader) -> Draft:
        if not reader.holds(entry):
            raise no_such("entry", entry, reader.founding)
        given = read.acknowledgements(reader.rows, entry)
        if any((one.party, one.level) == (core.party, level) for one in given):
            raise StateError(
                f"we have acknowledged that entry as {level} already",
                where=f"entry {entry[:16]}…",
                remedy="send a message if there is more to say",
            )
        return acknowledgement_draft(entry, level, note)

    content = {"entry": entry, "level": level, "note": note}
    return say(core, line, make, officer=officer, key=key, action="acknowledge", content=content)


def check_line(
    core: Core, line: str, slot: str | None, *, officer: str, key: str | None
) -> EntryView:
    """Make a line check: of ``slot``, or of the one that is due now."""

    def make(reader: LineReader) -> Draft:
        open_slots = {
            one.slot: parse_time_s(one.slot)
            for one in talk.owed_on(reader)
            if one.slot is not None and one.owed_by == core.party and one.state != "met"
        }
        # A check written long before its slot would show nobody on watch, and does not count.
        earliest_s = reader.now_s + reader.terms.line_checks.grace_s
        due = {name: at_s for name, at_s in open_slots.items() if at_s <= earliest_s}
        chosen = slot if slot is not None else max(due, default=None, key=due.__getitem__)
        if chosen is None or chosen not in due:
            raise StateError(
                "no line check is due" if slot is None else f"no check is due for {slot[:40]!r}",
                where=f"line {reader.name}",
                remedy="see the line's obligations for the slots that are",
            )
        return check_draft(due[chosen])

    content = {"slot": slot}
    return say(core, line, make, officer=officer, key=key, action="check", content=content)


def suspend(core: Core, line: str, note: str, *, officer: str, key: str | None) -> EntryView:
    """Declare the line suspended. Safety traffic still passes."""
    return say(
        core,
        line,
        lambda _: suspend_draft(note),
        officer=officer,
        key=key,
        action="suspend",
        content={"note": note},
    )


def leave(
    core: Core,
    line: str,
    note: str,
    *,
    officer: str,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Leave the line for good: our last entry on it."""
    return say(
        core,
        line,
        lambda _: leave_draft(note),
        officer=officer,
        key=key,
        action="leave",
        content={"note": note},
        second=second,
    )


def resume(core: Core, line: str, note: str, *, officer: str, key: str | None) -> EntryView:
    """Take our suspension back."""
    return say(
        core,
        line,
        lambda _: resume_draft(note),
        officer=officer,
        key=key,
        action="resume",
        content={"note": note},
    )


def state_lapse(
    core: Core, line: str, obligation: str, *, officer: str, key: str | None
) -> EntryView:
    """State on the record that something owed to us did not come when it was due."""

    def make(reader: LineReader) -> Draft:
        one = _obligation(reader, obligation)
        if one.state != "late" or one.due_s is None or core.party not in one.owed_to:
            raise StateError(
                f"that is {one.state}, and owed to {', '.join(one.owed_to)}",
                where=f"obligation {obligation[:80]}",
                remedy="state what is late and owed to us",
            )
        if one.lapse is not None:
            raise StateError(
                "that lapse is on the record already",
                where=f"obligation {obligation[:80]}",
                remedy="send a message if there is more to say",
            )
        return lapse_draft(owed_by=one.owed_by, entry=one.entry, what=one.what, due_s=one.due_s)

    content = {"obligation": obligation}
    return say(core, line, make, officer=officer, key=key, action="lapse", content=content)


def sign_terms(
    core: Core,
    line: str,
    terms: Terms | Mapping[str, Any],
    *,
    officer: str,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Sign the next version of the terms; it holds once every member has signed the same bytes."""
    signed = terms if isinstance(terms, Terms) else terms_from_wire(terms)

    def make(reader: LineReader) -> Draft:
        if signed.version != reader.terms.version + 1 or signed.members != reader.terms.members:
            raise StateError(
                f"version {reader.terms.version} of the terms holds, among "
                f"{', '.join(reader.terms.members)}",
                where=f"line {reader.name}",
                remedy=f"sign version {reader.terms.version + 1}, with the same members",
            )
        return terms_draft(signed)

    content = {"terms": encode_terms(signed).decode()}
    return say(
        core, line, make, officer=officer, key=key, action="terms", content=content, second=second
    )


def _obligation(reader: LineReader, obligation: str) -> Obligation:
    for one in talk.owed_on(reader):
        if talk.obligation_id(one) == obligation:
            return one
    raise no_such("obligation", obligation, reader.founding)

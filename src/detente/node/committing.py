"""Commitments: fixing a plan or a statement on the record now, and telling it later.

What is committed to stays in this node's own store until it is opened. It is no entry before that,
so nobody can ask for it; and if the store is lost, nobody can open it.
"""

import os
from typing import Any

from detente.errors import InputError, StateError
from detente.line import Draft, TextBody, commitment_draft, opening_draft, read, write_opening
from detente.node import filing
from detente.node.core import Core
from detente.node.saying import say
from detente.node.seconding import Second
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.node.writing import SALT_BYTES
from detente.record.entry import body_hash
from detente.release import draft_of
from detente.store import sealed
from detente.store.sealed import Sealed
from detente.volumes.times import parse_time_s


def commit(
    core: Core, line: str, asked: dict[str, Any], *, officer: str, key: str | None
) -> EntryView:
    """Fix one of a plan and a text; ``asked`` holds the arguments of ``Node.commit``.

    Raises InputError unless exactly one is given, and for times that are none.
    """
    if (asked["plan"] is None) == (asked["text"] is None):
        raise InputError(
            "a commitment is to a plan or to a text",
            remedy="give exactly one of them",
            where="commitment",
        )
    times_s = {
        f"{name}_s": None if asked[name] is None else parse_time_s(asked[name], where=name)
        for name in ("open_from", "open_by")
    }

    def make(reader: LineReader) -> Draft:
        hidden = Sealed(os.urandom(SALT_BYTES), _body(core, reader, asked))
        sha256 = body_hash(*hidden)
        sealed.put(reader.tx, reader.id, sha256, hidden)
        subject = "statement" if asked["plan"] is None else "activity"
        return commitment_draft(sha256, subject, **times_s, note=asked["note"])

    return say(core, line, make, officer=officer, key=key, action="commit", content=asked)


def _body(core: Core, reader: LineReader, asked: dict[str, Any]) -> bytes:
    if asked["plan"] is None:
        return write_opening(TextBody(asked["text"], asked["language"] or core.language))
    plan = filing.activity_of(core, reader.tx, asked["plan"])
    return write_opening(draft_of(plan, asked["form"]))


def open_(
    core: Core,
    line: str,
    commitment: str,
    *,
    officer: str,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Write what a commitment of ours has fixed, word for word."""

    def make(reader: LineReader) -> Draft:
        found = read.commitment(reader.rows, commitment)
        if found is None:
            raise no_such("commitment", commitment, reader.founding)
        hidden = sealed.get(reader.tx, reader.id, found.sha256)
        if found.party != core.party or found.opening is not None or hidden is None:
            state = "opened" if found.opening else "not kept in this store"
            raise StateError(
                f"that commitment is of {found.party}, and {state}",
                where=f"commitment {commitment[:16]}…",
                remedy="open what we committed to ourselves and have not opened",
            )
        sealed.remove(reader.tx, reader.id, found.sha256)
        return opening_draft(commitment, *hidden)

    content = {"commitment": commitment}
    return say(
        core,
        line,
        make,
        officer=officer,
        key=key,
        action="open",
        content=content,
        second=second,
    )

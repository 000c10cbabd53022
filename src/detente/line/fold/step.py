"""One entry's turn in the fold: what it says, and the rows that it may look at."""

from collections.abc import Callable
from typing import Any

from detente.errors import InputError
from detente.line import bodies
from detente.line.founding import Founding
from detente.line.view import View, load, place_key
from detente.record.entry import Entry

NOT_HELD = "not-held"
UNREADABLE = "unreadable"
RECALLED = "recalled"

EMPTY_LOG: dict[str, Any] = {"size": 0, "seen": {}, "successor": None}
"""The row of a log of which nothing is folded."""


class Void(Exception):  # noqa: N818  not an error: an outcome
    """The entry says something impossible; ``reason`` is a code of ``line.read.VOID_REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Step:
    """The fold of one entry. ``log`` is the row of its log, which the step may change.

    ``newcomers`` are the parties taken in since the founding whose log its writer had seen.
    """

    def __init__(self, view: View, founding: Founding, entry: Entry) -> None:
        self.view = view
        self.founding = founding
        self.entry = entry
        self.header = entry.header
        self.party = entry.header.party
        self.place = place_key(self.party, entry.header.index)
        self.log = dict(load(view, "log", self.party) or EMPTY_LOG)
        self.newcomers = sorted(set(self.header.seen) - set(founding.founders))
        self.stamp = {"entry": entry.id, "index": self.header.index, "time": self.header.time}

    def named(self) -> dict[str, Any]:
        """Which entry it is, and of which type."""
        return {"id": self.entry.id, "type": self.header.type}

    def content(self, read: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
        """What the body says, or why that is unknown."""
        if self.entry.body is None:
            return {"content": None, "unknown": NOT_HELD}
        try:
            return {"content": read(self.entry.body), "unknown": None}
        except InputError:
            return {"content": None, "unknown": UNREADABLE}

    def note(self) -> dict[str, Any]:
        """What a body that is but a note says, or why that is unknown."""
        return self.content(lambda body: {"note": bodies.read_note(body)})

    def own(self, entry_id: str) -> dict[str, Any] | None:
        """The row of an earlier entry of this same log, or None."""
        place = load(self.view, "id", entry_id)
        if place is None or place["party"] != self.party:
            return None
        return load(self.view, "entry", place_key(self.party, place["index"]))

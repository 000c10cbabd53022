"""What every statement read from the rows has in common: which entry it is."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which entry this is: its id, its place, and the time its writer claims (real time)."""

    entry: str
    party: str
    index: int
    time: str


def stamp(party: str, doc: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``Stamp`` from a row of ``party``."""
    return {"party": party, "entry": doc["entry"], "index": doc["index"], "time": doc["time"]}


def note(doc: Mapping[str, Any]) -> str | None:
    """The note of a row whose content is a note, or None where that is not known here."""
    return doc["content"]["note"] if doc["content"] is not None else None

"""Recalls, and who says to have honoured them: protocol section 6, "Recall"."""

import msgspec

from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, scan


class Recall(Stamp, frozen=True, kw_only=True):
    """A party's recall of an entry of its own: ``entry`` is the recall's id.

    ``honoured`` holds, by party, what each has stated about having erased it.
    """

    recalled: str
    type: str
    note: str | None
    honoured: dict[str, Stamp]


def recalls(view: View) -> list[Recall]:
    """Every recall that counts, by the time its writer claims."""
    found = [_recall(view, recalled, doc) for recalled, doc in scan(view, "recall")]
    return sorted(found, key=lambda recall: (recall.time, recall.party, recall.index))


def recall_of(view: View, entry: str) -> Recall | None:
    """The recall of one entry, or None."""
    doc = load(view, "recall", entry)
    return None if doc is None else _recall(view, entry, doc)


def _recall(view: View, recalled: str, doc: dict[str, object]) -> Recall:
    honoured = {}
    for key, row in scan(view, "honour", f"{doc['entry']}/"):
        party = key.partition("/")[2]
        honoured[party] = msgspec.convert(stamp(party, row), Stamp)
    return Recall(
        **stamp(str(doc["party"]), doc),
        recalled=recalled,
        type=str(doc["type"]),
        note=note(doc),
        honoured=honoured,
    )

"""Recalls, and who still holds what they recall: by what each party has signed, and no more."""

from typing import Any

from detente.line import read
from detente.line.read import Recall
from detente.line.view import load, place_key
from detente.node.show.reader import LineReader
from detente.node.views import HolderView, RecallView
from detente.volumes.times import format_time


def recalls(reader: LineReader) -> list[RecallView]:
    """Every recall, newest last."""
    return [_recall(reader, recall) for recall in read.recalls(reader.rows)]


def _recall(reader: LineReader, recall: Recall) -> RecallView:
    place = load(reader.rows, "id", recall.recalled) or {}
    entry = load(reader.rows, "entry", place_key(place["party"], place["index"])) or {}
    return RecallView(
        id=recall.entry,
        line=reader.id,
        party=recall.party,
        own=reader.is_own(recall.party),
        time=recall.time,
        entry=recall.recalled,
        type=recall.type,
        subject=_subject(entry),
        note=recall.note or "",
        holders=[
            _holder(reader, recall, place["index"], party) for party in reader.founding.members
        ],
    )


def _subject(entry: dict[str, Any]) -> str:
    """What was recalled, by what its header says of it."""
    about = entry["about"]
    for named in ("activity", "observation"):
        if isinstance(about.get(named), str):
            return f"version {about.get('version')} of {about[named]}"
    return f"{entry['type']} of {entry['time']}"


def _holder(reader: LineReader, recall: Recall, index: int, party: str) -> HolderView:
    received_s = reader.received_s(recall.party, index, party)
    told_s = reader.received_s(recall.party, recall.index, party)
    state, since, told = "unknown", None, _time(told_s)
    if party == recall.party:
        # Whoever recalls has erased it with the same act.
        state, since, told = "erased", recall.time, recall.time
    elif party in recall.honoured:
        state, since = "erased", recall.honoured[party].time
    elif received_s is not None:
        state, since = "holds", _time(received_s)
    return HolderView(party=party, own=reader.is_own(party), state=state, since=since, told=told)


def _time(at_s: int | None) -> str | None:
    return None if at_s is None else format_time(at_s)

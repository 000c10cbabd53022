"""What changed since I last looked: each officer's own mark, and what came after it.

A mark is how much of each log the officer has seen, and moves only when the officer says so: a page
that was opened and not read marks nothing. It is this node's own note and no entry of any log.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from detente.errors import InputError
from detente.line import abouts
from detente.line.view import load, place_key
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.views.looking import LookView, SinceView
from detente.store import logs, looks
from detente.store.looks import Look
from detente.store.store import Tx
from detente.volumes.times import format_time

CHANGES_MAX = 500
"""Changes of one log that are listed at once."""
PAGE = 512

WATCHED = frozenset(
    {
        abouts.OBSERVE,
        abouts.RETRACT,
        abouts.LINK,
        abouts.DISPUTE,
        abouts.TAKE_BACK,
        abouts.RECALL,
    }
)


class Looking:
    """The part of a node's door by which officers keep track of what they have seen."""

    _core: Core

    def changed_since_look(self, line: str, *, officer: str) -> LookView:
        """What of the observations on a line changed since this officer last looked."""
        with self._core.store.read() as tx:
            return _changed(LineReader(self._core, tx, line), officer)

    def mark_looked(self, line: str, seen: Mapping[str, int], *, officer: str) -> LookView:
        """Move the officer's mark to ``seen``, as a ``LookView`` gave it; never back."""

        def work(tx: Tx) -> None:
            reader = LineReader(self._core, tx, line)
            before = looks.get(tx, reader.id, officer)
            marked = dict(before.seen) if before else {}
            for party, size in seen.items():
                if party not in reader.founding.cards or size < 0:
                    raise InputError(
                        f"{party[:40]!r} has no {size} entries on this line",
                        where="seen",
                        remedy="give back what the list of changes gave",
                    )
                held = logs.size(tx, reader.id, party)
                marked[party] = max(marked.get(party, 0), min(size, held))
            looks.put(tx, reader.id, officer, Look(marked, self._core.clock.now_s()))

        self._core.store.write(work)
        return self.changed_since_look(line, officer=officer)


def _changed(reader: LineReader, officer: str) -> LookView:
    mark = looks.get(reader.tx, reader.id, officer)
    found: list[SinceView] = []
    seen: dict[str, int] = {}
    more = False
    for party in reader.founding.members:
        start = mark.seen.get(party, 0) if mark else 0
        listed, seen[party] = _of_log(reader, party, start)
        more = more or seen[party] < logs.size(reader.tx, reader.id, party)
        found += listed
    return LookView(
        line=reader.id,
        officer=officer,
        looked=format_time(mark.looked_s) if mark else None,
        changes=sorted(found, key=lambda one: (one.time, one.party)),
        counts=dict(sorted(Counter(one.what for one in found).items())),
        more=more,
        seen=seen,
    )


def _of_log(reader: LineReader, party: str, start: int) -> tuple[list[SinceView], int]:
    """What changed by a log's entries from ``start``, and up to where that was read."""
    found: list[SinceView] = []
    index = start
    while headers := list(logs.headers(reader.tx, reader.id, party, index, PAGE)):
        for header in headers:
            if len(found) == CHANGES_MAX:
                return found, index
            if header.type in WATCHED:
                row = load(reader.rows, "entry", place_key(party, index)) or {}
                found += _since(reader, party, index, row)
            index += 1
    return found, index


def _since(reader: LineReader, party: str, index: int, row: dict[str, Any]) -> list[SinceView]:
    told = _told(reader, party, row)
    if told is None:
        return []
    what, reports = told
    return [
        SinceView(
            entry=row["id"],
            party=party,
            own=reader.is_own(party),
            time=row["time"],
            what=what,
            reports=reports,
            void=reader.void(party, index),
        )
    ]


def _told(reader: LineReader, party: str, row: dict[str, Any]) -> tuple[str, list[str]] | None:
    """What an entry tells, and of which reports; None for a recall of something else."""
    type_, about = row["type"], row["about"]
    if row["void"] == "bad-facts":
        return type_, []
    match type_:
        case abouts.OBSERVE:
            what = "reported" if about["version"] == 1 else "revised"
            return what, [f"{party}/{about['observation']}"]
        case abouts.RETRACT:
            return "retracted", [f"{party}/{about['observation']}"]
        case abouts.LINK:
            return "linked", [f"{about[at]['party']}/{about[at]['observation']}" for at in "ab"]
        case abouts.DISPUTE:
            return "disputed", _pair(reader, about["link"])
    of = _entry(reader, about["of"] if type_ == abouts.TAKE_BACK else about["entry"])
    if type_ == abouts.RECALL:
        if of is None or of["type"] != abouts.OBSERVE:
            return None
        return "recalled", [f"{party}/{of['about']['observation']}"]
    if of is not None and of["type"] == abouts.DISPUTE:
        return "dispute-taken-back", _pair(reader, of["about"]["link"])
    return "link-taken-back", _pair(reader, about["of"])


def _entry(reader: LineReader, entry: str) -> dict[str, Any] | None:
    place = load(reader.rows, "id", entry)
    return place and load(reader.rows, "entry", place_key(place["party"], place["index"]))


def _pair(reader: LineReader, link: str) -> list[str]:
    doc = load(reader.rows, "link", link)
    return [] if doc is None else [doc["a"], doc["b"]]

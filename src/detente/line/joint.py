"""Conflicts of a line: what every member computes alike from the same entries (protocol, 7).

A conflict is a fact about two logs, so it is no part of the fold. Its row is a function of the
*set* of versions of its two activities and of the separation in force: whenever one of these
changes, the row is computed anew, and whoever holds the same entries holds the same row.

Two versions *coexisted* unless the writer of one had seen the successor of the other. A conflict is
open while the newest versions conflict; it has ended when they do not, but earlier coexisting ones
did; it is unknown when they did and the content of a newest version is not known here.

Suggestions are computed from the released versions alone: they are seen by both sides, and one
computed from a private plan would give it away.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from detente.conflict import Conflict, Index, Part, Separation, between
from detente.conflict import part as shifts_that_part
from detente.line import abouts
from detente.line.conflict_id import Pair, conflict_id
from detente.line.founding import Founding
from detente.line.read.activities import Version, versions
from detente.line.read.agreement import terms
from detente.line.view import Change, View, load, place_key, put, scan
from detente.record.entry import Entry
from detente.volumes.model import Activity
from detente.volumes.times import format_time

Near = Callable[[Activity], Iterable[Pair]]
"""Activities of other parties whose newest version might conflict with this one; never misses."""


def conflict_changes(
    view: View, founding: Founding, entry: Entry, near: Near | None = None
) -> list[Change]:
    """The conflict rows that ``entry`` changes; ``view`` already holds what ``apply`` gave.

    ``near`` spares comparing with every activity; the rows are the same without it.
    """
    header = entry.header
    row = load(view, "entry", place_key(header.party, header.index))
    if row is None or row["void"] is not None:
        return []
    if header.type == abouts.SIGN_TERMS:
        holds = terms(view, founding).version == row["about"]["version"]
        return all_conflict_changes(view, founding) if holds else []
    if header.type not in (abouts.RELEASE, abouts.WITHDRAW):
        return []
    meetings = _Meetings(view, founding)
    one = (header.party, row["about"]["activity"])
    others = _others(view, entry, meetings.history(one), near)
    return [change for other in sorted(others) for change in meetings.changes(one, other)]


def all_conflict_changes(view: View, founding: Founding) -> list[Change]:
    """What makes the conflict rows right, whatever they are now: for rebuilds and new terms."""
    meetings = _Meetings(view, founding)
    pairs = {_sorted(one, other) for one, other in _candidates(view, meetings)}
    for _, doc in scan(view, "conflict"):
        pairs.add(((doc["a"]["party"], doc["a"]["id"]), (doc["b"]["party"], doc["b"]["id"])))
    return [change for one, other in sorted(pairs) for change in meetings.changes(one, other)]


def _sorted(one: Pair, other: Pair) -> tuple[Pair, Pair]:
    return (one, other) if one < other else (other, one)


def _candidates(view: View, meetings: "_Meetings") -> Iterator[tuple[Pair, Pair]]:
    """Pairs of activities of which some versions might conflict."""
    index = Index(meetings.separation)
    stands_for: dict[Pair, Pair] = {}
    every: list[Activity] = []
    for key, _ in view.scan("activity"):
        party, _, activity_id = key.partition("/")
        for number, version in enumerate(meetings.history((party, activity_id)).versions):
            if version.activity is not None:
                # An index holds one shape per id; each version is put under an id of its own.
                known = version.activity
                name = f"{activity_id}/{number}"
                shape = Activity(party, name, known.kind, known.volumes)
                stands_for[party, name] = (party, activity_id)
                index.put(shape)
                every.append(shape)
    for shape in every:
        for found in index.near(shape):
            yield stands_for[shape.party, shape.id], stands_for[found.party, found.id]


def _others(view: View, entry: Entry, history: "_History", near: Near | None) -> set[Pair]:
    """Activities whose conflict with this one the new version may have made, changed or ended."""
    own = entry.header.party
    if near is None:
        pairs = (key.split("/") for key, _ in view.scan("activity"))
        return {(party, activity_id) for party, activity_id in pairs if party != own}
    others: set[Pair] = set()
    newest = history.versions[-1]
    if newest.activity is not None:
        others.update(pair for pair in near(newest.activity) if pair[0] != own)
        # An older version of theirs can still conflict with ours: one that our writer, not having
        # seen its successor, took to be the newest.
        for party in {key for key, _ in view.scan("log")} - {own}:
            others.update(_replaced_unseen(view, party, newest.seen.get(party, 0)))
    for key, _ in view.scan("meeting", f"{own}/{newest.id}/"):
        doc = load(view, "conflict", key.rpartition("/")[2]) or {}
        sides = {(doc[side]["party"], doc[side]["id"]) for side in ("a", "b")}
        others.update(sides - {(own, newest.id)})
    return others


def _replaced_unseen(view: View, party: str, seen: int) -> Iterator[Pair]:
    """Activities of ``party`` that got a successor version at or after index ``seen``."""
    log = load(view, "log", party) or {}
    index = log["successor"]
    while index is not None and index >= seen:
        link = load(view, "successor", place_key(party, index)) or {}
        yield party, link["activity"]
        index = link["previous"]


class _History:
    """Every version of one activity, oldest first, and which of them is known."""

    def __init__(self, view: View, pair: Pair) -> None:
        self.pair = pair
        self._view = view

    @cached_property
    def versions(self) -> list[Version]:
        return list(versions(self._view, *self.pair))

    def had_successor_seen_by(self, number: int, writer: Version) -> bool:
        """Whether the writer of another party's version had seen what followed this one."""
        if number + 1 >= len(self.versions):
            return False
        return writer.seen.get(self.pair[0], 0) > self.versions[number + 1].index


class _Meetings:
    """The conflict rows of pairs of activities, computed anew."""

    def __init__(self, view: View, founding: Founding) -> None:
        self.view = view
        self.line = founding.id
        self.separation: Separation = terms(view, founding).separation
        self._histories: dict[Pair, _History] = {}

    def history(self, pair: Pair) -> _History:
        if pair not in self._histories:
            self._histories[pair] = _History(self.view, pair)
        return self._histories[pair]

    def changes(self, one: Pair, other: Pair) -> list[Change]:
        """What makes the rows of this pair right."""
        a, b = _sorted(one, other)
        name = conflict_id(self.line, a, b)
        doc = self._document(name, self.history(a), self.history(b))
        held = self.view.get("conflict", name)
        sides = [f"{party}/{activity_id}/{name}" for party, activity_id in (a, b)]
        if doc is None:
            if held is None:
                return []
            gone = [Change("meeting", side, None) for side in sides]
            return [Change("conflict", name, None), *gone]
        change = put("conflict", name, doc)
        if change.doc == held:
            return []
        return [change, *(put("meeting", side, {}) for side in sides)]

    def _document(self, name: str, a: _History, b: _History) -> dict[str, Any] | None:
        met = self._met(a, b)
        if met is None:
            return None
        one, other, found = met
        current = one is a.versions[-1] and other is b.versions[-1]
        unknown = any(history.versions[-1].unknown for history in (a, b))
        state = "open" if current else "unknown" if unknown else "ended"
        suggestions = self._suggestions(one, other) if current else {}
        return {
            "id": name,
            "a": {"party": one.party, "id": one.id},
            "b": {"party": other.party, "id": other.id},
            "state": state,
            "versions": {one.party: one.entry, other.party: other.entry},
            **_figures(found),
            "parts": [_part(part) for part in found.parts],
            "suggestions": suggestions,
        }

    def _met(self, a: _History, b: _History) -> tuple[Version, Version, Conflict] | None:
        """The newest coexisting versions that conflict: the newest pair, else by sum of numbers."""
        numbers = [(i, j) for i in range(len(a.versions)) for j in range(len(b.versions))]
        for i, j in sorted(numbers, key=lambda pair: (sum(pair), pair), reverse=True):
            one, other = a.versions[i], b.versions[j]
            if one.activity is None or other.activity is None:
                continue
            if a.had_successor_seen_by(i, other) or b.had_successor_seen_by(j, one):
                continue
            found = between(one.activity, other.activity, self.separation)
            if found is not None:
                return one, other, found
        return None

    def _suggestions(self, one: Version, other: Version) -> dict[str, Any]:
        assert one.activity is not None
        assert other.activity is not None
        return {
            one.party: self._shifts(one.activity, other.activity),
            other.party: self._shifts(other.activity, one.activity),
        }

    def _shifts(self, moved: Activity, still: Activity) -> dict[str, float | None]:
        shifts = shifts_that_part(moved, still, self.separation)
        return {
            "later_s": shifts.later_s,
            "earlier_s": shifts.earlier_s,
            "higher_m": shifts.higher_m,
            "lower_m": shifts.lower_m,
        }


def _part(part: Part) -> dict[str, Any]:
    return {"a_volume": part.a_volume, "b_volume": part.b_volume, **_figures(part)}


def _figures(found: Conflict | Part) -> dict[str, Any]:
    """Rounded so that two processors agree, and outward: never later, shorter or farther apart."""
    return {
        "start": format_time(math.floor(found.start_s)),
        "end": format_time(math.ceil(found.end_s)),
        "lateral_m": math.floor(found.lateral_m),
        "vertical_m": math.floor(found.vertical_m),
        # Adding 0.0 turns -0.0 into 0.0, which is written alike everywhere.
        "lon": round(found.lon, 5) + 0.0,
        "lat": round(found.lat, 5) + 0.0,
    }

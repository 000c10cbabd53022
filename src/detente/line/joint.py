"""Conflicts of a line: what every member computes alike from the same entries (protocol, 7).

A conflict is a fact about two logs, so it is no part of the fold. Its row is a function of the
*set* of versions of its two activities and of the separation in force: whenever one of these
changes, the row is computed anew, and whoever holds the same entries holds the same row.

Comparing costs far more than folding, and the other side chooses how much. So the fold only notes
what is *uncompared* (``to_compare``), and the comparison follows (``compared``), in a transaction
of its own. As long as such a row is there, the conflicts of its activity are unknown.

Two versions *coexisted* unless the writer of one had seen the successor of the other. A conflict is
open while the newest versions conflict; it has ended when they do not, but earlier coexisting ones
did; it is unknown when they did and the content of a newest version is not known here.

Suggestions are computed from the released versions alone: they are seen by both sides, and one
computed from a private plan would give it away.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from detente.conflict import Conflict, Index, Part, Separation, between
from detente.conflict import part as shifts_that_part
from detente.line import abouts
from detente.line.abouts import TermsSigned
from detente.line.conflict_id import Pair, conflict_id
from detente.line.founding import Founding
from detente.line.read.activities import shape_of
from detente.line.read.agreement import completes, completes_by_leaving, terms
from detente.line.view import Change, View, load, place_key, put, scan
from detente.record.entry import Entry
from detente.volumes.model import Activity
from detente.volumes.times import format_time, within_calendar_s

PARTS_MAX = 256
"""Parts of one conflict that are told of. A release of thousands of volumes, all over one of ours,
would otherwise be told of in tens of megabytes, to every officer's page."""

Window = Sequence[float]
"""First start and last end, POSIX seconds."""

Pairs = tuple[Pair, Pair]
"""Two activities of different parties, sorted."""

Near = Callable[[Activity], Iterable[Pair]]
"""Activities of other parties whose newest version might conflict with this one; never misses."""


def to_compare(view: View, founding: Founding, entry: Entry) -> list[Change]:
    """The row that says of ``entry`` that its conflicts are not known yet; none if it has none.

    Asked when ``apply`` has folded the entry and before another one is folded. It costs next to
    nothing, so that no entry, acknowledgement or message waits for a comparison.
    """
    header = entry.header
    place = place_key(header.party, header.index)
    row = load(view, "entry", place)
    if row is None or row["void"] is not None:
        return []
    if header.type == abouts.LEAVE:
        # Terms that all others had signed come into force by it.
        if not completes_by_leaving(view, founding, header.party):
            return []
        return [put("uncompared", place, {"activity": None, "version": None})]
    if header.type == abouts.SIGN_TERMS:
        # Later versions may have been signed before this one, and come into force with it. What is
        # signed once more, or not by all, changes nothing: else a few bytes would cost a rebuild.
        if not completes(view, founding, header.party, TermsSigned(**row["about"])):
            return []
        return [put("uncompared", place, {"activity": None, "version": None})]
    touched = activity_touched(view, entry)
    if touched is None:
        return []
    # A recalled version brings nothing to compare with; it may end what it was in.
    version = None if header.type == abouts.RECALL else row["about"]["version"]
    return [put("uncompared", place, {"activity": touched[1], "version": version})]


def activity_touched(view: View, entry: Entry) -> Pair | None:
    """The activity of which ``entry``, already folded, brings or empties a version; or None."""
    header = entry.header
    row = load(view, "entry", place_key(header.party, header.index))
    if row is not None and header.type == abouts.RECALL and row["void"] is None:
        place = load(view, "id", row["about"]["entry"]) or {}
        row = load(view, "entry", place_key(header.party, place["index"]))
    if row is None or row["type"] not in (abouts.RELEASE, abouts.WITHDRAW) or row["void"]:
        return None
    return header.party, row["about"]["activity"]


def compared(
    view: View, founding: Founding, places: Iterable[str], near: Near | None = None
) -> list[Change]:
    """Conflict rows made right for the entries at ``places``, which then are no more uncompared.

    ``places`` are keys of ``uncompared`` rows. ``near`` spares comparing with every activity; the
    rows are the same without it.
    """
    comparison = Comparison(view, founding, near)
    for place in places:
        comparison.add(place, math.inf)
    return comparison.changes()


def all_conflict_changes(view: View, founding: Founding) -> list[Change]:
    """What makes the conflict rows right, whatever they are now, with nothing left to compare."""
    comparison = Comparison(view, founding, None)
    comparison.add_everything()
    return comparison.changes()


class Comparison:
    """Entries that are compared together, each activity being read once.

    It may lag behind the entries held: what is folded after ``view`` was taken is itself
    uncompared, and its own comparison, which sees both, makes right what they have in common
    (docs/decisions/0014).
    """

    def __init__(self, view: View, founding: Founding, near: Near | None) -> None:
        self._view = view
        self._founding = founding
        self._near = near
        self._meetings = _Meetings(view, founding)
        self._places: list[str] = []
        self._pairs: set[Pairs] = set()
        self._work = 0

    def add(self, place: str, work_max: float) -> bool:
        """Have what the entry at ``place`` may have made, changed or ended computed anew.

        False, and nothing is added, if then more than ``work_max`` pairs of volumes might have to
        be looked at; but the first entry is always added.
        """
        doc = load(self._view, "uncompared", place) or {}
        one = (place.partition("/")[0], doc["activity"])
        if doc["activity"] is None:
            new = _all_pairs(self._view, self._meetings)
        else:
            new = {_sorted(one, other) for other in self._others(one, doc["version"])}
        new -= self._pairs
        work = sum(self._volumes(one) * self._volumes(other) for one, other in new)
        if self._places and self._work + work > work_max:
            return False
        self._places.append(place)
        self._pairs |= new
        self._work += work
        return True

    def add_everything(self) -> None:
        """Have all conflicts computed anew, and nothing left uncompared."""
        self._places += [place for place, _ in self._view.scan("uncompared")]
        self._pairs |= _all_pairs(self._view, self._meetings)

    def changes(self) -> list[Change]:
        """What makes the rows of everything added right."""
        found = [
            change
            for one, other in sorted(self._pairs)
            for change in self._meetings.changes(one, other)
        ]
        return [*found, *(Change("uncompared", place, None) for place in self._places)]

    def _volumes(self, pair: Pair) -> int:
        return self._meetings.history(pair).volumes

    def _others(self, one: Pair, number: int | None) -> set[Pair]:
        """Activities whose conflict with this one its new version may have made or ended.

        Without a ``number`` a version was emptied: with less known of it, the activity meets
        nothing that it did not meet before.
        """
        party, activity_id = one
        if self._near is None:
            keys = (key.partition("/") for key, _ in self._view.scan("activity"))
            return {(other, other_id) for other, _, other_id in keys if other != party}
        others: set[Pair] = set()
        if number is None:
            return self._met_before(one)
        version = load(self._view, "version", f"{party}/{activity_id}/{number:07d}") or {}
        shape = shape_of(party, activity_id, version)
        if shape is not None:
            others.update(pair for pair in self._near(shape) if pair[0] != party)
            # An older version of theirs can still conflict with ours: one that our writer, not
            # having seen its successor, took to be the newest.
            for peer in {key for key, _ in self._view.scan("log")} - {party}:
                seen = version["seen"].get(peer, 0)
                for replaced in _replaced_unseen(self._view, peer, seen):
                    row = load(self._view, "version", replaced) or {}
                    if self._meetings.at_once(version, row):
                        others.add((peer, replaced.split("/")[1]))
        return others | self._met_before(one)

    def _met_before(self, one: Pair) -> set[Pair]:
        """The other sides of the conflicts that an activity has, whatever their state."""
        others: set[Pair] = set()
        for key, _ in self._view.scan("meeting", f"{one[0]}/{one[1]}/"):
            doc = load(self._view, "conflict", key.rpartition("/")[2]) or {}
            others.update({(doc[side]["party"], doc[side]["id"]) for side in ("a", "b")} - {one})
        return others


def _all_pairs(view: View, meetings: "_Meetings") -> set[Pairs]:
    """Pairs that might conflict, and those that did under whatever terms."""
    pairs = {_sorted(one, other) for one, other in _candidates(view, meetings)}
    for _, doc in scan(view, "conflict"):
        pairs.add(((doc["a"]["party"], doc["a"]["id"]), (doc["b"]["party"], doc["b"]["id"])))
    return pairs


def _sorted(one: Pair, other: Pair) -> Pairs:
    return (one, other) if one < other else (other, one)


def _candidates(view: View, meetings: "_Meetings") -> Iterator[tuple[Pair, Pair]]:
    """Pairs of activities of which some versions might conflict."""
    index = Index(meetings.separation)
    stands_for: dict[Pair, Pair] = {}
    every: list[Activity] = []
    for key, _ in view.scan("activity"):
        party, _, activity_id = key.partition("/")
        history = meetings.history((party, activity_id))
        for number in range(len(history.rows)):
            known = history.activity(number)
            if known is not None:
                # An index holds one shape per id; each version is put under an id of its own.
                name = f"{activity_id}/{number}"
                shape = Activity(party, name, known.kind, known.volumes)
                stands_for[party, name] = (party, activity_id)
                every.append(shape)
    index.put_many(every)
    for shape in every:
        for found in index.near(shape):
            yield stands_for[shape.party, shape.id], stands_for[found.party, found.id]


def _replaced_unseen(view: View, party: str, seen: int) -> Iterator[str]:
    """Keys of versions of ``party`` that were replaced at or after index ``seen``."""
    log = load(view, "log", party) or {}
    index = log["successor"]
    while index is not None and index >= seen:
        link = load(view, "successor", place_key(party, index)) or {}
        yield link["replaced"]
        index = link["before"]


class _History:
    """Every version of one activity, oldest first: its rows, and its shapes when asked for."""

    def __init__(self, view: View, pair: Pair) -> None:
        self.pair = pair
        self.rows = [doc for _, doc in scan(view, "version", f"{pair[0]}/{pair[1]}/")]
        self._shapes: dict[int, Activity | None] = {}

    def activity(self, number: int) -> Activity | None:
        """What one version occupies, or None if nothing, or if that is not known here."""
        number %= len(self.rows)
        if number not in self._shapes:
            self._shapes[number] = shape_of(*self.pair, self.rows[number])
        return self._shapes[number]

    def successor_seen_by(self, number: int, writer: dict[str, Any]) -> bool:
        """Whether the writer of another party's version had seen what followed this one."""
        if number + 1 == len(self.rows):
            return False
        seen: int = writer["seen"].get(self.pair[0], 0)
        replaced_at: int = self.rows[number + 1]["index"]
        return seen > replaced_at

    @property
    def volumes(self) -> int:
        """How many volumes the newest version has, at least one."""
        content = self.rows[-1]["content"] or {}
        return max(1, len(content.get("volumes", ())))

    @property
    def newest_unknown(self) -> bool:
        """Whether the newest version is a release of which it is not known what it occupies."""
        return self.rows[-1]["state"] == "released" and self.activity(-1) is None


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

    def at_once(self, one: dict[str, Any], other: dict[str, Any]) -> bool:
        """Whether the windows of two version rows are near enough to conflict."""
        return _at_once(_window_s(one), _window_s(other), self.separation.time_s)

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
        i, j, found = met
        current = (i, j) == (len(a.rows) - 1, len(b.rows) - 1)
        unknown = a.newest_unknown or b.newest_unknown
        parts = first_parts(found)
        return {
            "id": name,
            "a": {"party": a.pair[0], "id": a.pair[1]},
            "b": {"party": b.pair[0], "id": b.pair[1]},
            "state": "open" if current else "unknown" if unknown else "ended",
            "kind": str(found.kind),
            "versions": {a.pair[0]: a.rows[i]["entry"], b.pair[0]: b.rows[j]["entry"]},
            **_figures(found),
            "parts": [_part(part) for part in parts],
            "more_parts": len(found.parts) - len(parts),
            "suggestions": self._suggestions(a, b) if current else {},
        }

    def _met(self, a: _History, b: _History) -> tuple[int, int, Conflict] | None:
        """The newest coexisting versions that conflict: the newest pair, else by sum of numbers."""
        numbers = [(i, j) for i in range(len(a.rows)) for j in range(len(b.rows))]
        for i, j in sorted(numbers, key=lambda pair: (sum(pair), pair), reverse=True):
            if a.successor_seen_by(i, b.rows[j]) or b.successor_seen_by(j, a.rows[i]):
                continue
            if self.at_once(a.rows[i], b.rows[j]):
                one, other = a.activity(i), b.activity(j)
                found = one and other and between(one, other, self.separation)
                if found:
                    return i, j, found
        return None

    def _suggestions(self, a: _History, b: _History) -> dict[str, Any]:
        one, other = a.activity(-1), b.activity(-1)
        assert one is not None
        assert other is not None
        return {one.party: self._shifts(one, other), other.party: self._shifts(other, one)}

    def _shifts(self, moved: Activity, still: Activity) -> dict[str, float | None]:
        shifts = shifts_that_part(moved, still, self.separation)
        return {
            "later_s": shifts.later_s,
            "earlier_s": shifts.earlier_s,
            "higher_m": shifts.higher_m,
            "lower_m": shifts.lower_m,
        }


def first_parts(found: Conflict) -> list[Part]:
    """The first ``PARTS_MAX`` parts of a conflict, by the second they begin and by volumes."""

    def order(part: Part) -> tuple[int, int, int]:
        return math.floor(part.start_s), part.a_volume, part.b_volume

    return sorted(found.parts, key=order)[:PARTS_MAX]


def _at_once(one_s: Window | None, other_s: Window | None, apart_s: float) -> bool:
    """Whether two windows are near enough to conflict, with a second to spare.

    A version whose window is not known here conflicts with nothing that can be computed.
    """
    if one_s is None or other_s is None:
        return False
    return max(one_s[0] - other_s[1], other_s[0] - one_s[1]) <= apart_s + 1


def _window_s(row: dict[str, Any]) -> Window | None:
    content = row["content"] or {}
    window_s: Window | None = content.get("window_s")
    return window_s


def _part(part: Part) -> dict[str, Any]:
    return {"a_volume": part.a_volume, "b_volume": part.b_volume, **_figures(part)}


def _figures(found: Conflict | Part) -> dict[str, Any]:
    """Rounded so that two processors agree, and outward: never later, shorter or farther apart."""
    return {
        "start": format_time(within_calendar_s(math.floor(found.start_s))),
        "end": format_time(within_calendar_s(math.ceil(found.end_s))),
        "lateral_m": math.floor(found.lateral_m),
        "vertical_m": math.floor(found.vertical_m),
        # Adding 0.0 turns -0.0 into 0.0, which is written alike everywhere.
        "lon": round(found.lon, 5) + 0.0,
        "lat": round(found.lat, 5) + 0.0,
    }

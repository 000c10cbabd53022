"""How many events reports are of, when some say that two reports are of one event and some deny it.

Pure counting (protocol, section 10, "Observation"). Reports are points, statements are pairs of
them. A pair is *linked* by whoever says "one event", and *disputed* by whoever says "two events";
a pair that anybody disputes joins nothing in the count that everybody is shown. Beside it stands
how each party that takes part in a dispute would count, so that no figure hides a dissent.

::

    us/7 ──ru── ru/3      ru holds the two for one event, us disputes it:
                          2 events; 1 as ru counts, 2 as us counts
"""

from collections.abc import Collection, Iterable, Mapping, Set
from functools import cached_property

import msgspec

Pair = tuple[str, str]
"""Two reports, each ``<party>/<observation>``, sorted."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How many ``events`` so many ``reports`` are of, as undisputed links join them.

    ``as_held`` is the count of each party that has a part in a dispute which this count touches,
    of those it links and those it holds apart; where it holds two apart that undisputed links join
    all the same, they are two at the least. ``disputed`` are the pairs that are in dispute.
    """

    reports: int
    events: int
    as_held: dict[str, int] = {}
    disputed: tuple[Pair, ...] = ()


class Counting:
    """Reports that stand, and who holds which pairs of them to be one event, and who two."""

    def __init__(
        self,
        reports: Iterable[str],
        linked: Mapping[Pair, Collection[str]],
        apart: Mapping[Pair, Collection[str]],
    ) -> None:
        """``linked`` and ``apart`` give the parties; a pair with a report that is not there, or
        that nobody links or holds apart, says nothing."""
        self._reports = frozenset(reports)
        self._linked = {
            pair: frozenset(by)
            for pair, by in linked.items()
            if by and self._reports.issuperset(pair)
        }
        self._apart = {
            pair: frozenset(by)
            for pair, by in apart.items()
            if by and self._reports.issuperset(pair)
        }
        self._by_party: dict[str, _Groups] = {}

    def event_of(self, report: str) -> str:
        """The first report of the event that a report is of, as undisputed links join them."""
        return self._agreed.first(report)

    def events(self) -> list[tuple[str, ...]]:
        """The reports of each event that has more than one, sorted."""
        return self._agreed.joined()

    def said(self) -> set[Pair]:
        """The pairs of which somebody has said what they are."""
        return {*self._linked, *self._apart}

    def sides(self, pair: Pair) -> tuple[frozenset[str], frozenset[str]]:
        """Who links a pair, and who holds it apart."""
        nobody: frozenset[str] = frozenset()
        return self._linked.get(pair, nobody), self._apart.get(pair, nobody)

    @cached_property
    def disputed(self) -> tuple[Pair, ...]:
        """The pairs in dispute: held apart by somebody, and one event if every link is believed."""
        first = self._believed.first
        return tuple(sorted((a, b) for a, b in self._apart if first(a) == first(b)))

    def count(self, of: Iterable[str] | None = None) -> Figures:
        """The figures of some reports, or of all; those that do not stand are not counted."""
        counted = self._reports if of is None else self._reports.intersection(of)
        touched = self._touched(counted)
        parties = sorted({party for pair in touched for party in self._takes_part[pair]})
        return Figures(
            reports=len(counted),
            events=len({self._agreed.first(one) for one in counted}),
            as_held={party: self._as_held(party, counted) for party in parties},
            disputed=touched,
        )

    def _touched(self, counted: Set[str]) -> tuple[Pair, ...]:
        """The disputes of which a report that is counted might be of one event with both sides."""
        if not self.disputed:
            return ()
        groups = {self._believed.first(one) for one in counted}
        return tuple(sorted(pair for one in groups for pair in self._disputed_in.get(one, ())))

    @cached_property
    def _disputed_in(self) -> dict[str, list[Pair]]:
        """The disputes by the group of reports that they are about."""
        groups: dict[str, list[Pair]] = {}
        for pair in self.disputed:
            groups.setdefault(self._believed.first(pair[0]), []).append(pair)
        return groups

    @cached_property
    def _takes_part(self) -> dict[Pair, frozenset[str]]:
        """Who links or holds apart anything in the group of reports that a dispute is about."""
        groups: dict[str, set[str]] = {}
        for pair in self.disputed:
            stake = self._apart[pair] | self._linked.get(pair, frozenset())
            groups.setdefault(self._believed.first(pair[0]), set()).update(stake)
        return {pair: frozenset(groups[self._believed.first(pair[0])]) for pair in self.disputed}

    def _as_held(self, party: str, counted: Set[str]) -> int:
        groups = self._groups_of(party)
        apart = {
            groups.first(a)
            for a in counted
            for b in self._apart_from.get(a, ())
            if b in counted and party in self._apart[a, b] and groups.first(a) == groups.first(b)
        }
        return len({groups.first(one) for one in counted}) + len(apart)

    @cached_property
    def _apart_from(self) -> dict[str, list[str]]:
        """From which others each report is held apart by somebody; it sorts before them."""
        found: dict[str, list[str]] = {}
        for a, b in self._apart:
            found.setdefault(a, []).append(b)
        return found

    @cached_property
    def _agreed(self) -> "_Groups":
        return _Groups(pair for pair in self._linked if pair not in self._apart)

    @cached_property
    def _believed(self) -> "_Groups":
        return _Groups(self._linked)

    def _groups_of(self, party: str) -> "_Groups":
        """The reports as a party joins them: undisputed links, and disputed ones of its own."""
        if party not in self._by_party:
            self._by_party[party] = _Groups(
                pair
                for pair, by in self._linked.items()
                if pair not in self._apart or (party in by and party not in self._apart[pair])
            )
        return self._by_party[party]


class _Groups:
    """What pairs join: each report by the first one, in code points, of its group."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._parent: dict[str, str] = {}
        for a, b in pairs:
            one, other = sorted((self.first(a), self.first(b)))
            if one != other:
                self._parent[other] = one

    def first(self, report: str) -> str:
        """The first report of its group."""
        root = report
        while root in self._parent:
            root = self._parent[root]
        while report != root:
            # Shorten the way for whoever asks next.
            self._parent[report], report = root, self._parent[report]
        return root

    def joined(self) -> list[tuple[str, ...]]:
        """The groups of more than one report, sorted."""
        groups: dict[str, list[str]] = {}
        for report in list(self._parent):
            groups.setdefault(self.first(report), []).append(report)
        return sorted(tuple(sorted([root, *others])) for root, others in groups.items())

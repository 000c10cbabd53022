"""Counting events, against every way there is of parting up to five reports."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from detente.line import Counting, Figures

REPORTS = ("ru/1", "ru/2", "tj/1", "us/1", "us/2")
PAIRS = tuple(combinations(REPORTS, 2))
PARTIES = ("ru", "tj", "us")

Partition = list[frozenset[str]]
Said = dict[tuple[str, str], frozenset[str]]

_SAID = st.dictionaries(
    st.sampled_from(PAIRS), st.frozensets(st.sampled_from(PARTIES), min_size=1), max_size=5
)
_SOME = st.frozensets(st.sampled_from(REPORTS), min_size=1)


def _partitions(reports: tuple[str, ...]) -> Iterator[Partition]:
    """Every way of putting reports into events."""
    if not reports:
        yield []
        return
    one, *rest = reports
    for events in _partitions(tuple(rest)):
        yield [frozenset({one}), *events]
        for event in events:
            yield [event | {one}, *(other for other in events if other != event)]


ALL = list(_partitions(REPORTS))


def _finest(joined: list[tuple[str, str]], standing: frozenset[str]) -> Partition:
    """The partition into most events in which each of these pairs is of one event."""
    fitting = [
        events
        for events in ALL
        if all(any(event.issuperset(p) for event in events) for p in joined)
    ]
    most = max(fitting, key=len)
    return [event & standing for event in most if event & standing]


def _both_stand(said: Said, standing: frozenset[str]) -> Said:
    return {pair: by for pair, by in said.items() if standing.issuperset(pair)}


@settings(max_examples=150, deadline=None)
@given(_SAID, _SAID, _SOME, _SOME)
def test_counts_are_those_of_the_finest_partitions(
    linked: Said, apart: Said, standing: frozenset[str], asked: frozenset[str]
) -> None:
    figures = Counting(standing, linked, apart).count(asked)
    counted = asked & standing
    linked, apart = _both_stand(linked, standing), _both_stand(apart, standing)
    agreed = _finest([pair for pair in linked if pair not in apart], standing)
    assert figures.reports == len(counted)
    assert figures.events == sum(bool(event & counted) for event in agreed)
    believed = _finest(list(linked), standing)
    in_dispute = [pair for pair in apart if any(event.issuperset(pair) for event in believed)]
    touched = {
        pair
        for pair in in_dispute
        if any(event.issuperset(pair) and event & counted for event in believed)
    }
    assert set(figures.disputed) == touched
    stake = {party for pair in touched for party in apart[pair] | linked.get(pair, frozenset())}
    assert figures.as_held.keys() == stake
    for party, events in figures.as_held.items():
        theirs = _finest(
            [
                pair
                for pair, by in linked.items()
                if pair not in apart or (party in by and party not in apart[pair])
            ],
            standing,
        )
        held_apart = [
            pair for pair, by in apart.items() if party in by and counted.issuperset(pair)
        ]
        split = sum(any(event.issuperset(pair) for pair in held_apart) for event in theirs)
        assert events == sum(bool(event & counted) for event in theirs) + split


@settings(max_examples=150, deadline=None)
@given(_SAID, _SAID)
def test_no_merge_hides_a_dissent(linked: Said, apart: Said) -> None:
    counting = Counting(REPORTS, linked, apart)
    for pair, by in apart.items():
        figures = counting.count(pair)
        if figures.events == 1 or pair in linked:
            assert pair in figures.disputed
        for party in by & figures.as_held.keys():
            assert figures.as_held[party] == 2
        if pair in figures.disputed:
            assert by <= figures.as_held.keys()
            for party in linked.get(pair, frozenset()) - by:
                assert figures.as_held[party] == 1


@settings(max_examples=60, deadline=None)
@given(_SAID, _SAID)
def test_events_are_parted_as_they_are_counted(linked: Said, apart: Said) -> None:
    counting = Counting(REPORTS, linked, apart)
    several = counting.events()
    alone = len(REPORTS) - sum(map(len, several))
    assert counting.count().events == len(several) + alone
    for event in several:
        assert {counting.event_of(report) for report in event} == {event[0]}


def test_a_dispute_beside_what_others_link() -> None:
    """ru and us dispute one pair, and tj has linked both of its reports to a third one."""
    pair = ("ru/1", "us/1")
    disputed = Counting(REPORTS, {pair: {"ru"}}, {pair: {"us"}})
    assert disputed.count(pair) == Figures(
        reports=2, events=2, as_held={"ru": 1, "us": 2}, disputed=(pair,)
    )
    round_about = {("ru/1", "tj/1"): {"tj"}, ("tj/1", "us/1"): {"tj"}, pair: {"ru"}}
    joined = Counting(REPORTS, round_about, {pair: {"us"}})
    assert joined.count([*pair, "tj/1"]) == Figures(
        reports=3, events=1, as_held={"ru": 1, "us": 2}, disputed=(pair,)
    )
    assert joined.count(["us/2"]) == Figures(reports=1, events=1)


def test_a_long_chain_is_one_event() -> None:
    names = [f"us/{n:05d}" for n in range(20_000)]
    chain = {pair: {"us"} for pair in pairwise(names)}
    assert Counting(names, chain, {}).count() == Figures(reports=20_000, events=1)

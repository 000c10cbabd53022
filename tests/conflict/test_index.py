"""The index answers as ``find`` does, whatever was put in and taken out before, in any order."""

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from detente.conflict import Conflict, Index, Separation, between, find
from detente.volumes.model import Activity, Band, Limit, Reference

SEPARATION = Separation(5000.0, 300.0, 60.0)
PARTIES = ("a", "b", "c")


def _rough(conflicts: list[Conflict]) -> list[tuple[object, ...]]:
    """What matters of conflicts, to the millimetre and the millisecond."""
    return [
        (c.a, c.b, round(c.start_s, 3), round(c.end_s, 3), round(c.lateral_m, 3), len(c.parts))
        for c in conflicts
    ]


def _random_activity(seed: int, party: str, id: str, shapes: Any, oracle: Any) -> Activity:
    rng = np.random.default_rng(seed)
    volumes = []
    for _ in range(rng.integers(1, 4)):
        place = oracle.walk(rng, 180.0, 70.0, 30e3)
        core = oracle.random_core(rng, *place, float(rng.uniform(500, 15e3)))
        low, start = float(rng.uniform(0, 3000)), float(rng.uniform(0, 1000))
        reference = Reference.STD if rng.uniform() < 0.5 else Reference.W84
        unlimited = rng.uniform() < 0.2
        band = Band(Limit(low, reference), None if unlimited else Limit(low + 500, reference))
        volumes.append(shapes.volume(core, 300.0, band, start, start + 400))
    return shapes.activity(party, *volumes, id=id)  # type: ignore[no-any-return]


@pytest.mark.parametrize(("delta_nodes", "gaps_min"), [(0, 1), (1, 4), (1, 10_000)])
def test_index_equals_find_after_any_history(
    delta_nodes: int, gaps_min: int, shapes: Any, oracle: Any
) -> None:
    class History(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            # So small a delta is merged, and gaps are closed, within a few steps.
            self.index = Index(SEPARATION, delta_nodes=delta_nodes, gaps_min=gaps_min)
            self.held: dict[tuple[str, str], Activity] = {}

        @rule(seed=st.integers(0, 10_000), party=st.sampled_from(PARTIES), number=st.integers(0, 3))
        def put(self, seed: int, party: str, number: int) -> None:
            activity = _random_activity(seed, party, str(number), shapes, oracle)
            self.held[party, str(number)] = activity
            self.index.put(activity)

        @rule(seed=st.integers(0, 10_000), party=st.sampled_from(PARTIES), count=st.integers(0, 9))
        def put_many(self, seed: int, party: str, count: int) -> None:
            some = [
                _random_activity(seed + n, party, str((seed + n) % 4), shapes, oracle)
                for n in range(count)
            ]
            self.held.update({(one.party, one.id): one for one in some})
            self.index.put_many(some)

        @rule(party=st.sampled_from(PARTIES), number=st.integers(0, 3))
        def remove(self, party: str, number: int) -> None:
            self.held.pop((party, str(number)), None)
            self.index.remove(party, str(number))

        @rule(seed=st.integers(0, 10_000), party=st.sampled_from(PARTIES))
        def check_one_that_is_not_held(self, seed: int, party: str) -> None:
            one = _random_activity(seed, party, "new", shapes, oracle)
            others = [other for other in self.held.values() if other.party != party]
            expected = [found for other in others if (found := between(one, other, SEPARATION))]
            expected.sort(key=lambda found: (found.start_s, found.a, found.b))
            assert _rough(self.index.check(one)) == _rough(expected)
            near = self.index.near(one)
            assert all(other in near for other in others if between(one, other, SEPARATION))
            assert all(other.party != party for other in near)

        @invariant()
        def every_held_one_is_checked_as_find_would(self) -> None:
            assert len(self.index) == len(self.held)
            conflicts = find(list(self.held.values()), SEPARATION)
            for party, id in self.held:
                own = [
                    c
                    for c in conflicts
                    if (party, id) in ((c.a.party, c.a.id), (c.b.party, c.b.id))
                ]
                assert _rough(self.index.check(self.held[party, id])) == _rough(own)

    run_state_machine_as_test(
        History, settings=settings(max_examples=12, stateful_step_count=15, deadline=None)
    )


def test_the_index_grows_and_uses_freed_rows_again(shapes: Any) -> None:
    def at(number: int) -> Activity:
        core = shapes.point(0.1 * number, 0.0)
        return shapes.activity("a", shapes.volume(core, 100.0), id=str(number))  # type: ignore[no-any-return]

    index = Index(SEPARATION)
    for number in range(300):
        index.put(at(number))
    for number in range(0, 300, 2):
        index.remove("a", str(number))
    index.remove("a", "never there")
    for number in range(300, 400):
        index.put(at(number))
    assert len(index) == 250
    probe = shapes.activity("b", shapes.volume(shapes.line((0.0, 0.0), (40.0, 0.0)), 100.0))
    met = {int(conflict.a.id) for conflict in index.check(probe)}
    assert met == {*range(1, 300, 2), *range(300, 400)}


def test_figures_are_the_same_bits_however_a_conflict_is_found(shapes: Any, oracle: Any) -> None:
    held = [
        _random_activity(seed, PARTIES[seed % 3], str(seed), shapes, oracle) for seed in range(12)
    ]
    index = Index(SEPARATION)
    for one in held:
        index.put(one)
    for found in find(held, SEPARATION):
        pair = [
            one
            for one in held
            if (one.party, one.id) in ((found.a.party, found.a.id), (found.b.party, found.b.id))
        ]
        assert between(pair[0], pair[1], SEPARATION) == found
        assert between(pair[1], pair[0], SEPARATION) == found
        assert found in index.check(pair[0])
        assert found in index.check(pair[1])

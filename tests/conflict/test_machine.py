"""The index after thousands of steps in any order, held against two kinds of brute force.

Activities are drawn from a fixed set of every shape, in places where shapes are hard (both poles,
the antimeridian), with several volumes each and limits in every reference. A machine of
``hypothesis`` puts in, changes, takes out, checks and asks, on indexes so small that nearly every
step merges trees or closes gaps. Each answer must be

- to the last bit that of ``between``, asked of every two activities;
- for points, lines of geodesics and circles also what GeographicLib and plain comparisons say,
  which share nothing with the engine but the numbers they are given.

``DETENTE_MACHINE_STEPS`` asks for more steps than a test run has time for, say 100000.
"""

import os
from functools import cache
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from detente.conflict import Conflict, Index, Key, Separation, between, find
from detente.volumes.model import Activity, Band, Core, Edges, Limit, Reference, Shape, Volume

SEPARATION = Separation(5000.0, 300.0, 60.0)
PARTIES = ("a", "b", "c")
NAMES = 6
"""Identifiers of each party, so that things put in are often changes."""
VARIANTS = 4
"""What each name may stand for."""
PLACES = ((180.0, 70.0), (40.0, 89.97), (-120.0, -89.98), (-179.95, 0.0))
STEPS = int(os.environ.get("DETENTE_MACHINE_STEPS", "3000"))
STEPS_PER_HISTORY = 50
INDEXES = ((0, 1), (1, 4), (1, 10_000), (32, 10_000))
"""Nodes of the delta, and gaps that are closed: the smaller, the sooner."""


@pytest.fixture(scope="module")
def activities(shapes: Any, oracle: Any) -> dict[tuple[str, int], list[Activity]]:
    """The variants of each party's names."""
    rng = np.random.default_rng(2026)
    return {
        (party, name): [_random(rng, party, name, shapes, oracle) for _ in range(VARIANTS)]
        for party in PARTIES
        for name in range(NAMES)
    }


def _random(rng: np.random.Generator, party: str, name: int, shapes: Any, oracle: Any) -> Activity:
    volumes = []
    for _ in range(rng.integers(1, 4)):
        place = oracle.walk(rng, *PLACES[rng.integers(len(PLACES))], 40e3)
        size_m = float(rng.choice([2e3, 15e3, 15e3, 250e3]))
        core = oracle.random_core(rng, *place, size_m)
        radius_m = float(rng.choice([0.0, 300.0, 6000.0]))
        start_s = 1.8e9 + float(rng.uniform(0, 1500))
        volumes.append(shapes.volume(core, radius_m, _band(rng), start_s, start_s + 400))
    return shapes.activity(party, *volumes, id=str(name))  # type: ignore[no-any-return]


def _band(rng: np.random.Generator) -> Band:
    """A band of any reference, of two, or without limits."""
    low_m, thick_m = float(rng.uniform(0, 5000)), float(rng.uniform(100, 1500))
    reference = list(Reference)[rng.integers(len(Reference))]
    kind = rng.uniform()
    if reference is Reference.SFC or kind < 0.1:
        return Band(Limit(0.0, Reference.SFC), Limit(low_m + thick_m, Reference.STD))
    lower, upper = Limit(low_m, reference), Limit(low_m + thick_m, reference)
    if kind < 0.3:
        return Band(None, upper) if kind < 0.2 else Band(lower, None)
    return Band(lower, upper)


@cache
def _conflict(a: Activity, b: Activity) -> Conflict | None:
    return between(a, b, SEPARATION)


@pytest.mark.parametrize(("delta_nodes", "gaps_min"), INDEXES)
def test_an_index_answers_as_brute_force_after_any_history(
    delta_nodes: int,
    gaps_min: int,
    activities: dict[tuple[str, int], list[Activity]],
    oracle: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counted = {"steps": 0, "conflicts": 0, "of GeographicLib": 0, "checks": 0}
    seen: set[frozenset[Activity]] = set()

    class History(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.index = Index(SEPARATION, delta_nodes=delta_nodes, gaps_min=gaps_min)
            self.held: dict[Key, Activity] = {}

        def hold(self, activity: Activity) -> None:
            self.held[Key(activity.party, activity.id)] = activity

        def check(self, one: Activity) -> None:
            """Holds every answer about an activity against brute force."""
            others = [other for other in self.held.values() if other.party != one.party]
            expected = {other: _conflict(*_in_order(one, other)) for other in others}
            conflicts = [found for found in expected.values() if found]
            conflicts.sort(key=lambda found: (found.start_s, found.a, found.b))
            assert self.index.check(one) == conflicts
            near = self.index.near(one)
            assert near == sorted(near, key=lambda other: (other.party, other.id))
            assert {other for other, found in expected.items() if found} <= set(near)
            assert set(near) <= set(others)
            counted["checks"] += 1
            counted["conflicts"] += len(conflicts)
            for other, found in expected.items():
                if frozenset((one, other)) not in seen:
                    seen.add(frozenset((one, other)))
                    counted["of GeographicLib"] += _hold(one, other, found, oracle)

        @rule(party=st.sampled_from(PARTIES), name=st.integers(0, NAMES - 1), variant=_variants())
        def put(self, party: str, name: int, variant: int) -> None:
            counted["steps"] += 1
            activity = activities[party, name][variant]
            self.index.put(activity)
            self.hold(activity)
            self.check(activity)

        @rule(
            names=st.lists(
                st.tuples(st.sampled_from(PARTIES), st.integers(0, NAMES - 1), _variants()),
                max_size=12,
            )
        )
        def put_many(self, names: list[tuple[str, int, int]]) -> None:
            counted["steps"] += 1
            some = [activities[party, name][variant] for party, name, variant in names]
            self.index.put_many(some)
            for one in some:
                self.hold(one)
            if some:
                self.check(some[-1])

        @rule(party=st.sampled_from(PARTIES), name=st.integers(0, NAMES - 1))
        def remove(self, party: str, name: int) -> None:
            counted["steps"] += 1
            self.index.remove(party, str(name))
            gone = self.held.pop(Key(party, str(name)), None)
            if gone is not None:
                self.check(gone)

        @rule(party=st.sampled_from(PARTIES), name=st.integers(0, NAMES - 1), variant=_variants())
        def check_one_that_may_not_be_held(self, party: str, name: int, variant: int) -> None:
            counted["steps"] += 1
            self.check(activities[party, name][variant])

        def teardown(self) -> None:
            assert len(self.index) == len(self.held)
            everything = list(self.held.values())
            for one in everything:
                self.check(one)
            pairs = [(one, other) for one in everything for other in everything]
            expected = [
                found
                for one, other in pairs
                if one.party < other.party and (found := _conflict(*_in_order(one, other)))
            ]
            expected.sort(key=lambda found: (found.start_s, found.a, found.b))
            assert find(everything, SEPARATION) == expected

    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=max(1, STEPS // len(INDEXES) // STEPS_PER_HISTORY),
            stateful_step_count=STEPS_PER_HISTORY,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        said = ", ".join(f"{count:,} {what}" for what, count in counted.items())
        print(f"\n  delta of {delta_nodes} nodes, gaps closed at {gaps_min}: {said}", end=" ")
    assert counted["steps"] > STEPS / len(INDEXES) / 4
    assert counted["conflicts"] > counted["checks"] / 4
    assert counted["of GeographicLib"] > 20


def _variants() -> st.SearchStrategy[int]:
    return st.integers(0, VARIANTS - 1)


def _in_order(one: Activity, other: Activity) -> tuple[Activity, Activity]:
    return (one, other) if one.party < other.party else (other, one)


# What GeographicLib and plain comparisons say ------------------------------------------------


def _hold(one: Activity, other: Activity, found: Conflict | None, oracle: Any) -> bool:
    """Holds a verdict against one that shares no formula with it, if there is one."""
    if not all(_plain(volume.core) for a in (one, other) for volume in a.volumes):
        return False
    gaps = [_spare(a, b, oracle) for a in one.volumes for b in other.volumes]
    if any(abs(spare) < 0.05 for spare in gaps):
        return False
    assert (found is not None) == any(spare < 0 for spare in gaps)
    return True


def _plain(core: Core) -> bool:
    return core.shape is Shape.POINT or (
        core.shape is Shape.POLYLINE and core.edges is Edges.GEODESIC
    )


def _spare(a: Volume, b: Volume, oracle: Any) -> float:
    """By how much two volumes miss each other in what parts them most; below 0 they conflict."""
    wait_s = max(a.start_s - b.end_s, b.start_s - a.end_s) - SEPARATION.time_s
    climb_m = _gap_m(a.band, b.band) - SEPARATION.vertical_m
    if max(wait_s, climb_m) > 0.05:
        return max(wait_s, climb_m)
    near_m = a.radius_m + b.radius_m + SEPARATION.lateral_m
    spare_m = oracle.core_distance_m(a.core, b.core, 40, 0) - near_m
    if abs(spare_m) < 30e3:
        spare_m = oracle.core_distance_m(a.core, b.core, 24, 25) - near_m
    return max(wait_s, climb_m, float(spare_m))


def _gap_m(a: Band, b: Band) -> float:
    """The gap that can be proved: in a common reference, or between what each may be at most."""
    gaps = []
    for below, above in ((a.upper, b.lower), (b.upper, a.lower)):
        if below is None or above is None:
            gaps.append(-inf)
            continue
        gaps.append(_heights(above)[0] - _heights(below)[1])
        if above.reference is below.reference and above.reference in (Reference.MSL, Reference.STD):
            gaps.append(above.value_m - below.value_m)
    return max(gaps)


def _heights(limit: Limit) -> tuple[float, float]:
    """Heights above WGS84, by the bounds that ``docs/protocol.md`` states."""
    value_m = limit.value_m
    if limit.reference is Reference.W84:
        return value_m, value_m
    if limit.reference is Reference.STD:
        low_m, high_m = value_m - 1268, value_m + 581
        low_m *= 0.75 if low_m > 0 else 1.2
        high_m *= 1.2 if high_m > 0 else 0.75
    elif limit.reference is Reference.MSL:
        low_m = high_m = value_m
    else:
        low_m, high_m = value_m - 450, value_m + 8849
    return low_m - 107, high_m + 86

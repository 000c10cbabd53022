"""The index answers as ``find`` does; ``test_machine`` takes it through thousands of histories."""

from typing import Any

import numpy as np
import pytest
from pyproj import Geod

from detente.conflict import Conflict, Index, Separation, between, find
from detente.volumes import geodesy
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


def test_an_edge_little_longer_than_a_piece_is_cut_as_often_as_in_a_search(shapes: Any) -> None:
    # Two pieces of 49,995 m: by a bound that is 0.1 % too long each would be cut once more.
    lon, lat, _ = Geod(ellps="WGS84").fwd(10.0, 50.0, 70.0, 99_990.0)
    asked = shapes.activity("a", shapes.volume(shapes.line((10.0, 50.0), (lon, lat)), 1000.0))
    lines = [((10.2, 49.9), (10.9, 50.4)), ((10.3, 50.2), (11.3, 50.3))]
    held = [
        shapes.activity("b", shapes.volume(shapes.line(*line), 1000.0), id=str(number))
        for number, line in enumerate(lines)
    ]
    index = Index(SEPARATION)
    index.put_many(held)
    found = find([asked, *held], SEPARATION)
    assert len(found) == 2
    assert index.check(asked) == found


def test_edges_of_more_pieces_than_are_cut_are_answered(
    shapes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Once 50,000 pieces are reached they grow longer, and stay longer than what is cut.
    monkeypatch.setattr(geodesy, "PIECES_MAX", 20)
    asked = shapes.activity("a", shapes.volume(shapes.line((0.0, 0.0), (30.0, 5.0)), 1000.0))
    held = shapes.activity("b", shapes.volume(shapes.line((15.0, 0.0), (15.0, 5.0)), 1000.0))
    index = Index(SEPARATION)
    index.put(held)
    assert index.near(asked) == [held]
    assert index.check(asked) == find([asked, held], SEPARATION) != []


def test_everything_may_be_removed(shapes: Any) -> None:
    one, other = (
        shapes.activity(party, shapes.volume(shapes.point(0.0, 0.0), 100.0)) for party in "ab"
    )
    index = Index(SEPARATION, gaps_min=1)
    for _ in range(2):
        index.put(one)
        assert index.near(other) == [one]
        index.remove(one.party, one.id)
        assert (len(index), index.near(other), index.check(other)) == (0, [], [])


def test_many_volumes_over_many_take_no_room_for_every_pair(shapes: Any) -> None:
    one, other = (
        shapes.activity(party, *[shapes.volume(shapes.point(0.0, 0.0), 100.0)] * 300)
        for party in "ab"
    )
    index = Index(SEPARATION)
    index.put(one)
    before = index.memory_bytes()
    assert index.near(other) == [one]
    # 90,000 pairs of volumes meet; 300 volumes do.
    assert index.memory_bytes() - before < 100_000

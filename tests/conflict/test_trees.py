"""The tree proposes all that meets, wherever it is; what it leaves out is far away."""

from typing import Any

import numpy as np
import pytest

from detente.conflict import Index, Separation, asking, candidates, filters, find
from detente.conflict.compiled import compiled_form
from detente.conflict.filters import RUNS_MAX
from detente.conflict.pack import Pack, pack, reach_of
from detente.conflict.trees import boxes_of, forest_of, outward, queries_of, tree_of
from detente.volumes.geodesy import ecef
from detente.volumes.model import Activity, Band, Limit, Reference

SEPARATION = Separation()


def _volume(rng: np.random.Generator, shapes: Any, oracle: Any) -> Any:
    place = oracle.somewhere(rng)
    core = oracle.random_core(rng, *place, float(rng.choice([5e3, 1e5, 2e6])))
    low, start_s = float(rng.uniform(0, 15_000)), 1_800_000_000.0 + float(rng.uniform(0, 40_000))
    if rng.uniform() < 0.1:
        start_s -= 3e9
    lower = None if rng.uniform() < 0.1 else Limit(low, Reference.STD)
    upper = None if rng.uniform() < 0.1 else Limit(low + 900, Reference.STD)
    radius_m = float(rng.choice([0.0, 5e3, 8e4]))
    return shapes.volume(core, radius_m, Band(lower, upper), start_s, start_s + 4000)


def _pairs(
    module: Any, packed: Pack, held: Any, reach: Any, room: int = 100_000
) -> set[tuple[int, int]]:
    """The pairs that are proposed, each once, where ``held`` volumes are in the tree."""
    boxes = boxes_of(packed.cores, held, packed.low, packed.high)
    forest = forest_of([tree_of(boxes, 1.8e9)])
    volumes = len(packed.owner)
    boxes = boxes_of(packed.cores, np.arange(volumes), packed.low, packed.high)
    queries = queries_of(boxes, reach, 1.8e9)
    first, second = np.empty((2, room), dtype=np.int64)
    stamps = np.full(volumes, -1, dtype=np.int64)
    row, end = 0, len(boxes.volume)
    pairs: list[tuple[int, int]] = []
    while row < end:
        count, row = module.propose(
            *(forest, queries, boxes.volume, row, end, packed.low, packed.high, packed.owner),
            *(reach, asking.scratch_for(forest), stamps, first, second),
        )
        pairs += zip(first[:count].tolist(), second[:count].tolist(), strict=True)
    assert len(pairs) == len(set(pairs))
    return set(pairs)


@pytest.mark.parametrize("count", [1, 64, 65, 1500])
def test_a_tree_proposes_the_pairs_that_a_comparison_of_all_boxes_finds(
    count: int, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(count)
    volumes = [_volume(rng, shapes, oracle) for _ in range(count)]
    packed = pack([shapes.activity("a", one, id=str(n)) for n, one in enumerate(volumes)])
    reach = reach_of(SEPARATION)
    held = np.flatnonzero(rng.uniform(size=count) < 0.7)
    proposed = _pairs(compiled_form(asking), packed, held, reach)

    first, second = np.empty((2, count * count), dtype=np.int64)
    module = compiled_form(filters)
    boxes = packed.low, packed.high
    found = module.cross(*boxes, *boxes, reach, first, second)
    met = set(zip(first[:found].tolist(), second[:found].tolist(), strict=True))
    inside = set(held.tolist())
    whole = {(i, j) for i, j in met if i < j and j in inside}
    assert proposed <= whole
    # What only the boxes of whole lines share is left out, and nothing else is.
    for i, j in whole - proposed:
        assert _apart_m(packed, i, j) > SEPARATION.lateral_m + 1.0
    if count == 1500:
        assert len(proposed) > 200
        assert whole - proposed


def _apart_m(packed: Pack, i: int, j: int) -> float:
    """The gap between the nearest two boxes of two volumes."""
    one, other = (
        boxes_of(packed.cores, np.array([volume]), packed.low, packed.high) for volume in (i, j)
    )
    gaps = np.maximum(one.low[:, None] - other.high[None], other.low[None] - one.high[:, None])[
        :, :, :3
    ]
    return float(gaps.max(axis=2).min())


def test_plain_and_compiled_trees_propose_the_same(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(5)
    volumes = [_volume(rng, shapes, oracle) for _ in range(90)]
    packed = pack([shapes.activity("a", one, id=str(n)) for n, one in enumerate(volumes)])
    every, reach = np.arange(90), reach_of(SEPARATION)
    plain = _pairs(asking, packed, every, reach)
    assert plain == _pairs(compiled_form(asking), packed, every, reach)


def test_a_query_that_finds_no_room_is_taken_up_again(shapes: Any) -> None:
    here = [shapes.volume(shapes.point(10.0, 50.0), 100.0) for _ in range(10)]
    packed = pack([shapes.activity("a", one, id=str(n)) for n, one in enumerate(here)])
    every, reach = np.arange(10), reach_of(SEPARATION)
    pairs = _pairs(asking, packed, every, reach, room=12)
    assert pairs == {(i, j) for i in range(10) for j in range(i + 1, 10)}


def test_boxes_of_a_line_hold_it_and_are_much_smaller_than_its_own(
    shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(8)
    several = 0
    for _ in range(30):
        core = oracle.random_core(rng, *oracle.somewhere(rng), 1.5e6)
        if core.shape != "LineString":
            continue
        radius_m = float(rng.choice([0.0, 20e3]))
        packed = pack([shapes.activity("a", shapes.volume(core, radius_m))])
        boxes = boxes_of(packed.cores, np.array([0]), packed.low, packed.high)
        assert len(boxes.volume) <= RUNS_MAX
        several += len(boxes.volume) > 4
        for point in _along(packed):
            x, y, _ = oracle.wgs84.fwd(*point, rng.uniform(-180, 180), radius_m)
            place = ecef(np.array([x]), np.array([y]))[0]
            holds = (boxes.low[:, :3] <= place + 1e-6) & (place - 1e-6 <= boxes.high[:, :3])
            assert holds.all(axis=1).any()
    assert several > 3


def _along(packed: Pack) -> list[tuple[float, float]]:
    """Points on the pieces of a straight line, or vertices of any."""
    cores = packed.cores
    points = list(zip(cores.lon.tolist(), cores.lat.tolist(), strict=True))
    if cores.straight[0]:
        lon, lat = ((each[:-1] + each[1:]) / 2 for each in (cores.lon, cores.lat))
        points += zip(lon.tolist(), lat.tolist(), strict=True)
    return points


@pytest.mark.parametrize("epoch_s", [0.0, 1.8e9])
def test_rounding_to_single_precision_is_outward(epoch_s: float) -> None:
    rng = np.random.default_rng(2)
    low = rng.uniform(-7e6, 7e6, (4000, 5))
    low[:, 4] = rng.uniform(-2e9, 7e9, 4000)
    high = low + rng.uniform(0, 100, (4000, 5))
    low[0], high[0] = -np.inf, np.inf
    low[1], high[1] = 1e299, 1e300
    sides = outward(low, high, epoch_s).astype(np.float64)
    since = np.array([0, 0, 0, 0, epoch_s])
    assert (sides[:, :5] <= low - since).all()
    assert (sides[:, 5:] >= high - since).all()
    assert (sides[2:, 5:] - sides[2:, :5] <= (high - low)[2:] + 1500).all()


@pytest.mark.parametrize("within", [False, True])
def test_find_by_tree_and_threads_finds_what_the_sweep_finds(
    within: bool, monkeypatch: pytest.MonkeyPatch, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(3)
    activities = []
    for number in range(700):
        volumes = [_volume(rng, shapes, oracle) for _ in range(rng.integers(1, 4))]
        activities.append(shapes.activity("ab"[number % 2], *volumes, id=str(number)))
    swept = find(activities, SEPARATION, within=within)
    assert len(swept) > 100
    monkeypatch.setattr(candidates, "SWEPT_MAX", 0)
    seen: list[tuple[int, int]] = []
    for block, chunk in ((8192, 262_144), (100, 7), (1, 1)):
        monkeypatch.setattr(candidates, "BLOCK", block)
        monkeypatch.setattr(candidates, "CHUNK", chunk)
        seen.clear()
        found = find(
            activities, SEPARATION, within=within, progress=lambda *done: seen.append(done)
        )
        assert found == swept
        assert seen == sorted(seen)
        assert seen[-1][0] == seen[-1][1]


def test_an_index_of_thousands_answers_as_many_small_ones(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(9)

    def one(number: int) -> Activity:
        volumes = [_volume(rng, shapes, oracle) for _ in range(rng.integers(1, 3))]
        return shapes.activity("abc"[number % 3], *volumes, id=str(number))  # type: ignore[no-any-return]

    activities = [one(number) for number in range(1200)]
    large = Index(SEPARATION, delta_nodes=2)
    seen: list[tuple[int, int]] = []
    large.put_many(activities[:1000], progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (1000, 1000)
    for activity in activities[1000:]:
        large.put(activity)
    before = large.memory_bytes()
    small = [Index(SEPARATION) for _ in range(0, 1200, 100)]
    for number, activity in enumerate(activities):
        small[number // 100].put(activity)
    for activity in activities[::25]:
        every = [found for part in small for found in part.check(activity)]
        assert sorted(large.check(activity), key=str) == sorted(every, key=str)
    for activity in activities[:900]:
        large.remove(activity.party, activity.id)
    assert len(large) == 300
    large.put_many(activities[:900])
    assert large.memory_bytes() < 4 * before

"""Many activities packed piece by piece are compared as ``find`` compares them all at once."""

from typing import Any

import numpy as np
import pytest

from detente.conflict import Conflict, Separation, candidates, find, meeting
from detente.conflict.bulk import Bulk, slim
from detente.errors import InputError
from detente.volumes.model import Activity, Band, Limit

SEPARATION = Separation(9260.0, 304.8, 600.0)
EXPECTED: dict[bool, list[Conflict]] = {}
"""What brute force finds, which is looked for once."""


def some(count: int, shapes: Any, oracle: Any, *, seed: int = 5) -> list[Activity]:
    """Activities of one to four volumes around one place; many begin in the same instant."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        volumes = []
        for _ in range(rng.integers(1, 5)):
            core = oracle.random_core(rng, *oracle.walk(rng, 179.8, 66.0, 400e3), 30e3)
            low_m, start_s = float(rng.uniform(0, 9000)), float(rng.integers(0, 12) * 1800)
            band = Band(Limit(low_m), Limit(low_m + 2000))
            end_s = start_s + float(rng.uniform(600, 9000))
            volumes.append(shapes.volume(core, 5000.0, band, start_s, end_s))
        found.append(shapes.activity(f"p{number % 7}", *volumes, id=f"{number % 91:02d}-{number}"))
    return found


def bulk_of(activities: list[Activity], size: int) -> Bulk:
    bulk = Bulk()
    for start in range(0, len(activities), size):
        assert bulk.add(slim(activities[start : start + size])) == start
    return bulk


@pytest.fixture(params=["swept", "asked", "asked in little pieces"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way of proposing pairs, whatever the number of volumes."""
    if request.param != "swept":
        monkeypatch.setattr(candidates, "SWEPT_MAX", 0)
    if request.param == "asked in little pieces":
        monkeypatch.setattr(candidates, "BLOCK", 16)
        monkeypatch.setattr(candidates, "CHUNK", 8)
        monkeypatch.setattr(meeting, "AHEAD", 1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("within", [False, True])
def test_pieces_give_what_find_gives_in_the_same_order(
    within: bool, shapes: Any, oracle: Any
) -> None:
    activities = some(90, shapes, oracle)
    if within not in EXPECTED:
        EXPECTED[within] = by_brute_force(activities, within=within)
    expected = EXPECTED[within]
    assert len(expected) > 80
    assert any(len(one.parts) > 1 for one in expected)
    assert find(activities, SEPARATION, within=within) == expected
    for size in (1, 40, 90):
        shuffled = [activities[i] for i in np.random.default_rng(size).permutation(90)]
        bulk = bulk_of(shuffled, size)
        assert list(bulk.conflicts(SEPARATION, within=within)) == expected


def by_brute_force(activities: list[Activity], *, within: bool) -> list[Conflict]:
    """Every pair by itself."""
    found = [
        meeting.between(a, b, SEPARATION)
        for at, a in enumerate(activities)
        for b in activities[at + 1 :]
        if within or a.party != b.party
    ]
    return sorted(filter(None, found), key=lambda one: (one.start_s, one.a, one.b))


@pytest.mark.usefixtures("way")
def test_what_was_dropped_is_not_compared(shapes: Any, oracle: Any) -> None:
    activities = some(90, shapes, oracle)
    bulk = bulk_of(activities, 30)
    for number in (0, 31, 31, 89, *range(40, 60)):
        bulk.drop(number)
    left = [one for at, one in enumerate(activities) if at not in {0, 31, 89, *range(40, 60)}]
    assert len(bulk) == len(left)
    assert list(bulk.conflicts(SEPARATION)) == find(left, SEPARATION)
    assert bulk.parties() == {one.party for one in left}


@pytest.mark.usefixtures("way")
def test_conflicts_are_told_before_all_are_found_and_progress_ends_at_the_whole(
    shapes: Any, oracle: Any
) -> None:
    activities = some(150, shapes, oracle)
    volumes = sum(len(one.volumes) for one in activities)
    said: list[tuple[int, int]] = []
    told_at = []
    bulk = bulk_of(activities, 50)
    for _ in bulk.conflicts(SEPARATION, progress=lambda *now: said.append(now)):
        told_at.append(len(said))
    assert said == sorted(said)
    assert said[-1] == (volumes, volumes)
    if len(said) > 10:
        assert told_at[0] < len(said) / 2


def test_nothing_and_one_have_no_conflicts(shapes: Any, oracle: Any) -> None:
    assert list(Bulk().conflicts(SEPARATION)) == []
    bulk = bulk_of(some(1, shapes, oracle), 1)
    assert list(bulk.conflicts(SEPARATION)) == []
    bulk.drop(0)
    assert len(bulk) == 0
    assert bulk.parties() == set()


def test_a_key_that_is_there_twice_is_refused(shapes: Any, oracle: Any) -> None:
    (one,) = some(1, shapes, oracle)
    bulk = bulk_of([one, one], 1)
    with pytest.raises(InputError, match="same identifier"):
        list(bulk.conflicts(SEPARATION))


def test_what_is_kept_does_not_grow_with_what_is_said_of_an_activity(
    shapes: Any, oracle: Any
) -> None:
    activities = some(40, shapes, oracle)
    bulk = bulk_of(activities, 40)
    vertices = sum(len(ring) + 1 for a in activities for v in a.volumes for ring in v.core.rings)
    volumes = sum(len(one.volumes) for one in activities)
    # Edges of more than some hundred kilometres would be cut; these are short.
    assert bulk.nbytes <= 1.5 * (120 * vertices + 300 * volumes)

"""Conflicts against an oracle that shares no formula with the engine, and what touching means."""

from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detente.conflict import Separation, between, find
from detente.errors import InputError
from detente.volumes.check import check_activity
from detente.volumes.datums import vertical_gap_m
from detente.volumes.model import Activity, Band, Edges, Limit, Reference

NOTHING = Separation(0.0, 0.0, 0.0)


def feet(value: float) -> float:
    return value * 0.3048


@given(seed=st.integers(0, 2**32 - 1), size_m=st.floats(50, 3e6))
@settings(max_examples=60, deadline=None)
def test_lateral_distance_is_that_of_geographiclib_whatever_the_shapes(
    seed: int, size_m: float, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(seed)
    place = oracle.somewhere(rng)
    cores = [oracle.random_core(rng, *place, size_m)]
    other = oracle.walk(rng, *place, size_m * rng.choice([0.2, 1, 2, 4]))
    cores.append(oracle.random_core(rng, *other, size_m * rng.uniform(0.02, 1.5)))
    apart_m = oracle.core_distance_m(*cores)

    radius_m = rng.uniform(0, 0.5, 2) * min(apart_m, 5e6)
    gap_m = apart_m - float(radius_m.sum())
    if gap_m > 9e5:
        radius_m[:] = min(5e6, (apart_m - 5e4) / 2)
        gap_m = apart_m - float(radius_m.sum())
    assume(gap_m < 9e5)
    a, b = (
        shapes.activity(party, shapes.volume(core, float(radius)))
        for party, core, radius in zip("ab", cores, radius_m, strict=True)
    )

    found = between(a, b, Separation(gap_m + 0.03, 0.0, 0.0))
    assert found is not None
    assert found.lateral_m == pytest.approx(gap_m, abs=0.3)
    if gap_m > 0.1:
        assert between(a, b, Separation(gap_m - 0.05, 0.0, 0.0)) is None
    reach_m = radius_m + (gap_m / 2 + 1)
    for core, reach in zip(cores, reach_m, strict=True):
        assert oracle.core_distance_m(shapes.point(found.lon, found.lat), core) <= reach


def test_many_activities_of_many_volumes_meet_as_brute_force_says(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(4)
    activities = [_random_activity(rng, number, shapes, oracle) for number in range(36)]
    separation = Separation(9260.0, 304.8, 600.0)

    parts = {
        (one.a.id, one.b.id, part.a_volume, part.b_volume)
        for one in find(activities, separation)
        for part in one.parts
    }

    expected, doubtful = _brute_force(activities, separation, oracle)
    assert len(expected) > 25
    assert parts - doubtful == expected - doubtful
    assert len(doubtful) < 3


def _random_activity(rng: np.random.Generator, number: int, shapes: Any, oracle: Any) -> Activity:
    volumes = []
    for _ in range(rng.integers(1, 4)):
        lon, lat = oracle.walk(rng, 179.8, 66.0, 150e3)
        size_m = float(rng.uniform(2e3, 60e3))
        low, start = float(rng.uniform(0, 9000)), float(rng.uniform(0, 20_000))
        reference = Reference.STD if rng.uniform() < 0.7 else Reference.MSL
        band = Band(Limit(low, reference), Limit(low + rng.uniform(300, 3000), reference))
        core = oracle.random_core(rng, lon, lat, size_m)
        radius_m, end = float(rng.uniform(100, 9000)), start + float(rng.uniform(600, 6000))
        volumes.append(shapes.volume(core, radius_m, band, start, end))
    return shapes.activity(f"p{number % 5}", *volumes, id=f"{number:02d}")  # type: ignore[no-any-return]


def _brute_force(
    activities: list[Activity], separation: Separation, oracle: Any
) -> tuple[set[tuple[str, str, int, int]], set[tuple[str, str, int, int]]]:
    """The parts there are, and those so near the limit that the oracle cannot tell."""
    expected, doubtful = set(), set()
    for a, b in combinations(sorted(activities, key=lambda one: (one.party, one.id)), 2):
        if a.party == b.party:
            continue
        for i, one in enumerate(a.volumes):
            for j, other in enumerate(b.volumes):
                wait_s = max(one.start_s - other.end_s, other.start_s - one.end_s)
                if wait_s > separation.time_s:
                    continue
                if vertical_gap_m(one.band, other.band) > separation.vertical_m:
                    continue
                near_m = one.radius_m + other.radius_m + separation.lateral_m
                # Samples are less than 15 km apart: what looks further off than that need not
                # be sampled more finely.
                spare_m = oracle.core_distance_m(one.core, other.core, 10, 0) - near_m
                if spare_m < 15e3:
                    spare_m = oracle.core_distance_m(one.core, other.core, 12, 25) - near_m
                if abs(spare_m) < 0.05:
                    doubtful.add((a.id, b.id, i, j))
                if spare_m <= 0.01:
                    expected.add((a.id, b.id, i, j))
    return expected, doubtful


@pytest.mark.parametrize("azimuth", [0, 37, 90, 141, 233])
@pytest.mark.parametrize("place", [(10.0, 50.0), (179.99, -45.0), (0.0, 89.9), (12.0, -90.0)])
@pytest.mark.parametrize("reach_m", [500.0, 20_000.0, 400_000.0, 4_000_000.0])
def test_circles_that_touch_conflict_and_two_centimetres_more_part_them(
    azimuth: float, place: tuple[float, float], reach_m: float, shapes: Any, oracle: Any
) -> None:
    lon, lat, _ = oracle.wgs84.fwd(*place, azimuth, 2 * reach_m + 100.0)
    a = shapes.activity("a", shapes.volume(shapes.point(*place), reach_m))
    b = shapes.activity("b", shapes.volume(shapes.point(lon, lat), reach_m))
    found = between(a, b, Separation(100.0, 0.0, 0.0))
    assert found is not None
    assert found.lateral_m == pytest.approx(100.0, abs=0.002)
    assert between(a, b, Separation(99.98, 0.0, 0.0)) is None


@pytest.mark.parametrize("wait_s", [600.0, 599.999])
def test_windows_that_touch_when_widened_conflict(wait_s: float, shapes: Any) -> None:
    now = 1_636_444_800.123
    a = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0, start_s=now, end_s=now + 60))
    start = now + 60 + wait_s
    b = shapes.activity(
        "b", shapes.volume(shapes.point(0, 0), 1.0, start_s=start, end_s=start + 60)
    )
    found = between(a, b, Separation(0.0, 0.0, 600.0))
    assert found is not None
    assert found.start_s == pytest.approx(now + 360, abs=0.001)
    assert found.end_s == pytest.approx(now + 360, abs=0.001)
    assert between(a, b, Separation(0.0, 0.0, wait_s - 0.001)) is None


def test_binary_fractions_of_seconds_do_not_part_windows_that_touch(shapes: Any) -> None:
    separation = Separation(0.0, 0.0, 600.1)
    above = 0
    for ms in range(0, 800, 25):
        end_s, start_s = float(f"1636444860.{ms:03d}"), float(f"1636445460.{ms + 100:03d}")
        above += start_s - end_s > separation.time_s
        a = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0, end_s=end_s))
        b = shapes.activity(
            "b", shapes.volume(shapes.point(0, 0), 1.0, start_s=start_s, end_s=start_s)
        )
        assert between(a, b, separation) is not None
    assert above > 0


def test_start_and_end_are_the_overlap_of_the_widened_windows(shapes: Any) -> None:
    a = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0, start_s=0, end_s=1000))
    b = shapes.activity("b", shapes.volume(shapes.point(0, 0), 1.0, start_s=400, end_s=5000))
    found = between(a, b, Separation(0.0, 0.0, 600.0))
    assert found is not None
    assert (found.start_s, found.end_s) == (100.0, 1300.0)


def test_bands_a_thousand_feet_apart_conflict_and_a_hand_more_parts_them(shapes: Any) -> None:
    def flight(party: str, low: float, high: float) -> Activity:
        band = Band(Limit(feet(low), Reference.STD), Limit(feet(high), Reference.STD))
        return shapes.activity(party, shapes.volume(shapes.point(0, 0), 1.0, band))  # type: ignore[no-any-return]

    found = between(flight("a", 24000, 25000), flight("b", 26000, 27000), Separation())
    assert found is not None
    assert found.vertical_m == pytest.approx(feet(1000))
    assert between(flight("a", 24000, 25000), flight("b", 26001, 27000), Separation()) is None


def test_a_band_without_limits_conflicts_at_any_height(shapes: Any) -> None:
    high = Band(Limit(90_000.0), Limit(95_000.0))
    a = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0))
    b = shapes.activity("b", shapes.volume(shapes.point(0, 0), 1.0, high))
    found = between(a, b, NOTHING)
    assert found is not None
    assert found.vertical_m == 0.0


HOLED = (
    ((10.0, 50.0), (14.0, 50.0), (14.0, 53.0), (10.0, 53.0)),
    ((11.0, 51.0), (13.0, 51.0), (13.0, 52.0), (11.0, 52.0)),
)


@pytest.mark.parametrize("edges", list(Edges))
def test_a_volume_in_a_hole_further_than_the_separation_is_no_conflict(
    edges: Edges, shapes: Any
) -> None:
    ring = shapes.activity("a", shapes.volume(shapes.polygon(*HOLED, edges=edges)))
    inside = shapes.activity("b", shapes.volume(shapes.point(12.0, 51.5), 20_000.0))
    assert between(ring, inside, Separation(30_000.0, 0.0, 0.0)) is None
    found = between(ring, inside, Separation(36_000.0, 0.0, 0.0))
    assert found is not None
    assert found.lateral_m > 30_000.0
    within = shapes.activity("b", shapes.volume(shapes.polygon(HOLED[1]), 0.0))
    assert between(ring, within, NOTHING) is not None


def test_shapes_written_a_whole_turn_apart_are_in_the_same_place(shapes: Any) -> None:
    east = shapes.activity("a", shapes.volume(shapes.line((179.0, 10.0), (181.0, 10.0)), 10.0))
    west = shapes.activity("b", shapes.volume(shapes.line((-179.9, 9.0), (-179.9, 11.0)), 10.0))
    box = shapes.activity(
        "c", shapes.volume(shapes.polygon(((-181.0, 9.0), (-179.0, 9.0), (-179.0, 11.0))))
    )
    for a, b in combinations([east, west, box], 2):
        found = between(a, b, NOTHING)
        assert found is not None
        assert found.lateral_m == 0.0


@pytest.mark.parametrize("south", [1, -1])
def test_a_ring_round_a_pole_holds_the_pole(south: int, shapes: Any) -> None:
    corners = ((0.0, 80.0), (90.0, 80.0), (180.0, 80.0), (270.0, 80.0))
    ring = tuple((lon, south * lat) for lon, lat in corners)
    around = shapes.activity("a", shapes.volume(shapes.polygon(ring, edges=Edges.GEODESIC)))
    cap = ((-180.0, 85.0), (0.0, 85.0), (180.0, 85.0), (180.0, 90.0), (0.0, 90.0), (-180.0, 90.0))
    straight = shapes.activity(
        "s", shapes.volume(shapes.polygon(tuple((lon, south * lat) for lon, lat in cap)))
    )
    for lon, lat in ((0.0, 90.0), (123.0, 89.9), (-57.0, 87.0)):
        near = shapes.activity("b", shapes.volume(shapes.point(lon, south * lat), 1.0))
        far = shapes.activity("b", shapes.volume(shapes.point(lon, -south * lat), 1.0))
        for one in (around, straight):
            assert between(one, near, NOTHING) is not None
            assert between(one, far, NOTHING) is None


def test_a_straight_leg_is_not_the_geodesic(shapes: Any, oracle: Any) -> None:
    ends = (10.0, 55.0), (22.0, 55.0)
    parallel = shapes.activity("a", shapes.volume(shapes.line(*ends), 1.0))
    geodesic = shapes.activity("a", shapes.volume(shapes.line(*ends, edges=Edges.GEODESIC), 1.0))
    middle = shapes.activity("b", shapes.volume(shapes.point(16.0, 55.0), 1.0))
    top = oracle.wgs84.npts(*ends[0], *ends[1], 1)[0]
    crest = shapes.activity("b", shapes.volume(shapes.point(*top), 1.0))
    assert between(parallel, middle, NOTHING) is not None
    assert between(geodesic, middle, NOTHING) is None
    assert between(geodesic, crest, NOTHING) is not None
    assert between(parallel, crest, NOTHING) is None


def test_figures_are_the_least_of_all_parts_and_the_place_is_the_closest_one(shapes: Any) -> None:
    near = shapes.volume(shapes.point(0.0, 0.0), 100.0, start_s=5000, end_s=6000)
    far = shapes.volume(shapes.point(1.0, 0.0), 100.0, start_s=0, end_s=6000)
    still = shapes.volume(shapes.line((-0.01, 0.001), (1.01, 0.03)), 10.0, start_s=0, end_s=9000)
    found = between(
        shapes.activity("b", far, near), shapes.activity("a", still), Separation(5000.0, 0.0, 0.0)
    )
    assert found is not None
    assert (found.a.party, found.b.party) == ("a", "b")
    assert [(part.a_volume, part.b_volume) for part in found.parts] == [(0, 0), (0, 1)]
    assert found.lateral_m == min(part.lateral_m for part in found.parts)
    assert (found.start_s, found.end_s) == (0.0, 6000.0)
    assert found.lon == pytest.approx(0.0, abs=0.001)


def test_only_other_parties_count_unless_within_is_asked(shapes: Any) -> None:
    def one(party: str, id: str) -> Activity:
        return shapes.activity(party, shapes.volume(shapes.point(0, 0), 1.0), id=id)  # type: ignore[no-any-return]

    activities = [one("b", "1"), one("a", "2"), one("a", "1")]

    def names(within: bool) -> list[str]:
        conflicts = find(activities, NOTHING, within=within)
        return [f"{c.a.party}{c.a.id}-{c.b.party}{c.b.id}" for c in conflicts]

    assert names(within=False) == ["a1-b1", "a2-b1"]
    assert names(within=True) == ["a1-a2", "a1-b1", "a2-b1"]


def test_progress_ends_with_all_volumes(shapes: Any) -> None:
    activities = [
        shapes.activity(party, shapes.volume(shapes.point(0, 0), 1.0)) for party in "abcd"
    ]
    seen: list[tuple[int, int]] = []
    find(activities, NOTHING, progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (4, 4)
    assert find([], NOTHING) == []
    assert find(activities[:1], NOTHING) == []


def test_what_cannot_be_compared_is_refused_and_never_passed_over(shapes: Any) -> None:
    sound = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0))
    nowhere = shapes.activity("b", shapes.volume(shapes.point(0, float("nan")), 1.0))
    never = shapes.activity("b", shapes.volume(shapes.point(0, 0), 1.0, end_s=float("nan")))
    empty = shapes.activity("b")
    for bad in (nowhere, never, empty):
        with pytest.raises(InputError, match="b/1"):
            find([sound, bad], NOTHING)
    with pytest.raises(InputError, match="same identifier"):
        find([sound, sound], NOTHING)


LIMITS = st.none() | st.builds(Limit, st.floats(-8e3, 1e5), st.sampled_from(Reference))


@given(band=st.builds(Band, LIMITS, LIMITS))
def test_whatever_is_let_in_meets_what_is_at_every_altitude_there(band: Band, shapes: Any) -> None:
    low = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0, band))
    try:
        check_activity(low)
    except InputError:
        return
    everywhere = shapes.activity("b", shapes.volume(shapes.point(0, 0), 1.0))
    found = between(low, everywhere, NOTHING)
    assert found is not None
    assert found.vertical_m == 0
    assert between(low, msgspec.structs.replace(low, party="b"), NOTHING) is not None


@pytest.mark.parametrize("reference", [Reference.W84, Reference.MSL, Reference.STD])
def test_what_ends_before_it_begins_is_refused_and_not_apart_from_all(
    reference: Reference, shapes: Any
) -> None:
    point = shapes.point(0, 0)
    sound = shapes.activity("a", shapes.volume(point, 1.0))
    inverted = Band(Limit(2000.0, reference), Limit(1000.0, reference))
    upside_down = shapes.activity("b", shapes.volume(point, 1.0), shapes.volume(point, 1, inverted))
    backwards = shapes.activity("b", shapes.volume(point, 1.0, start_s=60, end_s=0))
    for bad in (upside_down, backwards):
        with pytest.raises(InputError, match=r"b/1: .*ends before it begins"):
            between(sound, bad, NOTHING)


@pytest.mark.parametrize("field", ["lateral_m", "vertical_m", "time_s"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e12])
def test_a_separation_that_is_none_is_refused(field: str, value: float) -> None:
    with pytest.raises(InputError, match="separation"):
        Separation(**{field: value})

"""Areas take part: each kind's own rule, the same by every way of asking."""

from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import pytest

from detente.conflict import Conflict, Index, Kind, Separation, between, find, part
from detente.conflict.shifts import shifted
from detente.volumes.datums import vertical_gap_m
from detente.volumes.model import Activity, Band, Limit

FULL = Separation()
ORDINARY = "surveillance"
CAUTION, ZONE = "special caution area", "restricted operating zone"
LINE, SITE = "line", "protected site"
ALL = (ORDINARY, CAUTION, ZONE, LINE, SITE)

# What a conflict of two kinds is called, and whether the lateral separation is added, as in section
# 7 of the protocol; two that stand in no row never conflict.
RULES = {
    (ORDINARY, ORDINARY): (Kind.SEPARATION, True),
    (ORDINARY, CAUTION): (Kind.SPECIAL_CAUTION_AREA, True),
    (ORDINARY, ZONE): (Kind.RESTRICTED_OPERATING_ZONE, True),
    (ORDINARY, LINE): (Kind.LINE_CROSSING, False),
    (ORDINARY, SITE): (Kind.PROTECTED_SITE, False),
    (CAUTION, CAUTION): (Kind.SPECIAL_CAUTION_AREA, True),
    (CAUTION, ZONE): (Kind.RESTRICTED_OPERATING_ZONE, True),
    (CAUTION, LINE): (Kind.LINE_CROSSING, False),
    (CAUTION, SITE): (Kind.PROTECTED_SITE, False),
    (ZONE, ZONE): (Kind.RESTRICTED_OPERATING_ZONE, True),
    (ZONE, LINE): (Kind.LINE_CROSSING, False),
    (ZONE, SITE): (Kind.PROTECTED_SITE, False),
}


def of_kind(activity: Activity, kind: str) -> Activity:
    return msgspec.structs.replace(activity, kind=kind)


def disc(
    shapes: Any, party: str, kind: str, *, east_m: float, radius_m: float = 1000.0
) -> Activity:
    """A disc on the equator, so many metres east of Greenwich."""
    lon = np.degrees(east_m / 6378137.0)
    return of_kind(shapes.activity(party, shapes.volume(shapes.point(lon, 0.0), radius_m)), kind)


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("other", ALL)
def test_each_two_kinds_meet_by_their_own_rule(one: str, other: str, shapes: Any) -> None:
    rule = RULES.get((one, other)) or RULES.get((other, one))
    for gap_m in (-500.0, -0.1, 0.005, 0.1, 0.2, 9_000.0, 9_259.9, 9_260.2):
        a = disc(shapes, "a", one, east_m=0.0)
        b = disc(shapes, "b", other, east_m=2000.0 + gap_m)
        found = between(a, b, FULL)
        met = rule is not None and gap_m <= (9_260.0 if rule[1] else 0.0) + 0.01
        assert (found is not None) == met, gap_m
        if found is not None and rule is not None:
            assert found.kind is rule[0]
            assert found.lateral_m == pytest.approx(max(0.0, gap_m), abs=0.26)


@pytest.mark.parametrize("place", [LINE, SITE])
def test_beside_a_place_the_separations_in_altitude_and_time_stay(place: str, shapes: Any) -> None:
    def at(party: str, kind: str, low_m: float, start_s: float) -> Activity:
        band = Band(Limit(low_m), Limit(low_m + 1000.0))
        volume = shapes.volume(shapes.point(0.0, 0.0), 50.0, band, start_s, start_s + 60.0)
        return of_kind(shapes.activity(party, volume), kind)

    site = at("a", place, 0.0, 0.0)
    assert between(site, at("b", ORDINARY, 1304.7, 0.0), FULL) is not None
    assert between(site, at("b", ORDINARY, 1304.9, 0.0), FULL) is None
    assert between(site, at("b", ORDINARY, 0.0, 660.0), FULL) is not None
    assert between(site, at("b", ORDINARY, 0.0, 661.0), FULL) is None


def test_an_area_without_a_band_reaches_through_all_altitudes(shapes: Any) -> None:
    site = of_kind(shapes.activity("a", shapes.volume(shapes.point(0.0, 0.0), 5000.0)), SITE)
    for low_m in (-400.0, 0.0, 12_000.0, 40_000.0):
        band = Band(Limit(low_m), Limit(low_m + 10.0))
        flight = shapes.activity("b", shapes.volume(shapes.point(0.0, 0.0), 10.0, band))
        assert between(site, flight, FULL) is not None


def test_a_line_is_crossed_by_what_reaches_it_and_not_by_what_stays_beside_it(shapes: Any) -> None:
    river = of_kind(
        shapes.activity("a", shapes.volume(shapes.line((68.0, 37.2), (69.5, 37.3)))), LINE
    )
    across = shapes.activity("b", shapes.volume(shapes.line((68.7, 37.0), (68.8, 37.5))))
    beside = shapes.activity("b", shapes.volume(shapes.line((68.0, 37.1), (69.5, 37.2)), 5_000.0))
    found = between(river, across, FULL)
    assert found is not None
    assert found.kind is Kind.LINE_CROSSING
    assert found.lateral_m == 0.0
    assert between(river, beside, FULL) is None
    assert between(of_kind(river, ORDINARY), beside, FULL) is not None


def test_a_hole_in_the_buffer_of_a_site_is_no_part_of_it(shapes: Any) -> None:
    ring, hole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), (
        (0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7),
    )  # fmt: skip
    site = of_kind(shapes.activity("a", shapes.volume(shapes.polygon(ring, hole))), SITE)
    inside = shapes.activity("b", shapes.volume(shapes.point(0.5, 0.5), 20_000.0))
    assert between(site, inside, FULL) is None
    wider = shapes.activity("b", shapes.volume(shapes.point(0.5, 0.5), 22_500.0))
    assert between(site, wider, FULL) is not None


@pytest.mark.parametrize(
    ("seed", "radius_m"), [(289, 137726.24421881157), (377, 123738.85763023557)]
)
def test_a_site_that_is_just_reached_is_not_lost_to_a_rounded_gap(
    seed: int, radius_m: float, shapes: Any, oracle: Any
) -> None:
    """Asked with the whole separation, the exact test calls these gaps more than 1 cm."""
    rng = np.random.default_rng(seed)
    place = (68.0, 37.0)
    buffer = shapes.line(*[oracle.walk(rng, *place, 60e3) for _ in range(4)])
    place = oracle.walk(rng, *place, 200e3)
    route = shapes.line(*[oracle.walk(rng, *place, 60e3) for _ in range(4)])
    site = of_kind(shapes.activity("a", shapes.volume(buffer, radius_m)), SITE)
    flight = shapes.activity("b", shapes.volume(route, 0.001))
    assert between(of_kind(site, ORDINARY), flight, Separation(0.0, 304.8, 600.0)) is not None
    index = Index(FULL)
    index.put(flight)
    for found in (between(site, flight, FULL), *find([site, flight], FULL), *index.check(site)):
        assert found is not None
        assert found.lateral_m == 0.0
    assert len(index.check(site)) == len(find([site, flight], FULL)) == 1


def test_of_many_of_all_kinds_every_way_finds_what_brute_force_finds(
    shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(11)
    activities = [_random(rng, number, shapes, oracle) for number in range(60)]
    expected, doubtful = _brute_force(activities, oracle)
    assert len({kind for *_, kind in expected}) == len(Kind)

    found = find(activities, FULL)
    told = {
        (one.a.id, one.b.id, p.a_volume, p.b_volume, one.kind) for one in found for p in one.parts
    }
    assert {one for one in told ^ expected if one[:4] not in doubtful} == set()
    assert len(doubtful) < 3

    index = Index(FULL, delta_nodes=1)
    index.put_many(activities[:40])
    for one in activities[40:]:
        index.put(one)
    checked = {_name(one): one for activity in activities for one in index.check(activity)}
    assert checked == {_name(one): one for one in found}
    by_name = {(one.party, one.id): one for one in activities}
    for conflict in found[::7]:
        a = by_name[conflict.a.party, conflict.a.id]
        b = by_name[conflict.b.party, conflict.b.id]
        assert between(a, b, FULL) == between(b, a, FULL) == conflict


def _name(one: Conflict) -> tuple[str, str, str, str]:
    return one.a.party, one.a.id, one.b.party, one.b.id


def _random(rng: np.random.Generator, number: int, shapes: Any, oracle: Any) -> Activity:
    volumes = []
    for _ in range(rng.integers(1, 3)):
        lon, lat = oracle.walk(rng, 179.8, 66.0, 120e3)
        low_m, start_s = float(rng.uniform(0, 6000)), float(rng.uniform(0, 10_000))
        band = Band(Limit(low_m), Limit(low_m + float(rng.uniform(0, 4000))))
        core = oracle.random_core(rng, lon, lat, float(rng.uniform(2e3, 40e3)))
        radius_m, end_s = float(rng.uniform(0, 9e3)), start_s + float(rng.uniform(0, 7000))
        volumes.append(shapes.volume(core, radius_m, band, start_s, end_s))
    activity = shapes.activity("abc"[number % 3], *volumes, id=f"{number:02d}")
    return of_kind(activity, ALL[int(rng.integers(len(ALL)))])


def _brute_force(
    activities: list[Activity], oracle: Any
) -> tuple[set[tuple[str, str, int, int, Kind]], set[tuple[str, str, int, int]]]:
    """Parts of conflicts by the rules above, and those too close to the limit to be sure of."""
    expected, doubtful = set(), set()
    ordered = sorted(activities, key=lambda one: (one.party, one.id))
    for a, b in combinations(ordered, 2):
        rule = RULES.get((a.kind, b.kind)) or RULES.get((b.kind, a.kind))
        if a.party == b.party or rule is None:
            continue
        for i, one in enumerate(a.volumes):
            for j, other in enumerate(b.volumes):
                if vertical_gap_m(one.band, other.band) > 304.8 + 0.01:
                    continue
                if max(one.start_s - other.end_s, other.start_s - one.end_s) > 600.0005:
                    continue
                near_m = one.radius_m + other.radius_m + (9260.0 if rule[1] else 0.0)
                # Samples are less than 15 km apart: what looks further off than that need not
                # be sampled more finely.
                spare_m = near_m - oracle.core_distance_m(one.core, other.core, 10, 0)
                if spare_m > -15e3:
                    spare_m = near_m - oracle.core_distance_m(one.core, other.core, 12, 25)
                if spare_m >= -0.01:
                    expected.add((a.id, b.id, i, j, rule[0]))
                if abs(spare_m) < 0.05:
                    doubtful.add((a.id, b.id, i, j))
    return expected, doubtful


class TestWhatParts:
    def test_a_flight_that_passes_a_site_within_the_separation_needs_no_shift_for_it(
        self, shapes: Any
    ) -> None:
        """The flight's second leg is in the buffer, its first only within 5 NM of it."""
        site = of_kind(
            shapes.activity("a", shapes.volume(shapes.point(0.0, 0.0), 5000.0, end_s=86_400)), SITE
        )
        flight = shapes.activity(
            "b",
            shapes.volume(shapes.point(0.1, 0.0), 100.0, start_s=0, end_s=3600),
            shapes.volume(shapes.point(0.0, 0.0), 100.0, start_s=85_800, end_s=86_400),
        )
        found = between(site, flight, FULL)
        assert found is not None
        assert [one.b_volume for one in found.parts] == [1]
        shifts = part(flight, site, FULL)
        # 20 min: beyond the site's end by the separation, whatever becomes of the first leg.
        assert shifts.later_s == 1260.0
        moved = shifted(flight, time_s=shifts.later_s)
        assert between(moved, site, FULL) is None
        assert between(shifted(flight, time_s=shifts.later_s - 60), site, FULL) is not None

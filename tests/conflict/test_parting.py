"""Ways to part two activities: each ends the conflict by itself, and brings no other about.

Whether it does is asked of ``between`` for every activity there is, one by one; how far it leads,
of GeographicLib.
"""

import math
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.conflict import (
    Index,
    Separation,
    Sideways,
    Ways,
    between,
    difference,
    moved,
    part,
    shifted,
    surroundings,
    ways,
)
from detente.errors import InputError
from detente.volumes.check import check_activity
from detente.volumes.model import Activity, Band, Edges, Limit, Reference, Volume

SEPARATION = Separation()
FLOOR = Band(Limit(3000.0), Limit(3500.0))


def circle(shapes: Any, party: str, lon: float, lat: float, radius_m: float, **more: Any) -> Any:
    name = more.pop("id", "1")
    volume = shapes.volume(shapes.point(lon, lat), radius_m, FLOOR, 0, 3600)
    return shapes.activity(party, volume, id=name)


def route(shapes: Any, party: str, *places: Any, **more: Any) -> Any:
    edges = more.get("edges", Edges.GEODESIC)
    volume = shapes.volume(shapes.line(*places, edges=edges), 2000.0, FLOOR, 0, 7200)
    return shapes.activity(party, volume)


def changes(activity: Activity, found: Ways) -> list[Activity]:
    """The activity, changed in every way that was found."""
    s = found.shifts
    times = [t for t in (s.later_s, s.earlier_s and -s.earlier_s) if t is not None]
    heights = [h for h in (s.higher_m, s.lower_m and -s.lower_m) if h is not None]
    made = [shifted(activity, time_s=t) for t in times]
    made += [shifted(activity, altitude_m=h) for h in heights]
    made += [moved(activity, one) for one in found.sideways]
    if found.detour is not None:
        made.append(msgspec.structs.replace(activity, volumes=found.detour))
    return made


class TestMove:
    @settings(max_examples=60, deadline=None)
    @given(
        place=st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
        bearing=st.integers(0, 359),
        km=st.integers(1, 200),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_a_shape_keeps_its_form_wherever_it_is_moved(
        self, shapes: Any, oracle: Any, place: Any, bearing: int, km: int, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        ring = tuple(oracle.walk(rng, *place, 300_000.0) for _ in range(4))
        one = Activity(
            "a", "1", "test", tuple(shapes.volume(shapes.point(*p), 1.0) for p in (place, *ring))
        )
        there = moved(one, Sideways(place, float(bearing), km * 1000.0))
        before = [v.core.rings[0][0] for v in one.volumes]
        after = [v.core.rings[0][0] for v in there.volumes]
        assert oracle.wgs84.inv(*before[0], *after[0])[2] == pytest.approx(km * 1000.0, abs=0.02)
        for i, j in ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4)):
            was = oracle.wgs84.inv(*before[i], *before[j])[2]
            # To the centimetre of a written vertex from the place, to 1e-5 between two vertices:
            # the ellipsoid is curved a little more here than there.
            slack = 0.03 if i == 0 else 0.03 + 2e-5 * was
            assert oracle.wgs84.inv(*after[i], *after[j])[2] == pytest.approx(was, abs=slack)

    def test_north_east_is_north_east_of_the_place(self, shapes: Any, oracle: Any) -> None:
        one = circle(shapes, "a", 68.87, 36.65513, 500.0)
        there = moved(one, Sideways((68.87, 36.65513), 45.0, 14_000.0)).volumes[0].core.rings[0][0]
        azimuth, _, far = oracle.wgs84.inv(68.87, 36.65513, *there)
        assert (round(azimuth, 3), round(far, 1)) == (45.0, 14_000.0)
        assert there == (round(there[0], 7), round(there[1], 7))

    def test_longitudes_go_on_across_the_antimeridian(self, shapes: Any) -> None:
        line = shapes.line((179.2, 10.0), (179.8, 10.0), (180.3, 10.2))
        one = shapes.activity("a", shapes.volume(line, 100.0))
        there = moved(one, Sideways((179.8, 10.0), 90.0, 100_000.0))
        ring = check_activity(there).volumes[0].core.rings[0]
        assert -180 <= ring[0][0] <= 180
        assert all(abs(b[0] - a[0]) < 1 for a, b in pairwise(ring))

    def test_a_hole_stays_in_its_ring(self, shapes: Any) -> None:
        outer = ((179.0, 0.0), (181.0, 0.0), (181.0, 2.0), (179.0, 2.0))
        hole = ((180.2, 0.5), (180.4, 0.5), (180.4, 0.8))
        one = shapes.activity("a", shapes.volume(shapes.polygon(outer, hole)))
        there = check_activity(moved(one, Sideways((180.0, 1.0), 270.0, 150_000.0)))
        rings = there.volumes[0].core.rings
        assert min(lon for lon, _ in rings[0]) < rings[1][0][0] < max(lon for lon, _ in rings[0])

    def test_everything_but_the_place_stays(self, shapes: Any) -> None:
        one = circle(shapes, "a", 10.0, 50.0, 700.0)
        [there] = moved(one, Sideways((10.0, 50.0), 10.0, 1000.0)).volumes
        assert msgspec.structs.replace(there, core=one.volumes[0].core) == one.volumes[0]


class TestLeast:
    def test_two_circles_are_moved_apart_by_what_is_missing(self, shapes: Any, oracle: Any) -> None:
        """5 km and 4 km of radius and 9,260 m between: 18,260 m of middles that are 10 km apart."""
        lon, lat, _ = oracle.wgs84.fwd(10.0, 50.0, 90.0, 10_000.0)
        a, b = circle(shapes, "a", 10.0, 50.0, 5000.0), circle(shapes, "b", lon, lat, 4000.0)
        found = ways(a, b, [], SEPARATION, (10.0, 50.0))
        least, elsewhere = found.sideways
        # 8,260 m are missing straight away from it; whole kilometres are told.
        assert (least.bearing_deg, least.distance_m) == (270.0, 9000.0)
        turn = abs((elsewhere.bearing_deg - 270.0 + 180) % 360 - 180)
        # Any other way leads past: at right angles it takes the leg of a right-angled triangle.
        assert 90 < turn < 100
        assert 15_280 < elsewhere.distance_m <= 17_000

    def test_what_is_in_the_way_of_the_shortest_is_gone_round(
        self, shapes: Any, oracle: Any
    ) -> None:
        lon, lat, _ = oracle.wgs84.fwd(10.0, 50.0, 90.0, 10_000.0)
        a, b = circle(shapes, "a", 10.0, 50.0, 5000.0), circle(shapes, "b", lon, lat, 4000.0)
        # Just clear of it now, and met by a kilometre to the west.
        west, _, _ = oracle.wgs84.fwd(10.0, 50.0, 270.0, 18_500.0)
        c = circle(shapes, "c", west, 50.0, 4000.0)
        assert between(a, c, SEPARATION) is None
        alone, beside = (ways(a, b, known, SEPARATION, (10.0, 50.0)) for known in ([], [c]))
        assert alone.sideways[0].distance_m < beside.sideways[0].distance_m
        for one in changes(a, beside):
            assert between(one, b, SEPARATION) is None
            assert between(one, c, SEPARATION) is None
        assert between(moved(a, alone.sideways[0]), c, SEPARATION) is not None

    def test_what_is_met_already_forbids_nothing(self, shapes: Any) -> None:
        a, b = circle(shapes, "a", 10.0, 50.0, 5000.0), circle(shapes, "b", 10.1, 50.0, 4000.0)
        over = circle(shapes, "c", 10.0, 50.0, 900_000.0)
        found = ways(a, b, [over], SEPARATION, (10.0, 50.0))
        assert found.sideways == ways(a, b, [], SEPARATION, (10.0, 50.0)).sideways

    def test_a_later_shift_is_found_where_the_least_would_meet_another(self, shapes: Any) -> None:
        a, b = circle(shapes, "a", 10.0, 50.0, 5000.0), circle(shapes, "b", 10.0, 50.0, 5000.0)
        after = shifted(circle(shapes, "c", 10.0, 50.0, 5000.0), time_s=3600.0 + 1800.0)
        assert between(a, after, SEPARATION) is None
        assert part(a, b, SEPARATION).later_s == 71 * 60
        # Past both: 5,400 s until it begins, an hour until it ends, ten minutes and one.
        assert ways(a, b, [after], SEPARATION, (10.0, 50.0)).shifts.later_s == 161 * 60

    def test_nothing_is_found_where_nothing_parts_them(self, shapes: Any) -> None:
        a = circle(shapes, "a", 10.0, 50.0, 5000.0)
        wide = shapes.activity("b", shapes.volume(shapes.point(10.0, 50.0), 900_000.0))
        always = msgspec.structs.replace(
            wide, volumes=(msgspec.structs.replace(wide.volumes[0], start_s=-1e7, end_s=1e7),)
        )
        found = ways(a, always, [], SEPARATION, (10.0, 50.0))
        assert changes(a, found) == []

    def test_places_stay_where_they_are(self, shapes: Any) -> None:
        hospital = circle(shapes, "a", 10.0, 50.0, 1000.0)
        site = msgspec.structs.replace(hospital, kind="protected site")
        flight = circle(shapes, "b", 10.0, 50.0, 1000.0)
        assert between(site, flight, SEPARATION) is not None
        assert changes(site, ways(site, flight, [], SEPARATION, (10.0, 50.0))) == []
        # Of a site only the buffer counts: two radii, and no separation beside it.
        [least, _] = ways(flight, site, [], SEPARATION, (10.0, 50.0)).sideways
        assert least.distance_m == 3000.0

    def test_surroundings_find_whatever_a_change_may_meet(self, shapes: Any, oracle: Any) -> None:
        a = circle(shapes, "a", 10.0, 50.0, 5000.0)
        lon, lat, _ = oracle.wgs84.fwd(10.0, 50.0, 33.0, 210_000.0)
        far = shifted(circle(shapes, "b", lon, lat, 100.0), time_s=86_000.0, altitude_m=8000.0)
        index = Index(SEPARATION)
        index.put(far)
        assert index.near(surroundings(a)) == [far]
        assert index.near(a) == []


class TestDetour:
    def test_a_straight_route_is_led_round_a_circle(self, shapes: Any, oracle: Any) -> None:
        a = route(shapes, "a", (9.0, 50.0), (11.0, 50.0))
        b = circle(shapes, "b", 10.0, 49.98, 1000.0)
        found = ways(a, b, [], SEPARATION, (10.0, 50.0))
        assert found.detour is not None
        [volume] = found.detour
        places = volume.core.rings[0]
        assert (places[0], places[-1]) == ((9.0, 50.0), (11.0, 50.0))
        assert 5 <= len(places) <= 6
        # North of it: the circle lies to the south of the way.
        assert all(lat > 50.0 for _, lat in places[2:-2])
        for lon, lat in places[2:-2]:
            assert (lon * 600, lat * 600) == pytest.approx((round(lon * 600), round(lat * 600)))
        cost = difference(a.volumes, found.detour)
        assert cost is not None
        assert cost.left_out == 0
        # It has to be 12,260 m from the middle, which lies about 2.9 km south of the geodesic.
        assert 9_000 < cost.off_m < 13_000
        longer_m = (
            sum(oracle.wgs84.inv(*p, *q)[2] for p, q in pairwise(places))
            - (oracle.wgs84.inv(9.0, 50.0, 11.0, 50.0)[2])
        )
        assert cost.longer_m == pytest.approx(longer_m, abs=1.0)
        # Two hours for 143 km: the estimate is that share of the time, in whole minutes.
        assert cost.later_s == 60 * math.ceil(longer_m / 143_400 * 120)
        assert volume.start_s == a.volumes[0].start_s

    def test_legs_with_windows_of_their_own_share_the_detour(self, shapes: Any) -> None:
        places = [(9.0, 50.0), (9.9, 50.0), (10.1, 50.02), (11.0, 50.1)]
        legs = [
            shapes.volume(
                shapes.line(p, q, edges=Edges.GEODESIC), 2000.0, FLOOR, 1800 * k, 1800 * k + 2400
            )
            for k, (p, q) in enumerate(pairwise(places))
        ]
        a, b = shapes.activity("a", *legs), circle(shapes, "b", 10.0, 50.03, 3000.0)
        b = msgspec.structs.replace(
            b, volumes=(msgspec.structs.replace(b.volumes[0], end_s=7200.0),)
        )
        found = ways(a, b, [], SEPARATION, (10.0, 50.0)).detour
        assert found is not None
        rings = [volume.core.rings[0] for volume in found]
        assert all(one[-1] == other[0] for one, other in pairwise(rings))
        assert (rings[0][0], rings[-1][-1]) == (places[0], places[-1])
        later = {new.end_s - old.end_s for new, old in zip(found, legs, strict=True)}
        assert len(later) == 1
        assert later.pop() > 0
        assert [volume.start_s for volume in found] == [volume.start_s for volume in legs]

    def test_a_route_that_ends_in_the_way_is_not_led_round(self, shapes: Any) -> None:
        a = route(shapes, "a", (9.0, 50.0), (10.0, 50.0))
        b = circle(shapes, "b", 10.0, 50.02, 1000.0)
        found = ways(a, b, [], SEPARATION, (10.0, 50.0))
        assert found.detour is None
        assert found.sideways

    def test_what_is_no_route_is_not_led_round(self, shapes: Any) -> None:
        ring = ((9.5, 49.9), (10.5, 49.9), (10.5, 50.1), (9.5, 50.1))
        a = shapes.activity("a", shapes.volume(shapes.polygon(ring), 0.0, FLOOR, 0, 3600))
        b = circle(shapes, "b", 10.0, 50.0, 1000.0)
        assert ways(a, b, [], SEPARATION, (10.0, 50.0)).detour is None
        assert difference(a.volumes, b.volumes) is None


def _somewhere(oracle: Any, rng: np.random.Generator, party: str, number: int) -> Activity:
    lon, lat = oracle.walk(rng, 179.5, 40.0, 150_000.0)
    volumes = []
    for _ in range(rng.integers(1, 3)):
        core = oracle.random_core(rng, lon, lat, 40_000.0)
        low, start = float(rng.uniform(0, 4000)), float(rng.uniform(0, 7200))
        band = Band(Limit(low), Limit(low + 1500.0))
        volumes.append(Volume(core, float(rng.uniform(500, 8000)), band, start, start + 3600))
    made = Activity(party, str(number), "test", tuple(volumes))
    try:
        return check_activity(made)
    except InputError:
        # Not every random ring of geodesics is simple, and only sound ones are ever released.
        return _somewhere(oracle, rng, party, number)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_way_ends_it_and_brings_no_other_about(oracle: Any, seed: int) -> None:
    """Random shapes of all kinds across the antimeridian, crowded: each way is judged alone."""
    rng = np.random.default_rng(seed)
    a, b = _somewhere(oracle, rng, "a", 0), _somewhere(oracle, rng, "b", 0)
    known = [_somewhere(oracle, rng, "c", number) for number in range(6)]
    found = between(a, b, SEPARATION)
    place = (found.lon, found.lat) if found else (179.5, 40.0)
    parted = ways(a, b, known, SEPARATION, place)
    if found is None:
        assert changes(a, parted) == []
    met = {one.id for one in known if between(a, one, SEPARATION)}
    for one in changes(a, parted):
        check_activity(one)
        assert between(one, b, SEPARATION) is None
        assert {other.id for other in known if between(one, other, SEPARATION)} <= met


def test_thousands_of_vertices_cost_no_time(shapes: Any) -> None:
    """Edge against edge they would be twenty-five million; as rectangles they are sixteen."""
    wave = tuple((9.0 + k / 2500, 50.0 + 0.05 * math.sin(k / 9)) for k in range(5000))
    a, b = route(shapes, "a", *wave), route(shapes, "b", *((x, y + 0.05) for x, y in wave))
    found = ways(a, b, [], SEPARATION, (10.0, 50.0))
    assert found.sideways
    assert between(moved(a, found.sideways[0]), b, SEPARATION) is None


def test_no_limit_is_sent_below_the_zero_of_its_reference(shapes: Any) -> None:
    """Lower above ground, upper a flight level: there is room for one and none for the other."""
    at = shapes.point(10.0, 50.0)
    mixed = Band(Limit(3000.0, Reference.AGL), Limit(1524.0, Reference.STD))
    a = shapes.activity("a", shapes.volume(at, 10.0, mixed))
    b = shapes.activity("b", shapes.volume(at, 10.0, Band(Limit(500.0), Limit(3000.0))))
    assert between(a, b, SEPARATION) is not None
    lower_m = part(a, b, SEPARATION).lower_m
    assert lower_m is None or lower_m <= 1524.0
    for limit in (0.0, 300.0, 900.0):
        upper = Band(Limit(4000.0, Reference.AGL), Limit(limit, Reference.STD))
        c = shapes.activity("a", shapes.volume(at, 10.0, upper))
        found = part(c, b, SEPARATION).lower_m
        if found is not None:
            check_activity(shifted(c, altitude_m=-found))

"""What exceeds a grant, against oracles that count, sample or measure in another way."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.line.bodies import Equipment, People, Place
from detente.line.read import UNKNOWN, Grant, exceeding
from detente.line.read.inside import Inside, inside
from detente.volumes import Band, Core, Edges, Shape, Volume

GEOD = Geod(ellps="WGS84")
DAY_S, HOUR_S, QUARTER_S = 86_400.0, 3600.0, 900.0
BEGIN_S = 1_795_305_600.0
"""22 November 2026, midnight."""
BAND = Band(None, None)


def grant(**changes: Any) -> Grant:
    whole: dict[str, Any] = {
        "request": "0" * 64, "guest": "us", "host": "tj", "kind": "visit", "given_s": BEGIN_S,
        "from_s": BEGIN_S + DAY_S, "until_s": BEGIN_S + 3 * DAY_S, "ends": "expired",
        "purpose": "x", "hours_utc": None, "places": (), "people": (), "equipment": (),
        "quota": None, "quota_units": None,
    }  # fmt: skip
    return Grant(**{**whole, **changes})


def circle(lon: float, lat: float, radius_m: float) -> tuple[Core, float]:
    return Core(Shape.POINT, (((lon, lat),),)), radius_m


def place(name: str, kind: str, coordinates: Any, radius_m: float = 0.0, edges: str = "straight") -> Place:  # fmt: skip  # noqa: E501
    core = {"type": kind, "coordinates": coordinates, "edges": edges}
    return Place(name=name, core=core, radius_m=radius_m)


# --- times ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "done", "whys"),
    [
        (1.0, 3.0, False, []),
        (0.99, 3.0, False, ["from"]),
        (1.0, 3.01, False, ["until"]),
        (0.5, 4.0, True, ["from", "until"]),
        (3.0, 3.0, True, []),
    ],
)
def test_a_window_holds_its_ends(start: float, end: float, done: bool, whys: list[str]) -> None:
    found = exceeding.of_window(grant(), BEGIN_S + start * DAY_S, BEGIN_S + end * DAY_S, done=done)
    assert [one.why.split()[0] for one in found] == whys
    assert all(one.known for one in found)


def test_what_was_done_before_it_was_granted_is_too_early_and_a_plan_is_not() -> None:
    late = grant(given_s=BEGIN_S + 2 * DAY_S)
    at_s = BEGIN_S + 1.5 * DAY_S
    assert exceeding.of_window(late, at_s, at_s) == []
    [one] = exceeding.of_window(late, at_s, at_s, done=True)
    assert "not granted before" in one.why


def test_a_revoked_grant_says_what_ended_it() -> None:
    revoked = grant(until_s=BEGIN_S + 2 * DAY_S, ends="revoked")
    [one] = exceeding.of_window(revoked, BEGIN_S + DAY_S, BEGIN_S + 3 * DAY_S)
    assert "revoked as of 2026-11-24" in one.why
    # What takes a grant back holds at once: its own instant is granted no more.
    [one] = exceeding.of_window(revoked, revoked.until_s, revoked.until_s, done=True)
    assert "revoked as of 2026-11-24" in one.why


SPANS = st.lists(
    st.tuples(st.integers(0, 96), st.integers(0, 96)), min_size=1, max_size=4
)  # quarters of an hour


@settings(max_examples=100, deadline=None)
@given(spans=SPANS, start=st.integers(0, 3 * 96), length=st.integers(0, 3 * 96))
def test_hours_by_counting_quarters(spans: list[tuple[int, int]], start: int, length: int) -> None:
    """The middle of every quarter of an hour that is used lies in a span of its day."""
    hours = tuple((first / 4, last / 4) for first, last in spans)
    start_s = BEGIN_S + start * QUARTER_S
    granted = {
        quarter % 96
        for first, last in spans
        for quarter in range(first, last if last >= first else last + 96)
    }
    expected = all(quarter % 96 in granted for quarter in range(start, start + length))
    if length == 0:
        # An instant belongs to the span before it and to the one after it.
        edges = {quarter % 96 for span in spans for quarter in span}
        expected = start % 96 in granted or start % 96 in edges
    assert exceeding.within_hours(hours, start_s, start_s + length * QUARTER_S) == expected
    found = exceeding.of_hours(grant(hours_utc=hours), start_s, start_s + length * QUARTER_S)
    assert (found == []) == expected


def test_hours_over_many_years_and_of_every_day_end_soon() -> None:
    century_s = 100 * 365 * DAY_S
    assert exceeding.within_hours(((0, 24),), BEGIN_S, BEGIN_S + century_s)
    assert exceeding.within_hours(((0, 12), (12, 24)), BEGIN_S, BEGIN_S + DAY_S)
    assert not exceeding.within_hours(((0, 23.9),), BEGIN_S, BEGIN_S + century_s)


# --- people, equipment, units -----------------------------------------------------------------

NAMES = ("observer", "Observer ", "driver", "pilot")
COUNTS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), max_size=5)


@settings(max_examples=100, deadline=None)
@given(brought=COUNTS, allowed=COUNTS)
def test_people_and_equipment_by_counting_them_one_by_one(
    brought: list[tuple[str, int]], allowed: list[tuple[str, int]]
) -> None:
    free = [name.strip().lower() for name, count in allowed for _ in range(count)]
    over = set()
    for name in (name.strip().lower() for name, count in brought for _ in range(count)):
        if name in free:
            free.remove(name)
        else:
            over.add(name)
    people = tuple(People(role=name, count=count) for name, count in brought)
    given_people = tuple(People(role=name, count=count) for name, count in allowed)
    found = exceeding.of_people(grant(people=given_people), people)
    assert {one.why.partition(" × ")[2].partition(":")[0] for one in found} == over
    items = tuple(Equipment(item=name, count=count) for name, count in brought)
    given_items = tuple(Equipment(item=name, count=count) for name, count in allowed)
    assert len(exceeding.of_equipment(grant(equipment=given_items), items)) == len(over)


def test_what_is_not_known_may_exceed_and_is_not_said_to() -> None:
    some = (People(role="observer", count=1),)
    box = (Volume(*circle(69.0, 38.0, 10.0), BAND, BEGIN_S, BEGIN_S + 1),)
    unknown = grant(people=UNKNOWN, equipment=UNKNOWN, places=UNKNOWN, hours_utc=UNKNOWN)
    found = [
        *exceeding.of_people(unknown, some),
        *exceeding.of_people(grant(people=some), None),
        *exceeding.of_equipment(unknown, (Equipment(item="x", count=1),)),
        *exceeding.of_equipment(grant(), None),
        *exceeding.of_places(unknown, box),
        *exceeding.of_places(grant(), None),
        *exceeding.of_hours(unknown, BEGIN_S, BEGIN_S),
    ]
    assert len(found) == 7
    assert not any(one.known for one in found)
    assert exceeding.of_people(unknown, ()) == []


def test_units_are_counted_from_one() -> None:
    assert exceeding.of_units("q", 2, 2) == []
    assert exceeding.of_units("q", 0, 1)[0].why == "visit 1: q has 0"


# --- places -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    lon=st.floats(-180, 180), lat=st.floats(-85, 85), azimuth=st.floats(0, 360),
    apart_m=st.floats(0, 60_000), radius_m=st.floats(100, 50_000), allowed_m=st.floats(100, 50_000),
)  # fmt: skip
def test_a_circle_in_a_circle_by_its_closed_form(
    lon: float, lat: float, azimuth: float, apart_m: float, radius_m: float, allowed_m: float
) -> None:
    there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth, apart_m)
    spare_m = allowed_m - apart_m - radius_m
    answer = inside(*circle(there_lon, there_lat, radius_m), [
        place("p", "Point", [lon, lat], allowed_m),
    ])  # fmt: skip
    if spare_m > 2.0:
        assert answer is Inside.YES
    elif spare_m < -0.05 * (apart_m + radius_m) - 2.0:
        assert answer is not Inside.YES
        # Eight directions are looked at: what leaves by a twentieth is seen by one of them.
        if apart_m > allowed_m + 2.0 or radius_m > allowed_m + apart_m + 2.0:
            assert answer is Inside.NO
    else:
        assert answer is not Inside.YES or spare_m >= 0


def samples(core: Core, radius_m: float, seed: int) -> list[tuple[float, float]]:
    """Points of a circle or of a strip along straight edges, its rim among them."""
    rng = np.random.default_rng(seed)
    ring, found = core.rings[0], []
    for _ in range(120):
        if len(ring) == 1:
            lon, lat = ring[0]
        else:
            edge, along = int(rng.integers(len(ring) - 1)), rng.random()
            lon, lat = (
                ring[edge][axis] + along * (ring[edge + 1][axis] - ring[edge][axis])
                for axis in (0, 1)
            )
        length_m = radius_m * rng.choice([0.0, 0.5, 0.9999])
        found.append(GEOD.fwd(lon, lat, rng.random() * 360, length_m)[:2])
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_polygon_by_its_samples(data: Any) -> None:
    """Straight edges are straight in longitude and latitude, where shapely is exact."""
    corner = st.tuples(st.floats(68, 71), st.floats(37, 39))
    ring = data.draw(st.lists(corner, min_size=3, max_size=5))
    shape = shapely.Polygon(ring).convex_hull
    if shape.geom_type != "Polygon" or shape.area < 0.05:
        return
    outer = [list(one) for one in shape.exterior.coords]
    hole = shapely.Polygon(shape.centroid.buffer(0.05).exterior.coords[::8])
    holes = [[list(one) for one in hole.exterior.coords]] if shape.contains(hole) else []
    if shapely.Polygon(outer).exterior.is_ccw is False:
        outer = outer[::-1]
    target = shapely.Polygon(outer, holes)
    core = Core(Shape.POINT, ((data.draw(corner),),)) if data.draw(st.booleans()) else Core(
        Shape.POLYLINE, ((data.draw(corner), data.draw(corner)),)
    )  # fmt: skip
    radius_m = data.draw(st.floats(10, 30_000))
    answer = inside(core, radius_m, [place("p", "Polygon", [outer, *holes])])
    points = samples(core, radius_m, data.draw(st.integers(0, 1000)))
    lies_in = [target.contains(shapely.Point(point)) for point in points]
    if answer is Inside.YES:
        assert all(lies_in)
    deep = target.buffer(-0.6)
    if all(deep.contains(shapely.Point(point)) for point in points):
        assert answer is Inside.YES
    if not any(target.buffer(0.01).contains(shapely.Point(point)) for point in points):
        assert answer is Inside.NO


@settings(max_examples=25, deadline=None)
@given(
    ends=st.tuples(st.floats(68, 71), st.floats(37, 39), st.floats(68, 71), st.floats(37, 39)),
    shift_m=st.floats(0, 30_000), azimuth=st.floats(0, 360),
    radius_m=st.floats(10, 9_000), allowed_m=st.floats(500, 30_000),
)  # fmt: skip
def test_a_strip_along_a_line_by_its_samples(
    ends: tuple[float, float, float, float], shift_m: float, azimuth: float, radius_m: float,
    allowed_m: float,
) -> None:  # fmt: skip
    a, b = ends[:2], ends[2:]
    if GEOD.inv(*a, *b)[2] < 1000:
        return
    moved = [GEOD.fwd(*one, azimuth, shift_m)[:2] for one in (a, b)]
    core = Core(Shape.POLYLINE, (tuple(moved),))
    answer = inside(core, radius_m, [place("p", "LineString", [list(a), list(b)], allowed_m)])
    fine = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for t in np.linspace(0, 1, 400)]
    lons, lats = map(np.array, zip(*fine, strict=True))
    step_m = GEOD.inv(*a, *b)[2] / 399
    for lon, lat in samples(core, radius_m, 7):
        least_m = GEOD.inv(np.full_like(lons, lon), np.full_like(lats, lat), lons, lats)[2].min()
        if answer is Inside.YES:
            assert least_m <= allowed_m + step_m
        if answer is Inside.NO and radius_m + shift_m < 0.5 * allowed_m:
            pytest.fail("it lies well inside")
    if radius_m + shift_m < 0.5 * allowed_m and allowed_m > 2_000:
        assert answer is Inside.YES


def test_places_by_name_only_and_several_of_them() -> None:
    here = circle(69.0, 38.0, 1000.0)
    named = Place(name="somewhere")
    around = place("p", "Point", [69.0, 38.0], 2000.0)
    far = place("q", "Point", [75.0, 38.0], 2000.0)
    assert inside(*here, [named]) is Inside.UNKNOWN
    assert inside(*here, [named, around]) is Inside.YES
    assert inside(*here, [far, named]) is Inside.UNKNOWN
    assert inside(*here, [far]) is Inside.NO
    assert inside(*here, []) is Inside.NO
    halves = [
        place("west", "Polygon", [[[68, 37], [69, 37], [69, 39], [68, 39], [68, 37]]]),
        place("east", "Polygon", [[[69, 37], [70, 37], [70, 39], [69, 39], [69, 37]]]),
    ]
    assert inside(*here, halves) is Inside.UNKNOWN


def test_the_same_shape_is_inside_whatever_its_shape() -> None:
    strip = place("p", "LineString", [[69, 37], [70, 38]], 3000.0, "geodesic")
    area = place("q", "Polygon", [[[68, 37], [69, 37], [69, 39], [68, 37]]], 10.0)
    for one in (strip, area):
        assert one.extent is not None
        assert inside(one.extent, one.radius_m, [one]) is Inside.YES
    assert strip.extent is not None
    assert strip.extent.edges is Edges.GEODESIC
    assert inside(strip.extent, 3001.0, [strip]) is Inside.NO


def test_across_the_antimeridian_and_near_a_pole() -> None:
    for lon, lat in ((180.0, 10.0), (-180.0, -10.0), (0.0, 89.9)):
        around = place("p", "Point", [lon, lat], 50_000.0)
        assert inside(*circle(-179.99 if lon > 0 else lon, lat, 10_000.0), [around]) is Inside.YES
        assert inside(*circle(lon, lat, 60_000.0), [around]) is Inside.NO


def test_an_activity_is_held_against_places_window_and_hours() -> None:
    granted = grant(places=(place("p", "Point", [69.0, 38.0], 2000.0),), hours_utc=((2, 14),))
    core, radius_m = circle(69.0, 38.0, 1000.0)
    start_s = BEGIN_S + DAY_S + 3 * HOUR_S
    good = Volume(core, radius_m, BAND, start_s, start_s + HOUR_S)
    assert exceeding.of_volumes([granted], [good]) == []
    night = msgspec.structs.replace(good, end_s=start_s + 12 * HOUR_S)
    away = msgspec.structs.replace(good, core=circle(75.0, 38.0, 1.0)[0])
    early = msgspec.structs.replace(good, start_s=BEGIN_S + 3 * HOUR_S)
    found = exceeding.of_volumes([granted], [night, away, early])
    assert {one.what for one in found} == {"hours", "place", "window"}
    assert exceeding.of_places(granted, [good] * 256) == []
    [many] = exceeding.of_places(granted, [good] * 2_000)
    assert not many.known
    assert "of the others it is not known" in many.why


def test_of_many_times_that_exceed_the_first_and_the_last_are_named() -> None:
    granted = grant(places=(place("p", "Point", [69.0, 38.0], 2000.0),), hours_utc=((2, 14),))
    core, radius_m = circle(69.0, 38.0, 1000.0)
    late_s = BEGIN_S + 400 * DAY_S + 15 * HOUR_S
    many = [Volume(core, radius_m, BAND, late_s + n * 60, late_s + n * 60 + 60) for n in range(200)]
    found = exceeding.of_volumes([granted], many)
    assert [one.what for one in found] == ["window", "window", "hours", "hours"]
    assert [one.why.endswith("(the last of 200)") for one in found] == [False, True, False, True]


def test_where_a_renewal_took_its_place_each_part_is_held_against_its_own_grant() -> None:
    here = (place("p", "Point", [69.0, 38.0], 2000.0),)
    turn_s = BEGIN_S + 2 * DAY_S
    first = msgspec.structs.replace(grant(places=here), until_s=turn_s, ends="superseded")
    there = (place("q", "Point", [75.0, 38.0], 2000.0),)
    second = msgspec.structs.replace(grant(places=there), given_s=turn_s, from_s=turn_s)
    (near, radius_m), (far, _) = circle(69.0, 38.0, 1000.0), circle(75.0, 38.0, 1000.0)
    before = Volume(near, radius_m, BAND, turn_s - HOUR_S, turn_s)
    after = Volume(far, radius_m, BAND, turn_s, turn_s + HOUR_S)
    over = msgspec.structs.replace(before, end_s=turn_s + HOUR_S)
    assert exceeding.of_volumes([first, second], [before, after]) == []
    [found] = exceeding.of_volumes([first, second], [before, after, over])
    assert found.why == "volume 3 leaves what is granted: q"


def test_odd_shapes_are_looked_at_for_so_long_only() -> None:
    ring = [
        [69 + 0.1 * math.cos(turn / 100), 38 + 0.1 * math.sin(turn / 100)] for turn in range(628)
    ]
    places = tuple(place(f"p{n}", "Polygon", [[*ring, ring[0]]]) for n in range(64))
    core, radius_m = circle(69.0, 38.0, 1000.0)
    volume = Volume(core, radius_m, BAND, BEGIN_S, BEGIN_S + 1)
    [many] = exceeding.of_places(grant(places=places), [volume] * 256)
    assert not many.known
    assert "of 256 volumes" in many.why

"""What was observed: against cases by hand, and against a clock that is sampled every minute."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.coverage import Blank, Looked, Seen, Sighting, Stretch, seen_at
from detente.coverage.observed import length_s
from detente.volumes.geodesy import geod
from detente.volumes.model import Core, Edges, Shape

DAY_S = 86_400.0
START_S = 1_628_467_200.0
"""9 August 2021, midnight."""
KUNDUZ, FAIZABAD = (68.868, 36.728), (70.580, 37.117)
LINE = Core(Shape.POLYLINE, (((68.5, 36.728), (69.25, 36.728)),))


def stretch(
    hours: tuple[float, float], seeing: str = "good", core: Core = LINE, radius_m: float = 25_000.0
) -> Stretch:
    start_s, end_s = (START_S + hour * 3600 for hour in hours)
    return Stretch(
        name="us/panj-1", core=core, radius_m=radius_m, start_s=start_s, end_s=end_s,
        seeing=seeing,  # type: ignore[arg-type]
    )  # fmt: skip


def sighting(
    hours: tuple[float, float], seeing: str = "good", at: tuple[float, float] = KUNDUZ,
    radius_m: float = 500.0, reach_m: float = 0.0,
) -> Sighting:  # fmt: skip
    start_s, end_s = (START_S + hour * 3600 for hour in hours)
    return Sighting(
        name="ru/bank", core=Core(Shape.POINT, ((at,),)), radius_m=radius_m, reach_m=reach_m,
        start_s=start_s, end_s=end_s, seeing=seeing,  # type: ignore[arg-type]
    )  # fmt: skip


def seen(
    looked: Looked, point: tuple[float, float] = KUNDUZ, days: int = 1, reach: bool = True
) -> list[Seen]:
    windows = [(START_S + n * DAY_S, START_S + (n + 1) * DAY_S) for n in range(days)]
    return seen_at(looked, [point], windows, [reach], near_m=20_000.0)[0]


def test_nobody_looked() -> None:
    """Not observed is never anything else, and says whether it could have been."""
    assert [seen(Looked(), reach=reach)[0].state for reach in (True, False)] == [
        "missed",
        "unreached",
    ]


def test_one_mission_over_two_days() -> None:
    first, second, third = seen(Looked(stretches=(stretch((22.0, 25.5)),)), days=3)
    assert (first.state, first.observed_s, first.by) == ("observed", 7200.0, ("us/panj-1",))
    assert (second.state, second.observed_s) == ("observed", 5400.0)
    assert third.state == "missed"
    [away] = seen(Looked(stretches=(stretch((22.0, 25.5)),)), FAIZABAD)
    assert (away.state, away.observed_s, away.by) == ("missed", 0.0, ())


def test_poor_seeing_is_its_own_state_and_its_own_time() -> None:
    poor, good = stretch((1, 4), "poor"), stretch((3, 5), "limited")
    [only] = seen(Looked(stretches=(poor,)))
    assert (only.state, only.observed_s, only.poor_s) == ("poor", 0.0, 3 * 3600.0)
    [both] = seen(Looked(stretches=(poor, good)))
    assert (both.state, both.observed_s, both.poor_s) == ("observed", 2 * 3600.0, 2 * 3600.0)
    assert both.seeing == ("limited", "poor")
    [untold] = seen(Looked(stretches=(stretch((1, 4), "unknown"),)))
    assert (untold.state, untold.seeing) == ("observed", ("unknown",))


def test_a_sighting_counts_where_and_when_it_is_told_closely() -> None:
    [one] = seen(Looked(sightings=(sighting((3, 4)),)))
    assert (one.state, one.observed_s, one.sightings) == ("observed", 0.0, 1)
    assert seen(Looked(sightings=(sighting((3, 4), "poor"),)))[0].state == "poor"
    assert seen(Looked(sightings=(sighting((3, 4)),)), FAIZABAD)[0].state == "missed"


def test_what_is_told_vaguely_is_unknown_where_and_when_it_may_have_been() -> None:
    def states(one: Sighting, point: tuple[float, float] = KUNDUZ) -> list[str]:
        return [day.state for day in seen(Looked(sightings=(one,)), point, days=3)]

    wide, province = sighting((3, 4), radius_m=30_000.0), sighting((3, 4), reach_m=50_000.0)
    for vague in (wide, province):
        assert states(vague) == ["unknown", "missed", "missed"]
    # It was within 30 km, so that somebody within 20 km of it may have looked 50 km away.
    azimuth, _, _ = geod().inv(*KUNDUZ, *FAIZABAD)
    for far_m, expected in ((49_990.0, "unknown"), (50_010.0, "missed")):
        lon, lat, _ = geod().fwd(*KUNDUZ, azimuth, far_m)
        assert states(wide, (lon, lat))[0] == expected
    # On one of two days, and it is not told on which.
    [first, second, third] = seen(Looked(sightings=(sighting((23, 25)),)), days=3)
    assert (first.state, second.state, third.state) == ("unknown", "unknown", "missed")
    assert (first.blank, first.by, first.sightings) == (("ru/bank",), (), 0)
    assert states(sighting((20, 24))) == ["observed", "missed", "missed"]
    # An instant in the day has no length, and is in it all the same.
    assert states(sighting((3, 3), radius_m=30_000.0)) == ["unknown", "missed", "missed"]
    assert states(sighting((3, 3))) == ["observed", "missed", "missed"]
    # What is known to have been observed stays so, and what nobody could watch is unknown, too.
    [one] = seen(Looked(sightings=(sighting((3, 4)), wide)))
    assert (one.state, one.sightings, one.blank) == ("observed", 1, ("ru/bank",))
    assert seen(Looked(sightings=(wide,)), reach=False)[0].state == "unknown"


def test_somebody_looked_and_nobody_knows_where() -> None:
    blank = Blank(name="us/panj-2", start_s=START_S + 3600, end_s=START_S + 7200, why="recalled")
    for reach in (True, False):
        first, second = seen(Looked(blanks=(blank,)), FAIZABAD, days=2, reach=reach)
        assert (first.state, first.blank) == ("unknown", ("us/panj-2",))
        assert second.state == ("missed" if reach else "unreached")
    # What is known to have been observed stays so.
    [one] = seen(Looked(stretches=(stretch((1, 2)),), blanks=(blank,)))
    assert (one.state, one.blank) == ("observed", ("us/panj-2",))


def test_a_blank_of_a_place_leaves_the_others_as_they_are() -> None:
    blank = Blank(
        name="us/panj-2", core=LINE, radius_m=25_000.0, start_s=START_S, end_s=START_S + 60,
        why="only us says that it began",
    )  # fmt: skip
    first, second = seen(Looked(blanks=(blank,)), days=2)
    assert (first.state, first.blank, first.by) == ("unknown", ("us/panj-2",), ())
    assert second.state == "missed"
    [away] = seen(Looked(blanks=(blank,)), FAIZABAD)
    assert (away.state, away.blank) == ("missed", ())


def test_across_the_antimeridian() -> None:
    core = Core(Shape.POLYLINE, (((179.8, 10.0), (-179.8, 10.0)),), Edges.GEODESIC)
    looked = Looked(stretches=(stretch((1, 2), core=core, radius_m=1000.0),))
    for lon in (179.9, 180.0, -180.0, -179.9):
        assert seen(looked, (lon, 10.0))[0].state == "observed"
    assert seen(looked, (0.0, 10.0))[0].state == "missed"


def test_an_area() -> None:
    ring = ((68.0, 36.0), (69.0, 36.0), (69.0, 37.0), (68.0, 37.0))
    core = Core(Shape.POLYGON, (ring,), Edges.STRAIGHT)
    looked = Looked(stretches=(stretch((1, 2), core=core, radius_m=0.0),))
    assert seen(looked, (68.5, 36.5))[0].state == "observed"
    assert seen(looked, (69.01, 36.5))[0].state == "missed"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 80)), max_size=6))
def test_time_is_counted_once(spans: list[tuple[int, int]]) -> None:
    minutes = {minute for start, long in spans for minute in range(start, start + long)}
    assert length_s([(60.0 * start, 60.0 * (start + long)) for start, long in spans]) == 60.0 * len(
        minutes
    )


@pytest.mark.parametrize("seed", range(3))
def test_against_a_sampled_clock(seed: int) -> None:
    """Missions of random legs at random times; each place is asked every minute who is there."""
    rng = random.Random(seed)
    stretches = []
    for _ in range(5):
        a, b = ((rng.uniform(67, 70), rng.uniform(36, 38)) for _ in range(2))
        start = rng.randrange(0, 40 * 60)
        long = rng.randrange(1, 300)
        stretches.append(
            stretch(
                (start / 60, (start + long) / 60),
                rng.choice(["good", "limited", "poor"]),
                Core(Shape.POLYLINE, ((a, b),), Edges.GEODESIC),
                rng.uniform(10_000, 80_000),
            )
        )
    places = [(rng.uniform(67, 70), rng.uniform(36, 38)) for _ in range(12)]
    windows = [(START_S + n * DAY_S, START_S + (n + 1) * DAY_S) for n in range(2)]
    found = seen_at(Looked(stretches=tuple(stretches)), places, windows, [True] * 12, near_m=1000.0)
    for place, days in zip(places, found, strict=True):
        over = [one for one in stretches if _far_m(one.core.rings[0], place) <= one.radius_m]
        for (start_s, end_s), day in zip(windows, days, strict=True):
            clear = poor = 0
            for minute in range(int(start_s) + 30, int(end_s), 60):
                there = {one.seeing for one in over if one.start_s <= minute < one.end_s}
                clear += bool(there - {"poor"})
                poor += there == {"poor"}
            assert (day.observed_s, day.poor_s) == (60.0 * clear, 60.0 * poor)
            expected = "observed" if clear else "poor" if poor else "missed"
            assert day.state == expected


def _far_m(leg: tuple[tuple[float, float], ...], place: tuple[float, float]) -> float:
    """The least distance to a leg, by points along it every 200 m."""
    azimuth, _, long_m = geod().inv(*leg[0], *leg[1])
    steps = [min(long_m, 200.0 * n) for n in range(math.ceil(long_m / 200.0) + 1)]
    return min(
        float(geod().inv(*geod().fwd(*leg[0], azimuth, at_m)[:2], *place)[2]) for at_m in steps
    )

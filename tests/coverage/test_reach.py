"""Reach and timetables, against closed forms and a simulation that flies them minute by minute."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.coverage import (
    Base,
    Permission,
    Place,
    Platform,
    Rota,
    Route,
    Scenario,
    Sortie,
    rota,
    sorties,
    without,
)
from detente.errors import NotFoundError

WGS84 = Geod(ellps="WGS84")
H = 3600.0


def scenario(
    *platforms: Platform,
    routes: tuple[Route, ...] = (Route("r", "b"),),
    permissions: tuple[Permission, ...] = (),
    bases: tuple[Base, ...] = (Base("b", "tj", 68.0, 38.0),),
) -> Scenario:
    return Scenario(
        "test", True, (65.0, 35.0, 73.0, 40.0), 50e3, (), bases, permissions, routes, platforms
    )


def platform(**changes: float) -> Platform:
    given_ = {
        "speed_mps": 100.0, "endurance_s": 10 * H, "footprint_m": 20e3, "reserve_s": H,
        "turnaround_s": 2 * H, "wind_mps": 10.0,
    }  # fmt: skip
    fields = given_ | changes
    count = int(fields.pop("count", 1))
    return Platform("p", "b", count, **fields)


def test_one_base_and_one_place_by_hand() -> None:
    """Way 300 km less the footprint at 90 m/s; nine hours less the way, twice."""
    lon, lat, _ = WGS84.fwd(68.0, 38.0, 137.0, 300e3)
    (one,) = sorties(scenario(platform()), Place("x", lon, lat))
    out_s = (300e3 - 20e3) / 90.0
    assert one.out_s == pytest.approx(out_s, abs=1e-3)
    assert one.station_s == pytest.approx(9 * H - 2 * out_s, abs=1e-3)
    assert one.cycle_s == pytest.approx(9 * H + 2 * H, abs=1e-3)
    timetable = rota([one])
    assert timetable.share == pytest.approx(one.station_s / (11 * H))
    assert timetable.gap_s == pytest.approx(11 * H - one.station_s)
    assert timetable.flights_per_day == pytest.approx(24 / 11)
    assert timetable.unbroken_with is None


def test_two_alternating_aircraft_by_hand() -> None:
    lon, lat, _ = WGS84.fwd(68.0, 38.0, 10.0, 300e3)
    able = sorties(scenario(platform(count=2)), Place("x", lon, lat))
    timetable = rota(able)
    station_s, cycle_s = able[0].station_s, 11 * H
    assert 2 * station_s > cycle_s
    assert timetable.share == 1.0
    assert timetable.gap_s == 0.0
    assert timetable.unbroken_with == 2
    farther = sorties(scenario(platform(count=2, endurance_s=6 * H)), Place("x", lon, lat))
    timetable = rota(farther)
    station_s, cycle_s = 5 * H - 2 * 280e3 / 90, 7 * H
    assert timetable.share == pytest.approx(2 * station_s / cycle_s)
    assert timetable.gap_s == pytest.approx(cycle_s / 2 - station_s)


def test_what_is_within_the_footprint_of_the_base_needs_no_way() -> None:
    lon, lat, _ = WGS84.fwd(68.0, 38.0, 200.0, 15e3)
    (one,) = sorties(scenario(platform()), Place("x", lon, lat))
    assert one.out_s == 0.0


def test_beyond_its_endurance_nothing_is_watched() -> None:
    lon, lat, _ = WGS84.fwd(68.0, 38.0, 200.0, 9 * H / 2 * 90 + 20e3 + 100.0)
    assert sorties(scenario(platform()), Place("x", lon, lat)) == []
    timetable = rota([])
    assert timetable.share == 0.0
    assert timetable.gap_s == float("inf")
    lon, lat, _ = WGS84.fwd(68.0, 38.0, 200.0, 9 * H / 2 * 90 + 20e3 - 100.0)
    assert len(sorties(scenario(platform()), Place("x", lon, lat))) == 1


def test_a_route_is_as_long_as_its_legs_and_only_its_last_leg_is_cut_short() -> None:
    via = ((64.0, 30.0), (66.0, 33.0))
    found = sorties(
        scenario(platform(endurance_s=60 * H), routes=(Route("over", "b", via),)),
        Place("x", 66.01, 33.01),
    )
    legs = [(68.0, 38.0), *via]
    length_m = sum(WGS84.inv(*a, *b)[2] for a, b in pairwise(legs))
    # The place lies within the footprint of the route's last point.
    assert found[0].out_s == pytest.approx(length_m / 90.0)


def test_the_better_route_is_taken_and_another_when_it_is_lost() -> None:
    direct = Route("direct", "b", needs=("tj",))
    round_ = Route("round", "b", ((60.0, 38.0),))
    place = Place("x", 70.0, 36.0)
    whole = scenario(
        platform(endurance_s=40 * H),
        routes=(round_, direct),
        permissions=(Permission("tj", "tj"),),
    )
    assert sorties(whole, place)[0].route == direct
    less = without(whole, ["tj"])
    assert sorties(less, place)[0].route == round_
    assert sorties(without(whole, ["b"]), place) == []
    assert sorties(without(whole, ["p"]), place) == []
    assert sorties(without(whole, ["tj", "round"]), place) == []
    with pytest.raises(NotFoundError, match="'uz'"):
        without(whole, ["uz"])


def test_a_quota_is_shared_by_all_who_draw_on_it() -> None:
    """Three aircraft and two flights a day: each may leave every 36 hours."""
    limited = scenario(
        platform(count=3),
        routes=(Route("r", "b", needs=("tj",)),),
        permissions=(Permission("tj", "tj", flights_per_day=2.0),),
    )
    able = sorties(limited, Place("x", 69.0, 37.5))
    assert [one.cycle_s for one in able] == [pytest.approx(36 * H)] * 3
    assert rota(able).flights_per_day <= 2.0 + 1e-9


fleets = st.lists(
    st.tuples(st.floats(0, 5 * H), st.floats(600, 12 * H), st.floats(0, 30 * H)),
    min_size=1,
    max_size=6,
)


def made(fleet: list[tuple[float, float, float]]) -> list[Sortie]:
    return [
        Sortie(platform(), Route("r", "b"), out_s, station_s, rest_s)
        for out_s, station_s, rest_s in fleet
    ]


def flown(able: list[Sortie], timetable: Rota) -> tuple[float, float]:
    """Share and longest gap of a timetable repeated over, found on a clock that ticks."""
    tick_s = timetable.length_s / 20_000
    ticks = (np.arange(20_000) + 0.5) * tick_s
    watching = np.zeros(len(ticks), dtype=int)
    for flight in timetable.flights:
        watching += (ticks - flight.on_s) % timetable.length_s < flight.off_s - flight.on_s
    seen = watching > 0
    blind = np.flatnonzero(np.concatenate([~seen, ~seen]))
    runs = np.split(blind, np.flatnonzero(np.diff(blind) > 1) + 1)
    return float(seen.mean()), max((len(run) for run in runs), default=0) * tick_s


@settings(max_examples=60, deadline=None)
@given(fleets)
def test_a_timetable_can_be_flown_and_watches_what_it_says(
    fleet: list[tuple[float, float, float]],
) -> None:
    able = made(fleet)
    timetable = rota(able)
    for k, one in enumerate(able):
        mine = [flight for flight in timetable.flights if flight.sortie == k]
        for flight in mine:
            assert flight.off_s - flight.on_s <= one.station_s + 1e-6
        for before, after in pairwise(mine):
            back_s = before.off_s + one.out_s + one.rest_s
            assert after.on_s - one.out_s >= back_s - 1e-6
        if mine and timetable.repeats:
            # A round is repeated: the last flight of one and the first of the next keep apart too.
            gap_s = mine[0].on_s + timetable.length_s - mine[-1].off_s
            assert gap_s >= 2 * one.out_s + one.rest_s - 1e-6
    share, gap_s = flown(able, timetable)
    tick = 1 / 20_000
    near = len(timetable.flights) * 2 * tick
    assert share >= timetable.share - near
    if timetable.repeats:
        assert share == pytest.approx(timetable.share, abs=near)
    if timetable.repeats:
        assert gap_s == pytest.approx(timetable.gap_s, abs=3 * tick * timetable.length_s)


@settings(max_examples=60, deadline=None)
@given(fleets, st.data())
def test_more_aircraft_never_watch_less(
    fleet: list[tuple[float, float, float]], data: st.DataObject
) -> None:
    able = made(fleet)
    lost = data.draw(st.integers(0, len(able) - 1))
    fewer = [one for k, one in enumerate(able) if k != lost]
    assert rota(able).share <= 1.0 + 1e-9
    # No timetable watches more than all aircraft together could, flying without pause.
    most = sum(one.station_s / one.cycle_s for one in able)
    assert rota(able).share <= most + 1e-6
    if fewer:
        best = max(rota([one]).share for one in fewer)
        assert rota(able).share >= best - 1e-6


def test_a_fast_aircraft_flies_more_often_than_a_slow_one() -> None:
    near = Sortie(platform(), Route("r", "b"), 0.0, 4 * H, 4 * H)
    far = Sortie(platform(), Route("r", "b"), 5 * H, 4 * H, 18 * H)
    timetable = rota([near, far])
    count = [sum(f.sortie == k for f in timetable.flights) for k in (0, 1)]
    assert count[0] > 2 * count[1] > 0
    assert timetable.share > rota([near]).share

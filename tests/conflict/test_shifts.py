"""Shifts against a search of every whole step, and what a shift does to limits."""

from typing import Any

import numpy as np
import pytest

from detente.conflict import Separation, between, part, shifted
from detente.volumes.model import Activity, Band, Limit, Reference

SEPARATION = Separation(5000.0, 304.8, 600.0)
STEP_M = 30.48


def _flight(
    shapes: Any, party: str, low: float, high: float, start_s: float = 0, end_s: float = 3600
) -> Activity:
    band = Band(Limit(low * STEP_M, Reference.STD), Limit(high * STEP_M, Reference.STD))
    one = shapes.volume(shapes.point(10.0, 50.0), 2000.0, band, start_s, end_s)
    return shapes.activity(party, one)  # type: ignore[no-any-return]


def test_least_shifts_of_two_flights(shapes: Any) -> None:
    a, b = _flight(shapes, "a", 240, 260), _flight(shapes, "b", 230, 250, 3000, 9000)
    own, other = part(a, b, SEPARATION), part(b, a, SEPARATION)
    # a ends at 3600 s; touching counts, so it must end a minute more than 600 s before 3000 s.
    assert own.earlier_s == 1260.0
    assert own.later_s == 9660.0
    # FL260 is exactly 1,000 ft above FL250, which touches: a goes up from FL240 to FL261.
    assert own.higher_m == pytest.approx(21 * STEP_M)
    assert own.lower_m == pytest.approx(41 * STEP_M)
    assert (other.later_s, other.earlier_s) == (1260.0, 9660.0)
    assert (other.higher_m, other.lower_m) == (own.lower_m, own.higher_m)


def test_a_shift_out_of_one_volume_does_not_run_into_the_next(shapes: Any) -> None:
    at = shapes.point(10.0, 50.0)
    windows = [(0, 3600), (6000, 9000), (11_000, 12_000)]
    a = shapes.activity("a", *(shapes.volume(at, 10.0, start_s=s, end_s=e) for s, e in windows))
    b = shapes.activity("b", shapes.volume(at, 10.0, start_s=3000, end_s=3500))
    shifts = part(a, b, Separation(0.0, 0.0, 0.0))
    assert shifts.later_s == 3540.0
    assert shifts.earlier_s == 660.0
    assert shifts.higher_m is None
    assert shifts.lower_m is None


@pytest.mark.parametrize("seed", range(6))
def test_shifts_are_the_first_free_step_of_an_exhaustive_search(
    seed: int, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(seed)

    def some(party: str) -> Activity:
        volumes = []
        for _ in range(3):
            place = oracle.walk(rng, 20.0, 40.0, 8e3)
            reference = list(Reference)[int(rng.integers(0, 3))]
            low, start = float(rng.uniform(1000, 6000)), float(rng.uniform(0, 6000))
            band = Band(Limit(low, reference), Limit(low + 500, reference))
            volumes.append(shapes.volume(shapes.point(*place), 500.0, band, start, start + 900))
        return shapes.activity(party, *volumes)  # type: ignore[no-any-return]

    a, b = some("a"), some("b")
    shifts = part(a, b, SEPARATION)

    def first(step: float, count: int, name: str) -> float | None:
        for n in range(1, count + 1):
            if between(shifted(a, **{name: n * step}), b, SEPARATION) is None:
                return abs(n * step)
        return None

    lowest = min(volume.band.lower.value_m for volume in a.volumes if volume.band.lower)
    assert shifts.later_s == first(60.0, 400, "time_s")
    assert shifts.earlier_s == first(-60.0, 400, "time_s")
    assert shifts.higher_m == first(STEP_M, 656, "altitude_m")
    assert shifts.lower_m == first(-STEP_M, int(lowest / STEP_M), "altitude_m")


def test_nothing_is_sent_below_ground_or_past_what_has_no_limit(shapes: Any) -> None:
    at = shapes.point(10.0, 50.0)
    ground = Band(Limit(0.0, Reference.SFC), Limit(300.0, Reference.AGL))
    a = shapes.activity("a", shapes.volume(at, 10.0, ground))
    b = shapes.activity("b", shapes.volume(at, 10.0, Band(None, Limit(4000.0))))
    c = shapes.activity("c", shapes.volume(at, 10.0, Band(Limit(9000.0), None)))
    assert part(a, b, SEPARATION).lower_m is None
    assert part(a, b, SEPARATION).higher_m is not None
    assert part(a, c, SEPARATION).higher_m is None
    assert part(b, a, SEPARATION).higher_m is None
    assert part(b, c, SEPARATION) != part(a, c, SEPARATION)


def test_limits_are_shifted_in_their_own_reference(shapes: Any) -> None:
    band = Band(Limit(0.0, Reference.SFC), Limit(7315.2, Reference.STD))
    a = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0, band, 100, 200))
    moved = shifted(a, time_s=-60.0, altitude_m=304.8).volumes[0]
    assert moved.band.lower == Limit(304.8, Reference.AGL)
    assert moved.band.upper == Limit(7620.0, Reference.STD)
    assert (moved.start_s, moved.end_s) == (40.0, 140.0)
    assert shifted(a, time_s=60.0).volumes[0].band == band
    unlimited = shapes.activity("a", shapes.volume(shapes.point(0, 0), 1.0))
    assert shifted(unlimited, altitude_m=100.0).volumes[0].band == Band(None, None)

"""Altitude references: what is exact, what is widened, and that the widening holds what it must."""

from math import inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detente.volumes.datums import (
    GEOID_M,
    TERRAIN_M,
    height_interval_m,
    heights_of,
    vertical_gap_m,
    widenings,
)
from detente.volumes.model import Band, Limit, Reference

R_DRY_AIR = 287.05287
GRAVITY = 9.80665
LAPSE = 0.0065

values = st.floats(-8_000, 30_000)
references = st.sampled_from([r for r in Reference if r is not Reference.SFC])


def band(low: float, high: float, reference: Reference) -> Band:
    return Band(Limit(low, reference), Limit(high, reference))


@pytest.mark.parametrize("reference", [Reference.W84, Reference.MSL, Reference.STD])
def test_a_shared_reference_is_compared_exactly(reference: Reference) -> None:
    lower, upper = band(1000, 2000, reference), band(2300.5, 4000, reference)
    assert vertical_gap_m(lower, upper) == 300.5
    assert vertical_gap_m(upper, lower) == 300.5
    assert vertical_gap_m(lower, band(2000, 3000, reference)) == 0.0
    assert vertical_gap_m(lower, band(1900, 3000, reference)) == -100.0


def test_limits_facing_each_other_decide_whatever_the_others_refer_to() -> None:
    ground_to_level = Band(Limit(0, Reference.SFC), Limit(3000, Reference.STD))
    level_upward = Band(Limit(3400, Reference.STD), None)
    assert vertical_gap_m(ground_to_level, level_upward) == 400.0


def test_heights_above_ground_are_never_compared_with_each_other() -> None:
    """The ground under the one, miles away, is not the ground under the other."""
    low, high = band(0, 100, Reference.AGL), band(3000, 3100, Reference.AGL)
    assert vertical_gap_m(low, high) < 0
    assert vertical_gap_m(low, band(9100, 9500, Reference.W84)) == pytest.approx(
        9100 - 100 - TERRAIN_M[1] - GEOID_M[1]
    )


def test_without_limits_nothing_is_proved() -> None:
    assert vertical_gap_m(Band(None, None), band(0, 1, Reference.W84)) == -inf
    assert vertical_gap_m(Band(None, Limit(100)), band(300, 400, Reference.W84)) == 200.0


@given(a=st.tuples(values, values, references), b=st.tuples(values, values, references))
def test_the_gap_is_the_same_both_ways_and_at_least_that_of_the_ellipsoid(
    a: tuple[float, float, Reference], b: tuple[float, float, Reference]
) -> None:
    one, other = (band(min(x, y), max(x, y), reference) for x, y, reference in (a, b))
    gap_m = vertical_gap_m(one, other)
    assert gap_m == vertical_gap_m(other, one)
    lower, upper = height_interval_m(one).w84, height_interval_m(other).w84
    assert gap_m >= max(lower[0] - upper[1], upper[0] - lower[1])


@given(value=values, reference=references, rise=st.floats(0, 5000))
def test_a_higher_limit_is_never_taken_for_a_lower_one(
    value: float, reference: Reference, rise: float
) -> None:
    before, after = heights_of(Limit(value, reference)), heights_of(Limit(value + rise, reference))
    assert before[0] <= before[1]
    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(
    lower=st.builds(Limit, st.floats(-8e3, 1e5), st.sampled_from(Reference)),
    upper=st.builds(Limit, st.floats(-8e3, 1e5), st.sampled_from(Reference)),
)
def test_limits_of_two_references_leave_no_band_without_an_inside(
    lower: Limit, upper: Limit
) -> None:
    """Even one that is upside down, as a shift may make it, lies apart from nothing at its ends."""
    assume(lower.reference is not upper.reference)
    heights = height_interval_m(Band(lower, upper))
    for low_m, high_m in (heights.w84, heights.msl, heights.std):
        assert low_m <= high_m
    for limit in (lower, upper):
        assert vertical_gap_m(Band(lower, upper), Band(limit, limit)) <= 0


def _true_height_m(pressure_altitude_m: float, sea_level_hpa: float, warmer_k: float) -> float:
    """Height of a pressure level above sea level, by the hydrostatic equation in small steps.

    The air is the standard atmosphere, warmer by ``warmer_k`` everywhere.
    """
    pressure = 1013.25 * (1 - LAPSE * pressure_altitude_m / 288.15) ** (GRAVITY / R_DRY_AIR / LAPSE)
    height_m, at = 0.0, sea_level_hpa
    down = at < pressure
    while (at < pressure) if down else (at > pressure):
        temperature_k = 288.15 - LAPSE * min(height_m, 11_000.0) + warmer_k
        step_m = -2.0 if down else 2.0
        at *= 1 - GRAVITY * step_m / (R_DRY_AIR * temperature_k)
        height_m += step_m
    return height_m


@pytest.mark.parametrize("level_m", [-900.0, -300.0, 0.0, 600.0, 3000.0, 7315.2, 10_900.0])
@pytest.mark.parametrize(
    ("sea_level_hpa", "warmer_k"), [(870, 10), (930, -30), (1013.25, 0), (1085, -60), (1040, 35)]
)
def test_a_flight_level_is_held_in_any_weather(
    level_m: float, sea_level_hpa: float, warmer_k: float
) -> None:
    height_m = _true_height_m(level_m, sea_level_hpa, warmer_k)
    low_m, high_m = heights_of(Limit(level_m, Reference.STD))
    assert low_m - GEOID_M[0] <= height_m + 4
    assert height_m - 4 <= high_m - GEOID_M[1]


def test_the_widening_of_flight_levels_is_not_boundless() -> None:
    low_m, high_m = heights_of(Limit(7315.2, Reference.STD))
    assert low_m > 4000
    assert high_m < 10_000
    level = band(7315.2, 7924.8, Reference.STD)
    assert vertical_gap_m(level, Band(Limit(0, Reference.SFC), Limit(3000, Reference.MSL))) > 304.8


@pytest.mark.parametrize(
    ("undulation_m", "place"),
    [(-106.9, "south of India"), (85.8, "New Guinea"), (-28.0, "Kunduz"), (0.0, "nowhere")],
)
def test_sea_level_is_held_wherever_it_is(undulation_m: float, place: str) -> None:
    low_m, high_m = heights_of(Limit(500, Reference.MSL))
    assert low_m <= 500 + undulation_m <= high_m, place


@pytest.mark.parametrize(
    ("ground_m", "place"),
    [(8848.86, "Everest"), (-439.0, "the Dead Sea's shore"), (1790.0, "Kabul")],
)
def test_heights_above_ground_are_held_wherever_the_ground_is(ground_m: float, place: str) -> None:
    for limit, above_m in ((Limit(0, Reference.SFC), 0.0), (Limit(120, Reference.AGL), 120.0)):
        low_m, high_m = heights_of(limit)
        assert low_m - GEOID_M[0] <= ground_m + above_m <= high_m - GEOID_M[1], place


def test_every_widening_is_said_in_a_sentence() -> None:
    assert widenings(band(0, 1, Reference.W84)) == ()
    assert widenings(Band(None, None)) == ()
    said = widenings(Band(Limit(0, Reference.SFC), Limit(7315.2, Reference.STD)))
    assert [sentence.split(",")[0] for sentence in said] == ["The lower limit", "The upper limit"]
    assert "the surface" in said[0]
    assert "FL240 (7,315 m of pressure altitude)" in said[1]
    assert "4,428 m and 9,561 m above WGS84" in said[1]
    for reference in (Reference.MSL, Reference.AGL):
        assert len(widenings(band(100, 200, reference))) == 2

"""Units: the factors of the definitions, and no number without its unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import InputError
from detente.volumes import units


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("5NM", 9260.0),  # the separation most radar rooms use
        ("1000ft", 304.8),
        ("9260m", 9260.0),
        ("9.3km", 9300.0),
        ("3mi", 4828.032),
        ("5 nm", 9260.0),
        (".5NM", 926.0),
        ("0m", 0.0),
    ],
)
def test_lengths_have_their_defined_size(text: str, metres: float) -> None:
    assert units.parse_length_m(text) == pytest.approx(metres, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10min", 600.0), ("600s", 600.0), ("1h", 3600.0), ("1.5 h", 5400.0)]
)
def test_durations_have_their_defined_length(text: str, seconds: float) -> None:
    assert units.parse_duration_s(text) == seconds


def test_flight_level_100_is_10_000_ft() -> None:
    assert units.flight_level_m(100) == pytest.approx(3048.0)


@pytest.mark.parametrize(
    "text", ["5", "", "NM", "-5NM", "5 furlongs", "1e3m", "5NM5", "nanm", "٣m"]
)
def test_a_length_without_number_or_unit_is_refused_with_the_units_named(text: str) -> None:
    with pytest.raises(InputError) as caught:
        units.parse_length_m(text, where="--lateral")
    line = str(caught.value)
    assert line.startswith("--lateral: ")
    assert "NM" in caught.value.remedy
    assert "\n" not in line


def test_a_duration_is_not_a_length() -> None:
    with pytest.raises(InputError, match="unit of length"):
        units.parse_length_m("10min")
    with pytest.raises(InputError, match="unit of duration"):
        units.parse_duration_s("5NM")


@given(st.text(max_size=100))
def test_any_text_gives_a_length_or_an_input_error(text: str) -> None:
    try:
        length_m = units.parse_length_m(text)
    except InputError:
        return
    assert length_m >= 0

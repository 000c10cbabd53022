"""Positions as they are typed: every notation of one place, and what is refused."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detente.console import words
from detente.console.positions import MAX_POSITIONS, read_position, read_positions
from detente.errors import InputError, LimitError

KUNDUZ = (68.87, 36.73)


@pytest.mark.parametrize(
    "text",
    [
        "36.73N 068.87E",
        "36.73 68.87",
        "+36.73, +68.87",
        "36°43.8′N 068°52.2′E",
        "36°43.8'N 68°52.2'E",
        "36° 43.8′ N 068° 52.2′ E",
        "3643.8N 06852.2E",
        "36°43′48″N 068°52′12″E",
        "36°43'48\"N, 068°52'12\"E",
        "364348N 0685212E",
        "  36.73n   68.87e ",
    ],
)
def test_every_notation_of_one_place(text: str) -> None:
    assert read_position(text) == pytest.approx(KUNDUZ, abs=1e-9)


def test_a_square_of_the_grid() -> None:
    # The grid's own published example: the Washington Monument.
    assert read_position("18S UJ 23480 06470") == pytest.approx((-77.0351, 38.8895), abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(lon=st.floats(-180, 180), lat=st.floats(-79, 83))
@example(lon=0.0, lat=-1.4e-9)
@example(lon=0.0, lat=-1.1e-5)
def test_what_the_console_shows_can_be_typed_back(lon: float, lat: float) -> None:
    shown = read_position(words.position(lon, lat))
    assert shown == pytest.approx((lon, lat), abs=0.05 / 60 + 1e-9)
    read = read_position(words.grid(lon, lat))
    east = (read[0] - lon + 180) % 360 - 180
    assert abs(read[1] - lat) < 0.0015
    assert abs(east) < 0.012  # 100 m of a square, at latitude 83


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Kunduz",
        "36.73",
        "91N 068E",
        "36N 181E",
        "36.73E 068.87N",
        "36°60.0′N 068°00.0′E",
        "36.5°30′N 068E",
        "3670.0N 06852.2E",
        "42S VF 6593 483",
        "42S VF 12345 12",
        "99Z ZZ 12345 12345",
        "1e1 2",
        "nan nan",
        "36.73N 068.87E" + " " * 60 + "x",
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        read_position(text)
    assert refused.value.remedy


def test_a_line_across_the_antimeridian_runs_on() -> None:
    assert read_positions("10N 179E\n10N 179W\n\n10N 170W") == ((179, 10), (181, 10), (190, 10))


def test_positions_are_counted() -> None:
    with pytest.raises(LimitError):
        read_positions("10N 10E\n" * (MAX_POSITIONS + 1))
    with pytest.raises(InputError, match="position 2"):
        read_positions("10N 10E\nx")

"""How the console says things: always with unit, reference and zone."""

import pytest

from detente.console import words
from detente.line.abouts import ABOUTS
from detente.node.views import DetourView, PlaceView, ShiftView

NOON_S = 1628510400.0  # 9 August 2021, 12:00 Z


def test_windows_name_the_day_and_the_zone() -> None:
    night = ("2021-08-09T00:30:00Z", "2021-08-09T03:55:00Z")
    assert words.window(*night, NOON_S) == "09 Aug 00:30–03:55Z"
    assert (
        words.window("2021-08-09T22:00:00Z", "2021-08-10T01:00:00Z", NOON_S)
        == "09 Aug 22:00Z – 10 Aug 01:00Z"
    )
    assert words.window(None, None, NOON_S) == "no time stated"


def test_windows_name_the_year_where_it_is_another() -> None:
    night = ("2021-08-09T00:30:00Z", "2021-08-09T03:55:00Z")
    next_year_s = NOON_S + 365 * 86400
    assert words.window(*night, next_year_s) == "09 Aug 2021 00:30–03:55Z"
    assert (
        words.window("2021-12-31T22:00:00Z", "2022-01-01T01:00:00Z", NOON_S)
        == "31 Dec 2021 22:00Z – 01 Jan 2022 01:00Z"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("[Errno 111] Connection refused", "its machine is there, and no node answers on it"),
        ("timed out", "no answer in time"),
        ("[Errno 5] something else", "something else"),
    ],
)
def test_why_a_peer_was_not_reached_is_said_in_words(error: str, said: str) -> None:
    assert words.link_error(error) == said


def test_names_on_the_map_leave_out_only_todays_date() -> None:
    noon_s = 1628510400.0  # 9 August 2021, 12:00 Z
    start, end = "2021-08-09T00:30:00Z", "2021-08-09T03:55:00Z"
    assert words.hours(start, end, noon_s) == "00:30–03:55Z"
    assert words.hours(start, end, noon_s + 86400) == "09 Aug 00:30–03:55Z"
    assert words.hours(start, "2021-08-10T01:00:00Z", noon_s) == "09 Aug 00:30Z – 10 Aug 01:00Z"


def test_real_times_are_moved_onto_the_exercises_clock() -> None:
    assert words.clock("2026-11-22T08:00:00Z") == "08:00Z"
    assert words.clock("2026-11-22T08:00:00Z", -3600.0) == "07:00Z"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (None, "no ceiling"),
        ({"value_m": 7315.2, "reference": "STD"}, "FL240"),
        ({"value_m": 1524.0, "reference": "STD"}, "FL050"),
        ({"value_m": 7300.0, "reference": "STD"}, "FL239.50"),
        ({"value_m": 0.0, "reference": "SFC"}, "surface"),
        ({"value_m": 3000.0, "reference": "MSL"}, "3,000 m MSL"),
        ({"value_m": 150.0, "reference": "AGL"}, "150 m AGL"),
    ],
)
def test_a_height_keeps_its_reference(limit: dict[str, object] | None, said: str) -> None:
    assert words.height(limit, "no ceiling") == said


def test_bands_are_said_once() -> None:
    volume = {"lower": None, "upper": {"value_m": 7315.2, "reference": "STD"}}
    assert words.heights([volume, volume]) == "no floor–FL240"


def test_distances_say_both_systems_or_that_there_is_none() -> None:
    assert words.lateral(0.0) == "overlapping"
    assert words.lateral(9260.0) == "5.0 NM (9.3 km)"
    assert words.vertical(304.8) == "1,000 ft (305 m)"


def test_shifts() -> None:
    assert words.shift(ShiftView(time_s=2700.0)) == "45 min later"
    assert words.shift(ShiftView(time_s=-60.0)) == "1 min earlier"
    assert words.shift(ShiftView(time_s=-13860.0)) == "3 h 51 min earlier"
    assert words.shift(ShiftView(time_s=7200.0)) == "2 h later"
    assert words.shift(ShiftView(altitude_m=-609.6)) == "2,000 ft lower"
    assert words.shift(ShiftView()) == "in a way that is not known here"
    place = PlaceView(lon=68.87, lat=36.65)
    aside = ShiftView(place=place, bearing_deg=45.0, distance_m=14_000.0)
    assert words.shift(aside) == "14 km to the north-east (045° true)"
    back = ShiftView(place=place, bearing_deg=355.0, distance_m=14_816.0)
    assert words.shift(back) == "14.8 km to the north (355° true)"
    route = {"core": {"type": "LineString"}}
    assert words.shift(ShiftView(volumes=[route, route])) == "to another route"
    other = {"core": {"type": "Point"}}
    assert words.shift(ShiftView(volumes=[route, other])) == "to another shape, place or time"


def test_detours() -> None:
    longer = DetourView(off_m=23_948.0, longer_m=8091.0, later_s=360.0, left_out=0)
    assert words.detour(longer) == (
        "up to 24 km off its route, 8 km longer, ends about 6 min later at its own speed "
        "(an estimate)"
    )
    shorter = DetourView(off_m=14_000.0, longer_m=-12_300.0, later_s=0.0, left_out=1)
    assert words.detour(shorter) == (
        "up to 14 km off its route, 12 km shorter, leaves out 1 of its waypoints"
    )


def test_a_place_in_two_notations() -> None:
    assert words.position(68.87, 36.73) == "36°43.8′N 068°52.2′E"
    assert words.position(-0.999999, -89.99999) == "90°00.0′S 001°00.0′W"
    # Kunduz airport lies in this square of the grid.
    assert words.grid(68.87, 36.73).startswith("42S VF ")
    assert words.grid(0.0, 89.0) == ""


def test_times_in_sentences_read_as_those_beside_them() -> None:
    said = "closed from 2021-08-09T04:00:00Z until 2021-08-09T06:00:30Z"
    assert words.with_times(said) == "closed from 09 Aug 2021 04:00Z until 2021-08-09T06:00:30Z"


def test_every_entry_has_a_name_that_is_no_code() -> None:
    assert set(words.ENTRY_WORDS) == set(ABOUTS)

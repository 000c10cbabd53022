"""Coordinates in aeronautical text: each usual notation, and no half-read one."""

import pytest

from detente.errors import InputError
from detente.formats.coordinates import coordinates_in


@pytest.mark.parametrize(
    "text",
    [
        "3412N06912E",
        "341200N0691200E",
        "341200.0N0691200.0E",
        "3412.0N06912.0E",
        "3412N 06912E",
        "3412N/06912E",
        "3412N, 06912E",
        "341200N-0691200E",
        "N3412 E06912",
        "N3412E06912",
        "N341200 E0691200",
        "N34 12 00 E069 12 00",
        "34 12 00N 069 12 00E",
        "34-12-00N 069-12-00E",
        "34°12'00\"N 069°12'00\"E",
        "34°12′00″N 069°12′00″E",
        "34.2000N 069.2000E",
    ],
)
def test_each_notation_names_the_same_place(text: str) -> None:
    for framed in (text, f"PSN {text}.", f"({text})", f"BY:{text}-"):
        (found,) = coordinates_in(framed)
        assert found.position == pytest.approx((69.2, 34.2))
        assert framed[found.start : found.end] == text


def test_hemispheres_and_seconds() -> None:
    (found,) = coordinates_in("334055.5S1511030W")
    assert found.position == pytest.approx(
        (-(151 + 10 / 60 + 30 / 3600), -(33 + 40 / 60 + 55.5 / 3600))
    )


def test_a_list_is_read_in_order() -> None:
    text = "3640N06850E - 3645N06900E - 3630N06855E"
    assert [(round(lon, 3), round(lat, 3)) for lon, lat in
            (found.position for found in coordinates_in(text))] == [
        (68.833, 36.667), (69.0, 36.75), (68.917, 36.5)]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "3412N 6912E",  # a digit too few
        "34120N0691200E",
        "3412N",
        "FL340N069E",
        "A3412N06912E",
        "3412N06912E5",
        "RWY 09 N OF 120",
    ],
)
def test_what_is_not_whole_is_not_a_coordinate(text: str) -> None:
    assert list(coordinates_in(text)) == []


@pytest.mark.parametrize("text", ["3460N06912E", "9112N06912E", "3412N18112E", "341260N0691200E"])
def test_what_is_not_on_earth_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        list(coordinates_in(text))

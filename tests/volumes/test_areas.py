"""Which kinds of activity are areas: four words of the protocol, however they are written."""

import pytest

from detente.volumes.areas import PLACES, Area, area_of


@pytest.mark.parametrize(
    ("kind", "area"),
    [
        ("special caution area", Area.SPECIAL_CAUTION_AREA),
        ("Restricted Operating Zone", Area.RESTRICTED_OPERATING_ZONE),
        ("PROTECTED-SITE", Area.PROTECTED_SITE),
        ("protected_site", Area.PROTECTED_SITE),
        ("line", Area.LINE),
        ("EXERCISE protected site", Area.PROTECTED_SITE),
        ("exercise line", Area.LINE),
    ],
)
def test_four_words_are_areas_in_whatever_letters_they_are_written(kind: str, area: Area) -> None:
    assert area_of(kind) is area


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "surveillance",
        "EXERCISE",
        "airline",
        "line of march",
        "protected sites",
        "protected  site",
        "exercise exercise line",
        "restricted operating zone 4",
        "lıne",
        "proteCTED sİte",
    ],
)
def test_any_other_kind_is_ordinary_and_held_to_the_full_separation(kind: str) -> None:
    assert area_of(kind) is None


def test_only_sites_and_lines_are_places_where_nothing_moves() -> None:
    assert {Area.PROTECTED_SITE, Area.LINE} == PLACES

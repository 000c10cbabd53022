"""Which kinds of activity are areas: four words of the protocol, however they are written."""

import re
from pathlib import Path

import pytest

from detente.conflict import Kind
from detente.volumes.areas import PLACES, WORDS, Area, area_of


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
        ("ROZ", Area.RESTRICTED_OPERATING_ZONE),
        ("Prohibited area", Area.RESTRICTED_OPERATING_ZONE),
        ("danger-area", Area.SPECIAL_CAUTION_AREA),
        ("Line of contact", Area.LINE),
        ("EXERCISE humanitarian site", Area.PROTECTED_SITE),
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


def test_the_protocol_names_the_same_words() -> None:
    protocol = Path(__file__).parents[2] / "docs" / "protocol.md"
    table = (
        protocol.read_text(encoding="utf-8").split("**Areas.**")[1].split("A conflict's kind")[0]
    )
    rows = [row.split("|")[1:4] for row in table.splitlines() if row.startswith("|")][3:]
    named = {word: area.strip() for area, words, _ in rows for word in re.findall("`(.+?)`", words)}
    assert named == {word: area.value for word, area in WORDS.items()}
    assert [area.strip() for area, *_ in rows] == [area.value for area in Area]
    assert [kind.strip(" `") for *_, kind in rows] == [kind.value for kind in list(Kind)[1:]]


def test_only_sites_and_lines_are_places_where_nothing_moves() -> None:
    assert {Area.PROTECTED_SITE, Area.LINE} == PLACES

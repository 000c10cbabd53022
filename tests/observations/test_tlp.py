"""TLP 2.0, beside the table of FIRST's standard (section 4)."""

import pytest

from detente.observations import AUDIENCES, MARKINGS, may_see, may_stand_on_a_line, narrowest

WHO = {
    "TLP:RED": set(),
    "TLP:AMBER+STRICT": {"organisation"},
    "TLP:AMBER": {"organisation", "clients"},
    "TLP:GREEN": {"organisation", "clients", "community"},
    "TLP:CLEAR": {"organisation", "clients", "community", "public"},
}


def test_each_audience_sees_what_the_standard_lets_it_see() -> None:
    assert set(WHO) == set(MARKINGS)
    for marking, audiences in WHO.items():
        assert {one for one in AUDIENCES if may_see(marking, one)} == audiences


def test_what_is_not_known_is_shown_to_nobody() -> None:
    for marking in ("", "TLP:WHITE", "tlp:clear"):
        assert not any(may_see(marking, one) for one in AUDIENCES)
        assert not may_stand_on_a_line(marking)
        assert narrowest(["TLP:CLEAR", marking]) == "TLP:RED"


def test_only_red_cannot_stand_on_a_line() -> None:
    assert [one for one in MARKINGS if not may_stand_on_a_line(one)] == ["TLP:RED"]


@pytest.mark.parametrize(
    ("markings", "of_all"),
    [
        ([], "TLP:CLEAR"),
        (["TLP:GREEN", "TLP:AMBER"], "TLP:AMBER"),
        (["TLP:AMBER+STRICT", "TLP:AMBER"], "TLP:AMBER+STRICT"),
    ],
)
def test_a_document_bears_the_narrowest(markings: list[str], of_all: str) -> None:
    assert narrowest(markings) == of_all

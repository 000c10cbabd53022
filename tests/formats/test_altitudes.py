"""Altitude limits: each notation, and nothing guessed where units or reference are missing."""

import json
from typing import Any

import pytest

from detente.errors import InputError
from detente.formats.altitudes import limit_of_json, limit_of_text
from detente.volumes import Limit, Reference

SAME: list[tuple[Any, str, Limit | None]] = [
    (None, "", None),
    (1500, "1500", Limit(1500.0, Reference.W84)),
    (-3.5, "-3.5", Limit(-3.5, Reference.W84)),
    ({"value": 500, "units": "FT", "reference": "MSL"}, "500 FT MSL", Limit(152.4, Reference.MSL)),
    ({"value": 120, "units": "M", "reference": "AGL"}, "120 M AGL", Limit(120.0, Reference.AGL)),
    ({"value": 100, "units": "M", "reference": "W84"}, "100M W84", Limit(100.0, Reference.W84)),
    ({"value": 240, "units": "FL"}, "FL240", Limit(7315.2, Reference.STD)),
    ({"value": 240, "units": "FL", "reference": "STD"}, "fl 240", Limit(7315.2, Reference.STD)),
    ({"value": 1000, "units": "FT", "reference": "STD"}, "1000ft std", Limit(304.8, Reference.STD)),
    ({"value": 0, "units": "M", "reference": "SFC"}, "SFC", Limit(0.0, Reference.SFC)),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text", "limit"), SAME)
def test_each_notation(value: Any, text: str, limit: Limit | None) -> None:
    for found in (limit_of_json(value, "upper"), limit_of_text(text, "upper")):
        if limit is None or found is None:
            assert found is limit
            continue
        assert found.reference is limit.reference
        assert found.value_m == pytest.approx(limit.value_m)
    assert limit_of_text(json.dumps(value) if value else text, "upper") == limit_of_json(
        value, "upper"
    )


def test_unlimited_has_a_word() -> None:
    assert limit_of_text("UNL", "altitude_upper") is None


@pytest.mark.parametrize(
    ("value", "what", "remedy"),
    [
        ({"value": 5000, "reference": "MSL"}, "no units", "M, FT or FL"),
        ({"value": 5000, "units": "FT"}, "no reference", "MSL (sea)"),
        ({"value": 5000, "units": "NM", "reference": "MSL"}, "units 'NM'", "M, FT or FL"),
        ({"value": 5000, "units": "FT", "reference": "QNH"}, "reference 'QNH'", "MSL (sea)"),
        ({"value": 240, "units": "FL", "reference": "MSL"}, "flight level", "always STD"),
        ({"units": "FT", "reference": "MSL"}, "no numeric value", "units"),
        ({"value": "5000", "units": "FT", "reference": "MSL"}, "no numeric value", "units"),
        ({"value": True, "units": "FT", "reference": "MSL"}, "no numeric value", "units"),
        ({"value": float("nan"), "units": "FT", "reference": "MSL"}, "finite", "leave it out"),
        ({"value": 10**400, "units": "FT", "reference": "MSL"}, "finite", "leave it out"),
        ({"value": 1, "units": 5, "reference": "MSL"}, "units is not a word", "FL"),
        ("5000", "neither a number", "metres above WGS84"),
        ([5000], "neither a number", "metres above WGS84"),
        (True, "neither a number", "metres above WGS84"),
        (float("inf"), "finite", "leave it out"),
    ],
)
def test_json_that_leaves_something_open_is_refused(value: Any, what: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        limit_of_json(value, "altitude_lower")
    assert "altitude_lower" in caught.value.message
    assert what in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("5000 FT", "no reference"),
        ("5000 MSL", "no units"),
        ("5000 feet MSL", "'FEET'"),
        ("FL", "not an altitude"),
        ("FL2400", "not an altitude"),
        ("high", "not an altitude"),
        ("1_000", "not an altitude"),
        ("nan", "not an altitude"),
        ("{", "not JSON"),
        ('{"value":5000,"units":"FT"}', "no reference"),
        ("[1]", "not an altitude"),
    ],
)
def test_text_that_leaves_something_open_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        limit_of_text(text, "altitude_lower")
    assert what in caught.value.message
    assert caught.value.remedy

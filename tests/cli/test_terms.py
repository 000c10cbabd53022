"""Terms as an operator writes them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detente.cli.signing import told
from detente.cli.terms import read_terms, template
from detente.errors import InputError
from detente.line import terms_from_wire
from detente.line.terms import Area, encode_terms, standard_terms, terms_to_wire
from detente.line.watching import STANDARD_WATCHING

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
TOML = Path("terms.toml")


def test_the_printed_terms_are_the_shipped_defaults() -> None:
    wire = read_terms(TOML, template(NOW).encode(), ["us", "ru"])
    hour = datetime(2026, 11, 22, 8, tzinfo=UTC)
    shipped = standard_terms(
        ["ru", "us"],
        area=Area(west=65.0, south=35.0, east=73.0, north=40.0),
        effective_from_s=hour.timestamp(),
        review_on=(hour + timedelta(days=365)).date(),
    )
    assert terms_from_wire(wire) == shipped


def test_the_printed_part_about_watching_is_the_standard_one() -> None:
    text = template(NOW, watching=True)
    wire = read_terms(TOML, text.encode(), ["us", "ru"])
    assert terms_from_wire(wire).watching == STANDARD_WATCHING
    own = text.replace("# [[", "[[").replace("\n# ", "\n")
    part = own[own.rindex("[watching]") :]
    wire = read_terms(TOML, (template(NOW) + part.replace('"tj"', '"ru"')).encode(), ["us", "ru"])
    watching = terms_from_wire(wire).watching
    assert watching is not None
    typed = part.replace('"2026-11-22T00:00:00Z"', '"2026-11-22 04:30:00+04:30"')
    typed = typed.replace('"2027-11-22T00:00:00Z"', "2027-11-22T04:30:00+04:30")
    wire = read_terms(TOML, (template(NOW) + typed.replace('"tj"', '"ru"')).encode(), ["us", "ru"])
    assert typed != part
    assert terms_from_wire(wire).watching == watching
    assert [(one.guest, one.host, one.units) for one in watching.quotas] == [("us", "ru", 3)]
    with pytest.raises(InputError) as caught:
        read_terms(TOML, text.replace('review = "4h"', 'review = "4"').encode(), ["us", "ru"])
    assert "watching.visit.review" in caught.value.where


def test_json_terms_are_taken_as_they_are() -> None:
    wire = read_terms(TOML, template(NOW).encode(), ["us", "ru"])
    again = read_terms(Path("terms.json"), json.dumps(wire).encode(), ["us", "ru"])
    assert terms_to_wire(terms_from_wire(again)) == terms_to_wire(terms_from_wire(wire))


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('lateral = "5NM"', "lateral = 5", "separation.lateral"),
        ('lateral = "5NM"', 'lateral = "5"', "separation.lateral"),
        ('time = "10min"\n', "", "separation.time"),
        ('grace = "30min"', 'grace = "0.5s"', "line_checks.grace"),
        ('grace = "30min"', 'grace = "30min"\ngrcae = "1min"', "line_checks.grcae"),
        ('languages = ["en"]', 'language = "en"', "languages"),
        ("[notice]", "[notices]", "notice"),
        ("Z\n", "\n", "effective_from"),
        ("[separation]", "[separation", "terms.toml"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, names: str) -> None:
    text = template(NOW)
    assert old in text
    with pytest.raises(InputError) as caught:
        read_terms(TOML, text.replace(old, new, 1).encode(), ["us", "ru"])
    assert names in caught.value.where
    assert caught.value.remedy


def test_members_are_those_whose_cards_were_given() -> None:
    with pytest.raises(InputError, match="other members"):
        read_terms(Path("t.json"), b'{"members":["tj","us"]}', ["us", "ru"])
    with pytest.raises(InputError, match="not an object"):
        read_terms(Path("t.json"), b"[]", ["us", "ru"])


def test_what_new_terms_change_is_told_without_what_only_python_tells_apart() -> None:
    """JSON has lists where Python has tuples, and what is left out is as good as null."""
    text = template(NOW, watching=True)
    held = json.loads(encode_terms(terms_from_wire(read_terms(TOML, text.encode(), ["ru", "us"]))))
    wider = text.replace('lateral = "5NM"', 'lateral = "6NM"')
    signed = encode_terms(terms_from_wire(read_terms(TOML, wider.encode(), ["ru", "us"], 2)))
    proposed = {"version": 2, "signed_by": ["ru"], "terms": json.loads(signed)}
    for sha256, word in (
        (hashlib.sha256(signed).hexdigest(), "the same as these"),
        (hashlib.sha256(signed + b" ").hexdigest(), "OTHER terms than these"),
    ):
        line = {
            "name": "north",
            "terms": {**held, "two_person": None},
            "terms_proposed": [{**proposed, "terms_sha256": sha256}],
        }
        heading, change, others = told(line, signed)
        assert heading.startswith("Version 2 of the terms of north, after version 1")
        assert change.split() == ["separation.lateral_m", "9260.0", "->", "11112.0"]
        assert others == f"Signed by ru: {word}."

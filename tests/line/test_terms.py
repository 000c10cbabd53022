"""Terms and founding documents: what is agreed on is read exactly, or not at all."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import InputError, LimitError
from detente.line import decode_terms, encode_terms, make_founding, open_founding
from detente.line.terms import terms_from_wire, terms_to_wire

PROTOCOL = """{"version":1,"members":["ru","us"],
 "area":{"west":65.0,"south":35.0,"east":73.0,"north":40.0},
 "separation":{"lateral_m":9260.0,"vertical_m":304.8,"time_s":600.0},
 "notice":{"normal_s":43200,"emergency_s":3600},
 "acknowledge":{"understood_s":900,"disseminated_s":3600,"urgent_understood_s":300},
 "line_checks":{"hours_utc":[0,6,12,18],"grace_s":1800},
 "languages":["en","ru"],
 "effective_from":"2026-11-22T00:00:00Z","review_on":"2027-11-22",
 "exercise":null}"""


def test_the_example_of_the_protocol_is_read_and_written_back() -> None:
    terms = decode_terms(PROTOCOL.encode())
    assert terms.members == ("ru", "us")
    assert terms.separation.lateral_m == 9260.0
    assert json.loads(encode_terms(terms)) == json.loads(PROTOCOL)


def test_an_exercise_moves_the_clock() -> None:
    wire = json.loads(PROTOCOL)
    wire["exercise"] = {"name": "NORTHERN WATCH", "clock_offset_s": -123456789}
    assert terms_from_wire(wire).clock_offset_s == -123456789
    assert decode_terms(PROTOCOL.encode()).clock_offset_s == 0


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["version"], 0, "version"),
        (["version"], "1", "version"),
        (["members"], ["us", "ru"], "members"),
        (["members"], ["us", "us"], "members"),
        (["members"], ["us"], "members"),
        (["members"], ["us", "RU"], "members"),
        (["area", "north"], 35.0, "area"),
        (["area", "east"], 181, "area"),
        (["area", "east"], 65.0, "area"),
        (["separation", "lateral_m"], -1, "separation"),
        (["separation", "lateral_m"], 1e9, "separation"),
        (["separation", "time_s"], None, "separation"),
        (["separation", "depth_m"], 1, "separation"),
        (["notice", "emergency_s"], 50_000, "emergency_s"),
        (["acknowledge", "understood_s"], 0, "understood_s"),
        (["acknowledge", "understood_s"], 7200, "understood_s"),
        (["acknowledge", "urgent_understood_s"], 1000, "urgent_understood_s"),
        (["line_checks", "hours_utc"], [6, 0], "hours_utc"),
        (["line_checks", "hours_utc"], [24], "hours_utc"),
        (["line_checks", "grace_s"], 10**9, "grace_s"),
        (["languages"], [], "languages"),
        (["languages"], ["en", "en"], "languages"),
        (["effective_from"], "2026-11-22T00:00:00", "effective_from"),
        (["effective_from"], "2026-11-22T03:00:00+03:00", "effective_from"),
        (["review_on"], "2027-02-30", "review_on"),
        (["review_on"], "20271122", "review_on"),
        (["exercise"], {"name": "", "clock_offset_s": 0}, "exercise"),
        (["exercise"], {"name": "X", "clock_offset_s": 1.5}, "exercise"),
        (["targets"], [], "targets"),
    ],
)
def test_wrong_terms_are_refused_by_name(path: list[str], value: Any, named: str) -> None:
    wire = json.loads(PROTOCOL)
    place = wire
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(InputError) as caught:
        terms_from_wire(wire)
    assert named in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("field", json.loads(PROTOCOL))
def test_every_field_is_needed(field: str) -> None:
    wire = json.loads(PROTOCOL)
    del wire[field]
    with pytest.raises(InputError, match=field):
        terms_from_wire(wire)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"version":1,"version":2}', b"\xff", b"NaN"])
def test_what_is_not_terms_at_all(data: bytes) -> None:
    with pytest.raises(InputError):
        decode_terms(data)


def test_terms_have_a_limit() -> None:
    with pytest.raises(LimitError):
        decode_terms(PROTOCOL.encode() + b" " * 70_000)


def test_the_line_id_is_the_hash_of_the_exact_bytes(new_world: Callable[..., Any]) -> None:
    founding = new_world("us", "ru").founding
    assert founding.members == ("ru", "us")
    assert founding.cards["us"].card.party == "us"
    # White space changes nothing that is said, and makes it another line.
    assert open_founding(founding.raw + b"\n").id != founding.id


def test_founding_refuses_a_name_that_could_be_a_line_id(new_world: Callable[..., Any]) -> None:
    founding = new_world("us", "ru").founding
    cards = {party: card.raw for party, card in founding.cards.items()}
    for name, sound in (("ab" * 32, False), ("ab" * 31, True), ("xy" * 32, True)):
        if sound:
            raw = make_founding(name, founding.terms, cards, bytes(16))
            assert open_founding(raw).name == name
        else:
            with pytest.raises(InputError, match="id of a line"):
                make_founding(name, founding.terms, cards, bytes(16))


def test_founding_refuses_cards_that_are_not_the_members(new_world: Callable[..., Any]) -> None:
    founding = new_world("us", "ru").founding
    cards = {party: card.raw for party, card in founding.cards.items()}
    for wrong in (
        {"us": cards["us"]},
        {**cards, "tj": cards["us"]},
        {"us": cards["ru"], "ru": cards["us"]},
        {"us": cards["us"], "ru": b"{}"},
        {"us": cards["us"], "ru": cards["ru"].replace(b'"sig":"', b'"sig":"AA')},
    ):
        with pytest.raises(InputError):
            make_founding("watch", founding.terms, wrong, bytes(16))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"name": "Northern Watch"},
        {"nonce": "00"},
        {"nonce": "zz" * 16},
        {"cards": {}},
        {"extra": 1},
        {"terms": None},
    ],
)
def test_founding_is_read_exactly(change: dict[str, Any], new_world: Callable[..., Any]) -> None:
    wire = json.loads(new_world("us", "ru").founding.raw)
    with pytest.raises(InputError):
        open_founding(json.dumps({**wire, **change}).encode())


def test_a_line_is_founded_on_version_1(new_world: Callable[..., Any]) -> None:
    founding = new_world("us", "ru").founding
    wire = json.loads(founding.raw)
    wire["terms"] = copy.deepcopy(terms_to_wire(founding.terms)) | {"version": 2}
    with pytest.raises(InputError, match="version 2"):
        open_founding(json.dumps(wire).encode())


def test_a_founding_document_has_a_limit() -> None:
    with pytest.raises(LimitError):
        open_founding(b" " * 2_000_000)

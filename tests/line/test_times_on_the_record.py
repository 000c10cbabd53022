"""A time that is not spelled as the protocol has it makes an entry void, or its body unreadable."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from detente.errors import InputError
from detente.line import Draft, read, state_document, terms_from_wire
from detente.line.terms import terms_to_wire
from detente.line.watching import STANDARD_WATCHING
from detente.record.strict_json import canonical

GOOD = "2021-08-09T06:00:00Z"
SPELLED = [
    " 2021-08-09T06:00:00Z",
    "2021-08-09t06:00:00Z",
    "2021-08-09T06:00:00z",
    "2021-08-09 06:00:00Z",
    "2016-12-31T23:59:60Z",
    "2021-08-09T06:00:00.123456789Z",
    "2021-08-09T10:30:00+04:30",
    "2021-08-09T06:00:00+00:00",
    "2200-01-01T00:00:00Z",
    "",
]
HASH = "a" * 64
WINDOW = {"from": GOOD, "until": GOOD}
REQUEST = {"permission": "p", "host": "ru", "kind": "visit", **WINDOW, "renews": None}
FACTS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("line.check", {"slot": GOOD}, ("slot",)),
    ("lapse", {"owed_by": "ru", "entry": None, "what": "line-check", "due": GOOD}, ("due",)),
    (
        "commitment",
        {"sha256": HASH, "subject": "statement", "open_from": GOOD, "open_by": None},
        ("open_from", "open_by"),
    ),
    ("permission.request", REQUEST, ("from", "until")),
    ("permission.answer", {"request": HASH, "answer": "granted", **WINDOW}, ("from", "until")),
    ("permission.revoke", {"request": HASH, "from": GOOD}, ("from",)),
    ("visit.notice", {"visit": "v", "host": "ru", "request": HASH, **WINDOW}, ("from", "until")),
    ("visit.restrict", {"visit": HASH, **WINDOW}, ("from", "until")),
    ("visit.stage", {"visit": HASH, "stage": "arrived", "at": GOOD}, ("at",)),
    ("visit.deviation", {"visit": HASH, "at": GOOD}, ("at",)),
    ("report.daily", {"day": "2021-08-09", "cutoff": GOOD, "joint_sha256": HASH}, ("cutoff",)),
]
VOLUME: dict[str, Any] = {
    "core": {"type": "Point", "coordinates": [68.9, 37.1], "edges": "geodesic"},
    "radius_m": 100.0,
    "lower": None,
    "upper": None,
    "start": GOOD,
    "end": GOOD,
}
OBSERVED: dict[str, Any] = {
    "kind": "explosion",
    "core": VOLUME["core"],
    "radius_m": 100.0,
    "from": GOOD,
    "until": GOOD,
    "how": "seen",
    "confidence": "low",
}


@pytest.mark.parametrize(("type_", "about", "fields"), FACTS, ids=[one[0] for one in FACTS])
def test_in_the_facts_it_makes_the_entry_void(
    type_: str, about: dict[str, Any], fields: tuple[str, ...], world: Any
) -> None:
    sound = world.write("us", Draft(type_, about, b"{}"))
    wrong = [
        world.write("us", Draft(type_, {**about, field: text}, b"{}"))
        for field in fields
        for text in SPELLED
    ]
    view = world.view()
    reasons = {void.entry: void.reason for void in read.voids(view)}
    assert {reasons.get(one.id) for one in wrong} == {"bad-facts"}
    assert reasons.get(sound.id) != "bad-facts"
    assert state_document(view)


@pytest.mark.parametrize("field", ["start", "end"])
@pytest.mark.parametrize("text", [GOOD, *SPELLED])
def test_in_a_volume_it_makes_the_body_unreadable(
    text: str, field: str, world: Any, circle: Callable[..., Any]
) -> None:
    expected = None if text == GOOD else "unreadable"
    ends = {"start": "1950-01-01T00:00:00Z", "end": "2190-01-01T00:00:00Z", field: text}
    volumes = [{**VOLUME, **ends}]
    about = {"activity": "a", "version": 1, "supersedes": None, "form": "exact", "settles": None}
    body = canonical({"kind": "patrol", "volumes": volumes})
    world.write("us", Draft("activity.release", about, body))
    theirs = world.release("ru", circle("ru"))
    world.sync()
    sides = {"us": world.logs["us"][-1].id, "ru": theirs.id}
    moved = {"conflict": HASH, "versions": sides, "moves": "us"}
    world.write("us", Draft("proposal", moved, canonical({"shift": {"volumes": volumes}})))
    view = world.view()
    released = next(one for one in read.activities(view) if one.id == "a")
    assert released.unknown == expected
    assert [one.unknown for one in read.proposals(view)] == [expected]
    assert state_document(view)


@pytest.mark.parametrize("field", ["from", "until"])
@pytest.mark.parametrize("text", [GOOD, *SPELLED])
def test_in_an_observation_it_makes_the_body_unreadable(text: str, field: str, world: Any) -> None:
    expected = None if text == GOOD else "unreadable"
    ends = {"from": "1950-01-01T00:00:00Z", "until": "2190-01-01T00:00:00Z", field: text}
    about = {"observation": "o", "version": 1, "supersedes": None, "marking": "TLP:GREEN"}
    world.write("us", Draft("observation.report", about, canonical({**OBSERVED, **ends})))
    [one] = read.observations(world.view())
    assert one.unknown == expected


@pytest.mark.parametrize("text", SPELLED)
def test_in_terms_it_is_refused(text: str, world: Any) -> None:
    wire = terms_to_wire(world.terms)
    terms_from_wire(wire)
    with pytest.raises(InputError, match="time"):
        terms_from_wire({**wire, "effective_from": text})
    quota = {"name": "q", "guest": "us", "host": "ru", "units": 1, "start": text, "end": GOOD}
    watching = terms_to_wire(terms_from_wire(_watching(wire)))["watching"]
    with pytest.raises(InputError, match="time"):
        terms_from_wire({**wire, "watching": {**watching, "quotas": [quota]}})


def _watching(wire: dict[str, Any]) -> dict[str, Any]:
    return {**wire, "watching": msgspec.to_builtins(STANDARD_WATCHING)}

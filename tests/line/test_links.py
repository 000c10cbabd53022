"""Links between observations, disputes of them, and taking either back."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.line import (
    Draft,
    Figures,
    View,
    dispute_draft,
    link_draft,
    read,
    recall_draft,
    take_back_draft,
)
from detente.record import Entry

PLACE = {
    "kind": "shelling",
    "core": {"type": "Point", "coordinates": [68.6, 37.2], "edges": "geodesic"},
    "radius_m": 500.0,
    "from": "2021-08-09T00:10:00Z",
    "until": "2021-08-09T00:40:00Z",
    "how": "heard",
    "confidence": "moderate",
}
NOBODY: Figures = Figures(reports=2, events=2)


def _observed(name: str, version: int = 1, supersedes: str | None = None) -> Draft:
    from detente.line.abouts import OBSERVE
    from detente.record.strict_json import canonical

    about = {
        "observation": name,
        "version": version,
        "supersedes": supersedes,
        "marking": "TLP:GREEN",
    }
    return Draft(OBSERVE, about, canonical(PLACE))


def _retracted(name: str, before: Entry) -> Draft:
    from detente.line.abouts import RETRACT

    about = {"observation": name, "version": 2, "supersedes": before.id}
    return Draft(RETRACT, about, b'{"note":"an echo"}')


@pytest.fixture
def watched(new_world: Callable[..., Any]) -> Any:
    """A line of three, of which ru and us have each reported a shelling."""
    world = new_world("ru", "tj", "us")
    for party in ("ru", "us"):
        world.write(party, _observed("1"))
    world.sync()
    return world


def _count(view: View) -> Figures:
    return read.counting(view).count()


def _link(world: Any, party: str = "tj") -> Entry:
    entry: Entry = world.write(party, link_draft(("us", "1"), ("ru", "1"), "same shots"))
    return entry


def test_a_link_joins_a_dispute_parts_and_taking_back_restores(watched: Any) -> None:
    before = _count(watched.view())
    linked = _link(watched)
    joined = _count(watched.view())
    assert (before, joined) == (NOBODY, Figures(reports=2, events=1))
    disputed = watched.write("us", dispute_draft(linked.id, "two guns"))
    pair = ("ru/1", "us/1")
    assert _count(watched.view()) == Figures(
        reports=2, events=2, as_held={"tj": 1, "us": 2}, disputed=(pair,)
    )
    [link] = read.links(watched.view())
    assert (link.a, link.b, link.note, link.state) == (*pair, "same shots", "disputed")
    assert [(one.party, one.note) for one in link.disputes] == [("us", "two guns")]
    watched.write("us", take_back_draft(disputed.id))
    assert _count(watched.view()) == joined
    watched.write("tj", take_back_draft(linked.id))
    assert _count(watched.view()) == before
    assert [one.state for one in read.links(watched.view())] == ["taken-back"]


def test_a_dispute_outlives_the_link_and_holds_against_the_next_one(watched: Any) -> None:
    linked = _link(watched)
    watched.write("us", dispute_draft(linked.id))
    watched.write("tj", take_back_draft(linked.id))
    assert _count(watched.view()) == NOBODY
    _link(watched, "ru")
    assert _count(watched.view()).as_held == {"ru": 1, "us": 2}


@pytest.mark.parametrize("how", ["retracted", "recalled", "never-held"])
def test_what_does_not_stand_joins_nothing(watched: Any, how: str) -> None:
    linked = watched.write(
        "tj", link_draft(("us", "1"), ("ru", "2" if how == "never-held" else "1"))
    )
    if how == "retracted":
        watched.write("ru", _retracted("1", watched.logs["ru"][-1]))
    elif how == "recalled":
        watched.write("ru", recall_draft(watched.logs["ru"][-1].id))
    view = watched.view()
    figures = _count(view)
    assert figures.reports == figures.events == (2 if how == "never-held" else 1)
    found = read.link(view, linked.id)
    assert found is not None
    assert found.state == "idle"


def test_what_disputes_no_link_is_void(watched: Any) -> None:
    entry = watched.write("tj", dispute_draft(watched.logs["us"][-1].id))
    linked = _link(watched)
    twice = _link(watched)
    of_void = watched.write("us", dispute_draft(twice.id))
    own = watched.write("tj", dispute_draft(linked.id))
    unseen = watched.write("us", dispute_draft("0" * 64))
    view = watched.view()
    found = {void.entry: void.reason for void in read.voids(view)}
    assert found == {
        entry.id: "not-a-link",
        twice.id: "stated-before",
        of_void.id: "not-a-link",
        own.id: "own-entry",
    }
    assert unseen.id not in found
    assert _count(view) == Figures(reports=2, events=1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_figures_do_not_depend_on_the_order_of_arrival(
    new_world: Callable[..., Any], seed: int
) -> None:
    chance = random.Random(seed)
    world = new_world("ru", "tj", "us")
    reports = [(party, name) for party in world.logs for name in ("1", "2")]
    for party, name in reports:
        world.write(party, _observed(name))
    said: list[Entry] = []
    for _ in range(14):
        party = chance.choice(list(world.logs))
        own = [one for one in said if one.header.party == party]
        others = [one for one in said if one.header.party != party]
        what = chance.random()
        one, other = chance.sample(reports, 2)
        if what < 0.5 or not said:
            said.append(world.write(party, link_draft(one, other)))
        elif what < 0.8 and others:
            said.append(world.write(party, dispute_draft(chance.choice(others).id)))
        elif own:
            world.write(party, take_back_draft(chance.choice(own).id))
    first = world.view()
    assert _shuffled(world, chance).rows() == first.rows()
    assert _count(_shuffled(world, chance)) == _count(first)


def _shuffled(world: Any, chance: random.Random) -> Any:
    """The same entries, those of each log in their order, and the logs mixed."""
    order = [party for party, log in world.logs.items() for _ in log]
    chance.shuffle(order)
    left = {party: iter(log) for party, log in world.logs.items()}
    return world.view([next(left[party]) for party in order])

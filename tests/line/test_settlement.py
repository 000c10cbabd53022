"""What becomes of a proposal, told from the set of entries and from what each writer had seen."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from detente.line import (
    Shift,
    TextBody,
    assent_draft,
    conflict_id,
    decline_draft,
    message_draft,
    proposal_draft,
    read,
)
from detente.record import Entry
from detente.volumes import Activity

Circle = Callable[..., Activity]


def _propose(world: Any, a: Entry, b: Entry, *, by: str, moves: str, **changes: Any) -> Entry:
    conflict = conflict_id(
        world.founding.id,
        (a.header.party, a.header.about["activity"]),
        (b.header.party, b.header.about["activity"]),
    )
    facts: dict[str, Any] = {
        "conflict": conflict,
        "versions": {a.header.party: a.id, b.header.party: b.id},
        "moves": moves,
        "shift": Shift(2700.0),
    }
    entry: Entry = world.write(by, proposal_draft(**{**facts, **changes}))
    return entry


@pytest.fixture
def met(world: Any, circle: Circle) -> tuple[Any, Entry, Entry]:
    """A line with one released activity of each side, both seen by both."""
    ours = world.release("us", circle("us"))
    theirs = world.release("ru", circle("ru", "corridor"))
    world.sync()
    return world, ours, theirs


def _status(world: Any, order: list[Entry] | None = None) -> str:
    [proposal] = read.proposals(world.view(order))
    assert proposal.void is None
    return proposal.status


def test_a_proposal_is_open_until_the_other_side_answers(met: tuple[Any, Entry, Entry]) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    assert _status(world) == "open"
    world.sync()
    answer = world.write("us", assent_draft(proposal.id, "done soon"))
    assert _status(world) == "assented"
    found = read.proposal(world.view(), proposal.id)
    assert found is not None
    assert found.answer is not None
    assert (found.answer.entry, found.answer.note) == (answer.id, "done soon")
    assert (found.answered_by, found.shift) == ("us", Shift(2700.0))
    assert read.proposals(world.view(), "0" * 64) == []


def test_the_first_answer_counts(met: tuple[Any, Entry, Entry]) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    world.write("us", decline_draft(proposal.id))
    second = world.write("us", assent_draft(proposal.id))
    assert _status(world) == "declined"
    assert [void.entry for void in read.voids(world.view())] == [second.id]


def test_neither_the_proposer_nor_a_third_party_answers(
    new_world: Callable[..., Any], circle: Circle
) -> None:
    world = new_world("us", "ru", "tj")
    ours, theirs = world.release("us", circle("us")), world.release("ru", circle("ru"))
    world.sync()
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    own, third = (world.write(party, assent_draft(proposal.id)) for party in ("ru", "tj"))
    assert _status(world) == "open"
    assert {void.entry: void.reason for void in read.voids(world.view())} == {
        own.id: "own-entry",
        third.id: "not-a-side",
    }


def test_it_is_carried_out_by_the_version_that_settles_it(
    met: tuple[Any, Entry, Entry], circle: Circle
) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    world.write("us", assent_draft(proposal.id))
    moved = world.release("us", circle("us", start_s=2700), settles=proposal.id)
    assert _status(world) == "carried-out"
    [found] = read.proposals(world.view())
    assert (found.carried_out, found.overtaken_by) == (moved.id, None)
    # Later versions take nothing back.
    world.sync()
    world.release("ru", circle("ru", "corridor", level=300))
    world.release("us", circle("us"))
    assert _status(world) == "carried-out"


@pytest.mark.parametrize("party", ["us", "ru"])
@pytest.mark.parametrize("answered", [False, True])
def test_any_other_new_version_overtakes_it(
    party: str, answered: bool, met: tuple[Any, Entry, Entry], circle: Circle
) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    if answered:
        world.write("us", assent_draft(proposal.id))
    name = {"us": "orbit", "ru": "corridor"}[party]
    other = world.withdraw(party, name) if answered else world.release(party, circle(party, name))
    assert _status(world) == "overtaken"
    [found] = read.proposals(world.view())
    assert found.overtaken_by == other.id


def test_a_declined_proposal_stays_declined(met: tuple[Any, Entry, Entry], circle: Circle) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    world.write("us", decline_draft(proposal.id))
    world.release("us", circle("us", level=300))
    assert _status(world) == "declined"


@pytest.mark.parametrize("knew", [False, True])
def test_cause_decides_between_carrying_out_and_overtaking(
    knew: bool, met: tuple[Any, Entry, Entry], circle: Circle
) -> None:
    """Both sides release a next version; only what the mover had seen matters, never arrival."""
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    other = world.release("ru", circle("ru", "corridor", level=300))
    if knew:
        world.sync()
    world.release("us", circle("us", start_s=2700), settles=proposal.id)
    by_log = [world.logs["us"], world.logs["ru"]]
    assert (
        _status(world, by_log[0] + by_log[1])
        == _status(world, by_log[1] + by_log[0])
        == ("overtaken" if knew else "carried-out")
    )
    if knew:
        assert read.proposals(world.view())[0].overtaken_by == other.id


def test_settling_something_else_is_overtaking(
    met: tuple[Any, Entry, Entry], circle: Circle
) -> None:
    world, ours, theirs = met
    _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    world.release("us", circle("us", start_s=2700), settles="0" * 64)
    assert _status(world) == "overtaken"


def test_the_other_side_cannot_carry_it_out(met: tuple[Any, Entry, Entry], circle: Circle) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="ru", moves="us")
    world.sync()
    world.release("ru", circle("ru", "corridor", start_s=2700), settles=proposal.id)
    assert _status(world) == "overtaken"


def test_proposals_that_name_what_is_not_there_are_void(
    new_world: Callable[..., Any], circle: Circle
) -> None:
    world = new_world("us", "ru", "tj")
    ours, theirs = world.release("us", circle("us")), world.release("ru", circle("ru", "corridor"))
    second = world.release("ru", circle("ru", "second"))
    gone = world.withdraw("ru", "second")
    said = world.write("us", message_draft(text="a"))
    world.sync()
    swapped = {"us": theirs.id, "ru": ours.id}
    expected = {
        _propose(world, ours, theirs, by="tj", moves="us").id: "not-a-side",
        _propose(world, ours, theirs, by="us", moves="us", versions=swapped).id: "no-such-version",
        _propose(world, ours, theirs, by="ru", moves="us", conflict="0" * 64).id: "other-conflict",
        _propose(world, ours, second, by="us", moves="us", versions={
            "us": said.id, "ru": second.id}).id: "no-such-version",
        _propose(world, ours, second, by="us", moves="us", versions={
            "us": ours.id, "ru": gone.id}).id: "no-such-version",
        _propose(world, ours, second, by="us", moves="us", versions={
            "us": ours.id, "ru": said.id}).id: "no-such-version",
    }  # fmt: skip
    world.sync()
    answered = world.write("ru", assent_draft(next(iter(expected))))
    bad = next(entry for entry, reason in expected.items() if reason == "other-conflict")
    also = world.write("us", assent_draft(bad))
    assert {void.entry: void.reason for void in read.voids(world.view())} == {
        **expected,
        answered.id: "void-proposal",
        also.id: "void-proposal",
    }


def test_a_proposal_whose_other_side_is_not_held_yet_is_open(
    met: tuple[Any, Entry, Entry],
) -> None:
    world, ours, theirs = met
    proposal = _propose(world, ours, theirs, by="us", moves="ru")
    only_us = world.logs["us"]
    assert _status(world, only_us) == "open"
    assert proposal in only_us


def test_a_proposal_of_unknown_content_is_still_a_proposal(
    met: tuple[Any, Entry, Entry],
) -> None:
    world, ours, theirs = met
    entry = _propose(world, ours, theirs, by="us", moves="ru")
    world.logs["us"][-1] = msgspec.structs.replace(entry, body=None, salt=None)
    [proposal] = read.proposals(world.view())
    assert (proposal.shift, proposal.note, proposal.unknown) == (None, None, "not-held")
    assert proposal.status == "open"


def test_messages_are_listed_as_their_writers_claim(world: Any) -> None:
    texts = list("abcdef")
    random.Random(1).shuffle(texts)
    for number, text in enumerate(texts):
        world.write(("us", "ru")[number % 2], message_draft(text=text))
    assert [message.said for message in read.messages(world.view())] == [
        TextBody(text, "en") for text in texts
    ]

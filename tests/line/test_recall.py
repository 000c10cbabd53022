"""A recall empties what it recalls and nothing else, alike for whoever never had the body."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from detente.errors import RecordError
from detente.line import (
    Shift,
    check_recalled,
    honour_draft,
    message_draft,
    owed,
    project,
    proposal_draft,
    read,
    recall_draft,
    state_document,
)
from detente.line.read import void_of
from detente.record import Entry


def without_body(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, salt=None, body=None)


@pytest.fixture
def recalled(world: Any, circle: Any) -> Any:
    """Two conflicting activities, one of which is recalled; a message that is recalled as well."""
    world.mine = world.release("us", circle("us"))
    world.theirs = world.release("ru", circle("ru", lon=68.85))
    world.sync()
    world.said = world.write("us", message_draft(text="too much"))
    [conflict] = read.conflicts(world.view())
    world.conflict = conflict
    world.recall = world.write("us", recall_draft(world.mine.id, "sent in error"))
    world.unsay = world.write("us", recall_draft(world.said.id))
    world.sync()
    world.honoured = world.write("ru", honour_draft(world.recall.id))
    return world


def test_a_recalled_release_is_still_the_newest_version_and_may_be_anywhere(recalled: Any) -> None:
    newest = read.newest(recalled.view(), "us", "orbit")
    assert newest is not None
    assert (newest.version, newest.state, newest.activity) == (1, "released", None)
    assert newest.unknown == "recalled"


def test_nothing_of_the_content_is_left_in_the_state(recalled: Any) -> None:
    document = state_document(recalled.view()).decode()
    assert "too much" not in document
    assert '"survey"' in document, "of the other side's"
    assert document.count('"survey"') == 1
    assert "68.8," not in document
    assert read.conflicts(recalled.view()) == [], "a conflict would tell where the recalled was"


def test_body_then_recall_is_no_body_then_recall(recalled: Any) -> None:
    """Whatever of the recalled bodies anybody holds, and in whatever order the logs come."""
    whole = state_document(recalled.view())
    for seed in range(20):
        chance = random.Random(seed)
        bare = {e.id for e in (recalled.mine, recalled.said) if chance.random() < 0.5}
        entries = [
            without_body(one) if one.id in bare else one for one in shuffled(recalled.logs, chance)
        ]
        assert state_document(recalled.view(entries)) == whole
        rebuilt = project(recalled.founding, entries)
        assert rebuilt == recalled.view(entries).rows()


def shuffled(logs: dict[str, list[Entry]], chance: random.Random) -> Iterator[Entry]:
    """The logs' entries in any order in which each log's own are in theirs."""
    left = {party: list(log) for party, log in logs.items()}
    while any(left.values()):
        yield left[chance.choice([p for p in left if left[p]])].pop(0)


def test_conflicts_with_other_versions_are_as_if_the_recalled_had_never_been_readable(
    recalled: Any, circle: Any
) -> None:
    again = recalled.release("us", circle("us", lon=68.9))
    [conflict] = read.conflicts(recalled.view())
    assert conflict.id == recalled.conflict.id
    assert conflict.versions["us"] == again.id
    recalled.write("us", recall_draft(again.id))
    assert read.conflicts(recalled.view()) == []


def test_an_earlier_conflict_stays_unknown_when_the_newest_version_is_recalled(
    world: Any, circle: Any
) -> None:
    world.release("ru", circle("ru"))
    world.release("us", circle("us"))
    moved = world.release("us", circle("us", lon=75.0))
    assert [c.state for c in read.conflicts(world.view())] == ["ended"]
    world.write("us", recall_draft(moved.id))
    assert [c.state for c in read.conflicts(world.view())] == ["unknown"]


def test_a_proposal_about_a_recalled_version_stays(recalled: Any) -> None:
    versions = {"us": recalled.mine.id, "ru": recalled.theirs.id}
    draft = proposal_draft(
        conflict=recalled.conflict.id, versions=versions, moves="ru", shift=Shift(time_s=600.0)
    )
    recalled.write("ru", draft)
    [proposal] = read.proposals(recalled.view())
    assert (proposal.void, proposal.status) == (None, "open")


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (lambda w: recall_draft(w.mine.id), "recalled-before"),
        (lambda w: recall_draft(w.theirs.id), "not-its-own"),
        (lambda w: recall_draft(w.logs["us"][0].id), "not-recallable"),
        (lambda w: recall_draft(w.recall.id), "not-recallable"),
        (lambda w: recall_draft("0" * 64), "not-its-own"),
        (lambda w: honour_draft(w.recall.id), "own-entry"),
    ],
)
def test_a_recall_that_cannot_be(recalled: Any, draft: Callable[[Any], Any], reason: str) -> None:
    before = read.recalls(recalled.view())
    entry = recalled.write("us", draft(recalled))
    void = void_of(recalled.view(), "us", entry.header.index)
    assert void is not None
    assert void.reason == reason
    assert read.recalls(recalled.view()) == before


def test_a_receipt_for_what_is_no_recall_is_void(recalled: Any) -> None:
    again = recalled.write("ru", honour_draft(recalled.recall.id))
    other = recalled.write("ru", honour_draft(recalled.mine.id))
    reasons = {v.entry: v.reason for v in read.voids(recalled.view())}
    assert reasons == {again.id: "honoured-before", other.id: "not-a-recall"}


def test_who_has_honoured_it_is_told(recalled: Any) -> None:
    release, message = read.recalls(recalled.view())
    assert (release.recalled, message.recalled) == (recalled.mine.id, recalled.said.id)
    assert release.note == "sent in error"
    assert {party: one.entry for party, one in release.honoured.items()} == {
        "ru": recalled.honoured.id
    }
    assert message.honoured == {}


def test_what_is_recalled_is_owed_nothing_and_the_recall_is(recalled: Any) -> None:
    found = owed(recalled.view(), recalled.founding, lambda *_: 0, recalled.now_s)
    about = {one.entry for one in found if one.owed_by == "ru" and one.entry is not None}
    assert about == {recalled.recall.id, recalled.unsay.id}
    # A receipt is owed nothing: receipts of receipts would never end.
    assert recalled.honoured.id not in {one.entry for one in found}


def test_a_body_may_be_left_out_for_its_recall_alone(recalled: Any) -> None:
    bare = without_body(recalled.mine)
    check_recalled(msgspec.structs.replace(bare, recalled_by=(recalled.recall.header,)))
    joined = without_body(recalled.logs["us"][0])
    for entry, recall in (
        (bare, recalled.unsay.header),
        (bare, recalled.said.header),
        (joined, recalled.write("us", recall_draft(joined.id)).header),
    ):
        with pytest.raises(RecordError, match="does not recall it"):
            check_recalled(msgspec.structs.replace(entry, recalled_by=(recall,)))

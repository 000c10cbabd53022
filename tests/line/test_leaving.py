"""A member that has left owes nothing, is owed nothing, and holds up nobody."""

import random
from typing import Any

import msgspec
import pytest

from detente.errors import RecordError
from detente.line import (
    apply,
    leave_draft,
    message_draft,
    owed,
    project,
    read,
    state_document,
    suspend_draft,
    terms_draft,
)


@pytest.fixture
def three(new_world: Any, circle: Any) -> Any:
    """``tj`` conflicts with both others, has suspended the line, and leaves it."""
    world = new_world("ru", "tj", "us")
    world.release("us", circle("us"))
    world.release("ru", circle("ru", lon=75.0))
    world.release("tj", circle("tj", radius_m=600_000.0))
    world.write("us", message_draft(text="hello"))
    world.sync()
    world.write("tj", suspend_draft())
    world.before = world.view()
    world.left = world.write("tj", leave_draft("called home"))
    return world


def test_who_has_left_is_known_and_nothing_follows(three: Any) -> None:
    view = three.view()
    assert read.left(view)["tj"].note == "called home"
    assert read.present(view, three.founding) == ("ru", "us")
    after = three.write("tj", message_draft(text="one more"))
    with pytest.raises(RecordError, match="has left"):
        apply(view, three.founding, after)


def test_its_conflicts_are_unknown_from_then_on_and_never_gone(three: Any) -> None:
    assert [one.state for one in read.conflicts(three.before)] == ["open", "open"]
    found = read.conflicts(three.view())
    assert [one.state for one in found] == ["unknown", "unknown"]
    assert [one.suggestions for one in found] == [{}, {}]
    assert all(read.conflict(three.view(), one.id) == one for one in found)


def test_its_suspension_ends_with_it(three: Any) -> None:
    assert [one.party for one in read.suspended_by(three.before)] == ["tj"]
    assert read.suspended_by(three.view()) == []


def test_nobody_owes_it_and_it_owes_nobody(three: Any) -> None:
    def parties(view: Any) -> set[str]:
        found = owed(view, three.founding, lambda *_: 0, three.now_s)
        return {party for one in found for party in (one.owed_by, *one.owed_to)}

    assert parties(three.before) == {"ru", "tj", "us"}
    assert parties(three.view()) == {"ru", "us"}


def test_terms_that_all_others_have_signed_hold_when_it_leaves(three: Any) -> None:
    wider = msgspec.structs.replace(
        three.terms,
        version=2,
        separation=msgspec.structs.replace(three.terms.separation, lateral_m=400_000.0),
    )
    three.logs["tj"].remove(three.left)
    for party in ("ru", "us"):
        three.write(party, terms_draft(wider))
    assert read.terms(three.view(), three.founding).version == 1
    three.write("tj", leave_draft())
    assert read.terms(three.view(), three.founding).version == 2
    # In whatever order the logs come, also for the conflicts under the wider separation.
    documents = set()
    for seed in range(6):
        left = {party: list(log) for party, log in three.logs.items()}
        chance, entries = random.Random(seed), []
        while any(left.values()):
            entries.append(left[chance.choice([p for p in left if left[p]])].pop(0))
        documents.add(state_document(three.view(entries)))
        assert three.view(entries).rows() == project(three.founding, entries)
    assert len(documents) == 1

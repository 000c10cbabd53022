"""A commitment is opened by the very bytes it fixed, and by headers alone anybody can tell."""

import hashlib
from typing import Any

import msgspec
import pytest

from detente.errors import InputError
from detente.line import (
    TextBody,
    commitment_draft,
    opening_draft,
    read,
    recall_draft,
    state_document,
    write_opening,
)
from detente.record import Entry

SALT = bytes(32)
"""The salt with which the tests' lines write every entry."""

TEXT = write_opening(TextBody("We will be gone by noon.", "en"))


def sha256(body: bytes) -> str:
    """By hand, so that it is not our own code that says so."""
    return hashlib.sha256(SALT + body).hexdigest()


def commit(world: Any, body: bytes = TEXT, subject: str = "statement", **times_s: Any) -> Entry:
    entry: Entry = world.write("us", commitment_draft(sha256(body), subject, **times_s))
    return entry


def test_an_unopened_commitment_is_unknown(world: Any) -> None:
    commit(world)
    [one] = read.commitments(world.view())
    assert (one.state, one.opening) == ("unopened", None)
    assert b"noon" not in state_document(world.view())


def test_what_was_fixed_is_opened_and_read(world: Any, circle: Any) -> None:
    plan = write_opening(circle("us"), "as flown")
    for body, subject in ((TEXT, "statement"), (plan, "activity")):
        committed = commit(world, body, subject)
        world.write("us", opening_draft(committed.id, SALT, body))
    statement, activity = read.commitments(world.view())
    assert statement.state == activity.state == "opened"
    assert statement.opening is not None
    assert statement.opening.content == {"text": "We will be gone by noon.", "language": "en"}
    assert activity.opening is not None
    assert activity.opening.content is not None
    assert (activity.opening.content["id"], activity.opening.content["note"]) == (
        "orbit",
        "as flown",
    )
    # To tell what was planned is not to release it.
    assert read.activities(world.view()) == []


def test_what_was_not_fixed_is_wrong_until_the_right_comes(world: Any) -> None:
    committed = commit(world)
    other = write_opening(TextBody("We will be gone by one.", "en"))
    world.write("us", opening_draft(committed.id, SALT, other))
    [one] = read.commitments(world.view())
    assert (one.state, one.opening, [o.right for o in one.openings]) == ("wrong", None, [False])
    world.write("us", opening_draft(committed.id, SALT, TEXT))
    [one] = read.commitments(world.view())
    assert one.state == "opened"
    assert [o.right for o in one.openings] == [False, True]


@pytest.mark.parametrize(
    ("from_s", "by_s", "timing"),
    [(None, None, "in-time"), (10, None, "early"), (0, 10, "in-time"), (None, 1, "late")],
)
def test_an_opening_is_early_or_late_by_what_its_writer_set(
    world: Any, from_s: float | None, by_s: float | None, timing: str
) -> None:
    begin_s = world.now_s
    times_s: dict[str, Any] = {
        name: None if at_s is None else begin_s + at_s
        for name, at_s in (("open_from_s", from_s), ("open_by_s", by_s))
    }
    committed = commit(world, **times_s)
    [one] = read.commitments(world.view())
    assert one.timing(0) is None
    assert one.overdue(begin_s + 5) == (by_s == 1)
    world.write("us", opening_draft(committed.id, SALT, TEXT), time_s=begin_s + 5)
    [one] = read.commitments(world.view())
    assert one.timing(0) == timing
    assert not one.overdue(begin_s + 1000)


def test_it_stays_right_when_its_body_is_recalled_or_never_held(world: Any) -> None:
    committed = commit(world)
    opened = world.write("us", opening_draft(committed.id, SALT, TEXT))
    world.write("us", recall_draft(opened.id))
    bare = [
        msgspec.structs.replace(one, body=None, salt=None) if one.id == opened.id else one
        for one in world.entries()
    ]
    assert state_document(world.view(bare)) == state_document(world.view())
    [one] = read.commitments(world.view())
    assert (one.state, one.opening and one.opening.unknown) == ("opened", "recalled")
    assert b"noon" not in state_document(world.view())


def test_right_but_unreadable_is_opened_and_unknown(world: Any) -> None:
    committed = commit(world, b"{}")
    world.write("us", opening_draft(committed.id, SALT, b"{}"))
    [one] = read.commitments(world.view())
    assert (one.state, one.opening and one.opening.unknown) == ("opened", "unreadable")


def test_only_its_own_party_opens_it(world: Any) -> None:
    committed = commit(world)
    world.sync()
    theirs = world.write("ru", opening_draft(committed.id, SALT, TEXT))
    early = world.write("us", opening_draft(theirs.id, SALT, TEXT))
    reasons = {void.entry: void.reason for void in read.voids(world.view())}
    assert reasons == {theirs.id: "not-a-commitment", early.id: "not-a-commitment"}
    assert read.commitments(world.view())[0].state == "unopened"


def test_it_cannot_be_due_before_it_may_be_opened() -> None:
    with pytest.raises(InputError, match="before it may be"):
        commitment_draft("0" * 64, "statement", open_from_s=10.0, open_by_s=9.0)

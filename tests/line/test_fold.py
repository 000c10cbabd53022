"""The fold: chains of versions, what is void, what stays unknown, what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import GapError, RecordError
from detente.line import (
    Draft,
    acknowledgement_draft,
    apply,
    assent_draft,
    check_draft,
    decline_draft,
    join_draft,
    lapse_draft,
    message_draft,
    open_founding,
    read,
    release_draft,
    resume_draft,
    suspend_draft,
    terms_draft,
    withdraw_draft,
)
from detente.line.fold import KINDS
from detente.line.read import VOID_REASONS
from detente.volumes import Activity

Circle = Callable[..., Activity]


def _reasons(world: Any) -> dict[str, str]:
    return {void.entry: void.reason for void in read.voids(world.view())}


def test_a_line_is_in_force_when_all_have_joined(new_world: Callable[..., Any]) -> None:
    world = new_world("us", "ru", "tj")
    first = [log[0] for log in world.logs.values()]
    assert not read.in_force(world.view(first[:2]), world.founding)
    assert read.joined(world.view(first[:2])) == ("ru", "tj")
    assert read.in_force(world.view(first), world.founding)


def test_versions_follow_each_other(world: Any, circle: Circle) -> None:
    first = world.release("us", circle("us"))
    second = world.release("us", circle("us", level=300), form="coarse")
    [activity] = read.activities(world.view())
    assert (activity.version, activity.entry, activity.supersedes) == (2, second.id, first.id)
    assert (activity.state, activity.form) == ("released", "coarse")
    assert activity.activity == circle("us", level=300)
    third = world.withdraw("us", "orbit")
    [activity] = read.activities(world.view())
    assert (activity.state, activity.activity, activity.entry) == ("withdrawn", None, third.id)
    assert activity.unknown is None
    fourth = world.release("us", circle("us"))
    assert [v.entry for v in read.versions(world.view(), "us", "orbit")] == [
        entry.id for entry in (first, second, third, fourth)
    ]
    newest = read.newest(world.view(), "us", "orbit")
    assert newest is not None
    assert newest.state == "released"
    assert not read.voids(world.view())


def test_a_version_out_of_sequence_changes_nothing(world: Any, circle: Circle) -> None:
    first = world.release("us", circle("us"))
    gap = release_draft(circle("us"), version=3, supersedes=first.id, form="exact")
    again = release_draft(circle("us"), version=1, supersedes=None, form="exact")
    other = release_draft(circle("us"), version=2, supersedes="0" * 64, form="exact")
    wrong = [world.write("us", draft) for draft in (gap, again, other)]
    assert _reasons(world) == {entry.id: "out-of-sequence" for entry in wrong}
    # The chain goes on from what counts.
    second = world.write(
        "us", release_draft(circle("us"), version=2, supersedes=first.id, form="exact")
    )
    assert second.id not in _reasons(world)


def test_what_is_withdrawn_cannot_be_withdrawn(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    gone = world.withdraw("us", "orbit")
    again = world.write("us", withdraw_draft("orbit", version=3, supersedes=gone.id))
    never = world.write("us", withdraw_draft("other", version=2, supersedes=gone.id))
    assert _reasons(world) == {again.id: "not-released", never.id: "out-of-sequence"}


def test_what_only_ones_own_log_shows_to_be_void(world: Any, circle: Circle) -> None:
    own = world.write("us", message_draft(text="a"))
    expected = {
        world.write("us", join_draft(world.founding.raw)).id: "joined-before",
        world.write("us", acknowledgement_draft(own.id, "understood")).id: "own-entry",
        world.write("us", assent_draft(own.id)).id: "own-entry",
        world.write("us", resume_draft()).id: "not-suspended",
        world.write("us", terms_draft(world.terms)).id: "first-terms",
        world.write("us", Draft("message", {"precedence": "flash"}, b"{}")).id: "bad-facts",
    }
    world.write("us", suspend_draft())
    expected[world.write("us", suspend_draft()).id] = "suspended-before"
    due_s = world.now_s
    for owed_by, entry in (("us", own.id), ("tj", own.id), ("ru", "0" * 64)):
        draft = lapse_draft(owed_by=owed_by, entry=entry, what="understood", due_s=due_s)
        expected[world.write("us", draft).id] = "not-owed"
    assert _reasons(world) == expected
    assert set(expected.values()) <= set(VOID_REASONS)


def test_what_another_log_shows_to_be_void(new_world: Callable[..., Any], circle: Circle) -> None:
    world = new_world("us", "ru", "tj")
    said = world.write("us", message_draft(text="a"))
    world.sync()
    heard = world.write("ru", acknowledgement_draft(said.id, "understood"))
    world.sync()
    expected = {
        world.write("us", acknowledgement_draft(heard.id, "understood")).id: "not-acknowledged",
        world.write("ru", decline_draft(said.id)).id: "not-a-proposal",
    }
    assert _reasons(world) == expected
    assert read.acknowledgements(world.view(), heard.id) == []
    [acknowledgement] = read.acknowledgements(world.view(), said.id)
    assert (acknowledgement.party, acknowledgement.level) == ("ru", "understood")
    # As long as what they are about is not held, nobody can say.
    without_us = [entry for entry in world.entries() if entry.header.party == "ru"]
    assert read.voids(world.view(without_us)) == []
    void = read.void_of(world.view(), "ru", 2)
    assert void is not None
    assert void.why == VOID_REASONS["not-a-proposal"]


def test_an_unknown_type_is_kept_and_left_alone(world: Any) -> None:
    world.write("us", Draft("visit.later", {"host": "tj"}, b"\x00\xff"))
    after = world.write("us", message_draft(text="a"))
    view = world.view()
    assert [message.entry for message in read.messages(view)] == [after.id]
    assert len(list(view.scan("unknown"))) == 1
    assert read.voids(view) == []


@pytest.mark.parametrize("body", [None, b"", b"\xff", b'{"kind":"x"}', b'{"volumes":[]}'])
def test_a_release_that_cannot_be_read_is_unknown_and_not_nothing(
    body: bytes | None, world: Any, circle: Circle
) -> None:
    first = world.release("us", circle("us"))
    draft = release_draft(circle("us"), version=2, supersedes=first.id, form="exact")
    second = world.write("us", draft._replace(body=draft.body if body is None else body))
    if body is None:
        world.logs["us"][-1] = msgspec.structs.replace(second, body=None, salt=None)
    view = world.view()
    [activity] = read.activities(view)
    assert (activity.version, activity.state) == (2, "released")
    assert activity.activity is None
    assert activity.unknown == ("not-held" if body is None else "unreadable")
    assert read.voids(view) == []
    # What follows it follows it all the same.
    third = world.release("us", circle("us"))
    [activity] = read.activities(world.view())
    assert (activity.entry, activity.unknown) == (third.id, None)


def test_a_release_with_nothing_between_its_limits_is_unknown_and_not_clear(
    world: Any, circle: Circle
) -> None:
    """24,000 m, FL240 mistyped, lies above FL260 in any weather: it would meet nothing."""
    first = world.release("us", circle("us"))
    draft = release_draft(circle("us"), version=2, supersedes=first.id, form="exact")
    body = msgspec.json.decode(draft.body)
    body["volumes"][0]["lower"] = {"value_m": 24_000.0, "reference": "W84"}
    body["volumes"][0]["upper"] = {"value_m": 7924.8, "reference": "STD"}
    world.write("us", draft._replace(body=msgspec.json.encode(body)))
    [activity] = read.activities(world.view())
    assert (activity.version, activity.activity, activity.unknown) == (2, None, "unreadable")


def test_without_bodies_the_same_entries_count(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("us", circle("us", level=300))
    said = world.write("us", message_draft(text="a"))
    world.sync()
    world.write("ru", acknowledgement_draft(said.id, "understood", "n"))
    world.write("ru", suspend_draft("n"))
    world.withdraw("us", "orbit")
    world.write("us", release_draft(circle("us"), version=9, supersedes=said.id, form="exact"))
    bare = [msgspec.structs.replace(entry, body=None, salt=None) for entry in world.entries()]
    full, empty = world.view(), world.view(bare)

    def without_content(rows: dict[tuple[str, str], bytes]) -> dict[tuple[str, str], Any]:
        ignored = {"content", "unknown"}
        return {
            row: {name: value for name, value in json.loads(doc).items() if name not in ignored}
            for row, doc in rows.items()
        }

    assert without_content(full.rows()) == without_content(empty.rows())
    assert {kind for kind, _ in full.rows()} <= set(KINDS)
    [message] = read.messages(empty)
    assert (message.said, message.unknown) == (None, "not-held")
    assert read.suspended_by(empty)[0].note is None


def test_suspension_is_a_state(world: Any) -> None:
    world.write("us", suspend_draft("talks"))
    [suspension] = read.suspended_by(world.view())
    assert (suspension.party, suspension.note) == ("us", "talks")
    world.write("ru", suspend_draft())
    world.write("us", resume_draft())
    assert [one.party for one in read.suspended_by(world.view())] == ["ru"]


def test_checks_and_lapses_are_read_back(world: Any) -> None:
    slot_s = world.now_s
    check = world.write("ru", check_draft(slot_s))
    stated = world.write(
        "us", lapse_draft(owed_by="ru", entry=None, what="line-check", due_s=slot_s)
    )
    [one] = read.checks(world.view(), "ru")
    assert (one.entry, read.checks(world.view(), "us")) == (check.id, [])
    [lapse] = read.lapses(world.view())
    assert (lapse.entry, lapse.owed_by, lapse.owed_for) == (stated.id, "ru", None)


def test_new_terms_hold_when_all_have_signed_the_same(new_world: Callable[..., Any]) -> None:
    world = new_world("us", "ru")
    wider = msgspec.structs.replace(
        world.terms, version=2, notice=msgspec.structs.replace(world.terms.notice, normal_s=86_400)
    )
    other = msgspec.structs.replace(world.terms, version=2, languages=("en",))
    world.write("us", terms_draft(wider))
    world.write("ru", terms_draft(other))
    assert read.terms(world.view(), world.founding).version == 1
    assert {one.signed_by for one in read.proposed_terms(world.view(), world.founding)} == {
        ("us",),
        ("ru",),
    }
    world.write("ru", terms_draft(wider))
    assert read.terms(world.view(), world.founding) == wider
    # Signing the other text as well takes nothing back, unless both do.
    assert read.proposed_terms(world.view(), world.founding) == []
    world.write("us", terms_draft(other))
    held = read.terms(world.view(), world.founding)
    digests = {entry.header.about["terms_sha256"]: entry for entry in world.entries()[1:]
               if entry.header.type == "terms.sign"}  # fmt: skip
    assert held == (
        wider if json.loads(digests[min(digests)].body)["languages"] != ["en"] else other
    )


def test_terms_are_skipped_by_nobody(world: Any) -> None:
    third = msgspec.structs.replace(world.terms, version=3)
    for party in ("us", "ru"):
        world.write(party, terms_draft(third))
    assert read.terms(world.view(), world.founding).version == 1
    assert [one.version for one in read.proposed_terms(world.view(), world.founding)] == [3]


@pytest.mark.parametrize("change", [{"members": ("ru", "us", "uz")}, {"version": 3}])
def test_terms_of_other_members_or_version_never_hold(change: dict[str, Any], world: Any) -> None:
    wrong = msgspec.structs.replace(world.terms, **{"version": 2, **change})
    for party in ("us", "ru"):
        draft = terms_draft(wrong)
        world.write(party, draft._replace(about={**draft.about, "version": 2}))
    assert read.terms(world.view(), world.founding).version == 1
    [proposed] = read.proposed_terms(world.view(), world.founding)
    assert (proposed.terms, proposed.signed_by) == (None, ("ru", "us"))


def test_what_does_not_belong_here_is_refused(world: Any, new_world: Callable[..., Any]) -> None:
    entry = world.write("us", message_draft(text="a"))
    view = world.view(world.entries()[:1])
    with pytest.raises(GapError) as gap:
        apply(view, world.founding, entry)
    assert gap.value.size == 0
    with pytest.raises(RecordError, match="another line"):
        apply(view, open_founding(world.founding.raw + b" "), entry)
    with pytest.raises(RecordError, match="no member"):
        apply(view, world.founding, new_world_entry(world, party="tj"))
    with pytest.raises(RecordError, match="already taken"):
        apply(world.view(), world.founding, entry)


def new_world_entry(world: Any, **changes: Any) -> Any:
    """The newest entry of ``us`` with another header (its signature is not what is tested)."""
    entry = world.logs["us"][-1]
    return msgspec.structs.replace(entry, header=msgspec.structs.replace(entry.header, **changes))


def test_a_log_begins_by_joining_on_these_bytes(world: Any) -> None:
    entry = world.logs["us"][0]
    with pytest.raises(RecordError, match="joins the line"):
        apply(world.view([]), world.founding, new_world_entry(world, type="message"))
    other = msgspec.structs.replace(entry, body=world.founding.raw + b" ")
    with pytest.raises(RecordError, match="other bytes"):
        apply(world.view([]), world.founding, other)


def test_what_was_seen_never_goes_back(world: Any) -> None:
    world.write("us", message_draft(text="a"))
    view = world.view()
    world.write("us", message_draft(text="b"))
    [(_, seen)] = world.logs["us"][-1].header.seen.items()
    less = msgspec.structs.replace(seen, size=seen.size - 1)
    forked = msgspec.structs.replace(seen, root="0" * 64)
    for wrong, why in (
        ({}, "seen less"),
        ({"ru": less}, "seen less"),
        ({"ru": forked}, "another log"),
    ):
        with pytest.raises(RecordError, match=why):
            apply(view, world.founding, new_world_entry(world, seen=wrong))


def test_the_protocol_names_every_reason_for_a_void() -> None:
    protocol = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    table = protocol.partition("### Void entries")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z-]+-[a-z-]+)`(?=[^|]*\|[^|]*\|$)", table, re.M)) == set(
        VOID_REASONS
    )

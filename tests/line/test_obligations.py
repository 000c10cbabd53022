"""Who owes what by when: the table of protocol section 7, line by line."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from detente.line import (
    Draft,
    Exercise,
    Obligation,
    Shift,
    acknowledgement_draft,
    allowed_while_suspended,
    assent_draft,
    check_draft,
    conflict_id,
    decline_draft,
    lapse_draft,
    message_draft,
    owed,
    proposal_draft,
)
from detente.line.abouts import ABOUTS
from detente.line.terms import LineChecks
from detente.record import Entry
from detente.volumes import Activity
from detente.volumes.times import format_time, parse_time_s

Circle = Callable[..., Activity]
Received = dict[tuple[str, int, str], int]


def _owed(world: Any, received: Received, now_s: float, what: str = "") -> list[Obligation]:
    def receipts(party: str, index: int, by: str) -> int | None:
        return received.get((party, index, by))

    found = owed(world.view(), world.founding, receipts, now_s)
    if what:
        return [one for one in found if one.what == what]
    return [one for one in found if one.what != "line-check"]


def _received(entry: Entry, by: str, at_s: float) -> Received:
    return {(entry.header.party, entry.header.index, by): int(at_s)}


@pytest.mark.parametrize(
    ("kind", "debts"),
    [
        ("release", {"understood": 900, "disseminated": 3600}),
        ("withdraw", {"understood": 900, "disseminated": 3600}),
        ("routine", {"understood": 900}),
        ("priority", {"understood": 900}),
        ("urgent-safety", {"understood": 300, "disseminated": 3600}),
        ("proposal", {"understood": 900}),
    ],
)
def test_the_table(kind: str, debts: dict[str, int], world: Any, circle: Circle) -> None:
    ours, theirs = world.release("us", circle("us")), world.release("ru", circle("ru"))
    match kind:
        case "release":
            entry = ours
        case "withdraw":
            entry = world.withdraw("us", "orbit")
        case "proposal":
            pairs = ("us", "orbit"), ("ru", "orbit")
            draft = proposal_draft(
                conflict=conflict_id(world.founding.id, *pairs),
                versions={"us": ours.id, "ru": theirs.id},
                moves="us",
                shift=Shift(60.0),
            )
            entry = world.write("us", draft)
        case _:
            entry = world.write("us", message_draft(text="a", precedence=kind))
    at_s = world.now_s + 10
    found = [
        one for one in _owed(world, _received(entry, "ru", at_s), at_s) if one.entry == entry.id
    ]
    assert {one.what: one.due_s for one in found} == {
        what: at_s + within_s for what, within_s in debts.items()
    }
    assert {(one.owed_by, one.owed_to, one.state) for one in found} == {("ru", ("us",), "due")}


def test_other_types_owe_nothing(world: Any) -> None:
    said = world.write("us", message_draft(text="a"))
    world.sync()
    world.write("ru", acknowledgement_draft(said.id, "understood"))
    world.write("ru", check_draft(world.now_s))
    assert {one.entry for one in _owed(world, {}, world.now_s)} == {said.id}


def test_every_other_member_owes_it(new_world: Callable[..., Any]) -> None:
    world = new_world("us", "ru", "tj")
    world.write("us", message_draft(text="a"))
    assert {one.owed_by for one in _owed(world, {}, world.now_s)} == {"ru", "tj"}


def test_from_received_to_late_to_met(world: Any) -> None:
    said = world.write("us", message_draft(text="a"))
    at_s = world.now_s
    received = _received(said, "ru", at_s)

    def state(received: Received, now_s: float) -> tuple[str, float | None]:
        [one] = _owed(world, received, now_s)
        return one.state, one.due_s

    assert state({}, at_s + 10_000) == ("not-received", None)
    assert state(received, at_s + 900) == ("due", at_s + 900)
    assert state(received, at_s + 901) == ("late", at_s + 900)
    world.sync()
    world.write("ru", acknowledgement_draft(said.id, "understood"), time_s=at_s + 950)
    [one] = _owed(world, received, at_s + 10_000)
    assert (one.state, one.met_at_s) == ("met", at_s + 950)
    # Even where no receipt is known, what was acknowledged was received.
    assert state({}, at_s) == ("met", None)


def test_what_is_disseminated_is_understood_but_not_the_reverse(world: Any, circle: Circle) -> None:
    entry = world.release("us", circle("us"))
    world.sync()
    world.write("ru", acknowledgement_draft(entry.id, "understood"), time_s=world.now_s + 5)
    states = {one.what: one.state for one in _owed(world, {}, world.now_s)}
    assert states == {"understood": "met", "disseminated": "not-received"}
    other = world.release("us", circle("us", "other"))
    world.sync()
    world.write("ru", acknowledgement_draft(other.id, "disseminated"))
    assert {one.state for one in _owed(world, {}, world.now_s) if one.entry == other.id} == {"met"}


@pytest.mark.parametrize("answer", [assent_draft, decline_draft])
def test_a_void_answer_meets_nothing_and_for_a_void_proposal_nothing_is_owed(
    answer: Callable[[str], Draft], new_world: Callable[..., Any], circle: Circle
) -> None:
    """Void by what another log says: the third party is no side, and the version is no release."""
    world = new_world("us", "ru", "tj")
    said = world.write("ru", message_draft(text="no version of anything"))
    ours, theirs = world.release("us", circle("us")), world.release("ru", circle("ru"))
    world.sync()
    facts: dict[str, Any] = {
        "conflict": conflict_id(world.founding.id, ("us", "orbit"), ("ru", "orbit")),
        "moves": "us",
        "shift": Shift(60.0),
    }
    sound, of_no_version, of_another = (
        world.write("us", proposal_draft(**{**facts, **changes}))
        for changes in (
            {"versions": {"us": ours.id, "ru": theirs.id}},
            {"versions": {"us": ours.id, "ru": said.id}},
            {"versions": {"us": ours.id, "ru": theirs.id}, "conflict": "0" * 64},
        )
    )
    world.sync()
    for party in ("tj", "ru"):
        for proposed in (of_no_version, of_another):
            world.write(party, answer(proposed.id))
    world.write("tj", answer(sound.id))

    def debts() -> dict[tuple[str | None, str], str]:
        found = _owed(world, {}, world.now_s, "understood")
        asked = {sound.id, of_no_version.id, of_another.id}
        return {(one.entry, one.owed_by): one.state for one in found if one.entry in asked}

    assert debts() == {(sound.id, "ru"): "not-received", (sound.id, "tj"): "not-received"}
    world.write("ru", answer(sound.id))
    assert debts() == {(sound.id, "ru"): "met", (sound.id, "tj"): "not-received"}
    world.write("tj", acknowledgement_draft(sound.id, "understood"))
    assert debts() == {(sound.id, "ru"): "met", (sound.id, "tj"): "met"}


@pytest.mark.parametrize("answer", [assent_draft, decline_draft])
def test_an_answered_proposal_has_been_understood(
    answer: Callable[[str], Draft], world: Any, circle: Circle
) -> None:
    ours, theirs = world.release("us", circle("us")), world.release("ru", circle("ru"))
    world.sync()
    pairs = ("us", "orbit"), ("ru", "orbit")
    draft = proposal_draft(
        conflict=conflict_id(world.founding.id, *pairs),
        versions={"us": ours.id, "ru": theirs.id},
        moves="us",
        shift=Shift(60.0),
    )
    proposal = world.write("us", draft)
    world.sync()
    world.write("ru", answer(proposal.id), time_s=world.now_s + 7)
    [one] = [one for one in _owed(world, {}, world.now_s) if one.entry == proposal.id]
    assert (one.what, one.state) == ("understood", "met")


def test_only_the_debtor_pays(new_world: Callable[..., Any]) -> None:
    world = new_world("us", "ru", "tj")
    said = world.write("us", message_draft(text="a"))
    world.sync()
    world.write("tj", acknowledgement_draft(said.id, "understood"))
    states = {one.owed_by: one.state for one in _owed(world, {}, world.now_s)}
    assert states == {"ru": "not-received", "tj": "met"}


def test_void_entries_owe_nothing(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.withdraw("us", "orbit")
    before = len(_owed(world, {}, world.now_s))
    world.withdraw("us", "orbit")
    assert len(_owed(world, {}, world.now_s)) == before


def test_a_lapse_is_linked_to_what_it_states(world: Any) -> None:
    said = world.write("us", message_draft(text="a"))
    due_s = world.now_s + 900
    stated = world.write(
        "us", lapse_draft(owed_by="ru", entry=said.id, what="understood", due_s=due_s)
    )
    received = _received(said, "ru", world.now_s)
    found = {one.entry: one.lapse for one in _owed(world, received, due_s + 1000)}
    assert found == {said.id: stated.id}


def test_an_exercise_moves_deadlines_but_not_receipts(new_world: Callable[..., Any]) -> None:
    offset_s = int(parse_time_s("2021-08-09T01:20:00Z") - parse_time_s("2026-11-22T00:00:00Z"))
    world = new_world("us", "ru", exercise=Exercise(name="NORTHERN WATCH", clock_offset_s=offset_s))
    said = world.write("us", message_draft(text="a"))
    at_s = world.now_s
    [one] = _owed(world, _received(said, "ru", at_s), at_s + offset_s + 901)
    assert (one.due_s, one.state) == (at_s + offset_s + 900, "late")
    world.sync()
    world.write("ru", acknowledgement_draft(said.id, "understood"), time_s=at_s + 60)
    [one] = _owed(world, {}, at_s + offset_s)
    assert one.met_at_s == at_s + offset_s + 60


def _slots(world: Any, now: str) -> dict[str, dict[str | None, str]]:
    found: dict[str, dict[str | None, str]] = {"us": {}, "ru": {}}
    for one in _owed(world, {}, parse_time_s(now), "line-check"):
        assert {one.owed_by, *one.owed_to} == {"us", "ru"}
        found[one.owed_by][one.slot] = one.state
    return found


def test_line_checks_are_owed_from_the_beginning_of_the_terms_on(world: Any) -> None:
    assert _slots(world, "2026-11-22T06:30:00Z")["ru"] == {
        "2026-11-22T00:00:00Z": "late",
        "2026-11-22T06:00:00Z": "due",
        "2026-11-22T12:00:00Z": "due",
    }
    assert _slots(world, "2026-11-22T06:30:01Z")["ru"]["2026-11-22T06:00:00Z"] == "late"
    assert _slots(world, "2026-11-20T06:30:01Z") == {"us": {}, "ru": {}}


def test_a_long_silence_is_told_by_its_last_slots(world: Any) -> None:
    slots = list(_slots(world, "2027-03-01T05:59:59Z")["us"])
    hours = [datetime.fromtimestamp(parse_time_s(slot or ""), UTC).hour for slot in slots]
    assert slots[0] == "2027-02-27T06:00:00Z"
    assert hours == [6, 12, 18, 0, 6, 12, 18, 0, 6]


@pytest.mark.parametrize("hours", [(), (5,), tuple(range(24))])
def test_any_schedule(hours: tuple[int, ...], new_world: Callable[..., Any]) -> None:
    world = new_world("us", "ru", line_checks=LineChecks(hours_utc=hours, grace_s=60))
    slots = list(_slots(world, "2027-03-01T05:30:00Z")["us"])
    assert len(slots) == (9 if hours else 0)
    assert len({*slots}) == len(slots)
    for slot in slots:
        assert datetime.fromtimestamp(parse_time_s(slot or ""), UTC).hour in hours


def test_a_check_meets_its_slot(world: Any) -> None:
    slot_s = parse_time_s("2026-11-22T06:00:00Z")
    world.write("ru", check_draft(slot_s), time_s=slot_s + 120)
    found = _owed(world, {}, slot_s + 3600, "line-check")
    mine = {(one.owed_by, one.slot): one for one in found}
    slot = format_time(slot_s)
    assert mine["us", slot].state == "late"
    assert (mine["ru", slot].state, mine["ru", slot].met_at_s) == ("met", slot_s + 120)
    assert mine["ru", slot].owed_to == ("us",)


def test_a_check_written_long_ahead_shows_nobody_on_watch(world: Any) -> None:
    slot_s = parse_time_s("2026-11-22T06:00:00Z")
    world.write("ru", check_draft(slot_s), time_s=slot_s - 1801)
    assert _slots(world, "2026-11-22T07:00:00Z")["ru"]["2026-11-22T06:00:00Z"] == "late"
    world.write("ru", check_draft(slot_s), time_s=slot_s - 1800)
    assert _slots(world, "2026-11-22T07:00:00Z")["ru"]["2026-11-22T06:00:00Z"] == "met"


def test_a_missed_check_can_be_stated(world: Any) -> None:
    due_s = parse_time_s("2026-11-22T00:30:00Z")
    stated = world.write(
        "us", lapse_draft(owed_by="ru", entry=None, what="line-check", due_s=due_s)
    )
    found = _owed(world, {}, due_s + 60, "line-check")
    lapses = {(one.owed_by, one.slot): one.lapse for one in found}
    assert lapses["ru", "2026-11-22T00:00:00Z"] == stated.id
    assert lapses["ru", "2026-11-22T06:00:00Z"] is None
    assert lapses["us", "2026-11-22T00:00:00Z"] is None


def test_nothing_is_checked_before_all_have_joined(world: Any) -> None:
    view = world.view(world.logs["us"])
    found = owed(view, world.founding, lambda *_: None, parse_time_s("2026-11-23T00:00:00Z"))
    assert found == []


def test_what_is_owed_is_sorted_by_its_deadline(world: Any) -> None:
    first = world.write("us", message_draft(text="a"))
    world.write("us", message_draft(text="b"))
    received = _received(first, "ru", world.now_s)
    dues = [one.due_s for one in owed(
        world.view(), world.founding, lambda *key: received.get(key), world.now_s)]  # fmt: skip
    assert dues[0] is None
    assert dues[1:] == sorted(due for due in dues[1:] if due is not None)


@pytest.mark.parametrize("kind", [*ABOUTS, "visit.later"])
def test_what_passes_while_a_line_is_suspended(kind: str) -> None:
    passes = {"acknowledgement", "line.check", "lapse", "line.resume", "key.rotate", "key.vouch"}
    passes |= {"recall", "recall.honoured", "line.leave"}
    passes |= {"visit.stage", "visit.deviation", "visit.cancel"}
    passes |= {"visit.seal", "visit.open", "visit.session"}
    passes |= {"permission.revoke", "permission.withdraw"}
    assert allowed_while_suspended(kind, {}) == (kind in passes)


def test_urgent_safety_always_passes() -> None:
    passing = [
        precedence
        for precedence in ("routine", "priority", "urgent-safety")
        if allowed_while_suspended("message", {"precedence": precedence})
    ]
    assert passing == ["urgent-safety"]

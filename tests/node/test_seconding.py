"""The two-person rule: written when a second officer confirms the same bytes, or not at all."""

from typing import Any

import msgspec
import pytest

from detente.errors import (
    AccessError,
    DetenteError,
    InputError,
    NotFoundError,
    SecondOfficerError,
    StateError,
)
from detente.line import encode_terms, terms_from_wire, terms_to_wire
from detente.node.seconding import ASK_LIFE_S
from detente.node.views import ShiftView
from detente.record.strict_json import canonical

LINE = "northern-watch"

OFFICERS = {
    "first": "releaser",
    "second": "releaser",
    "chief": "senior",
    "deputy": "senior",
    "watch": "watch",
    "auditor": "auditor",
    "boss": "admin",
    "gone": "senior",
}


@pytest.fixture
def ruled(pair: Any) -> Any:
    """A line whose terms ask for two officers, and accounts of every role at ``us``."""
    us = pair.nodes["us"]
    for name, role in OFFICERS.items():
        us.add_officer(name, role)
    us.end_officer("gone")
    agree(pair, {"exact_releases": ["surveillance"], "terms": True}, version=2)
    us.file(pair.circle("us", "orbit-1"), title="", officer="watch")
    return pair


def agree(pair: Any, rule: dict[str, Any], version: int) -> None:
    terms = terms_to_wire(pair.terms()) | {"version": version, "two_person": rule}
    for node in pair.nodes.values():
        node.sign_terms(LINE, terms, officer="chief")
    pair.sync()


def ask(pair: Any, officer: str = "first", form: str = "exact", **more: Any) -> Any:
    us = pair.nodes["us"]
    with pytest.raises(SecondOfficerError, match="second officer"):
        us.release("orbit-1", LINE, form, officer=officer, **more)
    [waits] = us.pending(LINE)
    return waits


def entries(pair: Any) -> int:
    return len(pair.nodes["us"].entries(LINE, "us"))


def test_it_is_written_when_a_second_officer_confirms_it(ruled: Any) -> None:
    us, before = ruled.nodes["us"], entries(ruled)
    waits = ask(ruled)
    assert (waits.officer, waits.type) == ("first", "activity.release")
    assert waits.about["activity"] == "orbit-1"
    assert waits.body["kind"] == "surveillance"
    assert entries(ruled) == before
    assert us.activities(LINE) == []

    entry = us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert entry.about == waits.about
    assert us.pending(LINE) == []
    assert [one.id for one in us.activities(LINE)] == ["orbit-1"]
    rows = [(a.officer, a.action) for a in us.audit(0, 1000) if "second" in a.action]
    assert rows == [("first", "second.ask"), ("second", "second.confirm")]
    by = {a.action: a.officer for a in us.audit(0, 1000) if a.subject == entry.id}
    assert by == {"activity.release": "first", "second.confirm": "second"}
    with pytest.raises(StateError, match="no more"):
        us.confirm(LINE, waits.id, waits.sha256, officer="chief")
    assert entries(ruled) == before + 1


def test_what_was_confirmed_is_kept_in_its_entry_only(ruled: Any) -> None:
    """A recall of the entry would not find it anywhere else."""
    us, waits = ruled.nodes["us"], ask(ruled)
    us.confirm(LINE, waits.id, waits.sha256, officer="second")
    with us._core.store.read() as tx:
        [kept] = tx.connection.exec_driver_sql("SELECT content, body, digest FROM pending")
    assert kept == (b"{}", b"", waits.sha256)


def test_a_recall_reaches_what_others_asked_for_and_nobody_confirmed(ruled: Any) -> None:
    """Each of two asked for the same, and once more before: one request becomes the entry."""
    us = ruled.nodes["us"]
    ask(ruled)
    ruled.clock.at_s += ASK_LIFE_S + 1
    us.release("orbit-1", LINE, "coarse", officer="first")
    for officer in ("first", "chief"):
        with pytest.raises(SecondOfficerError):
            us.release("orbit-1", LINE, "exact", officer=officer)
    next_terms = terms_to_wire(ruled.terms()) | {"version": 3, "two_person": {"terms": True}}
    with pytest.raises(SecondOfficerError):
        us.sign_terms(LINE, next_terms, officer="chief")
    waits = next(one for one in us.pending(LINE) if one.officer == "first")
    entry = us.confirm(LINE, waits.id, waits.sha256, officer="second")
    ruled.sync()
    assert [one.officer for one in us.pending(LINE)] == ["chief", "chief"]
    us.recall(LINE, entry.id, officer="first")
    # What is about something else waits as before.
    assert [one.type for one in us.pending(LINE)] == ["terms.sign"]
    with us._core.store.read() as tx:
        kept = tx.connection.exec_driver_sql("SELECT type, body FROM pending").all()
    assert [type for type, body in kept if body] == ["terms.sign"]
    assert len(kept) == 4


@pytest.mark.parametrize(
    "officer", ["first", "watch", "auditor", "boss", "gone", "nobody", "operator", ""]
)
def test_who_may_not_confirm_does_not(ruled: Any, officer: str) -> None:
    before, waits = entries(ruled), ask(ruled)
    with pytest.raises(AccessError):
        ruled.nodes["us"].confirm(LINE, waits.id, waits.sha256, officer=officer)
    assert entries(ruled) == before
    assert ruled.nodes["us"].pending(LINE) == [waits]


@pytest.mark.parametrize("officer", ["watch", "auditor", "boss", "gone", "nobody", "operator"])
def test_who_may_not_release_does_not_even_ask(ruled: Any, officer: str) -> None:
    us = ruled.nodes["us"]
    with pytest.raises(AccessError):
        us.release("orbit-1", LINE, "exact", officer=officer)
    assert us.pending(LINE) == []


def test_nobody_confirms_for_whoever_has_just_let_them_in(ruled: Any) -> None:
    us = ruled.nodes["us"]
    us.add_officer("maker", "admin")
    us.add_officer("made", "releaser", by="maker")
    us.add_officer("made-2", "releaser", by="operator")
    us.login_link("made-2", by="made")
    waits = ask(ruled, "made")
    with pytest.raises(AccessError, match="let in by the other"):
        us.confirm(LINE, waits.id, waits.sha256, officer="made-2")
    us.refuse(LINE, waits.id, officer="made")
    waits = ask(ruled, "made-2")
    with pytest.raises(AccessError, match="let in by the other"):
        us.confirm(LINE, waits.id, waits.sha256, officer="made")
    us.confirm(LINE, waits.id, waits.sha256, officer="first")


def test_an_officer_whose_access_ended_in_between_counts_no_more(ruled: Any) -> None:
    us, waits = ruled.nodes["us"], ask(ruled)
    us.end_officer("first")
    with pytest.raises(AccessError):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")


def test_only_what_was_shown_is_confirmed(ruled: Any) -> None:
    us, before = ruled.nodes["us"], entries(ruled)
    waits = ask(ruled)
    with pytest.raises(StateError, match="not what was asked"):
        us.confirm(LINE, waits.id, "0" * 64, officer="second")
    us.change(ruled.circle("us", "orbit-1", radius_m=900.0), officer="watch")
    with pytest.raises(StateError, match="is not what was asked for"):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert entries(ruled) == before
    us.refuse(LINE, waits.id, officer="second")
    again = ask(ruled)
    assert again.sha256 != waits.sha256
    us.confirm(LINE, again.id, again.sha256, officer="second")
    assert us.activities(LINE)[0].volumes[0]["radius_m"] == 900.0


@pytest.mark.parametrize("change", ["plan", "nothing"])
def test_what_was_asked_for_under_other_terms_is_confirmed_as_it_was_shown_or_not_at_all(
    ruled: Any, change: str
) -> None:
    us, waits = ruled.nodes["us"], ask(ruled)
    terms = terms_to_wire(ruled.terms()) | {"version": 3}
    with pytest.raises(SecondOfficerError):
        us.sign_terms(LINE, terms, officer="chief")
    [asked] = [one for one in us.pending(LINE) if one.type == "terms.sign"]
    us.confirm(LINE, asked.id, asked.sha256, officer="deputy")
    ruled.nodes["ru"].add_officer("chief", "senior")
    ruled.nodes["ru"].add_officer("deputy", "senior")
    with pytest.raises(SecondOfficerError):
        ruled.nodes["ru"].sign_terms(LINE, terms, officer="chief")
    [theirs] = ruled.nodes["ru"].pending(LINE)
    ruled.nodes["ru"].confirm(LINE, theirs.id, theirs.sha256, officer="deputy")
    ruled.sync()
    assert us.line(LINE).terms["version"] == 3
    before = entries(ruled)
    if change == "plan":
        us.change(ruled.circle("us", "orbit-1", radius_m=900.0), officer="watch")
        with pytest.raises(StateError, match="is not what was asked for"):
            us.confirm(LINE, waits.id, waits.sha256, officer="second")
    with pytest.raises(AccessError):
        us.confirm(LINE, waits.id, waits.sha256, officer="first")
    us.end_officer("first")
    with pytest.raises(AccessError):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert entries(ruled) == before


@pytest.mark.parametrize("spelt", ["Surveillance", "EXERCISE surveillance", "  SURVEILLANCE "])
def test_a_kind_spelt_otherwise_is_no_way_round_it(ruled: Any, spelt: str) -> None:
    us = ruled.nodes["us"]
    plan = msgspec.structs.replace(ruled.circle("us", "orbit-2"), kind=spelt)
    us.file(plan, title="", officer="watch")
    with pytest.raises(SecondOfficerError):
        us.release("orbit-2", LINE, "exact", officer="first")


def test_an_area_by_another_word_is_no_way_round_it(pair: Any) -> None:
    us = pair.nodes["us"]
    us.add_officer("first", "releaser")
    agree(pair, {"exact_releases": ["restricted operating zone"]}, version=2)
    plan = msgspec.structs.replace(pair.circle("us", "zone-1"), kind="ROZ")
    us.file(plan, title="", officer="watch")
    with pytest.raises(SecondOfficerError):
        us.release("zone-1", LINE, "exact", officer="first")


def test_a_request_has_its_time(ruled: Any) -> None:
    us, waits = ruled.nodes["us"], ask(ruled)
    ruled.clock.at_s += ASK_LIFE_S
    assert us.pending(LINE) == []
    with pytest.raises(StateError, match="no more"):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")
    with pytest.raises(StateError, match="no more"):
        us.refuse(LINE, waits.id, officer="second")


def test_asked_twice_it_waits_once(ruled: Any) -> None:
    first = ask(ruled, key="form-1")
    assert ask(ruled, key="form-1") == first == ask(ruled)
    us = ruled.nodes["us"]
    us.confirm(LINE, first.id, first.sha256, officer="chief")
    with pytest.raises(StateError, match="has this version"):
        us.release("orbit-1", LINE, "exact", officer="first")


def test_a_refused_request_writes_nothing(ruled: Any) -> None:
    us, before = ruled.nodes["us"], entries(ruled)
    waits = ask(ruled)
    for stranger in ("watch", "auditor", "nobody"):
        with pytest.raises(AccessError):
            us.refuse(LINE, waits.id, officer=stranger)
    us.refuse(LINE, waits.id, officer="first")
    with pytest.raises(StateError):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert entries(ruled) == before


def test_what_the_terms_do_not_name_takes_one(ruled: Any) -> None:
    us = ruled.nodes["us"]
    us.release("orbit-1", LINE, "coarse", officer="anybody")
    agree_to_other = {"exact_releases": ["medical"], "terms": False}
    terms = terms_to_wire(ruled.terms()) | {"version": 3, "two_person": agree_to_other}
    with pytest.raises(SecondOfficerError):
        us.sign_terms(LINE, terms, officer="chief")
    [waits] = us.pending(LINE)
    with pytest.raises(AccessError, match="senior"):
        us.confirm(LINE, waits.id, waits.sha256, officer="second")
    us.confirm(LINE, waits.id, waits.sha256, officer="deputy")
    with pytest.raises(AccessError):
        ruled.nodes["ru"].sign_terms(LINE, terms, officer="chief")
    ruled.nodes["ru"].add_officer("chief", "senior")
    with pytest.raises(SecondOfficerError):
        ruled.nodes["ru"].sign_terms(LINE, terms, officer="chief")
    [theirs] = ruled.nodes["ru"].pending(LINE)
    ruled.nodes["ru"].add_officer("deputy", "senior")
    ruled.nodes["ru"].confirm(LINE, theirs.id, theirs.sha256, officer="deputy")
    ruled.sync()
    assert us.line(LINE).terms["version"] == 3
    us.change(ruled.circle("us", "orbit-1", radius_m=950.0), officer="watch")
    us.release("orbit-1", LINE, "exact", officer="anybody")


def test_every_kind_where_the_terms_say_so(pair: Any) -> None:
    pair.nodes["us"].add_officer("first", "releaser")
    agree(pair, {"exact_releases": ["*"]}, version=2)
    pair.nodes["us"].file(pair.circle("us", "orbit-1"), title="", officer="a")
    ask(pair)


def test_a_plan_moves_when_the_second_officer_confirms_not_before(ruled: Any) -> None:
    us, ru = ruled.nodes["us"], ruled.nodes["ru"]
    waits = ask(ruled)
    us.confirm(LINE, waits.id, waits.sha256, officer="second")
    ru.file(ruled.circle("ru", "recce"), title="", officer="a")
    ru.release("recce", LINE, "coarse", officer="a")
    ruled.sync()
    [conflict] = [c for c in ru.conflicts(LINE) if c.basis == "joint"]
    shift = ShiftView(time_s=4 * 3600.0)
    proposal = ru.propose(LINE, conflict.id, "us", shift, officer="a").id
    ruled.sync()
    us.assent(LINE, proposal, officer="watch")
    plan = us.plan("orbit-1")
    with pytest.raises(SecondOfficerError):
        us.carry_out(LINE, proposal, officer="first")
    assert us.plan("orbit-1") == plan
    [waits] = us.pending(LINE)
    us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert us.plan("orbit-1").start == "2026-11-22T13:00:00Z"
    assert us.activities(LINE)[-1].version == 2 or us.activities(LINE)[0].version == 2


def test_a_commitment_is_no_way_round_it(ruled: Any) -> None:
    us = ruled.nodes["us"]
    commitment = us.commit(LINE, plan="orbit-1", officer="first").id
    said = us.commit(LINE, text="we have nothing there", officer="first").id
    us.open_commitment(LINE, said, officer="first")
    with pytest.raises(SecondOfficerError):
        us.open_commitment(LINE, commitment, officer="first")
    [waits] = us.pending(LINE)
    assert waits.body["kind"] == "surveillance"
    opened = us.confirm(LINE, waits.id, waits.sha256, officer="second")
    assert opened.about == {"commitment": commitment}


def test_leaving_takes_two_administrators_where_the_terms_say_so(ruled: Any) -> None:
    us, ru = ruled.nodes["us"], ruled.nodes["ru"]
    us.add_officer("boss-2", "admin")
    terms = terms_to_wire(ruled.terms()) | {"version": 3, "two_person": {"leaving": True}}
    with pytest.raises(SecondOfficerError):
        us.sign_terms(LINE, terms, officer="chief")
    [waits] = us.pending(LINE)
    us.confirm(LINE, waits.id, waits.sha256, officer="deputy")
    ru.add_officer("chief", "senior")
    ru.add_officer("deputy", "senior")
    with pytest.raises(SecondOfficerError):
        ru.sign_terms(LINE, terms, officer="chief")
    [waits] = ru.pending(LINE)
    ru.confirm(LINE, waits.id, waits.sha256, officer="deputy")
    ruled.sync()

    before = entries(ruled)
    for name in ("watch", "first", "chief", "auditor", "gone", "nobody"):
        with pytest.raises(AccessError):
            us.leave(LINE, "over", officer=name)
    with pytest.raises(SecondOfficerError):
        us.leave(LINE, "over", officer="boss")
    [waits] = us.pending(LINE)
    assert (waits.type, waits.body) == ("line.leave", {"note": "over"})
    for name in ("boss", "first", "chief", "watch", "operator", "gone"):
        with pytest.raises(AccessError):
            us.confirm(LINE, waits.id, waits.sha256, officer=name)
    with pytest.raises(AccessError):
        us.refuse(LINE, waits.id, officer="chief")
    us.refuse(LINE, waits.id, officer="boss-2")
    with pytest.raises(SecondOfficerError):
        us.leave(LINE, "over", officer="operator")
    [waits] = us.pending(LINE)
    assert entries(ruled) == before
    us.confirm(LINE, waits.id, waits.sha256, officer="boss-2")
    assert us.line(LINE).state == "left"
    assert entries(ruled) == before + 1


def test_nobody_else_learns_that_something_waits(ruled: Any) -> None:
    us, ru = ruled.nodes["us"], ruled.nodes["ru"]
    before = us.heads(us.line(LINE).id, "ru"), us.state_document(LINE)
    ask(ruled)
    assert (us.heads(us.line(LINE).id, "ru"), us.state_document(LINE)) == before
    assert ru.pending(LINE) == []
    assert us.verify() == []


@pytest.mark.parametrize("request_id", ["", "x", "0" * 32])
def test_what_nobody_asked_for_is_not_there(ruled: Any, request_id: str) -> None:
    with pytest.raises(NotFoundError):
        ruled.nodes["us"].confirm(LINE, request_id, "0" * 64, officer="second")


@pytest.mark.parametrize(
    "rule",
    [
        {"exact_releases": "surveillance"},
        {"exact_releases": [""]},
        {"exact_releases": ["x" * 65]},
        {"exact_releases": ["a"] * 65},
        {"terms": "yes"},
        {"leaving": 1},
        {"others": True},
        [],
    ],
)
def test_a_rule_that_says_nothing_sound_is_refused(pair: Any, rule: Any) -> None:
    terms = terms_to_wire(pair.terms()) | {"version": 2, "two_person": rule}
    with pytest.raises(InputError):
        pair.nodes["us"].sign_terms(LINE, terms, officer="chief")


def test_terms_that_name_nothing_have_the_bytes_they_had(pair: Any) -> None:
    ruled = terms_to_wire(pair.terms()) | {"two_person": {"exact_releases": ["*"], "terms": True}}
    assert encode_terms(terms_from_wire(ruled)) == canonical(ruled)
    assert "two_person" not in terms_to_wire(pair.terms())
    with pytest.raises(DetenteError):
        pair.nodes["us"].confirm("nowhere", "x", "x", officer="a")

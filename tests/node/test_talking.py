"""Talk, settlement, suspension, terms and lapses: what may be said when, and what it does."""

from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, NotFoundError, StateError
from detente.line import terms_to_wire
from detente.node.views import ShiftView

LINE = "northern-watch"


def conflicting(pair: Any) -> str:
    """Bring about an open conflict; its id."""
    for party in ("us", "ru"):
        node = pair.nodes[party]
        node.file(pair.circle(party, f"{party}-1"), title="", officer="a")
        node.release(f"{party}-1", LINE, "exact", officer="a")
    pair.sync()
    [conflict] = pair.nodes["us"].conflicts(LINE)
    return str(conflict.id)


def proposed(pair: Any, moves: str = "ru") -> str:
    """``us`` has proposed that ``moves`` moves; the proposal's id."""
    entry = pair.nodes["us"].propose(
        LINE, conflicting(pair), moves, ShiftView(time_s=36_000.0), officer="a"
    )
    pair.sync()
    return str(entry.id)


class TestMessages:
    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({}, InputError),
            ({"text": "a", "phrase": "say-again"}, InputError),
            ({"text": ""}, InputError),
            ({"text": "x" * 4001}, InputError),
            ({"text": "a", "precedence": "flash"}, InputError),
            ({"text": "\ud800"}, DetenteError),
            ({"phrase": "no-such-phrase", "slots": {}}, InputError),
            ({"text": "a", "reply_to": "0" * 64}, NotFoundError),
            ({"text": "a", "conflict": "0" * 64}, NotFoundError),
        ],
    )
    def test_what_cannot_be_said_is_refused(
        self, pair: Any, said: dict[str, Any], error: type[DetenteError]
    ) -> None:
        us = pair.nodes["us"]
        with pytest.raises(error):
            us.send(LINE, **said, officer="a")
        assert len(us.entries(LINE, "us")) == 1

    def test_a_reply_names_what_it_answers(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        asked = us.send(LINE, text="Who?", precedence="priority", officer="a")
        pair.sync()
        pair.clock.at_s += 1
        ru.send(LINE, text="Мы.", language="ru", reply_to=asked.id, officer="b")
        pair.sync()
        question, reply = us.messages(LINE)
        assert (reply.reply_to, reply.text, reply.language) == (question.id, "Мы.", "ru")
        assert question.language == "en"

    def test_a_message_under_its_key_is_sent_once(self, pair: Any) -> None:
        us = pair.nodes["us"]
        sent = {us.send(LINE, text="once", officer="a", key="k").id for _ in range(3)}
        assert len(sent) == len(us.messages(LINE)) == 1


class TestAcknowledgements:
    def test_each_level_once(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        sent = us.send(LINE, text="hello", officer="a")
        pair.sync()
        ru.acknowledge(LINE, sent.id, "understood", "yes", officer="b")
        ru.acknowledge(LINE, sent.id, "disseminated", officer="b")
        with pytest.raises(StateError):
            ru.acknowledge(LINE, sent.id, "understood", officer="b")
        pair.sync()
        given = us.entry(LINE, sent.id).acknowledgements
        assert [(a.party, a.level, a.note) for a in given] == [
            ("ru", "understood", "yes"),
            ("ru", "disseminated", ""),
        ]

    def test_ones_own_entry_or_an_acknowledgement_is_not_acknowledged(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        sent = us.send(LINE, text="hello", officer="a")
        with pytest.raises(StateError, match="what it said itself"):
            us.acknowledge(LINE, sent.id, "understood", officer="a")
        pair.sync()
        given = ru.acknowledge(LINE, sent.id, "understood", officer="b")
        pair.sync()
        with pytest.raises(StateError, match="not acknowledged"):
            us.acknowledge(LINE, given.id, "understood", officer="a")
        assert us.verify() == []
        assert not [entry for entry in us.entries(LINE) if entry.void]

    @pytest.mark.parametrize(
        ("level", "note", "error"),
        [
            ("approved", "", InputError),
            ("understood", "x" * 1001, InputError),
        ],
    )
    def test_no_other_level_and_no_long_note(
        self, pair: Any, level: str, note: str, error: type[DetenteError]
    ) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        sent = us.send(LINE, text="hello", officer="a")
        pair.sync()
        with pytest.raises(error):
            ru.acknowledge(LINE, sent.id, level, note, officer="b")

    def test_what_is_not_held_is_not_acknowledged(self, pair: Any) -> None:
        with pytest.raises(NotFoundError):
            pair.nodes["us"].acknowledge(LINE, "0" * 64, "understood", officer="a")


class TestSettlement:
    def test_only_open_conflicts_of_ours_are_proposed_for(self, pair: Any) -> None:
        us, shift = pair.nodes["us"], ShiftView(time_s=60.0)
        with pytest.raises(NotFoundError):
            us.propose(LINE, "0" * 64, "us", shift, officer="a")
        conflict = conflicting(pair)
        with pytest.raises(StateError):
            us.propose(LINE, conflict, "tj", shift, officer="a")
        for bad in (ShiftView(), ShiftView(time_s=1.0, altitude_m=1.0), ShiftView(time_s=0.0)):
            with pytest.raises(InputError):
                us.propose(LINE, conflict, "us", bad, officer="a")
        us.withdraw("us-1", LINE, officer="a")
        with pytest.raises(StateError, match="ended"):
            us.propose(LINE, conflict, "us", shift, officer="a")

    def test_only_the_other_side_answers_and_once(self, pair: Any) -> None:
        proposal = proposed(pair)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        with pytest.raises(StateError):
            us.assent(LINE, proposal, officer="a")
        ru.decline(LINE, proposal, "we cannot", officer="b")
        with pytest.raises(StateError):
            ru.assent(LINE, proposal, officer="b")
        pair.sync()
        [shown] = us.proposals(LINE)
        assert (shown.status, shown.answer_note) == ("declined", "we cannot")

    def test_only_what_was_assented_to_is_carried_out_and_once(self, pair: Any) -> None:
        proposal = proposed(pair)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        with pytest.raises(StateError):
            ru.carry_out(LINE, proposal, officer="b")
        ru.assent(LINE, proposal, officer="b")
        pair.sync()
        with pytest.raises(StateError):
            us.carry_out(LINE, proposal, officer="a")
        done = ru.carry_out(LINE, proposal, officer="b", key="k")
        assert ru.carry_out(LINE, proposal, officer="b", key="k").id == done.id
        with pytest.raises(StateError):
            ru.carry_out(LINE, proposal, officer="b")
        assert ru.plan("ru-1").revision == 2

    def test_what_was_overtaken_is_not_carried_out(self, pair: Any) -> None:
        proposal = proposed(pair)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        ru.assent(LINE, proposal, officer="b")
        pair.sync()
        us.change(pair.circle("us", "us-1", radius_m=1000.0), officer="a")
        us.release("us-1", LINE, "exact", officer="a")
        pair.sync()
        with pytest.raises(StateError, match="overtaken"):
            ru.carry_out(LINE, proposal, officer="b")
        assert ru.plan("ru-1").revision == 1, "the plan is not moved without its release"

    def test_a_plan_that_was_changed_since_is_not_carried_out(self, pair: Any) -> None:
        """The line would see the old plan moved, and we would take it for the new one."""
        proposal = proposed(pair)
        ru = pair.nodes["ru"]
        ru.assent(LINE, proposal, officer="b")
        changed = ru.change(pair.circle("ru", "ru-1", radius_m=1000.0), officer="b")
        with pytest.raises(StateError, match="changed since"):
            ru.carry_out(LINE, proposal, officer="b")
        assert ru.plan("ru-1") == changed
        assert not changed.releases[0].current
        ru.release("ru-1", LINE, "exact", settles=proposal, officer="b")
        assert ru.plan("ru-1").releases[0].current

    def test_a_release_may_carry_out_only_what_it_may(self, pair: Any) -> None:
        proposal = proposed(pair)
        ru = pair.nodes["ru"]
        ru.change(pair.circle("ru", "ru-1", radius_m=1000.0), officer="b")
        with pytest.raises(StateError):
            ru.release("ru-1", LINE, "exact", settles=proposal, officer="b")
        with pytest.raises(NotFoundError):
            ru.release("ru-1", LINE, "exact", settles="0" * 64, officer="b")
        ru.assent(LINE, proposal, officer="b")
        released = ru.release("ru-1", LINE, "exact", settles=proposal, officer="b")
        assert released.about["settles"] == proposal
        assert ru.proposals(LINE)[0].status == "carried-out"

    def test_what_it_does_to_the_plan_is_on_the_internal_record(self, pair: Any) -> None:
        proposal = proposed(pair)
        ru = pair.nodes["ru"]
        ru.assent(LINE, proposal, officer="b")
        audit = [act.action for act in ru.audit(0, 1000) if act.subject == "ru-1"]
        assert audit == ["plan.file"]
        ru.carry_out(LINE, proposal, officer="b")
        audit = [act.action for act in ru.audit(0, 1000) if act.subject == "ru-1"]
        assert audit == ["plan.file", "plan.carry-out"]


class TestSuspension:
    def test_only_safety_passes(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        conflict = conflicting(pair)
        early = ru.send(LINE, text="before", officer="b")
        us.suspend(LINE, "until noon", officer="a")
        pair.sync()
        shift = ShiftView(time_s=60.0)
        for node in (us, ru):
            assert node.line(LINE).state == "suspended"
            assert node.line(LINE).suspended_by == ["us"]
            with pytest.raises(StateError, match="suspended"):
                node.send(LINE, text="routine", officer="a")
            with pytest.raises(StateError, match="suspended"):
                node.propose(LINE, conflict, "us", shift, officer="a")
            with pytest.raises(StateError, match="suspended"):
                node.withdraw(f"{node.party}-1", LINE, officer="a")
            with pytest.raises(StateError, match="suspended"):
                node.suspend(LINE, officer="a")
            node.send(LINE, text="urgent", precedence="urgent-safety", officer="a")
        us.acknowledge(LINE, early.id, "understood", officer="a")
        with pytest.raises(StateError):
            ru.resume(LINE, officer="b")
        us.resume(LINE, officer="a")
        pair.sync()
        assert ru.line(LINE).state == "in-force"
        ru.send(LINE, text="routine", officer="b")


class TestLineChecks:
    def test_the_one_that_is_due(self, pair: Any) -> None:
        us = pair.nodes["us"]
        with pytest.raises(StateError, match="no line check is due"):
            us.check_line(LINE, officer="a")
        pair.clock.at_s += 4 * 3600 - 600
        checked = us.check_line(LINE, officer="a")
        assert checked.about == {"slot": "2026-11-22T12:00:00Z"}
        with pytest.raises(StateError):
            us.check_line(LINE, "2026-11-22T12:00:00Z", officer="a")
        with pytest.raises(StateError):
            us.check_line(LINE, "2026-11-22T12:30:00Z", officer="a")
        states = {
            (o.owed_by, o.state) for o in us.obligations(LINE) if o.slot == "2026-11-22T12:00:00Z"
        }
        assert states == {("us", "met"), ("ru", "due")}

    def test_one_that_did_not_come_is_stated_as_lapsed_once(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        pair.clock.at_s += 4 * 3600 + 1801
        late = [o for o in us.obligations(LINE) if o.state == "late"]
        assert {o.owed_by for o in late} == {"us", "ru"}
        [theirs] = [o for o in late if o.owed_by == "ru"]
        [ours] = [o for o in late if o.owed_by == "us"]
        with pytest.raises(StateError):
            us.state_lapse(LINE, ours.id, officer="a")
        with pytest.raises(NotFoundError):
            us.state_lapse(LINE, "ru/line-check/never", officer="a")
        us.state_lapse(LINE, theirs.id, officer="a")
        with pytest.raises(StateError, match="already"):
            us.state_lapse(LINE, theirs.id, officer="a")
        pair.sync()
        [seen] = [o for o in ru.obligations(LINE) if o.id == theirs.id]
        assert seen.lapse is not None

    def test_what_is_not_late_has_not_lapsed(self, pair: Any) -> None:
        us = pair.nodes["us"]
        due = next(o for o in us.obligations(LINE) if o.owed_by == "ru")
        with pytest.raises(StateError):
            us.state_lapse(LINE, due.id, officer="a")


class TestTerms:
    def test_they_hold_once_all_have_signed_the_same(self, pair: Any) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        conflicting(pair)
        wide = msgspec.structs.replace(
            pair.terms(),
            version=2,
            separation=msgspec.structs.replace(pair.terms().separation, time_s=1200.0),
        )
        us.sign_terms(LINE, wide, officer="a")
        pair.sync()
        [waiting] = ru.line(LINE).terms_proposed
        assert (waiting["version"], waiting["signed_by"]) == (2, ["us"])
        assert ru.line(LINE).terms["version"] == 1
        ru.sign_terms(LINE, waiting["terms"], officer="b")
        pair.sync()
        for node in (us, ru):
            assert node.line(LINE).terms == terms_to_wire(wide)
            assert node.line(LINE).terms_proposed == []
            assert node.verify() == []
        assert us.conflicts(LINE)[0].start == "2026-11-22T08:50:00Z"
        assert us.state_document(LINE) == ru.state_document(LINE)

    @pytest.mark.parametrize("changes", [{"version": 3}, {"version": 1}])
    def test_only_the_next_version_is_signed(self, pair: Any, changes: dict[str, Any]) -> None:
        terms = msgspec.structs.replace(pair.terms(), **changes)
        with pytest.raises(StateError):
            pair.nodes["us"].sign_terms(LINE, terms, officer="a")

    def test_conflicts_are_found_under_the_new_separation(self, pair: Any) -> None:
        """The engine's replica is rebuilt for it: a near miss must not be overlooked afterwards."""
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        us.file(pair.circle("us", "us-1", hours=1.0), title="", officer="a")
        us.release("us-1", LINE, "exact", officer="a")
        pair.sync()
        wide = msgspec.structs.replace(
            pair.terms(),
            version=2,
            separation=msgspec.structs.replace(pair.terms().separation, time_s=7200.0),
        )
        for node in (us, ru):
            node.sign_terms(LINE, wide, officer="a")
        pair.sync()
        late = pair.circle("ru", "ru-1", start_s=pair.clock.at_s + 3 * 3600)
        ru.file(late, title="", officer="b")
        assert [c.basis for c in ru.conflicts(LINE)] == ["own"]
        ru.release("ru-1", LINE, "exact", officer="b")
        pair.sync()
        for node in (us, ru):
            assert [c.state for c in node.conflicts(LINE)] == ["open"]
        assert us.verify() == ru.verify() == []

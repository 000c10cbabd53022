"""The main job, walked with two nodes and no network: file, release, meet, settle, verify."""

from typing import Any

from detente.node.views import ShiftView

LINE = "northern-watch"


def test_two_parties_settle_a_conflict(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1"), title="Orbit", officer="a")
    ru.file(pair.circle("ru", "recce-1", lon=68.9), title="Recce", officer="b")

    # Private: nobody sees anything, not even a conflict.
    assert us.conflicts(LINE) == ru.conflicts(LINE) == []

    # One side releases. The other sees it against its own plan, and nobody else does.
    us.release("orbit-1", LINE, "exact", officer="a")
    pair.sync()
    assert us.conflicts(LINE) == []
    [own] = ru.conflicts(LINE)
    assert (own.basis, own.state, own.a.party, own.b.party) == ("own", "open", "ru", "us")
    assert {suggestion.moves for suggestion in own.suggestions} == {"ru"}
    assert ru.plan("recce-1").conflicts == [own]

    # Both have released: the same conflict, under the same id, with the same suggestions.
    ru.release("recce-1", LINE, "exact", officer="b")
    pair.sync()
    [at_us], [at_ru] = us.conflicts(LINE), ru.conflicts(LINE)
    assert at_us.basis == at_ru.basis == "joint"
    assert at_us.id == at_ru.id == own.id
    assert at_us.suggestions == at_ru.suggestions
    assert us.state_document(LINE) == ru.state_document(LINE)

    # The other side is asked to move, assents, and carries out.
    later = next(s for s in at_us.suggestions if s.moves == "ru" and (s.shift.time_s or 0) > 0)
    us.propose(LINE, at_us.id, "ru", later.shift, "could you?", officer="a")
    pair.sync()
    [proposal] = ru.proposals(LINE)
    assert (proposal.status, proposal.may_answer, proposal.may_carry_out) == ("open", True, False)
    assert not us.proposals(LINE)[0].may_answer
    ru.assent(LINE, proposal.id, "we can", officer="b")
    [proposal] = ru.proposals(LINE)
    assert (proposal.status, proposal.may_answer, proposal.may_carry_out) == (
        "assented",
        False,
        True,
    )
    assert ru.conflicts(LINE)[0].state == "open", "to assent moves nothing"
    before = ru.plan("recce-1")
    ru.carry_out(LINE, proposal.id, officer="b")
    pair.sync()
    for node in (us, ru):
        [ended] = node.conflicts(LINE)
        assert (ended.id, ended.state) == (at_us.id, "ended")
        [settled] = node.proposals(LINE)
        assert settled.status == "carried-out"
    moved = ru.plan("recce-1")
    assert moved.revision == before.revision + 1
    assert moved.start > before.start
    [release] = moved.releases
    assert (release.version, release.form, release.current) == (2, "exact", True)
    [version] = [a for a in us.activities(LINE) if a.id == "recce-1"]
    assert version.settles == proposal.id
    assert version.volumes == moved.volumes

    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []


def test_a_settlement_by_altitude_of_a_coarse_release(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    ru.file(pair.circle("ru", "recce-1", lon=68.9), title="", officer="b")
    us.release("orbit-1", LINE, "coarse", officer="a")
    ru.release("recce-1", LINE, "exact", officer="b")
    pair.sync()
    conflict, own = us.conflicts(LINE)
    assert (conflict.basis, own.basis, own.id) == ("joint", "own", conflict.id)
    us.propose(LINE, conflict.id, "us", ShiftView(altitude_m=3000.0), officer="a")
    pair.sync()
    [proposal] = ru.proposals(LINE)
    ru.assent(LINE, proposal.id, officer="b")
    pair.sync()
    us.carry_out(LINE, proposal.id, officer="a")
    pair.sync()
    [release] = us.plan("orbit-1").releases
    assert (release.form, release.version, release.current) == ("coarse", 2, True)
    assert [c.state for c in ru.conflicts(LINE)] == ["ended"]
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_talk_and_its_acknowledgements(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    sent = us.send(LINE, text="Good morning.", officer="a")
    assert sent.receipts == {"ru": None}
    assert sent.officer == "a"
    pair.sync()
    assert us.entry(LINE, sent.id).receipts == {"ru": "2026-11-22T08:00:00Z"}
    assert ru.entry(LINE, sent.id).officer is None
    [owed] = [o for o in us.obligations(LINE) if o.entry == sent.id]
    assert (owed.owed_by, owed.what, owed.state, owed.due) == (
        "ru",
        "understood",
        "due",
        "2026-11-22T08:15:00Z",
    )
    pair.clock.at_s += 16 * 60
    assert {o.state for o in ru.obligations(LINE) if o.entry == sent.id} == {"late"}
    us.state_lapse(LINE, owed.id, officer="a")
    ru.acknowledge(LINE, sent.id, "understood", officer="b")
    pair.sync()
    [met] = [o for o in us.obligations(LINE) if o.entry == sent.id]
    assert (met.state, met.met_at) == ("met", "2026-11-22T08:16:00Z")
    assert met.lapse is not None
    [message] = us.messages(LINE)
    assert [(a.party, a.level) for a in message.acknowledgements] == [("ru", "understood")]


def test_a_phrase_is_read_in_the_readers_language(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.send(LINE, phrase="say-again", slots={}, officer="a")
    pair.sync()
    [ours], [theirs] = us.messages(LINE), ru.messages(LINE)
    assert ours.rendered == theirs.rendered
    assert ours.text == ours.rendered["en"]
    assert theirs.text == theirs.rendered["ru"]

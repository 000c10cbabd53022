"""A party is taken into a line of two that has a history; until all have signed it gets nothing."""

import shutil
import sqlite3
from base64 import b64decode
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import (
    DetenteError,
    InputError,
    SecondOfficerError,
    SignatureError,
    StateError,
)
from detente.line import open_founding
from detente.line.bodies import DailyBody
from detente.node import Node, rekeying
from detente.node.keys import read_signing_key
from detente.record import SigningKey, make_card, open_card

LINE = "northern-watch"
ALL = ("ru", "tj", "us")


def fingerprint(node: Node) -> str:
    return open_card(node.card()).fingerprint


def sign(group: Any, party: str, **changes: Any) -> Any:
    """``party`` signs for taking tj in."""
    tj = group.nodes["tj"]
    given = {"fingerprint": fingerprint(tj), "officer": "a", **changes}
    return group.nodes[party].admit(LINE, given.pop("card", tj.card()), **given)


def ask(group: Any) -> None:
    """tj joins as a newcomer, on the document of the other two."""
    us, tj = group.nodes["us"], group.nodes["tj"]
    confirm = {one: fingerprint(group.nodes[one]) for one in ("us", "ru")}
    tj.join(us.founding(LINE), confirm, newcomer=True)


def meet(group: Any, *pairs: tuple[str, str]) -> None:
    for caller, server in pairs:
        group.exchange(caller, server)[0].run()


ROUND = [("us", "ru"), ("tj", "us"), ("us", "tj"), ("ru", "us"), ("tj", "ru"), ("ru", "tj")]


@pytest.fixture
def group(pair: Any) -> Any:
    """Two parties with something released, said and recalled, and tj, which is on no line."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    us.recall(LINE, us.send(LINE, text="not for others", officer="a").id, officer="a")
    ru.send(LINE, text="said before it came", officer="a")
    pair.sync()
    pair.create({"tj": "detente.db"})
    return pair


@pytest.fixture
def taken_in(group: Any) -> Any:
    ask(group)
    sign(group, "us")
    meet(group, ("us", "ru"))
    sign(group, "ru")
    meet(group, *ROUND, *ROUND)
    return group


def test_the_newcomer_holds_verifies_and_cosigns_the_whole_record(taken_in: Any) -> None:
    us, tj = taken_in.nodes["us"], taken_in.nodes["tj"]
    states = {taken_in.nodes[party].state_document(LINE) for party in ALL}
    assert len(states) == 1
    for party in ALL:
        node = taken_in.nodes[party]
        assert node.verify() == []
        assert node.line(LINE).state == "in-force"
        founders = {one.party: one.founder for one in node.line(LINE).members}
        assert founders == {"ru": True, "tj": False, "us": True}
        assert [one.admitted for one in node.admissions(LINE).parties] == [True]
        assert all(one.equal for one in node.rebuild())
    # Also what was said before it came has now been received by all three.
    for entry in us.entries(LINE):
        others = {party for party in ALL if party != entry.party}
        assert {party for party, at in entry.receipts.items() if at} == others
    # What was recalled came without its body.
    texts = {m.text for m in tj.messages(LINE)}
    assert texts == {"(recalled by its writer)", "said before it came"}
    policy = us.log_policy(us.line(LINE).id, "us", "tj").decode()
    assert "all ru tj" in policy


def test_its_plan_conflicts_with_what_was_released_before_it_came(taken_in: Any) -> None:
    tj = taken_in.nodes["tj"]
    tj.file(taken_in.circle("tj", "patrol-1"), title="", officer="a")
    tj.release("patrol-1", LINE, "exact", officer="a")
    meet(taken_in, *ROUND, *ROUND)
    found = {
        party: [
            (c.id, c.state, c.a.party, c.b.party)
            for c in taken_in.nodes[party].conflicts(LINE)
            if c.basis == "joint"
        ]
        for party in ALL
    }
    assert found["us"] == found["ru"] == found["tj"]
    assert [one[1:] for one in found["us"]] == [("open", "tj", "us")]


def test_nothing_is_owed_for_what_was_said_before_it_came(taken_in: Any) -> None:
    us = taken_in.nodes["us"]
    owed = {(o.owed_by, o.what) for o in us.obligations(LINE) if o.what != "line-check"}
    assert "tj" not in {party for party, _ in owed}
    us.send(LINE, text="to all three", officer="a")
    meet(taken_in, *ROUND, *ROUND)
    for party in ALL:
        obligations = taken_in.nodes[party].obligations(LINE)
        [debt] = [o for o in obligations if (o.owed_by, o.what) == ("tj", "understood")]
        assert (debt.owed_to, debt.state) == (["us"], "due")


def test_a_newcomer_signs_new_terms_as_everybody_does(taken_in: Any) -> None:
    us, ru, tj = (taken_in.nodes[one] for one in ("us", "ru", "tj"))
    terms = {**us.line(LINE).terms, "version": 2}
    us.sign_terms(LINE, terms, officer="a")
    ru.sign_terms(LINE, terms, officer="a")
    meet(taken_in, *ROUND)
    assert us.line(LINE).terms["version"] == 1
    assert us.line(LINE).terms_proposed[0]["waits_for"] == ["tj"]
    tj.sign_terms(LINE, terms, officer="a")
    meet(taken_in, *ROUND)
    assert {taken_in.nodes[party].line(LINE).terms["version"] for party in ALL} == {2}


def test_one_that_left_is_a_stranger_to_the_newcomer_too(taken_in: Any) -> None:
    us, ru = taken_in.nodes["us"], taken_in.nodes["ru"]
    ru.leave(LINE, officer="a")
    meet(taken_in, ("ru", "us"), ("us", "tj"))
    calling, called = taken_in.exchange("tj", "ru")
    calling.run()
    assert (calling.over, called.served) == (True, [])
    us.send(LINE, text="after it left", officer="a")
    meet(taken_in, ("us", "tj"), ("tj", "us"))
    assert us.state_document(LINE) == taken_in.nodes["tj"].state_document(LINE)
    assert "after it left" not in {m.text for m in ru.messages(LINE)}
    with pytest.raises(StateError, match="nobody comes onto a line twice"):
        us.admit(LINE, ru.card(), fingerprint(ru), officer="a")


def test_without_every_signature_it_is_served_what_a_stranger_is(group: Any) -> None:
    us, ru, tj = (group.nodes[one] for one in ("us", "ru", "tj"))
    line = us.line(LINE).id
    ask(group)
    nothing = msgspec.json.encode({"from": 0, "entries": [], "checkpoint": None})

    def served(node: Node, of: str) -> set[bytes]:
        wire = group.wire(node, of, "tj")
        for path in ("/heads", "/logs/us?from=0", "/logs/ru?from=0", "/logs/tj?from=0"):
            wire.ask("GET", path, None)
        for path in ("/logs/us", "/logs/tj"):
            wire.ask("POST", path, nothing)
        return set(wire.served)

    stranger = served(us, "0" * 64)
    assert len(stranger) == 1
    assert served(us, line) == served(ru, line) == stranger
    sign(group, "us")
    meet(group, ("us", "ru"))
    assert served(us, line) == served(ru, line) == stranger
    assert us.admissions(LINE).parties[0].waits_for == ["ru"]
    assert {peer.party for peer in us.peers()} == {"ru"}
    sign(group, "ru")
    # ru holds both signatures; us does not yet, and goes on treating it as a stranger.
    assert served(us, line) == stranger
    assert stranger.isdisjoint(served(ru, line))
    assert {peer.party for peer in ru.peers()} == {"tj", "us"}
    assert tj.line(LINE).state == "pending"
    assert tj.verify() == []
    assert [one.equal for one in tj.rebuild()] == [True]
    with pytest.raises(StateError, match="has not taken us in"):
        tj.send(LINE, text="hello?", officer="a")
    # It learns of everything from ru alone, and us of its log from ru as well.
    meet(group, ("tj", "ru"), ("ru", "us"), ("ru", "us"))
    assert tj.line(LINE).state == "in-force"
    assert [m.joined for m in us.line(LINE).members] == [True, True, True]


def test_who_waits_may_withdraw_and_then_change_its_keys(group: Any) -> None:
    ask(group)
    tj = group.nodes["tj"]
    sign(group, "us")
    with pytest.raises(StateError, match="by leaving it"):
        tj.send(LINE, text="too early", officer="a")
    with pytest.raises(StateError, match="name our present key"):
        tj.rotate_key(group.directory / "tj", None, officer="a")
    card = tj.card()
    tj.leave(LINE, "nobody answers", officer="a")
    assert tj.line(LINE).state == "left"
    assert tj.verify() == []
    # Should all sign after all, it is a member that has left.
    meet(group, ("us", "ru"))
    sign(group, "ru", card=card)
    converge(group, *ROUND)
    for party in ("us", "ru"):
        founder = group.nodes[party]
        assert founder.parted(founder.line(LINE).id, "tj")
        founder.send(LINE, text="to whoever is left", officer="a")
    converge(group, *ROUND)
    assert group.nodes["us"].state_document(LINE) == group.nodes["ru"].state_document(LINE)
    tj.rotate_key(group.directory / "tj", None, officer="a")
    tj = group.open("tj")
    assert tj.card() != card
    assert tj.verify() == []


def test_damage_to_the_card_that_a_newcomer_joined_under_is_found(group: Any) -> None:
    ask(group)
    tj = group.nodes["tj"]
    card, path = tj.card(), group.directory / "tj" / "detente.db"
    changed = card.replace(b'"payload":"e', b'"payload":"f')
    assert changed != card
    for damaged in (card[:-9], changed, group.nodes["us"].card()):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE lines SET card = ?", (damaged,))
        first = tj.verify()[0]
        assert (first.line_name, first.party, first.index) == (LINE, "", None)


def test_who_waits_and_has_lost_its_keys_is_taken_in_under_the_card_it_joined_with(
    group: Any,
) -> None:
    ask(group)
    tj = group.nodes["tj"]
    card, shown = tj.card(), fingerprint(tj)
    tj.close()
    rekeying.replace(group.directory / "tj", None, officer="a", clock=group.clock)
    tj = group.open("tj")
    assert tj.card() != card
    assert tj.verify() == []
    assert [one.equal for one in tj.rebuild()] == [True]
    sign(group, "us", card=card, fingerprint=shown)
    meet(group, ("us", "ru"))
    sign(group, "ru", card=card, fingerprint=shown)
    converge(group, *ROUND)
    for party in ("us", "ru"):
        group.nodes[party].vouch_key(LINE, tj.card(), fingerprint(tj), officer="a")
    converge(group, *ROUND)
    tj.adopt_key(LINE, officer="a")
    tj.send(LINE, text="under the new key", officer="a")
    converge(group, *ROUND, *ROUND)
    assert len({group.nodes[party].state_document(LINE) for party in ALL}) == 1
    assert [group.nodes[party].verify() for party in ALL] == [[], [], []]


def test_what_names_an_unknown_newcomer_waits_for_the_signatures(group: Any) -> None:
    """ru has been away: us and tj go on, and it takes all of that in one push."""
    us, ru, tj = (group.nodes[one] for one in ("us", "ru", "tj"))
    ask(group)
    sign(group, "ru")
    meet(group, ("ru", "us"))
    sign(group, "us")
    meet(group, ("tj", "us"), ("tj", "us"))
    said = us.send(LINE, text="to both", officer="a")
    page = us.read_log(us.line(LINE).id, "us", said.index, "us")
    header = msgspec.json.decode(b64decode(page.entries[0]["envelope"]["payload"]))
    assert set(header["seen"]) == {"ru", "tj"}
    meet(group, ("us", "ru"), ("us", "ru"))
    meet(group, *ROUND, *ROUND)
    assert us.state_document(LINE) == ru.state_document(LINE) == tj.state_document(LINE)


def test_who_cannot_be_taken_in(group: Any) -> None:
    us, tj = group.nodes["us"], group.nodes["tj"]
    with pytest.raises(SignatureError, match="another fingerprint"):
        sign(group, "us", fingerprint="0" * 32)
    with pytest.raises(InputError):
        sign(group, "us", card=b"{}")
    with pytest.raises(StateError, match="is or was on this line"):
        us.admit(LINE, us.card(), fingerprint(us), officer="a")
    sign(group, "us")
    with pytest.raises(StateError, match="had been taken in by its party"):
        sign(group, "us")
    confirm = {one: fingerprint(group.nodes[one]) for one in ("us", "ru")}
    with pytest.raises(InputError, match="no member"):
        tj.join(us.founding(LINE), confirm)
    with pytest.raises(InputError, match="one of the founders"):
        us.join(us.founding(LINE), {"ru": confirm["ru"]}, newcomer=True)


def test_two_officers_sign_where_the_terms_say_so(group: Any) -> None:
    us, ru = group.nodes["us"], group.nodes["ru"]
    terms = {**us.line(LINE).terms, "version": 2, "two_person": {"terms": True}}
    for node in (us, ru):
        node.sign_terms(LINE, terms, officer="a")
    meet(group, ("us", "ru"))
    for officer in ("ann", "bob"):
        us.add_officer(officer, "senior")
    with pytest.raises(SecondOfficerError):
        sign(group, "us", officer="ann")
    assert us.admissions(LINE).parties == []
    [asked] = us.pending(LINE)
    assert (asked.type, asked.about["party"]) == ("line.admit", "tj")
    us.confirm(LINE, asked.id, asked.sha256, officer="bob")
    assert us.admissions(LINE).parties[0].signed_by == ["us"]


def test_a_key_that_is_taken_is_refused(group: Any) -> None:
    """Whoever has another party's key, or its authority, is no party of its own."""
    us, tj = group.nodes["us"], group.nodes["tj"]
    theirs, own = open_card(group.nodes["ru"].card()).card, open_card(tj.card()).card

    def card(key: SigningKey, ca: str) -> bytes:
        where = own.endpoint
        return make_card(key, party="tj", name="x", ca=ca, endpoint=where, languages=["en"])

    taken = card(read_signing_key(group.directory / "ru" / "keys", None), own.ca)
    with pytest.raises(InputError, match="is or was that of ru"):
        us.admit(LINE, taken, open_card(taken).fingerprint, officer="a")
    fresh = card(SigningKey.generate(), theirs.ca)
    with pytest.raises(InputError, match="also claimed by"):
        us.admit(LINE, fresh, open_card(fresh).fingerprint, officer="a")


def test_a_state_that_has_forgotten_a_member_is_found_and_rebuilt(taken_in: Any) -> None:
    """Who is on the line hangs on the entries: what is stored of it proves nothing by itself."""
    us = taken_in.nodes["us"]
    line, state = us.line(LINE).id, us.state_document(LINE)
    path = taken_in.directory / "us" / "detente.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM projection WHERE kind = 'admit'")
    us = taken_in.open("us")
    assert {one.party for one in us.line(LINE).members} == {"ru", "us"}
    [missing] = us.verify()
    assert missing.line == line
    assert "state's row admit tj/" in missing.what
    [rebuilt] = us.rebuild()
    assert not rebuilt.equal
    assert us.verify() == []
    assert us.state_document(LINE) == state
    assert {one.party for one in us.line(LINE).members} == set(ALL)


def converge(group: Any, *pairs: tuple[str, str]) -> None:
    """Exchanges as they go on by themselves: what cannot be taken yet is asked for again."""
    for _ in range(5):
        for pair in pairs:
            with suppress(DetenteError):
                meet(group, pair)


def speak(group: Any) -> None:
    for party in ALL:
        group.nodes[party].send(LINE, text=f"{party} speaks", officer="a")
    meet(group, *ROUND, *ROUND)


def take_in_a_second(group: Any) -> Node:
    """A fourth party, zz, is taken in after everybody has named tj, the third."""
    group.create({"zz": "detente.db"})
    us: Node = group.nodes["us"]
    zz: Node = group.nodes["zz"]
    founders = open_founding(us.founding(LINE)).cards
    confirm = {party: founders[party].fingerprint for party in ("us", "ru")}
    zz.join(us.founding(LINE), confirm, newcomer=True)
    for party in ALL:
        group.nodes[party].admit(LINE, zz.card(), fingerprint(zz), officer="a")
        converge(group, *ROUND)
    converge(group, *((one, "zz") for one in ALL), *(("zz", one) for one in ALL))
    return zz


def test_two_logs_that_name_a_newcomer_do_not_wait_for_each_other(taken_in: Any) -> None:
    """Each admission of tj stands in one page with entries that name tj, in both logs."""
    speak(taken_in)
    zz = take_in_a_second(taken_in)
    assert zz.state_document(LINE) == taken_in.nodes["us"].state_document(LINE)
    assert zz.verify() == []


def test_a_founder_that_was_restored_learns_of_the_newcomer_again(
    group: Any, tmp_path: Path
) -> None:
    group.nodes["us"].close()
    kept = group.directory / "us" / "detente.db"
    shutil.copy(kept, tmp_path / "backup.db")
    group.open("us")
    ask(group)
    sign(group, "us")
    meet(group, ("us", "ru"))
    sign(group, "ru")
    meet(group, *ROUND, *ROUND)
    speak(group)
    group.nodes["us"].close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{kept}{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", kept)
    group.open("us")
    converge(group, *ROUND)
    assert group.nodes["us"].state_document(LINE) == group.nodes["ru"].state_document(LINE)
    assert group.nodes["us"].send(LINE, text="back again", officer="a").index == 6


def test_new_keys_and_newcomers_do_not_wait_for_each_other(taken_in: Any) -> None:
    """The vouchings for new keys stand behind entries that name tj."""
    speak(taken_in)
    taken_in.nodes["ru"].close()
    card = rekeying.replace(taken_in.directory / "ru", None, officer="admin", clock=taken_in.clock)
    ru = taken_in.open("ru")
    for party in ("us", "tj"):
        taken_in.nodes[party].vouch_key(LINE, card.raw, card.fingerprint, officer="a")
    converge(taken_in, *ROUND)
    ru.adopt_key(LINE, officer="a")
    converge(taken_in, *ROUND)
    speak(taken_in)
    zz = take_in_a_second(taken_in)
    assert zz.state_document(LINE) == taken_in.nodes["us"].state_document(LINE)
    assert zz.verify() == []


def test_a_daily_report_from_before_it_came_still_agrees(founders: Any) -> None:
    founders.clock.at_s += 12 * 3600.0
    founders.nodes["us"].publish_daily(LINE, "2026-11-22", DailyBody(), officer="a")
    founders.sync()
    founders.clock.at_s += 24 * 3600.0
    founders.create({"tj": "detente.db"})
    ask(founders)
    sign(founders, "us")
    meet(founders, ("us", "ru"))
    sign(founders, "ru")
    meet(founders, *ROUND, *ROUND)
    for party in ALL:
        [report] = founders.nodes[party].daily(LINE, "2026-11-22").reports
        assert (party, report.verdict, report.why) == (party, "agrees", "")
        # The day in which it was taken in has its log as well.
        assert set(founders.nodes[party].daily(LINE, "2026-11-24").joint["logs"]) == set(ALL)

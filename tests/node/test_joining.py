"""Founding and joining: nobody joins on a card that was not compared."""

import base64
from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, NotFoundError, SignatureError, StateError
from detente.node import Node
from detente.record import SigningKey, make_card, open_card

LINE = "northern-watch"


def founded(pair: Any, name: str = LINE) -> bytes:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    return bytes(us.found(name, pair.terms(), [ru.card()]))


def nothing_joined(node: Node) -> bool:
    return node.lines() == [] and node.peers() == [] and node.verify() == []


def test_founding_keeps_nothing(strangers: Any) -> None:
    founded(strangers)
    assert nothing_joined(strangers.nodes["us"])


def test_a_line_is_pending_until_all_have_joined(strangers: Any) -> None:
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    founding = founded(strangers)
    joined = us.join(founding, strangers.confirm(us), officer="a")
    assert (joined.name, joined.state) == (LINE, "pending")
    assert {m.party: m.joined for m in joined.members} == {"ru": False, "us": True}
    us.file(strangers.circle("us", "orbit-1"), title="", officer="a")
    with pytest.raises(StateError, match="ru"):
        us.release("orbit-1", LINE, "exact", officer="a")
    # Who has not joined does not take entries either.
    with pytest.raises(NotFoundError):
        ru.receive(joined.id, "us", 0, [], None, "us")
    ru.join(founding, strangers.confirm(ru))
    assert ru.line(LINE).state == "pending"
    strangers.sync()
    for node in (us, ru):
        line = node.line(LINE)
        assert (line.id, line.state, line.own) == (joined.id, "in-force", node.party)
        assert [m.own for m in line.members] == [m.party == node.party for m in line.members]
        [peer] = node.peers()
        assert peer.authorities[0].startswith("-----BEGIN CERTIFICATE")
    assert us.release("orbit-1", LINE, "exact", officer="a").index == 1


def test_the_first_entry_is_on_the_internal_record(strangers: Any) -> None:
    us = strangers.nodes["us"]
    us.join(founded(strangers), strangers.confirm(us), officer="a")
    assert ("a", "line.join") in [(act.officer, act.action) for act in us.audit()]


def test_joining_again_changes_nothing(strangers: Any) -> None:
    us = strangers.nodes["us"]
    founding = founded(strangers)
    first = us.join(founding, strangers.confirm(us))
    assert us.join(founding, strangers.confirm(us)).id == first.id
    assert len(us.entries(LINE)) == 1


def test_two_lines_of_one_name_are_not_joined(strangers: Any) -> None:
    us = strangers.nodes["us"]
    us.join(founded(strangers), strangers.confirm(us))
    with pytest.raises(StateError, match="another line"):
        us.join(founded(strangers), strangers.confirm(us))
    us.join(founded(strangers, "panj"), strangers.confirm(us))
    assert [line.name for line in us.lines()] == [LINE, "panj"]


def test_fingerprints_may_be_read_out_with_any_spacing(strangers: Any) -> None:
    us = strangers.nodes["us"]
    said = {
        party: print_.replace(" ", "").upper() for party, print_ in strangers.confirm(us).items()
    }
    assert us.join(founded(strangers), said).name == LINE


def wrong_confirmations(pair: Any) -> dict[str, tuple[dict[str, str], type[DetenteError]]]:
    us = pair.nodes["us"]
    own = open_card(us.card()).fingerprint
    right = pair.confirm(us)
    return {
        "nobody": ({}, InputError),
        "a stranger too": ({**right, "tj": own}, InputError),
        "ourselves instead": ({"us": own}, InputError),
        "another": ({"ru": own}, SignatureError),
        "half of it": ({"ru": right["ru"][:20]}, SignatureError),
        "empty": ({"ru": ""}, SignatureError),
    }


@pytest.mark.parametrize(
    "which", ["nobody", "a stranger too", "ourselves instead", "another", "half of it", "empty"]
)
def test_what_was_not_compared_is_not_joined(strangers: Any, which: str) -> None:
    us = strangers.nodes["us"]
    confirm, error = wrong_confirmations(strangers)[which]
    with pytest.raises(error) as caught:
        us.join(founded(strangers), confirm)
    assert caught.value.remedy
    assert nothing_joined(us)


def test_a_document_with_a_false_card_of_ours_is_not_joined(strangers: Any) -> None:
    """Somebody else's key under our name: peers would take its words for ours."""
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    card = open_card(us.card()).card
    false = make_card(
        SigningKey.generate(),
        party="us",
        name=card.name,
        ca=card.ca,
        endpoint=card.endpoint,
        languages=card.languages,
    )
    founding = ru.found(LINE, strangers.terms(), [false])
    with pytest.raises(SignatureError):
        us.join(founding, strangers.confirm(us))
    assert nothing_joined(us)


def test_a_changed_document_is_another_line_or_none(strangers: Any) -> None:
    us = strangers.nodes["us"]
    document = msgspec.json.decode(founded(strangers))
    document["cards"]["ru"] = base64.b64encode(b"{}").decode()
    with pytest.raises(InputError):
        us.join(msgspec.json.encode(document), strangers.confirm(us))
    for junk in (b"", b"[]", b"\xff", b"{" * 100):
        with pytest.raises(InputError):
            us.join(junk, strangers.confirm(us))
    assert nothing_joined(us)


def test_cards_and_members_must_agree(strangers: Any) -> None:
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    for cards in (
        [],
        [ru.card(), ru.card()],
        [us.card()],
        [b"junk"],
        [ru.card()[:-9] + b"AAAAAAAA}"],
    ):
        with pytest.raises(InputError):
            us.found(LINE, strangers.terms(), cards)
    with pytest.raises(InputError):
        us.found(LINE, {"version": 1}, [ru.card()])


def test_a_node_is_on_several_lines_and_keeps_them_apart(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    second = founded(pair, "panj")
    for node in (us, ru):
        node.join(second, pair.confirm(node))
    pair.sync()
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", "panj", "coarse", officer="a")
    pair.sync()
    assert [a.id for a in ru.activities("panj")] == ["orbit-1"]
    assert ru.activities(LINE) == []
    assert [r.line_name for r in us.plan("orbit-1").releases] == ["panj"]
    assert us.verify() == ru.verify() == []


def test_an_exercise_moves_domain_time_only(strangers: Any) -> None:
    from detente.line import Exercise

    strangers.join(Exercise(name="NORTHERN WATCH", clock_offset_s=-86_400))
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    line = us.line(LINE)
    assert (line.exercise, line.now) == ("NORTHERN WATCH", "2026-11-21T08:00:00Z")
    sent = us.send(LINE, text="EXERCISE", officer="a")
    assert sent.time == "2026-11-22T08:00:00Z"
    strangers.sync()
    assert us.entry(LINE, sent.id).receipts == {"ru": "2026-11-22T08:00:00Z"}
    [owed] = [o for o in ru.obligations(LINE) if o.entry == sent.id]
    assert owed.due == "2026-11-21T08:15:00Z"

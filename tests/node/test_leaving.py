"""A party leaves a line of three: it says so to all, and from then on is sent not a byte."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from detente.errors import AccessError, StateError

LINE = "northern-watch"
THREE = {"ru": "detente.db", "tj": "detente.db", "us": "detente.db"}


@pytest.fixture
def three(make_pair: Callable[[dict[str, str]], Any]) -> Any:
    group = make_pair(THREE)
    for party in THREE:
        node = group.nodes[party]
        node.file(group.circle(party, f"of-{party}"), title="", officer="a")
        node.release(f"of-{party}", LINE, "exact", officer="a")
    group.sync()
    return group


def test_every_byte_served_to_who_has_left_says_nothing(three: Any) -> None:
    us, tj = three.nodes["us"], three.nodes["tj"]
    line = us.line(LINE).id
    tj.leave(LINE, "called home", officer="admin")
    goodbye, wire = three.exchange("tj", "us")
    goodbye.run()
    assert goodbye.over
    # The receipt of its leaving is the last thing it is sent.
    heads, receipt = wire.served
    assert b"heads" in heads
    assert msgspec.json.decode(receipt)["cosignature"] is not None
    assert tj.entries(LINE, "tj")[-1].receipts["us"] is not None

    secret = us.send(LINE, text="after it left", officer="a")
    wire.served.clear()
    assert tj.newest_change() > 0
    nothing = msgspec.json.encode({"from": 0, "entries": [], "checkpoint": None})
    note = msgspec.json.encode({"checkpoint": "x"})
    for path in ("/heads", *(f"/logs/{party}?from=0" for party in THREE)):
        assert wire.ask("GET", path, None)[0] == 404
    for path, data in (("tj", nothing), ("ru", nothing), ("us/cosignatures", note)):
        assert wire.ask("POST", f"/logs/{path}", data)[0] == 404
    # To the byte what a stranger is told of a line that does not exist.
    stranger = three.wire(us, "0" * 64, "tj")
    stranger.ask("GET", "/heads", None)
    assert set(wire.served) == set(stranger.served)

    calling, called = three.exchange("us", "tj")
    calling.run()
    assert calling.over
    assert called.served == []
    assert secret.id not in {entry.id for entry in tj.entries(LINE)}
    assert line == tj.line(LINE).id


def test_the_others_learn_it_from_each_other_and_go_on(three: Any) -> None:
    us, ru, tj = (three.nodes[party] for party in ("us", "ru", "tj"))
    tj.leave(LINE, officer="admin")
    three.exchange("tj", "us")[0].run()
    three.exchange("us", "ru")[0].run()
    for node in (us, ru):
        assert [m.party for m in node.line(LINE).members if m.left] == ["tj"]
        assert [link.peer for link in node.links(LINE)] == [{"us": "ru", "ru": "us"}[node.party]]
        states = {(c.a.party, c.b.party): c.state for c in node.conflicts(LINE) if c.basis != "own"}
        assert states == {
            ("ru", "tj"): "unknown",
            ("ru", "us"): "open",
            ("tj", "us"): "unknown",
        }
        assert {o.owed_by for o in node.obligations(LINE)} == {"us", "ru"}
        assert node.verify() == []
    # Who has not told it of its leaving is told on its next call that there is no such line.
    late, _ = three.exchange("tj", "ru")
    late.run()
    assert late.over
    us.send(LINE, text="on we go", officer="a")
    three.exchange("us", "ru")[0].run()
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_who_has_left_writes_and_takes_nothing_more(three: Any) -> None:
    us, tj = three.nodes["us"], three.nodes["tj"]
    tj.leave(LINE, officer="admin")
    assert tj.line(LINE).state == "left"
    with pytest.raises(StateError, match="have left"):
        tj.send(LINE, text="one more", officer="a")
    with pytest.raises(StateError, match="have left"):
        tj.leave(LINE, officer="admin")
    said = us.send(LINE, text="not for tj", officer="a")
    line = us.line(LINE).id
    page = us.read_log(line, "us", said.index, "ru")
    with pytest.raises(AccessError, match="has left"):
        tj.receive(line, "us", said.index, page.entries, page.checkpoint, "us")
    # It still serves its own log, where its leaving stands, to who has not heard of it.
    calling, called = three.exchange("us", "tj")
    calling.run()
    assert [m.party for m in us.line(LINE).members if m.left] == ["tj"]
    assert b"not for tj" not in b"".join(called.served)
    assert not any(entry.id == said.id for entry in tj.entries(LINE))


def test_a_line_of_one_is_over(three: Any) -> None:
    us = three.nodes["us"]
    for party in ("ru", "tj"):
        three.nodes[party].leave(LINE, officer="admin")
        three.exchange(party, "us")[0].run()
    assert us.line(LINE).state == "ended"
    with pytest.raises(StateError, match="everybody else has left"):
        us.send(LINE, text="anyone?", officer="a")
    assert us.verify() == []

"""Delivery between real nodes over real TLS: whatever happens to it, both hold the same."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import DetenteError
from detente.node import delivery as delivery_module
from detente.node import peering
from detente.node.channel import client_context
from detente.node.peer import Peer
from detente.node.wire import TlsWire

Posts = Callable[..., list[Any]]
Joined = Callable[..., str]


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within a minute"
        threading.Event().wait(0.05)


def say(post: Any, line: str, text: str) -> str:
    entry = post.node.send(line, text=text, language="en", officer="watch")
    return str(entry.id)


def level(line: str, posts: list[Any]) -> bool:
    """Whether all hold the same entries, and each own log has been cosigned by all others."""
    sizes = {
        tuple((party, head.size) for party, head in p.node.heads(line, p.party).items())
        for p in posts
    }
    links = [link for p in posts for link in p.node.links(line)]
    return len(sizes) == 1 and all(link.held_by_peer == link.own_size for link in links)


def check_alike(line: str, posts: list[Any]) -> None:
    assert len({p.node.state_document(line) for p in posts}) == 1
    assert [p.node.verify() for p in posts] == [[]] * len(posts)


def test_what_is_written_reaches_the_peer_and_is_cosigned(posts: Posts, joined: Joined) -> None:
    both = posts("us", "ru")
    line = joined(both)
    for post in both:
        post.deliver(post.listen())
    wait_until(
        "the line in force", lambda: all(p.node.line(line).state == "in-force" for p in both)
    )
    us, ru = both
    sent = {say(us, line, f"from us {n}") for n in range(5)} | {say(ru, line, "from ru")}
    wait_until("level", lambda: level(line, both))
    # The first try may have come before the other listened.
    wait_until("both up", lambda: all(p.node.links(line)[0].state == "up" for p in both))
    for post in both:
        assert {m.id for m in post.node.messages(line)} == sent
        assert all(None not in m.receipts.values() for m in post.node.messages(line))
    check_alike(line, both)


def test_a_line_joined_while_running_is_served(posts: Posts, joined: Joined) -> None:
    both = posts("us", "ru")
    for post in both:
        post.deliver(post.listen())
    line = joined(both)
    wait_until("level", lambda: level(line, both))
    check_alike(line, both)


def test_a_partition_delays_and_loses_nothing(
    posts: Posts, joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "RETRY_S_MAX", 0.5)
    us, ru = both = posts("us", "ru")
    line = joined(both)
    # Only ``us`` calls; ``ru`` does not listen at all yet.
    delivery = us.deliver(us.listen())
    wait_until("the failure noticed", lambda: us.node.links(line)[0].last_error is not None)
    assert us.node.links(line)[0].state in ("down", "never")
    assert us.node.links(line)[0].held_by_peer == 0
    ru.listen().learn(line, "us", (us.keys / "ca.crt").read_text())
    wait_until("level", lambda: level(line, both))

    delivery.stop()
    say(us, line, "written while nothing is delivered")
    us.deliver()
    wait_until("level again", lambda: level(line, both))
    assert [link.last_error for link in us.node.links(line)] == [None]
    check_alike(line, both)


def test_entries_reach_a_member_through_another(posts: Posts, joined: Joined) -> None:
    """``us`` and ``tj`` cannot reach each other; ``ru`` brings each what the other wrote."""
    us, ru, tj = everyone = posts("us", "ru", "tj")
    line = joined(everyone)
    ru.deliver(ru.listen())
    us.deliver()
    tj.deliver()
    wait_until("in force", lambda: all(p.node.line(line).state == "in-force" for p in everyone))
    sent = {say(us, line, "to all"), say(tj, line, "to all")}
    wait_until("level", lambda: level(line, everyone))
    for post in everyone:
        assert {m.id for m in post.node.messages(line)} == sent
    check_alike(line, everyone)


def test_more_than_a_page_is_delivered(
    posts: Posts, joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peering, "PAGE_ENTRIES_MAX", 8)
    us, ru = both = posts("us", "ru")
    line = joined(both)
    trust = ru.listen()
    trust.learn(line, "us", (us.keys / "ca.crt").read_text())
    first = us.deliver()
    wait_until("level", lambda: level(line, both))
    first.stop()
    for n in range(30):
        say(us, line, f"message {n}")
    us.deliver()
    wait_until("level", lambda: level(line, both))
    assert len(ru.node.messages(line)) == 30
    check_alike(line, both)


def test_why_a_peer_is_not_reached_is_said(posts: Posts, joined: Joined) -> None:
    us, ru = posts("us", "ru")
    line = joined([us, ru])
    (view,) = us.node.peers()

    def failure(authority: str) -> str:
        peer = Peer(view.party, TlsWire(view, client_context(us.keys, authority)))
        try:
            with pytest.raises(DetenteError) as caught:
                peer.heads()
        finally:
            peer.close()
        return str(caught.value)

    assert "cannot be reached" in failure(view.authorities[0])
    trust = ru.listen()
    assert "perhaps because it does not know our certificate" in failure(view.authorities[0])
    assert "not of the authority in its card" in failure((us.keys / "ca.crt").read_text())
    trust.learn("ab" * 32, "us", (us.keys / "ca.crt").read_text())
    said = failure(view.authorities[0])
    assert "404 not-found" in said
    assert "may not have joined yet" in said
    assert line not in said

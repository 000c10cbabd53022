"""New keys and new authorities between real nodes over real TLS, one of which may be away."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError
from detente.node import Node, rekeying
from detente.node.certificates import shows_before
from detente.node.channel import client_context
from detente.node.peer import Peer
from detente.node.wire import TlsWire
from detente.record import open_card

Posts = Callable[..., list[Any]]
Joined = Callable[..., str]


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within a minute"
        threading.Event().wait(0.05)


def level(line: str, posts: list[Any]) -> bool:
    """Whether all hold the same entries, and each own log has been cosigned by all others."""
    sizes = {
        tuple((party, head.size) for party, head in p.node.heads(line, p.party).items())
        for p in posts
    }
    links = [
        link
        for p in posts
        for link in p.node.links(line)
        if link.peer in {other.party for other in posts}
    ]
    return len(sizes) == 1 and all(link.held_by_peer == link.own_size for link in links)


def say(post: Any, line: str, text: str) -> None:
    post.node.send(line, text=text, language="en", officer="watch")


def check_alike(line: str, posts: list[Any]) -> None:
    assert len({p.node.state_document(line) for p in posts}) == 1
    assert [p.node.verify() for p in posts] == [[]] * len(posts)


def rotated(post: Any) -> None:
    """Everything new, with the node stopped, as `detente keys rotate --ca` does it."""
    post.stop()
    node = Node.open(post.folder)
    node.rotate_key(post.folder, None, authority=True, officer="operator")
    node.close()


def reached(caller: Any, keys: Path, called: Any) -> bool:
    """Whether somebody with these ``keys`` is let in by ``called`` as the party of ``caller``."""
    [view] = [p for p in caller.node.peers() if p.party == called.party]
    peer = Peer(view.party, TlsWire(view, client_context(keys, view.authorities[0])))
    try:
        peer.heads()
    except DetenteError:
        return False
    finally:
        peer.close()
    return True


@pytest.fixture
def everyone(posts: Posts, joined: Joined, request: pytest.FixtureRequest) -> tuple[str, list[Any]]:
    """The line of these parties, all of them running and level."""
    parties: list[Any] = posts(*request.param)
    line = joined(parties)
    for post in parties:
        post.deliver(post.listen())
    wait_until("level", lambda: level(line, parties))
    return line, parties


@pytest.mark.parametrize("everyone", [("us", "ru")], indirect=True)
def test_a_new_authority_is_known_without_anybody_else_starting_again(
    everyone: tuple[str, list[Any]],
) -> None:
    line, both = everyone
    us, ru = both
    before = (us.keys / "ca.crt").read_text()
    rotated(us)
    assert shows_before(us.keys)
    us.start()
    say(us, line, "under new keys")
    say(ru, line, "heard")
    wait_until("level", lambda: level(line, both))
    wait_until("the old one forgotten", lambda: not shows_before(us.keys))
    say(ru, line, "and now by the new authority alone")
    wait_until("level again", lambda: level(line, both))
    wait_until("both up", lambda: all(p.node.links(line)[0].state == "up" for p in both))
    [view] = ru.node.peers()
    assert view.authorities == [(us.keys / "ca.crt").read_text(), before]
    check_alike(line, both)
    # A second change ends the overlap: the card before it has the new authority already.
    us.stop()
    node = Node.open(us.folder)
    node.rotate_key(us.folder, None, officer="operator")
    node.close()
    us.start()
    wait_until("level after the second", lambda: level(line, both))
    [view] = ru.node.peers()
    assert view.authorities == [(us.keys / "ca.crt").read_text()]


@pytest.mark.parametrize("everyone", [("us", "ru", "tj")], indirect=True)
def test_a_peer_that_was_away_learns_of_it_when_it_comes_back(
    everyone: tuple[str, list[Any]],
) -> None:
    line, parties = everyone
    us, ru, tj = parties
    tj.stop()
    rotated(us)
    us.start()
    say(us, line, "under new keys")
    wait_until("us and ru level", lambda: level(line, [us, ru]))
    # It is still shown to callers, and to the one who is away: that one knows no other.
    assert shows_before(us.keys)
    assert us.node.shows_before()
    say(ru, line, "while tj is away")
    wait_until("us and ru level again", lambda: level(line, [us, ru]))
    tj.start()
    wait_until("all level", lambda: level(line, parties))
    wait_until("the old one forgotten", lambda: not shows_before(us.keys))
    say(tj, line, "back")
    wait_until("all level again", lambda: level(line, parties))
    check_alike(line, parties)


@pytest.mark.parametrize("everyone", [("us", "ru", "tj")], indirect=True)
def test_all_keys_lost_are_replaced_and_what_a_thief_has_opens_nothing(
    everyone: tuple[str, list[Any]], tmp_path: Path
) -> None:
    line, parties = everyone
    us, ru, tj = parties
    us.stop()
    stolen = tmp_path / "stolen"
    shutil.move(us.keys, stolen)
    us.keys.mkdir()
    card = rekeying.replace(us.folder, None, officer="operator")
    for other in (ru, tj):
        other.node.vouch_key(line, card.raw, card.fingerprint, officer="admin")
    us.start()
    # Whoever has vouched takes its certificates, before the line knows its key.
    wait_until(
        "the vouchings have come",
        lambda: all(us.node.heads(line, "us")[p.party].size == 2 for p in (ru, tj)),
    )
    assert reached(us, stolen, ru)
    us.node.adopt_key(line, officer="operator")
    say(us, line, "by ourselves again")
    wait_until("all level", lambda: level(line, parties))
    check_alike(line, parties)
    wait_until("the thief a stranger", lambda: not reached(us, stolen, ru))
    assert reached(us, us.keys, ru)
    members = {one.party: one.fingerprint for one in tj.node.line(line).members}
    assert members["us"] == card.fingerprint == open_card(us.node.card()).fingerprint

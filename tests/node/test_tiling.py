"""A node's logs as tiles, read as the standard says and nothing else known of the node."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import NotFoundError

LINE = "northern-watch"
COUNT = 300
"""More than one tile holds."""


def mth(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, over leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def leaves(data: bytes) -> list[bytes]:
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        assert len(found[-1]) == length
        data = data[2 + length :]
    return found


@pytest.fixture
def read(pair: Any) -> tuple[Any, Callable[[str], bytes]]:
    """A node with a log of some length, and how another member reads it."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for n in range(COUNT - us.heads(us.line(LINE).id, "us")["us"].size):
        us.send(LINE, text=f"test {n}", officer="a")
    pair.sync()
    line = us.line(LINE).id
    return us, lambda path: ru.log_tile(line, "us", path, "us")


def test_the_tiles_give_the_checkpoints_root(pair: Any, read: Any) -> None:
    us, tile = read
    note = us.log_checkpoint(us.line(LINE).id, "us", "ru").decode()
    text, _, signatures = note.partition("\n\n")
    _, size, root = text.split("\n")
    assert int(size) == COUNT
    assert [line.split(" ")[1] for line in signatures.strip().split("\n")] == [
        *[f"detente.invalid/line/{us.line(LINE).id}/us"] * 2,
        *["detente.invalid/party/ru"] * 2,
    ]
    entries = leaves(tile("tile/entries/000")) + leaves(tile("tile/entries/001.p/44"))
    assert len(entries) == COUNT
    hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in entries]
    assert b"".join(hashes) == tile("tile/0/000") + tile("tile/0/001.p/44")
    assert tile("tile/1/000.p/1") == mth(hashes[:256])
    assert base64.b64encode(mth(hashes)).decode() == root
    # A leaf is what DSSE signs of an entry.
    kind = b"DSSEv1 38 application/vnd.detente.header.v1+json "
    assert all(leaf.startswith(kind) for leaf in entries)


@pytest.mark.parametrize(
    "path",
    ["tile/0/001", "tile/entries/002.p/1", "tile/1/000.p/2", "tile/2/000.p/1", "tile/0/000.p/0"],
)
def test_what_is_not_there_is_not_served(read: Any, path: str) -> None:
    _, tile = read
    with pytest.raises(NotFoundError):
        tile(path)


def test_a_stranger_reads_no_tile(pair: Any) -> None:
    us = pair.nodes["us"]
    line = us.line(LINE).id
    asks: tuple[Callable[[str, str], bytes], ...] = (
        lambda caller, party: us.log_tile(line, party, "tile/0/000.p/1", caller),
        lambda caller, party: us.log_checkpoint(line, party, caller),
        lambda caller, party: us.log_policy(line, party, caller),
    )
    for ask in asks:
        assert ask("ru", "us")
        for caller, party in (("tj", "us"), ("ru", "tj")):
            with pytest.raises(NotFoundError):
                ask(caller, party)


def test_the_policy_asks_for_every_other_party(pair: Any) -> None:
    us = pair.nodes["us"]
    policy = us.log_policy(us.line(LINE).id, "us", "us").decode().split("\n")
    log, _, vkey = policy[0].partition(" ")
    name, key_id, typed = vkey.split("+", 2)
    raw = base64.b64decode(typed)
    assert (log, name) == ("log", f"detente.invalid/line/{us.line(LINE).id}/us")
    assert key_id == hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    assert policy[-3:] == ["group Others all ru", "quorum Others", ""]

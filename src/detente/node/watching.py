"""How peers are reached: what delivery observed of each, kept apart from what they declare.

Delivery tells of every exchange, several a minute. What an officer would notice (a peer found,
lost, or ahead of us) is stored at once; that a peer was heard again is stored only now and then.
"""

from collections.abc import Mapping

import msgspec

from detente.node.core import Core
from detente.node.show.heard import observed
from detente.store import changes, links
from detente.store.links import Link
from detente.store.store import Tx

STORED_EVERY_S = 10.0
ERROR_LENGTH_MAX = 500


def heard(core: Core, line: str, peer: str, sizes: Mapping[str, int] | None) -> None:
    """A peer was reached; ``sizes`` are the heads it told of."""
    now_s = core.clock.now_s()
    with core.store.read() as tx:
        before = observed(core, tx, line, peer)
        stored = links.get(tx, line, peer)
    # Of all that it told of, its own log alone is its own to tell.
    told = before.heads if sizes is None else msgspec.json.encode({peer: sizes.get(peer, 0)})
    after = Link(line, peer, now_s, None, None, told)
    core.heard[line, peer] = after
    noticed = stored is None or _noticed(stored) != _noticed(after)
    stored_s = 0.0 if stored is None else stored.last_heard_s or 0.0
    if noticed or now_s - stored_s >= STORED_EVERY_S:
        core.store.write(lambda tx: _keep(tx, after, noticed=noticed))


def told(core: Core, line: str, peer: str, size: int) -> None:
    """A peer has said by hand how long its own log is. It was not reached by that."""
    with core.store.read() as tx:
        before = observed(core, tx, line, peer)
    heads: dict[str, int] = msgspec.json.decode(before.heads)
    # What was carried may be older than what was heard.
    after = before._replace(heads=msgspec.json.encode({peer: max(size, heads.get(peer, 0))}))
    if after != before:
        core.heard[line, peer] = after
        core.store.write(lambda tx: _keep(tx, after, noticed=True))


def failed(core: Core, line: str, peer: str, error: str) -> None:
    """A try to reach a peer failed."""
    now_s = core.clock.now_s()
    with core.store.read() as tx:
        before = observed(core, tx, line, peer)
        stored = links.get(tx, line, peer)
    since_s = now_s if before.failing_since_s is None else before.failing_since_s
    after = before._replace(failing_since_s=since_s, last_error=_printable(error))
    core.heard[line, peer] = after
    if stored is None or _noticed(stored) != _noticed(after):
        core.store.write(lambda tx: _keep(tx, after, noticed=True))


def refused_by(core: Core, line: str, peer: str, why: str | None) -> None:
    """A peer takes no more of our log; kept in memory, since the next exchange tells it again."""
    shown = None if why is None else _printable(why)
    if core.refused_by.get((line, peer)) == shown:
        return
    if shown is None:
        del core.refused_by[line, peer]
    else:
        core.refused_by[line, peer] = shown
    core.store.write(lambda tx: changes.note(tx, line, "link", [peer]))


def _printable(error: str) -> str:
    return "".join(c if c.isprintable() else " " for c in error[:ERROR_LENGTH_MAX])


def _noticed(link: Link) -> tuple[object, ...]:
    return (link.failing_since_s, link.last_error, link.heads, link.last_heard_s is None)


def _keep(tx: Tx, link: Link, *, noticed: bool) -> None:
    links.put(tx, link)
    if noticed:
        changes.note(tx, link.line, "link", [link.peer])

"""What was observed of a peer, and how long its log is by what is known of it here."""

import msgspec

from detente.node.core import Core
from detente.store import aside, links, logs
from detente.store.links import Link
from detente.store.store import Tx


def observed(core: Core, tx: Tx, line_id: str, peer: str) -> Link:
    """What was observed of a peer: what is stored, or what was heard since and is not yet."""
    heard = core.heard.get((line_id, peer))
    return heard or links.get(tx, line_id, peer) or Link(line_id, peer, None, None, None, b"{}")


def known_size(core: Core, tx: Tx, line_id: str, peer: str) -> int:
    """How many entries the log of ``peer``, or our own, has at least: held, told of by it, kept
    aside, or signed for by us, by the marks outside the store.

    What is aside is signed by the log's own party, so that it says more of it than anybody told.
    """
    told: dict[str, int] = msgspec.json.decode(observed(core, tx, line_id, peer).heads)
    held = logs.size(tx, line_id, peer)
    signed_for = core.marks.not_found(line_id, peer)
    return max(held, told.get(peer, 0), aside.end(tx, line_id, peer), signed_for)

"""A store that was restored from an older copy, and so has forgotten entries of our own log.

To write then would be to sign a second history. Peers hold what was forgotten, and with it a
checkpoint that *we* signed of more entries than are here: that is proof, which a mere claim of a
peer would not be (with one, any peer could silence us). Until the entries are back, which delivery
sees to, nothing is written on that line.

Before any peer is reached, the node's own marks say the same (``marks``).
"""

import msgspec

from detente.errors import StateError
from detente.node.core import Core
from detente.store import links, logs
from detente.store.links import Link
from detente.store.store import Tx


def note(tx: Tx, line: str, own: str, signed: int) -> None:
    """Remember that we have signed a checkpoint of ``signed`` entries of our own log."""
    if signed > _known(tx, line, own):
        heads = msgspec.json.encode({own: signed})
        links.put(tx, Link(line, own, None, None, None, heads))


def check(core: Core, tx: Tx, line: str, held: int) -> None:
    """Return if our log of ``held`` entries is all that we have signed, as far as is known."""
    signed = max(_known(tx, line, core.party), core.marks.of(line, core.party)[0])
    if signed > held:
        raise StateError(
            f"we have signed {signed} entries on this line and the store has {held}: it was "
            "restored from an older copy",
            where=f"line {line[:16]}…",
            remedy="wait until the missing entries have been taken back from a peer",
        )
    if not holds_mark(core, tx, line, core.party, held):
        raise StateError(
            "what we have shown to other parties on this line is not what the store has: it was "
            "restored from an older copy, and written on since",
            where=f"line {line[:16]}…",
            remedy="write nothing more here; compare the record with every peer, and found a "
            "new line",
        )


def holds_mark(core: Core, tx: Tx, line: str, party: str, size: int) -> bool:
    """Whether the first ``size`` entries of a log begin with all that we have shown of it."""
    shown, root = core.marks.of(line, party)
    if shown > size:
        return False
    if (line, party) not in core.marks.found and logs.root(tx, line, party, shown) != root:
        return False
    # What is shown from here on is read from this very store.
    core.marks.found.add((line, party))
    return True


def _known(tx: Tx, line: str, own: str) -> int:
    # What was observed of peers has a place for us too: of ourselves, what was proved to us.
    link = links.get(tx, line, own)
    return 0 if link is None else int(msgspec.json.decode(link.heads).get(own, 0))

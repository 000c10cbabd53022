"""A store that was restored from an older copy, and so has forgotten entries of our own log.

To write then would be to sign a second history. Peers hold what was forgotten, and with it a
checkpoint that *we* signed of more entries than are here: that is proof, which a mere claim of a
peer would not be (with one, any peer could silence us). Until the entries are back, which delivery
sees to, nothing is written on that line.
"""

import msgspec

from detente.errors import StateError
from detente.store import links
from detente.store.links import Link
from detente.store.store import Tx


def note(tx: Tx, line: str, own: str, signed: int) -> None:
    """Remember that we have signed a checkpoint of ``signed`` entries of our own log."""
    if signed > _known(tx, line, own):
        heads = msgspec.json.encode({own: signed})
        links.put(tx, Link(line, own, None, None, None, heads))


def check(tx: Tx, line: str, own: str, held: int) -> None:
    """Return if ``held`` entries are all that we have signed, as far as is known; else raise."""
    signed = _known(tx, line, own)
    if signed > held:
        raise StateError(
            f"we have signed {signed} entries on this line and the store has {held}: it was "
            "restored from an older copy",
            where=f"line {line[:16]}…",
            remedy="wait until the missing entries have been taken back from a peer",
        )


def _known(tx: Tx, line: str, own: str) -> int:
    # What was observed of peers has a place for us too: of ourselves, what was proved to us.
    link = links.get(tx, line, own)
    return 0 if link is None else int(msgspec.json.decode(link.heads).get(own, 0))

"""Receiving what a peer pushes, or what was pulled from it: docs/protocol.md, section 8.

In three steps, each of which is durable before the next begins:

1. What needs no state is verified: signatures, body hashes, the checkpoint's signature.
2. In one transaction the entries are compared with what is held, appended and folded, and the
   checkpoint is compared with the tree over them. A push is all or nothing.
3. What is then on the disk is cosigned, the cosignature is stored, and only then is it answered.
"""

from collections.abc import Sequence
from typing import Any

from detente.errors import GapError, InputError, LimitError, RecordError
from detente.line import Founding
from detente.node import cosigning, evidence, restoring, views
from detente.node.core import Core
from detente.node.peering import line_for
from detente.node.writing import fold
from detente.record import Checkpoint, Entry, read_entry
from detente.record.checkpoint import bare_note, open_checkpoint, origin
from detente.store import logs
from detente.store.projection import LineRows
from detente.store.store import Tx

ENTRIES_MAX = 256
"""Entries in one push (docs/protocol.md, section 1)."""


class _Push:
    """A push whose own signatures hold. Whether it fits what is held is not yet known."""

    def __init__(
        self,
        core: Core,
        founding: Founding,
        party: str,
        start: int,
        bundles: Sequence[dict[str, Any]],
        note: str | None,
    ) -> None:
        if start < 0:
            raise InputError("begins before entry 0", remedy="begin at 0 or later", where="push")
        if len(bundles) > ENTRIES_MAX:
            raise LimitError(
                f"{len(bundles)} entries in one push, more than {ENTRIES_MAX}",
                remedy=f"push {ENTRIES_MAX} at a time",
            )
        self.party = party
        self.start = start
        self.entries = [
            self._entry(core, founding, start + offset, bundle)
            for offset, bundle in enumerate(bundles)
        ]
        self.checkpoint: Checkpoint | None = None
        self.note = ""
        if note is not None:
            key, name = core.key_of(founding, party), origin(founding.id, party)
            self.checkpoint = open_checkpoint(note, key, name)
            self.note = bare_note(note, key, name)

    def _entry(self, core: Core, founding: Founding, index: int, bundle: dict[str, Any]) -> Entry:
        entry = read_entry(bundle, lambda party: core.key_of(founding, party))
        header = entry.header
        if (header.line, header.party, header.index) != (founding.id, self.party, index):
            raise RecordError(
                f"stands where entry {self.party}/{index} of this line belongs",
                remedy="send the entries of each log in order, on their own line",
                where=f"entry {header.party}/{header.index} of line {header.line[:16]}…",
            )
        return entry


def receive(
    core: Core,
    line: str,
    party: str,
    start: int,
    bundles: Sequence[dict[str, Any]],
    checkpoint: str | None,
    caller: str,
) -> views.Receipt:
    """Take entries from index ``start`` of the log of ``party``, offered by ``caller``.

    Raises NotFoundError, InputError, RecordError, SignatureError, GapError or ForkError; nothing
    of the push is kept then, except the evidence of a fork.
    """
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller, party)
    push = _Push(core, founding, party, start, bundles, checkpoint)
    try:
        held, added = core.store.write(lambda tx: _keep(core, tx, founding, push))
    except evidence.ForkFoundError as fork:
        evidence.keep(core, founding, fork, caller)
        raise
    core.counters["entries_received_total"] += added
    if push.checkpoint is None or push.checkpoint.size > held:
        return views.Receipt(size=held, cosignature=None)
    size = push.checkpoint.size
    return views.Receipt(size=held, cosignature=cosigning.cosign(core, founding, party, size))


def _keep(core: Core, tx: Tx, founding: Founding, push: _Push) -> tuple[int, int]:
    """Append and fold what is new. Returns the size then held, and how many entries were new."""
    line, party = founding.id, push.party
    held = logs.size(tx, line, party)
    if push.start > held:
        raise GapError(
            f"entries before {push.start} are missing; {held} are held",
            size=held,
            remedy=f"send the log from {held}",
            where=f"log of {party}",
        )
    _compare(core, tx, founding, push, held)
    new = push.entries[held - push.start :]
    tree = logs.append(tx, line, party, held, new)
    # Compared before anything is folded: folding is the dearest step of all.
    if push.checkpoint is not None and push.checkpoint.size <= tree.size:
        evidence.check_root(core, tx, founding, party, push.checkpoint, push.note, new)
        logs.put_checkpoint(tx, line, party, push.checkpoint.size, push.note)
    if push.checkpoint is not None and party == core.party:
        restoring.note(tx, line, party, push.checkpoint.size)
    if new:
        fold(core, tx, founding, LineRows(tx, line), new)
    return tree.size, len(new)


def _compare(core: Core, tx: Tx, founding: Founding, push: _Push, held: int) -> None:
    """Entries that are held already must be the very same."""
    known = push.entries[: held - push.start]
    rows = logs.read(tx, founding.id, push.party, push.start, len(known)) if known else []
    for offered, row in zip(known, rows, strict=True):
        if offered.id != row.id:
            [ours] = core.entries(founding, [row])
            raise evidence.two_entries(ours, offered)

"""Erasing what was recalled from everything that this node keeps: protocol section 6, "Recall".

In the transaction that brings the recall, own or a peer's, body and salt go from the log, the
content from the state (the fold does that), from the evidence of forks and from what idempotency
remembers; and of an own entry from whatever might still have said the same: requests to a second
officer that nobody has answered, and what a commitment hides, which an older copy of the store has
brought back. What is left are the bytes on the disk and what memory keeps of older snapshots, which
a transaction cannot reach: they are overwritten and let go of after it (``overwriting``), and only
then does the node state that it has honoured the recall. Backups, exports and what people have read
are out of its reach: it says nothing of them.
"""

import os

from detente.line import Founding, read
from detente.line.abouts import OPEN
from detente.line.view import place_key
from detente.node import evidence
from detente.node.core import Core
from detente.record import Entry, decode_header
from detente.record.strict_json import canonical
from detente.store import changes, desks, logs, pending, requests, sealed
from detente.store.projection import LineRows, rows_of
from detente.store.store import Tx


def erase(core: Core, tx: Tx, founding: Founding, rows: LineRows, recall: Entry) -> None:
    """Erase what ``recall``, already folded into ``rows``, asks to erase; nothing if it is void."""
    recalled = str(recall.header.about.get("entry", ""))
    asked = read.recall_of(rows, recalled)
    row = logs.find(tx, founding.id, recalled)
    if asked is None or asked.entry != recall.id or row is None:
        return
    logs.erase_body(tx, founding.id, recalled)
    [entry] = core.entries(tx, founding, [row])
    evidence.forget_body(tx, founding.id, entry)
    if entry.header.party == core.party:
        _forget_unsaid(tx, founding.id, entry)
    requests.blur(tx, recalled, os.urandom(32))
    desks.forget_source(tx, recalled, core.clock.now_s())
    core.overwriting.note_erased()
    core.counters["entries_recalled_total"] += 1


def _forget_unsaid(tx: Tx, line: str, recalled: Entry) -> None:
    """Erase what would have been the same entry once more; ``recalled`` still has its body."""
    header = recalled.header
    dropped = pending.forget(tx, line, header.type, canonical(header.about), recalled.body)
    changes.note(tx, line, "pending", dropped)
    if header.type == OPEN:
        sealed.remove(tx, line, header.body_sha256)


def overwrite(core: Core) -> None:
    """Overwrite on the disk what was erased, if it may be now (``overwriting``).

    Raises StoreError.
    """

    def find_done() -> frozenset[str]:
        with core.store.read() as tx:
            lines = core.lines(tx)
            return frozenset(recall for one in lines for recall in due(core, tx, one.id))

    core.overwriting.attempt(find_done)


def due(core: Core, tx: Tx, line: str) -> list[str]:
    """The recalls by others that are done here and that this node has not yet said to honour.

    One is not done as long as its conflicts wait to be compared: what they say of places and times
    may still be of the recalled version.
    """
    waiting = core.unstated.of(tx, line, core.party)
    return [recall.entry for recall in waiting if _is_compared(rows_of(tx, line), recall)]


def is_due(core: Core, tx: Tx, line: str, recall: str) -> bool:
    """The same of one of them, where an entry may be written. It costs nothing but that one."""
    row, rows = logs.find(tx, line, recall), rows_of(tx, line)
    asked = row and read.recall_of(rows, str(decode_header(row.header).about.get("entry", "")))
    return (
        asked is not None
        and asked.entry == recall
        and core.party not in (asked.party, *asked.honoured)
        and _is_compared(rows, asked)
    )


def _is_compared(rows: LineRows, recall: read.Recall) -> bool:
    return rows.get("uncompared", place_key(recall.party, recall.index)) is None

"""Recalling an own entry, and honouring the recalls of others.

A recall asks; it cannot make anybody forget. What it brings is known all the same: each node that
honours it says so by a signed entry, written by the node itself as soon as nothing of the content
is left in its store, and whoever has not said so is shown as still holding it.
"""

from contextlib import suppress

from detente.errors import DetenteError, StateError
from detente.line import Draft, honour_draft, read, recall_draft
from detente.line.abouts import RECALLABLE
from detente.node import erasing
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.node.writing import write
from detente.record import decode_header
from detente.record.entry import LATER_MAX
from detente.store import logs
from detente.store.projection import rows_of
from detente.store.store import Tx

BY_ITSELF = "node"
"""Who writes a receipt, in the internal audit log: no officer."""


def recall(
    core: Core, line: str, entry: str, note: str, *, officer: str, key: str | None
) -> EntryView:
    """Ask every party of the line to erase the body of an entry of ours, and erase it here."""

    def make(reader: LineReader) -> Draft:
        row = logs.find(reader.tx, reader.id, entry)
        if row is None:
            raise no_such("entry", entry, reader.founding)
        type_ = decode_header(row.header).type
        if row.party != core.party or type_ not in RECALLABLE:
            raise StateError(
                f"that is a {type_} of {row.party}",
                where=f"entry {entry[:16]}…",
                remedy=f"recall what we wrote ourselves: {', '.join(sorted(RECALLABLE))}",
            )
        if read.recall_of(reader.rows, entry) is not None:
            raise StateError(
                "that entry is recalled already",
                where=f"entry {entry[:16]}…",
                remedy="see who still holds it",
            )
        links = read.keys(reader.rows, reader.founding, core.party).links
        if sum(link.start > row.index for link in links) >= LATER_MAX:
            raise StateError(
                f"our keys were changed {LATER_MAX} times or more since it was written",
                where=f"entry {entry[:16]}…",
                remedy="ask every party over another channel to delete it: with a recall nobody "
                "who joins later, or comes back from a backup, could be given our log",
            )
        return recall_draft(entry, note)

    content = {"entry": entry, "note": note}
    done = say(core, line, make, officer=officer, key=key, action="recall", content=content)
    # Where it cannot be now, it is tried again with the next exchange.
    with suppress(DetenteError):
        erasing.overwrite(core)
    return done


def honour(core: Core, line: str) -> None:
    """State for every recall by another party that nothing of what it recalls is left here.

    What cannot be stated now (the line is not in force, the disk is not overwritten yet, we were
    restored) is for the next time.
    """
    with core.store.read() as tx:
        due = _to_state(core, tx, core.founding(tx, line).id)
    with suppress(DetenteError):
        if core.overwriting.is_owed or len(core.overwriting.gone(due)) < len(due):
            erasing.overwrite(core)
        if erased := core.overwriting.gone(due):
            core.store.write(lambda tx: _state(core, tx, line, erased))


def _to_state(core: Core, tx: Tx, line: str) -> list[str]:
    """Every recall that is done here and not stated yet, but those by whom has seen more of our log
    than is here: we were restored then, and there is no officer here to think of it."""
    held = logs.size(tx, line, core.party)
    return [one for one in erasing.due(core, tx, line) if _seen(core, tx, line, one) <= held]


def _seen(core: Core, tx: Tx, line: str, recall: str) -> int:
    """How much of our log the writer of a recall has seen, as far as its log is held."""
    row = logs.find(tx, line, recall)
    assert row is not None
    [newest] = logs.headers(tx, line, row.party, logs.size(tx, line, row.party) - 1, 1)
    seen = newest.seen.get(core.party)
    return 0 if seen is None else seen.size


def _state(core: Core, tx: Tx, line: str, erased: list[str]) -> None:
    founding = core.founding(tx, line)
    held = logs.size(tx, founding.id, core.party)
    for recall in erased:
        # Another thread may have stated it meanwhile.
        if not erasing.is_due(core, tx, founding.id, recall):
            continue
        if _seen(core, tx, founding.id, recall) <= held:
            rows = rows_of(tx, founding.id)
            write(core, tx, founding, rows, honour_draft(recall), officer=BY_ITSELF)

"""Whether signed headers recall an entry: what may stand in the place of a body on the wire.

Everything is decided by headers, so that a node can judge it before it holds anything of the log
that lies between the entry and its recall (docs/decisions/0012). Where the writer has changed its
key between the two, the entries that change it come along: they say who signs the recall.
"""

from detente.errors import InputError, RecordError
from detente.line import abouts
from detente.line.abouts import Recalled, read_about
from detente.record.entry import Entry


def check_recalled(entry: Entry) -> None:
    """Return if ``entry`` has its body, or came with what recalls it; else raise.

    Raises RecordError. That the headers are signed, and stand later in the same log, is found by
    ``record.read_entry``.
    """
    if entry.body is not None:
        return
    *between, recall = entry.recalled_by or (entry.header,)
    try:
        facts = read_about(recall.type, recall.about)
    except InputError:
        facts = None
    if (
        not isinstance(facts, Recalled)
        or facts.entry != entry.id
        or entry.header.type not in abouts.RECALLABLE
        or any(later.type != abouts.ROTATE for later in between)
    ):
        raise RecordError(
            "comes without its body, and with what does not recall it",
            remedy="refuse it and ask for the entry with its body",
            where=f"entry {entry.header.party}/{entry.header.index}",
        )

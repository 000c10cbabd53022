"""On which other lines a party has been shown a plan of ours.

A conflict of our exact plan is told to our officers alone. Whether the other party can find it all
the same depends on what it was shown on the lines that it shares with us beside this one.
"""

from collections.abc import Iterator

from detente.line import read
from detente.line.read import Version
from detente.node.show.reader import LineReader
from detente.node.views import ElsewhereView
from detente.store import plans
from detente.store.store import Tx


def elsewhere(reader: LineReader, plan: str, party: str) -> list[ElsewhereView]:
    """Where ``party`` is a present member and our ``plan`` is released now, by name of the line.

    Lines on which it was withdrawn, or its content recalled, are left out.
    """
    return sorted(_elsewhere(reader, plan, party), key=lambda one: (one.line_name, one.line))


def _elsewhere(reader: LineReader, plan: str, party: str) -> Iterator[ElsewhereView]:
    for other in reader.other_lines:
        if party not in read.present(other.rows, other.founding):
            continue
        newest = other.newest((other.core.party, plan))
        if newest is None or newest.state != "released" or newest.activity is None:
            continue
        yield ElsewhereView(
            line=other.id,
            line_name=other.name,
            entry=newest.entry,
            form=newest.form or "",
            current=is_current(other.tx, newest),
            received=other.receipts(newest.party, newest.index).get(party),
        )


def is_current(tx: Tx, newest: Version) -> bool:
    """Whether a plan of ours has not been changed since this version of it was released.

    By the audit log: what a coarse version would look like now says nothing, because a cover that
    was shifted as a whole is rounded otherwise than a new one.
    """
    acts = plans.last_acts(tx, [newest.id, newest.entry])
    return newest.state == "released" and acts.get(newest.id, 0) < acts.get(newest.entry, 0)

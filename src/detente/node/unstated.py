"""Which recalls by others this node has not stated to honour, on each line.

It is asked for with every exchange and every push. A member may write a hundred thousand recalls a
day; so they are looked through once, and from then on only those that the change log names and
those that were left before.
"""

from threading import Lock

from detente.line import read
from detente.line.read.recalls import Recall
from detente.store import changes
from detente.store.projection import rows_of
from detente.store.store import Tx

RECALL = "recall"
"""The kind of row that a recall leaves, under the entry that is recalled."""


class Unstated:
    """The recalls that wait for our word, by line, as far as any reader has seen."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: dict[str, tuple[int, frozenset[str]]] = {}
        """Per line, the change number up to which recalls were looked at, and what then waited."""

    def of(self, tx: Tx, line: str, own: str) -> list[Recall]:
        """Those on a line, by the time that their writers claim; ``tx`` only reads."""
        rows = rows_of(tx, line)
        with self._lock:
            before = self._lines.get(line)
        if before is None:
            newest, found = changes.newest(tx), read.recalls(rows)
        else:
            changed = changes.keys_since(tx, before[0], line, RECALL)
            some = [read.recall_of(rows, one) for one in {*before[1], *changed.keys}]
            newest, found = changed.newest, [one for one in some if one is not None]
        waiting = [one for one in found if own not in (one.party, *one.honoured)]
        with self._lock:
            # Another thread may have looked at a newer state meanwhile, or before.
            if newest >= self._lines.get(line, (0, ()))[0]:
                self._lines[line] = (newest, frozenset(one.recalled for one in waiting))
        return sorted(waiting, key=lambda recall: (recall.time, recall.party, recall.index))

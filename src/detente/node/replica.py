"""The conflict engine's replica: every released activity of a line, indexed in memory.

It is derived: built from the projection at first use, then fed by the change log, which also
brings what another process over the same store has written. It only proposes candidates (the exact
test is made on the versions in the store), so it may hold too much but never too little. That
decides what happens when a transaction is undone: an activity it had touched is *doubtful*, and a
doubtful activity is everybody's candidate until it has been read anew.

The writer has a replica of its own. It is ahead of what is committed while a transaction runs;
readers, each with an older snapshot, must not set it back.
"""

import threading

from detente.conflict import Index, Separation
from detente.line import Founding, View, read
from detente.line.conflict_id import Pair
from detente.store import changes
from detente.store.store import Tx
from detente.volumes import Activity

ACTIVITY = "activity"
"""The kind of projection row that says which version of an activity is its newest."""


class Replica:
    """The newest released versions of one line's activities, as far as it has caught up."""

    def __init__(self, founding: Founding) -> None:
        self._founding = founding
        self._lock = threading.Lock()
        self._separation: Separation | None = None
        self._index = Index(founding.terms.separation)
        self._applied = 0
        self._doubtful: set[Pair] = set()

    def catch_up(self, tx: Tx, view: View) -> None:
        """Take over what has changed up to what ``tx`` sees; going back is nothing it does."""
        with self._lock:
            before = self._applied
            separation = read.terms(view, self._founding).separation
            if separation != self._separation:
                self._build(tx, view, separation)
            else:
                changed = changes.keys_since(tx, before, self._founding.id, ACTIVITY)
                self._applied = max(before, changed.newest)
                for pair in sorted({_pair(key) for key in changed.keys} | self._doubtful):
                    self._refresh(view, pair)
                self._doubtful.clear()
        tx.after_rollback(lambda: self._go_back(before))

    def follow(self, tx: Tx, view: View, pair: Pair) -> None:
        """Read anew an activity that ``tx`` itself has just changed."""
        tx.after_rollback(lambda: self._doubtful.add(pair))
        with self._lock:
            self._refresh(view, pair)

    def near(self, activity: Activity) -> set[Pair]:
        """Activities of other parties that might conflict with this one; never misses any."""
        with self._lock:
            found = {(other.party, other.id) for other in self._index.near(activity)}
            return found | {pair for pair in self._doubtful if pair[0] != activity.party}

    def _refresh(self, view: View, pair: Pair) -> None:
        newest = read.newest(view, *pair)
        if newest is None or newest.activity is None:
            self._index.remove(*pair)
        else:
            self._index.put(newest.activity)

    def _build(self, tx: Tx, view: View, separation: Separation) -> None:
        index = Index(separation)
        for newest in read.activities(view):
            if newest.activity is not None:
                index.put(newest.activity)
        self._index, self._separation = index, separation
        self._applied = changes.newest(tx)
        self._doubtful.clear()

    def _go_back(self, applied: int) -> None:
        self._applied = min(self._applied, applied)


def _pair(key: str) -> Pair:
    party, _, activity_id = key.partition("/")
    return party, activity_id

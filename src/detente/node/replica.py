"""The conflict engine's replica of one line: its newest released versions, indexed in memory.

It is derived: built from the projection, then fed by the change log, which also brings what another
process over the same store has written. It only proposes candidates (the exact test is made on the
versions in the store), so it may propose too many but never too few.

One owner (``engine``) changes it, always by what is committed; anybody may ask it. Who asks has a
snapshot that is older or newer than the replica. Whatever changed between the two is a candidate
too, in either direction. Where that cannot be told, because the replica is not built yet, is of
other terms or has fallen too far behind, the answer is *unknown*.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from detente.conflict import Index, Separation
from detente.line import Founding, View, read
from detente.line.conflict_id import Pair
from detente.store import changes, projection
from detente.store.store import Tx
from detente.volumes import Activity

VERSION = "version"
"""The kind of projection row that a release brings, and that a recall empties."""
JOURNAL_MAX = 4096
"""Changes that are remembered for those who ask with an older snapshot."""
BEHIND_MAX = 1024
"""Changes that who asks looks up itself, rather than not to know."""
AT_ONCE = 4096
"""Activities that are read, then indexed, in one go: what is told of progress in between."""

ACTIVITY_BYTES, VERTEX_BYTES = 1_000, 120
"""What an activity with one volume, and each of its vertices, takes in CPython beside the index."""


class Progress(NamedTuple):
    """How many of a line's activities are in a replica that is being built."""

    done: int
    total: int


def engine_words(progress: Progress) -> str:
    """What the conflict engine is doing while its replica cannot answer."""
    if progress.done >= progress.total:
        return "the engine is catching up"
    percent = 100 * progress.done // progress.total
    return f"the engine has read {percent} % of {progress.total:,} activities"


class Replica:
    """One line's newest released versions, as far as its owner has caught up."""

    def __init__(self, founding: Founding) -> None:
        self._founding = founding
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._applied = 0
        self._journal: deque[tuple[int, Pair]] = deque()
        self._journal_from = 0
        self._vertices: dict[Pair, int] = {}
        self.progress = Progress(0, 0)

    @property
    def ready(self) -> bool:
        """Whether it has been built."""
        return self._index is not None

    def __len__(self) -> int:
        """How many activities it holds."""
        return 0 if self._index is None else len(self._index)

    def memory_bytes(self) -> int:
        """About how much memory it takes, the activities it refers to included."""
        with self._lock:
            index = 0 if self._index is None else self._index.memory_bytes()
            vertices = sum(self._vertices.values())
            return index + len(self._vertices) * ACTIVITY_BYTES + vertices * VERTEX_BYTES

    # --- for its owner alone --------------------------------------------------------------------

    def catch_up(self, tx: Tx, view: View, told: Callable[[Progress], None]) -> None:
        """Take over what has changed up to what ``tx`` sees. A newer ``tx`` each time.

        Built anew, from nothing, for terms of another separation: it never holds a mix.
        """
        separation = read.terms(view, self._founding).separation
        if self._index is None or self._index.separation != separation:
            self._build(tx, separation, told)
            return
        changed = changes.keys_since(tx, self._applied, self._founding.id, VERSION)
        pairs = sorted({_pair(key) for key in changed.keys})
        found = {pair: newest.activity for pair in pairs if (newest := read.newest(view, *pair))}
        with self._lock:
            try:
                for pair in pairs:
                    self._put(self._index, pair, found.get(pair))
                    self._journal.append((changed.newest, pair))
            except BaseException:
                # What was to be put in may be neither in the index nor in the journal. So nothing
                # is known until it is built anew.
                self._index = None
                raise
            while len(self._journal) > JOURNAL_MAX:
                self._journal_from = self._journal.popleft()[0]
            self._applied = changed.newest

    def _put(self, index: Index, pair: Pair, activity: Activity | None) -> None:
        if activity is None:
            index.remove(*pair)
            self._vertices.pop(pair, None)
        else:
            index.put(activity)
            self._vertices[pair] = _vertices(activity)

    def _build(self, tx: Tx, separation: Separation, told: Callable[[Progress], None]) -> None:
        line, applied = self._founding.id, changes.newest(tx)
        index, vertices = Index(separation), dict[Pair, int]()
        total = projection.count(tx, line, "activity")
        self._tell(Progress(0, total), told)
        some: list[Activity] = []
        every = read.newest_of(projection.stream(tx, line, VERSION))
        for done, newest in enumerate(every, 1):
            if newest.activity is not None:
                some.append(newest.activity)
                vertices[newest.party, newest.id] = _vertices(newest.activity)
            if done % AT_ONCE == 0:
                index.put_many(some)
                some.clear()
                self._tell(Progress(done, total), told)
        index.put_many(some)
        with self._lock:
            self._index, self._vertices, self._applied = index, vertices, applied
            self._journal.clear()
            self._journal_from = applied
        self._tell(Progress(total, total), told)

    def _tell(self, progress: Progress, told: Callable[[Progress], None]) -> None:
        self.progress = progress
        told(progress)

    # --- for everybody --------------------------------------------------------------------------

    def near(self, tx: Tx, separation: Separation, activity: Activity) -> set[Pair] | None:
        """Activities of other parties that might conflict with this one as ``tx`` sees them.

        Never misses any; None where it is not known. ``separation`` is that of the terms in force
        in ``tx``.
        """
        at = changes.newest(tx)
        with self._lock:
            if self._index is None or self._index.separation != separation:
                return None
            if at < self._journal_from:
                return None
            applied = self._applied
            found = {(other.party, other.id) for other in self._index.near(activity)}
            found |= {pair for number, pair in self._journal if number > at}
        if at > applied:
            changed = changes.keys_since(tx, applied, self._founding.id, VERSION)
            if len(changed.keys) > BEHIND_MAX:
                return None
            found |= {_pair(key) for key in changed.keys}
        return {pair for pair in found if pair[0] != activity.party}


def _vertices(activity: Activity) -> int:
    return sum(len(ring) for volume in activity.volumes for ring in volume.core.rings)


def _pair(key: str) -> Pair:
    party, activity_id, _ = key.split("/")
    return party, activity_id

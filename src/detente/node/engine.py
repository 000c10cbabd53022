"""The conflict engine of a node: it compares what has been folded, outside the writer.

Folding an entry only notes that it is *uncompared*. Comparing can cost a million times more, and
how much is for whoever drew the shapes to choose; so it is done on a snapshot, by whoever has the
time, and what comes of it is written in a transaction of its own (docs/decisions/0014). Entries,
acknowledgements and urgent talk never wait for it. What waits is told as unknown.

A *round* takes some uncompared entries, the parties' in turn, computes their conflicts and writes
them. It counts only if no other process has written one since its snapshot: then rounds follow each
other as if there were one comparer. A crash in between leaves the entries uncompared, and nothing
else.

``detente serve`` has a thread of its own for it (``attending``). Where nobody attends, in a command
or a test, whoever has written or wants to read does it there and then.
"""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest

import structlog

from detente.errors import StoreError
from detente.line import Change, Comparison, Founding, View, read
from detente.line.conflict_id import Pair
from detente.line.joint import Near
from detente.node.replica import Progress, Replica
from detente.store import changes
from detente.store.projection import rows_of
from detente.store.store import Store, Tx
from detente.volumes import Activity

COMPARISON = "comparison"
"""The kind of change that a round leaves in the change log."""
ENTRIES_MAX = 256
"""Entries compared in one round."""
WORK_MAX = 200_000
"""Pairs of volumes looked at in one round, unless one entry alone asks for more."""
SETTLE_S_MAX = 1.0
"""How long a reader waits for what is being compared before it is told that it is not known.

The next one then does not wait, until the comparing has come to an end.
"""

log = structlog.get_logger("detente.engine")

Told = Callable[[Founding, Progress], None]


class Engine:
    """The replicas of all lines, and the comparing."""

    def __init__(self, store: Store, lines: Callable[[Tx], list[Founding]]) -> None:
        self._store = store
        self._lines = lines
        self._replicas: dict[str, Replica] = {}
        self._working = threading.Lock()
        self._settled = threading.Condition()
        self._settled_at = 0
        self._given_up_at = -1
        self.attended = False
        """Whether a thread compares by itself; else whoever asks does."""

    def replica(self, founding: Founding) -> Replica:
        """The replica of a line, to be asked."""
        return self._replicas.setdefault(founding.id, Replica(founding))

    @property
    def replicas(self) -> dict[str, Replica]:
        """All replicas there are, by line id."""
        return dict(self._replicas)

    def settle(self) -> None:
        """Have everything compared that is held now; or, if somebody attends, wait a little."""
        if self.attended:
            self._wait()
            return
        try:
            self.work()
        except StoreError as error:
            # What is held can be read all the same, and is told as not compared.
            log.warning("conflicts cannot be kept", why=error.message)

    def follow(self) -> None:
        """Have compared what was just written, if nobody attends to that."""
        if not self.attended:
            self.settle()

    def work(self, told: Told = lambda founding, progress: None) -> int:
        """Compare everything that is uncompared, on every line. One caller at a time.

        Returns a change number: everything up to it has been compared.
        """
        with self._working:
            with self._store.read() as tx:
                at, lines = changes.newest(tx), self._lines(tx)
            for founding in lines:
                while self._round(founding, told):
                    pass
        with self._settled:
            self._settled_at = max(self._settled_at, at)
            self._settled.notify_all()
        return at

    def _wait(self) -> None:
        with self._store.read() as tx:
            at = changes.newest(tx)
        end_s = time.monotonic() + SETTLE_S_MAX
        with self._settled:
            while self._given_up_at < self._settled_at < at:
                if not self._settled.wait(end_s - time.monotonic()):
                    self._given_up_at = self._settled_at

    def _round(self, founding: Founding, told: Told) -> bool:
        """Compare some entries; whether there were any. Then there may be more."""
        replica = self.replica(founding)
        with self._store.read() as tx:
            rows, at = rows_of(tx, founding.id), changes.newest(tx)
            replica.catch_up(tx, rows, lambda progress: told(founding, progress))
            waiting = [key for key, _ in rows.scan("uncompared")]
            if not waiting:
                return False
            separation = read.terms(rows, founding).separation

            def near(activity: Activity) -> set[Pair]:
                found = replica.near(tx, separation, activity)
                # Nobody else changes the replica, and it has just caught up with this snapshot.
                assert found is not None
                return found

            new = _compare(rows, founding, near, in_turn(waiting))

        def keep(tx: Tx) -> None:
            if not changes.keys_since(tx, at, founding.id, COMPARISON).keys:
                rows = rows_of(tx, founding.id)
                rows.apply(new)
                rows.flush()
                changes.note(tx, founding.id, COMPARISON, [""])

        self._store.write(keep)
        return True


def _compare(view: View, founding: Founding, near: Near, places: Sequence[str]) -> list[Change]:
    """What makes the conflict rows right for the first of these entries: not too many at once."""
    comparison = Comparison(view, founding, near)
    for place in places[:ENTRIES_MAX]:
        if not comparison.add(place, WORK_MAX):
            break
    return comparison.changes()


def in_turn(places: Sequence[str]) -> list[str]:
    """The oldest of each party, then the next of each: nobody waits for all that another wrote.

    ``places`` are sorted.
    """
    logs: dict[str, list[str]] = {}
    for place in places:
        logs.setdefault(place.partition("/")[0], []).append(place)
    turns = zip_longest(*logs.values())
    return [place for turn in turns for place in turn if place is not None]

"""Finding conflicts: between two activities, and among many.

Activities are packed into arrays (``pack``), their boxes filtered for pairs that may meet
(``candidates``), each pair decided on the ellipsoid (``kernels``), and what remains gathered into
one conflict per pair of activities (``hits``).

Conflicts are told in the order of their start while others are still looked for. Every pair is
found when it is the turn of the activity that begins later, and activities take their turns in the
order in which they begin: what is found later cannot begin earlier.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice, pairwise
from typing import TypeVar

import numpy as np

from detente.conflict.candidates import Block, candidates_among, candidates_between
from detente.conflict.hits import Hits, conflicts_of, hits_of
from detente.conflict.model import Conflict, Key, Separation
from detente.conflict.pack import TIME, Pack, key_of, pack, reach_of
from detente.errors import InputError
from detente.volumes.geodesy import Ints
from detente.volumes.model import Activity

AHEAD = 4
"""Proposals of a block that are worked on before anybody asks for them: where everything meets
everything, what is held stays small, and the reader's own core works on."""

Progress = Callable[[int, int], None]
Found = tuple[Hits, int]
"""Hits, and how many activities are done with them: see ``Proposal``."""
T = TypeVar("T")
R = TypeVar("R")


def between(a: Activity, b: Activity, separation: Separation) -> Conflict | None:
    """The conflict of two activities, of whatever parties, or None."""
    found = conflicts_between(pack([a]), pack([b]), separation)
    return found[0] if found else None


def find(
    activities: Sequence[Activity],
    separation: Separation,
    *,
    within: bool = False,
    progress: Progress | None = None,
) -> list[Conflict]:
    """All conflicts between activities of different parties, sorted by (start_s, a, b).

    ``within`` adds those between activities of one party. ``progress`` is called with the number
    of volumes dealt with and of all volumes. Raises InputError where two activities have the same
    party and identifier.
    """
    if len(activities) < 2:
        return []
    return list(conflicts_among(pack(activities), separation, within=within, progress=progress))


def conflicts_among(
    everything: Pack,
    separation: Separation,
    *,
    within: bool = False,
    progress: Progress | None = None,
) -> Iterator[Conflict]:
    """The conflicts that ``find`` finds, in the same order, as they are found.

    Those that begin in one instant are held until all of them are found, and so is a conflict of
    activities of several volumes until none that begins earlier can be found; nothing else is.
    """
    rank = _ranks(everything.activities)
    begins_s = np.minimum.reduceat(everything.low[:, TIME], everything.first)
    order = np.lexsort((rank, begins_s))
    # None of those whose turn is still to come begins before this, by how many are done.
    next_s = np.append(begins_s[order], np.inf)
    apart = everything.owner if within else _parties(everything.activities)[everything.owner]

    def work(block: Block) -> tuple[list[Found], Iterator[Found], int]:
        found = (
            (_hits(everything, one.first, one.second, rank, separation), one.done)
            for one in block.propose()
        )
        return list(islice(found, AHEAD)), found, block.volumes

    waiting = _Waiting()
    gathered: list[Hits] = []
    blocks = candidates_among(everything, apart, _numbered(order), reach_of(separation))
    for ahead, rest, volumes in _by_all_cores(work, blocks):
        for hits, done in chain(ahead, rest):
            gathered.append(hits)
            if done:
                waiting.add(conflicts_of(everything, everything, gathered, separation))
                gathered = []
                # As the start of a conflict is computed, so that the two agree to the last bit.
                yield from waiting.before(float(next_s[done] - separation.time_s / 2))
        if progress is not None:
            progress(volumes, len(everything.owner))
    waiting.add(conflicts_of(everything, everything, gathered, separation))
    yield from waiting.before(np.inf)


class _Waiting:
    """Conflicts that are found before it is their turn to be told."""

    def __init__(self) -> None:
        self._conflicts: list[Conflict] = []
        self._earliest_s = np.inf

    def add(self, conflicts: list[Conflict]) -> None:
        self._conflicts += conflicts
        self._earliest_s = min(self._earliest_s, *(one.start_s for one in conflicts), np.inf)

    def before(self, end_s: float) -> list[Conflict]:
        """Takes out those that start before ``end_s``, in order."""
        if self._earliest_s >= end_s:
            return []
        told = [one for one in self._conflicts if one.start_s < end_s]
        self._conflicts = [one for one in self._conflicts if one.start_s >= end_s]
        self._earliest_s = min((one.start_s for one in self._conflicts), default=np.inf)
        return sorted(told, key=in_order)


def _hits(everything: Pack, first: Ints, second: Ints, rank: Ints, separation: Separation) -> Hits:
    """Hits among the pairs. Two are always compared in the order of their keys: see ``hits``."""
    ordered = rank[everything.owner[first]] < rank[everything.owner[second]]
    one, other = np.where(ordered, first, second), np.where(ordered, second, first)
    return hits_of(everything, one, everything, other, separation)


def _by_all_cores(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results of ``work``, in order. Kernels let go of the interpreter, so threads suffice."""
    cores = os.cpu_count() or 1
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(cores) as threads:
        try:
            for item in items:
                waiting.append(threads.submit(work, item))
                # So few are ahead of the reader that what they hold is bounded.
                if len(waiting) > 2 * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def conflicts_between(one: Pack, other: Pack, separation: Separation) -> list[Conflict]:
    """The conflict, if any, of two packs of one activity each."""
    a, b = sorted((one, other), key=lambda packed: key_of(packed.activities[0]))
    hits = [
        hits_of(a, first, b, second, separation)
        for first, second in candidates_between(a, b, reach_of(separation))
    ]
    return conflicts_of(a, b, hits, separation)


def in_order(conflict: Conflict) -> tuple[float, Key, Key]:
    """The order in which conflicts are listed."""
    return conflict.start_s, conflict.a, conflict.b


def _ranks(activities: Sequence[Activity]) -> Ints:
    """(a,) the place of each in the order of keys; InputError if two have the same key."""
    # No name holds a zero, and nothing sorts before it: these sort as the keys do, and faster.
    names = [f"{one.party}\0{one.id}" for one in activities]
    order = sorted(range(len(names)), key=names.__getitem__)
    for one, other in pairwise(order):
        if names[one] == names[other]:
            raise InputError(
                "two activities of one party have the same identifier",
                remedy="rename one, or give both as volumes of one activity",
                where=f"{activities[one].party}/{activities[one].id}",
            )
    return _numbered(np.array(order, dtype=np.int64))


def _numbered(order: Ints) -> Ints:
    """(a,) the place of each in an order."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _parties(activities: Sequence[Activity]) -> Ints:
    """(a,) a number for each, the same for activities of one party."""
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(one.party, len(codes)) for one in activities], dtype=np.int64)

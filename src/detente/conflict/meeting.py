"""Finding conflicts: between two activities, and among many.

Activities are packed into arrays (``pack``), their boxes filtered for pairs that may meet
(``candidates``), each pair decided on the ellipsoid (``kernels``), and what remains gathered into
one conflict per pair of activities (``hits``).
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np

from detente.conflict.candidates import Block, candidates_among, candidates_between
from detente.conflict.hits import Hits, conflicts_of, hits_of
from detente.conflict.model import Conflict, Key, Separation
from detente.conflict.pack import Pack, key_of, pack, reach_of
from detente.errors import InputError
from detente.volumes.model import Activity

Progress = Callable[[int, int], None]
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
    ordered = _sorted_by_key(activities)
    if len(ordered) < 2:
        return []
    everything = pack(ordered)
    codes: dict[str, int] = {}
    party = [codes.setdefault(one.party, len(codes)) for one in ordered]
    apart = everything.owner if within else np.array(party, dtype=np.int64)[everything.owner]

    def work(block: Block) -> tuple[list[Hits], int]:
        propose, done = block
        return [
            hits_of(everything, first, everything, second, separation)
            for first, second in propose()
        ], done

    hits: list[Hits] = []
    for found, done in _by_all_cores(
        work, candidates_among(everything, apart, reach_of(separation))
    ):
        hits += found
        if progress is not None:
            progress(done, len(everything.owner))
    return sorted(conflicts_of(everything, everything, hits, separation), key=in_order)


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


def _sorted_by_key(activities: Sequence[Activity]) -> list[Activity]:
    ordered = sorted(activities, key=key_of)
    for one, other in pairwise(ordered):
        if key_of(one) == key_of(other):
            raise InputError(
                "two activities of one party have the same identifier",
                remedy="rename one, or give both as volumes of one activity",
                where=f"{one.party}/{one.id}",
            )
    return ordered

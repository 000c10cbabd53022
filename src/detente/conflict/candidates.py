"""The filter: pairs of volumes whose boxes meet, and which alone need the exact test.

It reads boxes and nothing else. Few volumes are swept along one column, which needs no
preparation; many are put in a tree, which is asked about blocks of them, by as many threads as the
caller likes. Both may propose too many pairs but never too few.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from detente.conflict import asking, filters
from detente.conflict.compiled import WORKLOAD
from detente.conflict.pack import TIME, Pack
from detente.conflict.trees import boxes_of, forest_of, queries_of, tree_of
from detente.volumes.geodesy import Floats, Ints

CHUNK = 262_144
"""About as many pairs are proposed at a time."""
SWEPT_MAX = 4096
"""More volumes than this are put in a tree."""
BLOCK = 8192
"""Boxes that a tree is asked about in one go."""


class Proposal(NamedTuple):
    """Pairs of volumes that may conflict, and whose pairs are complete with them."""

    first: Ints
    """(k,) volumes."""
    second: Ints
    """(k,) the other volume of each pair."""
    done: int
    """Of so many activities, in their turn, all pairs with those before them are proposed."""


class Block(NamedTuple):
    """Some of the work, to be done by any thread."""

    propose: Callable[[], Iterator[Proposal]]
    volumes: int
    """How many volumes are dealt with after this block and those before it."""


def candidates_among(everything: Pack, apart: Ints, turn: Ints, reach: Floats) -> Iterator[Block]:
    """Pairs of volumes of one pack whose boxes meet and that differ in ``apart`` (v,).

    Each pair is proposed once, when it is the turn of the later of its two activities by ``turn``
    (a,), a permutation. Blocks may be worked on in any order and at the same time.
    """
    if len(everything.owner) > SWEPT_MAX:
        return asked(everything, apart, turn, reach)
    return iter([Block(lambda: _swept(everything, apart, reach), len(everything.owner))])


def _swept(everything: Pack, apart: Ints, reach: Floats) -> Iterator[Proposal]:
    column = _selective_column(everything.low, everything.high, reach)
    order = np.argsort(everything.low[:, column], kind="stable")
    low, high, apart = everything.low[order], everything.high[order], apart[order]
    first = np.empty(len(order) + CHUNK, dtype=np.int64)
    second = np.empty_like(first)
    module = WORKLOAD.module(filters, len(order) ** 2 / 32)
    start = 0
    while start < len(order):
        count, start = module.sweep(low, high, reach, column, apart, start, first, second)
        # The sweep has an order of its own: no activity is done before all are.
        yield Proposal(order[first[:count]], order[second[:count]], 0)


def asked(everything: Pack, apart: Ints, turn: Ints, reach: Floats) -> Iterator[Block]:
    """The same, by a tree."""
    volumes = len(everything.owner)
    boxes = boxes_of(everything.cores, np.arange(volumes), everything.low, everything.high)
    # The kernel proposes a pair to its lower number. So for it the volumes are numbered from the
    # last turn to the first, and asked about the other way round.
    old = np.argsort(-turn[everything.owner], kind="stable")
    new = np.empty_like(old)
    new[old] = np.arange(volumes)
    boxes = boxes._replace(volume=new[boxes.volume])
    sides = everything.low[old], everything.high[old], apart[old]
    epoch_s = float(everything.low[0, TIME])
    forest = forest_of([tree_of(boxes, epoch_s)])
    # All boxes of one activity stand together: see ``ask``.
    order = np.argsort(-boxes.volume, kind="stable")
    query_of = boxes.volume[order]
    turn_of = turn[everything.owner[old]]
    turns = turn_of[query_of]
    queries = queries_of(boxes, reach, epoch_s)[order]
    module = WORKLOAD.module(asking, np.inf)

    def ask(row: int, end: int) -> Iterator[Proposal]:
        room = CHUNK
        stamps, scratch = np.full(volumes, -1, dtype=np.int64), asking.scratch_for(forest)
        while row < end:
            first, second = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            count, reached = module.propose(
                forest, queries, query_of, row, end, *sides, reach, scratch, stamps, first, second
            )
            done = int(turns[reached]) if reached < end else int(turns[end - 1]) + 1
            begun = int(np.searchsorted(turns, done))
            if begun < reached:
                # An activity of several volumes was broken off between two of them. It is asked
                # about again as a whole, so that all its pairs come at once.
                kept = turn_of[first[:count]] < done
                first, second = first[:count][kept], second[:count][kept]
                stamps.fill(-1)
            if begun == row:
                room *= 4
                continue
            row = begun
            yield Proposal(old[first[:count]], old[second[:count]], done)

    ends = np.searchsorted(turns, turns[np.arange(0, len(turns), BLOCK)]).tolist()
    ends = sorted({*ends, len(turns)})
    for row, end in pairwise(ends):
        yield Block(partial(ask, row, end), volumes * end // len(turns))


def candidates_between(a: Pack, b: Pack, reach: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of volumes of two packs whose boxes meet, in chunks."""
    rows = max(1, CHUNK // len(b.owner))
    for start in range(0, len(a.owner), rows):
        low, high = a.low[start : start + rows], a.high[start : start + rows]
        pairs = len(low) * len(b.owner)
        first, second = np.empty(pairs, dtype=np.int64), np.empty(pairs, dtype=np.int64)
        module = WORKLOAD.module(filters, pairs / 16)
        count = module.cross(low, high, b.low, b.high, reach, first, second)
        yield first[:count] + start, second[:count]


def _selective_column(low: Floats, high: Floats, reach: Floats) -> int:
    """The column in which a box meets the fewest others, judged by mean and whole extent."""
    columns = [0, 1, 2, TIME]
    mean = (high - low)[:, columns].mean(axis=0) + reach[columns]
    whole = high[:, columns].max(axis=0) - low[:, columns].min(axis=0) + reach[columns]
    return columns[int(np.argmin(mean / np.maximum(whole, 1e-9)))]

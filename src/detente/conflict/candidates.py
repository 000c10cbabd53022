"""The filter: pairs of volumes whose boxes meet, and which alone need the exact test.

It reads boxes and nothing else. Few volumes are swept along one column, which needs no
preparation; many are put in a tree, which is asked about blocks of them, by as many threads as the
caller likes. Both may propose too many pairs but never too few.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

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

Pairs = tuple[Ints, Ints]
"""The numbers of the volumes of each pair, (k,) and (k,)."""
Block = tuple[Callable[[], Iterator[Pairs]], int]
"""Proposes the pairs of some volumes, when it is called; and how many volumes are done then."""


def candidates_among(everything: Pack, apart: Ints, reach: Floats) -> Iterator[Block]:
    """Pairs of volumes of one pack whose boxes meet and that differ in ``apart`` (v,).

    Each pair is proposed once, the lower number first. Blocks may be called in any order and at
    the same time.
    """
    if len(everything.owner) > SWEPT_MAX:
        return asked(everything, apart, reach)
    return iter([(lambda: _swept(everything, apart, reach), len(everything.owner))])


def _swept(everything: Pack, apart: Ints, reach: Floats) -> Iterator[Pairs]:
    column = _selective_column(everything.low, everything.high, reach)
    order = np.argsort(everything.low[:, column], kind="stable")
    low, high, apart = everything.low[order], everything.high[order], apart[order]
    first = np.empty(len(order) + CHUNK, dtype=np.int64)
    second = np.empty_like(first)
    module = WORKLOAD.module(filters, len(order) ** 2 / 32)
    start = 0
    while start < len(order):
        count, start = module.sweep(low, high, reach, column, apart, start, first, second)
        one, other = order[first[:count]], order[second[:count]]
        yield np.minimum(one, other), np.maximum(one, other)


def asked(everything: Pack, apart: Ints, reach: Floats) -> Iterator[Block]:
    """The same, by a tree."""
    volumes = len(everything.owner)
    sides = everything.low, everything.high, apart
    boxes = boxes_of(everything.cores, np.arange(volumes), everything.low, everything.high)
    epoch_s = float(everything.low[0, TIME])
    tree = tree_of(boxes, epoch_s)
    # Volumes take their turns as they stand in the tree, so that one finds the nodes of the last
    # still in the cache. All boxes of one volume stand together: see ``ask``.
    rank = np.full(volumes, len(tree.volumes))
    np.minimum.at(rank, tree.volumes, np.arange(len(tree.volumes)))
    order = np.argsort(rank[boxes.volume], kind="stable")
    query_of = boxes.volume[order]
    queries = queries_of(boxes, reach, epoch_s)[order]
    ranks = rank[query_of]
    forest = forest_of([tree])
    module = WORKLOAD.module(asking, np.inf)

    def ask(row: int, end: int) -> Iterator[Pairs]:
        room = CHUNK
        stamps = np.full(volumes, -1, dtype=np.int64)
        while row < end:
            first, second = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            begun = row
            count, row = module.propose(
                forest, queries, query_of, row, end, *sides, reach, stamps, first, second
            )
            if row == begun:
                room *= 4
            elif count:
                yield first[:count], second[:count]

    ends = np.searchsorted(ranks, ranks[np.arange(0, len(ranks), BLOCK)]).tolist()
    ends = sorted({*ends, len(ranks)})
    for row, end in pairwise(ends):
        yield partial(ask, row, end), volumes * end // len(ranks)


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

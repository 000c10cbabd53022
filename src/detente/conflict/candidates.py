"""The filter: pairs of volumes whose boxes meet, and which alone need the exact test.

It reads boxes and nothing else, so an index over boxes can take its place without a change to
whatever stands before or behind it. It may propose too many pairs but never too few.
"""

from collections.abc import Iterator

import numpy as np

from detente.conflict import sweeps
from detente.conflict.compiled import WORKLOAD
from detente.conflict.pack import TIME, Pack
from detente.volumes.geodesy import Floats, Ints

CHUNK = 262_144
"""About as many pairs are proposed at a time."""


def candidates_among(
    everything: Pack, apart: Ints, reach: Floats
) -> Iterator[tuple[Ints, Ints, int]]:
    """Pairs of volumes of one pack whose boxes meet and that differ in ``apart`` (v,).

    Yields chunks: the lower and the higher number of each pair, and how many volumes are done.
    """
    column = _selective_column(everything.low, everything.high, reach)
    order = np.argsort(everything.low[:, column], kind="stable")
    low, high, apart = everything.low[order], everything.high[order], apart[order]
    first = np.empty(len(order) + CHUNK, dtype=np.int64)
    second = np.empty_like(first)
    module = WORKLOAD.module(sweeps, len(order) ** 2 / 32)
    start = 0
    while start < len(order):
        count, start = module.sweep(low, high, reach, column, apart, start, first, second)
        one, other = order[first[:count]], order[second[:count]]
        yield np.minimum(one, other), np.maximum(one, other), start


def candidates_between(a: Pack, b: Pack, reach: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of volumes of two packs whose boxes meet, in chunks."""
    rows = max(1, CHUNK // len(b.owner))
    for start in range(0, len(a.owner), rows):
        low, high = a.low[start : start + rows], a.high[start : start + rows]
        pairs = len(low) * len(b.owner)
        first, second = np.empty(pairs, dtype=np.int64), np.empty(pairs, dtype=np.int64)
        module = WORKLOAD.module(sweeps, pairs / 16)
        count = module.cross(low, high, b.low, b.high, reach, first, second)
        yield first[:count] + start, second[:count]


def _selective_column(low: Floats, high: Floats, reach: Floats) -> int:
    """The column in which a box meets the fewest others, judged by mean and whole extent."""
    columns = [0, 1, 2, TIME]
    mean = (high - low)[:, columns].mean(axis=0) + reach[columns]
    whole = high[:, columns].max(axis=0) - low[:, columns].min(axis=0) + reach[columns]
    return columns[int(np.argmin(mean / np.maximum(whole, 1e-9)))]

"""What a check asks of the activities held: which boxes meet, then which volumes do (kernels).

The whole of a check is one call from the interpreter. It lays out the volumes asked about, goes
down the trees with their boxes, compares full boxes where the trees' coarser ones overlap, and
decides what is left on the ellipsoid.
"""

from math import inf

import numpy as np
import numpy.typing as npt

from detente.conflict.compiled import kernel
from detente.conflict.cores import Cores
from detente.conflict.filters import NODE, RUN_M, RUNS_MAX, SIDES, bound_runs, meet
from detente.conflict.kernels import STACK_ROWS, STEPS_MAX, decide
from detente.conflict.laying import (
    HEIGHTS_AT,
    TIME_AT,
    box,
    inverted_volume,
    lay,
    mark_long,
    odd_volume,
)
from detente.conflict.model import SLACK_M
from detente.conflict.outlines import Outlines
from detente.conflict.pack import PLACE
from detente.conflict.trees import SPARE, W84, Forest
from detente.volumes.geodesy import Floats, Floats32, Ints

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Ints32 = npt.NDArray[np.int32]

DONE, FULL, LONG, ODD, INVERTED = range(5)
"""What became of a question: answered; the answer does not fit; an edge has to be cut first; a
volume has a figure that is no number, or ends before it begins."""
PENDING = 2048
"""Nodes that wait to be looked into: 64 for each level of a tree at most, and a few levels."""
FLOAT32_MAX = 3e38


@kernel
def floor32(value: float) -> np.float32:
    """The greatest single-precision number that is not above ``value``."""
    if abs(value) > FLOAT32_MAX:
        return np.float32(-inf)
    rounded = np.float32(value)
    # Compared as they stand, numpy would first round the other number to single precision too.
    return np.nextafter(rounded, np.float32(-inf)) if float(rounded) > value else rounded


@kernel
def ceil32(value: float) -> np.float32:
    """The least single-precision number that is not below ``value``."""
    if abs(value) > FLOAT32_MAX:
        return np.float32(inf)
    rounded = np.float32(value)
    return np.nextafter(rounded, np.float32(inf)) if float(rounded) < value else rounded


@kernel
def overlaps(nodes: Floats32, node: int, query: Floats32, hit: Bytes) -> None:
    """Marks in ``hit`` (64,) the entries of a node whose boxes overlap the query's (10,).

    It has no early way out, so that the compiler can compare many entries at once.
    """
    x0, y0, z0, h0, t0 = query[0], query[1], query[2], query[3], query[4]
    x1, y1, z1, h1, t1 = query[5], query[6], query[7], query[8], query[9]
    for j in range(NODE):
        hit[j] = (
            (nodes[node, 0, j] <= x1)
            & (nodes[node, 1, j] <= y1)
            & (nodes[node, 2, j] <= z1)
            & (nodes[node, 3, j] <= h1)
            & (nodes[node, 4, j] <= t1)
            & (nodes[node, 5, j] >= x0)
            & (nodes[node, 6, j] >= y0)
            & (nodes[node, 7, j] >= z0)
            & (nodes[node, 8, j] >= h0)
            & (nodes[node, 9, j] >= t0)
        )


@kernel
def collect(
    forest: Forest, query: Floats32, pending: Ints, hit: Bytes, words: Words, found: Ints32
) -> int:
    """Writes the volumes of all leaves' entries that overlap the query; returns how many.

    A volume of several boxes may be found more than once. ``words`` is ``hit``, eight at a time.
    """
    count = 0
    for root in range(len(forest.roots)):
        pending[0, 0], pending[0, 1] = forest.roots[root, 0], forest.roots[root, 1]
        base = forest.roots[root, 2]
        rows = 1
        while rows > 0:
            rows -= 1
            node, level = pending[rows, 0], pending[rows, 1]
            overlaps(forest.nodes, node, query, hit)
            for word in range(NODE // 8):
                if words[word] == 0:
                    continue
                for j in range(8 * word, 8 * word + 8):
                    if not hit[j]:
                        continue
                    entry = forest.entries[node, j]
                    if level > 0:
                        pending[rows, 0], pending[rows, 1] = base + entry, level - 1
                        rows += 1
                    else:
                        found[count] = entry
                        count += 1
    return count


@kernel
def propose(
    forest: Forest,
    queries: Floats32,
    query_of: Ints,
    start: int,
    end: int,
    low: Floats,
    high: Floats,
    apart: Ints,
    reach: Floats,
    stamps: Ints,
    first: Ints,
    second: Ints,
) -> tuple[int, int]:
    """Pairs of volumes of one set whose boxes meet and that differ in ``apart``, each once.

    The forest holds them all; ``queries`` from ``start`` to ``end`` are their boxes, those of one
    volume one after another, and ``query_of`` says whose. ``stamps`` (v,) is scratch of -1. Writes
    the lower number of each pair to ``first``, the higher to ``second``. A volume is answered
    whole or not at all; returns how many pairs there are and where to take up again.
    """
    pending = np.empty((PENDING, 2), dtype=np.int64)
    hit = np.zeros(NODE, dtype=np.uint8)
    words = hit.view(np.uint64)
    found = np.empty(forest.entries.size, dtype=np.int32)
    count, complete, row = 0, 0, start
    begun = start
    while row < end:
        i = query_of[row]
        if row == start or query_of[row - 1] != i:
            complete, begun = count, row
        for k in range(collect(forest, queries[row], pending, hit, words, found)):
            j = found[k]
            if j <= i or stamps[j] == i or apart[i] == apart[j]:
                continue
            stamps[j] = i
            if not meet(low, high, i, low, high, j, reach):
                continue
            if count == len(first):
                # What was found of this volume has its stamp, and is to be found again.
                for again in range(complete, count):
                    stamps[second[again]] = -1
                stamps[j] = -1
                return complete, begun
            first[count], second[count] = i, j
            count += 1
        row += 1
    return count, row


@kernel
def lateral_reach_m(area: int, other: int, reach_m: float) -> float:
    """The gap between two volumes that is still a conflict by the rule of their areas, or -1.

    See ``model``: to a place the lateral separation is 0, and two places never conflict.
    """
    if max(area, other) < PLACE:
        return reach_m
    return SLACK_M if min(area, other) < PLACE else -1.0


@kernel
def least(gap_m: float) -> float:
    """A gap as it is reported: 0 where volumes overlap or touch."""
    return 0.0 if gap_m <= SLACK_M else gap_m


@kernel
def ask(
    outlines: Outlines,
    party: int,
    area: int,
    forest: Forest,
    epoch_s: float,
    held: Cores,
    low: Floats,
    high: Floats,
    parties: Ints,
    areas: Ints,
    reach: Floats,
    time_s: float,
    stamps: Ints,
    found: Ints32,
    pairs: Ints,
    figures: Floats,
    exact: bool,
) -> tuple[int, int]:
    """The held volumes of other parties that meet those asked about, and how.

    ``low``, ``high`` (v, 7), ``parties`` and ``areas`` (v,) are of the held volumes, ``party`` and
    ``area`` of those asked about. ``stamps`` (v + 1,) and
    ``found`` are scratch: the last stamp counts the questions. Writes to ``pairs`` (k, 2) which
    volume asked about meets which held one, and to ``figures`` (k, 6) what ``Part`` says of them,
    in its order: from when to when, how near laterally and vertically, and where. Without
    ``exact``, only the boxes are compared and the figures are not written. Returns what became of
    the question, and how many pairs there are, or the number of the volume that is refused.
    """
    odd = odd_volume(outlines)
    if odd >= 0:
        return ODD, odd
    inverted = inverted_volume(outlines)
    if inverted >= 0:
        return INVERTED, inverted
    if mark_long(outlines, np.empty(len(outlines.rings), dtype=np.bool_)):
        return LONG, 0
    mine = lay(outlines)
    volumes, boxes = len(outlines.shapes), len(outlines.vertices) + len(outlines.shapes)
    my_low, my_high = np.empty((volumes, 7)), np.empty((volumes, 7))
    box(outlines, mine, my_low, my_high)
    run_low, run_high = np.empty((boxes, 3)), np.empty((boxes, 3))
    run_of = np.empty(boxes, dtype=np.int64)
    runs = bound_runs(
        mine, np.arange(volumes), my_low, my_high, RUN_M, RUNS_MAX, run_low, run_high, run_of
    )

    pending = np.empty((PENDING, 2), dtype=np.int64)
    hit = np.zeros(NODE, dtype=np.uint8)
    words = hit.view(np.uint64)
    query = np.empty(2 * SIDES, dtype=np.float32)
    stack, steps = np.empty((STACK_ROWS, 4)), np.zeros(2, dtype=np.int64)
    last, count = len(stamps) - 1, 0
    for run in range(runs):
        i = run_of[run]
        if run == 0 or run_of[run - 1] != i:
            stamps[last] += 1
        for axis in range(3):
            query[axis] = floor32(run_low[run, axis] - reach[axis] - SPARE)
            query[SIDES + axis] = ceil32(run_high[run, axis] + reach[axis] + SPARE)
        query[3] = floor32(my_low[i, W84] - reach[W84] - SPARE)
        query[8] = ceil32(my_high[i, W84] + reach[W84] + SPARE)
        query[4] = floor32(my_low[i, TIME_AT] - reach[TIME_AT] - SPARE - epoch_s)
        query[9] = ceil32(my_high[i, TIME_AT] + reach[TIME_AT] + SPARE - epoch_s)
        for k in range(collect(forest, query, pending, hit, words, found)):
            j = found[k]
            if stamps[j] == stamps[last]:
                continue
            stamps[j] = stamps[last]
            if parties[j] == party or not meet(my_low, my_high, i, low, high, j, reach):
                continue
            if count == len(pairs):
                return FULL, count
            if exact:
                lateral_m = lateral_reach_m(area, areas[j], reach[0])
                if lateral_m < 0:
                    continue
                steps[0], steps[1] = 0, STEPS_MAX
                gap_m, lon, lat = decide(mine, i, held, j, lateral_m, stack, steps)
                if gap_m == inf:
                    continue
                start_s = max(my_low[i, TIME_AT], low[j, TIME_AT]) - time_s / 2
                end_s = min(my_high[i, TIME_AT], high[j, TIME_AT]) + time_s / 2
                height_m = -inf
                for column in range(HEIGHTS_AT, HEIGHTS_AT + 3):
                    height_m = max(height_m, my_low[i, column] - high[j, column])
                    height_m = max(height_m, low[j, column] - my_high[i, column])
                # Windows that touch only thanks to the slack meet in one instant.
                figures[count, 0], figures[count, 1] = start_s, max(start_s, end_s)
                figures[count, 2], figures[count, 3] = least(gap_m), least(height_m)
                figures[count, 4], figures[count, 5] = lon, lat
            pairs[count, 0], pairs[count, 1] = i, j
            count += 1
    return DONE, count

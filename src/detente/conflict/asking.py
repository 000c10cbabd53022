"""What a check asks of the activities held: which boxes meet, then which volumes do (kernels).

The whole of a check is one call from the interpreter. It lays out the volumes asked about, goes
down the trees with their boxes, compares full boxes where the trees' coarser ones overlap, and
decides what is left on the ellipsoid.
"""

from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.conflict.compiled import kernel, making_kernel
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
Asked = tuple[Cores, int, Floats, Floats, int, int]
"""Volumes asked about, which of them, their boxes' ends, their party and their area."""

PENDING = 2048
"""Nodes that wait to be looked into: 64 for each level of a tree at most, and a few levels."""
FLOAT32_MAX = 3e38


class Scratch(NamedTuple):
    """Room to work in, kept from one question to the next."""

    pending: Ints
    """(n, 2) nodes still to be looked into, and the levels below them."""
    hit: Bytes
    """(64,) which entries of a node overlap the query."""
    hits: Words
    """(8,) the same bytes, eight at a time."""
    found: Ints32
    """(m,) volumes found in leaves: as many as all leaves have entries."""
    query: Floats32
    """(10,) the box that is asked about."""
    stack: Floats
    steps: Ints
    """For the exact test (``kernels.search``)."""


class Held(NamedTuple):
    """The volumes that are asked."""

    cores: Cores
    low: Floats
    """(v, 7) lower ends of their boxes (``pack``)."""
    high: Floats
    """(v, 7) upper ends."""
    parties: Ints
    """(v,) numbers of their parties."""
    areas: Ints
    """(v,) numbers of their areas."""
    stamps: Ints
    """(v + 1,) the last question that came across each; the last one counts the questions."""


def scratch_for(forest: Forest) -> Scratch:
    """Room to ask this forest."""
    hit = np.zeros(NODE, dtype=np.uint8)
    return Scratch(
        pending=np.empty((PENDING, 2), dtype=np.int64),
        hit=hit,
        hits=hit.view(np.uint64),
        found=np.empty(forest.entries.size, dtype=np.int32),
        query=np.empty(2 * SIDES, dtype=np.float32),
        stack=np.empty((STACK_ROWS, 4)),
        steps=np.zeros(2, dtype=np.int64),
    )


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
def collect(forest: Forest, query: Floats32, scratch: Scratch) -> int:
    """Writes the volumes of all leaves' entries that overlap the query; returns how many.

    A volume of several boxes may be found more than once.
    """
    pending, hit, hits, found = scratch.pending, scratch.hit, scratch.hits, scratch.found
    count = 0
    for root in range(len(forest.roots)):
        pending[0, 0], pending[0, 1] = forest.roots[root, 0], forest.roots[root, 1]
        base = forest.roots[root, 2]
        rows = 1
        while rows > 0:
            rows -= 1
            node, level = pending[rows, 0], pending[rows, 1]
            overlaps(forest.nodes, node, query, hit)
            for eight in range(NODE // 8):
                if hits[eight] == 0:
                    continue
                for j in range(8 * eight, 8 * eight + 8):
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
    scratch: Scratch,
    stamps: Ints,
    first: Ints,
    second: Ints,
) -> tuple[int, int]:
    """Pairs of volumes of one set whose boxes meet and that differ in ``apart``, each once.

    The forest holds them all; ``queries`` from ``start`` to ``end`` are their boxes, those of one
    volume one after another, and ``query_of`` says whose. ``stamps`` (v,) are -1 at first. Writes
    the lower number of each pair to ``first``, the higher to ``second``. A volume is answered
    whole or not at all; returns how many pairs there are and where to take up again.
    """
    count, complete, row, begun = 0, 0, start, start
    while row < end:
        i = query_of[row]
        if row == start or query_of[row - 1] != i:
            complete, begun = count, row
        for k in range(collect(forest, queries[row], scratch)):
            j = scratch.found[k]
            if j <= i or stamps[j] == i or apart[i] == apart[j]:
                continue
            stamps[j] = i
            if not meet(low, high, i, low, high, j, reach):
                continue
            if count == len(first):
                # What was found of this volume is to be found again.
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


@making_kernel
def ask(
    outlines: Outlines,
    cut: bool,
    party: int,
    area: int,
    forest: Forest,
    epoch_s: float,
    held: Held,
    reach: Floats,
    time_s: float,
    exact: bool,
    scratch: Scratch,
    pairs: Ints,
    figures: Floats,
) -> tuple[int, int]:
    """The held volumes of other parties that meet those asked about, and how.

    ``cut`` says that long edges have been cut already: pieces may be a little longer than what is
    cut, and those of very many edges much longer. ``party`` and ``area`` are of the volumes asked
    about. Writes to ``pairs`` (k, 2) which of them
    meets which held one, and to ``figures`` (k, 6) what ``Part`` says of the two, in its order:
    from when to when, how near laterally and vertically, and where. Without ``exact``, only the
    boxes are compared, no figures are written, and each held volume comes once at most. Returns
    what became of the question, and how many pairs there are, or the number of the volume that is
    refused.
    """
    odd = odd_volume(outlines)
    if odd >= 0:
        return ODD, odd
    inverted = inverted_volume(outlines)
    if inverted >= 0:
        return INVERTED, inverted
    if not cut and mark_long(outlines, np.empty(len(outlines.rings), dtype=np.bool_)):
        return LONG, 0
    mine = lay(outlines)
    volumes = len(outlines.shapes)
    low, high = np.empty((volumes, 7)), np.empty((volumes, 7))
    box(outlines, mine, low, high)
    most = len(outlines.vertices)
    run_low, run_high = np.empty((most, 3)), np.empty((most, 3))
    run_of = np.empty(most, dtype=np.int64)
    every = np.arange(volumes)
    runs = bound_runs(mine, every, low, high, RUN_M, RUNS_MAX, run_low, run_high, run_of)
    last, count, state = len(held.stamps) - 1, 0, DONE
    for run in range(runs):
        i = run_of[run]
        if run == 0 or (exact and run_of[run - 1] != i):
            held.stamps[last] += 1
        widen(run_low[run], run_high[run], low[i], high[i], reach, epoch_s, scratch.query)
        state, count = answer(
            (mine, i, low, high, party, area),
            forest,
            held,
            reach,
            time_s,
            exact,
            scratch,
            pairs,
            figures,
            count,
        )
        if state != DONE:
            break
    return state, count


@kernel
def widen(
    run_low: Floats,
    run_high: Floats,
    low: Floats,
    high: Floats,
    reach: Floats,
    epoch_s: float,
    query: Floats32,
) -> None:
    """Writes the query of one box (3,) of a volume, whose whole box (7,) gives height and time."""
    for axis in range(3):
        query[axis] = floor32(run_low[axis] - reach[axis] - SPARE)
        query[SIDES + axis] = ceil32(run_high[axis] + reach[axis] + SPARE)
    query[3] = floor32(low[W84] - reach[W84] - SPARE)
    query[SIDES + 3] = ceil32(high[W84] + reach[W84] + SPARE)
    query[4] = floor32(low[TIME_AT] - reach[TIME_AT] - SPARE - epoch_s)
    query[SIDES + 4] = ceil32(high[TIME_AT] + reach[TIME_AT] + SPARE - epoch_s)


@kernel
def answer(
    asked: Asked,
    forest: Forest,
    held: Held,
    reach: Floats,
    time_s: float,
    exact: bool,
    scratch: Scratch,
    pairs: Ints,
    figures: Floats,
    count: int,
) -> tuple[int, int]:
    """Answers one query about one volume, behind the ``count`` pairs that are written already."""
    mine, i, low, high, party, area = asked
    stamps, last = held.stamps, len(held.stamps) - 1
    for k in range(collect(forest, scratch.query, scratch)):
        j = scratch.found[k]
        if stamps[j] == stamps[last]:
            continue
        if exact:
            # Each volume asked about counts by itself; of boxes alone, one that meets will do.
            stamps[j] = stamps[last]
        if held.parties[j] == party or not meet(low, high, i, held.low, held.high, j, reach):
            continue
        stamps[j] = stamps[last]
        if count == len(pairs):
            return FULL, count
        if exact:
            lateral_m = lateral_reach_m(area, held.areas[j], reach[0])
            if lateral_m < 0:
                continue
            scratch.steps[0], scratch.steps[1] = 0, STEPS_MAX
            gap_m, lon, lat = decide(
                mine, i, held.cores, j, lateral_m, scratch.stack, scratch.steps
            )
            if gap_m == inf:
                continue
            start_s = max(low[i, TIME_AT], held.low[j, TIME_AT]) - time_s / 2
            end_s = min(high[i, TIME_AT], held.high[j, TIME_AT]) + time_s / 2
            height_m = -inf
            for column in range(HEIGHTS_AT, HEIGHTS_AT + 3):
                height_m = max(height_m, low[i, column] - held.high[j, column])
                height_m = max(height_m, held.low[j, column] - high[i, column])
            # Windows that touch only thanks to the slack meet in one instant.
            figures[count, 0], figures[count, 1] = start_s, max(start_s, end_s)
            figures[count, 2], figures[count, 3] = least(gap_m), least(height_m)
            figures[count, 4], figures[count, 5] = lon, lat
        pairs[count, 0], pairs[count, 1] = i, j
        count += 1
    return DONE, count

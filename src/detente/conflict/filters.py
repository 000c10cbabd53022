"""Which boxes overlap: the filter before the exact test (kernels).

A box has seven intervals, in the columns that ``pack`` lays out. Two boxes meet when in every
column the gap between their intervals is at most that column's ``reach``. That is decided on the
full intervals in double precision and never rounds (``meet``). A tree of coarser boxes
(``trees``) only proposes which boxes to compare, and proposes too many rather than too few.
"""

from math import inf

import numpy as np

from detente.conflict.compiled import kernel
from detente.conflict.cores import Cores
from detente.volumes.geodesy import RADIUS_MIN_M, Bools, Floats, Floats32, Ints

NODE = 64
"""Entries of a node. One instruction compares sixteen floats, and four cache lines follow."""
SIDES = 5
"""Columns of a tree's boxes: x, y, z, height above WGS84, time."""


@kernel
def meet(
    low: Floats, high: Floats, i: int, other_low: Floats, other_high: Floats, j: int, reach: Floats
) -> bool:
    """Whether box i of the first set and box j of the other are within reach in every column."""
    for column in range(len(reach)):
        if other_low[j, column] - high[i, column] > reach[column]:
            return False
        if low[i, column] - other_high[j, column] > reach[column]:
            return False
    return True


@kernel
def sweep(
    low: Floats,
    high: Floats,
    reach: Floats,
    column: int,
    apart: Ints,
    start: int,
    first: Ints,
    second: Ints,
) -> tuple[int, int]:
    """Pairs of boxes that meet and differ in ``apart``, in chunks.

    The boxes are sorted by ``low[:, column]``; the sweep takes up at box ``start``. Writes the
    pairs to ``first`` and ``second`` and returns how many there are and where to take up again. A
    box is swept whole or not at all, so the arrays must hold as many pairs as there are boxes.
    """
    count, n = 0, len(low)
    while start < n and count + (n - start) <= len(first):
        for other in range(start + 1, n):
            if low[other, column] - high[start, column] > reach[column]:
                break
            if apart[start] != apart[other] and meet(low, high, start, low, high, other, reach):
                first[count], second[count] = start, other
                count += 1
        start += 1
    return count, start


@kernel
def cross(
    low: Floats,
    high: Floats,
    other_low: Floats,
    other_high: Floats,
    reach: Floats,
    first: Ints,
    second: Ints,
) -> int:
    """Writes the pairs of boxes of two sets that meet; returns how many there are."""
    count = 0
    for i in range(len(low)):
        for j in range(len(other_low)):
            if meet(low, high, i, other_low, other_high, j, reach):
                first[count], second[count] = i, j
                count += 1
    return count


@kernel
def overlaps(nodes: Floats32, node: int, query: Floats32, hit: Bools) -> None:
    """Marks in ``hit`` (64,) the entries of a node whose boxes overlap the query's (10,).

    It has no early way out, so that the compiler can compare many entries at once.
    """
    for j in range(NODE):
        hit[j] = (
            (nodes[node, 0, j] <= query[5])
            & (nodes[node, 1, j] <= query[6])
            & (nodes[node, 2, j] <= query[7])
            & (nodes[node, 3, j] <= query[8])
            & (nodes[node, 4, j] <= query[9])
            & (nodes[node, 5, j] >= query[0])
            & (nodes[node, 6, j] >= query[1])
            & (nodes[node, 7, j] >= query[2])
            & (nodes[node, 8, j] >= query[3])
            & (nodes[node, 9, j] >= query[4])
        )


@kernel
def propose(
    nodes: Floats32,
    starts: Ints,
    volume_of: Ints,
    queries: Floats32,
    query_of: Ints,
    low: Floats,
    high: Floats,
    apart: Ints,
    other_low: Floats,
    other_high: Floats,
    other_apart: Ints,
    reach: Floats,
    after: bool,
    row: int,
    end: int,
    first: Ints,
    second: Ints,
) -> tuple[int, int]:
    """Pairs of a query's volumes and a tree's whose boxes meet and that differ in ``apart``.

    ``query_of`` and ``volume_of`` say to which volume a box of the queries and of the tree
    belongs; a volume of many boxes may be proposed more than once. ``after`` leaves only pairs in
    which the tree's volume has the higher number, for sets compared with themselves.

    Answers the queries from ``row`` to ``end`` while the arrays hold their pairs; a query is
    answered whole or not at all. Returns how many pairs there are and where to take up again.
    """
    top = len(starts) - 2
    hit = np.zeros(NODE, dtype=np.bool_)
    stack = np.empty((NODE * (top + 1) + starts[top + 1] - starts[top], 2), dtype=np.int64)
    count = 0
    while row < end:
        i, complete = query_of[row], count
        rows = 0
        for node in range(starts[top + 1] - starts[top]):
            stack[rows, 0], stack[rows, 1] = top, node
            rows += 1
        while rows > 0:
            rows -= 1
            level, node = stack[rows, 0], stack[rows, 1]
            overlaps(nodes, starts[level] + node, queries[row], hit)
            for entry in range(NODE):
                if not hit[entry]:
                    continue
                if level > 0:
                    stack[rows, 0], stack[rows, 1] = level - 1, node * NODE + entry
                    rows += 1
                    continue
                j = volume_of[node * NODE + entry]
                if after and j <= i:
                    continue
                if apart[i] == other_apart[j]:
                    continue
                if not meet(low, high, i, other_low, other_high, j, reach):
                    continue
                if count == len(first):
                    return complete, row
                first[count], second[count] = i, j
                count += 1
        row += 1
    return count, row


@kernel
def bound_runs(
    cores: Cores,
    volumes: Ints,
    low: Floats,
    high: Floats,
    run_m: float,
    runs_max: int,
    run_low: Floats,
    run_high: Floats,
    run_of: Ints,
) -> int:
    """Boxes that together hold each of these volumes, several along a polyline; returns how many.

    A run of pieces ends where its box would exceed ``run_m`` along an axis, for a long diagonal
    line fills little of its box. Of a polygon the inside counts too, so it keeps its one box,
    from ``low`` and ``high``. Writes ``run_low`` and ``run_high``, (n, 3), and the volume of each
    to ``run_of``; no volume has more than ``runs_max``.
    """
    count = 0
    for v in volumes:
        size_m = 0.0
        for axis in range(3):
            size_m = max(size_m, high[v, axis] - low[v, axis] - 2 * cores.radius_m[v])
        if cores.polygon[v] or size_m <= run_m:
            for axis in range(3):
                run_low[count, axis], run_high[count, axis] = low[v, axis], high[v, axis]
            run_of[count] = v
            count += 1
            continue
        begun = count
        for i in range(cores.paths[cores.volumes[v]], cores.paths[cores.volumes[v + 1]]):
            if cores.ball_m[i] < 0:
                continue
            speed_m = cores.speed_m[i]
            grow_m = cores.bulge_m[i] + speed_m * speed_m / (8 * RADIUS_MIN_M) + cores.radius_m[v]
            fits = count > begun
            for axis in range(3):
                least = min(cores.xyz[i, axis], cores.xyz[i + 1, axis]) - grow_m
                most = max(cores.xyz[i, axis], cores.xyz[i + 1, axis]) + grow_m
                if fits and count - begun < runs_max:
                    last = count - 1
                    size_m = max(run_high[last, axis], most) - min(run_low[last, axis], least)
                    fits = size_m <= run_m + 2 * grow_m
            if not fits:
                for axis in range(3):
                    run_low[count, axis], run_high[count, axis] = inf, -inf
                run_of[count] = v
                count += 1
            for axis in range(3):
                least = min(cores.xyz[i, axis], cores.xyz[i + 1, axis]) - grow_m
                most = max(cores.xyz[i, axis], cores.xyz[i + 1, axis]) + grow_m
                run_low[count - 1, axis] = min(run_low[count - 1, axis], least)
                run_high[count - 1, axis] = max(run_high[count - 1, axis], most)
    return count

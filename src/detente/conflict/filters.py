"""Which boxes overlap: the filter before the exact test (kernels).

A box has seven intervals, in the columns that ``pack`` lays out. Two boxes meet when in every
column the gap between their intervals is at most that column's ``reach``. That is decided on the
full intervals in double precision and never rounds (``meet``). A tree of coarser boxes
(``trees``) only proposes which boxes to compare, and proposes too many rather than too few.
"""

from math import inf

from detente.conflict.compiled import kernel
from detente.conflict.cores import Cores
from detente.volumes.geodesy import RADIUS_MIN_M, Floats, Ints

NODE = 64
"""Entries of a node. One instruction compares sixteen floats, and four cache lines follow."""
SIDES = 5
"""Columns of a tree's boxes: x, y, z, height above WGS84, time."""
RUN_M = 100_000.0
"""A line longer than this along an axis is held by several boxes."""
RUNS_MAX = 64
"""A volume has no more boxes than this, however long it is."""


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

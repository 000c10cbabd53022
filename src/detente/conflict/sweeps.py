"""Which boxes overlap: the filter before the exact test (kernels).

A box has seven intervals, in the columns that ``pack`` lays out. Two boxes meet when in every
column the gap between their intervals is at most that column's ``reach``. The filter is the only
thing that keeps pairs from the exact test, so it compares the full intervals in double precision
and never rounds.
"""

from detente.conflict.compiled import kernel
from detente.volumes.geodesy import Floats, Ints


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

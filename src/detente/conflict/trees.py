"""Packed trees of boxes in space, height and time, which propose what to compare.

A tree is an array of nodes of 64 entries, filled without gaps and never changed; its shape follows
from its size, so it stores no pointers (Leutenegger, Lopez and Edgington 1997, *STR: a simple and
efficient algorithm for R-tree packing*). Its boxes have five columns: Earth-centred x, y and z,
the height above WGS84 and the time. They are in single precision, *rounded outward*, and a query
is widened by the separation and ``SPARE`` besides. So the tree proposes more than ``filters.meet``
passes, and never less:

- what ``meet`` passes is within reach in these five columns too, since they are among its seven;
- time is counted from an epoch near those at hand: a POSIX time in single precision is good to
  two minutes only; the subtraction errs by microseconds, and ``SPARE`` is a second;
- a line's boxes together hold the line (``filters.bound_runs``), and lines that come within the
  separation do so at two points, each in a box; ``SPARE`` is a metre, hundreds of times what the
  exact test may take a distance for too short.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.conflict import filters
from detente.conflict.compiled import WORKLOAD
from detente.conflict.cores import Cores
from detente.conflict.filters import NODE, RUN_M, RUNS_MAX, SIDES
from detente.conflict.pack import TIME
from detente.volumes.geodesy import Floats, Floats32, Ints

SPARE = 1.0
"""Metres and seconds by which queries are widened."""

W84 = 3
"""The column of ``pack``'s boxes that a tree takes over of the three heights."""


Ints32 = npt.NDArray[np.int32]


class Boxes(NamedTuple):
    """Boxes in double precision, each of a volume; a volume may have several."""

    low: Floats
    """(m, 5) x, y, z and height above WGS84 in metres, time in POSIX seconds."""
    high: Floats
    """(m, 5)."""
    volume: Ints
    """(m,) the volume that each is of."""


class Tree(NamedTuple):
    """A packed tree; its root is its last node."""

    nodes: Floats32
    """(k, 10, 64) lower sides, then upper sides, of each node's entries; the leaves come first."""
    entries: Ints32
    """(k, 64) what each entry stands for: in a leaf a volume, elsewhere another node."""
    levels: int
    """How many levels there are above the leaves."""
    volumes: Ints
    """(m,) the volume of each box in the leaves, in their order."""


class Forest(NamedTuple):
    """Several trees in the same arrays, to be looked into one after another."""

    nodes: Floats32
    """(k, 10, 64) the nodes of all trees."""
    entries: Ints32
    """(k, 64)."""
    roots: Ints
    """(r, 3) each tree's root, the levels below it, and its first node."""


def boxes_of(cores: Cores, volumes: Ints, low: Floats, high: Floats) -> Boxes:
    """The boxes of some volumes, whose whole boxes (v, 7) ``pack`` has computed."""
    most = int(np.clip(cores.pieces(volumes), 1, RUNS_MAX).sum())
    run_low, run_high = np.empty((most, 3)), np.empty((most, 3))
    run_of = np.empty(most, dtype=np.int64)
    module = WORKLOAD.module(filters, most / 4)
    count = module.bound_runs(cores, volumes, low, high, RUN_M, RUNS_MAX, run_low, run_high, run_of)
    run_of = run_of[:count]
    return Boxes(
        np.column_stack([run_low[:count], low[run_of, W84], low[run_of, TIME]]),
        np.column_stack([run_high[:count], high[run_of, W84], high[run_of, TIME]]),
        run_of,
    )


def tree_of(boxes: Boxes, epoch_s: float) -> Tree:
    """Packs boxes into a tree that counts time from ``epoch_s``. Equal boxes give equal trees."""
    order = _tiled(boxes.low, boxes.high)
    volumes = boxes.volume[order]
    levels = [as_nodes(outward(boxes.low[order], boxes.high[order], epoch_s))]
    entries = [_filled(volumes, len(levels[0]))]
    while len(levels[-1]) > 1:
        below = len(levels[-1])
        first = sum(map(len, levels)) - below
        levels.append(as_nodes(_sides_of(levels[-1])))
        entries.append(_filled(np.arange(first, first + below), len(levels[-1])))
    return Tree(np.concatenate(levels), np.concatenate(entries), len(levels) - 1, volumes)


def forest_of(trees: Sequence[Tree], spare_nodes: int = 0) -> Forest:
    """Trees side by side, behind as many nodes that hold nothing yet."""
    nodes = [empty_nodes(spare_nodes), *(tree.nodes for tree in trees)]
    entries = [np.zeros((spare_nodes, NODE), dtype=np.int32), *(tree.entries for tree in trees)]
    roots, first = [], spare_nodes
    for tree in trees:
        roots.append((first + len(tree.nodes) - 1, tree.levels, first))
        first += len(tree.nodes)
    return Forest(
        np.concatenate(nodes),
        np.concatenate(entries),
        np.array(roots, dtype=np.int64).reshape(-1, 3),
    )


def empty_nodes(count: int) -> Floats32:
    """(count, 10, 64) nodes whose entries meet nothing."""
    nodes = np.empty((count, 2 * SIDES, NODE), dtype=np.float32)
    nodes[:, :SIDES], nodes[:, SIDES:] = np.inf, -np.inf
    return nodes


def queries_of(boxes: Boxes, reach: Floats, epoch_s: float) -> Floats32:
    """(m, 10) what overlaps these boxes in a tree of this epoch may be within ``reach`` (7,)."""
    wide = reach[[0, 1, 2, W84, TIME]] + SPARE
    return outward(boxes.low - wide, boxes.high + wide, epoch_s)


def outward(low: Floats, high: Floats, epoch_s: float) -> Floats32:
    """(m, 10) boxes in single precision that hold those given in double precision, (m, 5)."""
    low, high = low.copy(), high.copy()
    low[:, SIDES - 1] -= epoch_s
    high[:, SIDES - 1] -= epoch_s
    # What is beyond single precision becomes infinite, and then the greatest number short of it.
    with np.errstate(over="ignore"):
        floor, ceiling = low.astype(np.float32), high.astype(np.float32)
    floor = np.where(floor > low, np.nextafter(floor, np.float32(-np.inf)), floor)
    ceiling = np.where(ceiling < high, np.nextafter(ceiling, np.float32(np.inf)), ceiling)
    return np.ascontiguousarray(np.concatenate([floor, ceiling], axis=1))


def as_nodes(boxes: Floats32) -> Floats32:
    """(k, 10, 64) nodes that hold these boxes (m, 10) in order; what is left over meets nothing."""
    nodes = -(-len(boxes) // NODE)
    filled = np.empty((nodes * NODE, 2 * SIDES), dtype=np.float32)
    filled[: len(boxes)] = boxes
    filled[len(boxes) :, :SIDES], filled[len(boxes) :, SIDES:] = np.inf, -np.inf
    return np.ascontiguousarray(filled.reshape(nodes, NODE, 2 * SIDES).swapaxes(1, 2))


def _filled(numbers: Ints, nodes: int) -> Ints32:
    """(nodes, 64) these numbers in order, and zeros."""
    filled = np.zeros(nodes * NODE, dtype=np.int32)
    filled[: len(numbers)] = numbers
    return filled.reshape(nodes, NODE)


def _sides_of(nodes: Floats32) -> Floats32:
    """(k, 10) the boxes that hold all entries of each node."""
    return np.concatenate(
        [nodes[:, :SIDES].min(axis=2), nodes[:, SIDES:].max(axis=2)], axis=1, dtype=np.float32
    )


def _tiled(low: Floats, high: Floats) -> Ints:
    """An order in which 64 boxes in a row are near each other: sort-tile-recursive.

    The boxes are cut into slabs of time, each of these into slabs of z, each of these into slabs
    of the angle round the axis, and these are sorted by height.
    """
    with np.errstate(invalid="ignore"):
        middle = (low + high) / 2
    # A band without a limit has no middle; it stands with its limit or at the bottom.
    height = np.nan_to_num(middle[:, 3], nan=0.0, posinf=1e9, neginf=-1e9)
    angle = np.arctan2(middle[:, 1], middle[:, 0])
    slabs = max(1, round((len(low) / NODE) ** 0.25))
    order = np.arange(len(low))
    size = len(low)
    for key in (middle[:, 4], middle[:, 2], angle, height):
        slab = np.arange(len(low)) // max(1, size)
        order = order[np.lexsort((key[order], slab))]
        # Slabs begin at whole nodes, so that no node reaches into two of them.
        size = max(NODE, -(-size // slabs // NODE) * NODE)
    return order

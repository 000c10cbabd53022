"""Compiles the kernels and keeps them on disk: ``python -m detente.conflict.warm``.

Run once after installation and at a node's start, so that no officer waits for a compiler.
"""

import sys
import time
from typing import TextIO

import numpy as np

from detente.conflict import filters, kernels
from detente.conflict.compiled import compiled_form
from detente.conflict.hits import NO_HURRY
from detente.conflict.model import Separation
from detente.conflict.pack import pack, reach_of
from detente.conflict.trees import boxes_of, queries_of, tree_of
from detente.volumes.model import Activity, Band, Core, Shape, Volume


def warm(stream: TextIO) -> None:
    """Runs every kernel that is called from outside once, compiled, and says so on ``stream``."""
    stream.write("detente: making the numeric kernels ready (half a minute the first time) … ")
    stream.flush()
    start_s = time.perf_counter()
    square = Core(Shape.POLYGON, (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    one = pack([Activity("a", "1", "", (Volume(square, 0.0, Band(None, None), 0.0, 1.0),))])
    reach = reach_of(Separation())
    geometry, filter_ = compiled_form(kernels), compiled_form(filters)
    first, second = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    low, high = one.low.copy(), one.high.copy()
    geometry.bound_boxes(one.cores, low, high)
    gaps, places = np.empty(1), np.empty((1, 2))
    geometry.examine(one.cores, one.cores, first, second, 1.0, gaps, places, 0, NO_HURRY)
    zero = np.zeros(1, dtype=np.int64)
    filter_.bound_runs(
        one.cores, zero, low, high, 1.0, 1, np.empty((4, 3)), np.empty((4, 3)), np.empty_like(zero)
    )
    boxes = boxes_of(one.cores, zero, low, high)
    tree = tree_of(boxes, 0.0)
    queries = queries_of(boxes, reach, tree.epoch_s)
    boxed, others = (low, high, zero), (low, high, zero + 1)
    filter_.propose(
        *tree[:3], queries, boxes.volume, *boxed, *others, reach, False, 0, 1, first, second
    )
    filter_.cross(low, high, low, high, reach, first, second)
    filter_.sweep(low, high, reach, 0, first.copy(), 0, first, second)
    stream.write(f"done in {time.perf_counter() - start_s:.1f} s\n")


if __name__ == "__main__":
    warm(sys.stderr)

"""Compiles the kernels and keeps them on disk: ``python -m detente.conflict.warm``.

Run once after installation and at a node's start, so that no officer waits for a compiler.
"""

import sys
import time
from math import inf
from typing import TextIO

import numpy as np

from detente.conflict.candidates import asked, candidates_between
from detente.conflict.compiled import WORKLOAD
from detente.conflict.index import Index
from detente.conflict.meeting import find
from detente.conflict.model import Separation
from detente.conflict.pack import pack, reach_of
from detente.volumes.model import Activity, Band, Core, Shape, Volume


def warm(stream: TextIO) -> None:
    """Runs every kernel that is called from outside once, compiled, and says so on ``stream``."""
    stream.write("detente: making the numeric kernels ready (half a minute the first time) … ")
    stream.flush()
    start_s = time.perf_counter()
    square = Core(Shape.POLYGON, (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    volume = Volume(square, 0.0, Band(None, None), 0.0, 1.0)
    one, other = (Activity(party, "1", "", (volume,)) for party in "ab")
    # So much work has been done that everything from here on is done by compiled kernels.
    WORKLOAD.done = inf
    index = Index(Separation())
    index.put(one)
    index.check(other)
    find([one, other], Separation())
    packed = pack([one, other])
    reach = reach_of(Separation())
    for propose, _ in asked(packed, packed.owner, np.arange(2), reach):
        for _ in propose():
            pass
    for _ in candidates_between(packed, packed, reach):
        pass
    stream.write(f"done in {time.perf_counter() - start_s:.1f} s\n")


if __name__ == "__main__":
    warm(sys.stderr)

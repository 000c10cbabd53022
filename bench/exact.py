"""The one place where the benchmark reaches into the engine: its exact test, lent to the peers.

An index only proposes candidates, and whoever uses it has to decide them. So that what is compared
is the indexes, the peers' candidates are decided by the kernel that decides ours, on shapes that
are laid out beforehand, and nothing is made of the answer but its numbers. Our own check pays for
more: it lays out the activity it is given, and ends with conflicts as the product reports them.
"""

import numpy as np
import numpy.typing as npt

from detente.conflict import Separation, kernels
from detente.conflict.compiled import compiled_form
from detente.conflict.model import SLACK_M, SLACK_S
from detente.conflict.pack import pack, reach_of
from detente.volumes.model import Activity

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_HURRY = 2**62
__all__ = ["SLACK_M", "SLACK_S", "Exact", "Floats", "Ints"]


class Exact:
    """Activities of one volume each, numbered as they are given, laid out for the exact test."""

    def __init__(self, activities: list[Activity], separation: Separation) -> None:
        packed = pack(activities)
        self.cores, self.low, self.high = packed.cores, packed.low, packed.high
        self._reach, self._limit_m = reach_of(separation), separation.lateral_m + SLACK_M
        self._kernels = compiled_form(kernels)

    def met(self, first: Ints, second: Ints) -> Bools:
        """(k,) which of these pairs of activities conflict."""
        gaps = np.maximum(self.low[second] - self.high[first], self.low[first] - self.high[second])
        may: Bools = np.asarray((gaps <= self._reach).all(axis=1))
        gaps_m, places = np.empty(int(may.sum())), np.empty((int(may.sum()), 2))
        self._kernels.examine(
            self.cores, self.cores, first[may], second[may], self._limit_m, gaps_m, places,
            0, NO_HURRY,
        )  # fmt: skip
        may[may] = gaps_m < np.inf
        return may

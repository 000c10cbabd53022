"""The activities a node knows, kept ready to be checked against one more.

The index is derived: it holds nothing that cannot be put in again from the store. It answers as
``find`` would, because both use the same boxes and the same exact test. A box for each activity
as a whole comes first, then the boxes of its volumes, then the test.

It is not safe for threads; its owner serialises access.
"""

from typing import NamedTuple

import numpy as np

from detente.conflict.candidates import candidates_between
from detente.conflict.meeting import conflicts_between, in_order
from detente.conflict.model import Conflict, Key, Separation
from detente.conflict.pack import COLUMNS, Pack, key_of, pack, reach_of
from detente.volumes.geodesy import Bools, Floats
from detente.volumes.model import Activity

ROWS_AT_FIRST = 64
NOWHERE = 1e300
"""A free row's box begins here and ends at minus this, so it meets nothing. It is finite, because
infinite limits of a band are subtracted from it."""


class _Held(NamedTuple):
    row: int
    pack: Pack


class Index:
    """Activities by party and identifier, under one separation."""

    def __init__(self, separation: Separation) -> None:
        self.separation = separation
        self._reach = reach_of(separation)
        self._held: dict[Key, _Held] = {}
        self._at: dict[int, Key] = {}
        self._low = np.empty((0, COLUMNS))
        self._high = np.empty((0, COLUMNS))
        self._free: list[int] = []

    def __len__(self) -> int:
        """How many activities are held."""
        return len(self._held)

    def put(self, activity: Activity) -> None:
        """Adds an activity, or puts it in the place of the one with the same key."""
        packed = pack([activity])
        key = key_of(activity)
        row = self._held[key].row if key in self._held else self._new_row()
        self._low[row], self._high[row] = packed.low.min(axis=0), packed.high.max(axis=0)
        self._held[key], self._at[row] = _Held(row, packed), key

    def remove(self, party: str, id: str) -> None:
        """Takes an activity out; does nothing if it is not held."""
        held = self._held.pop(Key(party, id), None)
        if held is None:
            return
        self._low[held.row], self._high[held.row] = NOWHERE, -NOWHERE
        del self._at[held.row]
        self._free.append(held.row)

    def near(self, activity: Activity) -> list[Activity]:
        """Activities of other parties that may conflict with this one, and never too few.

        Sorted by party and identifier. ``activity`` itself need not be held.
        """
        query = pack([activity])
        return [
            candidate.activities[0]
            for candidate in self._candidates(query)
            if any(len(first) for first, _ in candidates_between(query, candidate, self._reach))
        ]

    def check(self, activity: Activity) -> list[Conflict]:
        """The conflicts of an activity with those held of other parties, as ``find`` has them."""
        query = pack([activity])
        found = [
            conflict
            for candidate in self._candidates(query)
            for conflict in conflicts_between(query, candidate, self.separation)
        ]
        return sorted(found, key=in_order)

    def _candidates(self, query: Pack) -> list[Pack]:
        low, high = query.low.min(axis=0), query.high.max(axis=0)
        meets: Bools = ((self._low - high <= self._reach) & (low - self._high <= self._reach)).all(
            axis=1
        )
        keys = sorted(self._at[row] for row in np.flatnonzero(meets).tolist())
        party = query.activities[0].party
        return [self._held[key].pack for key in keys if key.party != party]

    def _new_row(self) -> int:
        if not self._free:
            rows = len(self._low)
            more = max(ROWS_AT_FIRST, rows)
            self._low = _grown(self._low, more, NOWHERE)
            self._high = _grown(self._high, more, -NOWHERE)
            self._free = list(range(rows + more - 1, rows - 1, -1))
        return self._free.pop()


def _grown(boxes: Floats, rows: int, value: float) -> Floats:
    return np.concatenate([boxes, np.full((rows, COLUMNS), value)])

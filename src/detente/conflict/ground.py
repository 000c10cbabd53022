"""What a changed activity has to stay clear of: other parties' activities, under a separation."""

from collections.abc import Iterator, Sequence

import numpy as np

from detente.conflict.candidates import candidates_between
from detente.conflict.index import Index
from detente.conflict.model import Key, Separation
from detente.conflict.pack import PLACE, Pack, key_of, pack, reach_of
from detente.volumes.geodesy import Bools, Floats, Ints
from detente.volumes.model import Activity


class Ground:
    """One or more activities, of other parties than the one that changes."""

    def __init__(self, activities: Sequence[Activity], separation: Separation) -> None:
        self.separation = separation
        self.pack: Pack = pack(activities)
        self._index = Index(separation)
        self._index.put_many(activities)
        self._counts: Bools = np.ones(len(activities), dtype=np.bool_)

    def leave_out(self, keys: set[Key]) -> None:
        """These no longer count."""
        for key in keys:
            self._index.remove(key.party, key.id)
        names = map(key_of, self.pack.activities)
        self._counts = np.array([name not in keys for name in names], dtype=np.bool_)

    def met(self, changed: Activity) -> set[Key]:
        """Which of them the changed activity would conflict with, by the engine."""
        name = key_of(changed)
        return {found.b if found.a == name else found.a for found in self._index.check(changed)}

    def candidates(self, moves: Pack, reach: Floats) -> Iterator[tuple[Ints, Ints]]:
        """Pairs of volumes whose boxes come within ``reach`` (7,), in chunks."""
        for first, second in candidates_between(moves, self.pack, reach):
            counts = self._counts[self.pack.owner[second]]
            yield first[counts], second[counts]

    def apart_m(self, moves: Pack, first: Ints, second: Ints) -> Floats:
        """(k,) what pairs of volumes have to keep between them laterally, by the rule of each."""
        area = np.maximum(moves.area[first], self.pack.area[second])
        return np.where(area < PLACE, self.separation.lateral_m, 0.0)

    def within(self, moves: Pack, reach_m: float) -> tuple[Ints, Ints]:
        """Pairs of volumes that meet in time and height, and laterally if moved so far."""
        reach = reach_of(self.separation)
        reach[:3] += reach_m
        chunks = list(self.candidates(moves, reach))
        first, second = (np.concatenate(part) for part in zip(*chunks, strict=True))
        return first, second

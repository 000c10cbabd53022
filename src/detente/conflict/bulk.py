"""A million activities to be compared with each other, of which little is kept.

An activity as Python objects takes up several kilobytes, most of it for its vertices. Only its name
and the arrays that ``pack`` makes of it are needed to find its conflicts: one or two kilobytes
for a shape of ten vertices. So activities are packed as they are read, some
thousands at a time and by as many processes as read them, and let go.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from detente.conflict.arena import NOBODY, Arena
from detente.conflict.meeting import Progress, conflicts_among
from detente.conflict.model import Conflict, Separation
from detente.conflict.pack import Pack, pack
from detente.volumes.model import Activity, Band, Core, Shape, Volume

_ANY = (Volume(Core(Shape.POINT, ()), 0.0, Band(None, None), 0.0, 0.0),)
"""Stands for a volume of which only the arrays are kept."""


class Bulk:
    """Names and arrays of activities."""

    def __init__(self) -> None:
        self._arena = Arena()
        self._dropped: set[int] = set()

    def __len__(self) -> int:
        """How many activities there are."""
        return len(self._arena.activities) - len(self._dropped)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays; the names are not counted."""
        return self._arena.nbytes

    def add(self, packed: Pack) -> int:
        """Takes over some activities, packed by ``slim``; the number of the first of them."""
        first = len(self._arena.activities)
        self._arena.add(packed, np.zeros(len(packed.owner), dtype=np.int64))
        return first

    def drop(self, number: int) -> None:
        """Takes out one that was added."""
        if number not in self._dropped:
            self._dropped.add(number)
            self._arena.drop(number)

    def parties(self) -> set[str]:
        """The parties whose activities there are."""
        return {one.party for one in self._arena.activities if one is not NOBODY}

    def conflicts(
        self, separation: Separation, *, within: bool = False, progress: Progress | None = None
    ) -> Iterator[Conflict]:
        """As ``conflicts_among`` has them."""
        if len(self) < 2:
            return iter(())
        if self._dropped:
            self._arena, self._dropped = self._arena.closed(), set()
        # Its arrays are longer than what is in use of them.
        packed, volumes = self._arena.pack, self._arena.volumes
        everything = packed._replace(
            low=packed.low[:volumes],
            high=packed.high[:volumes],
            owner=packed.owner[:volumes],
            first=packed.first[: len(packed.activities)],
            area=packed.area[:volumes],
        )
        return conflicts_among(everything, separation, within=within, progress=progress)


def slim(activities: Sequence[Activity]) -> Pack:
    """One or more activities packed, with nothing kept of them but their names."""
    packed = pack(activities)
    return packed._replace(activities=tuple(_name_of(one) for one in activities))


def _name_of(activity: Activity) -> Activity:
    """The activity without what is in its arrays; the arena counts its volumes."""
    return Activity(activity.party, activity.id, activity.kind, _ANY * len(activity.volumes))

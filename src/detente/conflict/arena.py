"""Many activities in one set of arrays that grows, so that a million of them take up little room.

Activities are only ever added at the end. One that is removed leaves a gap: its boxes meet nothing
any more (``NOWHERE``), and its arrays are dropped when the gaps are to be closed (``closed``).
"""

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from detente.conflict.cores import VERTEX_COLUMNS, VERTEX_ROW, Cores
from detente.conflict.pack import COLUMNS, Pack
from detente.volumes.geodesy import Bools, Ints
from detente.volumes.model import Activity

NOWHERE = 1e300
"""A gap's box begins here and ends at minus this, so it meets nothing. It is finite, because
infinite limits of a band are subtracted from it."""
NOBODY = Activity("", "", "", ())
"""Stands where an activity was, so that its memory can be freed."""
GROWTH = 1.5

T = TypeVar("T", bound=np.generic)

OFFSETS = {
    "volumes": ("volume", "path"),
    "blocks": ("volume", "block"),
    "paths": ("path", "vertex"),
    "block_starts": ("block", "vertex"),
}
"""Fields of ``Cores`` that say where the parts of each thing begin, and those after the last: of
each what, and which parts. Larger things come first."""
ROWS = {
    "turns": "path",
    "north": "path",
    "block_middle": "block",
    "block_ball_m": "block",
    "polygon": "volume",
    "radius_m": "volume",
}
"""Of what other fields have a row each; those of a vertex are ``VERTEX_COLUMNS``."""


class Arena:
    """Packed activities, numbered by row in the order in which they were added."""

    def __init__(self) -> None:
        self.activities: list[Activity] = []
        self.volumes = self.gaps = 0
        """How many volumes there are, and how many of them are of removed activities."""
        self._counts = dict.fromkeys(("vertex", "path", "block", "volume"), 0)
        self._fields: dict[str, npt.NDArray[Any]] = {}
        self._vertices = np.empty((0, VERTEX_ROW))
        self._pack: Pack | None = None
        self._low, self._high = np.zeros((0, COLUMNS)), np.zeros((0, COLUMNS))
        none = np.zeros(0, dtype=np.int64)
        self._owner, self._first, self._party, self._area = none, none, none, none

    @property
    def pack(self) -> Pack:
        """All activities as one pack. Its arrays are longer than what is in use of them.

        There is none before the first activity has been added.
        """
        if self._pack is None:
            cores = Cores(**self._fields)
            # It is read as the tuple is that other packs have, and too long to be made one here.
            activities = cast(tuple[Activity, ...], self.activities)
            boxes = self._low, self._high
            self._pack = Pack(activities, cores, *boxes, self._owner, self._first, self._area)
        return self._pack

    @property
    def party(self) -> Ints:
        """(v,) the number of the party that each volume is of."""
        return self._party

    @property
    def nbytes(self) -> int:
        """Memory of its arrays; not of the activities themselves."""
        arrays: Iterable[npt.NDArray[Any]] = (
            self._vertices,
            *(self._fields[name] for name in self._fields.keys() - VERTEX_COLUMNS.keys()),
            self._low,
            self._high,
            self._owner,
            self._first,
            self._party,
            self._area,
        )
        return sum(array.nbytes for array in arrays)

    def add(self, pack: Pack, party: Ints) -> Ints:
        """Takes over activities, of whose volumes ``party`` (v,) is; returns their volumes."""
        row, volume, added = len(self.activities), self.volumes, len(pack.owner)
        self._pack = None
        before, fields = self._counts, pack.cores._asdict()
        for name, more in fields.items():
            if name in OFFSETS:
                of, parts = OFFSETS[name]
                mine = self._fields.get(name, np.zeros(1, dtype=np.int64))
                self._fields[name] = _put(mine, before[of] + 1, more[1:] + before[parts])
            elif name in ROWS:
                mine = self._fields.get(name, more[:0])
                self._fields[name] = _put(mine, before[ROWS[name]], more)
        self._add_vertices(before["vertex"], fields)
        self._counts = {what: count + _count(fields, what) for what, count in before.items()}
        self._low, self._high = (
            _put(self._low, volume, pack.low),
            _put(self._high, volume, pack.high),
        )
        self._owner = _put(self._owner, volume, pack.owner + row)
        self._first = _put(self._first, row, pack.first + volume)
        self._party = _put(self._party, volume, party)
        self._area = _put(self._area, volume, pack.area)
        self.activities += pack.activities
        self.volumes = volume + added
        return np.arange(volume, volume + added)

    def _add_vertices(self, at: int, fields: dict[str, npt.NDArray[Any]]) -> None:
        end = at + len(fields["lon"])
        if end > len(self._vertices):
            larger = np.empty((max(end, int(GROWTH * len(self._vertices))), VERTEX_ROW))
            larger[:at] = self._vertices[:at]
            self._vertices = larger
            for name, column in VERTEX_COLUMNS.items():
                self._fields[name] = larger[:, column]
        for name in VERTEX_COLUMNS:
            self._fields[name][at:end] = fields[name]

    def drop(self, row: int) -> None:
        """Makes a gap of an activity."""
        first, count = int(self._first[row]), len(self.activities[row].volumes)
        self._low[first : first + count], self._high[first : first + count] = NOWHERE, -NOWHERE
        self.activities[row] = NOBODY
        self.gaps += count

    def living(self, volumes: Ints) -> Bools:
        """(k,) which of these volumes are not gaps."""
        return np.asarray(self._low[volumes, 0] != NOWHERE, dtype=np.bool_)

    def closed(self) -> "Arena":
        """The same activities, in the same order, without gaps."""
        volumes = np.flatnonzero(self.living(np.arange(self.volumes)))
        owner, first = np.unique(self._owner[volumes], return_index=True)
        again = Arena()
        again.add(
            Pack(
                tuple(self.activities[row] for row in owner.tolist()),
                _taken(self._fields, volumes),
                self._low[volumes],
                self._high[volumes],
                np.searchsorted(owner, self._owner[volumes]),
                first,
                self._area[volumes],
            ),
            self._party[volumes],
        )
        return again


def _count(fields: dict[str, npt.NDArray[Any]], what: str) -> int:
    """How many vertices, paths, blocks or volumes some cores have."""
    if what == "vertex":
        return len(fields["lon"])
    starts = [name for name, (of, _) in OFFSETS.items() if of == what and name in fields]
    return len(fields[starts[0]]) - 1 if starts else 0


def _taken(fields: dict[str, npt.NDArray[Any]], volumes: Ints) -> Cores:
    """The cores of some volumes alone, in this order."""
    numbers: dict[str, Ints] = {"volume": volumes}
    taken: dict[str, npt.NDArray[Any]] = {}
    # From volumes to their paths and blocks, and from paths to their vertices.
    for name, (of, parts) in OFFSETS.items():
        if name not in fields:
            continue
        starts = fields[name][numbers[of]]
        counts = fields[name][numbers[of] + 1] - starts
        taken[name] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        numbers[parts] = _ranges(starts, counts)
    for name in fields.keys() - taken.keys():
        taken[name] = fields[name][numbers[ROWS.get(name, "vertex")]]
    return Cores(**taken)


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """The numbers start, start + 1, …, as many as are counted, of each start in turn."""
    before = np.cumsum(counts) - counts
    ranges: Ints = np.repeat(starts - before, counts) + np.arange(counts.sum())
    return ranges


def _put(array: npt.NDArray[T], at: int, more: npt.NDArray[T]) -> npt.NDArray[T]:
    """Writes rows behind the first ``at``, in a larger copy where there is no room."""
    end = at + len(more)
    if end > len(array):
        larger = np.empty((max(end, int(GROWTH * len(array))), *array.shape[1:]), dtype=more.dtype)
        larger[:at] = array[:at]
        array = larger
    array[at:end] = more
    return array

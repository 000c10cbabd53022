"""What `detente check` keeps of the activities it reads: enough to compare and to speak of them.

Names and arrays are kept of all (``conflict.bulk``). Of what was assumed and widened the first of
each kind is kept, and the others are counted. The activities themselves are kept only for results
that show their shapes, as bytes. All of that is made where a piece of a file is read, which may be
another process.
"""

import os
import re
import signal
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

import msgspec

from detente.conflict import Key
from detente.conflict.bulk import Bulk, slim
from detente.conflict.pack import Pack
from detente.formats import Piece, Void
from detente.volumes import Activity, Band, Reference
from detente.volumes.areas import PLACES, area_of
from detente.volumes.datums import widenings

POOL_BYTES = 16 * 1024 * 1024
"""Files that are smaller together are read before other processes have started."""

Place = tuple[int, int, int]
"""Where a remark was made: number of the piece, of the activity in it, of the remark about it."""


class Remarks:
    """Remarks that differ in names and figures alone, by what they have in common."""

    def __init__(self) -> None:
        self.groups: dict[str, tuple[Place, str, int]] = {}
        """Where the first of a kind was made, its text, and how many there are."""

    def add(self, text: str, place: Place, count: int = 1) -> None:
        """Count a remark, which begins with ``party/id: ``."""
        kind = re.sub(r"\A\S+?/\S+: |[\d,.]+", "", text)
        first = self.groups.get(kind, (place, text, 0))
        self.groups[kind] = (*min(first[:2], (place, text)), first[2] + count)

    def merge(self, other: "Remarks", piece: int) -> None:
        """Take over the remarks on a piece."""
        for (_, activity, remark), text, count in other.groups.values():
            self.add(text, (piece, activity, remark), count)


class Kept(NamedTuple):
    """What is kept of some activities."""

    packed: Pack | None
    """None if there are none."""
    said: Remarks
    """What was assumed when they were read."""
    widened: Remarks
    """How their bands are widened, if any are."""
    references: set[Reference]
    """What their altitudes are measured from."""
    places: list[int]
    """The numbers of those that are protected sites or lines."""
    texts: list[bytes]
    """The activities themselves, if they are kept."""


def keep(activities: list[Activity]) -> Kept:
    """What is kept of the activities of a piece."""
    said, widened = Remarks(), Remarks()
    bands: dict[Band, tuple[str, ...]] = {}
    for number, one in enumerate(activities):
        for order, note in enumerate(dict.fromkeys(one.notes)):
            said.add(f"{one.party}/{one.id}: {note}", (0, number, order))
        mine: dict[str, None] = {}
        for volume in one.volumes:
            if volume.band not in bands:
                bands[volume.band] = tuple(widenings(volume.band))
            mine.update(dict.fromkeys(bands[volume.band]))
        for order, text in enumerate(mine, len(one.notes)):
            if text not in one.notes:
                widened.add(f"{one.party}/{one.id}: {text}", (0, number, order))
    limits = (limit for band in bands for limit in (band.lower, band.upper) if limit is not None)
    references = {limit.reference for limit in limits}
    places = [at for at, one in enumerate(activities) if area_of(one.kind) in PLACES]
    packed = slim(activities) if activities else None
    return Kept(packed, said, widened, references, places, [])


def keep_whole(activities: list[Activity]) -> Kept:
    """The same with the activities themselves."""
    encode = msgspec.msgpack.Encoder().encode
    return keep(activities)._replace(texts=[encode(one) for one in activities])


class Plans:
    """The activities that a check is about."""

    def __init__(self) -> None:
        self.bulk = Bulk()
        self._said, self._widened = Remarks(), Remarks()
        self._references: set[Reference] = set()
        self._texts: dict[int, bytes] = {}
        self._places: set[int] = set()
        self._numbers: dict[int, list[range]] = {}
        self._pieces = 0

    def add(self, piece: Piece[Kept] | Void) -> None:
        """Take over a piece, or forget a file's."""
        if isinstance(piece, Void):
            for numbers in self._numbers.pop(piece.file, []):
                self._drop(numbers)
            return
        kept = piece.product
        self._said.merge(kept.said, self._pieces)
        self._widened.merge(kept.widened, self._pieces)
        self._references |= kept.references
        self._pieces += 1
        if kept.packed is None:
            return
        first = self.bulk.add(kept.packed)
        self._texts.update(enumerate(kept.texts, first))
        self._places.update(first + place for place in kept.places)
        numbers = range(first, first + len(piece.keys))
        self._numbers.setdefault(piece.file, []).append(numbers)
        self._drop(numbers[place] for place in piece.twice)

    @property
    def places(self) -> int:
        """How many are protected sites or lines."""
        return len(self._places)

    def remarks(self) -> Iterator[tuple[str, int]]:
        """What was assumed, and how bands were widened: the first of each kind, and how many.

        Bands are widened only to be compared: where limits of different references meet, or
        heights above ground, which are never compared as they stand.
        """
        mixed = len(self._references) > 1 or self._references & {Reference.AGL, Reference.SFC}
        everything = [
            *self._said.groups.values(),
            *(self._widened.groups.values() if mixed else ()),
        ]
        for _, text, count in sorted(everything):
            yield text, count

    def activities_of(self, keys: Collection[Key]) -> Iterable[Activity]:
        """The activities of these keys, if they are kept, in the order in which they were read."""
        for text in self._texts.values():
            activity = msgspec.msgpack.decode(text, type=Activity)
            if Key(activity.party, activity.id) in keys:
                yield activity

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.bulk.drop(number)
            self._texts.pop(number, None)
            self._places.discard(number)


class Readers(NamedTuple):
    """Processes that read pieces of files, and how many pieces may be ahead of who asks."""

    pool: ProcessPoolExecutor | None
    ahead: int


@contextmanager
def readers(size: int) -> Iterator[Readers]:
    """One process for each core, if there are so many bytes to be read that they are worth it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if size < POOL_BYTES or not cores or cores < 2:
        yield Readers(None, 1)
        return
    # Forked processes would share locks with the threads that other libraries have started.
    context = get_context("spawn")
    pool = ProcessPoolExecutor(cores, context, initializer=_leave_interrupts)
    try:
        yield Readers(pool, 2 * cores)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Who is interrupted is the process that was started by a person; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

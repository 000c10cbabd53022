"""Files read together as one, piece by piece and by several processes if there are some.

Each piece of a file is read by itself (``files.tasks_of``), and what spans pieces is looked after
here: which ids there are already, and whether a file's name stands for the party of another's. An
id that one party has twice is bad the second time. A second file whose *name* would stand for the
same party as another's is bad as a whole: taken for one party, the two would never be compared.
"""

import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar, cast

import msgspec

from detente.errors import InputError
from detente.formats.files import Task, party_of_name, tasks_of
from detente.formats.notam_succession import settled
from detente.formats.reading import (
    MAX_STREAM_BYTES,
    CutError,
    Gathered,
    Gathering,
    Progress,
    Reading,
    ReadOptions,
    printable,
)
from detente.volumes import Activity
from detente.volumes.check import check_party

AT_ONCE = 4096
"""Activities of a file that is read whole that make a piece."""

T = TypeVar("T")


class Source(NamedTuple):
    """A file to be read: its name, how to open it, and its size in bytes, as far as known."""

    path: Path
    name: str
    open: Callable[[], BinaryIO]
    size: int


class Piece(NamedTuple, Generic[T]):
    """Some activities of a file."""

    file: int
    """The number of the file."""
    keys: list[tuple[str, str]]
    """Party and id of each activity."""
    product: T
    """What was made of the activities."""
    twice: list[int]
    """The places in ``keys`` of those that are to be left out: their ids are taken."""


class Void(NamedTuple):
    """All pieces that came of a file are to be forgotten: it cannot be used as a whole."""

    file: int


def file_source(path: Path) -> Source:
    """A file on disk."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        size = 0
    return Source(path, str(path), lambda: path.open("rb"), size)


def bytes_source(name: str, data: bytes) -> Source:
    """Bytes that stand for a file of this name."""
    return Source(Path(name), name, lambda: io.BytesIO(data), len(data))


class Stream(Generic[T]):
    """Goes through files once. ``make`` is applied to the activities of each piece, where it is
    read; with a ``pool`` of processes, there.

    After it has been gone through, ``reading`` is all the rest: what is bad, unknown, noted.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        options: ReadOptions,
        make: Callable[[list[Activity]], T],
        *,
        pool: Executor | None = None,
        ahead: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self._sources, self._options, self._make = sources, options, make
        self._pool, self._ahead = pool, ahead
        self._progress = progress or (lambda _done, _total: None)
        self.reading = Reading(activities=[], bad=[], unknown=[], notes=[], dropped=[])
        self._ids: dict[str, dict[str, int]] = {}
        self._named: dict[str, Path] = {}
        self._known: dict[str, int] = {}
        self._held: list[Activity] = []

    def __iter__(self) -> Iterator[Piece[T] | Void]:
        """The pieces, as they are read."""
        total, before = sum(source.size for source in self._sources), 0
        for number, source in enumerate(self._sources):
            yield from self._file(number, source, before, total)
            before += source.size
            self._progress(before, total)
        yield from self._settled()

    def _file(
        self, number: int, source: Source, before: int, total: int
    ) -> Iterator[Piece[T] | Void]:
        gathering = Gathering(printable(source.name), self._party_of(source))
        pieces = void = False
        try:
            if self._options.party is not None:
                check_party(self._options.party, where="party")
            with _Unpacked(source) as data:
                tasks = tasks_of(
                    source.name.lower(), cast(BinaryIO, data), self._options, gathering
                )
                for gathered, product in self._run(tasks, gathering):
                    pieces = True
                    gathering.absorb(gathered)
                    self._check_party(gathering, source)
                    twice = self._taken_in(number, gathered, gathering)
                    yield Piece(number, gathered.keys, product, twice)
                    self._progress(before + min(data.done, source.size), total)
        except CutError as error:
            gathering.refuse_file(error)
        except InputError as error:
            void = pieces
            gathering.refuse_file(error)
        try:
            self._check_party(gathering, source)
        except InputError as error:
            void = True
            gathering = Gathering(gathering.name, gathering.party)
            gathering.refuse_file(error)
        if void:
            self._forget(number)
            yield Void(number)
        else:
            yield from self._whole(number, gathering)
        gathering.note_if_empty()
        self._add(gathering.reading())

    def _party_of(self, source: Source) -> str:
        try:
            return self._options.party or party_of_name(source.name)
        except InputError:
            # It matters only to items that name no party; they say so.
            return ""

    def _check_party(self, gathering: Gathering, source: Source) -> None:
        """Raises InputError if the file's name stands for the same party as another's."""
        if not gathering.assumed or self._options.party is not None:
            return
        first = self._named.setdefault(gathering.party, source.path)
        if _is_another(first, source.path):
            raise InputError(
                f"its name stands for the same party, {gathering.party}, as that of {first}",
                remedy="add a party to each item, or rename one of the two files",
            )

    def _run(self, tasks: Iterable[Task], gathering: Gathering) -> Iterator[tuple[Gathered, T]]:
        name, party = gathering.name, gathering.party
        if self._pool is None:
            for task in tasks:
                yield _done(task, name, party, self._make)
            return
        waiting: deque[Future[tuple[Gathered, T]]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(_done, task, name, party, self._make))
                # So few are ahead of the reader that what they hold is bounded.
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
        except InputError:
            # What was read before the file could not be followed any more counts.
            yield from (future.result() for future in waiting)
            raise
        yield from (future.result() for future in waiting)

    def _taken_in(self, number: int, gathered: Gathered, gathering: Gathering) -> list[int]:
        """Takes over the ids of some activities, and refuses those that are taken: their places."""
        twice = []
        for place, (party, identifier) in enumerate(gathered.keys):
            ids = self._ids.setdefault(party, {})
            first = ids.setdefault(identifier, number)
            if first != number:
                twice.append(place)
                error, item = self._taken(party, first), "activity"
            elif len(ids) == self._known.get(party, 0):
                twice.append(place)
                error, item = gathering.twice(party, identifier), gathered.items[place]
            else:
                self._known[party] = len(ids)
                continue
            gathering.refuse(error, item, party=party, identifier=identifier)
        return twice

    def _taken(self, party: str, first: int) -> InputError:
        return InputError(
            f"party {party} has this id in {self._sources[first].path} already",
            remedy="give each activity an id of its own",
        )

    def _whole(self, number: int, gathering: Gathering) -> Iterator[Piece[T]]:
        """The activities of a file that was not read in pieces."""
        gathered, activities = gathering.gathered(), gathering.activities()
        for start in range(0, len(activities), AT_ONCE):
            part = gathered._replace(
                keys=gathered.keys[start : start + AT_ONCE],
                items=gathered.items[start : start + AT_ONCE],
            )
            some = activities[start : start + AT_ONCE]
            if gathering.notices:
                # What they say of each other is known when all files have been read.
                twice = set(self._taken_in(number, part, gathering))
                self._held += [one for at, one in enumerate(some) if at not in twice]
            else:
                twice_here = self._taken_in(number, part, gathering)
                yield Piece(number, part.keys, self._make(some), twice_here)

    def _settled(self) -> Iterator[Piece[T]]:
        """The activities that were held back until all notices were known."""
        self.reading = settled(msgspec.structs.replace(self.reading, activities=self._held))
        held, self._held = self.reading.activities, []
        self.reading = msgspec.structs.replace(self.reading, activities=[])
        for start in range(0, len(held), AT_ONCE):
            some = held[start : start + AT_ONCE]
            keys = [(one.party, one.id) for one in some]
            yield Piece(len(self._sources), keys, self._make(some), [])

    def _forget(self, number: int) -> None:
        for party, ids in self._ids.items():
            self._ids[party] = {name: first for name, first in ids.items() if first != number}
            self._known[party] = len(self._ids[party])

    def _add(self, reading: Reading) -> None:
        for whole, part in (
            (self.reading.bad, reading.bad),
            (self.reading.unknown, reading.unknown),
            (self.reading.notes, reading.notes),
            (self.reading.dropped, reading.dropped),
        ):
            whole.extend(part)  # type: ignore[arg-type]
        notices = (*self.reading.notices, *reading.notices)
        self.reading = msgspec.structs.replace(self.reading, notices=notices)


class _Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked if its name says that they are packed."""

    def __init__(self, source: Source) -> None:
        try:
            self._raw = source.open()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name is not a file name"
            raise InputError(
                f"cannot be opened ({reason})", remedy="check its name and permissions"
            ) from error
        self._packed = source.name.lower().endswith(".gz")
        self._bytes = cast(
            io.BufferedIOBase, gzip.GzipFile(fileobj=self._raw) if self._packed else self._raw
        )
        self._read_bytes = 0

    @property
    def done(self) -> int:
        """How many of the file's bytes have been read."""
        return self._raw.tell()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        try:
            count = self._bytes.readinto(buffer)
        except OSError as error:
            if not self._packed:
                raise CutError(
                    f"cannot be read ({error.strerror})", remedy="fetch it again"
                ) from error
            raise _not_whole(error) from error
        except (EOFError, zlib.error) as error:
            raise _not_whole(error) from error
        self._read_bytes += count
        if self._read_bytes > MAX_STREAM_BYTES:
            raise CutError(
                f"has more than {MAX_STREAM_BYTES:,} bytes unpacked", remedy="split the file"
            )
        return int(count)

    def close(self) -> None:
        """Closes the file."""
        self._raw.close()
        super().close()


def _not_whole(error: Exception) -> CutError:
    return CutError(f"is not whole gzip ({error})", remedy="fetch it again")


def _done(
    task: Task, name: str, party: str, make: Callable[[list[Activity]], T]
) -> tuple[Gathered, T]:
    """Reads some items of a file; runs in any process."""
    gathering = Gathering(name, party)
    task.read(task.items, gathering)
    return gathering.gathered(), make(gathering.activities())


def _is_another(first: Path, second: Path) -> bool:
    """Two files may stand for one party by their names if these differ in the ending alone."""

    def stem(path: Path) -> tuple[Path, str]:
        return path.parent.absolute(), path.name.split(".")[0]

    return stem(first) != stem(second)


def _same(activities: list[Activity]) -> list[Activity]:
    return activities


def read(
    path: Path, options: ReadOptions | None = None, *, progress: Progress | None = None
) -> Reading:
    """Read one file; whatever is wrong with it or its items is in the reading's ``bad``."""
    return read_all([path], options, progress=progress)


def read_bytes(
    name: str,
    data: bytes,
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Reading:
    """Read a file's bytes; ``name`` is its name, whose ending tells its format."""
    return _collected([bytes_source(name, data)], options, progress)


def read_all(
    paths: Iterable[Path],
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Reading:
    """Read several files as one, with all their activities."""
    return _collected([file_source(path) for path in paths], options, progress)


def _collected(
    sources: Sequence[Source], options: ReadOptions | None, progress: Progress | None
) -> Reading:
    stream = Stream(sources, options or ReadOptions(), _same, progress=progress)
    found: list[tuple[int, list[Activity]]] = []
    for piece in stream:
        if isinstance(piece, Void):
            found = [(file, some) for file, some in found if file != piece.file]
        else:
            left_out = set(piece.twice)
            kept = [one for at, one in enumerate(piece.product) if at not in left_out]
            found.append((piece.file, kept))
    activities = [activity for _, some in found for activity in some]
    return msgspec.structs.replace(stream.reading, activities=activities)

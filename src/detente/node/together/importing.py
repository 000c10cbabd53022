"""Importing a file of observations: into our own store, and onto no line.

The file is read while it comes and kept some thousand rows at a time, so that neither its length
nor the store's readers are held up by it. What cannot be used is listed, with its line; the rest is
kept. Importing the same file again changes nothing, and a later edition of it changes what it
changed: what an observation said before is kept as an earlier revision.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol

import msgspec

from detente.errors import InputError
from detente.node.core import Core
from detente.node.together import observations
from detente.node.views import ImportedView
from detente.observations import MARKINGS, Observation, check_not_ahead
from detente.store import auditing, changes
from detente.store.store import Tx

AT_ONCE = 1000
SHOWN_MAX = 200
REFUSED_MAX = 100_000
ROWS_MAX = 1_000_000
"""After so many rows that cannot be used, or rows at all, the rest of the file is not read. Of each
row its id is held until the file ends."""
NAME_CHARACTERS_MAX = 200

Told = Callable[[int], None]
"""Told how many rows are done."""


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


def import_file(
    core: Core, name: str, source: Source, marking: str, *, officer: str, told: Told
) -> ImportedView:
    """Keep what a file holds. Raises InputError for one that cannot be used as a whole."""
    # The readers bring in geometry libraries that no other use case needs.
    from detente.formats.observed import Options, read_observations

    _check(name, marking)
    hashed = _Hashed(source)
    reading = io.BufferedReader(hashed, 256 * 1024)
    found = read_observations(name, reading, Options(core.party, marking))
    run = _Import(core, name, found.format, officer)
    try:
        run.take(found.items, told)
    finally:
        run.note(hashed.sha256)
    return run.view()


class _Import:
    """One import, under way."""

    def __init__(self, core: Core, name: str, origin: str, officer: str) -> None:
        self._core, self._name = core, name
        self._origin, self._officer = origin, officer
        self._new = self._revised = self._same = self._refused = self._rows = 0
        self._ids: set[str] = set()
        self._shown: list[str] = []
        self._cut = ""
        with core.store.read() as tx:
            self._latest_s = observations.latest_s(core, tx)

    def take(self, items: Iterator[Observation | InputError], told: Told) -> None:
        """Keep the items, some at a time."""
        whole = _to_its_end(items)
        while some := list(islice(whole, AT_ONCE)):
            self._rows += len(some)
            good = [one for one in some if self._is_good(one)]
            self._keep([one for one in good if isinstance(one, Observation)])
            told(self._rows)
            if self._refused > REFUSED_MAX or self._rows >= ROWS_MAX:
                self._cut = self._cut or self._too_many()
                return

    def _too_many(self) -> str:
        if self._refused > REFUSED_MAX:
            return f"more than {REFUSED_MAX:,} rows cannot be used; nothing after them was read"
        return f"only the first {ROWS_MAX:,} rows were read; split the file"

    def _is_good(self, one: Observation | InputError) -> bool:
        from detente.formats.reading import CutError

        try:
            if isinstance(one, InputError):
                raise one
            check_not_ahead(one, self._latest_s)
            self._check_once(one.id)
        except CutError as error:
            self._cut = str(error)
            return False
        except InputError as error:
            self._refuse(str(error))
            return False
        return True

    def _check_once(self, identifier: str) -> None:
        """Which of two rows counts nobody can say, and each import would change it back."""
        if identifier in self._ids:
            raise InputError(
                "stands twice in the file", where=identifier, remedy="give each an id of its own"
            )
        self._ids.add(identifier)

    def _refuse(self, why: str) -> None:
        self._refused += 1
        if len(self._shown) < SHOWN_MAX:
            self._shown.append(why)

    def _keep(self, some: list[Observation]) -> None:
        def work(tx: Tx) -> Any:
            return observations.merge(self._core, tx, some, self._origin, self._officer)

        new, revised, same, refused = self._core.store.write(work)
        self._new += new
        self._revised += revised
        self._same += same
        for identifier, why in refused:
            self._refuse(f"{identifier}: {why}")

    def note(self, sha256: str) -> None:
        """Leave one row in the audit log for all of it."""
        detail = {
            "sha256": sha256,
            "format": self._origin,
            "new": self._new,
            "revised": self._revised,
            "same": self._same,
            "refused": self._refused,
        }

        def work(tx: Tx) -> None:
            auditing.add(
                tx,
                time_s=self._core.clock.now_s(),
                officer=self._officer,
                action="observation.import",
                subject=self._name,
                detail=msgspec.json.encode(detail),
            )
            changes.note(tx, "", "observation", ["import"])

        self._core.store.write(work)

    def view(self) -> ImportedView:
        """What came of it."""
        return ImportedView(
            format=self._origin,
            new=self._new,
            revised=self._revised,
            same=self._same,
            refused=self._shown,
            refused_in_all=self._refused,
            cut=self._cut,
        )


def _to_its_end(items: Iterator[Observation | InputError]) -> Iterator[Observation | InputError]:
    """The items; what stops the file after some of them is the last, for these have been kept."""
    from detente.formats.reading import CutError

    begun = False
    try:
        for one in items:
            begun = True
            yield one
    except InputError as error:
        if not begun:
            raise
        yield CutError(error.message, remedy=error.remedy, where=error.where)


class _Hashed(io.RawIOBase):
    """A source whose bytes are hashed as they are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._hash.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        self._hash.update(data)
        buffer[: len(data)] = data
        return len(data)


def _check(name: str, marking: str) -> None:
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError(
            "the file's name is empty, too long or not printable",
            where="name",
            remedy="send the file's name as ?name=events.csv",
        )
    if marking not in MARKINGS:
        raise InputError(
            f"{marking[:40]!r} is no marking of TLP 2.0",
            where="marking",
            remedy=f"use {', '.join(MARKINGS)}",
        )

"""A disk that can lose power: what was written to it, and what of that a crash may leave.

A run is recorded once, as the list of everything that was done to its files. The disk is then
brought to any moment of it and crashed there, as often as is wanted. What was synced is there
afterwards; of everything else a crash leaves what its *kind* says:

- ``lost``: nothing;
- ``kept``: all of it, as when only the process dies;
- ``torn``: each sector by itself as it was before any of the writes that were not synced, or after
  any of them, so that later writes may be there without earlier ones;
- ``garbled``: as torn, or with bytes that nobody wrote in the place of those that were.

Around what is written nothing changes ("powersafe overwrite", which SQLite relies on). Names follow
their own order: of what was not synced in a folder, what came first may be there without the rest.
"""

import random
from pathlib import PurePosixPath
from typing import NamedTuple

SECTOR_BYTES = 512
LOST, KEPT, TORN, GARBLED = KINDS = ("lost", "kept", "torn", "garbled")

WRITE, TRUNCATE, SYNC = "write", "truncate", "sync"
CREATE, DELETE, RENAME, SYNC_FOLDER = "create", "delete", "rename", "sync-folder"


class Op(NamedTuple):
    """One thing done to a file or, for ``sync-folder``, to a folder. Paths are the disk's own."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""
    to: str = ""

    @property
    def party(self) -> str:
        """Whose node did it: each has a folder at the top."""
        return PurePosixPath(self.path).parts[0]


class _File:
    """What is on the disk of one file, and what was done to it since and not synced."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.pending: list[Op] = []

    def sync(self) -> None:
        self.data, self.pending = self.left(KEPT, random.Random()), []

    def left(self, kind: str, chance: random.Random) -> bytes:
        """What a crash leaves of it."""
        if not self.pending or kind == LOST:
            return self.data
        if kind != KEPT:
            return self._torn(chance, garbled=kind == GARBLED)
        data = bytearray(self.data)
        for op in self.pending:
            _cut(data, _size(len(data), op))
            data[op.offset : op.offset + len(op.data)] = op.data
        return bytes(data)

    def _torn(self, chance: random.Random, *, garbled: bool) -> bytes:
        sizes, sectors = [len(self.data)], dict[int, list[tuple[int, bytes]]]()
        for op in self.pending:
            sizes.append(_size(sizes[-1], op))
            for sector, offset, piece in _pieces(op):
                sectors.setdefault(sector, []).append((offset, piece))
        data = bytearray(self.data)
        _cut(data, max(sizes))
        for pieces in sectors.values():
            for offset, piece in pieces[: chance.randint(0, len(pieces))]:
                data[offset : offset + len(piece)] = piece
            if garbled and chance.random() < 0.25:
                offset, piece = chance.choice(pieces)
                data[offset : offset + len(piece)] = chance.randbytes(len(piece))
        _cut(data, chance.choice(sizes))
        return bytes(data)


def _size(before: int, op: Op) -> int:
    return op.offset if op.kind == TRUNCATE else max(before, op.offset + len(op.data))


def _cut(data: bytearray, size: int) -> None:
    """Make it as long as ``size``, with zeros where nothing was."""
    del data[size:]
    data.extend(bytes(size - len(data)))


def _pieces(op: Op) -> list[tuple[int, int, bytes]]:
    """What a write puts into each sector: its number, the offset in the file, the bytes."""
    found, at = [], 0
    while at < len(op.data):
        sector = (op.offset + at) // SECTOR_BYTES
        end = min(len(op.data), (sector + 1) * SECTOR_BYTES - op.offset)
        found.append((sector, op.offset + at, op.data[at:end]))
        at = end
    return found


_Change = dict[str, "_File | None"]
"""What an operation does to the names: the file that a path then stands for, or none."""


class Disk:
    """The files at one moment of a recording."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """All of ``files``, by path, are synced."""
        self._names = {path: _File(data) for path, data in files.items()}
        self._synced = dict(self._names)
        self._pending: list[_Change] = []

    def do(self, op: Op) -> None:
        """Go one operation on."""
        if op.kind == CREATE:
            self._rename({op.path: _File(b"")})
        elif op.kind == DELETE:
            self._rename({op.path: None})
        elif op.kind == RENAME:
            self._rename({op.path: None, op.to: self._names[op.path]})
        elif op.kind == SYNC_FOLDER:
            inside = [c for c in self._pending if _folder(next(iter(c))) == op.path]
            self._pending = [change for change in self._pending if change not in inside]
            for change in inside:
                _apply(self._synced, change)
        elif op.kind == SYNC:
            self._names[op.path].sync()
        else:
            self._names[op.path].pending.append(op)

    def _rename(self, change: _Change) -> None:
        _apply(self._names, change)
        self._pending.append(change)

    def crashed(self, kind: str, seed: int, victims: tuple[str, ...]) -> dict[str, bytes]:
        """The files after a crash of the ``victims``; of all others everything is kept."""
        chance = random.Random(seed)
        names = dict(self._synced)
        hit = [c for c in self._pending if _party(next(iter(c))) in victims]
        left = {LOST: 0, KEPT: len(hit)}.get(kind, chance.randint(0, len(hit)))
        for change in self._pending:
            if change not in hit or hit.index(change) < left:
                _apply(names, change)
        return {
            path: file.left(kind if _party(path) in victims else KEPT, chance)
            for path, file in sorted(names.items())
        }


def _apply(names: dict[str, _File], change: _Change) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _party(path: str) -> str:
    return PurePosixPath(path).parts[0]

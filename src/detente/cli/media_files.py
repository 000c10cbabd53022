"""The files that `detente media` reads and writes, each piece by piece and whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from detente.errors import DetenteError, InputError, RecordError, StateError, StoreError
from detente.line import media as judged
from detente.line.exported import Exported, read_exported
from detente.record import media
from detente.record.media import Manifest, Part, SealedMedia

PIECE_BYTES = 1024 * 1024

Told = Callable[[int, int], None]


class Content:
    """Files that are read one after the other, which together are the content of an item.

    ``parts`` are their names and sizes, as they were found when all ``pieces`` have been taken.
    """

    def __init__(self, paths: Iterable[Path], told: Told) -> None:
        self.parts: list[Part] = []
        self._paths = list(paths)
        self._told = told

    def pieces(self) -> Iterator[bytes]:
        """The bytes of all files, in their order."""
        total, done = sum(_size(path) for path in self._paths), 0
        for path in self._paths:
            size = 0
            for piece in _pieces(path):
                size += len(piece)
                done += len(piece)
                yield piece
                self._told(done, max(done, total))
            self.parts.append(Part(path.name, size))


def content_of(paths: Iterable[Path], told: Told) -> Content:
    """What was collected: files, in the order of their names."""
    ordered = sorted(paths, key=lambda path: path.name)
    names = [path.name.casefold() for path in ordered]
    if len(ordered) > media.FILES_MAX or len(set(names)) != len(names):
        raise InputError(
            f"two files have one name, or there are more than {media.FILES_MAX:,}",
            where="content",
            remedy="rename one, or put them into one archive and seal that",
        )
    return Content(ordered, told)


def compare(manifest: Manifest, paths: Iterable[Path], told: Told) -> None:
    """Return if these files are what was sealed; else raise StateError, which says what differs."""
    at = {part.name: number for number, part in enumerate(manifest.files)}
    content = Content(sorted(paths, key=lambda path: at.get(path.name, len(at))), told)
    digest = hashlib.sha256()
    for piece in content.pieces():
        digest.update(piece)
    named = {part.name: part.size_bytes for part in manifest.files}
    here = {part.name: part.size_bytes for part in content.parts}
    differing = sorted(name for name in named | here if named.get(name) != here.get(name))
    if differing or digest.hexdigest() != manifest.content_sha256:
        what = f"other names or sizes: {', '.join(differing[:5])}" if differing else "other bytes"
        raise StateError(
            f"was not sealed from these files: {what}",
            where=manifest.item,
            remedy="sign nothing; find out with the other side which of the two was collected",
        )


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A new file, which is there when all of it is on disk, and else is not."""
    _check_free(path)
    partial = path.with_name(path.name + ".part")
    _check_free(partial)
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", where=str(path), remedy="check the medium"
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def copied(source: BinaryIO, manifest: Manifest, out: BinaryIO) -> None:
    """Copy what stands before the manifest."""
    source.seek(0)
    left = manifest.sealed_bytes
    while left:
        piece = source.read(min(PIECE_BYTES, left))
        if not piece:
            raise InputError("was cut short", where=source.name, remedy="check the medium")
        out.write(piece)
        left -= len(piece)


def opened_into(
    folder: Path, source: BinaryIO, manifest: Manifest, key: bytes, told: Told
) -> tuple[bool, str, str]:
    """Open a file into a new folder: whether it is intact, the hash found, and why it is not.

    The hash is of the content; of the whole file where that cannot be opened. The folder is there
    when all of the content is what was sealed, and else is not.
    """
    _check_free(folder)
    partial = folder.with_name(folder.name + ".part")
    _check_free(partial)
    try:
        # What was collected is for nobody else on this machine.
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
        sha256 = _write_parts(partial, media.opened(source, manifest, key, told), manifest)
        if sha256 == manifest.content_sha256:
            partial.replace(folder)
    except RecordError as error:
        return False, _sha256_of(source), f"{error.where} {error.message}."
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="check the medium"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if sha256 == manifest.content_sha256:
        return True, sha256, ""
    what = f"the content has the SHA-256 {sha256}, not the one that both sealed"
    return False, sha256, f"{what}; it was badly sealed, by {manifest.sealed_by}."


def _check_free(path: Path) -> None:
    """Return if nothing is there: what is, may be the only copy of something."""
    if os.path.lexists(path):
        raise StoreError(
            "is there already", where=str(path), remedy="name another, or move that away"
        )


def _write_parts(folder: Path, pieces: Iterator[bytes], manifest: Manifest) -> str:
    """Cut the content into its files; its SHA-256."""
    digest, held = hashlib.sha256(), memoryview(b"")
    for part in manifest.files:
        with (folder / part.name).open("xb") as file:
            left = part.size_bytes
            while left:
                if not held:
                    piece = next(pieces)
                    digest.update(piece)
                    held = memoryview(piece)
                some, held = held[:left], held[left:]
                file.write(some)
                left -= len(some)
            file.flush()
            os.fsync(file.fileno())
    # The last piece is authentic only if there is none behind it.
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def verified(path: Path, folder: Path, told: Told) -> dict[str, Any]:
    """What a file is, by an exported record and nothing else."""
    exported = read_exported(_files_of(folder), lambda _party, done, total: told(done, total))
    try:
        with path.open("rb") as source:
            found: dict[str, Any] = _judged(exported, source, told)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the name"
        ) from None
    logs = [{"party": party, "entries": size} for party, size in exported.sizes.items()]
    return {"line": exported.founding.id, "logs": logs, **found}


def file_sha256(path: Path) -> str:
    """The SHA-256 of a whole file, whatever it is."""
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _judged(exported: Exported, source: BinaryIO, told: Told) -> dict[str, Any]:
    line, view = exported.founding.id, exported.view
    try:
        found = media.read_media(source)
        sha256 = media.sealed_sha256(source, found.manifest, told)
    except (RecordError, InputError) as error:
        head = media.read_head(source)
        said = None if head is None else judged.told_of(view, line, head)
        whole = f"its SHA-256 is {_sha256_of(source)}"
        differing = [error.message, whole, *([f"by the record, {said}"] if said else [])]
        return {"item": head and head[2], "seals": [], "differences": differing}
    differing = [one.what for one in judged.differences(view, line, exported.keys, found, sha256)]
    return {
        "item": found.manifest.item,
        "manifest_sha256": found.manifest_sha256,
        "sealed_by": found.manifest.sealed_by,
        "seals": _seals(exported, found),
        "differences": differing,
    }


def _seals(exported: Exported, found: SealedMedia) -> list[dict[str, Any]]:
    try:
        visit = judged.visit_of(exported.view, exported.founding.id, found.manifest)
    except RecordError:
        return []
    seals = [judged.seal_of(visit, found.manifest.item, party) for party in visit.sides]
    return [
        {
            "party": seal.party,
            "index": seal.index,
            "time": seal.time,
            "entry": seal.entry,
            "manifest": seal.manifest_sha256,
        }
        for seal in seals
        if seal is not None
    ]


def _files_of(folder: Path) -> Callable[[str], BinaryIO | None]:
    def open_(path: str) -> BinaryIO | None:
        try:
            return (folder / path).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(
                f"cannot be read: {error.strerror}",
                where=str(folder / path),
                remedy="check the folder",
            ) from None

    return open_


def _sha256_of(source: BinaryIO) -> str:
    source.seek(0)
    digest = hashlib.sha256()
    while piece := source.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> DetenteError:
    return InputError(f"cannot be read: {error.strerror}", where=str(path), remedy="check the name")

"""The recorder: everything that nodes do to their files, in its order, and what they told of it.

SQLite's files come from a VFS of ours (``vfs``). The node's other files, its keys and its marks,
are written by Python with ``os``: those functions are watched while a recording is made. The files
themselves lie in a folder, and are read from it as ever.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from bench.crash.disk import CREATE, DELETE, RENAME, SYNC, SYNC_FOLDER, WRITE, Op


class Told(NamedTuple):
    """Something that left a node, by word to an officer or over the wire, when ``at`` operations
    had been done, in step ``step``. ``what`` is its kind: ``entry``, ``plan``, ``wire`` …"""

    at: int
    step: int
    party: str
    what: str
    content: Any


class Recorder:
    """What happens to the files below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ops: list[Op] = []
        self.steps: list[int] = []
        self.told: list[Told] = []
        self.step = -1
        self._lock = threading.Lock()

    def add(self, kind: str, path: str | Path, **more: Any) -> None:
        """Record an operation on a file, if it lies below ``root``."""
        name = self._name(path)
        if name is not None:
            with self._lock:
                self.ops.append(Op(kind, name, **more))
                self.steps.append(self.step)

    def tell(self, party: str, what: str, content: Any) -> None:
        """Record that something has left a node."""
        self.told.append(Told(len(self.ops), self.step, party, what, content))

    def _name(self, path: str | Path) -> str | None:
        try:
            return Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record what Python's ``os`` does to files, until the end of the block."""
        opened: dict[int, str] = {}
        real_open, real_fsync = os.open, os.fsync

        def watched_open(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            is_new = not os.path.exists(path)
            descriptor = real_open(path, flags, *args, **kwargs)
            opened[descriptor] = os.fspath(path)
            if is_new and flags & os.O_CREAT:
                self.add(CREATE, path)
            return descriptor

        def watched_fsync(descriptor: int) -> None:
            path = Path(opened.get(descriptor, os.devnull))
            if path.is_dir():
                self.add(SYNC_FOLDER, path)
            else:
                # What is synced was written at once: nobody here writes a file in pieces.
                self.add(WRITE, path, data=path.read_bytes())
                self.add(SYNC, path)
            real_fsync(descriptor)

        def watched(kind: str, real: Callable[..., None]) -> Callable[..., None]:
            def call(path: Any, *to: Any, **kwargs: Any) -> None:
                real(path, *to, **kwargs)
                self.add(kind, path, **({"to": str(self._name(to[0]))} if to else {}))

            return call

        with (
            mock.patch.object(os, "open", watched_open),
            mock.patch.object(os, "fsync", watched_fsync),
            mock.patch.object(os, "replace", watched(RENAME, os.replace)),
            mock.patch.object(os, "unlink", watched(DELETE, os.unlink)),
        ):
            yield


def files_below(root: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path relative to it."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }

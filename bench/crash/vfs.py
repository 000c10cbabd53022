"""A SQLite VFS that records: the operating system's own, with every change of a file written down.

A VFS written in Python has no shared memory, so that SQLite keeps a write-ahead log through it in
*exclusive locking mode* only: one connection, and the log's index in its own memory. What is
written to the files, in which order and with which syncs, is what it always is.
"""

from pathlib import Path

import apsw

from bench.crash.disk import CREATE, DELETE, SYNC, SYNC_FOLDER, TRUNCATE, WRITE
from bench.crash.recorder import Recorder

NAME = "detente-recorder"


class _RecordedFile(apsw.VFSFile):
    def __init__(
        self, recorder: Recorder, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._recorder = recorder
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        # As SQLite's own for Unix does: a new log's name is synced with its first content.
        self._is_named = not flags[0] & apsw.SQLITE_OPEN_WAL
        is_new = bool(self._path) and not Path(self._path).exists()
        super().__init__("", name, flags)
        if is_new:
            recorder.add(CREATE, self._path)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's own name
        super().xWrite(data, offset)
        self._recorder.add(WRITE, self._path, offset=offset, data=bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._recorder.add(TRUNCATE, self._path, offset=newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._recorder.add(SYNC, self._path)
        if not self._is_named:
            self._recorder.add(SYNC_FOLDER, Path(self._path).parent)
            self._is_named = True


class RecordingVFS(apsw.VFS):
    """Registered under ``NAME`` as long as it lives."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        super().__init__(NAME, "")

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _RecordedFile(self._recorder, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._recorder.add(DELETE, filename)
        if syncdir:
            self._recorder.add(SYNC_FOLDER, Path(filename).parent)

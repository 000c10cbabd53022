"""A node's folder as the command line sees it: who works in it, and where its server answers.

``lock`` is locked by whoever has the node open, a server or a command, so that no two have it open
at once. ``run.json`` is there while a server answers, readable by the folder's owner alone::

    {"pid":4711,"api":"http://127.0.0.1:7080","line":"https://0.0.0.0:7443","token":"…"}

``token`` lets a command do an administrator's work in the running server (``ask``).
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from detente.errors import InputError, StateError


def settings_file(directory: Path) -> Path:
    """The file that makes a folder a node's. Raises ``InputError`` when it is not there."""
    path = directory / "detente.toml"
    if not path.is_file():
        raise InputError(
            "there is no node in this folder",
            where=str(directory),
            remedy="name a node's folder, or make one with `detente init`",
        )
    return path


class InUseError(StateError):
    """Another process has this node open."""


@contextmanager
def locked(directory: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Have the node to ourselves. Raises ``InUseError`` when somebody else has it open."""
    settings_file(directory)
    with held(directory, "another detente process has this node open", wait_s=wait_s):
        yield


@contextmanager
def held(directory: Path, what: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Have a folder to ourselves; ``what`` says of another process that has it."""
    try:
        file = (directory / "lock").open("a")
    except OSError as error:
        raise StateError(
            f"cannot be opened: {error.strerror}",
            where=str(directory),
            remedy="run this as the user who owns the folder",
        ) from None
    with file:
        deadline_s = time.monotonic() + wait_s
        while not _lock(file):
            if time.monotonic() >= deadline_s:
                raise InUseError(
                    what,
                    where=str(directory),
                    remedy="stop it first: two servers of one folder would sign two histories",
                )
            time.sleep(0.05)
        # The lock goes with the open file, also when this process is killed.
        yield


def _lock(file: IO[str]) -> bool:
    """Try to lock ``file`` for this process alone."""
    try:
        try:
            import fcntl
        except ImportError:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_run_file(directory: Path, run: dict[str, Any]) -> None:
    """Say where the server answers; ``run`` is as in the module's docstring."""
    partial = directory / "run.json.new"
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(run, file)
    partial.replace(directory / "run.json")


def remove_run_file(directory: Path) -> None:
    """The server answers no more, or a killed one has left its file behind."""
    (directory / "run.json").unlink(missing_ok=True)


def read_run_file(directory: Path) -> dict[str, Any] | None:
    """Where the server says it answers; None when there is none."""
    with suppress(OSError, ValueError):
        run: dict[str, Any] = json.loads((directory / "run.json").read_text("utf-8"))
        if isinstance(run, dict) and {"api", "token", "pid"} <= run.keys():
            return run
    return None

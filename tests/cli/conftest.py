"""Real `detente` processes on free ports of this machine."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run


def command(*words: str | Path, status: int = 0) -> str:
    """Run one command, in this process; what it printed, on standard error if it failed.

    A process each would be truer by little and slower by much; `serve` always gets its own.
    """
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    before = os.umask(0o022)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            ended = run([str(word) for word in words])
    finally:
        os.umask(before)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    printed = out.buffer.getvalue().decode()
    assert ended == status, (words, printed, err.getvalue())
    return err.getvalue() if status == 2 else printed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`detente serve` of one folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.log = folder.with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "detente", "serve", str(folder), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            with suppress(FileNotFoundError):
                self.run = json.loads((folder / "run.json").read_text())
                if self.run["pid"] == self.process.pid:
                    return
            threading.Event().wait(0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; its exit status."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@pytest.fixture
def detente() -> Callable[..., str]:
    """Runs `detente` with these words in a process of its own."""
    return command


@pytest.fixture
def serving() -> Iterator[Callable[..., Server]]:
    """Starts servers that are stopped when the test ends."""
    started: list[Server] = []

    def start(folder: Path, *options: str) -> Server:
        started.append(Server(folder, *options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Path, str]]:
    """Makes a node with `detente init`; its folder and its first officer's token."""

    def init(party: str, *options: str) -> tuple[Path, str]:
        folder = tmp_path / party
        answer: dict[str, Any] = json.loads(
            command(
                "init", folder, "--party", party, "--format", "json",
                "--api", f"127.0.0.1:{free_port()}",
                "--endpoint", f"https://127.0.0.1:{free_port()}", *options,
            )
        )  # fmt: skip
        return folder, answer["token"]

    return init

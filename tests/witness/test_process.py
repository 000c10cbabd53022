"""A witness as a process of its own, over TLS, killed outright while it cosigns.

What it has answered it holds to afterwards: no second root for a size, and no smaller size.
"""

import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

Kept = Any
Log = Any
KILLS = 2
START_S_MAX = 60.0


class Running:
    """The process, started and ended by its process id, at whatever port it finds."""

    def __init__(self, directory: Path, ca: str) -> None:
        self._directory = directory
        self._trust = ssl.create_default_context(cadata=ca)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        with (self._directory / "serve.log").open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "detente", "witness", "serve", str(self._directory),
                 "--port", "0"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                ready = json.loads((self._directory / "run.json").read_text())
                if ready["pid"] == self._process.pid:
                    self.url = ready["url"]
                    return
            time.sleep(0.02)
        raise AssertionError((self._directory / "serve.log").read_text())

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self._trust, trust_env=False, timeout=30)

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def running(kept: Kept) -> Iterator[Running]:
    kept.cosigner.close()
    ca = (kept.directory / "keys" / "tls.crt").read_text()
    one = Running(kept.directory, ca)
    one.start()
    yield one
    one.close()


def test_what_it_answered_it_holds_to_after_it_was_killed(
    kept: Kept, make_log: Any, running: Running
) -> None:
    log = make_log(400, hybrid=False)
    kept.allow(log)
    fork = type(log)(log.key, [b"other", *log.leaves[1:]])
    answered = [0]

    def submit() -> None:
        with suppress(httpx.TransportError), running.client() as client:
            for size in range(answered[-1] + 1, len(log.leaves)):
                body = log.submission(answered[-1], size)
                status = client.post("/add-checkpoint", content=body).status_code
                if status == 409:
                    # The answer before was lost with the process that gave it.
                    return
                assert status == 200
                answered.append(size)

    for _ in range(KILLS):
        before = len(answered)
        thread = threading.Thread(target=submit)
        thread.start()
        while len(answered) < before + 3 and thread.is_alive():
            time.sleep(0.005)
        running.end(signal.SIGKILL)
        thread.join(60)
        running.start()
        with running.client() as client:
            told = client.post("/add-checkpoint", content=log.submission(0, 399))
            assert told.status_code == 409
            size = int(told.text)
            # One answer may have been lost; nothing that was given is.
            assert size in (answered[-1], answered[-1] + 1)
            for old in (0, size - 1, size):
                refused = client.post("/add-checkpoint", content=fork.submission(old, size + 1))
                assert refused.status_code in (409, 422)
            answered.append(size)
    assert running.end(signal.SIGTERM) == 0


def test_a_second_server_of_one_folder_is_refused(kept: Kept, running: Running) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "detente", "witness", "serve", str(kept.directory), "--port", "0"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "serves this witness" in done.stderr

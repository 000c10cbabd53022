"""Setting the exercise's stage: two directories, two nodes, two processes.

Everything is done with the commands an operator would type, each in a process of its own; what a
command printed can be shown. Nothing here reaches into a node.
"""

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from detente.errors import StateError
from detente.exercise import before, panj
from detente.exercise import northern_watch as exercise
from detente.exercise.before import OFFICER
from detente.exercise.officer import Officer

COVERAGE = Path(__file__).with_name("coverage.toml")
"""From which ground what could be watched: each node has it, and reckons for itself."""

START_S_MAX = 60.0
STOP_S_MAX = 15.0
PORTS = range(20_000, 30_000)

Show = Callable[[str, str], None]
"""Called with every command line that was run, and with what it printed."""


def run(*arguments: str, show: Show | None = None, status: int = 0) -> str:
    """Run one ``detente`` command to its end and return what it printed.

    Raises ``StateError`` if its exit status is not ``status``.
    """
    done = subprocess.run(  # noqa: S603  # our own program, with arguments we chose
        [sys.executable, "-m", "detente", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if show:
        show(shlex.join(["detente", *arguments]), done.stdout + done.stderr)
    if done.returncode != status:
        raise StateError(
            f"'detente {arguments[0]}' ended with {done.returncode}: {done.stderr.strip()}",
            remedy="see what it says; 'detente demo --reset' begins again from nothing",
        )
    return done.stdout


class NodeProcess:
    """One party's node as a process of its own, started and stopped by its process id."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.party = directory.name
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the node; ``wait_ready`` waits until it serves."""
        with (self.directory / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "detente", "serve", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A terminal's Ctrl-C goes to everyone in its group; we stop nodes ourselves.
                start_new_session=True,
            )

    def wait_ready(self) -> str:
        """Wait until the node serves, and return its API's address."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with suppress(FileNotFoundError, json.JSONDecodeError):
                ready = json.loads((self.directory / "run.json").read_text("utf-8"))
                if ready["pid"] == self._process.pid:
                    return str(ready["api"])
            time.sleep(0.02)
        raise StateError(
            f"the node of {self.party} does not serve; its last words: {self._last_words()}",
            remedy=f"see {self.directory / 'serve.log'}",
        )

    def _last_words(self) -> str:
        said = (self.directory / "serve.log").read_text("utf-8", "replace").strip()
        return said.splitlines()[-1][:200] if said else "none"

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def ask_to_end(self) -> None:
        """Ask the node to end, which takes it some seconds."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask the node to end and wait for it; what is acknowledged is on disk either way."""
        self.ask_to_end()
        self.wait_ended()

    def wait_ended(self) -> None:
        """Wait until a node that was asked to end has ended, and end it otherwise."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the node at once, as a power cut would end its process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Stage:
    """The exercise's nodes in one directory, each in a subdirectory named after its party."""

    def __init__(
        self,
        directory: Path,
        added: Mapping[str, Any] | None = None,
        *,
        watching: bool = False,
    ) -> None:
        """``added`` is what the line's terms say beside the exercise's.

        ``watching``: with the host's node too, and the week in which they began to watch together.
        """
        self.directory = directory
        self._added = dict(added or {})
        self._watching = watching
        parties = (*exercise.PLANS, *((panj.HOST,) if watching else ()))
        self.nodes = {party: NodeProcess(directory / party) for party in parties}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes.values():
            node.ask_to_end()
        for node in self.nodes.values():
            node.wait_ended()

    @property
    def is_set(self) -> bool:
        """Whether both nodes exist and have joined the line."""
        return (self.directory / "line.json").exists()

    def set(self, show: Show | None = None) -> None:
        """Make the nodes, exchange cards, found the line and join it on both sides."""
        self.directory.mkdir(parents=True, exist_ok=True)
        ports = _free_ports()
        opens_s = time.time()
        for party in exercise.PLANS:
            self._make_node(party, next(ports), next(ports), show)
        if self._watching:
            for host in (panj.HOST, *panj.ASKED_BY_HAND):
                token = before.make_node(self.directory / host, next(ports), next(ports))
                _write_private(self.directory / host / "exercise-token", token)
            before.play(self.directory, opens_s)
            for party in self.nodes:
                shutil.copyfile(COVERAGE, self.directory / party / COVERAGE.name)
        founding = self._found(opens_s, show)
        prints = {party: self._fingerprint(party) for party in exercise.PLANS}
        for party in exercise.PLANS:
            confirm = [f"{p}={prints[p]}" for p in exercise.PLANS if p != party]
            options = [word for pair in confirm for word in ("--confirm", pair)]
            run("line", "join", str(self.directory / party), str(founding), *options, show=show)
        shown = run("lines", str(self.directory / "us"), "--format", "json")
        [line] = [one for one in json.loads(shown) if one["name"] == exercise.LINE]
        _write_private(self.directory / "line.json", json.dumps({"line": line["id"]}))

    def start(self) -> None:
        """Start both nodes at once and wait until both serve."""
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_ready()

    def officers(self, stack: ExitStack) -> Mapping[str, Officer]:
        """An officer of each node, at the API; closed with ``stack``."""
        line = json.loads((self.directory / "line.json").read_text("utf-8"))["line"]
        return {
            party: stack.enter_context(
                Officer(party, node.wait_ready(), self._token(party), str(line))
            )
            for party, node in self.nodes.items()
            if party in exercise.PLANS
        }

    def log_in_link(self, party: str) -> str:
        """A link into the console of a party, for its officer, that opens once."""
        return run("login", str(self.directory / party), "--name", OFFICER).strip()

    def guest_link(self) -> str:
        """A link to the guest's desk at the host's node, for a new guest, that opens once."""
        return run(*self.guest_command()).split()[-1]

    def guest_command(self) -> tuple[str, ...]:
        """The words after ``detente`` that make an account for the next guest at that desk."""
        host = str(self.directory / panj.HOST)
        desk = run("desk", "list", host, "--line", panj.LINE).split()[0]
        return ("desk", "accounts", host, "--desk", desk)

    def _make_node(self, party: str, api: int, line: int, show: Show | None) -> None:
        directory = self.directory / party
        languages = [w for lang in exercise.PARTY_LANGUAGES[party] for w in ("--language", lang)]
        run(
            "init",
            str(directory),
            "--party",
            party,
            "--name",
            exercise.PARTY_NAMES[party],
            "--api",
            f"127.0.0.1:{api}",
            "--endpoint",
            f"https://127.0.0.1:{line}",
            "--format",
            "json",
            *languages,
            show=show,
        )
        added = ("officer", "add", str(directory), "--name", OFFICER, "--role", "senior")
        _write_private(directory / "exercise-token", run(*added, show=show).strip())
        run("card", str(directory), "--out", str(self._card(party)), show=show)

    def _found(self, opens_s: float, show: Show | None) -> Path:
        terms, founding = self.directory / "terms.json", self.directory / "northern-watch.line"
        terms.write_text(json.dumps(exercise.terms(opens_s) | self._added, indent=1), "utf-8")
        run(
            "line",
            "found",
            str(self.directory / "us"),
            "--name",
            exercise.LINE,
            "--with",
            str(self._card("ru")),
            "--terms",
            str(terms),
            "--out",
            str(founding),
            show=show,
        )
        return founding

    def _fingerprint(self, party: str) -> str:
        return run("fingerprint", str(self._card(party))).strip().replace(" ", "")

    def _card(self, party: str) -> Path:
        return self.directory / f"{party}.card"

    def _token(self, party: str) -> str:
        return (self.directory / party / "exercise-token").read_text("utf-8").strip()


def _free_ports() -> Iterator[int]:
    """Ports that nobody has, each once, outside the range of systems' outgoing connections.

    A node comes back to its port after it was killed; one from that range might be taken by then.
    """
    return filter(_is_free, secrets.SystemRandom().sample(PORTS, len(PORTS)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)

"""The record: entries a second from an officer's word to the other side's cosignature.

Two nodes, ``us`` and ``ru``, each a process that serves as ``detente serve`` does, on one line over
mutual TLS on loopback, each with a SQLite database that waits for the disk. Several callers write
at ``us`` at once; a run ends when ``us`` holds the cosignature of ``ru`` over the last entry.
Beside every figure stands what the same disk and processor do at the same time: how often a
second the disk can be waited for, and how often a second a signature is made and checked.
"""

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from bench import proofs
from bench.record_node import LINE, OFFICER, Json
from detente.conflict.warm import warm
from detente.line import Area, standard_terms
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import SigningKey, open_card
from detente.record.mldsa import MlDsaKey

TARGET_PER_S = 1000
START_S_MAX = 60.0


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--entries", type=int, default=6000, help="messages of the main run")
    parser.add_argument("--callers", type=int, default=64, help="who write at the same time")
    parser.add_argument("--releases", type=int, default=500)
    parser.add_argument("--requests", type=int, default=1000, help="messages through the HTTP API")
    parser.add_argument("--paced", type=int, default=200, help="messages at 20 a second")
    parser.add_argument("--leaves", type=int, default=20_000, help="leaves of the trees")
    parser.add_argument("--peer-pymerkle", metavar="PYTHON", help="a Python that has pymerkle")
    parser.add_argument("--folder", type=Path, help="where the databases lie for the run")


def run(arguments: argparse.Namespace) -> None:
    warm(sys.stderr)
    print(f"cores: {os.cpu_count()}, python {platform.python_version()}")
    print(f"load before: {os.getloadavg()[0]:.1f}")
    folder = Path(tempfile.mkdtemp(prefix="bench-record-", dir=arguments.folder))
    try:
        _floors(folder)
        with Pair(folder) as pair:
            _entries(pair, arguments)
        proofs.measure(folder, arguments.leaves, arguments.peer_pymerkle)
    finally:
        shutil.rmtree(folder)
    print(f"load after: {os.getloadavg()[0]:.1f}")


def _floors(folder: Path) -> None:
    """What nobody can do without: waiting for the disk, and signatures."""
    for pages in (1, 100):
        per_s = fdatasyncs_per_s(folder, pages)
        print(
            f"fdatasync of {pages} page{'s'[: pages - 1]}: {per_s:,.0f} a second, "
            f"{per_s * pages:,.0f} pages a second"
        )
    key = SigningKey.generate(MlDsaKey.generate())
    second = key.ml_dsa
    assert second is not None
    data = os.urandom(500)
    signed, signed_twice = key.sign(data), second.sign(data)
    for what, do, times in (
        ("Ed25519 signatures made", lambda: key.sign(data), 2000),
        ("Ed25519 signatures checked", lambda: key.public.verify(signed, data), 1000),
        ("ML-DSA-44 signatures made", lambda: second.sign(data), 200),
        ("ML-DSA-44 signatures checked", lambda: second.public.verify(signed_twice, data), 500),
    ):
        print(f"{what}: {proofs.per_cpu_s(do, times):,.0f} a CPU second")


def fdatasyncs_per_s(folder: Path, pages: int, lasting_s: float = 1.0) -> float:
    """How often the disk can be waited for in a second, so many pages of 4 KiB each time."""
    at = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY, 0o600)
    begun_s = ended_s = time.perf_counter()
    times = 0
    while ended_s - begun_s < lasting_s:
        os.pwrite(at, b"x" * 4096 * pages, 0)
        os.fdatasync(at)
        times += 1
        ended_s = time.perf_counter()
    os.close(at)
    return times / (ended_s - begun_s)


def _entries(pair: "Pair", arguments: argparse.Namespace) -> None:
    callers = arguments.callers
    us, ru = pair.us, pair.ru
    pair.measured("warm-up", 200, lambda: us.ask("messages", count=200, callers=callers), False)
    count = arguments.entries
    pair.measured(
        f"messages, {callers} callers",
        count,
        lambda: us.ask("messages", count=count, callers=callers),
    )
    start = ru.ask("size", party="ru")["size"]
    said = ru.ask("messages", count=count // 4, callers=callers)
    ru.ask("joint", party="ru", size=said["size"], by="us")
    us.ask("note_ids", party="ru", start=start, count=count // 4)
    pair.measured(
        f"acknowledgements, {callers} callers",
        count // 4,
        lambda: us.ask("acknowledge", count=count // 4, callers=callers),
    )
    us.ask("plan", count=arguments.releases)
    pair.measured(
        f"releases with volumes, {callers} callers",
        arguments.releases,
        lambda: us.ask("release", count=arguments.releases, callers=callers),
    )
    pair.measured(
        "messages through the HTTP API, 16 clients",
        arguments.requests,
        lambda: _through_http(pair, arguments.requests, 16),
    )
    pair.measured(
        "messages, one caller",
        arguments.requests // 4,
        lambda: us.ask("messages", count=arguments.requests // 4, callers=1),
    )
    if arguments.paced:
        found = us.ask("paced", count=arguments.paced, per_s=20, by="ru")
        for what, name in (("answered", "answered_ms"), ("joint", "joint_ms")):
            at = sorted(found[name])
            half, most = at[len(at) // 2], at[min(len(at) - 1, len(at) * 99 // 100)]
            print(f"at 20 a second, {what} after: p50 {half:.0f} ms, p99 {most:.0f} ms")
    for station in (us, ru):
        found = station.ask("verify")
        assert found["findings"] == 0, "the record does not verify"
        print(
            f"{station.party}: whole record verified, {found['entries']:,} entries: "
            f"{found['entries'] / found['cpu_s']:,.0f} a CPU second"
        )


def _through_http(pair: "Pair", count: int, clients: int) -> Json:
    """Messages by clients of the API, each with a connection of its own; answered alike."""

    def client(number: int) -> int:
        last = 0
        with httpx.Client(
            base_url=f"{pair.us.api}/api/v1",
            headers={"Authorization": f"Bearer {pair.us.token}"},
            timeout=60.0,
            trust_env=False,
        ) as http:
            for n in range(number, count, clients):
                answer = http.post(f"/lines/{LINE}/messages", json={"text": f"request {n}"})
                answer.raise_for_status()
                last = answer.json()["index"]
        return last

    begun_s, before = time.monotonic(), pair.us.ask("usage")["commits"]
    with ThreadPoolExecutor(clients) as pool:
        last = max(pool.map(client, range(clients)))
    commits = pair.us.ask("usage")["commits"] - before
    return {"begun_s": begun_s, "ended_s": time.monotonic(), "size": last + 1, "commits": commits}


class Pair:
    """Two nodes on one line, each in its own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        parties = ("us", "ru")
        self._tokens = {party: _created(folder / party, party) for party in parties}
        _join(folder)
        self.us, self.ru = (Process(folder / one, self._tokens[one]) for one in parties)

    def __enter__(self) -> "Pair":
        both = (self.us, self.ru)
        with ExitStack() as started:
            for one in both:
                started.callback(one.stop)
                one.start()
            end_s = time.monotonic() + START_S_MAX
            while not all(one.ask("ready")["ready"] for one in both):
                if time.monotonic() > end_s:
                    raise TimeoutError("the line did not come into force")
                time.sleep(0.1)
            started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.us, self.ru):
            one.stop()

    def measured(self, what: str, count: int, write: Callable[[], Json], told: bool = True) -> None:
        """Have entries written at ``us`` and wait until ``ru`` has cosigned the last of them."""
        both = (self.us, self.ru)
        before = [one.ask("usage") for one in both]
        written = write()
        joint = self.us.ask("joint", party="us", size=written["size"], by="ru")
        after = [one.ask("usage") for one in both]
        if not told:
            return
        acknowledged_s = written["ended_s"] - written["begun_s"]
        joint_s = joint["at_s"] - written["begun_s"]
        cpu_ms = [
            (end["cpu_s"] - begin["cpu_s"]) * 1000 / count
            for begin, end in zip(before, after, strict=True)
        ]
        print(
            f"{what}: {count / joint_s:,.0f} a second joint ({count:,} in {joint_s:.2f} s), "
            f"{count / acknowledged_s:,.0f} a second acknowledged, "
            f"{count / max(1, written['commits']):.1f} a commit"
        )
        print(
            f"  CPU: us {cpu_ms[0]:.2f} ms an entry ({1000 / cpu_ms[0]:,.0f} a CPU second), "
            f"ru {cpu_ms[1]:.2f} ms ({1000 / cpu_ms[1]:,.0f})",
            flush=True,
        )


class Process:
    """One node's process."""

    def __init__(self, directory: Path, token: str) -> None:
        self.party = directory.name
        self.token = token
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; it answers as soon as it serves."""
        self._process = subprocess.Popen(  # our own program
            [sys.executable, "-m", "bench.record_node", str(self._directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def api(self) -> str:
        """The address of its officers' API."""
        return str(json.loads((self._directory / "run.json").read_text("utf-8"))["api"])

    def ask(self, what: str, **arguments: Any) -> Any:
        """Have it do something; what it answers."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([what, arguments]) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith("="):
                answer = json.loads(line[1:])
                if "error" in answer:
                    raise RuntimeError(f"{self.party}: {what}: {answer['error']}")
                return answer
        raise RuntimeError(f"the node of {self.party} has ended")

    def stop(self) -> None:
        """End it, and wait for that."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _created(folder: Path, party: str) -> str:
    settings = Settings(
        party=party,
        name=party,
        endpoint=f"https://127.0.0.1:{(port := _free_port())}",
        api="127.0.0.1:0",
        line=f"127.0.0.1:{port}",
    )
    create(folder, settings)
    node = Node.open(folder)
    try:
        return node.add_officer(OFFICER, "senior")
    finally:
        node.close()


def _join(folder: Path) -> None:
    us, ru = nodes = [Node.open(folder / party) for party in ("us", "ru")]
    try:
        terms = standard_terms(
            ["ru", "us"],
            area=Area(west=40, south=30, east=90, north=60),
            effective_from_s=time.time(),
            review_on=date(2030, 11, 22),
            languages=("en",),
        )
        founding = us.found(LINE, terms, [ru.card()])
        for node, other in ((us, ru), (ru, us)):
            card = open_card(other.card())
            node.join(founding, {card.card.party: card.fingerprint})
    finally:
        for node in nodes:
            node.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A third organisation witnesses the record of two parties, and is killed while it does.

Told on three real processes: two nodes, and a witness that is neither's. What the parties say
reaches each other whether it is there or not; what is *joint* waits for it. The tests of this file
are the steps of one story and run in their order.
"""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.exercise.officer import Json, Officer, wait_for
from detente.exercise.opening import wait_until_in_force
from detente.exercise.stage import START_S_MAX, Stage, run
from detente.witness import store
from detente.witness.settings import as_in_terms
from detente.witness.store import FILE, WitnessStore

NAME = "witness.example/w1"
SECRET = "EXERCISE. Words that no witness hears."
WAIT_S = 90.0


class WitnessProcess:
    """The witness as a process of its own, started and ended by its process id."""

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        where = ("--url", f"https://127.0.0.1:{port}", "--listen", f"127.0.0.1:{port}")
        run("witness", "init", str(directory), "--name", NAME, *where)
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory / "serve.log").open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "detente", "witness", "serve", str(self.directory)],
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                ready = json.loads((self.directory / "run.json").read_text())
                if ready["pid"] == self._process.pid:
                    return
            time.sleep(0.02)
        raise AssertionError((self.directory / "serve.log").read_text())

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def sizes(self) -> dict[str, int]:
        """How far each party's log is cosigned, as it stands on the disk, and nothing refused."""
        kept = WitnessStore(self.directory / FILE)
        try:
            with kept.read() as tx:
                assert store.all_refused(tx) == []
                return {one.origin.rpartition("/")[2]: one.size for one in store.all_latest(tx)}
        finally:
            kept.close()


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessProcess]:
    one = WitnessProcess(tmp_path_factory.mktemp("third") / "witness")
    yield one
    one.close()


@pytest.fixture(scope="module")
def stage(witness: WitnessProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Both nodes, on a line whose terms name the witness, which is not running yet."""
    named: Any = msgspec.to_builtins(as_in_terms(witness.directory))
    with Stage(tmp_path_factory.mktemp("stage"), {"witnesses": [named]}) as stage:
        stage.set()
        founding = str(stage.directory / "northern-watch.line")
        run("witness", "allow", str(witness.directory), founding)
        stage.start()
        yield stage


@pytest.fixture
def officers(stage: Stage) -> Iterator[Mapping[str, Officer]]:
    with ExitStack() as stack:
        officers = stage.officers(stack)
        wait_until_in_force(officers)
        yield officers


def say(officer: Officer, text: str, precedence: str = "routine") -> Json:
    return officer.say("messages", {"text": text, "language": "en", "precedence": precedence})


def entry(officer: Officer, entry_id: str) -> Json:
    found: Json = officer.get(f"/lines/{officer.line}/entries/{entry_id}")
    return found


def wait_joint(officer: Officer, entry_id: str) -> Json:
    def joint() -> Json | None:
        found = entry(officer, entry_id)
        return found if found["joint"] else None

    return wait_for(f"entry joint at {officer.party}", joint, WAIT_S)


def test_without_its_witness_safety_traffic_flows_and_nothing_is_joint(
    officers: Mapping[str, Officer],
) -> None:
    us, ru = officers["us"], officers["ru"]
    said = say(us, SECRET, "urgent-safety")
    wait_for(
        "the message there", lambda: [m for m in ru.on_line("messages") if m["id"] == said["id"]]
    )
    ru.acknowledge(said["id"], "understood")
    received = wait_for("a receipt", lambda: entry(us, said["id"])["receipts"]["ru"])
    found = entry(us, said["id"])
    assert (found["witnesses"], found["joint"]) == ({NAME: None}, None)
    assert received
    [shown] = wait_for("a failure", lambda: [w for w in us.on_line("witnesses") if w["last_error"]])
    assert shown["state"] == "down"
    assert shown["own_witnessed"] == 0 < shown["own_size"]


def test_with_its_witness_all_is_joint_on_both_sides(
    stage: Stage, witness: WitnessProcess, officers: Mapping[str, Officer]
) -> None:
    witness.start()
    for party, officer in officers.items():
        other = officers["ru" if party == "us" else "us"]
        newest = officer.get(f"/lines/{officer.line}/entries?party={party}")[-1]
        here, there = wait_joint(officer, newest["id"]), wait_joint(other, newest["id"])
        assert (
            here["joint"]
            == there["joint"]
            == max([*here["receipts"].values(), here["witnesses"][NAME]])
        )
    told = run("record", "holders", str(stage.directory / "us"), "--line", "northern-watch")
    assert f"{NAME} " in told
    assert "saw a checkpoint that covers it; holds no entry" in told


def test_a_witness_killed_and_started_again_goes_on(
    witness: WitnessProcess, officers: Mapping[str, Officer]
) -> None:
    us = officers["us"]
    before = witness.sizes()["us"]
    said = [say(us, f"EXERCISE. Test {n}.") for n in range(3)]
    witness.end(signal.SIGKILL)
    said.append(say(us, "EXERCISE. Said while the witness is dead."))
    assert witness.sizes()["us"] >= before
    assert entry(us, said[-1]["id"])["joint"] is None
    witness.start()
    for one in said:
        wait_joint(us, one["id"])
    assert witness.sizes()["us"] == us.on_line("witnesses")[0]["own_witnessed"]


def test_what_the_witness_keeps_holds_nothing_of_what_was_said(witness: WitnessProcess) -> None:
    kept = b"".join(p.read_bytes() for p in witness.directory.rglob("*") if p.is_file())
    assert b"detente.invalid/line/" in kept
    assert b"EXERCISE" not in kept
    assert b"Words that" not in kept


def test_the_record_is_sound_and_the_policy_names_the_witness(stage: Stage, tmp_path: Path) -> None:
    assert "Nothing is wrong" in run("record", "verify", str(stage.directory / "ru"))
    run("record", "export", str(stage.directory / "ru"), "--line", "northern-watch", "--tiles",
        str(tmp_path / "out"))  # fmt: skip
    policy = (tmp_path / "out" / "us" / "policy").read_text().splitlines()
    assert policy[-1] == "quorum Joint"
    assert f"group Witnesses all {NAME}" in policy
    checkpoint = (tmp_path / "out" / "us" / "checkpoint").read_text()
    assert checkpoint.count(f"\n— {NAME} ") == 2


def test_it_ends_cleanly_when_it_is_told_to(witness: WitnessProcess) -> None:
    assert witness.end(signal.SIGTERM) == 0
    assert not (witness.directory / "run.json").exists()

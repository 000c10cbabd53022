"""A node loses its power in the middle of everything it does; and that this would find a loss.

``./dev bench crash`` crashes at every write and sync; here is one crash in each operation of the
first script that has it, of the four kinds in turn, at moments drawn anew for every change of one.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest
from bench.crash.aftermath import live_on, put, restored, restored_witness
from bench.crash.disk import KEPT, KINDS, LOST, SYNC, WRITE, Op
from bench.crash.fault import FaultError
from bench.crash.recording import Crash, Recording, record
from bench.crash.runs import kept, play, restore_all, witness_backup
from bench.crash.scene import A, B
from bench.crash.scripts import SCRIPTS
from bench.simulation.disk import DATABASE, Templates, scratch

SEED = 4


@pytest.fixture(scope="module")
def templates() -> Iterator[Templates]:
    with scratch() as folder:
        yield Templates(folder)


@pytest.fixture(scope="module")
def recorded(templates: Templates) -> Iterator[Callable[[str], Recording]]:
    made: dict[str, Recording] = {}
    with scratch() as folder:

        def of(name: str) -> Recording:
            if name not in made:
                made[name] = record(folder / name, templates, SCRIPTS[name])
            return made[name]

        yield of


@pytest.fixture
def recording(recorded: Callable[[str], Recording]) -> Recording:
    return recorded("line")


def sample(recording: Recording) -> list[Crash]:
    """One crash in each operation that no script before this one has, of the four kinds in turn."""
    names = list(SCRIPTS)
    before = [SCRIPTS[name] for name in names[: names.index(recording.name)]]
    known = {step.operation for script in before for step in script.steps}
    chance, places = random.Random(SEED), dict[str, list[int]]()
    for at in range(len(recording.ops)):
        step = recording.step(at)
        operation = step.operation if step else ""
        if operation not in known and (step is not None or not before):
            places.setdefault(operation, []).append(at)
    kinds = cycle(KINDS)
    return [Crash(chance.choice(of), next(kinds), 0) for of in places.values()]


@pytest.mark.parametrize(("name", "operations"), [("line", 11), ("third", 11), ("hand", 4)])
def test_nothing_acknowledged_is_lost_or_doubled_and_nothing_inconsistent_signed(
    recorded: Callable[[str], Recording], name: str, operations: int
) -> None:
    with scratch() as folder:
        found = list(play(recorded(name), sample(recorded(name)), folder / "disk"))
    assert len(found) == operations
    assert [one.told() for one in found if one.fault] == []


def test_a_restored_backup_is_told_from_a_crash(recording: Recording) -> None:
    with scratch() as folder:
        found = list(restore_all(recording, folder / "disk"))
    assert len(found) >= 6
    assert [one.told() for one in found if one.fault] == []


# --- that it would find a loss ------------------------------------------------------------------


def test_a_weaker_setting_of_sqlite_is_found_to_lose(templates: Templates) -> None:
    with scratch() as folder:
        weak = record(folder / "recording", templates, SCRIPTS["line"], synchronous="NORMAL")
        crashes = [Crash(at, LOST, 0) for at in range(0, len(weak.ops), len(weak.ops) // 12)]
        faults = [one.fault for one in play(weak, crashes, folder / "disk")]
    assert faults.count("lost") > 6


def test_a_disk_that_does_not_sync_is_found_to_lose(recording: Recording) -> None:
    lying = [Op(WRITE, op.path) if op.kind == SYNC else op for op in recording.ops]
    crashes = [Crash(at, LOST, 0) for at in range(100, len(lying), len(lying) // 6)]
    with scratch() as folder:
        found = list(play(recording._replace(ops=lying), crashes, folder / "disk"))
    faults = [one.fault for one in found]
    assert "lost" in faults
    assert "" not in faults


def test_without_its_marks_a_restored_node_is_found_to_sign_two_histories(
    recording: Recording,
) -> None:
    at = recording.steps.index(6)
    with scratch() as folder:
        put(folder / "disk", kept(recording, at))
        with pytest.raises(FaultError, match="signs a second history"):
            restored(recording, Crash(at, KEPT, 0), A, folder / "disk", marked=False)


def test_only_without_its_marks_a_restored_witness_is_found_to_cosign_two_histories(
    recorded: Callable[[str], Recording],
) -> None:
    crash, backup, files = witness_backup(recorded("third"))
    with scratch() as folder:
        put(folder / "marked", files)
        restored_witness(recorded("third"), crash, backup, folder / "marked")
        put(folder / "not", files)
        with pytest.raises(FaultError, match="has cosigned two histories"):
            restored_witness(recorded("third"), crash, backup, folder / "not", marked=False)


def damage(folder: Path, party: str, statement: str) -> None:
    """Change a party's database behind its back."""
    with closing(sqlite3.connect(folder / party / DATABASE)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


@pytest.mark.parametrize(
    ("name", "operation", "party", "statement", "fault", "why"),
    [
        ("third", "confirming", A, "DELETE FROM pending", "lost", "was asked for"),
        ("third", "receiving", A, "DELETE FROM sealed", "lost", "opened by nobody"),
        (
            "third",
            "opening",
            A,
            "UPDATE pending SET entry = NULL, state = 'refused' WHERE state = 'confirmed'",
            "other",
            "by one officer",
        ),
        ("hand", "refusing", B, "DELETE FROM usage", "lost", "entries of af are held"),
        (
            "hand",
            "refusing",
            B,
            "UPDATE usage SET entries = entries + 1, day_entries = day_entries + 1",
            "doubled",
            "entries of af count",
        ),
    ],
)
def test_what_a_nodes_own_notes_lack_is_found(
    recorded: Callable[[str], Recording],
    name: str,
    operation: str,
    party: str,
    statement: str,
    fault: str,
    why: str,
) -> None:
    recording = recorded(name)
    steps = [step.operation for step in recording.script.steps]
    number = next(n for n, step in enumerate(steps) if step.startswith(operation))
    at = recording.steps.index(number)
    with scratch() as folder:
        put(folder / "disk", kept(recording, at))
        damage(folder / "disk", party, statement)
        with pytest.raises(FaultError, match=why) as found:
            live_on(recording, Crash(at, KEPT, 0), folder / "disk")
    assert found.value.fault == fault


def test_what_was_aside_and_is_gone_is_found(recorded: Callable[[str], Recording]) -> None:
    recording = recorded("hand")
    told = [one.at for one in recording.told if one.what == "brought" and one.content[2]]
    with scratch() as folder:
        put(folder / "disk", kept(recording, told[0]))
        damage(folder / "disk", B, "DELETE FROM aside")
        with pytest.raises(FaultError, match="aside") as found:
            live_on(recording, Crash(told[0], KEPT, 0), folder / "disk")
    assert found.value.fault == "lost"

"""A node loses its power in the middle of everything it does; and that this would find a loss.

``./dev bench crash`` crashes at every write and sync; here is one crash of each kind in each
operation, at moments drawn anew for every change of the script.
"""

import random
from collections.abc import Iterator

import pytest
from bench.crash.aftermath import put, restored
from bench.crash.disk import KEPT, LOST, SYNC, WRITE, Disk, Op
from bench.crash.oracle import FaultError
from bench.crash.recording import Crash, Recording, record
from bench.crash.runs import play, restore_all
from bench.crash.script import PARTIES, A
from bench.simulation.disk import Templates, scratch

SEED = 4


@pytest.fixture(scope="module")
def templates() -> Iterator[Templates]:
    with scratch() as folder:
        yield Templates(folder)


@pytest.fixture(scope="module")
def recording(templates: Templates) -> Iterator[Recording]:
    with scratch() as folder:
        yield record(folder / "recording", templates)


def sample(recording: Recording) -> list[Crash]:
    """One crash of each kind in each operation of the script."""
    chance, places = random.Random(SEED), dict[tuple[str, str], list[Crash]]()
    for crash in recording.crashes(1):
        step = recording.step(crash.at)
        places.setdefault((step.operation if step else "", crash.kind), []).append(crash)
    return [chance.choice(one) for one in places.values()]


def test_nothing_acknowledged_is_lost_or_doubled_and_nothing_inconsistent_signed(
    recording: Recording,
) -> None:
    with scratch() as folder:
        found = list(play(recording, sample(recording), folder / "disk"))
    assert len(found) == 11 * 4
    assert [one.told() for one in found if one.fault] == []


def test_a_restored_backup_is_told_from_a_crash(recording: Recording) -> None:
    with scratch() as folder:
        found = list(restore_all(recording, folder / "disk"))
    assert len(found) >= 6
    assert [one.told() for one in found if one.fault] == []


# --- that it would find a loss ------------------------------------------------------------------


def test_a_weaker_setting_of_sqlite_is_found_to_lose(templates: Templates) -> None:
    with scratch() as folder:
        weak = record(folder / "recording", templates, synchronous="NORMAL")
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
    disk = Disk(recording.before)
    for op in recording.ops[:at]:
        disk.do(op)
    with scratch() as folder:
        put(folder / "disk", disk.crashed(KEPT, 0, PARTIES))
        with pytest.raises(FaultError, match="signs a second history"):
            restored(recording, Crash(at, KEPT, 0), A, folder / "disk", marked=False)

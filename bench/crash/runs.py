"""Running crashes: some of them, or all, on all cores; counting, and saying what went wrong."""

import argparse
import hashlib
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import apsw

from bench.crash.aftermath import crashed, live_on, put, restored, restored_witness
from bench.crash.disk import KEPT, KINDS, Disk
from bench.crash.fault import FAULTS, OTHER, FaultError
from bench.crash.oracle import MARKS
from bench.crash.recording import Crash, Recording, record
from bench.crash.scripts import SCRIPTS
from bench.crash.third import CALLING
from bench.simulation.disk import Templates, scratch

CHUNK = 32


class Outcome(NamedTuple):
    """What came of a crash. ``fault`` is one of ``FAULTS``, or nothing.

    ``is_known``: just the same, to the byte, had been looked at before.
    """

    crash: Crash
    operation: str
    fault: str
    wrong: str
    is_known: bool = False

    def told(self) -> str:
        """For whoever has to find out why."""
        at, kind, seed = self.crash
        return f"{self.operation}, {kind} at {at}, seed {seed}: {self.fault}: {self.wrong}"


def play(recording: Recording, crashes: Iterable[Crash], folder: Path) -> Iterator[Outcome]:
    """Crash, start again and look, once for each; ``folder`` is made and gone again each time."""
    disk, done = Disk(recording.before), 0
    known: dict[tuple[int, int, str], Outcome] = {}
    for crash in sorted(crashes):
        for op in recording.ops[done : crash.at]:
            disk.do(op)
        done = crash.at
        files = crashed(recording, disk, crash)
        # Between two syncs, whoever loses everything else loses it to the same disk.
        same = (recording.number(crash.at), len(recording.heard(crash.at)), digest(files))
        if same in known:
            yield known[same]._replace(crash=crash, is_known=True)
            continue
        step = recording.step(crash.at)
        operation = "starting and stopping" if step is None else step.operation
        put(folder, files)
        known[same] = Outcome(crash, operation, *_fault(partial(live_on, recording, crash, folder)))
        shutil.rmtree(folder)
        yield known[same]


def _fault(look: Callable[[], None]) -> tuple[str, str]:
    try:
        look()
    except FaultError as error:
        return error.fault, str(error)
    except Exception:
        return OTHER, traceback.format_exc(limit=-6)
    return "", ""


def digest(files: dict[str, bytes]) -> str:
    """Equal for equal files."""
    whole = hashlib.sha256()
    for path, data in files.items():
        whole.update(f"{path}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()


def restore_all(recording: Recording, folder: Path) -> Iterator[Outcome]:
    """After each step, the database of before everything for each party whose marks have moved."""
    disk, known = Disk(recording.before), dict[str, bytes | None]()
    for at, op in enumerate(recording.ops):
        step = recording.step(at)
        if step is not None and not step.again:
            # From here on keys and database have to be restored together, or none of them.
            break
        new = at and recording.steps[at] != recording.steps[at - 1]
        for party in recording.script.parties if new else ():
            files = disk.crashed(KEPT, 0, recording.script.machines)
            marks = files.get(f"{party}/{MARKS}")
            if marks is not None and marks != known.get(party):
                known[party] = marks
                put(folder, files)
                look = partial(restored, recording, Crash(at, KEPT, 0), party, folder)
                yield Outcome(Crash(at, KEPT, 0), "restoring a backup", *_fault(look))
                shutil.rmtree(folder)
        disk.do(op)
    if recording.script.witness is not None:
        crash, backup, files = witness_backup(recording)
        put(folder, files)
        look = partial(restored_witness, recording, crash, backup, folder)
        yield Outcome(crash, "restoring a witness's backup", *_fault(look))
        shutil.rmtree(folder)


def witness_backup(recording: Recording) -> tuple[Crash, dict[str, bytes], dict[str, bytes]]:
    """The files before A's first call at the witness, and those after its second."""
    calls = [n for n, step in enumerate(recording.script.steps) if step.operation == CALLING]
    # B calls first, each time.
    first, after = (recording.steps.index(step) for step in (calls[1], calls[3] + 1))
    return Crash(after, KEPT, 0), kept(recording, first), kept(recording, after)


def kept(recording: Recording, at: int) -> dict[str, bytes]:
    """The files when ``at`` operations have been done."""
    disk = Disk(recording.before)
    for op in recording.ops[:at]:
        disk.do(op)
    return disk.crashed(KEPT, 0, recording.script.machines)


def play_some(recording: Recording, crashes: list[Crash]) -> list[Outcome]:
    """The same, in a folder of its own."""
    with scratch() as folder:
        return list(play(recording, crashes, folder / "disk"))


def options(parser: argparse.ArgumentParser) -> None:
    """The options of ``./dev bench crash``."""
    parser.add_argument("--seeds", type=int, default=1, help="how often each random crash is tried")
    parser.add_argument("--every", type=int, default=1, help="crash at every so many operations")
    parser.add_argument(
        "--script", choices=list(SCRIPTS), action="append", help="only this script; may be repeated"
    )


def run(arguments: argparse.Namespace) -> None:
    """Crash everywhere; exit status 1 if anything went wrong."""
    started_s, faults, disks = time.perf_counter(), Counter[str](), 0
    names = arguments.script or list(SCRIPTS)
    print(f"SQLite: {apsw.sqlite_lib_version()}, WAL, synchronous=FULL")
    for name in names:
        with scratch() as folder:
            recording = record(folder / "recording", Templates(folder), SCRIPTS[name])
            backups = list(restore_all(recording, folder / "restored"))
        counts = Counter[str]()
        for outcome in chain(backups, outcomes(recording, arguments.seeds, arguments.every)):
            is_crash = outcome not in backups
            if is_crash:
                counts.update([outcome.operation, outcome.crash.kind])
            disks += is_crash and not outcome.is_known
            faults.update([outcome.fault, "crashes" if is_crash else "backups"])
            if outcome.fault:
                print(f"{name}: {outcome.told()}", flush=True)
        _print(recording, counts)
    print(f"restored backups: {faults['backups']}")
    print(f"crashes: {faults['crashes']} on {disks} different disks")
    print(f"time_s: {time.perf_counter() - started_s:.0f}")
    for fault in FAULTS:
        print(f"{fault}: {faults[fault]}")
    raise SystemExit(1 if any(faults[fault] for fault in FAULTS) else 0)


def _print(recording: Recording, counts: Counter[str]) -> None:
    ops, name = Counter(op.kind for op in recording.ops), recording.name
    each = ", ".join(f"{n} {k}" for k, n in ops.items())
    print(f"{name}: operations: {len(recording.ops)} ({each})")
    for what, count in sorted(counts.items(), key=lambda one: (one[0] in KINDS, one)):
        print(f"{name}: crashes, {what}: {count}", flush=True)


def outcomes(recording: Recording, seeds: int, every: int = 1) -> Iterator[Outcome]:
    """What comes of all crashes, on all cores, in their order."""
    crashes = [one for one in recording.crashes(seeds) if one.at % every == 0]
    chunks = [crashes[at : at + CHUNK] for at in range(0, len(crashes), CHUNK)]
    with ProcessPoolExecutor() as pool:
        for some in pool.map(play_some, [recording] * len(chunks), chunks):
            yield from some

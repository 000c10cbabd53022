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

from bench.crash.aftermath import crashed, live_on, put, restored
from bench.crash.disk import KEPT, KINDS, Disk
from bench.crash.oracle import FAULTS, OTHER, FaultError
from bench.crash.recording import Crash, Recording, record
from bench.crash.script import PARTIES
from bench.simulation.disk import Templates, scratch

CHUNK = 32
MARKS = "shown.json"


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
            return
        for party in PARTIES if at and recording.steps[at] != recording.steps[at - 1] else ():
            files = disk.crashed(KEPT, 0, PARTIES)
            marks = files.get(f"{party}/{MARKS}")
            if marks is not None and marks != known.get(party):
                known[party] = marks
                crash = Crash(at, KEPT, 0)
                put(folder, files)
                yield Outcome(
                    crash,
                    "restoring a backup",
                    *_fault(partial(restored, recording, crash, party, folder)),
                )
                shutil.rmtree(folder)
        disk.do(op)


def play_some(recording: Recording, crashes: list[Crash]) -> list[Outcome]:
    """The same, in a folder of its own."""
    with scratch() as folder:
        return list(play(recording, crashes, folder / "disk"))


def options(parser: argparse.ArgumentParser) -> None:
    """The options of ``./dev bench crash``."""
    parser.add_argument("--seeds", type=int, default=1, help="how often each random crash is tried")
    parser.add_argument("--every", type=int, default=1, help="crash at every so many operations")


def run(arguments: argparse.Namespace) -> None:
    """Crash everywhere; exit status 1 if anything went wrong."""
    started_s, counts, faults, known = time.perf_counter(), Counter[str](), Counter[str](), 0
    with scratch() as folder:
        recording = record(folder / "recording", Templates(folder))
        backups = list(restore_all(recording, folder / "restored"))
    for outcome in chain(backups, outcomes(recording, arguments.seeds, arguments.every)):
        if outcome not in backups:
            counts.update([outcome.operation, outcome.crash.kind])
        faults.update([outcome.fault])
        known += outcome.is_known
        if outcome.fault:
            print(outcome.told(), flush=True)
    _print(recording, counts)
    print(f"restored backups: {len(backups)}")
    crashes = sum(faults.values()) - len(backups)
    print(f"crashes: {crashes} on {crashes - known} different disks")
    print(f"time_s: {time.perf_counter() - started_s:.0f}")
    for fault in FAULTS:
        print(f"{fault}: {faults[fault]}")
    raise SystemExit(1 if any(faults[fault] for fault in FAULTS) else 0)


def _print(recording: Recording, counts: Counter[str]) -> None:
    ops = Counter(op.kind for op in recording.ops)
    print(f"SQLite: {apsw.sqlite_lib_version()}, WAL, synchronous=FULL")
    print(f"operations: {len(recording.ops)} ({', '.join(f'{n} {k}' for k, n in ops.items())})")
    for name, count in sorted(counts.items(), key=lambda one: (one[0] in KINDS, one)):
        print(f"crashes, {name}: {count}")


def outcomes(recording: Recording, seeds: int, every: int = 1) -> Iterator[Outcome]:
    """What comes of all crashes, on all cores, in their order."""
    crashes = [one for one in recording.crashes(seeds) if one.at % every == 0]
    chunks = [crashes[at : at + CHUNK] for at in range(0, len(crashes), CHUNK)]
    with ProcessPoolExecutor() as pool:
        for some in pool.map(play_some, [recording] * len(chunks), chunks):
            yield from some

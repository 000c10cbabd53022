"""Running seeds: one with all that happened, or many on all cores."""

import argparse
import hashlib
import logging
import multiprocessing
import os
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import structlog

from bench.simulation import planted
from bench.simulation.disk import Templates, scratch
from bench.simulation.truth import ViolationError
from bench.simulation.world import World

SEEDS = 10_000
CHUNK = 5
PROGRESS = 500
"""Seeds after which a long run says how far it is."""

_templates: Templates
_folder: Path
"""Of a process that runs seeds: what its worlds are copied from, and where they are."""


class Outcome(NamedTuple):
    """What came of a seed: everything that happened, what was counted, and what went wrong."""

    seed: int
    trace: list[str]
    counts: Counter[str]
    cpu_s: float
    wrong: str

    @property
    def digest(self) -> str:
        """Equal for two runs in which the same happened."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]

    def told(self) -> str:
        """For whoever has to find out why."""
        return "\n".join(
            [
                *self.trace[-40:],
                "",
                self.wrong,
                f"Live through it again: ./dev bench simulation --seed {self.seed}",
            ]
        )


def play(seed: int, templates: Templates, folder: Path, bug: planted.Bug = planted.NONE) -> Outcome:
    """Run one seed in a new ``folder``, which is gone afterwards; with a ``bug`` planted."""
    began_s = time.process_time()
    world = World(seed, templates, folder)
    wrong = ""
    try:
        with bug.planted():
            world.run()
    except Exception as error:
        wrong = f"seed {seed}: {error}\n{traceback.format_exc(limit=-6)}"
    finally:
        world.close()
        shutil.rmtree(folder)
    return Outcome(seed, world.trace, world.counts, time.process_time() - began_s, wrong)


def play_many(seeds: list[int]) -> list[Outcome]:
    """Run some seeds in a process that is prepared for it, one after the other."""
    return [play(seed, _templates, _folder / f"seed-{seed}") for seed in seeds]


def outcomes(seeds: range, processes: int | None = None) -> Iterator[Outcome]:
    """What comes of these seeds, run on all cores, in their order."""
    chunks = [list(seeds[at : at + CHUNK]) for at in range(0, len(seeds), CHUNK)]
    with (
        scratch() as folder,
        ProcessPoolExecutor(
            processes,
            # Not forked: the nodes of whoever asks have threads.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(folder,),
        ) as pool,
    ):
        for outcomes in pool.map(play_many, chunks):
            yield from outcomes


def _hush() -> None:
    """What nodes and witnesses log would bury what a run has to say."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _prepare(folder: Path) -> None:
    global _templates, _folder
    _hush()
    _folder = folder / f"process-{os.getpid()}"
    _templates = Templates(_folder)


def options(parser: argparse.ArgumentParser) -> None:
    """The options of ``./dev bench simulation``."""
    seeds = int(os.environ.get("DETENTE_SEEDS", SEEDS))
    parser.add_argument("--seeds", type=int, default=seeds, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, help="how many at a time; as many as cores")
    parser.add_argument("--seed", type=int, help="one seed, with all that happens in it")
    parser.add_argument(
        "--planted",
        action="store_true",
        help="plant one bug after the other instead, and say by which seed each is found",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run what was asked for; exit status 1 if anything went wrong."""
    if arguments.seed is not None:
        outcome = _one(arguments.seed)
        print("\n".join(outcome.trace))
        print(f"digest: {outcome.digest}\n{outcome.wrong or 'nothing went wrong'}")
        raise SystemExit(1 if outcome.wrong else 0)
    if arguments.planted:
        raise SystemExit(0 if _plant(arguments.first, arguments.seeds) else 1)
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    raise SystemExit(1 if _many(seeds, arguments.processes) else 0)


def _one(seed: int) -> Outcome:
    with scratch() as folder:
        return play(seed, Templates(folder), folder / f"seed-{seed}")


def _many(seeds: range, processes: int | None) -> list[int]:
    """The seeds that failed, each of them told as soon as it is known; and the figures of all."""
    began_s, counts, failed, cpu_s = time.perf_counter(), Counter[str](), list[int](), 0.0
    for n, outcome in enumerate(outcomes(seeds, processes), 1):
        counts.update(outcome.counts)
        cpu_s += outcome.cpu_s
        if outcome.wrong:
            failed.append(outcome.seed)
            print(outcome.told(), flush=True)
        if n % PROGRESS == 0:
            print(f"after {n} seeds: {len(failed)} failed, {cpu_s:.0f} CPU s", flush=True)
    for name, value in sorted(counts.items()):
        print(f"{name}: {value}")
    print(f"seeds: {len(seeds)}, {seeds.start} to {seeds.stop - 1}")
    print(f"CPU: {cpu_s:.0f} s, {cpu_s / len(seeds):.2f} s a seed")
    print(f"wall: {time.perf_counter() - began_s:.0f} s")
    print(f"failed: {len(failed)}{''.join(f' {seed}' for seed in failed)}")
    return failed


def _plant(first: int, seeds: int) -> bool:
    """Whether each of the planted bugs is found within so many seeds."""
    found = []
    with scratch() as folder:
        templates = Templates(folder)
        for bug in planted.BUGS:
            seed, wrong = hunt(bug, range(first, first + seeds), templates, folder)
            found.append(seed is not None)
            by = "NOT FOUND" if seed is None else f"by seed {seed}: {wrong}"
            print(f"{bug.name}: {by}", flush=True)
    print(f"found: {sum(found)} of {len(found)}")
    return all(found)


def hunt(
    bug: planted.Bug, seeds: range, templates: Templates, folder: Path
) -> tuple[int | None, str]:
    """The first seed that finds a planted bug, and in which words; None if none of them does."""
    for seed in seeds:
        outcome = play(seed, templates, folder / f"seed-{seed}", bug)
        # Not by an error of its own that nobody foresaw.
        if ViolationError.__name__ in outcome.wrong:
            return seed, outcome.wrong.splitlines()[0].partition(": ")[2]
    return None, ""

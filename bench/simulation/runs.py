"""Running seeds: one with all that happened, or many on all cores."""

import argparse
import hashlib
import os
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.simulation.disk import Templates, scratch
from bench.simulation.world import World

SEEDS = 10_000
CHUNK = 5


class Outcome(NamedTuple):
    """What came of a seed: everything that happened, what was counted, and what went wrong."""

    seed: int
    trace: list[str]
    counts: Counter[str]
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


def play(seed: int, templates: Templates, folder: Path) -> Outcome:
    """Run one seed in a new ``folder``, which is gone afterwards."""
    world = World(seed, templates, folder)
    wrong = ""
    try:
        world.run()
    except Exception as error:
        wrong = f"seed {seed}: {error}\n{traceback.format_exc(limit=-6)}"
    finally:
        world.close()
        shutil.rmtree(folder)
    return Outcome(seed, world.trace, world.counts, wrong)


def play_many(seeds: list[int]) -> list[Outcome]:
    """Run some seeds, one after the other."""
    with scratch() as folder:
        templates = Templates(folder)
        return [play(seed, templates, folder / f"seed-{seed}") for seed in seeds]


def options(parser: argparse.ArgumentParser) -> None:
    """The options of ``./dev bench simulation``."""
    seeds = int(os.environ.get("DETENTE_SEEDS", SEEDS))
    parser.add_argument("--seeds", type=int, default=seeds, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="one seed, with all that happens in it")


def run(arguments: argparse.Namespace) -> None:
    """Run what was asked for; exit status 1 if anything went wrong."""
    if arguments.seed is not None:
        [outcome] = play_many([arguments.seed])
        print("\n".join(outcome.trace))
        print(f"digest: {outcome.digest}\n{outcome.wrong or 'nothing went wrong'}")
        raise SystemExit(1 if outcome.wrong else 0)
    started_s, counts, failed = time.perf_counter(), Counter[str](), 0
    for outcome in outcomes(range(arguments.first, arguments.first + arguments.seeds)):
        counts.update(outcome.counts)
        if outcome.wrong:
            failed += 1
            print(outcome.told(), flush=True)
    for name, value in sorted(counts.items()):
        print(f"{name}: {value}")
    print(f"seeds: {arguments.seeds} in {time.perf_counter() - started_s:.0f} s")
    print(f"failed: {failed}")
    raise SystemExit(1 if failed else 0)


def outcomes(seeds: range) -> Iterator[Outcome]:
    """What comes of these seeds, run on all cores, in their order."""
    chunks = [list(seeds[at : at + CHUNK]) for at in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor() as pool:
        for outcomes in pool.map(play_many, chunks):
            yield from outcomes

"""Breaks each bound of the conflict engine on purpose, one at a time: a test has to fail.

A bound that can be weakened without a test failing is not tested. Each mutation is made in a copy
of the sources, and the tests that answer for it are run there, in plain Python: what is compiled
would take longer than the tests, and both forms are the same text. First of all the same tests
are run with nothing broken, because a test that fails anyhow notices nothing.

``docs/geometry.md`` says what each bound is for.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.broken import MUTATIONS, Mutation

ROOT = Path(__file__).parent.parent
SOUND = "nothing"
TIMEOUT_S = 300


class Outcome(NamedTuple):
    caught: bool
    by: str
    """The first test that failed, or what went wrong."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", help="those whose description contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--list", action="store_true", help="show them and run nothing")


def run(arguments: argparse.Namespace) -> None:
    chosen = [one for one in MUTATIONS if arguments.only in one.what]
    if arguments.list:
        for one in chosen:
            print(f"{one.file}: {one.what}")
        return
    stale = [complaint for one in chosen if (complaint := _stale(one))]
    if stale:
        sys.exit(
            "\n".join(["these mutations do not apply; follow the code in bench/broken.py:", *stale])
        )
    begin_s = time.perf_counter()
    with ThreadPoolExecutor(arguments.jobs) as threads:
        sound = [
            Mutation(SOUND, "pyproject.toml", "[project]", "[project]", tests)
            for tests in sorted({one.tests for one in chosen})
        ]
        for one, outcome in zip(sound, threads.map(_outcome, sound), strict=True):
            if outcome.by:
                sys.exit(f"{one.tests} fails with nothing broken: {outcome.by}")
        print(f"{'broken':72}noticed by")
        missed = []
        for one, outcome in zip(chosen, threads.map(_outcome, chosen), strict=True):
            print(f"{one.what:72}{outcome.by or 'NO TEST'}", flush=True)
            if not outcome.caught:
                missed.append(one.what)
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} noticed, "
        f"in {time.perf_counter() - begin_s:.0f} s"
    )
    if missed:
        sys.exit(f"not noticed by any test: {'; '.join(missed)}")


def _stale(mutation: Mutation) -> str:
    """Why a mutation cannot be made: it has to be clear which one place it breaks."""
    path = ROOT / mutation.file
    times = path.read_text().count(mutation.old) if path.exists() else 0
    if times == 1:
        return ""
    return f"- {mutation.what}: {mutation.file} says {mutation.old!r} {times} times, not once"


def _outcome(mutation: Mutation) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src/detente", "tests/conflict", "tests/volumes"):
            shutil.copytree(
                ROOT / part,
                copy / part,
                ignore=shutil.ignore_patterns("__pycache__", "*.nb?", "static"),
            )
        for file in ("pyproject.toml", "tests/conftest.py"):
            shutil.copy(ROOT / file, copy / file)
        path = copy / mutation.file
        path.write_text(path.read_text().replace(mutation.old, mutation.new))
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
             f"--timeout={TIMEOUT_S}", *shlex.split(mutation.tests)],
            cwd=copy / "tests",
            env={**os.environ, "PYTHONPATH": str(copy / "src"), "NUMBA_DISABLE_JIT": "1"},
            capture_output=True,
            text=True,
        )  # fmt: skip
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    # 1 is pytest's way to say that tests failed; anything else says nothing about the bound.
    if ran.returncode not in (0, 1):
        return Outcome(False, f"pytest said {ran.returncode}: {(ran.stdout + ran.stderr)[-300:]}")
    by = failed[0].removeprefix("FAILED ").split(" ")[0].rpartition("/")[2] if failed else ""
    return Outcome(ran.returncode == 1, by)

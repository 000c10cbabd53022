"""Breaks each bound of the conflict engine on purpose, one at a time: a test has to fail.

A bound that can be weakened without a test failing is not tested. Each mutation is made in a copy
of the sources and the tests that answer for it are run there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
CONFLICT, VOLUMES = "src/detente/conflict", "src/detente/volumes"


class Mutation(NamedTuple):
    what: str
    file: str
    old: str
    new: str
    tests: str


MUTATIONS = (
    Mutation(
        "a box is not grown by its radius",
        f"{CONFLICT}/kernels.py",
        "low[v, axis] -= grow_m + cores.radius_m[v]",
        "low[v, axis] -= grow_m",
        "test_kernels.py",
    ),
    Mutation(
        "a box is not grown by how far its pieces bulge",
        f"{CONFLICT}/kernels.py",
        "sag_m = cores.bulge_m[i] + speed_m * speed_m / (8 * RADIUS_MIN_M)",
        "sag_m = 0.0",
        "test_kernels.py",
    ),
    Mutation(
        "a polygon's box does not hold its crown",
        f"{CONFLICT}/kernels.py",
        "high[v, axis] = SEMI_MAJOR_M",
        "pass",
        "test_kernels.py",
    ),
    Mutation(
        "boxes along a line are not grown by its radius",
        f"{CONFLICT}/filters.py",
        "(8 * RADIUS_MIN_M) + cores.radius_m[v]",
        "(8 * RADIUS_MIN_M)",
        "test_trees.py",
    ),
    Mutation(
        "boxes are rounded to the nearest number, not outward",
        f"{CONFLICT}/trees.py",
        "ceiling = np.where(ceiling < high",
        "ceiling = np.where(ceiling < -high * np.inf",
        "test_trees.py",
    ),
    Mutation(
        "a tree is asked without the separation",
        f"{CONFLICT}/trees.py",
        "wide = reach[[0, 1, 2, W84, TIME]] + SPARE",
        "wide = 0 * reach[[0, 1, 2, W84, TIME]] + SPARE",
        "test_trees.py",
    ),
    Mutation(
        "edges are not densified",
        f"{VOLUMES}/geodesy.py",
        "PIECE_M_MAX = 50_000.0",
        "PIECE_M_MAX = 50_000_000.0",
        "../volumes",
    ),
    Mutation(
        "a straight edge is taken for the geodesic between its ends",
        f"{CONFLICT}/cores.py",
        "straight_bulge_m(lon, lat, lon[after], lat[after]),",
        "0 * straight_bulge_m(lon, lat, lon[after], lat[after]),",
        "test_kernels.py",
    ),
    Mutation(
        "the plane is not centred anew where pieces are halved, but trusted at any distance",
        f"{CONFLICT}/kernels.py",
        "lower = shown_m * (1 - offset_m * offset_m / (6 * RADIUS_MIN_M * RADIUS_MIN_M))",
        "lower = shown_m",
        "test_kernels.py",
    ),
    Mutation(
        "geodesics are taken for straight in the plane",
        f"{CONFLICT}/kernels.py",
        "bent_m = 0.7 * reach_m * squares / (8 * RADIUS_MIN_M * RADIUS_MIN_M)",
        "bent_m = 0.0",
        "test_kernels.py",
    ),
    Mutation(
        "what curvature takes away far off is left out",
        f"{CONFLICT}/kernels.py",
        "- 1.1 * fall - skew",
        "- skew",
        "test_kernels.py",
    ),
    Mutation(
        "times are compared without slack",
        f"{CONFLICT}/pack.py",
        "[separation.time_s + SLACK_S]",
        "[separation.time_s]",
        "test_meeting.py",
    ),
    Mutation(
        "lengths are compared without slack",
        f"{CONFLICT}/model.py",
        "SLACK_M = 0.01",
        "SLACK_M = -0.01",
        "test_meeting.py",
    ),
)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", help="those whose description contains this")


def run(arguments: argparse.Namespace) -> None:
    for tests in sorted({m.tests for m in MUTATIONS if arguments.only in m.what}):
        # A test that fails anyhow notices nothing.
        sound = Mutation("nothing is broken", "pyproject.toml", "[project]", "[project]", tests)
        assert not _caught(sound), f"{tests} fails as it stands"
    missed = [m.what for m in MUTATIONS if arguments.only in m.what and not _caught(m)]
    if missed:
        sys.exit(f"{len(missed)} not noticed by any test: {'; '.join(missed)}")


def _caught(mutation: Mutation) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src/detente", "tests/conflict", "tests/volumes"):
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.nb?")
            )
        for file in ("pyproject.toml", "tests/conftest.py"):
            shutil.copy(ROOT / file, copy / file)
        path = copy / mutation.file
        text = path.read_text()
        assert mutation.old in text, f"{mutation.file} no longer says {mutation.old!r}"
        path.write_text(text.replace(mutation.old, mutation.new))
        # What is compiled would take longer than the tests; both forms are the same text.
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
             str(Path("tests/conflict") / mutation.tests)],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy / "src"), "NUMBA_DISABLE_JIT": "1"},
            capture_output=True,
            text=True,
        )  # fmt: skip
    # 1 is pytest's way to say that tests failed; anything else says nothing about the bound.
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    print(f"{mutation.what}: {failed[0][:120] if failed else 'no test fails'}", flush=True)
    return bool(failed)

"""Proofs: how many a second are made and checked, beside ``pymerkle``, which is another's.

``pymerkle`` is under the GPL and no part of this project: it is run only where a Python that has it
is named, in a process of its own that is told on its standard input what to do.
"""

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

from detente.record.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

PROOFS = 1000
DURABLE = 300
SEED = 4

PYMERKLE = """
import json, random, sys, time
from pymerkle import InmemoryTree, SqliteTree, verify_consistency, verify_inclusion
leaves, proofs, durable, seed, path = json.loads(sys.stdin.read())
draw, tree = random.Random(seed), InmemoryTree(algorithm="sha256")
told = {}
def timed(name, count, work):
    begun, cpu = time.perf_counter(), time.process_time()
    found = work()
    told[name] = [count / (time.process_time() - cpu), count / (time.perf_counter() - begun)]
    return found
timed("appended", leaves, lambda: [tree.append_entry(b"%d" % n) for n in range(leaves)])
asked = [draw.randrange(leaves) for _ in range(proofs)]
sizes = [draw.randrange(1, leaves) for _ in range(proofs)]
root = tree.get_state()
made = timed("inclusion made", proofs, lambda: [tree.prove_inclusion(n + 1) for n in asked])
hashes = [tree.get_leaf(n + 1) for n in asked]
timed("inclusion checked", proofs, lambda: [
    verify_inclusion(leaf, root, proof) for leaf, proof in zip(hashes, made)])
made = timed("consistency made", proofs, lambda: [
    tree.prove_consistency(size, leaves) for size in sizes])
states = [tree.get_state(size) for size in sizes]
timed("consistency checked", proofs, lambda: [
    verify_consistency(state, root, proof) for state, proof in zip(states, made)])
with SqliteTree(path) as kept:
    timed("kept one by one", durable, lambda: [
        kept.append_entry(b"%d" % n) for n in range(durable)])
print(json.dumps(told))
"""


def per_cpu_s(do: Callable[[], object], times: int) -> float:
    """How often in a CPU second of this thread something can be done."""
    begun_s = time.thread_time()
    for _ in range(times):
        do()
    return times / (time.thread_time() - begun_s)


def measure(folder: Path, leaves: int, pymerkle: str | None) -> None:
    """Print rates of trees of so many leaves, ours and pymerkle's, and their ratios."""
    ours = _ours(leaves)
    theirs = _theirs(folder, leaves, pymerkle) if pymerkle else {}
    for name, rate in ours.items():
        beside = f", pymerkle {theirs[name]:,.0f}: {rate / theirs[name]:.1f} ×" if theirs else ""
        print(f"proofs, {leaves:,} leaves: {name}: {rate:,.0f} a CPU second{beside}")
    if not theirs:
        print("pymerkle: not measured (name a Python that has it with --peer-pymerkle)")
    else:
        print(f"pymerkle: {theirs['kept one by one']:,.0f} leaves a second kept one by one")


def _ours(leaves: int) -> dict[str, float]:
    draw, tree = random.Random(SEED), Frontier()  # no secret
    nodes: dict[tuple[int, int], bytes] = {}
    numbers = iter(range(leaves))

    def append() -> None:
        for level, index, found in tree.append(leaf_hash(b"%d" % next(numbers))):
            nodes[level, index] = found

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    told = {"appended": per_cpu_s(append, leaves)}
    asked = [draw.randrange(leaves) for _ in range(PROOFS)]
    sizes = [draw.randrange(1, leaves) for _ in range(PROOFS)]
    root = tree.root()
    roots = [Frontier.from_nodes(size, node).root() for size in sizes]
    made = [inclusion_proof(index, leaves, node) for index in asked]
    grown = [consistency_proof(size, leaves, node) for size in sizes]
    work: dict[str, Callable[[int], object]] = {
        "inclusion made": lambda n: inclusion_proof(asked[n], leaves, node),
        "inclusion checked": lambda n: verify_inclusion(
            nodes[0, asked[n]], asked[n], leaves, made[n], root
        ),
        "consistency made": lambda n: consistency_proof(sizes[n], leaves, node),
        "consistency checked": lambda n: verify_consistency(
            sizes[n], leaves, grown[n], roots[n], root
        ),
    }
    for name, do in work.items():
        told[name] = per_cpu_s(partial(_next, do, count()), PROOFS)
    return told


def _next(do: Callable[[int], object], turns: Iterator[int]) -> None:
    do(next(turns))


def _theirs(folder: Path, leaves: int, python: str) -> dict[str, float]:
    """The same by pymerkle: per CPU second, but what is kept per second, as the disk has it."""
    given = json.dumps([leaves, PROOFS, DURABLE, SEED, str(folder / "pymerkle.db")])
    done = subprocess.run(  # what the caller named
        [python, "-c", PYMERKLE], input=given, capture_output=True, text=True, check=True
    )
    told: dict[str, tuple[float, float]] = json.loads(done.stdout)
    return {name: wall if name.startswith("kept") else cpu for name, (cpu, wall) in told.items()}

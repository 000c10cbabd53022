"""Running mutations for a while, and telling what came of them."""

import argparse
import hashlib
import random
import re
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.fuzz import seeds
from bench.fuzz.faces import Faces
from bench.fuzz.mutate import mutate
from bench.fuzz.readers import Read, readers
from bench.fuzz.shown import Shown
from bench.fuzz.thirds import more_readers
from bench.simulation.disk import scratch
from detente.errors import DetenteError

POOL_MAX = 1500
WRITTEN = ("carried", "entries", "peer-answer", "push", "request", "shown", "witness-call")
"""Inputs that say what is to be sent: as bytes they are nobody's."""
FACES_FOR = 1500
"""Requests to the faces before the nodes are made anew: by then one may have left the line."""

_VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{8,}|\d+|\[\.\.\.\]|\$[^ ]*")


class Defect(NamedTuple):
    """An input on which a reader did what it never may."""

    kind: str
    data: bytes
    why: str

    @property
    def name(self) -> str:
        """Its name in the corpus."""
        return f"found-{hashlib.sha256(self.data).hexdigest()[:12]}"


def try_one(kind: str, read: Read, data: bytes) -> str | Defect:
    """What a reader made of an input: ``read``, or how it refused it without what varies."""
    try:
        told = read(data)
    except DetenteError as error:
        if not error.message:
            return Defect(kind, data, f"{type(error).__name__} says nothing")
        return f"{type(error).__name__}: {_VARIABLE.sub('…', error.message)[:90]}"
    except Exception:
        return Defect(kind, data, traceback.format_exc(limit=-5))
    return told if isinstance(told, str) else "read"


class Run:
    """One seeded run over some readers."""

    def __init__(self, seed: int, corpus: dict[str, dict[str, bytes]]) -> None:
        self._chance = random.Random(seed)
        self._pools = {kind: list(named.values()) for kind, named in corpus.items()}
        self.executions: Counter[str] = Counter()
        self.outcomes: dict[str, Counter[str]] = {kind: Counter() for kind in corpus}
        self.defects: dict[str, Defect] = {}

    def step(self, kind: str, read: Read) -> None:
        """Change one input, have it read, and keep it where the answer is new."""
        pool = self._pools[kind]
        # The newest answers are the furthest in: half of the time one of the last ones is taken.
        near = pool[-20:] if self._chance.random() < 0.5 else pool
        kept = 1.0 if kind in WRITTEN else 0.85
        data = mutate(self._chance, self._chance.choice(near), pool, as_json=kept)
        came = try_one(kind, read, data)
        self.executions[kind] += 1
        if isinstance(came, Defect):
            last = came.why.strip().splitlines()
            place = next((one for one in reversed(last) if one.lstrip().startswith("File")), "")
            self.defects.setdefault(f"{kind} {place.strip()} {last[-1].partition(':')[0]}", came)
            return
        seen = self.outcomes[kind]
        if came not in seen and len(pool) < POOL_MAX:
            pool.append(data)
        seen[came] += 1


def options(parser: argparse.ArgumentParser) -> None:
    """The options of ``./dev bench fuzz``."""
    parser.add_argument("--minutes", type=float, default=10.0, help="for how long")
    parser.add_argument("--seed", type=int, default=0, help="what the changes are drawn from")
    parser.add_argument("--only", help="these readers alone, with commas between")
    parser.add_argument("--seeds", action="store_true", help="write the corpus's first files anew")
    parser.add_argument("--shown", action="store_true", help="list every answer")


def run(arguments: argparse.Namespace) -> None:
    """Fuzz; exit status 1 if anything was found."""
    if arguments.seeds:
        seeds.write()
        return
    corpus = seeds.load()
    kinds = arguments.only.split(",") if arguments.only else list(corpus)
    running = Run(arguments.seed, corpus)
    end_s = time.monotonic() + 60 * arguments.minutes
    number = 0
    while time.monotonic() < end_s:
        with scratch() as folder:
            number += 1
            _batch(running, folder, kinds, end_s)
    _tell(running, kinds, arguments)
    for defect in running.defects.values():
        folder = seeds.CORPUS / defect.kind
        (folder / defect.name).write_bytes(defect.data)
        print(f"\n{defect.kind}/{defect.name}:\n{defect.why}")
    raise SystemExit(1 if running.defects else 0)


def _batch(running: Run, folder: Path, kinds: list[str], end_s: float) -> None:
    with all_readers(folder) as reading:
        for _ in range(FACES_FOR):
            for kind in kinds:
                running.step(kind, reading[kind])
            if time.monotonic() >= end_s:
                return


@contextmanager
def all_readers(folder: Path) -> Iterator[dict[str, Read]]:
    """Every reader by the name of its corpus, with a node and a witness in ``folder``."""
    with closing(Faces(folder / "nodes")) as faces, closing(Shown(folder / "witness")) as shown:
        yield readers(folder) | more_readers(folder) | faces.readers() | {"shown": shown.ask}


def _tell(running: Run, kinds: list[str], arguments: argparse.Namespace) -> None:
    for kind in kinds:
        seen = running.outcomes[kind]
        taken = sum(count for outcome, count in seen.items() if outcome.startswith("read"))
        done = running.executions[kind]
        print(f"{kind}: {done:,} executions, {taken:,} read, {len(seen)} distinct outcomes")
        if arguments.shown:
            for outcome, count in seen.most_common():
                print(f"    {count:,}  {outcome}")
    total = sum(running.executions.values())
    print(f"executions: {total:,} in {arguments.minutes:g} min, seed {arguments.seed}")
    print(f"distinct outcomes: {sum(len(running.outcomes[kind]) for kind in kinds)}")
    print(f"defects: {len(running.defects)}")

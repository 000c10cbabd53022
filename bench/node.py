"""A node with many activities: how fast it opens, takes entries in, writes its own, and answers.

Two parties, ``us`` and ``ru``, on one line in a temporary folder. What ``ru`` releases is made here
with its own key and goes through the receiving path of ``us`` page by page, as a peer pushes it.
Beside every durable figure stands the disk's own: how often a second the same disk can be waited
for (``fdatasync``). Rates per CPU second count the whole process.
"""

import argparse
import gc
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bench.workload import START_S, workload
from detente.conflict.warm import warm
from detente.line import Area, release_draft, standard_terms
from detente.node import Node
from detente.node.attending import Attendant
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import Checkpoint, SigningKey, open_card, read_entry, write_entry
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.entry import entry_to_bundle
from detente.record.tree import Frontier, leaf_hash
from detente.volumes.model import Activity
from detente.volumes.times import format_time

LINE = "northern-watch"
PAGE = 256
OWN = 32
"""Our own activities, released among theirs."""
CALLERS = 16
"""Officers and programs that write at the same time; their commits are one."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--activities", type=int, nargs="+", default=[10_000])
    parser.add_argument("--own", type=int, default=1000, help="own entries to write")
    parser.add_argument("--seed", type=int, default=4)


class HeldClock:
    """Stands before the first activity, so that the same is said whenever it is run."""

    def now_s(self) -> float:
        return START_S - 86_400.0


def run(arguments: argparse.Namespace) -> None:
    warm(sys.stderr)
    figures: dict[str, object] = {"cores": os.cpu_count(), "python": platform.python_version()}
    for name, value in figures.items():
        print(f"{name}: {value}")
    for count in arguments.activities:
        folder = Path(tempfile.mkdtemp(prefix="bench-node-"))
        try:
            print(f"fdatasync: {fdatasyncs_per_s(folder):,.0f} a second")
            _measure(folder, count, arguments.own, arguments.seed)
        finally:
            shutil.rmtree(folder)


def fdatasyncs_per_s(folder: Path, times: int = 500) -> float:
    """How often the disk under ``folder`` can be waited for in a second, one page each time."""
    at = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY, 0o600)
    begun_s = time.perf_counter()
    for _ in range(times):
        os.pwrite(at, b"x" * 4096, 0)
        os.fdatasync(at)
    lasted_s = time.perf_counter() - begun_s
    os.close(at)
    return times / lasted_s


def _measure(folder: Path, count: int, own: int, seed: int) -> None:
    nodes = [_created(folder / party, party) for party in ("us", "ru")]
    us, ru = nodes
    founding = _join(us, ru)
    for sender, receiver in ((us, ru), (ru, us)):
        page = sender.read_log(founding, sender.party, 0, receiver.party)
        receiver.receive(founding, sender.party, 0, page.entries, page.checkpoint, sender.party)
    ru_log = ru.read_log(founding, "ru", 0, "us").entries
    key = ru._core.key
    ru.close()
    activities = [
        Activity("ru", f"a{i}", one.kind, one.volumes)
        for i, one in enumerate(workload(count + OWN, "theatre", seed).activities())
    ]
    for one in activities[:OWN]:
        us.file(Activity("us", one.id, one.kind, one.volumes), title="", officer="watch")
        us.release(one.id, LINE, "exact", officer="watch")
    pages = list(_pages(us, key, founding, ru_log, activities[OWN:]))
    with timed(f"received and compared, {count:,} activities", count), attended(us):
        with timed(f"received and acknowledged, {count:,} activities", count):
            for start, bundles, note in pages:
                us.receive(founding, "ru", start, bundles, note, "ru")
        while us.metrics()["uncompared_entries"]:
            time.sleep(0.05)
    del pages
    with attended(us):
        _own(us, own)
        _answers(us)
    us.close()
    gc.collect()
    with timed("open again", None):
        us = Node.open(folder / "us", clock=HeldClock())
    with timed("engine ready after that", None):
        us.compare()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    database_mb = sum(one.stat().st_size for one in folder.rglob("detente.db*")) / 1e6
    print(f"  peak memory of the process: {peak_mb:,.0f} MiB; databases: {database_mb:,.0f} MB")
    for name, value in us.metrics().items():
        if name.startswith("engine"):
            print(f"  {name}: {value:,.0f}")
    us.close()


def _own(us: Node, count: int) -> None:
    with timed(f"own messages, {CALLERS} callers", count):
        _at_once(count, lambda n: us.send(LINE, text=f"{n}", officer="watch"))
    with timed("own messages, one caller", count // 4):
        for n in range(count // 4):
            us.send(LINE, text=f"{n}", officer="watch")


def _answers(us: Node) -> None:
    for what in (us.activities, us.conflicts, us.messages, us.obligations, us.proposals):
        _answer(f"list of {what.__name__}", partial(what, LINE))
    _answer("plans", us.plans)
    _answer("page of entries", partial(us.entries, LINE))


@contextmanager
def attended(node: Node) -> Iterator[None]:
    """A thread compares meanwhile, as where a node is served."""
    attendant = Attendant(node, lambda *_: None)
    attendant.start()
    try:
        yield
    finally:
        attendant.stop()


def _created(folder: Path, party: str) -> Node:
    settings = Settings(
        party=party, name=party, languages=("en",), endpoint="https://192.0.2.1:7443"
    )
    create(folder, settings, clock=HeldClock())
    return Node.open(folder, clock=HeldClock())


def _join(us: Node, ru: Node) -> str:
    terms = standard_terms(
        ["ru", "us"],
        area=Area(west=40, south=30, east=90, north=60),
        effective_from_s=HeldClock().now_s(),
        review_on=date(2027, 11, 22),
        languages=("en",),
    )
    founding = us.found(LINE, terms, [ru.card()])
    for node, other in ((us, ru), (ru, us)):
        card = open_card(other.card())
        node.join(founding, {card.card.party: card.fingerprint})
    return us.line(LINE).id


def _pages(
    us: Node, key: SigningKey, line: str, log: list[Any], activities: list[Activity]
) -> Iterator[tuple[int, list[Any], str]]:
    """The activities as ``ru`` would push them: start, bundles and checkpoint of each page."""
    tree = Frontier()
    for bundle in log:
        tree.append(leaf_hash(read_entry(bundle, lambda _: key.public).leaf))
    start = len(log)
    for first in range(0, len(activities), PAGE):
        bundles = []
        for offset, one in enumerate(activities[first : first + PAGE]):
            draft = release_draft(one, version=1, supersedes=None, form="exact", settles=None)
            entry = write_entry(
                key,
                line=line,
                party="ru",
                index=start + offset,
                type=draft.type,
                time=format_time(HeldClock().now_s()),
                seen={},
                about=draft.about,
                body=draft.body,
                salt=os.urandom(32),
            )
            tree.append(leaf_hash(entry.leaf))
            bundles.append(entry_to_bundle(entry))
        note = sign_checkpoint(key, Checkpoint(origin(line, "ru"), tree.size, tree.root()))
        yield start, bundles, note
        start += len(bundles)


class timed:  # noqa: N801  a context manager, used as a function
    """Prints how long a block took, and its rate if it did ``count`` things."""

    def __init__(self, what: str, count: int | None) -> None:
        self._what, self._count = what, count

    def __enter__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        wall_s = time.perf_counter() - self._wall_s
        cpu_s = time.process_time() - self._cpu_s
        rate = ""
        if self._count is not None:
            a_second, a_cpu_second = self._count / wall_s, self._count / cpu_s
            rate = f": {a_second:,.0f} a second, {a_cpu_second:,.0f} a CPU second"
        print(f"  {self._what}{rate} ({wall_s:.2f} s, {cpu_s:.2f} CPU s)", flush=True)


def _at_once(count: int, do: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(do, n) for n in range(count)]:
            done.result()


def _answer(what: str, ask: Callable[[], list[Any]]) -> None:
    """How long a list takes to be answered: the first time, and the best of three after that."""
    lasted_ms = []
    for _ in range(4):
        begun_s = time.perf_counter()
        found = ask()
        lasted_ms.append((time.perf_counter() - begun_s) * 1000)
    print(
        f"  {what}: {len(found):,} in {lasted_ms[0]:,.0f} ms, then {min(lasted_ms[1:]):,.0f} ms",
        flush=True,
    )

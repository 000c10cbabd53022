"""Importing many observations into a node's own store: seconds, memory, and the same file again.

The file is made here, in the format of UCDP GED, from a fixed seed: every event in it is invented.
The figures are of one process, over SQLite, with the reading of the file included.
"""

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.node.views import ImportedView, OfficerView

COLUMNS = (
    *("id", "type_of_violence", "conflict_name", "side_a", "side_b", "where_prec"),
    *("where_coordinates", "adm_1", "adm_2", "latitude", "longitude", "date_prec"),
    *("date_start", "date_end", "best", "high", "low"),
)
OFFICER = OfficerView(name="bench", role="releaser", active=True)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=100_000, help="events (default 100,000)")


def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ged-invented.csv"
        _write(path, arguments.count)
        print(f"file: {path.stat().st_size / 2**20:.1f} MiB, {arguments.count:,} events")
        settings = Settings(
            party="us", name="Bench", languages=("en",),
            endpoint="https://192.0.2.1:7443", database="detente.db",
        )  # fmt: skip
        create(Path(folder) / "us", settings)
        node = Node.open(Path(folder) / "us")
        try:
            small = path.with_name("few.csv")
            _write(small, 1000)
            _take(node, small)
            before_kb = _peak_kb()
            for what in ("import", "the same file again"):
                begun_s = time.perf_counter()
                view = _take(node, path)
                took_s = time.perf_counter() - begun_s
                print(f"{what}: {took_s:.1f} s, {arguments.count / took_s:,.0f} events/s")
                print(f"  new {view.new:,}, same {view.same:,}, refused {view.refused_in_all:,}")
            print(f"memory: {(_peak_kb() - before_kb) / 1024:.0f} MiB more than for 1,000 events")
            begun_s = time.perf_counter()
            table = node.notes_table(officer=OFFICER)
            print(
                f"table: {(time.perf_counter() - begun_s) * 1000:.0f} ms for {table.counted:,} in "
                f"{len(table.districts):,} districts"
            )
        finally:
            node.close()


def _take(node: Node, path: Path) -> ImportedView:
    def told(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,}", end="", file=sys.stderr)

    with path.open("rb") as file:
        return node.import_observations(
            path.name, file, "TLP:CLEAR", officer=OFFICER.name, told=told
        )


def _write(path: Path, count: int) -> None:
    dice = random.Random(20210809)
    first = date(2010, 1, 1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            day = first + timedelta(days=dice.randrange(4000))
            last = day + timedelta(days=dice.randrange(3))
            low = dice.randrange(20)
            district = dice.randrange(400)
            writer.writerow(
                (
                    number + 1, dice.choice("123"), "INVENTED", "Invented A", "Invented B",
                    dice.choice("1234567"), f"Invented place {number}", f"Province {district % 34}",
                    f"District {district}", round(dice.uniform(29.4, 38.4), 6),
                    round(dice.uniform(60.5, 74.9), 6), dice.choice("12345"), f"{day} 00:00:00.000",
                    f"{last} 00:00:00.000", low + 2, low + 5, low,
                )
            )  # fmt: skip


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

"""The conflict engine against what else one would take, on one seeded workload in one run.

An index only proposes candidates; what is proposed goes through the same exact test and comes out
as the same conflicts, whoever proposed it. So the peers are given our packing and our kernels, and
what is compared is what differs. A *check* starts from an activity in memory and ends with its
conflicts; its *filter* is the part of it that the index does. Nothing is parsed. Peers:

- shapely's ``STRtree`` over boxes in longitude and latitude, heights and times by numpy;
- SQLite's R*Tree over x, y, z, height and time, in memory.

PostGIS is not measured here yet, and the table says so.

A sample of the candidates that ``STRtree`` proposes is decided anew by ``bench.oracle``.
"""

import argparse
import os
import platform
import resource
import sqlite3
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np
import shapely

from bench.oracle import touch
from bench.workload import AREAS, Floats, Ints, Workload, workload
from detente.conflict import Index, Key, Separation, find
from detente.conflict.hits import conflicts_of, hits_of
from detente.conflict.pack import Pack, pack
from detente.conflict.warm import warm
from detente.volumes.model import Activity

OVERLAP = Separation(0.0, 0.0, 0.0)
CHECKS = 2000
POLE_DEG = 89.0

T = TypeVar("T")


class Engine(Protocol):
    """What proposes candidates."""

    name: str

    def candidates(self, query: Pack, i: int) -> Ints: ...


class Ours:
    name = "détente"

    def __init__(self, activities: list[Activity]) -> None:
        self.index = Index(OVERLAP)
        self.index.put_many(activities)

    def candidates(self, query: Pack, i: int) -> Ints:
        near = self.index.near(query.activities[0])
        return np.array([int(one.party[1:]) for one in near], dtype=np.int64)


class Tree2D:
    name = "shapely STRtree"

    def __init__(self, work: Workload) -> None:
        self.work = work
        self.boxes, self.of = _lon_lat_boxes(work)
        self.tree = shapely.STRtree(self.boxes)
        self.first = np.searchsorted(self.of, np.arange(len(work.shape) + 1))

    def candidates(self, query: Pack, i: int) -> Ints:
        own = self.boxes[self.first[i] : self.first[i + 1]]
        found = np.unique(self.of[self.tree.query(own)[1]])
        work = self.work
        meets = (
            (work.low_m[found] <= work.high_m[i])
            & (work.high_m[found] >= work.low_m[i])
            & (work.start_s[found] <= work.end_s[i])
            & (work.end_s[found] >= work.start_s[i])
        )
        meets &= found != i
        return np.asarray(found[meets], dtype=np.int64)


class RTree5D:
    name = "SQLite R*Tree"

    def __init__(self, everything: Pack) -> None:
        self.low, self.high = _five(everything.low), _five(everything.high)
        self.base = sqlite3.connect(":memory:")
        columns = ", ".join(f"a{k}, b{k}" for k in range(5))
        self.base.execute(f"create virtual table box using rtree(id, {columns})")
        sides = np.stack([self.low, self.high], axis=2).reshape(len(self.low), 10)
        rows = ((i, *row) for i, row in enumerate(sides.tolist()))
        self.base.executemany(f"insert into box values ({', '.join('?' * 11)})", rows)
        where = " and ".join(f"a{k} <= ? and b{k} >= ?" for k in range(5))
        self.query = f"select id from box where {where}"

    def candidates(self, query: Pack, i: int) -> Ints:
        limits = np.stack([_five(query.high)[0], _five(query.low)[0]], axis=1).ravel().tolist()
        found = [row[0] for row in self.base.execute(self.query, limits)]
        return np.array([j for j in found if j != i], dtype=np.int64)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--area", choices=sorted(AREAS), default="theatre")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=20_000, help="pairs for the oracle")


def run(arguments: argparse.Namespace) -> None:
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    warm(open(os.devnull, "w"))  # noqa: SIM115
    for count in arguments.count:
        measure(count, arguments.area, arguments.seed, arguments.sample)


def measure(count: int, area: str, seed: int, sample: int) -> None:
    print(f"\n{count:,} activities, {area}, seed {seed}")
    work = workload(count, area, seed)
    activities = work.activities()
    everything, packing_s = _timed(lambda: pack(activities))
    conflicts, all_s = _timed(lambda: find(activities, OVERLAP))
    print(
        f"all pairs: {all_s:.2f} s, {packing_s:.2f} s of it packing, {len(conflicts):,} conflicts"
    )
    pairs = {(_number(one.a), _number(one.b)) for one in conflicts}
    met: dict[int, set[int]] = {}
    for i, j in pairs:
        met.setdefault(i, set()).add(j)
        met.setdefault(j, set()).add(i)

    print(f"{'':18}build s  filter p50/p99 µs    check p50/p99 µs     filter, times ours")
    asked = np.random.default_rng(seed).integers(0, count, CHECKS).tolist()
    builds: list[Callable[[], Engine]] = [
        lambda: Ours(activities),
        lambda: Tree2D(work),
        lambda: RTree5D(everything),
    ]
    ours_us = 0.0
    for build in builds:
        engine, build_s = _timed(build)
        filter_us, check_us = _checks(engine, activities, everything, asked, met)
        ours_us = ours_us or filter_us[0]
        print(
            f"{engine.name:18}{build_s:7.2f}  {filter_us[0]:8.0f} /{filter_us[1]:8.0f}  "
            f"{check_us[0]:8.0f} /{check_us[1]:8.0f}  {filter_us[0] / ours_us:8.1f}"
        )
        if isinstance(engine, Ours):
            print(f"{'':18}index {engine.index.memory_bytes() / 1e6:,.0f} MB")
        if isinstance(engine, Tree2D) and sample:
            _hold_against_oracle(engine, work, everything, pairs, sample, seed)
    print("PostGIS           not measured: there is no adapter for it yet")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:,.1f} GB")


def _checks(
    engine: Engine,
    activities: list[Activity],
    everything: Pack,
    asked: list[int],
    met: dict[int, set[int]],
) -> tuple[Floats, Floats]:
    """p50 and p99 of the filter and of whole checks; every answer must be the known one."""
    filters_s, checks_s = [], []
    for i in asked:
        begin_s = time.perf_counter()
        query = pack([activities[i]])
        packed_s = time.perf_counter()
        found = engine.candidates(query, i)
        filters_s.append(time.perf_counter() - packed_s)
        own = np.zeros(len(found), dtype=np.int64)
        hits = hits_of(query, own, everything, found, OVERLAP)
        conflicts = conflicts_of(query, everything, [hits], OVERLAP)
        checks_s.append(time.perf_counter() - begin_s)
        assert {_number(one.b) for one in conflicts} == met.get(i, set()), (engine.name, i)
    percent = [50, 99]
    return np.percentile(filters_s, percent) * 1e6, np.percentile(checks_s, percent) * 1e6


def _hold_against_oracle(
    tree: Tree2D,
    work: Workload,
    everything: Pack,
    pairs: set[tuple[int, int]],
    sample: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed + 1)
    same = close = different = 0
    for i in rng.permutation(len(work.shape)).tolist():
        for j in tree.candidates(everything, i).tolist():
            ours = (i, j) in pairs or (j, i) in pairs
            oracle = touch(work, i, j)
            same, close = same + (oracle is ours), close + (oracle is None)
            if oracle is (not ours):
                different += 1
                print(f"  DIFFERENT: {i} and {j}: ours {ours}, GeographicLib {oracle}")
        if same + close + different >= sample:
            break
    print(
        f"  oracle: {same + close + different:,} candidate pairs, {same:,} the same, "
        f"{close} within a centimetre, {different} different"
    )


def _lon_lat_boxes(work: Workload) -> tuple[Floats, Ints]:
    """Boxes in degrees that hold each shape, two where one crosses the antimeridian; and whose."""
    begin = work.first[:-1]
    west, east = np.minimum.reduceat(work.lon, begin), np.maximum.reduceat(work.lon, begin)
    south, north = np.minimum.reduceat(work.lat, begin), np.maximum.reduceat(work.lat, begin)
    # A geodesic leg of at most 130 km strays from its box by less than 1 km below 60 degrees; the
    # steeper a meridian narrows, the more it may.
    steep = 1 / np.cos(np.radians(np.minimum(np.maximum(-south, north), POLE_DEG)))
    grow_deg = (work.radius_m * 1.01 + 1000 * steep) / 110_000
    south, north = south - grow_deg, north + grow_deg
    highest = np.maximum(-south, north)
    wide = grow_deg / np.cos(np.radians(np.minimum(highest, POLE_DEG)))
    polar = highest >= POLE_DEG
    west, east = np.where(polar, -180, west - wide), np.where(polar, 180, east + wide)
    number = np.arange(len(west))
    parts = [(west + turn, east + turn) for turn in (-360, 0, 360)]
    inside = [(right >= -180) & (left <= 180) for left, right in parts]
    left, right = (
        np.concatenate([part[k][keep] for part, keep in zip(parts, inside, strict=True)])
        for k in range(2)
    )
    of = np.concatenate([number[keep] for keep in inside])
    order = np.argsort(of, kind="stable")
    of = of[order]
    return shapely.box(left[order], south[of], right[order], north[of]), of


def _five(sides: Floats) -> Floats:
    """x, y, z, height above WGS84 and time since the workload's beginning."""
    return np.column_stack([sides[:, :4], sides[:, 6] - 1_795_000_000.0])


def _number(key: Key) -> int:
    return int(key.party[1:])


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begin_s = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin_s

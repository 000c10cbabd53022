"""The conflict engine against what else one would take, on one seeded workload in one run.

A *check* asks one activity against all others. Ours starts from the activity as the product has it
and ends with conflicts as the product reports them. A peer's answer is its candidates, decided by
the same exact test on shapes laid out beforehand (``bench.exact``), and no more than the numbers of
those in conflict; so each peer is spared part of the work, and what is compared is like with like
or kinder to the peer. Its *filter* is the part that proposes candidates. Nothing is parsed.

Every answer must be the known one: the conflicts that ``find`` reports of all activities, of which
a sample is decided anew by ``bench.oracle``, from candidates that shapely's tree proposes.

All run in one process on what this machine has; the collector of garbage stands still while a
peer is asked. ``docs/performance.md`` says how each figure is made.
"""

import argparse
import gc
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from bench import postgis
from bench.exact import Exact, Ints
from bench.oracle import CLOSE_M, touch
from bench.peers import (
    HOUR_S,
    LibSpatialIndex,
    Ours,
    Peer,
    SqliteTree,
    Tree2D,
    lon_lat_boxes,
    resident_bytes,
    rtree_missing,
)
from bench.workload import AREAS, Workload, workload
from detente.conflict import Index, Key, Separation, find
from detente.conflict.warm import warm
from detente.volumes.model import Activity

OVERLAP = Separation(0.0, 0.0, 0.0)
CHECKS = 2000
CHECKS_MIN = 200
PEER_S = 20.0
"""A peer is asked until it has answered ``CHECKS`` times, or for so long and ``CHECKS_MIN``."""
REPLACED = 1000
DURABLY = 200
ALL_PAIRS_S = 90.0
"""So long a peer may take for a sample of all pairs; the rest is reckoned from that."""
STEP = 500
"""Activities of which all pairs are found in one go."""
ORACLE_AT = 100_000
BATCH = 400
"""Pairs that the oracle is asked about in one go."""

T = TypeVar("T")


class Row(NamedTuple):
    """What was measured of one peer."""

    peer: str
    area: str
    activities: int
    build_s: float
    memory_bytes: int
    filter_us: tuple[float, float]
    """p50 and p99."""
    check_us: tuple[float, float]
    asked: int
    replace_us: tuple[float, float] | None
    """p50 and mean."""
    durable_us: tuple[float, float] | None
    all_pairs_s: float
    """From activities in memory to the pairs in conflict: laid out, index built, all asked."""
    sampled: bool
    """Whether ``all_pairs_s`` is reckoned from a sample."""
    laid_out_s: float
    """The part of ``all_pairs_s`` that flattens objects and lays them out, the same for all."""


class Case(NamedTuple):
    """The activities of one run, and what is known of them."""

    area: str
    work: Workload
    activities: list[Activity]
    pairs: set[tuple[int, int]]
    met: dict[int, set[int]]
    asked: list[int]
    exact: Exact
    laid_out_s: float


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--area", choices=sorted(AREAS), nargs="+", default=list(AREAS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=20_000, help="pairs for the oracle")
    parser.add_argument("--ours", action="store_true", help="no peers and no oracle")
    parser.add_argument("--plot", type=Path, help="draw the scaling to this PNG")
    parser.add_argument("--rows", type=Path, help="keep the figures in this JSON, adding to it")


def run(arguments: argparse.Namespace) -> None:
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    warm(open(os.devnull, "w"))  # noqa: SIM115
    rows: list[Row] = []
    if arguments.rows and arguments.rows.exists():
        rows = msgspec.json.decode(arguments.rows.read_bytes(), type=list[Row])
    for count in arguments.count:
        for area in arguments.area:
            new = measure(count, area, arguments.seed, arguments.sample, arguments.ours)
            fresh = {(row.peer, row.area, row.activities) for row in new}
            rows = [row for row in rows if (row.peer, row.area, row.activities) not in fresh] + new
            if arguments.rows:
                arguments.rows.write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    targets(rows)
    if arguments.plot:
        from bench.scaling import plot

        plot(arguments.plot, rows)


def measure(count: int, area: str, seed: int, sample: int, ours: bool) -> list[Row]:
    begin_s = time.perf_counter()
    print(f"\n{count:,} activities, {area}, seed {seed}", flush=True)
    work = workload(count, area, seed)
    activities = work.activities()
    conflicts, all_s = _timed(lambda: find(activities, OVERLAP))
    pairs = {_numbers(one.a, one.b) for one in conflicts}
    print(f"{len(work.lon):,} vertices, {len(pairs):,} conflicts", flush=True)
    del conflicts
    met: dict[int, set[int]] = {}
    for i, j in pairs:
        met.setdefault(i, set()).add(j)
        met.setdefault(j, set()).add(i)
    asked = np.random.default_rng(seed).permutation(count)[:CHECKS].tolist()
    exact, laid_out_s = _timed(lambda: Exact(activities, OVERLAP))
    case = Case(area, work, activities, pairs, met, asked, exact, laid_out_s)

    rows = [_ours(case, all_s)]
    if not ours:
        rows += _peers(case, sample if count == ORACLE_AT else 0, seed)
    _print(rows)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{time.perf_counter() - begin_s:.0f} s in all, peak memory so far {peak_gb:,.1f} GB")
    return rows


def _ours(case: Case, all_s: float) -> Row:
    moved = {i: _later(case.activities[i]) for i in case.asked}
    peer, build_s = _timed(lambda: Ours(case.activities, moved, OVERLAP))
    # The same calls on an index of one far away: what is paid before anything is looked for.
    alone = Index(OVERLAP)
    alone.put(_nowhere(case.activities[0]))
    filters_s, checks_s, alone_s = [], [], []
    _still()
    for i in case.asked:
        one = case.activities[i]
        alone_s.append(_timed(lambda one=one: alone.near(one))[1])  # type: ignore[misc]
        filters_s.append(_timed(lambda one=one: peer.index.near(one))[1])  # type: ignore[misc]
        found, check_s = _timed(lambda one=one: peer.index.check(one))  # type: ignore[misc]
        checks_s.append(check_s)
        numbers = {j for conflict in found for j in _numbers(conflict.a, conflict.b)} - {i}
        assert numbers == case.met.get(i, set()), (peer.name, i)
    gc.unfreeze()
    alone_us, filter_us, check_us = (
        float(np.median(of)) * 1e6 for of in (alone_s, filters_s, checks_s)
    )
    print(
        f"where a check's time goes (medians): {alone_us:.1f} µs to flatten and lay out the "
        f"activity, {filter_us - alone_us:.1f} to look through the trees and say who is near, "
        f"{check_us - filter_us:.1f} for the exact test and the conflicts"
    )
    row = Row(
        peer.name, case.area, len(case.activities), build_s, peer.memory_bytes() or 0,
        _percentiles(filters_s), _percentiles(checks_s), len(case.asked),
        _replacing(peer, case.asked[:REPLACED]), None, all_s, False, case.laid_out_s,
    )  # fmt: skip
    peer.close()
    return row


def _peers(case: Case, sample: int, seed: int) -> list[Row]:
    boxes, of = lon_lat_boxes(case.work)
    low, high = case.exact.low, case.exact.high
    rows = []
    before = resident_bytes()
    tree, build_s = _timed(lambda: Tree2D(case.work, boxes, of))
    grown = resident_bytes() - before
    pairs_s, sampled = _all_pairs(tree, case)
    row = _row(tree, case, build_s, None, pairs_s)
    rows.append(row._replace(sampled=sampled, memory_bytes=grown))
    if sample:
        _hold_against_oracle(tree, case, sample, seed)
    sqlite, build_s = _timed(lambda: SqliteTree(low, high))
    rows.append(_by_checks(sqlite, case, build_s))
    with tempfile.TemporaryDirectory() as folder:
        sqlite.to_file(Path(folder) / "boxes")
        rows[-1] = rows[-1]._replace(durable_us=_replacing(sqlite, case.asked[:DURABLY]))
        sqlite.close()
    if why := rtree_missing():
        print(f"{LibSpatialIndex.name}: {why}")
    else:
        before = resident_bytes()
        spatial, build_s = _timed(lambda: LibSpatialIndex(low, high))
        grown = resident_bytes() - before
        rows.append(_by_checks(spatial, case, build_s)._replace(memory_bytes=grown))
        spatial.close()
    if why := postgis.missing():
        print(f"PostGIS: {why}")
        return rows
    server, build_s = _timed(lambda: postgis.PostGis(case.work, boxes, of))
    try:
        durable_us = _replacing(server, case.asked[:DURABLY])
        server.durable(False)
        rows.append(_by_checks(server, case, build_s)._replace(durable_us=durable_us))
    finally:
        server.close()
    return rows


def _by_checks(peer: Peer, case: Case, build_s: float) -> Row:
    """A peer that finds all pairs by asking about each activity: reckoned from the checks."""
    return _row(peer, case, build_s, _replacing(peer, case.asked[:REPLACED]), None)


def _row(
    peer: Peer,
    case: Case,
    build_s: float,
    replace_us: tuple[float, float] | None,
    pairs_s: float | None,
) -> Row:
    filters_s, checks_s = [], []
    _still()
    begin_s = time.perf_counter()
    for n, i in enumerate(case.asked):
        if n >= CHECKS_MIN and time.perf_counter() - begin_s > PEER_S:
            break
        started_s = time.perf_counter()
        found = peer.candidates(i)
        filtered_s = time.perf_counter()
        met = found[case.exact.met(np.full(len(found), i), found)]
        checks_s.append(time.perf_counter() - started_s)
        filters_s.append(filtered_s - started_s)
        assert set(met.tolist()) == case.met.get(i, set()), (peer.name, i)
    gc.unfreeze()
    if pairs_s is None:
        pairs_s = float(np.mean(checks_s)) * len(case.activities)
    return Row(
        peer.name, case.area, len(case.activities), build_s, peer.memory_bytes() or 0,
        _percentiles(filters_s), _percentiles(checks_s), len(checks_s), replace_us, None,
        case.laid_out_s + build_s + pairs_s, True, case.laid_out_s,
    )  # fmt: skip


def _all_pairs(tree: Tree2D, case: Case) -> tuple[float, bool]:
    """Seconds for all pairs, on all cores, and whether they are reckoned from a sample."""
    count = len(case.activities)
    # In a random order, so that the first of them are a sample of all.
    steps = np.random.default_rng(0).permutation(-(-count // STEP)).tolist()
    found: set[tuple[int, int]] = set()
    begin_s, done = time.perf_counter(), 0

    def work(step: int) -> tuple[Ints, Ints]:
        one, other = tree.pairs(step * STEP, min((step + 1) * STEP, count))
        met = case.exact.met(one, other)
        return one[met], other[met]

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as threads:
        for start in range(0, len(steps), 4 * cores):
            some = steps[start : start + 4 * cores]
            for one, other in threads.map(work, some):
                found.update(zip(one.tolist(), other.tolist(), strict=True))
            done += len(some)
            if time.perf_counter() - begin_s > ALL_PAIRS_S:
                break
    spent_s = time.perf_counter() - begin_s
    assert found <= case.pairs, tree.name
    assert done < len(steps) or found == case.pairs, tree.name
    return spent_s * len(steps) / done, done < len(steps)


def _replacing(peer: Peer, some: list[int]) -> tuple[float, float]:
    """p50 and mean of moving activities by an hour; then they are moved back."""
    spent_s = [_timed(lambda i=i: peer.replace(i, HOUR_S))[1] for i in some]  # type: ignore[misc]
    for i in some:
        peer.replace(i, 0.0)
    return float(np.median(spent_s)) * 1e6, float(np.mean(spent_s)) * 1e6


def _hold_against_oracle(tree: Tree2D, case: Case, sample: int, seed: int) -> None:
    """Decides candidates anew, by GeographicLib, and prints all that is not plainly the same."""
    begin_s = time.perf_counter()
    rng = np.random.default_rng(seed + 1)
    chosen: set[tuple[int, int]] = set()
    for i in rng.permutation(len(case.activities)).tolist():
        chosen.update((min(i, j), max(i, j)) for j in tree.candidates(i).tolist())
        if len(chosen) >= sample:
            break
    pairs = sorted(chosen)
    same = close = different = conflicts = 0
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        for pair, verdict in zip(some, touch(case.work, some), strict=True):
            ours = pair in case.pairs
            conflicts += ours
            same, close = same + (verdict.touch is ours), close + (verdict.touch is None)
            if verdict.touch is not ours:
                different += verdict.touch is not None
                print(
                    f"  {pair[0]} and {pair[1]}: ours {'meet' if ours else 'are apart'}, by "
                    f"GeographicLib {1000 * verdict.gap_m:+.0f} mm lie between them"
                    f"{'' if verdict.touch is None else ' DIFFERENT'}"
                )
    print(
        f"oracle: {len(pairs):,} candidate pairs, {conflicts:,} of them conflicts; {same:,} "
        f"decided the same, {close} within {100 * CLOSE_M:.0f} cm of the limit, "
        f"{different} different ({time.perf_counter() - begin_s:.0f} s)"
    )
    assert not different


def _print(rows: list[Row]) -> None:
    ours = rows[0]
    print(
        f"{'':24}{'build':>8}{'memory':>9}{'filter p50':>12}{'check p50':>11}{'p99':>10}"
        f"{'p50 ×':>8}{'p99 ×':>8}{'replace':>18}{'durably':>19}{'all pairs':>12}{'×':>7}"
    )
    for row in rows:
        times = [row.check_us[k] / ours.check_us[k] for k in range(2)]
        print(
            f"{row.peer:24}{row.build_s:6.2f} s{row.memory_bytes / 1e6:6,.0f} MB"
            f"{row.filter_us[0]:9,.1f} µs{row.check_us[0]:8,.1f} µs{row.check_us[1]:7,.0f} µs"
            f"{times[0]:8,.1f}{times[1]:8,.1f}{_micro(row.replace_us):>18}"
            f"{_micro(row.durable_us):>19}{'≈' if row.sampled else '':>2}{row.all_pairs_s:8,.2f} s"
            f"{row.all_pairs_s / ours.all_pairs_s:7,.1f}"
        )
    fewer = {row.peer: row.asked for row in rows if row.asked < ours.asked}
    asked = "; ".join(f"{peer}: {count:,}" for peer, count in fewer.items())
    print(
        f"{ours.asked:,} checks of each{f' ({asked})' if asked else ''}; replace: p50 / mean, "
        f"in memory or on disk; ≈: reckoned from a sample"
    )


def targets(rows: list[Row]) -> None:
    """The targets beside what was reached, where it was measured."""
    at = {(row.peer, row.area, row.activities): row for row in rows}
    print("\ntarget                                             reached")
    for area in AREAS:
        large, medium = at.get((Ours.name, area, 10**6)), at.get((Ours.name, area, 10**5))
        if large:
            p50_us, p99_us = large.check_us
            _target(f"1M check, {area}: ≤ 25 / ≤ 120 µs", f"{p50_us:.1f} / {p99_us:.0f} µs",
                    p50_us <= 25 and p99_us <= 120)  # fmt: skip
            _target(f"1M all pairs, {area}: ≤ 5 s", _all_pairs_of(large),
                    large.all_pairs_s <= 5)  # fmt: skip
            for peer, least in ((SqliteTree.name, 8), (postgis.PostGis.name, 200)):
                if other := at.get((peer, area, 10**6)):
                    times = other.check_us[0] / p50_us
                    _target(f"1M check, {area}: ≥ {least} × {peer}", f"{times:,.0f} ×",
                            times >= least)  # fmt: skip
        if medium:
            _target(f"100k all pairs, {area}: ≤ 0.5 s", _all_pairs_of(medium),
                    medium.all_pairs_s <= 0.5)  # fmt: skip
            if other := at.get((Tree2D.name, area, 10**5)):
                times = other.all_pairs_s / medium.all_pairs_s
                _target(f"100k all pairs, {area}: ≥ 20 × STRtree", f"{times:,.0f} ×", times >= 20)


def _target(what: str, reached: str, met: bool) -> None:
    print(f"{what:50} {reached}{'' if met else '  short of it'}")


def _all_pairs_of(row: Row) -> str:
    laid_out_s = row.laid_out_s
    return f"{row.all_pairs_s:.2f} s ({laid_out_s:.2f} s to lay out the objects, on one core)"


def _micro(p50_and_mean: tuple[float, float] | None) -> str:
    return f"{p50_and_mean[0]:,.0f} / {p50_and_mean[1]:,.0f} µs" if p50_and_mean else "–"


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    p50, p99 = (np.percentile(seconds, [50, 99]) * 1e6).tolist()
    return p50, p99


def _later(activity: Activity) -> Activity:
    (volume,) = activity.volumes
    start_s, end_s = volume.start_s + HOUR_S, volume.end_s + HOUR_S
    moved = msgspec.structs.replace(volume, start_s=start_s, end_s=end_s)
    return msgspec.structs.replace(activity, volumes=(moved,))


def _nowhere(activity: Activity) -> Activity:
    (volume,) = activity.volumes
    never = msgspec.structs.replace(volume, start_s=0.0, end_s=0.0)
    return msgspec.structs.replace(activity, party="nobody", volumes=(never,))


def _numbers(a: Key, b: Key) -> tuple[int, int]:
    i, j = int(a.party[1:]), int(b.party[1:])
    return min(i, j), max(i, j)


def _still() -> None:
    """A pause for garbage among a million objects is not what is measured."""
    gc.collect()
    gc.freeze()


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begin_s = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin_s

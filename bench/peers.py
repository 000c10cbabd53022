"""Who proposes candidates: our index, and what else one would take in its place.

Every peer holds the same activities and proposes, for one of them, the numbers of those it may
conflict with. Each gets the kindest form of the question: boxes that are computed beforehand, and
no shapes to store. ``postgis`` is apart, since it needs a server.
"""

import ctypes
import gc
import importlib.util
import resource
import sqlite3
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely

from bench.exact import SLACK_M, SLACK_S, Floats, Ints
from bench.workload import START_S, Workload
from detente.conflict import Index, Separation
from detente.volumes.model import Activity

HOUR_S = 3600.0
POLE_DEG = 89.0
SLACK = np.array([SLACK_M] * 4 + [SLACK_S])
"""What touches to within this is in conflict: whoever proposes candidates has to allow for it."""


class Peer(Protocol):
    """What proposes candidates. ``replace`` moves an activity by so many seconds, or back."""

    name: str
    how: str

    def candidates(self, i: int) -> Ints: ...

    def replace(self, i: int, later_s: float) -> None: ...

    def memory_bytes(self) -> int | None:
        """None if it cannot say."""

    def close(self) -> None: ...


class Ours:
    name = "détente"
    how = "lays out the activity, proposes, decides and reports conflicts; updates in memory"

    def __init__(
        self, activities: list[Activity], moved: dict[int, Activity], separation: Separation
    ):
        self.activities, self.moved = activities, moved
        self.index = Index(separation)
        self.index.put_many(activities)

    def candidates(self, i: int) -> Ints:
        near = self.index.near(self.activities[i])
        return np.array([int(one.party[1:]) for one in near], dtype=np.int64)

    def replace(self, i: int, later_s: float) -> None:
        self.index.put(self.moved[i] if later_s else self.activities[i])

    def memory_bytes(self) -> int:
        return self.index.memory_bytes()

    def close(self) -> None:
        self.index = Index(self.index.separation)


class Tree2D:
    name = "shapely STRtree"
    how = "boxes in longitude and latitude, then heights and times by numpy; cannot be updated"

    def __init__(self, work: Workload, boxes: Floats, of: Ints) -> None:
        self.work, self.of = work, of
        self.boxes = shapely.box(*boxes.T)
        self.tree = shapely.STRtree(self.boxes)
        self.first = np.searchsorted(of, np.arange(len(work.shape) + 1))
        self.tree.query(self.boxes[0])  # It is built when it is first asked.

    def candidates(self, i: int) -> Ints:
        own = self.boxes[self.first[i] : self.first[i + 1]]
        found = np.unique(self.of[self.tree.query(own)[1]])
        found = found[self._meet(np.full(len(found), i), found)]
        return np.asarray(found[found != i], dtype=np.int64)

    def pairs(self, begin: int, end: int) -> tuple[Ints, Ints]:
        """The candidates of activities from ``begin`` to ``end`` that have a higher number."""
        rows = slice(self.first[begin], self.first[end])
        own, other = self.tree.query(self.boxes[rows])
        one, two = self.of[rows][own], self.of[other]
        ahead = one < two
        one, two = one[ahead], two[ahead]
        meet = self._meet(one, two)
        pairs = np.unique(one[meet] * len(self.work.shape) + two[meet])
        return pairs // len(self.work.shape), pairs % len(self.work.shape)

    def _meet(self, one: Ints, other: Ints) -> Any:
        work = self.work
        return (
            (work.low_m[one] <= work.high_m[other] + SLACK_M)
            & (work.high_m[one] >= work.low_m[other] - SLACK_M)
            & (work.start_s[one] <= work.end_s[other] + SLACK_S)
            & (work.end_s[one] >= work.start_s[other] - SLACK_S)
        )

    def replace(self, i: int, later_s: float) -> None:
        raise NotImplementedError

    def memory_bytes(self) -> None:
        return None

    def close(self) -> None:
        pass


class SqliteTree:
    name = "SQLite R*Tree"
    how = "boxes in x, y, z, height and time; updates in memory, and durably in a file"

    def __init__(self, low: Floats, high: Floats) -> None:
        self.low, self.high = five(low), five(high)
        self.base = sqlite3.connect(":memory:", isolation_level=None)
        columns = ", ".join(f"a{k}, b{k}" for k in range(5))
        self.base.execute(f"create virtual table box using rtree(id, {columns})")
        sides = np.stack([self.low, self.high], axis=2).reshape(len(self.low), 10)
        self.base.execute("begin")
        for start in range(0, len(sides), 10_000):
            rows = (
                (start + i, *row) for i, row in enumerate(sides[start : start + 10_000].tolist())
            )
            self.base.executemany(f"insert into box values ({', '.join('?' * 11)})", rows)
        self.base.execute("commit")
        where = " and ".join(f"a{k} <= ? and b{k} >= ?" for k in range(5))
        self.query = f"select id from box where {where}"

    def candidates(self, i: int) -> Ints:
        limits = np.stack([self.high[i] + SLACK, self.low[i] - SLACK], axis=1).ravel().tolist()
        found = [row[0] for row in self.base.execute(self.query, limits)]
        return np.array([j for j in found if j != i], dtype=np.int64)

    def replace(self, i: int, later_s: float) -> None:
        times = self.low[i, 4] + later_s, self.high[i, 4] + later_s
        self.base.execute("update box set a4 = ?, b4 = ? where id = ?", (*times, i))

    def to_file(self, path: Path) -> None:
        """Goes on in a file, in which a change is durable before it is over."""
        file = sqlite3.connect(path, isolation_level=None)
        self.base.backup(file)
        self.base.close()
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = full")
        self.base = file

    def memory_bytes(self) -> int:
        pages, size = (
            int(self.base.execute(f"pragma {what}").fetchone()[0])
            for what in ("page_count", "page_size")
        )
        return pages * size

    def close(self) -> None:
        self.base.close()


class LibSpatialIndex:
    name = "rtree (libspatialindex)"
    how = "boxes in x, y, z, height and time; updates in memory"

    def __init__(self, low: Floats, high: Floats) -> None:
        from rtree.index import Index as Tree
        from rtree.index import Property

        self.low, self.high = five(low), five(high)
        boxes = np.hstack([self.low, self.high])
        stream = ((i, box, None) for i, box in enumerate(boxes.tolist()))
        self.tree = Tree(stream, properties=Property(dimension=5))

    def candidates(self, i: int) -> Ints:
        low, high = self.low[i] - SLACK, self.high[i] + SLACK
        found = self.tree.intersection([*low.tolist(), *high.tolist()])
        return np.array([j for j in found if j != i], dtype=np.int64)

    def replace(self, i: int, later_s: float) -> None:
        now, then = (0.0, later_s) if later_s else (HOUR_S, 0.0)
        self.tree.delete(i, self._moved(i, now))
        self.tree.insert(i, self._moved(i, then))

    def _moved(self, i: int, later_s: float) -> list[float]:
        low, high = self.low[i].copy(), self.high[i].copy()
        low[4] += later_s
        high[4] += later_s
        return [*low.tolist(), *high.tolist()]

    def memory_bytes(self) -> None:
        return None

    def close(self) -> None:
        self.tree.close()


def rtree_missing() -> str:
    """Why ``rtree`` cannot be measured, or nothing."""
    if importlib.util.find_spec("rtree"):
        return ""
    return "skipped: the rtree package is not installed (pip install rtree)"


def five(sides: Floats) -> Floats:
    """x, y, z, height above WGS84 and time since the workload's beginning."""
    return np.column_stack([sides[:, :4], sides[:, 6] - START_S])


def lon_lat_boxes(work: Workload) -> tuple[Floats, Ints]:
    """Boxes in degrees that hold each shape, (n, 4) west, south, east, north; and whose each is.

    There are two where a shape crosses the antimeridian.
    """
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
    return np.column_stack([left[order], south[of], right[order], north[of]]), of


def resident_bytes() -> int:
    """What the process holds, after it has given back what it can."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()

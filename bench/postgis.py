"""PostGIS as a peer: one GiST index over place, time and height, on a server of its own.

The server is started for the measurement, in a folder of its own, reached through a socket there,
which is faster than any network, and stopped with it. Its geometries are boxes in longitude and
latitude, the kindest case: polygons would first have to be read from beside the table.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench.exact import SLACK_M, SLACK_S, Floats, Ints
from bench.workload import Workload

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
}
"""A server that holds all of it in memory; what is durable is left as it comes."""
START_S_MAX = 60.0


def missing() -> str:
    """Why PostGIS cannot be measured, or nothing."""
    if _programs() is None:
        return "skipped: PostGIS is not installed (apt install postgresql postgresql-15-postgis-3)"
    return ""


class PostGis:
    name = "PostGIS"
    how = "gist(geometry, tstzrange, numrange), prepared statements; updates durable, and not"

    def __init__(self, work: Workload, boxes: Floats, of: Ints) -> None:
        self.work = work
        self.boxes = boxes.tolist()
        self.first = np.searchsorted(of, np.arange(len(work.shape) + 1)).tolist()
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._server: subprocess.Popen[bytes] | None = None
        try:
            self.base = self._start()
            self._fill(of.tolist())
        except BaseException:
            self.close()
            raise

    def candidates(self, i: int) -> Ints:
        found: set[int] = set()
        for box in self.boxes[self.first[i] : self.first[i + 1]]:
            start_s, end_s, low_m, high_m = self._rest(i)
            rest = start_s - SLACK_S, end_s + SLACK_S, low_m - SLACK_M, high_m + SLACK_M
            found.update(row[0] for row in self.base.execute(QUERY, (*box, *rest)))
        found.discard(i)
        return np.array(sorted(found), dtype=np.int64)

    def replace(self, i: int, later_s: float) -> None:
        start_s, end_s = (float(s[i]) + later_s for s in (self.work.start_s, self.work.end_s))
        self.base.execute(UPDATE, (start_s, end_s, i))

    def durable(self, durable: bool) -> None:
        """Whether a change waits until it is on the disk."""
        self.base.execute(f"set synchronous_commit = {'on' if durable else 'off'}")

    def memory_bytes(self) -> int:
        row = self.base.execute("select pg_total_relation_size('activity')").fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        if self._server is not None:
            if hasattr(self, "base"):
                self.base.close()
            self._server.terminate()
            self._server.wait(timeout=60)
            self._server = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _rest(self, i: int) -> tuple[float, ...]:
        work = self.work
        columns = work.start_s, work.end_s, work.low_m, work.high_m
        return tuple(float(column[i]) for column in columns)

    def _start(self) -> psycopg.Connection[Any]:
        programs = _programs()
        assert programs is not None, missing()
        become: list[str] = []
        if os.getuid() == 0:
            # The server refuses to run as root. setpriv becomes the program it starts.
            become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(self._folder, "postgres", "postgres")
        data = self._folder / "data"
        subprocess.run(
            [*become, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [*become, str(programs / "postgres"), "-D", str(data), "-k", str(self._folder),
                 *settings],
                stdout=log, stderr=log, cwd="/",
            )  # fmt: skip
        give_up_s = time.monotonic() + START_S_MAX
        while True:
            try:
                return psycopg.connect(
                    host=str(self._folder), user="postgres", autocommit=True, prepare_threshold=0
                )
            except psycopg.OperationalError:
                if time.monotonic() > give_up_s or self._server.poll() is not None:
                    raise
                time.sleep(0.2)

    def _fill(self, of: list[int]) -> None:
        self.base.execute("create extension postgis")
        self.base.execute("create extension btree_gist")
        self.base.execute("create unlogged table raw (id int, w float8, s float8, e float8,"
                          " n float8, t0 float8, t1 float8, low float8, high float8)")  # fmt: skip
        with self.base.cursor().copy("copy raw from stdin") as copy:
            for row in self._rows(of):
                copy.write_row(row)
        self.base.execute(
            "create table activity as select id, st_makeenvelope(w, s, e, n, 4326) as place,"
            " tstzrange(to_timestamp(t0), to_timestamp(t1), '[]') as lasts,"
            " numrange(low::numeric, high::numeric, '[]') as heights from raw"
        )
        self.base.execute("drop table raw")
        self.base.execute("create index on activity using gist (place, lasts, heights)")
        self.base.execute("create index on activity (id)")
        self.base.execute("vacuum analyze activity")

    def _rows(self, of: list[int]) -> Iterator[tuple[float, ...]]:
        for box, i in zip(self.boxes, of, strict=True):
            yield (i, *box, *self._rest(i))


QUERY = (
    "select id from activity where place && st_makeenvelope(%s, %s, %s, %s, 4326)"
    " and lasts && tstzrange(to_timestamp(%s), to_timestamp(%s), '[]')"
    " and heights && numrange(%s::float8::numeric, %s::float8::numeric, '[]')"
)
UPDATE = (
    "update activity set lasts = tstzrange(to_timestamp(%s), to_timestamp(%s), '[]') where id = %s"
)


def _programs() -> Path | None:
    """The folder of the newest server that has PostGIS; Debian keeps it off the PATH."""
    found = []
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        control = Path("/usr/share/postgresql") / folder.parent.name / "extension/postgis.control"
        if (folder / "initdb").exists() and control.exists():
            found.append((float(folder.parent.name), folder))
    return max(found)[1] if found else None

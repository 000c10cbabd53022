"""One node of the record's measurement, served as ``detente serve`` does it, in its own process.

``python -m bench.record_node DIR``: what it is asked comes as lines of JSON on standard input, and
each is answered by one line of JSON on standard output that begins with ``=``. Times are of the
system's monotonic clock, which all processes share, and processor seconds count the whole process:
faces, delivery, engine, writer and the callers, which are threads in it.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.workload import workload
from detente.cli.serving import Serving, log_to_stderr
from detente.node import Node
from detente.store import logs
from detente.volumes.model import Activity

LINE = "northern-watch"
OFFICER = "duty"
PATIENCE_S = 120.0
Json = dict[str, Any]


class Station:
    """What this node can be asked to do."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._activities: list[Activity] = []
        self._ids: list[str] = []

    def ready(self) -> Json:
        """Whether every member has joined, by what is held here."""
        line = self._node.line(LINE)
        return {"ready": line.state == "in-force"}

    def usage(self) -> Json:
        """Processor seconds and commits so far."""
        return {"cpu_s": time.process_time(), "commits": self._commits()}

    def messages(self, count: int, callers: int) -> Json:
        """Send so many messages, so many callers at a time."""
        return self._written(
            count, callers, lambda n: self._node.send(LINE, text=f"message {n}", officer=OFFICER)
        )

    def note_ids(self, party: str, start: int, count: int) -> Json:
        """Note the ids of so many entries of the other party, to be acknowledged afterwards."""
        self._ids = []
        while len(self._ids) < count:
            left = min(1000, count - len(self._ids))
            page = self._node.entries(LINE, party, start + len(self._ids), left)
            self._ids += [entry.id for entry in page]
        return {}

    def acknowledge(self, count: int, callers: int) -> Json:
        """Acknowledge so many of those."""
        ids = self._ids
        return self._written(
            count,
            callers,
            lambda n: self._node.acknowledge(LINE, ids[n], "understood", "", officer=OFFICER),
        )

    def plan(self, count: int) -> Json:
        """File so many activities, to be released afterwards."""
        self._activities = [
            Activity(self._node.party, f"a{n}", one.kind, one.volumes)
            for n, one in enumerate(workload(count, "theatre", 4).activities())
        ]
        self._node.file_all(self._activities, officer=OFFICER)
        return {}

    def release(self, count: int, callers: int) -> Json:
        """Release what was planned."""
        ids = [one.id for one in self._activities]
        return self._written(
            count, callers, lambda n: self._node.release(ids[n], LINE, "exact", officer=OFFICER)
        )

    def joint(self, party: str, size: int, by: str) -> Json:
        """Wait until the cosignature by ``by`` over ``size`` entries of a log is held here."""
        newest, end_s = 0, time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            if self._cosigned(party, by) >= size:
                return {"at_s": time.monotonic()}
            newest = self._node.wait_change(newest, 0.5)
            time.sleep(0.02)
        raise TimeoutError(f"{by} has not cosigned {size} entries of {party}")

    def paced(self, count: int, per_s: float, by: str) -> Json:
        """Send messages at a steady rate; per message, when it was asked for, answered, joint."""
        asked: list[float] = []
        indexes: list[int] = []
        answered: list[float] = []
        begun_s = time.monotonic()
        watch = _Watch(self._node, lambda: self._cosigned(self._node.party, by))
        for n in range(count):
            time.sleep(max(0.0, begun_s + n / per_s - time.monotonic()))
            asked.append(time.monotonic())
            entry = self._node.send(LINE, text=f"paced {n}", officer=OFFICER)
            indexes.append(entry.index)
            answered.append(time.monotonic())
        joint = watch.until(indexes[-1] + 1)
        since = [next(at for at, size in joint if size > index) for index in indexes]
        return {
            "answered_ms": _since(asked, answered),
            "joint_ms": _since(asked, since),
        }

    def verify(self) -> Json:
        """Verify the whole record held here, as ``detente record verify`` does."""
        begun_s = time.process_time()
        found = self._node.verify()
        cpu_s = time.process_time() - begun_s
        held = sum(head.size for head in self._heads().values())
        return {"findings": len(found), "cpu_s": cpu_s, "entries": held}

    def size(self, party: str) -> Json:
        """How many entries of a log are held."""
        return {"size": self._heads()[party].size}

    def _heads(self) -> Any:
        return self._node.heads(self._node.line(LINE).id, self._node.party)

    def _cosigned(self, party: str, by: str) -> int:
        core = self._node._core
        with core.store.read() as tx:
            return logs.newest_cosigned(tx, core.founding(tx, LINE).id, party, by)

    def _written(self, count: int, callers: int, write: Callable[[int], Any]) -> Json:
        def caller(first: int) -> int:
            indexes: list[int] = [write(n).index for n in range(first, count, callers)]
            return max(indexes)

        begun_s, before = time.monotonic(), self._commits()
        with ThreadPoolExecutor(callers) as pool:
            last = max(pool.map(caller, range(min(callers, count))))
        commits = self._commits() - before
        return {
            "begun_s": begun_s,
            "ended_s": time.monotonic(),
            "size": last + 1,
            "commits": commits,
        }

    def _commits(self) -> int:
        return self._node._core.store._commits


class _Watch:
    """Notes when which size of our log was found cosigned."""

    def __init__(self, node: Node, cosigned: Callable[[], int]) -> None:
        self._node, self._cosigned = node, cosigned
        self._seen: list[tuple[float, int]] = []
        self._wanted: int | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def until(self, size: int) -> list[tuple[float, int]]:
        """Every time and size noted, once ``size`` is cosigned."""
        self._wanted = size
        self._thread.join(PATIENCE_S)
        return self._seen

    def _run(self) -> None:
        newest, end_s = self._node.newest_change(), time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            size = self._cosigned()
            if not self._seen or size > self._seen[-1][1]:
                self._seen.append((time.monotonic(), size))
            if self._wanted is not None and size >= self._wanted:
                return
            newest = self._node.wait_change(newest, 0.2)


def _since(begun: list[float], ended: list[float]) -> list[float]:
    return [(end - begin) * 1000 for begin, end in zip(begun, ended, strict=True)]


def main(directory: str) -> None:
    os.umask(0o077)
    log_to_stderr()
    with Serving(Path(directory)) as serving:
        station = Station(serving._node)
        # A daemon: it waits for standard input, which ends with whoever measures.
        threading.Thread(target=_answer, args=(station,), daemon=True).start()
        asyncio.run(serving.run())


def _answer(station: Station) -> None:
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = getattr(station, name)(**arguments)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print("=" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

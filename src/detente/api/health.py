"""Whether the node works, and how much it has done: ``/healthz`` and ``/metrics``.

``/healthz`` needs no token and says nothing but words. What could not be found out in time is
*unknown*, and counts as not healthy.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import anyio
import msgspec
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from detente.errors import DetenteError

if TYPE_CHECKING:
    from detente.node import Node
    from detente.node.views import EngineView

CHECK_SECONDS_MAX = 3.0
METRICS_MEDIA = "text/plain; version=0.0.4; charset=utf-8"

Word = Literal["ok", "failing", "unknown"]

log = structlog.get_logger("detente.health")


class Health(msgspec.Struct, frozen=True):
    """``store``: it can be read. ``writer``: it keeps what is written. ``status``: all of them.

    ``engine``: unknown until it has read what is released; ``engine_read`` says how far it is, and
    not of how many: this is told to anybody. ``quota`` is ``refused`` while entries of some member
    are refused because its quota is used up, and ``near`` before that; a peer that writes too much
    does not make this node unhealthy.
    """

    status: Word
    store: Word
    writer: Word
    engine: Word
    engine_read: str
    quota: str


async def health(node: "Node") -> Health:
    """Try the store and the writer now, each within a bounded time."""
    found: dict[str, Word] = {}

    async def check(name: str, use: Callable[[], object]) -> None:
        found[name] = await _tried(name, use)

    read: list[EngineView] = []
    quota: list[str] = []
    async with anyio.create_task_group() as all_four:
        all_four.start_soon(check, "store", node.newest_change)
        all_four.start_soon(check, "writer", node.check_writer)
        all_four.start_soon(check, "engine", lambda: read.append(node.engine()))
        all_four.start_soon(check, "quota", lambda: quota.append(node.quota_word()))
    if found["engine"] == "ok" and not read[0].ready:
        found["engine"] = "unknown"
    words = (found["store"], found["writer"], found["engine"])
    status: Word = "failing" if "failing" in words else "ok"
    if status == "ok" and "unknown" in words:
        status = "unknown"
    return Health(
        status,
        *words,
        engine_read=_share(read[0]) if read else "unknown",
        quota=quota[0] if quota else "unknown",
    )


def _share(engine: "EngineView") -> str:
    """``43%``: never all before it is ready."""
    if engine.ready:
        return "100%"
    return f"{min(99, 100 * engine.done // max(1, engine.total))}%"


async def _tried(name: str, use: Callable[[], object]) -> Word:
    try:
        with anyio.fail_after(CHECK_SECONDS_MAX):
            await anyio.to_thread.run_sync(use, abandon_on_cancel=True)
    except TimeoutError:
        return "unknown"
    except DetenteError as error:
        log.warning("health check failed", check=name, why=str(error))
        return "failing"
    return "ok"


class NodeNumbers(Collector):
    """The node's counters and gauges, read when they are asked for."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._since_s = time.time()

    def collect(self) -> Iterator[Metric]:
        """One family per number; names that end in ``_total`` are counters."""
        yield GaugeMetricFamily(
            "detente_start_time_seconds", "When this process began, POSIX.", self._since_s
        )
        for name, value in sorted(self._node.metrics().items()):
            words = name.replace("_", " ") + "."
            if name.endswith("_total"):
                yield CounterMetricFamily(f"detente_{name.removesuffix('_total')}", words, value)
            else:
                yield GaugeMetricFamily(f"detente_{name}", words, value)


def metrics_text(node: "Node") -> Callable[[], bytes]:
    """A function that gives the numbers in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeNumbers(node))
    return lambda: generate_latest(registry)

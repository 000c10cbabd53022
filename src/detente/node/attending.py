"""The thread that attends to the conflict engine of a served node.

It builds the replicas at start, telling how far it is, and compares whatever is folded from then
on. One thread is enough: the kernels let go of the interpreter while they work.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from detente.errors import DetenteError

if TYPE_CHECKING:
    from detente.node.node import Node

WAIT_S = 1.0
"""How soon it is noticed at the latest that it is to stop."""

log = structlog.get_logger("detente.engine")

Told = Callable[[str, int, int], None]
"""Is told the line's name, how many of its activities have been read, and how many there are."""


class Attendant:
    """Compares in the background, from ``start`` to ``stop``."""

    def __init__(self, node: "Node", told: Told) -> None:
        """``told`` is called on the attendant's thread while a replica is being built."""
        self._node = node
        self._told = told
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="detente-engine", daemon=True)

    def start(self) -> None:
        """From now on nobody else compares; they are told what is not known yet."""
        self._node.attend(True)
        self._thread.start()

    def stop(self) -> None:
        """Let it finish the round it is at. What is uncompared then stays so until the next."""
        self._stop.set()
        self._thread.join()
        self._node.attend(False)

    def _run(self) -> None:
        newest = -1
        while not self._stop.is_set():
            try:
                newest = self._node.compare(self._told)
                self._node.wait_change(newest, WAIT_S)
            except DetenteError as error:
                log.warning("conflicts cannot be compared", why=str(error))
                self._stop.wait(WAIT_S)
            except Exception:
                # Without this thread every conflict from now on would be unknown, and nobody told.
                log.exception("comparing failed")
                self._stop.wait(WAIT_S)

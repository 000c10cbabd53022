"""The node's clock, given to it from outside so that tests can hold it still.

Real time stamps entries, receipts and certificates. A line's **domain time**, in which plans,
deadlines and line checks are given, is real time plus the offset in its terms: an exercise moves
that and nothing else (docs/protocol.md, section 3).
"""

import time
from typing import Protocol

from detente.line import Terms


class Clock(Protocol):
    """What tells real time."""

    def now_s(self) -> float:
        """POSIX seconds, UTC."""
        ...


class RealClock:
    """The machine's clock."""

    def now_s(self) -> float:
        """POSIX seconds, UTC."""
        return time.time()


def domain_now_s(clock: Clock, terms: Terms) -> float:
    """The line's domain time now, POSIX seconds."""
    return clock.now_s() + terms.clock_offset_s

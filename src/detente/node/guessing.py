"""How long who fails to log in has to wait, and who fails as nobody.

A name that is nobody's, or is nobody's at that door, makes its guesser wait like any other: else
who waits would have learnt that there is such an officer. Those failures are kept in memory alone
and are bounded, since names without end can be made up; and they are no officer's, so that a guest
at the desk keeps no officer out who comes from the same address.
"""

import hashlib
from collections import OrderedDict
from threading import Lock

FAILURES_FREE = 3
WAIT_S_MAX = 15 * 60.0
NAMES_MAX = 4096
"""Of the last that were tried; the one that was not tried for longest is forgotten first."""


def wait_s(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    if failures <= FAILURES_FREE:
        return 0.0
    return min(WAIT_S_MAX, 2.0 ** min(failures - FAILURES_FREE, 12))


class Guesses:
    """Failures as nobody, by the name and the address."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: OrderedDict[bytes, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._names)

    def waits_until(self, name: str, address: str) -> float:
        """Until when nothing is tried from this address as this name; 0 if now."""
        with self._lock:
            return self._names.get(_place(name, address), (0, 0.0))[1]

    def note(self, name: str, address: str, now_s: float) -> None:
        """Remember a failure."""
        place = _place(name, address)
        with self._lock:
            failures = self._names.pop(place, (0, 0.0))[0] + 1
            self._names[place] = (failures, now_s + wait_s(failures))
            if len(self._names) > NAMES_MAX:
                self._names.popitem(last=False)


def _place(name: str, address: str) -> bytes:
    # Of one length: a name that is tried may be as long as a request.
    return hashlib.sha256(f"{address}\0{name}".encode()).digest()

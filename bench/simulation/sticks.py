"""What is carried by hand in the simulation: parcels on sticks, taken in late, again, in part, or
damaged on the way.
"""

import io
import random
from collections.abc import Callable
from typing import NamedTuple

from bench.simulation.disk import OFFICERS
from bench.simulation.station import Station
from bench.simulation.truth import ViolationError
from detente.errors import DetenteError, StoreError
from detente.record.parcel import Opener

STICKS = 6


class Stick(NamedTuple):
    """A parcel, and what is in it: what a reader of its bytes could not tell."""

    src: str
    dst: str
    data: bytes
    chunks: tuple[bytes, ...]


class Sticks:
    """The sticks of one run. Each may be taken in any number of times, by whom it is for."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._sticks: list[Stick] = []

    def pack(self, station: Station, to: Station, sent: Callable[[bytes], None]) -> str:
        """Have a node make a parcel for another party; ``sent`` is told what is in it."""
        log = self._chance.choice((None, None, *sorted(station.held)))
        start = self._chance.choice((None, None, 0, 1, 3))
        try:
            packed = station.node.pack(
                station.line, to.party, log=log, start=start, officer=OFFICERS[0]
            )
            data = b"".join(packed.pieces)
        except DetenteError as error:
            _check_store(station, error)
            return f"{type(error).__name__}: {error.message[:50]}"
        try:
            opener = Opener(io.BytesIO(data), to.party, to.node._core.opening_keys)
            chunks = tuple(opener.chunks())
        except DetenteError:
            # It is sealed to a key that its reader has lost, or has not told of yet.
            return "nobody can open it"
        for chunk in chunks:
            sent(chunk)
        self._sticks = [*self._sticks[1 - STICKS :], Stick(station.party, to.party, data, chunks)]
        return f"{len(chunks)} chunks"

    def some(self) -> Stick | None:
        """One of them, perhaps damaged: cut short, or with a byte that is not what it was."""
        if not self._sticks:
            return None
        stick = self._chance.choice(self._sticks)
        data, damage = stick.data, self._chance.random()
        if damage < 0.1:
            data = data[: len(data) * 2 // 3]
        elif damage < 0.2:
            data = data[:-1] + bytes([data[-1] ^ 1])
        return stick._replace(data=data)

    def lose(self) -> None:
        """Lose them all."""
        self._sticks.clear()


def unpack(stick: Stick, station: Station) -> str:
    """Have a node take a parcel in."""
    try:
        view = station.node.unpack(io.BytesIO(stick.data), officer=OFFICERS[0])
    except DetenteError as error:
        _check_store(station, error)
        return f"{type(error).__name__}: {error.message[:50]}"
    added, aside = (sum(getattr(log, of) for log in view.logs) for of in ("added", "aside"))
    return f"{added} added, {aside} aside, {len(view.problems)} problems"


def _check_store(station: Station, error: DetenteError) -> None:
    if isinstance(error, StoreError) and not station.dead:
        raise ViolationError(f"the store of {station.party} failed: {error}") from error

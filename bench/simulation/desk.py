"""What every officer of the simulation has at hand: a node, chance, and a memory of requests.

An act is drawn from the seed by the *structure* of what a node shows (parties, indexes, names) and
never by identifiers: those are hashes of signatures and salts, and differ from run to run.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bench.simulation.disk import OFFICERS
from bench.simulation.station import Station
from bench.simulation.truth import (
    BY_ITSELF,
    Truth,
    ViolationError,
    about_of,
    check,
    leaf_of,
    type_of,
)
from detente.errors import DetenteError, StoreError
from detente.node import Node
from detente.node.views import EntryView

T = TypeVar("T")
Act = Callable[[], EntryView | None]

POWER_FAILED = "the power failed"
"""What came of an act whose officer was never answered: it may be on the record, or not."""


class Desk:
    """One node's officers, without anything they do."""

    def __init__(self, chance: random.Random, station: Station) -> None:
        self._chance = chance
        self.station = station
        self._party = station.party
        self._line = station.line
        self._officer, self._second = OFFICERS
        self.done: Counter[str] = Counter()
        """What was done, by the kind of act."""
        self._serial = 0
        self._last: tuple[str, int, Act] | None = None

    def do(self, truth: Truth, act: Act) -> str:
        """Do it, and remember what was acknowledged."""
        try:
            view = act()
        except StoreError as error:
            if self.station.dead:
                return POWER_FAILED
            raise ViolationError(f"the store of {self._party} failed: {error}") from error
        except DetenteError as error:
            if self.station.dead:
                return POWER_FAILED
            return f"{type(error).__name__}: {error.message[:50]}"
        if self.station.dead:
            return POWER_FAILED
        if view is None:
            return "done"
        read = self.station.read(self._party, view.index)
        check(bool(read), f"{self._party}/{view.index} was acknowledged and is not there")
        self._note_before(truth, view.index)
        truth.written(self._party, view.index, leaf_of(read[0]))
        return f"{self._party}/{view.index}"

    def _note_before(self, truth: Truth, index: int) -> None:
        """Remember what the node has written by itself, in this very step, before this."""
        while truth.one_history(self._party) and (at := len(truth.leaves[self._party])) < index:
            leaf = leaf_of(self.station.read(self._party, at)[0])
            if type_of(leaf) != BY_ITSELF and not self.station.unsure:
                return
            truth.written(self._party, at, leaf)

    @property
    def _node(self) -> Node:
        return self.station.node

    def _one_of(self, things: Iterable[T]) -> T | None:
        """One of these, which come in an order that does not hang on identifiers."""
        listed = list(things)
        return self._chance.choice(listed) if listed else None

    def _key(self) -> str:
        self._serial += 1
        return f"{self._party}-request-{self._serial}"

    def _keyed(self, act: Callable[[str], EntryView]) -> Act:
        """An act under an idempotency key, which may be asked for once more."""
        key = self._key()

        def once() -> EntryView:
            view = act(key)
            if not self.station.dead:
                self._last = (view.id, self.station.restored, lambda: act(key))
            return view

        return once

    def _places(self) -> dict[str, tuple[str, int]]:
        """Party and index of every entry held here, by its id."""
        return {
            hashlib.sha256(leaf).hexdigest(): (party, index)
            for party, leaves in sorted(self.station.held.items())
            for index, leaf in enumerate(leaves)
        }

    def _own(self, *types: str) -> list[tuple[str, dict[str, Any]]]:
        """Id and facts of our own entries of these types, oldest first."""
        return [
            (hashlib.sha256(leaf).hexdigest(), about_of(leaf))
            for leaf in self.station.held[self._party]
            if type_of(leaf) in types
        ]

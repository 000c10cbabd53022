"""The network of the simulation: it carries requests and answers, and does to them what it likes.

A request may be lost, or come late (after its sender has given up, in any order among the others
that are late), or come twice; an answer may be lost after the request has done its work. While a
request or an answer is under way, anything else may happen.
"""

import random
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple, Protocol

from detente.errors import LimitError
from detente.node.wire import ANSWER_BYTES_MAX, UnreachableError

REMEMBERED = 30
"""Requests that may come once more long after."""


class Letter(NamedTuple):
    """One request. ``path`` begins behind the line's id."""

    src: str
    dst: str
    method: str
    path: str
    content: bytes | None


class Faults(NamedTuple):
    """How probable each fault is, per request."""

    drop: float = 0.0
    delay: float = 0.0
    duplicate: float = 0.0
    lose_answer: float = 0.0
    meanwhile: float = 0.0
    """That something else happens while a request or its answer is under way."""

    @classmethod
    def some(cls, chance: random.Random) -> "Faults":
        """Some kinds of faults and not others: one that is always there hides what others do."""
        return cls(*(chance.choice((0.0, 0.05, 0.25)) for _ in cls._fields))


class Around(Protocol):
    """What the network lies in."""

    def deliver(self, letter: Letter) -> tuple[int, bytes]:
        """Have a request answered. Raises UnreachableError if nobody is there."""
        ...

    def meanwhile(self) -> None:
        """Let something else happen."""
        ...


class Network:
    """Who reaches whom, and how well."""

    def __init__(self, chance: random.Random, around: Around, faults: Faults) -> None:
        self._chance = chance
        self._around = around
        self.faults = faults
        self._cut: set[frozenset[str]] = set()
        self.late: list[Letter] = []
        self.counts: Counter[str] = Counter()
        self._past: list[Letter] = []

    def part(self, parties: tuple[str, ...]) -> str:
        """Part the parties into two sides, or only two of them from each other."""
        if self._chance.random() < 0.5:
            side = set(self._chance.sample(parties, self._chance.randint(1, len(parties) - 1)))
            cut = [pair for pair in combinations(parties, 2) if len(side & set(pair)) == 1]
        else:
            cut = [tuple(self._chance.sample(parties, 2))]  # type: ignore[list-item]
        self._cut = {frozenset(pair) for pair in cut}
        return ", ".join(sorted("-".join(sorted(pair)) for pair in self._cut))

    def mend(self) -> str:
        """End every partition."""
        self._cut.clear()
        return "all"

    def heal(self) -> None:
        """End every fault. What was late is lost."""
        self.mend()
        self.faults = Faults()
        self.late.clear()

    def forget(self, party: str) -> None:
        """Lose what is under way of a party's log: its connections ended long ago."""
        for letters in (self.late, self._past):
            letters[:] = [one for one in letters if not one.path.startswith(f"/logs/{party}")]

    def carry(self, letter: Letter) -> tuple[int, bytes]:
        """Carry one request and its answer. Raises UnreachableError where either is lost."""
        self._check_reached(letter)
        if self._happens("lost", self.faults.drop):
            raise UnreachableError("cannot be reached")
        if self._happens("late", self.faults.delay):
            self._keep(letter)
            raise UnreachableError("did not answer in time")
        if self._happens("twice", self.faults.duplicate):
            self._keep(letter)
        self._meanwhile()
        status, answer = self._around.deliver(letter)
        if letter.method == "POST":
            self._past = [*self._past[1 - REMEMBERED :], letter]
        self._meanwhile()
        self._check_reached(letter)
        if self._happens("answer lost", self.faults.lose_answer):
            raise UnreachableError("did not answer in time")
        return status, answer

    def deliver_late(self) -> str:
        """Deliver one of the late requests, if there is any; its answer is heard by nobody."""
        if not self.late:
            return "nothing is late"
        return self._deliver(self.late.pop(self._chance.randrange(len(self.late))))

    def repeat(self) -> str:
        """Deliver once more, long after, what was delivered."""
        if not self._past:
            return "nothing was sent"
        self.counts["long after"] += 1
        return self._deliver(self._chance.choice(self._past))

    def _deliver(self, letter: Letter) -> str:
        what = f"{letter.src} to {letter.dst}, POST {letter.path}"
        try:
            return f"{what}: {self._around.deliver(letter)[0]}"
        except UnreachableError:
            return f"{what}: nobody there"

    def _check_reached(self, letter: Letter) -> None:
        if frozenset((letter.src, letter.dst)) in self._cut:
            self.counts["parted"] += 1
            raise UnreachableError("cannot be reached")

    def _happens(self, what: str, probability: float) -> bool:
        happens = self._chance.random() < probability
        self.counts[what] += happens
        return happens

    def _keep(self, letter: Letter) -> None:
        if letter.method == "POST":
            self.late.append(letter)

    def _meanwhile(self) -> None:
        if self._happens("meanwhile", self.faults.meanwhile):
            self._around.meanwhile()


class SimulatedWire:
    """A ``node.wire.Wire`` over the simulated network."""

    def __init__(self, src: str, dst: str, carry: Callable[[Letter], tuple[int, bytes]]) -> None:
        self._src = src
        self._dst = dst
        self._carry = carry

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        status, answer = self._carry(Letter(self._src, self._dst, method, path, content))
        if len(answer) > ANSWER_BYTES_MAX:
            raise LimitError("its answer is larger than this protocol allows")
        return status, answer

    def close(self) -> None:
        """There is no connection."""

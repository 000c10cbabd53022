"""The scene: the nodes of a script at work in one folder, and everything that leaves them.

A script is a list of requests, each made by an officer, by a peer or by a hand that carries a file.
After a crash in the middle of one the same request is made again, with the same key where it has
one, as any client does that was not answered.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from bench.simulation.disk import BEGIN_S, OFFICERS, Kind
from bench.simulation.face import serve
from bench.simulation.network import Letter, SimulatedWire
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.quota import Quota
from detente.node.views import EntryView

PARTIES = A, B = ("af", "ru")
NEWCOMER = "tj"

Tell = Callable[[str, str, Any], None]


class Clock:
    """A clock that is moved from outside."""

    at_s = BEGIN_S

    def now_s(self) -> float:
        return self.at_s


class Machine(Protocol):
    """Something else than a node that runs in a folder of the scene."""

    def close(self) -> None:
        """Stop it."""
        ...


class Step(NamedTuple):
    """One request. ``operation`` is what crashes in it are counted under."""

    operation: str
    run: Callable[["Scene"], None]
    again: bool = True
    """Whether whoever was not answered simply asks again."""


class Script(NamedTuple):
    """What is done, from the moment that the founders of a line of this ``kind`` have met.

    ``secrets`` stand in the bodies that A recalls, and nowhere else in any other node; ``erased``
    of them is what A's own files do not hold either when it goes on.
    """

    name: str
    steps: tuple[Step, ...]
    kind: Kind
    newcomer: bool = False
    """Whether ``NEWCOMER`` has a node too, which is on no line yet."""
    witness: Callable[[Path, Clock], Machine] | None = None
    """Opens the witness in its folder."""
    quota: Quota | None = None
    """How much of another's log B takes, until its operators raise that."""
    secrets: tuple[bytes, ...] = ()
    erased: tuple[bytes, ...] = ()

    @property
    def parties(self) -> tuple[str, ...]:
        """Whose nodes there are."""
        return (*PARTIES, NEWCOMER) if self.newcomer else PARTIES

    @property
    def machines(self) -> tuple[str, ...]:
        """The folders at the top of the scene's: one for each party, and the witness's."""
        return (*self.parties, WITNESS) if self.witness is not None else self.parties


WITNESS = "witness"
"""The witness's folder."""


class Scene:
    """Every machine of a script at work. ``tell`` is told of everything that leaves one of them."""

    def __init__(self, folder: Path, line: str, tell: Tell, script: Script) -> None:
        self.folder = folder
        self.line = line
        self.tell = tell
        self.script = script
        self.clock = Clock()
        self.nodes: dict[str, Node] = {}
        self.witness: Any = None
        self.sticks: dict[str, bytes] = {}
        """What was written to be carried by hand; it is on no machine."""
        self.quota = script.quota

    def open_all(self) -> None:
        """Start every machine."""
        for party in self.script.parties:
            self.open(party)
        if self.script.witness is not None:
            self.witness = self.script.witness(self.folder / WITNESS, self.clock)

    def open(self, party: str) -> Node:
        """Start a node, or start it again."""
        if party in self.nodes:
            self.nodes.pop(party).close()
        node = self.nodes[party] = Node.open(self.folder / party, clock=self.clock)
        if party == B and self.quota is not None:
            node._core.quota = self.quota
        return node

    def close(self) -> None:
        for machine in self.nodes.values():
            machine.close()
        if self.witness is not None:
            self.witness.close()

    def raise_quota(self) -> None:
        """B's operators let in again whoever has used up what they give."""
        self.quota = None
        if self.script.quota is not None:
            self.open(B)

    @property
    def joined(self) -> list[str]:
        """The parties whose nodes are on the line."""
        return [party for party, node in self.nodes.items() if node.lines()]

    def said(self, party: str, entry: EntryView) -> None:
        """An officer was told that an entry is on the record."""
        self.tell(party, "entry", (entry.index, entry.id))

    def exchange(self, party: str, other: str) -> None:
        """One exchange, as delivery makes it."""
        wire = SimulatedWire(party, other, self._carry)
        Exchange(self.nodes[party], self.line, Peer(other, wire)).run()

    def _carry(self, letter: Letter) -> tuple[int, bytes]:
        log = letter.path.partition("?")[0].split("/")[-1]
        self.tell(letter.src, "wire", (letter.content, None, log))
        node = self.nodes[letter.dst]
        status, answer = serve(
            node, self.line, letter.src, letter.method, letter.path, letter.content
        )
        self.tell(letter.dst, "wire", (answer, letter.content, log))
        return status, answer

    def show(self, party: str, log: str, **shown: Any) -> None:
        """``party`` has told somebody of a log, in other forms than those of the line's face."""
        self.tell(party, "wire", (msgspec.json.encode(shown), None, log))

    def find(self, party: str, type_: str, number: int = 0) -> EntryView:
        """An entry of a party's log as it holds it."""
        node = self.nodes[party]
        return [one for one in node.entries(self.line, party) if one.type == type_][number]


def say_something(scene: Scene, party: str) -> None:
    """An officer sends a message that nobody has sent before."""
    scene.clock.at_s += 60
    text = f"EXERCISE. {party} at {scene.clock.at_s:.0f}"
    scene.said(party, scene.nodes[party].send(scene.line, text=text, officer="a"))


def confirm_all(scene: Scene, party: str) -> None:
    """A second officer confirms everything that waits."""
    node = scene.nodes[party]
    for request in node.pending(scene.line):
        done = node.confirm(scene.line, request.id, request.sha256, officer=OFFICERS[1])
        scene.said(party, done)

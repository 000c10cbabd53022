"""What the nodes do while they are recorded: every use case that signs, sends, erases or forgets.

Two parties on one line. Each step is a request that an officer or a peer makes; after a crash in
the middle of it the same request is made again, with the same key where it has one, as any client
does that was not answered.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bench.simulation.disk import BEGIN_S
from bench.simulation.face import serve
from bench.simulation.network import Letter, SimulatedWire
from detente.errors import DetenteError
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.views import EntryView
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume

PARTIES = A, B = ("af", "ru")
SECRET_TEXT = "EXERCISE. The words that are recalled"
SECRET_LAT = 36.512345
SECRETS = (SECRET_TEXT.encode(), str(SECRET_LAT).encode())
"""What stands in the bodies that A recalls, and nowhere else in B's node."""

Tell = Callable[[str, str, Any], None]


class _Clock:
    """A clock that is moved from outside."""

    at_s = BEGIN_S

    def now_s(self) -> float:
        return self.at_s


class Scene:
    """Both nodes at work in a folder. ``tell`` is told of everything that leaves one of them."""

    def __init__(self, folder: Path, line: str, tell: Tell) -> None:
        self.folder = folder
        self.line = line
        self.tell = tell
        self.clock = _Clock()
        self.nodes: dict[str, Node] = {}

    def open(self, party: str) -> Node:
        """Start a node, or start it again."""
        if party in self.nodes:
            self.nodes.pop(party).close()
        self.nodes[party] = Node.open(self.folder / party, clock=self.clock)
        return self.nodes[party]

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()

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

    def find(self, party: str, type_: str, number: int = 0) -> EntryView:
        """An entry of a party's log as it holds it."""
        node = self.nodes[party]
        return [one for one in node.entries(self.line, party) if one.type == type_][number]


class Step(NamedTuple):
    """One request. ``operation`` is what crashes in it are counted under."""

    operation: str
    run: Callable[[Scene], None]
    again: bool = True
    """Whether whoever was not answered simply asks again."""


def plan(party: str, name: str, lat: float) -> Activity:
    """A circle near Kunduz."""
    band = Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD))
    core = Core(Shape.POINT, (((68.86, lat),),))
    volume = Volume(core, 20_000.0, band, BEGIN_S + 3600, BEGIN_S + 7200)
    return Activity(party, name, "surveillance", (volume,))


def _file(party: str, name: str, lat: float) -> Step:
    def run(scene: Scene) -> None:
        filed = scene.nodes[party].file(
            plan(party, name, lat), title=name, officer="a", key=f"file-{name}"
        )
        scene.tell(party, "plan", (filed.id, filed.revision))

    return Step("filing", run)


def _release(party: str, name: str) -> Step:
    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        scene.said(party, node.release(name, scene.line, "exact", officer="a", key=f"tell-{name}"))

    return Step("releasing", run)


def _send(party: str, text: str, key: str) -> Step:
    def run(scene: Scene) -> None:
        scene.said(party, scene.nodes[party].send(scene.line, text=text, officer="a", key=key))

    return Step("talking", run)


def _acknowledge(party: str, other: str) -> Step:
    def run(scene: Scene) -> None:
        entry = scene.find(other, "message").id
        done = scene.nodes[party].acknowledge(
            scene.line, entry, "understood", officer="a", key="understood"
        )
        scene.said(party, done)

    return Step("talking", run)


def _recall(party: str, type_: str) -> Step:
    def run(scene: Scene) -> None:
        entry = scene.find(party, type_).id
        node = scene.nodes[party]
        scene.said(party, node.recall(scene.line, entry, officer="a", key=f"recall-{type_}"))

    return Step("recalling", run)


def _exchange(party: str, other: str, operation: str = "receiving and cosigning") -> Step:
    return Step(operation, lambda scene: scene.exchange(party, other))


def _rotate(party: str) -> Step:
    def run(scene: Scene) -> None:
        scene.nodes[party].rotate_key(scene.folder / party, None, officer="a")
        scene.open(party)

    return Step("changing keys", run, again=False)


def _reopen(party: str) -> Step:
    def run(scene: Scene) -> None:
        scene.open(party)

    return Step("stopping and starting", run)


def _officers(party: str) -> Step:
    def run(scene: Scene) -> None:
        token = scene.nodes[party].add_officer("watch-1", "watch")
        scene.tell(party, "officer", token)
        session = scene.nodes[party].log_in(scene.nodes[party].login_link("watch-1"))
        scene.tell(party, "officer", session)
        for one in (token, session):
            scene.tell(party, "ending", one)
        scene.nodes[party].end_officer("watch-1")
        for one in (token, session):
            scene.tell(party, "ended", one)

    return Step("officers", run, again=False)


def _leave(party: str) -> Step:
    def run(scene: Scene) -> None:
        scene.said(party, scene.nodes[party].leave(scene.line, officer="a", key="leave"))

    return Step("leaving", run)


STEPS = (
    _file(A, "orbit", SECRET_LAT),
    _release(A, "orbit"),
    _file(B, "survey", 36.5),
    _release(B, "survey"),
    _exchange(A, B),
    _send(A, SECRET_TEXT, "first"),
    _exchange(A, B),
    _acknowledge(B, A),
    _exchange(B, A),
    _reopen(B),
    _recall(A, "message"),
    _recall(A, "activity.release"),
    _exchange(A, B, "honouring a recall"),
    _exchange(B, A),
    _rotate(A),
    _send(A, "EXERCISE. Signed with the new key", "second"),
    _exchange(A, B),
    _officers(B),
    _send(B, "EXERCISE. The last word", "last"),
    _leave(B),
    _exchange(B, A, "leaving"),
)


def say_something(scene: Scene, party: str) -> None:
    """An officer sends a message that nobody has sent before."""
    scene.clock.at_s += 60
    text = f"EXERCISE. {party} at {scene.clock.at_s:.0f}"
    scene.said(party, scene.nodes[party].send(scene.line, text=text, officer="a"))


def exchange_all(scene: Scene) -> None:
    """Exchange, either way, until both hold the same."""
    # Who has just changed its key is understood the second time, which delivery sees to.
    with suppress(DetenteError):
        scene.exchange(A, B)
    scene.exchange(B, A)
    scene.exchange(A, B)


def go_on(scene: Scene) -> None:
    """What follows a crash: everybody says something more, and everybody hears it."""
    for party in PARTIES:
        # Who has left, or was left alone, says nothing more.
        if not any(scene.nodes[party].parted(scene.line, one) for one in PARTIES):
            say_something(scene, party)
    exchange_all(scene)

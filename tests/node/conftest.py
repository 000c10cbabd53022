"""Nodes for tests: real ones, with real keys and stores, joined by direct calls for a network."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import AccessError, NotFoundError, RecordError
from detente.line import Area, Exercise, Terms, standard_terms
from detente.line.watching import STANDARD_WATCHING
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.settings import Settings
from detente.node.setup import create
from detente.node.views import OfficerView
from detente.observations import Observation
from detente.record import open_card
from detente.record.checkpoint import with_cosignatures
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume

NOW_S = 1_795_334_400.0
"""22 November 2026, 08:00 Z."""

LINE = "northern-watch"


class HeldClock:
    """A clock that moves when it is told to."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.at_s = now_s

    def now_s(self) -> float:
        return self.at_s


class Recorded:
    """A wire to a node by direct calls, which keeps every byte that the node answers."""

    def __init__(self, server: Node, line: str, caller: str) -> None:
        self.server, self.line, self.caller = server, line, caller
        self.served: list[bytes] = []

    def close(self) -> None:
        """Nothing to close."""

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        body = msgspec.json.decode(content) if content else {}
        _, _, rest = path.partition("/logs/")
        party = rest.split("?")[0].split("/")[0]
        answer: Any
        try:
            if path == "/heads":
                answer = {"heads": self.server.heads(self.line, self.caller)}
            elif method == "GET":
                start = int(rest.rpartition("=")[2])
                answer = self.server.read_log(self.line, party, start, self.caller)
            elif rest.endswith("/cosignatures"):
                self.server.receive_cosignatures(self.line, party, body["checkpoint"], self.caller)
                answer = None
            else:
                answer = self.server.receive(
                    self.line, party, body["from"], body["entries"], body["checkpoint"],
                    self.caller,
                )  # fmt: skip
        except NotFoundError as error:
            answer = {"error": error.code, "message": error.message}
            return self._keep(404, answer)
        except AccessError as error:
            return self._keep(403, {"error": error.code, "message": error.message})
        except RecordError as error:
            return self._keep(400, {"error": error.code, "message": error.message})
        return self._keep(200, answer)

    def _keep(self, status: int, answer: Any) -> tuple[int, bytes]:
        data = msgspec.json.encode(answer)
        self.served.append(data)
        return status, data


class Pair:
    """Two parties, ``us`` and ``ru``, each with a node, on one line."""

    def __init__(self, directory: Path, clock: HeldClock) -> None:
        self.clock = clock
        self.directory = directory
        self.nodes: dict[str, Node] = {}

    def create(self, databases: dict[str, str]) -> None:
        """Make the nodes, each with a database of its own."""
        for party in databases:
            settings = Settings(
                party=party,
                name=f"Cell {party}",
                languages=("ru", "en") if party == "ru" else ("en",),
                endpoint="https://192.0.2.1:7443",
                database=databases[party],
            )
            create(self.directory / party, settings, clock=self.clock)
            self.open(party)

    @staticmethod
    def push(sender: Node, receiver: Node) -> None:
        """``push_all``, for tests: pytest loads this file under a name nobody can import."""
        push_all(sender, receiver)

    @staticmethod
    def wire(server: Node, line: str, caller: str) -> Recorded:
        """A wire to ``server``, on the line of this id."""
        return Recorded(server, line, caller)

    def exchange(self, caller: str, server: str) -> tuple[Exchange, Recorded]:
        """An exchange of ``caller`` with ``server``, and the wire it goes over."""
        line = self.nodes[caller].line(LINE).id
        wire = Recorded(self.nodes[server], line, caller)
        return Exchange(self.nodes[caller], line, Peer(server, wire)), wire

    @staticmethod
    def circle(party: str, name: str, **changes: Any) -> Activity:
        """``circle``, for tests."""
        return circle(party, name, **changes)

    def open(self, party: str) -> Node:
        """Open a node, or open it again."""
        if party in self.nodes:
            self.nodes[party].close()
        self.nodes[party] = Node.open(self.directory / party, clock=self.clock)
        return self.nodes[party]

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()

    def terms(self, exercise: Exercise | None = None) -> Terms:
        return standard_terms(
            list(self.nodes),
            area=Area(west=65, south=35, east=73, north=40),
            effective_from_s=NOW_S - 1800,
            review_on=date(2027, 11, 22),
            languages=("en", "ru"),
            exercise=exercise,
        )

    def join(self, exercise: Exercise | None = None) -> str:
        """Found the line and join it on every side; its id."""
        first, *others = self.nodes.values()
        cards = [node.card() for node in others]
        founding = first.found(LINE, self.terms(exercise), cards)
        for node in self.nodes.values():
            node.join(founding, self.confirm(node))
        self.sync()
        return first.line(LINE).id

    def confirm(self, node: Node) -> dict[str, str]:
        """The fingerprints of all others, as their operators would read them out."""
        cards = [open_card(other.card()) for other in self.nodes.values() if other is not node]
        return {card.card.party: card.fingerprint for card in cards}

    def sync(self) -> None:
        """Have every node push what each other lacks, until all hold the same."""
        for _ in range(2):
            for sender in self.nodes.values():
                for receiver in self.nodes.values():
                    if receiver is not sender:
                        push_all(sender, receiver)


def push_all(sender: Node, receiver: Node) -> None:
    """Push what ``receiver`` lacks of every log, and take its cosignatures back."""
    for line in sender.lines():
        theirs = receiver.heads(line.id, sender.party)
        for party, ours in sender.heads(line.id, receiver.party).items():
            size = theirs[party].size
            page = sender.read_log(line.id, party, size, receiver.party)
            if ours.size < size or page.checkpoint is None:
                continue
            receipt = receiver.receive(
                line.id, party, size, page.entries, page.checkpoint, sender.party
            )
            note = page.checkpoint
            if receipt.cosignature is not None:
                note = with_cosignatures(note, [receipt.cosignature])
                sender.receive_cosignatures(line.id, party, note, receiver.party)


def circle(
    party: str,
    name: str,
    *,
    lon: float = 68.86,
    lat: float = 36.5,
    radius_m: float = 20_000.0,
    floor: int = 240,
    top: int = 260,
    start_s: float = NOW_S + 3600,
    hours: float = 2.0,
) -> Activity:
    """A circle near Kunduz between two flight levels."""
    band = Band(
        Limit(floor * 30.48, Reference.STD),
        Limit(top * 30.48, Reference.STD),
    )
    core = Core(Shape.POINT, (((lon, lat),),))
    volume = Volume(core, radius_m, band, start_s, start_s + hours * 3600)
    return Activity(party, name, "surveillance", (volume,))


@pytest.fixture
def clock() -> HeldClock:
    """A clock that stands at 08:00 Z."""
    return HeldClock()


SQLITE = {"ru": "detente.db", "us": "detente.db"}


@pytest.fixture(scope="session")
def make_template(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Callable[[Pair], object]], Path]:
    """Makes folders of nodes once, in the state that a function brings them to."""

    def make(
        fill: Callable[[Pair], object],
        *,
        joined: bool = True,
        databases: dict[str, str] = SQLITE,
    ) -> Path:
        folder = tmp_path_factory.mktemp("template") / "nodes"
        both = Pair(folder, HeldClock())
        both.create(databases)
        if joined:
            both.join()
        fill(both)
        both.close()
        return folder

    return make


@pytest.fixture(scope="session")
def apart(make_template: Callable[..., Path]) -> Path:
    """Folders of two nodes that have not joined any line."""
    return make_template(lambda _: None, joined=False)


@pytest.fixture(scope="session")
def joined(make_template: Callable[..., Path]) -> Path:
    """Folders of two nodes on one line."""
    return make_template(lambda _: None)


@pytest.fixture
def copy_of(tmp_path: Path, clock: HeldClock) -> Iterator[Callable[[Path], Pair]]:
    """Opens copies of folders that were made once."""
    opened: list[Pair] = []

    def copy(template: Path) -> Pair:
        folder = tmp_path / f"copy-{len(opened)}"
        shutil.copytree(template, folder)
        opened.append(Pair(folder, clock))
        for party in sorted(path.name for path in folder.iterdir()):
            opened[-1].open(party)
        return opened[-1]

    yield copy
    for one in opened:
        one.close()


@pytest.fixture
def pair(joined: Path, copy_of: Callable[[Path], Pair]) -> Pair:
    """Two nodes over SQLite, joined on one line."""
    return copy_of(joined)


@pytest.fixture
def strangers(apart: Path, copy_of: Callable[[Path], Pair]) -> Pair:
    """Two nodes over SQLite that have not joined any line."""
    return copy_of(apart)


class Watch(Pair):
    """Three parties, ``ru``, ``tj`` and ``us``, on one line whose terms are for watching together.

    The clock stands at 08:00 Z, and days end at 19:30.
    """

    def terms(self, exercise: Exercise | None = None) -> Terms:
        return msgspec.structs.replace(super().terms(exercise), watching=STANDARD_WATCHING)

    def observe(self, party: str, name: str, **said: Any) -> str:
        """Have a party note an observation and report it; the entry's id."""
        node = self.nodes[party]
        node.note(observed(name, **said), officer="a")
        return node.report(LINE, name, officer=OFFICER).id


OFFICER = OfficerView(name="a", role="releaser", active=True)


def observed(name: str, *, before_h: float = 1.0, **changes: Any) -> Observation:
    """Shelling heard near Imam Sahib, half an hour long, that ended so long before now."""
    until_s = NOW_S - before_h * 3600
    said = {
        "id": name,
        "kind": "explosion",
        "core": Core(Shape.POINT, (((68.6, 37.2),),)),
        "radius_m": 500.0,
        "from_s": until_s - 1800,
        "until_s": until_s,
        "how": "heard",
        "confidence": "moderate",
        "marking": "TLP:GREEN",
        "district": "Imam Sahib",
        "seeing": "limited",
    }
    return Observation(**{**said, **changes})


@pytest.fixture(scope="session")
def watch_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of three nodes on a line for watching together."""
    folder = tmp_path_factory.mktemp("watch") / "nodes"
    three = Watch(folder, HeldClock())
    three.create(dict.fromkeys(("ru", "tj", "us"), "detente.db"))
    three.join()
    three.close()
    return folder


@pytest.fixture
def watch(tmp_path: Path, clock: HeldClock, watch_template: Path) -> Iterator[Watch]:
    """Three nodes over SQLite that watch together."""
    shutil.copytree(watch_template, tmp_path / "watch")
    three = Watch(tmp_path / "watch", clock)
    for party in ("ru", "tj", "us"):
        three.open(party)
    yield three
    three.close()


@pytest.fixture
def founders(tmp_path: Path, clock: HeldClock) -> Iterator[Watch]:
    """Two nodes that watch together, on a line that a third may be taken into."""
    two = Watch(tmp_path / "founders", clock)
    two.create(dict.fromkeys(("us", "ru"), "detente.db"))
    two.join()
    yield two
    two.close()


@pytest.fixture
def make_pair(tmp_path: Path, clock: HeldClock) -> Iterator[Callable[[dict[str, str]], Pair]]:
    """Makes nodes, joined on one line, over the databases given per party."""
    made: list[Pair] = []

    def make(databases: dict[str, str]) -> Pair:
        made.append(Pair(tmp_path / f"made-{len(made)}", clock))
        made[-1].create(databases)
        made[-1].join()
        return made[-1]

    yield make
    for one in made:
        one.close()

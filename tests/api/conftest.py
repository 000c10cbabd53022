"""Nodes and their faces on real sockets, for the tests of the API and of the line."""

import asyncio
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from detente.api.app import build
from detente.api.peers import PeerFace
from detente.api.server import Face, bind
from detente.line.terms import Area, standard_terms
from detente.node import Node
from detente.node.channel import Trust, server_context
from detente.node.delivery import Delivery
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

OPERATOR = "operator's token"
START = "2100-01-01T10:00:00Z"
END = "2100-01-01T11:00:00Z"


@contextmanager
def running(face: Face) -> Iterator[Face]:
    """Run a face in a thread of its own until the end of the block."""
    thread = threading.Thread(target=lambda: asyncio.run(face.serve()), daemon=True)
    thread.start()
    try:
        while not face.started:
            assert thread.is_alive(), "the face ended before it listened"
            threading.Event().wait(0.005)
        yield face
    finally:
        face.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the face did not end"


@pytest.fixture
def serve() -> Iterator[Callable[[Face], Face]]:
    """Runs faces until the test ends."""
    with ExitStack() as stack:
        yield lambda face: stack.enter_context(running(face))


class Post:
    """One party's node, with its line's face listening."""

    def __init__(self, folder: Path, party: str) -> None:
        self.party = party
        self.folder = folder / party
        self._bound: socket.socket | None = bind("127.0.0.1", 0)
        self.port: int = self._bound.getsockname()[1]
        settings = Settings(
            party=party,
            name=f"Cell of {party}",
            endpoint=f"https://127.0.0.1:{self.port}",
            line=f"127.0.0.1:{self.port}",
        )
        self.token = create(self.folder, settings)
        self.node = Node.open(self.folder)
        self.operator = OPERATOR
        self.duty = self.node.add_officer("duty", "senior")
        self.keys = self.folder / "keys"
        self._stack = ExitStack()
        self._stack.callback(self.node.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._bound is not None:
            self._bound.close()

    def stop(self) -> None:
        """Stop the node, its faces and its delivery, as a process that ends does."""
        self._stack.close()

    def start(self) -> None:
        """Start the node again where it was, with its line's face and its delivery."""
        self._bound = bind("127.0.0.1", self.port)
        self.node = Node.open(self.folder)
        self._stack.callback(self.node.close)
        self.deliver(self.listen())

    def listen(self) -> Trust:
        """Serve the line's face; whoever it trusts must be learnt."""
        tls = server_context(self.keys)
        trust = Trust(tls)
        assert self._bound is not None
        face = Face(PeerFace(self.node, trust).app(), self._bound, tls=tls)
        self._bound = None
        self._stack.enter_context(running(face))
        return trust

    def deliver(self, trust: Trust | None = None) -> Delivery:
        """Exchange with every peer, often, until the test ends or ``stop`` is called."""
        delivery = Delivery(self.node, self.keys, trust=trust, poll_s=0.2)
        self._stack.callback(delivery.stop)
        delivery.start()
        return delivery

    def officers(self, **options: Any) -> str:
        """Serve the officers' face, and return its address."""
        app = build(self.node, operator_token=OPERATOR, **options)
        face = Face(app, bind("127.0.0.1", 0))
        self._stack.callback(app.state.bell.join)
        self._stack.enter_context(running(face))
        self._stack.callback(app.state.bell.close)
        return "http://{}:{}".format(*face.address)


@pytest.fixture
def posts(tmp_path: Path) -> Iterator[Callable[..., list[Post]]]:
    """Makes nodes that are closed when the test ends."""
    with ExitStack() as stack:
        yield lambda *parties: [stack.enter_context(Post(tmp_path, p)) for p in parties]


def found(posts: list[Post], name: str) -> tuple[bytes, str]:
    """A founding document of a line of all these nodes, and the line's id."""
    terms = standard_terms(
        [post.party for post in posts],
        area=Area(west=60.0, south=30.0, east=75.0, north=45.0),
        effective_from_s=datetime(2026, 11, 1, tzinfo=UTC).timestamp(),
        review_on=datetime(2027, 11, 1, tzinfo=UTC).date(),
    )
    first, *others = posts
    document = first.node.found(name, terms, [post.node.card() for post in others])
    return document, hashlib.sha256(document).hexdigest()


@pytest.fixture
def joined() -> Callable[..., str]:
    """Founds a line of these nodes and has each join it; gives the line's id."""

    def join(posts: list[Post], name: str = "northern-watch") -> str:
        document, line = found(posts, name)
        prints = {post.party: open_card(post.node.card()).fingerprint for post in posts}
        for post in posts:
            others = {party: text for party, text in prints.items() if party != post.party}
            post.node.join(document, others)
        return line

    return join


@pytest.fixture
def us(posts: Callable[..., list[Post]]) -> Post:
    """A node of the party ``us``, on no line yet."""
    return posts("us")[0]


@pytest.fixture
def desk(us: Post) -> Iterator[httpx.Client]:
    """A senior officer of ``us`` at the API."""
    headers = {"Authorization": f"Bearer {us.duty}"}
    with httpx.Client(
        base_url=us.officers(), headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def office(us: Post, desk: httpx.Client) -> Iterator[httpx.Client]:
    """An administrator of ``us`` at the API."""
    headers = {"Authorization": f"Bearer {us.token}"}
    with httpx.Client(
        base_url=desk.base_url, headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def plan() -> Callable[..., dict[str, Any]]:
    """Makes a plan as a request body: a circle of 5 km for an hour."""

    def make(identifier: str = "orbit-1", *, lon: float = 68.8, **more: Any) -> dict[str, Any]:
        volume = {
            "core": {"type": "Point", "coordinates": [lon, 36.2], "edges": "straight"},
            "radius_m": 5000.0,
            "lower": {"value_m": 7000.0, "reference": "STD"},
            "upper": {"value_m": 8000.0, "reference": "STD"},
            "start": START,
            "end": END,
        }
        return {"id": identifier, "kind": "surveillance", "volumes": [volume], **more}

    return make

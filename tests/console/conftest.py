"""Two parties' consoles over real nodes, with direct calls in place of the network."""

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from html import unescape
from pathlib import Path

import httpx
import msgspec
import pytest

from detente.api.app import build
from detente.api.server import Face, bind
from detente.console import Console
from detente.exercise import northern_watch as exercise
from detente.line import Area, Exercise, Terms, standard_terms, terms_from_wire
from detente.line.watching import STANDARD_WATCHING, Quota
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card
from detente.record.checkpoint import with_cosignatures
from detente.volumes.times import parse_time_s

LINE = "/console/lines/northern-watch"


@contextmanager
def serving(console: Console, node: Node) -> Iterator[str]:
    """The console on a socket of its own, beside the API as `serve` has it; its address."""
    bound = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    face = Face(build(node, console.app), bound)
    thread = threading.Thread(target=lambda: asyncio.run(face.serve()), daemon=True)
    thread.start()
    try:
        while not face.started:
            assert thread.is_alive(), "the face ended before it listened"
            threading.Event().wait(0.005)
        yield address
    finally:
        console.close()
        face.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the face did not end"
        console.join()


class AdvancingClock:
    """The machine's clock, moved ahead when a test says so."""

    ahead_s = 0.0

    def now_s(self) -> float:
        return time.time() + self.ahead_s


class Desk:
    """One party's console as a browser sees it, and the node behind it."""

    def __init__(
        self, node: Node, clock: AdvancingClock, address: str, browser: httpx.Client
    ) -> None:
        self.node = node
        self.clock = clock
        self.address = address
        self.browser = browser

    def log_in(self) -> "Desk":
        assert self.browser.get(f"/login?t={self.node.login_link('watch-1')}").status_code == 200
        return self

    def page(self, path: str = LINE) -> str:
        """A page or panel that must be there."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.page())
        assert found is not None
        return found[1]

    def do(self, action: str, *, status: int = 200, **fields: str) -> str:
        """Send a form as the page's script does; the words that came back."""
        answer = self.browser.post(
            f"{LINE}/{action}",
            data={"form_token": self.form_token()} | fields,
            headers={"Origin": self.address, "HX-Request": "true"},
        )
        assert answer.status_code == status, answer.text
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

    def send(self, path: str, *, status: int = 303, **fields: str) -> httpx.Response:
        """Send a form as a browser without script does."""
        answer = self.browser.post(
            path,
            data={"form_token": self.form_token(), **fields},
            headers={"Origin": self.address},
            follow_redirects=False,
        )
        assert answer.status_code == status, answer.text
        return answer

    def words(self, path: str) -> str:
        """What a page says, without its marks."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page(path))).split())


class Pair:
    """Both sides of the exercise's line."""

    def __init__(self, us: Desk, ru: Desk) -> None:
        self.us, self.ru = us, ru

    def level(self) -> None:
        """Have each node push what the other lacks, until both hold the same."""
        for _ in range(2):
            _push(self.us.node, self.ru.node)
            _push(self.ru.node, self.us.node)

    def take_in(self, tj: Node) -> None:
        """A third node, on no line yet, is taken in; what it has then said is held by both."""
        sides = (self.us.node, self.ru.node)
        cards = {node.party: open_card(node.card()) for node in (*sides, tj)}
        confirm = {node.party: cards[node.party].fingerprint for node in sides}
        tj.join(self.us.node.founding(exercise.LINE), confirm, newcomer=True)
        for node in sides:
            node.admit(exercise.LINE, tj.card(), cards["tj"].fingerprint, officer="watch-1")
        self.level()
        self.level_with(tj)

    def level_with(self, tj: Node) -> None:
        """The same among three."""
        for _ in range(2):
            for node in (self.us.node, self.ru.node):
                _push(node, tj)
                _push(tj, node)

    def release(self) -> None:
        """File and release what the exercise opens with."""
        for desk in (self.us, self.ru):
            released = dict(exercise.RELEASED[desk.node.party])
            for plan in exercise.PLANS[desk.node.party]:
                desk.node.file(plan, title=f"our {plan.id}", officer="watch-1")
                if plan.id in released:
                    desk.node.release(plan.id, exercise.LINE, released[plan.id], officer="watch-1")
        self.level()


@pytest.fixture(scope="session")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of both nodes, joined and closed, to be copied for each test."""
    folder = tmp_path_factory.mktemp("joined")
    with ExitStack() as stack:
        nodes = [_node(folder, party) for party in ("ru", "us")]
        for node in nodes:
            stack.callback(node.close)
            node.add_officer("watch-1", "senior")
        ru, us = nodes
        founding = us.found(exercise.LINE, _terms(), [ru.card()])
        for node, other in ((us, ru), (ru, us)):
            card = open_card(other.card())
            node.join(founding, {card.card.party: card.fingerprint})
    return folder


@pytest.fixture
def pair(tmp_path: Path, joined: Path) -> Iterator[Pair]:
    """``us`` and ``ru`` on the exercise's line, both logged in, nothing said yet."""
    with ExitStack() as stack:
        desks = []
        for party in ("us", "ru"):
            shutil.copytree(joined / party, tmp_path / party)
            clock = AdvancingClock()
            node = Node.open(tmp_path / party, clock=clock)
            stack.callback(node.close)
            address = stack.enter_context(serving(Console(node), node))
            browser = stack.enter_context(httpx.Client(base_url=address, timeout=60))
            desks.append(Desk(node, clock, address, browser).log_in())
        pair = Pair(*desks)
        pair.level()
        yield pair


@pytest.fixture
def watched(pair: Pair) -> Pair:
    """Both under terms about watching, with a quota of one visit of ``us`` to ``ru``."""
    quota = Quota(
        name="observation visits", guest="us", host="ru", units=1,
        start="2021-08-01T00:00:00Z", end="2021-11-01T00:00:00Z",
    )  # fmt: skip
    watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(quota,))
    for desk in (pair.us, pair.ru):
        present = terms_from_wire(desk.node.line(exercise.LINE).terms)
        new = msgspec.structs.replace(present, version=2, watching=watching)
        desk.node.sign_terms(exercise.LINE, new, officer="watch-1")
    pair.level()
    return pair


@pytest.fixture
def tj(tmp_path: Path) -> Iterator[Node]:
    """A node of a third party, on no line."""
    with ExitStack() as stack:
        node = _node(tmp_path, "tj")
        stack.callback(node.close)
        yield node


@pytest.fixture
def stranger(pair: Pair) -> Iterator[httpx.Client]:
    """A browser at the console of ``us`` that nobody has logged in with."""
    with httpx.Client(base_url=pair.us.address, timeout=60) as client:
        yield client


def _terms() -> Terms:
    return standard_terms(
        ["ru", "us"],
        area=Area(west=65, south=35, east=73, north=40),
        effective_from_s=parse_time_s("2021-08-08T23:00:00Z"),
        review_on=date(2021, 11, 9),
        languages=("en", "ru"),
        exercise=Exercise(
            name=exercise.NAME,
            clock_offset_s=round(parse_time_s(exercise.OPENS) - time.time()),
        ),
    )


def _node(folder: Path, party: str) -> Node:
    settings = Settings(
        party=party,
        name=exercise.PARTY_NAMES.get(party, "Third cell"),
        languages=tuple(exercise.PARTY_LANGUAGES.get(party, ["en"])),
        endpoint="https://192.0.2.1:7443",
    )
    create(folder / party, settings)
    return Node.open(folder / party)


def _push(sender: Node, receiver: Node) -> None:
    for line in sender.lines():
        theirs = receiver.heads(line.id, sender.party)
        for party in sender.heads(line.id, receiver.party):
            if party not in theirs:
                continue
            size = theirs[party].size
            page = sender.read_log(line.id, party, size, receiver.party)
            if page.checkpoint is None:
                continue
            receipt = receiver.receive(
                line.id, party, size, page.entries, page.checkpoint, sender.party
            )
            receiver.heard(line.id, sender.party)
            sender.heard(line.id, receiver.party)
            if receipt.cosignature is not None:
                note = with_cosignatures(page.checkpoint, [receipt.cosignature])
                sender.receive_cosignatures(line.id, party, note, receiver.party)

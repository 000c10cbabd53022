"""What callers are given does not depend on who else is committed with them.

The same calls, in the same order, are made twice: at one node each in a commit of its own, at its
twin all in one. Answers, refusals and the record have to be alike; and at the twin, where callers
share what they read and write, nothing of one who was refused may be left with the others.
"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError, StateError
from detente.line import message_draft
from detente.node import Node
from detente.node.show.reader import LineReader
from detente.node.writing import write
from detente.store.store import Tx

LINE = "northern-watch"
CALLS = 40

Call = Callable[[], object]


def apart(calls: list[Call]) -> list[object]:
    """What each is answered, or the error it meets, one after the other."""
    return [_answer(call) for call in calls]


def together(node: Node, calls: list[Call]) -> list[object]:
    """The same, of callers that all wait while the writer is held, so that they share a commit."""
    writer = node._core.store._writer
    entered, released = threading.Event(), threading.Event()

    def hold(_: Tx) -> None:
        entered.set()
        assert released.wait(30)

    with ThreadPoolExecutor(len(calls) + 1) as pool:
        pool.submit(node._core.store.write, hold)
        assert entered.wait(10)
        answers: list[Future[object]] = []
        for call in calls:
            waiting = writer._jobs.qsize()
            answers.append(pool.submit(_answer, call))
            # Those that are refused before they get to the writer never wait for it.
            while writer._jobs.qsize() == waiting and not answers[-1].done():
                pass
        released.set()
        return [answer.result() for answer in answers]


def _answer(call: Call) -> object:
    try:
        return call()
    except DetenteError as error:
        return error


def told(answer: object) -> tuple[object, object]:
    """What two nodes with other keys and salts are told alike."""
    if isinstance(answer, DetenteError):
        return type(answer), error_words(answer)
    return getattr(answer, "type", None), getattr(answer, "index", None)


def error_words(error: DetenteError) -> str:
    return error.message.split(":")[0]


class Callers:
    """The calls of one round at ``us``; what they are is drawn, and alike for both twins."""

    def __init__(self, pair: Any, theirs: list[str], ours: list[str]) -> None:
        self.us: Node = pair.nodes["us"]
        self.circle = pair.circle
        self.theirs = theirs
        self.ours = ours

    def drawn(self, draw: random.Random) -> list[Call]:
        kinds = (self.send, self.send, self.keyed, self.acknowledge, self.acknowledge)
        rare = (self.recall, self.pause, self.plan, self.half, self.said_and_undone, self.nowhere)
        return [draw.choice((*kinds, *rare))(n, draw) for n in range(CALLS)]

    def send(self, n: int, draw: random.Random) -> Call:
        return lambda: self.us.send(LINE, text=f"said {n}", officer="a")

    def keyed(self, n: int, draw: random.Random) -> Call:
        key, text = f"key-{draw.randrange(4)}", f"keyed {draw.randrange(2)}"
        return lambda: self.us.send(LINE, text=text, officer="a", key=key)

    def acknowledge(self, n: int, draw: random.Random) -> Call:
        entry = draw.randrange(len(self.theirs))
        return lambda: self.us.acknowledge(
            LINE, self.theirs[entry], "understood", f"n {n}", officer="a"
        )

    def recall(self, n: int, draw: random.Random) -> Call:
        entry = draw.randrange(len(self.ours))
        return lambda: self.us.recall(LINE, self.ours[entry], officer="a")

    def pause(self, n: int, draw: random.Random) -> Call:
        if draw.random() < 0.3:
            return lambda: self.us.suspend(LINE, "a pause", officer="a")
        return lambda: self.us.resume(LINE, "on we go", officer="a")

    def plan(self, n: int, draw: random.Random) -> Call:
        name = f"plan-{draw.randrange(3)}"
        if draw.random() < 0.5:
            plan = self.circle("us", name)
            return lambda: self.us.file(plan, title="", officer="a")
        return lambda: self.us.release(name, LINE, "exact", officer="a")

    def nowhere(self, n: int, draw: random.Random) -> Call:
        return lambda: self.us.send(LINE, text="to nobody", officer="a", reply_to="0" * 64)

    def half(self, n: int, draw: random.Random) -> Call:
        """Writes an entry, looks at it by SQL or not, and is refused all the same."""
        looks = draw.random() < 0.5

        def work(tx: Tx) -> None:
            reader = LineReader(self.us._core, tx, LINE)
            draft = message_draft(text="never said", phrase=None, language="en")
            write(self.us._core, tx, reader.founding, reader.rows, draft, officer="a")
            if looks:
                assert tx.connection.exec_driver_sql("SELECT max(n) FROM changes").scalar()
            raise StateError("thought better of it")

        return lambda: self.us._core.store.write(work)

    def said_and_undone(self, n: int, draw: random.Random) -> Call:
        def work(tx: Tx) -> None:
            tx.connection.exec_driver_sql("DELETE FROM projection")
            raise StateError("would have emptied the line")

        return lambda: self.us._core.store.write(work)


def prepared(pair: Any) -> tuple[list[str], list[str]]:
    """A few entries of both, which both hold."""
    ids = [
        [pair.nodes[party].send(LINE, text=f"{party} {n}", officer="a").id for n in range(4)]
        for party in ("ru", "us")
    ]
    pair.sync()
    return ids[0], ids[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_callers_are_answered_alike_whoever_is_committed_with_them(
    joined: Path, copy_of: Callable[[Path], Any], seed: int
) -> None:
    one_by_one, at_once = copy_of(joined), copy_of(joined)
    twins = [Callers(pair, *prepared(pair)) for pair in (one_by_one, at_once)]
    first, second = (twin.drawn(random.Random(seed)) for twin in twins)
    commits = at_once.nodes["us"]._core.store._commits
    answered = [[told(one) for one in apart(first)]]
    answered.append([told(one) for one in together(twins[1].us, second)])
    assert answered[0] == answered[1]
    refused = [kind for kind, _ in answered[0] if isinstance(kind, type)]
    assert len(set(refused)) > 1
    assert len(refused) < CALLS
    assert at_once.nodes["us"]._core.store._commits - commits < CALLS / 2
    for pair in (one_by_one, at_once):
        pair.sync()
    assert _record(one_by_one) == _record(at_once)
    us, ru = at_once.nodes["us"], at_once.nodes["ru"]
    assert us.verify() == ru.verify() == []
    assert [one.equal for one in us.rebuild()] == [True]
    assert us.state_document(LINE) == ru.state_document(LINE)


def _record(pair: Any) -> list[object]:
    """What both nodes' logs say, apart from keys, salts and times."""
    node = pair.nodes["us"]
    entries = [one for party in ("us", "ru") for one in node.entries(LINE, party, 0, 500)]
    audit = [(act.n, act.action, act.officer) for act in node.audit(0, 500)]
    said = [(one.party, one.index, one.type, one.void, one.officer) for one in entries]
    return [said, audit, len(node.activities(LINE)), node.line(LINE).state]

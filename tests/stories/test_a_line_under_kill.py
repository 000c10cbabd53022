"""Nodes are killed outright in the middle of filing and of delivery. Nothing acknowledged is lost.

The story: two officers work while both nodes die again and again (``kill -9``, at seeded moments
with requests under way). A request that was not answered is sent again with its key, as any client
of the API does. In the end both records hold exactly what was said, once, and both nodes compute
the same state, byte for byte.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping

import httpx
import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, RefusedError
from detente.exercise.opening import wait_until_level
from detente.exercise.stage import NodeProcess, Stage, run
from detente.volumes import Activity

SEED = 20210809
KILLS = 4
GIVE_UP_S = 120.0


class Worker(threading.Thread):
    """Asks for numbers 0, 1, 2 …, each until it is answered, until it is told to stop."""

    def __init__(self, ask: Callable[[int, str], Json]) -> None:
        super().__init__()
        self._ask = ask
        self._done = threading.Event()
        self._deadline = time.monotonic() + GIVE_UP_S
        self.answers: list[Json] = []
        self.unanswered = 0
        self.refused: list[RefusedError] = []

    def run(self) -> None:
        while not self._done.is_set() and not self.refused:
            self._until_answered(len(self.answers))

    def _until_answered(self, number: int) -> None:
        # The key stays the same until there is an answer.
        key = f"{self._ask.__name__}-{number}"
        while time.monotonic() < self._deadline:
            try:
                answer = self._ask(number, key)
            except httpx.TransportError:
                self.unanswered += 1
                time.sleep(0.02)
            except RefusedError as refused:
                self.refused.append(refused)
                return
            else:
                self.answers.append(answer)
                return
        self.refused.append(RefusedError(0, "no-answer", f"{key}: none for {GIVE_UP_S:g} s"))

    def finish(self) -> list[Json]:
        """Stop after the request that is under way; every answer, in order."""
        self._done.set()
        self.join(GIVE_UP_S)
        assert not self.is_alive()
        assert self.refused == []
        assert self.answers
        return self.answers


def kill_again_and_again(node: NodeProcess, moments: random.Random) -> None:
    """Kill the node at seeded moments, and start it again at the same addresses."""
    for _ in range(KILLS):
        time.sleep(moments.uniform(0.05, 0.4))
        node.kill()
        time.sleep(moments.uniform(0.0, 0.2))
        node.start()
        node.wait_ready()


def plan(number: int, name: str = "tanker") -> Activity:
    """The tanker's plan under many names."""
    tanker = exercise.TANKER
    return Activity(tanker.party, f"{name}-{number}", tanker.kind, tanker.volumes)


@pytest.fixture(scope="module")
def moments() -> random.Random:
    return random.Random(SEED)


def test_filing_survives_kills(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us = officers["us"]

    def file(number: int, key: str) -> Json:
        return us.file(plan(number), key=key)

    worker = Worker(file)
    worker.start()
    kill_again_and_again(stage.nodes["us"], moments)
    answers = worker.finish()

    assert worker.unanswered > 0, "no kill came in the middle: the story proves nothing"
    plans = {p["id"]: p for p in us.get("/plans")}
    # A request under way when the worker stopped has been answered, so nothing else is there.
    assert sorted(plans) == sorted(plan(n).id for n in range(len(answers)))
    assert {p["revision"] for p in plans.values()} == {1}, "a plan was filed twice"
    # What had been acknowledged before a kill is what stands there now.
    for answer in answers:
        assert plans[answer["id"]]["volumes"] == answer["volumes"]


def test_releasing_survives_kills_of_the_writer(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us = officers["us"]

    def release(number: int, key: str) -> Json:
        filed = us.file(plan(number, "airlift"), key=f"{key}-filed")
        return us.release(filed["id"], "coarse", key=key)

    worker = Worker(release)
    worker.start()
    kill_again_and_again(stage.nodes["us"], moments)
    answers = worker.finish()

    assert worker.unanswered > 0, "no kill came in the middle: the story proves nothing"
    wait_until_level(officers)
    for officer in officers.values():
        log = whole_log(officer, "us")
        assert [e["index"] for e in log] == list(range(len(log)))
        released = [e for e in log if e["type"] == "activity.release"]
        assert [e["about"]["activity"] for e in released] == [
            plan(n, "airlift").id for n in range(len(answers))
        ], "lost, doubled or out of order"
        assert [e["id"] for e in released] == [answer["id"] for answer in answers]


def test_delivery_survives_kills_of_the_reader(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us, ru = officers["us"], officers["ru"]

    def say(number: int, key: str) -> Json:
        text = {"text": f"EXERCISE. {number}", "language": "en"}
        return us.say("messages", text, key=key)

    worker = Worker(say)
    worker.start()
    kill_again_and_again(stage.nodes["ru"], moments)
    answers = worker.finish()
    wait_until_level(officers)

    said = [m["text"] for m in ru.on_line("messages") if m["party"] == "us"]
    assert sorted(said) == sorted(f"EXERCISE. {n}" for n in range(len(answers))), "lost or doubled"


def whole_log(officer: Officer, party: str) -> list[Json]:
    """Every entry of a party's log as a node holds it, page after page."""
    log: list[Json] = []
    while True:
        query = f"party={party}&start={len(log)}&limit=100"
        page = officer.get(f"/lines/{officer.line}/entries?{query}")
        if not page:
            return log
        log += page


def test_both_nodes_hold_one_record_in_the_end(
    stage: Stage, officers: Mapping[str, Officer]
) -> None:
    wait_until_level(officers)
    states = {o.raw(f"/lines/{o.line}/state") for o in officers.values()}
    assert len(states) == 1, "the nodes compute different states from the same entries"
    for node in stage.nodes.values():
        node.stop()
        printed = run("record", "verify", str(node.directory))
        assert "northern-watch" in printed

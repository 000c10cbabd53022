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
from functools import partial

import httpx
import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, RefusedError
from detente.exercise.opening import wait_until_level
from detente.exercise.stage import NodeProcess, Stage, run
from detente.volumes import Activity

SEED = 20210809
KILLS = 4
PLANS = 40
MESSAGES = 40
GIVE_UP_S = 120.0


class Worker(threading.Thread):
    """Sends requests one after the other, each until it is answered; keeps the answers."""

    def __init__(self, requests: Mapping[str, Callable[[str], Json]]) -> None:
        super().__init__()
        self._requests = requests
        self.answers: dict[str, Json] = {}
        self.unanswered = 0
        self.refused: list[RefusedError] = []

    def run(self) -> None:
        deadline = time.monotonic() + GIVE_UP_S
        for key, request in self._requests.items():
            while key not in self.answers and time.monotonic() < deadline:
                try:
                    self.answers[key] = request(key)
                except httpx.TransportError:
                    self.unanswered += 1
                    time.sleep(0.02)
                except RefusedError as refused:
                    self.refused.append(refused)
                    return


def kill_again_and_again(node: NodeProcess, worker: Worker, moments: random.Random) -> None:
    """Kill the node while the worker works, and start it again at the same addresses."""
    for _ in range(KILLS):
        time.sleep(moments.uniform(0.05, 0.4))
        if not worker.is_alive():
            break
        node.kill()
        time.sleep(moments.uniform(0.0, 0.2))
        node.start()
        node.wait_ready()
    worker.join(GIVE_UP_S)
    assert not worker.is_alive()


def plan(number: int) -> Activity:
    """The tanker's plan under many names."""
    tanker = exercise.TANKER
    return Activity(tanker.party, f"tanker-{number}", tanker.kind, tanker.volumes)


@pytest.fixture(scope="module")
def moments() -> random.Random:
    return random.Random(SEED)


def test_filing_survives_kills(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us = officers["us"]

    def file(number: int, key: str) -> Json:
        return us.file(plan(number), key=key)

    worker = Worker({f"file-{n}": partial(file, n) for n in range(PLANS)})
    worker.start()
    kill_again_and_again(stage.nodes["us"], worker, moments)

    assert worker.refused == []
    assert worker.unanswered > 0, "no kill came in the middle: the story proves nothing"
    filed = [p["id"] for p in us.get("/plans") if p["id"].startswith("tanker-")]
    assert sorted(filed) == sorted(plan(n).id for n in range(PLANS))
    assert {p["revision"] for p in us.get("/plans")} == {1}, "a plan was filed twice"
    # What had been acknowledged before a kill is what stands there now.
    for number in range(PLANS):
        answer = worker.answers[f"file-{number}"]
        assert us.get(f"/plans/{answer['id']}")["volumes"] == answer["volumes"]


def test_releasing_survives_kills_of_the_writer(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us = officers["us"]

    def release(number: int, key: str) -> Json:
        return us.release(plan(number).id, "coarse", key=key)

    worker = Worker({f"release-{n}": partial(release, n) for n in range(PLANS)})
    worker.start()
    kill_again_and_again(stage.nodes["us"], worker, moments)

    assert worker.refused == []
    wait_until_level(officers)
    for officer in officers.values():
        log = officer.get(f"/lines/{us.line}/entries?party=us&limit=500")
        assert [e["index"] for e in log] == list(range(len(log)))
        released = [e["about"]["activity"] for e in log if e["type"] == "activity.release"]
        assert sorted(released) == sorted(plan(n).id for n in range(PLANS)), "lost or doubled"
        by_id = {e["id"] for e in log}
        assert {answer["id"] for answer in worker.answers.values()} <= by_id


def test_delivery_survives_kills_of_the_reader(
    stage: Stage, officers: Mapping[str, Officer], moments: random.Random
) -> None:
    us, ru = officers["us"], officers["ru"]

    def say(number: int, key: str) -> Json:
        return us.say("messages", {"text": f"EXERCISE. {number}", "language": "en"}, key=key)

    worker = Worker({f"message-{n}": partial(say, n) for n in range(MESSAGES)})
    worker.start()
    kill_again_and_again(stage.nodes["ru"], worker, moments)
    # One more kill while what piled up is being delivered.
    stage.nodes["ru"].kill()
    for number in range(5):
        us.say("messages", {"text": f"EXERCISE. Late {number}", "language": "en"})
    stage.nodes["ru"].start()
    stage.nodes["ru"].wait_ready()
    wait_until_level(officers)

    said = [m["text"] for m in ru.on_line("messages") if m["party"] == "us"]
    expected = [f"EXERCISE. {n}" for n in range(MESSAGES)]
    expected += [f"EXERCISE. Late {n}" for n in range(5)]
    assert sorted(said) == sorted(expected), "lost or doubled"


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

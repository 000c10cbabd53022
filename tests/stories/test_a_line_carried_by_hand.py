"""Two parties with no network between them settle a conflict by files that are carried.

Told in the order in which the officers live it, on two real processes that cannot reach each other
at all: what one's card gives as its address, nobody listens at. Everything between them goes
through `detente line export` and `import`.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from detente.cli.ask import ask_json
from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Officer
from detente.exercise.opening import open_conflicts
from detente.exercise.stage import NodeProcess, run
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

OTHER = {"us": "ru", "ru": "us"}
TEXTS = [f"EXERCISE. Message {number}." for number in range(5)]


class Apart:
    """Two nodes, joined on one line by their operators, that nothing connects."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tokens: dict[str, str] = {}
        for party in OTHER:
            settings = Settings(
                party=party,
                name=exercise.PARTY_NAMES[party],
                endpoint="https://127.0.0.1:1",
                api="127.0.0.1:0",
                line="127.0.0.1:0",
            )
            create(directory / party, settings)
        nodes = {party: Node.open(directory / party) for party in OTHER}
        cards = {party: node.card() for party, node in nodes.items()}
        founding = nodes["us"].found(exercise.LINE, exercise.terms(time.time()), [cards["ru"]])
        for party, node in nodes.items():
            other = OTHER[party]
            self.line = node.join(founding, {other: open_card(cards[other]).fingerprint}).id
            self.tokens[party] = node.add_officer("duty", "senior")
            node.close()
        self.nodes = {party: NodeProcess(directory / party) for party in OTHER}

    def officers(self, stack: ExitStack) -> Mapping[str, Officer]:
        """An officer of each node, at the API."""
        return {
            party: stack.enter_context(
                Officer(party, node.wait_ready(), self.tokens[party], self.line)
            )
            for party, node in self.nodes.items()
        }


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    apart = Apart(tmp_path_factory.mktemp("apart"))
    for node in apart.nodes.values():
        node.start()
    try:
        yield apart
    finally:
        for node in apart.nodes.values():
            node.stop()


@pytest.fixture
def officers(stage: Apart) -> Iterator[Mapping[str, Officer]]:
    with ExitStack() as stack:
        yield stage.officers(stack)


@pytest.fixture
def us(officers: Mapping[str, Officer]) -> Officer:
    return officers["us"]


@pytest.fixture
def ru(officers: Mapping[str, Officer]) -> Officer:
    return officers["ru"]


class Courier:
    """Carries files from one node to the other, which is all that there is between them."""

    def __init__(self, stage: Apart, officers: Mapping[str, Officer]) -> None:
        self.stage = stage
        self.officers = officers

    def export(self, sender: str, **asked: Any) -> bytes:
        """A file for the other party, from the API of a node."""
        path = f"/lines/{self.stage.line}/parcels"
        return self._post(sender, path, json={"to": OTHER[sender], **asked}).content

    def bring(self, receiver: str, parcel: bytes) -> Any:
        """What came of a file at the API of a node."""
        return self._post(receiver, "/parcels", content=parcel).json()

    def carry(self, *senders: str) -> None:
        for sender in senders:
            assert self.bring(OTHER[sender], self.export(sender))["problems"] == []

    def _post(self, party: str, path: str, **sent: Any) -> httpx.Response:
        address = self.officers[party].address
        headers = {"Authorization": f"Bearer {self.stage.tokens[party]}"}
        answer = httpx.post(f"{address}/api/v1{path}", headers=headers, timeout=60, **sent)
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture
def courier(stage: Apart, officers: Mapping[str, Officer]) -> Courier:
    return Courier(stage, officers)


def log_of(taken: Any, party: str) -> Any:
    [found] = [log for log in taken["logs"] if log["party"] == party]
    return found


def state(officer: Officer) -> bytes:
    return officer.raw(f"/lines/{officer.line}/state")


def test_neither_has_ever_reached_the_other(us: Officer, ru: Officer) -> None:
    for officer in (us, ru):
        assert officer.get(f"/lines/{officer.line}")["state"] == "pending"
        [link] = officer.on_line("links")
        assert (link["state"], link["last_heard_s"], link["held_by_us"]) == ("never", None, 0)


def test_the_line_is_in_force_once_each_has_the_others_first_entry(
    us: Officer, ru: Officer, courier: Courier
) -> None:
    courier.carry("us", "ru")
    for officer in (us, ru):
        assert officer.get(f"/lines/{officer.line}")["state"] == "in-force"


def test_both_find_the_same_conflict(us: Officer, ru: Officer, courier: Courier) -> None:
    for officer, plan in ((us, exercise.ORBIT), (ru, exercise.RECONNAISSANCE)):
        officer.file(plan)
        officer.release(plan.id)
    courier.carry("us", "ru")
    [ours], [theirs] = (open_conflicts(officer) for officer in (us, ru))
    assert ours["id"] == theirs["id"]
    assert {ours["a"]["id"], ours["b"]["id"]} == {exercise.ORBIT.id, exercise.RECONNAISSANCE.id}
    assert state(us) == state(ru)


def test_it_is_proposed_assented_and_settled(us: Officer, ru: Officer, courier: Courier) -> None:
    [conflict] = open_conflicts(ru)
    shift = {"time_s": exercise.PROPOSED_SHIFT_S}
    body = {"conflict": conflict["id"], "moves": "ru", "shift": shift}
    proposal = ru.say("proposals", body)
    courier.carry("ru")
    us.say(f"proposals/{proposal['id']}/assent", {"note": ""})
    courier.carry("us")
    ru.say(f"proposals/{proposal['id']}/carry-out")
    courier.carry("ru", "us")
    for officer in (us, ru):
        assert open_conflicts(officer) == []
        [found] = officer.on_line("proposals")
        assert (found["id"], found["status"]) == (proposal["id"], "carried-out")
    assert state(us) == state(ru)


def test_received_is_known_when_a_cosignature_was_carried_back(
    us: Officer, courier: Courier
) -> None:
    sent = us.say("messages", {"text": TEXTS[0], "language": "en"})
    courier.carry("us")
    assert us.on_line(f"entries/{sent['id']}")["receipts"] == {"ru": None}
    [link] = us.on_line("links")
    assert link["held_by_peer"] == link["own_size"] - 1
    courier.carry("ru")
    assert us.on_line(f"entries/{sent['id']}")["receipts"]["ru"] is not None
    [link] = us.on_line("links")
    assert link["held_by_peer"] == link["own_size"]
    # Nobody was reached by that.
    assert (link["state"], link["last_heard_s"]) == ("never", None)


def test_files_in_any_order_twice_and_with_gaps_come_to_the_same(
    us: Officer, ru: Officer, courier: Courier
) -> None:
    [before] = us.on_line("links")
    first = before["own_size"]
    files = []
    for at, text in enumerate(TEXTS[1:]):
        us.say("messages", {"text": text, "language": "en"})
        files.append(courier.export("us", log="us", start=first + at))
    # The last is carried first: what stands before it is missing, and said to be.
    log = log_of(courier.bring("ru", files[3]), "us")
    assert (log["added"], log["held"], log["aside"]) == (0, first, 1)
    assert log["missing"] == [[first, first + 2]]
    assert len(ru.on_line("messages")) == 1

    again = [*files, *files]
    random.Random(7).shuffle(again)
    for file in again:
        log = log_of(courier.bring("ru", file), "us")
    assert (log["held"], log["aside"], log["missing"]) == (first + 4, 0, [])
    assert [m["text"] for m in ru.on_line("messages")] == TEXTS
    assert state(us) == state(ru)
    courier.carry("ru")
    assert state(us) == state(ru)


def test_of_a_file_cut_short_what_came_whole_is_kept(
    us: Officer, ru: Officer, courier: Courier
) -> None:
    us.say("messages", {"text": "EXERCISE. Cut.", "language": "en"})
    file = courier.export("us")
    # The heads are the last chunk; without its end the entries before it are all there.
    taken = courier.bring("ru", file[:-1])
    assert (taken["whole"], taken["problems"][0]["party"]) == (False, None)
    assert "is cut short" in taken["problems"][0]["message"]
    assert ru.on_line("messages")[-1]["text"] == "EXERCISE. Cut."
    assert courier.bring("ru", file)["whole"]
    assert state(us) == state(ru)


def said_by(*arguments: str, status: int) -> list[str]:
    said: list[str] = []
    run("line", *arguments, status=status, show=lambda _, printed: said.append(printed))
    return said[0].splitlines()


def test_operators_do_it_with_two_commands_whether_their_nodes_run_or_not(
    stage: Apart, us: Officer, courier: Courier
) -> None:
    us.say("messages", {"text": "EXERCISE. While you were off.", "language": "en"})
    stage.nodes["ru"].stop()
    ours, theirs = (str(stage.directory / party) for party in ("us", "ru"))
    there, back = (str(stage.directory / f"{name}.parcel") for name in ("there", "back"))
    said_by("export", ours, exercise.LINE, "--to", "ru", "--out", there, status=0)
    assert f"  {'us':<12} {1:>8} new" in "\n".join(said_by("import", theirs, there, status=0))
    [again] = said_by("export", ours, exercise.LINE, "--to", "ru", "--out", there, status=2)
    assert "is there already" in again
    said_by("export", theirs, exercise.LINE, "--to", "us", "--out", back, status=0)
    told = "\n".join(said_by("import", ours, back, status=0))
    assert "ru has received" in told
    assert us.on_line("messages")[-1]["receipts"]["ru"] is not None

    good = Path(there).read_bytes()
    label_bytes = good.index(b"\n", good.index(b"\n") + 1) + 1
    wrong = {
        "version": (good.replace(b"parcel 1", b"parcel 7", 1), "version '7'"),
        "other": (b"PK\x03\x04" + good, "is no parcel"),
        "label": (good[: label_bytes - 3], "is no parcel"),
        "letter": (good[: label_bytes + 100], "is cut short"),
    }
    files = [stage.directory / f"{name}.bad" for name in wrong]
    for file, (content, _) in zip(files, wrong.values(), strict=True):
        file.write_bytes(content)
    told_of = said_by("import", ours, there, *map(str, files), status=2)
    assert "is for ru, not for us; hand it to ru" in told_of[0]
    assert len(told_of) == 1 + len(wrong)
    told_of = said_by("import", theirs, *map(str, files), status=2)
    for line, (_, words) in zip(told_of, wrong.values(), strict=True):
        assert words in line


def test_who_carried_what_stands_in_the_audit_log_and_all_of_it_verifies(stage: Apart) -> None:
    stage.nodes["us"].stop()
    for party in OTHER:
        folder = stage.directory / party
        acts = ask_json(folder, "GET", "/audit", limit=1000)
        carried = {(a["action"], a["officer"]) for a in acts if a["action"].startswith("parcel.")}
        assert carried == {(f"parcel.{way}", who) for way in ("import", "export")
                           for who in ("duty", "operator")}  # fmt: skip
        assert ask_json(folder, "POST", "/record/verify") == []

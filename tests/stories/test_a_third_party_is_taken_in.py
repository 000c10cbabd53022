"""A third party is taken into a line that has a history, and one of the two founders leaves.

Three real processes, and every step by the commands and the API that operators have. The tests of
this file are the steps of one story and run in their order.
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Officer, wait_for
from detente.exercise.opening import open_conflicts, wait_until_in_force, wait_until_level
from detente.exercise.stage import NodeProcess, run
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

HISTORY = "said before the third one came"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Three:
    """Three nodes in folders: us and ru are on a line with a history, tj is on none."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.nodes = {party: NodeProcess(directory / party) for party in ("us", "ru", "tj")}
        self.prints: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.line = ""

    def make(self) -> None:
        with ExitStack() as stack:
            nodes = {party: self._make(party, stack) for party in self.nodes}
            us, ru = nodes["us"], nodes["ru"]
            document = us.found(exercise.LINE, exercise.terms(time.time()), [ru.card()])
            (self.directory / "nw.line").write_bytes(document)
            (self.directory / "tj.card").write_bytes(nodes["tj"].card())
            self.line = us.join(document, {"ru": self.prints["ru"]}).id
            ru.join(document, {"us": self.prints["us"]})

    def _make(self, party: str, stack: ExitStack) -> Node:
        settings = Settings(
            party=party,
            name=f"Cell {party} (exercise)",
            endpoint=f"https://127.0.0.1:{(port := free_port())}",
            line=f"127.0.0.1:{port}",
            api=f"127.0.0.1:{free_port()}",
            poll_s=0.5,
        )
        create(self.directory / party, settings)
        node = Node.open(self.directory / party)
        stack.callback(node.close)
        self.prints[party] = open_card(node.card()).fingerprint
        self.tokens[party] = node.add_officer("duty", "senior")
        return node

    def operator(self, party: str, *command: str) -> str:
        """What a command of a party's operator printed."""
        return run("line", command[0], str(self.directory / party), *command[1:])

    def admit(self, party: str) -> str:
        """A founder's operator signs for taking tj in."""
        asked = ("--line", exercise.LINE, "--card", str(self.directory / "tj.card"), "--yes")
        return self.operator(party, "admit", *asked, "--confirm", self.prints["tj"])

    def join(self) -> str:
        """tj's operator joins as a newcomer."""
        confirm = [f"--confirm={party}={self.prints[party]}" for party in ("us", "ru")]
        return self.operator("tj", "join", str(self.directory / "nw.line"), "--newcomer", *confirm)


Group = tuple[Three, Mapping[str, Officer]]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """All three serve, each with an officer at its API; stopped by process id in the end."""
    group = Three(tmp_path_factory.mktemp("three"))
    group.make()
    with ExitStack() as stack:
        for node in group.nodes.values():
            stack.callback(node.stop)
            node.start()
        officers = {
            party: stack.enter_context(
                Officer(party, node.wait_ready(), group.tokens[party], group.line)
            )
            for party, node in group.nodes.items()
        }
        both = {party: officers[party] for party in ("us", "ru")}
        wait_until_in_force(both)
        both["us"].file(exercise.ORBIT)
        both["us"].release(exercise.ORBIT.id)
        both["ru"].say("messages", {"text": HISTORY, "language": "en"})
        wait_until_level(both)
        yield group, officers


def verified(officer: Officer) -> bool:
    """Whether a node finds every byte of its record to be what it was."""
    return bool(officer.post("/record/verify") == [])


def test_until_all_have_signed_it_is_a_stranger(three: Group) -> None:
    group, officers = three
    us, tj = officers["us"], officers["tj"]
    assert "once every one of them has signed" in group.join()
    told = group.admit("us")
    count = us.on_line("admissions")["entries"] - 1
    assert f"{count} entries by now" in told
    assert "waits for ru" in told
    wait_until_level({"us": us})
    assert [link["peer"] for link in us.on_line("links")] == ["ru"]
    # It has called, and got nowhere: no connection is made with who is no member.
    wait_for("tj's calls", lambda: all(link["last_error"] for link in tj.on_line("links")))
    assert tj.get(f"/lines/{tj.line}")["state"] == "pending"
    assert tj.on_line("entries")[0]["type"] == "line.join"
    assert len(tj.on_line("entries")) == 1


def received_by_all(officer: Officer) -> bool:
    return all(
        len(entry["receipts"]) == 2 and all(entry["receipts"].values())
        for entry in officer.on_line("entries")
    )


def test_with_the_last_signature_it_gets_all_of_the_record_and_signs_for_it(three: Group) -> None:
    group, officers = three
    us, tj = officers["us"], officers["tj"]
    assert "TAKEN IN" in group.admit("ru")
    wait_until_in_force({"tj": tj})
    wait_for("three links", lambda: len(us.on_line("links")) == 2)
    wait_until_level(officers)
    assert HISTORY in {message["text"] for message in tj.on_line("messages")}
    for party, officer in officers.items():
        # The record of who holds what shows three, also for what was said before. Signatures are
        # passed on after the entries are held.
        wait_for(f"all receipts at {party}", lambda o=officer: received_by_all(o))  # type: ignore[misc]
        entries = officer.on_line("entries")
        assert {entry["party"] for entry in entries} == set(officers)
        assert verified(officer)
        members = officer.get(f"/lines/{officer.line}")["members"]
        assert [(m["party"], m["founder"], m["joined"]) for m in members] == [
            ("ru", True, True),
            ("tj", False, True),
            ("us", True, True),
        ]


def test_its_plan_meets_an_old_release_alike_on_all_three(three: Group) -> None:
    _, officers = three
    officers["tj"].file(exercise.RECONNAISSANCE)
    officers["tj"].release(exercise.RECONNAISSANCE.id)
    wait_until_level(officers)
    found = {}
    for party, officer in officers.items():
        [conflict] = wait_for(f"the conflict at {party}", lambda o=officer: open_conflicts(o))  # type: ignore[misc]
        figures = ("id", "start", "end", "lateral_m", "vertical_m", "place", "suggestions")
        found[party] = [conflict[figure] for figure in figures]
        assert {conflict["a"]["party"], conflict["b"]["party"]} == {"tj", "us"}
    assert found["us"] == found["ru"] == found["tj"]


def test_a_founder_that_leaves_receives_nothing_more(three: Group) -> None:
    group, officers = three
    us, ru, tj = officers["us"], officers["ru"], officers["tj"]
    group.operator("ru", "leave", "--line", exercise.LINE, "--yes")
    for officer in (us, tj):
        wait_for("its leaving", lambda o=officer: len(o.on_line("links")) == 1)  # type: ignore[misc]
    said = us.say("messages", {"text": "after it left", "language": "en"})
    wait_until_level({"us": us, "tj": tj})
    assert said["id"] in {entry["id"] for entry in tj.on_line("entries")}
    assert said["id"] not in {entry["id"] for entry in ru.on_line("entries")}
    assert ru.get(f"/lines/{ru.line}")["state"] == "left"
    assert all(map(verified, officers.values()))

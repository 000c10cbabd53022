"""Comparing follows folding: what has not been compared is unknown, and holds nobody up."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.conflict import Separation
from detente.line import project
from detente.node import Node
from detente.node.engine import in_turn
from detente.store import logs

LINE = "northern-watch"
FAR = 71.5
"""A longitude where nothing of these tests comes near."""


def _release(pair: Any, party: str, name: str, **changes: Any) -> str:
    node = pair.nodes[party]
    node.file(pair.circle(party, name, **changes), title="", officer="watch")
    return str(node.release(name, LINE, "exact", officer="watch").id)


def _change(pair: Any, party: str, name: str, **changes: Any) -> str:
    node = pair.nodes[party]
    node.change(pair.circle(party, name, **changes), officer="watch")
    return str(node.release(name, LINE, "exact", officer="watch").id)


def _states(node: Node) -> list[str]:
    return [one.state for one in node.conflicts(LINE) if one.basis == "joint"]


def _rebuilt(node: Node) -> dict[tuple[str, str], bytes]:
    """The state's rows, from the entries alone."""
    with node._core.store.read() as tx:
        [founding] = node._core.lines(tx)
        rows = [
            row
            for party in founding.members
            for row in logs.read(tx, founding.id, party, 0, 10_000)
        ]
        return project(founding, node._core.entries(tx, founding, rows))


def _state(node: Node) -> dict[tuple[str, str], bytes]:
    state = msgspec.json.decode(node.state_document(LINE), type=dict[str, dict[str, msgspec.Raw]])
    return {(kind, key): bytes(doc) for kind, docs in state.items() for key, doc in docs.items()}


def test_what_is_not_compared_is_unknown_and_not_clear(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    _release(pair, "us", "orbit")
    us.attend(True)
    _release(pair, "ru", "sweep")
    pair.push(ru, us)
    found = us.conflicts_and_unknown(LINE)
    assert found.conflicts == []
    assert any("ru sweep" in why for why in found.unknown)
    assert {one.id: one.compared for one in us.activities(LINE)} == {"orbit": True, "sweep": False}
    assert us.metrics()["uncompared_entries"] == 1
    us.compare()
    found = us.conflicts_and_unknown(LINE)
    assert [one.state for one in found.conflicts] == ["open"]
    assert found.unknown == []
    assert all(one.compared for one in us.activities(LINE))
    us.attend(False)
    pair.sync()
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_a_conflict_whose_side_has_changed_since_is_unknown(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    _release(pair, "us", "orbit")
    _release(pair, "ru", "sweep")
    pair.sync()
    [met] = us.conflicts(LINE)
    us.attend(True)
    _change(pair, "ru", "sweep", lon=FAR)
    pair.push(ru, us)
    assert _states(us) == ["unknown"]
    with pytest.raises(Exception, match="that conflict is unknown"):
        us.propose(LINE, met.id, "us", met.suggestions[0].shift, officer="watch")
    us.compare()
    assert _states(us) == ["ended"]


def test_terms_in_force_make_everything_unknown_until_it_is_compared_under_them(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    _release(pair, "us", "orbit")
    _release(pair, "ru", "sweep", lon=69.3)
    _release(pair, "ru", "beside", lon=69.5)
    pair.sync()
    assert _states(us) == ["open"]
    us.attend(True)
    terms = us.line(LINE).terms
    wider = {**terms, "version": 2, "separation": {**terms["separation"], "lateral_m": 30_000.0}}
    for node in (us, ru):
        node.sign_terms(LINE, wider, officer="admin")
    pair.push(ru, us)
    assert us.line(LINE).terms["version"] == 2
    found = us.conflicts_and_unknown(LINE)
    assert [one.state for one in found.conflicts] == ["unknown"]
    assert any("terms that have come into force" in why for why in found.unknown)
    us.compare()
    found = us.conflicts_and_unknown(LINE)
    assert [one.state for one in found.conflicts] == ["open", "open"]
    assert found.unknown == []


def test_whoever_is_slow_to_compare_holds_up_no_entry(pair: Any) -> None:
    """The engine stands in the middle of a round while all this comes and goes."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    _release(pair, "us", "orbit")
    us = pair.open("us")
    us.attend(True)
    standing, go_on = threading.Event(), threading.Event()

    def told(*_: object) -> None:
        standing.set()
        assert go_on.wait(60)

    engine = threading.Thread(target=us.compare, args=(told,))
    engine.start()
    assert standing.wait(60)
    try:
        entry = _release(pair, "ru", "sweep")
        pair.push(ru, us)
        assert ru.entry(LINE, entry).receipts["us"] is not None
        us.acknowledge(LINE, entry, "understood", officer="watch")
        said = us.send(LINE, text="turn away", precedence="urgent-safety", officer="watch")
        pair.push(us, ru)
        assert us.entry(LINE, said.id).receipts["ru"] is not None
        assert us.conflicts_and_unknown(LINE).unknown
        assert engine.is_alive()
    finally:
        go_on.set()
        engine.join(60)
    us.compare()
    assert _states(us) == ["open"]


def test_shuffled_arrivals_compared_at_odd_times_give_what_a_rebuild_gives(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.attend(True)
    ru.attend(True)
    rng = random.Random(11)
    for node in (us, ru):
        for name in ("a", "b", "c"):
            node.file(pair.circle(node.party, name), title="", officer="watch")
    standing: set[tuple[str, str]] = set()
    for _ in range(60):
        node, other = rng.sample((us, ru), 2)
        what = rng.choice(("release", "release", "withdraw", "push", "push", "compare"))
        name = rng.choice("abc")
        one = (node.party, name)
        if what == "push":
            pair.push(node, other)
        elif what == "compare":
            node.compare()
        elif what == "release":
            lon, hours = rng.choice((68.86, 69.2, FAR)), rng.choice((1.0, 2.0))
            _change(pair, *one, lon=lon, hours=hours, top=250 + rng.randrange(99))
            standing.add(one)
        elif one in standing:
            node.withdraw(name, LINE, officer="watch")
            standing.remove(one)
    for node in (us, ru):
        node.attend(False)
    pair.sync()
    assert _state(us) == _rebuilt(us) == _state(ru)
    assert {one.state for one in us.conflicts(LINE)} >= {"open", "ended"}
    assert us.verify() == ru.verify() == []


def test_the_record_verifies_with_something_left_to_compare(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    _release(pair, "us", "orbit")
    us.attend(True)
    _release(pair, "ru", "sweep")
    pair.push(ru, us)
    assert us.verify() == []
    assert us.metrics()["uncompared_entries"] == 1


def test_of_two_processes_that_compare_the_later_one_begins_again(pair: Any) -> None:
    """It has an older snapshot; what it computed from that must not undo what is newer."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.attend(True)
    _release(pair, "us", "orbit")
    _release(pair, "ru", "sweep")
    pair.push(ru, us)
    other = Node.open(pair.directory / "us", clock=pair.clock)
    standing, go_on = threading.Event(), threading.Event()

    def told(*_: object) -> None:
        standing.set()
        assert go_on.wait(60)

    engine = threading.Thread(target=other.compare, args=(told,))
    engine.start()
    try:
        assert standing.wait(60)
        us.compare()
        _change(pair, "ru", "sweep", lon=FAR)
        pair.push(ru, us)
        us.compare()
    finally:
        go_on.set()
        engine.join(60)
        other.close()
    us.attend(False)
    assert _states(us) == ["ended"]
    assert _state(us) == _rebuilt(us)


def test_who_asks_with_an_older_or_newer_snapshot_misses_nothing(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    plan = pair.circle("us", "orbit")
    _release(pair, "ru", "near")
    _release(pair, "ru", "far", lon=FAR)
    pair.sync()
    core = us._core
    with core.store.read() as tx:
        [founding] = core.lines(tx)
        separation = founding.terms.separation
    replica = core.engine.replica(founding)
    us.attend(True)
    with core.store.read() as older:
        assert replica.near(older, separation, plan) == {("ru", "near")}
        _change(pair, "ru", "near", lon=FAR)
        _change(pair, "ru", "far")
        pair.push(ru, us)
        with core.store.read() as newer:
            assert {("ru", "far")} <= (replica.near(newer, separation, plan) or set())
        us.compare()
        assert {("ru", "near")} <= (replica.near(older, separation, plan) or set())
    with core.store.read() as tx:
        assert replica.near(tx, separation, plan) == {("ru", "far")}
        assert replica.near(tx, Separation(0.0, 0.0, 0.0), plan) is None


def test_what_stops_the_engine_half_way_leaves_conflicts_unknown_and_not_clear(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    plan = pair.circle("us", "orbit")
    _release(pair, "ru", "near")
    pair.sync()
    core = us._core
    with core.store.read() as tx:
        [founding] = core.lines(tx)
    separation, replica = founding.terms.separation, core.engine.replica(founding)
    us.attend(True)

    def fail(*_: Any) -> Any:
        raise MemoryError

    with core.store.read() as older:
        assert replica.near(older, separation, plan) == {("ru", "near")}
        _change(pair, "ru", "near", lon=FAR)
        pair.push(ru, us)
        with monkeypatch.context() as patched:
            # By now the old version is out of the index, and the new one not yet in.
            patched.setattr("detente.conflict.index.boxes_of", fail)
            with pytest.raises(MemoryError):
                us.compare()
        assert replica.near(older, separation, plan) is None
    us.compare()
    with core.store.read() as tx:
        assert replica.near(tx, separation, plan) == set()


def test_until_the_engine_has_read_everything_own_conflicts_are_unknown(pair: Any) -> None:
    _release(pair, "ru", "sweep")
    pair.sync()
    us = pair.open("us")
    us.attend(True)
    assert not us.engine().ready
    filed = us.file(pair.circle("us", "orbit"), title="", officer="watch")
    assert filed.conflicts == []
    assert filed.unknown
    assert us.conflicts_and_unknown(LINE).unknown
    told: list[tuple[str, int, int]] = []
    us.compare(lambda *at: told.append(at))
    assert told[0] == (LINE, 0, 1)
    assert told[-1] == (LINE, 1, 1)
    assert us.engine().ready
    assert us.engine().memory_bytes > 0
    plan = us.plan("orbit")
    assert [one.b.id for one in plan.conflicts] == ["orbit"]
    assert plan.unknown == []


def test_parties_are_compared_in_turn() -> None:
    places = ["ru/0000000001", "ru/0000000002", "ru/0000000003", "us/0000000009"]
    assert in_turn(places) == [places[0], places[3], places[1], places[2]]


CHILD = """
import sys
from detente.node import Node

node = Node.open(sys.argv[1])
node.attend(True)
print("open", flush=True)
for line in sys.stdin:
    node.compare()
    print("compared", flush=True)
"""


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_kill_before_or_after_comparing_loses_nothing(
    pair: Any, rounds: int, make_killed: Callable[[Path, int], None]
) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.attend(True)
    for number in range(4):
        _release(pair, "us", f"o{number}", lon=68.8 + number / 10)
        _release(pair, "ru", f"s{number}", lon=68.9 + number / 10)
        pair.push(ru, us)
    us.close()
    make_killed(pair.directory / "us", rounds)
    us = pair.open("us")
    assert us.metrics()["uncompared_entries"] == (0 if rounds else 8)
    pair.sync()
    assert _state(us) == _rebuilt(us) == _state(ru)
    assert "open" in _states(us)


@pytest.fixture
def make_killed() -> Callable[[Path, int], None]:
    """Opens a node in a process of its own, has it compare so often, and kills it."""

    def run(directory: Path, rounds: int) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        for _ in range(rounds):
            child.stdin.write("go\n")
            child.stdin.flush()
            assert child.stdout.readline() == "compared\n"
        child.kill()
        child.communicate(timeout=30)
        assert child.returncode == -signal.SIGKILL

    return run

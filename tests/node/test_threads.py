"""Many callers at once, as a node under load has them: no gap, no fork, nothing lost or doubled."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from detente.errors import StoreError

LINE = "northern-watch"
EACH = 8


def test_many_write_while_both_receive_and_all_read(pair: Any) -> None:
    nodes = [pair.nodes["us"], pair.nodes["ru"]]

    def speak(number: int) -> None:
        node = nodes[number % 2]
        for i in range(EACH):
            key = f"{number}-{i}"
            for _ in range(2):
                node.send(LINE, text=key, officer="a", key=key)

    def plan(number: int) -> None:
        node = nodes[number % 2]
        for i in range(EACH // 2):
            name = f"{node.party}-{number}-{i}"
            node.file(pair.circle(node.party, name), title="", officer="a")
            node.release(name, LINE, "exact", officer="a")

    def exchange(_: int) -> None:
        for _ in range(EACH):
            pair.push(nodes[0], nodes[1])
            pair.push(nodes[1], nodes[0])

    def look(number: int) -> None:
        node = nodes[number % 2]
        for _ in range(EACH):
            node.conflicts(LINE)
            node.obligations(LINE)
            node.plans()
            node.heads(node.line(LINE).id, node.party)

    with ThreadPoolExecutor(12) as pool:
        tasks = [
            pool.submit(work, number)
            for work in (speak, plan, exchange, look)
            for number in range(2)
        ]
        for task in tasks:
            task.result()
    pair.sync()
    us, ru = nodes
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []
    said = [message.text for message in us.messages(LINE)]
    assert sorted(said) == sorted(f"{n}-{i}" for n in range(2) for i in range(EACH))
    joint = [c for c in us.conflicts(LINE) if c.basis == "joint"]
    assert len(joint) == (EACH // 2) ** 2
    assert not [c for c in us.conflicts(LINE) if c.basis == "own"]
    assert us.links(LINE)[0].forks == ru.links(LINE)[0].forks == []


def test_one_key_in_many_hands_is_one_entry(pair: Any) -> None:
    us = pair.nodes["us"]
    with ThreadPoolExecutor(8) as pool:
        ids = list(
            pool.map(lambda _: us.send(LINE, text="once", officer="a", key="k").id, range(24))
        )
    assert len(set(ids)) == 1
    assert len(us.messages(LINE)) == 1


def test_a_node_that_is_closed_under_its_callers_loses_nothing_it_acknowledged(pair: Any) -> None:
    us = pair.nodes["us"]
    acknowledged: list[str] = []

    def speak(number: int) -> None:
        try:
            for i in range(1000):
                acknowledged.append(us.send(LINE, text=f"{number}-{i}", officer="a").id)
        except StoreError:
            return

    with ThreadPoolExecutor(4) as pool:
        speaking = [pool.submit(speak, number) for number in range(4)]
        while len(acknowledged) < 20:
            pass
        us.close()
        for task in speaking:
            task.result()
    again = pair.open("us")
    held = {message.id for message in again.messages(LINE)}
    assert set(acknowledged) <= held
    assert again.verify() == []

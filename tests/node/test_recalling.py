"""What is recalled is gone from every node that honours it, byte by byte, and each says so."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from detente.console.outlines import outline
from detente.errors import InputError, NotFoundError, RecordError, StateError
from detente.node import Node
from detente.node.show import conflicts, suggestions
from detente.node.show.activities import plan_activities
from detente.node.show.reader import LineReader

LINE = "northern-watch"


@pytest.fixture
def released(pair: Any) -> Any:
    """``us`` has released a plan that ``ru`` conflicts with; both hold everything."""
    for party, name, lat in (("us", "orbit", 36.512345), ("ru", "survey", 36.5)):
        node = pair.nodes[party]
        node.file(pair.circle(party, name, lat=lat), title="", officer="a")
        node.release(name, LINE, "exact", officer="a")
    pair.sync()
    pair.entry = pair.nodes["us"].activities(LINE)[-1].entry
    return pair


def files_of(pair: Any, party: str) -> bytes:
    """Every byte of the node's database files, as they lie on the disk while it runs."""
    found = sorted(Path(pair.directory / party).glob("detente.db*"))
    assert {one.name for one in found} >= {"detente.db", "detente.db-wal"}
    return b"".join(one.read_bytes() for one in found)


def holders(node: Node) -> dict[str, tuple[str, str | None]]:
    [recall] = node.recalls(LINE)
    return {one.party: (one.state, one.since) for one in recall.holders}


def test_every_node_that_honours_it_keeps_nothing_and_says_so(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    assert b"36.512345" in files_of(released, "ru")
    [conflict] = [c for c in ru.conflicts(LINE) if c.basis == "joint"]
    us.recall(LINE, released.entry, "sent in error", officer="a")
    released.sync()
    released.sync()
    for node in (us, ru):
        assert node.entry(LINE, released.entry).body is None
        [theirs] = [a for a in node.activities(LINE) if a.party == "us"]
        assert (theirs.unknown, theirs.volumes) == ("recalled", [])
        assert [c for c in node.conflicts(LINE) if c.basis == "joint"] == []
        # What told of the conflict is gone; that it may still be there is said.
        assert node.conflicts_and_unknown(LINE).unknown == [
            "what us orbit occupies was recalled by its party"
        ]
        assert {state for state, _ in holders(node).values()} == {"erased"}
        assert node.verify() == []
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert conflict.id.encode() not in ru.state_document(LINE)
    # Neither the engine nor any view finds it by what only it occupied.
    assert ru.plan("survey").conflicts == []


@pytest.mark.parametrize("form", ["exact", "coarse"])
def test_what_was_recalled_is_released_anew_as_it_was(released: Any, form: str) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    us.recall(LINE, released.entry, officer="a")
    released.sync()
    anew = us.release("orbit", LINE, form, officer="a")
    released.sync()
    for node in (us, ru):
        [theirs] = [a for a in node.activities(LINE) if a.party == "us"]
        assert (theirs.entry, theirs.version, theirs.unknown) == (anew.id, 2, None)
        assert theirs.volumes
        assert [c.state for c in node.conflicts(LINE) if c.basis == "joint"] == ["open"]
        assert node.entry(LINE, released.entry).body is None
        assert node.verify() == []
    assert us.state_document(LINE) == ru.state_document(LINE)
    with pytest.raises(StateError, match="this version already"):
        us.release("orbit", LINE, form, officer="a")


def test_the_files_of_the_node_that_honoured_it_hold_no_byte_of_it(pair: Any) -> None:
    """Small bodies and large, released and said, amid the traffic of a busy line."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    chance = random.Random(5)
    secrets: list[bytes] = []
    entries = []
    for i in range(60):
        text = f"secret-{chance.randbytes(8).hex()}" * chance.choice((1, 5, 80))
        secrets.append(text[:23].encode())
        entries.append(us.send(LINE, text=text[:3000], officer="a").id)
        lon = 60 + chance.random() * 10
        plan = pair.circle("us", f"p{i}", lon=round(lon, 9), lat=30.0)
        us.file(plan, title="", officer="a")
        entries.append(us.release(f"p{i}", LINE, "exact", officer="a").id)
        secrets.append(json.dumps(round(lon, 9)).encode())
        if i % 7 == 0:
            pair.sync()
    pair.sync()
    before = files_of(pair, "ru")
    assert all(secret in before for secret in secrets)
    for entry in entries:
        us.recall(LINE, entry, officer="a")
    pair.sync()
    pair.sync()
    after = files_of(pair, "ru")
    assert [secret for secret in secrets if secret in after] == []
    told = [one.state for recall in us.recalls(LINE) for one in recall.holders]
    assert set(told) == {"erased"}
    assert ru.verify() == us.verify() == []


def test_no_shape_of_it_is_kept_in_memory(released: Any) -> None:
    """Not even one that was computed from an older snapshot after the recall was received."""
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    ru.file(released.circle("ru", "second", lat=36.5), title="", officer="a")
    us.recall(LINE, released.entry, officer="a")
    with ru._core.store.read() as before:
        assert conflicts.own(LineReader(ru._core, before, line), plan_activities(ru._core, before))
        released.push(us, ru)
        assert conflicts.own(LineReader(ru._core, before, line), plan_activities(ru._core, before))
    # What is drawn is kept beside what is compared.
    assert outline(released.circle("us", "orbit").volumes[0]).area > 0
    released.clock.at_s += 3600
    ru.honour(line)
    assert not ru._core.overwriting.is_owed
    kept: list[Any] = [conflicts._met, suggestions._ways, outline]
    assert [one.cache_info().currsize for one in kept] == [0, 0, 0]


def test_who_is_not_reached_is_shown_as_still_holding_it(released: Any) -> None:
    us = released.nodes["us"]
    released.clock.at_s += 3600
    us.recall(LINE, released.entry, officer="a")
    assert holders(us)["us"][0] == "erased"
    assert holders(us)["ru"] == ("holds", us.entry(LINE, released.entry).receipts["ru"])
    [recall] = us.recalls(LINE)
    assert {one.party: one.told for one in recall.holders}["ru"] is None


def test_what_was_never_received_is_not_known_to_be_held(released: Any) -> None:
    us = released.nodes["us"]
    said = us.send(LINE, text="hello", officer="a")
    us.recall(LINE, said.id, officer="a")
    assert holders(us)["ru"] == ("unknown", None)


def test_a_recalled_body_is_served_to_nobody(released: Any) -> None:
    """A node that was away gets the entry with its recall and holds the same state."""
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    said = us.send(LINE, text="unsaid", officer="a")
    us.recall(LINE, said.id, officer="a")
    page = us.read_log(line, "us", said.index, "ru")
    assert set(page.entries[0]) == {"envelope", "recalled_by"}
    assert "body" in page.entries[1]
    released.sync()
    released.sync()
    assert b"unsaid" not in files_of(released, "ru")
    [message] = ru.messages(LINE)
    assert (message.unknown, message.text) == ("recalled", "(recalled by its writer)")
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert ru.verify() == []
    assert holders(us)["ru"][0] == "erased"


def test_a_body_left_out_without_its_recall_is_refused(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    first = us.send(LINE, text="one", officer="a")
    second = us.send(LINE, text="two", officer="a")
    us.recall(LINE, second.id, officer="a")
    one, two, _ = us.read_log(line, "us", first.index, "ru").entries
    bare = {"envelope": one["envelope"]}
    for bundle in (
        bare,
        {**bare, "recalled_by": two["recalled_by"]},
        {**bare, "recalled_by": [one["envelope"]]},
        {**bare, "recalled_by": []},
        {**bare, "recalled_by": [*two["recalled_by"], *two["recalled_by"]]},
        {**one, "recalled_by": two["recalled_by"]},
        {**bare, "recalled_by": [{**two["recalled_by"][0], "signatures": []}]},
        {**bare, "recalled_by": [{}]},
    ):
        with pytest.raises((RecordError, InputError)):
            ru.receive(line, "us", first.index, [bundle], None, "us")
    assert ru.messages(LINE) == []


def test_an_entry_without_body_is_not_passed_on_before_its_recall_is_here(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    said = us.send(LINE, text="unsaid", officer="a")
    us.recall(LINE, said.id, officer="a")
    page = us.read_log(line, "us", said.index, "ru")
    ru.receive(line, "us", said.index, page.entries[:1], None, "us")
    assert ru.read_log(line, "us", said.index, "us").entries == []
    assert [f.what for f in ru.verify()] == ["the body is missing"]
    ru.receive(line, "us", said.index + 1, page.entries[1:], page.checkpoint, "us")
    assert ru.read_log(line, "us", said.index, "us").entries == page.entries
    assert ru.verify() == []


def test_it_is_honoured_once_and_after_a_restart_if_it_was_not_before(
    released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    us.recall(LINE, released.entry, officer="a")
    # A reader of an old snapshot keeps the write-ahead log from being cut: nothing is stated yet.
    monkeypatch.setattr("detente.store.scrubbing.SCRUB_TIMEOUT_S", 0)
    with ru._core.store.read() as tx:
        assert tx is not None
        ru.newest_change()
        list(tx.connection.exec_driver_sql("SELECT count(*) FROM entries"))
        released.push(us, ru)
        assert holders(ru)["ru"][0] == "holds"
    ru = released.open("ru")
    for _ in range(2):
        ru.honour(LINE)
        released.sync()
    honoured = [e for e in us.entries(LINE, "ru") if e.type == "recall.honoured"]
    assert len(honoured) == 1
    assert honoured[0].void is None
    assert b"36.512345" not in files_of(released, "ru")


def test_whatever_comes_next_has_a_node_answer_what_it_could_not_answer_at_once(
    released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node that asked may be the only one of the two that can call."""
    us, ru = released.nodes["us"], released.nodes["ru"]
    us.recall(LINE, released.entry, officer="a")
    with monkeypatch.context() as during:
        # As if the power had failed there: what was recalled is gone, and it is not said yet.
        during.setattr("detente.node.recalling._state", lambda *_: None)
        released.push(us, ru)
        assert holders(ru)["ru"][0] == "holds"
    ru = released.open("ru")
    us.send(LINE, text="something else", officer="a")
    line = us.line(LINE).id
    start = ru.heads(line, "us")["us"].size
    page = us.read_log(line, "us", start, "ru")
    ru.receive(line, "us", start, page.entries, page.checkpoint, "us")
    assert holders(ru)["ru"][0] == "erased"


def test_what_was_honoured_long_ago_is_not_looked_through_again(pair: Any) -> None:
    """A member may recall a hundred thousand things a day; each recall would cost all of them."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    asked: list[str] = []

    def recall(count: int) -> int:
        """Recall so many things, and be honoured; how much the last of them asked of the store."""
        for number in range(count):
            us.recall(LINE, us.send(LINE, text=f"number {number}", officer="a").id, officer="a")
            asked.clear()
            pair.push(us, ru)
            ru.honour(pair.nodes["ru"].line(LINE).id)
        return len(asked)

    for engine in ru._core.store._engines:
        event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    recall(3)
    few, many = recall(1), recall(30)
    assert 0 < many <= few + 3
    pair.sync()
    assert {one.state for told in us.recalls(LINE) for one in told.holders} == {"erased"}


def test_what_a_reader_held_up_is_overwritten_with_the_next_exchange(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    us = pair.nodes["us"]
    entry = us.send(LINE, text="words of ours", officer="a").id
    monkeypatch.setattr("detente.store.scrubbing.SCRUB_TIMEOUT_S", 0)
    with us._core.store.read() as tx:
        list(tx.connection.exec_driver_sql("SELECT count(*) FROM entries"))
        us.recall(LINE, entry, officer="a")
    assert b"words of ours" in files_of(pair, "us")
    pair.clock.at_s += 3600
    us.honour(LINE)
    assert b"words of ours" not in files_of(pair, "us")


def test_what_a_crash_left_is_overwritten_at_the_next_start(
    pair: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    us = pair.nodes["us"]
    entry = us.send(LINE, text="words of ours", officer="a").id
    with monkeypatch.context() as crash:
        crash.setattr(us._core.store, "scrub", lambda: False)
        us.recall(LINE, entry, officer="a")
    # What lies on the disk while it runs is what a crash leaves.
    left = tmp_path / "left"
    shutil.copytree(pair.directory / "us", left, ignore=shutil.ignore_patterns("*-shm"))
    assert b"words of ours" in (left / "detente.db-wal").read_bytes()
    again = Node.open(left, clock=pair.clock)
    try:
        assert b"words of ours" not in b"".join(f.read_bytes() for f in left.glob("detente.db*"))
    finally:
        again.close()


def test_a_recall_passes_while_the_line_is_suspended(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    ru.suspend(LINE, officer="b")
    released.sync()
    us.recall(LINE, released.entry, officer="a")
    released.sync()
    released.sync()
    assert {state for state, _ in holders(us).values()} == {"erased"}


def test_only_its_writer_recalls_it_once_and_not_everything(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    joined = us.entries(LINE, "us")[0]
    for node, entry in ((ru, released.entry), (us, joined.id)):
        with pytest.raises(StateError, match="that is a"):
            node.recall(LINE, entry, officer="a")
    with pytest.raises(NotFoundError):
        us.recall(LINE, "0" * 64, officer="a")
    us.recall(LINE, released.entry, officer="a", key="k")
    assert us.recall(LINE, released.entry, officer="a", key="k").type == "recall"
    with pytest.raises(StateError, match="already"):
        us.recall(LINE, released.entry, officer="a")


def test_a_request_that_is_recalled_is_not_sent_again_under_its_key(pair: Any) -> None:
    us = pair.nodes["us"]
    said = us.send(LINE, text="no", officer="a", key="k")
    us.recall(LINE, said.id, officer="a")
    with pytest.raises(StateError, match="used before"):
        us.send(LINE, text="no", officer="a", key="k")
    assert len(us.messages(LINE)) == 1


def test_evidence_of_a_fork_lets_go_of_what_is_recalled(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    said = us.send(LINE, text="evident", officer="a")
    [bundle] = us.read_log(line, "us", said.index, "ru").entries
    released.sync()

    from detente.store import links

    fork = links.Fork(
        line, "us", 1, "w", json.dumps(bundle).encode(),
        json.dumps({"entries": [bundle]}).encode(), "ru", 0.0, b"x",
    )  # fmt: skip
    ru._core.store.write(lambda tx: links.add_fork(tx, fork, 0))
    us.recall(LINE, said.id, officer="a")
    released.sync()
    [kept] = ru.links(LINE)[0].forks
    assert kept.held == {"envelope": bundle["envelope"]}
    assert kept.offered == {"entries": [kept.held]}


def test_a_recall_under_a_new_key_is_verified_before_its_log_is_held(released: Any) -> None:
    us, ru = released.nodes["us"], released.nodes["ru"]
    line = us.line(LINE).id
    said = us.send(LINE, text="unsaid", officer="a")
    us.rotate_key(released.directory / "us", None, officer="admin")
    us = released.open("us")
    us.recall(LINE, said.id, officer="a")
    page = us.read_log(line, "us", said.index, "ru")
    first = page.entries[0]
    assert len(first["recalled_by"]) == 2
    alone = {**first, "recalled_by": first["recalled_by"][1:]}
    with pytest.raises(RecordError):
        ru.receive(line, "us", said.index, [alone], None, "us")
    ru.receive(line, "us", said.index, [first], None, "us")
    assert ru.read_log(line, "us", said.index, "us").entries == []
    ru.receive(line, "us", said.index + 1, page.entries[1:], page.checkpoint, "us")
    assert ru.read_log(line, "us", said.index, "us").entries == page.entries
    assert ru.verify() == []

"""What a member may have kept here: counted as it comes, refused whole, shown, and urgent last."""

from datetime import date
from importlib import import_module
from typing import Any

import msgspec
import pytest
from bench.simulation.face import serve
from sqlalchemy import text

from detente.errors import InputError, QuotaError, StateError
from detente.line.terms import TwoPerson
from detente.line.witnesses import Witness
from detente.node import Node, rekeying
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.quota import STANDING, Quota
from detente.node.settings import Settings, load_settings, write_settings
from detente.record import SigningKey
from detente.record.checkpoint import cosigner_keys
from detente.store import usage

LINE = "northern-watch"
DAY_S = 86_400


class StraightWire:
    """Every request to the other node is answered, and counted."""

    def __init__(self, caller: str, node: Node, line: str) -> None:
        self.caller, self.node, self.line = caller, node, line
        self.asked: list[str] = []

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        self.asked.append(f"{method} {path.partition('?')[0]}")
        return serve(self.node, self.line, self.caller, method, path, content)

    def close(self) -> None:
        pass


@pytest.fixture
def line(pair: Any) -> str:
    return str(pair.nodes["us"].line(LINE).id)


def limit(node: Node, **changes: int) -> None:
    """Give a node a quota small enough to be reached; settings take no such one."""
    most = {"day_entries": 1000, "day_mib": 1000, "entries": 1000, "mib": 1000}
    node._core.quota = Quota(**(most | changes))


def exchange(pair: Any, line: str, caller: str, called: str) -> tuple[Exchange, StraightWire]:
    wire = StraightWire(caller, pair.nodes[called], line)
    return Exchange(pair.nodes[caller], line, Peer(called, wire)), wire


def say(node: Node, count: int = 1, *, urgent: bool = False) -> None:
    precedence = "urgent-safety" if urgent else "routine"
    for number in range(count):
        node.send(LINE, text=f"number {number}", precedence=precedence, officer="b")


def push(pair: Any, line: str, *, urgent: bool = False) -> Any:
    """``ru`` pushes all of its log that ``us`` lacks."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    start = us.heads(line, "us")["ru"].size
    page = ru.read_log(line, "ru", start, "us")
    return us.receive(line, "ru", start, page.entries, page.checkpoint, "ru", urgent=urgent)


def link(node: Node) -> Any:
    [found] = node.links(LINE)
    return found


def used(node: Node, line: str, party: str = "ru") -> Any:
    with node._core.store.read() as tx:
        return usage.get(tx, line, party)


def test_what_comes_is_counted_by_day_and_in_all(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    first = used(us, line)
    assert (first.entries, first.day_entries) == (1, 1)
    say(ru, 3)
    push(pair, line)
    after = used(us, line)
    bodies = [len(row.header) + len(row.body or b"") for row in rows(us, line)]
    assert (after.entries, after.bytes) == (4, sum(bodies) + 4 * 12 * 1024)
    push(pair, line)
    assert used(us, line) == after
    pair.clock.at_s += DAY_S
    say(ru)
    push(pair, line)
    later = used(us, line)
    assert (later.day, later.day_entries, later.entries) == (after.day + 1, 1, 5)
    pair.clock.at_s -= DAY_S
    say(ru)
    push(pair, line)
    assert (used(us, line).day, used(us, line).day_entries) == (later.day, 2)
    # Our own log is nobody's to fill but ours.
    assert used(us, line, "us") is None


def rows(node: Node, line: str) -> Any:
    from detente.store import logs

    with node._core.store.read() as tx:
        return logs.read(tx, line, "ru", 0, 1000)


@pytest.mark.parametrize(
    "small",
    [{"day_entries": 3}, {"entries": 3}, {"day_mib": 1}, {"mib": 1}],
    ids=lambda small: next(iter(small)),
)
def test_more_is_refused_whole_and_shown(pair: Any, line: str, small: dict[str, int]) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    limit(us, **small)
    assert (link(us).quota_near, us.quota_word()) == (False, "ok")
    for _ in range(3 if "entries" in next(iter(small)) else 150):
        ru.send(LINE, text="x" * 4000, officer="b")
    before = (us.state_document(LINE), us.entries(LINE), us.heads(line, "us"))
    with pytest.raises(QuotaError) as told:
        push(pair, line)
    assert told.value.remedy
    assert 0 < told.value.retry_s <= DAY_S + 1
    assert (us.state_document(LINE), us.entries(LINE), us.heads(line, "us")) == before
    assert link(us).quota_refused_s == pair.clock.at_s
    assert us.quota_word() == "refused"
    assert us.metrics()["quota_refused_logs"] == 1
    # Nobody reads the list of conflicts as all there are.
    assert "its quota is used up" in " ".join(us.conflicts_and_unknown(LINE).unknown)
    newest = us.newest_change()
    with pytest.raises(QuotaError):
        push(pair, line)
    assert us.newest_change() == newest
    assert us.verify() == []


def test_the_next_day_it_is_taken_and_no_longer_shown(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    limit(us, day_entries=3)
    say(ru, 3)
    with pytest.raises(QuotaError) as told:
        push(pair, line)
    pair.clock.at_s += told.value.retry_s
    # Until it is taken it is unknown, whatever the hour.
    assert link(us).quota_refused_s is not None
    assert push(pair, line).size == 4
    assert link(us).quota_refused_s is None
    assert (link(us).quota_near, us.quota_word()) == (True, "near")
    pair.sync()
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_one_jump_of_our_clock_shuts_nobody_out(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    limit(us, day_entries=3)
    pair.clock.at_s += 400 * DAY_S
    say(ru)
    push(pair, line)
    pair.clock.at_s -= 400 * DAY_S
    for _ in range(5):
        pair.clock.at_s += DAY_S
        say(ru)
        push(pair, line)
        assert used(us, line).day_entries == 1


def test_urgent_passes_up_to_a_tenth_more_and_no_further(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    limit(us, day_entries=20)
    say(ru, 19)
    push(pair, line)
    say(ru)
    with pytest.raises(QuotaError):
        push(pair, line)
    say(ru, urgent=True)
    # What went before it comes with it: a log has no gaps.
    assert push(pair, line).size == 22
    assert link(us).quota_refused_s is not None
    say(ru, urgent=True)
    for urgent in (False, True):
        with pytest.raises(QuotaError):
            push(pair, line, urgent=urgent)
    assert [m.precedence for m in us.messages(LINE)].count("urgent-safety") == 1


def sign(pair: Any, count: int, **changes: Any) -> None:
    """``ru`` signs so many texts of the next terms, each of them another."""
    for number in range(count):
        rule = TwoPerson(exact_releases=(f"kind {number} {sorted(changes)}",))
        terms = msgspec.structs.replace(pair.terms(), version=2, two_person=rule, **changes)
        pair.nodes["ru"].sign_terms(LINE, terms, officer="b")


class TestWhatEveryRequestAsksFor:
    """A few thousand of these would slow all that anybody says on the line, for good."""

    def test_is_not_written_by_our_own_node_where_others_would_take_no_more(
        self, pair: Any, line: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would stop our log there, with all that is said later; keys have the last of it."""
        monkeypatch.setattr("detente.node.quota.STANDING", 5)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        sign(pair, 4)
        with pytest.raises(StateError, match="take no more of them") as told:
            sign(pair, 1, review_on=date(2028, 1, 1))
        assert "found another line" in told.value.remedy
        ru.rotate_key(pair.directory / "ru", None, officer="admin")
        ru = pair.open("ru")
        with pytest.raises(StateError, match="take no more of them"):
            ru.rotate_key(pair.directory / "ru", None, officer="admin")
        ru = pair.open("ru")
        limit(us, standing=5)
        ru.send(LINE, text="still heard", officer="b")
        assert push(pair, line).size == ru.heads(line, "ru")["ru"].size

    def test_has_a_number_of_its_own(
        self, pair: Any, line: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Another party's node need not be as careful as ours.
        monkeypatch.setattr("detente.node.quota.check_own", lambda *_: None)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        sign(pair, STANDING)
        push(pair, line)
        sign(pair, 1, review_on=date(2028, 1, 1))
        before = (us.state_document(LINE), us.heads(line, "us"))
        for urgent in (False, True):
            with pytest.raises(QuotaError, match="100 signatures under terms") as told:
                push(pair, line, urgent=urgent)
        assert "quota_standing" in told.value.remedy
        assert (us.state_document(LINE), us.heads(line, "us")) == before
        assert link(us).quota_refused_s is not None
        us._core.quota = msgspec.structs.replace(us._core.quota, standing=STANDING + 1)
        assert push(pair, line).size == ru.heads(line, "ru")["ru"].size
        assert link(us).quota_refused_s is None
        pair.sync()
        assert us.verify() == []
        assert us.state_document(LINE) == ru.state_document(LINE)

    def test_is_weighed_as_well(self, pair: Any, line: str) -> None:
        us = pair.nodes["us"]
        limit(us, standing=1)
        ca = f"-----BEGIN CERTIFICATE-----\n{'A' * 15_000}\n-----END CERTIFICATE-----\n"
        key = cosigner_keys("witness.example/w1", SigningKey.generate().public)
        witness = Witness(
            name="witness.example/w1", keys=tuple(key), url="https://witness.example", ca=ca
        )
        sign(pair, 1, witnesses=(witness,))
        with pytest.raises(QuotaError, match="16 KiB together"):
            push(pair, line)

    def test_keeps_no_party_from_its_remedy_against_a_thief(self, pair: Any, line: str) -> None:
        us = pair.nodes["us"]
        limit(us, standing=1)
        sign(pair, 1)
        push(pair, line)
        pair.nodes["ru"].close()
        clock = pair.clock
        card = rekeying.replace(pair.directory / "ru", None, officer="admin", clock=clock)
        pair.open("ru")
        us.vouch_key(LINE, card.raw, card.fingerprint, officer="admin")
        pair.push(us, pair.nodes["ru"])
        pair.nodes["ru"].adopt_key(LINE, officer="admin")
        say(pair.nodes["ru"], urgent=True)
        push(pair, line)
        assert [one.precedence for one in us.messages(LINE)] == ["urgent-safety"]


def test_a_relayed_entry_is_charged_to_its_writer(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    limit(us, day_entries=1)
    say(ru)
    page = ru.read_log(line, "ru", 1, "us")
    with pytest.raises(QuotaError, match="ru has used up"):
        us.receive(line, "ru", 1, page.entries, page.checkpoint, "us")


class TestExchange:
    def test_the_writer_is_told_and_goes_on_later(self, pair: Any, line: str) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        limit(us, day_entries=3)
        say(ru, 3)
        run, wire = exchange(pair, line, "ru", "us")
        for _ in range(40):
            run.run()
        # Refused, and tried again after 1, 2, 4, 8 and 16 exchanges.
        assert wire.asked.count("POST /logs/ru") == 6
        assert wire.asked.count("GET /heads") == 40
        told = link(ru)
        assert "over-quota" in told.refused_by_peer
        assert (told.state, told.held_by_peer, told.own_size) == ("up", 1, 4)
        limit(us)
        for _ in range(33):
            run.run()
        assert (link(ru).refused_by_peer, link(ru).held_by_peer) == (None, 4)
        assert link(us).quota_refused_s is None

    def test_what_is_urgent_does_not_wait(self, pair: Any, line: str) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        limit(us, day_entries=300)
        say(ru, 310)
        run, _ = exchange(pair, line, "ru", "us")
        for _ in range(3):
            run.run()
        assert us.heads(line, "us")["ru"].size == 257
        say(ru, urgent=True)
        run.run()
        # It is more than one page ahead of what the other holds.
        assert [m.precedence for m in us.messages(LINE)].count("urgent-safety") == 1
        assert us.heads(line, "us")["ru"].size == 312
        say(ru, 3)
        run.run()
        assert us.heads(line, "us")["ru"].size == 312

    def test_what_is_pulled_counts_as_well(self, pair: Any, line: str) -> None:
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        limit(us, day_entries=10)
        say(ru, 10)
        run, wire = exchange(pair, line, "us", "ru")
        for _ in range(40):
            run.run()
        assert us.heads(line, "us")["ru"].size == 1
        assert wire.asked.count("GET /logs/ru") == 6
        assert (link(us).state, link(us).quota_refused_s) == ("up", pair.clock.at_s)
        # What we write ourselves goes on as ever, and so does what is urgent of theirs.
        say(us)
        say(ru, urgent=True)
        limit(us, day_entries=11)
        for _ in range(33):
            run.run()
        assert ru.heads(line, "ru")["us"].size == 2
        assert us.heads(line, "us")["ru"].size == 12


def test_an_older_store_is_counted_once(pair: Any, line: str) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(ru, 3)
    push(pair, line)
    counted = used(us, line)
    step = import_module("detente.store.migrations.versions.0006_usage")

    def again(tx: Any) -> None:
        tx.connection.execute(text("DELETE FROM usage"))
        tx.connection.execute(text(step._COUNT_HELD))

    us._core.store.write(again)
    assert (used(us, line).entries, used(us, line).bytes) == (4, counted.bytes)


def test_settings(tmp_path: Any) -> None:
    settings = Settings(
        party="us", name="Us", endpoint="https://192.0.2.1:1", quota_day_mib=100, quota_mib=3000
    )
    write_settings(tmp_path, settings)
    read = load_settings(tmp_path, {})
    assert read.quota == Quota(day_entries=200_000, day_mib=100, entries=10_000_000, mib=3000)
    path = tmp_path / "detente.toml"
    # One push has to fit, and several.
    path.write_text(path.read_text().replace("quota_mib = 3000", "quota_mib = 3"))
    with pytest.raises(InputError, match="quota_mib"):
        load_settings(tmp_path, {})

"""How a peer is reached: what was observed, apart from what is declared; and the change feed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

LINE = "northern-watch"


def link(node: Any) -> Any:
    [found] = node.links(LINE)
    return found


def test_a_peer_never_heard_is_never(pair: Any) -> None:
    us = pair.nodes["us"]
    assert (link(us).state, link(us).last_heard_s) == ("never", None)
    us.failed(us.line(LINE).id, "ru", "connection refused")
    assert (link(us).state, link(us).last_error) == ("never", "connection refused")


def test_it_is_up_then_late_then_down_then_up(pair: Any) -> None:
    us, clock = pair.nodes["us"], pair.clock
    line = us.line(LINE).id
    us.heard(line, "ru", {"ru": 1, "us": 1})
    assert (link(us).state, link(us).last_heard_s) == ("up", clock.at_s)
    clock.at_s += 31
    assert link(us).state == "late"
    us.failed(line, "ru", "timed out\n\x00")
    assert (link(us).state, link(us).last_error) == ("down", "timed out  ")
    us.heard(line, "ru", {"ru": 1, "us": 1})
    assert (link(us).state, link(us).last_error) == ("up", None)


def test_it_shows_how_far_each_side_is(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.send(LINE, text="one", officer="a")
    ru.send(LINE, text="two", officer="b")
    us.heard(us.line(LINE).id, "ru", {"ru": 2, "us": 1})
    before = link(us)
    assert (before.held_by_us, before.peer_size) == (1, 2)
    assert (before.held_by_peer, before.own_size) == (1, 2)
    pair.sync()
    after = link(us)
    assert (after.held_by_us, after.peer_size, after.held_by_peer, after.own_size) == (2, 2, 2, 2)


def test_a_declared_suspension_is_not_a_failure(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    ru.suspend(LINE, officer="b")
    pair.sync()
    us.heard(us.line(LINE).id, "ru", {})
    assert (link(us).state, link(us).suspended_by_peer) == ("up", True)
    assert link(ru).suspended_by_peer is False


def test_what_was_observed_survives_a_restart(pair: Any) -> None:
    us = pair.nodes["us"]
    us.heard(us.line(LINE).id, "ru", {"ru": 7})
    pair.clock.at_s += 5
    us.failed(us.line(LINE).id, "ru", "gone")
    again = link(pair.open("us"))
    assert (again.state, again.last_error, again.peer_size) == ("down", "gone", 7)


def test_being_heard_again_and_again_is_no_news(pair: Any) -> None:
    us = pair.nodes["us"]
    line = us.line(LINE).id
    us.heard(line, "ru", {"ru": 1})
    newest = us.newest_change()
    for _ in range(20):
        pair.clock.at_s += 3
        us.heard(line, "ru", {"ru": 1})
    assert us.newest_change() == newest
    assert link(us).last_heard_s == pair.clock.at_s
    assert link(pair.open("us")).last_heard_s >= pair.clock.at_s - 10


class TestChanges:
    def test_every_change_is_told_in_order(self, pair: Any) -> None:
        us = pair.nodes["us"]
        start = us.newest_change()
        us.file(pair.circle("us", "orbit-1"), title="", officer="a")
        us.release("orbit-1", LINE, "exact", officer="a")
        us.add_officer("watch-1", "watch")
        told = us.changes_since(start)
        numbers = [change.n for change in told]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == us.newest_change()
        kinds = [(change.line, change.kind, change.key) for change in told]
        line = us.line(LINE).id
        assert kinds[0] == ("", "plan", "orbit-1")
        assert (line, "activity", "us/orbit-1") in kinds
        assert kinds[-1] == ("", "officer", "watch-1")
        assert us.changes_since(start, 1) == told[:1]
        assert us.changes_since(numbers[-1]) == []

    def test_receipts_and_forks_are_changes(self, pair: Any) -> None:
        us = pair.nodes["us"]
        us.send(LINE, text="hello", officer="a")
        start = us.newest_change()
        pair.sync()
        kinds = {(change.kind, change.key) for change in us.changes_since(start)}
        assert ("cosignature", "us/ru") in kinds

    def test_a_waiting_caller_is_woken(self, pair: Any) -> None:
        us = pair.nodes["us"]
        newest = us.newest_change()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(us.wait_change, newest, 30.0)
            us.send(LINE, text="hello", officer="a")
            assert waiting.result() > newest
        assert us.wait_change(us.newest_change(), 0.0) == us.newest_change()


def test_metrics_count(pair: Any) -> None:
    us = pair.nodes["us"]
    before = us.metrics()
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    pair.nodes["ru"].send(LINE, text="hello", officer="b")
    pair.sync()
    after = us.metrics()
    # How far the engine has come by now is a matter of time (tests/node/test_engine.py).
    timed = ("engine_activities", "engine_memory_bytes", "engine_ready", "uncompared_entries")
    assert 0 < before["quota_used_ratio"] < after.pop("quota_used_ratio") < 1e-4
    assert {name: after[name] - before[name] for name in after if name not in timed} == {
        "conflicts_open": 0,
        "cosignatures_made_total": 1,
        "entries": 2,
        "entries_recalled_total": 0,
        "entries_received_total": 1,
        "entries_written_total": 1,
        "forks": 0,
        "forks_found_total": 0,
        "lines": 0,
        "plan_changes_total": 1,
        "plans": 1,
        "pushes_over_quota_total": 0,
        "quota_refused_logs": 0,
    }

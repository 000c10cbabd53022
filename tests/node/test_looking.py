"""What changed since an officer last looked."""

from typing import Any

import pytest

from detente.errors import InputError

LINE = "northern-watch"


def test_each_officer_is_told_what_came_after_their_own_mark(watch: Any) -> None:
    ru, us = watch.nodes["ru"], watch.nodes["us"]
    watch.observe("ru", "shots")
    watch.observe("us", "shots")
    watch.sync()
    first = us.changed_since_look(LINE, officer="a")
    assert (first.looked, first.counts, first.more) == (None, {"reported": 2}, False)
    assert {(one.party, one.own, *one.reports) for one in first.changes} == {
        ("ru", False, "ru/shots"),
        ("us", True, "us/shots"),
    }
    link = ru.link_observations(LINE, "us/shots", "ru/shots", officer="a")
    watch.sync()
    # What came between looking and marking is told of all the same.
    after = us.mark_looked(LINE, first.seen, officer="a")
    assert [(one.what, one.reports) for one in after.changes] == [
        ("linked", ["ru/shots", "us/shots"])
    ]
    assert after.looked == "2026-11-22T08:00:00Z"
    assert us.changed_since_look(LINE, officer="b").counts == {"linked": 1, "reported": 2}
    us.mark_looked(LINE, after.seen, officer="a")
    dispute = us.dispute_link(LINE, link.id, officer="b")
    us.take_back(LINE, dispute.id, officer="b")
    ru.take_back(LINE, link.id, officer="a")
    told = next(one.id for one in us.entries(LINE, "us") if one.type == "observation.report")
    us.recall(LINE, told, officer="b")
    us.send(LINE, text="hello", officer="b")
    ru.retract(LINE, "shots", officer="a")
    watch.sync()
    last = us.changed_since_look(LINE, officer="a")
    assert last.counts == {
        "dispute-taken-back": 1,
        "disputed": 1,
        "link-taken-back": 1,
        "recalled": 1,
        "retracted": 1,
    }
    assert {tuple(one.reports) for one in last.changes} == {
        ("ru/shots", "us/shots"),
        ("us/shots",),
        ("ru/shots",),
    }
    us.mark_looked(LINE, last.seen, officer="a")
    back = us.mark_looked(LINE, {"us": 0, "ru": 10**9}, officer="a")
    assert (back.changes, back.counts) == ([], {})


@pytest.mark.parametrize("seen", [{"xx": 1}, {"us": -1}])
def test_a_mark_of_nothing(watch: Any, seen: dict[str, int]) -> None:
    with pytest.raises(InputError, match="on this line"):
        watch.nodes["us"].mark_looked(LINE, seen, officer="a")

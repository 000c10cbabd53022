"""What is not known is told as unknown, and nowhere as clear or ended."""

from typing import Any

import msgspec
import pytest

from detente.errors import QuotaError
from detente.exercise import northern_watch as exercise
from detente.line import Draft, read, release_draft
from detente.node import Node
from detente.node.quota import Quota
from detente.node.saying import say
from detente.node.show.reader import LineReader
from detente.volumes import Activity

LINE = "/console/lines/northern-watch"


def release_unreadable(node: Node, activity: Activity) -> None:
    """Release the next version of ``activity`` with a body that no node would write."""

    def make(reader: LineReader) -> Draft:
        newest = read.newest(reader.rows, activity.party, activity.id)
        draft = release_draft(
            activity,
            version=1 if newest is None else newest.version + 1,
            supersedes=None if newest is None else newest.entry,
            form="exact",
        )
        body = msgspec.json.decode(draft.body) | {"volumes": []}
        return draft._replace(body=msgspec.json.encode(body))

    say(node._core, exercise.LINE, make, officer="x", key=None, action="release", content={})


def test_a_release_that_cannot_be_read_may_be_anywhere(pair: Any) -> None:
    plan = exercise.PLANS["ru"][0]
    release_unreadable(pair.ru.node, plan)
    pair.level()
    page = pair.us.page()
    assert f"What ru {plan.id} (version 1) occupies cannot be read here" in page
    assert "unknown: may be anywhere at any time" in pair.us.page(f"{LINE}/panels/activities")
    detail = pair.us.page(f"{LINE}/panels/detail?selected=activity:ru/{plan.id}")
    assert "unknown: may be anywhere at any time" in detail
    hint = pair.us.page(f"{LINE}/panels/hint")
    assert "not settled: " in hint
    assert f"what ru {plan.id} occupies is unknown" in hint
    assert pair.us.browser.get(f"{LINE}/map.json").status_code == 200


def test_a_conflict_with_what_cannot_be_read_any_more_is_not_ended(pair: Any) -> None:
    pair.release()
    node = pair.us.node
    met = next(c for c in node.conflicts(exercise.LINE) if c.basis == "joint" and c.state == "open")
    theirs = next(side for side in (met.a, met.b) if side.party == "ru")
    plan = next(plan for plan in exercise.PLANS["ru"] if plan.id == theirs.id)
    release_unreadable(pair.ru.node, plan)
    pair.level()
    panel = pair.us.page(f"{LINE}/panels/conflicts")
    shown, _, hidden = panel.partition("<details")
    assert f'data-item="{met.id}-unknown"' in shown
    assert met.id not in hidden
    assert "what the newest occupies is not known here" in shown
    assert "1 conflict is unknown now" in pair.us.page(f"{LINE}/panels/hint")
    assert met.a.id in pair.us.page(f"{LINE}/panels/detail?selected=conflict:{met.id}")
    assert pair.us.page()


def test_the_detail_of_what_a_peer_took_back_says_so(pair: Any) -> None:
    """The panel may still show what was selected when its party withdraws or recalls it."""
    pair.release()
    node = pair.ru.node
    mine = [a for a in node.activities(exercise.LINE) if a.own]
    withdrawn, recalled = mine[0], mine[1]
    node.withdraw(withdrawn.id, exercise.LINE, "done early", officer="watch-1")
    node.recall(exercise.LINE, recalled.entry, officer="watch-1")
    pair.level()
    for desk in (pair.us, pair.ru):
        for one, word in ((withdrawn, "withdrawn"), (recalled, "recalled")):
            path = f"{LINE}/panels/detail?selected=activity:ru/{one.id}"
            detail = desk.page(path)
            assert f'data-shown="activity:ru/{one.id}"' in detail
            assert word in detail
        assert desk.page()
    detail = pair.us.page(f"{LINE}/panels/detail?selected=activity:ru/{withdrawn.id}")
    assert "withdrawn by ru" in detail
    assert "done early" in detail
    assert "no time stated" not in detail
    detail = pair.us.page(f"{LINE}/panels/detail?selected=activity:ru/{recalled.id}")
    assert "unknown, recalled by ru: may be anywhere at any time" in detail


def test_what_is_not_taken_for_want_of_quota_is_unknown_on_both_sides(pair: Any) -> None:
    line = pair.us.node.line(exercise.LINE).id
    pair.us.node._core.quota = Quota(day_entries=3, day_mib=9, entries=99, mib=9)
    assert "of its quota here used" not in pair.us.page(f"{LINE}/panels/links")
    for number in range(2):
        pair.ru.node.send(exercise.LINE, text=f"{number}", officer="watch-1")
    pair.level()
    assert "100 % of its quota here used" in pair.us.page(f"{LINE}/panels/links")
    assert "QUOTA" not in pair.us.page(f"{LINE}/panels/attention")
    pair.ru.node.send(exercise.LINE, text="one more", officer="watch-1")
    with pytest.raises(QuotaError) as told:
        pair.level()
    alert = pair.us.page(f"{LINE}/panels/attention")
    assert "its entries are not taken, and what it has said since is unknown here" in alert
    assert "Conflicts are not all known yet: what ru goes on with is not taken here" in alert
    assert "settled: no conflict" not in pair.us.page(f"{LINE}/panels/hint")
    pair.ru.node.refused_by(line, "us", str(told.value))
    theirs = pair.ru.page(f"{LINE}/panels/attention")
    assert "The node of us takes no more of what we write" in theirs
    pair.ru.node.refused_by(line, "us", None)
    assert "NOT TAKEN" not in pair.ru.page(f"{LINE}/panels/attention")


def test_the_guide_calls_nothing_settled_while_our_own_plan_conflicts(pair: Any) -> None:
    ours, theirs = exercise.PLANS["us"], exercise.PLANS["ru"]
    assert "settled: no conflict between parties" in pair.us.page(f"{LINE}/panels/hint")
    for plan in theirs:
        pair.ru.node.file(plan, title="", officer="watch-1")
        pair.ru.node.release(plan.id, exercise.LINE, "exact", officer="watch-1")
    pair.level()
    for plan in ours:
        pair.us.node.file(plan, title="", officer="watch-1")
    found = pair.us.node.conflicts(exercise.LINE)
    assert found
    assert {one.basis for one in found} == {"own"}
    hint = pair.us.page(f"{LINE}/panels/hint")
    assert "not settled: " in hint
    assert "open by our own exact plans, which only we see" in hint
    assert "settled: no conflict" not in hint
    assert "settled: no conflict between parties" in pair.ru.page(f"{LINE}/panels/hint")

"""What a shift would do is said where it is proposed, answered and carried out."""

import re
from html import unescape
from typing import Any

import msgspec

from detente.conflict import shifted
from detente.exercise import northern_watch as exercise
from detente.node.views import ShiftView

LINE = "/console/lines/northern-watch"
NAME = "northern-watch"


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_what_a_proposal_would_do_is_said_at_every_step(pair: Any) -> None:
    pair.release()
    [conflict] = [c for c in pair.us.node.conflicts(NAME) if c.state == "open"]
    tag = conflict.id[:4].upper()
    form = words_of(pair.us.page(f"{LINE}/desk/propose?conflict={conflict.id}"))
    ends = f"ends {tag}; meets nothing else that is released and known here"
    assert f"ru 41 min later: {ends}" in form
    # 40 minutes still touch, so this does not part them.
    shift = ShiftView(time_s=2400.0)
    entry = pair.us.node.propose(NAME, conflict.id, "ru", shift, officer="watch-1")
    pair.level()
    failing = f"does not end {tag}; meets nothing else"
    desk = words_of(pair.ru.page(f"{LINE}/desk/answer?answer=assent&proposal={entry.id}"))
    assert failing in desk
    for side in (pair.us, pair.ru):
        panel = side.page(f"{LINE}/panels/detail?selected=conflict:{conflict.id}")
        assert failing in words_of(panel)


def test_what_would_be_met_is_named(pair: Any) -> None:
    pair.release()
    [conflict] = [c for c in pair.us.node.conflicts(NAME) if c.state == "open"]
    # A second orbit of us over the same corridor, as late as the corridor would be if it moved by
    # ten hours: of the released ones it alone is in the way.
    orbit = next(plan for plan in exercise.PLANS["us"] if plan.id == "orbit-kunduz")
    later = msgspec.structs.replace(shifted(orbit, time_s=36_000.0), id="orbit-late")
    pair.us.node.file(later, title="", officer="watch-1")
    pair.us.node.release("orbit-late", NAME, "exact", officer="watch-1")
    pair.level()
    shift = ShiftView(time_s=36_000.0)
    entry = pair.us.node.propose(NAME, conflict.id, "ru", shift, officer="watch-1")
    pair.level()
    desk = words_of(pair.ru.page(f"{LINE}/desk/answer?answer=assent&proposal={entry.id}"))
    # Ten hours after 03:20 and 04:00.
    assert "would meet us/orbit-late 13:20Z–14:00Z" in desk


def test_remarks_are_said_before_a_release(pair: Any) -> None:
    pair.release()
    desk = words_of(pair.us.page(f"{LINE}/desk/release?form=exact&plan=convoy-kunduz"))
    assert "the terms ask for 12 h notice (1 h in an emergency)" in desk
    assert "It can be released all the same." in desk

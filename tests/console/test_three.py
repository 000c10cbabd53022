"""The pages of a line that takes a third party in while they are open."""

from typing import Any

import msgspec

from detente.console.parties import styles
from detente.exercise import northern_watch as exercise

LINE = "/console/lines/northern-watch"
PANELS = ("activities", "attention", "conflicts", "hint", "links", "messages", "owed", "state")


def test_every_page_shows_all_three_and_nobody_changes_colours(pair: Any, tj: Any) -> None:
    pair.release()
    before = styles(pair.us.node.line(exercise.LINE))
    pair.take_in(tj)
    plan = msgspec.structs.replace(exercise.RECONNAISSANCE, party="tj", id="recon-of-tj")
    tj.file(plan, title="", officer="a")
    tj.release(plan.id, exercise.LINE, "exact", officer="a")
    pair.level_with(tj)
    pages = {
        (desk.node.party, panel): desk.page(f"{LINE}/panels/{panel}")
        for desk in (pair.us, pair.ru)
        for panel in PANELS
    }
    assert 'data-peer="tj"' in pages["us", "links"]
    after = styles(pair.us.node.line(exercise.LINE))
    assert before == {"us": "own", "ru": "peer-0"}
    assert after == {**before, "tj": "peer-1"}
    for party in ("us", "ru"):
        assert '<span class="party peer-1">tj</span>' in pages[party, "activities"]
        assert "tj" in pages[party, "conflicts"]
    for desk in (pair.us, pair.ru):
        desk.page()
        assert "signature for taking a party in" in desk.page(f"{LINE}/record")
        assert "recon-of-tj" in desk.page(f"{LINE}/map.json")

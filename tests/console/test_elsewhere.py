"""A conflict of our exact plan, where the other party was shown that plan on another line."""

from typing import Any

from detente.exercise import northern_watch as exercise
from detente.line import terms_from_wire
from detente.record import open_card

LINE = "/console/lines/northern-watch"
ALONE = "only you see this"


def second_line(pair: Any) -> None:
    """Both join the line ``panj``."""
    us, ru = pair.us.node, pair.ru.node
    terms = terms_from_wire(us.line(exercise.LINE).terms)
    founding = us.found("panj", terms, [ru.card()])
    for node, other in ((us, ru), (ru, us)):
        card = open_card(other.card())
        node.join(founding, {card.card.party: card.fingerprint})
    pair.level()


def opening(pair: Any) -> tuple[Any, str]:
    """What ``ru`` releases on the first line meets a plan of ours that is not released on it."""
    for plan in exercise.PLANS["ru"]:
        pair.ru.node.file(plan, title="", officer="watch-1")
        pair.ru.node.release(plan.id, exercise.LINE, "exact", officer="watch-1")
    pair.level()
    for plan in exercise.PLANS["us"]:
        pair.us.node.file(plan, title="", officer="watch-1")
    found = own(pair)
    return found, next(side.id for side in (found.a, found.b) if side.own)


def own(pair: Any) -> Any:
    return next(c for c in pair.us.node.conflicts(exercise.LINE) if c.basis == "own")


def test_what_they_hold_from_another_line_is_not_called_ours_alone(pair: Any) -> None:
    second_line(pair)
    conflict, plan = opening(pair)
    page = f"{LINE}/panels/detail?selected=conflict:{conflict.id}"
    assert conflict.elsewhere == []
    assert ALONE in pair.us.page(page)
    assert "release-exact" not in pair.us.page(page)

    pair.us.node.release(plan, "panj", "exact", officer="watch-1")
    sent = f"{plan} is released to ru on the line panj, and no receipt of it is held here"
    assert sent in pair.us.words(page)
    pair.level()
    [there] = own(pair).elsewhere
    assert (there.line_name, there.form, there.current) == ("panj", "exact", True)
    assert there.received is not None
    held = f"ru holds {plan} too, released on the line panj: it can find this there"
    assert held in pair.us.words(page)
    assert "release-exact" in pair.us.page(page)
    assert held in pair.us.words(f"{LINE}/panels/conflicts")
    hint = pair.us.words(f"{LINE}/panels/hint")
    assert held in hint
    assert f"2. release {plan} on this line as well" in hint
    # Their side finds the same on the other line, and is told that we hold its release from here.
    theirs = [c for c in pair.ru.node.conflicts("panj") if c.basis == "own"]
    assert theirs
    assert {one.line_name for c in theirs for one in c.elsewhere} == {exercise.LINE}

    pair.us.node.release(plan, exercise.LINE, "exact", officer="watch-1")
    pair.level()
    found = pair.us.node.conflicts(exercise.LINE)
    assert [c.basis for c in found if c.id == conflict.id] == ["joint"]


def test_what_was_withdrawn_there_is_ours_alone_again(pair: Any) -> None:
    second_line(pair)
    conflict, plan = opening(pair)
    pair.us.node.release(plan, "panj", "coarse", officer="watch-1")
    pair.level()
    page = f"{LINE}/panels/detail?selected=conflict:{conflict.id}"
    assert f"ru holds {plan} too, released coarsely on the line panj" in pair.us.words(page)
    pair.us.node.withdraw(plan, "panj", officer="watch-1")
    assert own(pair).elsewhere == []
    assert ALONE in pair.us.page(page)

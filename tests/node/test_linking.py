"""Reports linked as one event, disputed, and taken back, at three nodes."""

from typing import Any

import pytest

from detente.errors import InputError, NotFoundError, StateError
from detente.node.views import OfficerView

LINE = "northern-watch"


@pytest.fixture
def told(watch: Any) -> Any:
    """ru and us have each reported the same shelling."""
    for party in ("ru", "us"):
        watch.observe(party, "shots")
    watch.sync()
    return watch


def test_a_link_is_disputed_and_both_are_taken_back(told: Any) -> None:
    ru, tj, us = (told.nodes[party] for party in ("ru", "tj", "us"))
    link = tj.link_observations(LINE, "us/shots", "ru/shots", "one salvo", officer="a")
    told.sync()
    assert (us.events(LINE).figures.events, us.events(LINE).joined) == (
        1,
        [["ru/shots", "us/shots"]],
    )
    assert us.observation_table(LINE).cells[0].counts == {"explosion": 1}
    dispute = us.dispute_link(LINE, link.id, "two guns", officer="b", key="k")
    assert us.dispute_link(LINE, link.id, "two guns", officer="b", key="k").id == dispute.id
    told.sync()
    for node in (ru, tj, us):
        events = node.events(LINE)
        assert (events.figures.reports, events.figures.events) == (2, 2)
        assert events.figures.as_held == {"tj": 1, "us": 2}
        assert events.figures.disputed == [("ru/shots", "us/shots")]
        [shown] = events.links
        assert (shown.state, shown.note, shown.party) == ("disputed", "one salvo", "tj")
        assert [(one.party, one.note) for one in shown.disputes] == [("us", "two guns")]
        assert shown.may_dispute == (node is ru)
        assert shown.may_take_back == (node is tj)
        table = node.observation_table(LINE)
        assert (table.counted, table.events, table.as_held) == (2, 2, {"tj": 1, "us": 2})
        [cell] = table.cells
        assert (cell.counts, cell.as_held) == (
            {"explosion": 2},
            {"explosion": {"tj": 1, "us": 2}},
        )
    us.take_back(LINE, dispute.id, officer="b")
    tj.take_back(LINE, link.id, "I was wrong", officer="a")
    told.sync()
    for node in (ru, tj, us):
        events = node.events(LINE)
        assert (events.figures.events, events.figures.as_held, events.joined) == (2, {}, [])
        assert [one.state for one in events.links] == ["taken-back"]
        assert node.verify() == []
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_what_cannot_be_linked_disputed_or_taken_back(told: Any) -> None:
    tj, us = told.nodes["tj"], told.nodes["us"]
    for a, b in (("us", "ru/shots"), ("us/shots", "us/shots"), ("/x", "ru/shots")):
        with pytest.raises(InputError):
            tj.link_observations(LINE, a, b, officer="a")
    with pytest.raises(NotFoundError, match="ru/none"):
        tj.link_observations(LINE, "us/shots", "ru/none", officer="a")
    link = tj.link_observations(LINE, "us/shots", "ru/shots", officer="a")
    with pytest.raises(StateError, match="stated the same before"):
        tj.link_observations(LINE, "ru/shots", "us/shots", officer="a")
    with pytest.raises(StateError, match="what it said itself"):
        tj.dispute_link(LINE, link.id, officer="a")
    told.sync()
    with pytest.raises(StateError, match="not about an earlier entry of its own"):
        us.take_back(LINE, link.id, officer="a")
    for entry in ("0" * 64, "x"):
        with pytest.raises(NotFoundError):
            us.dispute_link(LINE, entry, officer="a")
        with pytest.raises(NotFoundError):
            us.take_back(LINE, entry, officer="a")
    us.retract(LINE, "shots", officer="a")
    with pytest.raises(StateError, match="retracted"):
        us.link_observations(LINE, "us/shots", "ru/shots", officer="a")
    tj.take_back(LINE, link.id, officer="a")
    told.sync()
    with pytest.raises(StateError, match="taken that link back"):
        us.dispute_link(LINE, link.id, officer="a")


def test_that_nothing_was_seen_is_no_event_and_has_a_figure_of_its_own(told: Any) -> None:
    us = told.nodes["us"]
    told.observe("us", "calm", kind="quiet")
    told.observe("us", "calm-2", kind="quiet")
    us.link_observations(LINE, "us/calm", "us/calm-2", officer="a")
    told.sync()
    for node in told.nodes.values():
        figures = node.events(LINE).figures
        assert (figures.reports, figures.events, figures.watched) == (2, 2, 2)
        table = node.observation_table(LINE)
        assert (table.counted, table.events, table.watched) == (2, 2, 2)
        [cell] = table.cells
        assert cell.counts == {"explosion": 2, "quiet": 2}
    own = us.notes_table(officer=OfficerView(name="a", role="releaser", active=True))
    assert (own.counted, own.events, own.watched) == (1, 1, 2)
    us.retract(LINE, "calm", officer="a")
    assert us.events(LINE).figures.watched == us.observation_table(LINE).watched == 1

"""The week before the exercise opens, as five parties have it on their records.

EXERCISE. Nothing is served here: the nodes are opened one by one, and what each holds is what it
was handed in parcels.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from detente.console.render import page
from detente.console.visits import all_visits
from detente.exercise import before, panj
from detente.exercise.northern_watch import OPENS
from detente.node import Node
from detente.volumes.times import parse_time_s

OPENS_S = 1_795_334_400.0
"""Real time of the opening: 22 November 2026, 08:00 Z."""


class Opening:
    """A clock that stands where the exercise opens."""

    def now_s(self) -> float:
        return OPENS_S


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Node]]:
    directory: Path = tmp_path_factory.mktemp("week")
    parties = ("us", "ru", "tj", "kg", "uz")
    for number, party in enumerate(parties):
        before.make_node(directory / party, 21_000 + number, 22_000 + number)
    before.play(directory, OPENS_S)
    with ExitStack() as stack:
        opened = {}
        for party in parties:
            opened[party] = Node.open(directory / party, clock=Opening())
            stack.callback(opened[party].close)
        yield opened


def test_all_three_hold_the_same_record(nodes: Mapping[str, Node]) -> None:
    three = [nodes[party] for party in ("us", "ru", "tj")]
    assert len({node.state_document(panj.LINE) for node in three}) == 1
    for node in nodes.values():
        assert node.verify() == []
    # No entry is void: the story says nothing that the record cannot mean.
    assert [entry.void for entry in three[0].entries(panj.LINE) if entry.void] == []


def test_the_ledger_shows_who_was_asked_and_who_answered(nodes: Mapping[str, Node]) -> None:
    states = {one.host: one.state for one in nodes["us"].ledger()}
    assert states == {"tj": "limited", "kg": "limited", "uz": "unanswered"}
    [late] = nodes["us"].obligations("transit-uz")
    assert (late.owed_by, late.what, late.state) == ("uz", "permission-answer", "late")
    assert late.lapse is not None


def test_a_visit_is_under_way_and_enters_what_the_host_closed(nodes: Mapping[str, Node]) -> None:
    for party in ("us", "ru", "tj"):
        [visit] = nodes[party].visits(panj.LINE)
        assert visit.phase == "under-way"
        # It flies to the western end of the bank, which the host closed the night before.
        assert [(one.known, one.why) for one in visit.exceeding] == [
            (
                True,
                "volume 1 enters west of Ayvaj road, closed by tj from 2021-08-09T04:00:00Z "
                "until 2021-08-09T06:00:00Z",
            )
        ]
        assert [plan.version for plan in visit.plans] == [1, 2]
        [restriction] = visit.restrictions
        assert restriction.late_by_s
        [arrival] = [one for one in visit.stages if one.stage == "arrived"]
        stated = {by: one.at for by, one in arrival.stated.items()}
        assert stated == {"us": "2021-08-07T13:20:00Z", "tj": "2021-08-07T13:35:00Z"}
        assert arrival.differs
    fly = next(clock for clock in visit.clocks if clock.name == "fly")
    opens_s = parse_time_s(OPENS)
    assert fly.due is not None
    # 36 hours into its clocks: 96 hours run from the arrival, and 60 of them are left.
    assert parse_time_s(fly.due) - opens_s == pytest.approx(60 * 3600)


def test_the_list_of_visits_says_what_comes_next_while_a_mission_runs(
    nodes: Mapping[str, Node],
) -> None:
    seen = {"officer": None, "form_token": "", "barred": "", "barred_talk": ""}
    shown = bytes(page("visits.html", all_visits(nodes["us"], panj.LINE) | seen).body).decode()
    assert "within 7 d of its end" in shown
    assert "none runs" not in shown


def test_both_sides_hold_the_same_log_of_the_desk(nodes: Mapping[str, Node]) -> None:
    for party in ("us", "ru", "tj"):
        held = nodes[party].session_logs(panj.LINE)
        assert {one.party for one in held} == {"us", "tj"}
        assert all(one.agrees for one in held)


def test_a_link_is_disputed_and_the_count_shows_both(nodes: Mapping[str, Node]) -> None:
    counted = nodes["ru"].events(panj.LINE)
    assert (counted.figures.reports, counted.figures.events) == (6, 4)
    assert counted.figures.as_held == {"ru": 3, "us": 4}
    # One more of us says that it watched and saw nothing.
    assert counted.figures.watched == 1
    assert counted.figures.disputed == [("ru/people-panj", "us/road-imam-sahib")]


def test_nobody_owes_anything_but_the_silent_host(nodes: Mapping[str, Node]) -> None:
    for party in ("us", "ru", "tj"):
        owed = nodes[party].obligations(panj.LINE)
        assert [one for one in owed if one.state == "late"] == []

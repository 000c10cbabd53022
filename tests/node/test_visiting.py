"""Visits at three nodes: the whole of one, what officers are refused, and what is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, NotFoundError, StateError
from detente.line import terms_from_wire
from detente.line.watching import STANDARD_WATCHING, Quota
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume
from detente.volumes.times import format_time, parse_time_s

LINE = "northern-watch"
OFFICER = {"officer": "a"}
HOUR_S = 3600.0
START, END = "2026-11-26T00:00:00Z", "2026-12-03T00:00:00Z"
AIRFIELD = (68.91, 36.66)
PLACE: dict[str, Any] = {
    "name": "Airfield",
    "core": {"type": "Point", "coordinates": list(AIRFIELD), "edges": "geodesic"},
    "radius_m": 30_000.0,
}
PEOPLE = [{"role": "observer", "count": 4}]
CAMERAS = [{"item": "daylight camera", "count": 2}]
QUOTA = Quota(
    name="observation visits", guest="us", host="tj", units=1,
    start="2026-11-01T00:00:00Z", end="2026-12-31T00:00:00Z",
)  # fmt: skip
NOTICE = {"point_of_entry": "Airfield", "people": PEOPLE, "equipment": CAMERAS}


class Three:
    """us, the host tj, and ru, which is on the line and sees everything."""

    def __init__(self, group: Any) -> None:
        self.group = group
        self.us, self.tj, self.ru = (group.nodes[party] for party in ("us", "tj", "ru"))
        self.nodes = (self.us, self.tj, self.ru)

    def sync(self) -> None:
        self.group.sync()

    def at(self, time: str) -> None:
        self.group.clock.at_s = parse_time_s(time)

    def ask(self, name: str = "north", quota: str | None = None) -> str:
        asked = {
            "purpose": "observe", "places": [PLACE], "people": PEOPLE, "equipment": CAMERAS,
            "quota": quota,
        }  # fmt: skip
        [entry] = self.us.request_permission(
            [(LINE, "tj")], name, "visit", asked, start=START, end=END, **OFFICER
        )
        self.sync()
        return str(entry.id)

    def grant(self, request: str, **limits: Any) -> str:
        answer = "limited" if limits else "granted"
        self.tj.answer_permission(LINE, request, answer, limits=limits or None, **OFFICER)
        self.sync()
        return request

    def notify(self, request: str, name: str = "v1", **changes: Any) -> str:
        body = {**NOTICE, **changes.pop("body", {})}
        window = {"start": START, "end": END, **changes}
        entry = self.us.notify_visit(LINE, name, request, body, **window, **OFFICER)
        self.sync()
        return str(entry.id)

    def fly(self, name: str = "mission", *, radius_m: float = 10_000.0, hour: int = 6) -> None:
        """File and release what the mission would be."""
        band = Band(Limit(7000.0, Reference.STD), Limit(8000.0, Reference.STD))
        start_s = parse_time_s(START) + hour * HOUR_S
        core = Core(Shape.POINT, ((AIRFIELD,),))
        volume = Volume(core, radius_m, band, start_s, start_s + 2 * HOUR_S)
        activity = Activity("us", name, "observation", (volume,))
        known = [plan.id for plan in self.us.plans()]
        if name in known:
            self.us.change(activity, **OFFICER)
        else:
            self.us.file(activity, title="", **OFFICER)
        self.us.release(name, LINE, "exact", **OFFICER)

    def seen(self, visit: str = "us/v1") -> Any:
        """The visit as every node shows it: the same, but for whose it is."""
        self.sync()
        assert len({node.state_document(LINE) for node in self.nodes}) == 1
        return self.us.visit(LINE, visit)


def watch(group: Any) -> None:
    """Have all sign terms about watching, with a quota of one visit."""
    watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(QUOTA,))
    for node in group.nodes.values():
        present = terms_from_wire(node.line(LINE).terms)
        terms = msgspec.structs.replace(present, version=2, watching=watching)
        node.sign_terms(LINE, terms, **OFFICER)
    group.sync()


@pytest.fixture(scope="module")
def templates(make_template: Callable[..., Path]) -> dict[str, Path]:
    """Three nodes whose terms are signed; and the same with a visit, granted and notified."""

    def visited(group: Any) -> None:
        watch(group)
        three = Three(group)
        three.notify(three.grant(three.ask()))

    databases = dict.fromkeys(("ru", "tj", "us"), "detente.db")
    fills = {"watched": watch, "visited": visited}
    return {name: make_template(fill, databases=databases) for name, fill in fills.items()}


@pytest.fixture
def three(templates: dict[str, Path], copy_of: Callable[[Path], Any]) -> Three:
    return Three(copy_of(templates["watched"]))


@pytest.fixture
def visited(templates: dict[str, Path], copy_of: Callable[[Path], Any]) -> Three:
    """Asked, granted and notified in time."""
    return Three(copy_of(templates["visited"]))


def test_a_visit_from_its_notice_to_a_joint_report(visited: Three) -> None:
    us, tj, v = visited.us, visited.tj, "us/v1"
    assert visited.seen().phase == "notified"
    tj.acknowledge_visit(LINE, v, {"escorts": [{"role": "escort", "count": 1}]}, **OFFICER)
    assert visited.seen().noted.escorts == [{"role": "escort", "count": 1}]
    visited.fly()
    us.plan_mission(LINE, v, "mission", **OFFICER)
    assert visited.seen().phase == "planned"
    tj.review_mission(LINE, v, ground="safety", text="Range firing until 09Z.", **OFFICER)
    assert visited.seen().mission == "change-asked"
    visited.fly(hour=10)
    us.plan_mission(LINE, v, "mission", **OFFICER)
    visited.sync()
    tj.review_mission(LINE, v, **OFFICER)
    shown = visited.seen()
    assert (shown.phase, [plan.version for plan in shown.plans]) == ("agreed", [1, 2])
    visited.at("2026-11-26T09:00:00Z")
    us.state_stage(LINE, v, "arrived", at="2026-11-26T08:00:00Z", **OFFICER)
    tj.state_stage(LINE, v, "arrived", at="2026-11-26T08:10:00Z", **OFFICER)
    items = [{"item": "daylight camera", "agreed": 2, "found": 2}]
    tj.inspect_visit(LINE, v, {"items": items}, **OFFICER)
    [arrived] = visited.seen().stages
    assert (arrived.differs, arrived.stated["tj"].at) == (True, "2026-11-26T08:10:00Z")
    visited.at("2026-11-26T12:00:00Z")
    us.state_stage(LINE, v, "begun", at="2026-11-26T10:00:00Z", **OFFICER)
    us.state_deviation(LINE, v, "The escort turned back at the bridge.", **OFFICER)
    us.state_stage(LINE, v, "ended", **OFFICER)
    tj.state_stage(LINE, v, "ended", **OFFICER)
    visited.sync()
    us.report_visit(LINE, v, {"text": "Quiet.", "language": "en"}, **OFFICER)
    visited.sync()
    tj.report_visit(LINE, v, same_as="us", **OFFICER)
    shown = visited.seen()
    assert (shown.phase, shown.accounts, shown.exceeding, shown.remarks) == (
        "reported", "joint", [], [],
    )  # fmt: skip
    assert {clock.state for clock in shown.clocks} == {"met"}
    assert visited.tj.visit(LINE, shown.id).reports["tj"].text == "Quiet."
    assert all(node.verify() == [] for node in visited.nodes)


def refused(act: Callable[[], Any], error: type[DetenteError], word: str) -> None:
    with pytest.raises(error) as caught:
        act()
    assert word in str(caught.value)
    assert caught.value.remedy


def test_a_notice_without_a_grant_is_refused_and_says_why(three: Three) -> None:
    refused(lambda: three.notify("north"), StateError, "asked nobody")
    request = three.ask()
    refused(lambda: three.notify(request), StateError, "has not granted it")
    three.tj.answer_permission(LINE, request, "refused", **OFFICER)
    three.sync()
    refused(lambda: three.notify(request), StateError, "refused it")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"body": {"people": [{"role": "observer", "count": 5}]}}, "5 × observer"),
        ({"body": {"equipment": [{"item": "radar", "count": 1}]}}, "radar"),
        ({"end": "2026-12-09T00:00:00Z"}, "granted ends"),
    ],
    ids=["people", "equipment", "window"],
)
def test_a_notice_that_exceeds_is_refused_until_it_is_meant_so(
    changes: dict[str, Any], word: str, three: Three
) -> None:
    request = three.grant(three.ask())
    refused(lambda: three.notify(request, **changes), StateError, word)
    three.notify(request, **changes, exceed=True)
    [exceeding] = three.seen().exceeding
    assert word in exceeding.why


def test_a_late_notice_is_refused_until_it_is_said_to_be_late(three: Three) -> None:
    request = three.grant(three.ask())
    three.at("2026-11-23T12:00:00Z")
    refused(lambda: three.notify("north"), StateError, "72 h of notice")
    three.notify(request, late=True)
    late = "12 h 00 min later than the terms allow (72 h before the visit begins)"
    assert late in three.seen().remarks[0]


def test_a_quota_is_not_overdrawn_by_mistake(three: Three) -> None:
    request = three.grant(three.ask(quota="observation visits"))
    three.notify(request)
    refused(lambda: three.notify(request, "v2"), StateError, "visit 2")
    three.notify(request, "v2", exceed=True)
    assert [one.what for one in three.seen("us/v2").exceeding] == ["quota"]
    assert three.seen("us/v1").exceeding == []


def test_a_plan_outside_what_was_granted_is_refused_until_it_is_meant_so(visited: Three) -> None:
    us = visited.us
    refused(
        lambda: us.plan_mission(LINE, "us/v1", "mission", **OFFICER), StateError, "does not see"
    )
    visited.fly(radius_m=40_000.0)
    refused(
        lambda: us.plan_mission(LINE, "us/v1", "mission", **OFFICER), StateError, "leaves what is"
    )
    us.plan_mission(LINE, "us/v1", "mission", exceed=True, **OFFICER)
    assert [one.what for one in visited.seen().exceeding] == ["place"]
    refused(
        lambda: us.plan_mission(LINE, "us/v1", "mission", exceed=True, **OFFICER),
        StateError,
        "already",
    )


def test_a_host_asks_for_changes_on_two_grounds_only_and_once(visited: Three) -> None:
    tj = visited.tj
    refused(lambda: tj.review_mission(LINE, "us/v1", **OFFICER), StateError, "no mission plan")
    visited.fly()
    visited.us.plan_mission(LINE, "us/v1", "mission", **OFFICER)
    visited.sync()
    refused(
        lambda: tj.review_mission(LINE, "us/v1", ground="secrecy", **OFFICER), InputError, "ground"
    )
    tj.review_mission(LINE, "us/v1", **OFFICER)
    refused(lambda: tj.review_mission(LINE, "us/v1", **OFFICER), StateError, "already")


def test_what_is_not_ours_to_say_is_refused(visited: Three) -> None:
    us, tj, ru, v = visited.us, visited.tj, visited.ru, "us/v1"
    window = {"start": START, "end": END}
    refused(lambda: us.acknowledge_visit(LINE, v, **OFFICER), StateError, "host")
    refused(lambda: us.review_mission(LINE, v, **OFFICER), StateError, "host")
    refused(lambda: us.restrict_visit(LINE, v, {"text": "x"}, **window, **OFFICER), StateError, "")
    refused(lambda: tj.plan_mission(LINE, v, "mission", **OFFICER), StateError, "us's")
    for act in (
        lambda: ru.state_stage(LINE, v, "begun", **OFFICER),
        lambda: ru.state_deviation(LINE, v, "x", **OFFICER),
        lambda: ru.cancel_visit(LINE, v, "safety", **OFFICER),
        lambda: ru.report_visit(LINE, v, {"text": "x", "language": "en"}, **OFFICER),
    ):
        refused(act, StateError, "between us and tj")
    assert visited.ru.visit(LINE, v).may == []


def test_wrong_sequences_and_empty_statements_are_refused(visited: Three) -> None:
    us, tj, v = visited.us, visited.tj, "us/v1"
    report = {"text": "x", "language": "en"}
    window = {"start": START, "end": END}
    refused(lambda: us.report_visit(LINE, v, report, **OFFICER), StateError, "arrived")
    refused(lambda: us.state_stage(LINE, v, "begun", at=END, **OFFICER), InputError, "to come")
    refused(lambda: tj.restrict_visit(LINE, v, {}, **window, **OFFICER), InputError, "nothing")
    refused(lambda: tj.inspect_visit(LINE, v, {"items": []}, **OFFICER), InputError, "nothing")
    refused(lambda: us.visit(LINE, "us/v2"), NotFoundError, "no visit")
    refused(lambda: us.acknowledge_visit(LINE, v, {"escort": 1}, **OFFICER), InputError, "escort")
    visited.at("2026-11-26T12:00:00Z")
    us.state_stage(LINE, v, "arrived", at="2026-11-26T10:00:00Z", **OFFICER)
    refused(
        lambda: us.state_stage(LINE, v, "begun", at="2026-11-26T09:00:00Z", **OFFICER),
        InputError,
        "after that",
    )
    refused(lambda: us.state_stage(LINE, v, "arrived", **OFFICER), StateError, "before")
    refused(lambda: us.report_visit(LINE, v, **OFFICER), InputError, "exactly one")
    refused(lambda: us.report_visit(LINE, v, same_as="tj", **OFFICER), StateError, "no report")
    us.cancel_visit(LINE, v, "weather", "Fog.", **OFFICER)
    refused(lambda: us.state_stage(LINE, v, "begun", **OFFICER), StateError, "cancelled")
    assert visited.seen().phase == "cancelled"
    text = "x" * 4_001
    refused(lambda: us.state_deviation(LINE, v, text, **OFFICER), InputError, "4000")


def test_a_late_restriction_is_flagged_with_its_time_on_every_node(visited: Three) -> None:
    visited.at("2026-11-25T18:00:00Z")
    body = {"hours_utc": [[2.0, 6.0]], "text": "Range firing.", "language": "en"}
    visited.tj.restrict_visit(LINE, "us/v1", body, start=START, end=END, **OFFICER)
    visited.sync()
    for node in visited.nodes:
        shown = node.visit(LINE, "us/v1")
        [restriction] = shown.restrictions
        assert restriction.late_by_s == 18 * HOUR_S
        assert restriction.made == "2026-11-25T18:00:00Z"
        assert restriction.received is not None
        late = "made 18 h 00 min later than the terms allow (24 h before the visit begins)"
        assert restriction.late == late
        remark = f"the restriction by tj was {late}, at 2026-11-25T18:00:00Z"
        assert remark in shown.remarks


def test_what_is_not_as_agreed_waits_for_an_officer_of_the_other_side(visited: Three) -> None:
    us, tj, v = visited.us, visited.tj, "us/v1"
    visited.at("2026-11-26T12:00:00Z")
    tj.restrict_visit(LINE, v, {"text": "Closed."}, start=START, end=END, **OFFICER)
    tj.state_deviation(LINE, v, "An unlisted camera.", **OFFICER)
    tj.cancel_visit(LINE, v, "safety", "Shelling.", **OFFICER)
    visited.sync()
    waits = us.visit_alerts(LINE)
    assert [(one.what, one.text) for one in waits] == [
        ("cancel", "safety. Shelling."),
        ("deviation", "An unlisted camera."),
        ("restriction", "Closed."),
    ]
    assert (tj.visit_alerts(LINE), visited.ru.visit_alerts(LINE)) == ([], [])
    for one in waits:
        us.acknowledge(LINE, one.entry, "understood", **OFFICER)
    assert us.visit_alerts(LINE) == []


def test_silence_is_late_by_itself_and_can_be_stated(visited: Three) -> None:
    visited.at(format_time(visited.group.clock.now_s() + 24 * HOUR_S + 60))
    clock = next(one for one in visited.seen().clocks if one.name == "acknowledge")
    assert (clock.state, clock.owed_by, clock.lapse) == ("late", "tj", None)
    entry = visited.us.state_lapse(LINE, clock.obligation, **OFFICER)
    clock = next(one for one in visited.seen().clocks if one.name == "acknowledge")
    assert clock.lapse == entry.id


def test_what_a_suspended_line_still_carries_of_a_visit(visited: Three) -> None:
    us, tj, v = visited.us, visited.tj, "us/v1"
    tj.suspend(LINE, **OFFICER)
    visited.sync()
    visited.at("2026-11-26T12:00:00Z")
    us.state_stage(LINE, v, "arrived", **OFFICER)
    us.state_deviation(LINE, v, "No escort came.", **OFFICER)
    us.cancel_visit(LINE, v, "safety", **OFFICER)
    report = {"text": "x", "language": "en"}
    refused(lambda: us.report_visit(LINE, v, report, **OFFICER), StateError, "suspended")
    refused(lambda: visited.notify("north", "v2", late=True), StateError, "suspended")
    assert visited.seen().phase == "cancelled"


def test_the_same_key_says_a_thing_once(visited: Three) -> None:
    first = visited.tj.acknowledge_visit(LINE, "us/v1", key="k", **OFFICER)
    assert visited.tj.acknowledge_visit(LINE, "us/v1", key="k", **OFFICER).id == first.id
    refused(lambda: visited.tj.acknowledge_visit(LINE, "us/v1", **OFFICER), StateError, "before")


def test_a_window_at_the_calendars_edge_takes_no_page_away(three: Three) -> None:
    request = three.grant(three.ask())
    for name, start, end in (
        ("first", "1900-01-01T00:00:00Z", END),
        ("last", "2199-12-31T23:59:59Z", "2199-12-31T23:59:59Z"),
    ):
        body = dict(NOTICE)
        three.us.notify_visit(
            LINE, name, request, body, start=start, end=end, late=True, exceed=True, **OFFICER
        )
    three.sync()
    for node in three.nodes:
        assert {one.name: one.exceeding != [] for one in node.visits(LINE)} == {
            "first": True, "last": True,
        }  # fmt: skip
        assert node.visit(LINE, "us/first").clocks[0].name == "notice"

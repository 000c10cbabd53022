"""Visits as state: phases, clocks and voids against a table of the workflow written out by hand."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.line import (
    Draft,
    Exercise,
    answer_draft,
    cancel_draft,
    deviation_draft,
    inspection_draft,
    lapse_draft,
    noted_draft,
    notice_draft,
    owed,
    plan_draft,
    read,
    report_draft,
    request_draft,
    restriction_draft,
    review_draft,
    seal_draft,
    session_draft,
    stage_draft,
    unseal_draft,
)
from detente.line.bodies import (
    AnswerBody,
    Equipment,
    Inspected,
    InspectionBody,
    Limits,
    NotedBody,
    NoticeBody,
    People,
    Place,
    RemarkBody,
    ReportBody,
    RequestBody,
    RestrictionBody,
    write_visit,
)
from detente.line.watching import STANDARD_WATCHING, Quota
from detente.record import Entry
from detente.volumes import Activity
from detente.volumes.times import format_time, parse_time_s

HOUR_S = 3600.0
ZERO_S = parse_time_s("2026-11-22T00:00:00Z")
FROM_H, UNTIL_H = 80, 200
OBSERVERS = (People(role="observer", count=4),)
CAMERAS = (Equipment(item="daylight camera", count=2),)
AIRFIELD = {"type": "Point", "coordinates": [68.8, 36.0], "edges": "geodesic"}
QUOTA = Quota(
    name="observation visits",
    guest="us",
    host="tj",
    units=1,
    start="2026-11-01T00:00:00Z",
    end="2026-12-31T00:00:00Z",
)
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def at_s(hour: float) -> float:
    return ZERO_S + hour * HOUR_S


class Trip:
    """A visit of us to tj, with ru on the line; every step is written at an hour that it names."""

    def __init__(self, world: Any, circle: Callable[..., Activity]) -> None:
        self.world, self._circle = world, circle
        self.offset_s = world.terms.clock_offset_s
        self._plans = 0
        self.before: str | None = None
        self.reports: dict[str, str] = {}

    def write(self, party: str, draft: Draft, hour: float) -> Entry:
        entry: Entry = self.world.write(party, draft, time_s=at_s(hour) - self.offset_s)
        return entry

    def ask(self, hour: float = 0, **asked: Any) -> Entry:
        place = Place(name="Airfield", core=AIRFIELD, radius_m=20_000.0)
        what = {"places": (place,), "people": OBSERVERS, "equipment": CAMERAS, **asked}
        body = RequestBody(purpose="observe", **what)
        draft = request_draft("monitor", "tj", "visit", body, from_s=at_s(70), until_s=at_s(300))
        return self.write("us", draft, hour)

    def grant(self, request: Entry, hour: float = 1, **limits: Any) -> Entry:
        draft = answer_draft(
            request.id,
            "limited" if limits else "granted",
            AnswerBody(limits=Limits(**limits)),
            from_s=at_s(70),
            until_s=at_s(300),
        )
        return self.write("tj", draft, hour)

    def notify(
        self, request: Entry, hour: float = 2, name: str = "v1", at: float = FROM_H, **body: Any
    ) -> Entry:
        what = {"point_of_entry": "Khujand", "people": OBSERVERS, "equipment": CAMERAS, **body}
        draft = notice_draft(
            name,
            host="tj",
            request=request.id,
            from_s=at_s(at),
            until_s=at_s(at + UNTIL_H - FROM_H),
            body=NoticeBody(**what),
        )
        return self.write("us", draft, hour)

    def granted(self, **limits: Any) -> Entry:
        """Asked, granted, notified."""
        request = self.ask()
        self.grant(request, **limits)
        return self.notify(request)

    def note(self, visit: Entry, hour: float = 20, by: str = "tj") -> Entry:
        return self.write(by, noted_draft(visit.id, NotedBody()), hour)

    def plan(self, visit: Entry, hour: float = 50, lon: float = 68.8) -> Entry:
        self._plans += 1
        start_s = at_s(90 + self._plans / 10) - ZERO_S - 6 * HOUR_S
        mission = self._circle("us", "mission", lon=lon, start_s=start_s)
        release = self.world.release("us", mission)
        draft = plan_draft(
            visit.id,
            version=self._plans,
            supersedes=self.before,
            activity="mission",
            release=release.id,
        )
        entry = self.write("us", draft, hour)
        self.before = entry.id
        return entry

    def review(
        self, plan: Entry, hour: float = 52, ground: str | None = None, by: str = "tj"
    ) -> Entry:
        return self.write(by, review_draft(plan.id, ground=ground, remark=RemarkBody()), hour)

    def stage(self, visit: Entry, by: str, stage: Any, hour: float) -> Entry:
        draft = stage_draft(visit.id, stage, at_s=at_s(hour), remark=RemarkBody())
        return self.write(by, draft, hour)

    def cancel(self, visit: Entry, by: str, hour: float) -> Entry:
        return self.write(by, cancel_draft(visit.id, "weather"), hour)

    def report(self, visit: Entry, by: str, hour: float, text: str = "Seen.") -> Entry:
        body = write_visit(ReportBody(text=text, language="en"))
        before = self.reports.get(by)
        version = 1 if before is None else 2
        draft = report_draft(visit.id, version=version, supersedes=before, report=body)
        entry = self.write(by, draft, hour)
        self.reports[by] = entry.id
        return entry

    def receipts(self, party: str, index: int, by: str) -> int | None:
        """Everything is received when it is written."""
        return int(parse_time_s(self.world.logs[party][index].header.time))

    def read(self, visit: Entry) -> read.Visit:
        found = read.visit(self.world.view(), visit.id)
        assert found is not None
        return found

    def clocks(self, visit: Entry, hour: float) -> dict[str, Any]:
        running = read.clocks(self.read(visit), self.world.terms, self.receipts, at_s(hour))
        return {f"{one.name}-{one.owed_by}": one for one in running}

    def phase(self, visit: Entry, hour: float) -> str:
        found = self.read(visit)
        running = read.clocks(found, self.world.terms, self.receipts, at_s(hour))
        return read.phase(found, running, at_s(hour))

    def owed(self, hour: float) -> list[tuple[str, str, str]]:
        found = owed(self.world.view(), self.world.founding, self.receipts, at_s(hour))
        mine = [one for one in found if one.what.startswith("visit-")]
        return [(one.owed_by, one.what, one.state) for one in mine]

    def exceeds(self, visit: Entry, hour: float = 60) -> list[tuple[str, bool]]:
        view, founding = self.world.view(), self.world.founding
        against = read.granted(view, founding, at_s(hour))
        found = read.exceedings(view, self.read(visit), against)
        return [(one.what, one.known) for one in found]

    def void(self, entry: Entry) -> str | None:
        void = read.void_of(self.world.view(), entry.header.party, entry.header.index)
        return None if void is None else void.reason


@pytest.fixture
def trip(new_world: Callable[..., Any], circle: Callable[..., Activity]) -> Trip:
    watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(QUOTA,))
    return Trip(new_world("ru", "tj", "us", watching=watching), circle)


WORKFLOW = [
    ("notice", 2, "notified"),
    ("acknowledge", 20, "acknowledged"),
    ("plan", 50, "planned"),
    ("change", 51, "planned"),
    ("plan", 52, "planned"),
    ("agree", 53, "agreed"),
    ("arrived us", 80, "arrived"),
    ("begun us", 90, "under-way"),
    ("begun tj", 91, "under-way"),
    ("ended tj", 100, "ended"),
    ("ended us", 101, "ended"),
    ("departed us", 110, "ended"),
    ("report us", 120, "ended"),
    ("report tj", 121, "reported"),
]
"""The workflow of section 10 in its order: what is stated, at which hour, and the phase then."""


def play(trip: Trip, steps: int) -> tuple[Entry, Entry | None]:
    """The visit after so many steps of the workflow, and its newest plan."""
    request = trip.ask()
    trip.grant(request)
    visit, plan = trip.notify(request), None
    for what, hour, _ in WORKFLOW[1:steps]:
        verb, _, party = what.partition(" ")
        match verb:
            case "acknowledge":
                trip.note(visit, hour)
            case "plan":
                plan = trip.plan(visit, hour)
            case "change" | "agree":
                assert plan is not None
                trip.review(plan, hour, "safety" if verb == "change" else None)
            case "report":
                trip.report(visit, party, hour)
            case stage:
                trip.stage(visit, party, stage, hour)
    return visit, plan


@pytest.mark.parametrize("steps", range(1, len(WORKFLOW) + 1))
def test_each_step_of_the_workflow_has_its_phase(steps: int, trip: Trip) -> None:
    visit, _ = play(trip, steps)
    _, hour, phase = WORKFLOW[steps - 1]
    assert trip.phase(visit, hour) == phase


@pytest.mark.parametrize("steps", range(1, len(WORKFLOW) + 1))
def test_a_cancel_holds_until_both_state_the_end_or_report(steps: int, trip: Trip) -> None:
    visit, _ = play(trip, steps)
    _, hour, _ = WORKFLOW[steps - 1]
    entry = trip.cancel(visit, "us", hour + 0.5)
    said = [what for what, _, _ in WORKFLOW[:steps]]
    over = "ended us" in said
    assert trip.void(entry) == ("ended-before" if over else None)
    assert (trip.phase(visit, hour + 0.5) == "cancelled") == (not over)


def test_a_visit_cut_short_is_ended_once_both_say_so(trip: Trip) -> None:
    visit, _ = play(trip, 9)
    trip.cancel(visit, "us", 93)
    trip.stage(visit, "us", "ended", 94)
    assert trip.phase(visit, 95) == "cancelled"
    trip.stage(visit, "tj", "ended", 95)
    assert trip.phase(visit, 96) == "ended"
    assert [one.ground for one in trip.read(visit).cancels] == ["weather"]


@pytest.mark.parametrize(("hour", "phase"), [(UNTIL_H, "acknowledged"), (UNTIL_H + 0.01, "passed")])
def test_a_visit_that_nobody_says_began_passes_with_its_window(
    hour: float, phase: str, trip: Trip
) -> None:
    visit, _ = play(trip, 2)
    assert trip.phase(visit, hour) == phase


def test_a_mission_is_off_by_the_terms_until_it_is_agreed_all_the_same(trip: Trip) -> None:
    visit, plan = play(trip, 3)
    assert plan is not None
    assert trip.phase(visit, 58) == "planned"
    assert trip.phase(visit, 58.001) == "off"
    trip.review(plan, 60)
    assert trip.phase(visit, 61) == "agreed"
    agree = trip.clocks(visit, 61)["agree-tj"]
    assert (agree.state, agree.met_at_s, agree.due_s) == ("met-late", at_s(60), at_s(58))


def test_a_mission_flown_without_an_agreed_plan_is_under_way(trip: Trip) -> None:
    visit, _ = play(trip, 3)
    trip.stage(visit, "tj", "begun", 90)
    assert trip.phase(visit, 90) == "under-way"
    assert trip.clocks(visit, 90)["agree-tj"].state == "late"


DEADLINES = [
    # after so many steps, the clock, and the hour at which it is due
    (1, "acknowledge-tj", 2 + 24),
    (2, "plan-us", FROM_H - 24),
    (3, "review-tj", 50 + 4),
    (3, "agree-tj", 50 + 8),
    (7, "fly-us", 80 + 96),
    (10, "report-us", 100 + 168),
]


@pytest.mark.parametrize(("steps", "name", "hour"), DEADLINES, ids=[one[1] for one in DEADLINES])
def test_each_clock_is_late_only_after_its_last_instant(
    steps: int, name: str, hour: float, trip: Trip
) -> None:
    visit, _ = play(trip, steps)
    assert trip.clocks(visit, hour)[name].due_s == at_s(hour)
    states = [trip.clocks(visit, at)[name].state for at in (hour, hour + 1 / 3600)]
    assert states == ["due", "late"]


def test_every_clock_of_a_visit_kept_in_time_is_met(trip: Trip) -> None:
    visit, _ = play(trip, len(WORKFLOW))
    found = trip.clocks(visit, 1000)
    assert {name: one.state for name, one in found.items()} == dict.fromkeys(
        [
            "notice-us",
            "acknowledge-tj",
            "plan-us",
            "review-tj",
            "agree-tj",
            "fly-us",
            "report-us",
            "report-tj",
        ],
        "met",
    )
    assert {state for _, _, state in trip.owed(1000)} == {"met"}


@pytest.mark.parametrize(("hour", "state"), [(8, "met"), (8.001, "met-late")])
def test_a_notice_is_late_when_it_is_given_too_shortly_before(
    hour: float, state: str, trip: Trip
) -> None:
    visit = trip.notify(trip.ask(), hour)
    assert trip.clocks(visit, 10)["notice-us"].state == state


@pytest.mark.parametrize(("hour", "late_s"), [(56, 0.0), (57, 3600.0), (90, 34 * 3600.0)])
def test_a_restriction_is_late_by_how_much(hour: float, late_s: float, trip: Trip) -> None:
    visit = trip.granted()
    window = {"from_s": at_s(85), "until_s": at_s(95)}
    body = RestrictionBody(hours_utc=((2.0, 6.0),), text="Range firing.")
    trip.write("tj", restriction_draft(visit.id, **window, body=body), hour)
    [found] = trip.read(visit).restrictions
    assert found.body == body
    assert read.late_by_s(trip.read(visit), found, trip.world.terms) == late_s


def test_without_such_terms_or_a_receipt_every_clock_is_unknown(
    trip: Trip, new_world: Callable[..., Any], circle: Callable[..., Activity]
) -> None:
    bare = Trip(new_world("ru", "tj", "us"), circle)
    visit, _ = play(bare, 4)
    assert {one.state for one in bare.clocks(visit, 90).values()} == {"unknown"}
    assert bare.owed(90) == []
    visit, _ = play(trip, 1)
    nothing = read.clocks(trip.read(visit), trip.world.terms, lambda *_: None, at_s(90))
    assert [(one.name, one.state) for one in nothing] == [
        ("notice", "met"),
        ("acknowledge", "unknown"),
    ]


def test_what_is_owed_follows_the_clocks_and_can_be_stated_as_lapsed(trip: Trip) -> None:
    visit, _ = play(trip, 1)
    assert trip.owed(26) == [("tj", "visit-acknowledge", "due")]
    assert trip.owed(27) == [("tj", "visit-acknowledge", "late")]
    due: dict[str, Any] = {"what": "visit-acknowledge", "due_s": at_s(26)}
    lapse = trip.write("us", lapse_draft(owed_by="tj", entry=visit.id, **due), 27)
    assert trip.void(lapse) is None
    found = owed(trip.world.view(), trip.world.founding, trip.receipts, at_s(28))
    assert [one.lapse for one in found if one.what == "visit-acknowledge"] == [lapse.id]
    other = trip.write("ru", lapse_draft(owed_by="tj", entry=visit.id, **due), 28)
    assert trip.void(other) == "not-owed"


def test_the_guest_owes_no_plan_before_it_knows_how_it_is_received(trip: Trip) -> None:
    visit, _ = play(trip, 1)
    trip.note(visit, 70)
    assert trip.clocks(visit, 70)["plan-us"].due_s == at_s(70)


def test_a_cancel_stops_what_is_not_due_yet_and_nothing_else(trip: Trip) -> None:
    visit, _ = play(trip, 3)
    trip.cancel(visit, "us", 55)
    states = {name: one.state for name, one in trip.clocks(visit, 90).items()}
    assert states["review-tj"] == "late"
    assert states["agree-tj"] == "stopped"
    assert ("tj", "visit-review", "late") in trip.owed(90)


def test_a_plan_replaced_in_time_is_not_to_be_reviewed(trip: Trip) -> None:
    visit, _ = play(trip, 3)
    trip.plan(visit, 53)
    assert [state for _, what, state in trip.owed(53) if what == "visit-review"] == ["due"]


def test_each_side_owes_its_report_for_the_end_that_the_other_states(trip: Trip) -> None:
    visit, _ = play(trip, 10)
    assert ("us", "visit-report", "due") in trip.owed(101)
    assert not any(party == "tj" and what == "visit-report" for party, what, _ in trip.owed(101))
    trip.report(visit, "us", 102)
    assert ("us", "visit-report", "met") in trip.owed(103)


def test_stages_differ_and_both_times_are_kept(trip: Trip) -> None:
    visit, _ = play(trip, 9)
    assert {party: one.at_s for party, one in trip.read(visit).stated("begun").items()} == {
        "us": at_s(90),
        "tj": at_s(91),
    }
    again = trip.stage(visit, "us", "begun", 92)
    assert trip.void(again) == "stated-before"


def _voids(trip: Trip, visit: Entry, plan: Entry) -> list[tuple[str, Entry, str]]:
    """Who says what cannot be said, and why it is void."""
    window = {"from_s": at_s(85), "until_s": at_s(95)}
    remark = RemarkBody()
    facts: dict[str, Any] = {"content_sha256": A, "size_bytes": 1, "manifest_sha256": B}
    found = {"manifest_sha256": B, "finding": "intact", "found_sha256": A}
    restricted = restriction_draft(visit.id, **window, body=RestrictionBody())
    message = trip.world.logs["us"][0].id
    third = [
        deviation_draft(visit.id, at_s=at_s(1), remark=remark),
        cancel_draft(visit.id, "safety"),
        inspection_draft(visit.id, InspectionBody()),
        stage_draft(visit.id, "begun", at_s=at_s(1), remark=remark),
        seal_draft(visit.id, item="x", **facts),
        unseal_draft(visit.id, item="x", **found),
        session_draft(visit.id, session="s", ended="closed", actions=1, log_sha256=A),
        report_draft(visit.id, version=1, supersedes=None, report=_report()),
        restricted,
        noted_draft(visit.id, NotedBody()),
        review_draft(plan.id, ground=None, remark=remark),
    ]
    return [
        *[(draft.type, trip.write("ru", draft, 60), "not-a-side") for draft in third],
        ("by the guest", trip.write("us", restricted, 60), "own-entry"),
        ("by the guest", trip.note(visit, 60, by="us"), "own-entry"),
        ("by the guest", trip.review(plan, 60, by="us"), "own-entry"),
        ("of a join", trip.note(trip.world.logs["us"][0], 60), "not-a-visit"),
        ("of a visit", trip.review(visit, 60), "not-a-plan"),
        ("of a plan", trip.cancel(plan, "tj", 60), "not-a-visit"),
        ("message", trip.cancel(trip.world.logs["ru"][0], "tj", 60), "not-a-visit"),
        ("twice", trip.note(visit, 61), "stated-before"),
        ("of a join", trip.stage(trip.world.logs["us"][0], "tj", "begun", 60), "not-a-visit"),
        ("version", trip.write("us", _misplanned(visit, message), 60), "out-of-sequence"),
    ]


def _report() -> bytes:
    return write_visit(ReportBody(text="x", language="en"))


def _misplanned(visit: Entry, release: str) -> Draft:
    return plan_draft(
        visit.id, version=5, supersedes=A, activity="mission", release=release, note=""
    )


def test_what_cannot_be_said_of_a_visit_is_void(trip: Trip) -> None:
    visit, plan = play(trip, 3)
    assert plan is not None
    before = trip.read(visit)
    for what, entry, reason in _voids(trip, visit, plan):
        assert (what, trip.void(entry)) == (what, reason)
    assert trip.read(visit) == before


def test_a_visit_needs_a_request_of_its_guest_to_its_host(trip: Trip) -> None:
    request = trip.ask()
    trip.grant(request)
    theirs = notice_draft(
        "v1",
        host="tj",
        request=request.id,
        from_s=at_s(80),
        until_s=at_s(90),
        body=NoticeBody(point_of_entry="x"),
    )
    assert trip.void(trip.write("ru", theirs, 3)) == "not-a-request"
    trip.notify(request)
    assert trip.void(trip.notify(request, 4)) == "named-before"


def seals(trip: Trip, visit: Entry, *facts: tuple[str, str]) -> None:
    for party, content in facts:
        draft = seal_draft(
            visit.id, item="film", content_sha256=content, size_bytes=9, manifest_sha256=B
        )
        trip.write(party, draft, 101)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([("us", A)], "sealed-by-one"),
        ([("us", A), ("tj", A)], "sealed"),
        ([("us", A), ("tj", C)], "differing"),
    ],
    ids=["one", "both", "differing"],
)
def test_an_item_is_sealed_when_both_state_the_same(
    facts: list[tuple[str, str]], state: str, trip: Trip
) -> None:
    visit = trip.granted()
    seals(trip, visit, *facts)
    [item] = trip.read(visit).items
    assert (item.name, item.state, item.broken_by) == ("film", state, ())


@pytest.mark.parametrize(
    ("manifest", "finding", "found", "broken"),
    [
        (B, "intact", A, False),
        (B, "broken", A, True),
        (B, "broken", C, True),
        # Called intact, and yet not what both sides sealed: the record shows it.
        (B, "intact", C, True),
        (C, "intact", A, True),
    ],
)
def test_an_opening_is_held_against_the_seals(
    manifest: str, finding: str, found: str, broken: bool, trip: Trip
) -> None:
    visit = trip.granted()
    seals(trip, visit, ("us", A), ("tj", A))
    opened = {"manifest_sha256": manifest, "finding": finding, "found_sha256": found}
    entry = trip.write("tj", unseal_draft(visit.id, item="film", **opened), 130)
    [item] = trip.read(visit).items
    assert [one.entry for one in item.broken_by] == ([entry.id] if broken else [])


def test_sessions_are_the_same_where_both_hold_the_same_log(trip: Trip) -> None:
    visit = trip.granted()
    for party, session, actions in (("us", "a", 3), ("tj", "a", 3), ("us", "b", 3), ("tj", "b", 4)):
        facts: dict[str, Any] = {"ended": "closed", "actions": actions, "log_sha256": A}
        trip.write(party, session_draft(visit.id, session=session, **facts), 95)
    trip.write("tj", session_draft(visit.id, session="c", **facts), 96)
    states = {one.name: one.state for one in trip.read(visit).sessions}
    assert states == {"a": "same", "b": "differing", "c": "one"}


def test_reports_are_joint_only_while_the_newest_are_the_same_bytes(trip: Trip) -> None:
    visit = trip.granted()
    assert trip.read(visit).accounts == "none"
    trip.report(visit, "us", 110)
    assert trip.read(visit).accounts == "one"
    trip.report(visit, "tj", 111, "Seen otherwise.")
    assert trip.read(visit).accounts == "two"
    trip.report(visit, "tj", 112)
    assert trip.read(visit).accounts == "joint"
    trip.report(visit, "us", 113, "Seen more.")
    assert trip.read(visit).accounts == "two"


def test_a_report_that_is_not_the_one_its_header_names_is_unknown(trip: Trip) -> None:
    visit = trip.granted()
    draft = report_draft(visit.id, version=1, supersedes=None, report=_report())
    other = write_visit(ReportBody(text="another", language="en"))
    trip.write("us", draft._replace(body=other), 110)
    [report] = trip.read(visit).reported
    assert (report.body, report.unknown) == (None, "unreadable")
    assert report.sha256 == hashlib.sha256(_report()).hexdigest()


def test_a_plan_whose_activity_went_on_says_so(trip: Trip, circle: Callable[..., Activity]) -> None:
    visit, _ = play(trip, 6)
    plan = trip.read(visit).plan
    assert plan is not None
    assert not plan.changed
    trip.world.release("us", circle("us", "mission", lon=69.5))
    plan = trip.read(visit).plan
    assert plan is not None
    assert plan.changed
    assert plan.review is not None
    assert plan.review.answer == "agreed"


def test_a_visit_within_its_grant_exceeds_nothing(trip: Trip) -> None:
    visit, _ = play(trip, 6)
    trip.stage(visit, "us", "arrived", 81)
    items = (Inspected(item="daylight camera", agreed=2, found=2),)
    trip.write("tj", inspection_draft(visit.id, InspectionBody(items=items)), 82)
    assert trip.exceeds(visit) == []


@pytest.mark.parametrize(
    ("what", "limits"),
    [
        ("people", {"people": (People(role="observer", count=3),)}),
        ("equipment", {"equipment": (Equipment(item="daylight camera", count=1),)}),
        ("hours", {"hours_utc": ((2.0, 4.0),)}),
        ("place", {"places": (Place(name="A", core=AIRFIELD, radius_m=9_000.0),)}),
        ("quota", {"quota_units": 0}),
    ],
)
def test_what_exceeds_a_limit_is_shown(what: str, limits: dict[str, Any], trip: Trip) -> None:
    visit = trip.granted(**limits)
    trip.plan(visit)
    assert trip.exceeds(visit) == [(what, True)]


def test_more_equipment_found_than_granted_exceeds(trip: Trip) -> None:
    visit = trip.granted()
    items = (Inspected(item="daylight camera", agreed=2, found=3),)
    entry = trip.write("tj", inspection_draft(visit.id, InspectionBody(items=items)), 82)
    assert entry.header.about["finding"] == "differs"
    assert trip.exceeds(visit) == [("equipment", True)]


def test_a_visit_without_a_grant_and_one_that_begins_too_early_exceed(trip: Trip) -> None:
    request = trip.ask()
    visit = trip.notify(request)
    assert trip.exceeds(visit) == [("grant", True)]
    trip.grant(request)
    trip.stage(visit, "us", "arrived", 60)
    assert trip.exceeds(visit) == [("window", True)]


def test_a_quota_counts_visits_but_not_those_cancelled_before_anybody_came(trip: Trip) -> None:
    request = trip.ask(quota="observation visits")
    trip.grant(request)
    first = trip.notify(request, 2)
    second = trip.notify(request, 3, "v2", FROM_H + 1)
    assert (trip.exceeds(first), trip.exceeds(second)) == ([], [("quota", True)])
    trip.cancel(first, "tj", 4)
    assert trip.exceeds(second) == []
    trip.stage(first, "us", "arrived", 5)
    assert ("quota", True) in trip.exceeds(second)


def test_an_exercise_moves_every_clock_alike(
    new_world: Callable[..., Any], circle: Callable[..., Activity], trip: Trip
) -> None:
    exercise = Exercise(name="X", clock_offset_s=-1_000_000)
    moved = Trip(new_world("ru", "tj", "us", watching=STANDARD_WATCHING, exercise=exercise), circle)
    told = []
    for one in (moved, trip):
        visit, _ = play(one, len(WORKFLOW))
        told.append(
            {
                name: (clock.state, clock.due_s, clock.met_at_s)
                for name, clock in one.clocks(visit, 130).items()
            }
        )
    assert told[0] == told[1]


class CountingView:
    """Rows of a line that count how often they are gone through."""

    def __init__(self, view: Any) -> None:
        self.view, self.scans = view, 0

    def get(self, kind: str, key: str) -> bytes | None:
        found: bytes | None = self.view.get(kind, key)
        return found

    def scan(self, kind: str, prefix: str = "") -> Any:
        self.scans += 1
        return self.view.scan(kind, prefix)


def test_rows_are_gone_through_as_often_for_many_visits_as_for_one(trip: Trip) -> None:
    request = trip.ask()
    trip.grant(request)
    counts: list[int] = []
    for name in ("first", "second", "third"):
        visit = trip.notify(request, name=name)
        trip.stage(visit, "us", "arrived", 80)
        plan = trip.plan(visit, 50)
        trip.review(plan, 51)
        view = CountingView(trip.world.view())
        assert len(read.visits(view)) == len(counts) + 1
        against = read.granted(view, trip.world.founding, at_s(90))
        assert list(against.under[request.id].values()) == list(range(1, len(counts) + 2))
        counts.append(view.scans)
    assert len(set(counts)) == 1


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_order_of_arrival_gives_the_same_visit(
    data: st.DataObject, new_world: Callable[..., Any], circle: Callable[..., Activity]
) -> None:
    trip = Trip(new_world("ru", "tj", "us", watching=STANDARD_WATCHING), circle)
    visit, plan = play(trip, data.draw(st.integers(1, len(WORKFLOW))))
    trip.note(visit, 60, by="ru")
    trip.cancel(visit, data.draw(st.sampled_from(["tj", "ru", "us"])), 61)
    if plan is not None:
        trip.review(plan, 62, by=data.draw(st.sampled_from(["tj", "ru"])))
    logs = {party: list(log) for party, log in trip.world.logs.items()}
    arrived = []
    while any(logs.values()):
        party = data.draw(st.sampled_from(sorted(one for one, log in logs.items() if log)))
        arrived.append(logs[party].pop(0))
        partial = trip.world.view(arrived)
        for one in read.visits(partial):
            running = read.clocks(one, trip.world.terms, trip.receipts, at_s(70))
            assert read.phase(one, running, at_s(70))
    assert read.visits(trip.world.view(arrived)) == read.visits(trip.world.view())
    assert read.voids(trip.world.view(arrived)) == read.voids(trip.world.view())


def test_times_are_given_as_they_were_stated(trip: Trip) -> None:
    found = trip.read(trip.granted())
    assert (format_time(found.from_s), format_time(found.until_s)) == (
        "2026-11-25T08:00:00Z",
        "2026-11-30T08:00:00Z",
    )
    assert (found.guest, found.host, found.name) == ("us", "tj", "v1")

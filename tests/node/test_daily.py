"""Daily reports of three nodes: joint parts alike to the byte, and every difference explained."""

import hashlib
import random
from typing import Any

import msgspec
import pytest

from detente.errors import InputError, StateError
from detente.line import Draft, check_draft
from detente.line.bodies import DailyBody
from detente.line.watching import STANDARD_WATCHING
from detente.node.saying import say
from detente.node.show.reader import LineReader
from detente.node.together import joint_part
from detente.record.strict_json import canonical
from detente.store import logs

LINE = "northern-watch"
DAY = "2026-11-22"
AFTER_S = 12 * 3600.0
"""From 08:00 Z, half an hour past the cut-off."""
OWN = DailyBody(text="Quiet but for the north.", not_observed=("Darqad: fog",))


def _say(node: Any, draft: Draft) -> None:
    """Write what no node would."""
    say(node._core, LINE, lambda _: draft, officer="a", key=None, action="x", content={})


@pytest.fixture
def reported(watch: Any) -> Any:
    """What three parties saw, in two districts, on this day and on the days it is compared with."""
    watch.observe("ru", "shots")
    watch.observe("us", "shots", seeing="poor")
    watch.observe("us", "blast", kind="fighting", district="Darqad")
    watch.observe("tj", "quiet", kind="quiet", district="Ishkashim", seeing="poor")
    watch.observe("tj", "yesterday", district="Farkhor", before_h=26)
    watch.observe("ru", "last-week", kind="fighting", before_h=24 * 7 + 1)
    watch.sync()
    link = watch.nodes["tj"].link_observations(LINE, "ru/shots", "us/shots", officer="a")
    watch.sync()
    watch.nodes["us"].dispute_link(LINE, link.id, officer="a")
    watch.sync()
    return watch


def test_the_joint_part_says_what_was_told(reported: Any) -> None:
    view = reported.nodes["us"].daily(LINE, DAY)
    part = view.joint
    assert (part["from"], part["cutoff"]) == ("2026-11-21T19:30:00Z", "2026-11-22T19:30:00Z")
    assert part["exercise"] is None
    assert part["totals"] == {
        "day": {"reports": 3, "events": 3, "as_held": {"tj": 2, "us": 3}},
        "day_before": {"reports": 1, "events": 1},
        "week_before": {"reports": 1, "events": 1},
    }
    cells = {(one["district"], one["kind"]): one for one in part["cells"]}
    assert cells["Imam Sahib", "explosion"]["day"]["as_held"] == {"tj": 1, "us": 2}
    assert cells["Ishkashim", "quiet"]["day"] == {"reports": 1, "events": 1}
    assert cells["Imam Sahib", "fighting"]["week_before"] == {"reports": 1, "events": 1}
    assert part["disputed"] == [
        {"a": "ru/shots", "b": "us/shots", "linked_by": ["tj"], "disputed_by": ["us"]}
    ]
    assert part["not_observed"] == {"districts": ["Farkhor"], "poorly": ["Ishkashim"]}
    assert part["late"] == ["ru/last-week", "tj/yesterday"]
    assert {
        one["party"]: (one["due"], one["made"]) for one in part["line_checks"]
    } == dict.fromkeys(("ru", "tj", "us"), (2, 0))
    assert not view.over
    assert hashlib.sha256(canonical(part)).hexdigest() == view.joint_sha256


def test_a_line_check_counts_unless_it_was_written_long_before_its_slot(watch: Any) -> None:
    """12:00 Z and 18:00 Z fall due in the day, each within 30 minutes, and it is 08:00 Z."""
    noon_s, evening_s = (watch.clock.at_s + hours * 3600 for hours in (4, 10))
    ru, us, tj = (watch.nodes[party] for party in ("ru", "us", "tj"))
    _say(ru, check_draft(noon_s))
    watch.clock.at_s = noon_s - 1801
    _say(us, check_draft(noon_s))
    watch.clock.at_s += 1
    _say(tj, check_draft(noon_s))
    _say(ru, check_draft(evening_s))
    watch.clock.at_s = evening_s + 3600
    # Late is not early: that it was late says nobody but the obligations.
    _say(tj, check_draft(evening_s))
    watch.sync()
    watch.clock.at_s = evening_s + 2 * 3600
    for node in watch.nodes.values():
        [*checked] = node.daily(LINE, DAY).joint["line_checks"]
        made = {one["party"]: one["made"] for one in checked}
        owed = [one for one in node.obligations(LINE) if one.what == "line-check"]
        met = [one.owed_by for one in owed if one.state == "met"]
        assert made == {"ru": 0, "tj": 2, "us": 0}
        assert met == ["tj", "tj"]


def test_three_nodes_write_the_same_bytes_however_entries_arrived(watch: Any) -> None:
    chance = random.Random(7)
    names = {party: iter(range(100)) for party in watch.nodes}
    for _ in range(12):
        party = chance.choice(list(watch.nodes))
        watch.observe(party, f"n{next(names[party])}", before_h=chance.uniform(0, 60))
        sender, receiver = chance.sample(list(watch.nodes.values()), 2)
        watch.push(sender, receiver)
    watch.sync()
    watch.clock.at_s += AFTER_S
    joint = {node.daily_joint(LINE, DAY) for node in watch.nodes.values()}
    assert len(joint) == 1
    for node in watch.nodes.values():
        node.publish_daily(LINE, DAY, OWN, officer="a")
    watch.sync()
    for node in watch.nodes.values():
        reports = node.daily(LINE, DAY).reports
        assert [(one.party, one.verdict, one.behind) for one in reports] == [
            (party, "agrees", {}) for party in ("ru", "tj", "us")
        ]
        assert reports[0].own_part == msgspec.json.decode(msgspec.json.encode(OWN))
        assert {one.joint_sha256 for one in reports} == {
            hashlib.sha256(one).hexdigest() for one in joint
        }
        assert node.verify() == []


def test_a_report_made_before_all_had_arrived_says_so(reported: Any) -> None:
    ru, tj, us = (reported.nodes[party] for party in ("ru", "tj", "us"))
    reported.observe("ru", "unsent")
    reported.clock.at_s += AFTER_S
    us.publish_daily(LINE, DAY, OWN, officer="a")
    ru.publish_daily(LINE, DAY, OWN, officer="a")
    reported.push(us, tj)
    assert [(one.party, one.verdict) for one in tj.dailies(LINE)] == [("us", "agrees")]
    reported.sync()
    for node in (ru, tj, us):
        theirs, ours = node.dailies(LINE)
        assert (theirs.party, theirs.verdict, theirs.behind) == ("ru", "agrees", {})
        assert (ours.party, ours.verdict, ours.behind) == ("us", "agrees", {"ru": 1})
        assert theirs.joint_sha256 != ours.joint_sha256


def test_a_recall_changes_no_verdict_unless_the_report_did_not_know_of_it(reported: Any) -> None:
    ru, tj, us = (reported.nodes[party] for party in ("ru", "tj", "us"))
    told = next(one.id for one in us.entries(LINE, "us") if one.type == "observation.report")
    reported.clock.at_s += AFTER_S
    before = ru.publish_daily(LINE, DAY, OWN, officer="a")
    reported.sync()
    us.recall(LINE, told, officer="a")
    reported.sync()
    after = tj.publish_daily(LINE, DAY, OWN, officer="a")
    reported.sync()
    for node in (ru, tj, us):
        reports = {one.id: one for one in node.dailies(LINE)}
        assert reports[before.id].verdict == "unknown"
        assert "us/shots said was recalled" in reports[before.id].why
        assert reports[after.id].verdict == "agrees"
        part = node.daily(LINE, DAY).joint
        assert (part["recalled_since"], part["recalled"]) == ([told], ["us/shots"])
        assert part["totals"]["day"]["events"] == 2
        assert part["disputed"] == []


def test_no_joint_part_of_what_was_recalled_is_kept_in_memory(watch: Any) -> None:
    """Not even one that was computed from an older snapshot after the recall was received."""
    ru, us = watch.nodes["ru"], watch.nodes["us"]
    told = watch.observe("us", "shots", district="Darqad", text="behind the mill")
    watch.sync()
    core, line = ru._core, ru.line(LINE).id
    with core.store.read() as before:
        reader = LineReader(core, before, line)
        seen = {party: logs.size(before, line, party) for party in ("ru", "tj", "us")}
        day = joint_part.day_of(STANDARD_WATCHING.cutoff_utc, DAY)

        def computed() -> bytes:
            found = joint_part.joint(core, before, reader.founding, day, seen)
            assert isinstance(found, joint_part.Joint)
            return found.raw

        assert b"Darqad" in computed()
        us.recall(LINE, told, officer="a")
        watch.push(us, ru)
        # Whatever was kept until now, the snapshot still has what is erased from every later one.
        core.joint_parts.clear()
        assert b"Darqad" in computed()
    watch.clock.at_s += 3600
    ru.honour(line)
    assert not core.overwriting.is_owed
    assert [one for one in core.joint_parts.values() if b"Darqad" in one.raw] == []
    assert b"Darqad" not in ru.daily_joint(LINE, DAY)
    assert ru.daily(LINE, DAY).joint["recalled"] == ["us/shots"]


def test_only_the_newest_days_and_the_newest_report_of_each_are_computed(watch: Any) -> None:
    us = watch.nodes["us"]
    watch.clock.at_s += AFTER_S
    first, second = (us.publish_daily(LINE, DAY, OWN, officer="a") for _ in range(2))
    reports = {one.id: one for one in us.dailies(LINE)}
    assert (reports[first.id].newest, reports[first.id].computed_sha256) == (False, None)
    assert "replaced it" in reports[first.id].why
    assert reports[second.id].verdict == "agrees"
    days = [*(f"2026-11-{day:02d}" for day in range(1, 16)), "2026-12-24"]
    for day in days:
        about = {"day": day, "cutoff": "2026-11-22T18:00:00Z", "joint_sha256": "0" * 64}
        _say(us, Draft("report.daily", about, b"{}"))
    assert {one.day for one in us.dailies(LINE)} == {DAY, *days[2:15]}
    assert len(us.daily(LINE, "2026-12-24").reports) == 1
    assert len(us.daily(LINE, DAY).reports) == 2


def test_a_wrong_joint_part_is_noticed(reported: Any) -> None:
    us, ru = reported.nodes["us"], reported.nodes["ru"]
    reported.clock.at_s += AFTER_S
    about = {"day": DAY, "cutoff": "2026-11-22T18:00:00Z", "joint_sha256": "0" * 64}
    _say(ru, Draft("report.daily", about, b"{}"))
    reported.sync()
    [report] = us.dailies(LINE)
    assert (report.verdict, report.as_agreed) == ("differs", False)
    assert report.computed_sha256 not in (None, report.joint_sha256)


@pytest.mark.parametrize(
    ("day", "cutoff"),
    [
        ("0001-01-01", "1900-01-01T00:00:00Z"),
        ("2026-11-21", "2199-12-31T23:59:59Z"),
    ],
)
def test_a_report_at_the_calendars_edge_hides_nobody_elses(
    watch: Any, day: str, cutoff: str
) -> None:
    us, ru = watch.nodes["us"], watch.nodes["ru"]
    watch.clock.at_s += AFTER_S
    about = {"day": day, "cutoff": cutoff, "joint_sha256": "0" * 64}
    _say(ru, Draft("report.daily", about, b"{}"))
    us.publish_daily(LINE, DAY, OWN, officer="a")
    watch.sync()
    assert {one.party: one.verdict for one in us.dailies(LINE)} == {"ru": "differs", "us": "agrees"}
    assert not next(one for one in us.dailies(LINE) if one.party == "ru").as_agreed
    with pytest.raises(InputError):
        us.daily(LINE, "9999-12-31")


def test_what_cannot_be_published(watch: Any, pair: Any) -> None:
    us = watch.nodes["us"]
    with pytest.raises(StateError, match="not over before 2026-11-22T19:30:00Z"):
        us.publish_daily(LINE, DAY, OWN, officer="a")
    for wrong in ("", "2026-11-31", "20261122", "2026-1-2", "yesterday"):
        with pytest.raises(InputError, match="not a date"):
            us.daily(LINE, wrong)
    assert us.last_day(LINE) == "2026-11-21"
    watch.clock.at_s += AFTER_S
    assert us.last_day(LINE) == DAY
    with pytest.raises(StateError, match="changed since it was looked at"):
        us.publish_daily(LINE, DAY, OWN, shown="0" * 64, officer="a")
    with pytest.raises(StateError, match="no cut-off"):
        pair.nodes["us"].daily(LINE, DAY)


def test_a_blocked_way_tells_nothing_of_its_district(reported: Any) -> None:
    reported.observe("us", "block", kind="obstruction", how="seen", district="Farkhor")
    reported.sync()
    part = reported.nodes["tj"].daily(LINE, DAY).joint
    assert part["access_denied"]["observations"] == ["us/block"]
    assert part["totals"]["day"]["reports"] == 4
    assert part["not_observed"]["districts"] == ["Farkhor"]

"""Coverage from a node's record: a mission that was flown, one that was not, and what is not known.

``us`` is the guest and ``ru`` the host; the clock stands at 22 November 2026, 08:00 Z, and all was
flown on the day before.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run
from detente.errors import InputError, LimitError, NotFoundError
from detente.line import (
    bodies,
    cancel_draft,
    notice_draft,
    observe_draft,
    plan_draft,
    report_draft,
    request_draft,
    review_draft,
    stage_draft,
)
from detente.node.saying import say
from detente.observations import Observation
from detente.volumes import Core, Shape
from detente.volumes.times import parse_time_s

LINE = "northern-watch"
EXAMPLE = Path(__file__).parents[2] / "examples" / "reach.toml"
DAY_S = 86_400.0
FLOWN_S = parse_time_s("2026-11-21T00:00:00Z")
REMARK = bodies.RemarkBody()
PROVINCE = Core(
    Shape.POLYGON, (((68.0, 36.0), (70.0, 36.0), (70.0, 38.0), (68.0, 38.0), (68.0, 36.0)),)
)


class Watched:
    """A line on which a mission was planned and agreed, and what was said of it since."""

    def __init__(self, pair: Any, form: str = "exact") -> None:
        self.pair, self.us, self.ru = pair, pair.nodes["us"], pair.nodes["ru"]
        window: Any = {"from_s": FLOWN_S, "until_s": FLOWN_S + DAY_S}
        asked = bodies.RequestBody(purpose="observe", places=())
        request = self.say(self.us, request_draft("watch", "ru", "visit", asked, **window))
        body = bodies.NoticeBody(point_of_entry="Khujand")
        notice = notice_draft("panj-1", host="ru", request=request, body=body, **window)
        self.visit = self.say(self.us, notice)
        mission = pair.circle(
            "us", "mission", lon=68.868, lat=36.728, radius_m=30_000.0,
            start_s=FLOWN_S + 2 * 3600, hours=6.0,
        )  # fmt: skip
        self.us.file(mission, title="", officer="a")
        release = self.us.release("mission", LINE, form, officer="a").id
        plan = self.say(
            self.us,
            plan_draft(self.visit, version=1, supersedes=None, activity="mission", release=release),
        )
        pair.sync()
        self.say(self.ru, review_draft(plan, ground=None, remark=REMARK))
        pair.sync()

    def say(self, node: Any, draft: Any) -> str:
        made = say(node._core, LINE, lambda _: draft, officer="a", key=None, action="t", content={})
        return str(made.id)

    def stage(self, node: Any, stage: Any, hour: float) -> None:
        self.say(node, stage_draft(self.visit, stage, at_s=FLOWN_S + hour * 3600, remark=REMARK))
        self.pair.sync()

    def begin(self, hour: float) -> None:
        """Both sides state that the mission was begun."""
        for node in (self.us, self.ru):
            self.stage(node, "begun", hour)

    def observe(self, name: str, seeing: str, hour: float, **more: Any) -> str:
        facts: Any = {
            "id": name,
            "kind": "crossing-closed",
            "core": Core(Shape.POINT, (((68.868, 36.728),),)),
            "radius_m": 500.0,
            "from_s": FLOWN_S + hour * 3600,
            "until_s": FLOWN_S + hour * 3600 + 600,
            "how": "seen",
            "confidence": "high",
            "marking": "TLP:GREEN",
            "seeing": seeing,
        }
        observation = Observation(**(facts | more))
        entry = self.say(self.us, observe_draft(observation, version=1, supersedes=None))
        self.pair.sync()
        return entry

    def kunduz(self, day: str = "2026-11-21", lost: tuple[str, ...] = ()) -> Any:
        """What was observed of Kunduz on a day, as the host's node shows it."""
        return self.place("Kunduz", day, lost)

    def place(self, name: str, day: str = "2026-11-21", lost: tuple[str, ...] = ()) -> Any:
        """The same of any place of the scenario."""
        (self.pair.directory / "ru" / "coverage.toml").write_bytes(EXAMPLE.read_bytes())
        found = self.ru.coverage(LINE, lost, last_s=parse_time_s(f"{day}T00:00:00Z"), days=1)
        place = next(one for one in found.places if one.name == name)
        return place.days[0]


@pytest.fixture
def watched(pair: Any) -> Watched:
    return Watched(pair)


def test_a_plan_alone_observes_nothing(watched: Watched) -> None:
    assert watched.ru.looked(LINE).stretches == []
    assert watched.kunduz().state == "missed"


def test_a_mission_is_counted_while_both_say_that_it_was_under_way(watched: Watched) -> None:
    for node, stage, hour in (
        (watched.us, "begun", 1.0), (watched.ru, "begun", 3.0),
        (watched.us, "ended", 7.0), (watched.ru, "ended", 6.5),
    ):  # fmt: skip
        watched.stage(node, stage, hour)
    day = watched.kunduz()
    assert (day.state, day.observed_s, day.poor_s) == ("observed", 3.5 * 3600, 0.0)
    assert (day.seeing, day.by) == (["unknown"], ["us/panj-1"])
    assert watched.kunduz("2026-11-20").state == "missed"
    everything = ("Dushanbe", "Bishkek", "Gulf")
    assert watched.kunduz("2026-11-20", everything).state == "unreached"
    assert watched.kunduz(lost=everything).state == "observed"
    # Both nodes say the same, for they hold the same record.
    assert watched.us.looked(LINE) == watched.ru.looked(LINE)


@pytest.mark.parametrize("party", ["us", "ru"])
def test_one_side_alone_makes_ground_neither_observed_nor_missed(
    watched: Watched, party: str
) -> None:
    watched.stage(watched.pair.nodes[party], "begun", 2.0)
    day = watched.kunduz()
    assert (day.state, day.observed_s, day.blank) == ("unknown", 0.0, ["us/panj-1"])
    found = watched.us.looked(LINE)
    assert found.stretches == []
    [blank] = found.blanks
    assert blank.why == f"only {party} says that it began"
    # Nobody says that it was anywhere but where its plan is, nor at another time.
    assert watched.place("Faizabad").state == "missed"
    assert watched.kunduz("2026-11-22").state == "missed"
    other = {"us": watched.ru, "ru": watched.us}[party]
    watched.stage(other, "begun", 2.0)
    assert watched.kunduz().state == "observed"
    assert watched.us.looked(LINE).blanks == []


def test_a_joint_report_is_the_word_of_both(watched: Watched) -> None:
    watched.stage(watched.us, "begun", 2.0)
    body = bodies.ReportBody(text="It was flown from 02:00 Z.", language="en")
    report = bodies.write_visit(body)
    for node in (watched.us, watched.ru):
        assert watched.kunduz().state == "unknown"
        watched.say(node, report_draft(watched.visit, version=1, supersedes=None, report=report))
        watched.pair.sync()
    assert watched.kunduz().state == "observed"


def test_nobody_flies_on_a_visit_that_is_over(watched: Watched) -> None:
    watched.begin(2.0)
    assert watched.kunduz().observed_s == 6 * 3600
    watched.stage(watched.ru, "departed", 5.0)
    assert watched.kunduz().observed_s == 3 * 3600
    watched.pair.clock.at_s = FLOWN_S + 4 * 3600
    watched.say(watched.us, cancel_draft(watched.visit, "weather"))
    watched.pair.clock.at_s = FLOWN_S + DAY_S
    [stretch] = watched.us.looked(LINE).stretches
    assert stretch.end == "2026-11-21T04:00:00Z"


def test_what_was_seen_somewhere_in_a_province_observes_no_place_in_it(watched: Watched) -> None:
    watched.observe("somewhere", "good", 3.0, core=PROVINCE)
    day = watched.kunduz()
    assert (day.state, day.blank) == ("unknown", ["us/somewhere"])
    assert watched.kunduz("2026-11-20").state == "missed"
    watched.observe("all-of-it", "good", 3.0, core=PROVINCE, kind="quiet")
    assert watched.kunduz().state == "observed"


def test_the_worst_seeing_stated_on_the_visit_counts(watched: Watched) -> None:
    watched.begin(2.0)
    watched.stage(watched.us, "ended", 4.0)
    watched.observe("one", "good", 2.5, visit=watched.visit, how="visit")
    assert watched.kunduz().seeing == ["good"]
    watched.observe("two", "poor", 3.0, visit=watched.visit, how="visit")
    day = watched.kunduz()
    # The first one saw something under good seeing: that stays an observation.
    assert (day.state, day.observed_s, day.poor_s, day.sightings) == ("observed", 0.0, 7200.0, 2)


def test_what_others_say_is_no_looking(watched: Watched) -> None:
    watched.observe("rumour", "good", 2.5, how="media")
    assert watched.kunduz().state == "missed"
    watched.observe("eyes", "poor", 2.5)
    assert watched.kunduz().state == "poor"


def test_a_blocked_way_is_no_looking(watched: Watched) -> None:
    watched.observe("block", "good", 2.5, kind="obstruction")
    assert watched.kunduz().state == "missed"


def test_an_outer_cover_says_not_where(pair: Any) -> None:
    watched = Watched(pair, "coarse")
    watched.begin(2.0)
    watched.stage(watched.us, "ended", 4.0)
    [blank] = watched.ru.looked(LINE).blanks
    assert "outer cover" in blank.why
    assert watched.kunduz().state == "unknown"


def test_what_was_recalled_is_unknown_and_not_nothing(watched: Watched) -> None:
    entry = watched.observe("one", "good", 2.5)
    assert watched.kunduz().state == "observed"
    watched.us.recall(LINE, entry, officer="a")
    watched.pair.sync()
    assert watched.kunduz().state == "missed"
    # All that is known of it is the day on which it was reported.
    assert watched.kunduz("2026-11-22").state == "unknown"


def test_a_scenario_that_is_not_there_or_cannot_be_used(watched: Watched) -> None:
    assert watched.ru.coverage(LINE) is None
    path = watched.pair.directory / "ru" / "coverage.toml"
    path.write_text("name = 1")
    with pytest.raises(InputError, match=r"coverage\.toml"):
        watched.ru.coverage(LINE)
    path.write_bytes(EXAMPLE.read_bytes().replace(b'step = "40km"', b'step = "1km"'))
    with pytest.raises(LimitError, match="write a longer step"):
        watched.ru.coverage(LINE)
    path.write_bytes(EXAMPLE.read_bytes())
    with pytest.raises(NotFoundError, match="no base"):
        watched.ru.coverage(LINE, ["Atlantis"])
    with pytest.raises(LimitError, match="1 to 31 days"):
        watched.ru.coverage(LINE, days=32)
    assert len(watched.ru.coverage(LINE).days) == 7


def test_the_command_tells_the_same(
    watched: Watched, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    watched.begin(2.0)
    watched.stage(watched.us, "ended", 4.5)
    watched.observe("somewhere", "good", 3.0, core=PROVINCE)
    asked = [
        "coverage", str(EXAMPLE), "--observed", str(watched.pair.directory / "ru"),
        "--line", LINE, "--from", "2026-11-20", "--days", "2", "--without", "Dushanbe",
        "--without", "kg basing", "--without", "Gulf",
    ]  # fmt: skip
    picture = tmp_path / "map.png"
    assert run([*asked, "--format", "json", "--plot", str(picture)]) == 0
    rows = json.loads(capsys.readouterr().out)
    gate = [one for one in rows if one["place"] == "Sher Khan Bandar" and one["day"][8:] == "21"]
    assert [(one["state"], one["unknown"]) for one in gate] == [("unknown", ["us/somewhere"])] * 2
    kunduz = [row for row in rows if row["place"] == "Kunduz"]
    assert [(row["day"], row["state"], row["observed_s"]) for row in kunduz] == [
        ("2026-11-20", "missed", 0),
        ("2026-11-21", "observed", 9000),
        ("2026-11-20", "unreached", 0),
        ("2026-11-21", "observed", 9000),
    ]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run(asked) == 0
    told = capsys.readouterr().out
    assert "Not observed never means that nothing happened." in told
    assert "NOT OBSERVED, out of reach" in told
    assert "2 h 30" in told
    assert run([*asked, "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 1 + 2 * 2 * 5
    for wrong in (("--days", "0"), ("--from", "yesterday"), ("--line", "no-such-line")):
        assert run([*asked, *wrong]) == 2

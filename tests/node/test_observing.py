"""Observations are private until they are reported, then on every node, and recalled from all."""

import hashlib
import json
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import InputError, NotFoundError, StateError
from detente.line import Draft, observe_draft
from detente.node.saying import say
from detente.node.show.reader import LineReader
from detente.node.views import OfficerView
from detente.observations import Observation
from detente.volumes import Core, Edges, Shape

LINE = "northern-watch"
NOW_S = 1_795_334_400.0
"""22 November 2026, 08:00 Z, as the nodes' clock has it: Sunday of week 47."""
WATCH = OfficerView(name="w", role="watch", active=True)
OTHER = OfficerView(name="x", role="watch", active=True)
RELEASER = OfficerView(name="r", role="releaser", active=True)
SECRET = "a convoy of forty vehicles waits at the gate"


def observation(name: str = "crossing-1", **changes: Any) -> Observation:
    lon, lat = changes.pop("at", (68.605, 37.185))
    fields: dict[str, Any] = {
        "id": name,
        "kind": "crossing-closed",
        "core": Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC),
        "radius_m": 500.0,
        "from_s": NOW_S - 7200,
        "until_s": NOW_S - 3600,
        "how": "seen",
        "confidence": "moderate",
        "marking": "TLP:GREEN",
        "seeing": "limited",
        "text": SECRET,
    }
    return Observation(**(fields | changes))


def files_of(pair: Any, party: str) -> bytes:
    found = sorted(Path(pair.directory / party).glob("detente.db*"))
    return b"".join(one.read_bytes() for one in found)


def test_a_note_stays_here(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    before = us.state_document(LINE), us.heads(us.line(LINE).id, "ru")
    noted = us.note(observation(), officer="w")
    assert (noted.revision, noted.noted_by, noted.origin) == (1, "w", "noted")
    assert (noted.district, noted.week) == ("N37.0 E068.5", "2026-W47")
    assert noted.observed["text"] == SECRET
    assert noted.reported == []
    assert us.own_note("crossing-1", officer=OTHER) == noted
    assert (us.state_document(LINE), us.heads(us.line(LINE).id, "ru")) == before
    pair.sync()
    assert ru.observations(LINE) == []
    assert SECRET.encode() not in files_of(pair, "ru")
    [act] = [one for one in us.audit(0, 1000) if one.subject == "crossing-1"]
    assert (act.officer, act.action) == ("w", "observation.note")
    assert SECRET not in json.dumps(act.detail)


def test_a_kind_that_nobody_knows_is_refused_where_it_is_noted(pair: Any) -> None:
    us = pair.nodes["us"]
    with pytest.raises(InputError, match="'crossing-close' is not known") as caught:
        us.note(observation(kind="crossing-close"), officer="w")
    assert "did you mean crossing-closed?" in caught.value.remedy
    us.note(observation(), officer="w")
    with pytest.raises(InputError, match="'zzz' is not known") as caught:
        us.change_note(observation(kind="zzz"), officer=WATCH)
    assert "did you mean" not in caught.value.remedy
    assert us.own_note("crossing-1", officer=WATCH).observed["kind"] == "crossing-closed"


def test_the_same_request_is_done_once(pair: Any) -> None:
    us = pair.nodes["us"]
    first = us.note(observation(), officer="w", key="k")
    assert us.note(observation(), officer="w", key="k") == first
    with pytest.raises(StateError, match="there is an observation 'crossing-1' already"):
        us.note(observation(), officer="w")


def test_what_is_changed_is_a_version_and_what_it_was_is_kept(pair: Any) -> None:
    us = pair.nodes["us"]
    us.note(observation(), officer="w")
    pair.clock.at_s += 60
    changed = us.change_note(observation(text="it is open again"), officer=OTHER)
    assert (changed.revision, changed.noted_by, changed.changed_by) == (2, "w", "x")
    versions = us.note_versions("crossing-1", officer=WATCH)
    assert [(one.revision, one.observed["text"]) for one in versions] == [
        (1, SECRET),
        (2, "it is open again"),
    ]
    us.drop_note("crossing-1", officer=WATCH)
    with pytest.raises(NotFoundError):
        us.own_note("crossing-1", officer=WATCH)


@pytest.mark.parametrize("ahead_s", [301.0, 86_400.0])
def test_the_future_is_refused(pair: Any, ahead_s: float) -> None:
    us = pair.nodes["us"]
    with pytest.raises(InputError, match="is in the future: until is") as caught:
        us.note(observation(until_s=NOW_S + ahead_s), officer="w")
    assert caught.value.where == "crossing-1"
    assert us.notes(officer=WATCH).notes == []


def test_a_report_is_what_its_preview_showed_and_stands_on_both_nodes(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.note(observation(), officer="w")
    preview = us.preview_report(LINE, "crossing-1", officer=RELEASER)
    assert preview.sha256 == hashlib.sha256(preview.body.encode()).hexdigest()
    assert us.observations(LINE) == []
    entry = us.report(LINE, "crossing-1", shown=preview.sha256, officer=RELEASER)
    assert entry.about == preview.about == {
        "observation": "crossing-1",
        "version": 1,
        "supersedes": None,
        "marking": "TLP:GREEN",
    }  # fmt: skip
    pair.sync()
    for node in (us, ru):
        [one] = node.observations(LINE)
        assert (one.id, one.party, one.version, one.state) == (entry.id, "us", 1, "reported")
        assert one.observed == json.loads(preview.body)
        assert (one.own, one.ahead) == (node is us, False)
    assert us.state_document(LINE) == ru.state_document(LINE)
    [reported] = us.own_note("crossing-1", officer=WATCH).reported
    assert (reported.line_name, reported.version, reported.state, reported.same) == (
        LINE,
        1,
        "reported",
        True,
    )
    with pytest.raises(StateError, match="has been told exactly that"):
        us.report(LINE, "crossing-1", officer=RELEASER)
    with pytest.raises(StateError, match="has been told of it"):
        us.drop_note("crossing-1", officer=RELEASER)
    us.change_note(observation(text="changed"), officer=WATCH)
    with pytest.raises(StateError, match="was changed since it was looked at"):
        us.report(LINE, "crossing-1", shown=preview.sha256, officer=RELEASER)


def test_it_is_revised_and_retracted_by_the_next_version(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.note(observation(), officer="w")
    us.report(LINE, "crossing-1", officer=RELEASER)
    us.change_note(observation(confidence="high"), officer=WATCH)
    us.report(LINE, "crossing-1", officer=RELEASER)
    us.retract(LINE, "crossing-1", "it was another gate", officer="r")
    pair.sync()
    found = ru.observation(LINE, "us", "crossing-1")
    assert [(one.version, one.state, one.newest) for one in found] == [
        (3, "retracted", True),
        (2, "reported", False),
        (1, "reported", False),
    ]
    assert found[0].note == "it was another gate"
    assert [one.observed and one.observed["confidence"] for one in found] == [
        None,
        "high",
        "moderate",
    ]
    table = ru.observation_table(LINE)
    assert (table.counted, table.retracted, table.cells) == (0, 1, [])
    with pytest.raises(StateError, match="no such report of ours that stands"):
        us.retract(LINE, "crossing-1", officer="r")
    with pytest.raises(NotFoundError, match="there is no observation"):
        ru.observation(LINE, "us", "crossing-2")


def test_red_cannot_go_onto_a_line(pair: Any) -> None:
    us = pair.nodes["us"]
    us.note(observation(marking="TLP:RED"), officer="w")
    for coarse in (False, True):
        with pytest.raises(InputError, match="TLP:RED, which is for individual recipients"):
            us.report(LINE, "crossing-1", coarse=coarse, officer=RELEASER)
    assert us.observations(LINE) == []


def test_red_is_for_who_noted_it_and_who_releases(pair: Any) -> None:
    us = pair.nodes["us"]
    us.note(observation(marking="TLP:RED"), officer="w")
    us.note(observation("crossing-2"), officer="w")
    for officer, names, table_size in ((WATCH, 2, 2), (RELEASER, 2, 2), (OTHER, 1, 1)):
        page = us.notes(officer=officer)
        assert (len(page.notes), page.withheld) == (names, 2 - names)
        table = us.notes_table(officer=officer)
        assert (table.counted, table.withheld) == (table_size, 2 - table_size)
    with pytest.raises(NotFoundError):
        us.own_note("crossing-1", officer=OTHER)
    with pytest.raises(NotFoundError):
        us.change_note(observation(marking="TLP:CLEAR"), officer=OTHER)
    # Marked anew by who may see it, its earlier revision stays what it was marked.
    us.change_note(observation(marking="TLP:CLEAR", text="less"), officer=WATCH)
    assert len(us.note_versions("crossing-1", officer=OTHER)) == 1


def test_a_coarsened_report_tells_district_and_day(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.note(observation(place="the gate"), officer="w")
    us.report(LINE, "crossing-1", coarse=True, officer=RELEASER)
    pair.sync()
    [one] = ru.observations(LINE)
    assert one.observed is not None
    assert one.observed["core"]["coordinates"] == [68.75, 37.25]
    assert (one.observed["from"], one.observed["until"]) == (
        "2026-11-22T00:00:00Z",
        "2026-11-22T23:59:59Z",
    )
    assert not one.ahead
    for word in (SECRET, "the gate", "68.605", "06:00:00"):
        assert word.encode() not in ru.state_document(LINE)
    [reported] = us.own_note("crossing-1", officer=WATCH).reported
    assert not reported.same


def test_the_table_counts_by_district_and_week(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    week_s = 7 * 86_400
    for name, node, changes in (
        ("a", us, {}),
        ("b", us, {"kind": "fighting", "seeing": "good"}),
        ("c", ru, {"from_s": NOW_S - 3 * week_s, "until_s": NOW_S - 3 * week_s + 60}),
        ("d", ru, {"district": "Imam Sahib"}),
        ("e", ru, {"from_s": NOW_S - 2 * week_s, "marking": "TLP:AMBER"}),
    ):
        node.note(observation(name, **changes), officer="w")
        node.report(LINE, name, officer=RELEASER)
    pair.sync()
    for node in (us, ru):
        table = node.observation_table(LINE)
        assert table.counted == 5
        assert table.districts == ["Imam Sahib", "N37.0 E068.5"]
        # Weeks of which nobody reported anything stand between; the last is of what took longer.
        assert table.weeks == ["2026-W44", "2026-W45", "2026-W46", "2026-W47", "unknown"]
        assert table.marking == "TLP:AMBER"
        cells = {(one.district, one.week): one for one in table.cells}
        assert set(cells) == {
            ("Imam Sahib", "2026-W47"),
            ("N37.0 E068.5", "2026-W44"),
            ("N37.0 E068.5", "2026-W47"),
            ("N37.0 E068.5", "unknown"),
        }
        assert cells["N37.0 E068.5", "2026-W47"].counts == {"crossing-closed": 1, "fighting": 1}
        assert cells["N37.0 E068.5", "2026-W47"].seeing == {"good": 1, "limited": 1}
    chosen = us.observations(LINE, district="N37.0 E068.5", week="2026-W47", kind="fighting")
    assert [one.observation for one in chosen] == ["b"]
    assert {one.observation for one in us.observations(LINE, audience="community")} == set("abcd")
    assert us.observations(LINE, audience="public") == []


def test_the_table_ends_at_the_running_week_and_fills_no_weeks_to_come(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    week_s = 7 * 86_400
    us.note(observation(), officer="w")
    us.report(LINE, "crossing-1", officer=RELEASER)
    pair.sync()
    assert us.observation_table(LINE).weeks == ["2026-W47"]
    pair.clock.at_s = NOW_S + 3 * week_s
    for table in (us.observation_table(LINE), us.notes_table(officer=RELEASER)):
        assert table.running == "2026-W50"
        assert table.weeks == ["2026-W47", "2026-W48", "2026-W49", "2026-W50"]
    # What a peer tells of a far time, before or after, hides none of the weeks of late.
    for name, at_s in (("old", NOW_S - 900 * week_s), ("to-come", NOW_S + 900 * week_s)):
        draft = observe_draft(
            observation(name, kind="quiet", from_s=at_s, until_s=at_s), version=1, supersedes=None
        )
        say(
            ru._core, LINE, partial(_as_it_is, draft), officer="a", key=None, action="x", content={}
        )
    pair.sync()
    table = us.observation_table(LINE)
    assert (len(table.weeks), table.weeks[0], table.weeks[-1]) == (402, "2009-W34", "2044-W07")
    mondays = [date.fromisocalendar(int(one[:4]), int(one[6:]), 1) for one in table.weeks[1:-1]]
    assert {(b - a).days for a, b in pairwise(mondays)} == {7}
    assert table.weeks[-2] == table.running


def test_what_is_recalled_is_gone_everywhere_and_not_counted(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.note(observation(), officer="w")
    first = us.report(LINE, "crossing-1", officer=RELEASER)
    pair.sync()
    # Whatever is shown of it is made anew each time, and so is kept nowhere.
    assert SECRET in json.dumps(msgspec.to_builtins(ru.observations(LINE)))
    assert ru.observation_table(LINE).counted == 1
    us.recall(LINE, first.id, "sent in error", officer="r")
    pair.sync()
    pair.sync()
    for node in (us, ru):
        [one] = node.observations(LINE)
        assert (one.state, one.unknown, one.observed) == ("recalled", "recalled", None)
        table = node.observation_table(LINE)
        assert (table.counted, table.recalled) == (0, 1)
        assert node.verify() == []
        assert {h.state for h in node.recalls(LINE)[0].holders} == {"erased"}
    assert SECRET.encode() not in files_of(pair, "ru")
    assert us.state_document(LINE) == ru.state_document(LINE)
    # What we noted ourselves stays ours, and can be reported anew.
    again = us.report(LINE, "crossing-1", officer=RELEASER)
    assert again.about["version"] == 2
    pair.sync()
    assert ru.observation_table(LINE).counted == 1


def _as_it_is(draft: Draft, reader: LineReader) -> Draft:
    return draft


def test_a_report_from_the_future_is_shown_as_such(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for name, ahead_s in (("past", 0.0), ("future", 301.0)):
        one = observation(name, from_s=NOW_S + ahead_s, until_s=NOW_S + ahead_s)
        draft = observe_draft(one, version=1, supersedes=None)
        # Our own door would refuse it; a peer's node may be written otherwise.
        say(
            us._core,
            LINE,
            partial(_as_it_is, draft),
            officer="r",
            key=None,
            action="observe",
            content={},
        )
    pair.sync()
    assert {one.observation: one.ahead for one in ru.observations(LINE)} == {
        "future": True,
        "past": False,
    }

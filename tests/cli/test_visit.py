"""`detente visit …`: what its words mean; the stories tell the commands against real nodes."""

from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run
from detente.cli.visit import named, told
from detente.errors import NotFoundError

CLOCK = {
    "name": "acknowledge", "owed_by": "tj", "state": "late", "due": "2021-08-03T08:00:00Z",
    "met_at": None, "lapse": None,
}  # fmt: skip
VISIT: dict[str, Any] = {
    "id": "3fa1c209" + "0" * 56,
    "party": "us", "name": "north", "host": "tj", "line_name": "panj", "phase": "notified",
    "mission": "none", "accounts": "none", "start": "2021-08-06T00:00:00Z",
    "end": "2021-08-12T00:00:00Z", "point_of_entry": "", "now": "2021-08-03T09:00:00Z",
    "exercise": "PANJ", "clocks": [CLOCK],
    "stages": [{
        "stage": "begun", "differs": True,
        "stated": {"tj": {"at": "2021-08-07T08:00:00Z"}, "us": {"at": "2021-08-07T09:00:00Z"}},
    }],
    "restrictions": [{
        "party": "tj", "start": "2021-08-09T04:00:00Z", "end": "2021-08-09T06:00:00Z",
        "hours_utc": [[2.0, 6.5]], "text": "Works.", "unknown": None,
        "made": "2021-08-08T22:40:00Z",
        "late": "made 58 h 40 min later than the terms allow (24 h before the visit begins)",
        "places": [
            {"name": "west of Ayvaj road", "radius_m": 12_000.0,
             "core": {"type": "Point", "coordinates": [68.45, 37.24], "edges": "geodesic"}},
            {"name": "the depot", "radius_m": 0.0},
        ],
    }],
    "deviations": [{"party": "us", "at": "2021-08-07T10:00:00Z", "text": "Turned back."}],
    "cancels": [{"party": "us", "ground": "restriction"}],
    "items": [{"name": "film-1", "state": "sealed", "found": "broken"}],
    "sessions": [{"name": "s-1", "state": "differing"}],
    "exceeding": [
        {"known": True, "why": "5 × observer: 4 granted"},
        {"known": False, "why": "where it would be is not known here"},
    ],
    "remarks": ["the notice was given 2 h 00 min late"],
}  # fmt: skip


def test_a_visit_is_told_with_all_that_is_out_of_order() -> None:
    rows = told(VISIT)
    assert rows[0] == "EXERCISE  us/north to tj on panj: NOTIFIED, plan none, reports none"
    text = "\n".join(rows)
    for words in (
        "by unknown; now 2021-08-03T09:00:00Z",
        "acknowledge  tj         LATE      due 2021-08-03T08:00:00Z",
        f"id 3fa1c209{'0' * 56}",
        "restricted by tj: 2021-08-09T04:00:00Z to 2021-08-09T06:00:00Z, 02:00-06:30 UTC, closed: "
        "west of Ayvaj road (37.2400, 68.4500, within 12 km); the depot (where is not stated) "
        "“Works.”; made 58 h 40 min later than the terms allow (24 h before the visit begins), at "
        "2021-08-08T22:40:00Z",
        "begun: tj 2021-08-07T08:00:00Z, us 2021-08-07T09:00:00Z (DIFFERS)",
        "deviation, us: 2021-08-07T10:00:00Z Turned back.",
        "cancelled by us: restriction",
        "film-1: sealed, found broken",
        "session s-1: differing",
        "EXCEEDS: 5 × observer: 4 granted",
        "MAY EXCEED: where it would be is not known here",
        "NOTE: the notice was given 2 h 00 min late",
    ):
        assert words in text


@pytest.mark.parametrize("said", ["us/north", "3fa1c209", "3FA1C2090", VISIT["id"]], ids=len)
def test_a_visit_is_named_or_told_by_how_its_id_begins(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**VISIT, "id": "3fa1c20a" + "0" * 56, "name": "south"}
    monkeypatch.setattr("detente.cli.ask.ask_json", lambda *_: [VISIT, other])
    assert named(tmp_path, "panj", said) == VISIT
    for wrong in ("3fa1c20", "us/nor", "3fa1c2", "3fa1c209f"):
        with pytest.raises(NotFoundError, match="visits are named"):
            named(tmp_path, "panj", wrong)
    monkeypatch.setattr("detente.cli.ask.ask_json", lambda *_: [VISIT])
    assert named(tmp_path, "panj", "3fa1c2") == VISIT
    with pytest.raises(NotFoundError, match="visits are named"):
        named(tmp_path, "panj", "3fa1c")


def _refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize("item", ["camera", "camera=2", "=2/2", "camera=two/2", "camera=-1/2"])
def test_an_item_is_written_with_both_numbers(
    item: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["visit", "inspect", str(tmp_path), "us/north", "--item", item]
    assert "--item 'daylight camera=2/2'" in _refused(words, capsys)


@pytest.mark.parametrize("words", [["change"], ["agreed", "--ground", "safety"]], ids=" ".join)
def test_a_ground_is_given_for_a_change_and_for_nothing_else(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = _refused(["visit", "review", str(tmp_path), "us/north", *words], capsys)
    assert "--ground" in error


def test_there_has_to_be_a_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path) in _refused(["visit", "list", str(tmp_path)], capsys)

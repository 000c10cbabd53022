"""`detente observation link …` and `detente daily …`: what they print, and what they refuse."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.cli.daily import text_of
from detente.cli.terms import read_terms, template
from detente.line import terms_from_wire, terms_to_wire
from detente.line.watching import STANDARD_WATCHING
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.node.views import OfficerView
from detente.observations import Observation
from detente.record import open_card
from detente.volumes import Core, Shape

LINE = "north"
OFFICER = OfficerView(name="r", role="releaser", active=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """us, on a line with ru for watching together; both have told of one shelling."""
    nodes = {}
    for party in ("us", "ru"):
        settings = Settings(
            party=party, name=f"Cell {party}", languages=("en",),
            endpoint="https://192.0.2.1:7443", database="detente.db",
        )  # fmt: skip
        create(tmp_path / party, settings)
        nodes[party] = Node.open(tmp_path / party)
    us, ru = nodes["us"], nodes["ru"]
    wire = read_terms(Path("terms.toml"), template(datetime.now(UTC)).encode(), nodes)
    terms = msgspec.structs.replace(terms_from_wire(wire), watching=STANDARD_WATCHING)
    founding = us.found(LINE, terms_to_wire(terms), [ru.card()])
    for node, other in ((us, ru), (ru, us)):
        node.join(founding, {other.party: open_card(other.card()).fingerprint})
    _push(us, ru)
    _push(ru, us)
    for node in (us, ru):
        shots = Observation(
            id="shots", kind="explosion", core=Core(Shape.POINT, (((68.6, 37.2),),)),
            radius_m=500.0, from_s=1e9, until_s=1e9 + 600, how="heard", confidence="low",
            marking="TLP:GREEN",
        )  # fmt: skip
        node.note(shots, officer="r")
        node.report(LINE, "shots", officer=OFFICER)
    _push(ru, us)
    (tmp_path / "token").write_text(us.add_officer("r", "releaser"))
    for node in nodes.values():
        node.close()
    monkeypatch.delenv("DETENTE_TOKEN", raising=False)
    return tmp_path / "us"


def _push(sender: Node, receiver: Node) -> None:
    line = sender.line(LINE).id
    size = receiver.heads(line, sender.party)[sender.party].size
    page = sender.read_log(line, sender.party, size, receiver.party)
    assert page.checkpoint is not None
    receiver.receive(line, sender.party, size, page.entries, page.checkpoint, sender.party)


def test_linking_and_what_changed(detente: Callable[..., str], folder: Path) -> None:
    token = ("--token-file", folder.parent / "token")
    here = (folder, LINE)
    assert "2 events by 2 reports\n" in detente("observation", "events", *here)
    assert "ru/shots may be the same event as us/shots" in detente(
        "observation", "suggest", *here, "--score-min", "0.5", *token
    )
    assert "needs the role" in detente("observation", "suggest", *here, status=2)
    changed = detente("observation", "changed", *here, "--mark", *token)
    assert "since the beginning, for r:" in changed
    assert "reported: ru/shots" in changed
    said = detente("observation", "link", *here, "us/shots", "ru/shots", *token)
    assert "On the line: observation.link" in said
    entry = said.split()[-1]
    shown = detente("observation", "events", *here)
    assert "1 event by 2 reports\none event: ru/shots, us/shots\n" in shown
    assert f"{entry}  JOINS" in shown
    assert "dispute what it said itself" in detente(
        "observation", "dispute", *here, entry, *token, status=2
    )
    assert "linked: ru/shots, us/shots" in detente("observation", "changed", *here, *token)
    detente("observation", "takeback", *here, entry, "--note", "no", *token)
    assert f"{entry}  TAKEN-BACK" in detente("observation", "events", *here)
    wrong = (*here, "us/shots", "ru/none", *token)
    assert "ru/none" in detente("observation", "link", *wrong, status=2)


def test_a_day_is_shown_published_and_verified(detente: Callable[..., str], folder: Path) -> None:
    token = ("--token-file", folder.parent / "token")
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    here = (folder, "--line", LINE)
    assert "Nobody has published" in detente("daily", "verify", *here)
    shown = detente("daily", "show", *here, "--day", day)
    joint = detente("daily", "show", *here, "--day", day, "--format", "json")
    sha256 = hashlib.sha256(joint.encode()).hexdigest()
    assert f"joint part {sha256}" in shown
    assert "Everything else of the area: not observed by anybody" in shown
    assert json.loads(joint)["totals"]["day"] == {"reports": 0, "events": 0}
    publish = ("daily", "publish", *here, "--day", day, "--yes")
    assert "needs the role" in detente(*publish, status=2)
    own = ("--text", "quiet", "--not-observed", "Darqad: fog")
    assert "Published: entry" in detente(*publish, *own, *token)
    assert f"{day}  report of us: its joint part is what is computed" in detente(
        "daily", "verify", *here
    )
    assert "  not observed: Darqad: fog" in detente("daily", "show", *here, "--day", day)
    late = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert "is not over" in detente(*publish[:6], late, "--yes", *token, status=2)
    assert "is not a date" in detente("daily", "show", *here, "--day", "monday", status=2)


def test_what_is_disputed_denied_and_wrong_is_in_the_text() -> None:
    figures = {"reports": 2, "events": 2, "as_held": {"ru": 1, "us": 2}}
    none = {"reports": 0, "events": 0}
    days: dict[str, Any] = {"day": figures, "day_before": none, "week_before": none}
    report = {
        "party": "ru", "verdict": "differs", "why": "", "behind": {"us": 3}, "as_agreed": False,
        "cutoff": "2021-08-09T18:00:00Z", "newest": False, "own_part": None,
        "unknown_own": "not-held",
    }  # fmt: skip
    joint: dict[str, Any] = {
        "from": "a", "cutoff": "b", "logs": {"ru": {"size": 4}}, "totals": days,
        "cells": [{"district": "Darqad", "kind": "fighting", **days}],
        "disputed": [{"a": "ru/1", "b": "us/1", "linked_by": ["ru"], "disputed_by": ["us"]}],
        "seeing": [], "not_observed": {"districts": ["Farkhor"], "poorly": ["Darqad"]},
        "access_denied": {
            "restrictions": [{"host": "tj", "from": "c", "until": "d"}],
            "refusals": [{"host": "uz", "permission": "north", "asked_by": "us"}],
            "observations": ["us/4"],
        },
        "visits": [
            {"name": "v", "guest": "us", "host": "tj", "cancelled": True, "stages": {"us": {}}}
        ],
        "line_checks": [{"party": "ru", "made": 1, "due": 4}],
        "lapses": [{"owed_by": "ru", "what": "understood", "due": "e"}],
        "late": [], "retracted": ["us/9"], "recalled": [], "unknown": [],
    }  # fmt: skip
    view = {
        "exercise": "X", "day": "2021-08-09", "line_name": "n", "over": False,
        "joint": joint, "joint_sha256": "f", "marking": "TLP:AMBER", "reports": [report],
    }  # fmt: skip
    text = "\n".join(text_of(view))
    for said in (
        "EXERCISE X", "THE DAY IS NOT OVER", "2 of 2 (ru:1 us:2)", "none told",
        "IN DISPUTE ru/1 and us/1: ru: one event; us: two", "not observed: Farkhor",
        "observed poorly only: Darqad", "restricted by tj: c to d", "refused by uz: north",
        "obstructed: us/4", "CANCELLED no stage yet", "line checks of ru: 1 of 4",
        "lapse: ru owed understood by e", "retracted: us/9", "(replaced by a later one)",
        "ITS JOINT PART IS NOT WHAT IS COMPUTED HERE", "written before 3 more of us",
        "CUT OFF AT 2021-08-09T18:00:00Z", "its own part is not known here: not-held",
    ):  # fmt: skip
        assert said in text
    assert "TLP:AMBER: the narrowest marking" in text
    assert text.count("Because of a dispute the total differs") == 1
    joint["not_observed"]["districts"] = []
    assert "Nothing was observed: no district had been told of" in "\n".join(text_of(view))
    joint["seeing"] = [{"district": "Darqad", "reports": {"poor": 2}}]
    days["day"]["as_held"] = {"ru": 2, "us": 2}
    text = "\n".join(text_of(view))
    assert "Every district ever told of on this line was reported on this day." in text
    assert "Everything else of the area: not observed by anybody who reports here." in text
    assert "(ru:2" not in text
    assert "the total differs" not in text

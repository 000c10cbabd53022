"""`detente observation …`: noted, imported, reported, revised, retracted, listed, exported."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detente.cli.observation import _print_table
from detente.cli.terms import read_terms, template
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

LINE = "north"
GED = Path(__file__).parents[2] / "examples" / "observations-ged-invented.csv"
NOTE = (
    *("--kind", "crossing-closed", "--at", "68.605,37.185", "--radius-m", "500"),
    *("--from", "2021-08-09T00:10:00Z", "--until", "2021-08-09T00:40:00Z"),
    *("--how", "seen", "--seeing", "limited", "--count", "vehicles=40", "--text", "the gate"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """us, on a line with ru, with a watch officer and a releaser."""
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
    founding = us.found(LINE, wire, [ru.card()])
    for node, other in ((us, ru), (ru, us)):
        node.join(founding, {other.party: open_card(other.card()).fingerprint})
    line = us.line(LINE).id
    page = ru.read_log(line, "ru", 0, "us")
    us.receive(line, "ru", 0, page.entries, page.checkpoint, "ru")
    for role in ("watch", "releaser"):
        (tmp_path / f"{role}.token").write_text(us.add_officer(role[0], role))
    for node in nodes.values():
        node.close()
    monkeypatch.delenv("DETENTE_TOKEN", raising=False)
    return tmp_path / "us"


def test_from_note_to_export(detente: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    watch, releaser = (("--token-file", tmp_path / f"{one}.token") for one in ("watch", "releaser"))
    note = ("observation", "note", folder, "gate", *NOTE, "--marking", "TLP:AMBER", *watch)
    assert "in N37.0 E068.5, 2021-W32. No line has been told." in detente(*note)
    said = detente(*note[:3], "later", *NOTE[:6], "--from", "2095-01-01T00:00:00Z", "--until",
                   "2095-01-01T00:00:00Z", "--marking", "TLP:RED", *watch, status=2)  # fmt: skip
    assert "is in the future" in said
    assert "is no position" in detente(*note[:6], "--at", "here", *note[8:], status=2)
    report = ("observation", "report", folder, LINE, "gate", "--yes")
    assert "releaser or senior" in detente(*report, *watch, status=2)
    said = detente(*report, *releaser)
    assert "marked TLP:AMBER" in said
    assert "Reported as version 1" in said
    said = detente("observation", "revise", folder, "gate", "--confidence", "high", *watch)
    assert "gate is revision 2. Told otherwise: north." in said
    detente(*report, "--coarse", *releaser)
    said = detente("observation", "list", folder, "--line", LINE)
    assert "2021-W32  crossing-closed 1  (conditions: limited 1)" in said
    assert "needs the role" in detente(
        "observation", "list", folder, "--line", LINE, "--single", status=2
    )
    [one] = json.loads(
        detente("observation", "list", folder, "--line", LINE, "--single", "--json", *watch)
    )
    assert (one["version"], one["observed"]["core"]["coordinates"]) == (2, [68.75, 37.25])
    assert one["observed"]["confidence"] == "high"
    export = ("observation", "export", folder, LINE, "--format", "csv", *releaser)
    said = detente(*export, "--for", "public", "--out", tmp_path / "public.csv")
    assert "0 observations, TLP:CLEAR" in said
    assert "1 more stand on the line: their marking keeps them from public." in said
    detente(*export, "--for", "clients", "--out", tmp_path / "clients.csv")
    assert "TLP:AMBER" in (tmp_path / "clients.csv").read_text()
    assert "Retracted" in detente("observation", "retract", folder, LINE, "gate", *releaser)
    assert "1 retracted" in detente("observation", "list", folder, "--line", LINE)


def test_a_file_is_imported_and_imported_again(
    detente: Callable[..., str], folder: Path, tmp_path: Path
) -> None:
    watch = ("--token-file", tmp_path / "watch.token")
    take = ("observation", "import", folder, GED)
    assert "this needs the role" in detente(*take, status=2)
    assert "(ucdp-ged): 3 new, 0 revised, 0 the same" in detente(*take, *watch)
    bad = tmp_path / "bad.csv"
    bad.write_text(GED.read_text().replace("900002", "x"))
    said = json.loads(detente("observation", "import", folder, bad, "--json", *watch, status=1))
    assert (said["same"], said["refused_in_all"]) == (2, 1)
    said = detente("observation", "list", folder)
    assert "Khash district" in said
    assert "not observed" in said


def test_weeks_that_nobody_observed_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    weeks = [*(f"2021-W{number}" for number in (31, 32, 33, 34, 35, 36, 37, 40)), "unknown"]
    told = {"district": "Khash", "counts": {"fighting": 1}, "seeing": {"good": 1}, "as_held": {}}
    table = {
        "districts": ["Khash", "Sangin"], "weeks": weeks, "running": "2021-W37", "events": 2,
        "counted": 2, "as_held": {}, "watched": 0,
        "marking": "TLP:GREEN", "retracted": 0, "recalled": 0, "unknown": 0, "withheld": 0,
        "cells": [
            {**told, "week": weeks[0]}, {**told, "week": weeks[3]},
            {**told, "week": weeks[7], "district": "Sangin"},
        ],
    }  # fmt: skip
    _print_table(table)
    assert capsys.readouterr().out.splitlines()[:12] == [
        "Khash",
        "  2021-W31  fighting 1  (conditions: good 1)",
        "  2021-W32 … 2021-W33: not observed",
        "  2021-W34  fighting 1  (conditions: good 1)",
        "  2021-W35 … 2021-W36: not observed",
        "  2021-W37  nothing told yet",
        "  2021-W40 … unknown: nothing told",
        "Sangin",
        "  2021-W31 … 2021-W36: not observed",
        "  2021-W37  nothing told yet",
        "  2021-W40  fighting 1  (conditions: good 1)  TOLD OF A TIME TO COME",
        "  unknown   nothing told",
    ]

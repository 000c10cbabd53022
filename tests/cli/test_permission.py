"""`detente permission …` at two real folders: asked, listed side by side, answered, taken back."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from detente.cli.terms import read_terms, template
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

LINE = "north"
LIMITS = """
note = "by day"
people = [{ role = "observer", count = 3 }]
"""
ASKED = """
purpose = "observe the crossings"
people = [{ role = "observer", count = 4 }]
equipment = [{ item = "daylight camera", count = 2 }]
quota = "observation visits"

[[places]]
name = "Khujand airfield"
radius_m = 5000.0
core = { type = "Point", coordinates = [69.69, 40.21], edges = "geodesic" }
"""
WINDOW = ("--from", "2095-01-01T00:00:00Z", "--until", "2095-02-01T00:00:00Z")
QUOTA = """
[[watching.quotas]]
name = "observation visits"
guest = "us"
host = "tj"
units = 1
start = "2090-01-01T00:00:00Z"
end = "2099-01-01T00:00:00Z"
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """us and tj, on a line whose terms have the part about watching, with a releaser each."""
    nodes = {}
    for party in ("us", "tj"):
        create(
            tmp_path / party,
            Settings(
                party=party, name=f"Cell {party}", languages=("en",),
                endpoint="https://192.0.2.1:7443", database="detente.db",
            ),
        )  # fmt: skip
        nodes[party] = Node.open(tmp_path / party)
    us, tj = nodes["us"], nodes["tj"]
    text = template(datetime.now(UTC), watching=True) + QUOTA
    wire = read_terms(Path("terms.toml"), text.encode(), nodes)
    founding = us.found(LINE, wire, [tj.card()])
    for node, other in ((us, tj), (tj, us)):
        node.join(founding, {other.party: open_card(other.card()).fingerprint})
        (tmp_path / f"{node.party}.token").write_text(node.add_officer("r", "releaser"))
    _level(us, tj)
    for node in nodes.values():
        node.close()
    monkeypatch.delenv("DETENTE_TOKEN", raising=False)
    return {party: tmp_path / party for party in nodes}


def _level(us: Node, tj: Node) -> None:
    line = us.line(LINE).id
    for sender, receiver in ((us, tj), (tj, us)):
        size = receiver.heads(line, sender.party)[sender.party].size
        page = sender.read_log(line, sender.party, size, receiver.party)
        receiver.receive(line, sender.party, size, page.entries, page.checkpoint, sender.party)


def _sync(folders: dict[str, Path]) -> None:
    us, tj = (Node.open(folders[party]) for party in ("us", "tj"))
    _level(us, tj)
    us.close()
    tj.close()


def _ids(detente: Callable[..., str], folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        detente("permission", "list", folder, "--format", "json")
    )
    return found


def test_from_request_to_renewal(
    detente: Callable[..., str], folders: dict[str, Path], tmp_path: Path
) -> None:
    us, tj = folders["us"], folders["tj"]
    as_us, as_tj = (("--token-file", tmp_path / f"{one}.token") for one in ("us", "tj"))
    asked, limits = tmp_path / "asked.toml", tmp_path / "limits.toml"
    asked.write_text(ASKED)
    limits.write_text(LIMITS)
    assert "Nobody has asked" in detente("permission", "list", us)
    ask = ("permission", "request", us, "--name", "north", "--kind", "visit", *WINDOW)
    said = detente(*ask, "--host", f"{LINE}/ru", "--file", asked, *as_us, status=2)
    assert "is no member" in said
    said = detente(*ask, "--host", "ru", "--file", asked, *as_us, status=2)
    assert "--host north" in said
    assert "releaser or senior" in detente(*ask, "--host", f"{LINE}/tj", "--file", asked, status=2)
    said = detente(*ask, "--host", f"{LINE}/tj", "--file", asked, *as_us)
    [one] = _ids(detente, us)
    assert said == f"Asked tj on {LINE}: {one['id'][:12]}\n"
    assert "not received there yet" in detente("permission", "list", us, "--line", LINE)
    _sync(folders)

    answer = ("permission", "answer", tj, one["id"][:8])
    said = detente(*answer, "limited", "--limits", limits, *as_tj, status=2)
    assert "'note' is no field" in said
    limits.write_text(LIMITS.replace('note = "by day"', ""))
    said = detente(*answer, "limited", "--hours", "2-14", *as_tj, status=2)
    assert "--hours 02:00-14:00" in said
    assert "0 requests begin with" in detente(
        "permission", "answer", tj, "ffffffff", "refused", *as_tj, status=2
    )
    detente(*answer, "limited", "--limits", limits, "--hours", "02:00-14:30", "--units", "1",
            "--note", "by day", *as_tj)  # fmt: skip
    _sync(folders)
    shown = detente("permission", "list", us)
    assert "north  asked by us" in shown
    assert "LIMITED" in shown
    assert "limited: 02:00-14:30 UTC only" in shown
    assert "limited: 3 × observer" in shown
    assert "2095-01-01T00:00:00Z to 2095-02-01T00:00:00Z, not now" in shown

    again = ("permission", "renew", us, one["id"], "--from", "2095-02-01T00:00:00Z",
             "--until", "2095-03-01T00:00:00Z")  # fmt: skip
    assert "Asked again" in detente(*again, *as_us)
    newest = next(one for one in _ids(detente, us) if one["newest"])
    assert "EXCEEDS: observation visits: 2 of 1" in detente("permission", "list", us)
    assert detente("permission", "withdraw", us, newest["id"], *as_us) == "Withdrawn\n"
    said = detente("permission", "revoke", tj, one["id"], "--note", "works", *as_tj)
    assert said.startswith("Revoked from ")
    _sync(folders)
    assert {one["state"] for one in _ids(detente, us)} == {"revoked", "withdrawn"}


@pytest.mark.parametrize("text", ["[", "purpose = 1", "[[people]]\nrole = 'x'", "nonsense = 1"])
def test_files_that_cannot_be_asked_with(
    detente: Callable[..., str], folders: dict[str, Path], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "asked.toml"
    file.write_text(text)
    said = detente(
        "permission", "request", folders["us"], "--name", "n", "--kind", "visit", *WINDOW,
        "--host", f"{LINE}/tj", "--file", file, "--token-file", tmp_path / "us.token", status=2,
    )  # fmt: skip
    assert said.startswith("detente: ")
    assert ";" in said

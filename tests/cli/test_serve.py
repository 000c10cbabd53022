"""Nodes as an operator runs them: real processes, the printed commands, real sockets."""

import io
import json
import re
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from detente.cli.folder import locked

Detente = Callable[..., str]
Serving = Callable[..., Any]
Make = Callable[..., tuple[Path, str]]

PLAN = {
    "id": "orbit",
    "kind": "surveillance",
    "volumes": [
        {
            "core": {"type": "Point", "coordinates": [68.8, 36.2], "edges": "straight"},
            "radius_m": 5000.0,
            "lower": {"value_m": 7000.0, "reference": "STD"},
            "upper": {"value_m": 8000.0, "reference": "STD"},
            "start": "2026-11-22T10:00:00Z",
            "end": "2026-11-22T11:00:00Z",
        }
    ],
}


def officer(address: str, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{address}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    )


def wait_for(what: str, ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within a minute"
        threading.Event().wait(0.1)
    return answer


def on_line(client: httpx.Client, what: str) -> Any:
    return client.get(f"/lines/north/{what}").json()


def conflicts_of(client: httpx.Client) -> Any:
    found = on_line(client, "conflicts")
    return found["conflicts"] if not found["unknown"] else []


def is_in_force(client: httpx.Client) -> bool:
    return bool(client.get("/lines/north").json()["state"] == "in-force")


def own_release(listed: str) -> str:
    """The id of the one release among listed entries."""
    [found] = [row.split()[4] for row in listed.splitlines() if "activity" in row]
    return found


def test_init_makes_a_private_folder_whole_or_not_at_all(
    detente: Detente, make: Make, tmp_path: Path
) -> None:
    folder, token = make("us", "--name", "Cell, Gulf", "--language", "en", "--language", "ru")
    assert len(token) >= 43
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    stored = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert token.encode() not in stored

    before = (folder / "keys" / "signing.pem").read_bytes()
    error = detente("init", folder, "--party", "us", status=2)
    assert "is not an empty folder" in error
    assert (folder / "keys" / "signing.pem").read_bytes() == before
    error = detente("init", tmp_path / "ru", "--party", "ru", "--language", "x" * 99, status=2)
    assert error.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["us"]


def test_a_server_is_one_says_where_it_is_and_ends_cleanly(
    detente: Detente, make: Make, serving: Serving
) -> None:
    folder, token = make("us")
    server = serving(folder, "--port", "0")
    assert stat.S_IMODE((folder / "run.json").stat().st_mode) == 0o600
    assert httpx.get(f"{server.run['api']}/healthz", trust_env=False).json()["status"] == "ok"
    printed = server.log.read_text()
    assert server.run["api"] in printed
    assert server.run["line"] in printed
    assert server.run["token"] not in printed

    error = detente("serve", folder, status=2)
    assert "another detente process has this node open" in error
    assert error.count("\n") == 1

    link = detente("login", folder).strip()
    assert link.startswith(server.run["api"] + "/login?t=")
    with officer(server.run["api"], token) as client:
        code = link.partition("t=")[2]
        assert client.post("/login", json={"code": code}).status_code == 201
        with client.stream("GET", "/events") as events:
            assert events.status_code == 200
            # A stream that is open does not hold up the end.
            assert server.stop() == 0
    assert not (folder / "run.json").exists()
    assert "Traceback" not in server.log.read_text()

    again = serving(folder)
    assert again.stop(signal.SIGINT) == 0


def test_a_killed_server_leaves_nothing_that_hinders(
    detente: Detente, make: Make, serving: Serving
) -> None:
    folder, _ = make("us")
    serving(folder).stop(signal.SIGKILL)
    assert (folder / "run.json").exists()
    assert "no line yet" in detente("lines", folder)
    assert serving(folder).stop() == 0


def test_a_server_waits_for_a_command_to_be_done(make: Make, serving: Serving) -> None:
    folder, _ = make("us")
    with ThreadPoolExecutor(1) as pool:
        with locked(folder):
            started = pool.submit(serving, folder, "--port", "0")
            log = folder.with_suffix(".log")
            wait_for("the notice", lambda: log.exists() and "waiting up to" in log.read_text())
        assert started.result().stop() == 0


def test_a_taken_port_is_named(detente: Detente, make: Make, serving: Serving) -> None:
    us, _ = make("us")
    ru, _ = make("ru")
    port = serving(us).run["api"].rpartition(":")[2]
    error = detente("serve", ru, "--port", port, status=2)
    assert re.search(rf"cannot listen on 127.0.0.1 port {port}: Address already in use", error)
    assert error.count("\n") == 1


def test_officers_are_added_and_ended(detente: Detente, make: Make) -> None:
    folder, _ = make("us")
    token = detente("officer", "add", folder, "--name", "watch-1").strip()
    assert len(token) >= 43
    assert re.search(r"^watch-1 +watch$", detente("officer", "list", folder), re.M)
    assert "watch-1" in detente("officer", "add", folder, "--name", "watch-1", status=2)
    detente("officer", "end", folder, "--name", "watch-1")
    assert re.search(r"^watch-1 +watch +ended$", detente("officer", "list", folder), re.M)
    assert "nobody" in detente("login", folder, "--name", "nobody", status=2)


def test_two_nodes_joined_by_hand_converge_on_one_conflict(
    detente: Detente, make: Make, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parties = {party: make(party) for party in ("us", "ru")}
    for party, (folder, _) in parties.items():
        detente("card", folder, "--out", tmp_path / f"{party}.card")
    terms, founding = tmp_path / "terms.toml", tmp_path / "north.line"
    terms.write_text(detente("line", "terms"))
    us, ru = parties["us"][0], parties["ru"][0]
    found = (
        "line", "found", us, "--name", "north", "--with", tmp_path / "ru.card",
        "--terms", terms, "--out", founding,
    )  # fmt: skip
    detente(*found)
    assert "is there already" in detente(*found, status=2)
    prints = {
        party: detente("fingerprint", tmp_path / f"{party}.card").strip() for party in parties
    }
    shown = detente("line", "show", founding)
    assert all(text in shown for text in prints.values())
    assert "5 NM (9260 m), 1000 ft (304.8 m) and 10 min" in shown

    # One joins with its server stopped, the other while it runs.
    servers = {"us": serving(us)}
    wrong = detente("line", "join", us, founding, "--confirm", "ru=" + "0" * 32, status=2)
    assert "has another fingerprint" in wrong
    assert "not a party and its fingerprint" in detente(
        "line", "join", us, founding, "--confirm", "ru", status=2
    )
    joined = detente("line", "join", us, founding, "--confirm", f"ru={prints['ru']}")
    assert "in force when these have joined too: ru" in joined
    bare = prints["us"].replace(" ", "").upper()
    detente("line", "join", ru, founding, "--confirm", f"us={bare}")
    servers["ru"] = serving(ru)

    tokens = {
        party: detente("officer", "add", folder, "--name", "watch-1", "--role", "senior").strip()
        for party, (folder, _) in parties.items()
    }
    clients = {party: officer(servers[party].run["api"], token) for party, token in tokens.items()}
    (tmp_path / "token").write_text(tokens["us"] + "\n")
    as_officer = ("--line", "north", "--token-file", tmp_path / "token")
    try:
        for party, client in clients.items():
            wait_for("in force", partial(is_in_force, client))
            plan = {**PLAN, "id": f"{party}-orbit"}
            assert client.post("/plans", json=plan).status_code == 201
            released = client.post(f"/plans/{party}-orbit/release", json={"line": "north"})
            assert released.status_code == 201, released.text
        conflicts = [
            wait_for("the conflict", partial(conflicts_of, client)) for client in clients.values()
        ]
        assert len({json.dumps([c["id"] for c in found]) for found in conflicts}) == 1
        wait_for(
            "all receipts",
            lambda: all(
                link["held_by_peer"] == link["own_size"] == 2
                for client in clients.values()
                for link in on_line(client, "links")
            ),
        )
        # The operator does not speak on a line; a running server knows the officer by the token.
        refused = detente("record", "commit", us, "--line", "north", "--text", "x", status=2)
        assert "--token-file" in refused
        missing = detente("record", "recall", us, *as_officer, "--entry", "0" * 64, status=2)
        assert "no entry" in missing
    finally:
        for client in clients.values():
            client.close()

    # The record is the same on both, read from running and from stopped nodes.
    states = {detente("record", "state", us, "--line", "north")}
    for server in servers.values():
        assert server.stop() == 0
    states |= {detente("record", "state", f, "--line", "north") for f in (us, ru)}
    assert len(states) == 1
    for folder in (us, ru):
        verified = detente("record", "verify", folder)
        assert "Nothing is wrong" in verified
        assert re.findall(r"(\w+) +2 entries\n", verified) == sorted(
            parties, key=lambda party: party != folder.name
        )
        listed = detente("record", "entries", folder, "--line", "north")
        assert len(listed.splitlines()) == 4
        own = detente("record", "entries", folder, "--line", "north", "--party", folder.name)
        assert len(own.splitlines()) == 2
    # What a list shows is what the next command takes, also where no server runs.
    orbit = own_release(detente("record", "entries", us, "--line", "north", "--party", "us"))
    detente("record", "commit", us, *as_officer, "--text", "gone by noon")
    commitment = detente("record", "commitments", us, "--line", "north").split()[3]
    assert "is opened" in detente("record", "open", us, *as_officer, "--commitment", commitment)
    recall = ("record", "recall", us, "--line", "north", "--entry", orbit)
    monkeypatch.setenv("DETENTE_TOKEN", "not a token")
    assert "DETENTE_TOKEN: holds no officer's token" in detente(*recall, status=2)
    monkeypatch.setenv("DETENTE_TOKEN", tokens["us"])
    assert "is erased here" in detente(*recall)
    monkeypatch.delenv("DETENTE_TOKEN")

    # What changes is shown before it is signed, and nothing is signed that nobody agreed to.
    terms.write_text(terms.read_text().replace('lateral = "5NM"', 'lateral = "6NM"'))
    signing = ("line", "sign-terms", us, "north", terms)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert "nothing was signed" in detente(*signing, status=2)
    shown = detente(*signing, "--yes")
    assert "Version 2" in shown
    changes = re.findall(r"^  (\S+) +(.+)$", shown, re.MULTILINE)
    assert changes == [("separation.lateral_m", "9260.0 -> 11112.0")]
    [proposed] = json.loads(detente("lines", us, "--format", "json"))[0]["terms_proposed"]
    assert (proposed["version"], proposed["signed_by"]) == (2, ["us"])
    # Nobody answers: the file is at its end.
    assert "nothing was signed" in detente("line", "leave", us, "--line", "north", status=2)
    admit = ("line", "admit", us, "--line", "north", "--card", tmp_path / "ru.card")
    assert "not a party and its" in detente(*admit, "--confirm", "1c2b", status=2)
    assert json.loads(detente("lines", us, "--format", "json"))[0]["name"] == "north"
    with closing(sqlite3.connect(us / "detente.db")) as database, database:
        database.execute("UPDATE entries SET salt = zeroblob(32) WHERE party='ru' AND \"index\"=1")
    findings = detente("record", "verify", us, status=1)
    assert findings.startswith("north: log of ru entry 1: ")
    assert "no line 'south'" in detente("record", "state", us, "--line", "south", status=2)


def test_a_node_with_protected_keys_is_served_to_whoever_has_the_passphrase(
    detente: Detente, make: Make, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = make("us")
    (tmp_path / "new").write_text("herons over a frozen lake\n")

    with (tmp_path / "new").open("rb") as file:
        monkeypatch.setenv("DETENTE_PASSPHRASE_FD", str(file.fileno()))
        assert "are protected" in detente("keys", "protect", folder)
    monkeypatch.delenv("DETENTE_PASSPHRASE_FD")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (credentials / "detente-passphrase").write_text("not this one at all\n")
    assert "not the passphrase" in detente("lines", folder, status=2)
    (credentials / "detente-passphrase").write_text("herons over a frozen lake\n")
    assert detente("officer", "list", folder).startswith("admin")
    server = serving(folder, "--port", "0")
    assert "unprotected" not in server.log.read_text()
    assert server.stop() == 0


def test_a_passphrase_is_asked_for_where_it_can_be_given(
    detente: Detente, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines").write_text("herons over a frozen lake\nseven lamps in a street\n")
    with (tmp_path / "lines").open("rb") as file:
        monkeypatch.setenv("DETENTE_PASSPHRASE_FD", str(file.fileno()))
        printed = detente("init", tmp_path / "us", "--party", "us", "--protect")
        assert "unprotected" not in printed
        file.seek(0)
        # The old one from the first line, the new one from the second.
        assert "is changed" in detente("keys", "protect", tmp_path / "us")
        file.seek(0)
        assert "not the passphrase" in detente("lines", tmp_path / "us", status=2)
    monkeypatch.setenv("DETENTE_PASSPHRASE_FD", "none")
    assert "DETENTE_PASSPHRASE_FD" in detente("lines", tmp_path / "us", status=2)

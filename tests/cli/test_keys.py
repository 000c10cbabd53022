"""`detente keys …` and `detente officer reset`, at a node that no server has open."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Detente = Callable[..., str]

TERMS = "terms.toml"


@pytest.fixture
def joined(detente: Detente, tmp_path: Path) -> tuple[Path, Path]:
    """The folders of two nodes, each of which has joined the line."""
    folders = []
    for party, port in (("us", 7443), ("ru", 7444)):
        folder = tmp_path / party
        detente(
            "init", folder, "--party", party, "--name", f"Cell {party}",
            "--endpoint", f"https://192.0.2.1:{port}", "--language", "en",
        )  # fmt: skip
        detente("card", folder, "--out", tmp_path / f"{party}.card")
        folders.append(folder)
    us, ru = folders
    (tmp_path / TERMS).write_text(detente("line", "terms"))
    document = tmp_path / "nw.line"
    detente(
        "line", "found", us, "--name", "nw", "--with", tmp_path / "ru.card",
        "--terms", tmp_path / TERMS, "--out", document,
    )  # fmt: skip
    for folder, other in ((us, "ru"), (ru, "us")):
        said = detente("fingerprint", tmp_path / f"{other}.card").strip()
        detente("line", "join", folder, document, "--confirm", f"{other}={said}")
    return us, ru


def test_keys_are_rotated_shown_replaced_and_vouched_for(
    detente: Detente, joined: tuple[Path, Path], tmp_path: Path
) -> None:
    us, ru = joined
    shown = detente("keys", "show", us)
    assert shown.startswith("nw\n  ru ")
    assert "    from entry 0:" in shown
    assert "and ML-DSA-44" in shown
    assert "NOT KNOWN" not in shown
    rotated = detente("keys", "rotate", us, "--ca")
    assert "by its new authority" in rotated
    fingerprint = re.findall(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", rotated)[0]
    shown = detente("keys", "show", us)
    assert fingerprint in shown
    assert "    from entry 2:" in shown
    assert "NOT KNOWN to have the newest card: ru" in shown
    assert "not everybody" in detente("keys", "rotate", us, "--ca", status=2)

    replaced = detente("keys", "replace", us)
    [fingerprint] = re.findall(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", replaced)
    detente("card", us, "--out", tmp_path / "us-new.card")
    assert detente("fingerprint", tmp_path / "us-new.card").strip() == fingerprint
    assert "has not vouched" in detente("keys", "adopt", us, "nw", status=2)
    wrong = detente(
        "keys", "vouch", ru, "nw", tmp_path / "us-new.card", "--confirm", "0" * 32, status=2
    )
    assert "another fingerprint" in wrong
    detente("keys", "vouch", ru, "nw", tmp_path / "us-new.card", "--confirm", fingerprint)
    assert "key.vouch" in detente("record", "entries", ru, "--line", "nw")


def test_the_operator_resets_an_account_at_the_folder(detente: Detente, tmp_path: Path) -> None:
    us = tmp_path / "us"
    detente(
        "init", us, "--party", "us", "--name", "Cell", "--endpoint", "https://192.0.2.1:7443",
        "--language", "en",
    )  # fmt: skip
    detente("officer", "add", us, "--name", "watch-1")
    assert "no password" in detente("officer", "reset", us, "--name", "watch-1", status=2)
    assert "no officer" in detente("officer", "reset", us, "--name", "nobody", status=2)
    assert "/login?t=" in detente("login", us, "--name", "watch-1")

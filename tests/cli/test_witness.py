"""`detente witness …`: made, told to parties, and told what to serve, by commands alone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detente.cli.main import run
from detente.cli.terms import read_terms, template
from detente.line import terms_from_wire
from detente.record import SigningKey
from detente.record.note import ED25519, verifier_key

NAME = "witness.example/w1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "witness"
    assert (
        run(["witness", "init", str(made), "--name", NAME, "--url", "https://127.0.0.1:7450"]) == 0
    )
    return made


def test_what_it_prints_is_what_terms_take(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["witness", "terms", str(folder)]) == 0
    text = template(datetime(2026, 11, 22, tzinfo=UTC)) + capsys.readouterr().out
    terms = terms_from_wire(read_terms(Path("t.toml"), text.encode(), ["ru", "us"]))
    (witness,) = terms.witnesses
    assert (witness.name, witness.url, len(witness.keys)) == (NAME, "https://127.0.0.1:7450", 2)
    assert witness.public.ml_dsa is not None
    assert (witness.ca or "").startswith("-----BEGIN CERTIFICATE-----\n")


def test_a_log_is_allowed_listed_and_forbidden(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = verifier_key("log.example/one", ED25519, SigningKey.generate().public.raw)
    assert run(["witness", "allow", str(folder), "--key", key]) == 0
    assert run(["witness", "allow", str(folder), "--key", key]) == 0
    assert "trusted already" in capsys.readouterr().out
    assert run(["witness", "logs", str(folder), "--format", "json"]) == 0
    (log,) = json.loads(capsys.readouterr().out)
    assert (log["origin"], log["size"], log["keys"]) == ("log.example/one", 0, [key])
    assert run(["witness", "forbid", str(folder), "--key", key]) == 0
    assert run(["witness", "logs", str(folder)]) == 0
    assert "NOT SERVED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["allow", "{}", "--key", "nonsense"], "verifier key"),
        (["allow", "{}", "{}/witness.toml"], "founding document"),
        (["logs", "{}/keys"], "no witness in this folder"),
        (["serve", "{}/keys"], "no witness in this folder"),
        (["init", "{}", "--name", NAME, "--url", "https://w.example"], "already"),
        (["init", "{}/new", "--name", "w1", "--url", "https://w.example"], "name is not one like"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    capsys.readouterr()
    assert run(["witness", *(one.format(folder) for one in arguments)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1

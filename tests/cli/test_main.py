"""The command itself: quick to answer, and one line for every error."""

import subprocess
import sys
from pathlib import Path

import pytest

import detente
from detente.cli.main import run

HEAVY = {
    "alembic", "cryptography", "httpx", "matplotlib", "msgspec", "numba", "numpy", "pyproj",
    "rich", "shapely", "sqlalchemy", "starlette", "structlog", "uvicorn",
}  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from detente.cli.main import run; status = run(['--help']);"
        f"print(sorted({HEAVY!r} & set(sys.modules)), status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0"
    assert done.stdout.startswith("Usage: detente")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"detente {detente.__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chekc"], "chekc"),
        (["line"], "detente line --help"),
        (["init"], "DIR"),
        (["init", "x", "--party", "us", "--unknown"], "--unknown"),
        (["serve", "nowhere"], "nowhere: there is no node in this folder"),
        (["lines", "nowhere"], "nowhere: there is no node in this folder"),
        (["record", "verify", "nowhere"], "detente init"),
        (["fingerprint", "nowhere"], "nowhere: cannot be read"),
        (["line", "show", "nowhere"], "nowhere: cannot be read"),
        (["init", "x", "--party", "US"], "--party"),
        (["init", "x", "--party", "us", "--endpoint", "http://x"], "--endpoint"),
        (["init", "x", "--party", "us", "--api", "8440"], "--api"),
    ],
)
def test_an_error_is_one_line(
    words: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("detente: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert list(tmp_path.iterdir()) == []

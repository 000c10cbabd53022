"""`detente desk log verify`, which needs no node, and what the other commands say without one."""

from pathlib import Path

import pytest

from detente.cli.main import run
from detente.record.session_log import file_of, first_line, next_line

AT = "2021-08-09T04:00:00Z"
OPENED = {
    "at": AT, "who": "escort 1", "line": "1" * 64, "visit": "2" * 64, "session": "session-1",
    "host": "tj", "guest": "us", "hold": False,
}  # fmt: skip


def test_a_logs_chain_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = first_line(OPENED)
    end = {"at": AT, "who": "escort 1", "do": "end", "ended": "closed", "why": "done"}
    whole = file_of([first, next_line(first, 1, end)])
    log = tmp_path / "log.jsonl"
    log.write_bytes(whole)
    assert run(["desk", "log", "verify", str(log)]) == 0
    said = capsys.readouterr().out
    assert "session-1 of us's visit to tj" in said
    assert "2 lines, closed: done. The chain holds." in said
    log.write_bytes(whole.replace(b"escort 1", b"escort 2", 1))
    assert run(["desk", "log", "verify", str(log)]) == 2
    assert "does not follow the line before it" in capsys.readouterr().err
    log.write_bytes(file_of([first]))
    assert run(["desk", "log", "verify", str(log)]) == 0
    assert "HAS NOT ENDED" in capsys.readouterr().out


def test_one_thing_is_laid_out_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--plan", "a", "--entry", "b"]):
        assert run(["desk", "materials", str(tmp_path), "--desk", "x", *more]) == 2
        assert "one thing at a time" in capsys.readouterr().err

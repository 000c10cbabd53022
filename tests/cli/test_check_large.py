"""`detente check` on much: results as they are found, memory, interruption, several processes."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from detente.cli import check, plans, tables
from detente.cli.main import run
from detente.conflict import Separation, find
from detente.formats import ReadOptions, Stream, features_of, file_source, read_all, stretches

EXAMPLES = [
    Path(__file__).parents[2] / "examples" / name
    for name in ("host.geojson", "notam.txt", "relief.csv", "ru.geojson", "us.geojson")
]
"""Those that have plans in them."""


def feature(number: int, **changes: Any) -> dict[str, Any]:
    """One of many circles that begin every ten minutes, a few kilometres from the last."""
    properties = {
        "id": f"a-{number}",
        "party": f"p{number % 3}",
        "radius_m": 2000,
        "altitude_lower": {"value": 100 + number % 7 * 10, "units": "FL", "reference": "STD"},
        "altitude_upper": {"value": 120 + number % 7 * 10, "units": "FL", "reference": "STD"},
        "start": f"2021-08-{1 + number // 144:02d}T{number // 6 % 24:02d}:{number % 6}0:00Z",
        "end": "2021-08-29T05:00:00Z",
        **changes,
    }
    place = [60 + number % 50 / 10, 36 + number % 11 / 10]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place},
        "properties": properties,
    }


def write(path: Path, count: int) -> Path:
    features = [feature(number) for number in range(count)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return write(tmp_path / "many.geojson", 400)


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = run(["check", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_every_format_has_all_conflicts_in_the_same_order(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 5000)
    expected = find(read_all([many]).activities, Separation())
    assert len(expected) > 150
    status, out, _ = said([str(many), "--format", "json"], capsys)
    assert status == 1
    document = json.loads(out)
    assert list(document) == ["activities", "separation", "conflicts", "unknown"]
    assert out == json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    pairs = [(one["a"], one["b"]) for one in document["conflicts"]]
    assert [(a["id"], b["id"]) for a, b in pairs] == [(one.a.id, one.b.id) for one in expected]

    _, out, _ = said([str(many), "--format", "ndjson"], capsys)
    *lines, last = [json.loads(line) for line in out.splitlines()]
    assert lines == document["conflicts"]
    assert last == {
        "activities": 400,
        "separation": document["separation"],
        "conflicts": len(expected),
        "unknown": 0,
    }
    _, out, _ = said([str(many), "--format", "geojson"], capsys)
    points = json.loads(out)["features"][: len(expected)]
    assert [point["properties"]["a"] for point in points] == [a for a, _ in pairs]


def test_unknown_items_come_first_and_are_counted_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "us.geojson"
    features = [feature(0), feature(1, radius_m=-1)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    status, out, err = said([str(path), "--skip-bad", "--within", "--format", "ndjson"], capsys)
    assert status == 2
    first, last = (json.loads(line) for line in out.splitlines())
    assert first["unknown"]["id"] == "a-1"
    assert last["unknown"] == 1
    assert "feature 2 (a-1)" in err
    status, out, _ = said([str(path), "--format", "ndjson"], capsys)
    assert (status, out) == (2, ""), "nothing is checked"


def test_the_table_says_how_many_it_leaves_out(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = len(find(read_all([many]).activities, Separation()))
    _, whole, _ = said([str(many)], capsys)
    assert "not printed here" not in whole
    monkeypatch.setattr(tables, "TABLE_MAX", 5)
    status, out, _ = said([str(many)], capsys)
    assert status == 1
    assert f"… and {found - 5:,} more, not printed here" in out
    assert "--format ndjson has all" in out
    assert f"{found} conflicts found among 400 activities" in out
    rows = [line for line in out.splitlines() if line[:1] in "12345" and line[1:3] == "  "]
    assert len(rows) == 5


def test_shapes_are_kept_for_those_results_that_show_them(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    activities = {(one.party, one.id): one for one in read_all([many]).activities}
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 5000)
    _, out, _ = said([str(many), "--format", "geojson"], capsys)
    shown = [one for one in json.loads(out)["features"] if "radius_m" in one["properties"]]
    assert len(shown) > 50
    for one in shown:
        key = (one["properties"]["party"], one["properties"]["id"])
        (expected,) = features_of(activities[key])
        assert one == json.loads(json.dumps(expected))


def test_remarks_on_pieces_are_those_on_the_whole(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(path) for path in (*EXAMPLES, many)]
    _, out, err = said(paths, capsys)
    assert "more like this" in err
    for size in (100, 3000):
        monkeypatch.setattr(stretches, "STRETCH_BYTES", size)
        assert said(paths, capsys)[1:] == (out, err)


def test_several_processes_read_what_one_reads(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = said([str(many), "--format", "geojson"], capsys)
    monkeypatch.setattr(plans, "POOL_BYTES", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 20_000)
    assert said([str(many), "--format", "geojson"], capsys) == expected


def interrupted(child: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a process says that is interrupted, again if it happened to begin to wait just then."""
    for _ in range(10):
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=6)
    raise AssertionError("it does not end")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="holds up the command by a named pipe")
def test_who_interrupts_is_told_what_was_not_done(tmp_path: Path) -> None:
    pipe = tmp_path / "us.geojson"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", "from detente.cli.main import main; main()", "check"]
    child = subprocess.Popen(
        [*command, str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in its background has them ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        with pipe.open("wb") as out:
            out.write(b'{"type":"FeatureCollection","features":[')
            out.flush()
            stdout, stderr = interrupted(child)
    finally:
        child.kill()
    assert (child.returncode, stdout) == (130, "")
    assert stderr == "interrupted while reading: nothing was compared\n"


def test_an_interruption_of_the_comparison_says_that_the_result_is_not_whole(
    many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ndjson = tables.write_ndjson

    def interrupted(result: tables.Result, out: io.TextIOBase) -> int:
        def some() -> Any:
            yield from list(result.conflicts)[:3]
            raise KeyboardInterrupt

        return write_ndjson(tables.Result(9, result.separation, some(), ()), out)  # type: ignore[arg-type]

    monkeypatch.setattr(tables, "write_ndjson", interrupted)
    status, out, err = said([str(many), "--format", "ndjson"], capsys)
    assert status == check.INTERRUPTED
    assert len(out.splitlines()) == 3
    assert "activities" not in out, "the line that makes a result whole"
    assert "there may be conflicts that were not found" in err


def resident_bytes(path: Path) -> int:
    """The most that a process that reads and compares a file had in memory."""
    script = (
        "import sys, resource\n"
        "from detente.cli.main import run\n"
        "run(['check', sys.argv[1], '--format', 'ndjson'])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    return int(done.stderr.split()[-1]) * 1024


def test_what_is_kept_of_an_activity_is_bounded(tmp_path: Path) -> None:
    """Three times the activities: what is more is names and arrays, not text and not objects."""
    path = tmp_path / "far.geojson"
    counts = (10_000, 30_000)
    grown = []
    for count in counts:
        with path.open("w") as out:
            out.write('{"type":"FeatureCollection","features":[')
            for number in range(count):
                one = feature(number, party=f"p{number}", start="2021-08-01T00:00:00Z")
                one["geometry"]["coordinates"] = [number % 300 - 150, number // 300 - 50]
                one["properties"]["end"] = f"2021-08-01T00:00:{number % 60:02d}Z"
                out.write(("," if number else "") + json.dumps(one))
            out.write("]}")
        grown.append(resident_bytes(path))
    each = (grown[1] - grown[0]) / (counts[1] - counts[0])
    assert each < 1700, f"{each:.0f} bytes"


def test_progress_of_reading_goes_up_to_the_whole(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 5000)
    told: list[tuple[int, int]] = []
    sources = [file_source(path) for path in (*EXAMPLES, many)]
    progress: Callable[[int, int], None] = lambda *now: told.append(now)  # noqa: E731
    for _ in Stream(sources, ReadOptions(), len, progress=progress):
        pass
    total = sum(path.stat().st_size for path in (*EXAMPLES, many))
    assert told == sorted(told)
    assert {whole for _, whole in told} == {total}
    assert told[-1] == (total, total)
    assert len(told) > 10

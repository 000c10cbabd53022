"""`detente coverage`: the table, what is lost, the picture, and files that are wrong."""

import csv
import io
import json
from pathlib import Path

import pytest

from detente.cli.main import run
from detente.coverage import decode_scenario
from detente.errors import InputError, LimitError

EXAMPLE = Path(__file__).parents[2] / "examples/reach.toml"


def test_the_northern_bases_make_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", str(EXAMPLE), "--without", "Dushanbe", "--without", "kg basing",
                "--format", "json"]) == 0  # fmt: skip
    rows = json.loads(capsys.readouterr().out)
    kunduz = [row for row in rows if row["place"] == "Kunduz" and row["by"] == "all aircraft"]
    whole, less = kunduz
    assert whole["share"] == 1.0
    assert whole["longest_gap_s"] == 0
    assert less["given"] == "without Dushanbe, kg basing"
    assert 0 < less["share"] < 0.5
    assert less["longest_gap_s"] > 3600
    assert less["way_s"] > 5 * whole["way_s"]


def test_out_of_reach_is_said_and_never_zero_hours(capsys: pytest.CaptureFixture[str]) -> None:
    lost = ["--without", "Dushanbe", "--without", "Bishkek", "--without", "southern transit"]
    assert run(["coverage", str(EXAMPLE), *lost]) == 0
    out = capsys.readouterr().out
    assert out.startswith("EXERCISE")
    _, _, less = out.partition("without Dushanbe")
    assert less.count("OUT OF REACH") == 5
    assert run(["coverage", str(EXAMPLE), *lost, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["longest_gap_s"] for row in rows if row["given"].startswith("without")} == {""}


def test_the_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "reach.png"
    small = tmp_path / "small.toml"
    small.write_text(EXAMPLE.read_text().replace('step = "40km"', 'step = "200km"'))
    assert run(["coverage", str(small), "--without", "Gulf", "--plot", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert run(["coverage", str(small), "--plot", str(tmp_path / "no/reach.png")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_name_that_nothing_has_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coverage", str(EXAMPLE), "--without", "Tashkent"]) == 2
    err = capsys.readouterr().err
    assert "Tashkent" in err
    assert "Dushanbe" in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('speed = "140kt"', 'speed = "140"', "platform 1 (short observer), speed"),
        ('wind = "20kt"', 'wind = "200kt"', "head wind"),
        ('reserve = "1h"', 'reserve = "9h"', "reserve"),
        ("count = 2", "count = 0", "count"),
        ('base = "Bishkek"\nvia', 'base = "Osh"\nvia', "there is no base 'Osh'"),
        ('needs = ["tj basing"]', 'needs = ["tj"]', "there is no permission 'tj'"),
        ('name = "Faizabad"', 'name = "Kunduz"', "Kunduz"),
        ("at = [68.868, 36.728]", "at = [68.868, 96.728]", "place 1 (Kunduz)"),
        ("flights_per_day = 4", "flights_per_day = 0", "flights_per_day"),
        ("west = 65.0", "west = nan", "area"),
        ('step = "40km"', 'step = "40m"', "step"),
        ('end = "2021-08-09T03:55:00Z"', 'end = "2021-08-08T03:55:00Z"', "track 1"),
        ("[[68.5, 36.45], [69.25, 36.45]]", "[[68.5, 36.45], [68.5, 36.45]]", "track 1"),
        ("exercise = true", "exercise = true\ncolour = 1", "colour"),
        ("exercise = true", "exercise = ", "TOML"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    text = EXAMPLE.read_text()
    assert old in text
    with pytest.raises(InputError) as caught:
        decode_scenario(text.replace(old, new, 1).encode(), where="x.toml")
    assert said in str(caught.value)
    assert caught.value.where.startswith("x.toml")


def test_more_than_the_limits_is_refused() -> None:
    with pytest.raises(LimitError):
        decode_scenario(b"#" * (1024 * 1024 + 1))
    places = '[[place]]\nname="p%d"\nat=[0,0]\n'
    with pytest.raises(LimitError):
        decode_scenario((EXAMPLE.read_text() + "".join(places % n for n in range(1001))).encode())

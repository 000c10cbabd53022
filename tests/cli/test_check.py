"""`detente check` from the outside: files in, standard output, standard error and exit status."""

import json
from pathlib import Path
from typing import Any

import pytest

from detente.cli.check import check
from detente.cli.main import run
from detente.formats import ReadOptions
from detente.volumes.units import parse_duration_s, parse_length_m

Feature = dict[str, Any]


def circle(identifier: str, *, lon: float = 68.8, **properties: object) -> Feature:
    """A circle of 5 km from 08:00 to 09:00, 1,000 to 2,000 m above WGS84."""
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, 36.5]},
        "properties": {
            "id": identifier,
            "radius_m": 5000,
            "altitude_lower": 1000,
            "altitude_upper": 2000,
            "start": "2026-11-22T08:00:00Z",
            "end": "2026-11-22T09:00:00Z",
            **properties,
        },
    }


def write(path: Path, *features: Feature) -> str:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


@pytest.fixture
def us(tmp_path: Path) -> str:
    return write(tmp_path / "us.geojson", circle("orbit-1"))


@pytest.fixture
def ru(tmp_path: Path) -> str:
    """0.2 degrees east of ``us``: the circles are 7.9 km apart, less than 5 NM."""
    return write(tmp_path / "ru.geojson", circle("recon-2", lon=69.0))


@pytest.fixture
def far(tmp_path: Path) -> str:
    return write(tmp_path / "far.geojson", circle("a", lon=75.0))


@pytest.fixture
def bad(tmp_path: Path) -> str:
    late = circle("late", end="2026-11-22T07:00:00Z")
    return write(tmp_path / "bad.geojson", circle("a", lon=75.0), late)


@pytest.fixture
def doubtful(tmp_path: Path) -> str:
    """A NOTAM from sunrise to sunset: when it holds is unknown."""
    path = tmp_path / "notam.txt"
    path.write_text(
        "A9002/26 NOTAMN\nQ) UTDD/QRTCA/IV/BO/W/000/150/3714N06906E010\n"
        "A) UTDD B) 2611220000 C) 2611222359\nD) SR-SS\n"
        "E) EXERCISE. TEMPO RESTRICTED AREA WI CIRCLE RADIUS 10NM CENTERED ON\n371424N0690600E\n"
        "F) SFC G) FL150\n"
    )
    return str(path)


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_conflict_is_found_and_the_status_is_one(
    us: str, ru: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--format", "json", us, ru]) == 1
    found = document(capsys)
    assert found["activities"] == 2
    assert found["separation"] == {"lateral_m": 9260.0, "vertical_m": 304.8, "time_s": 600.0}
    assert found["unknown"] == []
    (conflict,) = found["conflicts"]
    assert conflict["a"] == {"party": "ru", "id": "recon-2"}
    assert conflict["b"] == {"party": "us", "id": "orbit-1"}
    assert conflict["start"] == "2026-11-22T07:55:00Z"
    assert conflict["end"] == "2026-11-22T09:05:00Z"
    # GeographicLib: 17,918.2 m between the centres, less two radii.
    assert conflict["lateral_m"] == pytest.approx(7918.2, abs=0.2)
    assert conflict["vertical_m"] == 0
    assert 68.8 < conflict["place"]["lon"] < 69.0


def test_separations_take_any_unit_and_are_printed(
    us: str, ru: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--lateral", "7.9km", "--vertical", "100m", "--time", "90s"]
    assert run(["check", *options, us, ru]) == 0
    text = capsys.readouterr().out
    assert text.startswith("No conflict found among 2 activities")
    assert "(7900 m) laterally" in text
    assert "(100 m) vertically" in text
    assert "1.5 min" in text


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--lateral", "5"),
        ("--lateral", "-5NM"),
        ("--lateral", "nan"),
        ("--lateral", "infNM"),
        ("--lateral", "1e400m"),
        ("--vertical", "1000"),
        ("--vertical", "5min"),
        ("--time", "10"),
        ("--time", "10ft"),
        ("--track-radius", "1"),
        ("--track-gap", "-1s"),
        ("--format", "xml"),
        ("--plot", "meeting.pdf"),
        ("--plot", "no/such/folder/meeting.png"),
        ("--no-such-option", "1"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_two(
    option: str, value: str, us: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", f"{option}={value}", us]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert option in captured.err


def test_no_file_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 2
    assert capsys.readouterr().out == ""


def test_beside_a_protected_site_its_radius_is_all_that_counts(
    us: str, ru: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = write(tmp_path / "relief.geojson", circle("hospital", kind="Protected Site"))
    assert run(["check", site, ru]) == 0
    assert "Of the activities 1 is a protected site or line" in capsys.readouterr().out
    near = write(tmp_path / "tj.geojson", circle("patrol", lon=68.9))
    assert run(["check", "--format", "geojson", site, near]) == 1
    features = document(capsys)["features"]
    assert features[0]["properties"]["kind"] == "protected-site"
    assert {one["properties"]["kind"] for one in features[1:]} == {"Protected Site", "activity"}


def test_one_party_is_compared_with_itself_only_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = write(tmp_path / "us.geojson", circle("a"), circle("b"))
    assert run(["check", both]) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "us/all activities: nothing was compared: all activities are of one party" in said
    assert "--within" in said
    assert run(["check", "--format", "json", both]) == 2
    assert [one["id"] for one in document(capsys)["unknown"]] == ["all activities"]
    assert run(["check", "--within", both]) == 1
    captured = capsys.readouterr()
    assert "of the same party too" in captured.out
    assert "nothing was compared" not in captured.err


def test_a_file_without_activities_is_named(
    us: str, ru: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = write(tmp_path / "none.geojson")
    assert run(["check", none]) == 0
    said = capsys.readouterr().err
    assert f"note: {none}: holds no activities" in said
    assert "note: nothing was compared: no activity was read" in said
    assert run(["check", us, ru, none]) == 1
    said = capsys.readouterr().err
    assert f"note: {none}: holds no activities" in said
    assert "nothing was compared" not in said


def test_altitudes_read_as_metres_are_said_of_each_file(
    us: str, ru: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", us, ru]) == 1
    said = capsys.readouterr().err
    for path in (us, ru):
        assert f"note: {path}: altitude_lower 1000 and 1 more without a unit were read as" in said


def test_limits_with_nothing_between_them_are_bad_and_never_clear(
    ru: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lower = {"value": 24000, "units": "M", "reference": "W84"}
    upper = {"value": 260, "units": "FL"}
    typo = circle("orbit-1", altitude_lower=lower, altitude_upper=upper)
    us = write(tmp_path / "us.geojson", typo)
    assert run(["check", us, ru]) == 2
    assert "(24,000 m W84) lies above the upper (FL260, at most 10,293 m W84)" in (
        capsys.readouterr().err
    )


def test_a_bad_item_stops_everything_and_says_how_to_go_on(
    us: str, ru: str, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", us, ru, bad]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    listed, advice = captured.err.splitlines()
    assert "bad.geojson" in listed
    assert "late" in listed
    assert "end lies before start; " in listed
    assert "nothing was checked" in advice
    assert "--skip-bad" in advice


def test_skip_bad_checks_the_rest_and_calls_the_item_unknown(
    us: str, ru: str, far: str, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--skip-bad", "--format", "json", us, ru, bad]) == 1
    captured = capsys.readouterr()
    assert "end lies before start" in captured.err
    found = json.loads(captured.out)
    assert found["activities"] == 3
    assert [(item["party"], item["id"]) for item in found["unknown"]] == [("bad", "late")]
    assert len(found["conflicts"]) == 1
    # Nothing conflicts here, but one item was never looked at.
    assert run(["check", "--skip-bad", us, bad]) == 2
    assert capsys.readouterr().out.startswith("UNKNOWN: bad/late: ")


def test_what_is_unknown_is_said_without_skip_bad(
    us: str, ru: str, doubtful: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--within", us, doubtful]) == 2
    text = capsys.readouterr().out
    assert text.startswith("UNKNOWN: notam/")
    assert "1 unknown" in text
    assert run(["check", "--format", "json", us, ru, doubtful]) == 1
    assert len(document(capsys)["unknown"]) == 1


def test_one_id_twice_is_bad_across_files(
    us: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = write(tmp_path / "other.geojson", circle("orbit-1", party="us", lon=75.0))
    assert run(["check", us, again]) == 2
    assert "orbit-1" in capsys.readouterr().err
    assert run(["check", "--skip-bad", "--within", "--format", "json", us, again]) == 2
    assert [item["id"] for item in document(capsys)["unknown"]] == ["orbit-1"]


def test_a_file_that_is_not_there_is_named(us: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", us, "nowhere.geojson"]) == 2
    assert "nowhere.geojson" in capsys.readouterr().err


def test_geojson_is_written(us: str, ru: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--format", "geojson", us, ru]) == 1
    place, *activities = document(capsys)["features"]
    assert place["geometry"]["type"] == "Point"
    assert [(a["properties"]["party"], a["properties"]["id"]) for a in activities] == [
        ("us", "orbit-1"),
        ("ru", "recon-2"),
    ]


def test_widened_datums_are_said(
    us: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    level = {"value": 50, "units": "FL", "reference": "STD"}
    several = [circle(f"a{i}", lon=75.0 + i, altitude_lower=level) for i in range(5)]
    assert run(["check", us, write(tmp_path / "levels.geojson", *several)]) == 0
    captured = capsys.readouterr()
    (note,) = [line for line in captured.err.splitlines() if "FL050" in line]
    assert note.startswith("note: levels/a0: ")
    assert note.endswith("(and 4 more like this)")


def test_heights_above_ground_are_said_to_be_widened_even_among_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = {"value": 100, "units": "M", "reference": "AGL"}
    low = circle("a", altitude_lower=ground, altitude_upper=ground)
    assert run(["check", "--within", write(tmp_path / "low.geojson", low)]) == 0
    assert "the height of the ground is not known" in capsys.readouterr().err


def test_file_content_does_not_drive_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", write(tmp_path / "us.geojson", circle("a\x1b[2J"))]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_the_defaults_shown_are_those_of_the_reader() -> None:
    import inspect

    shown = {name: value.default for name, value in inspect.signature(check).parameters.items()}
    options = ReadOptions()
    assert parse_length_m(shown["track_radius"]) == options.track_radius_m
    assert parse_length_m(shown["track_height"]) == pytest.approx(options.track_height_m)
    assert parse_duration_s(shown["track_time"]) == options.track_time_s
    assert parse_duration_s(shown["track_gap"]) == options.track_altitude_gap_s


def test_a_wide_and_low_terminal_changes_nothing(
    us: str, ru: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["check", us, ru])
    first = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "40")
    run(["check", us, ru])
    assert capsys.readouterr().out == first

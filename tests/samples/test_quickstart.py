"""`detente check --within` on real flights against the brute-force oracle of ``conftest``.

The sample: three hours over the Paris basin, 236 callsigns, as the `traffic` library bundles it.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run
from detente.conflict import Separation
from detente.formats import read
from detente.volumes import Activity
from detente.volumes.times import format_time

Oracle = Callable[[Sequence[Activity], float, float, float], Any]


@pytest.mark.samples
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "options", [[], ["--lateral", "1NM", "--vertical", "500ft", "--time", "1min"]], ids=str
)
def test_check_finds_exactly_what_brute_force_finds(
    options: list[str], quickstart: Path, oracle: Oracle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--within", "--format", "json", *options, str(quickstart)]) == 1
    found = json.loads(capsys.readouterr().out)
    activities = read(quickstart).activities
    separation = Separation(**found["separation"])
    verdict = oracle(activities, separation.lateral_m, separation.vertical_m, separation.time_s)

    assert len({activity.id.split(".")[0] for activity in activities}) == 236
    assert verdict.close == 0, "a pair lies within 2 cm of the limit; choose another separation"
    expected: dict[tuple[str, str], tuple[float, float]] = {}
    for meeting in verdict.meetings:
        first, second = sorted((activities[meeting.a].id, activities[meeting.b].id))
        start_s, end_s = expected.get((first, second), (meeting.start_s, meeting.end_s))
        expected[first, second] = min(start_s, meeting.start_s), max(end_s, meeting.end_s)
    assert {
        (conflict["a"]["id"], conflict["b"]["id"]): (conflict["start"], conflict["end"])
        for conflict in found["conflicts"]
    } == {
        pair: (format_time(start_s), format_time(end_s))
        for pair, (start_s, end_s) in expected.items()
    }


def test_the_oracle_itself_tells_near_from_far(oracle: Oracle) -> None:
    from detente.volumes import Band, Core, Edges, Shape, Volume

    def point(name: str, lon: float, start_s: float = 0.0) -> Activity:
        core = Core(Shape.POINT, (((lon, 0.0),),), Edges.GEODESIC)
        return Activity("p", name, "k", (Volume(core, 100.0, Band(None, None), start_s, start_s),))

    # A degree of the equator is 111,319.49 m, so these lie 1,113.19 m apart.
    pair = [point("a", 179.995), point("b", -179.995)]
    assert len(oracle(pair, 914.0, 0.0, 0.0).meetings) == 1
    assert len(oracle(pair, 912.0, 0.0, 0.0).meetings) == 0
    assert oracle(pair, 913.195, 0.0, 0.0).close == 1
    later = [point("a", 0.0), point("b", 0.0, start_s=600.0)]
    assert len(oracle(later, 0.0, 0.0, 600.0).meetings) == 1
    assert len(oracle(later, 0.0, 0.0, 599.0).meetings) == 0

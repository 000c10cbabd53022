"""The map of what was observed: cells by their state, in the colours of the console's page.

What was not observed has colours of its own, unlike anything observed: it is not "a little".
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.cli.plot.reach import write_maps
from detente.coverage import Looked, Scenario, seen_at
from detente.coverage.raster import raster

FILLS: Mapping[str, Mapping[str, Any]] = {
    "observed": {"fc": "#1f5fa8", "ec": "#1f5fa8", "lw": 0.2},
    "poor": {"fc": "#a9cbeb", "ec": "#1f5fa8", "lw": 0, "hatch": "...."},
    "unknown": {"fc": "#efe3f6", "ec": "#7b3fa0", "lw": 0, "hatch": "xxx"},
    "missed": {"fc": "#f2b13c", "ec": "#f2b13c", "lw": 0.2},
    "unreached": {"fc": "#c9c9c9", "ec": "#6b6b6b", "lw": 0, "hatch": "////"},
}
LABELS = {
    "observed": "observed",
    "poor": "poorly",
    "unknown": "unknown whether",
    "missed": "NOT OBSERVED",
    "unreached": "NOT OBSERVED, out of reach",
}
NOTE = "By the record. Not observed never means that nothing happened."


def write_observed(
    path: Path,
    scenarios: Mapping[str, Scenario],
    looked: Looked,
    window: tuple[float, float],
) -> None:
    """Write one map for each scenario, side by side, as a PNG. Raises ``InputError``."""
    drawn = {}
    for given, scenario in scenarios.items():
        cells = raster(scenario)
        points = [(cell.lon, cell.lat) for cell in cells]
        reach = [cell.rota.share > 0 for cell in cells]
        found = seen_at(looked, points, [window], reach, near_m=scenario.step_m / 2)
        drawn[given] = (scenario, cells, [FILLS[one.state] for (one,) in found])
    legend = [
        {**fill, "ec": "#6b6b6b", "lw": 0.4, "label": LABELS[state]}
        for state, fill in FILLS.items()
    ]
    write_maps(path, drawn, "what was observed", legend, NOTE)

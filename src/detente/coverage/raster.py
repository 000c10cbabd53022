"""An area cut into cells, and how much of the time each could be watched if all were sent there.

Cells are as high as they are wide, in metres, along parallels of latitude; a cell stands for the
place at its middle. Each is reckoned by itself: aircraft that watch one cell do not watch another
at the same time, so a map of it shows what is *possible*, not what is watched.
"""

from math import ceil, cos, radians
from typing import NamedTuple

from detente.coverage.model import Place, Scenario
from detente.coverage.reach import sorties
from detente.coverage.rota import Rota, rota
from detente.coverage.scenario import CELLS_MAX
from detente.errors import LimitError

DEGREE_M = 111_000.0


class Cell(NamedTuple):
    """The cell's middle, its half sides in degrees, and the best timetable for it."""

    lon: float
    lat: float
    half_lon: float
    half_lat: float
    rota: Rota


def raster(scenario: Scenario) -> list[Cell]:
    """Every cell of the scenario's area, from the south-west. Raises ``LimitError``."""
    west, south, east, north = scenario.area
    width = (east - west) % 360.0
    rows = max(1, ceil((north - south) * DEGREE_M / scenario.step_m))
    high = (north - south) / rows
    counts = []
    for row in range(rows):
        lat = south + (row + 0.5) * high
        counts.append(max(1, ceil(width * DEGREE_M * cos(radians(lat)) / scenario.step_m)))
    if sum(counts) > CELLS_MAX:
        raise LimitError(
            f"the area has more than {CELLS_MAX:,} cells of this step",
            where=f"{scenario.name}, step",
            remedy="write a longer step",
        )
    cells = []
    for row, count in enumerate(counts):
        lat, wide = south + (row + 0.5) * high, width / count
        for column in range(count):
            lon = (west + (column + 0.5) * wide + 180.0) % 360.0 - 180.0
            able = sorties(scenario, Place("", lon, lat))
            cells.append(Cell(lon, lat, wide / 2, high / 2, rota(able)))
    return cells

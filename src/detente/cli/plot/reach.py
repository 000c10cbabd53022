"""The map of what could be watched: an area in cells by share of the time, before and after a loss.

What is out of reach is hatched grey, like nothing on the scale: it is not "little watched", it is
not known at all.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon

from detente.cli.plot.chart import draw_scale, label, start_map
from detente.cli.plot.frame import INK, SECOND, frame_around
from detente.cli.plot.outline import Plane
from detente.coverage import Scenario
from detente.coverage.raster import Cell, raster
from detente.errors import InputError
from detente.volumes.geodesy import Floats

STEPS = ((1.0, "#08306b"), (0.75, "#2171b5"), (0.5, "#6baed6"), (0.25, "#b0cfe8"), (0.0, "#e3edf7"))
"""From this share of the time on, this blue; they stay apart in grey print."""
WORDS = ("always", "75 % and more", "50 % and more", "25 % and more", "less")
UNREACHED = "#d9d9d9"
WHOLE = 1.0 - 1e-6
DPI = 144
PANEL_IN, LEGEND_IN = 5.6, 1.25


Fills = Sequence[Mapping[str, Any]]
"""How each cell of a raster is filled: arguments of a patch."""


def write_reach(path: Path, scenarios: Mapping[str, Scenario]) -> None:
    """Write one map for each scenario, side by side, as a PNG. Raises ``InputError``."""
    drawn = {
        given: (scenario, cells, [_fill(cell.rota.share) for cell in cells])
        for given, scenario in scenarios.items()
        for cells in [raster(scenario)]
    }
    write_maps(path, drawn, "what could be watched", _LEGEND, _NOTE)


def write_maps(
    path: Path,
    drawn: Mapping[str, tuple[Scenario, Sequence[Cell], Fills]],
    what: str,
    legend: Fills,
    note: str,
) -> None:
    """Write maps of one area side by side, each by what it is given, as a PNG."""
    scenarios = {given: scenario for given, (scenario, _, _) in drawn.items()}
    width_in = PANEL_IN * len(scenarios) + 0.4
    figure = Figure(figsize=(width_in, PANEL_IN + LEGEND_IN), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    whole = next(iter(scenarios.values()))
    title = f"{'EXERCISE   ' if whole.exercise else ''}{whole.name}: {what}"
    figure.text(0.3 / width_in, 0.965, title, fontsize=13, fontweight="bold", color=INK, va="top")
    west, south, east, north = whole.area
    plane = Plane(west + (east - west) % 360 / 2, (south + north) / 2)
    for number, (given, (scenario, cells, fills)) in enumerate(drawn.items()):
        axes = figure.add_axes(
            (
                (0.55 + PANEL_IN * number) / width_in,
                0.9 / (PANEL_IN + LEGEND_IN),
                (PANEL_IN - 0.5) / width_in,
                (PANEL_IN - 0.55) / (PANEL_IN + LEGEND_IN),
            )
        )
        axes.set_title(given, fontsize=9.5, color=INK, loc="left")
        _draw(axes, plane, scenario, cells, fills, whole)
    _legend(figure, legend, note)
    try:
        figure.savefig(path, format="png", metadata={"Software": "detente"})
    except OSError as error:
        raise InputError(
            f"the picture cannot be written ({error.strerror or error})",
            remedy="name a file in a folder that exists and can be written",
            where=str(path),
        ) from error


def _draw(
    axes: Axes,
    plane: Plane,
    scenario: Scenario,
    cells: Sequence[Cell],
    fills: Fills,
    whole: Scenario,
) -> None:
    corners = [_corners(plane, cell) for cell in cells]
    shown = [shapely.Polygon(one) for one in corners]
    points = [_projected(plane, [(base.lon, base.lat)]) for base in whole.bases]
    frame = frame_around([shapely.box(*shapely.total_bounds(shown))], 1.0, margin=0.22)
    placer = start_map(axes, plane, frame)
    for fill, corner in zip(fills, corners, strict=True):
        axes.add_patch(Polygon(corner, zorder=2, **fill))
    for route in scenario.routes:
        base = next(base for base in scenario.bases if base.name == route.base)
        way = _projected(plane, [(base.lon, base.lat), *route.via])
        axes.plot(
            *way.T, color=SECOND, lw=1.1, ls=(0, (4, 2)), zorder=4, scalex=False, scaley=False
        )
    beyond = list[str]()
    left = {base.name for base in scenario.bases}
    for base, point in zip(whole.bases, points, strict=True):
        lost = base.name not in left
        at = shapely.Point(point[0])
        served = any(route.base == base.name for route in scenario.routes)
        state = " LOST" if lost else "" if served else " NO WAY LEFT"
        marker = "^" if served else "x"
        words = f"{base.name} ({base.host}){state}"
        if frame.box.contains(at):
            axes.plot(*point[0], marker=marker, ms=8, mec=SECOND, mfc=SECOND, mew=2, zorder=6)
            placer.take_point(*point[0], radius_px=10)
            label(axes, at, SECOND, words, placer)
        else:
            beyond.append(words)
    for place in scenario.places:
        point = _projected(plane, [(place.lon, place.lat)])[0]
        axes.plot(*point, marker="o", ms=4, mec="white", mfc=INK, zorder=6)
        placer.take_point(*point, radius_px=5)
        label(axes, shapely.Point(point), INK, place.name, placer)
    draw_scale(axes, frame, placer)
    if beyond:
        words = "off the map: " + ", ".join(beyond)
        axes.text(
            0.985, 0.985, words, transform=axes.transAxes, ha="right", va="top", fontsize=7.5,
            fontweight="bold", color=SECOND, zorder=8,
            bbox={"fc": "white", "alpha": 0.85, "lw": 0, "pad": 1.5},
        )  # fmt: skip


def _corners(plane: Plane, cell: Cell) -> Floats:
    sides = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    around = [(cell.lon + x * cell.half_lon, cell.lat + y * cell.half_lat) for x, y in sides]
    return _projected(plane, around)


def _projected(plane: Plane, points: Sequence[tuple[float, float]]) -> Floats:
    return plane.project(np.array(points, dtype=np.float64))


def _fill(share: float) -> Mapping[str, Any]:
    if share <= 0:
        return {"fc": UNREACHED, "ec": "#8c8c8c", "lw": 0, "hatch": "////"}
    color = next(color for least, color in STEPS if share >= min(least, WHOLE))
    return {"fc": color, "ec": color, "lw": 0.2}


def _legend(figure: Figure, legend: Fills, note: str) -> None:
    figure.legend(
        handles=[Patch(**fill) for fill in legend], loc="lower left", ncol=6, fontsize=8,
        frameon=False, bbox_to_anchor=(0.02, 0.045),
    )  # fmt: skip
    figure.text(0.03, 0.025, note, fontsize=7.5, color=INK)


_NOTE = (
    "Share of the time that a place could be watched if every aircraft flew for it alone. "
    "Not what was seen."
)
_LEGEND = [
    *(
        {"fc": color, "ec": "#8c8c8c", "lw": 0.4, "label": words}
        for (_, color), words in zip(STEPS, WORDS, strict=True)
    ),
    {
        "fc": UNREACHED,
        "ec": "#8c8c8c",
        "hatch": "////",
        "lw": 0.4,
        "label": "out of reach: unknown",
    },
]

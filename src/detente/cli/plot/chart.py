"""The map of one conflict: both volumes, where they are closest, a graticule and a scale bar."""

import math

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from detente.cli.plot.frame import INK, PAPER, Frame
from detente.cli.plot.graticule import draw_graticule
from detente.cli.plot.outline import Plane
from detente.cli.plot.place import Placer
from detente.volumes.units import NM_M

POINT, LINE, POLYGON = 0, 1, 3
"""Shapely's numbers for the kinds of geometry."""
SCALE_SHARE = 0.22
"""Of the frame's width, at most, is the scale bar."""


def start_map(axes: Axes, plane: Plane, frame: Frame) -> Placer:
    """Make the axes a map of this frame with its graticule, and give what keeps labels apart."""
    axes.set_xlim(frame.west_m, frame.east_m)
    axes.set_ylim(frame.south_m, frame.north_m)
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[], facecolor=PAPER)
    axes.spines[:].set(color=INK, linewidth=0.8)
    axes.apply_aspect()
    placer = Placer(axes)
    draw_graticule(axes, plane, frame, placer)
    return placer


def draw_shape(
    axes: Axes,
    shape: shapely.Geometry,
    color: str,
    *,
    fill: float = 0.16,
    edge: bool = True,
    dashed: bool = False,
    width: float = 1.2,
    hatch: str = "",
) -> None:
    """Draw a geometry: polygons filled and outlined, lines and points as such."""
    style = (0, (4, 2)) if dashed else "solid"
    parts = shapely.get_parts(shape)
    for part in parts[shapely.get_type_id(parts) == POLYGON]:
        path = _path(part)
        axes.add_patch(PathPatch(path, facecolor=color, alpha=fill, linewidth=0))
        if hatch:
            axes.add_patch(PathPatch(path, fill=False, ec=color, lw=0, hatch=hatch, alpha=0.5))
        if edge:
            axes.add_patch(PathPatch(path, fill=False, ec=color, lw=width, linestyle=style))
    lines = [np.asarray(part.coords) for part in parts[shapely.get_type_id(parts) == LINE]]
    axes.add_collection(
        LineCollection(lines, colors=color, linewidths=width, linestyles=style), autolim=False
    )
    points = shapely.get_coordinates(parts[shapely.get_type_id(parts) == POINT])
    axes.plot(*points.T, linestyle="none", marker="o", markersize=2 * width, color=color)


def draw_place(axes: Axes, x_m: float, y_m: float, color: str, placer: Placer) -> None:
    """Mark the place of conflict."""
    axes.plot(x_m, y_m, marker="o", ms=13, mfc="none", mec="white", mew=3.4, zorder=8)
    axes.plot(x_m, y_m, marker="o", ms=13, mfc="none", mec=color, mew=1.8, zorder=9)
    axes.plot(x_m, y_m, marker="+", ms=9, mec=color, mew=1.6, zorder=9)
    placer.take_point(x_m, y_m, radius_px=16)


def label(axes: Axes, shape: shapely.Geometry, color: str, words: str, placer: Placer) -> None:
    """Write a label beside a shape, where it covers least."""
    text = axes.text(0, 0, words, color=color, fontsize=8, ha="center", va="center", zorder=10)
    text.set(fontweight="bold", bbox={"fc": "white", "alpha": 0.85, "lw": 0, "pad": 1.5})
    placer.beside(text, shape)


def draw_scale(axes: Axes, frame: Frame, placer: Placer) -> None:
    """A bar in kilometres and nautical miles, in the emptiest corner.

    True at the place of conflict and in every direction from it.
    """
    window = axes.get_window_extent()
    px_m = frame.width_m / window.width
    bars = [(1000.0, "km", 26), (NM_M, "NM", 11)]
    lengths_m = [_round_down(frame.width_m * SCALE_SHARE / unit_m) * unit_m for unit_m, *_ in bars]
    width_px, height_px = max(lengths_m) / px_m + 66, 38
    across, up = placer.emptiest_corner(width_px / window.width, height_px / window.height)
    west_m, south_m = frame.west_m + across * frame.width_m, frame.south_m + up * frame.height_m
    room = Rectangle((west_m, south_m), width_px * px_m, height_px * px_m, fc="white", alpha=0.85)
    axes.add_patch(room).set(linewidth=0, zorder=6)
    for length_m, (unit_m, unit, level) in zip(lengths_m, bars, strict=True):
        x, y, tick = west_m + 7 * px_m, south_m + level * px_m, 4 * px_m
        ends, heights = [x, x, x + length_m, x + length_m], [y + tick, y, y, y + tick]
        axes.plot(ends, heights, color=INK, linewidth=1.2, zorder=7)
        axes.text(
            x + length_m + 5 * px_m,
            y,
            f"{length_m / unit_m:g} {unit}",
            fontsize=7.5,
            va="center",
            color=INK,
            zorder=7,
        )


def _path(polygon: shapely.Polygon) -> Outline:
    rings = [polygon.exterior, *polygon.interiors]
    return Outline.make_compound_path(*(Outline(np.asarray(r.coords), closed=True) for r in rings))


def _round_down(value: float) -> float:
    """The greatest 1, 2 or 5 times a power of ten that is not above the value."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= value * (1 + 1e-9))

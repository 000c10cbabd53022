"""Meridians and parallels across a frame of the plane, each labelled where it leaves the frame.

They are sampled on the ellipsoid and projected like everything else, so they bend as they should
and a frame with a pole in it has its meridians all around.
"""

import numpy as np
import shapely
from matplotlib.axes import Axes

from detente.cli.plot.frame import GRID, INK, Frame
from detente.cli.plot.outline import HORIZON_M, Plane
from detente.cli.plot.place import Placer

STEPS_DEG = (30, 20, 10, 5, 2, 1, 1 / 2, 1 / 3, 1 / 6, 1 / 12, 1 / 30, 1 / 60, 1 / 120, 1 / 360)
"""From 30 degrees to 10 seconds: every one a whole number of seconds, in which they are counted."""
LINES = 5
"""About so many lines each way."""


def draw_graticule(axes: Axes, plane: Plane, frame: Frame, placer: Placer) -> None:
    """Draw the lines under everything else, and their labels outside the frame."""
    west, south, east, north = _span(plane, frame)
    box = frame.box
    for number in _multiples(south, north):
        lats = np.full(361, number)
        line = np.stack([np.linspace(west, east, 361), lats], axis=-1)
        _line(axes, plane, line, box, placer, "left", _label(number, "NS"))
    for number in _multiples(west, east):
        if number >= west + 360:
            continue
        reach = np.linspace(max(south - 1, -90), min(north + 1, 90), 181)
        line = np.stack([np.full(181, number), reach], axis=-1)
        label = _label((number + 180) % 360 - 180, "EW")
        _line(axes, plane, line, box, placer, "bottom", label)


def _span(plane: Plane, frame: Frame) -> tuple[float, float, float, float]:
    """West, south, east and north of what the frame shows, in degrees; east may pass 180."""
    x, y = np.meshgrid(
        np.linspace(frame.west_m, frame.east_m, 41), np.linspace(frame.south_m, frame.north_m, 41)
    )
    points = np.stack([x.ravel(), y.ravel()], axis=-1)
    points = points[np.hypot(points[:, 0], points[:, 1]) < HORIZON_M]
    lons, lats = plane.unproject(points).T
    # Counted from the centre, so that a frame across the antimeridian has one span, not two.
    turns = (lons - plane.lon + 180) % 360 - 180
    west, east = plane.lon + turns.min(), plane.lon + turns.max()
    south, north = lats.min(), lats.max()
    for pole in (-90.0, 90.0):
        at = plane.project(np.array([[plane.lon, pole]]))[0]
        if frame.west_m <= at[0] <= frame.east_m and frame.south_m <= at[1] <= frame.north_m:
            west, east = plane.lon - 180, plane.lon + 180
            south, north = min(south, pole), max(north, pole)
    return float(west), float(south), float(east), float(north)


def _multiples(low: float, high: float) -> list[float]:
    step_s = next(
        (round(s * 3600) for s in STEPS_DEG if (high - low) / s >= LINES - 1),
        round(STEPS_DEG[-1] * 3600),
    )
    first = int(np.ceil(low * 3600 / step_s))
    last = int(np.floor(high * 3600 / step_s))
    return [number * step_s / 3600 for number in range(first, last + 1)]


def _line(
    axes: Axes,
    plane: Plane,
    lonlat: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    box: shapely.Geometry,
    placer: Placer,
    side: str,
    label: str,
) -> None:
    points = plane.project(lonlat)
    seen = np.isfinite(points).all(axis=1) & (np.hypot(*points.T) < HORIZON_M)
    points = points[seen]
    if len(points) < 2:
        return
    shown = shapely.intersection(shapely.LineString(points), box)
    for part in shapely.get_parts(shown):
        if part.geom_type == "LineString":
            axes.plot(*part.xy, color=GRID, linewidth=0.6, zorder=0.5)
    west, south, *_ = box.bounds
    corner = shapely.box(*box.bounds)
    edge = {
        "left": shapely.LineString([(west, south), (west, corner.bounds[3])]),
        "bottom": shapely.LineString([(west, south), (corner.bounds[2], south)]),
    }[side]
    for crossing in shapely.get_parts(shapely.intersection(shown, edge)):
        if crossing.geom_type == "Point":
            _write(axes, crossing, side, label, placer)


def _write(axes: Axes, at: shapely.Geometry, side: str, label: str, placer: Placer) -> None:
    left = side == "left"
    text = axes.annotate(
        label,
        (at.x, at.y),
        xytext=(-4, 0) if left else (0, -4),
        textcoords="offset points",
        ha="right" if left else "center",
        va="center" if left else "top",
        fontsize=7.5,
        color=INK,
        annotation_clip=False,
    )
    box = text.get_window_extent()
    if placer.free(box, inside=False):
        placer.take(box)
    else:
        text.remove()


def _label(angle: float, signs: str) -> str:
    """``36°30'N``: no more of minutes and seconds than there is."""
    seconds = round(abs(angle) * 3600)
    degrees, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = f"{degrees}°"
    if minutes or rest:
        text += f"{minutes:02d}'"
    if rest:
        text += f'{rest:02d}"'
    return text + ("" if seconds == 0 else signs[angle < 0])

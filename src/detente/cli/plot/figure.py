"""The whole figure: for each conflict shown a map and a profile, and for several an overview.

At most ``MAX_PANELS`` conflicts get a map and a profile of their own, the first of the table; all
are on the overview, and the title says how many are not shown in detail.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from detente.cli.plot.chart import draw_place, draw_scale, draw_shape, label, start_map
from detente.cli.plot.frame import (
    FIRST,
    INK,
    SECOND,
    Frame,
    color_of,
    extent_m,
    frame_around,
    frame_at,
)
from detente.cli.plot.outline import Plane, cores, volumes_outline
from detente.cli.plot.place import Placer
from detente.cli.plot.profile import draw_profile
from detente.cli.tables import (
    degrees_minutes,
    grid_reference,
    lateral,
    spoken_separation,
    vertical,
    whole_seconds,
)
from detente.conflict import Conflict, Key, Separation
from detente.conflict.words import words_of
from detente.errors import InputError
from detente.volumes.areas import Area, area_of
from detente.volumes.model import Activity

HATCHES = {
    None: "",
    Area.SPECIAL_CAUTION_AREA: "..",
    Area.RESTRICTED_OPERATING_ZONE: "xx",
    Area.LINE: "",
    Area.PROTECTED_SITE: "++",
}
"""How areas are filled, so that print without colours tells them apart; the profile has strokes."""
MAX_PANELS = 3
"""Conflicts with a map and a profile of their own."""
CLOSE_UP = 9.0
"""Where the whole is more than so many times its detail, the map shows the detail, the whole inset.
The detail is the smaller side, or the distance between the two if that is more."""

DPI = 144
WIDTH_IN = 11.6
TITLE_IN = 0.66
PANEL_IN = 5.1
OVERVIEW_IN = 5.6
MAP_WIDTH_IN, MAP_HEIGHT_IN = 4.9, 3.5


def write_plot(
    path: Path,
    conflicts: Sequence[Conflict],
    activities: Mapping[Key, Activity],
    separation: Separation,
    *,
    panels: int = MAX_PANELS,
) -> None:
    """Write the figure of these conflicts, which are at least one, as a PNG.

    Raises ``InputError`` if the file cannot be written.
    """
    shown = conflicts[:panels]
    overview_in = OVERVIEW_IN if len(conflicts) > 1 else 0.0
    height_in = TITLE_IN + overview_in + PANEL_IN * len(shown)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    page = _Page(figure, height_in)
    _draw_title(page, conflicts, len(shown), separation)
    if len(conflicts) > 1:
        _draw_overview(page, conflicts, activities, len(shown))
    for number, conflict in enumerate(shown, start=1):
        top_in = TITLE_IN + overview_in + PANEL_IN * (number - 1)
        _draw_panel(page, top_in, number, conflict, activities, separation)
    try:
        figure.savefig(path, format="png", metadata={"Software": "detente"})
    except OSError as error:
        raise InputError(
            f"the picture cannot be written ({error.strerror or error})",
            remedy="name a file in a folder that exists and can be written",
            where=str(path),
        ) from error


class _Page:
    """A figure laid out in inches from its upper left corner."""

    def __init__(self, figure: Figure, height_in: float) -> None:
        self.figure = figure
        self.height_in = height_in

    def axes(self, left_in: float, top_in: float, width_in: float, height_in: float) -> Axes:
        bottom = 1 - (top_in + height_in) / self.height_in
        return self.figure.add_axes(
            (left_in / WIDTH_IN, bottom, width_in / WIDTH_IN, height_in / self.height_in)
        )

    def write(
        self, left_in: float, top_in: float, words: str, *, size: float, bold: bool = False
    ) -> None:
        self.figure.text(
            left_in / WIDTH_IN,
            1 - top_in / self.height_in,
            words,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            color=INK,
            va="top",
        )


def _draw_title(
    page: _Page, conflicts: Sequence[Conflict], shown: int, separation: Separation
) -> None:
    count = len(conflicts)
    words = "1 conflict" if count == 1 else f"{count} conflicts"
    if count > shown:
        words += f": the first {shown} in detail, {count - shown} on the overview only"
    page.write(0.3, 0.14, words, size=13, bold=True)
    page.write(
        0.3,
        0.4,
        f"Separation {spoken_separation(separation)}. WGS84, azimuthal equidistant. Times are UTC.",
        size=8.5,
    )


def _draw_panel(
    page: _Page,
    top_in: float,
    number: int,
    conflict: Conflict,
    activities: Mapping[Key, Activity],
    separation: Separation,
) -> None:
    a, b = activities[conflict.a], activities[conflict.b]
    start, end = whole_seconds(conflict.start_s, conflict.end_s)
    heading = f"{number}   {a.party}/{a.id}  –  {b.party}/{b.id}"
    if words := words_of(conflict.kind, conflict.lateral_m, conflict.vertical_m):
        heading += f"   ({words})"
    page.write(0.3, top_in + 0.12, heading, size=11, bold=True)
    page.write(
        0.3,
        top_in + 0.37,
        f"{start} – {end}    lateral {lateral(conflict.lateral_m)}    "
        f"vertical {vertical(conflict.vertical_m)}    "
        f"{degrees_minutes(conflict.lon, conflict.lat)}    "
        f"{grid_reference(conflict.lon, conflict.lat)}",
        size=8.5,
    )
    map_axes = page.axes(0.78, top_in + 0.72, MAP_WIDTH_IN, MAP_HEIGHT_IN)
    _draw_map(map_axes, conflict, a, b)
    profile_axes = page.axes(6.75, top_in + 0.72, WIDTH_IN - 6.75 - 0.85, MAP_HEIGHT_IN)
    draw_profile(profile_axes, conflict, a, b, time_separation_s=separation.time_s)


def _draw_map(axes: Axes, conflict: Conflict, a: Activity, b: Activity) -> None:
    plane = Plane(conflict.lon, conflict.lat)
    shapes = [volumes_outline(side.volumes, plane) for side in (a, b)]
    meeting = [
        volumes_outline([a.volumes[i] for i in {part.a_volume for part in conflict.parts}], plane),
        volumes_outline([b.volumes[i] for i in {part.b_volume for part in conflict.parts}], plane),
    ]
    aspect = MAP_WIDTH_IN / MAP_HEIGHT_IN
    whole = frame_around([*shapes, shapely.Point(0, 0)], aspect, margin=0.12)
    detail_m = max(min(extent_m(shape) for shape in meeting), conflict.lateral_m, 1000.0)
    close = whole.width_m > CLOSE_UP * detail_m
    frame = frame_at(0, 0, detail_m * CLOSE_UP / 4, aspect) if close else whole
    placer = start_map(axes, plane, frame)
    for side, shape, part, color in zip((a, b), shapes, meeting, (FIRST, SECOND), strict=True):
        draw_shape(axes, shape, color, dashed=color == SECOND, hatch=HATCHES[area_of(side.kind)])
        draw_shape(axes, part, color, fill=0.14, edge=False)
        placer.draw(shapely.intersection(shape, frame.box))
    draw_place(axes, 0, 0, color_of(conflict.kind), placer)
    if close:
        _draw_inset(axes, whole, frame, shapes, color_of(conflict.kind), placer)
    draw_scale(axes, frame, placer)
    for side, shape, color in zip((a, b), shapes, (FIRST, SECOND), strict=True):
        area = area_of(side.kind)
        kind = f"\n{area}" if area else ""
        label(axes, shape, color, f"{side.party}/{side.id}{kind}", placer)


def _draw_inset(
    axes: Axes,
    whole: Frame,
    frame: Frame,
    shapes: Sequence[shapely.Geometry],
    meeting: str,
    placer: Placer,
) -> None:
    """The whole of both sides, small, in the emptiest corner, with the map's frame on it."""
    size = 0.3
    room = placer.emptiest_corner(size, size)
    inset = axes.inset_axes((*room, size, size), zorder=7)
    inset.set(xticks=[], yticks=[], facecolor="white")
    inset.set_xlim(whole.west_m, whole.east_m)
    inset.set_ylim(whole.south_m, whole.north_m)
    for shape, color in zip(shapes, (FIRST, SECOND), strict=True):
        draw_shape(inset, shape, color, fill=0.3)
    inset.add_patch(
        Rectangle(
            (frame.west_m, frame.south_m),
            frame.width_m,
            frame.north_m - frame.south_m,
            fill=False,
            edgecolor=meeting,
            linewidth=1.2,
            zorder=8,
        )
    )
    inset.spines[:].set(color=INK, linewidth=0.8)


def _draw_overview(
    page: _Page, conflicts: Sequence[Conflict], activities: Mapping[Key, Activity], shown: int
) -> None:
    """Every activity in a conflict, by its core, and every place of conflict."""
    plane = Plane(*_middle(conflicts))
    places = plane.project(np.array([(c.lon, c.lat) for c in conflicts]))
    keys = sorted({key for c in conflicts for key in (c.a, c.b)}, key=lambda k: (k.party, k.id))
    drawn = [cores(activities[key], plane) for key in keys]
    width_in, height_in = WIDTH_IN - 0.78 - 0.4, OVERVIEW_IN - 0.6
    axes = page.axes(0.78, TITLE_IN + 0.1, width_in, height_in)
    frame = frame_around([*drawn, shapely.MultiPoint(places)], width_in / height_in, margin=0.08)
    placer = start_map(axes, plane, frame)
    for core in drawn:
        draw_shape(axes, core, "#5d6b7c", fill=0.08, width=0.6)
    colors = [color_of(c.kind) for c in conflicts]
    axes.scatter(
        places[:, 0], places[:, 1], s=13, c=colors, edgecolors="white", linewidths=0.5, zorder=2
    )
    draw_scale(axes, frame, placer)
    drawn_places = list(zip(places[:shown], colors, strict=False))
    for (x, y), color in drawn_places:
        draw_place(axes, x, y, color, placer)
    for number, (place, color) in enumerate(drawn_places, start=1):
        label(axes, shapely.Point(place), color, str(number), placer)


def _middle(conflicts: Sequence[Conflict]) -> tuple[float, float]:
    """Where the overview is centred: the mean of the places as directions from the Earth's centre,
    which has no trouble at the antimeridian."""
    lon, lat = np.radians([(c.lon, c.lat) for c in conflicts]).T
    x, y, z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    mean = np.array([x.mean(), y.mean(), z.mean()])
    return (
        float(np.degrees(np.arctan2(mean[1], mean[0]))),
        float(np.degrees(np.arctan2(mean[2], np.hypot(mean[0], mean[1])))),
    )

"""The altitude–time profile: when each side is at which heights, and when and where they meet.

Each volume is a box from its start to its end and from its lower to its upper limit. The axis is a
reference in which every box has a limit stated, so that the picture is what was compared: pressure
altitude, or mean sea level; a limit stated otherwise then runs out of the picture. Where there is
no such reference, the axis is the height above WGS84 and each box is as high as the comparison made
it, widened, which the axis says.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike

from detente.cli.plot.chart import draw_shape, label
from detente.cli.plot.frame import FIRST, INK, PAPER, SECOND, color_of
from detente.cli.plot.place import Placer
from detente.cli.tables import spoken_band
from detente.conflict import Conflict
from detente.volumes.datums import Interval, height_interval_m
from detente.volumes.model import Activity, Band, Reference, Volume
from detente.volumes.units import FT_M

Axis = tuple[str, Callable[[Band], Interval]]
"""What an axis is called, and a band's place on it: infinite where it has no limit."""

REACH = 3.0
"""At most so many times the conflict's duration is shown before and after it …"""
REACH_MIN_S = 1800.0
"""… but at least this long."""


def draw_profile(
    axes: Axes, conflict: Conflict, a: Activity, b: Activity, *, time_separation_s: float
) -> None:
    """Draw both bands over time, and the conflict's share of them, on these axes."""
    widened_s = time_separation_s / 2
    first_s, last_s = _window(conflict, a, b, widened_s)
    sides = [
        [v for v in side.volumes if v.start_s <= last_s and v.end_s >= first_s] for side in (a, b)
    ]
    name, interval = _axis([v.band for side in sides for v in side])
    scale = _Scale([interval(v.band) for side in sides for v in side])
    _set_up(axes, first_s, last_s, scale, name)
    placer = Placer(axes)
    meeting = shapely.union_all(
        [
            scale.box(
                part.start_s,
                part.end_s,
                _shared(
                    interval(a.volumes[part.a_volume].band), interval(b.volumes[part.b_volume].band)
                ),
            )
            for part in conflict.parts
        ]
    )
    shapes = []
    for side, color in zip(sides, (FIRST, SECOND), strict=True):
        shape = _boxes(side, scale, interval, 0.0)
        widened = _boxes(side, scale, interval, widened_s)
        draw_shape(axes, widened, color, fill=0.08, edge=False)
        draw_shape(axes, shape, color, dashed=color == SECOND)
        placer.draw(shape)
        shapes.append(shape)
    draw_shape(axes, meeting, color_of(conflict.kind), fill=0.22, hatch="////")
    placer.draw(meeting)
    for activity, shape, color in zip((a, b), shapes, (FIRST, SECOND), strict=True):
        label(axes, shape, color, _name(activity), placer)
    _explain(axes, color_of(conflict.kind), time_separation_s)


class _Scale:
    """The heights that are shown, in feet, and boxes on them."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        limits_ft = [m / FT_M for interval in intervals for m in interval if math.isfinite(m)]
        low_ft, high_ft = min(limits_ft, default=0.0), max(limits_ft, default=10_000.0)
        margin_ft = max(0.18 * (high_ft - low_ft), 300.0 if high_ft > low_ft else 3_000.0)
        self.bottom_ft, self.top_ft = low_ft - margin_ft, high_ft + margin_ft

    def box(self, start_s: float, end_s: float, heights_m: Interval) -> shapely.Geometry:
        # A side without limit runs out of the picture, so that no edge is drawn where none is.
        beyond_ft = self.top_ft - self.bottom_ft
        low_ft = max(heights_m[0] / FT_M, self.bottom_ft - beyond_ft)
        high_ft = min(heights_m[1] / FT_M, self.top_ft + beyond_ft)
        return shapely.box(_day(start_s), low_ft, _day(end_s), high_ft)


def _window(conflict: Conflict, a: Activity, b: Activity, widened_s: float) -> tuple[float, float]:
    """From when to when is shown: everything, or what is around the conflict if that is long."""
    reach_s = max(REACH * (conflict.end_s - conflict.start_s), REACH_MIN_S)
    volumes = (*a.volumes, *b.volumes)
    first_s = max(min(v.start_s for v in volumes) - widened_s, conflict.start_s - reach_s)
    last_s = min(max(v.end_s for v in volumes) + widened_s, conflict.end_s + reach_s)
    margin_s = max(0.04 * (last_s - first_s), 60.0)
    return first_s - margin_s, last_s + margin_s


def _axis(bands: Sequence[Band]) -> Axis:
    # A band without any limit is the same from every reference.
    heights = [height_interval_m(band) for band in bands if band.lower or band.upper]
    if heights and all(_bounded(height.std) for height in heights):
        return "pressure altitude (STD)", lambda band: height_interval_m(band).std
    if heights and all(_bounded(height.msl) for height in heights):
        return "altitude above mean sea level", lambda band: height_interval_m(band).msl
    name = "height above WGS84"
    limits = [limit for band in bands for limit in (band.lower, band.upper) if limit is not None]
    if any(limit.reference is not Reference.W84 for limit in limits):
        name += ", widened to hold each band for certain"
    return name, lambda band: height_interval_m(band).w84


def _bounded(interval: Interval) -> bool:
    return any(math.isfinite(limit) for limit in interval)


def _shared(a: Interval, b: Interval) -> Interval:
    """What two intervals share or, where they share nothing, the gap between them."""
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return min(low, high), max(low, high)


def _boxes(
    volumes: Sequence[Volume], scale: _Scale, interval: Callable[[Band], Interval], widened_s: float
) -> shapely.Geometry:
    return shapely.union_all(
        [scale.box(v.start_s - widened_s, v.end_s + widened_s, interval(v.band)) for v in volumes]
    )


def _name(activity: Activity) -> str:
    """Party, id and, where all its volumes share one band, that band as it was stated."""
    bands = {volume.band for volume in activity.volumes}
    name = f"{activity.party}/{activity.id}"
    return f"{name}  {spoken_band(bands.pop())}" if len(bands) == 1 else name


def _set_up(axes: Axes, first_s: float, last_s: float, scale: _Scale, name: str) -> None:
    axes.set_xlim(_day(first_s), _day(last_s))
    axes.set_ylim(scale.bottom_ft, scale.top_ft)
    axes.set_facecolor(PAPER)
    axes.spines[:].set(color=INK, linewidth=0.8)
    axes.tick_params(labelsize=7.5, colors=INK, width=0.8)
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set(size=7.5, color=INK)
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ft, _: f"{ft:,.0f}"))
    axes.grid(color="white", linewidth=1.0)
    axes.set_axisbelow(True)
    axes.set_xlabel("time, UTC", fontsize=8, color=INK)
    axes.set_ylabel(f"{name}, ft", fontsize=8, color=INK)
    metres = axes.secondary_yaxis("right", functions=(_metres, _feet))
    metres.tick_params(labelsize=7.5, colors=INK, width=0.8)
    metres.yaxis.set_major_formatter(FuncFormatter(lambda m, _: f"{m:,.0f}"))
    metres.set_ylabel("m", fontsize=8, color=INK)


def _explain(axes: Axes, color: str, time_separation_s: float) -> None:
    """Under the profile, what its shades mean."""
    minutes = f"{time_separation_s / 120:g} min"
    shades = [
        Patch(fc=color, alpha=0.35, hatch="////", label="in conflict"),
        Patch(fc=INK, alpha=0.14, label=f"window widened by half the time separation ({minutes})"),
    ]
    axes.legend(
        handles=shades if time_separation_s else shades[:1],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncol=2,
        frameon=False,
        fontsize=7.5,
    )


def _metres(ft: ArrayLike) -> ArrayLike:
    return np.multiply(ft, FT_M)


def _feet(metres: ArrayLike) -> ArrayLike:
    return np.divide(metres, FT_M)


def _day(seconds: float) -> float:
    """Matplotlib counts days from 1970."""
    return seconds / 86_400

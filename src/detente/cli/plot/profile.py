"""The altitude–time profile: when each side is at which heights, and when and where they meet.

Each volume is a box from its start to its end and from its lower to its upper limit. Where all
limits of both sides are stated from one reference, that reference is the axis; else the axis is the
height above WGS84 and each box is as high as the comparison made it, widened, which the axis says.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import shapely
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from detente.cli.plot.chart import draw_shape, label
from detente.cli.plot.frame import FIRST, INK, MEETING, PAPER, SECOND
from detente.cli.plot.place import Placer
from detente.conflict import Conflict
from detente.volumes.datums import height_interval_m
from detente.volumes.model import Activity, Band, Reference, Volume
from detente.volumes.units import FT_M

Interval = tuple[float | None, float | None]
"""Lower and upper, in metres of the axis; ``None`` is without limit."""

REACH = 3.0
"""At most so many times the conflict's duration is shown before and after it …"""
REACH_MIN_S = 1800.0
"""… but at least this long."""

_NAMES = {
    Reference.W84: "height above WGS84",
    Reference.MSL: "altitude above mean sea level",
    Reference.STD: "pressure altitude (STD)",
    Reference.AGL: "height above the surface",
    Reference.SFC: "height above the surface",
}


def draw_profile(
    axes: Axes, conflict: Conflict, a: Activity, b: Activity, *, time_separation_s: float
) -> None:
    """Draw both bands over time, and the conflict's share of them, on these axes."""
    first_s, last_s = _window(conflict, a, b)
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
        widened = _boxes(side, scale, interval, time_separation_s / 2)
        draw_shape(axes, widened, color, fill=0.08, edge=False)
        draw_shape(axes, shape, color, dashed=color == SECOND)
        placer.draw(shape)
        shapes.append(shape)
    draw_shape(axes, meeting, MEETING, fill=0.22, hatch="////")
    placer.draw(meeting)
    for key, shape, color in zip((conflict.a, conflict.b), shapes, (FIRST, SECOND), strict=True):
        label(axes, shape, color, f"{key.party}/{key.id}", placer)
    _explain(axes, time_separation_s)


class _Scale:
    """The heights that are shown, in feet, and boxes on them."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        limits = [m / FT_M for interval in intervals for m in interval if m is not None]
        low, high = min(limits, default=0.0), max(limits, default=10_000.0)
        margin = max(0.18 * (high - low), 300.0)
        self.bottom_ft, self.top_ft = low - margin, high + margin

    def box(self, start_s: float, end_s: float, heights: Interval) -> shapely.Geometry:
        # A side without limit runs out of the picture, so that no edge is drawn where none is.
        beyond_ft = self.top_ft - self.bottom_ft
        low_ft = self.bottom_ft - beyond_ft if heights[0] is None else heights[0] / FT_M
        high_ft = self.top_ft + beyond_ft if heights[1] is None else heights[1] / FT_M
        return shapely.box(_day(start_s), low_ft, _day(end_s), high_ft)


def _window(conflict: Conflict, a: Activity, b: Activity) -> tuple[float, float]:
    """From when to when is shown: everything, or what is around the conflict if that is long."""
    reach_s = max(REACH * (conflict.end_s - conflict.start_s), REACH_MIN_S)
    volumes = (*a.volumes, *b.volumes)
    first_s = max(min(v.start_s for v in volumes), conflict.start_s - reach_s)
    last_s = min(max(v.end_s for v in volumes), conflict.end_s + reach_s)
    first_s, last_s = min(first_s, conflict.start_s), max(last_s, conflict.end_s)
    margin_s = max(0.04 * (last_s - first_s), 60.0)
    return first_s - margin_s, last_s + margin_s


def _axis(bands: Sequence[Band]) -> tuple[str, Callable[[Band], Interval]]:
    """What the axis is called, and a band's place on it."""
    names = {_NAMES[limit.reference] for b in bands for limit in (b.lower, b.upper) if limit}
    if len(names) == 1:
        return names.pop(), _stated
    return f"{_NAMES[Reference.W84]}, widened to hold each band for certain", _widened


def _stated(band: Band) -> Interval:
    return (band.lower and band.lower.value_m, band.upper and band.upper.value_m)


def _widened(band: Band) -> Interval:
    heights = height_interval_m(band)
    return heights.lower_m, heights.upper_m


def _shared(a: Interval, b: Interval) -> Interval:
    """What two intervals share or, where they share nothing, the gap between them."""
    lows = [limit for limit in (a[0], b[0]) if limit is not None]
    highs = [limit for limit in (a[1], b[1]) if limit is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _boxes(
    volumes: Sequence[Volume], scale: _Scale, interval: Callable[[Band], Interval], widened_s: float
) -> shapely.Geometry:
    return shapely.union_all(
        [scale.box(v.start_s - widened_s, v.end_s + widened_s, interval(v.band)) for v in volumes]
    )


def _set_up(axes: Axes, first_s: float, last_s: float, scale: _Scale, name: str) -> None:
    axes.set_xlim(_day(first_s), _day(last_s))
    axes.set_ylim(scale.bottom_ft, scale.top_ft)
    axes.set_facecolor(PAPER)
    axes.spines[:].set(color=INK, linewidth=0.8)
    axes.tick_params(labelsize=7.5, colors=INK, width=0.8)
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
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
    axes.figure.canvas.draw()


def _explain(axes: Axes, time_separation_s: float) -> None:
    """Under the profile, what its shades mean."""
    minutes = f"{time_separation_s / 120:g} min"
    shades = [
        Patch(fc=MEETING, alpha=0.35, hatch="////", label="in conflict"),
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


def _metres(ft: float) -> float:
    return ft * FT_M


def _feet(metres: float) -> float:
    return metres / FT_M


def _day(seconds: float) -> float:
    return float(date2num(datetime.fromtimestamp(seconds, UTC)))

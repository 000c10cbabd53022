"""How the time of one check and of all pairs grows with the number of activities, as a picture.

Both axes are logarithmic, so that a power of the number is a straight line; its exponent is fitted
by least squares and stands beside the line. 0 would be no growth at all, 1 growth in proportion.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.peers import Ours

if TYPE_CHECKING:
    from bench.engine import Row

WIDTH_IN, HEIGHT_IN, DPI = 11.5, 5.4, 130
INK, FAINT, ACCENT = "#1d2733", "#8b97a5", "#0b6e8f"
LINES: dict[str, Any] = {"theatre": "-", "world": (0, (4, 2))}
GREYS = ("#b0651d", "#7a5ea8", "#5f7d3a", "#9c3d54")
GAP = 0.055
"""Share of an axis that labels at the lines' ends keep between them."""


def plot(path: Path, rows: "list[Row]") -> None:
    """Draws what was measured of two sizes at least."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    mpl.rcParams.update({"font.size": 10, "font.family": "DejaVu Sans", "text.color": INK})
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH_IN, HEIGHT_IN))
    _panel(left, rows, lambda row: row.check_us[0], "One check, median", _micro)
    _panel(right, rows, lambda row: row.all_pairs_s, "All pairs", _seconds)
    figure.legend(
        handles=[
            Line2D([], [], color=INK, linestyle=style, label=f"{area} ({which} exponent)")
            for (area, style), which in zip(LINES.items(), ("first", "second"), strict=True)
        ],
        loc="lower center", ncols=2, frameon=False,
    )  # fmt: skip
    figure.tight_layout(rect=(0, 0.05, 1, 1), w_pad=3)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
    print(f"picture: {path} ({path.stat().st_size // 1024} KiB)")


def _panel(
    axes: Any,
    rows: "list[Row]",
    figure_of: "Callable[[Row], float]",
    title: str,
    tick: Callable[[float, int], str],
) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    peers = list(dict.fromkeys(row.peer for row in rows))
    colours = dict(zip((peer for peer in peers if peer != Ours.name), GREYS, strict=False))
    colours[Ours.name] = ACCENT
    ends: list[tuple[float, str, str]] = []
    for peer in peers:
        mine, tips, exponents = peer == Ours.name, [], []
        for area, style in LINES.items():
            some = sorted(
                (row.activities, figure_of(row))
                for row in rows
                if (row.peer, row.area) == (peer, area)
            )
            if len(some) < 2:
                continue
            counts, figures = np.array(some).T
            exponent = float(np.polyfit(np.log(counts), np.log(figures), 1)[0])
            axes.plot(
                counts, figures, color=colours[peer], linestyle=style, marker="o",
                markersize=5 if mine else 3, linewidth=2.4 if mine else 1.2, zorder=2 + mine,
            )  # fmt: skip
            tips.append(float(figures[-1]))
            exponents.append(f"N$^{{{exponent:.2f}}}$")
        if tips:
            name = f"{peer}   {' · '.join(exponents)}"
            ends.append((float(np.exp(np.log(tips).mean())), name, colours[peer]))
    axes.set_xscale("log")
    axes.set_yscale("log")
    _label(axes, ends)
    axes.set_title(title, loc="left", fontweight="bold", fontsize=12)
    axes.set_xlabel("activities", color=FAINT)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", color="#e3e7eb", linewidth=0.8)
    axes.tick_params(which="both", length=0, labelcolor=FAINT)
    for side in axes.spines.values():
        side.set_visible(False)


def _label(axes: Any, ends: list[tuple[float, str, str]]) -> None:
    """Names beside the lines' ends, apart from each other."""
    low, high = np.log(axes.get_ylim())
    taken = -np.inf
    for figure, text, colour in sorted(ends):
        taken = max((np.log(figure) - low) / (high - low), taken + GAP)
        mine = colour == ACCENT
        axes.text(
            1.02, taken, text, color=colour, va="center", fontsize=9.5 if mine else 9,
            transform=axes.transAxes, fontweight="bold" if mine else "normal",
        )  # fmt: skip


def _micro(value: float, _: int) -> str:
    return f"{value / 1000:,.0f} ms" if value >= 1000 else f"{value:,.0f} µs"


def _seconds(value: float, _: int) -> str:
    if value >= 3600:
        return f"{value / 3600:,.0f} h"
    if value >= 1:
        return f"{value:,.0f} s"
    return f"{value * 1000:,.0f} ms"

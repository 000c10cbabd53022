"""The profile of a conflict: altitude against time, as shapes for an SVG.

Each side's volumes that take part are boxes from start to end and from lower to upper limit; where
they come too close is a box on top, until a newer version has ended the conflict. Heights in
different references are drawn on one axis as they were stated: the picture shows the order of
things, the figures beside it are the ones that count.
"""

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from detente.console import words
from detente.console.parties import Styles
from detente.node.views import ConflictSideView, ConflictView
from detente.volumes.times import parse_time_s

WIDTH, HEIGHT = 460.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 88.0, 10.0, 8.0, 26.0
CONTEXT_S = 2 * 3600
"""How much of the time before and after the conflict is shown at most."""
TICKS_S = (300, 900, 1800, 3600, 7200, 21600, 86400)

Json = dict[str, Any]


class Box(msgspec.Struct, frozen=True):
    """A rectangle in the picture's units; ``label`` stands inside it."""

    x: float
    y: float
    width: float
    height: float
    style: str
    label: str = ""
    low: bool = False

    @property
    def label_end(self) -> bool:
        """The label ends at the box's right edge: it would run out of the picture else."""
        return self.x > WIDTH / 2

    @property
    def label_x(self) -> float:
        """Where the label begins or ends."""
        return round(self.x + self.width - 6 if self.label_end else self.x + 6, 1)

    @property
    def label_y(self) -> float:
        """The label's base line: at the top of the first side's box, at the foot of the other."""
        return round(self.y + self.height - 7 if self.low else self.y + 17, 1)


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis: where, and what stands there."""

    at: float
    text: str


class Profile(msgspec.Struct, frozen=True):
    """Everything the template draws."""

    sides: list[Box]
    meets: list[Box]
    times: list[Tick]
    heights: list[Tick]
    now: float | None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


class _Scale:
    """From seconds and metres to the picture."""

    def __init__(self, start_s: float, end_s: float, low_m: float, high_m: float) -> None:
        self.start_s, self.end_s, self.low_m, self.high_m = start_s, end_s, low_m, high_m

    def x(self, seconds: float) -> float:
        """Held inside the picture: what goes on beyond its edges is cut there."""
        part = (min(max(seconds, self.start_s), self.end_s) - self.start_s) / (
            self.end_s - self.start_s
        )
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, metres: float) -> float:
        part = (min(max(metres, self.low_m), self.high_m) - self.low_m) / (self.high_m - self.low_m)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    def box(
        self,
        window: tuple[float, float],
        band: tuple[float, float],
        style: str,
        *,
        label: str = "",
        low: bool = False,
    ) -> Box:
        x, y = self.x(window[0]), self.y(band[1])
        return Box(
            round(x, 1),
            round(y, 1),
            round(max(self.x(window[1]) - x, 2.0), 1),
            round(max(self.y(band[0]) - y, 2.0), 1),
            style,
            label,
            low,
        )


def profile(
    conflict: ConflictView, a: list[Json], b: list[Json], styles: Styles, now_s: float
) -> Profile | None:
    """The profile; ``a`` and ``b`` are the two sides' volumes. None without any part to draw."""
    parts = [p for p in conflict.parts if p.a_volume < len(a) and p.b_volume < len(b)]
    if not parts:
        return None
    involved = [
        (conflict.a, [a[i] for i in sorted({p.a_volume for p in parts})]),
        (conflict.b, [b[i] for i in sorted({p.b_volume for p in parts})]),
    ]
    volumes = [v for _, side in involved for v in side]
    scale = _scale(conflict, volumes)
    sides = []
    for low, (side, its) in zip((False, True), _upper_first(involved, scale), strict=True):
        style = styles.get(side.party, "peer-0") if side.entry else "plan"
        for n, volume in enumerate(its):
            label = f"{side.party} · {side.id}" if n == 0 else ""
            sides.append(
                scale.box(_window(volume), _band(volume, scale), style, label=label, low=low)
            )
    meets = [
        scale.box(
            (parse_time_s(p.start), parse_time_s(p.end)),
            _between(_band(a[p.a_volume], scale), _band(b[p.b_volume], scale)),
            "meet",
        )
        for p in parts
        if conflict.state != "ended"
    ]
    now = round(scale.x(now_s), 1) if scale.start_s < now_s < scale.end_s else None
    return Profile(sides, meets, list(_times(scale)), list(_heights(scale, volumes)), now)


def _upper_first(
    involved: list[tuple[ConflictSideView, list[Json]]], scale: _Scale
) -> list[tuple[ConflictSideView, list[Json]]]:
    """The side that reaches higher first: its name stands at the top, the other's at the foot."""
    return sorted(involved, key=lambda row: -max(_band(v, scale)[1] for v in row[1]))


def _scale(conflict: ConflictView, volumes: list[Json]) -> _Scale:
    start_s, end_s = parse_time_s(conflict.start), parse_time_s(conflict.end)
    first = min(start_s, *(_window(v)[0] for v in volumes))
    last = max(end_s, *(_window(v)[1] for v in volumes))
    first, last = max(first, start_s - CONTEXT_S), min(last, end_s + CONTEXT_S)
    margin_s = max((last - first) * 0.05, 60.0)
    stated = [
        limit["value_m"] for v in volumes for limit in (v["lower"], v["upper"]) if limit is not None
    ] or [0.0, 3000.0]
    low, high = min(stated), max(stated)
    margin_m = max((high - low) * 0.15, 150.0)
    return _Scale(first - margin_s, last + margin_s, low - margin_m, high + margin_m)


def _window(volume: Json) -> tuple[float, float]:
    return parse_time_s(volume["start"]), parse_time_s(volume["end"])


def _band(volume: Json, scale: _Scale) -> tuple[float, float]:
    """Lower and upper as stated; a side without limit reaches the picture's edge."""
    lower, upper = volume["lower"], volume["upper"]
    return (
        scale.low_m if lower is None else lower["value_m"],
        scale.high_m if upper is None else upper["value_m"],
    )


def _between(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """What two bands share, or the gap between them."""
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return (min(low, high), max(low, high))


def _times(scale: _Scale) -> Iterator[Tick]:
    span = scale.end_s - scale.start_s
    step = next((t for t in TICKS_S if span / t <= 7), TICKS_S[-1])
    at = math.ceil(scale.start_s / step) * step
    while at <= scale.end_s:
        text = words.moment(at).strftime("%H:%MZ" if step < 86400 else "%d %b")
        yield Tick(round(scale.x(at), 1), text)
        at += step


def _heights(scale: _Scale, volumes: list[Json]) -> Iterator[Tick]:
    """The stated limits themselves: round figures in between would only distract."""
    seen: list[float] = []
    for volume in volumes:
        for limit in (volume["lower"], volume["upper"]):
            if limit is None:
                continue
            y = round(scale.y(limit["value_m"]), 1)
            if all(abs(y - other) > 13 for other in seen):
                seen.append(y)
                text = words.height(limit, "")
                yield Tick(y, text if text.startswith("FL") else text.replace(",", " "))

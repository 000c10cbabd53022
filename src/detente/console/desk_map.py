"""The map of a guest's desk: the granted area and what is laid out, as one drawing.

An SVG that is made here and logged by its hash before it is sent: it needs no script and asks for
no tiles, so that nothing but it tells the guest's browser where anything is. Longitude and latitude
are drawn as straight axes, true to scale in the middle. For the eye only.
"""

import math
from collections.abc import Iterable
from xml.sax.saxutils import escape

from shapely.geometry.base import BaseGeometry

from detente.console.outlines import outline
from detente.node.together.desk_serving import AtDeskView, DrawnView
from detente.node.together.desk_words import data_of
from detente.volumes import Band, Volume
from detente.volumes.codec import core_from_wire, volumes_from_wire

WIDTH, HEIGHT, EDGE = 960.0, 520.0, 36.0
COLOURS = ("#5cc8ff", "#ffb14a", "#cdaaff", "#ffe48a", "#f5a3c7")
_STEPS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0)
_KM_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def draw(view: AtDeskView) -> bytes:
    """The drawing, as UTF-8."""
    areas = [
        (place.name, outline(_flat(place.core, place.radius_m)))
        for place in view.places
        if place.core is not None
    ]
    closed = [
        (
            f"closed from {one.start[11:16]}Z: {place.name}",
            outline(_flat(place.core, place.radius_m)),
        )
        for one in view.closed
        for place in one.places
        if place.core is not None
    ]
    things = [(one, shape) for one in view.drawn for shape in _shapes(one)]
    frame = _Frame([shape for _, shape in areas + closed] + [shape for _, shape in things])
    parts = [*_graticule(frame)]
    for name, shape in areas:
        parts.append(
            f'<path d="{frame.path(shape)}" fill="#1d2c3a" stroke="#ffffff" stroke-width="2" '
            f'stroke-dasharray="8 5" fill-rule="evenodd"/>'
        )
        parts.append(_label(frame, shape, name, "#ffffff", top=True))
    numbers = {one.item: n for n, one in enumerate(view.drawn)}
    for one, shape in things:
        colour = COLOURS[numbers[one.item] % len(COLOURS)]
        parts.append(
            f'<path d="{frame.path(shape)}" fill="{colour}" fill-opacity="0.18" '
            f'stroke="{colour}" stroke-width="2" fill-rule="evenodd"/>'
        )
        parts.append(_label(frame, shape, f"{one.item} {one.title}", colour, top=False))
    for name, shape in closed:
        parts.append(
            f'<path d="{frame.path(shape)}" fill="#ff5d5d" fill-opacity="0.25" stroke="#ff5d5d" '
            f'stroke-width="2" stroke-dasharray="2 4" fill-rule="evenodd"/>'
        )
        parts.append(_label(frame, shape, name, "#ff8a8a", top=True))
    parts.append(_scale(frame))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}" font-family="sans-serif" font-size="14">\n'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#0b1118"/>\n{body}\n</svg>\n'
    ).encode()


def _flat(core: dict[str, object], radius_m: float) -> Volume:
    return Volume(core_from_wire(core), radius_m, Band(None, None), 0.0, 1.0)


def _shapes(one: DrawnView) -> list[BaseGeometry]:
    """Where something is that was laid out. It is our own writing."""
    content = data_of(one.content)
    if "observed" in content:
        return [outline(_flat(content["observed"]["core"], content["observed"]["radius_m"]))]
    return [outline(volume) for volume in volumes_from_wire(content["volumes"], check=False)]


class _Frame:
    """Degrees to the drawing's units, with a margin round everything that is drawn."""

    def __init__(self, shapes: list[BaseGeometry]) -> None:
        bounds = [shape.bounds for shape in shapes if not shape.is_empty] or [(0, 0, 1, 1)]
        self.west, self.south = (min(one[i] for one in bounds) for i in (0, 1))
        self.east, self.north = (max(one[i] for one in bounds) for i in (2, 3))
        middle = math.radians((self.south + self.north) / 2)
        self.squeeze = max(0.05, math.cos(middle))
        wide = max(1e-3, (self.east - self.west) * self.squeeze)
        high = max(1e-3, self.north - self.south)
        self.per_deg = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
        self._left = (WIDTH - wide * self.per_deg) / 2
        self._top = (HEIGHT - high * self.per_deg) / 2

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x = self._left + (lon - self.west) * self.squeeze * self.per_deg
        return round(x, 1), round(self._top + (self.north - lat) * self.per_deg, 1)

    def path(self, shape: BaseGeometry) -> str:
        return " ".join(self._ring(ring) for ring in _rings(shape))

    def _ring(self, ring: Iterable[tuple[float, ...]]) -> str:
        points = [self.at(point[0], point[1]) for point in ring]
        if len(points) == 1:
            (x, y) = points[0]
            return f"M{x - 4} {y}L{x + 4} {y}M{x} {y - 4}L{x} {y + 4}"
        return "M" + "L".join(f"{x} {y}" for x, y in points)


def _rings(shape: BaseGeometry) -> Iterable[Iterable[tuple[float, ...]]]:
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type == "Polygon":
            yield part.exterior.coords
            for hole in part.interiors:
                yield hole.coords
        else:
            yield part.coords


def _label(frame: _Frame, shape: BaseGeometry, text: str, colour: str, *, top: bool) -> str:
    west, south, east, north = shape.bounds
    x, y = frame.at((west + east) / 2, north if top else south)
    y = max(16.0, y - 6) if top else min(HEIGHT - 6, y + 16)
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" fill="{colour}" stroke="#0b1118" '
        f'stroke-width="3" paint-order="stroke">{escape(text[:60])}</text>'
    )


def _graticule(frame: _Frame) -> Iterable[str]:
    step = next(
        (one for one in _STEPS_DEG if one * frame.squeeze * frame.per_deg > 110), _STEPS_DEG[-1]
    )
    lon_0, lat_1 = frame.west - 180, frame.north + 90
    for n in range(math.floor(lon_0 / step), math.ceil((frame.east + 180) / step) + 1):
        x, _ = frame.at(n * step, 0.0)
        if 0 < x < WIDTH:
            yield f'<path d="M{x} 0V{HEIGHT:g}" stroke="#22303d"/>'
            yield (
                f'<text x="{x + 3}" y="{HEIGHT - 4:g}" fill="#8ea1b2" font-size="11">'
                f"{n * step:g}°</text>"
            )
    for n in range(math.floor((frame.south - 90) / step), math.ceil(lat_1 / step) + 1):
        _, y = frame.at(0.0, n * step)
        if 0 < y < HEIGHT - 20:
            yield f'<path d="M0 {y}H{WIDTH:g}" stroke="#22303d"/>'
            yield f'<text x="3" y="{y - 3}" fill="#8ea1b2" font-size="11">{n * step:g}°</text>'


def _scale(frame: _Frame) -> str:
    per_km = frame.per_deg / 111.2
    km = max((one for one in _KM_STEPS if one * per_km < WIDTH / 4), default=1)
    x, y = WIDTH - 24 - km * per_km, HEIGHT - 26
    return (
        f'<path d="M{x:.1f} {y}v6h{km * per_km:.1f}v-6" fill="none" stroke="#ffffff"/>'
        f'<text x="{x:.1f}" y="{y - 4}" fill="#ffffff" font-size="12">{km} km</text>'
    )

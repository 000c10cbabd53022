"""Finding room for labels: nothing written may lie on anything else written.

A ``Placer`` works in pixels of one axes. What is written takes its room; where there is a choice,
the room near by that covers the least of what is drawn is taken, and where there is none, nothing
is written rather than something unreadable.
"""

from collections.abc import Iterator

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

DISTANCES_PX = (20.0, 40.0, 80.0, 140.0)
"""How far from a shape its label is tried."""
FAR = 12.0
"""What a pixel of distance costs, in pixels covered."""
EDGE = 6.0
"""What a pixel of a covered edge costs, in pixels covered."""
FILL = 0.3
"""What a pixel of a covered fill costs: a label on a plain surface reads well."""


class Placer:
    """Room on one axes, in pixels of its figure."""

    def __init__(self, axes: Axes, *, margin_px: float = 4.0) -> None:
        self.axes = axes
        self.margin_px = margin_px
        self._frame = shapely.box(*axes.get_window_extent().extents)
        self._taken: list[shapely.Geometry] = []
        self._drawn: list[shapely.Geometry] = []

    def draw(self, geometry: shapely.Geometry) -> None:
        """Say what is drawn, in data coordinates; labels avoid it where they can."""
        self._drawn.append(shapely.transform(geometry, self.axes.transData.transform))

    def take(self, box: Bbox) -> None:
        """Take a box of pixels, whatever lies there."""
        self._taken.append(shapely.box(*box.extents))

    def take_point(self, x: float, y: float, *, radius_px: float) -> None:
        """Take a disc around a point in data coordinates."""
        pixel = self.axes.transData.transform((x, y))
        self._taken.append(shapely.Point(pixel).buffer(radius_px))

    def free(self, box: Bbox, *, inside: bool = True) -> bool:
        """Whether nothing written lies in this box (and, if ``inside``, it lies on the axes)."""
        room = shapely.box(*box.extents).buffer(self.margin_px, join_style="mitre")
        if inside and not shapely.covers(self._frame, room):
            return False
        return not any(shapely.intersects(room, other) for other in self._taken)

    def cost(self, box: Bbox) -> float:
        """How much of what is drawn this box would cover: pixels of area, edges weighing more."""
        room = shapely.box(*box.extents)
        return float(sum(_covered(room, other) for other in self._drawn))

    def beside(self, text: Text, shape: shapely.Geometry) -> bool:
        """Move the text beside (or, failing that, into) a shape in data coordinates.

        Where there is no room at all the text is removed, and the answer is no.
        """
        best: tuple[float, Bbox, tuple[float, float]] | None = None
        for distance_px, x_px, y_px in self._around(shape):
            x, y = self.axes.transData.inverted().transform((x_px, y_px))
            text.set_position((x, y))
            box = text.get_window_extent()
            if not self.free(box):
                continue
            cost = self.cost(box) + FAR * distance_px
            if best is None or cost < best[0]:
                best = cost, box, (x, y)
        if best is None:
            text.remove()
            return False
        text.set_position(best[2])
        self.take(best[1])
        return True

    def emptiest_corner(self, width: float, height: float) -> tuple[float, float]:
        """Take room of this size (shares of the axes) in a corner, and say where it begins."""
        window = self.axes.get_window_extent()
        gap = 0.02
        corners = [(x, y) for y in (gap, 1 - gap - height) for x in (gap, 1 - gap - width)]

        def box(corner: tuple[float, float]) -> Bbox:
            x, y = window.x0 + corner[0] * window.width, window.y0 + corner[1] * window.height
            return Bbox.from_bounds(x, y, width * window.width, height * window.height)

        best = min(corners, key=lambda c: (not self.free(box(c)), self.cost(box(c))))
        self.take(box(best))
        return best

    def _around(self, shape: shapely.Geometry) -> Iterator[tuple[float, float, float]]:
        """Distance and pixel: around what is shown of a shape, ever farther, then one inside it."""
        pixels = shapely.transform(shape, self.axes.transData.transform)
        shown = shapely.intersection(pixels, self._frame)
        if shown.is_empty:
            return
        for distance_px in DISTANCES_PX:
            ring = shapely.boundary(shapely.buffer(shown, distance_px, quad_segs=4))
            for share in np.linspace(0, 1, 64, endpoint=False):
                point = shapely.line_interpolate_point(ring, share, normalized=True)
                if not point.is_empty:
                    yield distance_px, point.x, point.y
        inside = shapely.point_on_surface(shown)
        yield 0.0, inside.x, inside.y


def _covered(room: shapely.Geometry, other: shapely.Geometry) -> float:
    edges = other if shapely.area(other) == 0 else shapely.boundary(other)
    return float(
        FILL * shapely.area(shapely.intersection(room, other))
        + EDGE * shapely.length(shapely.intersection(room, edges))
    )

"""The part of a plane that a map shows, and the colours that all drawings share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from detente.conflict import Kind

INK = "#2b2f36"
GRID = "#c3c9d2"
PAPER = "#f7f8fa"
MEETING = "#b3123a"
AREA_MEETING = "#b200f2"
"""With a site, line, zone or caution area: magenta, as in the console."""
FIRST = "#0b6fa4"
SECOND = "#c8611a"
"""Blue and orange stay apart for every common kind of colour blindness; the second is dashed too,
for those who print in grey."""


def color_of(kind: Kind) -> str:
    """The colour of a conflict of this kind."""
    return MEETING if kind == "separation" else AREA_MEETING


@dataclass(frozen=True)
class Frame:
    """The part of the plane that a map shows, in metres from the plane's centre."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def width_m(self) -> float:
        """From west to east."""
        return self.east_m - self.west_m

    @property
    def height_m(self) -> float:
        """From south to north."""
        return self.north_m - self.south_m

    @property
    def box(self) -> shapely.Geometry:
        """The frame as a polygon."""
        return shapely.box(self.west_m, self.south_m, self.east_m, self.north_m)


def frame_around(shapes: Sequence[shapely.Geometry], aspect: float, *, margin: float) -> Frame:
    """The least frame of this aspect (width by height) that holds everything and a margin."""
    bounds = np.array([shape.bounds for shape in shapes if not shape.is_empty])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    half_m = max((east - west) / 2, (north - south) / 2 * aspect, 250.0) * (1 + margin)
    return frame_at((east + west) / 2, (north + south) / 2, half_m, aspect)


def frame_at(x_m: float, y_m: float, half_m: float, aspect: float) -> Frame:
    """The frame of this aspect around a point, ``half_m`` to the east and west of it."""
    return Frame(x_m - half_m, y_m - half_m / aspect, x_m + half_m, y_m + half_m / aspect)


def extent_m(shape: shapely.Geometry) -> float:
    """The greater of a geometry's width and height."""
    west, south, east, north = shape.bounds
    return float(max(east - west, north - south))

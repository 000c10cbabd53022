"""Which pairs of reports are compared at all: those that share a block of space and time.

The globe is cut into cells of half a degree of latitude and as many metres of longitude, and time
into days; and each once more, moved by half a cell and half a day. Two reports of which the middles
are within 27 km and 12 hours of each other share at least one of the eight kinds of blocks, so that
none of them is missed, and 100,000 reports are compared with their neighbours only.
"""

import math

from detente.linking.reports import Report

CELL_DEG = 0.5
BIN_S = 86_400.0
BLOCKS = tuple(f"b{n}" for n in range(8))
"""The names of the eight kinds of blocks."""


def blocks_of(one: Report) -> dict[str, str]:
    """The block of each kind that a report is in."""
    middle_s = (one.from_s + one.until_s) / 2
    found = {}
    for n, name in enumerate(BLOCKS):
        row = math.floor((one.lat + 90.0) / CELL_DEG + (n & 1) / 2)
        column = _column(one.lon, row, (n >> 1 & 1) / 2)
        day = math.floor(middle_s / BIN_S + (n >> 2) / 2)
        found[name] = f"{row}/{column}/{day}"
    return found


def _column(lon: float, row: int, moved: float) -> int:
    """The cell of a longitude in a row; as many whole ones as go round the globe there."""
    cosine = math.cos(math.radians(min(90.0, abs(row * CELL_DEG - 90.0))))
    around = max(1, math.floor(360.0 * cosine / CELL_DEG))
    return math.floor(((lon + 180.0) % 360.0) / 360.0 * around + moved) % around

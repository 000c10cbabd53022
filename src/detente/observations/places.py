"""Districts and weeks: the grain at which observations are shown unless somebody asks for more.

A single report can tell who saw it, or whom to look for. By district and week the picture is there
and the witness is not; so that is what every list shows first (docs/observations.md).

The district is the reporter's own word. Without one it is a cell of half a degree, named by its
south-west corner (``N37.0 E068.5``); where the place is not known to within ``DISTRICT_M`` there is
none. The week is the ISO week in UTC that holds the middle of the window; of a window longer than a
week, wherever its days are counted, it is not known.
"""

import math
from datetime import UTC, datetime, timedelta

from detente.observations.model import Observation
from detente.volumes.geodesy import distance_m
from detente.volumes.model import Core, Position, Shape

CELL_DEG = 0.5
DISTRICT_M = 100_000.0
WEEK_S = (7 * 24 + 26) * 3600.0
"""A week in every zone at once."""
UNKNOWN = "unknown"
"""The district of what has no place to within ``DISTRICT_M``, and the week of what took longer than
``WEEK_S``."""


def district_of(one: Observation) -> str:
    """The reporter's word for the district, else its cell, else ``unknown``."""
    return one.district or cell_of(one.core, one.radius_m)


def cell_of(core: Core, radius_m: float) -> str:
    """The half-degree cell that holds the middle of a place, or ``unknown``."""
    if radius_m > DISTRICT_M or reach_m(core) > DISTRICT_M:
        return UNKNOWN
    return cell_name(*middle_of(core))


def cell_name(lon: float, lat: float) -> str:
    """The name of the half-degree cell that holds a position: its south-west corner."""
    west, south = corner_of(lon, lat)
    return (
        f"{'S' if south < 0 else 'N'}{abs(south):04.1f} {'W' if west < 0 else 'E'}{abs(west):05.1f}"
    )


def corner_of(lon: float, lat: float) -> Position:
    """The south-west corner of the cell that holds a position; longitudes in [-180, 180)."""
    west = math.floor(((lon + 180.0) % 360.0) / CELL_DEG) * CELL_DEG - 180.0
    south = min(math.floor(lat / CELL_DEG) * CELL_DEG, 90.0 - CELL_DEG)
    return west, south


def middle_of(core: Core) -> Position:
    """The middle of a core's box: the position that stands for it on a list, longitude first."""
    if core.shape is Shape.POINT:
        return core.rings[0][0]
    lons, lats = zip(*core.rings[0], strict=True)
    lon = (min(lons) + max(lons)) / 2
    return (lon + 180.0) % 360.0 - 180.0, (min(lats) + max(lats)) / 2


def reach_m(core: Core) -> float:
    """How far a core's farthest vertex is from its middle."""
    if core.shape is Shape.POINT:
        return 0.0
    lon, lat = middle_of(core)
    ring = core.rings[0]
    size = len(ring)
    return float(distance_m([lon] * size, [lat] * size, *map(list, zip(*ring, strict=True))).max())


def week_of(from_s: float, until_s: float) -> str:
    """The ISO week (``2021-W32``) that holds the middle of a window, or ``unknown``."""
    if until_s - from_s > WEEK_S:
        return UNKNOWN
    year, week, _ = _utc((from_s + until_s) / 2).isocalendar()
    return f"{year}-W{week:02d}"


def untold(week: str, running: str) -> str:
    """How a week of which nothing is told reads, while ``running`` runs: never as a quiet one."""
    if week == UNKNOWN or week > running:
        return "nothing told"
    return "nothing told yet" if week == running else "not observed"


def day_of(at_s: float) -> str:
    """The day in UTC that holds an instant: ``2021-08-09``."""
    return _utc(at_s).date().isoformat()


def whole_days(from_s: float, until_s: float) -> tuple[float, float]:
    """The beginning of the first day of a window, and the last second of its last, in UTC."""
    first = _utc(from_s).replace(hour=0, minute=0, second=0, microsecond=0)
    last = _utc(until_s).replace(hour=0, minute=0, second=0, microsecond=0)
    return first.timestamp(), (last + timedelta(days=1)).timestamp() - 1


def _utc(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)

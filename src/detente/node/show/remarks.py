"""What the terms ask of a release beyond what is refused: notice and area, protocol section 3.

A remark informs and never blocks: an activity that cannot wait, or that leaves the area, is better
known late and outside than not at all.
"""

from collections.abc import Sequence
from math import asin, cos, degrees, radians, sin

import numpy as np

from detente.line import Area, Terms
from detente.volumes import Volume
from detente.volumes.geodesy import RADIUS_MIN_M, cut_edges, straight_bulge_m
from detente.volumes.model import Core, Edges, Shape

Interval = tuple[float, float]

HALF_TURN_DEG = 180.0
"""A ring of geodesics this wide may go round a pole, and so have it inside."""
EVERYWHERE: tuple[Interval, Interval] = ((-180.0, 180.0), (-90.0, 90.0))


def on_release(terms: Terms, volumes: Sequence[Volume], at_s: float) -> list[str]:
    """Remarks on releasing ``volumes`` at ``at_s``, POSIX seconds of domain time: now."""
    lead_s = min(volume.start_s for volume in volumes) - at_s
    when = f"starts in {_span(lead_s)}" if lead_s >= 0 else f"began {_span(-lead_s)} ago"
    return _notice(terms, lead_s, when) + _area(terms, volumes)


def on_released(terms: Terms, volumes: Sequence[Volume], at_s: float) -> list[str]:
    """Remarks on what was released at ``at_s``, POSIX seconds of domain time, as its writer says.

    The terms are those that hold now.
    """
    lead_s = min(volume.start_s for volume in volumes) - at_s
    side = "before" if lead_s >= 0 else "after"
    when = f"released {_span(abs(lead_s))} {side} its start"
    return _notice(terms, lead_s, when) + _area(terms, volumes)


def _notice(terms: Terms, lead_s: float, when: str) -> list[str]:
    notice = terms.notice
    if notice.normal_s == 0 or lead_s >= notice.normal_s:
        return []
    emergency = f"{_span(notice.emergency_s)} in an emergency"
    return [f"{when}; the terms ask for {_span(notice.normal_s)} notice ({emergency})"]


def _span(seconds: float) -> str:
    """``17 min``, ``12 h``, ``1 h 30 min``: whole minutes, rounded down."""
    hours, minutes = divmod(int(seconds // 60), 60)
    said = [f"{hours} h"] if hours else []
    if minutes or not hours:
        said.append(f"{minutes} min")
    return " ".join(said)


def _area(terms: Terms, volumes: Sequence[Volume]) -> list[str]:
    inside = all(_inside(volume, terms.area) for volume in volumes)
    return [] if inside else ["reaches outside the line's area"]


def _inside(volume: Volume, area: Area) -> bool:
    """Whether a volume certainly lies inside an area."""
    lon, lat = _box(volume)
    if lat[0] < area.south or lat[1] > area.north:
        return False
    width = area.east - area.west if area.west < area.east else area.east - area.west + 360
    # Longitudes continue without a jump, so the box may lie whole turns away from the area.
    first = area.west + (lon[0] - area.west) % 360
    return width >= 360 or first + (lon[1] - lon[0]) <= area.west + width


def _box(volume: Volume) -> tuple[Interval, Interval]:
    """Longitudes and latitudes, in degrees, that hold a volume: never too few."""
    (west, east), (south, north), stray_m = _core_box(volume.core)
    reach = (volume.radius_m + stray_m) / RADIUS_MIN_M
    south, north = south - degrees(reach), north + degrees(reach)
    nearest_pole = max(-south, north)
    if nearest_pole >= 90:
        return EVERYWHERE[0], (max(south, -90.0), min(north, 90.0))
    # A circle touches the meridians that lie asin(sin(reach) / cos(latitude)) beside its centre.
    aside = degrees(asin(min(1.0, sin(reach) / cos(radians(nearest_pole) - reach))))
    return (west - aside, east + aside), (south, north)


def _core_box(core: Core) -> tuple[Interval, Interval, float]:
    """Longitudes and latitudes of a core, and how far it strays from them at most, in metres.

    Holes lie inside the outer ring. A straight edge lies in the box of its ends; a geodesic one is
    cut into pieces, each of which strays from that box by no more than from the straight edge.
    """
    is_area = core.shape is Shape.POLYGON
    ring = core.rings[0] + (core.rings[0][:1] if is_area else ())
    positions = np.array(ring, dtype=np.float64)
    lon, lat, stray_m = positions[:, 0], positions[:, 1], 0.0
    if core.edges is Edges.GEODESIC and len(lon) > 1:
        starts, zero = np.array([0, len(lon)]), np.zeros(1, dtype=np.int64)
        lon, lat, _ = cut_edges(lon, lat, starts, np.zeros(1, dtype=np.bool_), zero)
        stray_m = float(straight_bulge_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).max())
        if is_area and lon.max() - lon.min() >= HALF_TURN_DEG:
            return *EVERYWHERE, 0.0
    box = (float(lon.min()), float(lon.max())), (float(lat.min()), float(lat.max()))
    return *box, stray_m

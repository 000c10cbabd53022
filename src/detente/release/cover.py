"""The coarse form: one circle that holds everything an activity occupies.

A coarse release is an *outer cover*: larger in space, altitude and time than what it stands for,
never smaller, so that a conflict found against it may be too early or too large but none is missed.
It says where about, how high about and when about, and nothing of shape, route or order.

Why the circle holds it all stands in ``volumes.reach``.
"""

import math

import numpy as np

from detente.errors import InputError
from detente.volumes.check import ALTITUDES_M, check_activity
from detente.volumes.datums import heights_of
from detente.volumes.geodesy import (
    ECCENTRICITY2,
    SEMI_MAJOR_M,
    Floats,
    ecef,
)
from detente.volumes.model import (
    Activity,
    Band,
    Core,
    Limit,
    Position,
    Reference,
    Shape,
    Volume,
)
from detente.volumes.reach import outline_of, volume_reach_m

RADIUS_M_MAX = 2_000_000.0
"""Beyond this a circle says no more than "somewhere", and is refused."""
CENTRE_DEG = 0.1
"""The centre lies on a grid of this width, so that it does not point at what it covers."""
RADIUS_STEP_M = 5_000.0
ALTITUDE_STEP_M = 304.8
"""1,000 ft: bands end on whole flight levels or thousands of feet."""
WINDOW_STEP_S = 900.0


def coarse(activity: Activity) -> Activity:
    """The outer cover of ``activity`` as one volume; its notes stay behind.

    Raises:
        InputError: no circle of at most 2,000 km covers it.
    """
    check_activity(activity)
    centre = _centre(activity)
    radius_m = math.ceil(reach_m(activity, centre) / RADIUS_STEP_M) * RADIUS_STEP_M
    if radius_m > RADIUS_M_MAX:
        raise InputError(
            f"needs a circle of {radius_m / 1000:,.0f} km to cover it, more than "
            f"{RADIUS_M_MAX / 1000:,.0f} km",
            remedy="split it into smaller activities, or release it exact",
            where=f"{activity.party}/{activity.id}",
        )
    volume = Volume(
        core=Core(Shape.POINT, ((centre,),)),
        radius_m=radius_m,
        band=_band(activity),
        start_s=math.floor(_start_s(activity) / WINDOW_STEP_S) * WINDOW_STEP_S,
        end_s=math.ceil(_end_s(activity) / WINDOW_STEP_S) * WINDOW_STEP_S,
    )
    return check_activity(Activity(activity.party, activity.id, activity.kind, (volume,)))


def covers(outline: Activity, activity: Activity) -> bool:
    """Whether a coarse release, one circle, holds all the places that an activity occupies."""
    [circle] = outline.volumes
    return reach_m(activity, circle.core.rings[0][0]) <= circle.radius_m


def reach_m(activity: Activity, centre: Position) -> float:
    """A bound of the distance from ``centre`` to the farthest point the activity occupies."""
    return max(volume_reach_m(volume, centre) for volume in activity.volumes)


def _centre(activity: Activity) -> Position:
    """A grid point near the middle. Any centre gives a cover; a good one gives a small circle.

    Bădoiu and Clarkson (2003): step towards the farthest point, by less each time.
    """
    outlines = [outline_of(volume.core)[:2] for volume in activity.volumes]
    points = _unit(ecef(*(np.concatenate(axis) for axis in zip(*outlines, strict=True))))
    grown = np.repeat(
        [volume.radius_m / SEMI_MAJOR_M for volume in activity.volumes],
        [len(lon) for lon, _ in outlines],
    )
    middle = points.mean(axis=0)
    if np.linalg.norm(middle) < 1e-9:
        middle = points[0]
    middle = _unit(middle)
    for step in range(2, 100):
        angle = np.arccos(np.clip(points @ middle, -1, 1))
        farthest = int(np.argmax(angle + grown))
        # The far side of the farthest point's surroundings, not the point itself, is to come near.
        pull = (angle[farthest] + grown[farthest]) / max(angle[farthest], 1e-9)
        middle = _unit(middle + (points[farthest] - middle) * min(pull, 10.0) / step)
    # Latitude is the direction of the ellipsoid's normal, not that from the Earth's centre.
    flat = np.hypot(middle[0], middle[1])
    lat = math.degrees(math.atan2(middle[2] / (1 - ECCENTRICITY2), flat))
    lon = math.degrees(math.atan2(middle[1], middle[0]))
    return _on_grid(lon), _on_grid(lat)


def _on_grid(degrees: float) -> float:
    return round(round(degrees / CENTRE_DEG) * CENTRE_DEG, 6) + 0.0


def _unit(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / lengths


def _band(activity: Activity) -> Band:
    lowers = [volume.band.lower for volume in activity.volumes]
    uppers = [volume.band.upper for volume in activity.volumes]
    return Band(_lowest(lowers), _highest(uppers))


def _lowest(limits: list[Limit | None]) -> Limit | None:
    """The lowest of the limits, rounded down; in their own reference where they share one."""
    known = [limit for limit in limits if limit is not None]
    if len(known) < len(limits):
        return None
    shared = _shared_reference(known)
    exact_m = min(limit.value_m if shared else heights_of(limit)[0] for limit in known)
    value_m = _down_m(exact_m)
    return Limit(value_m, shared or Reference.W84) if value_m >= ALTITUDES_M[0] else None


def _highest(limits: list[Limit | None]) -> Limit | None:
    """The highest of the limits, rounded up; in their own reference where they share one."""
    known = [limit for limit in limits if limit is not None]
    if len(known) < len(limits):
        return None
    shared = _shared_reference(known)
    exact_m = max(limit.value_m if shared else heights_of(limit)[1] for limit in known)
    value_m = -_down_m(-exact_m)
    return Limit(value_m, shared or Reference.W84) if value_m <= ALTITUDES_M[1] else None


def _shared_reference(limits: list[Limit]) -> Reference | None:
    """The reference that all limits are stated in, or None: then they are widened to WGS84."""
    references = {limit.reference for limit in limits}
    return references.pop() if len(references) == 1 else None


def _down_m(value_m: float) -> float:
    nearest_m = round(value_m / ALTITUDE_STEP_M) * ALTITUDE_STEP_M
    if abs(nearest_m - value_m) < 1e-6:
        # A whole flight level is on the grid, whichever way its last bit was rounded.
        return value_m
    return math.floor(value_m / ALTITUDE_STEP_M) * ALTITUDE_STEP_M


def _start_s(activity: Activity) -> float:
    return min(volume.start_s for volume in activity.volumes)


def _end_s(activity: Activity) -> float:
    return max(volume.end_s for volume in activity.volumes)

"""Activities made ready for the conflict test: cores as arrays and one box for every volume.

The columns of a box are intervals, all in the units in which they are compared:

===========  ====================================================================================
0, 1, 2      Earth-centred x, y and z of the grown core, in metres. Such boxes know no antimeridian
             and no poles, and need no cosine of a latitude: what is within a geodesic distance is
             within that distance along every axis.
3, 4, 5      The altitude band as heights above WGS84, above mean sea level and in pressure
             altitude (``datums.Heights``). Two bands are apart if they are in any of the three, so
             these columns are not only a filter but the vertical test itself.
6            The time window in POSIX seconds: the time test itself.
===========  ====================================================================================
"""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np

from detente.conflict import kernels
from detente.conflict.compiled import WORKLOAD
from detente.conflict.cores import Cores, cores_of
from detente.conflict.model import SLACK_M, SLACK_S, Key, Separation
from detente.errors import InputError
from detente.volumes.areas import Area, area_of
from detente.volumes.datums import height_interval_m
from detente.volumes.geodesy import Floats, Ints
from detente.volumes.model import Activity, Volume

COLUMNS = 7
AREAS = (None, *Area)
"""The areas by their numbers. That of a conflict is the larger of its two activities' numbers."""
PLACE = AREAS.index(Area.LINE)
"""From this number on areas are places (``areas.PLACES``)."""
HEIGHTS = slice(3, 6)
TIME = 6


class Pack(NamedTuple):
    """Activities with the arrays that are computed from their volumes."""

    activities: tuple[Activity, ...]
    cores: Cores
    low: Floats
    """(v, 7) lower ends of the volumes' boxes."""
    high: Floats
    """(v, 7) upper ends."""
    owner: Ints
    """(v,) the number of the activity each volume belongs to."""
    first: Ints
    """(a,) the first volume of each activity."""
    area: Ints
    """(v,) 0 for a volume of an ordinary activity, else the number of its area (``AREAS``)."""


def pack(activities: Sequence[Activity]) -> Pack:
    """Prepares one or more activities that have passed ``volumes.check``.

    Raises InputError for an activity that cannot be compared with anything.
    """
    for activity in activities:
        _refuse_unknown(activity)
    volumes = [volume for activity in activities for volume in activity.volumes]
    counts = np.array([len(activity.volumes) for activity in activities], dtype=np.int64)
    owner = np.repeat(np.arange(len(activities)), counts)
    cores = cores_of(volumes, owner)
    low, high = _boxes(volumes, cores)
    _refuse_inverted(activities, owner, low, high)
    first = np.cumsum(counts) - counts
    areas = [AREAS.index(area_of(activity.kind)) for activity in activities]
    area = np.repeat(np.array(areas, dtype=np.int64), counts)
    return Pack(tuple(activities), cores, low, high, owner, first, area)


def reach_of(separation: Separation) -> Floats:
    """(7,) the largest gap in each column that is still a conflict."""
    lateral_m, vertical_m = separation.lateral_m + SLACK_M, separation.vertical_m + SLACK_M
    return np.array([lateral_m] * 3 + [vertical_m] * 3 + [separation.time_s + SLACK_S])


def key_of(activity: Activity) -> Key:
    """The name of an activity."""
    return Key(activity.party, activity.id)


def _boxes(volumes: Sequence[Volume], cores: Cores) -> tuple[Floats, Floats]:
    heights = {volume.band: height_interval_m(volume.band) for volume in volumes}
    bands = np.array(
        [(heights[v.band].w84, heights[v.band].msl, heights[v.band].std) for v in volumes]
    )
    windows = np.array([(v.start_s, v.end_s) for v in volumes])
    low, high = np.empty((len(volumes), COLUMNS)), np.empty((len(volumes), COLUMNS))
    # Box and polygon tests pass over every vertex a few times.
    module = WORKLOAD.module(kernels, len(cores.lon) / 4)
    module.bound_boxes(cores, low, high)
    low[:, HEIGHTS], high[:, HEIGHTS] = bands[:, :, 0], bands[:, :, 1]
    low[:, TIME], high[:, TIME] = windows[:, 0], windows[:, 1]
    return low, high


def _refuse_unknown(activity: Activity) -> None:
    """Not-a-number compares as apart from everything, so it must never come this far."""
    where = f"{activity.party}/{activity.id}"
    if not activity.volumes:
        raise InputError("has no volume", remedy="give it at least one shape", where=where)
    for number, volume in enumerate(activity.volumes, 1):
        limits = (volume.band.lower, volume.band.upper)
        figures = [
            volume.radius_m,
            volume.start_s,
            volume.end_s,
            *(limit.value_m for limit in limits if limit is not None),
            *(sum(map(sum, ring)) for ring in volume.core.rings),
        ]
        # A sum is finite only if all its terms are.
        if not isfinite(sum(figures)):
            raise InputError(
                "a place, radius, altitude or time is not a finite number",
                remedy="correct the activity; it cannot be checked",
                where=f"{where}: volume {number}",
            )


def _refuse_inverted(
    activities: Sequence[Activity], owner: Ints, low: Floats, high: Floats
) -> None:
    """A box that ends before it begins lies apart from everything, as not-a-number does."""
    inverted = np.flatnonzero(~(low <= high).all(axis=1))
    if len(inverted):
        activity = activities[int(owner[inverted[0]])]
        raise InputError(
            "an altitude band or a time window ends before it begins",
            remedy="correct the activity; it cannot be checked",
            where=f"{activity.party}/{activity.id}",
        )

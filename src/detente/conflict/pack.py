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
from types import ModuleType
from typing import NamedTuple

import numpy as np

from detente.conflict import laying
from detente.conflict.compiled import WORKLOAD
from detente.conflict.cores import Cores
from detente.conflict.model import SLACK_M, SLACK_S, Key, Separation
from detente.conflict.outlines import Outlines, outlines_of
from detente.errors import InputError
from detente.volumes.areas import Area, area_of
from detente.volumes.geodesy import Floats, Ints, cut_edges
from detente.volumes.model import Activity

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
    volumes = [volume for activity in activities for volume in activity.volumes]
    counts = np.array([len(activity.volumes) for activity in activities], dtype=np.int64)
    if not counts.all():
        refuse_empty(activities)
    owner = np.repeat(np.arange(len(activities)), counts)
    outlines = outlines_of(volumes)
    module = WORKLOAD.module(laying, len(outlines.vertices))
    refuse(activities, owner, module.odd_volume(outlines), module.inverted_volume(outlines))
    outlines = uncut(outlines, owner, module)
    cores = module.lay(outlines)
    low, high = np.empty((len(volumes), COLUMNS)), np.empty((len(volumes), COLUMNS))
    module.box(outlines, cores, low, high)
    first = np.cumsum(counts) - counts
    areas = [area_number(activity) for activity in activities]
    area = np.repeat(np.array(areas, dtype=np.int64), counts)
    return Pack(tuple(activities), cores, low, high, owner, first, area)


def area_number(activity: Activity) -> int:
    """The number of an activity's area (``AREAS``)."""
    return AREAS.index(area_of(activity.kind))


def uncut(outlines: Outlines, owner: Ints, module: ModuleType = laying) -> Outlines:
    """The same outlines with no edge left that is too long for one piece.

    ``owner`` (v,) numbers the activity that each volume belongs to.
    """
    long = np.zeros(len(outlines.rings) - 1, dtype=np.bool_)
    if not module.mark_long(outlines, long):
        return outlines
    sizes = np.diff(outlines.rings)
    volume_of = np.repeat(np.arange(len(owner)), np.diff(outlines.volumes))[long]
    rows = np.flatnonzero(np.repeat(long, sizes))
    lon, lat, starts = cut_edges(
        outlines.vertices[rows, 0],
        outlines.vertices[rows, 1],
        np.concatenate([[0], np.cumsum(sizes[long])]),
        outlines.straight[volume_of],
        np.unique(owner[volume_of], return_inverse=True)[1],
    )
    before, sizes[long] = sizes.copy(), np.diff(starts)
    vertices = np.empty((int(sizes.sum()), 2))
    cut = np.repeat(long, sizes)
    vertices[cut, 0], vertices[cut, 1] = lon, lat
    vertices[~cut] = outlines.vertices[~np.repeat(long, before)]
    return outlines._replace(vertices=vertices, rings=np.concatenate([[0], np.cumsum(sizes)]))


def reach_of(separation: Separation) -> Floats:
    """(7,) the largest gap in each column that is still a conflict."""
    lateral_m, vertical_m = separation.lateral_m + SLACK_M, separation.vertical_m + SLACK_M
    return np.array([lateral_m] * 3 + [vertical_m] * 3 + [separation.time_s + SLACK_S])


def key_of(activity: Activity) -> Key:
    """The name of an activity."""
    return Key(activity.party, activity.id)


def refuse_empty(activities: Sequence[Activity]) -> None:
    """Raises InputError for the first activity without a volume."""
    empty = next(activity for activity in activities if not activity.volumes)
    raise InputError(
        "has no volume", remedy="give it at least one shape", where=f"{empty.party}/{empty.id}"
    )


def refuse(activities: Sequence[Activity], owner: Ints, odd: int, inverted: int) -> None:
    """Raises InputError if a volume of this number has no figures to compare (-1: there is none).

    What is not a number compares as apart from everything, and so does what ends before it
    begins: neither must ever come as far as a comparison.
    """
    if odd >= 0:
        activity = activities[int(owner[odd])]
        number = odd - int(np.searchsorted(owner, owner[odd])) + 1
        raise InputError(
            "a place, radius, altitude or time is not a finite number",
            remedy="correct the activity; it cannot be checked",
            where=f"{activity.party}/{activity.id}: volume {number}",
        )
    if inverted >= 0:
        activity = activities[int(owner[inverted])]
        raise InputError(
            "an altitude band or a time window ends before it begins",
            remedy="correct the activity; it cannot be checked",
            where=f"{activity.party}/{activity.id}",
        )

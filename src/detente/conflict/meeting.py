"""Finding conflicts: between two activities, and among many.

Boxes are swept for pairs that may meet (``sweeps``), each pair is decided on the ellipsoid
(``kernels``), and what remains is gathered into one conflict per pair of activities. The filter
knows nothing of shapes and the exact test nothing of filters: a packed index can take the sweep's
place without a change to the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np

from detente.conflict import kernels, sweeps
from detente.conflict.compiled import WORKLOAD
from detente.conflict.model import SLACK_M, Conflict, Key, Part, Separation
from detente.conflict.pack import HEIGHTS, TIME, Pack, key_of, pack, reach_of
from detente.errors import InputError
from detente.volumes.geodesy import Floats, Ints
from detente.volumes.model import Activity

Progress = Callable[[int, int], None]

CHUNK = 262_144
"""Pairs that are examined between two reports of progress, at the least."""
PAIRS_AT_ONCE = 4_000_000
"""Pairs of volumes of two activities that are filtered in one go."""


def between(a: Activity, b: Activity, separation: Separation) -> Conflict | None:
    """The conflict of two activities, of whatever parties, or None."""
    packs = sorted((pack([a]), pack([b])), key=lambda one: key_of(one.activities[0]))
    found = gathered(parts_between(packs[0], packs[1], separation))
    return found[0] if found else None


def find(
    activities: Sequence[Activity],
    separation: Separation,
    *,
    within: bool = False,
    progress: Progress | None = None,
) -> list[Conflict]:
    """All conflicts between activities of different parties, sorted by (start_s, a, b).

    ``within`` adds those between activities of one party. ``progress`` is called with the number
    of volumes dealt with and of all volumes. Raises InputError where two activities have the same
    party and identifier.
    """
    if len(activities) < 2:
        return []
    everything = pack(_sorted_by_key(activities))
    codes: dict[str, int] = {}
    party = [codes.setdefault(one.party, len(codes)) for one in everything.activities]
    apart = everything.owner if within else np.array(party, dtype=np.int64)[everything.owner]

    parts: list[tuple[Key, Key, Part]] = []
    for first, second, done in _candidates(everything, apart, reach_of(separation)):
        parts += parts_of(everything, first, everything, second, separation)
        if progress is not None:
            progress(done, len(everything.owner))
    return gathered(parts)


def parts_between(a: Pack, b: Pack, separation: Separation) -> list[tuple[Key, Key, Part]]:
    """The parts of conflicts between the activities of one pack and those of another.

    All keys of ``a`` come before those of ``b``.
    """
    parts: list[tuple[Key, Key, Part]] = []
    for first, second in candidates_between(a, b, reach_of(separation)):
        parts += parts_of(a, first, b, second, separation)
    return parts


def candidates_between(a: Pack, b: Pack, reach: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of volumes of two packs whose boxes meet, in chunks."""
    rows = max(1, PAIRS_AT_ONCE // len(b.owner))
    for start in range(0, len(a.owner), rows):
        low, high = a.low[start : start + rows], a.high[start : start + rows]
        pairs = len(low) * len(b.owner)
        first, second = np.empty(pairs, dtype=np.int64), np.empty(pairs, dtype=np.int64)
        module = WORKLOAD.module(sweeps, pairs / 16)
        count = module.cross(low, high, b.low, b.high, reach, first, second)
        yield first[:count] + start, second[:count]


def _candidates(everything: Pack, apart: Ints, reach: Floats) -> Iterator[tuple[Ints, Ints, int]]:
    """Pairs of volumes whose boxes meet, and how many volumes have been swept, in chunks."""
    column = _selective_column(everything.low, everything.high, reach)
    order = np.argsort(everything.low[:, column], kind="stable")
    low, high, apart = everything.low[order], everything.high[order], apart[order]
    first = np.empty(len(order) + CHUNK, dtype=np.int64)
    second = np.empty_like(first)
    module = WORKLOAD.module(sweeps, len(order) ** 2 / 32)
    start = 0
    while start < len(order):
        count, start = module.sweep(low, high, reach, column, apart, start, first, second)
        one, other = order[first[:count]], order[second[:count]]
        # Volumes stand in the order of their keys, and the same two are always compared in it, so
        # that every way of finding a conflict computes the same figures.
        yield np.minimum(one, other), np.maximum(one, other), start


def _selective_column(low: Floats, high: Floats, reach: Floats) -> int:
    """The column in which a box meets the fewest others, judged by mean and whole extent."""
    columns = [0, 1, 2, TIME]
    mean = (high - low)[:, columns].mean(axis=0) + reach[columns]
    whole = high[:, columns].max(axis=0) - low[:, columns].min(axis=0) + reach[columns]
    return columns[int(np.argmin(mean / np.maximum(whole, 1e-9)))]


def parts_of(
    a: Pack, first: Ints, b: Pack, second: Ints, separation: Separation
) -> list[tuple[Key, Key, Part]]:
    """The conflicts among pairs of volumes whose boxes meet, each with its two keys.

    ``first`` and ``second`` (k,) number volumes of ``a`` and ``b``; of each pair the key of the
    first comes before that of the second.
    """
    gaps_m, places = lateral_gaps(a, first, b, second, separation)
    hit = np.flatnonzero(gaps_m < np.inf)
    first, second, gaps_m, places = first[hit], second[hit], gaps_m[hit], places[hit]

    heights_m = np.maximum(
        a.low[first, HEIGHTS] - b.high[second, HEIGHTS],
        b.low[second, HEIGHTS] - a.high[first, HEIGHTS],
    ).max(axis=1, initial=-np.inf)
    start_s = np.maximum(a.low[first, TIME], b.low[second, TIME]) - separation.time_s / 2
    end_s = np.minimum(a.high[first, TIME], b.high[second, TIME]) + separation.time_s / 2
    rows = zip(
        first.tolist(),
        second.tolist(),
        start_s.tolist(),
        # Windows that touch only thanks to the slack meet in one instant.
        np.maximum(start_s, end_s).tolist(),
        _least(gaps_m).tolist(),
        _least(heights_m).tolist(),
        places.tolist(),
        strict=True,
    )
    return [_part(a, i, b, j, *figures) for i, j, *figures in rows]


def lateral_gaps(
    a: Pack, first: Ints, b: Pack, second: Ints, separation: Separation
) -> tuple[Floats, Floats]:
    """Lateral gaps (k,) of pairs of volumes, infinite beyond the separation, and places (k, 2)."""
    gaps_m, places = np.empty(len(first)), np.zeros((len(first), 2))
    work = float(a.cores.pieces()[first] @ b.cores.pieces()[second])
    module = WORKLOAD.module(kernels, work)
    module.examine(a.cores, b.cores, first, second, separation.lateral_m + SLACK_M, gaps_m, places)
    return gaps_m, places


def _least(gaps_m: Floats) -> Floats:
    """Gaps as they are reported: 0 where volumes overlap or touch."""
    return np.where(gaps_m <= SLACK_M, 0.0, gaps_m)


def _part(
    a: Pack,
    i: int,
    b: Pack,
    j: int,
    start_s: float,
    end_s: float,
    lateral_m: float,
    vertical_m: float,
    place: list[float],
) -> tuple[Key, Key, Part]:
    one, other = int(a.owner[i]), int(b.owner[j])
    a_volume, b_volume = i - int(a.first[one]), j - int(b.first[other])
    lon, lat = place
    part = Part(a_volume, b_volume, start_s, end_s, lateral_m, vertical_m, lon, lat)
    return key_of(a.activities[one]), key_of(b.activities[other]), part


def gathered(parts: list[tuple[Key, Key, Part]]) -> list[Conflict]:
    """One conflict for each pair of activities, sorted by (start_s, a, b).

    The parts of each stand in the order of their volumes.
    """

    def order(item: tuple[Key, Key, Part]) -> tuple[Key, Key, int, int]:
        return item[0], item[1], item[2].a_volume, item[2].b_volume

    found = [
        _conflict(a, b, tuple(part for _, _, part in items))
        for (a, b), items in groupby(sorted(parts, key=order), key=lambda item: item[:2])
    ]
    return sorted(found, key=lambda one: (one.start_s, one.a, one.b))


def _conflict(a: Key, b: Key, parts: tuple[Part, ...]) -> Conflict:
    nearest = min(parts, key=lambda part: (part.lateral_m, part.vertical_m, part.start_s))
    return Conflict(
        a=a,
        b=b,
        start_s=min(part.start_s for part in parts),
        end_s=max(part.end_s for part in parts),
        lateral_m=nearest.lateral_m,
        vertical_m=min(part.vertical_m for part in parts),
        lon=nearest.lon,
        lat=nearest.lat,
        parts=parts,
    )


def _sorted_by_key(activities: Sequence[Activity]) -> list[Activity]:
    ordered = sorted(activities, key=key_of)
    for one, other in pairwise(ordered):
        if key_of(one) == key_of(other):
            raise InputError(
                "two activities of one party have the same identifier",
                remedy="rename one, or give both as volumes of one activity",
                where=f"{one.party}/{one.id}",
            )
    return ordered

"""From pairs of volumes to conflicts: the exact test, the figures, one conflict per activities.

The exact test answers the same to the last bit whichever of two is named first, so every way of
finding a conflict computes the same figures.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np

from detente.conflict import kernels
from detente.conflict.compiled import WORKLOAD, compiled_form
from detente.conflict.model import SLACK_M, Conflict, Key, Kind, Part, Separation
from detente.conflict.pack import HEIGHTS, PLACE, TIME, Pack, key_of
from detente.volumes.geodesy import Floats, Ints

SMALL_STEPS = 5_000
"""Steps of the search that plain Python takes in about the time numba takes to load."""
NO_HURRY = 2**62
KINDS = tuple(Kind)
"""Kinds of conflict by the number of the area they are with."""


class Hits(NamedTuple):
    """Pairs of volumes that conflict, ``first`` (k,) of one pack and ``second`` (k,) of another."""

    first: Ints
    second: Ints
    gaps_m: Floats
    """(k,) lateral gaps, 0 where the volumes overlap."""
    places: Floats
    """(k, 2) longitudes and latitudes of the middle of each gap or of a point in the overlap."""


def hits_of(a: Pack, first: Ints, b: Pack, second: Ints, separation: Separation) -> Hits:
    """Those of the pairs of volumes that are laterally within the separation."""
    gaps_m, places = np.empty(len(first)), np.zeros((len(first), 2))
    work = float(a.cores.pieces(first) @ b.cores.pieces(second))
    module = WORKLOAD.module(kernels, work)
    limit_m, done = separation.lateral_m + SLACK_M, 0
    if module is kernels:
        done = kernels.examine(
            a.cores, b.cores, first, second, limit_m, gaps_m, places, 0, SMALL_STEPS
        )
    if done < len(first):
        # Few pieces may still lie so that many steps are needed; compiled, they take no time.
        compiled_form(kernels).examine(
            a.cores, b.cores, first, second, limit_m, gaps_m, places, done, NO_HURRY
        )
    near = gaps_m < np.inf
    return Hits(first[near], second[near], gaps_m[near], places[near])


def by_own_rule(a: Pack, b: Pack, hits: Hits, separation: Separation) -> Hits:
    """Those of the hits that conflict by the rule of their areas as well (see ``model``).

    Where one of two is a place, the lateral separation is 0: these are decided again, because the
    first decision's gaps may exceed the true ones. Order is not kept.
    """
    areas = a.area[hits.first], b.area[hits.second]
    usual = np.maximum(*areas) < PLACE
    if usual.all():
        return hits
    edge = ~usual & (np.minimum(*areas) < PLACE)
    met = Separation(0.0, separation.vertical_m, separation.time_s)
    again = hits_of(a, hits.first[edge], b, hits.second[edge], met)
    kept = (column[usual] for column in hits)
    return Hits(*(np.concatenate(columns) for columns in zip(kept, again, strict=True)))


def conflicts_of(a: Pack, b: Pack, hits: Iterable[Hits], separation: Separation) -> list[Conflict]:
    """One conflict for each two activities among the hits, its parts in order of their volumes.

    Of each hit the activity in ``a`` has the lesser key.
    """
    ruled = (by_own_rule(a, b, one, separation) for one in hits)
    some = [one for one in ruled if len(one.first)]
    if not some:
        return []
    first, second, gaps_m, places = (np.concatenate(parts) for parts in zip(*some, strict=True))
    order = np.lexsort((second, first, b.owner[second], a.owner[first]))
    first, second, gaps_m, places = first[order], second[order], gaps_m[order], places[order]
    one, other = a.owner[first], b.owner[second]
    parts = _parts(a, b, Hits(first, second, gaps_m, places), separation)

    new = np.ones(len(first), dtype=np.bool_)
    new[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    starts = np.flatnonzero(new)
    ends = [*starts[1:].tolist(), len(first)]
    areas = np.maximum(a.area[first[starts]], b.area[second[starts]])
    columns = (starts.tolist(), ends, one[starts].tolist(), other[starts].tolist(), areas.tolist())
    return [
        conflict_of(key_of(a.activities[i]), key_of(b.activities[j]), area, tuple(parts[start:end]))
        for start, end, i, j, area in zip(*columns, strict=True)
    ]


def _parts(a: Pack, b: Pack, hits: Hits, separation: Separation) -> list[Part]:
    first, second = hits.first, hits.second
    heights_m = np.maximum(
        a.low[first, HEIGHTS] - b.high[second, HEIGHTS],
        b.low[second, HEIGHTS] - a.high[first, HEIGHTS],
    ).max(axis=1)
    start_s = np.maximum(a.low[first, TIME], b.low[second, TIME]) - separation.time_s / 2
    end_s = np.minimum(a.high[first, TIME], b.high[second, TIME]) + separation.time_s / 2
    columns = (
        first - a.first[a.owner[first]],
        second - b.first[b.owner[second]],
        start_s,
        # Windows that touch only thanks to the slack meet in one instant.
        np.maximum(start_s, end_s),
        _least(hits.gaps_m),
        _least(heights_m),
        hits.places[:, 0],
        hits.places[:, 1],
    )
    return list(map(Part, *(column.tolist() for column in columns)))


def _least(gaps_m: Floats) -> Floats:
    """Gaps as they are reported: 0 where volumes overlap or touch."""
    return np.where(gaps_m <= SLACK_M, 0.0, gaps_m)


def conflict_of(a: Key, b: Key, area: int, parts: tuple[Part, ...]) -> Conflict:
    """The conflict of two activities, ``a`` with the lesser key, made up of these parts.

    ``area`` is the larger number of their two areas.
    """
    kind = KINDS[area]
    if len(parts) == 1:
        _, _, start_s, end_s, lateral_m, vertical_m, lon, lat = msgspec.structs.astuple(parts[0])
        return Conflict(a, b, kind, start_s, end_s, lateral_m, vertical_m, lon, lat, parts)
    nearest = min(parts, key=lambda part: (part.lateral_m, part.vertical_m, part.start_s))
    return Conflict(
        a=a,
        b=b,
        kind=kind,
        start_s=min(part.start_s for part in parts),
        end_s=max(part.end_s for part in parts),
        lateral_m=nearest.lateral_m,
        vertical_m=min(part.vertical_m for part in parts),
        lon=nearest.lon,
        lat=nearest.lat,
        parts=parts,
    )

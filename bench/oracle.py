"""Whether grown cores touch, by GeographicLib alone: the engine's answers are held against it.

It shares no formula with the engine. Geodesic edges are halved until every pair of pieces is
decided: the distance of two pieces differs from that of their middles by at most their
half-lengths, by the triangle inequality. Many pairs of shapes are halved together, because
GeographicLib is asked faster for a thousand distances at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from bench.workload import POLYGON, Workload

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WGS84 = Geod(ellps="WGS84")
CLOSE_M = 0.01
"""What lies this near the limit is decided neither way."""


class Verdict(NamedTuple):
    """Whether two shapes touch; None where they touch or not by less than a centimetre."""

    touch: bool | None
    gap_m: float
    """What is between them, below 0 if they overlap; exact to a centimetre if ``touch`` is None."""


class _Pieces(NamedTuple):
    lon: Floats
    lat: Floats
    azimuth: Floats
    length_m: Floats


def touch(work: Workload, pairs: Sequence[tuple[int, int]]) -> list[Verdict]:
    """The verdict on each of these pairs of shapes."""
    near_m = np.array([work.radius_m[i] + work.radius_m[j] for i, j in pairs])
    touched = np.array([_one_in_other(work, i, j) for i, j in pairs], dtype=np.bool_)
    doubtful = np.zeros(len(pairs), dtype=np.bool_)
    least_m = np.where(touched, -near_m, np.inf)
    a, b, of = _all_edges(work, pairs, ~touched)
    while len(of):
        gap_m = np.asarray(WGS84.inv(*_middle(a), *_middle(b))[2]) - near_m[of]
        np.minimum.at(least_m, of, gap_m)
        touched[of[gap_m <= -CLOSE_M]] = True
        reach_m = (a.length_m + b.length_m) / 2
        open_ = (gap_m - reach_m <= CLOSE_M) & ~touched[of]
        tiny = open_ & (2 * reach_m < CLOSE_M)
        doubtful[of[tiny]] = True
        open_ &= ~tiny
        a, b, of = _of(a, open_), _of(b, open_), of[open_]
        longer = a.length_m >= b.length_m
        a, b, of = (
            _joined(_of(a, ~longer), _of(a, ~longer), *_halves(_of(a, longer))),
            _joined(*_halves(_of(b, ~longer)), _of(b, longer), _of(b, longer)),
            np.concatenate([of[~longer], of[~longer], of[longer], of[longer]]),
        )
    return [
        Verdict(True if met else None if doubt else False, gap_m)
        for met, doubt, gap_m in zip(
            touched.tolist(), doubtful.tolist(), least_m.tolist(), strict=True
        )
    ]


def _all_edges(
    work: Workload, pairs: Sequence[tuple[int, int]], which: Bools
) -> tuple[_Pieces, _Pieces, Ints]:
    """Every edge of the one shape beside every edge of the other, and the number of the pair."""
    ones, others, numbers = [], [], []
    for number in np.flatnonzero(which).tolist():
        a, b = (_edges(work, i) for i in pairs[number])
        grid = np.meshgrid(np.arange(len(a.lon)), np.arange(len(b.lon)))
        one, other = (side.ravel() for side in grid)
        ones.append(_of(a, one))
        others.append(_of(b, other))
        numbers.append(np.full(len(one), number, dtype=np.int64))
    if not numbers:
        none = _Pieces(*(np.zeros(0) for _ in range(4)))
        return none, none, np.zeros(0, dtype=np.int64)
    return _joined(*ones), _joined(*others), np.concatenate(numbers)


def _edges(work: Workload, i: int) -> _Pieces:
    lon, lat = (column[work.first[i] : work.first[i + 1]] for column in (work.lon, work.lat))
    if len(lon) == 1:
        return _Pieces(lon, lat, np.zeros(1), np.zeros(1))
    if work.shape[i] == POLYGON:
        lon, lat = np.append(lon, lon[0]), np.append(lat, lat[0])
    azimuth, _, length_m = WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    return _Pieces(lon[:-1], lat[:-1], np.asarray(azimuth), np.asarray(length_m))


def _one_in_other(work: Workload, i: int, j: int) -> bool:
    """Whether one's first vertex lies in the other; if not, they touch only if their edges do."""
    return any(
        _inside(work, outer, work.lon[work.first[inner]], work.lat[work.first[inner]])
        for outer, inner in ((i, j), (j, i))
    )


def _inside(work: Workload, i: int, lon: float, lat: float) -> bool:
    """Seen from inside, a ring's vertices turn once round; from outside, they turn back."""
    if work.shape[i] != POLYGON:
        return False
    ring = slice(work.first[i], work.first[i + 1])
    n = int(work.first[i + 1] - work.first[i])
    bearing = np.asarray(
        WGS84.inv(np.full(n, lon), np.full(n, lat), work.lon[ring], work.lat[ring])[0]
    )
    turns = (np.diff(np.append(bearing, bearing[0])) + 180) % 360 - 180
    return bool(abs(turns.sum()) > 180)


def _middle(pieces: _Pieces) -> tuple[Floats, Floats]:
    lon, lat, _ = WGS84.fwd(pieces.lon, pieces.lat, pieces.azimuth, pieces.length_m / 2)
    return np.asarray(lon), np.asarray(lat)


def _halves(pieces: _Pieces) -> tuple[_Pieces, _Pieces]:
    lon, lat, back = WGS84.fwd(pieces.lon, pieces.lat, pieces.azimuth, pieces.length_m / 2)
    half_m = pieces.length_m / 2
    first = pieces._replace(length_m=half_m)
    return first, _Pieces(np.asarray(lon), np.asarray(lat), np.asarray(back) + 180, half_m)


def _of(pieces: _Pieces, which: Ints | Bools) -> _Pieces:
    return _Pieces(*(column[which] for column in pieces))


def _joined(*some: _Pieces) -> _Pieces:
    return _Pieces(*(np.concatenate(columns) for columns in zip(*some, strict=True)))

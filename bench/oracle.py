"""Whether two grown cores touch, by GeographicLib alone: the engine's answers are held against it.

It shares no formula with the engine. Geodesic edges are halved until every pair of pieces is
decided: the distance of two pieces differs from that of their middles by at most their
half-lengths, by the triangle inequality.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from bench.workload import POLYGON, Workload

Floats = npt.NDArray[np.float64]

WGS84 = Geod(ellps="WGS84")
CLOSE_M = 0.01


class _Pieces(NamedTuple):
    lon: Floats
    lat: Floats
    azimuth: Floats
    length_m: Floats


def touch(work: Workload, i: int, j: int) -> bool | None:
    """Whether shapes i and j touch; None where they touch or not by less than a centimetre."""
    near_m = float(work.radius_m[i] + work.radius_m[j])
    a, b = _edges(work, i), _edges(work, j)
    if _inside(work, i, b.lon[0], b.lat[0]) or _inside(work, j, a.lon[0], a.lat[0]):
        return True
    one, other = (
        grid.ravel() for grid in np.meshgrid(np.arange(len(a.lon)), np.arange(len(b.lon)))
    )
    a, b = _of(a, one), _of(b, other)
    while len(a.lon):
        here, there = _middle(a), _middle(b)
        apart_m = np.asarray(WGS84.inv(*here, *there)[2])
        if (apart_m <= near_m - CLOSE_M).any():
            return True
        open_ = apart_m - (a.length_m + b.length_m) / 2 <= near_m + CLOSE_M
        if not open_.any():
            return False
        a, b = _of(a, open_), _of(b, open_)
        if float((a.length_m + b.length_m).max()) < CLOSE_M:
            return None
        longer = a.length_m >= b.length_m
        a, b = (
            _joined(_of(a, ~longer), _of(a, ~longer), *_halves(_of(a, longer))),
            _joined(*_halves(_of(b, ~longer)), _of(b, longer), _of(b, longer)),
        )
    return False


def _edges(work: Workload, i: int) -> _Pieces:
    lon, lat = (column[work.first[i] : work.first[i + 1]] for column in (work.lon, work.lat))
    if len(lon) == 1:
        return _Pieces(lon, lat, np.zeros(1), np.zeros(1))
    if work.shape[i] == POLYGON:
        lon, lat = np.append(lon, lon[0]), np.append(lat, lat[0])
    azimuth, _, length_m = WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    return _Pieces(lon[:-1], lat[:-1], np.asarray(azimuth), np.asarray(length_m))


def _inside(work: Workload, i: int, lon: float, lat: float) -> bool:
    """Seen from inside, a ring's vertices turn once round; from outside, they turn back."""
    if work.shape[i] != POLYGON:
        return False
    ring = _edges(work, i)
    n = len(ring.lon)
    bearing = np.asarray(WGS84.inv(np.full(n, lon), np.full(n, lat), ring.lon, ring.lat)[0])
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


def _of(pieces: _Pieces, which: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> _Pieces:
    return _Pieces(*(column[which] for column in pieces))


def _joined(*some: _Pieces) -> _Pieces:
    return _Pieces(*(np.concatenate(columns) for columns in zip(*some, strict=True)))

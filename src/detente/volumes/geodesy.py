"""The WGS84 ellipsoid: places as vectors, geodesics, and edges cut into short pieces.

Distances here and in ``conflict`` are geodesic distances on the ellipsoid (Karney 2013, through
``pyproj.Geod``), never on a sphere: a sphere is off by up to 0.34 %, which is 31 m in 5 NM.

An *edge* joins two vertices of a shape. It is either **geodesic** (the shortest path) or
**straight** in longitude and latitude (RFC 7946, section 3.1.1); the two part by kilometres on a
long leg, so each is treated as what it is. Edges are cut into *pieces* so short that a piece lies
within a known distance of the geodesic between its ends, its **bulge**:

- a straight piece by at most 1/8 of the largest tangential acceleration of the curve, when it is
  run through in unit time (``straight_bulge_m``); this holds at the poles too, where the usual
  tan(latitude) does not;
- a geodesic piece, afterwards drawn as the chord between its ends lifted to the surface along the
  ellipsoid's normal, by at most ``LIFT_BULGE_PER_M3`` x length³ (0.25 mm at 50 km).

Angles are in degrees, longitude first; lengths in metres.
"""

from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pyproj import Geod

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING)
ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)

RADIUS_MIN_M = SEMI_MAJOR_M * (1 - ECCENTRICITY2)
"""The smallest radius of curvature of any section: along the meridian at the equator."""
RADIUS_MAX_M = SEMI_MAJOR_M / sqrt(1 - ECCENTRICITY2)
"""The largest radius of curvature of any section: at the poles."""

PIECE_M_MAX = 50_000.0
"""Edges are cut into pieces no longer than this."""
PIECES_MAX = 50_000
"""At most about this many cuts in all edges of one owner; beyond it, its pieces grow longer.

Longer pieces have larger bulges and so remain correct, up to ``PIECE_M_LONGEST``. The limit keeps
an activity of thousands of edges, each half-way round the world, from filling the memory.
"""
PIECE_M_LONGEST = 5_000_000.0
"""No piece is longer than this, however many there are: the lifted chord of one beyond 10,000 km
strays further than its bulge, and of one half-way round the world lies anywhere."""
LIFT_BULGE_PER_M3 = 2e-18
"""How far a lifted chord strays from the geodesic, per length³ (measured: at most 1.7e-18), up to
``PIECE_M_LONGEST``."""


@cache
def geod() -> "Geod":
    """GeographicLib's geodesic on WGS84. Imported when first used, since it takes 0.2 s."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_m(lon_a: Any, lat_a: Any, lon_b: Any, lat_b: Any) -> Floats:
    """Geodesic distances between points a and b (numbers or equally long arrays)."""
    return np.asarray(geod().inv(lon_a, lat_a, lon_b, lat_b)[2], dtype=np.float64)


def destination(lon: Any, lat: Any, azimuth_deg: Any, distance_m: Any) -> tuple[Floats, Floats]:
    """Longitudes and latitudes reached from points by geodesics of these azimuths and lengths."""
    lon_to, lat_to, _ = geod().fwd(lon, lat, azimuth_deg, distance_m)
    return np.asarray(lon_to, dtype=np.float64), np.asarray(lat_to, dtype=np.float64)


def ecef(lon_deg: Floats, lat_deg: Floats) -> Floats:
    """Earth-centred, earth-fixed coordinates of points on the ellipsoid, shape (n, 3)."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(1 - ECCENTRICITY2 * sin_lat**2)
    return np.stack(
        [
            prime_vertical_m * cos_lat * np.cos(lon),
            prime_vertical_m * cos_lat * np.sin(lon),
            prime_vertical_m * (1 - ECCENTRICITY2) * sin_lat,
        ],
        axis=-1,
    )


def turn_deg(from_deg: Floats, to_deg: Floats) -> Floats:
    """The turn from one longitude to another the short way round, in [-180, 180)."""
    return (to_deg - from_deg + 180.0) % 360.0 - 180.0


def straight_length_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Upper bounds of the lengths of straight edges.

    Length is at most the greatest speed of the edge run through in unit time: eastward on the
    widest parallel it meets, northward on the flattest part of a meridian.
    """
    east_m = _widest_parallel_m(lat_a, lat_b) * np.radians(np.abs(lon_b - lon_a))
    north_m = RADIUS_MAX_M * np.radians(np.abs(lat_b - lat_a))
    return np.asarray(np.hypot(east_m, north_m), dtype=np.float64)


def straight_bulge_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Upper bounds of how far straight edges stray from the geodesics between their ends.

    A curve strays from its chord by at most 1/8 of its greatest acceleration in unit time. With
    p the distance from the axis, M the meridian's radius and rates L' and B' of longitude and
    latitude, the acceleration within the surface is 2 M sin(B) L' B' along the parallel and
    p sin(B) L'^2 + (dM/dB) B'^2 along the meridian; dM/dB is at most 0.011 M.
    """
    turn = np.radians(np.abs(lon_b - lon_a))
    climb = np.radians(np.abs(lat_b - lat_a))
    steepest = np.sin(np.radians(np.maximum(np.abs(lat_a), np.abs(lat_b))))
    east_m = 2 * RADIUS_MAX_M * steepest * turn * climb
    north_m = _widest_parallel_m(lat_a, lat_b) * steepest * turn**2 + 70_000.0 * climb**2
    return np.asarray(np.hypot(east_m, north_m) / 8, dtype=np.float64)


def _widest_parallel_m(lat_a: Floats, lat_b: Floats) -> Floats:
    """Radius of the widest parallel between two latitudes; upper bound by the flattest curve."""
    nearest = np.where(lat_a * lat_b <= 0, 0.0, np.minimum(np.abs(lat_a), np.abs(lat_b)))
    return np.minimum(SEMI_MAJOR_M, RADIUS_MAX_M * np.cos(np.radians(nearest)))


def cut_edges(
    lon: Floats, lat: Floats, starts: Ints, straight: Bools, owner: Ints
) -> tuple[Floats, Floats, Ints]:
    """Cuts the edges of paths into pieces of at most ``PIECE_M_MAX``, if they are not too many.

    ``lon`` and ``lat`` hold the vertices of all paths, one after another, shape (n,); path k is
    ``starts[k]:starts[k + 1]``; ``straight`` says of each path whether its edges are straight and
    ``owner`` which paths share a limit of ``PIECES_MAX``.
    Returns the same with more vertices. Longitudes come out continuous within each path: straight
    ones as they were written, geodesic ones turned the short way from vertex to vertex.
    """
    path_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    is_edge = np.ones(len(lon), dtype=np.bool_)
    is_edge[starts[1:] - 1] = False
    after = np.minimum(np.arange(len(lon)) + 1, len(lon) - 1)
    ends = lon[after], lat[after]

    is_straight = straight[path_of]
    length_m = np.where(
        is_straight, straight_length_m(lon, lat, *ends), _geodesic_length_m(lon, lat, *ends)
    )
    length_m[~is_edge] = 0.0
    total_m = np.bincount(owner[path_of], weights=length_m)
    longest_m = np.clip(total_m / PIECES_MAX, PIECE_M_MAX, PIECE_M_LONGEST)[owner[path_of]]
    count = np.maximum(1, np.ceil(length_m / longest_m)).astype(np.int64)
    if count.max(initial=1) > 1:
        own = np.repeat(np.arange(len(lon)), count)
        first = np.cumsum(count) - count
        share = (np.arange(len(own)) - first[own]) / count[own]
        lon, lat = _along(lon, lat, ends, own, share, is_straight)
        starts = np.concatenate([first[starts[:-1]], [len(own)]])
        path_of, is_straight = path_of[own], is_straight[own]
    return np.where(is_straight, lon, _continuous(lon, starts, path_of)), lat, starts


def _geodesic_length_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Upper bounds of the lengths of geodesic edges, from their chords where these are short."""
    chord_m = np.linalg.norm(ecef(lon_b, lat_b) - ecef(lon_a, lat_a), axis=-1)
    length_m: Floats = 1.001 * chord_m
    far = chord_m > PIECE_M_MAX
    if far.any():
        length_m[far] = distance_m(lon_a[far], lat_a[far], lon_b[far], lat_b[far])
    return length_m


def _along(
    lon: Floats,
    lat: Floats,
    ends: tuple[Floats, Floats],
    own: Ints,
    share: Floats,
    is_straight: Bools,
) -> tuple[Floats, Floats]:
    """The points at these shares of the edges ``own``."""
    out_lon = lon[own] + share * (ends[0] - lon)[own]
    out_lat = lat[own] + share * (ends[1] - lat)[own]
    # A vertex stays exactly what it was, whatever arithmetic does to its share of zero.
    vertex = share == 0.0
    out_lon[vertex], out_lat[vertex] = lon[own][vertex], lat[own][vertex]
    bend = np.flatnonzero(~vertex & ~is_straight[own])
    if bend.size:
        edge = own[bend]
        azimuth_deg, _, length_m = geod().inv(lon[edge], lat[edge], ends[0][edge], ends[1][edge])
        out_lon[bend], out_lat[bend] = destination(
            lon[edge], lat[edge], azimuth_deg, np.asarray(length_m) * share[bend]
        )
    return out_lon, out_lat


def _continuous(lon: Floats, starts: Ints, path_of: Ints) -> Floats:
    """Longitudes that go on from each path's first one without a jump.

    Whole turns are added to each, so that what comes out depends on nothing but the path.
    """
    jump = np.zeros(len(lon))
    jump[1:] = np.rint((turn_deg(lon[:-1], lon[1:]) - np.diff(lon)) / 360.0)
    turns = np.cumsum(jump)
    return lon + 360.0 * (turns - turns[starts[:-1]][path_of])

"""Lines between corners where nobody said of what kind: geodesics, and room for every other kind.

A NOTAM's polygon, an OpenAir sector and a shape drawn in KML name corners. What joins two of them
is not said (or, in KML, depends on who draws it): the shortest path, a straight line in longitude
and latitude, or one on Mercator's chart. The corners are joined by geodesics, and the radius is
large enough to hold the other two as well.
"""

import math

import numpy as np
from pyproj import Geod

from detente.volumes import Core, Position, Ring, Shape
from detente.volumes.geodesy import Floats, straight_bulge_m

POLEWARD_DEG = 85.0
"""Beyond this latitude lines on a chart mean nothing, and nothing is said about them."""
_BOUND_ENOUGH_M = 50.0
"""Up to here a bound that is somewhat too large does no harm; edges of 50 km stay below."""
_SOLVED_MAX = 200
"""Edges of one ring that are solved one by one; it takes a tenth of a millisecond each."""
_WGS84 = Geod(ellps="WGS84")


def strays_m(core: Core) -> float:
    """How far the lines of a chart between the corners of a polyline or polygon stray from the
    geodesics, rounded up; longitudes continue without a jump, latitudes keep off the poles."""
    if core.shape is Shape.POINT:
        return 0.0
    return max(_strays_m(ring, closed=core.shape is Shape.POLYGON) for ring in core.rings)


def reaches_a_pole(core: Core) -> bool:
    """Whether a corner lies where the lines of a chart mean nothing."""
    return any(abs(lat) > POLEWARD_DEG for ring in core.rings for _, lat in ring)


def stray_note(radius_m: float) -> tuple[str, ...]:
    """What to say of a shape with so much room for the lines of a chart."""
    if radius_m < 1:
        return ()
    return (f"corners joined by geodesics, with {radius_m:.0f} m for the lines of a chart",)


def _strays_m(ring: Ring, *, closed: bool) -> float:
    corners = np.array([*ring, ring[0]] if closed else ring)
    lon, lat = corners[:, 0], corners[:, 1]
    if closed:
        lon[-1] += 360 * round((lon[-2] - lon[-1]) / 360)
    bound_m = _bound_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    # Long edges are solved, those that may stray most first, until no other can stray more.
    most_m = 0.0
    for edge in np.argsort(-bound_m)[:_SOLVED_MAX].tolist():
        if bound_m[edge] <= max(most_m, _BOUND_ENOUGH_M):
            break
        start: Position = (float(lon[edge]), float(lat[edge]))
        end: Position = (float(lon[edge + 1]), float(lat[edge + 1]))
        most_m = max(most_m, min(between_lines_m(start, end), float(bound_m[edge])))
        bound_m[edge] = 0.0
    return math.ceil(max(most_m, float(bound_m.max())) * 10) / 10


def _bound_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Upper bounds for edges, good enough where they are short.

    The bound of straight lines holds Mercator's too. These keep their course, so against a geodesic
    they bend by tan(latitude) sin(course) over the radius; straight ones also turn, and bend by up
    to twice that. A twentieth more stands for the ellipsoid.
    """
    return 1.05 * straight_bulge_m(lon_a, lat_a, lon_b, lat_b)


def between_lines_m(start: Position, end: Position) -> float:
    """How far a chart's straight lines stray from the geodesic between two corners, rounded up.

    64 places on each line are compared with the geodesic at their share of the way, which is never
    nearer than the geodesic itself; a tenth more stands for what lies between the places.
    """
    share = np.linspace(0, 1, 65)[1:-1]
    lon = start[0] + share * (end[0] - start[0])
    lat = start[1] + share * (end[1] - start[1])
    # Mercator's ordinate on the sphere; the tenth also covers what the ellipsoid changes.
    low, high = np.arctanh(np.sin(np.radians([start[1], end[1]])))
    rhumb_lat = np.degrees(np.arcsin(np.tanh(low + share * (high - low))))
    azimuth, _, length_m = _WGS84.inv(*start, *end)
    whole = np.ones_like(share)
    way_lon, way_lat, _ = _WGS84.fwd(
        start[0] * whole, start[1] * whole, azimuth * whole, share * length_m
    )
    found_m = [_WGS84.inv(lon, line, way_lon, way_lat)[2].max() for line in (lat, rhumb_lat)]
    return math.ceil(1.1 * float(max(found_m)) * 10) / 10

"""What a reckoning of coverage starts from: ground, routes, aircraft, places.

Passive observation only: a platform sees what lies within its footprint and changes nothing there.
Longitudes and latitudes are in degrees on WGS84, lengths in metres, times in seconds.
"""

import msgspec

LonLat = tuple[float, float]


class Place(msgspec.Struct, frozen=True):
    """A place that is to be watched."""

    name: str
    lon: float
    lat: float


class Base(msgspec.Struct, frozen=True):
    """Ground to fly from, by leave of its ``host``."""

    name: str
    host: str
    lon: float
    lat: float


class Permission(msgspec.Struct, frozen=True):
    """A host's leave that routes hang on; None for ``flights_per_day``: no quota."""

    name: str
    host: str
    flights_per_day: float | None = None


class Route(msgspec.Struct, frozen=True):
    """A way from a base to where aircraft may go straight: over these points, in this order.

    ``needs`` are the permissions without any of which it cannot be flown.
    """

    name: str
    base: str
    via: tuple[LonLat, ...] = ()
    needs: tuple[str, ...] = ()


class Platform(msgspec.Struct, frozen=True):
    """So many (``count``) aircraft of one kind at one base.

    ``speed_mps`` is through the air and ``wind_mps`` the head wind reckoned with on both ways;
    ``endurance_s`` from take-off to landing, of which ``reserve_s`` is not used; ``turnaround_s``
    from landing to the next take-off. It watches what lies within ``footprint_m`` around it.
    """

    name: str
    base: str
    count: int
    speed_mps: float
    endurance_s: float
    footprint_m: float
    reserve_s: float = 0.0
    turnaround_s: float = 0.0
    wind_mps: float = 0.0


class Track(msgspec.Struct, frozen=True):
    """Points that a platform plans to fly along geodesics, from ``start_s`` to ``end_s``.

    ``speed_mps`` is over ground. A ``closed`` track returns to its first point and begins again
    until its time is up; any other ends at its last point, or when its time is up.
    """

    name: str
    points: tuple[LonLat, ...]
    speed_mps: float
    footprint_m: float
    start_s: float
    end_s: float
    closed: bool = False


class Scenario(msgspec.Struct, frozen=True):
    """Everything together. ``area`` is west, south, east, north; ``step_m`` the raster's."""

    name: str
    exercise: bool
    area: tuple[float, float, float, float]
    step_m: float
    places: tuple[Place, ...]
    bases: tuple[Base, ...]
    permissions: tuple[Permission, ...]
    routes: tuple[Route, ...]
    platforms: tuple[Platform, ...]
    tracks: tuple[Track, ...] = ()

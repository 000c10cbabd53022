"""Which aircraft can watch a place, and for how long on each flight.

A flight goes from its base over the points of its route and then straight, along a geodesic, until
the place lies within the footprint; there it stays, and comes back the same way. What is reckoned
is never more than what can be flown: the head wind is taken against both ways, and what the
aircraft sees on its way is not counted.
"""

import msgspec

from detente.coverage.model import Permission, Place, Platform, Route, Scenario
from detente.volumes.geodesy import distance_m

DAY_S = 86_400.0


class Sortie(msgspec.Struct, frozen=True):
    """One aircraft's repeated flight to one place.

    ``out_s`` is the way there, and back; ``station_s`` what it stays; ``rest_s`` the least time
    from landing to the next take-off, by turnaround or by the quotas that its route draws on.
    """

    platform: Platform
    route: Route
    out_s: float
    station_s: float
    rest_s: float

    @property
    def cycle_s(self) -> float:
        """From one take-off to the next at the earliest."""
        return 2 * self.out_s + self.station_s + self.rest_s


def sorties(scenario: Scenario, place: Place) -> list[Sortie]:
    """What each aircraft can do for a place, one sortie per aircraft; [] if it is out of reach.

    Of several routes an aircraft takes the one by which it is on station for the largest share of
    its time.
    """
    permissions = {permission.name: permission for permission in scenario.permissions}
    sharing = {
        name: sum(
            platform.count
            for platform in scenario.platforms
            if any(route.base == platform.base and name in route.needs for route in scenario.routes)
        )
        for name in permissions
    }
    found: list[Sortie] = []
    for platform in scenario.platforms:
        options = [
            sortie
            for route in scenario.routes
            if route.base == platform.base
            and (sortie := _sortie(scenario, platform, route, place, permissions, sharing))
        ]
        if options:
            best = max(options, key=lambda one: one.station_s / one.cycle_s)
            found += [best] * platform.count
    return found


def route_m(scenario: Scenario, route: Route, place: Place) -> float:
    """Length of a route from its base to a place."""
    base = next(base for base in scenario.bases if base.name == route.base)
    points = [(base.lon, base.lat), *route.via, (place.lon, place.lat)]
    lons, lats = zip(*points, strict=True)
    return float(distance_m(lons[:-1], lats[:-1], lons[1:], lats[1:]).sum())


def _sortie(
    scenario: Scenario,
    platform: Platform,
    route: Route,
    place: Place,
    permissions: dict[str, Permission],
    sharing: dict[str, int],
) -> Sortie | None:
    start = (
        route.via[-1]
        if route.via
        else next((base.lon, base.lat) for base in scenario.bases if base.name == route.base)
    )
    last_m = float(distance_m(*start, place.lon, place.lat))
    # The last leg ends where the place comes into view; no earlier leg is cut short.
    way_m = route_m(scenario, route, place) - min(last_m, platform.footprint_m)
    out_s = way_m / (platform.speed_mps - platform.wind_mps)
    station_s = platform.endurance_s - platform.reserve_s - 2 * out_s
    if station_s <= 0:
        return None
    # Aircraft that share a quota take turns: each may leave once in so many days.
    least_s = max(
        (
            DAY_S * sharing[name] / quota
            for name in route.needs
            if (quota := permissions[name].flights_per_day) is not None
        ),
        default=0.0,
    )
    rest_s = max(platform.turnaround_s, least_s - 2 * out_s - station_s)
    return Sortie(platform, route, out_s, station_s, rest_s)

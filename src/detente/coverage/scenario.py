"""Scenarios as people write them: TOML, every quantity with its unit.

::

    name = "Northern bases"
    exercise = true
    area = {west = 65.0, south = 35.0, east = 73.0, north = 40.0}
    step = "50km"

    [[place]]
    name = "Kunduz"
    at = [68.87, 36.73]

    [[base]]
    name = "Dushanbe"
    host = "tj"
    at = [68.825, 38.543]

    [[permission]]
    name = "tj basing"
    host = "tj"
    flights_per_day = 4                 # left out: no quota

    [[route]]
    base = "Dushanbe"
    needs = ["tj basing"]               # without any of these it is not flown
    via = []                            # points on the way, [longitude, latitude]

    [[platform]]
    name = "observer"
    base = "Dushanbe"
    count = 2
    speed = "180kt"
    wind = "30kt"
    endurance = "12h"
    reserve = "1h"
    turnaround = "3h"
    footprint = "25km"

    [[track]]                           # a plan flown along these points; closed: again and again
    name = "racetrack"
    points = [[68.2, 36.6], [69.2, 36.6]]
    closed = true
    speed = "180kt"
    footprint = "25km"
    start = "2021-08-09T00:00:00Z"
    end = "2021-08-09T06:00:00Z"
"""

import math
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import msgspec

from detente.coverage.model import (
    Base,
    LonLat,
    Permission,
    Place,
    Platform,
    Route,
    Scenario,
    Track,
)
from detente.coverage.track import length_m
from detente.errors import InputError, LimitError, NotFoundError
from detente.volumes.times import parse_time_s
from detente.volumes.units import parse_duration_s, parse_length_m, parse_speed_mps

SCENARIO_BYTES_MAX = 1024 * 1024
ITEMS_MAX = 1_000
"""Places, bases, routes …, of each."""
AIRCRAFT_MAX = 200
CELLS_MAX = 250_000
LAPS_MAX = 10_000
FOOTPRINT_M_MAX = 1_000_000.0
SPEED_MPS_MAX = 1_000.0


class _Area(msgspec.Struct, forbid_unknown_fields=True):
    west: float
    south: float
    east: float
    north: float


class _Place(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    at: LonLat


class _Base(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    host: str
    at: LonLat


class _Permission(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    host: str
    flights_per_day: float | None = None


class _Route(msgspec.Struct, forbid_unknown_fields=True):
    base: str
    name: str = ""
    via: list[LonLat] = []
    needs: list[str] = []


class _Platform(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    base: str
    speed: str
    endurance: str
    footprint: str
    count: int = 1
    reserve: str = "0s"
    turnaround: str = "0s"
    wind: str = "0kt"


class _Track(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    points: list[LonLat]
    speed: str
    footprint: str
    start: str
    end: str
    closed: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    area: _Area
    step: str
    exercise: bool = False
    place: list[_Place] = []
    base: list[_Base] = []
    permission: list[_Permission] = []
    route: list[_Route] = []
    platform: list[_Platform] = []
    track: list[_Track] = []


def decode_scenario(data: bytes, *, where: str = "scenario") -> Scenario:
    """Read a scenario. Raises ``InputError`` or ``LimitError``, which name what is wrong."""
    if len(data) > SCENARIO_BYTES_MAX:
        raise LimitError(
            f"is larger than {SCENARIO_BYTES_MAX:,} bytes", where=where, remedy="split it"
        )
    try:
        text = tomllib.loads(data.decode())
        file = msgspec.convert(text, _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"is not TOML: {error}", where=where, remedy="correct it there") from None
    except msgspec.ValidationError as error:
        raise InputError(
            str(error), where=where, remedy="write it as docs/coverage.md shows"
        ) from None
    return _Reader(where).scenario(file)


def without(scenario: Scenario, names: Iterable[str]) -> Scenario:
    """The same with these bases, permissions, routes and platforms lost, and what hangs on them.

    Raises ``NotFoundError`` for a name that nothing there has.
    """
    lost = set(names)
    known = {one.name for one in _that_can_be_lost(scenario)}
    for name in sorted(lost - known):
        raise NotFoundError(
            f"there is no base, permission, route or platform {name[:80]!r}",
            where=scenario.name,
            remedy=f"choose among {', '.join(sorted(known)[:20])}",
        )
    bases = tuple(base for base in scenario.bases if base.name not in lost)
    left = {base.name for base in bases}
    return msgspec.structs.replace(
        scenario,
        bases=bases,
        permissions=tuple(one for one in scenario.permissions if one.name not in lost),
        routes=tuple(
            route
            for route in scenario.routes
            if route.base in left and not lost.intersection((route.name, *route.needs))
        ),
        platforms=tuple(
            one for one in scenario.platforms if one.base in left and one.name not in lost
        ),
    )


def _that_can_be_lost(
    scenario: Scenario,
) -> Sequence[Base | Permission | Route | Platform]:
    return (*scenario.bases, *scenario.permissions, *scenario.routes, *scenario.platforms)


class _Reader:
    """Turns what was written into a scenario, and says of what is wrong where it stands."""

    def __init__(self, where: str) -> None:
        self._where = where

    def scenario(self, file: _File) -> Scenario:
        for what in ("place", "base", "permission", "route", "platform", "track"):
            if len(getattr(file, what)) > ITEMS_MAX:
                raise LimitError(
                    f"has more than {ITEMS_MAX} of [[{what}]]",
                    where=self._where,
                    remedy="split the scenario",
                )
        made = Scenario(
            name=self._name(file.name, "name"),
            exercise=file.exercise,
            area=self._area(file.area),
            step_m=self._length(file.step, "step", 100.0, 1_000_000.0),
            places=self._each(file.place, self._place),
            bases=self._each(file.base, self._base),
            permissions=self._each(file.permission, self._permission),
            routes=self._each(file.route, self._route),
            platforms=self._each(file.platform, self._platform),
            tracks=self._each(file.track, self._track),
        )
        self._check(made)
        return made

    def _each(self, items: Sequence[Any], make: Callable[[Any, str], Any]) -> tuple[Any, ...]:
        made = []
        for number, item in enumerate(items, 1):
            kind = type(item).__name__.strip("_").lower()
            made.append(make(item, f"{kind} {number} ({item.name[:40]})" if item.name else
                             f"{kind} {number}"))  # fmt: skip
        return tuple(made)

    def _place(self, item: _Place, at: str) -> Place:
        return Place(self._name(item.name, at), *self._point(item.at, at))

    def _base(self, item: _Base, at: str) -> Base:
        return Base(self._name(item.name, at), self._name(item.host, at), *self._point(item.at, at))

    def _permission(self, item: _Permission, at: str) -> Permission:
        quota = item.flights_per_day
        if quota is not None and not 0 < quota <= 10_000:
            self._wrong(at, "flights_per_day must be above 0; leave it out where there is no quota")
        return Permission(self._name(item.name, at), self._name(item.host, at), quota)

    def _route(self, item: _Route, at: str) -> Route:
        via = tuple(self._point(point, at) for point in item.via)
        name = item.name or f"{item.base} {'over ' + str(len(via)) if via else 'direct'}"
        return Route(self._name(name, at), item.base, via, tuple(item.needs))

    def _platform(self, item: _Platform, at: str) -> Platform:
        speed_mps = self._speed(item.speed, f"{at}, speed")
        wind_mps = self._speed(item.wind, f"{at}, wind", least=0.0)
        if wind_mps >= speed_mps:
            self._wrong(at, "the head wind is as fast as the aircraft")
        if not 1 <= item.count <= AIRCRAFT_MAX:
            self._wrong(at, f"count is not between 1 and {AIRCRAFT_MAX}")
        made = Platform(
            name=self._name(item.name, at),
            base=item.base,
            count=item.count,
            speed_mps=speed_mps,
            endurance_s=parse_duration_s(item.endurance, where=f"{self._where}, {at}, endurance"),
            footprint_m=self._length(item.footprint, f"{at}, footprint", 0.0, FOOTPRINT_M_MAX),
            reserve_s=parse_duration_s(item.reserve, where=f"{self._where}, {at}, reserve"),
            turnaround_s=parse_duration_s(
                item.turnaround, where=f"{self._where}, {at}, turnaround"
            ),
            wind_mps=wind_mps,
        )
        if not 60.0 <= made.endurance_s <= 366 * 86_400.0:
            self._wrong(at, "endurance is not between a minute and a year")
        if made.reserve_s >= made.endurance_s:
            self._wrong(at, "the reserve is as long as the endurance")
        return made

    def _track(self, item: _Track, at: str) -> Track:
        start_s = parse_time_s(item.start, where=f"{self._where}, {at}, start")
        end_s = parse_time_s(item.end, where=f"{self._where}, {at}, end")
        if end_s <= start_s:
            self._wrong(at, "it ends before it starts")
        points = tuple(self._point(point, at) for point in item.points)
        if len(points) < 2 or len(points) > ITEMS_MAX:
            self._wrong(at, f"a track has 2 to {ITEMS_MAX} points")
        made = Track(
            name=self._name(item.name, at),
            points=points,
            speed_mps=self._speed(item.speed, f"{at}, speed"),
            footprint_m=self._length(item.footprint, f"{at}, footprint", 0.0, FOOTPRINT_M_MAX),
            start_s=start_s,
            end_s=end_s,
            closed=item.closed,
        )
        around_m = length_m(made)
        if around_m < 1.0:
            self._wrong(at, "all its points are one")
        if item.closed and (end_s - start_s) * made.speed_mps / around_m > LAPS_MAX:
            self._wrong(at, f"it would be flown more than {LAPS_MAX:,} times in its window")
        return made

    def _check(self, made: Scenario) -> None:
        for what, named in (
            ("place", made.places),
            ("base, permission, route or platform", _that_can_be_lost(made)),
            ("track", made.tracks),
        ):
            twice = [
                name for name, count in Counter(one.name for one in named).items() if count > 1
            ]
            if twice:
                self._wrong(twice[0], f"two have this name; each {what} needs one of its own")
        bases = {base.name for base in made.bases}
        permissions = {permission.name for permission in made.permissions}
        flown_from = [(route.name, route.base) for route in made.routes]
        for name, base in [*flown_from, *((one.name, one.base) for one in made.platforms)]:
            if base not in bases:
                self._wrong(name, f"there is no base {base[:40]!r}")
        for route in made.routes:
            for name in route.needs:
                if name not in permissions:
                    self._wrong(route.name, f"there is no permission {name[:40]!r}")
        if sum(platform.count for platform in made.platforms) > AIRCRAFT_MAX:
            self._wrong("platforms", f"there are more than {AIRCRAFT_MAX} aircraft")

    def _area(self, area: _Area) -> tuple[float, float, float, float]:
        sides = (area.west, area.south, area.east, area.north)
        if not all(map(math.isfinite, sides)):
            self._wrong("area", "its sides must be numbers")
        if not (-180 <= area.west <= 180 and -180 <= area.east <= 180 and area.west != area.east):
            self._wrong("area", "west and east must differ and lie between -180 and 180")
        if not -90 <= area.south < area.north <= 90:
            self._wrong("area", "south must be below north, both between -90 and 90")
        return sides

    def _point(self, at: LonLat, where: str) -> LonLat:
        lon, lat = at
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            self._wrong(where, f"[{lon}, {lat}] is not a longitude and a latitude")
        return lon, lat

    def _name(self, text: str, where: str) -> str:
        if not (1 <= len(text) <= 80 and text.isprintable()):
            self._wrong(where, "a name has 1 to 80 printable characters")
        return text

    def _length(self, text: str, where: str, least_m: float, most_m: float) -> float:
        value_m = parse_length_m(text, where=f"{self._where}, {where}")
        if not least_m <= value_m <= most_m:
            self._wrong(where, f"is not between {least_m:,.0f} m and {most_m:,.0f} m")
        return value_m

    def _speed(self, text: str, where: str, least: float = 1.0) -> float:
        value_mps = parse_speed_mps(text, where=f"{self._where}, {where}")
        if not least <= value_mps <= SPEED_MPS_MAX:
            self._wrong(where, f"is not between {least:.0f} and {SPEED_MPS_MAX:,.0f} m/s")
        return value_mps

    def _wrong(self, at: str, what: str) -> NoReturn:
        raise InputError(what, where=f"{self._where}, {at}", remedy="correct it in the file")

"""Whatever is let in meets itself, however odd: at the poles, round the globe, a nanometre wide.

What a peer draws by mistake or on purpose must be refused (and is then shown as unknown) or found;
there is no third way, in which it is let in and conflicts with nothing.
"""

import math
from random import Random

import msgspec
import pytest
from pyproj import Geod

from detente.conflict import Index, Separation, between, part
from detente.errors import InputError
from detente.release import coarse
from detente.volumes import (
    Activity,
    Band,
    Core,
    Edges,
    Limit,
    Reference,
    Ring,
    Shape,
    Volume,
    geodesy,
)
from detente.volumes.check import check_activity

SEPARATIONS = (
    Separation(),
    Separation(lateral_m=0.0, vertical_m=0.0, time_s=0.0),
    Separation(lateral_m=500_000.0, vertical_m=30_000.0, time_s=86_400.0),
)


def odd_position(chance: Random) -> tuple[float, float]:
    lon = chance.choice([0.0, -180.0, 180.0, 179.9999, 1e-300, chance.uniform(-180, 180)])
    return lon, chance.choice([0.0, 90.0, -90.0, 89.9999999, 1e-12, chance.uniform(-90, 90)])


def odd_line(chance: Random) -> Ring:
    points = [odd_position(chance)]
    for _ in range(chance.randrange(1, 10)):
        lon, lat = points[-1]
        lon += chance.choice([0.0, 1e-9, 179.9, -179.9, chance.uniform(-30, 30)])
        lat = chance.choice([lat, odd_position(chance)[1]])
        points.append((max(-540.0, min(540.0, lon)), lat))
    return tuple(points)


def odd_ring(chance: Random) -> Ring:
    (lon, lat), count = odd_position(chance), chance.randrange(3, 20)
    if chance.random() < 0.3:
        # Once round the globe.
        step = chance.choice([360, -360]) / count
        return tuple((n * step, 70 + chance.uniform(-3, 3)) for n in range(count))
    size = chance.choice([1e-6, 0.01, 1.0, 10.0, 60.0])
    corners = [(size * chance.uniform(0.5, 1), 2 * math.pi * n / count) for n in range(count)]
    return tuple(
        (lon + far * math.cos(turn), max(-90.0, min(90.0, lat + far * math.sin(turn))))
        for far, turn in corners
    )


def odd_limit(chance: Random) -> Limit | None:
    reference = chance.choice(list(Reference))
    value_m = chance.choice([0.0, -8000.0, 100_000.0, chance.uniform(-500, 15_000)])
    limit = Limit(0.0 if reference is Reference.SFC else value_m, reference)
    return chance.choice([None, limit, limit])


def odd_volume(chance: Random) -> Volume:
    shape = chance.choice(list(Shape))
    make = {
        Shape.POINT: lambda chance: (odd_position(chance),),
        Shape.POLYLINE: odd_line,
        Shape.POLYGON: odd_ring,
    }
    start_s = chance.choice([0.0, -2.2e9, 7.2e9, chance.uniform(1.7e9, 1.8e9)])
    return Volume(
        Core(shape, (make[shape](chance),), chance.choice(list(Edges))),
        chance.choice([1e-9, 1.0, 9260.0, 100_000.0, 5_000_000.0]),
        Band(odd_limit(chance), odd_limit(chance)),
        start_s,
        start_s + chance.choice([0, 1, 3600, 1e8]),
    )


def odd_activities(seed: int, count: int) -> list[Activity]:
    """Activities that are odd and pass the check all the same."""
    chance = Random(seed)
    found: list[Activity] = []
    while len(found) < count:
        volumes = tuple(odd_volume(chance) for _ in range(chance.choice([1, 1, 3])))
        activity = Activity("us", f"odd-{len(found)}", "survey", volumes)
        try:
            found.append(check_activity(activity))
        except InputError:
            continue
    return found


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_let_in_meets_itself_and_its_cover(seed: int) -> None:
    separation = SEPARATIONS[seed % len(SEPARATIONS)]
    for activity in odd_activities(seed, 40):
        twin = msgspec.structs.replace(activity, party="ru")
        assert between(activity, twin, separation) is not None
        index = Index(separation)
        index.put(twin)
        assert index.near(activity) == [twin]
        part(activity, twin, separation)
        try:
            cover = msgspec.structs.replace(coarse(activity), party="tj")
        except InputError:
            continue  # no circle of at most 2,000 km holds it
        assert between(activity, cover, separation) is not None


def test_an_edge_meets_the_same_however_many_edges_there_are_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Thousands of edges half-way round the globe leave so few pieces for each.
    monkeypatch.setattr(geodesy, "PIECES_MAX", 1)
    geod = Geod(ellps="WGS84")
    ends = (0.0, 0.0), (179.3, 0.2)
    azimuth, _, length_m = geod.inv(*ends[0], *ends[1])
    for share in (0.2, 0.5, 0.7):
        lon, lat, _ = geod.fwd(*ends[0], azimuth, share * length_m)
        shapes = Core(Shape.POLYLINE, (ends,), Edges.GEODESIC), Core(Shape.POINT, (((lon, lat),),))
        line, point = (
            Activity(party, "1", "x", (Volume(core, 1.0, Band(None, None), 0.0, 1.0),))
            for party, core in zip("ab", shapes, strict=True)
        )
        assert between(line, point, Separation(lateral_m=10.0))

"""What of a mission enters what its host closed, by places that are plainly near or far."""

from typing import Any

import pytest

from detente.line.bodies import Place, RestrictionBody
from detente.line.read import exceeding
from detente.line.read.closed import closings
from detente.line.read.visits import Cancel, Reached, Restriction, Visit
from detente.volumes import Band, Core, Edges, Shape, Volume

HOUR_S = 3600.0
DAY_S = 1_795_305_600.0
"""22 November 2026, midnight."""
STAMP: dict[str, Any] = {
    "party": "tj", "index": 1, "entry": "0" * 64, "time": "2026-11-21T00:00:00Z", "unknown": None,
}  # fmt: skip


def place(lon: float, radius_m: float = 12_000.0, name: str = "A") -> Place:
    core = {"type": "Point", "coordinates": [lon, 37.0], "edges": "geodesic"}
    return Place(name=name, core=core, radius_m=radius_m)


def closed(start: float = 4, end: float = 6, **body: Any) -> Restriction:
    """Closed from and until these hours of the day."""
    known = None if body.pop("unknown", False) else RestrictionBody(**body)
    return Restriction(
        **STAMP, from_s=DAY_S + start * HOUR_S, until_s=DAY_S + end * HOUR_S, body=known
    )


def line(start: float = 0.5, end: float = 6, lons: tuple[float, ...] = (69.0, 68.0)) -> Volume:
    core = Core(Shape.POLYLINE, (tuple((lon, 37.0) for lon in lons),), Edges.GEODESIC)
    return Volume(core, 5_000.0, Band(None, None), DAY_S + start * HOUR_S, DAY_S + end * HOUR_S)


def visit(*restrictions: Restriction, **changes: Any) -> Visit:
    whole: dict[str, Any] = {
        **STAMP, "party": "us", "name": "v1", "host": "tj", "request": "1" * 64, "from_s": DAY_S,
        "until_s": DAY_S + 48 * HOUR_S, "body": None, "noted": None, "stages": (),
        "inspections": (), "plans": (), "restrictions": restrictions, "deviations": (),
        "cancels": (), "items": (), "sessions": (), "reported": (),
    }  # fmt: skip
    return Visit(**{**whole, **changes})


def stage(name: Any, hour: float, party: str = "us") -> Reached:
    stamp = {**STAMP, "party": party}
    return Reached(**stamp, stage=name, at_s=DAY_S + hour * HOUR_S, remark=None)


def told(one: Visit, *volumes: Volume) -> list[tuple[bool, str]]:
    found = list(closings(one, volumes))
    assert {each.what for each in found} <= {"restriction"}
    return [(each.known, each.why) for each in found]


def test_a_place_is_entered_while_it_is_closed() -> None:
    when = "closed by tj from 2026-11-22T04:00:00Z until 2026-11-22T06:00:00Z"
    shut = visit(closed(places=(place(68.0),)))
    assert told(shut, line()) == [(True, f"volume 1 enters A, {when}")]
    assert told(shut, line(7, 9), line(), line(5, 7)) == [(True, f"volumes 2, 3 enter A, {when}")]
    # On the way, which is 5 km wide to each side, and far from its ends.
    on_the_way = visit(closed(places=(place(68.5, 1.0),)))
    assert told(on_the_way, line()) == [(True, f"volume 1 enters A, {when}")]
    # 15.1 km beyond its end, where the volume and the place reach for each other.
    edge = visit(closed(places=(place(67.83),)))
    assert told(edge, line()) == [(False, f"volume 1 may enter A, {when}")]


@pytest.mark.parametrize(("start", "end"), [(0, 3.99), (6.01, 9)])
def test_nothing_is_said_of_another_time_or_another_place(start: float, end: float) -> None:
    shut = visit(closed(places=(place(68.0),)))
    assert told(shut, line(start, end)) == []
    assert told(visit(closed(places=(place(67.0),))), line()) == []


@pytest.mark.parametrize("hour", [4, 6])
def test_an_instant_counts(hour: float) -> None:
    start, end = (0.5, hour) if hour == 4 else (hour, 9)
    assert told(visit(closed(places=(place(68.0),))), line(start, end)) != []


def test_places_are_closed_in_their_hours_and_everything_where_none_is_named() -> None:
    day = {"start": 0, "end": 24}
    shut = closed(**day, places=(place(68.0),), hours_utc=((22.0, 2.0),))
    assert told(visit(shut), line(3, 9)) == []
    assert "22:00-02:00 UTC" in told(visit(shut), line(1, 9))[0][1]
    [(known, why)] = told(visit(closed(**day, hours_utc=((2.0, 4.0),))), line(3, 9))
    assert known
    assert why.startswith("volume 1 in what is closed by tj, 02:00-04:00 UTC, from")


def test_what_cannot_be_computed_is_pointed_to_as_not_known() -> None:
    [(known, why)] = told(visit(closed(text="The western bank.")), line())
    assert not known
    assert why.startswith("restricted in words while the mission flies: see “The western bank.”")
    assert told(visit(closed(text="The western bank.")), line(7, 9)) == []
    assert [known for known, _ in told(visit(closed(unknown=True)), line())] == [False]
    nowhere = closed(places=(Place(name="the depot"),))
    assert [why[:27] for _, why in told(visit(nowhere), line())] == ["volume 1 may enter the depo"]
    [unknown] = closings(visit(closed(places=(place(60.0),))), None)
    assert not unknown.known


def test_a_mission_that_is_over_enters_nothing() -> None:
    shut = closed(places=(place(68.0),))
    begun = stage("begun", 0.5)
    assert told(visit(shut, stages=(begun, stage("ended", 3))), line()) == []
    # The two sides differ: by the host's account it still flew.
    both = (begun, stage("ended", 3), stage("ended", 5, "tj"))
    assert told(visit(shut, stages=both), line()) != []
    cancel = Cancel(**STAMP, ground="weather", note=None)
    assert told(visit(shut, cancels=(cancel,)), line()) == []
    assert told(visit(shut, stages=(begun,), cancels=(cancel,)), line()) != []


def test_very_many_volumes_are_not_called_outside() -> None:
    shut = visit(*[closed(places=(place(60.0),) * 64)] * 3)
    found = told(shut, *[line()] * 8)
    assert all(not known for known, _ in found)
    assert "not held against the mission" in found[-1][1]


@pytest.mark.parametrize("start", range(0, 96, 5))
@pytest.mark.parametrize("spans", [((2.0, 6.0),), ((22.0, 1.0), (12.0, 12.0)), ((0.0, 24.0),)])
def test_hours_are_met_by_counting_quarters(
    start: int, spans: tuple[tuple[float, float], ...]
) -> None:
    for length in (0, 1, 7, 60, 100):
        quarters = {quarter % 96 for quarter in range(start, start + length + 1)}
        held = {
            quarter % 96
            for first, last in spans
            for quarter in range(
                int(first * 4), int((last if last >= first else last + 24) * 4) + 1
            )
        }
        start_s = DAY_S + start * 900.0
        meets = exceeding.meets_hours(spans, start_s, start_s + length * 900.0)
        assert meets == bool(quarters & held)

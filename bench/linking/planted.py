"""Planted truth: invented events, told by one to four parties in their own words and measure.

Each report is moved in place and time as far as its way of knowing lets expect, calls the event by
a kind that one who saw another part of it might, counts otherwise, and says some of the words that
belong to the event, in its party's language, or none. Beside many an event lies another one, near
in space and time: a decoy. The same seed gives the same reports.
"""

import math
import random
from itertools import combinations
from typing import NamedTuple

from detente.linking.model import RELATED
from detente.linking.reports import Report

PARTIES = {"ru": "ru", "tj": "ru", "us": "en", "uz": "en"}
"""Each party, and the language it reports in."""
TOWNS = 60
DAYS = 30
KINDS = {
    "explosion": 6,
    "fighting": 5,
    "displacement": 2,
    "crossing-closed": 1,
    "obstruction": 2,
    "damage-to-site": 1,
    "harm-to-civilians": 2,
    "unrest": 1,
    "relief-delivery": 2,
}
HOW = {"seen": (400.0, 600.0), "heard": (2500.0, 2400.0), "third-party": (5000.0, 7200.0)}
"""How far off place (metres) and time (seconds) are, one standard deviation."""
SAID_BY = (0.35, 0.35, 0.2, 0.1)
"""How likely an event is told by one, two, three, four parties."""


class Event(NamedTuple):
    """What really happened, and the words that belong to it."""

    lon: float
    lat: float
    at_s: float
    kind: str
    counted: int
    words: tuple[str, ...]


class Planted(NamedTuple):
    """Reports, and which event each is of."""

    reports: list[Report]
    event_of: dict[str, int]

    def truth(self) -> set[tuple[str, str]]:
        """The pairs of reports that are of one event, each pair sorted."""
        by_event: dict[int, list[str]] = {}
        for name, event in self.event_of.items():
            by_event.setdefault(event, []).append(name)
        return {pair for names in by_event.values() for pair in combinations(sorted(names), 2)}


def plant(seed: int, events: int, *, days: float = DAYS) -> Planted:
    """So many events with their decoys among them, and every report of them."""
    chance = random.Random(seed)
    towns = [(chance.uniform(66, 72), chance.uniform(35.5, 39.5)) for _ in range(TOWNS)]
    made: list[Event] = []
    while len(made) < events:
        event = _event(chance, *chance.choice(towns), chance.uniform(0, days * 86_400))
        made.append(event)
        if chance.random() < 0.4 and len(made) < events:
            made.append(_decoy(chance, event))
    reports: list[Report] = []
    event_of: dict[str, int] = {}
    for number, event in enumerate(made):
        tellers = chance.choices((1, 2, 3, 4), SAID_BY)[0]
        for party in sorted(chance.sample(sorted(PARTIES), tellers)):
            report = _report(chance, party, f"{party}/{len(reports):06d}", event)
            reports.append(report)
            event_of[report.id] = number
    return Planted(reports, event_of)


def _event(chance: random.Random, lon: float, lat: float, at_s: float) -> Event:
    lon, lat = _moved(chance, lon, lat, 6000.0)
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    usual = [f"{kind[:4]}{n}" for n in range(25)]
    words = chance.sample(usual, 7) + [f"name{chance.randrange(400)}" for _ in range(3)]
    return Event(lon, lat, at_s, kind, round(chance.lognormvariate(2.0, 1.0)) + 1, tuple(words))


def _decoy(chance: random.Random, near: Event) -> Event:
    """Another event: within some kilometres and two hours, half of the time of the same kind."""
    lon, lat = _moved(chance, near.lon, near.lat, 3000.0)
    event = _event(chance, lon, lat, near.at_s + chance.uniform(-7200, 7200))
    return event._replace(lon=lon, lat=lat, kind=near.kind if chance.random() < 0.5 else event.kind)


def _report(chance: random.Random, party: str, name: str, event: Event) -> Report:
    how = chance.choices(list(HOW), (4, 4, 2))[0]
    off_m, off_s = HOW[how]
    lon, lat = _moved(chance, event.lon, event.lat, off_m)
    half_s = off_s * chance.uniform(0.5, 2.5)
    at_s = event.at_s + chance.gauss(0, off_s)
    language = PARTIES[party]
    told = [f"{language}{word}" for word in event.words if chance.random() < 0.55]
    return Report(
        id=name,
        party=party,
        lon=lon,
        lat=lat,
        radius_m=off_m * chance.uniform(0.7, 2.5),
        from_s=at_s - half_s,
        until_s=at_s + half_s,
        kind=_kind(chance, event.kind),
        language=language,
        words=tuple(sorted(told)) if chance.random() < 0.75 else (),
        counted=_counted(chance, event.counted),
    )


def _kind(chance: random.Random, kind: str) -> str:
    dice = chance.random()
    related = next((group for group in RELATED if kind in group), (kind,))
    if dice < 0.15:
        return chance.choice(related)
    return chance.choice(list(KINDS)) if dice < 0.18 else kind


def _counted(chance: random.Random, counted: int) -> int | None:
    if chance.random() < 0.4:
        return None
    return max(1, round(counted * chance.lognormvariate(0, 0.35)))


def _moved(chance: random.Random, lon: float, lat: float, sigma_m: float) -> tuple[float, float]:
    north_m, east_m = chance.gauss(0, sigma_m), chance.gauss(0, sigma_m)
    per_degree_m = 111_195.0
    return lon + east_m / per_degree_m / math.cos(math.radians(lat)), lat + north_m / per_degree_m

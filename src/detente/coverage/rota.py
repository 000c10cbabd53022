"""Who flies when, so that a place is watched for as long as may be and not left alone for long.

Two timetables are made and the better one is taken: by share of the time watched, then by the
longest gap. Both can be flown as they stand, so what is told is never more than what can be done;
that no third one would be better is not claimed.

*In a round* each of some aircraft flies once, and what is not watched is spread evenly between
them. The round lasts as long as all stay on station together, or as the slowest needs for a cycle,
whichever is more: P = max(sum of S, max of C). So n aircraft of one kind watch n S / C of the time,
with gaps of C / n - S, or all of it.

*By turns* whoever can be on station first after the one before takes over, so that a fast aircraft
flies more often than a slow one.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from detente.coverage.reach import DAY_S, Sortie

TURNS_MAX = 500
"""Flights that are laid out by turns before what they amount to is measured."""
WHOLE = 1.0 - 1e-9


class Flight(NamedTuple):
    """One flight: which of the sorties flies it, and when it is on station, in seconds."""

    sortie: int
    on_s: float
    off_s: float


class Rota(NamedTuple):
    """A timetable over ``length_s``, from the first arrival on; ``flights`` by when they arrive.

    If it ``repeats``, it begins anew then; otherwise it is a stretch of one that goes on alike.

    ``share`` of the time the place is watched; ``gap_s`` is the longest time it is not. A place
    out of reach has no flights, a share of 0 and a gap as long as one cares to look.
    ``unbroken_with`` is how many aircraft are enough for a share of 1, or None.
    """

    flights: tuple[Flight, ...]
    length_s: float
    share: float
    gap_s: float
    flights_per_day: float
    unbroken_with: int | None
    repeats: bool


NEVER = Rota((), 0.0, 0.0, float("inf"), 0.0, None, repeats=False)


def rota(sorties: Sequence[Sortie]) -> Rota:
    """The better timetable of the two for a place that these aircraft can watch."""
    if not sorties:
        return NEVER
    order = sorted(range(len(sorties)), key=lambda i: (sorties[i].cycle_s, i))
    rounds = [_round(sorties, order[:count]) for count in range(1, len(order) + 1)]
    enough = next((i + 1 for i, one in enumerate(rounds) if one.share >= WHOLE), None)
    # Aircraft that are all alike gain nothing by turns, nor does what is whole already.
    alike = len({(one.out_s, one.station_s, one.rest_s) for one in sorties}) == 1
    others = [] if alike or enough else [_by_turns(sorties)]
    best = max([*rounds, *others], key=lambda one: (round(one.share, 9), -one.gap_s))
    return best._replace(unbroken_with=enough)


def _round(sorties: Sequence[Sortie], chosen: Sequence[int]) -> Rota:
    together_s = sum(sorties[i].station_s for i in chosen)
    length_s = max(together_s, max(sorties[i].cycle_s for i in chosen))
    gap_s = (length_s - together_s) / len(chosen)
    flights, on_s = [], 0.0
    for i in chosen:
        off_s = on_s + sorties[i].station_s
        flights.append(Flight(i, on_s, off_s))
        on_s = off_s + gap_s
    per_day = len(chosen) * DAY_S / length_s
    return Rota(tuple(flights), length_s, together_s / length_s, gap_s, per_day, None, repeats=True)


def _by_turns(sorties: Sequence[Sortie]) -> Rota:
    """Whoever can be there first relieves the one before, and starts so as to arrive just then."""
    ready_s = [0.0] * len(sorties)
    flights: list[Flight] = []
    free_s = min(sortie.out_s for sortie in sorties)
    for _ in range(TURNS_MAX):
        arrivals = [ready + one.out_s for ready, one in zip(ready_s, sorties, strict=True)]
        i = min(range(len(sorties)), key=lambda k: (max(arrivals[k], free_s), arrivals[k], k))
        on_s = max(arrivals[i], free_s)
        off_s = free_s = on_s + sorties[i].station_s
        ready_s[i] = off_s + sorties[i].out_s + sorties[i].rest_s
        flights.append(Flight(i, on_s, off_s))
    # The beginning, when all stand ready, is better than what follows and is not counted.
    settled = flights[TURNS_MAX // 2 :]
    start_s, length_s = settled[0].on_s, settled[-1].on_s - settled[0].on_s
    watched_s = sum(flight.off_s - flight.on_s for flight in settled[:-1])
    gap_s = max(later.on_s - one.off_s for one, later in pairwise(settled))
    moved = tuple(
        Flight(one.sortie, one.on_s - start_s, one.off_s - start_s) for one in settled[:-1]
    )
    # A stretch may hold one flight more than its due; for long nobody flies more than cycles allow.
    most = sum(one.station_s / one.cycle_s for one in sorties)
    share = min(watched_s / length_s, most)
    per_day = len(moved) * DAY_S / length_s
    return Rota(moved, length_s, share, gap_s, per_day, None, repeats=False)

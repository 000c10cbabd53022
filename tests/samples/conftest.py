"""A brute-force oracle for conflicts, on GeographicLib alone.

It shares no line with ``detente.conflict``: every volume is held against every other. Time and
altitude are compared as they stand. Laterally it knows two things only: geodesic distances between
points (``pyproj.Geod``), and the triangle inequality. Of two pieces of geodesic whose midpoints are
``d`` apart and whose half lengths are ``h`` and ``k``, the distance lies between ``d - h - k`` and
``d``. Pieces that this does not decide are halved until it does, or until they are millimetres.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import Geod

from detente.volumes import Activity, Edges, Position, Reference, Shape, Volume

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GEOD = Geod(ellps="WGS84")
SLACK_M = 0.01
"""Added to the lateral separation by the protocol, section 7."""
CLOSE_M = 0.02
"""A pair nearer to the limit than this, on either side, is not decided but counted."""
SMALL_M = 0.004
FEET_SLACK_M = 1e-6
"""Two bands 1,000 ft apart, each limit a float, are 1,000 ft apart."""


@dataclass(frozen=True)
class Meeting:
    """One pair of volumes in conflict: positions of activities and of their volumes."""

    a: int
    b: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Verdict:
    """What the oracle found; ``close`` counts pairs too close to the limit to tell."""

    meetings: list[Meeting]
    close: int


@pytest.fixture(scope="session")
def quickstart() -> Path:
    """The `quickstart` sample in the `traffic` wheel, without importing the library."""
    found = [
        Path(path) / "data/samples/collections/quickstart.json.gz" for path in _traffic_folders()
    ]
    if not found or not found[0].is_file():
        pytest.skip("the `traffic` wheel is not installed (requirements-samples.lock)")
    return found[0]


def _traffic_folders() -> Sequence[str]:
    from importlib.util import find_spec

    spec = find_spec("traffic")
    return list(spec.submodule_search_locations or ()) if spec is not None else []


@pytest.fixture(scope="session")
def oracle() -> Callable[[Sequence[Activity], float, float, float], Verdict]:
    """``oracle(activities, lateral_m, vertical_m, time_s)`` over pairs of all activities."""
    return find_meetings


def find_meetings(
    activities: Sequence[Activity], lateral_m: float, vertical_m: float, time_s: float
) -> Verdict:
    """Every pair of volumes of different activities that conflict."""
    owner = np.array([i for i, a in enumerate(activities) for _ in a.volumes])
    volumes = [volume for activity in activities for volume in activity.volumes]
    start_s = np.array([v.start_s for v in volumes])
    end_s = np.array([v.end_s for v in volumes])
    low_m, high_m = (np.array(x) for x in zip(*map(_band_m, volumes), strict=True))
    first, second = [], []
    for i in range(len(volumes)):
        # Half of the time separation on either side of both is the whole of it on one of them.
        later = np.arange(i + 1, len(volumes))
        apart_s = np.maximum(start_s[i] - end_s[later], start_s[later] - end_s[i])
        apart_m = np.maximum(low_m[i] - high_m[later], low_m[later] - high_m[i])
        both = (apart_s <= time_s) & (apart_m <= vertical_m + FEET_SLACK_M)
        chosen = later[both & (owner[later] != owner[i])]
        first.append(np.full(len(chosen), i))
        second.append(chosen)
    pairs = np.stack([np.concatenate(first), np.concatenate(second)], axis=1)
    near, close = _near(volumes, pairs, lateral_m)
    meetings = [
        Meeting(
            int(owner[i]),
            int(owner[j]),
            max(start_s[i], start_s[j]) - time_s / 2,
            min(end_s[i], end_s[j]) + time_s / 2,
        )
        for i, j in pairs[near].tolist()
    ]
    return Verdict(meetings, close)


def _band_m(volume: Volume) -> tuple[float, float]:
    limits = volume.band.lower, volume.band.upper
    assert all(limit is None or limit.reference is Reference.STD for limit in limits)
    lower, upper = limits
    return (-np.inf if lower is None else lower.value_m), (
        np.inf if upper is None else upper.value_m
    )


@dataclass(frozen=True)
class _Legs:
    """The legs of all volumes; those of volume ``i`` are ``first[i]`` to ``first[i + 1]``."""

    first: Ints
    lon: Floats
    lat: Floats
    azimuth: Floats
    length_m: Floats


def _legs(volumes: Sequence[Volume]) -> _Legs:
    starts: list[Position] = []
    ends: list[Position] = []
    first = [0]
    for volume in volumes:
        assert volume.core.shape is not Shape.POLYGON
        assert volume.core.edges is Edges.GEODESIC
        (ring,) = volume.core.rings
        starts += ring[:-1] or ring
        ends += ring[1:] or ring
        first.append(len(starts))
    (lon, lat), (to_lon, to_lat) = np.array(starts).T, np.array(ends).T
    azimuth, _, length_m = GEOD.inv(lon, lat, to_lon, to_lat)
    return _Legs(np.array(first), lon, lat, azimuth, length_m)


@dataclass(frozen=True)
class _Tasks:
    """Pieces of legs whose distance is not decided yet: which pair of volumes they belong to, the
    two legs, and from where to where on each."""

    pair: Ints
    a: Ints
    b: Ints
    from_a_m: Floats
    to_a_m: Floats
    from_b_m: Floats
    to_b_m: Floats

    def middles_m(self, legs: _Legs) -> Floats:
        """The distance between the midpoints."""
        lon_a, lat_a = _along(legs, self.a, (self.from_a_m + self.to_a_m) / 2)
        lon_b, lat_b = _along(legs, self.b, (self.from_b_m + self.to_b_m) / 2)
        return np.asarray(GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2])

    def reach_m(self) -> Floats:
        """The sum of both half lengths."""
        return (self.to_a_m - self.from_a_m + self.to_b_m - self.from_b_m) / 2

    def only(self, chosen: NDArray[np.bool_]) -> "_Tasks":
        return _Tasks(*(values[chosen] for values in self._arrays()))

    def halved(self) -> "_Tasks":
        """Two tasks of each: its longer piece cut in half."""
        a_longer = self.to_a_m - self.from_a_m >= self.to_b_m - self.from_b_m
        middle_a_m = np.where(a_longer, (self.from_a_m + self.to_a_m) / 2, self.to_a_m)
        middle_b_m = np.where(a_longer, self.to_b_m, (self.from_b_m + self.to_b_m) / 2)
        first = (*self._arrays()[:3], self.from_a_m, middle_a_m, self.from_b_m, middle_b_m)
        second = (
            *self._arrays()[:3],
            np.where(a_longer, middle_a_m, self.from_a_m),
            self.to_a_m,
            np.where(a_longer, self.from_b_m, middle_b_m),
            self.to_b_m,
        )
        return _Tasks(*(np.concatenate(both) for both in zip(first, second, strict=True)))

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return (
            self.pair, self.a, self.b, self.from_a_m, self.to_a_m, self.from_b_m, self.to_b_m,
        )  # fmt: skip


def _along(legs: _Legs, leg: Ints, along_m: Floats) -> tuple[Floats, Floats]:
    lon, lat, _ = GEOD.fwd(legs.lon[leg], legs.lat[leg], legs.azimuth[leg], along_m)
    return lon, lat


def _near(volumes: Sequence[Volume], pairs: Ints, lateral_m: float) -> tuple[Ints, int]:
    """Which of the pairs come near enough, and how many are too close to the limit to tell."""
    legs = _legs(volumes)
    radius_m = np.array([v.radius_m for v in volumes])
    pairs_limit_m = radius_m[pairs].sum(axis=1) + lateral_m + SLACK_M
    near, open_ = np.zeros((2, len(pairs)), dtype=bool)
    tasks = _every_leg(legs, pairs, _coarse(legs, pairs, pairs_limit_m))
    while len(tasks.pair):
        limit_m, reach_m = pairs_limit_m[tasks.pair], tasks.reach_m()
        middle_m = tasks.middles_m(legs)
        near[tasks.pair[middle_m <= limit_m - CLOSE_M]] = True
        undecided = ~near[tasks.pair] & (middle_m - reach_m <= limit_m + CLOSE_M)
        small = undecided & (reach_m <= SMALL_M)
        open_[tasks.pair[small]] = True
        tasks = tasks.only(undecided & ~small).halved()
    return np.flatnonzero(near), int((open_ & ~near).sum())


def _coarse(legs: _Legs, pairs: Ints, limit_m: Floats) -> Ints:
    """The pairs that may be near: every point of a volume's core is at most the length of all its
    legs from where they begin."""
    begin = legs.first[:-1]
    whole_m = np.add.reduceat(legs.length_m, begin)
    a, b = pairs.T
    lon, lat = legs.lon[begin], legs.lat[begin]
    between_m = GEOD.inv(lon[a], lat[a], lon[b], lat[b])[2]
    return np.flatnonzero(between_m - whole_m[a] - whole_m[b] <= limit_m + CLOSE_M)


def _every_leg(legs: _Legs, pairs: Ints, chosen: Ints) -> _Tasks:
    """Each leg of the one against each leg of the other, for the chosen pairs."""
    count = np.diff(legs.first)
    a, b = pairs[chosen].T
    combinations = count[a] * count[b]
    which = np.repeat(np.arange(len(chosen)), combinations)
    number = np.arange(combinations.sum()) - np.repeat(
        np.cumsum(combinations) - combinations, combinations
    )
    leg_a = legs.first[a[which]] + number // count[b[which]]
    leg_b = legs.first[b[which]] + number % count[b[which]]
    zero = np.zeros(len(which))
    return _Tasks(
        chosen[which], leg_a, leg_b, zero, legs.length_m[leg_a], zero, legs.length_m[leg_b]
    )

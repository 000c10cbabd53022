"""The benchmark's oracle against the tests' own: two ways to ask GeographicLib, one answer."""

from itertools import combinations
from typing import Any

import numpy as np
from bench.oracle import CLOSE_M, touch
from bench.workload import workload


def test_two_oracles_agree_on_shapes_of_the_workload(oracle: Any) -> None:
    # Few hubs and many activities, so that shapes lie close together.
    work = workload(240, "theatre", 7)
    activities = work.activities()
    middle = np.column_stack([work.lon[work.first[:-1]], work.lat[work.first[:-1]]])
    pairs = [
        (i, j)
        for i, j in combinations(range(len(activities)), 2)
        if np.abs(middle[i] - middle[j]).max() < 1.2
    ][:50]
    met = 0
    for (i, j), verdict in zip(pairs, touch(work, pairs), strict=True):
        one, other = activities[i].volumes[0], activities[j].volumes[0]
        apart_m = oracle.core_distance_m(one.core, other.core, 8, 22)
        gap_m = apart_m - one.radius_m - other.radius_m
        if verdict.touch is None:
            assert abs(gap_m) < 2 * CLOSE_M
            assert abs(verdict.gap_m) < 2 * CLOSE_M
        elif abs(gap_m) > CLOSE_M:
            assert verdict.touch == (gap_m <= 0), (i, j)
        met += verdict.touch is True
    assert len(pairs) == 50
    assert 5 < met < len(pairs) - 5


def test_the_oracle_says_what_lies_within_a_centimetre_of_the_limit(oracle: Any) -> None:
    work = workload(4, "theatre", 1)
    lon, lat, _ = oracle.wgs84.fwd(60.0, 40.0, 30.0, 100e3)
    for near_m, expected in ((100e3 + 1, True), (100e3 - 1, False), (100e3 - 0.002, None)):
        two = work._replace(
            shape=np.zeros(2, dtype=np.int64),
            first=np.arange(3),
            lon=np.array([60.0, lon]),
            lat=np.array([40.0, lat]),
            radius_m=np.array([near_m - 40e3, 40e3]),
        )
        (verdict,) = touch(two, [(0, 1)])
        assert verdict.touch is expected
        assert abs(verdict.gap_m - (100e3 - near_m)) < 1e-3

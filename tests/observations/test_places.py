"""Districts, weeks, and reports that are rounded to them."""

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.errors import InputError
from detente.observations import UNKNOWN, Observation, coarsened, district_of, week_of
from detente.observations.places import cell_name
from detente.volumes import Core, Edges, Shape

WGS84 = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("position", "name"),
    [
        ((68.605, 37.185), "N37.0 E068.5"),
        ((68.5, 37.0), "N37.0 E068.5"),
        ((68.4999, 36.9999), "N36.5 E068.0"),
        ((-0.1, -0.1), "S00.5 W000.5"),
        ((0.0, 0.0), "N00.0 E000.0"),
        ((180.0, 90.0), "N89.5 W180.0"),
        ((-180.0, -90.0), "S90.0 W180.0"),
    ],
)
def test_a_cell_is_named_by_its_corner(position: tuple[float, float], name: str) -> None:
    assert cell_name(*position) == name


def test_the_reporters_word_comes_first(observation: Any) -> None:
    assert district_of(observation()) == "Imam Sahib"
    assert district_of(observation(district="")) == "N37.0 E068.5"
    # A place that is not known to within a district is in none, whatever stands for its middle.
    assert district_of(observation(district="", radius_m=100_001.0)) == UNKNOWN
    long = Core(Shape.POLYLINE, (((66.0, 37.0), (71.0, 37.0)),), Edges.STRAIGHT)
    assert district_of(observation(district="", core=long)) == UNKNOWN


@given(day=st.dates(date(1970, 1, 2), date(2100, 1, 1)), length_s=st.integers(0, 7 * 86_400))
def test_the_week_is_that_of_the_middle(day: date, length_s: int) -> None:
    middle_s = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    # The calendar's own directive for ISO weeks is the oracle.
    expected = day.strftime("%G-W%V")
    assert week_of(middle_s - length_s / 2, middle_s + length_s / 2) == expected


def test_of_what_took_longer_than_a_week_it_is_not_known() -> None:
    assert week_of(0.0, (7 * 24 + 26) * 3600.0) == "1970-W02"
    assert week_of(0.0, (7 * 24 + 26) * 3600.0 + 1) == UNKNOWN


def test_a_rounded_report_tells_neither_hour_nor_place(observation: Any) -> None:
    one = coarsened(observation(visit="0" * 64))
    assert one.core.rings == (((68.75, 37.25),),)
    assert (one.from_s, one.until_s) == (1_628_467_200.0, 1_628_553_599.0)
    assert datetime.fromtimestamp(one.from_s, UTC).isoformat() == "2021-08-09T00:00:00+00:00"
    assert (one.place, one.text, one.source, one.visit) == ("", "", "", None)
    assert (one.kind, one.district, one.counts) == (
        "crossing-closed",
        "Imam Sahib",
        {"vehicles": 40},
    )


@settings(max_examples=30, deadline=None)
@given(
    lon=st.floats(-179.0, 179.0).map(lambda x: round(x, 6)),
    lat=st.floats(-80.0, 80.0).map(lambda x: round(x, 6)),
    radius_m=st.floats(0, 200_000),
    bearing=st.floats(0, 360),
    part=st.floats(0, 1),
)
def test_it_covers_what_it_stands_for(
    lon: float, lat: float, radius_m: float, bearing: float, part: float
) -> None:
    one = Observation(
        id="a",
        kind="other",
        core=Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC),
        radius_m=radius_m,
        from_s=1_628_467_800.0,
        until_s=1_628_900_000.0,
        how="seen",
        confidence="low",
        marking="TLP:CLEAR",
    )
    rounded = coarsened(one)
    x, y, _ = WGS84.fwd(lon, lat, bearing, radius_m * part)
    assert WGS84.inv(*rounded.core.rings[0][0], x, y)[2] <= rounded.radius_m
    corner = (math.floor(lon * 2) / 2, math.floor(lat * 2) / 2)
    assert WGS84.inv(*rounded.core.rings[0][0], *corner)[2] <= rounded.radius_m
    assert rounded.from_s <= one.from_s <= one.until_s <= rounded.until_s
    # Two places of one cell give the same report, if both are known as well.
    assert coarsened(rounded).core == rounded.core


def test_a_polygon_is_covered_edges_and_all(observation: Any) -> None:
    ring = ((68.0, 37.0), (70.0, 37.0), (70.0, 38.0), (68.0, 38.0))
    rounded = coarsened(observation(core=Core(Shape.POLYGON, (ring,), Edges.STRAIGHT)))
    for step in range(41):
        on_edge = (68.0 + step / 20, 38.0)
        assert WGS84.inv(*rounded.core.rings[0][0], *on_edge)[2] + 500 <= rounded.radius_m


def test_what_is_too_large_is_not_rounded(observation: Any) -> None:
    with pytest.raises(InputError, match="too large to be rounded"):
        coarsened(observation(radius_m=1_000_000.0))

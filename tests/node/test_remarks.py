"""Notice and area of the terms: what is remarked, and that nothing is refused for it."""

from datetime import date
from typing import Any

import msgspec
import pytest

from detente.line import Area, Terms, standard_terms
from detente.node.show.remarks import on_release, on_released
from detente.volumes import Band, Core, Edges, Shape, Volume

LINE = "northern-watch"
OUTSIDE = "reaches outside the line's area"
START_S = 1_795_334_400.0
HERE = Area(west=65, south=35, east=73, north=40)


def terms(area: Area = HERE, normal_s: int = 43_200, emergency_s: int = 3600) -> Terms:
    standard = standard_terms(
        ["ru", "us"], area=area, effective_from_s=0.0, review_on=date(2027, 11, 22)
    )
    replace = msgspec.structs.replace
    notice = replace(standard.notice, normal_s=normal_s, emergency_s=emergency_s)
    return replace(standard, notice=notice)


def volume(
    *positions: tuple[float, float],
    shape: Shape = Shape.POINT,
    radius_m: float = 20_000.0,
    edges: Edges = Edges.STRAIGHT,
) -> Volume:
    core = Core(shape, (tuple(positions),), edges)
    return Volume(core, radius_m, Band(None, None), START_S, START_S + 3600)


INSIDE = volume((68.86, 36.5))


class TestNotice:
    @pytest.mark.parametrize(
        ("lead_s", "said"),
        [
            (17 * 60 + 59, "starts in 17 min"),
            (0, "starts in 0 min"),
            (-90 * 60, "began 1 h 30 min ago"),
            (43_199, "starts in 11 h 59 min"),
        ],
    )
    def test_less_notice_than_agreed_is_remarked(self, lead_s: float, said: str) -> None:
        [remark] = on_release(terms(), [INSIDE], START_S - lead_s)
        assert remark == f"{said}; the terms ask for 12 h notice (1 h in an emergency)"

    def test_enough_notice_is_not(self) -> None:
        assert on_release(terms(), [INSIDE], START_S - 43_200) == []
        assert on_release(terms(normal_s=0, emergency_s=0), [INSIDE], START_S + 60) == []

    def test_the_first_volume_counts(self) -> None:
        early = msgspec.structs.replace(INSIDE, start_s=START_S - 3600)
        [remark] = on_release(terms(), [INSIDE, early], START_S - 5400)
        assert remark.startswith("starts in 30 min;")

    def test_of_what_was_released_it_is_told_in_the_past(self) -> None:
        [before] = on_released(terms(), [INSIDE], START_S - 120)
        [after] = on_released(terms(), [INSIDE], START_S + 120)
        assert before.startswith("released 2 min before its start; the terms")
        assert after.startswith("released 2 min after its start; the terms")


def remarks(area: Area, *volumes: Volume) -> list[str]:
    return on_release(terms(area), volumes, START_S - 86_400)


class TestArea:
    # 20 km are 0.18 degrees of latitude (111.0 km each), and 0.224 of longitude at 36.5 north,
    # where one has 111.32 km x cos(36.5) and a little more, 89.6 km.
    @pytest.mark.parametrize(
        ("lon", "lat", "inside"),
        [
            (68.86, 36.5, True),
            (68.86, 39.81, True),
            (68.86, 39.83, False),
            (68.86, 35.19, True),
            (68.86, 35.17, False),
            (72.77, 36.5, True),
            (72.79, 36.5, False),
            (65.23, 36.5, True),
            (65.21, 36.5, False),
            (-111.14, 36.5, False),
        ],
    )
    def test_the_radius_counts(self, lon: float, lat: float, inside: bool) -> None:
        assert remarks(HERE, volume((lon, lat))) == ([] if inside else [OUTSIDE])

    def test_any_volume_outside_counts_and_is_told_once(self) -> None:
        out = volume((80.0, 36.5))
        assert remarks(HERE, INSIDE, out, out) == [OUTSIDE]

    # Across the antimeridian from 170 east to 170 west.
    @pytest.mark.parametrize(
        ("lon", "inside"),
        [(179.9, True), (-179.9, True), (170.3, True), (170.1, False), (-170.1, False), (0, False)],
    )
    def test_an_area_across_the_antimeridian(self, lon: float, inside: bool) -> None:
        area = Area(west=170, south=-10, east=-170, north=10)
        assert remarks(area, volume((lon, 0.0))) == ([] if inside else [OUTSIDE])

    def test_a_shape_across_the_antimeridian_however_it_is_written(self) -> None:
        area = Area(west=170, south=-10, east=-170, north=10)
        east = volume((175.0, 0.0), (185.0, 0.0), shape=Shape.POLYLINE)
        west = volume((-175.0, 0.0), (-185.0, 0.0), shape=Shape.POLYLINE)
        far = volume((175.0, 0.0), (190.0, 0.0), shape=Shape.POLYLINE)
        assert remarks(area, east, west) == []
        assert remarks(area, far) == [OUTSIDE]

    def test_a_geodesic_rises_above_its_ends(self) -> None:
        # At 40 north, 7 degrees: (0.1222 / 2)^2 / 2 x sin 40 x cos 40 = 0.00092, 0.053 degrees.
        for lat, edges, inside in (
            (39.96, Edges.STRAIGHT, True),
            (39.96, Edges.GEODESIC, False),
            (39.94, Edges.GEODESIC, True),
        ):
            line = volume(
                (65.5, lat), (72.5, lat), shape=Shape.POLYLINE, radius_m=100.0, edges=edges
            )
            assert remarks(HERE, line) == ([] if inside else [OUTSIDE]), (lat, edges)

    def test_near_a_pole_every_longitude_is_reached(self) -> None:
        cap = volume((10.0, 89.95))
        sector = Area(west=-20, south=80, east=40, north=90)
        everything = Area(west=-180, south=80, east=180, north=90)
        assert remarks(sector, cap) == [OUTSIDE]
        assert remarks(everything, cap) == []

    def test_a_ring_round_the_pole_has_it_inside(self) -> None:
        corners = [(-180.0, 85.0), (-60.0, 85.0), (60.0, 85.0)]
        ring = volume(*corners, shape=Shape.POLYGON, radius_m=0.0, edges=Edges.GEODESIC)
        assert remarks(Area(west=-180, south=60, east=180, north=88), ring) == [OUTSIDE]


def test_a_remark_blocks_nothing_and_both_sides_see_it(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    # An hour before its start, and 20 km round a place 0.2 degrees inside the eastern edge.
    us.file(pair.circle("us", "us-1", lon=72.8), title="", officer="a")
    asked = "the terms ask for 12 h notice (1 h in an emergency)"
    assert us.preview("us-1", LINE, "exact").remarks == [f"starts in 1 h; {asked}", OUTSIDE]
    pair.clock.at_s += 600
    us.release("us-1", LINE, "exact", officer="a")
    pair.sync()
    pair.clock.at_s += 600
    for node in (us, ru):
        [shown] = node.activities(LINE)
        assert shown.remarks == [f"released 50 min before its start; {asked}", OUTSIDE]

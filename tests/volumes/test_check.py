"""What an activity must satisfy: each way to be unsound is refused, and says what to do."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import InputError, LimitError
from detente.volumes import Activity, Band, Core, Edges, Limit, Reference, Shape, Volume
from detente.volumes.check import (
    MAX_VERTICES,
    MAX_VOLUMES,
    check_activity,
    check_activity_id,
    check_band,
    check_party,
)
from detente.volumes.datums import height_interval_m, vertical_gap_m

SQUARE = ((68.0, 36.0), (69.0, 36.0), (69.0, 37.0), (68.0, 37.0))


def polygon(*rings: tuple[tuple[float, float], ...], edges: Edges = Edges.STRAIGHT) -> Core:
    return Core(Shape.POLYGON, rings, edges)


def activity(core: Core | None = None, **changes: Any) -> Activity:
    volume = Volume(
        core=core or polygon(SQUARE),
        radius_m=changes.pop("radius_m", 1000.0),
        band=changes.pop("band", Band(None, None)),
        start_s=changes.pop("start_s", 0.0),
        end_s=changes.pop("end_s", 60.0),
    )
    whole = Activity(party="us", id="orbit-1", kind="exercise", volumes=(volume,))
    return msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize(
    "core",
    [
        Core(Shape.POINT, (((68.0, 36.0),),)),
        Core(Shape.POINT, (((0.0, 90.0),),)),
        Core(Shape.POLYLINE, (((170.0, 36.0), (190.0, 36.0)),)),
        polygon(SQUARE),
        polygon(tuple(reversed(SQUARE))),
        polygon(SQUARE, ((68.2, 36.2), (68.2, 36.4), (68.4, 36.4))),
        polygon(((170.0, 36.0), (190.0, 36.0), (190.0, 37.0), (170.0, 37.0))),
        polygon(((170.0, 36.0), (190.0, 36.0), (190.0, 37.0)), edges=Edges.GEODESIC),
        # Geodesics round the pole end 360 degrees from where they began.
        polygon(((0.0, 80.0), (90.0, 80.0), (180.0, 80.0), (270.0, 80.0)), edges=Edges.GEODESIC),
        polygon(((-180.0, -90.0), (0.0, -90.0), (180.0, -90.0), (180.0, -80.0), (0.0, -80.0),
                 (-180.0, -80.0))),
    ],
)  # fmt: skip
def test_sound_shapes_pass_unchanged(core: Core) -> None:
    sound = activity(core)
    assert check_activity(sound) is sound


@pytest.mark.parametrize(
    ("core", "what"),
    [
        (polygon(((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))), "crosses itself"),
        (
            polygon(((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), edges=Edges.GEODESIC),
            "crosses itself",
        ),
        (polygon(((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))), "no clear inside"),
        (polygon(SQUARE, ((10.0, 10.0), (11.0, 10.0), (11.0, 11.0))), "no clear inside"),
        (polygon(((0.0, 0.0), (1.0, 1.0))), "too few vertices"),
        (Core(Shape.POLYLINE, (((0.0, 0.0),),)), "too few vertices"),
        (Core(Shape.POINT, ((),)), "too few vertices"),
        (Core(Shape.POINT, ()), "too few vertices"),
        (Core(Shape.POINT, (((0.0, 0.0), (1.0, 1.0)),)), "one position"),
        (Core(Shape.POINT, (((0.0, 91.0),),)), "latitude 91"),
        (Core(Shape.POINT, (((0.0, math.nan),),)), "finite"),
        (Core(Shape.POINT, (((math.inf, 0.0),),)), "finite"),
        (Core(Shape.POINT, (((190.0, 0.0),),)), "first longitude"),
        (Core(Shape.POLYLINE, (((170.0, 0.0), (-170.0, 0.0)),)), "jumps"),
        (Core(Shape.POLYLINE, (((0.0, 0.0), (180.0, 0.0), (360.0, 0.0), (540.1, 0.0)),)), "540"),
        (polygon(((0.0, 0.0), (120.0, 0.0), (240.0, 0.0)), edges=Edges.GEODESIC), "half the globe"),
        (
            polygon(tuple((30.0 * n, 0.0) for n in range(14)) + tuple(
                (30.0 * n, 5.0) for n in reversed(range(14)))),
            "wider than the whole world",
        ),
    ],
)  # fmt: skip
def test_unsound_shapes_are_refused(core: Core, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        check_activity(activity(core))
    assert caught.value.where == "us/orbit-1"
    assert caught.value.remedy


def test_geodesics_cross_where_straight_edges_do_not() -> None:
    # At 60 degrees north the geodesic between two places 80 degrees apart climbs to 66.
    ring = ((0.0, 60.0), (80.0, 60.0), (80.0, 70.0), (40.0, 63.0), (0.0, 70.0))
    check_activity(activity(polygon(ring)))
    with pytest.raises(InputError, match="crosses itself"):
        check_activity(activity(polygon(ring, edges=Edges.GEODESIC)))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"start_s": 61.0}, "end lies before start"),
        ({"start_s": math.nan}, "outside the years"),
        ({"end_s": math.inf}, "outside the years"),
        ({"radius_m": -1.0}, "radius -1"),
        ({"radius_m": math.nan}, "radius nan"),
        ({"radius_m": 6e6}, "radius 6e"),
        ({"party": "US"}, "not a party id"),
        ({"party": ""}, "not a party id"),
        ({"id": "-x"}, "not an activity id"),
        ({"id": "a" * 65}, "not an activity id"),
        ({"kind": ""}, "kind"),
        ({"kind": "a\nb"}, "kind"),
        ({"volumes": ()}, "no volume"),
    ],
)
def test_unsound_fields_are_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        check_activity(activity(**changes))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_point_or_a_line_needs_an_extent() -> None:
    with pytest.raises(InputError, match="without extent"):
        check_activity(activity(Core(Shape.POINT, (((0.0, 0.0),),)), radius_m=0.0))
    check_activity(activity(radius_m=0.0))


FL100 = Limit(3048.0, Reference.STD)
FL200 = Limit(6096.0, Reference.STD)


@pytest.mark.parametrize(
    ("lower", "upper", "what"),
    [
        (FL200, FL100, "above the upper"),
        (Limit(100.0, Reference.AGL), Limit(0.0, Reference.SFC), "above the upper"),
        (Limit(5.0, Reference.SFC), None, "surface"),
        (Limit(math.nan), None, "lower altitude limit nan"),
        (None, Limit(100_001.0), "upper altitude limit"),
    ],
)
def test_bands_upside_down_or_out_of_range_are_refused(
    lower: Limit | None, upper: Limit | None, what: str
) -> None:
    with pytest.raises(InputError, match=what):
        check_activity(activity(band=Band(lower, upper)))


def test_limits_in_two_references_are_refused_when_certainly_upside_down() -> None:
    """FL200 can lie at 3,621 m over a deep winter's low, and nowhere lower."""
    check_activity(activity(band=Band(FL100, Limit(3000.0, Reference.MSL))))
    check_activity(activity(band=Band(FL200, Limit(3700.0, Reference.MSL))))
    with pytest.raises(InputError, match=r"FL200, at least 3,514 m W84\) .* \(3,000 m MSL, "):
        check_activity(activity(band=Band(FL200, Limit(3000.0, Reference.MSL))))
    check_activity(activity(band=Band(FL100, FL100)))
    high = Band(Limit(24_000.0, Reference.W84), Limit(26_000 * 0.3048, Reference.STD))
    with pytest.raises(InputError) as caught:
        check_activity(activity(band=high))
    assert caught.value.message == (
        "the lower altitude limit (24,000 m W84) lies above the upper (FL260, at most 10,293 m W84)"
    )


LIMITS = st.none() | st.builds(Limit, st.floats(-8e3, 1e5), st.sampled_from(Reference))


@given(st.builds(Band, LIMITS, LIMITS))
def test_whatever_band_is_let_in_has_an_inside(band: Band) -> None:
    """One that has none lies apart from every other, and hides what was meant."""
    try:
        check_band(band)
    except InputError:
        return
    heights = height_interval_m(band)
    for low_m, high_m in (heights.w84, heights.msl, heights.std):
        assert low_m <= high_m
    for other in (band, Band(None, None)):
        assert vertical_gap_m(band, other) <= 0


def test_too_much_is_over_the_limit() -> None:
    around = tuple(
        (68 + math.cos(n / 1e4), 36 + math.sin(n / 1e4)) for n in range(MAX_VERTICES + 1)
    )
    with pytest.raises(LimitError, match="10,001 vertices"):
        check_activity(activity(polygon(around)))
    one = activity()
    with pytest.raises(LimitError, match="5001 volumes"):
        check_activity(activity(volumes=one.volumes * (MAX_VOLUMES + 1)))


@pytest.mark.parametrize("edges", Edges)
def test_polygons_of_endless_edges_are_refused_before_they_are_judged(edges: Edges) -> None:
    """To tell whether one such star crosses itself took 20 s, and a release may hold six."""
    star = tuple(
        (
            10 + (60 if n % 2 else 6) * math.cos(2 * math.pi * n / 9_000),
            (60 if n % 2 else 6) * math.sin(2 * math.pi * n / 9_000),
        )
        for n in range(9_000)
    )
    with pytest.raises(LimitError, match=r"polygons with edges of 5\d,\d{3},\d{3} km"):
        check_activity(activity(polygon(star, edges=edges)))
    # It is their sum that counts.
    fewer = activity(polygon(star[:: 9_000 // 100 + 1], edges=edges))
    assert check_activity(fewer) == fewer
    with pytest.raises(LimitError, match="polygons with edges"):
        check_activity(activity(volumes=fewer.volumes * 4))


def test_an_error_in_one_of_several_volumes_says_which() -> None:
    sound = activity().volumes[0]
    ended = msgspec.structs.replace(sound, end_s=-1.0)
    with pytest.raises(InputError) as caught:
        check_activity(activity(volumes=(sound, ended)))
    assert caught.value.where == "us/orbit-1: volume 2"


def test_ids_are_those_of_the_protocol() -> None:
    assert check_party("p-2", where="x") == "p-2"
    assert check_activity_id("AFR123.2") == "AFR123.2"
    for wrong in ("2p", "a_b", "a" * 33, "é", "a\n"):
        with pytest.raises(InputError):
            check_party(wrong)

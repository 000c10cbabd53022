"""A coarse release covers: every point of the plan, every altitude, every instant.

The oracle is GeographicLib: points are taken from inside the plan, on its edges and at its grown
rim, and their distance to the circle's centre is measured on the ellipsoid.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.conflict import Separation, between
from detente.errors import InputError
from detente.release import RADIUS_M_MAX, coarse, draft_of, larger_by
from detente.volumes import (
    Activity,
    Band,
    Core,
    Edges,
    Limit,
    Position,
    Reference,
    Shape,
    Volume,
)
from detente.volumes.check import check_activity
from detente.volumes.datums import height_interval_m

GEOD = Geod(ellps="WGS84")
BEGIN_S = 1_628_467_200.0

# Middles that are hard: poles, the antimeridian, the equator, both hemispheres.
MIDDLES = st.sampled_from(
    [(0.0, 90.0), (37.0, -90.0), (10.0, 89.7), (-120.0, -89.2), (180.0, 0.0), (-180.0, 60.0)]
) | st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def _fwd(place: Position, azimuth_deg: float, distance_m: float) -> Position:
    lon, lat, _ = GEOD.fwd(*place, azimuth_deg, distance_m)
    return lon, lat


def _continuous(positions: list[Position]) -> tuple[Position, ...]:
    """Longitudes that go on from the first without a jump."""
    out = [positions[0]]
    for lon, lat in positions[1:]:
        out.append((out[-1][0] + (lon - out[-1][0] + 180) % 360 - 180, lat))
    return tuple(out)


@st.composite
def cores(draw: st.DrawFn) -> Core:
    """A point, a polyline or a star-shaped polygon about a hard or an ordinary middle."""
    middle = draw(MIDDLES)
    shape = draw(st.sampled_from(list(Shape)))
    if shape is Shape.POINT:
        return Core(shape, ((middle,),))
    edges = draw(st.sampled_from(list(Edges)))
    reach_m = draw(st.sampled_from([2e3, 40e3, 300e3]))
    count = draw(st.integers(3, 9))
    turns = sorted(draw(st.lists(st.integers(0, 71), min_size=count, max_size=count, unique=True)))
    far = draw(st.lists(st.floats(0.3, 1.0), min_size=count, max_size=count))
    ring = _continuous(
        [_fwd(middle, 5.0 * turn, reach_m * share) for turn, share in zip(turns, far, strict=True)]
    )
    return Core(shape, (ring,), edges)


@st.composite
def limits(draw: st.DrawFn, lowest_m: float, highest_m: float) -> Limit | None:
    reference = draw(st.sampled_from([*Reference, None]))
    if reference is None:
        return None
    value_m = 0.0 if reference is Reference.SFC else draw(st.floats(lowest_m, highest_m))
    return Limit(value_m, reference)


@st.composite
def plans(draw: st.DrawFn) -> Activity:
    """An activity of one to three volumes, each with references of its own; sound, or not drawn."""
    volumes = []
    first = draw(cores())
    for number in range(draw(st.integers(1, 3))):
        start_s = BEGIN_S + draw(st.floats(0, 86_400))
        volumes.append(
            Volume(
                core=first if number == 0 else draw(st.just(first) | _beside(first)),
                radius_m=draw(st.floats(1, 60_000)),
                band=Band(draw(limits(-500, 3000)), draw(limits(3000, 20_000))),
                start_s=start_s,
                end_s=start_s + draw(st.floats(0, 20_000)),
            )
        )
    activity = Activity("us", "orbit", "survey", tuple(volumes))
    try:
        return check_activity(activity)
    except InputError:
        # Around a pole a ring that is straight in longitude and latitude may cross itself.
        assume(False)
        raise


def _beside(core: Core) -> st.SearchStrategy[Core]:
    """A circle's centre not far from the first vertex of ``core``."""
    place = core.rings[0][0]
    return st.builds(
        lambda azimuth, distance: Core(Shape.POINT, ((_fwd(place, azimuth, distance),),)),
        st.floats(0, 360),
        st.floats(0, 200_000),
    )


def _points(core: Core, rng: random.Random) -> Iterator[Position]:
    """Points of a core: its vertices, points on its edges, points inside it."""
    ring = core.rings[0]
    yield from ring
    closed = ring + ring[:1] if core.shape is Shape.POLYGON else ring
    for (lon, lat), (next_lon, next_lat) in pairwise(closed):
        for share in (0.25, 0.5, rng.random()):
            if core.edges is Edges.STRAIGHT:
                yield lon + share * (next_lon - lon), lat + share * (next_lat - lat)
            else:
                azimuth, _, length_m = GEOD.inv(lon, lat, next_lon, next_lat)
                yield _fwd((lon, lat), azimuth, length_m * share)
    if core.shape is Shape.POLYGON and core.edges is Edges.STRAIGHT:
        polygon = shapely.Polygon(ring)
        west, south, east, north = polygon.bounds
        for _ in range(40):
            place = rng.uniform(west, east), rng.uniform(south, north)
            if polygon.contains(shapely.Point(place)):
                yield place


@given(plan=plans(), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_every_point_of_the_plan_is_inside(plan: Activity, seed: int) -> None:
    rng = random.Random(seed)
    [cover] = coarse(plan).volumes
    [[centre]] = cover.core.rings
    for volume in plan.volumes:
        for place in _points(volume.core, rng):
            azimuth, _, _ = GEOD.inv(*centre, *place)
            # Straight on from the centre is the worst, but not only that is tried.
            for turn in (azimuth, rng.uniform(0, 360)):
                rim = _fwd(place, turn, volume.radius_m)
                assert GEOD.inv(*centre, *rim)[2] <= cover.radius_m


@given(plan=plans())
@settings(max_examples=100, deadline=None)
def test_every_altitude_and_instant_is_inside(plan: Activity) -> None:
    [cover] = coarse(plan).volumes
    outer = height_interval_m(cover.band)
    for volume in plan.volumes:
        inner = height_interval_m(volume.band)
        for wide, narrow in (
            (outer.w84, inner.w84),
            (outer.msl, inner.msl),
            (outer.std, inner.std),
        ):
            assert wide[0] <= narrow[0]
            assert wide[1] >= narrow[1]
        assert cover.start_s <= volume.start_s
        assert cover.end_s >= volume.end_s
    assert cover.start_s % 900 == cover.end_s % 900 == 0


@given(plan=plans(), other=plans())
@settings(max_examples=60, deadline=None)
def test_what_conflicts_with_the_plan_conflicts_with_its_cover(
    plan: Activity, other: Activity
) -> None:
    theirs = Activity("ru", "corridor", "transport", other.volumes)
    exact = between(plan, theirs, Separation())
    covered = between(coarse(plan), theirs, Separation())
    if exact is not None:
        assert covered is not None
        assert covered.start_s <= exact.start_s
        assert covered.end_s >= exact.end_s
        assert covered.lateral_m <= exact.lateral_m + 0.01


def _circle(radius_m: float = 5_000.0, **changes: object) -> Activity:
    core = changes.pop("core", Core(Shape.POINT, (((68.87, 36.73),),)))
    band = changes.pop("band", Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD)))
    assert isinstance(core, Core)
    assert isinstance(band, Band)
    assert not changes
    volume = Volume(core, radius_m, band, BEGIN_S + 60, BEGIN_S + 3700)
    return Activity("us", "orbit", "survey", (volume,), ("altitude was guessed",))


def test_it_is_rounded_and_no_larger_than_it_must_be() -> None:
    [cover] = coarse(_circle()).volumes
    assert cover.core == Core(Shape.POINT, (((68.9, 36.7),),))
    # 4.3 km from the true centre to the grid's, and 5 km of radius.
    assert cover.radius_m == 10_000.0
    assert cover.band == Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD))
    assert (cover.start_s, cover.end_s) == (BEGIN_S, BEGIN_S + 4500)


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        (
            Band(Limit(7400.0, Reference.STD), Limit(7400.0, Reference.STD)),
            Band(Limit(24 * 304.8, Reference.STD), Limit(25 * 304.8, Reference.STD)),
        ),
        (
            Band(Limit(-100.0, Reference.MSL), Limit(0.0, Reference.MSL)),
            Band(Limit(-304.8, Reference.MSL), Limit(0.0, Reference.MSL)),
        ),
        (
            Band(Limit(0.0, Reference.SFC), Limit(99_999.0, Reference.W84)),
            Band(Limit(0.0, Reference.SFC), None),
        ),
        (
            Band(Limit(-7999.0, Reference.W84), None),
            Band(None, None),
        ),
    ],
)
def test_bands_are_rounded_outward(band: Band, expected: Band) -> None:
    assert coarse(_circle(band=band)).volumes[0].band == expected


def test_references_that_differ_are_widened_to_heights_above_wgs84() -> None:
    high = _circle(band=Band(Limit(0.0, Reference.SFC), Limit(9144.0, Reference.STD)))
    low = _circle(band=Band(Limit(0.0, Reference.SFC), Limit(3000.0, Reference.MSL)))
    both = Activity("us", "orbit", "survey", high.volumes + low.volumes)
    band = coarse(both).volumes[0].band
    assert band.lower == Limit(0.0, Reference.SFC)
    assert band.upper is not None
    assert band.upper.reference is Reference.W84
    assert band.upper.value_m > 9144.0


@pytest.mark.parametrize(
    "ring",
    [
        ((-60.0, 0.0), (60.0, 0.0)),
        ((0.0, 50.0), (90.0, 50.0), (180.0, 50.0), (270.0, 50.0)),
        ((0.0, -40.0), (0.0, 40.0)),
    ],
)
def test_what_no_circle_covers_sensibly_is_refused(ring: tuple[Position, ...]) -> None:
    with pytest.raises(InputError, match="us/orbit") as caught:
        coarse(_circle(core=Core(Shape.POLYLINE, (ring,))))
    assert "split" in caught.value.remedy
    assert f"{RADIUS_M_MAX / 1000:,.0f} km" in str(caught.value)


def test_antipodes_have_no_middle_and_are_refused() -> None:
    core = Core(Shape.POLYLINE, (((0.0, 0.0), (180.0, 0.0)),))
    with pytest.raises(InputError, match="circle"):
        coarse(_circle(core=core))


@pytest.mark.parametrize("form", ["exact", "coarse"])
def test_notes_stay_behind(form: str) -> None:
    plan = _circle()
    draft = draft_of(plan, form)
    assert draft.notes == ()
    assert (draft.party, draft.id, draft.kind) == ("us", "orbit", "survey")
    assert (draft.volumes == plan.volumes) == (form == "exact")


@pytest.mark.parametrize("form", ["presence", "", "x" * 1000])
def test_there_is_no_other_form(form: str) -> None:
    with pytest.raises(InputError, match="form"):
        draft_of(_circle(), form)


def test_what_is_unsound_is_not_drafted() -> None:
    with pytest.raises(InputError):
        draft_of(_circle(radius_m=-1.0), "exact")
    with pytest.raises(InputError):
        draft_of(_circle(radius_m=float("nan")), "coarse")


def test_the_preview_says_how_much_larger_it_got() -> None:
    plan = _circle(band=Band(Limit(7400.0, Reference.STD), None))
    larger = larger_by(plan, coarse(plan))
    assert larger.radius_m == 10_000.0
    assert 0 < larger.margin_m < 5_000
    assert larger.lower_m == pytest.approx(7400 - 7315.2)
    assert larger.upper_m == 0.0
    assert (larger.earlier_s, larger.later_s, larger.joined) == (60, 800, 1)
    said = " ".join(larger.sentences())
    assert "10 km" in said
    assert "85 m" in said
    assert "1 min earlier" in said
    assert "volumes" not in said


def test_the_preview_says_that_volumes_were_joined_and_limits_converted() -> None:
    plan = Activity(
        "us",
        "orbit",
        "survey",
        _circle().volumes
        + _circle(band=Band(Limit(0.0, Reference.SFC), Limit(300.0, Reference.AGL))).volumes,
    )
    larger = larger_by(plan, coarse(plan))
    assert (larger.lower_m, larger.upper_m, larger.joined) == (None, None, 2)
    assert "2 volumes became one" in " ".join(larger.sentences())

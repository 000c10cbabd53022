"""Every bound that the engine leans on, alone and at the extreme of where it is used.

``docs/geometry.md`` lists the bounds with the test of each, and ``./dev bench mutations`` breaks
them one at a time. The reference is GeographicLib throughout.
"""

from typing import Any

import numpy as np
import pytest

from detente.conflict import Separation, asking, bounds, ellipsoid, kernels, laying, pieces
from detente.conflict.compiled import compiled_form
from detente.conflict.cores import Cores
from detente.conflict.pack import pack, reach_of
from detente.conflict.trees import SPARE, boxes_of, outward, queries_of
from detente.volumes import geodesy
from detente.volumes.geodesy import RADIUS_MAX_M, RADIUS_MIN_M, SEMI_MAJOR_M, SEMI_MINOR_M, ecef
from detente.volumes.model import Edges, Volume

PLANE_M = 150_000.0


def _cores(shapes: Any, *volumes: Volume) -> Cores:
    return pack([shapes.activity("a", *volumes)]).cores


def _at(lon: float, lat: float) -> ellipsoid.Point:
    x, y, z = ecef(np.array([lon]), np.array([lat]))[0].tolist()
    return x, y, z


def _shown(place: tuple[float, float], points: list[tuple[float, float]]) -> Any:
    """Points in the plane about a place, (n, 2)."""
    centre = _at(*place)
    axes = ellipsoid.frame(centre)
    return np.array([bounds.in_plane(_at(*point), centre, axes) for point in points])


def _tangents(
    rng: np.random.Generator, length_m: float, count: int, oracle: Any
) -> list[tuple[tuple[float, float], list[tuple[float, float]], float]]:
    """Places, geodesics of a length that reach to the edge of their planes, and lengths."""
    found = []
    off_m = np.sqrt(PLANE_M**2 - (length_m / 2) ** 2)
    for _ in range(count):
        place = float(rng.uniform(-180, 180)), float(rng.uniform(-89, 89))
        # A little nearer, since the ends lie at the plane's edge only if the Earth were flat.
        x, y, back = oracle.wgs84.fwd(*place, rng.uniform(-180, 180), 0.999 * off_m)
        start = oracle.wgs84.fwd(x, y, back + 90, length_m / 2)[:2]
        end = oracle.wgs84.fwd(x, y, back - 90, length_m / 2)[:2]
        azimuth, _, true_m = oracle.wgs84.inv(*start, *end)
        points = [
            oracle.wgs84.fwd(*start, azimuth, share * true_m)[:2] for share in np.linspace(0, 1, 9)
        ]
        found.append((place, points, true_m))
    return found


@pytest.mark.parametrize("length_m", [50e3, 120e3, 200e3])
def test_a_geodesic_is_bent_in_the_plane_as_much_as_is_said_and_away_from_the_centre(
    length_m: float, oracle: Any
) -> None:
    worst = 0.0
    for place, points, true_m in _tangents(np.random.default_rng(1), length_m, 60, oracle):
        shown = _shown(place, points)
        along = shown[-1] - shown[0]
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        across *= np.sign(across @ shown[0])
        strays = (shown - shown[0]) @ across
        bend_m = bounds.bend_m(float(np.hypot(*shown.T).max()), true_m)
        assert strays.min() >= -1e-6
        assert strays.max() <= bend_m
        worst = max(worst, strays.max() / bend_m)
    assert worst > 0.6


@pytest.mark.parametrize("length_m", [50e3, 120e3, 200e3])
def test_the_plane_stretches_a_length_as_much_as_is_said_and_shortens_none(
    length_m: float, oracle: Any
) -> None:
    stretched_m = 0.0
    for place, points, true_m in _tangents(np.random.default_rng(2), length_m, 60, oracle):
        shown = _shown(place, points)
        along = shown[-1] - shown[0]
        shown_m = float(np.hypot(*along))
        offset_m = abs(along[0] * shown[0, 1] - along[1] * shown[0, 0]) / shown_m
        share = bounds.true_share(offset_m)
        assert shown_m * share - bounds.PLANE_ERROR_M <= true_m <= shown_m + 1e-5
        assert shown_m * share >= true_m - 0.03 * (shown_m - true_m) - 1e-3
        stretched_m = max(stretched_m, shown_m - true_m)
    assert stretched_m > 2.0


def test_lengths_through_the_centre_are_true_in_the_plane(oracle: Any) -> None:
    rng = np.random.default_rng(3)
    for reach_m in (10.0, 50e3, PLANE_M):
        for _ in range(50):
            place = float(rng.uniform(-180, 180)), float(rng.uniform(-89, 89))
            bearing = float(rng.uniform(-180, 180))
            ends = [oracle.wgs84.fwd(*place, bearing + turn, reach_m)[:2] for turn in (0, 180)]
            shown = _shown(place, ends)
            for one in shown:
                # Curvature changes on the way; as much on the other side, the other way.
                assert np.hypot(*one) == pytest.approx(
                    reach_m, abs=0.0026 * (reach_m / PLANE_M) ** 3 + 1e-8
                )
            assert np.hypot(*(shown[1] - shown[0])) == pytest.approx(2 * reach_m, abs=1e-4)


def test_the_plane_is_not_used_further_than_it_is_good_for(oracle: Any) -> None:
    rng = np.random.default_rng(9)
    for _ in range(60):
        place = float(rng.uniform(-180, 180)), float(rng.uniform(-89, 89))
        bearing = float(rng.uniform(-180, 180))
        for far_m, used in ((2 * PLANE_M - 60.0, True), (2 * PLANE_M + 60.0, False)):
            a, b = _at(*place), _at(*oracle.wgs84.fwd(*place, bearing, far_m)[:2])
            lower, _, _ = bounds.plane_bound(a, a, b, b, (0.0, 0.0), (0.0, 0.0))
            assert np.isfinite(lower) == used
            if used:
                assert far_m - 0.003 < lower <= far_m


def test_the_plane_takes_off_what_two_pieces_bulge(oracle: Any) -> None:
    a, b = _at(10.0, 50.0), _at(*oracle.wgs84.fwd(10.0, 50.0, 90.0, 100e3)[:2])
    lower, _, _ = bounds.plane_bound(a, a, b, b, (0.0, 0.0), (300.0, 200.0))
    assert 100e3 - 500.0 - 0.1 < lower <= 100e3 - 500.0


def test_far_off_too_what_two_pieces_bulge_is_taken_off(oracle: Any) -> None:
    a, b = _at(10.0, 50.0), _at(*oracle.wgs84.fwd(10.0, 50.0, 90.0, 900e3)[:2])
    lower, _, _ = bounds.far_bound(a, a, b, b, 500.0)
    assert 900e3 - 500.0 - 0.01 < lower <= 900e3 - 500.0


def test_what_is_neither_within_the_limit_nor_beyond_it_for_certain_is_within(
    shapes: Any, oracle: Any
) -> None:
    """On the equator's meridians chords prove least, and the plane proves all but a millimetre."""
    for start, end in ((-0.45, 0.45), (-0.3, 0.4), (-0.5, 0.1)):
        points = [shapes.volume(shapes.point(30.0, lat)) for lat in (start, end)]
        true_m = oracle.wgs84.inv(30.0, start, 30.0, end)[2]
        cores = _cores(shapes, *points)
        found = []
        for limit_m in (true_m + 0.0005, true_m - 0.0005, true_m - 0.005):
            gaps, places = np.empty(1), np.zeros((1, 2))
            pair = np.array([0]), np.array([1])
            kernels.examine(cores, cores, *pair, limit_m, gaps, places, 0, 1000)
            found.append(float(gaps[0]))
        assert found == [pytest.approx(true_m, abs=1e-4), true_m - 0.0005, np.inf]


def _uneven(shapes: Any) -> list[Any]:
    """Two lines that converge to the east, where their pieces are short and so look further off."""
    steps = [*np.arange(0.0, 10.0, 2.5).tolist(), *np.arange(10.0, 11.0, 0.1).tolist()]
    return [
        shapes.line(*((lon, 70.0) for lon in steps)),
        shapes.line(*((lon, 70.1 - 1e-4 * lon) for lon in steps)),
    ]


def test_a_reported_distance_is_the_least_there_is(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(60):
        place = oracle.somewhere(rng)
        one = oracle.random_core(rng, *place, float(rng.choice([1e5, 4e5])))
        other = oracle.random_core(rng, *oracle.walk(rng, *place, 6e5), 4e4)
        cores = _cores(shapes, shapes.volume(one), shapes.volume(other))
        gaps, places = np.empty(1), np.zeros((1, 2))
        pair = np.array([0]), np.array([1])
        kernels.examine(cores, cores, *pair, 400e3, gaps, places, 0, 2**62)
        if gaps[0] < np.inf:
            compared += 1
            true_m = oracle.core_distance_m(one, other, 16, 26)
            # The oracle errs to the long side, by its last step.
            assert true_m - 0.05 <= gaps[0] <= true_m + 0.25
    assert compared > 30


def test_a_search_that_runs_out_of_steps_anywhere_ends_at_the_limit(
    shapes: Any, oracle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, other = _uneven(shapes)
    cores = _cores(shapes, shapes.volume(line), shapes.volume(other))
    pair = np.array([0]), np.array([1])
    limit_m = oracle.core_distance_m(line, other) - 0.02

    def gap_m(patience: int) -> float | None:
        gaps, places = np.empty(1), np.zeros((1, 2))
        done = kernels.examine(cores, cores, *pair, limit_m, gaps, places, 0, patience)
        return float(gaps[0]) if done else None

    needed = next(n for n in range(1, 20_000, 1 + 20) if gap_m(n) is not None)
    assert gap_m(needed) == np.inf
    assert needed > 60
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9):
        monkeypatch.setattr(kernels, "STEPS_MAX", max(1, int(share * (needed - 21))))
        assert gap_m(2**62) == limit_m


def test_broadside_pieces_at_the_edge_of_the_plane(oracle: Any) -> None:
    """The nearest points are two ends, whose line passes the centre at 25 km: most stretched."""
    rng = np.random.default_rng(4)
    for _ in range(40):
        place = float(rng.uniform(-180, 180)), float(rng.uniform(-88, 88))
        bearing = float(rng.uniform(-180, 180))
        ends = []
        for side in (0, 180):
            x, y, back = oracle.wgs84.fwd(*place, bearing + side, 147e3)
            ends += [oracle.wgs84.fwd(x, y, back + turn, 25e3)[:2] for turn in (90, -90)]
        true_m = min(oracle.wgs84.inv(*ends[0], *ends[j])[2] for j in (2, 3))
        a0, a1, b0, b1 = (_at(*end) for end in ends)
        lower, _, _ = bounds.plane_bound(a0, a1, b0, b1, (50e3, 50e3), (0.0, 0.0))
        # Four kilometres off the middle of either would be nearer only by what the Earth curves.
        assert true_m - 3.0 < lower <= true_m


def test_a_point_is_lifted_along_the_normal(oracle: Any) -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        lon, lat = float(rng.uniform(-180, 180)), float(rng.uniform(-90, 90))
        point = np.array(_at(lon, lat))
        wide = np.radians([lon, lat])
        normal = np.array(
            [np.cos(wide[1]) * np.cos(wide[0]), np.cos(wide[1]) * np.sin(wide[0]), np.sin(wide[1])]
        )
        below = point - rng.uniform(0, 3e5) * normal
        lifted = np.array(ellipsoid.lift((below[0], below[1], below[2])))
        square = (lifted**2 / np.array([SEMI_MAJOR_M, SEMI_MAJOR_M, SEMI_MINOR_M]) ** 2).sum()
        assert square == pytest.approx(1.0, abs=1e-14)
        # Normals of the point below are not quite those of the surface: 0.34 % at most.
        assert np.linalg.norm(lifted - point) <= 0.0034 * np.linalg.norm(below - point) + 1e-6


@pytest.mark.parametrize("reach_m", [150e3, 200e3, 250e3, 1e6, 6e6, 1.5e7])
def test_arcs_are_as_exact_as_is_said_on_both_sides_of_where_the_formula_changes(
    reach_m: float, oracle: Any
) -> None:
    rng = np.random.default_rng(6)
    for _ in range(60):
        place = float(rng.uniform(-180, 180)), float(rng.uniform(-89, 89))
        point = oracle.wgs84.fwd(*place, rng.uniform(-180, 180), reach_m)[:2]
        error_m = 2e-5 if reach_m <= ellipsoid.CHORD_M else ellipsoid.VINCENTY_ERROR_M / 4
        assert ellipsoid.arc_m(_at(*place), _at(*point)) == pytest.approx(reach_m, abs=error_m)


def test_near_the_antipode_a_length_is_too_short_and_never_too_long(oracle: Any) -> None:
    rng = np.random.default_rng(7)
    unsolved = 0
    for _ in range(200):
        lon, lat = float(rng.uniform(-180, 180)), float(rng.uniform(-80, 80))
        to = lon + 180 + float(rng.uniform(-0.5, 0.5)), -lat + float(rng.uniform(-0.5, 0.5))
        true_m = oracle.wgs84.inv(lon, lat, *to)[2]
        found_m, start, _ = ellipsoid.geodesic(_at(lon, lat), _at(*to))
        assert 18e6 < found_m <= true_m + 1e-3
        unsolved += start == (0.0, 0.0, 0.0)
    assert unsolved > 20


def test_radii_of_curvature_are_the_least_and_the_greatest() -> None:
    equator, pole = ellipsoid.frame(_at(0.0, 0.0)), ellipsoid.frame(_at(0.0, 90.0))
    assert 1 / equator[3] == pytest.approx(RADIUS_MIN_M, rel=1e-14)
    assert 1 / pole[2] == pytest.approx(RADIUS_MAX_M, rel=1e-14)
    for lat in np.linspace(-90, 90, 181):
        for curvature in ellipsoid.frame(_at(0.0, float(lat)))[2:]:
            assert RADIUS_MIN_M * (1 - 1e-12) <= 1 / curvature <= RADIUS_MAX_M * (1 + 1e-12)


@pytest.mark.parametrize("lat", [-89.9, -45.0, 0.0, 30.0, 60.0, 80.0])
def test_a_straight_edge_accelerates_no_more_than_its_bulge_says(lat: float) -> None:
    """Its bulge is an eighth of that. Also along itself, as where a meridian's radius changes."""
    for turn, climb in ((0.4, 0.0), (0.0, 0.4), (0.4, 0.4), (0.4, -0.1), (3.0, 0.05)):
        step = 1e-3
        share = np.arange(-1, 1 / step + 2) * step
        path = ecef(turn * share, lat + climb * share)
        acceleration = (path[2:] - 2 * path[1:-1] + path[:-2]) / step**2
        lon_at, lat_at = np.radians(turn * share[1:-1]), np.radians(lat + climb * share[1:-1])
        up = np.stack(
            [np.cos(lat_at) * np.cos(lon_at), np.cos(lat_at) * np.sin(lon_at), np.sin(lat_at)],
            axis=1,
        )
        level = acceleration - (acceleration * up).sum(axis=1)[:, None] * up
        greatest_m = np.linalg.norm(level, axis=1).max()
        bulge_m = laying.straight_bounds_m(0.0, lat, turn, lat + climb)[1]
        ends = (np.array([value]) for value in (0.0, lat, turn, lat + climb))
        assert float(geodesy.straight_bulge_m(*ends)[0]) == pytest.approx(bulge_m, rel=1e-12)
        # What is left is rounding: coordinates to a nanometre, over the square of the step.
        assert greatest_m <= 8 * bulge_m + 0.02
        assert 8 * bulge_m <= 2.2 * greatest_m + 4.0


@pytest.mark.parametrize("piece_m", [5e4, 1e6, 1.5e7])
@pytest.mark.parametrize("edges", list(Edges))
def test_a_piece_is_run_through_at_no_more_than_its_speed_and_lies_in_its_balls(
    piece_m: float, edges: Edges, shapes: Any, oracle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces grow as long as the edges themselves where an activity has too many of them."""
    for module in (geodesy, laying):
        monkeypatch.setattr(module, "PIECE_M_MAX", piece_m)
    rng = np.random.default_rng(8)
    for _ in range(12):
        ring = [(float(rng.uniform(-60, 60)), float(rng.uniform(-85, 85)))]
        for _ in range(int(rng.integers(2, 6))):
            x, y = oracle.walk(rng, *ring[-1], 1.4 * piece_m)
            ring.append((ring[-1][0] + (x - ring[-1][0] + 180) % 360 - 180, y))
        cores = _cores(shapes, shapes.volume(shapes.line(*ring, edges=edges)))
        for piece in np.flatnonzero(cores.ball_m >= 0).tolist():
            points = np.array(
                [pieces.point_on(pieces.piece_of(cores, piece), t) for t in np.linspace(0, 1, 17)]
            )
            steps_m = np.linalg.norm(np.diff(points, axis=0), axis=1) * 16
            length_m = oracle.wgs84.inv(
                cores.lon[piece], cores.lat[piece], cores.lon[piece + 1], cores.lat[piece + 1]
            )[2]
            assert length_m <= cores.speed_m[piece]
            if edges is Edges.STRAIGHT:
                assert steps_m.max() <= cores.speed_m[piece]
            reach_m = np.linalg.norm(points - cores.middle[piece], axis=1).max()
            assert reach_m <= cores.ball_m[piece] + 1e-6
            block = int(np.searchsorted(cores.block_starts, piece, side="right")) - 1
            reach_m = np.linalg.norm(points - cores.block_middle[block], axis=1).max()
            assert reach_m <= cores.block_ball_m[block] + 1e-6


@pytest.mark.parametrize("edges", list(Edges))
def test_long_edges_are_cut(edges: Edges, shapes: Any) -> None:
    """Longer pieces would be no less correct, but their bounds so wide that all is searched."""
    ring = (0.0, 10.0), (9.0, 14.0), (0.0, 18.0)
    for core in (shapes.line(*ring, edges=edges), shapes.polygon(ring, edges=edges)):
        cores = _cores(shapes, shapes.volume(core))
        assert cores.speed_m.max() <= 1.01 * geodesy.PIECE_M_MAX
        assert len(cores.lon) > 40


def test_the_ball_of_a_piece_that_turns_round_the_pole_holds_it(shapes: Any) -> None:
    """Its ends are close together, and it lies mostly elsewhere."""
    turned = 0
    for turn in (60.0, 120.0, 240.0, 350.0, 360.0):
        for lat, climb in ((89.9, 0.0), (89.95, 0.01), (-89.99, 0.005)):
            line = shapes.line((-100.0, lat), (turn - 100.0, lat + climb))
            cores = _cores(shapes, shapes.volume(line))
            for piece in np.flatnonzero(cores.ball_m >= 0).tolist():
                points = np.array(
                    [
                        pieces.point_on(pieces.piece_of(cores, piece), t)
                        for t in np.linspace(0, 1, 65)
                    ]
                )
                reach_m = np.linalg.norm(points - cores.middle[piece], axis=1).max()
                assert reach_m <= cores.ball_m[piece] + 1e-6
                turned += reach_m > ellipsoid.chord_m(points[0], points[-1]) / 2 + 10.0
    assert turned > 5


def test_separations_reach_a_centimetre_and_half_a_millisecond_further() -> None:
    reach = reach_of(Separation(100.0, 30.0, 60.0))
    assert reach.tolist() == pytest.approx([100.01] * 3 + [30.01] * 3 + [60.0005], abs=1e-12)


def test_single_precision_errs_outward_only() -> None:
    rng = np.random.default_rng(11)
    values = [*(rng.normal(size=300) * 10 ** rng.uniform(-9, 12, 300)).tolist(), 1e300, -1e300]
    for module in (asking, compiled_form(asking)):
        for value in (*values, 0.0, np.inf, -np.inf, 3.39e38, -3.41e38):
            below, above = float(module.floor32(value)), float(module.ceil32(value))
            assert below <= value <= above
            if abs(value) < 1e38:
                assert above - below <= 2.0**-22 * abs(value)


def test_a_tree_is_asked_for_more_than_the_separation(shapes: Any) -> None:
    """So that no rounding and no slack of the exact test can make it propose too little."""
    volume = shapes.volume(shapes.point(10.0, 50.0), 100.0, start_s=1.8e9, end_s=1.8e9 + 60)
    cores = _cores(shapes, volume)
    low, high = np.full((1, 7), -2e6), np.full((1, 7), 2e6)
    low[0, 6], high[0, 6] = 1.8e9, 1.8e9 + 60
    boxes = boxes_of(cores, np.zeros(1, np.int64), low, high)
    reach = reach_of(Separation())
    asked = queries_of(boxes, reach, 1.8e9)[0].astype(np.float64)
    held = outward(boxes.low, boxes.high, 1.8e9)[0].astype(np.float64)
    wide = reach[[0, 1, 2, 3, 6]] + SPARE
    assert SPARE >= 100 * kernels.TIGHT_M
    assert (asked[:5] <= held[:5] - wide + 0.25).all()
    assert (asked[5:] >= held[5:] + wide - 0.25).all()
    assert (wide > 0.9 + np.array([9260.0, 9260.0, 9260.0, 304.8, 600.0])).all()


@pytest.mark.parametrize("length_m", [2e3, 5e4, 1e6])
def test_the_gap_of_a_chord_and_a_ball_is_below_every_distance(
    length_m: float, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(int(length_m))
    close = 0
    for _ in range(60):
        lon, lat = oracle.somewhere(rng)
        place = oracle.walk(rng, lon, lat, length_m)
        lines = [
            shapes.line(here, oracle.walk(rng, *here, size), edges=edges)
            for here, size in (((lon, lat), length_m), (place, length_m / 50))
            for edges in [Edges.GEODESIC if rng.uniform() < 0.5 else Edges.STRAIGHT]
        ]
        packed = pack([shapes.activity("a", *(shapes.volume(line) for line in lines))])
        cores = packed.cores
        first, second = (
            range(cores.paths[volume], cores.paths[volume + 1] - 1) for volume in (0, 1)
        )
        for i in first:
            for j in second:
                points = [
                    np.array([pieces.point_on(pieces.piece_of(cores, k), t) for t in STEPS])
                    for k in (i, j)
                ]
                apart = np.linalg.norm(points[0][:, None] - points[1][None], axis=2).min()
                for gap in (
                    kernels.chord_gap_m(cores, i, cores, j),
                    kernels.chord_gap_m(cores, j, cores, i),
                ):
                    assert gap <= apart + 1e-6
                    close += gap > apart - length_m / 10
    assert close > 60


STEPS = np.linspace(0, 1, 33)

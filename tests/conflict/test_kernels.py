"""Each bound against GeographicLib: never above the truth, nor uselessly far below it."""

from typing import Any

import numpy as np
import pytest

from detente.conflict import Separation, between, bounds, ellipsoid, filters, kernels, pieces
from detente.conflict.compiled import compiled_form
from detente.conflict.cores import Cores
from detente.conflict.pack import pack
from detente.volumes.geodesy import ecef
from detente.volumes.model import Core, Edges, Volume

NOTHING = Separation(0.0, 0.0, 0.0)


def _ends(cores: Cores, piece: int) -> tuple[ellipsoid.Point, ellipsoid.Point]:
    start, end, *_ = pieces.piece_of(cores, piece)
    return start, end


def _two_pieces(
    rng: np.random.Generator, apart_m: float, shapes: Any, oracle: Any
) -> tuple[Core, Core, Cores]:
    """Two single pieces, their middles about ``apart_m`` apart, often broadside to each other."""
    edges = Edges.GEODESIC if rng.uniform() < 0.5 else Edges.STRAIGHT
    lon, lat = float(rng.uniform(-170, 170)), float(rng.uniform(-75, 75))
    bearing = float(rng.uniform(-180, 180))
    x, y, back = oracle.wgs84.fwd(lon, lat, bearing, apart_m)
    lines = []
    for place, toward in (((lon, lat), bearing), ((x, y), back)):
        heading = (
            toward + 90 + float(rng.normal(0, 10) if rng.uniform() < 0.7 else rng.normal(0, 90))
        )
        half_m = float(rng.uniform(2e3, 24e3))
        start = oracle.wgs84.fwd(*place, heading, half_m)[:2]
        end = oracle.wgs84.fwd(*place, heading + 180, half_m)[:2]
        turn = (end[0] - start[0] + 180) % 360 - 180
        lines.append(shapes.line(start, (start[0] + turn, end[1]), edges=edges))
    one, other = lines
    volumes = [shapes.volume(one), shapes.volume(other)]
    cores = pack([shapes.activity("a", *volumes)]).cores
    assert len(cores.lon) == 4
    return one, other, cores


@pytest.mark.parametrize("apart_m", [300.0, 30e3, 120e3, 210e3])
def test_plane_bound_is_below_the_distance_and_close_to_it(
    apart_m: float, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(int(apart_m))
    tightest = np.inf
    for _ in range(60):
        one, other, cores = _two_pieces(rng, apart_m, shapes, oracle)
        speeds = float(cores.speed_m[0]), float(cores.speed_m[2])
        bulges = float(cores.bulge_m[0]), float(cores.bulge_m[2])
        lower, _, _ = bounds.plane_bound(*_ends(cores, 0), *_ends(cores, 2), speeds, bulges)
        true_m = oracle.core_distance_m(one, other, 9, 26)
        # The oracle never errs to the short side, but by its last step to the long side.
        assert lower <= true_m + 1e-4
        if np.isfinite(lower):
            assert lower >= true_m - 2.1 * sum(bulges) - 3.5
            tightest = min(tightest, true_m - lower)
    assert tightest < 1.0


@pytest.mark.parametrize("apart_m", [220e3, 1_000e3, 5_000e3, 9_500e3])
def test_far_bound_is_below_the_distance_and_close_to_it(
    apart_m: float, shapes: Any, oracle: Any
) -> None:
    rng = np.random.default_rng(int(apart_m))
    for _ in range(60):
        one, other, cores = _two_pieces(rng, apart_m, shapes, oracle)
        bulge = float(cores.bulge_m[0] + cores.bulge_m[2])
        lower, _, _ = bounds.far_bound(*_ends(cores, 0), *_ends(cores, 2), bulge)
        true_m = oracle.core_distance_m(one, other, 9, 26)
        assert lower <= true_m + 1e-4
        # What is left out is convex: the square of the half-lengths over the distance.
        assert lower >= true_m - 2.1 * bulge - 50e3**2 / apart_m - 500.0


def test_far_bound_needs_what_curvature_takes_away(shapes: Any, oracle: Any) -> None:
    """Pieces broadside on, thousands of kilometres apart: nearest at their ends, off the slope."""
    north, _, _ = oracle.wgs84.fwd(0.0, 0.22, 0, 0.0)
    one = shapes.line((north, -0.22), (north, 0.22), edges=Edges.GEODESIC)
    other = shapes.line((60.0, -0.22), (60.0, 0.22), edges=Edges.GEODESIC)
    cores = pack([shapes.activity("a", shapes.volume(one), shapes.volume(other))]).cores
    lower, _, _ = bounds.far_bound(*_ends(cores, 0), *_ends(cores, 2), 0.0)
    middles = oracle.wgs84.inv(0.0, 0.0, 60.0, 0.0)[2]
    true_m = oracle.core_distance_m(one, other, 21, 30)
    assert true_m < middles - 20.0
    assert true_m - 25.0 < lower <= true_m


def test_ball_bound_is_below_the_distance(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(7)
    for apart_m in (10.0, 1e3, 1e5, 2e6, 1.2e7):
        for _ in range(15):
            one, other, cores = _two_pieces(rng, apart_m, shapes, oracle)
            balls_m = float(cores.ball_m[0] + cores.ball_m[2])
            lower = bounds.ball_bound(*_ends(cores, 0), *_ends(cores, 2), balls_m)
            assert lower <= oracle.core_distance_m(one, other, 9, 26) + 1e-4
            assert lower >= 0.99 * apart_m - balls_m * 2.01 - 1.0


def test_every_point_of_a_piece_lies_in_its_ball(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(3)
    for _ in range(150):
        _, _, cores = _two_pieces(rng, 1e5, shapes, oracle)
        for piece in (0, 2):
            points = np.array(
                [pieces.point_on(pieces.piece_of(cores, piece), t) for t in np.linspace(0, 1, 33)]
            )
            reach_m = np.linalg.norm(points - cores.middle[piece], axis=1).max()
            assert reach_m <= cores.ball_m[piece] + 1e-6


def test_arcs_and_geodesics_are_those_of_geographiclib(oracle: Any) -> None:
    rng = np.random.default_rng(11)
    for reach_m, error_m in ((1.0, 1e-6), (5e3, 1e-6), (1.9e5, 2e-5), (4e6, 1e-3), (1.7e7, 1e-3)):
        for _ in range(80):
            lon, lat = oracle.somewhere(rng)
            x, y, _ = oracle.wgs84.fwd(lon, lat, rng.uniform(-180, 180), reach_m)
            azimuth, back, length_m = oracle.wgs84.inv(lon, lat, x, y)
            a, b = (tuple(ecef(np.array([p]), np.array([q]))[0]) for p, q in ((lon, lat), (x, y)))
            assert ellipsoid.arc_m(a, b) == pytest.approx(length_m, abs=error_m)
            if reach_m > 1e5 and abs(lat) < 89 and abs(y) < 89:
                found_m, start, end = ellipsoid.geodesic(a, b)
                assert found_m == pytest.approx(length_m, abs=1e-3)
                for place, found, bearing in ((a, start, azimuth), (b, end, back + 180)):
                    assert found == pytest.approx(
                        ellipsoid.heading(place, np.radians(bearing)), abs=1e-6
                    )


def test_chords_never_promise_more_than_the_arc(oracle: Any) -> None:
    rng = np.random.default_rng(12)
    for reach_m in (1e3, 1e6, 1e7, 1.99e7):
        for _ in range(60):
            lon, lat = oracle.somewhere(rng)
            x, y, _ = oracle.wgs84.fwd(lon, lat, rng.uniform(-180, 180), reach_m)
            a, b = (tuple(ecef(np.array([p]), np.array([q]))[0]) for p, q in ((lon, lat), (x, y)))
            chord = ellipsoid.chord_m(a, b)
            assert ellipsoid.arc_floor_m(chord) <= reach_m + 1e-3
            assert chord <= ellipsoid.chord_floor_m(reach_m) + 1e-6
            assert ellipsoid.arc_floor_m(chord) > reach_m * 0.9


def test_boxes_hold_all_of_a_grown_core(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(21)
    for _ in range(40):
        lon, lat = oracle.somewhere(rng)
        core = oracle.random_core(rng, lon, lat, float(rng.choice([5e3, 3e5, 3e6])))
        radius_m = float(rng.choice([0.0, 10.0, 2e5]))
        packed = pack([shapes.activity("a", shapes.volume(core, radius_m))])
        for point in _points_in(rng, core, lon, lat, oracle):
            x, y, _ = oracle.wgs84.fwd(*point, rng.uniform(-180, 180), radius_m)
            place = ecef(np.array([x]), np.array([y]))[0]
            assert (packed.low[0, :3] <= place + 1e-6).all()
            assert (place - 1e-6 <= packed.high[0, :3]).all()


def _points_in(
    rng: np.random.Generator, core: Core, lon: float, lat: float, oracle: Any
) -> list[tuple[float, float]]:
    points = [position for ring in core.rings for position in ring]
    if core.shape == "Polygon":
        tries = [oracle.walk(rng, lon, lat, 3e6) for _ in range(12)]
        tries += [(0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (-90.0, 0.0), (0.0, 90.0), (0.0, -90.0)]
        points += [place for place in tries if oracle.covers(core, *place)]
    return points


@pytest.mark.parametrize("turn", [100.0, 200.0, 300.0, 360.0])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
def test_a_piece_that_turns_round_the_pole_is_found_all_the_way(
    turn: float, share: float, shapes: Any
) -> None:
    """Its chord says next to nothing of where it goes."""
    arc = shapes.line((-100.0, 89.95), (turn - 100.0, 89.96))
    a = shapes.activity("a", shapes.volume(arc, 0.5))
    place = turn * share - 100.0, 89.95 + 0.01 * share
    b = shapes.activity("b", shapes.volume(shapes.point(*place), 0.5))
    assert between(a, b, NOTHING) is not None


def test_the_box_of_a_long_leg_holds_its_middle(shapes: Any) -> None:
    leg = shapes.activity("a", shapes.volume(shapes.line((-0.2, 0.0), (0.2, 0.0)), 0.5))
    middle = shapes.activity("b", shapes.volume(shapes.point(0.0, 0.0), 0.5))
    assert between(leg, middle, NOTHING) is not None


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (-90.0, 0.0), (0.0, 90.0), (0.0, -90.0)]
)
def test_the_box_of_a_polygon_holds_its_crown(
    place: tuple[float, float], shapes: Any, oracle: Any
) -> None:
    ring = tuple(oracle.wgs84.fwd(*place, bearing, 2e6)[:2] for bearing in (0, 72, 144, 216, 288))
    area = shapes.activity("a", shapes.volume(shapes.polygon(ring, edges=Edges.GEODESIC)))
    crown = shapes.activity("b", shapes.volume(shapes.point(*place), 0.5))
    assert between(area, crown, NOTHING) is not None


def test_plain_and_compiled_kernels_agree_to_the_last_bit(shapes: Any, oracle: Any) -> None:
    rng = np.random.default_rng(31)
    volumes: list[Volume] = []
    for _ in range(14):
        place = oracle.walk(rng, 179.9, 67.0, 60e3)
        size_m = float(rng.uniform(1e3, 90e3))
        volumes.append(shapes.volume(oracle.random_core(rng, *place, size_m), 500.0))
    packed = pack([shapes.activity("a", *volumes)])
    first, second = (np.array(ids, dtype=np.int64) for ids in np.triu_indices(len(volumes), 1))
    answers = []
    for module, boxes in ((kernels, pieces), (compiled_form(kernels), compiled_form(pieces))):
        gaps, places = np.empty(len(first)), np.zeros((len(first), 2))
        low, high = np.empty((len(volumes), 3)), np.empty((len(volumes), 3))
        module.examine(packed.cores, packed.cores, first, second, 20e3, gaps, places, 0, 2**62)
        boxes.bound_boxes(packed.cores, low, high)
        answers.append((gaps.tobytes(), places.tobytes(), low.tobytes(), high.tobytes()))
    assert answers[0] == answers[1]
    pairs = []
    reach = np.full(7, 1e4)
    for module in (filters, compiled_form(filters)):
        out = np.zeros((2, len(volumes) ** 2), dtype=np.int64)
        count = module.cross(packed.low, packed.high, packed.low, packed.high, reach, *out)
        pairs.append((count, out.tobytes()))
    assert pairs[0] == pairs[1]


def test_a_search_that_runs_out_of_steps_is_a_conflict_never_a_miss(
    shapes: Any, oracle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [shapes.line((0.0, lat), (9.0, lat)) for lat in (60.0, 60.1)]
    packed = pack([shapes.activity("a", *(shapes.volume(line) for line in lines))])
    first, second = np.array([0]), np.array([1])
    limit_m = oracle.core_distance_m(*lines) - 0.03

    def gap_m(steps_max: int) -> float:
        monkeypatch.setattr(kernels, "STEPS_MAX", steps_max)
        gaps, places = np.empty(1), np.zeros((1, 2))
        assert (
            kernels.examine(
                packed.cores, packed.cores, first, second, limit_m, gaps, places, 0, 2**62
            )
            == 1
        )
        return float(gaps[0])

    assert gap_m(1_000_000) == np.inf
    assert gap_m(50) == limit_m


def test_plain_kernels_hand_over_what_takes_them_too_long(shapes: Any, oracle: Any) -> None:
    """Two lines of few pieces whose distance is all but the limit take thousands of steps."""
    lines = [shapes.line((0.0, lat), (9.0, lat)) for lat in (60.0, 60.1)]
    a, b = (
        shapes.activity(party, shapes.volume(line)) for party, line in zip("ab", lines, strict=True)
    )
    apart_m = oracle.core_distance_m(*lines)
    assert between(a, b, Separation(apart_m - 0.03, 0.0, 0.0)) is None
    assert between(a, b, Separation(apart_m - 0.005, 0.0, 0.0)) is not None
    packed = pack([a, b])
    pair = np.array([0]), np.array([1])
    gaps, places = np.empty(1), np.zeros((1, 2))
    args = packed.cores, packed.cores, *pair, apart_m - 0.02, gaps, places, 0
    assert kernels.examine(*args, 100) == 0
    assert kernels.examine(*args, 2**62) == 1

"""Suggestions of reports that may be of one event: what must hold whatever the model says."""

import math
from itertools import combinations
from typing import Any

import msgspec
import pytest
from bench.linking.figures import Plain, figures
from bench.linking.planted import Planted, plant
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import LimitError, StateError
from detente.linking import Report, Suggestion, calling, report_of, suggest
from detente.linking.blocking import blocks_of
from detente.linking.reports import words_of
from detente.observations import Observation
from detente.volumes import Core, Shape
from detente.volumes.geodesy import distance_m


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(5, 60, days=3)


@pytest.fixture(scope="module")
def everything(planted: Planted) -> list[Suggestion]:
    """Every pair that is compared at all."""
    return suggest(planted.reports, score_min=0.0, most=100_000)


def test_every_near_pair_of_two_parties_is_compared_and_none_of_one(
    planted: Planted, everything: list[Suggestion]
) -> None:
    compared = [(one.a, one.b) for one in everything]
    assert len(set(compared)) == len(compared) > 0
    assert all(a < b and a.split("/")[0] != b.split("/")[0] for a, b in compared)
    by_id = {one.id: one for one in planted.reports}
    for a, b in combinations(sorted(by_id), 2):
        if by_id[a].party != by_id[b].party and _near(by_id[a], by_id[b]):
            assert (a, b) in set(compared)


def _near(a: Report, b: Report) -> bool:
    apart_s = abs((a.from_s + a.until_s) - (b.from_s + b.until_s)) / 2
    return _apart_m(a, b) <= 27_000 and apart_s <= 43_200


def _apart_m(a: Report, b: Report) -> float:
    return float(distance_m([a.lon], [a.lat], [b.lon], [b.lat])[0])


def test_scores_and_what_speaks_for_them(planted: Planted, everything: list[Suggestion]) -> None:
    by_id = {one.id: one for one in planted.reports}
    assert [one.score for one in everything] == sorted(
        (one.score for one in everything), reverse=True
    )
    for one in everything:
        assert 0 <= one.score <= 1
        # The model reckons on a sphere.
        assert one.distance_m == pytest.approx(_apart_m(by_id[one.a], by_id[one.b]), rel=0.006)
        assert set(one.shared_words) <= {*by_id[one.a].words} & {*by_id[one.b].words}
        assert one.same_kind == (by_id[one.a].kind == by_id[one.b].kind)


def test_the_same_reports_give_the_same_suggestions_but_for_what_is_known(
    planted: Planted, everything: list[Suggestion]
) -> None:
    best = everything[:20]
    assert suggest(planted.reports[::-1], score_min=0.0, most=20) == best
    known = {(one.a, one.b) for one in best[:5]}
    assert suggest(planted.reports, score_min=0.0, most=15, known=known) == best[5:]
    one = best[0]
    joined = [
        msgspec.structs.replace(each, event="e" if each.id in (one.a, one.b) else each.id)
        for each in planted.reports
    ]
    assert suggest(joined, score_min=0.0, most=19) == best[1:]


def test_nothing_to_compare() -> None:
    assert suggest([]) == []


def test_the_library_missing_a_worker_too_slow_and_too_many_reports(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StateError, match="had not answered after"):
        suggest(planted.reports, timeout_s=0.001)
    with monkeypatch.context() as patch:
        patch.setattr(calling, "REPORTS_MAX", 3)
        with pytest.raises(LimitError, match="shorter time"):
            suggest(planted.reports)
    monkeypatch.setattr(calling, "NEEDED", ("no_such_library",))
    with pytest.raises(StateError, match=r"no_such_library.*requirements-linking.lock"):
        suggest(planted.reports)


def test_the_worker_knows_nothing_of_this_process(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DETENTE_TOKEN", "secret")
    assert "DETENTE_TOKEN" not in calling._plain_environment()
    lon: Any = "?"
    wrong = [msgspec.structs.replace(planted.reports[0], lon=lon), *planted.reports[1:3]]
    with pytest.raises(StateError, match="ended with status 1"):
        suggest(wrong)


_REPORT = st.builds(
    Report,
    id=st.just("us/x"),
    party=st.just("us"),
    lon=st.floats(-180, 180),
    lat=st.floats(-89, 89),
    radius_m=st.just(0.0),
    from_s=st.floats(0, 10_000_000),
    until_s=st.just(0.0),
    kind=st.just("other"),
)


@settings(max_examples=200, deadline=None)
@given(_REPORT, st.floats(-0.24, 0.24), st.floats(-26_000, 26_000), st.floats(-43_000, 43_000))
def test_what_is_near_shares_a_block(
    one: Report, north: float, east_m: float, later: float
) -> None:
    east = east_m / 111_320 / max(math.cos(math.radians(one.lat)), 0.01)
    lon = (one.lon + east + 180) % 360 - 180
    lat = min(89.0, max(-89.0, one.lat + north))
    one = msgspec.structs.replace(one, until_s=one.from_s)
    other = msgspec.structs.replace(
        one, lon=lon, lat=lat, from_s=one.from_s + later, until_s=one.from_s + later
    )
    if _apart_m(one, other) <= 26_000:
        shared = [name for name, block in blocks_of(one).items() if blocks_of(other)[name] == block]
        assert shared


def test_precision_and_recall_are_those_of_counting_by_hand(
    planted: Planted, everything: list[Suggestion]
) -> None:
    truth = planted.truth()
    said = Plain(5000.0, 3600.0, same_kind=True).pairs(everything)
    right = wrong = missed = 0
    for pair in combinations(sorted(one.id for one in planted.reports), 2):
        of_one = planted.event_of[pair[0]] == planted.event_of[pair[1]]
        right += of_one and pair in said
        wrong += not of_one and pair in said
        missed += of_one and pair not in said
    found = figures(said, truth)
    assert right
    assert wrong + missed
    assert found.precision == right / (right + wrong)
    assert found.recall == right / (right + missed)
    assert found.f1 == pytest.approx(
        2 * found.precision * found.recall / (found.precision + found.recall)
    )
    assert figures([], []).f1 == figures([], []).precision == 1


def test_the_same_seed_plants_the_same_truth() -> None:
    assert plant(5, 60, days=3) == plant(5, 60, days=3)
    assert plant(6, 60, days=3) != plant(5, 60, days=3)


def test_a_report_of_an_observation() -> None:
    core = Core(Shape.POLYLINE, (((68.0, 37.0), (69.0, 37.5)),))
    one = Observation(
        id="7", kind="quiet", core=core, radius_m=10.0, from_s=0.0, until_s=60.0, how="seen",
        confidence="low", marking="TLP:CLEAR", place="  Ｎizhny Panj", language="ru-RU",
        text="EXERCISE. Тихо; ТИХО in Panj, near Qarluq, 40 boats", district="Qarluq",
        counts={"vehicles": 3, "people": 4},
    )  # fmt: skip
    found = report_of("ru", one)
    assert (found.id, found.lon, found.lat, found.counted) == ("ru/7", 68.5, 37.25, 7)
    assert (found.language, found.words) == ("ru", ("boats", "near", "тихо"))
    assert words_of("a an the_same x here") == ("here", "same")


def test_words_shared_by_chance_do_not_outweigh_unlike_kinds() -> None:
    there: dict[str, Any] = {"lon": 69.1, "lat": 37.24, "radius_m": 800.0, "language": "en"}
    people = Report(
        id="ru/people", party="ru", kind="displacement", from_s=34_200.0, until_s=39_600.0,
        words=("bank", "northern", "people"), **there,
    )  # fmt: skip
    tents = Report(
        id="tj/tents", party="tj", kind="relief-delivery", from_s=43_200.0, until_s=46_800.0,
        words=("bank", "brought", "northern", "tents", "water"), **there,
    )  # fmt: skip
    assert suggest([people, tents]) == []
    [found] = suggest([people, tents], score_min=0.0)
    assert found.weights["kind"] < -6

"""What may be reported: sound words, a place and a time with their uncertainty, not the future."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError
from detente.observations import (
    KINDS,
    Observation,
    check_not_ahead,
    check_observation,
    observation_from_wire,
    observation_to_wire,
    words,
)
from detente.volumes import Core, Edges, Shape

NEVER = ("person", "weapon", "target", "unit", "commander")


def test_every_kind_has_words_in_both_languages_and_names_nobody() -> None:
    assert list(KINDS)[-1] == "other"
    for code, kind in KINDS.items():
        assert {"en", "ru"} <= set(kind.words)
        assert kind.sentence.endswith(".")
        assert not any(word in f"{code} {kind.words['en']} {kind.sentence}" for word in NEVER)
    assert words("quiet", "ru") == "наблюдение: ничего не замечено"
    assert words("quiet", "tg") == "watched, nothing seen"
    assert words("of-a-later-version") == "of-a-later-version"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "Fighting"}, "no code of the taxonomy"),
        ({"kind": ""}, "no code of the taxonomy"),
        ({"how": "rumour"}, "its how 'rumour' is not known"),
        ({"confidence": "certain"}, "its confidence"),
        ({"seeing": "dark"}, "its seeing"),
        ({"marking": "TLP:WHITE"}, "its marking 'TLP:WHITE'"),
        ({"radius_m": -1.0}, "its uncertainty of -1 m"),
        ({"radius_m": float("nan")}, "its uncertainty of nan m"),
        ({"radius_m": 1_000_001.0}, "its uncertainty"),
        ({"from_s": 1_628_469_601.0}, "ends before it begins"),
        ({"from_s": float("-inf")}, "outside the years"),
        ({"at": (68.6, 91.0)}, "latitude"),
        ({"counts": {"Vehicles": 1}}, "its count 'Vehicles'"),
        ({"counts": {"vehicles": -1}}, "its count 'vehicles'"),
        ({"text": "a\0b"}, "characters that are none"),
        ({"place": "\ud800"}, "characters that are none"),
        ({"language": "english"}, "its language"),
        ({"id": "a/b"}, "is not an activity id"),
    ],
)
def test_what_is_unsound_is_refused(observation: Any, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        check_observation(observation(**change), where="here")
    assert says in caught.value.message
    assert caught.value.where == "here"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        {"text": "x" * 4_001},
        {"source": "x" * 301},
        {"counts": {f"thing-{n}": n for n in range(17)}},
    ],
    ids=["text", "source", "counts"],
)
def test_what_is_too_long_is_refused(observation: Any, change: dict[str, Any]) -> None:
    with pytest.raises(LimitError):
        check_observation(observation(**change))


def test_the_future_has_not_been_observed(observation: Any) -> None:
    one = observation()
    for now_s in (one.until_s, one.until_s - 300.0):
        check_not_ahead(one, now_s)
    for now_s in (one.until_s - 301.0, one.from_s - 1000.0):
        with pytest.raises(InputError, match="is in the future"):
            check_not_ahead(one, now_s)


positions = st.tuples(
    st.floats(-179.9, 179.9).map(lambda x: round(x, 7)),
    st.floats(-89.0, 89.0).map(lambda x: round(x, 7)),
)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@settings(max_examples=30, deadline=None)
@given(
    position=positions,
    radius_m=st.floats(0, 1e6),
    kind=st.sampled_from(sorted(KINDS)),
    from_ms=st.integers(0, 2 * 10**12),
    length_ms=st.integers(0, 10**9),
    said=text,
    district=text,
    counts=st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9-]{0,8}\Z"), st.integers(0, 10**9)),
)
def test_what_is_written_is_read_again(
    position: tuple[float, float],
    radius_m: float,
    kind: str,
    from_ms: int,
    length_ms: int,
    said: str,
    district: str,
    counts: dict[str, int],
) -> None:
    one = Observation(
        id="a",
        kind=kind,
        core=Core(Shape.POINT, ((position,),), Edges.GEODESIC),
        radius_m=radius_m,
        from_s=from_ms / 1000,
        until_s=(from_ms + length_ms) / 1000,
        how="seen",
        confidence="low",
        marking="TLP:CLEAR",
        district=district,
        counts=dict(list(counts.items())[:16]),
        text=said,
    )
    check_observation(one)
    assert observation_from_wire("a", "TLP:CLEAR", observation_to_wire(one)) == one

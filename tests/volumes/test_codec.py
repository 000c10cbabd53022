"""Volumes on the wire: what is written is read again, and what a stranger sends is checked."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError
from detente.volumes import Band, Core, Edges, Limit, Reference, Shape, Volume
from detente.volumes.codec import volumes_from_wire, volumes_to_wire

# The example of docs/protocol.md, section 6.
WIRE: dict[str, Any] = {
    "core": {
        "type": "LineString",
        "coordinates": [[68.8, 36.2], [69.1, 36.2]],
        "edges": "geodesic",
    },
    "radius_m": 9260.0,
    "lower": {"value_m": 7315.2, "reference": "STD"},
    "upper": {"value_m": 7924.8, "reference": "STD"},
    "start": "2021-08-09T00:30:00Z",
    "end": "2021-08-09T05:00:00Z",
}


def test_the_example_of_the_protocol() -> None:
    (volume,) = volumes_from_wire([WIRE])
    assert volume == Volume(
        core=Core(Shape.POLYLINE, (((68.8, 36.2), (69.1, 36.2)),), Edges.GEODESIC),
        radius_m=9260.0,
        band=Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD)),
        start_s=1628469000.0,
        end_s=1628485200.0,
    )
    assert volumes_to_wire((volume,)) == [WIRE]


POINT = st.tuples(st.floats(-170, 170), st.floats(-80, 80)).map(
    lambda place: Core(Shape.POINT, ((place,),))
)
SQUARE = st.tuples(st.floats(-180, 180), st.floats(-80, 80), st.floats(0.01, 9)).map(
    lambda at: Core(
        Shape.POLYGON,
        (
            (
                (at[0], at[1]),
                (at[0] + at[2], at[1]),
                (at[0] + at[2], at[1] + at[2]),
                (at[0], at[1] + at[2]),
            ),
        ),
    )
)
LIMITS = st.none() | st.builds(
    Limit, st.floats(-500, 20_000), st.sampled_from([Reference.W84, Reference.MSL, Reference.STD])
)


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    start_ms, length_ms = draw(st.integers(0, 4_000_000_000_000)), draw(st.integers(0, 10**9))
    lower, upper = draw(LIMITS), draw(LIMITS)
    if lower and upper and lower.value_m > upper.value_m:
        lower, upper = upper, lower
    return Volume(
        core=draw(POINT | SQUARE),
        radius_m=draw(st.floats(1, 1e6)),
        band=Band(lower, upper),
        start_s=start_ms / 1000,
        end_s=(start_ms + length_ms) / 1000,
    )


@settings(max_examples=60)
@given(st.lists(volumes(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(some: list[Volume]) -> None:
    text = json.dumps(volumes_to_wire(tuple(some)), allow_nan=False)
    assert volumes_from_wire(json.loads(text)) == tuple(some)


def test_parts_of_a_millisecond_are_rounded_outward() -> None:
    (volume,) = volumes_from_wire([WIRE])
    finer = Volume(volume.core, volume.radius_m, volume.band, 1628469000.0004, 1628485200.0004)
    (wire,) = volumes_to_wire((finer,))
    assert wire["start"] == "2021-08-09T00:30:00Z"
    assert wire["end"] == "2021-08-09T05:00:00.001Z"


@pytest.mark.parametrize(
    "change",
    [
        {"radius_m": "9260"},
        {"radius_m": 10**400},
        {"radius_m": None},
        {"start": 0},
        {"start": "2021-08-09T00:30:00"},
        {"end": "2021-08-08T00:00:00Z"},
        {"lower": {"value_m": 1.0, "reference": "QNH"}},
        {"lower": 5},
        {"core": {"type": "Circle", "coordinates": [], "edges": "straight"}},
        {"core": {"type": "Point", "coordinates": [1.0, 2.0, 3.0], "edges": "straight"}},
        {"core": {"type": "Point", "coordinates": {"lon": 1}, "edges": "straight"}},
        {"core": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]],
                  "edges": "straight"}},
        {"core": {"type": "Polygon", "coordinates": [], "edges": "straight"}},
        {"core": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]],
                  "edges": "straight"}},
    ],
)  # fmt: skip
def test_what_is_not_a_volume_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        volumes_from_wire([WIRE, {**WIRE, **change}], where="body")
    assert caught.value.where.startswith("body: volume 2")
    assert caught.value.remedy


@pytest.mark.parametrize("value", [None, [], {}, "x", 5, [None], [[]], [{}]])
def test_what_is_not_a_list_of_volumes_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        volumes_from_wire(value)


def test_too_many_volumes_are_over_the_limit() -> None:
    with pytest.raises(LimitError, match="5001 volumes"):
        volumes_from_wire([WIRE] * 5001)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*WIRE, "type", "coordinates"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=80)
@given(JSON, st.sampled_from(sorted(WIRE)))
def test_nothing_but_an_input_error_comes_of_any_json(value: object, field: str) -> None:
    for wire in (value, [value], [{**WIRE, field: value}]):
        with contextlib.suppress(InputError):
            volumes_from_wire(wire)

"""A collection taken apart piece by piece is what a parser makes of the whole of it."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError
from detente.formats import geojson, read_bytes, stretches
from detente.formats.jsontext import decode_items, decode_json, decode_utf8
from detente.formats.reading import CutError, Gathering

NASTY = st.text(st.sampled_from('ab"\\{}[],: \n\té\U0001f6e9'), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=8,
)
FEATURES = st.lists(st.dictionaries(NASTY, VALUES, max_size=3) | VALUES, max_size=8)
BESIDE = st.dictionaries(NASTY, VALUES, max_size=2)


def taken_apart(text: bytes) -> tuple[list[Any], Any]:
    """The items one by one, each decoded by itself, and what stands beside them."""
    collection = stretches.Collection(io.BytesIO(text))
    items: list[Any] = []
    for stretch in collection.stretches():
        assert stretch.first == len(items) + 1
        (whole,) = stretch.records
        items += decode_json("[" + decode_utf8(whole) + "]")
        assert len(items) == stretch.first + stretch.size - 1
    return items, collection.document


def _take(text: bytes, items: list[Any]) -> None:
    for stretch in stretches.Collection(io.BytesIO(text)).stretches():
        items += decode_json("[" + decode_utf8(stretch.records[0]) + "]")


def _odd(items: list[Any]) -> bool:
    """Whether there is anything but objects."""
    return not all(isinstance(item, dict) for item in items)


@given(
    features=st.lists(st.dictionaries(NASTY, VALUES, max_size=3), max_size=8),
    before=BESIDE,
    after=BESIDE,
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    size=st.sampled_from([1, 7, 64, 4096]),
)
@settings(max_examples=150, deadline=None)
def test_features_are_what_a_parser_of_the_whole_finds(
    features: list[Any],
    before: dict[str, Any],
    after: dict[str, Any],
    indent: int | None,
    ascii_only: bool,
    size: int,
) -> None:
    document = {**before, "features": features, **after}
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH_BYTES", size)
        items, beside = taken_apart(text)
    assert items == features
    assert beside == {**document, "features": []}


@given(features=FEATURES, indent=st.sampled_from([None, 1]), data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_among_the_features_none_of_them_is_lost_in_silence(
    features: list[Any], indent: int | None, data: st.DataObject
) -> None:
    text = json.dumps({"features": features}, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH_BYTES", data.draw(st.sampled_from([1, 50])))
        try:
            items, _ = taken_apart(text)
        except InputError:
            assert _odd(features)
        else:
            assert items == features


def test_a_text_cut_short_anywhere_says_so_and_keeps_what_was_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 16)
    features = [{"name": 'a}]"{', "at": [1, {"b": "\\"}]}, {"c": {}}, {"d": "e"}]
    text = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    begins = text.index(b"[") + 1
    for end in range(begins, len(text)):
        items: list[Any] = []
        with pytest.raises(InputError) as caught:
            _take(text[:end], items)
        assert items == features[: len(items)]
        assert isinstance(caught.value, CutError) == (end < len(text) - 1), end


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a" :2}',
        b'{"a":{"b":1,\n"b"\t:2}}',
        b'{"a":[1,{"b":1,"b":1}]}',
        b'{"a":NaN}',
        b'{"a":1}{"b":2}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 20 + b"]" * 20 + b"}",
    ],
)
def test_what_is_not_certain_is_not_decoded_the_fast_way(text: bytes) -> None:
    assert decode_items(text) is None


@given(value=VALUES)
@settings(max_examples=100, deadline=None)
def test_the_fast_way_says_what_the_slow_way_says_or_nothing(value: Any) -> None:
    text = json.dumps([value])[1:-1].encode()
    assert decode_items(text) in (None, [value])


BAD = b'{"type":"Feature","properties":{"id":"b",}}'


@pytest.mark.parametrize(
    ("middle", "what"),
    [
        (BAD, "is not JSON"),
        (b'{"type":"Feature","type":"Feature"}', "stands twice"),
        (b'{"type":"Feature","properties":{"id":"b","start":NaN}}', "geometry"),
        (b"null", "not a Feature"),
        (b'"{"', "not a Feature"),
        (b"[[1,2]]", "not a Feature"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "nested more than 16 deep"),
    ],
)
@pytest.mark.parametrize("size", [20, 2**20])
def test_one_bad_feature_in_the_middle_is_named_and_the_others_are_used(
    middle: bytes, what: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", size)
    good = [json.dumps(_feature(name)).encode() for name in "acde"]
    text = b",\n".join([good[0], middle, *good[1:]])
    reading = read_bytes("us.geojson", b'{"type":"FeatureCollection","features":[%b]}' % text)
    assert [one.id for one in reading.activities] == ["a", "c", "d", "e"]
    (error,) = reading.bad
    assert error.where.startswith("us.geojson: feature 2")
    assert what in error.message
    assert [item.why for item in reading.dropped] == [error.message]


@pytest.mark.parametrize(
    ("between", "what"),
    [(b" ", "comma"), (b",,", "comma"), (b"]", "JSON"), (b'"', "does not end"), (b":", "comma")],
)
def test_what_parts_features_is_a_comma_and_nothing_else(
    between: bytes, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "MAX_ITEM_BYTES", 2000)
    two = between.join(json.dumps(_feature(name)).encode() for name in "ab")
    for size in (20, 2**20):
        monkeypatch.setattr(stretches, "STRETCH_BYTES", size)
        reading = read_bytes("us.geojson", b'{"type":"FeatureCollection","features":[%b]}' % two)
        assert reading.bad, size
        assert reading.dropped


def test_a_sequence_is_read_as_a_collection_is(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [json.dumps(_feature(name)) for name in "abc"]
    texts.insert(1, "{]")
    whole = "".join(f"{text}\n" for text in texts)
    marked = "".join(f"\x1e{text}\n" for text in texts)
    spread = "".join(f"\x1e{json.dumps(_feature(name), indent=2)}\n" for name in "abc")
    for size in (4, 30, 2**20):
        monkeypatch.setattr(stretches, "STRETCH_BYTES", size)
        for name, text in (("us.geojsonl", whole), ("us.geojsons", marked)):
            for coded in (text.encode(), text.encode("utf-8-sig"), text.rstrip().encode()):
                reading = read_bytes(name, coded)
                assert [one.id for one in reading.activities] == ["a", "b", "c"]
                assert [error.where for error in reading.bad] == [f"{name}: feature 2"]
        assert len(read_bytes("us.geojsons", spread.encode()).activities) == 3
    both = "{},{}\n" + texts[0]
    assert [error.where for error in read_bytes("us.geojsonl", both.encode()).bad] == [
        "us.geojsonl: feature 1"
    ]


def test_a_record_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MAX_ITEM_BYTES", 10_000)
    text = json.dumps(_feature("a")) + "\n" + "x" * 3_000_000
    reading = read_bytes("us.geojsonl", text.encode())
    assert [one.id for one in reading.activities] == ["a"]
    assert "feature 2 does not end" in reading.bad[0].message


def test_odd_texts_of_a_stretch_are_told_apart() -> None:
    gathering = Gathering("x", "us")
    text = b'{"type":"Feature","properties":{"id":"b",}}, 5, [7'
    geojson.read_stretch(stretches.Stretch(4, 3, [text]), gathering)
    reading = gathering.reading()
    assert [error.where for error in reading.bad] == ["x: feature 4", "x: feature 5"]
    assert [error.message.split(":")[0] for error in reading.bad] == ["is not JSON"] * 2


def _feature(name: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [68.8, 36.5]},
        "properties": {
            "id": name,
            "radius_m": 500,
            "start": "2021-08-09T00:30:00Z",
            "end": "2021-08-09T05:00:00Z",
        },
    }

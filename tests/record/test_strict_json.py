"""Strict JSON: what could be read in two ways is not read at all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError
from detente.record import strict_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert strict_json.loads(strict_json.canonical(value), 1 << 20) == value


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_it_reads_what_a_plain_reader_reads(value: Any) -> None:
    text = json.dumps(value, indent=2).encode()
    assert strict_json.loads(text, 1 << 20) == json.loads(text)


def test_canonical_bytes_are_sorted_tight_and_unescaped() -> None:
    value = {"б": [1, 2.5, None], "a": {"z": True, "y": "é\n"}}
    assert strict_json.canonical(value).decode() == '{"a":{"y":"é\\n","z":true},"б":[1,2.5,null]}'


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\ud800", {"\udfff": 1}])
def test_canonical_refuses_what_json_in_utf8_cannot_hold(value: Any) -> None:
    with pytest.raises(InputError):
        strict_json.canonical(value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a":1,"a":1}', "twice"),
        (b'[{"b":{"a":1,"c":2,"a":3}}]', "'a' stands twice"),
        (b'{"a":1,"\\u0061":2}', "twice"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b"1e999", "range"),
        (b"-1e999", "range"),
        (b'"\\ud800"', "surrogate"),
        (b'["\\udc00\\ud800"]', "surrogate"),
        (b'{"\\ud83d":1}', "surrogate"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b'"\xc0\xaf"', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"9007199254740992", "2^53"),
        (b"-9007199254740992", "2^53"),
        (b"1" * 100_000, "2^53"),
        (b"", "not JSON"),
        (b"{} {}", "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[1 2]", "not JSON"),
        (b"01", "not JSON"),
        (b"+1", "not JSON"),
        (b".5", "not JSON"),
        (b'"\x00"', "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b'"\\x"', "not JSON"),
        (b"// no\n{}", "not JSON"),
        ("[٣]".encode(), "not JSON"),
    ],
)
def test_it_refuses(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("^", r"\^")) as caught:
        strict_json.loads(data, 1 << 20)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert strict_json.loads(b'"\\ud83d\\ude80"', 100) == "\U0001f680"


@pytest.mark.parametrize("limit", [2**53 - 1, -(2**53) + 1])
def test_the_largest_integers_are_kept_exactly(limit: int) -> None:
    assert strict_json.loads(str(limit).encode(), 100) == limit


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_sixteen_is_read_and_seventeen_is_not(opening: str, closing: str) -> None:
    def nested(depth: int) -> bytes:
        # The innermost holds a scalar, which is no level of its own.
        return (opening * depth + "1" + closing * depth).encode()

    assert strict_json.loads(nested(16), 1 << 20)
    for depth in (17, 1000, 200_000):
        with pytest.raises(LimitError, match="deeper than 16"):
            strict_json.loads(nested(depth), 1 << 21)


def test_an_empty_list_at_level_seventeen_is_too_deep() -> None:
    with pytest.raises(LimitError):
        strict_json.loads(b"[" * 17 + b"]" * 17, 100)


def test_the_limit_of_bytes_is_the_limit() -> None:
    assert strict_json.loads(b'"123"', 5) == "123"
    with pytest.raises(LimitError, match="6 bytes"):
        strict_json.loads(b'"1234"', 5)
    with pytest.raises(LimitError):
        # The limit is in bytes, not in characters.
        strict_json.loads('"ё12"'.encode(), 5)

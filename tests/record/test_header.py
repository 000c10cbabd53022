"""Headers: exactly the fields of the protocol, and the bytes that were sent."""

import json
from typing import Any

import pytest

from detente.errors import LimitError, RecordError
from detente.record import Header, Seen, decode_header, encode_header

GOOD: dict[str, Any] = {
    "v": 1,
    "line": "5b" * 32,
    "party": "us",
    "index": 3,
    "type": "activity.release",
    "time": "2026-11-22T08:00:00.123Z",
    "seen": {"ru": {"size": 5, "root": "00" * 32}},
    "about": {"activity": "orbit-1", "version": 1},
    "body_sha256": "ab" * 32,
}
OTHERS = [f"p{n}" for n in range(16)]


def encoded(**change: Any) -> bytes:
    return json.dumps(GOOD | change).encode()


def test_a_header_is_read_as_it_was_written() -> None:
    header = decode_header(encoded())
    assert header == Header(
        v=1,
        line="5b" * 32,
        party="us",
        index=3,
        type="activity.release",
        time="2026-11-22T08:00:00.123Z",
        seen={"ru": Seen(size=5, root="00" * 32)},
        about={"activity": "orbit-1", "version": 1},
        body_sha256="ab" * 32,
    )


def test_wire_bytes() -> None:
    """The protocol's example, byte for byte."""
    assert encode_header(decode_header(encoded())) == (
        b'{"about":{"activity":"orbit-1","version":1},"body_sha256":"' + b"ab" * 32 + b'",'
        b'"index":3,"line":"' + b"5b" * 32 + b'","party":"us",'
        b'"seen":{"ru":{"root":"' + b"00" * 32 + b'","size":5}},'
        b'"time":"2026-11-22T08:00:00.123Z","type":"activity.release","v":1}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"index": 0},
        {"index": 2**53 - 1},
        {"seen": {}},
        {"seen": {name: {"size": 0, "root": "00" * 32} for name in OTHERS[:15]}},
        {"about": {}},
        {"type": "something.quite-new"},
        {"party": "a" * 32},
        {"time": "2026-11-22T08:00:00Z"},
        {"time": "2026-11-22T08:00:00.5Z"},
        {"time": "2024-02-29T23:59:59.999Z"},
    ],
)
def test_accepted(change: dict[str, Any]) -> None:
    header = decode_header(encoded(**change))
    assert decode_header(encode_header(header)) == header


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": "1"},
        {"v": True},
        {"v": 1.0},
        {"line": "5B" * 32},
        {"line": "5b" * 31},
        {"line": "5b" * 32 + "\n"},
        {"party": "Us"},
        {"party": ""},
        {"party": "1us"},
        {"party": "us\n"},
        {"party": "uś"},
        {"party": "a" * 33},
        {"index": -1},
        {"index": 3.0},
        {"index": True},
        {"index": "3"},
        {"index": 2**53},
        {"index": None},
        {"type": ""},
        {"type": "Message"},
        {"type": "a b"},
        {"type": "a" * 65},
        {"time": 1795334400},
        {"time": "2026-11-22"},
        {"time": "2026-11-22T08:00:00"},
        {"time": "2026-11-22T08:00:00+00:00"},
        {"time": "2026-11-22 08:00:00Z"},
        {"time": "2026-11-22T08:00:00z"},
        {"time": "2026-11-22T08:00:00.Z"},
        {"time": "2026-11-22T08:00:00.1234Z"},
        {"time": "2026-11-22T08:00:00Z\n"},
        {"time": "2026-02-29T08:00:00Z"},
        {"time": "2026-11-22T24:00:00Z"},
        {"time": "2026-11-22T08:00:60Z"},
        {"time": "1899-12-31T23:59:59Z"},
        {"time": "2200-01-01T00:00:00Z"},
        {"time": "２０２６-11-22T08:00:00Z"},
        {"seen": None},
        {"seen": []},
        {"seen": {"us": {"size": 1, "root": "00" * 32}}},
        {"seen": {"Ru": {"size": 1, "root": "00" * 32}}},
        {"seen": {"ru": {"size": -1, "root": "00" * 32}}},
        {"seen": {"ru": {"size": 1}}},
        {"seen": {"ru": {"size": 1, "root": "00" * 32, "note": ""}}},
        {"seen": {"ru": {"size": 1, "root": "0"}}},
        {"seen": {name: {"size": 0, "root": "00" * 32} for name in OTHERS}},
        {"about": None},
        {"about": []},
        {"about": "text"},
        {"body_sha256": "ab"},
        {"body_sha256": None},
        {"target": "anything"},
    ],
)
def test_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError) as caught:
        decode_header(encoded(**change))
    assert caught.value.where.startswith("header")
    assert caught.value.remedy


@pytest.mark.parametrize("field", GOOD)
def test_every_field_is_required(field: str) -> None:
    with pytest.raises(RecordError, match=field):
        decode_header(json.dumps({k: v for k, v in GOOD.items() if k != field}).encode())


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b'"text"', b"{", b"\xff"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        decode_header(data)


def test_ambiguous_json_is_refused() -> None:
    for data in (
        encoded()[:-1] + b',"index":4}',
        encoded(about={}).replace(b'"about": {}', b'"about": {"x": NaN}'),
        encoded(about={"x": "\ud800"}),
    ):
        with pytest.raises(RecordError):
            decode_header(data)


def test_a_header_is_at_most_16_kib() -> None:
    spare = 16 * 1024 - len(encoded(about={"x": ""}))
    assert decode_header(encoded(about={"x": "a" * spare}))
    with pytest.raises(LimitError, match="16384"):
        decode_header(encoded(about={"x": "a" * (spare + 1)}))


def test_depth_counts_from_the_header_itself() -> None:
    # The header is level 1 and ``about`` level 2, which leaves 14 below.
    def about(levels: int) -> Any:
        return json.loads('{"x":' * levels + "1" + "}" * levels)

    assert decode_header(encoded(about=about(15)))
    with pytest.raises(LimitError, match="deeper"):
        decode_header(encoded(about=about(16)))

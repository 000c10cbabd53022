"""DSSE envelopes: the published encoding, one spelling, one signature."""

import json
from typing import Any

import pytest

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import Envelope, SigningKey, sign_envelope
from detente.record.envelope import pae

KIND = "application/vnd.example+json"


def read(value: object, limit_bytes: int = 100) -> Envelope:
    return Envelope.from_wire(value, payload_type=KIND, limit_bytes=limit_bytes)


@pytest.fixture
def wire(us: SigningKey) -> dict[str, Any]:
    return sign_envelope(us, KIND, b'{"a":1}').to_wire()


@pytest.mark.parametrize(
    ("payload_type", "payload", "encoded"),
    [
        # The vector of DSSE's protocol.md.
        (
            "http://example.com/HelloWorld",
            b"hello world",
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        ),
        ("", b"", b"DSSEv1 0  0 "),
        # Lengths are of bytes, not of characters.
        ("тип", "ё".encode(), "DSSEv1 6 тип 2 ё".encode()),
    ],
)
def test_pae(payload_type: str, payload: bytes, encoded: bytes) -> None:
    assert pae(payload_type, payload) == encoded


def test_type_and_payload_cannot_run_into_each_other() -> None:
    assert pae("a", b"b 1 c") != pae("a b", b"1 c")


def test_the_signature_is_over_the_pae(us: SigningKey, ru: SigningKey) -> None:
    envelope = sign_envelope(us, KIND, b'{"a":1}')
    assert envelope.sig == us.sign(b'DSSEv1 28 application/vnd.example+json 7 {"a":1}')
    envelope.verify(us.public)
    with pytest.raises(SignatureError):
        envelope.verify(ru.public)


def test_round_trip(us: SigningKey, wire: dict[str, Any]) -> None:
    envelope = sign_envelope(us, KIND, b'{"a":1}')
    assert read(wire) == envelope
    again = Envelope.from_json(envelope.to_json(), payload_type=KIND, limit_bytes=1000)
    assert again == envelope
    assert json.loads(envelope.to_json()) == wire


def test_another_type_is_refused(wire: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="signed as"):
        Envelope.from_wire(wire, payload_type="application/other", limit_bytes=100)


def test_the_type_is_signed(us: SigningKey, wire: dict[str, Any]) -> None:
    wire["payloadType"] = "application/other"
    relabelled = Envelope.from_wire(wire, payload_type="application/other", limit_bytes=100)
    with pytest.raises(SignatureError):
        relabelled.verify(us.public)


def test_a_wrong_key_id_is_refused_even_over_a_good_signature(
    us: SigningKey, ru: SigningKey, wire: dict[str, Any]
) -> None:
    wire["signatures"][0]["keyid"] = ru.public.keyid
    with pytest.raises(SignatureError, match="not by"):
        read(wire).verify(us.public)


@pytest.mark.parametrize("count", [0, 2, 3])
def test_not_exactly_one_signature_is_refused(wire: dict[str, Any], count: int) -> None:
    wire["signatures"] = wire["signatures"] * count
    with pytest.raises(RecordError, match="signatures"):
        read(wire)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"payload": 7},
        {"payload": None},
        {"payloadType": None},
        {"signatures": {}},
        {"signatures": [7]},
        {"signatures": [{"keyid": "00" * 32}]},
        {"signatures": [{"keyid": "00" * 32, "sig": "AA==", "cert": ""}]},
        {"signatures": [{"keyid": "00" * 31, "sig": "AA=="}]},
        {"signatures": [{"keyid": "AB" * 32, "sig": "AA=="}]},
        {"signatures": [{"keyid": "00" * 32 + "\n", "sig": "AA=="}]},
    ],
)
def test_other_fields_are_refused(wire: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        read(wire | change)


@pytest.mark.parametrize("missing", ["payload", "payloadType", "signatures"])
def test_missing_fields_are_refused(wire: dict[str, Any], missing: str) -> None:
    del wire[missing]
    with pytest.raises(RecordError, match=missing):
        read(wire)


@pytest.mark.parametrize("value", [None, 7, "text", [], [{}]])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(RecordError):
        read(value)


@pytest.mark.parametrize(
    "text",
    [
        "eyJhIjoxfQ",  # no padding
        "eyJhIjoxfQ=",  # too little
        "eyJhIjoxfQ===",  # too much
        "eyJhIjoxfR==",  # spare bits set: decodes to the same bytes
        "eyJhIjoxfQ==\n",
        "eyJh Ijox fQ==",
        "eyJhIjoxfQ==eyJh",
        "-_-_",  # the alphabet for URLs
        "eyJhIjoxf",
        "ыыыы",
        "\ud800aaa",
    ],
)
def test_base64_has_one_spelling(wire: dict[str, Any], text: str) -> None:
    with pytest.raises(RecordError, match="base64"):
        read(wire | {"payload": text})
    wire["signatures"][0]["sig"] = text
    with pytest.raises(RecordError, match="base64"):
        read(wire)


def test_the_payload_is_limited_exactly(us: SigningKey) -> None:
    for length in range(7, 13):
        wire = sign_envelope(us, KIND, b"x" * length).to_wire()
        if length <= 9:
            assert read(wire, limit_bytes=9).payload == b"x" * length
        else:
            with pytest.raises(LimitError, match="at most 9"):
                read(wire, limit_bytes=9)


def test_the_json_is_limited(us: SigningKey) -> None:
    data = sign_envelope(us, KIND, b"{}").to_json()
    Envelope.from_json(data, payload_type=KIND, limit_bytes=len(data))
    with pytest.raises(LimitError):
        Envelope.from_json(data, payload_type=KIND, limit_bytes=len(data) - 1)

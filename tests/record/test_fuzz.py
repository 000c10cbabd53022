"""Every reader of the record, fed with anything: it reads it, or refuses it in its own words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detente.record import (
    Envelope,
    Header,
    SigningKey,
    checkpoint,
    decode_header,
    open_card,
    read_entry,
    sign_envelope,
    strict_json,
)
from detente.record.card import CARD_TYPE
from detente.record.note import parse_note, parse_signature

Refused = Callable[..., bool]

SETTINGS = settings(max_examples=150, deadline=None)

# Lone surrogates among the characters: text may come from elsewhere than our own JSON reader.
TEXT = st.text(st.characters() | st.sampled_from("\n— +\ud800"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with a few stretches replaced, left out, or put elsewhere."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.binary(max_size=20) | st.just(data[start:end] * 2))
        data = data[:start] + piece + data[end:]
    return data


@st.composite
def regrafted(draw: st.DrawFn, value: Any) -> Any:
    """JSON values with one of them replaced by anything, or a key taken out, put in or renamed."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        how = draw(st.sampled_from(["deeper", "deeper", "deeper", "out", "in", "rename"]))
        rest = {k: v for k, v in value.items() if k != key}
        if how == "out":
            return rest
        if how == "in":
            return value | {draw(TEXT): draw(VALUES)}
        if how == "rename":
            return rest | {draw(TEXT): value[key]}
        return rest | {key: draw(regrafted(value[key]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [draw(regrafted(value[0])), *value[1:]] * draw(st.integers(0, 2))
    return draw(VALUES)


@SETTINGS
@given(st.data())
def test_json(refused: Refused, data: st.DataObject) -> None:
    raw = data.draw(st.binary() | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))
    refused(strict_json.loads, raw, 1000)


@pytest.mark.parametrize("escaped", [False, True])
def test_json_of_any_value(refused: Refused, escaped: bool) -> None:
    @SETTINGS
    @given(VALUES)
    def read(value: Any) -> None:
        text = json.dumps(value, ensure_ascii=escaped)
        refused(strict_json.loads, text.encode("utf-8", "surrogatepass"), 100_000)

    read()


@SETTINGS
@given(st.data())
def test_bundles(refused: Refused, us: SigningKey, bundle: bytes, data: st.DataObject) -> None:
    def key_of(header: Header) -> Any:
        return {"us": us.public}[header.party]

    # White space between the parts may change; what is said may not.
    entry = read_entry(bundle, key_of)
    for raw in (data.draw(st.binary()), data.draw(mutated(bundle))):
        assert refused(read_entry, raw, key_of) or read_entry(raw, key_of) == entry
    value = data.draw(VALUES | regrafted(json.loads(bundle)))
    assert refused(read_entry, value, key_of) or read_entry(value, key_of) == entry


@SETTINGS
@given(st.data())
def test_headers(refused: Refused, bundle: bytes, us: SigningKey, data: st.DataObject) -> None:
    header = read_entry(bundle, lambda _: us.public).envelope.payload
    refused(decode_header, data.draw(st.binary() | mutated(header)))
    value = data.draw(regrafted(json.loads(header)))
    refused(decode_header, json.dumps(value).encode())


@SETTINGS
@given(st.data())
def test_envelopes(refused: Refused, bundle: bytes, data: st.DataObject) -> None:
    envelope = json.loads(bundle)["envelope"]
    kind = envelope["payloadType"]
    raw = data.draw(st.binary() | mutated(json.dumps(envelope).encode()))
    refused(Envelope.from_json, raw, payload_type=kind, limit_bytes=1000)
    value = data.draw(VALUES | regrafted(envelope))
    refused(Envelope.from_wire, value, payload_type=kind, limit_bytes=1000)


@SETTINGS
@given(st.data())
def test_cards(refused: Refused, card: bytes, data: st.DataObject) -> None:
    raw = data.draw(st.binary() | mutated(card))
    opened = open_card(card)
    assert refused(open_card, raw) or open_card(raw) == replace(opened, raw=raw)


@SETTINGS
@given(st.data())
def test_cards_well_signed(refused: Refused, us: SigningKey, data: st.DataObject) -> None:
    """What is inside the signature comes from strangers too."""
    payload = data.draw(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
    refused(open_card, sign_envelope(us, CARD_TYPE, payload).to_json())


@SETTINGS
@given(st.data())
def test_notes(refused: Refused, us: SigningKey, note: str, data: st.DataObject) -> None:
    changed = data.draw(mutated(note.encode())).decode("utf-8", "surrogateescape")
    origin = note.partition("\n")[0]
    for text in (data.draw(TEXT), changed):
        refused(parse_note, text)
        refused(checkpoint.cosignatures_of, text)
        refused(checkpoint.cosign, us, "us", text, 1)
        assert refused(checkpoint.open_checkpoint, text, us.public, origin) or (
            checkpoint.open_checkpoint(text, us.public, origin)
            == checkpoint.open_checkpoint(note, us.public, origin)
        )


@SETTINGS
@given(st.data())
def test_cosignatures(refused: Refused, us: SigningKey, note: str, data: st.DataObject) -> None:
    line = checkpoint.cosign(us, "us", note, 1795334400)
    changed = data.draw(mutated(line.encode())).decode("utf-8", "surrogateescape")
    for text in (data.draw(TEXT), changed):
        refused(parse_signature, text)
        refused(checkpoint.cosigner_of, text)
        refused(checkpoint.with_cosignatures, note, [text])
        verified = not refused(checkpoint.verify_cosignature, text, note, "us", us.public)
        assert not verified or text == line
        refused(checkpoint.verify_cosignature, line, text, "us", us.public)


@SETTINGS
@given(st.binary(max_size=200))
def test_key_files(refused: Refused, data: bytes) -> None:
    assert refused(SigningKey.from_pem, data)
    framed = b"-----BEGIN PRIVATE KEY-----\n" + data + b"\n-----END PRIVATE KEY-----\n"
    assert refused(SigningKey.from_pem, framed)

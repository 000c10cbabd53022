"""Party cards: self-signed, exact, and with a fingerprint two people can read out."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import SigningKey, make_card, open_card, sign_envelope
from detente.record.card import CARD_TYPE


def payload_of(card: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(base64.b64decode(json.loads(card)["payload"]))
    return payload


def signed(key: SigningKey, payload: dict[str, Any]) -> bytes:
    """A card with any payload, well signed."""
    return sign_envelope(key, CARD_TYPE, json.dumps(payload).encode()).to_json()


def test_what_is_made_is_opened(us: SigningKey, card: bytes, ca: str) -> None:
    opened = open_card(card)
    assert opened.raw == card
    assert opened.public == us.public
    assert (opened.card.party, opened.card.name) == ("us", "Deconfliction cell, Gulf")
    assert (opened.card.ca, opened.card.endpoint) == (ca, "https://192.0.2.1:7443")
    assert opened.card.languages == ("en",)


def test_wire_bytes(us: SigningKey, card: bytes, ca: str) -> None:
    assert json.loads(card)["payloadType"] == "application/vnd.detente.card.v1+json"
    assert payload_of(card) == {
        "v": 1,
        "party": "us",
        "name": "Deconfliction cell, Gulf",
        "sign_key": base64.b64encode(us.public.raw).decode(),
        "ca": ca,
        "endpoint": "https://192.0.2.1:7443",
        "languages": ["en"],
    }


def test_the_fingerprint_is_of_the_payload(card: bytes) -> None:
    payload = base64.b64decode(json.loads(card)["payload"])
    fingerprint = open_card(card).fingerprint
    groups = fingerprint.split(" ")
    assert [len(group) for group in groups] == [4] * 8
    assert bytes.fromhex(fingerprint) == hashlib.sha256(payload).digest()[:16]


def test_no_byte_of_a_card_can_be_changed(
    card: bytes, spoilt: Callable[[bytes], Iterator[bytes]], refused: Callable[..., bool]
) -> None:
    accepted = [data for data in spoilt(card) if not refused(open_card, data)]
    assert accepted == []


def test_a_card_is_signed_with_the_key_it_carries(ru: SigningKey, card: bytes) -> None:
    """Somebody else's key in a card signed by oneself, which would claim that key."""
    with pytest.raises(SignatureError, match="card of us"):
        open_card(signed(ru, payload_of(card)))


def test_fields_of_later_cards_are_ignored(us: SigningKey, card: bytes) -> None:
    assert open_card(signed(us, payload_of(card) | {"radio": "VHF"})).card.party == "us"


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"party": "US"},
        {"name": ""},
        {"name": "x" * 201},
        {"name": " us"},
        {"name": "us\n"},
        {"name": "us\u202efr"},
        {"sign_key": ""},
        {"sign_key": "AAAA"},
        {"sign_key": base64.b64encode(bytes(32)).decode()},
        {"sign_key": base64.b64encode(b"\1" + bytes(31)).decode()},
        {"ca": ""},
        {"ca": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
        {"ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" * 2},
        {"ca": "words before\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        {"languages": []},
        {"languages": "en"},
        {"languages": ["english"]},
        {"languages": ["en\n"]},
        {"languages": ["en"] * 17},
    ],
)
def test_refused(us: SigningKey, card: bytes, change: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        open_card(signed(us, payload_of(card) | change))


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://node.example:7443",
        "https://192.0.2.1:1",
        "https://[2001:db8::1]:65535",
        "https://Node.Example:443",
    ],
)
def test_endpoints(us: SigningKey, card: bytes, endpoint: str) -> None:
    opened = open_card(signed(us, payload_of(card) | {"endpoint": endpoint}))
    assert opened.card.endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "node.example:7443",
        "http://node.example:7443",
        "https://node.example",
        "https://:7443",
        "https://node.example:0",
        "https://node.example:07443",
        "https://nödé.example:7443",
        "https://node.example:65536",
        "https://node.example:x",
        "https://node.example:٧",
        "https://user@node.example:7443",
        "https://user:pw@node.example:7443",
        "https://node.example:7443/",
        "https://node.example:7443/path",
        "https://node.example:7443?q",
        "https://node.example:7443#f",
        "https://node example:7443",
        "https://node.example:7443\n",
        "https://node.\texample:7443",
        "https://node.example\\x:7443",
        "https://[2001:db8::1:7443",
        "file:///etc/passwd",
        "https://" + "a" * 300 + ":1",
    ],
)
def test_other_endpoints_are_refused(us: SigningKey, card: bytes, endpoint: str) -> None:
    with pytest.raises(RecordError):
        open_card(signed(us, payload_of(card) | {"endpoint": endpoint}))


def test_a_card_is_at_most_32_kib(us: SigningKey, card: bytes) -> None:
    filler = {"later": "x" * 20_000}
    assert open_card(signed(us, payload_of(card) | filler))
    with pytest.raises(LimitError, match="32768"):
        open_card(signed(us, payload_of(card) | {"later": "x" * 32_768}))


def test_what_cannot_be_opened_is_not_made(us: SigningKey, ca: str) -> None:
    good: dict[str, Any] = {
        "party": "us", "name": "Cell", "ca": ca, "endpoint": "https://a.example:1",
        "languages": ["en", "ru"],
    }  # fmt: skip
    assert make_card(us, **good)
    changes: list[dict[str, Any]] = [
        {"party": "U"}, {"ca": ""}, {"endpoint": "x"}, {"languages": []},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(RecordError):
            make_card(us, **good | change)

"""Party cards: how a party introduces itself, once, over a channel outside this protocol.

A card is a DSSE envelope signed with the very key it carries::

    {"v":1,"party":"us","name":"Deconfliction cell, Gulf","sign_key":"b64","ca":"-----BEGIN …",
     "endpoint":"https://192.0.2.1:7443","languages":["en"],"ml_dsa_44_key":"b64",
     "x_wing_key":"b64"}

That signature shows only that the sender holds the key. Who the sender is, two operators establish
by reading each other the *fingerprint*: the first 16 bytes of the SHA-256 of the payload.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente.errors import RecordError, SignatureError
from detente.record.envelope import Envelope, sign_envelope
from detente.record.keys import PublicKey, SigningKey
from detente.record.mldsa import MlDsaPublicKey
from detente.record.reading import (
    PartyId,
    decode_base64,
    encode_base64,
    read_json,
    read_struct,
)
from detente.record.sealing import SealingPublicKey
from detente.record.strict_json import canonical
from detente.volumes.printable import is_printable

CARD_TYPE = "application/vnd.detente.card.v1+json"
MAX_CARD_BYTES = 32 * 1024

_ONE_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n?"
)
_ENDPOINT = re.compile(
    r"https://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>[1-9][0-9]{0,4})"
)

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A language tag (BCP 47), such as ``en`` or ``zh-Hant``."""


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a card says. Fields of later versions of the card are ignored.

    ``sign_key`` is the base64 of the raw public key, ``ca`` one certificate in PEM, ``endpoint``
    where the party's node listens for other nodes, ``languages`` those its officers read, best
    first. ``ml_dsa_44_key`` is the base64 of the key of the second signature under its checkpoints
    and cosignatures; a party without it signs them once. ``x_wing_key`` is the base64 of the key
    that files carried to it by hand are sealed to; to a party without it none can be.
    """

    v: Literal[1]
    party: PartyId
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    sign_key: str
    ca: str
    endpoint: str
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=16)]
    ml_dsa_44_key: str | None = None
    x_wing_key: str | None = None


class OpenCard(msgspec.Struct, frozen=True):
    """A card whose signature holds. ``raw`` is the envelope, byte for byte as it came.

    ``sealing`` is what files carried by hand are sealed to, None where the card has no such key.
    """

    card: Card
    public: PublicKey
    fingerprint: str
    raw: bytes
    sealing: SealingPublicKey | None = None


def make_card(
    key: SigningKey,
    *,
    party: str,
    name: str,
    ca: str,
    endpoint: str,
    languages: Sequence[str],
    sealing: SealingPublicKey | None = None,
) -> bytes:
    """The bytes of a party's card, checked by opening them.

    Raises:
        RecordError, LimitError: as ``open_card``, which would not take this card.
        InputError: it holds half of a surrogate pair.
    """
    second = key.public.ml_dsa
    card = Card(
        v=1,
        party=party,
        name=name,
        sign_key=encode_base64(key.public.raw),
        ca=ca,
        endpoint=endpoint,
        languages=tuple(languages),
        ml_dsa_44_key=None if second is None else encode_base64(second.raw),
        x_wing_key=None if sealing is None else encode_base64(sealing.raw),
    )
    payload = canonical(msgspec.to_builtins(card))
    raw = sign_envelope(key, CARD_TYPE, payload).to_json()
    open_card(raw)
    return raw


def open_card(raw: bytes) -> OpenCard:
    """Read a card and verify that it is signed with its own key.

    Raises:
        RecordError: it is not a card.
        SignatureError: it is not signed with the key it carries.
        LimitError: it is longer than 32 KiB.
    """
    envelope = Envelope.from_json(raw, payload_type=CARD_TYPE, limit_bytes=MAX_CARD_BYTES)
    value: Any = read_json(envelope.payload, MAX_CARD_BYTES, "card")
    card = read_struct(value, Card, "card")
    public = _public_key(card)
    try:
        envelope.verify(public)
    except SignatureError as error:
        raise error.at(f"card of {card.party}") from None
    _check(card)
    sealing = None
    if card.x_wing_key is not None:
        sealing = SealingPublicKey(decode_base64(card.x_wing_key, "card x_wing_key"))
    return OpenCard(card, public, fingerprint(envelope.payload), raw, sealing)


def _public_key(card: Card) -> PublicKey:
    second = None
    if card.ml_dsa_44_key is not None:
        second = MlDsaPublicKey(decode_base64(card.ml_dsa_44_key, "card ml_dsa_44_key"))
    return PublicKey(decode_base64(card.sign_key, "card sign_key"), second)


def fingerprint(payload: bytes) -> str:
    """Eight groups of four hex digits that two operators can read to each other."""
    digits = hashlib.sha256(payload).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


def _check(card: Card) -> None:
    """Refuse what a node could not use, or an operator would misread."""
    where = f"card of {card.party}"
    if not is_printable(card.name) or card.name != card.name.strip(" "):
        raise RecordError("its name cannot be shown", remedy="ask for a new card", where=where)
    if not _ONE_CERTIFICATE.fullmatch(card.ca):
        raise RecordError(
            "its ca is not one certificate in PEM", remedy="ask for a new card", where=where
        )
    if not _is_endpoint(card.endpoint):
        raise RecordError(
            "its endpoint is not https://host:port", remedy="ask for a new card", where=where
        )


def _is_endpoint(text: str) -> bool:
    # A pattern and not urllib's parser, which also takes user names, spaces and backslashes.
    found = _ENDPOINT.fullmatch(text)
    return found is not None and int(found["port"]) < 2**16

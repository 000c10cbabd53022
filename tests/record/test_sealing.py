"""Sealing keys, against X-Wing and HPKE written down a second time from their texts."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, RecordError
from detente.record import SealingKey, SealingPublicKey, SigningKey, make_card, open_card

KEY = SealingKey.generate()


def opened_by_hand(
    sealed: bytes, info: bytes, ml_kem: MLKEM768PrivateKey, x25519: X25519PrivateKey
) -> bytes:
    """RFC 9180, sections 4, 5.1 and 5.2, over draft-connolly-cfrg-xwing-kem, section 5.4."""
    encapsulated, ciphertext = sealed[:1120], sealed[1120:]
    ct_m, ct_x = encapsulated[:1088], encapsulated[1088:]
    shared_m = ml_kem.decapsulate(ct_m)
    shared_x = x25519.exchange(X25519PublicKey.from_public_bytes(ct_x))
    public_x = x25519.public_key().public_bytes_raw()
    label = bytes.fromhex("5c2e2f2f5e5c")
    shared = hashlib.sha3_256(shared_m + shared_x + ct_x + public_x + label).digest()
    suite = b"HPKE" + bytes.fromhex("647a00010002")

    def extract(salt: bytes, label: bytes, keying: bytes) -> bytes:
        labelled = b"HPKE-v1" + suite + label + keying
        return hmac.digest(salt or bytes(32), labelled, "sha256")

    def expand(secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
        return hmac.digest(secret, labelled + b"\x01", "sha256")[:length]

    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key = expand(secret, b"key", context, 32)
    nonce = expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def test_it_is_hpke_with_x_wing() -> None:
    """What we seal opens by the two texts alone, with keys made without us."""
    ml_kem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    raw = ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    sealed = SealingPublicKey(raw).seal(b"sixteen and more", b"what for")
    assert len(sealed) == 1120 + 16 + 16
    assert opened_by_hand(sealed, b"what for", ml_kem, x25519) == b"sixteen and more"


@settings(max_examples=30)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_what_is_sealed_is_opened(plaintext: bytes, info: bytes) -> None:
    assert KEY.open(KEY.public.seal(plaintext, info), info) == plaintext


@settings(max_examples=40)
@given(st.data())
def test_nothing_else_is(data: st.DataObject) -> None:
    sealed = bytearray(KEY.public.seal(b"a key", b"info"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(sealed), bytes(sealed[:at])):
        with pytest.raises(RecordError):
            KEY.open(wrong, b"info")


def test_for_somebody_else_or_something_else() -> None:
    sealed = KEY.public.seal(b"a key", b"info")
    with pytest.raises(RecordError):
        SealingKey.generate().open(sealed, b"info")
    with pytest.raises(RecordError):
        KEY.open(sealed, b"other")


def test_keys_in_files() -> None:
    ml_kem, x25519 = KEY.to_pems()
    assert SealingKey.from_pems(ml_kem, x25519).public == KEY.public
    for wrong in ((x25519, ml_kem), (ml_kem, ml_kem), (b"", b""), (ml_kem, b"-----BEGIN")):
        with pytest.raises(InputError, match="restore the key files"):
            SealingKey.from_pems(*wrong)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(1215),
        bytes(1217),
        b"\xff" * 1216,
        KEY.public.raw[:1184] + bytes(32),
        KEY.public.raw[:1184] + b"\x01" + bytes(31),
    ],
)
def test_what_nothing_can_be_sealed_to_is_no_key(raw: bytes) -> None:
    with pytest.raises(RecordError, match="X-Wing"):
        SealingPublicKey(raw)


def test_a_card_carries_it(us: SigningKey, ca: str) -> None:
    fields: Any = {"party": "us", "name": "Us", "ca": ca, "endpoint": "https://192.0.2.1:1"}
    card = open_card(make_card(us, **fields, languages=("en",), sealing=KEY.public))
    assert card.sealing == KEY.public
    # A card from before there were such keys goes on as it is.
    assert open_card(make_card(us, **fields, languages=("en",))).sealing is None

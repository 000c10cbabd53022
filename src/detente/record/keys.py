"""Ed25519 keys (RFC 8032): the one key with which a party signs all it says.

The same key signs three kinds of message, which cannot be taken for each other because they begin
differently::

    DSSEv1 …                          headers and cards, with their type inside (envelope.py)
    detente.invalid/line/…            checkpoints (checkpoint.py)
    cosignature/v1\\n…                 cosignatures (checkpoint.py)
"""

import hashlib
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from detente.errors import InputError, RecordError, SignatureError

_P = 2**255 - 19
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})


class PublicKey(msgspec.Struct, frozen=True):
    """A verifying key: 32 raw bytes.

    Raises:
        RecordError: they are not 32 bytes, not a canonical encoding, or a point of small order.
            Under a key of small order one signature can fit every message, so that its holder
            could sign today and truthfully say tomorrow that anybody might have.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise RecordError(
                f"a public key has 32 bytes, not {len(self.raw)}", remedy="ask for the card again"
            )
        y = int.from_bytes(self.raw, "little") & (2**255 - 1)
        if y >= _P or y in _SMALL_ORDER_Y:
            raise RecordError(
                "a public key that does not bind its holder (of small order, or not canonical)",
                remedy="refuse the card and tell the party that sent it",
            )

    @property
    def keyid(self) -> str:
        """Hex SHA-256 of the raw key: how envelopes name it."""
        return hashlib.sha256(self.raw).hexdigest()

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if ``signature`` is by this key over ``data``; else raise ``SignatureError``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            raise SignatureError(
                f"not signed by key {self.keyid[:16]}…",
                remedy="refuse it; its bytes were changed, or somebody else signed it",
            ) from None


class SigningKey:
    """A signing key. It never shows its secret except through ``to_pem``."""

    __slots__ = ("_key", "public")

    public: PublicKey

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, data: bytes) -> Self:
        """Read an unencrypted PKCS#8 PEM file. Raises ``InputError`` for anything else."""
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise InputError(
                "not an unencrypted Ed25519 private key in PEM",
                remedy="restore the key file from its backup",
            )
        return cls(key)

    def to_pem(self) -> bytes:
        """The key as unencrypted PKCS#8 PEM, for a file that only the node may read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature over ``data``, always the same for the same data."""
        return self._key.sign(data)

"""Sealing keys: what is carried by hand to a party is sealed so that it alone opens it.

HPKE in its base mode (RFC 9180), with the KEM X-Wing (0x647a, MLKEM768-X25519), the KDF HKDF-SHA256
(0x0001) and the AEAD AES-256-GCM (0x0002). X-Wing is ML-KEM-768 (FIPS 203) and X25519 (RFC 7748) at
once: a stick that is copied today and kept until there is a large quantum computer stays closed as
long as either of the two holds. A public key is 1,216 bytes, that of ML-KEM first; what is sealed
is the 1,120 bytes of the encapsulation and then the ciphertext, 16 bytes longer than what is in it.
"""

import hashlib
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from detente.errors import InputError, RecordError

ML_KEM_BYTES = 1184
PUBLIC_KEY_BYTES = ML_KEM_BYTES + 32

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealingPublicKey(msgspec.Struct, frozen=True):
    """A key to seal to: 1,216 raw bytes. Raises RecordError for what nothing can be sealed to."""

    raw: bytes

    def __post_init__(self) -> None:
        # Coefficients that are too large show when the key is read, a point of small order only
        # when it is used.
        self.seal(b"", b"")

    @property
    def keyid(self) -> str:
        """Hex SHA-256 of the raw key."""
        return hashlib.sha256(self.raw).hexdigest()

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Seal ``plaintext``; ``info`` says what for, and has to be told again to open it."""
        try:
            ml_kem = MLKEM768PublicKey.from_public_bytes(self.raw[:ML_KEM_BYTES])
            x25519 = X25519PublicKey.from_public_bytes(self.raw[ML_KEM_BYTES:])
            return _SUITE.encrypt(plaintext, MLKEM768X25519PublicKey(ml_kem, x25519), info)
        except ValueError:
            raise RecordError(
                f"not an X-Wing public key of {PUBLIC_KEY_BYTES} bytes",
                remedy="ask for the card again",
            ) from None


class SealingKey:
    """A key that opens what is sealed to it. It shows its secrets only through ``to_pems``."""

    __slots__ = ("_ml_kem", "_x25519", "public")

    public: SealingPublicKey

    def __init__(self, ml_kem: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self._ml_kem = ml_kem
        self._x25519 = x25519
        halves = (ml_kem.public_key().public_bytes_raw(), x25519.public_key().public_bytes_raw())
        self.public = SealingPublicKey(b"".join(halves))

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_pems(cls, ml_kem: bytes, x25519: bytes) -> Self:
        """Read two unencrypted PKCS#8 PEM files. Raises ``InputError`` for anything else."""
        try:
            first, second = (
                serialization.load_pem_private_key(data, password=None) for data in (ml_kem, x25519)
            )
        except (ValueError, TypeError, UnsupportedAlgorithm):
            pass
        else:
            if isinstance(first, MLKEM768PrivateKey) and isinstance(second, X25519PrivateKey):
                return cls(first, second)
        raise InputError(
            "not unencrypted ML-KEM-768 and X25519 private keys in PEM",
            remedy="restore the key files from their backup",
        )

    def to_pems(self) -> tuple[bytes, bytes]:
        """The two keys as unencrypted PKCS#8 PEM, for files that only the node may read."""
        kind = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._ml_kem.private_bytes(*kind), self._x25519.private_bytes(*kind)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """What was sealed to this key for ``info``. Raises ``RecordError`` for anything else."""
        try:
            return _SUITE.decrypt(
                sealed, MLKEM768X25519PrivateKey(self._ml_kem, self._x25519), info
            )
        except (InvalidTag, ValueError):
            raise RecordError(
                "was not sealed to this key, or its bytes were changed",
                remedy="refuse it and ask for it again",
            ) from None

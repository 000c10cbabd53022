"""ML-DSA-44 keys (FIPS 204): the second half of a party's signature under its checkpoints.

Ed25519 falls to a large quantum computer. Who must be able to prove a record against such an
adversary needs a second signature, of another kind, under what binds the whole log: checkpoints and
cosignatures. Entries stay as they are, because every one of them is covered by a checkpoint, and
this signature is forty times as long and some ten times as slow to make.
"""

from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from detente.errors import InputError, RecordError, SignatureError

PUBLIC_KEY_BYTES = 1312


class MlDsaPublicKey(msgspec.Struct, frozen=True):
    """A verifying key: 1,312 raw bytes. Raises RecordError if there are not so many."""

    raw: bytes

    def __post_init__(self) -> None:
        # Every string of this length is the encoding of a key (FIPS 204, algorithm 23).
        if len(self.raw) != PUBLIC_KEY_BYTES:
            raise RecordError(
                f"an ML-DSA-44 public key has {PUBLIC_KEY_BYTES} bytes, not {len(self.raw)}",
                remedy="ask for the card again",
            )

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if ``signature`` is by this key over ``data``; else raise ``SignatureError``."""
        try:
            MLDSA44PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            raise SignatureError(
                "not signed by the ML-DSA-44 key it should be signed by",
                remedy="refuse it; its bytes were changed, or somebody else signed it",
            ) from None


class MlDsaKey:
    """A signing key. It never shows its secret except through ``to_pem``."""

    __slots__ = ("_key", "public")

    public: MlDsaPublicKey

    def __init__(self, key: MLDSA44PrivateKey) -> None:
        self._key = key
        self.public = MlDsaPublicKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(MLDSA44PrivateKey.generate())

    @classmethod
    def from_pem(cls, data: bytes) -> Self:
        """Read an unencrypted PKCS#8 PEM file. Raises ``InputError`` for anything else."""
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, MLDSA44PrivateKey):
            raise InputError(
                "not an unencrypted ML-DSA-44 private key in PEM",
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
        """A 2,420-byte signature over ``data``; each time another one, all of them good."""
        return self._key.sign(data)

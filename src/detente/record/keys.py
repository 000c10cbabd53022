"""A party's keys: Ed25519 (RFC 8032) under all it says, ML-DSA-44 (``mldsa``) under its logs too.

The same Ed25519 key signs three kinds of message, which cannot be taken for each other because they
begin differently::

    DSSEv1 …                          headers and cards, with their type inside (envelope.py)
    detente.invalid/line/…            checkpoints (checkpoint.py)
    cosignature/v1\\n…                 cosignatures (checkpoint.py)

The ML-DSA-44 key signs one kind, of checkpoints and cosignatures, which names its signer.
"""

import hashlib
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from detente.errors import InputError, RecordError, SignatureError
from detente.record.mldsa import MlDsaKey, MlDsaPublicKey

_P = 2**255 - 19
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})


class PublicKey(msgspec.Struct, frozen=True):
    """A verifying key: 32 raw bytes, and the key of the second signature where there is one.

    A party whose card has that key owes both signatures under every checkpoint and cosignature: one
    without it is refused like one with a false one, so that nobody can take it away.

    Raises:
        RecordError: the raw bytes are not 32, not a canonical encoding, or a point of small order.
            Under a key of small order one signature can fit every message, so that its holder
            could sign today and truthfully say tomorrow that anybody might have.
    """

    raw: bytes
    ml_dsa: MlDsaPublicKey | None = None

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
    """A signing key, with the one of the second signature where there is one.

    It never shows its secret except through ``to_pem``.
    """

    __slots__ = ("_key", "ml_dsa", "public")

    public: PublicKey
    ml_dsa: MlDsaKey | None

    def __init__(self, key: Ed25519PrivateKey, ml_dsa: MlDsaKey | None = None) -> None:
        self._key = key
        self.ml_dsa = ml_dsa
        second = None if ml_dsa is None else ml_dsa.public
        self.public = PublicKey(key.public_key().public_bytes_raw(), second)

    @classmethod
    def generate(cls, ml_dsa: MlDsaKey | None = None) -> Self:
        """A new key from the system's randomness, beside ``ml_dsa`` where there is one."""
        return cls(Ed25519PrivateKey.generate(), ml_dsa)

    def known_as(self, public: PublicKey) -> Self:
        """This key as a card has it: without the second half if the card is older than that.

        Raises:
            SignatureError: ``public`` is of another key, or of a half that is not here.
        """
        known = self if public.ml_dsa is not None else type(self)(self._key)
        if known.public != public:
            raise SignatureError(
                "the card that this line was founded with has another signing key than this node",
                remedy="restore the node's keys from a backup, all of them together",
            )
        return known

    @classmethod
    def from_pem(cls, data: bytes, ml_dsa: MlDsaKey | None = None) -> Self:
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
        return cls(key, ml_dsa)

    def to_pem(self) -> bytes:
        """The Ed25519 key as unencrypted PKCS#8 PEM, for a file that only the node may read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature over ``data``, always the same for the same data."""
        return self._key.sign(data)

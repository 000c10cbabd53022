"""Signed envelopes: DSSE v1.0.2, with one Ed25519 signature.

Dead Simple Signing Envelope (github.com/secure-systems-lab/dsse) signs the exact bytes of a payload
together with its type, so nothing has to be re-encoded to be verified::

    {"payload":"b64","payloadType":"application/…","signatures":[{"keyid":"hex","sig":"b64"}]}

What is signed is the pre-authentication encoding, PAE(type, payload)::

    DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload

with lengths in ASCII decimal. DSSE allows several signatures and both alphabets of base64; here it
is one signature and the standard alphabet, so that an envelope has one spelling.
"""

from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from detente.errors import RecordError, SignatureError
from detente.record.keys import PublicKey, SigningKey
from detente.record.reading import Hash, decode_base64, encode_base64, read_json, read_struct
from detente.record.strict_json import canonical


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that DSSE signs for ``payload`` of type ``payload_type``."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


class Envelope(msgspec.Struct, frozen=True):
    """A payload and the signature over it: ``keyid`` in hex, ``sig`` raw."""

    payload_type: str
    payload: bytes
    keyid: str
    sig: bytes

    @property
    def pae(self) -> bytes:
        """The bytes that are signed."""
        return pae(self.payload_type, self.payload)

    def verify(self, key: PublicKey) -> None:
        """Return if this is signed by ``key`` and says so; else raise ``SignatureError``.

        The key id is a hint that nothing signs. It is compared all the same, so that no byte of an
        envelope can be changed without notice.
        """
        if self.keyid != key.keyid:
            raise SignatureError(
                f"signed by key {self.keyid[:16]}…, not by {key.keyid[:16]}…",
                remedy="refuse it; the party must sign with the key in its card",
            )
        key.verify(self.sig, self.pae)

    def to_wire(self) -> dict[str, Any]:
        """The envelope as JSON values."""
        return {
            "payloadType": self.payload_type,
            "payload": encode_base64(self.payload),
            "signatures": [{"keyid": self.keyid, "sig": encode_base64(self.sig)}],
        }

    def to_json(self) -> bytes:
        """The envelope as JSON bytes."""
        return canonical(self.to_wire())

    @classmethod
    def from_wire(cls, value: object, *, payload_type: str, limit_bytes: int) -> Self:
        """Read an envelope from JSON values; its signature is *not* verified here.

        Raises:
            RecordError: it has other fields, another payload type, or not exactly one signature.
            LimitError: its payload is longer than ``limit_bytes``.
        """
        wire = read_struct(value, _Wire, "envelope")
        if wire.payloadType != payload_type:
            raise RecordError(
                f"signed as {wire.payloadType[:80]!r}, not as {payload_type!r}",
                remedy="refuse it; it was signed as something else",
                where="envelope",
            )
        payload = decode_base64(wire.payload, "envelope payload", limit_bytes)
        [signature] = wire.signatures
        sig = decode_base64(signature.sig, "envelope signature")
        return cls(wire.payloadType, payload, signature.keyid, sig)

    @classmethod
    def from_json(cls, data: bytes, *, payload_type: str, limit_bytes: int) -> Self:
        """Read an envelope from at most ``limit_bytes`` of JSON, as ``from_wire`` does."""
        value = read_json(data, limit_bytes, "envelope")
        return cls.from_wire(value, payload_type=payload_type, limit_bytes=limit_bytes)


def sign_envelope(key: SigningKey, payload_type: str, payload: bytes) -> Envelope:
    """Sign ``payload`` as a ``payload_type``."""
    return Envelope(payload_type, payload, key.public.keyid, key.sign(pae(payload_type, payload)))


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Hash
    sig: str


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payloadType: str  # noqa: N815  DSSE's own name
    payload: str
    signatures: Annotated[list[_Signature], Meta(min_length=1, max_length=1)]

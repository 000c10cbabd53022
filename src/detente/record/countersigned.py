"""DSSE envelopes that several parties sign: one payload, a signature of each beside the others'.

As in ``envelope``, with more than one signature, which DSSE allows::

    {"payload":"b64","payloadType":"application/…","signatures":[{"keyid":"hex","sig":"b64"},…]}

Signatures stand in the order of their key ids and the envelope is written in one spelling only
(keys sorted, no white space): so whoever holds the same signatures holds the same bytes.
"""

from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from detente.errors import RecordError, SignatureError
from detente.record.envelope import pae
from detente.record.keys import PublicKey, SigningKey
from detente.record.reading import Hash, decode_base64, encode_base64, read_json, read_struct
from detente.record.strict_json import canonical

SIGNATURES_MAX = 2


class Countersigned(msgspec.Struct, frozen=True):
    """A payload, and signatures over it by key id (hex): raw, at most two."""

    payload_type: str
    payload: bytes
    signatures: dict[str, bytes]

    def signed(self, key: SigningKey) -> Self:
        """The same with the signature of ``key`` as well."""
        sig = key.sign(pae(self.payload_type, self.payload))
        return msgspec.structs.replace(self, signatures={**self.signatures, key.public.keyid: sig})

    def verify(self, key: PublicKey) -> None:
        """Return if one of the signatures is by ``key``; else raise ``SignatureError``."""
        sig = self.signatures.get(key.keyid)
        if sig is None:
            by = ", ".join(f"{keyid[:16]}…" for keyid in sorted(self.signatures)) or "nobody"
            raise SignatureError(
                f"not signed by key {key.keyid[:16]}… but by {by}",
                remedy="refuse it; have its party sign with the key that the record names",
            )
        key.verify(sig, pae(self.payload_type, self.payload))

    def to_json(self) -> bytes:
        """The envelope as JSON bytes, in its one spelling."""
        return canonical(
            {
                "payloadType": self.payload_type,
                "payload": encode_base64(self.payload),
                "signatures": [
                    {"keyid": keyid, "sig": encode_base64(sig)}
                    for keyid, sig in sorted(self.signatures.items())
                ],
            }
        )

    @classmethod
    def from_json(cls, data: bytes, *, payload_type: str, limit_bytes: int) -> Self:
        """Read an envelope of at most ``limit_bytes``; its signatures are *not* verified here.

        Raises:
            RecordError: it has other fields, another payload type, more than two signatures or two
                of one key, or another spelling than ``to_json`` gives.
            LimitError: it is longer than ``limit_bytes``.
        """
        value: Any = read_json(data, limit_bytes, "envelope")
        wire = read_struct(value, _Wire, "envelope")
        if wire.payloadType != payload_type:
            raise RecordError(
                f"signed as {wire.payloadType[:80]!r}, not as {payload_type!r}",
                remedy="refuse it; it was signed as something else",
                where="envelope",
            )
        found = cls(
            wire.payloadType,
            decode_base64(wire.payload, "envelope payload", limit_bytes),
            {one.keyid: decode_base64(one.sig, "envelope signature") for one in wire.signatures},
        )
        if found.to_json() != data:
            raise RecordError(
                "is not in the one spelling that an envelope of several signatures has",
                remedy="refuse it; its bytes were changed",
                where="envelope",
            )
        return found


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: Hash
    sig: str


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payloadType: str  # noqa: N815  DSSE's own name
    payload: str
    signatures: Annotated[list[_Signature], Meta(max_length=SIGNATURES_MAX)]

"""The letter in a parcel: who has sealed it, on which line, for whom (docs/protocol.md, section 9).

Anybody can seal something to a key that is in a card. So the first chunk of a parcel is signed,
with the key that its sender signs entries with, over the digest of the parcel's label, which holds
the file key in sealed form: what else opens in that parcel is by whoever signed that.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente.errors import InputError, RecordError, SignatureError
from detente.line.keychain import KeyChain, rotation
from detente.record.envelope import Envelope, sign_envelope
from detente.record.header import HEADER_TYPE, MAX_HEADER_BYTES, Header, decode_header
from detente.record.keys import SigningKey
from detente.record.parcel import LETTER_BYTES_MAX
from detente.record.reading import Hash, PartyId, read_json, read_struct
from detente.record.strict_json import canonical
from detente.volumes.times import read_time_s

LETTER_TYPE = "application/vnd.detente.letter.v1+json"
ROTATIONS_MAX = 31


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """What is signed. ``time`` is when its writer says it was sealed; ``label`` which parcel."""

    v: Literal[1]
    line: Hash
    sender: PartyId
    to: PartyId
    time: str
    label: Hash


class Sent(msgspec.Struct, frozen=True):
    """A letter as it came. Nothing of it is true before ``verify`` has returned."""

    letter: Letter
    envelope: Envelope
    rotations: tuple[dict[str, Any], ...]

    def verify(self, keys: KeyChain) -> list[Header]:
        """Return if the letter is by its sender, whose keys are ``keys`` as far as they are held.

        The result are the vouched changes of keys that this rests on and ``keys`` does not have:
        whether all others have vouched for them is for whoever holds their logs to say.

        Raises:
            RecordError: a rotation is no entry of the sender's log on that line, or out of order.
            SignatureError: it is signed by none of the sender's keys that still count.
        """
        vouched: list[Header] = []
        before = -1
        for wire in self.rotations:
            envelope = Envelope.from_wire(
                wire, payload_type=HEADER_TYPE, limit_bytes=MAX_HEADER_BYTES
            )
            header = decode_header(envelope.payload)
            of_log = (header.line, header.party) == (self.letter.line, self.letter.sender)
            rotated = rotation(header)
            if rotated is None or not of_log or header.index <= before:
                raise RecordError(
                    "holds what is no change of its sender's key",
                    remedy="refuse it, and tell its sender",
                    where="letter",
                )
            envelope.verify(keys.signer(header))
            following = keys.followed_by(header)
            if following != keys and rotated.vouched:
                vouched.append(header)
            keys, before = following, header.index
        for key in keys.trusted:
            with suppress(SignatureError):
                self.envelope.verify(key)
                return vouched
        raise SignatureError(
            f"is not signed by {self.letter.sender}, or by a key that is not its own any more",
            where="letter",
            remedy=f"do not use it; speak to {self.letter.sender} over another channel",
        )


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    letter: dict[str, Any]
    rotations: Annotated[tuple[dict[str, Any], ...], Meta(max_length=ROTATIONS_MAX)]


def write_letter(key: SigningKey, letter: Letter, rotations: Sequence[Envelope]) -> bytes:
    """The first chunk of a parcel. ``rotations`` are the ``key.rotate`` entries of its sender."""
    envelope = sign_envelope(key, LETTER_TYPE, canonical(msgspec.to_builtins(letter)))
    newest = [one.to_wire() for one in rotations[-ROTATIONS_MAX:]]
    return canonical({"letter": envelope.to_wire(), "rotations": newest})


def read_letter(chunk: bytes) -> Sent:
    """Take the first chunk of a parcel apart. Raises RecordError or LimitError."""
    value = read_json(chunk, LETTER_BYTES_MAX, "letter")
    wire = read_struct(value, _Wire, "letter")
    envelope = Envelope.from_wire(
        wire.letter, payload_type=LETTER_TYPE, limit_bytes=MAX_HEADER_BYTES
    )
    inside = read_json(envelope.payload, MAX_HEADER_BYTES, "letter")
    letter = read_struct(inside, Letter, "letter")
    try:
        read_time_s(letter.time, "letter")
    except InputError as error:
        raise RecordError(error.message, remedy=error.remedy, where="letter") from None
    return Sent(letter, envelope, wire.rotations)

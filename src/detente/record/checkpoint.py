"""Checkpoints and cosignatures: what a party stands by, and what its peers have received.

A checkpoint (C2SP tlog-checkpoint, version 1.0.0) is a signed note that commits a party to its log
up to a size::

    detente.invalid/line/<line id>/us
    4
    <b64 of the root hash>

    — detente.invalid/line/<line id>/us <b64 of key id ‖ signature>

A cosignature (C2SP tlog-cosignature, version 1.0.1) is one more line below it, by a peer that has
durably stored all the checkpoint covers; it is the acknowledgement *received*
(docs/decisions/0003)::

    — detente.invalid/party/ru <b64 of key id ‖ timestamp, 8 bytes, big-endian ‖ signature>

Its signed message is ``cosignature/v1\\ntime <timestamp>\\n`` and the note's text. Any program that
knows these formats can verify a line. Lines are handled as text without their newline.
"""

import re
from collections.abc import Iterable

import msgspec

from detente.errors import LimitError, RecordError, SignatureError
from detente.record.keys import PublicKey, SigningKey
from detente.record.note import (
    COSIGNATURE,
    ED25519,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    key_id,
    parse_note,
    parse_signature,
    verifier_key,
)
from detente.record.reading import PARTY_PATTERN, decode_base64, encode_base64
from detente.record.strict_json import MAX_INTEGER
from detente.record.tree import EMPTY_ROOT, HASH_BYTES

MAX_TIMESTAMP_S = 7_258_118_399
"""The end of the year 2199. C2SP allows more, and allows to refuse what lies in the future."""

_COSIGNER_PREFIX = "detente.invalid/party/"
_PARTY = re.compile(PARTY_PATTERN)
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_TIMESTAMP_BYTES = 8


def origin(line: str, party: str) -> str:
    """The name of the log of ``party`` on the line with id ``line``."""
    return f"detente.invalid/line/{line}/{party}"


class Checkpoint(msgspec.Struct, frozen=True):
    """The first ``size`` leaves of the log ``origin`` hash to ``root`` (32 raw bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def sign_checkpoint(key: SigningKey, checkpoint: Checkpoint) -> str:
    """The checkpoint as a note signed by ``key`` under the name of its origin."""
    text = checkpoint.text
    key_of_origin = key_id(checkpoint.origin, ED25519, key.public.raw)
    signed = NoteSignature(checkpoint.origin, key_of_origin, key.sign(text.encode("utf-8")))
    return str(Note(text, (signed,)))


def open_checkpoint(note: str, key: PublicKey, origin: str) -> Checkpoint:
    """Read a checkpoint of the log ``origin`` and verify that ``key`` signed it.

    Cosignatures and signatures by unknown keys in it are left alone.

    Raises:
        RecordError: it is not a checkpoint, or one of another log.
        SignatureError: it is not signed by ``key``, exactly once.
    """
    parsed = parse_note(note)
    checkpoint = _read_text(parsed.text)
    if checkpoint.origin != origin:
        raise RecordError(
            f"a checkpoint of {checkpoint.origin[:120]!r}, not of {origin!r}",
            remedy="refuse it; it belongs to another log",
            where="checkpoint",
        )
    signatures = parsed.by(origin, key_id(origin, ED25519, key.raw))
    if len(signatures) != 1:
        raise SignatureError(
            f"{len(signatures)} signatures by the key of {origin}, where one belongs",
            remedy="refuse it and ask its party for its checkpoint",
            where="checkpoint",
        )
    _verify(key, signatures[0].signature, parsed.text.encode("utf-8"), "checkpoint")
    return checkpoint


def bare_note(note: str, key: PublicKey, origin: str) -> str:
    """An opened checkpoint's note with the signature of its own party alone.

    Not even another line under the same key name stays: it is by nobody, and would take the room
    of cosignatures.
    """
    parsed = parse_note(note)
    return str(Note(parsed.text, tuple(parsed.by(origin, key_id(origin, ED25519, key.raw)))))


def cosigned_message(text: str, timestamp_s: int) -> bytes:
    """The bytes that a cosigner signs for a checkpoint's text."""
    return f"cosignature/v1\ntime {timestamp_s}\n{text}".encode()


def cosign(key: SigningKey, cosigner: str, note: str, timestamp_s: int) -> str:
    """The cosignature line of the party ``cosigner`` under a checkpoint.

    The caller has opened the checkpoint, and stored and verified all it covers. ``timestamp_s`` is
    real POSIX time, never an exercise's.
    """
    text = parse_note(note).text
    _read_text(text)
    name = _COSIGNER_PREFIX + cosigner
    signature = key.sign(cosigned_message(text, timestamp_s))
    blob = timestamp_s.to_bytes(_TIMESTAMP_BYTES, "big") + signature
    return NoteSignature(name, key_id(name, COSIGNATURE, key.public.raw), blob).line


def verify_cosignature(line_text: str, note: str, cosigner: str, public: PublicKey) -> int:
    """Verify that ``cosigner`` made this line for the checkpoint ``note``.

    Returns:
        Its timestamp, real POSIX seconds: when the cosigner says it held what the note covers.

    Raises:
        RecordError: the line or the note is malformed.
        SignatureError: it is not a cosignature by this party under this checkpoint.
    """
    text = parse_note(note).text
    _read_text(text)
    line = parse_signature(line_text)
    name = _COSIGNER_PREFIX + cosigner
    if (line.name, line.key_id) != (name, key_id(name, COSIGNATURE, public.raw)):
        raise SignatureError(
            f"a signature line of {line.name[:120]!r} and not of the key of {name}",
            remedy="refuse it; it is by another key",
            where="cosignature",
        )
    timestamp_s = int.from_bytes(line.signature[:_TIMESTAMP_BYTES], "big")
    if timestamp_s > MAX_TIMESTAMP_S:
        raise RecordError(
            "its time is beyond the year 2199", remedy="refuse it", where="cosignature"
        )
    message = cosigned_message(text, timestamp_s)
    _verify(public, line.signature[_TIMESTAMP_BYTES:], message, "cosignature")
    return timestamp_s


def log_keys(line: str, party: str, key: PublicKey) -> list[str]:
    """The verifier keys (C2SP signed-note) that a checkpoint of this log is signed by."""
    return [verifier_key(origin(line, party), ED25519, key.raw)]


def cosigner_keys(party: str, key: PublicKey) -> list[str]:
    """The verifier keys that a cosignature of this party is made with."""
    return [verifier_key(_COSIGNER_PREFIX + party, COSIGNATURE, key.raw)]


def cosigner_of(line_text: str) -> str | None:
    """The party that a signature line names as its cosigner; None if it names none.

    A claim until ``verify_cosignature`` has confirmed it with that party's key.
    """
    name = parse_signature(line_text).name
    party = name.removeprefix(_COSIGNER_PREFIX)
    return party if party != name and _PARTY.fullmatch(party) else None


def cosignature_lines(note: str) -> list[str]:
    """The lines of a note that name a party as cosigner, unverified, in their order."""
    return [s.line for s in parse_note(note).signatures if cosigner_of(s.line) is not None]


def with_cosignatures(note: str, lines: Iterable[str]) -> str:
    """The note with cosignature lines added below; of two by one key the first stays.

    Raises:
        RecordError: a line is not a signature line.
        LimitError: there would be more than 16 signatures.
    """
    parsed = parse_note(note)
    signatures = {(s.name, s.key_id): s for s in parsed.signatures}
    for signature in map(parse_signature, lines):
        signatures.setdefault((signature.name, signature.key_id), signature)
    if len(signatures) > MAX_SIGNATURES:
        raise LimitError(
            f"{len(signatures)} signatures where at most {MAX_SIGNATURES} are accepted",
            remedy="add fewer cosignatures",
            where="checkpoint",
        )
    return str(Note(parsed.text, tuple(signatures.values())))


def _read_text(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise RecordError(
            "not a checkpoint: its text is not origin, size and root hash",
            remedy="refuse it; extension lines are not part of this protocol",
            where="checkpoint",
        )
    size, root = int(lines[1]), decode_base64(lines[2], "checkpoint root")
    if size > MAX_INTEGER or len(root) != HASH_BYTES or (size == 0 and root != EMPTY_ROOT):
        raise RecordError(
            "its size or its root hash cannot be one", remedy="refuse it", where="checkpoint"
        )
    return Checkpoint(lines[0], size, root)


def _verify(key: PublicKey, signature: bytes, message: bytes, where: str) -> None:
    try:
        key.verify(signature, message)
    except SignatureError as error:
        raise error.at(where) from None

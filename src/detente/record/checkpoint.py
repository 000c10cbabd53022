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

Its signed message is ``cosignature/v1\\ntime <timestamp>\\n`` and the note's text.

A **witness** (``record.witness``) is no party: under a key name of its own, with a dot or a slash
in it, it cosigns what it has found to go on from what it cosigned before. A *cosigner* below is a
party's id or a witness's key name; neither can be taken for the other.

A party whose card has an ML-DSA-44 key makes two lines instead of one, of a checkpoint as of a
cosignature: the second, of type 0x06, is over ``subtree_message``. Both are asked for then, and one
without the other is refused like a false one. Any program that knows these formats can verify a
line. A cosignature, of one line or two, is handled as text without its last newline.
"""

import re
from collections.abc import Iterable

import msgspec

from detente.errors import LimitError, RecordError, SignatureError
from detente.record.keys import PublicKey, SigningKey
from detente.record.mldsa import MlDsaKey, MlDsaPublicKey
from detente.record.note import (
    COSIGNATURE,
    ED25519,
    MAX_SIGNATURES,
    ML_DSA_44,
    Note,
    NoteSignature,
    VerifierKey,
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

_RESERVED = "detente.invalid/"
_COSIGNER_PREFIX = f"{_RESERVED}party/"
_PARTY = re.compile(PARTY_PATTERN)
_WITNESS = re.compile(r"(?=.{3,128}\Z)[A-Za-z0-9][!-*,-~]*[./][!-*,-~]*")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_TIMESTAMP_BYTES = 8


def origin(line: str, party: str) -> str:
    """The name of the log of ``party`` on the line with id ``line``."""
    return f"detente.invalid/line/{line}/{party}"


def cosigner_name(cosigner: str) -> str:
    """The key name that a cosigner signs under."""
    return cosigner if is_witness(cosigner) else _COSIGNER_PREFIX + cosigner


def is_witness(name: str) -> bool:
    """Whether a witness may have this key name: one like ``witness.example/w1``, of nobody else."""
    return _WITNESS.fullmatch(name) is not None and not name.startswith(_RESERVED)


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
    """The checkpoint as a note signed by ``key``, twice if it has two halves."""
    text = checkpoint.text
    name = checkpoint.origin
    key_of_origin = key_id(name, ED25519, key.public.raw)
    signatures = [NoteSignature(name, key_of_origin, key.sign(text.encode("utf-8")))]
    if key.ml_dsa is not None:
        # A log says of no time that nothing larger was there: its entries say when they were made.
        signatures.append(_signed_subtree(key.ml_dsa, name, 0, checkpoint))
    return str(Note(text, tuple(signatures)))


def read_checkpoint(note: str) -> Checkpoint:
    """A checkpoint that was verified before it was stored; its signatures are not looked at."""
    return _read_text(parse_note(note).text)


def open_checkpoint(note: str, key: PublicKey, origin: str) -> Checkpoint:
    """Read a checkpoint of the log ``origin`` and verify that ``key`` signed it.

    Cosignatures and signatures by unknown keys in it are left alone.

    Raises:
        RecordError: it is not a checkpoint, or one of another log.
        SignatureError: it is not signed by ``key``, by each half exactly once.
    """
    parsed = parse_note(note)
    checkpoint = _read_text(parsed.text)
    if checkpoint.origin != origin:
        raise RecordError(
            f"a checkpoint of {checkpoint.origin[:120]!r}, not of {origin!r}",
            remedy="refuse it; it belongs to another log",
            where="checkpoint",
        )
    first, *second = _own_signatures(parsed, key, origin)
    _verify(key, first.signature, parsed.text.encode("utf-8"), "checkpoint")
    for signature in second:
        if verify_subtree(key.ml_dsa, signature, checkpoint, "checkpoint") != 0:
            raise RecordError(
                "its second signature states a time", remedy="refuse it", where="checkpoint"
            )
    return checkpoint


def bare_note(note: str, key: PublicKey, origin: str) -> str:
    """An opened checkpoint's note with the signatures of its own party alone.

    Not even another line under the same key name stays: it is by nobody, and would take the room
    of cosignatures.
    """
    parsed = parse_note(note)
    return str(Note(parsed.text, tuple(_own_signatures(parsed, key, origin))))


def _own_signatures(note: Note, key: PublicKey, origin: str) -> list[NoteSignature]:
    """The signature by each half of the key, the plain one first."""
    ids = [key_id(origin, ED25519, key.raw)]
    if key.ml_dsa is not None:
        ids.append(key_id(origin, ML_DSA_44, key.ml_dsa.raw))
    found = []
    for one in ids:
        signatures = note.by(origin, one)
        if len(signatures) != 1:
            kind = "key" if len(ids) == 1 or one is ids[0] else "ML-DSA-44 key"
            raise SignatureError(
                f"{len(signatures)} signatures by the {kind} of {origin}, where one belongs",
                remedy="refuse it and ask its party for its checkpoint",
                where="checkpoint",
            )
        found += signatures
    return found


def cosigned_message(text: str, timestamp_s: int) -> bytes:
    """The bytes that a cosigner signs for a checkpoint's text."""
    return f"cosignature/v1\ntime {timestamp_s}\n{text}".encode()


def subtree_message(signer: str, timestamp_s: int, checkpoint: Checkpoint) -> bytes:
    """The bytes that the ML-DSA-44 key under the name ``signer`` signs for a checkpoint.

    The ``cosigned_message`` of C2SP tlog-cosignature, of the subtree that is the whole tree::

        "subtree/v1\\n\\0"  LEN signer  timestamp  LEN origin  start = 0  end = size  root

    with lengths in one byte and numbers in eight.
    """
    names = [name.encode("utf-8") for name in (signer, checkpoint.origin)]
    if not all(0 < len(name) < 256 for name in names):
        raise RecordError("a name has 1 to 255 bytes", remedy="refuse it", where="checkpoint")
    by, of = (len(name).to_bytes(1, "big") + name for name in names)
    numbers = [n.to_bytes(8, "big") for n in (timestamp_s, 0, checkpoint.size)]
    return b"subtree/v1\n\0" + by + numbers[0] + of + numbers[1] + numbers[2] + checkpoint.root


def cosign(key: SigningKey, cosigner: str, note: str, timestamp_s: int) -> str:
    """The cosignature of ``cosigner`` under a checkpoint, of two lines or of one.

    The caller has opened the checkpoint, and stored and verified all it covers. ``timestamp_s`` is
    real POSIX time, never an exercise's.
    """
    text = parse_note(note).text
    return cosign_text(key, cosigner_name(cosigner), text, _read_text(text), timestamp_s)


def cosign_text(
    key: SigningKey, name: str, text: str, checkpoint: Checkpoint, timestamp_s: int
) -> str:
    """The signature lines by a cosigner's key under its key name, for a checkpoint and its text."""
    signature = key.sign(cosigned_message(text, timestamp_s))
    blob = timestamp_s.to_bytes(_TIMESTAMP_BYTES, "big") + signature
    lines = [NoteSignature(name, key_id(name, COSIGNATURE, key.public.raw), blob).line]
    if key.ml_dsa is not None:
        lines.append(_signed_subtree(key.ml_dsa, name, timestamp_s, checkpoint).line)
    return "\n".join(lines)


def verify_cosignature(text: str, note: str, cosigner: str, public: PublicKey) -> int:
    """Verify that ``cosigner`` made this cosignature for the checkpoint ``note``.

    Returns:
        Its timestamp, real POSIX seconds: when a party says it held what the note covers, or a
        witness that it saw the note. Of a witness's two lines the later time counts.

    Raises:
        RecordError: the cosignature or the note is malformed.
        SignatureError: it is not by this party under this checkpoint, by each half of its key.
    """
    signed = parse_note(note).text
    checkpoint = _read_text(signed)
    name = cosigner_name(cosigner)
    ids = [key.id for key in _keys_of(name, COSIGNATURE, public)]
    lines = [parse_signature(line) for line in text.split("\n", len(ids))]
    if [(line.name, line.key_id) for line in lines] != [(name, one) for one in ids]:
        raise SignatureError(
            f"signature lines of {lines[0].name[:120]!r} that are not by the keys of {name}",
            remedy="refuse it; it is by another key, or lacks one of its signatures",
            where="cosignature",
        )
    timestamp_s = int.from_bytes(lines[0].signature[:_TIMESTAMP_BYTES], "big")
    if timestamp_s > MAX_TIMESTAMP_S:
        raise RecordError(
            "its time is beyond the year 2199", remedy="refuse it", where="cosignature"
        )
    message = cosigned_message(signed, timestamp_s)
    _verify(public, lines[0].signature[_TIMESTAMP_BYTES:], message, "cosignature")
    for line in lines[1:]:
        second_s = verify_subtree(public.ml_dsa, line, checkpoint, "cosignature")
        if second_s != timestamp_s and not is_witness(cosigner):
            raise RecordError(
                "its two signatures state two times", remedy="refuse it", where="cosignature"
            )
        timestamp_s = max(timestamp_s, second_s)
    return timestamp_s


def lines_by(text: str, cosigner: str, public: PublicKey) -> str:
    """Of signature lines in any order, the cosignature by ``cosigner``: one line by each half.

    Whoever else signed is left out. Raises SignatureError if a half is missing or there twice.
    """
    name = cosigner_name(cosigner)
    lines = [parse_signature(line) for line in text.split("\n", MAX_SIGNATURES)]
    found = []
    for key in _keys_of(name, COSIGNATURE, public):
        mine = [line.line for line in lines if (line.name, line.key_id) == (name, key.id)]
        if len(mine) != 1:
            raise SignatureError(
                f"{len(mine)} signature lines by the key of {name} with id {key.id.hex()}, where "
                "one belongs",
                remedy="refuse it; it is by another key, or lacks one of its signatures",
                where="cosignature",
            )
        found += mine
    return "\n".join(found)


def log_keys(line: str, party: str, key: PublicKey) -> list[str]:
    """The verifier keys (C2SP signed-note) that a checkpoint of this log is signed by."""
    return _verifier_keys(origin(line, party), ED25519, key)


def cosigner_keys(cosigner: str, key: PublicKey) -> list[str]:
    """The verifier keys that a cosignature of this cosigner is made with."""
    return _verifier_keys(cosigner_name(cosigner), COSIGNATURE, key)


def _verifier_keys(name: str, first: int, key: PublicKey) -> list[str]:
    return [verifier_key(one.name, one.type, one.raw) for one in _keys_of(name, first, key)]


def _keys_of(name: str, first: int, key: PublicKey) -> list[VerifierKey]:
    """The halves of a key under a name, the plain one first."""
    second = [] if key.ml_dsa is None else [VerifierKey(name, ML_DSA_44, key.ml_dsa.raw)]
    return [VerifierKey(name, first, key.raw), *second]


def cosigner_of(text: str) -> str | None:
    """The cosigner that a cosignature's first line names; None if it names none.

    A claim until ``verify_cosignature`` has confirmed it with that cosigner's key.
    """
    return _cosigner(parse_signature(text.partition("\n")[0]))


def _cosigner(signature: NoteSignature) -> str | None:
    party = signature.name.removeprefix(_COSIGNER_PREFIX)
    if party != signature.name:
        return party if _PARTY.fullmatch(party) else None
    return signature.name if is_witness(signature.name) else None


def cosignatures_of(note: str) -> list[str]:
    """The cosignatures in a note, unverified: all lines that name one cosigner are one of them.

    Lines stand in their order; cosigners in that of their first line.
    """
    found: dict[str, list[str]] = {}
    for signature in parse_note(note).signatures:
        if (cosigner := _cosigner(signature)) is not None:
            found.setdefault(cosigner, []).append(signature.line)
    return ["\n".join(lines) for lines in found.values()]


def with_cosignatures(note: str, cosignatures: Iterable[str]) -> str:
    """The note with cosignatures added below; of two lines by one key the first stays.

    Raises:
        RecordError: a line is not a signature line.
        LimitError: there would be more than 64 signatures.
    """
    parsed = parse_note(note)
    signatures = {(s.name, s.key_id): s for s in parsed.signatures}
    lines = [line for text in cosignatures for line in text.split("\n", MAX_SIGNATURES)]
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


def _signed_subtree(
    key: MlDsaKey, name: str, timestamp_s: int, checkpoint: Checkpoint
) -> NoteSignature:
    signature = key.sign(subtree_message(name, timestamp_s, checkpoint))
    blob = timestamp_s.to_bytes(_TIMESTAMP_BYTES, "big") + signature
    return NoteSignature(name, key_id(name, ML_DSA_44, key.public.raw), blob)


def verify_subtree(
    key: MlDsaPublicKey | None, signature: NoteSignature, checkpoint: Checkpoint, where: str
) -> int:
    """The timestamp of an ML-DSA-44 signature that verifies. Raises SignatureError."""
    assert key is not None
    timestamp_s = int.from_bytes(signature.signature[:_TIMESTAMP_BYTES], "big")
    message = subtree_message(signature.name, timestamp_s, checkpoint)
    try:
        key.verify(signature.signature[_TIMESTAMP_BYTES:], message)
    except SignatureError as error:
        raise error.at(where) from None
    return timestamp_s

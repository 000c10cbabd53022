"""What a log and a witness say to each other (C2SP tlog-witness, version 1.0.0), as bytes.

A log submits its new checkpoint, with the proof that it goes on from the one that the witness
cosigned before::

    old 4
    <b64 of a hash of the consistency proof>
    …

    detente.invalid/line/<line id>/us
    7
    <b64 of the root hash>

    — detente.invalid/line/<line id>/us <b64 of key id ‖ signature>

The witness answers with its cosignature, or with the size that it cosigned last. A witness serves
any log, so checkpoints are read here as C2SP tlog-checkpoint has them, extension lines and all,
where ``record.checkpoint`` reads only those of a line.
"""

import re
from collections.abc import Sequence

import msgspec

from detente.errors import LimitError, RecordError, SignatureError
from detente.record.checkpoint import Checkpoint, verify_subtree
from detente.record.keys import PublicKey
from detente.record.mldsa import MlDsaPublicKey
from detente.record.note import (
    ED25519,
    MAX_NOTE_BYTES,
    ML_DSA_44,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_verifier_key,
)
from detente.record.reading import decode_base64, encode_base64
from detente.record.tree import HASH_BYTES

PROOF_LINES_MAX = 63
MAX_SUBMISSION_BYTES = MAX_NOTE_BYTES + 4096
"""A note, the old size, and 63 hashes of 45 characters."""

SIZE_TYPE = "text/x.tlog.size"
"""The type of an answer that says which size was cosigned last."""

OTHER_LINES_MAX = 4
"""Signatures by keys that are not trusted that are kept under one checkpoint."""

MAX_SIZE = 2**63 - 1
_SIGNATURE_BYTES_MAX = 2428
"""A timestamp and an ML-DSA-44 signature."""
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_ORIGIN_BYTES_MAX = 255


class Submission(msgspec.Struct, frozen=True):
    """A checkpoint, and the proof that it goes on from ``old_size``. Nothing in it is verified."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


def encode_submission(submission: Submission) -> bytes:
    """The body of an ``add-checkpoint`` request."""
    lines = [f"old {submission.old_size}", *map(encode_base64, submission.proof)]
    return ("".join(f"{line}\n" for line in lines) + "\n" + submission.note).encode()


def decode_submission(data: bytes) -> Submission:
    """Take a request's body apart. Raises RecordError, or LimitError for one too long."""
    if len(data) > MAX_SUBMISSION_BYTES:
        raise LimitError(
            f"longer than {MAX_SUBMISSION_BYTES} bytes", remedy="send less", where="submission"
        )
    try:
        head, _, note = data.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    first, *proof = head.split("\n", PROOF_LINES_MAX + 2)
    word, _, size = first.partition(" ")
    if word != "old":
        raise _malformed("its first line is not 'old' and a size")
    if len(proof) > PROOF_LINES_MAX:
        raise _malformed(f"a proof has at most {PROOF_LINES_MAX} lines")
    hashes = tuple(decode_base64(line, "consistency proof", HASH_BYTES) for line in proof)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise _malformed("a line of its proof is not a hash")
    return Submission(read_size(size), hashes, note)


def read_size(text: str) -> int:
    """A tree size, written as the specification has it. Raises RecordError."""
    size = int(text) if _SIZE.fullmatch(text) else MAX_SIZE + 1
    if size > MAX_SIZE:
        raise _malformed("a size is not a decimal number below 2^63 without leading zeros")
    return size


def read_any_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is, of whatever log; its extension lines are left alone.

    Raises RecordError.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or not 0 < len(lines[0].encode()) <= _ORIGIN_BYTES_MAX:
        raise _malformed("a checkpoint is origin, size and root hash, each on its line")
    root = decode_base64(lines[2], "checkpoint root", HASH_BYTES)
    if len(root) != HASH_BYTES:
        raise _malformed("a checkpoint's root is not a hash")
    return Checkpoint(lines[0], read_size(lines[1]), root)


def log_key(text: str) -> VerifierKey:
    """A log's key from how its operator shows it, which a witness can verify with.

    Raises RecordError for any other.
    """
    key = parse_verifier_key(text)
    if key.type == ED25519:
        PublicKey(key.raw)
    elif key.type == ML_DSA_44:
        MlDsaPublicKey(key.raw)
    else:
        raise RecordError(
            f"signatures of type {key.type:#04x} are not known here",
            remedy="give an Ed25519 (0x01) or ML-DSA-44 (0x06) key",
            where="verifier key",
        )
    return key


def verify_log(note: Note, checkpoint: Checkpoint, keys: Sequence[VerifierKey]) -> None:
    """Verify that the log signed its checkpoint; ``keys`` are those trusted for its origin.

    Where keys of both kinds are trusted, both kinds are asked for: who breaks one of the two must
    not be able to have anything cosigned.

    Raises:
        SignatureError: a signature by a trusted key does not verify, or one is missing.
    """
    found = {key.type for key in signers(note, checkpoint, keys)}
    if not keys or found != {key.type for key in keys}:
        raise SignatureError(
            "not signed by the keys that are trusted for its origin",
            remedy="tell the witness's operator the keys that the log signs with now",
            where="checkpoint",
        )


def signers(note: Note, checkpoint: Checkpoint, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Those of ``keys`` that signed the checkpoint.

    Raises SignatureError: a signature by one of them does not verify.
    """
    found = []
    for key in keys:
        given = note.by(key.name, key.id)
        for signature in given:
            if key.type == ML_DSA_44:
                verify_subtree(MlDsaPublicKey(key.raw), signature, checkpoint, "checkpoint")
            else:
                PublicKey(key.raw).verify(signature.signature, note.text.encode())
        if given:
            found.append(key)
    return found


def own_lines(note: Note, keys: Sequence[VerifierKey]) -> Note:
    """The note with the log's own signatures alone, by trusted keys."""
    ids = {(key.name, key.id) for key in keys}
    return Note(note.text, tuple(s for s in note.signatures if (s.name, s.key_id) in ids))


def other_lines(note: Note, origin: str, keys: Sequence[VerifierKey]) -> tuple[NoteSignature, ...]:
    """The first signatures under the log's own name by keys that are not trusted: unverified.

    They count for nothing here (tlog-witness has them ignored), but who knows the keys may ask for
    them. They are few and no longer than an ML-DSA-44 signature, for anybody can have added them.
    """
    ids = {(key.name, key.id) for key in keys}
    found = [
        one
        for one in note.signatures
        if one.name == origin
        and (one.name, one.key_id) not in ids
        and len(one.signature) <= _SIGNATURE_BYTES_MAX
    ]
    return tuple(found[:OTHER_LINES_MAX])


def read_note(note: str) -> tuple[Note, Checkpoint]:
    """A submitted note and the checkpoint in it. Raises RecordError or LimitError."""
    parsed = parse_note(note)
    return parsed, read_any_checkpoint(parsed.text)


def _malformed(why: str) -> RecordError:
    return RecordError(
        f"not a submission to a witness: {why}",
        remedy="send it as C2SP tlog-witness has it",
        where="submission",
    )

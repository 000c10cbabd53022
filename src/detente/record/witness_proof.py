"""Proofs that a witness signed two histories of one log, for anyone who has the witness's keys.

A witness cosigns what goes on from what it cosigned before, and nothing else: that is all it is
there for. So two of its cosignatures that cannot be of one history are proof against it, whoever
wrote the log, and whatever times they state::

    {"v":1,"kind":"witness","line":"hex","party":"ru","witness":"witness.example/w1",
     "before":"note","root":"b64","path":["b64", … ],"after":"note"}

``before`` and ``after`` are checkpoints of the log of ``party``, the second of as many entries or
more, each with the cosignature of that witness. ``path`` is the RFC 6962 consistency proof by which
the log in ``after`` had ``root`` when it was as long as in ``before``; and that is not the root
that the witness signed for. A tree has one root for each earlier size, so that no other path leads
to that one.

What the log's own party has signed is proven by itself (``record.proof``) and not asked for here.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from detente.errors import InputError, RecordError
from detente.record.checkpoint import (
    Checkpoint,
    is_witness,
    lines_by,
    origin,
    read_checkpoint,
    verify_cosignature,
)
from detente.record.keys import PublicKey
from detente.record.mldsa import MlDsaPublicKey
from detente.record.note import COSIGNATURE, ML_DSA_44, VerifierKey, parse_note, parse_verifier_key
from detente.record.proof import MAX_PROOF_BYTES
from detente.record.reading import (
    Hash,
    PartyId,
    decode_base64,
    encode_base64,
    read_json,
    read_struct,
)
from detente.record.tree import HASH_BYTES, verify_consistency
from detente.record.witness import PROOF_LINES_MAX

KIND = "witness"
MAX_WITNESS_PROOF_BYTES = 512 * 1024
"""Two notes, 63 hashes and some names."""
KEYS_BYTES_MAX = 2 * 1024 * 1024
"""Of a text in which a witness's keys are looked for: a founding document has at most 1 MiB."""


class ProvenTwice(msgspec.Struct, frozen=True):
    """What a proof proves: ``witness`` signed for two histories of the log of ``party``.

    One had ``before`` entries when it signed for it, the other ``after``.
    """

    line: str
    party: str
    witness: str
    before: int
    after: int

    @property
    def what(self) -> str:
        """What the witness has done, in words that follow its name."""
        return (
            f"signed for {self.before} and for {self.after} entries of the log of {self.party} "
            "that are not of one history"
        )


class _Twice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: Literal[1]
    kind: Literal["witness"]
    line: Hash
    party: PartyId
    witness: str
    before: str
    root: str
    path: list[str]
    after: str


def prove_twice(
    line: str, party: str, witness: str, before: str, root: bytes, path: Sequence[bytes], after: str
) -> dict[str, Any]:
    """The proof, as JSON values. ``root`` is that of ``after``'s log at the size of ``before``."""
    return {
        "v": 1,
        "kind": KIND,
        "line": line,
        "party": party,
        "witness": witness,
        "before": before,
        "root": encode_base64(root),
        "path": [encode_base64(one) for one in path],
        "after": after,
    }


def named_witness(data: bytes) -> str | None:
    """The witness that a proof's file is against; None where it is a proof of another kind.

    Raises RecordError, or LimitError for what is longer than any proof.
    """
    value: Any = read_json(data, MAX_PROOF_BYTES, "proof")
    is_ours = isinstance(value, dict) and value.get("kind") == KIND
    return read_struct(value, _Twice, "proof").witness if is_ours else None


def check_twice(data: bytes, witness: str, public: PublicKey) -> ProvenTwice:
    """Verify a proof against ``witness``, by its keys.

    Raises:
        RecordError: it is not such a proof, or proves nothing.
        SignatureError: what it shows is not signed by this witness, by each half of its key.
        LimitError: it is longer than 512 KiB.
    """
    proof = read_struct(read_json(data, MAX_WITNESS_PROOF_BYTES, "proof"), _Twice, "proof")
    if proof.witness != witness or not is_witness(witness):
        raise _proves_nothing(f"it is against {proof.witness[:128]}")
    before, after = (_cosigned(proof, note, public) for note in (proof.before, proof.after))
    if len(proof.path) > PROOF_LINES_MAX:
        raise _proves_nothing(f"its path has more than {PROOF_LINES_MAX} hashes")
    path = [decode_base64(text, "proof path", HASH_BYTES) for text in proof.path]
    root = decode_base64(proof.root, "proof root", HASH_BYTES)
    verify_consistency(before.size, after.size, path, root, after.root)
    if root == before.root:
        raise _proves_nothing("the second checkpoint goes on from the first")
    return ProvenTwice(proof.line, proof.party, witness, before.size, after.size)


def cosignature_in(note: str, witness: str, public: PublicKey) -> str:
    """The cosignature of a witness under a checkpoint, among whatever else stands there, verified.

    Raises RecordError, or SignatureError if there is none by both halves of its key.
    """
    lines = "\n".join(one.line for one in parse_note(note).signatures)
    text = lines_by(lines, witness, public)
    verify_cosignature(text, note, witness, public)
    return text


def keys_in(data: bytes, witness: str) -> PublicKey:
    """The keys of a witness as some text gives them: terms, a policy, or its operator's words.

    Raises InputError where it gives none, or several; RecordError for what is no key.
    """
    text = data.decode("utf-8", "replace")
    pattern = re.escape(witness) + r"\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}"
    found = [parse_verifier_key(one) for one in dict.fromkeys(re.findall(pattern, text))]
    plain = [one for one in found if one.type == COSIGNATURE]
    second = [one for one in found if one.type == ML_DSA_44]
    if len(plain) != 1 or len(second) > 1:
        raise InputError(
            f"gives {len(plain)} Ed25519 and {len(second)} ML-DSA-44 keys of {witness}",
            where="keys",
            remedy="give its keys alone, as `detente witness terms` prints them: one of Ed25519, "
            "and one of ML-DSA-44 where it has one",
        )
    return _public(plain[0], second)


def _public(plain: VerifierKey, second: list[VerifierKey]) -> PublicKey:
    return PublicKey(plain.raw, MlDsaPublicKey(second[0].raw) if second else None)


def _cosigned(proof: _Twice, note: str, public: PublicKey) -> Checkpoint:
    found = read_checkpoint(note)
    if found.origin != origin(proof.line, proof.party):
        raise _proves_nothing("a checkpoint of another log")
    cosignature_in(note, proof.witness, public)
    return found


def _proves_nothing(why: str) -> RecordError:
    return RecordError(f"proves nothing: {why}", remedy="ask for the proof again", where="proof")

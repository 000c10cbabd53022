"""Readers of what comes otherwise than over the line: by hand, from a witness, to a witness.

As in ``readers``, what has to be signed or sealed is signed and sealed here, over whatever an input
says: a member may seal anything into a parcel, and a log may sign anything for a witness.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.fuzz.readers import LINE, Read, lenient, line, line_key
from detente.errors import DetenteError
from detente.line import KeyChain, read_letter
from detente.line.letter import LETTER_TYPE
from detente.line.witnesses import Witness, check_witnesses
from detente.node.peer import Peer
from detente.node.unpacking import read_chunk
from detente.record import (
    Checkpoint,
    SealingKey,
    SealingPublicKey,
    SigningKey,
    checkpoint,
    sign_envelope,
    tree,
)
from detente.record.note import ED25519, Note, NoteSignature, key_id, parse_verifier_key
from detente.record.parcel import Opener, Sealer
from detente.record.witness import (
    Submission,
    decode_submission,
    encode_submission,
    log_key,
    read_note,
    read_size,
    verify_log,
)
from detente.witness import served
from detente.witness.store import WitnessStore

WITNESS = "witness.example/w1"
URL = "https://192.0.2.9:7453"
FILE_KEY = bytes(range(32))
LETTER = {"v": 1, "line": LINE, "from": "us", "to": "us", "time": "2026-11-22T08:00:00Z"}


# --- parcels ------------------------------------------------------------------------------------


@cache
def sealing_key() -> SealingKey:
    """The fixed key that parcels of the corpus are sealed to."""
    secret = hashlib.sha512(b"sealing").digest()
    return SealingKey(
        MLKEM768PrivateKey.from_seed_bytes(secret), X25519PrivateKey.from_private_bytes(secret[:32])
    )


def sealed(
    to: str, seal_to: SealingPublicKey, letter: Callable[[str], bytes], chunks: list[bytes]
) -> bytes:
    """A parcel with these chunks behind the ``letter``, which is told the parcel's digest."""
    sealer = Sealer(to, seal_to, FILE_KEY)
    pieces = [sealer.label, sealer.seal(letter(sealer.digest), last=not chunks)]
    for number, chunk in enumerate(chunks, 1):
        pieces.append(sealer.seal(chunk, last=number == len(chunks)))
    return b"".join(pieces)


def letter_by(key: SigningKey, said: dict[str, Any], rotations: Any) -> bytes:
    """A letter that says whatever ``said`` says, well signed."""
    envelope = sign_envelope(key, LETTER_TYPE, json.dumps(said).encode())
    return json.dumps({"letter": envelope.to_wire(), "rotations": rotations}).encode()


def _parcel(data: bytes) -> None:
    chunks = Opener(BytesIO(data), "us", [sealing_key()]).chunks()
    read_letter(next(chunks)).verify(KeyChain.from_card(line_key("us").public))
    for chunk in chunks:
        read_chunk(chunk)


def _letter(data: bytes) -> None:
    read_letter(data).verify(KeyChain.from_card(line_key("us").public))


# --- witnesses ----------------------------------------------------------------------------------


def origin() -> str:
    """The log of ``ru`` on the line of the corpus, which signs with one key."""
    return checkpoint.origin(line().id, "ru")


def log_keys() -> list[str]:
    """The keys of that log."""
    return checkpoint.log_keys(line().id, "ru", line_key("ru").public)


def root(size: int) -> bytes:
    """The root of that log, whose leaves are their numbers."""
    return tree.root_of(tree.leaf_hash(b"%d" % leaf) for leaf in range(size))


def node_hashes(level: int, index: int) -> bytes:
    """A subtree of that log."""
    leaves = range(index << level, (index + 1) << level)
    return tree.root_of(tree.leaf_hash(b"%d" % leaf) for leaf in leaves)


def signed_note(text: str) -> str:
    """Any text, signed by that log."""
    key, name = line_key("ru"), origin()
    signature = key.sign(text.encode("utf-8", "surrogatepass"))
    made = NoteSignature(name, key_id(name, ED25519, key.public.raw), signature)
    return str(Note(text, (made,)))


def submission(old: int, size: int) -> bytes:
    """What that log submits when it has grown from ``old`` to ``size`` entries."""
    proof = tree.consistency_proof(old, size, node_hashes) if 0 < old < size else []
    note = signed_note(Checkpoint(origin(), size, root(size)).text)
    return encode_submission(Submission(old, tuple(proof), note))


def _submission(data: bytes) -> None:
    note, said = read_note(decode_submission(data).note)
    verify_log(note, said, [parse_verifier_key(text) for text in log_keys()])


def witness() -> Witness:
    """A witness as terms name it; the key of ``us`` makes its signatures, two each."""
    keys = checkpoint.cosigner_keys(WITNESS, line_key("us").public)
    return Witness(name=WITNESS, keys=tuple(keys), url=URL)


def witnessed(note: str) -> bytes:
    """The lines that this witness answers the submission of a note with."""
    text = note.partition("\n\n")[0] + "\n"
    said = checkpoint.read_checkpoint(note)
    return checkpoint.cosign_text(line_key("us"), WITNESS, text, said, 1795334400).encode() + b"\n"


def _answer(data: bytes) -> None:
    """An answer to ``add-checkpoint``: signature lines, or the size that was cosigned last."""
    text = data.decode("utf-8", "surrogateescape").removesuffix("\n")
    if text[:1].isdecimal():
        read_size(text)
        return
    note = decode_submission(submission(0, 7)).note
    public = line_key("us").public
    mine = checkpoint.lines_by(text, WITNESS, public)
    checkpoint.verify_cosignature(mine, note, WITNESS, public)
    checkpoint.with_cosignatures(note, [mine])


def _verifier_key(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    name = text.partition("+")[0]
    first: Exception | None = None
    refused = 0
    for read in (log_key, lambda one: check_witnesses([Witness(name=name, keys=(one,), url=URL)])):
        try:
            read(text)
        except DetenteError as error:
            first, refused = first or error, refused + 1
    # No key is that of a log and of a witness.
    if first is not None and refused == 2:
        raise first


def _policy(data: bytes, folder: Path) -> None:
    kept = WitnessStore(folder / "policy.db")
    try:
        served.allow_policy(kept, data)
    finally:
        kept.close()


# --- peers' answers -----------------------------------------------------------------------------


class _Says:
    """A wire to a peer that answers everything with one answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = status, body

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        """That answer."""
        return self._answer

    def close(self) -> None:
        """There is no connection."""


def _peer_answer(data: bytes) -> str:
    """``{"status","body"}``: what a peer answers, to whatever it was asked."""
    said = lenient(data, "answer", dict)
    status, body = said.get("status"), said.get("body")
    text = body if isinstance(body, str) else json.dumps(body)
    wire = _Says(status if isinstance(status, int) else 200, text.encode("utf-8", "surrogatepass"))
    peer, came = Peer("ru", wire), set[str]()
    for ask in (
        peer.heads,
        lambda: peer.read_log("us", 0),
        lambda: peer.push("us", 0, [], None),
        lambda: peer.send_cosignatures("us", ""),
    ):
        try:
            ask()
            came.add("read")
        except DetenteError as error:
            if not error.message:
                raise
            came.add(type(error).__name__)
    return f"read: {sorted(came)}"


def more_readers(folder: Path) -> dict[str, Read]:
    """All of them by the name of their corpus; ``folder`` is for those that keep something."""
    return {
        "letter": _letter,
        "parcel": _parcel,
        "peer-answer": _peer_answer,
        "policy": lambda data: _policy(data, folder),
        "submission": _submission,
        "verifier-key": _verifier_key,
        "witness-answer": _answer,
    }

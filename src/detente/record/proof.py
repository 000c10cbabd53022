"""Proofs of equivocation: that a party signed what cannot all be true, for anyone with its card.

Two kinds, as JSON that carries signatures and headers and no bodies::

    {"v":1,"kind":"entries","line":"hex","party":"ru","envelopes":[ … , … ]}

    {"v":1,"kind":"history","line":"hex","party":"ru","before":"note or null",
     "subtrees":["b64", … ],"envelopes":[ … ],"after":"note"}

*entries*: two different headers with one index. *history*: a party that signed ``before``, whose
tree is made of ``subtrees``, and then the entries in ``envelopes``, one after the other, has a log
of a certain size and root; and ``after`` is signed for that size with another root. Without
``before`` the entries begin at index 0; without entries these are two checkpoints of one size.

A party may have changed its key before: ``"rotations":[ … ]`` then holds the envelopes of its
``key.rotate`` entries, by which a reader comes from the key in its card to those of the proof.

Nothing else has to be believed: not who brought it, nor any log.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from detente.errors import RecordError, SignatureError
from detente.record.checkpoint import Checkpoint, origin
from detente.record.entry import entry_id
from detente.record.envelope import Envelope
from detente.record.header import HEADER_TYPE, MAX_HEADER_BYTES, Header, decode_header
from detente.record.keys import PublicKey
from detente.record.reading import (
    Hash,
    PartyId,
    decode_base64,
    encode_base64,
    read_json,
    read_struct,
)
from detente.record.strict_json import canonical
from detente.record.tree import HASH_BYTES, Frontier, leaf_hash, peaks

MAX_PROOF_BYTES = 64 * 1024 * 1024


class Keys(Protocol):
    """The keys of a log, as ``line.KeyChain`` has them."""

    def signer(self, header: Header) -> PublicKey:
        """The key that must have signed an entry."""
        ...

    def followed_by(self, header: Header) -> "Keys":
        """The keys after an entry: these, or these and the one that it hands over to."""
        ...

    def by_itself(self, header: Header) -> bool:
        """Whether an entry names a key and is signed with that very key."""
        ...

    def open_checkpoint(self, note: str, origin: str) -> Checkpoint:
        """A checkpoint, signed by the key of its size."""
        ...


class Proven(msgspec.Struct, frozen=True):
    """What a proof proves: ``party`` signed two logs on ``line`` that differ from ``index`` on.

    ``index`` is the last entry at which they may have parted.
    """

    line: str
    party: str
    index: int
    what: str


class _Entries(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="entries", tag_field="kind"
):
    v: Literal[1]
    line: Hash
    party: PartyId
    envelopes: tuple[dict[str, Any], dict[str, Any]]
    rotations: list[dict[str, Any]] = []


class _History(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="history", tag_field="kind"
):
    v: Literal[1]
    line: Hash
    party: PartyId
    before: str | None
    subtrees: list[str]
    envelopes: list[dict[str, Any]]
    after: str
    rotations: list[dict[str, Any]] = []


def prove_entries(
    line: str, party: str, one: Envelope, other: Envelope, rotations: Sequence[Envelope] = ()
) -> dict[str, Any]:
    """The proof by two entries, as JSON values; ``rotations`` come before both."""
    envelopes = [one.to_wire(), other.to_wire()]
    proof = {"v": 1, "kind": "entries", "line": line, "party": party, "envelopes": envelopes}
    return proof | _rotated(rotations)


def prove_history(
    line: str,
    party: str,
    before: str | None,
    subtrees: Sequence[bytes],
    envelopes: Sequence[Envelope],
    after: str,
    rotations: Sequence[Envelope] = (),
) -> dict[str, Any]:
    """The proof by a checkpoint that is not of the entries signed before it, as JSON values.

    ``rotations`` are of before the first of these entries.
    """
    proof = {
        "v": 1,
        "kind": "history",
        "line": line,
        "party": party,
        "before": before,
        "subtrees": [encode_base64(one) for one in subtrees],
        "envelopes": [one.to_wire() for one in envelopes],
        "after": after,
    }
    return proof | _rotated(rotations)


def _rotated(rotations: Sequence[Envelope]) -> dict[str, Any]:
    return {"rotations": [one.to_wire() for one in rotations]} if rotations else {}


def encode_proof(proof: dict[str, Any]) -> bytes:
    """The bytes of a proof's file."""
    return canonical(proof)


def check_proof(data: bytes, party: str, keys: Keys) -> Proven:
    """Verify a proof against ``party``; ``keys`` are the one in a card of it.

    Raises:
        RecordError: it is not a proof, or proves nothing.
        SignatureError: what it shows is not signed by this party.
        LimitError: it is longer than 64 MiB.
    """
    value: Any = read_json(data, MAX_PROOF_BYTES, "proof")
    kinds: Any = _Entries | _History
    proof = read_struct(value, kinds, "proof")
    if proof.party != party:
        raise RecordError(
            f"a proof against {proof.party}",
            remedy=f"give the card of {proof.party}",
            where="proof",
        )
    keys = _followed(proof, keys)
    return _entries(proof, keys) if isinstance(proof, _Entries) else _history(proof, keys)


def _followed(proof: _Entries | _History, keys: Keys) -> Keys:
    """The keys after the proof's rotations, of which the first may be older than the card."""
    first = True
    for wire in proof.rotations:
        try:
            _, header = _signed(proof, wire, keys)
        except SignatureError:
            if not first:
                raise
            continue
        first, keys = False, keys.followed_by(header)
    return keys


def _entries(proof: _Entries, keys: Keys) -> Proven:
    (one, first), (other, second) = (_signed(proof, wire, keys) for wire in proof.envelopes)
    if first.index != second.index or entry_id(one.pae) == entry_id(other.pae):
        raise _proves_nothing("the two entries do not stand at one index, or are the same")
    what = f"signed two different entries with index {first.index}"
    return Proven(proof.line, proof.party, first.index, what)


def _history(proof: _History, keys: Keys) -> Proven:
    name = origin(proof.line, proof.party)
    tree = _tree(proof, None if proof.before is None else keys.open_checkpoint(proof.before, name))
    for wire in proof.envelopes:
        envelope, header = _signed(proof, wire, keys)
        if header.index != tree.size:
            raise _proves_nothing(f"entry {header.index} does not follow {tree.size - 1}")
        tree.append(leaf_hash(envelope.pae))
        keys = keys.followed_by(header)
    after = keys.open_checkpoint(proof.after, name)
    if after.size != tree.size:
        raise _proves_nothing(f"its checkpoint is of {after.size} entries, not of {tree.size}")
    if after.root == tree.root():
        raise _proves_nothing("its checkpoint is of the very entries that were signed before it")
    what = f"signed a checkpoint of {after.size} entries other than those it has signed"
    return Proven(proof.line, proof.party, max(0, after.size - 1), what)


def _tree(proof: _History, before: Checkpoint | None) -> Frontier:
    """The tree that ``before`` was signed for."""
    size = 0 if before is None else before.size
    places = peaks(0, size)
    hashes = [decode_base64(text, "proof subtree", HASH_BYTES) for text in proof.subtrees]
    if len(hashes) != len(places) or any(len(one) != HASH_BYTES for one in hashes):
        raise _proves_nothing(f"a tree of {size} entries has {len(places)} subtrees")
    known = dict(zip(places, hashes, strict=True))
    tree = Frontier.from_nodes(size, lambda level, index: known[level, index])
    if before is not None and tree.root() != before.root:
        raise _proves_nothing("its subtrees are not those of its first checkpoint")
    return tree


def _signed(
    proof: _Entries | _History, wire: dict[str, Any], keys: Keys
) -> tuple[Envelope, Header]:
    """An entry's header, signed by the party and on this line."""
    envelope = Envelope.from_wire(wire, payload_type=HEADER_TYPE, limit_bytes=MAX_HEADER_BYTES)
    header = decode_header(envelope.payload)
    if keys.by_itself(header):
        # Anybody can make a key and sign that it is this party's: only vouchings make it so.
        raise SignatureError(
            "an entry that is signed with the key that it names itself",
            remedy="check it with the card that was vouched for, or look at the log",
            where="proof",
        )
    envelope.verify(keys.signer(header))
    if (header.line, header.party) != (proof.line, proof.party):
        raise _proves_nothing("an entry of another log")
    return envelope, header


def _proves_nothing(why: str) -> RecordError:
    return RecordError(f"proves nothing: {why}", remedy="ask for the proof again", where="proof")

"""Envelopes, Merkle logs, checkpoints, cosignatures, proofs (pure)."""

from detente.record import checkpoint, proof, strict_json, tree
from detente.record.card import Card, OpenCard, make_card, open_card
from detente.record.checkpoint import Checkpoint
from detente.record.entry import Entry, entry_to_bundle, read_entry, write_entry
from detente.record.envelope import Envelope, sign_envelope
from detente.record.header import Header, Seen, decode_header, encode_header
from detente.record.keys import PublicKey, SigningKey
from detente.record.mldsa import MlDsaKey
from detente.record.sealing import SealingKey, SealingPublicKey

__all__ = [
    "Card",
    "Checkpoint",
    "Entry",
    "Envelope",
    "Header",
    "MlDsaKey",
    "OpenCard",
    "PublicKey",
    "SealingKey",
    "SealingPublicKey",
    "Seen",
    "SigningKey",
    "checkpoint",
    "decode_header",
    "encode_header",
    "entry_to_bundle",
    "make_card",
    "open_card",
    "proof",
    "read_entry",
    "sign_envelope",
    "strict_json",
    "tree",
    "write_entry",
]

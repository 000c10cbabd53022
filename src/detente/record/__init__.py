"""Envelopes, Merkle logs, checkpoints, cosignatures, proofs (pure)."""

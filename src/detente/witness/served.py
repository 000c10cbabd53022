"""Which logs a witness serves: what its operator says, in a running witness or beside it."""

import hashlib

from detente.errors import InputError
from detente.line import open_founding
from detente.record import checkpoint as checkpoints
from detente.record.witness import log_key
from detente.witness import store
from detente.witness.store import WitnessStore

KEYS_MAX = 8
"""Keys of one log in a policy."""


def allow(kept: WitnessStore, text: str) -> bool:
    """Trust a log's key, as tools for signed notes are told it; its name is the log's origin.

    False if it was trusted already. Raises RecordError for what is no log's key.
    """
    origin = log_key(text).name
    digest = hashlib.sha256(origin.encode()).hexdigest()
    return kept.write(lambda tx: store.allow(tx, origin, digest, text))


def allow_line(kept: WitnessStore, founding: bytes) -> list[str]:
    """Serve every log of a line, from its founding document; their origins. Raises InputError."""
    line = open_founding(founding)
    for party, card in line.cards.items():
        for text in checkpoints.log_keys(line.id, party, card.public):
            allow(kept, text)
    return [checkpoints.origin(line.id, party) for party in line.cards]


def allow_policy(kept: WitnessStore, policy: bytes) -> list[str]:
    """Trust every key of the log that a C2SP tlog-policy is about; those keys. Raises InputError.

    Raises RecordError for what is no log's key; then none is trusted.
    """
    lines = [line.split() for line in policy.decode("utf-8", "replace").splitlines()]
    keys = [line[1] for line in lines if len(line) > 1 and line[0] == "log"]
    if not keys or len(keys) > KEYS_MAX or len({log_key(text).name for text in keys}) != 1:
        raise InputError(
            f"it has no 1 to {KEYS_MAX} 'log' lines of one log",
            where="policy",
            remedy="give the 'policy' of one log, as 'detente record export --tiles' writes it",
        )
    for text in keys:
        allow(kept, text)
    return keys


def forbid(kept: WitnessStore, text: str) -> bool:
    """Trust a key no more; False if it was not trusted. What was cosigned stays known."""
    origin = log_key(text).name
    return kept.write(lambda tx: store.forbid(tx, origin, text))

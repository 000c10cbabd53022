"""Which logs a witness serves: what its operator says, in a running witness or beside it."""

import hashlib

from detente.line import open_founding
from detente.record import checkpoint as checkpoints
from detente.record.witness import log_key
from detente.witness import store
from detente.witness.store import WitnessStore


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


def forbid(kept: WitnessStore, text: str) -> bool:
    """Trust a key no more; False if it was not trusted. What was cosigned stays known."""
    origin = log_key(text).name
    return kept.write(lambda tx: store.forbid(tx, origin, text))

"""Kept forks as proofs that can be carried away and checked without us (``record.proof``), and what
witnesses have signed of both histories (``record.witness_proof``)."""

import msgspec

from detente.errors import DetenteError
from detente.line import Founding, KeyChain, read
from detente.node import two_roots, views
from detente.node.core import Core
from detente.node.two_roots import Twice
from detente.record import Envelope, OpenCard, PublicKey, decode_header, proof
from detente.record.checkpoint import read_checkpoint
from detente.record.header import HEADER_TYPE, MAX_HEADER_BYTES
from detente.store import links, logs
from detente.store.links import Fork
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes.times import format_time


def proofs(core: Core, line: str) -> list[views.ProofView]:
    """Every fork kept on a line, oldest first, with its proof; then those against witnesses."""
    with core.store.read() as tx:
        founding = core.founding(tx, line)
        forks = [_view(core, tx, founding, fork) for fork in links.forks_of(tx, founding.id)]
        return [*forks, *map(_view_of_witness, two_roots.found(tx, founding))]


def _view_of_witness(twice: Twice) -> views.ProofView:
    return views.ProofView(
        line=twice.proven.line,
        party=twice.proven.party,
        index=max(0, twice.proven.before - 1),
        found=format_time(twice.kept.found_s),
        what=twice.proven.what,
        offered_by=twice.kept.shown_by,
        card="",
        proof=twice.proof,
        witness=twice.proven.witness,
        keys=two_roots.verifier_keys(twice),
    )


def _view(core: Core, tx: Tx, founding: Founding, fork: Fork) -> views.ProofView:
    card = _card(tx, founding, fork)
    return views.ProofView(
        line=founding.id,
        party=fork.party,
        index=fork.index,
        found=format_time(fork.found_s),
        what=fork.what,
        offered_by=fork.offered_by,
        card=card.fingerprint,
        witness=None,
        keys=[],
        proof=_proof(core, tx, founding, fork, card.public),
    )


def _card(tx: Tx, founding: Founding, fork: Fork) -> OpenCard:
    """The card to check a proof with: that of the founding, or of the last vouched change before.

    From there every other key up to the fork was handed over on the record itself.
    """
    brought = read.cards(rows_of(tx, founding.id), founding, fork.party)
    return next(
        one.card
        for one in reversed(brought)
        if one is brought[0] or (one.vouched and one.at <= fork.index)
    )


def _proof(
    core: Core, tx: Tx, founding: Founding, fork: Fork, public: PublicKey
) -> views.Json | None:
    """The proof, found to hold; None where what was kept is not enough for one.

    What lies on both sides of a key that was vouched for convinces only who holds the vouchings.
    """
    held, offered = msgspec.json.decode(fork.held), msgspec.json.decode(fork.offered)
    try:
        if "checkpoint" in offered:
            made = _of_history(core, tx, founding, fork.party, held, offered["checkpoint"])
        else:
            one, other = _envelope(held), _envelope(offered)
            changes = _rotations(core, tx, founding, fork.party, fork.index)
            made = proof.prove_entries(founding.id, fork.party, one, other, changes)
        keys = KeyChain.from_card(public)
        proof.check_proof(proof.encode_proof(made), fork.party, keys)
    except DetenteError:
        return None
    return made


def _rotations(core: Core, tx: Tx, founding: Founding, party: str, before: int) -> list[Envelope]:
    """The changes of a log's key that are held, at an index below ``before``."""
    keys = rows_of(tx, founding.id).scan("key", f"{party}/")
    places = [at for key, _ in keys if (at := int(key.partition("/")[2])) < before]
    rows = [row for at in places for row in logs.read(tx, founding.id, party, at, 1)]
    return [entry.envelope for entry in core.entries(tx, founding, rows)]


def _of_history(
    core: Core, tx: Tx, founding: Founding, party: str, held: views.Json, after: str
) -> views.Json:
    size = read_checkpoint(after).size
    # Entries that came along with the false checkpoint were not stored: they are in the evidence.
    kept: dict[int, Envelope] = {}
    for bundle in held["entries"]:
        envelope = _envelope(bundle)
        kept[decode_header(envelope.payload).index] = envelope
    before = logs.checkpoint_up_to(tx, founding.id, party, size)
    start = 0 if before is None else before[0]
    rows = logs.read(tx, founding.id, party, start, size - start)
    for entry in core.entries(tx, founding, rows):
        kept.setdefault(entry.header.index, entry.envelope)
    envelopes = [kept[at] for at in range(start, size) if at in kept]
    tree = logs.peaks_at(tx, founding.id, party, start)
    note = None if before is None else before[1]
    changes = _rotations(core, tx, founding, party, start)
    return proof.prove_history(founding.id, party, note, tree, envelopes, after, changes)


def _envelope(bundle: views.Json) -> Envelope:
    return Envelope.from_wire(
        bundle["envelope"], payload_type=HEADER_TYPE, limit_bytes=MAX_HEADER_BYTES
    )

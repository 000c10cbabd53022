"""Witnesses that signed for two histories of one log: what is kept of it, and what proves it.

A party that forks is refused and shown by every node that holds both its histories. That a witness
cosigned both is another fact, and a worse one: it was named in the terms so that nobody could do
that unseen. It needs no trust in who brings it, for each side bears the witness's signature
(docs/decisions/0034).

Of what a witness signed elsewhere the shortest checkpoint is kept for each of its keys, so that no
flood of forks can crowd it out. That is proof as soon as we hold a cosignature by that key of as
many entries or more of our own history, from which the proof's path is computed; before, a witness
that went from our history to another one in good faith, where they still agreed, would be accused.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from detente.errors import DetenteError
from detente.line import Founding, read
from detente.node import views
from detente.node.core import Core
from detente.record import PublicKey
from detente.record.checkpoint import (
    cosigner_keys,
    origin,
    read_checkpoint,
    with_cosignatures,
)
from detente.record.note import Note, parse_note, parse_signature
from detente.record.proof import encode_proof
from detente.record.witness_proof import ProvenTwice, check_twice, cosignature_in, prove_twice
from detente.store import changes, links, logs
from detente.store.links import OtherRoot
from detente.store.projection import rows_of
from detente.store.store import Tx

OWN_LINES_MAX = 2
"""Of the log's own signatures under a kept checkpoint: one by each half of its key."""


class Twice(NamedTuple):
    """A witness that signed for two histories: what is proven, by what, and by which key."""

    kept: OtherRoot
    proven: ProvenTwice
    proof: views.Json
    public: PublicKey


def note(core: Core, founding: Founding, party: str, checkpoint: str, shown_by: str) -> None:
    """Keep what witnesses have signed under a checkpoint, if it is of another history than ours.

    Whatever time a witness states, and whoever signed besides: it signed. Its party may have
    changed its key in one of the histories, so that who holds the other cannot verify the party's.
    """
    line = founding.id
    try:
        parsed, found = parse_note(checkpoint), read_checkpoint(checkpoint)
    except DetenteError:
        return
    with core.store.read() as tx:
        held = logs.size(tx, line, party)
        ours = found.size > held or logs.root(tx, line, party, found.size) == found.root
        trusted = read.witness_keys(rows_of(tx, line), founding)
    if ours or found.origin != origin(line, party):
        return
    own = tuple(one for one in parsed.signatures if one.name == found.origin)[:OWN_LINES_MAX]
    given: list[OtherRoot] = []
    for witness, public in ((name, one) for name, several in trusted.items() for one in several):
        with suppress(DetenteError):
            lines = cosignature_in(checkpoint, witness, public).split("\n")
            signed = Note(parsed.text, (*own, *map(parse_signature, lines)))
            given.append(
                OtherRoot(
                    line=line,
                    party=party,
                    witness=witness,
                    key=_digest(public),
                    size=found.size,
                    note=str(signed).encode(),
                    shown_by=shown_by,
                    found_s=core.clock.now_s(),
                )
            )

    def keep(tx: Tx) -> None:
        for one in given:
            if links.add_other_root(tx, one):
                changes.note(tx, line, "fork", [party])

    if given:
        core.store.write(keep)


def found(tx: Tx, founding: Founding) -> Iterator[Twice]:
    """Every witness that is proven to have signed for two histories, once a log and key."""
    kept = links.other_roots_of(tx, founding.id)
    trusted = read.witness_keys(rows_of(tx, founding.id), founding) if kept else {}
    for one in kept:
        for public in trusted.get(one.witness, ()):
            if _digest(public) == one.key:
                yield from _proven(tx, one, public)


def shown_to_peers(tx: Tx, founding: Founding) -> Iterator[views.Witnessed]:
    """How far each witness has signed for our history of every log that is known to have two.

    Of two nodes with different histories, the one whose history was cosigned further proves by
    that of the other that the witness signed for both; alone, it may never see that.
    """
    line = founding.id
    forked = sorted({fork.party for fork in links.forks_of(tx, line)} & set(founding.members))
    trusted = read.witness_keys(rows_of(tx, line), founding) if forked else {}
    for party in forked:
        for witness in trusted:
            size = logs.newest_cosigned(tx, line, party, witness)
            bare = logs.checkpoint(tx, line, party, size) if size else None
            if bare is not None:
                given = logs.cosigned(tx, line, party, size)[witness]
                signed = with_cosignatures(bare, [given.line])
                yield views.Witnessed(party=party, witness=witness, size=size, note=signed)


def _proven(tx: Tx, other: OtherRoot, public: PublicKey) -> Iterator[Twice]:
    """The proof by the first cosignature of our own history that is by the same key."""
    line, party, size = other.line, other.party, other.size
    for given in logs.cosigned_by(tx, line, party, other.witness, size):
        bare = logs.checkpoint(tx, line, party, given.size)
        if bare is None:
            continue
        with suppress(DetenteError):
            ours = with_cosignatures(bare, [given.line])
            cosignature_in(ours, other.witness, public)
            root = logs.root(tx, line, party, size)
            path = logs.consistency(tx, line, party, size, given.size)
            theirs = other.note.decode()
            made = prove_twice(line, party, other.witness, theirs, root, path, ours)
            proven = check_twice(encode_proof(made), other.witness, public)
            yield Twice(other, proven, made, public)
            return


def verifier_keys(twice: Twice) -> list[str]:
    """The keys that its proof is checked with, as tools for signed notes are told them."""
    return cosigner_keys(twice.kept.witness, twice.public)


def _digest(public: PublicKey) -> str:
    return hashlib.sha256(public.raw).hexdigest()

"""Cosignatures: saying with our signature that we have a peer's entries on our disk.

A cosignature *is* the acknowledgement "received" (docs/protocol.md, section 5). So one is made
only of a checkpoint that was stored, and found true of what is stored, in an earlier transaction;
it is stored itself before anybody sees it; and two rules hold in whatever order things are asked:
never two roots for one size, never a size below one already cosigned. The log of a party that was
caught in a fork is not cosigned any more, but for a fork before its newest vouched change of keys.
"""

from collections.abc import Sequence
from contextlib import suppress

from detente.errors import DetenteError, GapError, InputError, RecordError, SignatureError
from detente.line import Founding, read
from detente.line.keychain import KeyChain, claimed_size
from detente.node import evidence, restoring, two_roots
from detente.node.core import Core
from detente.node.peering import line_for
from detente.record import PublicKey
from detente.record import checkpoint as checkpoints
from detente.store import changes, logs
from detente.store.logs import Cosigned
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes.times import check_time_s

AHEAD_S_MAX = 300
"""How far a cosigner's clock may be ahead of ours (docs/protocol.md, section 5)."""


def cosign(core: Core, founding: Founding, party: str, size: int) -> str | None:
    """Our cosignature under the stored checkpoint of ``size``; None where we give none.

    Durable when this returns; asked again, it is the same.
    """
    if party == core.party:
        return None
    given = core.store.write(lambda tx: _cosign(core, tx, founding, party, size))
    if given is not None:
        with core.store.read() as tx:
            root = logs.root(tx, founding.id, party, size)
        core.marks.show(founding.id, party, size, root)
    return given


def _cosign(core: Core, tx: Tx, founding: Founding, party: str, size: int) -> str | None:
    given = logs.cosigned(tx, founding.id, party, size).get(core.party)
    if given is not None:
        return given.line
    note = logs.checkpoint(tx, founding.id, party, size)
    newest = logs.newest_cosigned(tx, founding.id, party, core.party)
    if note is None or size <= newest or evidence.binding(core, tx, founding, party):
        return None
    key = core.key_for(core.keys(tx, founding, core.party).newest)
    if not restoring.holds_mark(core, tx, founding.id, party, size):
        # We were restored, and have cosigned more, or another history.
        return None
    if key is None:
        # The line does not know our new key yet; our cosignature would be a stranger's.
        return None
    now_s = int(core.clock.now_s())
    line = checkpoints.cosign(key, core.party, note, now_s)
    _keep(tx, founding, party, [Cosigned(size, core.party, now_s, line)])
    core.counters["cosignatures_made_total"] += 1
    return line


def take(
    core: Core, line: str, party: str, note: str, caller: str, shown_by: str | None = None
) -> None:
    """Keep the cosignatures under a checkpoint of ``party`` that are good.

    Each counts by itself, so that a wrong one hides no other. What is wrong is raised afterwards;
    but one that lies in the future may do so by our clock alone, and of another than the caller it
    is only left out. Lines by nobody on this line are left out too. ``shown_by`` is who showed it
    where that is no member: a witness, and ``caller`` is then who asked it, we ourselves.

    Raises NotFoundError, RecordError, SignatureError, GapError if the checkpoint covers more than
    is held, or ForkError.
    """
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller, party)
        keys = {one: core.keys(tx, founding, one) for one in founding.members}
        trusted = {one: chain.trusted for one, chain in keys.items() if one != party}
        trusted |= read.witness_keys(rows_of(tx, line), founding)
        held = logs.size(tx, line, party)
    name = checkpoints.origin(line, party)
    if claimed_size(note) > held and party == core.party:
        _note_forgotten(core, line, keys[party], note)
    with core.store.read() as tx:
        # Who signs a checkpoint ahead of what is held may be said by what is not held.
        _check_held(tx, line, party, claimed_size(note))
    try:
        found = keys[party].open_checkpoint(note, name)
    except SignatureError:
        # Of a history in which its party has another key, the witnesses' are known all the same.
        two_roots.note(core, founding, party, note, shown_by or caller)
        raise
    bare = keys[party].bare(note, name)
    given: list[Cosigned] = []
    wrong: dict[str, RecordError] = {}
    for text in checkpoints.cosignatures_of(note):
        cosigner = checkpoints.cosigner_of(text)
        if cosigner in trusted:
            try:
                given.append(_verified(core, trusted[cosigner], cosigner, text, bare, found.size))
            except RecordError as error:
                wrong[cosigner] = error

    def keep(tx: Tx) -> None:
        _check_held(tx, line, party, found.size)
        evidence.check_root(core, tx, founding, party, found, bare)
        logs.put_checkpoint(tx, line, party, found.size, bare)
        known = logs.cosigned(tx, line, party, found.size)
        _keep(tx, founding, party, [one for one in given if one.cosigner not in known])

    try:
        core.store.write(keep)
    except evidence.ForkFoundError as fork:
        evidence.keep(core, founding, fork, shown_by or caller)
        two_roots.note(core, founding, party, note, shown_by or caller)
        raise
    for cosigner, refused in wrong.items():
        if cosigner == caller or not given or isinstance(refused, SignatureError):
            raise refused


def _note_forgotten(core: Core, line: str, keys: KeyChain, note: str) -> None:
    """Remember that we have signed more than is here, if that is so: we were restored."""
    with suppress(DetenteError):
        signed = keys.open_checkpoint(note, checkpoints.origin(line, core.party)).size
        core.store.write(lambda tx: restoring.note(tx, line, core.party, signed))


def _check_held(tx: Tx, line: str, party: str, size: int) -> None:
    held = logs.size(tx, line, party)
    if size > held:
        raise GapError(
            f"the checkpoint covers {size} entries; {held} are held",
            size=held,
            remedy=f"send the log from {held} first",
            where=f"log of {party}",
        )


def by_one_of(keys: Sequence[PublicKey], text: str, note: str, cosigner: str) -> int:
    """The time of a cosignature by one of these keys of ``cosigner``, of which there are some.

    Raises RecordError, or SignatureError if it is by none of them.
    """
    for key in keys[:-1]:
        with suppress(SignatureError):
            return checkpoints.verify_cosignature(text, note, cosigner, key)
    return checkpoints.verify_cosignature(text, note, cosigner, keys[-1])


def _verified(
    core: Core, keys: Sequence[PublicKey], cosigner: str, text: str, note: str, size: int
) -> Cosigned:
    time_s = by_one_of(keys, text, note, cosigner)
    try:
        check_time_s(time_s)
    except InputError as error:
        raise RecordError(error.message, remedy="refuse it", where="cosignature") from None
    if time_s > core.clock.now_s() + AHEAD_S_MAX:
        raise RecordError(
            "it says it was made in the future",
            remedy=f"compare clocks with {cosigner}",
            where=f"cosignature by {cosigner}",
        )
    return Cosigned(size, cosigner, time_s, text)


def _keep(tx: Tx, founding: Founding, party: str, new: list[Cosigned]) -> None:
    logs.put_cosignatures(tx, founding.id, party, new)
    changes.note(tx, founding.id, "cosignature", [f"{party}/{one.cosigner}" for one in new])

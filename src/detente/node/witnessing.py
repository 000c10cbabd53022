"""Witnesses of a line, from a member's side: what is submitted to them, and what they answer.

A witness named in the terms (docs/protocol.md, section 5) sees checkpoints and no entries. Every
member submits its own, and looks now and then at what the witness has seen of every log: where that
is another history than is held here, the witness's copy is the evidence of it, signed by its party.
When a witness is called is ``witness_calls``'s; here is what may be sent, and what is kept of
answers.
"""

from detente.errors import GapError, StateError
from detente.line import Founding, read
from detente.line.witnesses import Witness
from detente.node import cosigning, evidence, restoring, two_roots, views
from detente.node.core import Core
from detente.node.peering import line_for
from detente.record.checkpoint import lines_by, read_checkpoint, with_cosignatures
from detente.record.checkpoint import origin as origin_of
from detente.record.note import parse_note
from detente.record.witness import Submission
from detente.store import logs
from detente.store.projection import rows_of
from detente.store.store import Tx


def to_call(core: Core) -> list[views.WitnessCall]:
    """Every witness that has a URL, on every line whose terms name it."""
    with core.store.read() as tx:
        return [
            views.WitnessCall(line=founding.id, name=one.name, url=one.url, ca=one.ca)
            for founding in core.lines(tx)
            for one in read.terms(rows_of(tx, founding.id), founding).witnesses
            if one.url is not None
        ]


def submission(core: Core, line: str, name: str, old: int | None) -> Submission | None:
    """Our newest checkpoint for a witness that has not cosigned it yet; None if it has.

    ``old`` is the size that the witness says it cosigned last, None where it was not asked.

    Raises StateError where the witness knows more of our log than is here.
    """
    with core.store.read() as tx:
        founding = line_for(core, tx, line, core.party)
        newest = logs.newest_checkpoint(tx, line, core.party)
        known = logs.newest_cosigned(tx, line, core.party, name)
        if newest is None or newest[0] <= known:
            return None
        size, note = newest
        old = known if old is None else old
        if old > size:
            raise StateError(
                f"it has cosigned {old} entries of our log, of which {size} are here",
                where=f"witness {name}",
                remedy="the store was restored from an older copy: wait until the missing entries "
                "have been taken back from a peer",
            )
        if evidence.binding(core, tx, founding, core.party) or not restoring.holds_mark(
            core, tx, line, core.party, size
        ):
            raise StateError(
                "nothing is submitted: what was shown of our own log is not what is here",
                where=f"line {founding.name}",
                remedy="compare the record with every peer",
            )
        core.marks.show(line, core.party, size, read_checkpoint(note).root)
        proof = logs.consistency(tx, line, core.party, old, size)
    return Submission(old, tuple(proof), note)


def cosigned(core: Core, line: str, name: str, note: str, answer: str) -> None:
    """Keep the witness's cosignature under our checkpoint ``note``, from its answer.

    Raises RecordError, SignatureError or LimitError: it is none; nothing is kept.
    """
    with core.store.read() as tx:
        witness = _named(tx, line_for(core, tx, line, core.party), name)
    text = lines_by(answer.removesuffix("\n"), name, witness.public)
    cosigning.take(core, line, core.party, with_cosignatures(note, [text]), core.party)
    core.counters["witnessed_total"] += 1


def seen(core: Core, line: str, name: str, party: str, note: str) -> None:
    """Hold what a witness has seen of a log against what is held here.

    Its cosignature is kept. Another history than ours is kept as evidence (``evidence``).

    Raises RecordError, SignatureError or LimitError: it is no checkpoint of that log, or without
    the witness's cosignature; ForkError; StateError where it has seen more of our own log.
    """
    with core.store.read() as tx:
        founding = line_for(core, tx, line, core.party, party)
        witness = _named(tx, founding, name)
        keys = core.keys(tx, founding, party)
        size = read_checkpoint(note).size
        held = logs.checkpoint(tx, line, party, size)
    text = lines_by(_lines(note), name, witness.public)
    if held is not None and parse_note(held).text == parse_note(note).text:
        # Its party's signatures are known here. A witness need not be told of all its keys.
        cosigning.take(core, line, party, with_cosignatures(held, [text]), core.party, name)
        return
    two_roots.note(core, founding, party, note, name)
    try:
        keys.open_checkpoint(note, origin_of(line, party))
        bare = keys.bare(note, origin_of(line, party))
        cosigning.take(core, line, party, with_cosignatures(bare, [text]), core.party, name)
    except GapError:
        # The witness is ahead of us. Of another's log that is no news: delivery brings the rest.
        if party != core.party:
            return
        core.store.write(lambda tx: restoring.note(tx, line, party, size))
        submission(core, line, name, size)


def delivered(core: Core, line: str) -> list[views.Witnessed]:
    """The newest cosignature of our own log by each witness, as a note that peers can be sent."""
    with core.store.read() as tx:
        founding = line_for(core, tx, line, core.party)
        found = []
        for witness in read.terms(rows_of(tx, line), founding).witnesses:
            size = logs.newest_cosigned(tx, line, core.party, witness.name)
            note = logs.checkpoint(tx, line, core.party, size) if size else None
            if note is not None:
                given = logs.cosigned(tx, line, core.party, size)[witness.name]
                signed = with_cosignatures(note, [given.line])
                found.append(
                    views.Witnessed(party=core.party, witness=witness.name, size=size, note=signed)
                )
    return found


def of_forked(core: Core, line: str) -> list[views.Witnessed]:
    """The newest cosignature of our history by each witness, of every log known to have two."""
    with core.store.read() as tx:
        founding = line_for(core, tx, line, core.party)
        return list(two_roots.shown_to_peers(tx, founding))


def elsewhere(core: Core, line: str, party: str, note: str, caller: str) -> None:
    """Keep what witnesses have signed of another history than ours. Raises NotFoundError."""
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller, party)
    two_roots.note(core, founding, party, note, caller)


def _named(tx: Tx, founding: Founding, name: str) -> Witness:
    terms = read.terms(rows_of(tx, founding.id), founding)
    witness = next((one for one in terms.witnesses if one.name == name), None)
    if witness is None:
        raise StateError(
            f"the terms of {founding.name} name no witness {name} any more",
            where="terms",
            remedy="nothing is to be done; it is not called again",
        )
    return witness


def _lines(note: str) -> str:
    """All signature lines of a note."""
    return "\n".join(one.line for one in parse_note(note).signatures)

"""Writing an own entry: everything that follows from it changes in the one transaction it is in.

Index, the entry before it and what was seen of the other logs are read from the store inside that
transaction, and there is one writer: so our own log cannot fork by a race. What is left is a store
that is an old copy of itself (``restoring``).
"""

import os
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from detente.errors import EarlyError, StateError
from detente.line import (
    Draft,
    Founding,
    allowed_while_suspended,
    apply,
    read,
    to_compare,
)
from detente.line.abouts import ADMIT, JOIN, LEAVE, RECALL, ROTATE, VOUCH
from detente.node import aside, erasing, quota, restoring
from detente.node.core import Core
from detente.record import Checkpoint, Entry, Seen, write_entry
from detente.record.checkpoint import origin, read_checkpoint, sign_checkpoint
from detente.store import auditing, logs
from detente.store.projection import LineRows
from detente.store.store import Tx
from detente.volumes.times import format_time

SALT_BYTES = 32


def write(
    core: Core, tx: Tx, founding: Founding, rows: LineRows, draft: Draft, *, officer: str
) -> Entry:
    """Write one entry on a line, as ``officer``; ``rows`` are the line's in ``tx``.

    Raises StateError if the line is not in force (one may then only join it), if it is suspended
    and the draft has to wait, if the entry would be void, or if others would not take it
    (``quota.check_own``). Nothing is written then.
    """
    _check_open(core, rows, founding, draft)
    seen = seen_now(core, tx, founding, rows)
    _check_key(core, rows, founding, draft, seen)
    line, party = founding.id, core.party
    index = logs.size(tx, line, party)
    restoring.check(core, tx, line, index)
    now_s = core.clock.now_s()
    entry = write_entry(
        core.key,
        line=line,
        party=party,
        index=index,
        type=draft.type,
        time=format_time(now_s),
        seen=seen,
        about=draft.about,
        body=draft.body,
        salt=draft.salt or os.urandom(SALT_BYTES),
    )
    quota.check_own(rows, entry)
    logs.append(tx, line, party, index, [entry])
    tx.before_commit(("checkpoint", line), lambda tx: _sign(core, tx, founding))
    fold(core, tx, founding, rows, [entry])
    _check_not_void(rows, entry)
    auditing.add(
        tx,
        time_s=now_s,
        officer=officer,
        action=draft.type,
        subject=entry.id,
        detail=msgspec.json.encode({"line": line, "index": index}),
    )
    core.counters["entries_written_total"] += 1
    return entry


def _sign(core: Core, tx: Tx, founding: Founding) -> None:
    """Sign what our log has become, once for all that is committed together."""
    size = logs.size(tx, founding.id, core.party)
    root = logs.root(tx, founding.id, core.party, size)
    known = core.keys(tx, founding, core.party).of_checkpoint(size)
    checkpoint = Checkpoint(origin(founding.id, core.party), size, root)
    note = sign_checkpoint(core.key.known_as(known), checkpoint)
    logs.add_checkpoint(tx, founding.id, core.party, size, note)


def fold(core: Core, tx: Tx, founding: Founding, rows: LineRows, new: Sequence[Entry]) -> None:
    """Fold entries, own or received, into the state of their line.

    What conflicts they make is found out afterwards (``engine``). Raises RecordError or GapError if
    one does not belong where it stands.
    """
    for entry in new:
        _check_seen(founding, entry)
        rows.apply(apply(rows, founding, entry))
        rows.apply(to_compare(rows, founding, entry))
        if entry.header.type in (ADMIT, LEAVE):
            # What follows in the same log may name a party that has just been taken in.
            founding = founding.with_members(read.admitted(rows, founding))
        if entry.header.type == LEAVE and entry.header.party in read.left(rows):
            aside.forget_left(core, tx, founding.id, entry.header.party)
        if entry.header.type == RECALL:
            erasing.erase(core, tx, founding, rows, entry)
    rows.flush()


def _check_seen(founding: Founding, entry: Entry) -> None:
    """Whose log a writer has seen is a member here, or will be once we hold what took it in."""
    strangers = set(entry.header.seen) - set(founding.cards)
    if strangers:
        raise EarlyError(
            f"says it has seen the log of {min(strangers)}, which is no member here (yet)",
            remedy="send it again once every signature that takes that party in is held",
            where=f"entry {entry.header.party}/{entry.header.index}",
            index=entry.header.index,
        )


def _check_open(core: Core, rows: LineRows, founding: Founding, draft: Draft) -> None:
    asks = core.party not in founding.founders and core.party not in read.admitted(rows, founding)
    if asks and draft.type not in (JOIN, LEAVE):
        why = " (whose signatures name our present key)" if draft.type == ROTATE else ""
        raise StateError(
            f"the line {founding.name} has not taken us in, by what is held here",
            remedy=f"wait until every party has signed for that{why}, and is reached; or withdraw "
            "from the line by leaving it, which is for good",
        )
    if draft.type not in (JOIN, ROTATE, VOUCH) and not asks and not read.in_force(rows, founding):
        missing = sorted(set(founding.founders) - set(read.joined(rows)))
        raise StateError(
            f"the line {founding.name} is not in force: {', '.join(missing)} has not joined, "
            "or is not reached",
            remedy="wait until every member has joined",
        )
    others = set(read.present(rows, founding)) - {core.party}
    if core.party in read.left(rows) or not others:
        who = "we have" if others else "everybody else has"
        raise StateError(
            f"{who} left the line {founding.name}",
            remedy="found a new line with whoever wants to be on one",
        )
    suspended = [one.party for one in read.suspended_by(rows)]
    if suspended and not allowed_while_suspended(draft.type, draft.about):
        raise StateError(
            f"the line {founding.name} is suspended by {', '.join(suspended)}",
            remedy="send urgent safety messages, line checks and acknowledgements only, "
            "until it is resumed",
        )


def _check_key(
    core: Core, rows: LineRows, founding: Founding, draft: Draft, seen: dict[str, Seen]
) -> None:
    """What is signed by a key that the line does not know would be refused by every peer."""
    known = read.keys(rows, founding, core.party)
    if draft.type == ROTATE and draft.about["vouched"]:
        missing = read.unvouched(rows, founding, core.party, draft.about["card_sha256"], seen)
        if missing:
            raise StateError(
                f"{', '.join(sorted(missing))} has not vouched for our new key",
                where=f"line {founding.name}",
                remedy="give them the new card, have them compare its fingerprint with you "
                "and vouch for it",
            )
    elif core.key.public.raw in {link.key.raw for link in known.links[:-1]}:
        raise StateError(
            "the line knows a newer signing key of ours than this node has: its keys are older "
            "than the record",
            where=f"line {founding.name}",
            remedy="restore the newest keys; if they are lost, make new ones "
            "(`detente keys replace`) and have every other party vouch for them",
        )
    elif known.newest.raw != core.key.public.raw:
        raise StateError(
            "the line does not know our new signing key yet",
            where=f"line {founding.name}",
            remedy="have every other party vouch for the new card, then adopt it",
        )
    else:
        # The second half does not change with the first (protocol, section 2).
        core.key.known_as(known.newest)


def _check_not_void(rows: LineRows, entry: Entry) -> None:
    """What peers would keep and disregard, and so take for an error of ours, is not written."""
    void = read.void_of(rows, entry.header.party, entry.header.index)
    if void is not None:
        raise StateError(
            f"this {entry.header.type} would change nothing: {void.why}",
            remedy="look at the line's present state and try again",
        )


def seen_now(core: Core, tx: Tx, founding: Founding, rows: LineRows) -> dict[str, Seen]:
    """The newest checkpoint of every other log that this node has verified.

    It holds what that covers, but for a node that was restored from an older copy and has only its
    own log back: it has still seen what its newest entry names, and may have to write what is
    urgent before whose log that is can be reached.
    """
    seen = dict(read.seen_by(rows, core.party))
    for party in founding.members:
        newest = logs.newest_checkpoint(tx, founding.id, party)
        if party != core.party and newest is not None:
            held = _named(newest[1])
            if party not in seen or held.size > seen[party].size:
                seen[party] = held
    return seen


@lru_cache(maxsize=256)
def _named(note: str) -> Seen:
    checkpoint = read_checkpoint(note)
    return Seen(checkpoint.size, checkpoint.root.hex())

"""Making a parcel: what a party would be sent over the network, sealed into a file for it.

docs/protocol.md, section 9. What goes in is read page by page while it is sealed, through the same
calls that serve a peer (``peering``), so that nobody gets more by hand than over the line, and the
node's marks know what has been shown.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from detente.errors import DetenteError, InputError, LimitError, StateError
from detente.line import Founding, KeyChain, Letter, read, write_letter
from detente.node import peering, quota
from detente.node.core import Core
from detente.node.show.heard import observed
from detente.node.views import Head
from detente.record import Envelope, SealingPublicKey, open_card
from detente.record.parcel import FILE_KEY_BYTES, PARCEL_BYTES_MAX, Sealer
from detente.store import auditing, logs, projection
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes.times import format_time


class Packed(NamedTuple):
    """A parcel that is ready to be written: its ``pieces`` are made while they are taken.

    ``estimated_bytes`` says about how long it will be.
    """

    digest: str
    estimated_bytes: int
    pieces: Iterator[bytes]


def pack(
    core: Core,
    line: str,
    to: str,
    *,
    log: str | None,
    start: int | None,
    card: bytes | None,
    officer: str,
) -> Packed:
    """A parcel for another member: entries of all logs, or of ``log``, and all heads.

    They begin at ``start``, or behind what ``to`` has cosigned. ``card`` is its newest card, for a
    line that does not know it. Raises InputError for who or what is not on the line, StateError if
    nothing can be sealed to it or in our name, LimitError for more than a parcel holds.
    """
    with core.store.read() as tx:
        founding = core.founding(tx, line)
        sealing = _sealing_of(core, tx, founding, to, card)
        keys = core.keys(tx, founding, core.party)
        if core.key_for(keys.newest) is None:
            raise StateError(
                "the line does not know our new signing key yet",
                where=f"line {founding.name}",
                remedy="have every other party vouch for the new card, then adopt it",
            )
        heads = peering.heads(core, founding.id, to)
        starts = _starts(core, tx, founding, to, log, start, heads)
        estimated_bytes = sum(
            logs.bytes_from(tx, founding.id, party, first) for party, first in starts.items()
        )
        rotations = _rotations(core, tx, founding)
    if estimated_bytes > PARCEL_BYTES_MAX:
        raise LimitError(
            f"some {estimated_bytes // 2**20:,} MiB are more than a parcel holds",
            where=f"line {founding.name}",
            remedy="export one log at a time, or a later part of one (--log, --from)",
        )
    now_s = core.clock.now_s()
    sealer = Sealer(to, sealing, os.urandom(FILE_KEY_BYTES))
    letter = Letter(1, founding.id, core.party, to, format_time(now_s), sealer.digest)
    spans = {party: [first, heads[party].size] for party, first in starts.items()}
    told = msgspec.json.encode({"line": founding.id, "to": to, "entries": spans})
    core.store.write(
        lambda tx: auditing.add(
            tx,
            time_s=now_s,
            officer=officer,
            action="parcel.export",
            subject=sealer.digest,
            detail=told,
        )
    )
    first = write_letter(core.key, letter, rotations)
    return Packed(
        sealer.digest, estimated_bytes, _pieces(core, letter, sealer, first, starts, heads)
    )


def _pieces(
    core: Core,
    letter: Letter,
    sealer: Sealer,
    first: bytes,
    starts: dict[str, int],
    heads: dict[str, Head],
) -> Iterator[bytes]:
    """The file, from its label to its last chunk."""
    yield sealer.label
    yield sealer.seal(first)
    for party, start in starts.items():
        yield from map(sealer.seal, _spans(core, letter, party, start, heads[party]))
    yield sealer.seal(msgspec.json.encode({"heads": heads}), last=True)


def _spans(core: Core, letter: Letter, party: str, start: int, head: Head) -> Iterator[bytes]:
    """One log from ``start`` to its head, in pages; the last one with the head's checkpoint."""
    with core.store.read() as tx:
        urgent = quota.newest_urgent(tx, letter.line, party, start, head.size)
    while start < head.size:
        page = peering.read_log(core, letter.line, party, start, letter.to)
        entries = page.entries[: head.size - start]
        if not entries:
            # The next one is recalled, and what recalls it is not here yet to be sent with it.
            return
        end = start + len(entries)
        note = head.checkpoint if end == head.size else None
        span = {"log": party, "from": start, "entries": entries, "checkpoint": note}
        if end <= urgent:
            span["urgent"] = True
        yield msgspec.json.encode(span)
        start = end


def _sealing_of(
    core: Core, tx: Tx, founding: Founding, to: str, card: bytes | None
) -> SealingPublicKey:
    if to not in founding.cards or to == core.party:
        others = ", ".join(party for party in founding.members if party != core.party)
        raise InputError(
            f"{to[:40]!r} is no other member of this line",
            where=f"line {founding.name}",
            remedy=f"name one of its other parties: {others}",
        )
    if projection.has(tx, founding.id, "leave", to):
        raise StateError(
            f"{to} has left this line",
            where=f"line {founding.name}",
            remedy="who has left is sent nothing more",
        )
    if card is not None:
        return _sealing_in(card, to, core.keys(tx, founding, to))
    vouched = peering.vouched_for(core, tx, founding, to)
    sealing = (vouched or read.card(rows_of(tx, founding.id), founding, to)).sealing
    if sealing is None:
        raise StateError(
            f"the card of {to} that this line knows has no key to seal to",
            where=f"line {founding.name}",
            remedy=f"have {to} run `detente keys add-sealing`, and give you its new card "
            "(`detente card`) for --card",
        )
    return sealing


def _sealing_in(raw: bytes, to: str, keys: KeyChain) -> SealingPublicKey:
    """The key in a card that the line does not know, but that its party's key there has signed."""
    try:
        card = open_card(raw)
    except DetenteError as error:
        raise InputError(error.message, where="card", remedy=error.remedy) from error
    if card.card.party != to or card.public.raw != keys.newest.raw:
        raise InputError(
            f"is not signed by the key that {to} has on this line",
            where="card",
            remedy=f"ask {to} for its present card",
        )
    if card.sealing is None:
        raise InputError(
            "has no key to seal to",
            where="card",
            remedy=f"have {to} run `detente keys add-sealing`, and give you its new card",
        )
    return card.sealing


def _starts(
    core: Core,
    tx: Tx,
    founding: Founding,
    to: str,
    log: str | None,
    start: int | None,
    heads: dict[str, Head],
) -> dict[str, int]:
    """Which logs go in, ours first, and from which entry on."""
    if log is not None and log not in founding.cards:
        raise InputError(
            f"{log[:40]!r} has no log on this line",
            where=f"line {founding.name}",
            remedy=f"name one of its parties: {', '.join(founding.members)}",
        )
    if start is not None and start < 0:
        raise InputError("begins before entry 0", where="from", remedy="begin at 0 or later")
    # Whoever was taken in comes last: who has signed for it stands in the others' logs.
    taken_in = set(founding.members) - set(founding.founders)
    ours_first = sorted(founding.members, key=lambda one: (one != core.party, one in taken_in, one))
    chosen = [party for party in ours_first if log in (None, party)]
    if start is not None:
        return dict.fromkeys(chosen, start)
    told: dict[str, int] = msgspec.json.decode(observed(core, tx, founding.id, to).heads)
    return {
        party: told.get(to, heads[to].size)
        if party == to
        else logs.newest_cosigned(tx, founding.id, party, to)
        for party in chosen
    }


def _rotations(core: Core, tx: Tx, founding: Founding) -> list[Envelope]:
    """Every change of our key on a line, so that the letter can be verified before they are."""
    places = [
        int(key.partition("/")[2])
        for key, _ in rows_of(tx, founding.id).scan("key", f"{core.party}/")
    ]
    rows = [logs.read(tx, founding.id, core.party, at, 1)[0] for at in sorted(places)]
    return [entry.envelope for entry in core.entries(tx, founding, rows)]

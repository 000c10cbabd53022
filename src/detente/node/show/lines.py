"""Lines, their members, and how each other member is reached."""

import msgspec

from detente.line import read, terms_to_wire
from detente.line.witnesses import Witness
from detente.node import quota, two_roots
from detente.node.show.heard import known_size, observed
from detente.node.show.reader import LineReader
from detente.node.views import ForkView, LineView, LinkView, MemberView, WitnessView
from detente.record import Seen
from detente.record.witness_proof import ProvenTwice
from detente.store import links, logs
from detente.store.links import Fork, Link
from detente.volumes.times import format_time

LATE_S = 30.0
"""A peer that was silent for longer is late: nodes ask each other every few seconds."""


def line(reader: LineReader) -> LineView:
    """One line."""
    rows, founding = reader.rows, reader.founding
    suspended = [one.party for one in read.suspended_by(rows)]
    joined, left = read.joined(rows), read.left(rows)
    state = "suspended" if suspended else "in-force"
    exercise = reader.terms.exercise
    return LineView(
        id=reader.id,
        name=reader.name,
        own=reader.core.party,
        state=_state_of(reader, state),
        suspended_by=suspended,
        members=[
            MemberView(
                party=party,
                name=card.card.name,
                own=reader.is_own(party),
                founder=party in founding.founders,
                joined=party in joined,
                left=left[party].time if party in left else None,
                suspends=party in suspended,
                fingerprint=card.fingerprint,
                endpoint=card.card.endpoint,
                languages=list(card.card.languages),
            )
            for party in founding.members
            for card in [read.card(rows, founding, party)]
        ],
        terms=terms_to_wire(reader.terms),
        terms_proposed=[
            {
                "version": proposed.version,
                "terms_sha256": proposed.terms_sha256,
                "signed_by": list(proposed.signed_by),
                "waits_for": list(proposed.waits_for),
                "terms": None if proposed.terms is None else terms_to_wire(proposed.terms),
            }
            for proposed in read.proposed_terms(rows, founding)
        ],
        exercise=exercise.name if exercise else None,
        clock_offset_s=reader.terms.clock_offset_s,
        now=format_time(reader.now_s),
    )


def _state_of(reader: LineReader, otherwise: str) -> str:
    present = read.present(reader.rows, reader.founding)
    if reader.core.party not in present:
        return "left"
    if len(present) == 1:
        return "ended"
    taken_in = {*reader.founding.founders, *read.admitted(reader.rows, reader.founding)}
    if reader.core.party not in taken_in:
        return "pending"
    return otherwise if read.in_force(reader.rows, reader.founding) else "pending"


def link_views(reader: LineReader) -> list[LinkView]:
    """How every other member of a line is reached."""
    present = read.present(reader.rows, reader.founding)
    return [_link(reader, party) for party in present if not reader.is_own(party)]


def _link(reader: LineReader, peer: str) -> LinkView:
    core, tx, line_id = reader.core, reader.tx, reader.id
    link = observed(core, tx, line_id, peer)
    held = logs.size(tx, line_id, peer)
    own = logs.size(tx, line_id, core.party)
    now_s = core.clock.now_s()
    received = quota.received(tx, line_id, peer, now_s)
    used = core.quota.share(received)
    return LinkView(
        line=line_id,
        peer=peer,
        name=reader.founding.cards[peer].card.name,
        state=_state(link, now_s),
        last_heard_s=link.last_heard_s,
        last_error=link.last_error,
        held_by_us=held,
        peer_size=known_size(core, tx, line_id, peer),
        held_by_peer=logs.newest_cosigned(tx, line_id, core.party, peer),
        own_size=own,
        newest_held=_newest_held(reader, peer, held),
        suspended_by_peer=any(one.party == peer for one in read.suspended_by(reader.rows)),
        quota_used=used,
        quota_near=used >= quota.NEAR,
        quota_refused_s=received.refused_s,
        refused_by_peer=core.refused_by.get((line_id, peer)),
        forks=[
            _fork(fork)
            for fork in links.forks_of(tx, line_id)
            if fork.party == peer or (fork.party == core.party and fork.offered_by == peer)
        ],
        disputed=_disputed(reader, peer),
    )


def _newest_held(reader: LineReader, peer: str, held: int) -> str | None:
    newest = logs.headers(reader.tx, reader.id, peer, held - 1, 1) if held else iter(())
    return next((header.time for header in newest), None)


def witness_views(reader: LineReader) -> list[WitnessView]:
    """The witnesses of a line, and how much each has signed for."""
    if not reader.terms.witnesses:
        return []
    twice = [one.proven for one in two_roots.found(reader.tx, reader.founding)]
    return [_witness(reader, one, twice) for one in reader.terms.witnesses]


def _witness(reader: LineReader, witness: Witness, twice: list[ProvenTwice]) -> WitnessView:
    core, tx, line_id = reader.core, reader.tx, reader.id
    link = observed(core, tx, line_id, witness.name)
    witnessed = {
        party: logs.newest_cosigned(tx, line_id, party, witness.name)
        for party in reader.founding.members
    }
    state = "never" if link.last_heard_s is None else "up"
    if link.failing_since_s is not None:
        state = "down"
    return WitnessView(
        line=line_id,
        name=witness.name,
        url=witness.url,
        state="not-called" if witness.url is None else state,
        last_heard_s=link.last_heard_s,
        last_error=link.last_error,
        own_size=logs.size(tx, line_id, core.party),
        own_witnessed=witnessed[core.party],
        witnessed=witnessed,
        forks=[
            _fork(fork)
            for fork in links.forks_of(tx, line_id)
            if fork.offered_by == witness.name and fork.party == core.party
        ],
        twice=[one.what for one in twice if one.witness == witness.name],
    )


def _disputed(reader: LineReader, peer: str) -> list[str]:
    """Whose logs ``peer`` says are others than they are here, as far as they are here."""
    tx, line_id = reader.tx, reader.id

    def other(party: str, seen: Seen) -> bool:
        if seen.size > logs.size(tx, line_id, party):
            # Nobody can have seen more of our log than there is; of others' logs, anybody.
            return reader.is_own(party)
        return logs.root(tx, line_id, party, seen.size).hex() != seen.root

    seen_by_peer = sorted(read.seen_by(reader.rows, peer).items())
    return [party for party, seen in seen_by_peer if other(party, seen)]


def _state(link: Link, now_s: float) -> str:
    if link.last_heard_s is None:
        return "never"
    if link.failing_since_s is not None:
        return "down"
    return "late" if now_s - link.last_heard_s > LATE_S else "up"


def _fork(fork: Fork) -> ForkView:
    return ForkView(
        party=fork.party,
        index=fork.index,
        found=format_time(fork.found_s),
        what=fork.what,
        offered_by=fork.offered_by,
        held=msgspec.json.decode(fork.held),
        offered=msgspec.json.decode(fork.offered),
    )

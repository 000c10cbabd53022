"""What was observed of peers: when they were heard, what they told of, where they forked; and of
witnesses, what they signed of other histories than are held.

Forks are evidence. They are written in a transaction of their own, because the push that brought
one is refused and everything else of it undone, and they are never removed.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from detente.store.tables import forks, links, other_roots
from detente.store.upsert import upsert
from detente.store.writer import Tx

FORKS_MAX = 16
"""Pieces of evidence against one party of a line, of what lies before its newest vouched change of
keys, and of what lies after. One is proof, and who forks could fill a disk."""


class Link(NamedTuple):
    """One peer on one line, as observed. ``heads`` is JSON: party → size it told of."""

    line: str
    peer: str
    last_heard_s: float | None
    failing_since_s: float | None
    last_error: str | None
    heads: bytes


class Fork(msgspec.Struct, frozen=True):
    """Two signed statements of one party that cannot both be true, as JSON bytes."""

    line: str
    party: str
    index: int
    what: str
    held: bytes
    offered: bytes
    offered_by: str
    found_s: float
    digest: bytes


class OtherRoot(NamedTuple):
    """A witness's cosignature of another history than is held, in the ``note`` that it is under.

    ``key`` is the SHA-256 of the key that it is by, the Ed25519 half.
    """

    line: str
    party: str
    witness: str
    key: str
    size: int
    note: bytes
    shown_by: str
    found_s: float


_LINK = select(links).where(
    links.c.line == bindparam("of_line"), links.c.peer == bindparam("of_peer")
)


def get(tx: Tx, line: str, peer: str) -> Link | None:
    """What was observed of a peer on a line, or None before the first time."""
    name = (Link, line, peer)
    if name not in tx.held:
        row = tx.as_written.execute(_LINK, {"of_line": line, "of_peer": peer}).first()
        tx.held[name] = None if row is None else Link(*row)
    found: Link | None = tx.held[name]
    return found


def put(tx: Tx, link: Link) -> None:
    """Keep what was observed."""
    tx.held.pop((Link, link.line, link.peer), None)
    upsert(tx, links, [link._asdict()])


def add_fork(tx: Tx, fork: Fork, since: int) -> bool:
    """Keep evidence of a fork; False if the same evidence, or enough of it, is kept already.

    What lies before entry ``since`` takes no room from what lies after, nor that from this.
    """
    known = tx.connection.execute(select(forks.c.n).where(forks.c.digest == fork.digest)).first()
    against = select(func.count()).where(
        forks.c.line == fork.line,
        forks.c.party == fork.party,
        forks.c.index >= since if fork.index >= since else forks.c.index < since,
    )
    if known is not None or tx.connection.execute(against).scalar_one() >= FORKS_MAX:
        return False
    tx.connection.execute(insert(forks).values(**msgspec.structs.asdict(fork)))
    return True


def rewrite_forks(tx: Tx, line: str, rewrite: Callable[[bytes], bytes]) -> None:
    """Put ``rewrite`` of what each piece of a line's evidence holds in its place."""
    query = select(forks.c.n, forks.c.held, forks.c.offered).where(forks.c.line == line)
    for n, held, offered in tx.connection.execute(query).all():
        after = {"held": rewrite(held), "offered": rewrite(offered)}
        if after != {"held": held, "offered": offered}:
            tx.connection.execute(update(forks).where(forks.c.n == n).values(after))


def forks_of(tx: Tx, line: str, party: str | None = None) -> list[Fork]:
    """The evidence kept on a line, against one party or all, oldest first."""
    query = select(*(forks.c[name] for name in Fork.__struct_fields__)).where(forks.c.line == line)
    if party is not None:
        query = query.where(forks.c.party == party)
    return [Fork(*row) for row in tx.connection.execute(query.order_by(forks.c.n))]


def add_other_root(tx: Tx, one: OtherRoot) -> bool:
    """Keep it in the place of a longer one, by the same key; False if it is kept or no shorter."""
    same = (
        (other_roots.c.line == one.line)
        & (other_roots.c.party == one.party)
        & (other_roots.c.witness == one.witness)
        & (other_roots.c.key == one.key)
    )
    known = tx.connection.execute(select(other_roots.c.size).where(same)).scalar()
    if known is not None and known <= one.size:
        return False
    upsert(tx, other_roots, [one._asdict()])
    return True


def other_roots_of(tx: Tx, line: str) -> list[OtherRoot]:
    """All that are kept on a line, in the order in which they were found."""
    query = select(*(other_roots.c[name] for name in OtherRoot._fields)).where(
        other_roots.c.line == line
    )
    order = (other_roots.c.found_s, other_roots.c.party, other_roots.c.witness, other_roots.c.key)
    return [OtherRoot(*row) for row in tx.connection.execute(query.order_by(*order))]

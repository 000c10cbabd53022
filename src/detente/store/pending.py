"""What waits for a second officer: drafts of entries, as the bytes that would be signed."""

from typing import NamedTuple

from sqlalchemy import and_, insert, or_, select, update

from detente.store.tables import pending
from detente.store.writer import Tx

WAITING, CONFIRMED, REFUSED = "waiting", "confirmed", "refused"


class Pending(NamedTuple):
    """One request. ``digest`` is of type, about and body; ``second`` and ``entry`` come last."""

    id: str
    line: str
    type: str
    action: str
    content: bytes
    about: bytes
    body: bytes
    digest: str
    officer: str
    asked_s: float
    expires_s: float
    state: str = WAITING
    second: str | None = None
    entry: str | None = None


def add(tx: Tx, one: Pending) -> None:
    """Keep a request."""
    tx.connection.execute(insert(pending).values(**one._asdict()))


def get(tx: Tx, pending_id: str) -> Pending | None:
    """One request, or None."""
    row = tx.connection.execute(select(pending).where(pending.c.id == pending_id)).first()
    return None if row is None else Pending(*row)


def waiting(tx: Tx, line: str, now_s: float) -> list[Pending]:
    """What still waits on a line, oldest first."""
    query = (
        select(pending)
        .where(pending.c.line == line, pending.c.state == WAITING, pending.c.expires_s > now_s)
        .order_by(pending.c.asked_s, pending.c.id)
    )
    return [Pending(*row) for row in tx.connection.execute(query)]


def settle(tx: Tx, pending_id: str, state: str, second: str, entry: str | None) -> None:
    """Say what became of a request. What it would have said is not kept: a recall of the entry
    would not find it here."""
    tx.connection.execute(
        update(pending)
        .where(pending.c.id == pending_id)
        .values(state=state, second=second, entry=entry, content=b"{}", body=b"")
    )


def forget(tx: Tx, line: str, type: str, about: bytes, body: bytes | None) -> list[str]:
    """Drop every request that would have said what a recalled entry said, whatever became of it:
    the same facts, or the same body. The ids of those."""
    same = and_(pending.c.type == type, pending.c.about == about)
    if body is not None:
        same = or_(same, pending.c.body == body)
    query = select(pending.c.id).where(pending.c.line == line, pending.c.body != b"", same)
    found = list(tx.connection.execute(query).scalars())
    if found:
        tx.connection.execute(
            update(pending)
            .where(pending.c.id.in_(found))
            .values(state=REFUSED, content=b"{}", body=b"")
        )
    return found

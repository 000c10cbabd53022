"""Guests' desks: what is laid out, guests' accounts, sessions, and the lines of their logs."""

from typing import NamedTuple

from sqlalchemy import func, insert, select, update

from detente.store.tables import desk_guests, desk_items, desk_lines, desk_sessions, desks
from detente.store.writer import Tx


class Desk(NamedTuple):
    """One desk, for one visit."""

    desk: str
    line: str
    visit: str
    guest: str
    hold: bool
    opened_s: float
    opened_by: str
    closed_s: float | None = None


class Item(NamedTuple):
    """What lies on a desk, as the bytes that are shown."""

    desk: str
    item: str
    n: int
    kind: str
    title: str
    media: str
    content: bytes
    source: str | None
    by: str
    laid_s: float
    away_s: float | None = None


class Guest(NamedTuple):
    """A guest's account: ``officer`` is its name, ``number`` what logs call it."""

    officer: str
    desk: str
    number: int


class Session(NamedTuple):
    """A session at a desk; it is over once ``ended`` is set."""

    session: str
    desk: str
    name: str
    number: int
    escort: str
    hold: bool
    opened_s: float
    beat_s: float
    ended_s: float | None = None
    ended: str | None = None
    entry: str | None = None


def add(tx: Tx, one: Desk | Item | Guest | Session) -> None:
    """Keep a new row."""
    table = {Desk: desks, Item: desk_items, Guest: desk_guests, Session: desk_sessions}[type(one)]
    tx.connection.execute(insert(table).values(**one._asdict()))


def desk(tx: Tx, desk_id: str) -> Desk | None:
    """One desk, or None."""
    row = tx.connection.execute(select(desks).where(desks.c.desk == desk_id)).first()
    return None if row is None else _desk(tuple(row))


def of_visit(tx: Tx, visit: str) -> Desk | None:
    """The desk of a visit, or None."""
    row = tx.connection.execute(select(desks).where(desks.c.visit == visit)).first()
    return None if row is None else _desk(tuple(row))


def of_line(tx: Tx, line: str) -> list[Desk]:
    """The desks for visits of a line, oldest first."""
    query = select(desks).where(desks.c.line == line).order_by(desks.c.opened_s, desks.c.desk)
    return [_desk(tuple(row)) for row in tx.connection.execute(query)]


def lines_open(tx: Tx) -> set[str]:
    """The lines that have a desk which has not been closed."""
    query = select(desks.c.line).where(desks.c.closed_s.is_(None))
    return set(tx.connection.execute(query).scalars())


def _desk(row: tuple[object, ...]) -> Desk:
    found = Desk(*row)  # type: ignore[arg-type]
    return found._replace(hold=bool(found.hold))


def close(tx: Tx, desk_id: str, now_s: float) -> None:
    """Close a desk for good."""
    tx.connection.execute(update(desks).where(desks.c.desk == desk_id).values(closed_s=now_s))


def items(tx: Tx, desk_id: str) -> list[Item]:
    """Everything that was ever laid on a desk, in that order."""
    query = select(desk_items).where(desk_items.c.desk == desk_id).order_by(desk_items.c.n)
    return [Item(*row) for row in tx.connection.execute(query)]


def item(tx: Tx, desk_id: str, item_id: str) -> Item | None:
    """One thing on a desk, or None."""
    query = select(desk_items).where(desk_items.c.desk == desk_id, desk_items.c.item == item_id)
    row = tx.connection.execute(query).first()
    return None if row is None else Item(*row)


def put_away(tx: Tx, desk_id: str, item_id: str, now_s: float) -> None:
    """Take something off a desk; what was shown stays known to the log."""
    tx.connection.execute(
        update(desk_items)
        .where(desk_items.c.desk == desk_id, desk_items.c.item == item_id)
        .values(away_s=now_s)
    )


def forget_source(tx: Tx, entry: str, now_s: float) -> None:
    """Erase what was made of an entry that was recalled."""
    tx.connection.execute(
        update(desk_items).where(desk_items.c.source == entry).values(content=b"", away_s=now_s)
    )


def guest(tx: Tx, officer: str) -> Guest | None:
    """The guest of this account, or None."""
    query = select(desk_guests).where(desk_guests.c.officer == officer)
    row = tx.connection.execute(query).first()
    return None if row is None else Guest(*row)


def guests(tx: Tx, desk_id: str) -> list[Guest]:
    """The guests of a desk, by number."""
    query = select(desk_guests).where(desk_guests.c.desk == desk_id).order_by(desk_guests.c.number)
    return [Guest(*row) for row in tx.connection.execute(query)]


def session(tx: Tx, session_id: str) -> Session | None:
    """One session, or None."""
    query = select(desk_sessions).where(desk_sessions.c.session == session_id)
    row = tx.connection.execute(query).first()
    return None if row is None else _session(tuple(row))


def sessions(tx: Tx, desk_id: str) -> list[Session]:
    """The sessions of a desk, in their order."""
    query = (
        select(desk_sessions)
        .where(desk_sessions.c.desk == desk_id)
        .order_by(desk_sessions.c.number)
    )
    return [_session(tuple(row)) for row in tx.connection.execute(query)]


def under_way(tx: Tx) -> list[Session]:
    """Sessions that have not been ended, of all desks."""
    query = select(desk_sessions).where(desk_sessions.c.ended.is_(None))
    return [_session(tuple(row)) for row in tx.connection.execute(query)]


def untold(tx: Tx) -> list[Session]:
    """Sessions that have ended and do not stand on the record yet."""
    query = select(desk_sessions).where(
        desk_sessions.c.ended.is_not(None), desk_sessions.c.entry.is_(None)
    )
    return [_session(tuple(row)) for row in tx.connection.execute(query)]


def _session(row: tuple[object, ...]) -> Session:
    found = Session(*row)  # type: ignore[arg-type]
    return found._replace(hold=bool(found.hold))


def set_session(tx: Tx, session_id: str, **facts: object) -> None:
    """Change what is kept of a session."""
    tx.connection.execute(
        update(desk_sessions).where(desk_sessions.c.session == session_id).values(**facts)
    )


def lines(tx: Tx, session_id: str) -> list[bytes]:
    """The lines of a session's log."""
    query = (
        select(desk_lines.c.line).where(desk_lines.c.session == session_id).order_by(desk_lines.c.n)
    )
    return list(tx.connection.execute(query).scalars())


def newest_line(tx: Tx, session_id: str) -> tuple[int, bytes] | None:
    """Number and bytes of the newest line, or None."""
    query = (
        select(desk_lines.c.n, desk_lines.c.line)
        .where(desk_lines.c.session == session_id)
        .order_by(desk_lines.c.n.desc())
        .limit(1)
    )
    row = tx.connection.execute(query).first()
    return None if row is None else (row.n, row.line)


def line(tx: Tx, session_id: str, n: int) -> bytes | None:
    """One line, or None."""
    query = select(desk_lines.c.line).where(desk_lines.c.session == session_id, desk_lines.c.n == n)
    found: bytes | None = tx.connection.execute(query).scalar()
    return found


def add_line(tx: Tx, session_id: str, n: int, raw: bytes) -> None:
    """Append a line."""
    tx.connection.execute(insert(desk_lines).values(session=session_id, n=n, line=raw))


def laid(tx: Tx, desk_id: str) -> tuple[int, int]:
    """How many things were ever laid on a desk, and how many bytes they have together."""
    query = select(func.count(), func.coalesce(func.sum(func.length(desk_items.c.content)), 0))
    row = tx.connection.execute(query.where(desk_items.c.desk == desk_id)).one()
    return int(row[0]), int(row[1])

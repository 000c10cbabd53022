"""What every part of the guest's desk works with: finding desks, adding to logs, views."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from detente.errors import NotFoundError, StateError
from detente.line.read.permissions import UNKNOWN
from detente.line.view import load
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.together.desk_grounds import Grounds, grounds
from detente.node.views.guests import (
    ActedView,
    DeskView,
    GuestView,
    LaidView,
    SessionView,
)
from detente.record.session_log import Ended, file_of, next_line
from detente.store import auditing, changes, desks, officers
from detente.store.desks import Desk, Item, Session
from detente.store.store import Tx
from detente.volumes.times import format_time

BEAT_S_MAX = 15.0
"""A session whose escort's page has not been heard of for so long is over."""
LINES_MAX = 20_000
"""As many lines a session's log may have; the last is left for its end."""

Facts = dict[str, Any]


def desk_of(tx: Tx, desk_id: str) -> Desk:
    """A desk. Raises NotFoundError."""
    found = desks.desk(tx, desk_id)
    if found is None:
        raise NotFoundError(f"there is no desk {desk_id[:40]!r}", remedy="list the desks")
    return found


def open_desk_of(tx: Tx, desk_id: str) -> Desk:
    """A desk that has not been closed. Raises NotFoundError or StateError."""
    found = desk_of(tx, desk_id)
    if found.closed_s is not None:
        raise StateError("that desk is closed for good", where=f"desk {desk_id}")
    return found


def session_of(tx: Tx, session_id: str) -> Session:
    """A session. Raises NotFoundError."""
    found = desks.session(tx, session_id)
    if found is None:
        raise NotFoundError(
            f"there is no session {session_id[:40]!r}", remedy="list the sessions of the desk"
        )
    return found


def append(tx: Tx, session: Session, reader: LineReader, said: Facts) -> int:
    """Add a line to a session's log; its number. In the transaction that lets it be answered."""
    newest = desks.newest_line(tx, session.session)
    n, before = newest if newest is not None else (-1, b"")
    raw = next_line(before, n + 1, {"at": format_time(reader.now_s), **said})
    desks.add_line(tx, session.session, n + 1, raw)
    changes.note(tx, reader.id, "desk", [session.desk])
    return n + 1


def acted(tx: Tx, session: Session) -> list[Facts]:
    """The lines of a session's log, decoded. They are our own writing."""
    return [msgspec.json.decode(line) for line in desks.lines(tx, session.session)]


def answers(lines: Iterable[Facts]) -> dict[int, str]:
    """What the escort answered, by the number of the line that asked: ``consent``, ``refuse``."""
    return {one["of"]: one["do"] for one in lines if one["do"] in ("consent", "refuse")}


def used(lines: Iterable[Facts]) -> set[int]:
    """The lines that asked for something which was then done: consent counts once."""
    return {one["of"] for one in lines if "of" in one and one["who"].startswith("guest")}


def collected(tx: Tx, desk: Desk) -> set[str]:
    """The things that the guest has marked for the sealing, in all sessions."""
    marked: set[str] = set()
    for session in desks.sessions(tx, desk.desk):
        for one in acted(tx, session):
            if one["do"] == "mark":
                marked.add(one["item"])
            elif one["do"] == "unmark":
                marked.discard(one["item"])
    return marked


def why_over(core: Core, session: Session, desk: Desk, now: Grounds) -> tuple[str, str] | None:
    """How and why a session is over that nobody has ended yet; None if it is not."""
    if desk.closed_s is not None:
        return "closed", "the desk was closed"
    if not now.open:
        return ("halted" if now.cut else "closed"), now.why
    if core.clock.now_s() - session.beat_s > BEAT_S_MAX:
        return "halted", "the escort's page was gone"
    return None


def note(core: Core, tx: Tx, officer: str, action: str, desk: str, detail: Facts) -> None:
    """Say in the internal audit log who did what about a desk."""
    auditing.add(
        tx,
        time_s=core.clock.now_s(),
        officer=officer,
        action=f"desk.{action}",
        subject=f"desk {desk}",
        detail=msgspec.json.encode(detail),
    )


def desk_view(core: Core, tx: Tx, desk: Desk) -> DeskView:
    """A desk for the host's officers."""
    reader = LineReader(core, tx, desk.line)
    now = grounds(reader, desk.visit)
    notice = load(reader.rows, "visit", desk.visit) or {"visit": "?"}
    grant = now.grant
    places = [] if grant is None or grant.places == UNKNOWN else list(grant.places)
    marked, held = collected(tx, desk), desks.items(tx, desk.desk)
    titles = {item.item: item.title for item in held}
    closed = desk.closed_s is not None
    return DeskView(
        id=desk.desk,
        line=reader.id,
        line_name=reader.name,
        visit=desk.visit,
        visit_name=notice["visit"],
        guest=desk.guest,
        hold=desk.hold,
        open=now.open and not closed,
        why="the desk was closed" if closed else now.why,
        until=format_time(now.until_s),
        closed=closed,
        places=[place.name for place in places],
        laid=[laid_view(item, marked) for item in held],
        guests=[
            GuestView(number=one.number, account=one.officer, active=_active(tx, one.officer))
            for one in desks.guests(tx, desk.desk)
        ],
        sessions=[
            session_view(tx, reader, one, now, titles) for one in desks.sessions(tx, desk.desk)
        ],
    )


def _active(tx: Tx, account: str) -> bool:
    held = officers.get(tx, account)
    return held is not None and held.ended_s is None


def laid_view(item: Item, marked: set[str]) -> LaidView:
    """Something on a desk, without its bytes."""
    return LaidView(
        item=item.item,
        kind=item.kind,
        title=item.title,
        media=item.media,
        size_bytes=len(item.content),
        sha256=hashlib.sha256(item.content).hexdigest(),
        by=item.by,
        away=item.away_s is not None,
        collected=item.item in marked,
    )


def session_view(
    tx: Tx, reader: LineReader, session: Session, now: Grounds, titles: dict[str, str]
) -> SessionView:
    """A session with its log, as it stands."""
    raws = desks.lines(tx, session.session)
    lines = [msgspec.json.decode(raw) for raw in raws]
    answered = answers(lines)
    shown = [acted_view(one, titles, answered) for one in lines]
    last = msgspec.json.decode(raws[-1], type=Ended) if session.ended is not None else None
    return SessionView(
        id=session.session,
        name=session.name,
        number=session.number,
        state=session.ended or "open",
        why=last.why if last is not None else "",
        escort=session.escort,
        hold=session.hold,
        opened=lines[0]["at"],
        ended=None if last is None else last.at,
        left_s=max(0.0, now.until_s - reader.now_s),
        lines=len(raws),
        log_sha256=hashlib.sha256(file_of(raws)).hexdigest(),
        entry=session.entry,
        acted=shown,
        waiting=[one for one in shown if one.waits] if session.ended is None else [],
    )


def acted_view(one: Facts, titles: dict[str, str], answered: dict[int, str]) -> ActedView:
    """One line of a log, for the eye."""
    item = one.get("item")
    return ActedView(
        n=one["n"],
        at=one["at"],
        who=one["who"],
        do=one["do"],
        item=item,
        title=titles.get(item, "") if item else "",
        of=one.get("of"),
        wants=one.get("wants"),
        waits=one["do"] == "ask" and one["n"] not in answered,
        ended=one.get("ended"),
    )

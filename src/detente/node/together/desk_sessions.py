"""Sessions at a guest's desk: opened, witnessed, held, halted and ended by an escort.

A session is open only while the page of the officer who opened it is heard of. Whatever ends it is
a line of its log; then the log's hash goes onto the line as ``visit.session``, as soon as that can
be written (a line that is suspended waits). The guest, who is given the log, checks its chain and
writes what it holds; where the two are the same, both hold one log.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from detente.errors import AccessError, DetenteError, InputError, StateError
from detente.line import Draft, abouts
from detente.line.entries.visits import session_draft
from detente.line.view import scan
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show.reader import LineReader
from detente.node.together.desk_base import (
    LINES_MAX,
    acted,
    answers,
    append,
    desk_of,
    desk_view,
    note,
    open_desk_of,
    session_of,
    session_view,
    why_over,
)
from detente.node.together.desk_grounds import Grounds, grounds
from detente.node.views import EntryView
from detente.node.views.guests import DeskView, HeldLogView, SessionView
from detente.record.session_log import file_of, first_line, read_session_log
from detente.store import changes, desks
from detente.store.desks import Desk, Session
from detente.store.store import Tx
from detente.volumes.times import format_time

ESCORT = "escort 1"
"""Who opened a session; anybody else of the host's is told of as ``host``."""
WHY_LENGTH_MAX = 120

log = structlog.get_logger("detente.desk")


def begin(core: Core, desk_id: str, *, officer: str) -> DeskView:
    """Open a session. StateError outside the granted hours, or while one is open at the desk."""
    end_all(core)

    def work(tx: Tx) -> DeskView:
        desk = open_desk_of(tx, desk_id)
        reader = LineReader(core, tx, desk.line)
        now = grounds(reader, desk.visit)
        if not now.open:
            raise StateError(now.why, where=f"desk {desk_id}", remedy="wait until it is granted")
        before = desks.sessions(tx, desk_id)
        if any(one.ended is None for one in before):
            raise StateError("a session is open at that desk", remedy="close it first")
        number, now_s = len(before) + 1, core.clock.now_s()
        name = f"session-{number}"
        session = Session(
            session=f"{desk_id}-{number}",
            desk=desk_id,
            name=name,
            number=number,
            escort=officer,
            hold=desk.hold,
            opened_s=now_s,
            beat_s=now_s,
        )
        desks.add(tx, session)
        opened = {
            "at": format_time(reader.now_s),
            "who": ESCORT,
            "line": reader.id,
            "visit": desk.visit,
            "session": name,
            "host": core.party,
            "guest": desk.guest,
            "hold": desk.hold,
        }
        desks.add_line(tx, session.session, 0, first_line(opened))
        note(core, tx, officer, "session", desk_id, {"session": session.session})
        changes.note(tx, desk.line, "desk", [desk_id])
        return desk_view(core, tx, desk)

    return core.store.write(work)


def beat(core: Core, session_id: str, *, officer: str) -> None:
    """The escort's page is there. Only that of the officer who opened the session counts."""

    def work(tx: Tx) -> None:
        session = session_of(tx, session_id)
        if session.escort != officer or session.ended is not None:
            return
        # A page that was gone for too long comes too late: the session was over by then.
        if why_over(core, session, *_now(core, tx, session)) is None:
            desks.set_session(tx, session_id, beat_s=core.clock.now_s())

    core.store.write(work)
    end_all(core)


def shown(core: Core, session_id: str) -> SessionView:
    """One session as it stands. Raises NotFoundError."""
    with core.store.read() as tx:
        session = session_of(tx, session_id)
        desk = desk_of(tx, session.desk)
        reader = LineReader(core, tx, desk.line)
        titles = {one.item: one.title for one in desks.items(tx, desk.desk)}
        return session_view(tx, reader, session, grounds(reader, desk.visit), titles)


def end(core: Core, session_id: str, ended: str, why: str, *, officer: str) -> SessionView:
    """Close or halt a session, at once. The officer who opened it may, and any other on duty."""
    if ended not in ("closed", "halted"):
        raise InputError("a session is closed or halted", where="ended")
    if len(why) > WHY_LENGTH_MAX or not (why.isprintable() or not why):
        raise InputError(f"a reason has up to {WHY_LENGTH_MAX} characters", where="why")

    def work(tx: Tx) -> None:
        session = session_of(tx, session_id)
        if session.ended is not None:
            return
        who = ESCORT if session.escort == officer else "host"
        words = why or ("the escort closed it" if ended == "closed" else "the escort halted it")
        _end(core, tx, session, ended, words, who)
        note(core, tx, officer, ended, session.desk, {"session": session_id, "why": why})

    core.store.write(work)
    tell_all(core)
    return shown(core, session_id)


def answer(core: Core, session_id: str, asked: int, consent: bool, *, officer: str) -> None:
    """Consent to an action that waits for it, or refuse it."""

    def work(tx: Tx, session: Session, reader: LineReader) -> None:
        lines = acted(tx, session)
        wanted = next((one for one in lines if one["n"] == asked and one["do"] == "ask"), None)
        if wanted is None or asked in answers(lines):
            raise StateError("nothing of that number waits", remedy="look at the page again")
        said = {"who": ESCORT, "do": "consent" if consent else "refuse", "of": asked}
        append(tx, session, reader, said)

    _as_escort(core, session_id, officer, work)


def hold(core: Core, session_id: str, on: bool, *, officer: str) -> None:
    """Have each thing wait for consent from now on, or no longer."""

    def work(tx: Tx, session: Session, reader: LineReader) -> None:
        if session.hold != on:
            desks.set_session(tx, session_id, hold=int(on))
            append(tx, session, reader, {"who": ESCORT, "do": "hold" if on else "free"})

    _as_escort(core, session_id, officer, work)


def _as_escort(
    core: Core, session_id: str, officer: str, work: Callable[[Tx, Session, LineReader], None]
) -> None:
    def checked(tx: Tx) -> bool:
        session = session_of(tx, session_id)
        if session.escort != officer:
            raise AccessError(
                "another officer is the escort of that session",
                where=f"session {session_id}",
                remedy="halt it, or leave it to the escort",
            )
        if session.ended is not None:
            raise StateError("that session is over", where=f"session {session_id}")
        desk, now = _now(core, tx, session)
        if why_over(core, session, desk, now) is not None:
            return False
        work(tx, session, LineReader(core, tx, desk.line))
        return True

    if not core.store.write(checked):
        end_all(core)
        raise StateError("that session is over", where=f"session {session_id}")


def _now(core: Core, tx: Tx, session: Session) -> tuple[Desk, Grounds]:
    desk = desk_of(tx, session.desk)
    return desk, grounds(LineReader(core, tx, desk.line), desk.visit)


def _end(core: Core, tx: Tx, session: Session, ended: str, why: str, who: str) -> None:
    desk = desk_of(tx, session.desk)
    reader = LineReader(core, tx, desk.line)
    append(tx, session, reader, {"who": who, "do": "end", "ended": ended, "why": why})
    desks.set_session(tx, session.session, ended=ended, ended_s=core.clock.now_s())


def end_if_over(core: Core, tx: Tx, session: Session) -> bool:
    """End a session that is over by itself, in this transaction; whether it is over."""
    if session.ended is not None:
        return True
    over = why_over(core, session, *_now(core, tx, session))
    newest = desks.newest_line(tx, session.session)
    if over is None and newest is not None and newest[0] >= LINES_MAX - 2:
        over = "closed", "its log is full"
    if over is not None:
        _end(core, tx, session, *over, "host")
    return over is not None


def end_all(core: Core) -> None:
    """End what is over by itself, and put on the record what has ended."""
    with core.store.read() as tx:
        found = [
            one.session
            for one in desks.under_way(tx)
            if why_over(core, one, *_now(core, tx, one)) is not None
        ]
    if found:
        core.store.write(lambda tx: [end_if_over(core, tx, session_of(tx, one)) for one in found])
    tell_all(core)


def tell_all(core: Core) -> None:
    """Write ``visit.session`` for every session that has ended, as far as that can be now."""
    with core.store.read() as tx:
        ended = [(one, desk_of(tx, one.desk), _log(tx, one)) for one in desks.untold(tx)]
    for session, desk, data in ended:
        try:
            entry = _tell(core, desk, data, officer=session.escort, key=f"desk {session.session}")
        except DetenteError as error:
            # A suspended line, a replaced key: it is tried again with whatever is done next.
            log.warning("a session is not on the record yet", why=str(error))
            continue
        core.store.write(partial(desks.set_session, session_id=session.session, entry=entry.id))


def _tell(core: Core, desk: Desk, data: bytes, *, officer: str, key: str | None) -> EntryView:
    return _say_session(core, desk.line, data, "", officer=officer, key=key)


def _say_session(
    core: Core, line: str, data: bytes, words: str, *, officer: str, key: str | None
) -> EntryView:
    held = read_session_log(data)
    if held.end is None:
        raise InputError(
            "is the log of a session that has not ended", where="session log",
            remedy="ask the host for the whole of it",
        )  # fmt: skip
    made = session_draft(
        held.opened.visit,
        session=held.opened.session,
        ended=held.end.ended,
        actions=held.actions,
        log_sha256=held.sha256,
        note=words,
    )

    def make(reader: LineReader) -> Draft:
        _check_own(core, reader, held.opened.line, held.opened.host, held.opened.guest)
        return made

    content = {"sha256": held.sha256, "note": words}
    return say(core, line, make, officer=officer, key=key, action="desk-session", content=content)


def _check_own(core: Core, reader: LineReader, line: str, host: str, guest: str) -> None:
    if reader.id != line or core.party not in (host, guest):
        raise InputError(
            f"is of another line, or of a visit of {guest[:40]} to {host[:40]}",
            where="session log",
            remedy="choose the line that the visit is on",
        )


def log_of(core: Core, session_id: str) -> bytes:
    """The log of a session as a file. Raises NotFoundError."""
    with core.store.read() as tx:
        return _log(tx, session_of(tx, session_id))


def _log(tx: Tx, session: Session) -> bytes:
    return file_of(desks.lines(tx, session.session))


def confirm(
    core: Core, line: str, data: bytes, words: str, *, officer: str, key: str | None
) -> EntryView:
    """Say on the line which log of a session we hold, having checked its chain.

    Raises RecordError where it is broken, InputError if it is not of this line or not of a visit
    of ours.
    """
    return _say_session(core, line, data, words, officer=officer, key=key)


def held_logs(core: Core, line: str) -> list[HeldLogView]:
    """Which logs of sessions either side of each visit says it holds, and whether they agree."""
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        notices = dict(scan(reader.rows, "visit"))
        said = [
            (key.split("/")[0], doc)
            for key, doc in scan(reader.rows, "visit-said")
            if doc["type"] == abouts.SESSION
        ]
    by_session: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for visit, doc in said:
        notice = notices.get(visit)
        if notice is not None and doc["party"] in (notice["party"], notice["host"]):
            stated = by_session.setdefault((visit, doc["about"]["session"]), [])
            stated.append((doc["party"], doc["about"]))
    found = []
    for visit, doc in said:
        stated = by_session.get((visit, doc["about"]["session"]), [])
        if (doc["party"], doc["about"]) not in stated:
            continue
        others = [about for party, about in stated if party != doc["party"]]
        about = doc["about"]
        sides = (notices[visit]["party"], notices[visit]["host"])
        found.append(
            HeldLogView(
                session=about["session"],
                party=doc["party"],
                ended=about["ended"],
                actions=about["actions"],
                log_sha256=about["log_sha256"],
                entry=doc["entry"],
                agrees=about in others if others else None,
                waits_for_us=core.party in sides and doc["party"] != core.party and not others,
            )
        )
    return found

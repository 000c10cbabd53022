"""What a guest does at the desk: first a line of the session's log, durably, then the answer.

Every call runs in one write transaction: it finds the session that the escort has open, checks that
it may go on, makes the answer, and appends the line with the hash of exactly the bytes that will be
sent. Only what that transaction has committed is sent; if the process dies in between, the log says
more than was seen and never less. While the bytes go out, ``alive`` is asked before every piece.

What is not there and what is not for the guest is answered alike, and is a line too (``miss``).
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from detente.errors import DetenteError, InputError, NotFoundError, StateError
from detente.line.bodies.giving import Place
from detente.line.read.permissions import UNKNOWN
from detente.line.view import load
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.together.desk_base import (
    Facts,
    acted,
    acted_view,
    answers,
    append,
    collected,
    laid_view,
    used,
    why_over,
)
from detente.node.together.desk_grounds import Grounds, grounds
from detente.node.together.desk_guests import guest_of
from detente.node.together.desk_laying import add_item
from detente.node.together.desk_outside import why_none
from detente.node.together.desk_sessions import end_if_over, tell_all
from detente.node.together.desk_showable import TEXT
from detente.node.views.base import View
from detente.node.views.guests import ActedView, LaidView
from detente.store import desks
from detente.store.desks import Desk, Guest, Item, Session
from detente.store.store import Tx
from detente.volumes.times import format_time

T = TypeVar("T")
NOTE_BYTES_MAX = 16 * 1024
HELD = frozenset({"map", "open-item", "mark"})
"""What waits for the escort's consent where the host holds a session."""


class DrawnView(View, frozen=True, kw_only=True):
    """Something with a place, to be drawn on the desk's map; volumes as in the protocol."""

    item: str
    title: str
    content: bytes


class ClosedView(View, frozen=True, kw_only=True):
    """A restriction of the host's that holds or will: when, of which places, and its words.

    ``hours_utc`` are spans of the day, None where it is not about hours.
    """

    start: str
    end: str
    hours_utc: list[list[float]] | None
    places: list[Place]
    text: str


class AtDeskView(View, frozen=True, kw_only=True):
    """Everything a guest's page is made of. ``granted`` maps what was consented to and not done
    yet to the line that asked for it; ``asked`` are things that wait."""

    exercise: str
    guest: str
    host: str
    visit_name: str
    session: str
    hold: bool
    now: str
    until: str
    left_s: float
    cut_then: bool
    closed: list[ClosedView]
    places: list[Place]
    laid: list[LaidView]
    drawn: list[DrawnView]
    acted: list[ActedView]
    granted: dict[str, int]
    asked: list[str]
    refused: list[str]
    answered: int


class Served(NamedTuple):
    """Bytes to send, of which line ``n`` of the session's log tells."""

    session: str
    n: int
    media: str
    content: bytes


class StateNow(NamedTuple):
    """Whether a guest's session goes on, how long at most, and how often the escort answered."""

    open: bool
    left_s: float
    answered: int


class _Seat(NamedTuple):
    guest: Guest
    desk: Desk
    session: Session
    reader: LineReader
    now: Grounds
    lines: list[Facts]

    @property
    def who(self) -> str:
        return f"guest {self.guest.number}"


def page(
    core: Core, account: str, item_id: str | None, render: Callable[[AtDeskView], bytes]
) -> Served:
    """A page of the desk, or of one thing on it; the first in a session is its guest's entering."""

    def make(tx: Tx, seat: _Seat) -> Served | None:
        if item_id is not None and _held(tx, seat, item_id) is None:
            return None
        content = render(_view(core, tx, seat))
        do = "look" if any(one["who"] == seat.who for one in seat.lines) else "enter"
        return _served(tx, seat, {"do": do}, "text/html; charset=utf-8", content)

    return _found(core, account, make)


def draw(
    core: Core, account: str, asked: int | None, render: Callable[[AtDeskView], bytes]
) -> Served:
    """The map, as an SVG that ``render`` draws."""

    def make(tx: Tx, seat: _Seat) -> Served:
        _check_consent(seat, "map", None, asked)
        content = render(_view(core, tx, seat))
        return _served(tx, seat, {"do": "map", "of": asked}, "image/svg+xml", content)

    return _seated(core, account, make)


def item(core: Core, account: str, item_id: str, asked: int | None) -> Served:
    """The bytes of something on the desk. NotFoundError for anything else, in the same words."""

    def make(tx: Tx, seat: _Seat) -> Served | None:
        held = _held(tx, seat, item_id)
        if held is None:
            return None
        _check_consent(seat, "open-item", held.item, asked)
        said = {"do": "open-item", "item": held.item, "of": asked}
        return _served(tx, seat, said, held.media, held.content)

    return _found(core, account, make)


def write_note(core: Core, account: str, title: str, text: str) -> str:
    """Keep a note of the guest's on the desk; its id."""
    content = text.replace("\r\n", "\n").encode("utf-8", "replace")
    if not text.strip() or len(content) > NOTE_BYTES_MAX:
        raise InputError(
            f"a note has 1 to {NOTE_BYTES_MAX} bytes", where="note", remedy="write less, or another"
        )

    def make(tx: Tx, seat: _Seat) -> str:
        made = add_item(core, tx, seat.desk, "note", title, TEXT, content, by=seat.who)
        said = {
            "do": "note",
            "item": made.item,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }
        append(tx, seat.session, seat.reader, {"who": seat.who, **said})
        return made.item

    return _seated(core, account, make)


def mark(core: Core, account: str, item_id: str, on: bool, asked: int | None) -> None:
    """Mark something for the sealing, or take the mark off."""

    def make(tx: Tx, seat: _Seat) -> bool | None:
        held = _held(tx, seat, item_id)
        if held is None:
            return None
        if on:
            _check_consent(seat, "mark", held.item, asked)
        # Taking a mark off waits for nobody, and so uses up no consent: not even another guest's.
        said = {"do": "mark", "item": held.item, "of": asked}
        if not on:
            said = {"do": "unmark", "item": held.item}
        append(tx, seat.session, seat.reader, {"who": seat.who, **said})
        return True

    _found(core, account, make)


def ask(core: Core, account: str, wants: str, item_id: str | None) -> None:
    """Ask the escort for something that waits for consent."""

    def make(tx: Tx, seat: _Seat) -> bool | None:
        held = None if item_id is None else _held(tx, seat, item_id)
        if wants not in HELD or (held is None) != (wants == "map"):
            return None
        waiting = [one for one in _open_asks(seat) if one["n"] not in answers(seat.lines)]
        if any((one["wants"], one.get("item")) == (wants, item_id) for one in waiting):
            return True
        append(
            tx,
            seat.session,
            seat.reader,
            {"who": seat.who, "do": "ask", "wants": wants, "item": item_id},
        )
        return True

    _found(core, account, make)


def leave(core: Core, account: str) -> None:
    """The guest logs out; a line of the log, if a session is open."""

    def make(tx: Tx, seat: _Seat) -> None:
        append(tx, seat.session, seat.reader, {"who": seat.who, "do": "leave"})

    try:
        _seated(core, account, make)
    except StateError:
        return


def state(core: Core, account: str) -> StateNow:
    """What the guest's open page asks every few seconds. Nothing of the desk is in it."""
    with core.store.read() as tx:
        _, desk = guest_of(core, tx, account)
        session = _under_way(tx, desk)
        if session is None:
            return StateNow(False, 0.0, 0)
        reader = LineReader(core, tx, desk.line)
        now = grounds(reader, desk.visit)
        if why_over(core, session, desk, now) is not None:
            return StateNow(False, 0.0, 0)
        return StateNow(
            True, max(0.0, now.until_s - reader.now_s), len(answers(acted(tx, session)))
        )


def alive(core: Core, session_id: str, account: str) -> bool:
    """Whether the next piece may still be sent to this guest."""
    with core.store.read() as tx:
        session = desks.session(tx, session_id)
        if session is None or session.ended is not None:
            return False
        try:
            _, desk = guest_of(core, tx, account)
        except DetenteError:
            return False
        now = grounds(LineReader(core, tx, desk.line), desk.visit)
        return why_over(core, session, desk, now) is None


def _seated(core: Core, account: str, make: Callable[[Tx, _Seat], T]) -> T:
    """Do something at the desk, in a session that goes on. Raises StateError where there is none.

    A session that turns out to be over is ended here and now, and nothing is done.
    """

    def work(tx: Tx) -> list[T]:
        guest, desk = guest_of(core, tx, account)
        session = _under_way(tx, desk)
        if session is None or end_if_over(core, tx, session):
            return []
        reader = LineReader(core, tx, desk.line)
        now = grounds(reader, desk.visit)
        seat = _Seat(guest, desk, session, reader, now, acted(tx, session))
        return [make(tx, seat)]

    done = core.store.write(work)
    if not done:
        tell_all(core)
        message, remedy = why_none(core, account)
        raise StateError(message, remedy=remedy)
    return done[0]


def _found(core: Core, account: str, make: Callable[[Tx, _Seat], T | None]) -> T:
    """The same for what may be nothing; that it was asked for is on the log all the same."""

    def looked(tx: Tx, seat: _Seat) -> T | None:
        made = make(tx, seat)
        if made is None:
            append(tx, seat.session, seat.reader, {"who": seat.who, "do": "miss"})
        return made

    done = _seated(core, account, looked)
    if done is None:
        raise NotFoundError(
            "there is nothing of that name on this desk", remedy="choose from what is laid out"
        )
    return done


def _under_way(tx: Tx, desk: Desk) -> Session | None:
    return next((one for one in desks.sessions(tx, desk.desk) if one.ended is None), None)


def _held(tx: Tx, seat: _Seat, item_id: str) -> Item | None:
    held = desks.item(tx, seat.desk.desk, item_id)
    return None if held is None or held.away_s is not None else held


def _served(tx: Tx, seat: _Seat, said: Facts, media: str, content: bytes) -> Served:
    shown = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    n = append(tx, seat.session, seat.reader, {"who": seat.who, **said, **shown})
    return Served(seat.session.session, n, media, content)


def _check_consent(seat: _Seat, wants: str, item_id: str | None, asked: int | None) -> None:
    """Return if this may be done now: freely, or once because the escort consented to it."""
    if not seat.session.hold and asked is None:
        return
    for one in _open_asks(seat):
        same = (one["wants"], one.get("item"), one["n"]) == (wants, item_id, asked)
        if same and answers(seat.lines).get(one["n"]) == "consent":
            return
    raise StateError(
        "your escort has to consent to this first", remedy="ask on the desk's page, and wait"
    )


def _open_asks(seat: _Seat) -> list[Facts]:
    """What this guest has asked for and has not been done."""
    done = used(seat.lines)
    return [
        one
        for one in seat.lines
        if one["do"] == "ask" and one["who"] == seat.who and one["n"] not in done
    ]


def _view(core: Core, tx: Tx, seat: _Seat) -> AtDeskView:
    reader, now = seat.reader, seat.now
    notice = load(reader.rows, "visit", seat.desk.visit) or {}
    items = [one for one in desks.items(tx, seat.desk.desk) if one.away_s is None]
    titles = {one.item: one.title for one in items}
    marked, answered = collected(tx, seat.desk), answers(seat.lines)
    asks = _open_asks(seat)
    opened = {one.get("item") for one in seat.lines if one["do"] == "open-item"}
    return AtDeskView(
        exercise=reader.terms.exercise.name if reader.terms.exercise else "",
        guest=seat.who,
        host=core.party,
        visit_name=notice.get("visit", ""),
        session=seat.session.name,
        hold=seat.session.hold,
        now=format_time(reader.now_s),
        until=format_time(now.until_s),
        left_s=max(0.0, now.until_s - reader.now_s),
        cut_then=now.cut_then,
        closed=[_closed(doc) for doc in now.restrictions],
        places=_places(now),
        laid=[laid_view(one, marked) for one in items],
        drawn=[
            DrawnView(item=one.item, title=one.title, content=one.content)
            for one in items
            # Where things wait for consent, the map tells no more than was consented to.
            if one.kind in ("plan", "entry") and (not seat.session.hold or one.item in opened)
        ],
        acted=[acted_view(one, titles, answered) for one in seat.lines],
        granted={
            f"{one['wants']} {one.get('item') or ''}".strip(): one["n"]
            for one in asks
            if answered.get(one["n"]) == "consent"
        },
        asked=[
            f"{one['wants']} {one.get('item') or ''}".strip()
            for one in asks
            if one["n"] not in answered
        ],
        refused=[
            f"{one['wants']} {one.get('item') or ''}".strip()
            for one in asks
            if answered.get(one["n"]) == "refuse"
        ],
        answered=len(answered),
    )


def _places(now: Grounds) -> list[Place]:
    return [] if now.grant is None or now.grant.places == UNKNOWN else list(now.grant.places)


def _closed(doc: Mapping[str, Any]) -> ClosedView:
    # What a recalled restriction said is erased; when it holds stays known.
    content = doc["content"] or {"hours_utc": None, "places": [], "text": ""}
    return ClosedView(
        start=doc["about"]["from"],
        end=doc["about"]["until"],
        hours_utc=content["hours_utc"],
        places=[msgspec.convert(place, Place) for place in content["places"]],
        text=content["text"],
    )

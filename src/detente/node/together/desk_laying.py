"""Laying out a desk: what a visit's guest may be shown, as bytes that are fixed when laid out.

A guest is never shown anything of the node's store but these bytes, and notes of the guest's own:
so what can reach a guest is a list that the host has made, each item of it an act of release. A
plan of the host's, or an entry of the line, is laid out only if it lies within the granted places
and, a plan, within the granted window and hours, for certain; what is not known to lie there does
not. Where an entry is recalled, what was made of it here is erased with it.
"""

import secrets
from collections.abc import Callable
from typing import Any

from detente.errors import InputError, LimitError, NotFoundError, StateError
from detente.line import Terms, abouts, bodies, read_activity
from detente.line.read import exceeding, recall_of, void_of
from detente.line.read.permissions import UNKNOWN, Grant
from detente.line.view import load, place_key, scan
from detente.node import filing
from detente.node.core import Core
from detente.node.show.reader import LineReader, no_such
from detente.node.together.desk_base import desk_view, note, open_desk_of
from detente.node.together.desk_grounds import Grounds, grounds
from detente.node.together.desk_sessions import end_all
from detente.node.together.desk_showable import TEXT, showable
from detente.node.together.desk_words import of_activity, of_observation
from detente.node.views.guests import DeskView, WaitingVisitView
from detente.store import changes, desks, logs
from detente.store.desks import Desk, Item
from detente.store.store import Tx
from detente.volumes import Band, Volume

ITEMS_MAX = 200
DESK_BYTES_MAX = 64 * 1024 * 1024
TITLE_LENGTH_MAX = 120
Laid = tuple[str, str, str, bytes, str | None]
"""Kind, title, media, content, and the entry it was made of."""
Make = Callable[[Tx, Desk, Grounds], Laid]


def set_up(core: Core, line: str, visit: str, *, hold: bool, officer: str) -> DeskView:
    """Set up the desk of a visit to us. StateError if it has one, or nothing is granted for it."""
    desk_id = secrets.token_hex(4)

    def work(tx: Tx) -> DeskView:
        reader = LineReader(core, tx, line)
        now = grounds(reader, visit)
        if now.over or now.grant is None or UNKNOWN in (now.grant.places, now.grant.hours_utc):
            raise StateError(
                now.why or "nothing was granted for this visit",
                where=f"visit {visit[:16]}…",
                remedy="a desk is set up for a visit that is granted and not over",
            )
        if desks.of_visit(tx, visit) is not None:
            raise StateError("that visit has a desk", remedy="use it; a visit has one")
        desk = Desk(desk_id, reader.id, visit, now.guest, hold, core.clock.now_s(), officer)
        desks.add(tx, desk)
        note(core, tx, officer, "set-up", desk_id, {"visit": visit, "hold": hold})
        changes.note(tx, reader.id, "desk", [desk_id])
        return desk_view(core, tx, desk)

    return core.store.write(work)


def listed(core: Core, line: str) -> list[DeskView]:
    """The desks for visits of a line."""
    with core.store.read() as tx:
        return [desk_view(core, tx, one) for one in desks.of_line(tx, core.founding(tx, line).id)]


def waiting(core: Core, line: str) -> list[WaitingVisitView]:
    """Visits to us that are not over and have no desk."""
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        taken = {one.visit for one in desks.of_line(tx, reader.id)}
        return [
            WaitingVisitView(id=key, name=doc["visit"], guest=doc["party"])
            for key, doc in scan(reader.rows, "visit")
            if doc["host"] == core.party and key not in taken and not grounds(reader, key).over
        ]


def shown(core: Core, desk_id: str) -> DeskView:
    """One desk. Raises NotFoundError."""
    with core.store.read() as tx:
        found = desks.desk(tx, desk_id)
        if found is None:
            raise NotFoundError(f"there is no desk {desk_id[:40]!r}", remedy="list the desks")
        return desk_view(core, tx, found)


def lay_file(core: Core, desk_id: str, title: str, content: bytes, *, officer: str) -> DeskView:
    """Lay out a text or a picture, without what is written beside the picture."""
    media, plain = showable(content, title[:80] or "file")
    return _lay(core, desk_id, officer, lambda *_: ("file", title, media, plain, None))


def lay_plan(core: Core, desk_id: str, plan: str, title: str, *, officer: str) -> DeskView:
    """Lay out a plan of ours as it now is: its kind and volumes, not its notes.

    Raises StateError for a kind whose exact releases take two officers by the line's terms.
    """

    def make(tx: Tx, desk: Desk, now: Grounds) -> Laid:
        activity = filing.activity_of(core, tx, plan)
        _check_one_officer(LineReader(core, tx, desk.line).terms, activity.kind, plan)
        found = exceeding.of_volumes([_granted(now)], activity.volumes)
        _check_within(found, plan)
        content = of_activity(activity.kind, activity.volumes, {})
        return "plan", title or plan, TEXT, content, None

    return _lay(core, desk_id, officer, make)


def lay_entry(core: Core, desk_id: str, entry: str, title: str, *, officer: str) -> DeskView:
    """Lay out an observation or a release that stands on the line, in a granted place.

    Its time may be any: the guest, who is on the line, holds it. Raises NotFoundError, InputError
    if it is another kind of entry, StateError if it is void, recalled or elsewhere.
    """

    def make(tx: Tx, desk: Desk, now: Grounds) -> Laid:
        reader = LineReader(core, tx, desk.line)
        row = logs.find(tx, desk.line, entry)
        if row is None or row.body is None:
            raise no_such("entry", entry, reader.founding)
        _check_stands(reader, row.party, row.index, entry)
        facts = load(reader.rows, "entry", place_key(row.party, row.index)) or {}
        volumes, content = _content_of(facts, row.party, row.body)
        found = exceeding.of_places(_granted(now), volumes)
        _check_within(found, f"entry {entry[:16]}…")
        return "entry", title or f"{facts['type']} of {row.party}", TEXT, content, entry

    return _lay(core, desk_id, officer, make)


def _check_stands(reader: LineReader, party: str, index: int, entry: str) -> None:
    if void_of(reader.rows, party, index) is not None or recall_of(reader.rows, entry) is not None:
        raise StateError(
            "that entry is void, or recalled",
            where=f"entry {entry[:16]}…",
            remedy="lay out one that stands",
        )


def _content_of(facts: dict[str, Any], party: str, body: bytes) -> tuple[tuple[Volume, ...], bytes]:
    """Where something is that was said on the line, and what was said."""
    type_ = facts["type"]
    said = {"party": party, "type": type_, "time": facts["time"]}
    if type_ == abouts.RELEASE:
        activity, _ = read_activity(body, party, facts["about"]["activity"])
        return activity.volumes, of_activity(activity.kind, activity.volumes, said)
    if type_ == abouts.OBSERVE:
        seen = bodies.read_observed(body)
        volume = Volume(seen.extent, seen.radius_m, Band(None, None), 0.0, 1.0)
        return (volume,), of_observation(seen, said)
    raise InputError(
        f"is a {type_}",
        where=f"entry {facts['id'][:16]}…",
        remedy="lay out observations and releases; write anything else into a text",
    )


def put_away(core: Core, desk_id: str, item: str, *, officer: str) -> DeskView:
    """Take something off a desk. What the guest has seen of it stays in the sessions' logs."""

    def work(tx: Tx) -> DeskView:
        desk = open_desk_of(tx, desk_id)
        held = desks.item(tx, desk_id, item)
        if held is None or held.away_s is not None:
            raise NotFoundError(f"nothing called {item[:20]!r} lies there", remedy="list the desk")
        desks.put_away(tx, desk_id, item, core.clock.now_s())
        note(core, tx, officer, "put-away", desk_id, {"item": item})
        changes.note(tx, desk.line, "desk", [desk_id])
        return desk_view(core, tx, desk)

    return core.store.write(work)


def close(core: Core, desk_id: str, *, officer: str) -> DeskView:
    """Close a desk for good: its session and its guests' accounts end."""

    def work(tx: Tx) -> None:
        desk = open_desk_of(tx, desk_id)
        desks.close(tx, desk_id, core.clock.now_s())
        note(core, tx, officer, "close", desk_id, {})
        changes.note(tx, desk.line, "desk", [desk_id])

    core.store.write(work)
    end_all(core)
    return shown(core, desk_id)


def _lay(core: Core, desk_id: str, officer: str, make: Make) -> DeskView:
    def work(tx: Tx) -> DeskView:
        desk = open_desk_of(tx, desk_id)
        kind, title, media, content, source = make(
            tx, desk, grounds(LineReader(core, tx, desk.line), desk.visit)
        )
        add_item(core, tx, desk, kind, title, media, content, source=source, by="host")
        note(core, tx, officer, "lay", desk_id, {"kind": kind, "title": title})
        return desk_view(core, tx, desk)

    return core.store.write(work)


def add_item(
    core: Core,
    tx: Tx,
    desk: Desk,
    kind: str,
    title: str,
    media: str,
    content: bytes,
    *,
    source: str | None = None,
    by: str,
) -> Item:
    """Put something on a desk. Raises InputError for a title that is none, LimitError."""
    if not 1 <= len(title) <= TITLE_LENGTH_MAX or not title.isprintable():
        raise InputError(
            f"a title has 1 to {TITLE_LENGTH_MAX} printable characters",
            where="title",
            remedy="say in one line what it is; the guest reads it",
        )
    count, size_bytes = desks.laid(tx, desk.desk)
    if count >= ITEMS_MAX or size_bytes + len(content) > DESK_BYTES_MAX:
        raise LimitError(
            f"a desk holds {ITEMS_MAX} things of {DESK_BYTES_MAX} bytes together",
            where=f"desk {desk.desk}",
            remedy="lay out less",
        )
    item = Item(
        desk=desk.desk,
        item=f"{kind[0]}{count + 1}",
        n=count + 1,
        kind=kind,
        title=title,
        media=media,
        content=content,
        source=source,
        by=by,
        laid_s=core.clock.now_s(),
    )
    desks.add(tx, item)
    changes.note(tx, desk.line, "desk", [desk.desk])
    return item


def _granted(now: Grounds) -> Grant:
    if now.grant is None:
        raise StateError("nothing is granted for this visit", remedy="grant it first")
    return now.grant


def _check_one_officer(terms: Terms, kind: str, plan: str) -> None:
    """A guest is shown exact volumes: one officer alone may not do what takes two on the line."""
    rule = terms.two_person
    if rule is not None and rule.asks_for(kind):
        raise StateError(
            f"the line's terms let two officers release a {kind} exactly, and a desk shows it so",
            where=f"plan {plan[:64]}",
            remedy="release it on the line, which two officers do, and lay out that entry",
        )


def _check_within(found: list[exceeding.Exceeding], where: str) -> None:
    """Nothing lies on a desk that is not for certain within the grant."""
    if found:
        raise StateError(
            f"is not within what was granted: {found[0].why}",
            where=where,
            remedy="lay out what is; or write the part of it that is into a text",
        )

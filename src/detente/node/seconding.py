"""The two-person rule: what the terms name is written only when a second officer confirms it.

The first officer's action makes the draft of an entry, as always. If the terms in force ask for
two, nothing is written: the request is kept, private to this node, with the SHA-256 of exactly the
bytes that would be signed, for half an hour. A second officer, who is another account with a role
that may do the same thing, confirms that digest; the action is then run again on the state of that
moment and must make the very same bytes, or it is refused. So nobody confirms what they have not
seen, and nobody's plan changes in between.

It is enforced here, where every entry is made, and not at the doors: API, console and command line
can only ask. Who the two officers are is looked up among the accounts inside the transaction that
writes. Peers cannot see that there were two; the audit log of this node can.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from detente.errors import (
    AccessError,
    DetenteError,
    NotFoundError,
    SecondOfficerError,
    StateError,
)
from detente.line import Draft, Terms
from detente.line.abouts import ADMIT, LEAVE, OPEN, RELEASE, SIGN_TERMS
from detente.node import roles
from detente.node.core import Core
from detente.node.officers import NEW_S, let_in_by
from detente.node.show.reader import LineReader
from detente.node.views import EntryView, PendingView
from detente.record.strict_json import canonical
from detente.store import auditing, changes, officers, pending
from detente.store.pending import CONFIRMED, REFUSED, WAITING, Pending
from detente.store.store import Tx
from detente.volumes.times import format_time

ASK_LIFE_S = 30 * 60.0


class Second(NamedTuple):
    """The confirmation that an action is run with: of which request, and by whom."""

    request: Pending
    officer: str


class AsksError(SecondOfficerError):
    """Raised inside the transaction, to undo what the action did; ``request`` is then kept."""

    def __init__(self, request: Pending) -> None:
        super().__init__(
            "a second officer has to confirm this",
            where=f"request {request.id}",
            remedy=f"have another officer confirm it until {format_time(request.expires_s)}",
        )
        self.request = request


def check(
    reader: LineReader,
    draft: Draft,
    *,
    officer: str,
    action: str,
    content: dict[str, Any],
    second: Second | None,
) -> None:
    """Return if this draft may be written: by one officer, or because ``second`` confirms it.

    Raises AsksError where a second officer has to be asked, StateError if what is confirmed is not
    what would be written now, AccessError if one of the two may not do this.
    """
    # What was asked for under terms that took two is confirmed by two, or not at all: other terms
    # may have come into force since, and then nobody else would look at what is confirmed.
    act = _act(reader.terms, draft) if second is None else ACT_OF[draft.type]
    if act is None:
        return
    _check_officer(reader.tx, officer, act)
    digest = digest_of(draft)
    if second is not None:
        _check_second(reader, second, officer, act, digest)
        return
    now_s = reader.core.clock.now_s()
    for one in pending.waiting(reader.tx, reader.id, now_s):
        if (one.officer, one.digest) == (officer, digest):
            raise AsksError(one)
    raise AsksError(
        Pending(
            id=secrets.token_hex(16),
            line=reader.id,
            type=draft.type,
            action=action,
            content=canonical(content),
            about=canonical(draft.about),
            body=draft.body,
            digest=digest,
            officer=officer,
            asked_s=now_s,
            expires_s=now_s + ASK_LIFE_S,
        )
    )


def keep(core: Core, tx: Tx, asks: AsksError) -> None:
    """Keep a request, now that everything else of the action is undone."""
    if pending.get(tx, asks.request.id) is None:
        pending.add(tx, asks.request)
        _note(core, tx, asks.request, asks.request.officer, "second.ask")


def digest_of(draft: Draft) -> str:
    """Hex SHA-256 of what a draft would put on the record, apart from when and where."""
    parts = [draft.type.encode(), canonical(draft.about), draft.body]
    return hashlib.sha256(b"".join(len(p).to_bytes(8, "big") + p for p in parts)).hexdigest()


def waiting(core: Core, line: str) -> list[PendingView]:
    """What waits for a second officer on a line."""
    with core.store.read() as tx:
        founding = core.founding(tx, line)
        return [_view(one) for one in pending.waiting(tx, founding.id, core.clock.now_s())]


Run = Callable[[str, dict[str, Any], str, Second], EntryView]
"""Runs an action again: its name, its content, its first officer, and the second."""


def confirm(
    core: Core, line: str, request: str, digest: str, *, officer: str, run: Run
) -> EntryView:
    """Confirm what a first officer asked for, and have it written.

    ``digest`` is that of the bytes that ``officer`` was shown.
    """
    with core.store.read() as tx:
        found = _found(core, tx, line, request)
    if digest != found.digest:
        raise StateError(
            "that is not what was asked for",
            where=f"request {found.id}",
            remedy="look at the request as it stands and confirm that, or refuse it",
        )
    content: dict[str, Any] = msgspec.json.decode(found.content)
    return run(found.action, content, found.officer, Second(found, officer))


def confirmed(core: Core, tx: Tx, second: Second, entry: str) -> None:
    """Say, in the transaction that wrote the entry, that the request is done."""
    pending.settle(tx, second.request.id, CONFIRMED, second.officer, entry)
    _note(core, tx, second.request, second.officer, "second.confirm", entry)


def refuse(core: Core, line: str, request: str, *, officer: str) -> None:
    """Refuse a request, or take one's own back."""

    def work(tx: Tx) -> None:
        found = _found(core, tx, line, request)
        if officer != found.officer:
            _check_officer(tx, officer, ACT_OF[found.type])
        pending.settle(tx, found.id, REFUSED, officer, None)
        _note(core, tx, found, officer, "second.refuse")

    core.store.write(work)


ACT_OF = {
    RELEASE: roles.RELEASE,
    OPEN: roles.RELEASE,
    SIGN_TERMS: roles.TERMS,
    LEAVE: roles.MEMBERSHIP,
    ADMIT: roles.TERMS,
}
"""What both officers must be allowed to do, by the type of the entry."""


def _act(terms: Terms, draft: Draft) -> str | None:
    """What two officers must be allowed to do for this draft; None if one is enough."""
    rule = terms.two_person
    if rule is None:
        return None
    if draft.type in (SIGN_TERMS, ADMIT) and rule.terms:
        return roles.TERMS
    if draft.type == LEAVE and rule.leaving:
        return roles.MEMBERSHIP
    # What a commitment hid is told whole when it is opened.
    tells = draft.type == OPEN or (draft.type == RELEASE and draft.about["form"] == "exact")
    if tells and rule.exact_releases:
        kind = msgspec.json.decode(draft.body).get("kind")
        if kind is None:
            return None
        if rule.asks_for(kind):
            return roles.RELEASE
    return None


def _check_officer(tx: Tx, name: str, act: str) -> None:
    if name == roles.OPERATOR:
        roles.check(name, roles.OPERATOR, act)
        return
    found = officers.get(tx, name)
    if found is None or found.ended_s is not None:
        raise AccessError(
            f"{name[:80]} has no account here, or it has ended",
            remedy="have an officer with an account of this node do it",
        )
    roles.check(name, found.role, act)


def _check_second(reader: LineReader, second: Second, officer: str, act: str, digest: str) -> None:
    request = pending.get(reader.tx, second.request.id)
    now_s = reader.core.clock.now_s()
    if request is None or request.state != WAITING or request.expires_s <= now_s:
        raise _gone(second.request.id)
    if second.officer in (officer, roles.OPERATOR):
        raise AccessError(
            "who asked cannot confirm, and neither can the operator",
            where=f"request {request.id}",
            remedy="have another officer confirm it",
        )
    _check_officer(reader.tx, second.officer, act)
    since_s = now_s - NEW_S
    if officer in let_in_by(reader.tx, second.officer, since_s) or (
        second.officer in let_in_by(reader.tx, officer, since_s)
    ):
        raise AccessError(
            "one of the two was let in by the other less than a day ago",
            where=f"request {request.id}",
            remedy="have an officer confirm it whom somebody else let in",
        )
    if (request.officer, request.digest) != (officer, digest):
        raise StateError(
            "what would be written now is not what was asked for",
            where=f"request {request.id}",
            remedy="refuse it, and ask again for what holds now",
        )


def _found(core: Core, tx: Tx, line: str, request: str) -> Pending:
    found = pending.get(tx, request)
    if found is None or found.line != core.founding(tx, line).id:
        raise NotFoundError(
            f"there is no request {request[:40]!r} on this line", remedy="list what waits"
        )
    if found.state != WAITING or found.expires_s <= core.clock.now_s():
        raise _gone(found.id)
    return found


def _gone(request: str) -> DetenteError:
    return StateError(
        "that request waits no more: it was confirmed or refused, or its time is over",
        where=f"request {request}",
        remedy="ask again",
    )


def _note(
    core: Core, tx: Tx, request: Pending, officer: str, action: str, entry: str | None = None
) -> None:
    detail = {"type": request.type, "digest": request.digest, "asked_by": request.officer}
    auditing.add(
        tx,
        time_s=core.clock.now_s(),
        officer=officer,
        action=action,
        subject=entry or f"request {request.id}",
        detail=msgspec.json.encode(detail),
    )
    changes.note(tx, request.line, "pending", [request.id])


def _view(one: Pending) -> PendingView:
    return PendingView(
        id=one.id,
        line=one.line,
        type=one.type,
        officer=one.officer,
        asked=format_time(one.asked_s),
        expires=format_time(one.expires_s),
        sha256=one.digest,
        about=msgspec.json.decode(one.about),
        body=msgspec.json.decode(one.body),
    )

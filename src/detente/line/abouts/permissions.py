"""The facts of the permission ledger: what a party asks of a host, and what the host answers."""

from typing import Literal

from detente.line.abouts.base import About, check_window, wrong
from detente.line.wire import ActivityId, Hash, PartyId

REQUEST = "permission.request"
ANSWER = "permission.answer"
REVOKE = "permission.revoke"
FORGO = "permission.withdraw"

PermissionKind = Literal["basing", "transit", "visit"]
PermissionAnswer = Literal["granted", "limited", "refused"]


class PermissionRequested(About, frozen=True, kw_only=True):
    """The writer asks ``host`` for the use of its ground or air within a window (domain times).

    The same ``permission`` may be asked of several hosts. Asked of one host again, it ``renews``
    the request before.
    """

    permission: ActivityId
    host: PartyId
    kind: PermissionKind
    from_: str
    until: str
    renews: Hash | None


class PermissionAnswered(About, frozen=True, kw_only=True):
    """The host's answer to ``request``; a window only where it is not refused."""

    request: Hash
    answer: PermissionAnswer
    from_: str | None
    until: str | None


class PermissionRevoked(About, frozen=True, kw_only=True):
    """The host takes what it had granted back, from a domain time on."""

    request: Hash
    from_: str


class PermissionForgone(About, frozen=True, kw_only=True):
    """The writer asks no more for what it asked, or uses it no more."""

    request: Hash


PERMISSIONS: dict[str, type[About]] = {
    REQUEST: PermissionRequested,
    ANSWER: PermissionAnswered,
    REVOKE: PermissionRevoked,
    FORGO: PermissionForgone,
}
"""Each type, and the facts of it."""


def check_permission(type_: str, facts: About) -> None:
    """Return if facts of one of these types, each sound by itself, fit together."""
    match facts:
        case PermissionRequested():
            check_window(type_, facts.from_, facts.until)
        case PermissionAnswered():
            given = (facts.from_ is not None, facts.until is not None)
            if given != ((False, False) if facts.answer == "refused" else (True, True)):
                raise wrong(type_, "a window is given where it is granted, and nowhere else")
            check_window(type_, facts.from_, facts.until)
        case PermissionRevoked():
            check_window(type_, facts.from_, None)

"""The permission ledger: asking hosts, answering, and taking back."""

from typing import Literal

from detente.api import rows
from detente.api.calls.bodies import Body, NoteBody, said
from detente.api.route import Call
from detente.errors import NotFoundError, StateError
from detente.node import Node, roles
from detente.node.views import EntryView, Json, PermissionView


class HostBody(Body, frozen=True):
    """A host, and the line on which it is asked."""

    line: str
    host: str


class PermissionBody(Body, frozen=True):
    """What is asked of each host, under one name (docs/protocol.md, section 10, "Permission").

    Times are the lines' domain time. ``overdraw``: also where a quota has no units left.
    """

    permission: str
    hosts: list[HostBody]
    kind: Literal["basing", "transit", "visit"]
    start: str
    end: str
    asked: Json
    overdraw: bool = False


class RenewBody(Body, frozen=True):
    """Another window; and what is asked for, if it is not the same as before."""

    start: str
    end: str
    asked: Json | None = None
    overdraw: bool = False


class AnswerBody(Body, frozen=True):
    """Without a window, that which was asked for; ``limits`` are what is granted less."""

    answer: Literal["granted", "limited", "refused"]
    start: str | None = None
    end: str | None = None
    limits: Json | None = None
    note: str = ""


class RevokeBody(Body, frozen=True):
    """From ``start`` on, domain time, or from now."""

    start: str | None = None
    note: str = ""


def list_ledger(node: Node, call: Call) -> list[PermissionView]:
    """Every request on every line."""
    return node.ledger()


def list_permissions(node: Node, call: Call) -> list[PermissionView]:
    """Every request on one line."""
    return node.permissions(call.path["line"])


def request_permission(node: Node, call: Call) -> list[EntryView]:
    """Ask one or several hosts."""
    body: PermissionBody = call.body
    return node.request_permission(
        [(one.line, one.host) for one in body.hosts],
        body.permission,
        body.kind,
        body.asked,
        start=body.start,
        end=body.end,
        overdraw=body.overdraw,
        officer=call.officer.name,
        key=call.key,
    )


def renew_permission(node: Node, call: Call) -> EntryView:
    """Ask the same host again."""
    return node.renew_permission(**said(call))


def answer_permission(node: Node, call: Call) -> EntryView:
    """Answer a request that is asked of us."""
    return node.answer_permission(**said(call))


def revoke_permission(node: Node, call: Call) -> EntryView:
    """Take back what we granted."""
    return node.revoke_permission(**said(call))


def withdraw_permission(node: Node, call: Call) -> EntryView:
    """Give up a request of ours."""
    return node.withdraw_permission(**said(call))


ROUTES = (
    rows.get(
        "permissions", "/permissions", list_ledger,
        "Who asked which host for what on every line, what was answered, what holds now",
        list[PermissionView],
    ),
    rows.entry(
        "permissions", "/permissions", request_permission,
        "Ask one or several hosts for the same, each on its line; all of them or none",
        PermissionBody, answer=list[EntryView], act=roles.RELEASE,
        may_raise=(StateError, NotFoundError),
    ),
    rows.get(
        "permissions", "/lines/{line}/permissions", list_permissions,
        "The permission ledger of one line", list[PermissionView],
    ),
    rows.entry(
        "permissions", "/lines/{line}/permissions/{request}/renew", renew_permission,
        "Ask the same host again, for another window", RenewBody, act=roles.RELEASE,
    ),
    rows.entry(
        "permissions", "/lines/{line}/permissions/{request}/answer", answer_permission,
        "Answer a request that is asked of us: granted, granted with limits, or refused",
        AnswerBody, act=roles.RELEASE,
    ),
    rows.entry(
        "permissions", "/lines/{line}/permissions/{request}/revoke", revoke_permission,
        "Take back what we granted, from a time on", RevokeBody, act=roles.RELEASE,
    ),
    rows.entry(
        "permissions", "/lines/{line}/permissions/{request}/withdraw", withdraw_permission,
        "Give up a request of ours", NoteBody, act=roles.RELEASE,
    ),
)  # fmt: skip

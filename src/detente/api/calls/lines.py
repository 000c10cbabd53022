"""Lines: founding and joining them, their terms, and what stands on them."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call
from detente.errors import AccessError, StateError
from detente.node import Node, roles
from detente.node.views import (
    AdmissionsView,
    ConflictsView,
    ConflictView,
    EntryView,
    LineView,
    LinkView,
    PartyKeysView,
    PendingView,
    ProspectView,
    ReleasedView,
)


def list_lines(node: Node, call: Call) -> list[LineView]:
    """All lines this node has joined."""
    return node.lines()


def show_line(node: Node, call: Call) -> LineView:
    """One line: its members, terms and state."""
    return node.line(call.path["line"])


def show_founding(node: Node, call: Call) -> bytes:
    """The founding document, byte for byte."""
    return node.founding(call.path["line"])


def found_line(node: Node, call: Call) -> bytes:
    """Make a founding document; nothing is joined by that."""
    body: bodies.FoundBody = call.body
    return node.found(body.name, body.terms, [card.encode() for card in body.cards])


def join_line(node: Node, call: Call) -> LineView:
    """Join a line whose parties' fingerprints have been compared."""
    body: bodies.JoinBody = call.body
    return node.join(
        body.founding.encode(), body.confirm, newcomer=body.newcomer, officer=call.officer.name
    )


def sign_terms(node: Node, call: Call) -> EntryView:
    """Sign the next version of the terms."""
    return node.sign_terms(**bodies.said(call))


def show_admissions(node: Node, call: Call) -> AdmissionsView:
    """Who is being taken in, and how much a newcomer is sent."""
    return node.admissions(call.path["line"])


def admit_party(node: Node, call: Call) -> EntryView:
    """Sign for taking a party in."""
    body: bodies.AdmitBody = call.body
    return node.admit(
        call.path["line"],
        body.card.encode(),
        body.fingerprint,
        officer=call.officer.name,
        key=call.key,
    )


def vouch_key(node: Node, call: Call) -> EntryView:
    """Vouch for another party's new card."""
    body: bodies.VouchBody = call.body
    return node.vouch_key(
        call.path["line"],
        body.card.encode(),
        body.fingerprint,
        officer=call.officer.name,
        key=call.key,
    )


def adopt_key(node: Node, call: Call) -> EntryView:
    """Sign with our replaced key, for which all others have vouched."""
    return node.adopt_key(**bodies.said(call))


def list_pending(node: Node, call: Call) -> list[PendingView]:
    """What waits for a second officer."""
    return node.pending(call.path["line"])


def confirm_pending(node: Node, call: Call) -> EntryView:
    """Confirm what another officer asked for."""
    body: bodies.ConfirmBody = call.body
    return node.confirm(
        call.path["line"], call.path["request"], body.sha256, officer=call.officer.name
    )


def refuse_pending(node: Node, call: Call) -> None:
    """Refuse what another officer asked for, or take one's own request back."""
    node.refuse(call.path["line"], call.path["request"], officer=call.officer.name)


def list_activities(node: Node, call: Call) -> list[ReleasedView]:
    """The newest version of every activity released on a line."""
    return node.activities(call.path["line"])


def list_conflicts(node: Node, call: Call) -> ConflictsView:
    """Where activities on a line meet, open and ended, and why there may be more."""
    return node.conflicts_and_unknown(call.path["line"])


def show_conflict(node: Node, call: Call) -> ConflictView:
    """One conflict, with every kind of change that would end it."""
    query: bodies.BasisQuery = call.query
    return node.conflict(call.path["line"], call.path["conflict"], query.basis)


def show_prospect(node: Node, call: Call) -> ProspectView:
    """What a change of one side's released activity would do."""
    body: bodies.ProspectBody = call.body
    return node.prospect(call.path["line"], call.path["conflict"], body.moves, body.shift)


def list_keys(node: Node, call: Call) -> list[PartyKeysView]:
    """Which keys the members sign with."""
    return node.keys(call.path["line"])


def list_links(node: Node, call: Call) -> list[LinkView]:
    """How the other members are reached."""
    return node.links(call.path["line"])


ROUTES = (
    rows.get("lines", "/lines", list_lines, "The lines this node has joined", list[LineView]),
    rows.post(
        "lines", "/lines/found", found_line,
        "Make a founding document with other parties' cards; joins nothing yet",
        bodies.FoundBody, bytes, status=200, act=roles.MEMBERSHIP,
    ),
    rows.post(
        "lines", "/lines/join", join_line,
        "Join a line whose parties' fingerprints have been compared",
        bodies.JoinBody, LineView, act=roles.MEMBERSHIP, may_raise=(StateError, AccessError),
    ),
    rows.get("lines", "/lines/{line}", show_line, "One line: members, terms, state", LineView),
    rows.get(
        "lines", "/lines/{line}/founding", show_founding,
        "The line's founding document: members, cards, first terms", bytes,
    ),
    rows.entry(
        "lines", "/lines/{line}/terms", sign_terms, "Sign the next version of the terms",
        bodies.TermsBody, act=roles.TERMS,
    ),
    rows.get(
        "lines", "/lines/{line}/admissions", show_admissions,
        "Who is being taken in or was, and how much of the record a newcomer is sent",
        AdmissionsView,
    ),
    rows.entry(
        "lines", "/lines/{line}/admissions", admit_party,
        "Sign for taking a party in, which then sees everything ever said on the line",
        bodies.AdmitBody, act=roles.TERMS,
    ),
    rows.entry(
        "lines", "/lines/{line}/key-vouches", vouch_key,
        "Vouch for another party's new card, whose fingerprint was compared", bodies.VouchBody,
        act=roles.MEMBERSHIP, may_raise=(StateError, AccessError),
    ),
    rows.entry(
        "lines", "/lines/{line}/key-adoption", adopt_key,
        "Sign with our replaced key, for which all other parties have vouched", None,
        act=roles.MEMBERSHIP,
    ),
    rows.get(
        "lines", "/lines/{line}/pending", list_pending,
        "What waits for a second officer", list[PendingView],
    ),
    rows.post(
        "lines", "/lines/{line}/pending/{request}/confirm", confirm_pending,
        "Confirm exactly what another officer asked for, and have it written",
        bodies.ConfirmBody, EntryView, act=roles.SECOND, may_raise=(StateError, AccessError),
    ),
    rows.delete(
        "lines", "/lines/{line}/pending/{request}", refuse_pending,
        "Refuse what another officer asked for, or take one's own request back",
        act=roles.SECOND, may_raise=(StateError, AccessError),
    ),
    rows.get(
        "lines", "/lines/{line}/keys", list_keys,
        "Which keys every member signs with, since when, and who knows its newest card",
        list[PartyKeysView],
    ),
    rows.get(
        "lines", "/lines/{line}/links", list_links, "How each other member is reached",
        list[LinkView],
    ),
    rows.get(
        "lines", "/lines/{line}/activities", list_activities,
        "The newest version of every released activity", list[ReleasedView],
    ),
    rows.get(
        "lines", "/lines/{line}/conflicts", list_conflicts,
        "Where activities meet, open and ended, and what is not known yet", ConflictsView,
    ),
    rows.get(
        "lines", "/lines/{line}/conflicts/{conflict}", show_conflict,
        "One conflict, with every kind of change that would end it",
        ConflictView, query=bodies.BasisQuery,
    ),
    rows.post(
        "lines", "/lines/{line}/conflicts/{conflict}/prospect", show_prospect,
        "What a change of one side's released activity would do; writes nothing",
        bodies.ProspectBody, ProspectView, status=200,
    ),
)  # fmt: skip

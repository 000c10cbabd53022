"""The node itself: who it is, whether it works, who may use it."""

import detente
from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call
from detente.errors import CredentialError, NotFoundError, StateError
from detente.node import Node, roles
from detente.node.views import EnrolmentView, OfficerView, View
from detente.record import open_card


class NodeView(View, frozen=True):
    """This node: its party, and the fingerprint its operator reads out to others."""

    party: str
    name: str
    fingerprint: str
    languages: list[str]
    endpoint: str
    version: str


class TokenView(View, frozen=True):
    """A secret that is shown this once."""

    name: str
    token: str


class LoginLinkView(View, frozen=True):
    """A one-time code. Its link is the console's address and ``path``."""

    officer: str
    code: str
    path: str


class SessionView(View, frozen=True):
    """A session's token, to be sent like an officer's."""

    session: str


def show_node(node: Node, call: Call) -> NodeView:
    """Who this node is."""
    card = open_card(node.card())
    return NodeView(
        party=node.party,
        name=node.name,
        fingerprint=card.fingerprint,
        languages=list(card.card.languages),
        endpoint=card.card.endpoint,
        version=detente.__version__,
    )


def show_card(node: Node, call: Call) -> bytes:
    """The party card, as it is handed to other parties."""
    return node.card()


def list_officers(node: Node, call: Call) -> list[OfficerView]:
    """Who may use this node."""
    return node.officers()


def add_officer(node: Node, call: Call) -> TokenView:
    """Add an officer; the token is shown once."""
    body: bodies.OfficerBody = call.body
    return TokenView(
        name=body.name, token=node.add_officer(body.name, body.role, by=call.officer.name)
    )


def end_officer(node: Node, call: Call) -> None:
    """End an officer's access: the token and all sessions."""
    node.end_officer(call.path["officer"], by=call.officer.name)


def make_login_link(node: Node, call: Call) -> LoginLinkView:
    """Make a one-time link that opens the console for an officer."""
    body: bodies.LoginLinkBody = call.body
    code = node.login_link(body.officer, by=call.officer.name)
    return LoginLinkView(officer=body.officer, code=code, path=f"/login?t={code}")


def enrol(node: Node, call: Call) -> EnrolmentView:
    """Set the caller's own password; the secret for codes is shown once."""
    body: bodies.PasswordBody = call.body
    return node.enrol(call.officer.name, body.password, body.present)


def reset_account(node: Node, call: Call) -> None:
    """Forget an officer's password and codes."""
    node.reset_account(call.path["officer"], by=call.officer.name)


def log_in_with_password(node: Node, call: Call) -> SessionView:
    """Turn a password and a code into a session."""
    body: bodies.PasswordLoginBody = call.body
    session = node.log_in_with(body.officer, body.password, body.code, call.address)
    return SessionView(session=session)


def lift_lock_out(node: Node, call: Call) -> None:
    """Let nobody wait who failed to log in as this officer."""
    node.lift_lock_out(call.path["officer"], by=call.officer.name)


def log_in(node: Node, call: Call) -> SessionView:
    """Turn a one-time code into a session."""
    body: bodies.LoginBody = call.body
    return SessionView(session=node.log_in(body.code))


ROUTES = (
    rows.get("node", "/node", show_node, "Who this node is", NodeView),
    rows.get("node", "/card", show_card, "This party's card, as other parties get it", bytes),
    rows.get(
        "node", "/officers", list_officers, "Who may use this node",
        list[OfficerView], act=roles.ACCOUNTS,
    ),
    rows.post(
        "node", "/officers", add_officer,
        "Add an officer; the answer holds the token, this once",
        bodies.OfficerBody, TokenView, act=roles.ACCOUNTS,
    ),
    rows.delete(
        "node", "/officers/{officer}", end_officer,
        "End an officer's access: the token and all sessions", act=roles.ACCOUNTS,
    ),
    rows.post(
        "node", "/login-links", make_login_link, "Make a one-time link into the console",
        bodies.LoginLinkBody, LoginLinkView, act=roles.ACCOUNTS, may_raise=(NotFoundError,),
    ),
    rows.post(
        "node", "/login", log_in, "Turn a one-time code into a session's token",
        bodies.LoginBody, SessionView, open=True, may_raise=(CredentialError,),
    ),
    rows.post(
        "node", "/login/password", log_in_with_password,
        "Turn a password and a code into a session's token",
        bodies.PasswordLoginBody, SessionView, open=True, may_raise=(CredentialError,),
    ),
    rows.post(
        "node", "/account/password", enrol,
        "Set one's own password; the answer holds the secret for codes, this once",
        bodies.PasswordBody, EnrolmentView,
    ),
    rows.delete(
        "node", "/officers/{officer}/password", reset_account,
        "Forget an officer's password and codes, once a second administrator asks for the same",
        act=roles.ACCOUNTS, may_raise=(StateError,),
    ),
    rows.delete(
        "node", "/officers/{officer}/lock-out", lift_lock_out,
        "Let nobody wait who failed to log in as this officer", act=roles.ACCOUNTS,
    ),
)  # fmt: skip

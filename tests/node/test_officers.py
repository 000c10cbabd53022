"""Who may use a node: tokens shown once, codes used once, sessions that end."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from detente.errors import CredentialError, DetenteError, InputError, NotFoundError, StateError
from detente.node.officers import CODE_LIFE_S, SESSION_LIFE_S


def test_a_token_is_its_officers(strangers: Any) -> None:
    us = strangers.nodes["us"]
    token = us.add_officer("watch-1", "watch")
    found = us.officer_of(token)
    assert (found.name, found.role, found.active) == ("watch-1", "watch", True)
    assert [(o.name, o.role) for o in us.officers()] == [("admin", "admin"), ("watch-1", "watch")]


@pytest.mark.parametrize("token", ["", "x", "\ud800", "0" * 43])
def test_any_other_token_is_nobodys(strangers: Any, token: str) -> None:
    with pytest.raises(CredentialError):
        strangers.nodes["us"].officer_of(token)


def test_an_ended_officer_is_out_at_once(strangers: Any) -> None:
    us = strangers.nodes["us"]
    token = us.add_officer("watch-1", "watch")
    session = us.log_in(us.login_link("watch-1"))
    code = us.login_link("watch-1")
    us.end_officer("watch-1")
    for secret in (token, session):
        with pytest.raises(CredentialError):
            us.officer_of(secret)
    with pytest.raises(CredentialError):
        us.log_in(code)
    with pytest.raises(StateError):
        us.login_link("watch-1")
    with pytest.raises(StateError, match="is or was"):
        us.add_officer("watch-1", "admin")
    assert [o.active for o in us.officers()] == [True, False]


def test_a_login_link_lets_in_once(strangers: Any) -> None:
    us = strangers.nodes["us"]
    code = us.login_link("admin")
    session = us.log_in(code)
    assert us.officer_of(session).name == "admin"
    with pytest.raises(CredentialError, match="used before"):
        us.log_in(code)
    with pytest.raises(CredentialError):
        us.officer_of(code)
    us.log_out(session)
    with pytest.raises(CredentialError):
        us.officer_of(session)
    us.log_out(session)


def test_codes_and_sessions_expire(strangers: Any) -> None:
    us = strangers.nodes["us"]
    code = us.login_link("admin")
    session = us.log_in(us.login_link("admin"))
    strangers.clock.at_s += CODE_LIFE_S
    with pytest.raises(CredentialError):
        us.log_in(code)
    assert us.officer_of(session).name == "admin"
    strangers.clock.at_s += SESSION_LIFE_S
    with pytest.raises(CredentialError):
        us.officer_of(session)


@pytest.mark.parametrize(
    ("name", "role", "error"),
    [
        ("", "watch", InputError),
        ("x" * 65, "watch", InputError),
        (" a", "watch", InputError),
        ("a\nb", "watch", InputError),
        ("a\x00", "watch", InputError),
        ("a", "root", InputError),
        ("admin", "watch", StateError),
    ],
)
def test_an_officer_that_cannot_be_is_refused(
    strangers: Any, name: str, role: str, error: type[DetenteError]
) -> None:
    us = strangers.nodes["us"]
    with pytest.raises(error):
        us.add_officer(name, role)
    assert [o.name for o in us.officers()] == ["admin"]


def test_nobody_has_no_link(strangers: Any) -> None:
    us = strangers.nodes["us"]
    for call in (us.login_link, us.end_officer):
        with pytest.raises(NotFoundError):
            call("nobody")


def test_no_secret_is_in_the_store(strangers: Any) -> None:
    us = strangers.nodes["us"]
    secrets = [us.add_officer("watch-1", "watch"), us.login_link("watch-1")]
    secrets.append(us.log_in(us.login_link("watch-1")))
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db:
        dump = "\n".join(db.iterdump())
    assert not any(secret in dump for secret in secrets)


def test_what_officers_do_with_access_is_on_the_internal_record(strangers: Any) -> None:
    us = strangers.nodes["us"]
    us.add_officer("watch-1", "watch", by="admin")
    us.log_in(us.login_link("watch-1", by="admin"))
    us.end_officer("watch-1", by="boss")
    acts = [(act.officer, act.action) for act in us.audit() if act.subject == "officer watch-1"]
    assert acts == [
        ("admin", "officer.add"),
        ("admin", "officer.link"),
        ("watch-1", "officer.log-in"),
        ("boss", "officer.end"),
    ]

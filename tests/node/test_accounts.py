"""Passwords and codes: who gets in, who waits, and what a guesser can do to others."""

import base64
import hashlib
import hmac
import sqlite3
import struct
from contextlib import ExitStack, closing
from typing import Any

import pytest

from detente.errors import (
    AccessError,
    CredentialError,
    InputError,
    NotFoundError,
    SecondOfficerError,
    StateError,
)
from detente.node import Node, accounts
from detente.node.accounts import ADDRESSES_MAX, RESET_LIFE_S
from detente.node.guessing import FAILURES_FREE, NAMES_MAX, WAIT_S_MAX, Guesses
from detente.node.officers import IDLE_S_MAX, NEW_S, SESSION_LIFE_S
from detente.node.protection import protect, unlock

PASSWORD = "herons over a frozen lake"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def code_of(secret: str, now_s: float) -> str:
    """RFC 6238 by the text of RFC 4226, section 5.3."""
    key, counter = base64.b32decode(secret), struct.pack(">Q", int(now_s) // 30)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.fixture
def us(strangers: Any) -> Any:
    node = strangers.nodes["us"]
    node.add_officer("watch-1", "watch")
    return node


@pytest.fixture
def secret(us: Any) -> str:
    made = us.enrol("watch-1", PASSWORD)
    assert f"secret={made.secret}" in made.uri
    return str(made.secret)


def now(strangers: Any) -> float:
    return float(strangers.clock.now_s())


def test_password_and_code_open_a_session(us: Any, secret: str, strangers: Any) -> None:
    session = us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    assert us.officer_of(session).name == "watch-1"


def test_a_code_counts_once(us: Any, secret: str, strangers: Any) -> None:
    code = code_of(secret, now(strangers))
    us.log_in_with("watch-1", PASSWORD, code, HERE)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code, HERE)
    strangers.clock.at_s += 30
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)


@pytest.mark.parametrize(("off_s", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_clocks_may_differ_by_a_step(
    us: Any, secret: str, strangers: Any, off_s: int, good: bool
) -> None:
    code = code_of(secret, now(strangers) + off_s)
    if good:
        us.log_in_with("watch-1", PASSWORD, code, HERE)
        return
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code, HERE)


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("watch-1", PASSWORD + " ", None),
        ("watch-1", "", None),
        ("watch-1", PASSWORD, "000000000"),
        ("watch-1", PASSWORD, ""),
        ("watch-1", PASSWORD, "\ud800"),
        ("watch-1", "x" * 100_000, None),
        ("admin", PASSWORD, None),
        ("nobody", PASSWORD, None),
        ("\ud800", PASSWORD, None),
    ],
)
def test_anything_else_is_refused_in_the_same_words(
    us: Any, secret: str, strangers: Any, name: str, password: str, code: str | None
) -> None:
    code = code_of(secret, now(strangers)) if code is None else code
    with pytest.raises(CredentialError, match="do not belong together"):
        us.log_in_with(name, password, code, HERE)


def fail(us: Any, times: int, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(CredentialError):
            us.log_in_with("watch-1", "not this one at all", "000000", address)


def test_who_guesses_waits_longer_each_time_and_others_do_not(
    us: Any, secret: str, strangers: Any
) -> None:
    fail(us, FAILURES_FREE)
    waits = []
    for _ in range(4):
        fail(us, 1)
        with pytest.raises(CredentialError, match="wait") as refused:
            us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
        waits.append(int(str(refused.value.message).split("wait ")[1].split()[0]))
        strangers.clock.at_s += waits[-1]
    assert waits == sorted(set(waits))
    assert max(waits) <= WAIT_S_MAX + 1
    fail(us, 1)
    # The watch at its own console is not kept out by whoever guesses elsewhere.
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), ELSEWHERE)
    actions = [a.action for a in us.audit(0, 1000) if a.subject == "officer watch-1"]
    assert actions.count("officer.locked-out") == 5


def test_who_waits_has_not_learnt_that_there_is_such_an_officer(us: Any, secret: str) -> None:
    def refusals(name: str) -> list[str]:
        said = []
        for _ in range(FAILURES_FREE + 2):
            with pytest.raises(CredentialError) as refused:
                us.log_in_with(name, "not this one at all", "000000", HERE)
            said.append(refused.value.message)
        return said

    us.add_officer("token-only", "watch")
    assert refusals("watch-1") == refusals("nobody") == refusals("token-only")
    assert "too many tries" in refusals("watch-1")[0]


def test_who_guesses_at_the_desk_keeps_no_officer_out(us: Any, secret: str, strangers: Any) -> None:
    """Both may come through one proxy, and so from one address."""
    for _ in range(FAILURES_FREE + 2):
        with pytest.raises(CredentialError):
            us.guest_log_in_with("watch-1", PASSWORD, "000000", HERE)
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)


def test_names_without_end_fill_no_memory() -> None:
    guesses = Guesses()
    for number in range(NAMES_MAX + 10):
        guesses.note(f"name {number}", HERE, 0.0)
    assert len(guesses) == NAMES_MAX


def test_an_administrator_lifts_a_wait(us: Any, secret: str, strangers: Any) -> None:
    fail(us, FAILURES_FREE + 1)
    us.lift_lock_out("watch-1")
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    with pytest.raises(NotFoundError):
        us.lift_lock_out("nobody")


def test_addresses_without_end_fill_no_disk(us: Any, secret: str, strangers: Any) -> None:
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db, db:
        db.executemany(
            "INSERT INTO attempts (officer, address, failures, until_s) "
            "VALUES ('watch-1', ?, 1, ?)",
            [(f"192.0.2.{n}", float(n)) for n in range(ADDRESSES_MAX + 20)],
        )
    fail(us, 1)
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db:
        [(count,)] = db.execute("SELECT count(*) FROM attempts").fetchall()
    assert count == ADDRESSES_MAX


@pytest.mark.parametrize("password", ["", "too short", "x" * 257])
def test_a_password_that_guards_nothing_is_refused(us: Any, password: str) -> None:
    with pytest.raises(InputError):
        us.enrol("watch-1", password)


def test_an_ended_officer_gets_neither_password_nor_session(
    us: Any, secret: str, strangers: Any
) -> None:
    us.end_officer("watch-1")
    with pytest.raises((CredentialError, StateError)):
        us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    with pytest.raises(StateError):
        us.enrol("watch-1", PASSWORD)


def test_a_new_password_ends_the_sessions_under_the_old(
    us: Any, secret: str, strangers: Any
) -> None:
    session = us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    us.enrol("watch-1", PASSWORD + "!", PASSWORD)
    with pytest.raises(CredentialError):
        us.officer_of(session)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers) + 30), HERE)


def test_a_session_ends_when_it_is_not_used_and_when_its_time_is_over(
    us: Any, strangers: Any
) -> None:
    session = us.log_in(us.login_link("watch-1"))
    us.officer_of(session)
    for _ in range(int(SESSION_LIFE_S / IDLE_S_MAX) - 1):
        strangers.clock.at_s += IDLE_S_MAX
        us.officer_of(session)
    idle = us.log_in(us.login_link("watch-1"))
    us.officer_of(idle)
    strangers.clock.at_s += IDLE_S_MAX + 1
    for ended in (session, idle):
        with pytest.raises(CredentialError):
            us.officer_of(ended)


def test_whoever_finds_a_session_open_does_not_get_the_account(us: Any, secret: str) -> None:
    for present in (None, "", "another one entirely"):
        with pytest.raises(CredentialError):
            us.enrol("watch-1", "the thief's own choice", present)
    assert us.enrol("watch-1", PASSWORD + "!", PASSWORD).secret != secret


def test_a_recovery_code_stands_in_for_a_code_once(us: Any, strangers: Any) -> None:
    made = us.enrol("watch-1", PASSWORD)
    assert len(set(made.recovery)) == 8
    first, second = made.recovery[0], made.recovery[7]
    us.log_in_with("watch-1", PASSWORD, first, HERE)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, first, HERE)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", "not this one at all", second, HERE)
    us.log_in_with("watch-1", PASSWORD, f" {second.upper().replace('-', ' ')} ", HERE)
    us.log_in_with("watch-1", PASSWORD, code_of(made.secret, now(strangers)), HERE)
    actions = [a.action for a in us.audit(0, 1000) if a.subject == "officer watch-1"]
    assert actions.count("officer.recovery-code") == 2
    again = us.enrol("watch-1", PASSWORD, PASSWORD)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, made.recovery[1], ELSEWHERE)
    us.log_in_with("watch-1", PASSWORD, again.recovery[1], ELSEWHERE)


@pytest.mark.parametrize(
    "code", ["", "-" * 16, "a" * 16, "a" * 17, "ä" * 16, "0189" * 4, "\0" * 16]
)
def test_what_is_no_code_opens_nothing(us: Any, secret: str, code: str) -> None:
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code, HERE)


def test_an_account_is_reset_by_two_administrators(us: Any, secret: str, strangers: Any) -> None:
    us.add_officer("boss", "admin")
    us.add_officer("boss-2", "admin")
    strangers.clock.at_s += NEW_S
    session = us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    # One alone cannot become the officer, by a link either.
    for _ in range(2):
        with pytest.raises(SecondOfficerError):
            us.reset_account("watch-1", by="boss")
    with pytest.raises(StateError, match="has a password"):
        us.login_link("watch-1", by="boss")
    assert us.officer_of(session).name == "watch-1"
    strangers.clock.at_s += RESET_LIFE_S
    with pytest.raises(SecondOfficerError):
        us.reset_account("watch-1", by="boss-2")
    us.reset_account("watch-1", by="boss")
    with pytest.raises(CredentialError):
        us.officer_of(session)
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    us.log_in(us.login_link("watch-1", by="boss"))
    us.enrol("watch-1", PASSWORD)
    rows = [(a.officer, a.action) for a in us.audit(0, 1000) if "reset" in a.action]
    assert rows == [("boss", "officer.reset-ask")] * 2 + [
        ("boss-2", "officer.reset-ask"),
        ("boss", "officer.reset"),
    ]


def refused_both_ways(us: Any, one: str, other: str) -> None:
    for by in (one, other, one):
        with pytest.raises(SecondOfficerError):
            us.reset_account("watch-1", by=by)


def test_the_second_administrator_is_not_made_by_the_first(
    us: Any, secret: str, strangers: Any
) -> None:
    for name in ("boss", "other", "invited"):
        us.add_officer(name, "admin")
    for name in ("made", "made-2"):
        us.add_officer(name, "admin", by="boss")
    us.add_officer("made-3", "admin", by="made")
    us.login_link("invited", by="boss")
    strangers.clock.at_s += NEW_S - 1
    with pytest.raises(AccessError, match="less than a day"):
        us.reset_account("watch-1", by="made")
    strangers.clock.at_s += 1
    for pair in (("boss", "made"), ("boss", "made-3"), ("boss", "invited"), ("made", "made-2")):
        refused_both_ways(us, *pair)
    with pytest.raises(StateError, match="has a password"):
        us.login_link("watch-1", by="boss")
    us.reset_account("watch-1", by="other")
    us.login_link("watch-1", by="boss")


def test_an_administrator_whose_access_has_ended_counts_no_more(
    us: Any, secret: str, strangers: Any
) -> None:
    for name in ("boss", "other", "third"):
        us.add_officer(name, "admin")
    strangers.clock.at_s += NEW_S
    with pytest.raises(SecondOfficerError):
        us.reset_account("watch-1", by="boss")
    us.end_officer("boss")
    with pytest.raises(SecondOfficerError):
        us.reset_account("watch-1", by="other")
    with pytest.raises(StateError, match="has ended"):
        us.reset_account("watch-1", by="boss")
    us.add_officer("chief", "senior")
    with pytest.raises(AccessError, match="role"):
        us.reset_account("watch-1", by="chief")
    us.reset_account("watch-1", by="third")


def test_nobody_resets_their_own_and_the_operator_needs_nobody(us: Any, secret: str) -> None:
    us.add_officer("boss", "admin")
    us.enrol("boss", PASSWORD)
    with pytest.raises(AccessError, match="their own"):
        us.reset_account("boss", by="boss")
    us.reset_account("boss")
    for name, kind in (("boss", StateError), ("nobody", NotFoundError)):
        with pytest.raises(kind):
            us.reset_account(name)


def stored(strangers: Any) -> bytes:
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db:
        [(sealed,)] = db.execute("SELECT secret FROM accounts").fetchall()
    return bytes(sealed)


def test_the_code_secret_is_sealed_and_one_that_lay_open_is_when_the_node_opens(
    us: Any, secret: str, strangers: Any
) -> None:
    plain = base64.b32decode(secret)
    assert plain not in stored(strangers)
    us.close()
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db, db:
        db.execute("UPDATE accounts SET secret = ?", (plain,))
    us = strangers.open("us")
    sealed = stored(strangers)
    assert plain not in sealed
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    strangers.open("us")
    assert stored(strangers) == sealed


def test_a_sealed_secret_opens_for_its_own_account_and_key_alone(
    us: Any, secret: str, strangers: Any
) -> None:
    us.add_officer("watch-2", "watch")
    us.enrol("watch-2", PASSWORD)
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db, db:
        db.execute(
            "UPDATE accounts SET secret = (SELECT secret FROM accounts WHERE officer = 'watch-1')"
        )
    with pytest.raises(CredentialError):
        us.log_in_with("watch-2", PASSWORD, code_of(secret, now(strangers)), HERE)
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    (strangers.directory / "us/keys/store.pem").unlink()
    strangers.clock.at_s += 30
    us = strangers.open("us")
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)


def test_a_passphrase_protects_what_seals_and_a_new_one_opens_the_same(
    us: Any, secret: str, strangers: Any
) -> None:
    keys = strangers.directory / "us/keys"
    us.close()
    sealed = stored(strangers)
    protect(keys, "correct horse battery", None)
    assert (keys / "store.pem").read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    first = unlock(keys, lambda: "correct horse battery")
    protect(keys, "another passphrase", first)
    again = unlock(keys, lambda: "another passphrase")
    us = Node.open(strangers.directory / "us", clock=strangers.clock, secret=again)
    strangers.nodes["us"] = us
    us.log_in_with("watch-1", PASSWORD, code_of(secret, now(strangers)), HERE)
    assert stored(strangers) == sealed


def test_who_floods_the_log_in_holds_up_nobody_but_those_who_log_in(us: Any, secret: str) -> None:
    """Each try takes 64 MiB and a thread that the watch needs: only so many wait for a turn."""
    with ExitStack() as taken:
        for _ in range(8):
            assert accounts._WAITING.acquire(blocking=False)
            taken.callback(accounts._WAITING.release)
        with pytest.raises(StateError, match="at once"):
            us.log_in_with("watch-1", PASSWORD, "000000", HERE)
        assert us.officers()
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", PASSWORD, "000000", HERE)


def test_the_password_is_not_in_the_store(us: Any, secret: str, strangers: Any) -> None:
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db:
        dump = "\n".join(db.iterdump())
    assert PASSWORD not in dump
    assert "$argon2id$" in dump


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit SET officer = 'somebody' WHERE n = 1",
        "UPDATE audit SET detail = '{\"x\":1}' WHERE n = 2",
        "DELETE FROM audit WHERE n = 2",
        "DELETE FROM audit_chain WHERE n = 2",
        "INSERT INTO audit (time_s, officer, action, subject, detail) "
        "VALUES (0, 'x', 'y', 'z', '{}')",
    ],
)
def test_a_changed_audit_log_is_found(us: Any, secret: str, strangers: Any, damage: str) -> None:
    assert us.verify() == []
    with closing(sqlite3.connect(strangers.directory / "us/detente.db")) as db, db:
        assert db.execute(damage).rowcount == 1
    [found] = us.verify()
    assert "audit log" in found.what

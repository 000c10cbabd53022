"""Local accounts: a password and a time-based code (TOTP, RFC 6238), and back-off for guessing.

A password is kept as Argon2id (RFC 9106) in the PHC string form; the code's secret has to be kept
as it is, since the same code is computed here. A code counts once: the newest step that was used is
kept. Both are wrong in the same words, and take the same time for an account that is not there.

Guessing is slowed per account *and* address: from the fourth failure on, each doubles the wait, up
to a quarter of an hour. So nobody who guesses from elsewhere can lock a watch out of its own
console; and an administrator can lift a wait, or make a one-time link.
"""

import base64
import hmac
import os
import secrets
import threading

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from detente.errors import CredentialError, InputError
from detente.node import officers
from detente.node.core import Core
from detente.node.views import EnrolmentView
from detente.store import accounts, auditing
from detente.store.store import Tx

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 256
STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
FAILURES_FREE = 3
WAIT_S_MAX = 15 * 60.0
ADDRESSES_MAX = 64
"""Addresses of which failures are remembered per account; the oldest is forgotten first."""

_AT_ONCE = threading.Semaphore(2)
"""Each check takes 64 MiB; strangers may ask for as many as they like."""


def enrol(core: Core, name: str, password: str) -> EnrolmentView:
    """Give an account a password and a new secret for codes, which is shown this once.

    All other sessions of the officer end. Raises InputError, NotFoundError or StateError.
    """
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise InputError(
            f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters",
            where="password",
            remedy="choose several words that nobody would put together",
        )
    hashed, secret = _hash(password), os.urandom(SECRET_BYTES)

    def work(tx: Tx) -> None:
        officers.active(tx, name)
        accounts.put(tx, accounts.Account(name, hashed, secret, 0))
        accounts.end_sessions(tx, name)
        officers.note(core, tx, name, "officer.enrol")

    core.store.write(work)
    uri = _totp(secret).get_provisioning_uri(name, f"Détente {core.party}")
    return EnrolmentView(officer=name, secret=base64.b32encode(secret).decode(), uri=uri)


def log_in(core: Core, name: str, password: str, code: str, address: str) -> str:
    """A session for a password and a code. Raises CredentialError, in the same words for each."""
    # What is no text is the name of nobody.
    name, now_s = name.encode("utf-8", "replace").decode(), core.clock.now_s()
    with core.store.read() as tx:
        account = accounts.get(tx, name)
        wait_s = accounts.waits_until(tx, name, address) - now_s
    if wait_s > 0:
        raise CredentialError(
            f"too many tries: wait {int(wait_s) + 1} s",
            remedy="wait, or have an administrator lift it or make a log-in link",
        )
    matches = _matches(password, account.password if account else _NOBODYS)
    step = _step(account, code, now_s) if account is not None else None
    session = secrets.token_urlsafe(officers.TOKEN_BYTES)

    def work(tx: Tx) -> bool:
        # Judged again where nobody else writes: a code must not count twice.
        fresh = accounts.get(tx, name)
        if account is None or fresh != account or not matches or step is None:
            _note_failure(core, tx, name, address, now_s)
            return False
        officers.active(tx, name)
        accounts.put(tx, account._replace(step=step))
        accounts.forget_failures(tx, name, address)
        officers.begin_session(core, tx, name, session)
        return True

    if not core.store.write(work):
        raise CredentialError(
            "name, password and code do not belong together",
            remedy="try again with the next code; each counts once",
        )
    return session


def lift(core: Core, name: str, *, by: str) -> None:
    """Forget an account's failures, so that nobody has to wait."""

    def work(tx: Tx) -> None:
        officers.known(tx, name)
        accounts.forget_failures(tx, name)
        officers.note(core, tx, name, "officer.lift", by=by)

    core.store.write(work)


def _note_failure(core: Core, tx: Tx, name: str, address: str, now_s: float) -> None:
    if accounts.get(tx, name) is None:
        return
    failures = accounts.failures(tx, name, address) + 1
    wait_s = 0.0
    if failures > FAILURES_FREE:
        wait_s = min(WAIT_S_MAX, 2.0 ** min(failures - FAILURES_FREE, 12))
        auditing.add(
            tx,
            time_s=now_s,
            officer=name,
            action="officer.locked-out",
            subject=f"officer {name}",
        )
    accounts.note_failure(tx, name, address, failures, now_s + wait_s)
    accounts.keep_newest(tx, name, ADDRESSES_MAX)


def _hash(password: str) -> str:
    derivation = Argon2id(
        salt=os.urandom(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    )
    with _AT_ONCE:
        return derivation.derive_phc_encoded(_bytes(password))


def _matches(password: str, hashed: str) -> bool:
    with _AT_ONCE:
        try:
            Argon2id.verify_phc_encoded(_bytes(password[:PASSWORD_LENGTH_MAX]), hashed)
        except InvalidKey:
            return False
    return True


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303  # what every authenticator does


def _step(account: accounts.Account, code: str, now_s: float) -> int | None:
    """The step that a code is of, now or one before or after; None if of none, or one used."""
    present = int(now_s) // STEP_S
    for step in (present, present - 1, present + 1):
        wanted = _totp(account.secret).generate(step * STEP_S).decode()
        if hmac.compare_digest(wanted.encode(), code.encode("utf-8", "replace")):
            return step if step > account.step else None
    return None


_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What a password is compared with where there is no account, so that it takes as long."""

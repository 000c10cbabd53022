"""Local accounts: a password and a time-based code (TOTP, RFC 6238), and back-off for guessing.

A password is kept as Argon2id (RFC 9106) in the PHC string form; the code's secret, since the same
code is computed here, is kept sealed (``vault``). A code counts once: the newest step that was used
is kept. Both are wrong in the same words, and take the same time for an account that is not there.

Whoever loses the authenticator has recovery codes, each of which stands in for one code, once. Who
has lost those too is reset by two administrators; one alone could log in as any officer by it, and
so be both of two.

Guessing is slowed per account *and* address: from the fourth failure on, each doubles the wait, up
to a quarter of an hour. So nobody who guesses from elsewhere can lock a watch out of its own
console; and an administrator can lift a wait, or make a one-time link.
"""

import base64
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from detente.errors import (
    AccessError,
    CredentialError,
    InputError,
    SecondOfficerError,
    StateError,
)
from detente.node import guessing, officers, roles
from detente.node.core import Core
from detente.node.roles import GUEST, OPERATOR
from detente.node.views import EnrolmentView
from detente.store import accounts, auditing
from detente.store import officers as store_officers
from detente.store.store import Tx

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 256
STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
ADDRESSES_MAX = 64
"""Addresses of which failures are remembered per account; the oldest is forgotten first."""

RECOVERY_CODES = 8
RECOVERY_BYTES = 10
"""80 random bits, which nobody guesses: their plain SHA-256 is enough to keep."""
RESET_LIFE_S = 30 * 60.0

_AT_ONCE = threading.Semaphore(2)
"""Each check takes 64 MiB; strangers may ask for as many as they like."""
_WAITING = threading.BoundedSemaphore(8)
"""And no more wait for their turn, each in one of the threads that serve the watch as well."""


def has_password(core: Core, name: str) -> bool:
    """Whether an account has a password, which then has to be given to set another."""
    with core.store.read() as tx:
        return accounts.get(tx, name) is not None


def enrol(core: Core, name: str, password: str, present: str | None = None) -> EnrolmentView:
    """Give an account a password and a new secret for codes, which is shown this once.

    ``present`` is the password it has, if it has one: whoever finds a session open does not get the
    account. All sessions of the officer end. Raises InputError, NotFoundError, StateError or
    CredentialError.
    """
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise InputError(
            f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters",
            where="password",
            remedy="choose several words that nobody would put together",
        )
    with core.store.read() as tx:
        officers.active(tx, name)
        held = accounts.get(tx, name)
    if held is not None and not (present and _matches(present, held.password)):
        raise CredentialError(
            "the present password is another",
            where="password",
            remedy="give it too; if it is lost, two administrators reset the account",
        )
    hashed, secret = _hash(password), os.urandom(SECRET_BYTES)
    recovery = [os.urandom(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
    kept = b"".join(hashlib.sha256(code).digest() for code in recovery)

    def work(tx: Tx) -> None:
        officers.active(tx, name)
        if accounts.get(tx, name) != held:
            raise StateError("the account was changed meanwhile", remedy="try again")
        sealed = core.vault.seal(secret, _use(name))
        accounts.put(tx, accounts.Account(name, hashed, sealed, 0, kept))
        accounts.end_sessions(tx, name)
        officers.note(core, tx, name, "officer.enrol")

    core.store.write(work)
    uri = _totp(secret).get_provisioning_uri(name, f"Détente {core.party}")
    return EnrolmentView(
        officer=name,
        secret=base64.b32encode(secret).decode(),
        uri=uri,
        recovery=[_spelt(code) for code in recovery],
    )


def seal_all(core: Core, tx: Tx) -> None:
    """Seal the code secrets that an earlier version has kept as they were."""
    for account in accounts.all_accounts(tx):
        if len(account.secret) == SECRET_BYTES:
            sealed = core.vault.seal(account.secret, _use(account.officer))
            accounts.put(tx, account._replace(secret=sealed))


def log_in(
    core: Core, name: str, password: str, code: str, address: str, *, guest: bool = False
) -> str:
    """A session for a password and a code. Raises CredentialError, in the same words for each.

    A guest logs in nowhere but at the desk, and nobody else there.
    """
    # What is no text is the name of nobody.
    name, now_s = name.encode("utf-8", "replace").decode(), core.clock.now_s()
    with core.store.read() as tx:
        account = _account(tx, name, guest)
        until_s = (
            core.guesses.waits_until(name, address)
            if account is None
            else accounts.waits_until(tx, name, address)
        )
    if until_s > now_s:
        raise CredentialError(
            f"too many tries: wait {int(until_s - now_s) + 1} s",
            remedy="wait, or have an administrator lift it or make a log-in link",
        )
    matches = _matches(password, account.password if account else _NOBODYS)
    used = _used(core, account, code, now_s) if account is not None else None
    session = secrets.token_urlsafe(officers.TOKEN_BYTES)

    def work(tx: Tx) -> bool:
        # Judged again where nobody else writes: a code must not count twice.
        fresh = _account(tx, name, guest)
        if account is None:
            core.guesses.note(name, address, now_s)
            return False
        if fresh != account or not matches or used is None:
            _note_failure(tx, name, address, now_s)
            return False
        officers.active(tx, name)
        accounts.put(tx, used)
        if used.recovery != account.recovery:
            officers.note(core, tx, name, "officer.recovery-code")
        accounts.forget_failures(tx, name, address)
        officers.begin_session(core, tx, name, session)
        return True

    if not core.store.write(work):
        raise CredentialError(
            "name, password and code do not belong together",
            remedy="try again with the next code; each counts once",
        )
    return session


def _account(tx: Tx, name: str, guest: bool) -> accounts.Account | None:
    officer = store_officers.get(tx, name)
    if officer is None or (officer.role == GUEST) != guest:
        return None
    return accounts.get(tx, name)


def reset(core: Core, name: str, *, by: str) -> None:
    """Forget an officer's password and codes, and end all sessions.

    By an administrator only once another one has asked for the same within half an hour: until
    then SecondOfficerError, and the request is kept. The two must have been let in by nobody but
    the operator in common, not by each other either, and be no longer new: one administrator could
    otherwise make the second. Whoever can read the node's folder (``by`` the operator) can do so
    anyway. Raises NotFoundError, StateError or AccessError.
    """
    now_s = core.clock.now_s()

    def work(tx: Tx) -> bool:
        officers.active(tx, name)
        if accounts.get(tx, name) is None:
            raise StateError(
                f"{name!r} has no password", remedy="make a log-in link; there is nothing to reset"
            )
        if by != OPERATOR and not _is_second(tx, name, by, now_s):
            accounts.ask_reset(tx, accounts.Reset(name, by, now_s + RESET_LIFE_S))
            officers.note(core, tx, name, "officer.reset-ask", by=by)
            return False
        accounts.forget_reset(tx, name)
        accounts.remove(tx, name)
        accounts.end_sessions(tx, name)
        officers.note(core, tx, name, "officer.reset", by=by)
        return True

    if not core.store.write(work):
        raise SecondOfficerError(
            "a second administrator has to ask for the same, whom neither you nor anybody who let "
            "you in has let in",
            where=f"officer {name}",
            remedy="have such an administrator reset it within half an hour; or reset it at the "
            "node's folder (`detente officer reset`)",
        )


def _is_second(tx: Tx, name: str, by: str, now_s: float) -> bool:
    """Whether an administrator asks as the second of two. Raises AccessError if as neither."""
    if by == name:
        raise AccessError(
            "nobody resets an account of their own", remedy="have two other administrators do it"
        )
    officer = officers.active(tx, by)
    roles.check(by, officer.role, roles.ACCOUNTS)
    if now_s - officer.added_s < officers.NEW_S:
        raise AccessError(
            f"{by} was added less than a day ago",
            where=f"officer {name}",
            remedy="have another administrator do it; or reset it at the node's folder "
            "(`detente officer reset`)",
        )
    asked = accounts.reset_asked(tx, name, now_s)
    if asked is None or officers.known(tx, asked.asked_by).ended_s is not None:
        return False
    return not officers.let_in_by(tx, by) & officers.let_in_by(tx, asked.asked_by)


def lift(core: Core, name: str, *, by: str) -> None:
    """Forget an account's failures, so that nobody has to wait."""

    def work(tx: Tx) -> None:
        officers.known(tx, name)
        accounts.forget_failures(tx, name)
        officers.note(core, tx, name, "officer.lift", by=by)

    core.store.write(work)


def _note_failure(tx: Tx, name: str, address: str, now_s: float) -> None:
    if accounts.get(tx, name) is None:
        return
    failures = accounts.failures(tx, name, address) + 1
    wait_s = guessing.wait_s(failures)
    if wait_s:
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
    with _turn():
        return _derived(password)


@contextmanager
def _turn() -> Iterator[None]:
    """A turn at what takes 64 MiB. Raises StateError where too many wait for one."""
    if not _WAITING.acquire(blocking=False):
        raise StateError(
            "too many try to log in at once", where="log-in", remedy="try again in a few seconds"
        )
    try:
        with _AT_ONCE:
            yield
    finally:
        _WAITING.release()


def _derived(password: str) -> str:
    derivation = Argon2id(
        salt=os.urandom(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    )
    return derivation.derive_phc_encoded(_bytes(password))


def _matches(password: str, hashed: str) -> bool:
    with _turn():
        try:
            Argon2id.verify_phc_encoded(_bytes(password[:PASSWORD_LENGTH_MAX]), hashed)
        except InvalidKey:
            return False
    return True


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303  # what every authenticator does


def _used(
    core: Core, account: accounts.Account, code: str, now_s: float
) -> accounts.Account | None:
    """The account once this code is used up, or this recovery code; None if it is neither."""
    secret = core.vault.open(account.secret, _use(account.officer))
    step = None if secret is None else _step(secret, code, now_s)
    if step is not None:
        return account._replace(step=step) if step > account.step else None
    kept = account.recovery or b""
    digest = hashlib.sha256(_read(code)).digest()
    left = [kept[at : at + 32] for at in range(0, len(kept), 32)]
    others = [one for one in left if not hmac.compare_digest(one, digest)]
    return account._replace(recovery=b"".join(others)) if len(others) < len(left) else None


def _step(secret: bytes, code: str, now_s: float) -> int | None:
    """The step that a code is of, now or one before or after; None if of none."""
    present = int(now_s) // STEP_S
    for step in (present, present - 1, present + 1):
        wanted = _totp(secret).generate(step * STEP_S).decode()
        if hmac.compare_digest(wanted.encode(), code.encode("utf-8", "replace")):
            return step
    return None


def _spelt(code: bytes) -> str:
    """A recovery code as people copy it: ``abcd-efgh-ijkl-mnop``."""
    text = base64.b32encode(code).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _read(text: str) -> bytes:
    """The recovery code that was spelt so; nothing, which is nobody's, for anything else."""
    letters = "".join(text.split()).replace("-", "").upper()
    try:
        return base64.b32decode(letters) if len(letters) == 16 else b""
    except ValueError:
        return b""


def _use(officer: str) -> str:
    return f"totp of {officer}"


_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What a password is compared with where there is no account, so that it takes as long."""

"""Officers: who may use this node, by token, one-time login code or session.

A token is 32 random bytes, shown once; kept is its SHA-256, which is enough to recognise it and
useless to whoever reads the database. (A slow password hash guards what people choose; 256 random
bits need none.)
"""

import hashlib
import secrets

from detente.errors import CredentialError, InputError, NotFoundError, StateError
from detente.node.core import Core
from detente.node.roles import GUEST, OPERATOR, ROLES
from detente.node.views import OfficerView
from detente.store import accounts, auditing, changes, officers
from detente.store.officers import CODE, SESSION, Officer
from detente.store.store import Tx

TOKEN_BYTES = 32
CODE_LIFE_S = 15 * 60
SESSION_LIFE_S = 12 * 3600
IDLE_S_MAX = 4 * 3600
"""A quiet watch is no reason to be put out; half of one without any request is."""
TOUCH_S = 60.0
"""How often the last use of a session is written down."""
NAME_LENGTH_MAX = 64
NEW_S = 24 * 3600.0
"""For so long an officer is new: a watch looks at who was added at least once a day."""
LETS_IN = ("officer.add", "officer.link")
"""Who does this to an officer holds a token, or a link, that logs in as that officer."""


def add(core: Core, name: str, role: str, *, by: str) -> str:
    """Add an officer, as ``by``; the token. InputError, or StateError if the name is taken."""
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable() or name != name.strip():
        raise InputError(
            f"an officer's name has 1 to {NAME_LENGTH_MAX} printable characters",
            where="officer",
            remedy="use the name of the desk or the initials in use on watch",
        )
    if role not in ROLES:
        raise InputError(
            f"{role[:40]!r} is not a role", where="officer", remedy=f"use {', '.join(ROLES)}"
        )
    if name == OPERATOR:
        raise InputError(
            f"{OPERATOR} is whoever can read the node's folder, and no officer",
            where="officer",
            remedy="choose another name",
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now_s = core.clock.now_s()

    def work(tx: Tx) -> None:
        if officers.get(tx, name) is not None:
            raise StateError(
                f"there is or was an officer {name!r} here",
                remedy="choose another name: the audit log must not confuse two people",
            )
        officers.add(tx, name, role, digest(token), now_s)
        note(core, tx, name, "officer.add", by=by)

    core.store.write(work)
    return token


def end(core: Core, name: str, *, by: str) -> None:
    """End an officer's access at once: token, codes and sessions. Raises NotFoundError."""

    def work(tx: Tx) -> None:
        known(tx, name)
        officers.end(tx, name, core.clock.now_s())
        note(core, tx, name, "officer.end", by=by)

    core.store.write(work)


def listed(core: Core) -> list[OfficerView]:
    """Every officer there is or was."""
    with core.store.read() as tx:
        return [_view(officer) for officer in officers.all_officers(tx)]


def of_token(core: Core, token: str, *, guest: bool = False) -> OfficerView:
    """Whose token or session this is. Raises CredentialError if it is nobody's.

    A guest's is nobody's where officers come in, and theirs nobody's where guests do.
    """
    secret = digest(token)
    now_s = core.clock.now_s()
    with core.store.read() as tx:
        found = officers.by_token(tx, secret)
        if found is None:
            found = officers.by_login(tx, SESSION, secret, now_s)
            used_s = officers.used_s(tx, secret)
            if used_s is not None and now_s - used_s > IDLE_S_MAX:
                found = None
            touch = found is not None and (used_s is None or now_s - used_s > TOUCH_S)
        else:
            touch = False
    if touch:
        core.store.write(lambda tx: officers.touch(tx, secret, now_s))
    if found is None or found.ended_s is not None or (found.role == GUEST) != guest:
        raise CredentialError(
            "that token is nobody's, or has expired", remedy="log in again, or ask for a new token"
        )
    return _view(found)


def login_code(core: Core, name: str, *, by: str) -> str:
    """A code that lets an officer in once, within a quarter of an hour.

    For an officer who has a password only by the operator: an administrator could otherwise log in
    as anybody. Raises NotFoundError or StateError.
    """
    code = secrets.token_urlsafe(TOKEN_BYTES)
    expires_s = core.clock.now_s() + CODE_LIFE_S

    def work(tx: Tx) -> None:
        if active(tx, name).role == GUEST:
            raise StateError(
                f"{name!r} is a guest's account", remedy="make another one at the guest's desk"
            )
        if by != OPERATOR and accounts.get(tx, name) is not None:
            raise StateError(
                f"{name!r} has a password",
                remedy="have two administrators reset it, if it is lost; or ask at the node's "
                "folder (`detente login`)",
            )
        officers.add_login(tx, CODE, digest(code), name, expires_s)
        note(core, tx, name, "officer.link", by=by)

    core.store.write(work)
    return code


def log_in(core: Core, code: str, *, guest: bool = False) -> str:
    """Use up a code; the session's token. Raises CredentialError if it is not good (any more)."""
    session, now_s = secrets.token_urlsafe(TOKEN_BYTES), core.clock.now_s()

    def work(tx: Tx) -> None:
        officer = officers.by_login(tx, CODE, digest(code), now_s)
        if officer is None or officer.ended_s is not None or (officer.role == GUEST) != guest:
            raise CredentialError(
                "this login link was used before, or has expired", remedy="ask for a new one"
            )
        officers.end_login(tx, digest(code), now_s)
        begin_session(core, tx, officer.name, session)

    core.store.write(work)
    return session


def log_out(core: Core, session: str) -> None:
    """End a session; unknown ones are as good as ended."""
    core.store.write(lambda tx: officers.end_login(tx, digest(session), core.clock.now_s()))


def digest(secret: str) -> bytes:
    """What of a token, a code or a session is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def known(tx: Tx, name: str) -> Officer:
    """An officer there is or was. Raises NotFoundError."""
    officer = officers.get(tx, name)
    if officer is None:
        raise NotFoundError(f"there is no officer {name[:80]!r}", remedy="list the officers")
    return officer


def _view(officer: Officer) -> OfficerView:
    return OfficerView(name=officer.name, role=officer.role, active=officer.ended_s is None)


def active(tx: Tx, name: str) -> Officer:
    """An officer whose access has not ended. Raises NotFoundError or StateError."""
    officer = known(tx, name)
    if officer.ended_s is not None:
        raise StateError(f"the access of {name!r} has ended", remedy="add a new officer")
    return officer


def let_in_by(tx: Tx, name: str, since_s: float = 0.0) -> set[str]:
    """The officer, and everybody who let them in, one through another, back to the operator.

    The audit log is where that stands: whoever ever held what logs in as an officer may be them.
    """
    found: set[str] = set()
    ahead = {name}
    while ahead:
        one = ahead.pop()
        found.add(one)
        makers = auditing.who_did(tx, f"officer {one}", LETS_IN, since_s)
        ahead |= makers - found - {OPERATOR}
    return found


def begin_session(core: Core, tx: Tx, name: str, session: str) -> None:
    """Keep a new session by its hash."""
    now_s = core.clock.now_s()
    officers.add_login(tx, SESSION, digest(session), name, now_s + SESSION_LIFE_S)
    note(core, tx, name, "officer.log-in")


def note(core: Core, tx: Tx, name: str, action: str, *, by: str | None = None) -> None:
    """Say in the audit log what was done about an officer, by whom else than by themselves."""
    auditing.add(
        tx, time_s=core.clock.now_s(), officer=by or name, action=action, subject=f"officer {name}"
    )
    changes.note(tx, "", "officer", [name])

"""Accounts of guests: each bound to one desk, and good for nothing else.

A guest is no officer: its session is nobody's at the officers' doors (``officers.of_token``), and
an officer's is nobody's at the desk's. The account is made by the host's administrator with a link
that works once; after that it takes a password and a code, as an officer's does. It ends with the
visit: when its window is over, when it is cancelled, when the permission is taken back or the desk
is closed.
"""

import os
import secrets

from detente.errors import CredentialError, LimitError
from detente.node import accounts, officers
from detente.node.core import Core
from detente.node.roles import GUEST
from detente.node.show.reader import LineReader
from detente.node.together.desk_base import note, open_desk_of
from detente.node.together.desk_grounds import grounds
from detente.node.views import EnrolmentView
from detente.node.views.guests import GuestMadeView
from detente.store import changes, desks
from detente.store import officers as rows
from detente.store.desks import Desk, Guest
from detente.store.store import Tx

GUESTS_MAX = 24


def make(core: Core, desk_id: str, *, by: str) -> GuestMadeView:
    """Make an account for the next guest at a desk, and a link that lets it in once."""
    code = secrets.token_urlsafe(officers.TOKEN_BYTES)

    def work(tx: Tx) -> Guest:
        desk = open_desk_of(tx, desk_id)
        number = len(desks.guests(tx, desk_id)) + 1
        if number > GUESTS_MAX:
            raise LimitError(f"a desk has at most {GUESTS_MAX} guests", where=f"desk {desk_id}")
        guest = Guest(f"guest-{desk_id}-{number}", desk_id, number)
        now_s = core.clock.now_s()
        # Nobody is ever told its token: a guest comes in by link, then by password and code.
        rows.add(tx, guest.officer, GUEST, os.urandom(32), now_s)
        desks.add(tx, guest)
        rows.add_login(
            tx, rows.CODE, officers.digest(code), guest.officer, now_s + officers.CODE_LIFE_S
        )
        officers.note(core, tx, guest.officer, "officer.add", by=by)
        note(core, tx, by, "guest", desk_id, {"number": number})
        changes.note(tx, desk.line, "desk", [desk_id])
        return guest

    made = core.store.write(work)
    return GuestMadeView(number=made.number, account=made.officer, path=f"/desk/login?t={code}")


def log_in(core: Core, code: str) -> str:
    """Use up a guest's link; the session's token. Raises CredentialError."""
    session = officers.log_in(core, code, guest=True)
    account_of(core, session)
    return session


def log_in_with(core: Core, account: str, password: str, code: str, address: str) -> str:
    """A session for a guest's password and code. Raises CredentialError."""
    session = accounts.log_in(core, account, password, code, address, guest=True)
    account_of(core, session)
    return session


def account_of(core: Core, session: str) -> str:
    """Which guest's session this is. Raises CredentialError, in the same words for each reason."""
    account = officers.of_token(core, session, guest=True).name
    with core.store.read() as tx:
        guest_of(core, tx, account)
    return account


def guest_of(core: Core, tx: Tx, account: str) -> tuple[Guest, Desk]:
    """The guest of an account, while its time lasts, and the desk. Raises CredentialError."""
    guest = desks.guest(tx, account)
    held = rows.get(tx, account)
    desk = None if guest is None else desks.desk(tx, guest.desk)
    if guest is None or desk is None or held is None or held.ended_s is not None:
        raise _nobody()
    if desk.closed_s is not None or grounds(LineReader(core, tx, desk.line), desk.visit).over:
        raise _nobody()
    return guest, desk


def enrol(core: Core, account: str, password: str, present: str | None) -> EnrolmentView:
    """Give a guest's account a password and a secret for codes, which is shown this once."""
    with core.store.read() as tx:
        guest_of(core, tx, account)
    return accounts.enrol(core, account, password, present)


def _nobody() -> CredentialError:
    return CredentialError(
        "that is no account of a guest, or its time is over",
        remedy="ask the officer who escorts you",
    )

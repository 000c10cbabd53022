"""A node: one party's keys and store, and everything an officer or a peer may ask of it.

``Node`` is the one door. API, console, command line and delivery go through it; behind it stands a
module for each kind of use case, and nothing else in this class than which one. Its parts are
``planning``, ``speaking`` and ``exchanging``, and what only reads is in ``reading``.

::

    node = Node.open("us/")
    node.file(orbit, title="Orbit south of Kunduz", officer="watch-1")
    node.release("orbit-1", "northern-watch", "exact", officer="watch-1")
    for conflict in node.conflicts("northern-watch"): …

A line is named by its id or its name. ``officer`` is who acts; it goes to the internal audit log
and never onto a line. ``key`` is an idempotency key: the same request under the same key is done
once and answered alike. Every write is durable when it returns. All methods may be called from any
thread, and raise ``detente.errors`` only.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from detente.line import Terms
from detente.node import (
    accounts,
    admitting,
    joining,
    officers,
    opening,
    rebuilding,
    rekeying,
    verifying,
    views,
)
from detente.node.clock import Clock
from detente.node.exchanging import Exchanging
from detente.node.planning import Planning
from detente.node.roles import OPERATOR
from detente.node.speaking import Speaking
from detente.node.together.covering import Covering
from detente.node.together.daily import Reporting
from detente.node.together.desk import Desks
from detente.node.together.linking import Linking
from detente.node.together.looking import Looking
from detente.node.together.media import Media
from detente.node.together.observing import Observing
from detente.node.together.permitting import Permitting
from detente.node.together.visiting import Visiting

Json = dict[str, Any]


class Node(
    Planning,
    Speaking,
    Exchanging,
    Covering,
    Desks,
    Linking,
    Looking,
    Media,
    Observing,
    Permitting,
    Reporting,
    Visiting,
):
    """One party's node."""

    @classmethod
    def open(
        cls, directory: Path | str, *, clock: Clock | None = None, secret: bytes | None = None
    ) -> Self:
        """Open the node in ``directory``; ``secret`` opens protected keys (``protection.unlock``).

        Raises InputError if there is none or its settings are unsound, CredentialError if its keys
        are protected and there is no ``secret``, StoreError if its database cannot be used,
        StateError if the database is another party's.
        """
        return cls(opening.open_core(Path(directory), clock, secret))

    def close(self) -> None:
        """Finish the writes under way and close the store."""
        self._core.store.close()

    @property
    def party(self) -> str:
        """The party's id."""
        return self._core.party

    @property
    def name(self) -> str:
        """The party's name, as its card has it."""
        return self._core.card.card.name

    def card(self) -> bytes:
        """The party's card, to be handed to other parties."""
        return self._core.card.raw

    # --- membership -----------------------------------------------------------------------------

    def found(self, name: str, terms: Terms | Json, peer_cards: Sequence[bytes]) -> bytes:
        """A founding document for the other parties and ourselves to join on. Keeps nothing."""
        return joining.found(self._core, name, terms, peer_cards)

    def join(
        self,
        founding: bytes,
        confirm: Mapping[str, str],
        *,
        newcomer: bool = False,
        officer: str = "operator",
    ) -> views.LineView:
        """Join a line; ``confirm`` gives the fingerprint each founder's operator read out.

        ``newcomer``: we are none of its founders, and they take us in.
        """
        joined = joining.join(self._core, founding, confirm, newcomer=newcomer, officer=officer)
        return self.line(joined)

    def admit(
        self, line: str, card: bytes, fingerprint: str, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Sign for taking a party into a line, where it then sees everything ever said on it."""
        return admitting.admit(self._core, line, card, fingerprint, officer=officer, key=key)

    # --- the node itself ------------------------------------------------------------------------

    def verify(self) -> list[views.Finding]:
        """Check the whole record; nothing found means that every byte of it is accounted for."""
        return verifying.verify(self._core)

    def rebuild(self) -> list[views.RebuiltView]:
        """Drop the state of every line and fold it anew from the entries, which lose nothing."""
        return rebuilding.rebuild(self._core)

    def add_officer(self, name: str, role: str, *, by: str = OPERATOR) -> str:
        """Add an officer, with a role of ``node.roles``; the token, which is shown this once."""
        return officers.add(self._core, name, role, by=by)

    def end_officer(self, name: str, *, by: str = OPERATOR) -> None:
        """End an officer's access at once."""
        officers.end(self._core, name, by=by)

    def rotate_key(
        self, directory: Path, secret: bytes | None, *, authority: bool = False, officer: str
    ) -> bytes:
        """Sign with new keys from now on; the new card. The node is to be opened again then.

        With ``authority`` that of our certificates is replaced as well.
        """
        rotated = rekeying.rotate(
            self._core, directory, secret, authority=authority, officer=officer
        )
        return rotated.raw

    def vouch_key(
        self, line: str, card: bytes, fingerprint: str, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Vouch for another party's new card, whose ``fingerprint`` its operator read out."""
        return rekeying.vouch(self._core, line, card, fingerprint, officer=officer, key=key)

    def adopt_key(self, line: str, *, officer: str, key: str | None = None) -> views.EntryView:
        """Sign on a line with our replaced key, for which all others have vouched."""
        return rekeying.adopt(self._core, line, officer=officer, key=key)

    def officers(self) -> list[views.OfficerView]:
        """Every officer there is or was."""
        return officers.listed(self._core)

    def officer_of(self, token: str) -> views.OfficerView:
        """Whose token or session this is; CredentialError if nobody's."""
        return officers.of_token(self._core, token)

    def login_link(self, officer: str, *, by: str = OPERATOR) -> str:
        """A code that lets an officer in once, soon."""
        return officers.login_code(self._core, officer, by=by)

    def log_in(self, code: str) -> str:
        """Use up a login code; the session's token."""
        return officers.log_in(self._core, code)

    def enrol(self, officer: str, password: str, present: str | None = None) -> views.EnrolmentView:
        """Give an officer a password and a secret for codes, which is shown this once.

        ``present`` is the password the officer has, if there is one.
        """
        return accounts.enrol(self._core, officer, password, present)

    def has_password(self, officer: str) -> bool:
        """Whether an officer's account has a password."""
        return accounts.has_password(self._core, officer)

    def reset_account(self, officer: str, *, by: str = OPERATOR) -> None:
        """Forget an officer's password and codes, once two administrators have asked for it."""
        accounts.reset(self._core, officer, by=by)

    def log_in_with(self, officer: str, password: str, code: str, address: str) -> str:
        """A session for a password and a code, tried from an address."""
        return accounts.log_in(self._core, officer, password, code, address)

    def lift_lock_out(self, officer: str, *, by: str = OPERATOR) -> None:
        """Let nobody wait who failed to log in as this officer."""
        accounts.lift(self._core, officer, by=by)

    def log_out(self, session: str) -> None:
        """End a session."""
        officers.log_out(self._core, session)

    def attend(self, attended: bool) -> None:
        """Whether a thread calls ``compare`` by itself (``attending``)."""
        self._core.engine.attended = attended

    def compare(self, told: Callable[[str, int, int], None] = lambda *_: None) -> int:
        """Compare what has been folded and not compared; up to which change number, when done.

        ``told`` is given a line's name, how many of its activities have been read, and how many
        there are, while the engine's replica of that line is built.
        """
        return self._core.engine.work(lambda founding, at: told(founding.name, at.done, at.total))

    def check_writer(self) -> None:
        """Have the store's writer commit; StoreError if it cannot."""
        self._core.store.write(lambda tx: None)

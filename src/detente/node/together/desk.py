"""The part of a node's door that has to do with guests' desks: the host's side, and the guest's."""

from collections.abc import Callable

from detente.node import officers, views
from detente.node.core import Core
from detente.node.together import (
    desk_collecting,
    desk_guests,
    desk_laying,
    desk_outside,
    desk_serving,
    desk_sessions,
)
from detente.node.together.desk_serving import AtDeskView, Served, StateNow
from detente.node.views.guests import (
    DeskView,
    GuestMadeView,
    HeldLogView,
    SessionView,
    WaitingVisitView,
)


class Desks:
    """Guests' desks. ``Node`` has it beside everything else."""

    _core: Core

    # --- the host's: what is laid out ------------------------------------------------------------

    def desks(self, line: str) -> list[DeskView]:
        """The desks for visits of a line."""
        return desk_laying.listed(self._core, line)

    def visits_without_desk(self, line: str) -> list[WaitingVisitView]:
        """Visits to us that are not over and have no desk."""
        return desk_laying.waiting(self._core, line)

    def desk(self, desk: str) -> DeskView:
        """One desk, with its sessions."""
        return desk_laying.shown(self._core, desk)

    def set_up_desk(self, line: str, visit: str, *, hold: bool = False, officer: str) -> DeskView:
        """Set up the desk of a visit; ``hold``: each thing waits for the escort's consent."""
        return desk_laying.set_up(self._core, line, visit, hold=hold, officer=officer)

    def lay_file(self, desk: str, title: str, content: bytes, *, officer: str) -> DeskView:
        """Lay out a text or a picture."""
        return desk_laying.lay_file(self._core, desk, title, content, officer=officer)

    def lay_plan(self, desk: str, plan: str, title: str = "", *, officer: str) -> DeskView:
        """Lay out a plan of ours as it now is, within what was granted."""
        return desk_laying.lay_plan(self._core, desk, plan, title, officer=officer)

    def lay_entry(self, desk: str, entry: str, title: str = "", *, officer: str) -> DeskView:
        """Lay out an observation or a release of the line, in a granted place."""
        return desk_laying.lay_entry(self._core, desk, entry, title, officer=officer)

    def put_away(self, desk: str, item: str, *, officer: str) -> DeskView:
        """Take something off a desk."""
        return desk_laying.put_away(self._core, desk, item, officer=officer)

    def close_desk(self, desk: str, *, officer: str) -> DeskView:
        """Close a desk for good."""
        return desk_laying.close(self._core, desk, officer=officer)

    def collected(self, desk: str) -> bytes:
        """What the guest has marked for the sealing, as one ZIP archive."""
        return desk_collecting.archive(self._core, desk)

    # --- the host's: who witnesses it ------------------------------------------------------------

    def open_session(self, desk: str, *, officer: str) -> DeskView:
        """Open a session, whose escort is ``officer``."""
        return desk_sessions.begin(self._core, desk, officer=officer)

    def desk_session(self, session: str) -> SessionView:
        """One session as it stands."""
        return desk_sessions.shown(self._core, session)

    def beat(self, session: str, *, officer: str) -> None:
        """The escort's page is there."""
        desk_sessions.beat(self._core, session, officer=officer)

    def end_session(self, session: str, ended: str, why: str = "", *, officer: str) -> SessionView:
        """Close a session, or halt it at once (``closed``, ``halted``)."""
        return desk_sessions.end(self._core, session, ended, why, officer=officer)

    def answer_guest(self, session: str, asked: int, consent: bool, *, officer: str) -> None:
        """Consent to what waits, or refuse it."""
        desk_sessions.answer(self._core, session, asked, consent, officer=officer)

    def hold_session(self, session: str, on: bool, *, officer: str) -> None:
        """Have each thing wait for consent from now on, or no longer."""
        desk_sessions.hold(self._core, session, on, officer=officer)

    def end_sessions_over(self) -> None:
        """End the sessions that are over by themselves, and put on the record what has ended."""
        desk_sessions.end_all(self._core)

    def session_log(self, session: str) -> bytes:
        """A session's log as a file."""
        return desk_sessions.log_of(self._core, session)

    # --- either side's ---------------------------------------------------------------------------

    def confirm_session(
        self, line: str, log: bytes, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Say on the line which log of a session we hold, having checked its chain."""
        return desk_sessions.confirm(self._core, line, log, note, officer=officer, key=key)

    def session_logs(self, line: str) -> list[HeldLogView]:
        """Which log of each session either side says it holds, and whether they agree."""
        return desk_sessions.held_logs(self._core, line)

    # --- guests ----------------------------------------------------------------------------------

    def add_guest(self, desk: str, *, by: str) -> GuestMadeView:
        """Make an account for the next guest at a desk."""
        return desk_guests.make(self._core, desk, by=by)

    def guest_log_in(self, code: str) -> str:
        """Use up a guest's link; the session's token."""
        return desk_guests.log_in(self._core, code)

    def guest_log_in_with(self, account: str, password: str, code: str, address: str) -> str:
        """A guest's session for a password and a code."""
        return desk_guests.log_in_with(self._core, account, password, code, address)

    def guest_of(self, session: str) -> str:
        """Which guest's session this is; CredentialError if no guest's."""
        return desk_guests.account_of(self._core, session)

    def guest_enrol(
        self, account: str, password: str, present: str | None = None
    ) -> views.EnrolmentView:
        """Give a guest's account a password and a secret for codes, which is shown this once."""
        return desk_guests.enrol(self._core, account, password, present)

    def guest_log_out(self, account: str, session: str) -> None:
        """End a guest's session at this browser."""
        desk_serving.leave(self._core, account)
        officers.log_out(self._core, session)

    def guest_exercise(self, account: str | None) -> str:
        """The exercise that a guest's visit is part of; of nobody's account, that all are."""
        return desk_outside.exercise(self._core, account)

    def guest_state(self, account: str) -> StateNow:
        """Whether the guest's session goes on, and how long at most."""
        return desk_serving.state(self._core, account)

    def guest_page(
        self, account: str, render: Callable[[AtDeskView], bytes], item: str | None = None
    ) -> Served:
        """A page of the desk, made by ``render`` and told of in the log before it is returned."""
        return desk_serving.page(self._core, account, item, render)

    def guest_map(
        self, account: str, asked: int | None, render: Callable[[AtDeskView], bytes]
    ) -> Served:
        """The desk's map, likewise."""
        return desk_serving.draw(self._core, account, asked, render)

    def guest_item(self, account: str, item: str, asked: int | None = None) -> Served:
        """The bytes of something on the desk."""
        return desk_serving.item(self._core, account, item, asked)

    def guest_note(self, account: str, title: str, text: str) -> str:
        """Keep a note of the guest's on the desk; its id."""
        return desk_serving.write_note(self._core, account, title, text)

    def guest_mark(
        self, account: str, item: str, on: bool = True, asked: int | None = None
    ) -> None:
        """Mark something for the sealing, or take the mark off."""
        desk_serving.mark(self._core, account, item, on, asked)

    def guest_ask(self, account: str, wants: str, item: str | None = None) -> None:
        """Ask the escort for something that waits for consent."""
        desk_serving.ask(self._core, account, wants, item)

    def guest_alive(self, session: str, account: str) -> bool:
        """Whether the next piece may still be sent to this guest."""
        return desk_serving.alive(self._core, session, account)

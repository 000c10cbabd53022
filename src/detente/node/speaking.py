"""The half of a node's door by which officers speak on lines, alone or by two."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from detente.line import Terms, decode_terms
from detente.node import (
    admitting,
    committing,
    peering,
    recalling,
    releasing,
    seconding,
    settling,
    talking,
    views,
)
from detente.node.reading import Reading

Json = dict[str, Any]


class Speaking(Reading):
    """Everything that officers say on lines but releases."""

    def send(
        self,
        line: str,
        *,
        text: str | None = None,
        language: str | None = None,
        phrase: str | None = None,
        slots: Mapping[str, str] | None = None,
        precedence: str = "routine",
        reply_to: str | None = None,
        conflict: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> views.EntryView:
        """Send a message: free ``text``, or a ``phrase`` with its ``slots``."""
        said: Json = {
            "text": text,
            "language": language,
            "phrase": phrase,
            "slots": None if slots is None else dict(slots),
            "precedence": precedence,
            "reply_to": reply_to,
            "conflict": conflict,
        }
        return talking.send(self._core, line, said, officer=officer, key=key)

    def acknowledge(
        self,
        line: str,
        entry: str,
        level: str,
        note: str = "",
        *,
        officer: str,
        key: str | None = None,
    ) -> views.EntryView:
        """Say that another party's entry is ``understood``, or ``disseminated`` to the units."""
        return talking.acknowledge(self._core, line, entry, level, note, officer=officer, key=key)

    def recall(
        self, line: str, entry: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Ask all parties to erase what an entry of ours said, and erase it here."""
        return recalling.recall(self._core, line, entry, note, officer=officer, key=key)

    def honour(self, line: str) -> None:
        """State on the line, for every recall of another party, that it is honoured here."""
        recalling.honour(self._core, line)

    def commit(
        self,
        line: str,
        *,
        plan: str | None = None,
        form: str = "exact",
        text: str | None = None,
        language: str | None = None,
        open_from: str | None = None,
        open_by: str | None = None,
        note: str = "",
        officer: str,
        key: str | None = None,
    ) -> views.EntryView:
        """Fix a ``plan`` as it now is, or a ``text``, without telling it yet."""
        asked: Json = {
            "plan": plan,
            "form": form,
            "text": text,
            "language": language,
            "open_from": open_from,
            "open_by": open_by,
            "note": note,
        }
        return committing.commit(self._core, line, asked, officer=officer, key=key)

    def open_commitment(
        self, line: str, commitment: str, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Tell what a commitment of ours has fixed."""
        return committing.open_(self._core, line, commitment, officer=officer, key=key)

    def propose(
        self,
        line: str,
        conflict: str,
        moves: str,
        shift: views.ShiftView,
        note: str = "",
        *,
        officer: str,
        key: str | None = None,
    ) -> views.EntryView:
        """Propose that ``moves`` shifts its activity, to end an open conflict of ours."""
        return settling.propose(
            self._core, line, conflict, moves, shift, note, officer=officer, key=key
        )

    def assent(
        self, line: str, proposal: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Assent to the other side's proposal. Nothing moves by that."""
        return settling.answer(
            self._core, line, proposal, note, assents=True, officer=officer, key=key
        )

    def decline(
        self, line: str, proposal: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Decline the other side's proposal."""
        return settling.answer(
            self._core, line, proposal, note, assents=False, officer=officer, key=key
        )

    def carry_out(
        self, line: str, proposal: str, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Release our activity, and change our plan, as an assented proposal says."""
        return settling.carry_out(self._core, line, proposal, officer=officer, key=key)

    def check_line(
        self, line: str, slot: str | None = None, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Make the line check of ``slot``, or the one that is due."""
        return talking.check_line(self._core, line, slot, officer=officer, key=key)

    def suspend(
        self, line: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Declare a line suspended. Safety traffic still passes."""
        return talking.suspend(self._core, line, note, officer=officer, key=key)

    def resume(
        self, line: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Take our suspension back."""
        return talking.resume(self._core, line, note, officer=officer, key=key)

    def leave(
        self, line: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Leave a line for good. What is held of it stays; nothing more is sent or taken."""
        return talking.leave(self._core, line, note, officer=officer, key=key)

    def parted(self, line: str, party: str) -> bool:
        """Whether a member of a line, we perhaps, has left it; ``line`` is its id."""
        return peering.parted(self._core, line, party)

    def state_lapse(
        self, line: str, obligation: str, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """State that what is owed to us is late; ``obligation`` is ``ObligationView.id``."""
        return talking.state_lapse(self._core, line, obligation, officer=officer, key=key)

    def sign_terms(
        self, line: str, terms: Terms | Json, *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Sign the next version of the terms."""
        return talking.sign_terms(self._core, line, terms, officer=officer, key=key)

    def pending(self, line: str) -> list[views.PendingView]:
        """What waits for a second officer on a line, oldest first."""
        return seconding.waiting(self._core, line)

    def confirm(self, line: str, request: str, sha256: str, *, officer: str) -> views.EntryView:
        """Confirm exactly what another officer asked for, and have it written."""
        return seconding.confirm(
            self._core, line, request, sha256, officer=officer, run=partial(self._again, line)
        )

    def refuse(self, line: str, request: str, *, officer: str) -> None:
        """Refuse what another officer asked for, or take one's own request back."""
        seconding.refuse(self._core, line, request, officer=officer)

    def _again(
        self, line: str, action: str, content: Json, officer: str, second: seconding.Second
    ) -> views.EntryView:
        """Run what was asked for again, now that it is confirmed."""
        if action == "release":
            return releasing.release(
                self._core,
                content["activity"],
                line,
                content["form"],
                officer=officer,
                settles=content["settles"],
                shown=content["shown"],
                key=None,
                second=second,
            )
        if action == "carry-out":
            return settling.carry_out(
                self._core, line, content["proposal"], officer=officer, key=None, second=second
            )
        if action == "open":
            return committing.open_(
                self._core, line, content["commitment"], officer=officer, key=None, second=second
            )
        if action == "leave":
            return talking.leave(
                self._core, line, content["note"], officer=officer, key=None, second=second
            )
        if action == "admit":
            return admitting.admit(
                self._core,
                line,
                content["card"].encode(),
                content["fingerprint"],
                officer=officer,
                key=None,
                second=second,
            )
        terms = decode_terms(content["terms"].encode())
        return talking.sign_terms(self._core, line, terms, officer=officer, key=None, second=second)

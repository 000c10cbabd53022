"""A node: one party's keys and store, and everything an officer or a peer may ask of it.

``Node`` is the one door. API, console, command line and delivery go through it; behind it stands a
module for each kind of use case, and nothing else in this class than which one. The half that only
reads is in ``reading``.

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
from functools import partial
from pathlib import Path
from typing import Any, Self

from detente.line import Terms, decode_terms
from detente.node import (
    accounts,
    admitting,
    committing,
    cosigning,
    filing,
    joining,
    officers,
    opening,
    packing,
    peering,
    rebuilding,
    recalling,
    receiving,
    rekeying,
    releasing,
    seconding,
    settling,
    talking,
    tiling,
    unpacking,
    verifying,
    views,
    watching,
    witnessing,
)
from detente.node.clock import Clock
from detente.node.reading import Reading
from detente.node.roles import OPERATOR
from detente.record.parcel import Source
from detente.record.witness import Submission
from detente.volumes import Activity

Json = dict[str, Any]


class Node(Reading):
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

    # --- plans ----------------------------------------------------------------------------------

    def file(
        self, activity: Activity, *, title: str, officer: str, key: str | None = None
    ) -> views.PlanView:
        """Keep a new plan, private."""
        return filing.file(self._core, activity, title=title, officer=officer, key=key)

    def file_all(
        self, activities: Sequence[Activity], *, officer: str, key: str | None = None
    ) -> list[views.PlanView]:
        """Keep many new plans, private, all of them or none."""
        return filing.file_all(self._core, activities, officer=officer, key=key)

    def change(
        self,
        activity: Activity,
        *,
        title: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> views.PlanView:
        """Replace a plan. What lines see of it stays until it is released again."""
        return filing.change(self._core, activity, title=title, officer=officer, key=key)

    def drop(self, activity_id: str, officer: str) -> None:
        """Forget a plan that no line sees; the audit log keeps what it was."""
        filing.drop(self._core, activity_id, officer)

    def plans(self) -> list[views.PlanView]:
        """All plans, by id, with their own conflicts."""
        return filing.listed(self._core)

    def plan(self, activity_id: str) -> views.PlanView:
        """One plan."""
        return filing.shown(self._core, activity_id)

    def preview(self, activity_id: str, line: str, form: str) -> views.PreviewView:
        """Exactly what releasing a plan would show a line. Nothing is written."""
        return releasing.preview(self._core, activity_id, line, form)

    def release(
        self,
        activity_id: str,
        line: str,
        form: str,
        *,
        officer: str,
        settles: str | None = None,
        shown: str | None = None,
        key: str | None = None,
    ) -> views.EntryView:
        """Publish a plan's next version on a line, ``exact`` or ``coarse``.

        With ``shown``, a preview's ``sha256``, only what that preview showed.
        """
        return releasing.release(
            self._core,
            activity_id,
            line,
            form,
            officer=officer,
            settles=settles,
            shown=shown,
            key=key,
        )

    def withdraw(
        self, activity_id: str, line: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Say on a line that an activity is off."""
        return releasing.withdraw(self._core, activity_id, line, note, officer=officer, key=key)

    # --- talk -----------------------------------------------------------------------------------

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

    # --- two officers -----------------------------------------------------------------------------

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

    # --- other nodes ----------------------------------------------------------------------------

    def peers(self) -> list[views.PeerView]:
        """Every other member of every line: where to call it, and its authority's certificate."""
        return peering.peers(self._core)

    def shows_before(self) -> bool:
        """Whether our server still shows the certificate of our earlier authority."""
        return peering.shows_before(self._core)

    def heads(self, line: str, caller: str) -> dict[str, views.Head]:
        """How much of every log is held here, for ``caller``, a member."""
        return peering.heads(self._core, line, caller)

    def read_log(self, line: str, party: str, start: int, caller: str) -> views.LogPage:
        """A page of a log, for ``caller``, a member."""
        return peering.read_log(self._core, line, party, start, caller)

    def log_checkpoint(self, line: str, party: str, caller: str) -> bytes:
        """The newest checkpoint of a log with its cosignatures, for ``caller``, a member."""
        return tiling.checkpoint(self._core, line, party, caller)

    def log_tile(self, line: str, party: str, path: str, caller: str) -> bytes:
        """One tile of a log, ``tile/…`` as C2SP tlog-tiles names it, for ``caller``, a member."""
        return tiling.tile(self._core, line, party, path, caller)

    def log_policy(self, line: str, party: str, caller: str) -> bytes:
        """Whose signatures make a checkpoint of a log joint (C2SP tlog-policy)."""
        return tiling.policy(self._core, line, party, caller)

    def receive(
        self,
        line: str,
        party: str,
        start: int,
        bundles: Sequence[Json],
        checkpoint: str | None,
        caller: str,
        *,
        urgent: bool = False,
    ) -> views.Receipt:
        """Take entries and a checkpoint of the log of ``party``, offered by ``caller``.

        ``urgent``: something urgent follows, for which part of the party's quota is kept.
        """
        return receiving.receive(
            self._core, line, party, start, bundles, checkpoint, caller, urgent=urgent
        )

    def receive_cosignatures(self, line: str, party: str, note: str, caller: str) -> None:
        """Take the cosignatures under a checkpoint of ``party``, offered by ``caller``."""
        cosigning.take(self._core, line, party, note, caller)

    def witnesses_to_call(self) -> list[views.WitnessCall]:
        """Every witness with a URL, of every line."""
        return witnessing.to_call(self._core)

    def submission(self, line: str, witness: str, old: int | None) -> Submission | None:
        """Our newest checkpoint for a witness, which says it cosigned ``old`` last; None if it has.

        ``line`` is its id, as in all that delivery asks.
        """
        return witnessing.submission(self._core, line, witness, old)

    def receive_witnessed(self, line: str, witness: str, note: str, answer: str) -> None:
        """Take a witness's answer to the submission of our checkpoint ``note``."""
        witnessing.cosigned(self._core, line, witness, note, answer)

    def receive_seen(self, line: str, witness: str, party: str, note: str) -> None:
        """Hold what a witness has seen of the log of ``party`` against what is held here."""
        witnessing.seen(self._core, line, witness, party, note)

    def witnessed(self, line: str) -> list[views.Witnessed]:
        """The newest cosignature of our own log by each witness, for peers."""
        return witnessing.delivered(self._core, line)

    def heard(self, line: str, peer: str, sizes: Mapping[str, int] | None = None) -> None:
        """Delivery reached a peer, which told of logs of these sizes."""
        watching.heard(self._core, line, peer, sizes)

    def failed(self, line: str, peer: str, error: str) -> None:
        """Delivery did not reach a peer."""
        watching.failed(self._core, line, peer, error)

    def urgent_ahead(self, line: str, party: str, start: int) -> bool:
        """Whether something urgent follows in a log from entry ``start`` on."""
        return peering.urgent_ahead(self._core, line, party, start)

    def refused_by(self, line: str, peer: str, why: str | None) -> None:
        """A peer takes no more of our log for want of quota, and says why; None: it does again."""
        watching.refused_by(self._core, line, peer, why)

    # --- by hand --------------------------------------------------------------------------------

    def pack(
        self,
        line: str,
        to: str,
        *,
        log: str | None = None,
        start: int | None = None,
        card: bytes | None = None,
        officer: str,
    ) -> packing.Packed:
        """A parcel for another member, to be carried: all logs or one, what it lacks or more.

        ``start`` is the first entry of each log; ``card`` the newest card of ``to``, signed by the
        key that the line knows, where the line does not know that card.
        """
        return packing.pack(self._core, line, to, log=log, start=start, card=card, officer=officer)

    def unpack(self, source: Source, *, officer: str) -> views.ParcelView:
        """Take in a parcel that was carried here, as far as it is good."""
        return unpacking.unpack(self._core, source, officer=officer)

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

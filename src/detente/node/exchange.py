"""The exchange: what one node does to bring itself and one peer to the same entries.

Ask what the peer holds, take what we lack, send what it lacks, and pass cosignatures both ways. All
of it may be broken off anywhere and happen twice without harm, so that nothing has to be remembered
across a restart but the logs themselves. When it is done, and in which thread, is ``delivery``'s.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from detente.errors import (
    DetenteError,
    ForkError,
    GapError,
    QuotaError,
    RecordError,
    SignatureError,
    UnvouchedError,
)
from detente.node.peer import NotThereError, Peer
from detente.node.views import Head
from detente.node.wire import UnreachableError
from detente.record.checkpoint import cosignatures_of, with_cosignatures

if TYPE_CHECKING:
    from detente.node.node import Node

WAIT_MAX = 32
"""Exchanges between two tries of what is refused for want of quota."""
PAGES_MAX = 64
"""Pages taken or sent in one exchange: a peer with endless entries waits for the next one."""


class Exchange:
    """Exchanges with one peer on one line, one after the other."""

    def __init__(self, node: "Node", line: str, peer: Peer) -> None:
        """``line`` is the line's id; ``peer`` is called on that line."""
        self._node = node
        self._line = line
        self._peer = peer
        self._own_told = -1
        self._witnessed_told: dict[str, int] = {}
        self._witnessed_shown: dict[tuple[str, str], int] = {}
        self._looked_at: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._members: set[str] = set()
        self._compared: dict[str, int] = {}
        self._looked_through: dict[str, int] = {}
        self._confronted: set[str] = set()
        self._waits: dict[tuple[str, str], _Wait] = {}
        self.over = False
        """Whether one of the two has left, and nothing is left to be said to the other."""

    @property
    def has_news(self) -> bool:
        """Whether we have what the peer was not yet known to hold after the last one: entries of
        ours, or a witness's cosignature of them."""
        return self._ours()[self._node.party].size > self._own_told or any(
            one.size > self._witnessed_told.get(one.witness, 0)
            for one in self._node.witnessed(self._line)
        )

    def _ours(self) -> dict[str, Head]:
        return self._node.heads(self._line, self._node.party)

    def run(self) -> None:
        """Bring both sides to the same entries, as far as one exchange reaches.

        What is wrong with one log holds up no other; the first such error is raised at the end,
        unless it is a fork, which is kept as evidence and says nothing of how the peer is reached.
        """
        own, peer = self._node.party, self._peer.party
        if self._node.parted(self._line, peer):
            self.over = True
            return
        if self._node.parted(self._line, own):
            self._say_goodbye()
            return
        theirs = self._peer.heads()
        sizes = {party: head.size for party, head in theirs.items()}
        self._node.heard(self._line, self._peer.party, sizes)
        self._note_own(theirs)
        wrong: list[DetenteError] = []
        if self._members != set(self._ours()):
            # Cosignatures by a party that was a stranger until now were left out.
            self._members = set(self._ours())
            self._notes.clear()
        # Each side's own log first: in it stands under which key the rest of what it says is.
        self._take_all(theirs, wrong, lambda party: party == peer)
        if self._node.parted(self._line, peer):
            return
        # What the peer has forgotten of its own before anything that it may answer by an entry.
        self._send_all(theirs, wrong, lambda party: party == peer)
        self._send_all(theirs, wrong, lambda party: party == own)
        with self._kept(wrong, own):
            self._send_witnessed()
        self._take_all(theirs, wrong, lambda party: party != peer)
        self._send_all(theirs, wrong, lambda party: party not in (own, peer))
        with self._kept(wrong, own):
            self._show_witnessed(theirs)
        self._node.honour(self._line)
        if wrong:
            raise wrong[0]

    def _note_own(self, theirs: dict[str, Head]) -> None:
        """Look first whether we have signed more of our own log than we hold: we were restored
        then, and write nothing before it is back, also if this exchange is broken off."""
        own = self._node.party
        held, head = self._ours()[own].size, theirs.get(own)
        if head is not None and head.checkpoint is not None and head.size > held:
            with suppress(DetenteError):
                self._node.receive(self._line, own, held, [], head.checkpoint, self._peer.party)

    def _say_goodbye(self) -> None:
        """Bring the peer the end of our own log, and take nothing."""
        own = self._node.party
        size = self._ours()[own].size
        try:
            self._send(own, size, self._peer.heads()[own].size)
            self.over = self._own_told == size
        except NotThereError:
            # Whoever knows that we have left knows no such line for us any more.
            self.over = True

    def _wait(self, way: str, party: str) -> "_Wait":
        return self._waits.setdefault((way, party), _Wait())

    @contextmanager
    def _kept(self, wrong: list[DetenteError], party: str) -> Iterator[None]:
        """Keep an error about one log for later, unless it says that there is nobody to go on with.

        That a party forks is kept as evidence by who finds it. Were it, or that the one history
        cannot be read by who holds the other, a failure of this link as well, one party that forks
        would seem to cut all others off from each other. What is wrong with our own store, or with
        how much is taken, is told all the same.
        """
        try:
            yield
        except UnreachableError:
            raise
        except ForkError:
            pass
        except DetenteError as error:
            unreadable = isinstance(error, RecordError) and party in self._confronted
            if not unreadable:
                wrong.append(error)

    def _take_all(
        self, theirs: dict[str, Head], wrong: list[DetenteError], which: Callable[[str], bool]
    ) -> None:
        for party, head in self._ours().items():
            if party in theirs and which(party):
                with self._kept(wrong, party):
                    self._take_compared(party, head, theirs[party])

    def _send_all(
        self, theirs: dict[str, Head], wrong: list[DetenteError], which: Callable[[str], bool]
    ) -> None:
        for party, head in self._ours().items():
            # Whom the peer does not name it does not know yet as a member, and would refuse.
            if which(party) and party in theirs:
                with self._kept(wrong, party):
                    self._send(party, head.size, theirs[party].size)

    def _take_compared(self, party: str, ours: Head, theirs: Head) -> None:
        """Take what we lack of one log; where it is another log than ours, show ours in return."""
        try:
            try:
                self._compare(party, ours, theirs)
                self._take(party, ours.size, theirs)
            except UnvouchedError:
                raise
            except SignatureError:
                self._compare_before(party, min(ours.size, theirs.size))
                raise
        except ForkError:
            self._confront(party, ours.size)
            self._look_at(party, theirs.checkpoint)

    def _look_at(self, party: str, note: str | None) -> None:
        """Look who has cosigned the other history: nothing else of it is taken."""
        if note is not None and self._looked_at.get(party) != note:
            self._looked_at[party] = note
            self._node.receive_elsewhere(self._line, party, note, self._peer.party)

    def _compare_before(self, party: str, end: int) -> None:
        """Have everything compared that both hold of a log of which the peer shows a strange key.

        It may have been handed over to in another history than ours: then nothing that it signs
        can be verified here, and the two part before that. Whoever only makes keys up has us read
        the log again ever more seldom.
        """
        wait = self._wait("compare", party)
        if not wait.over():
            return
        start = self._looked_through.pop(party, 0)
        with suppress(SignatureError):
            for _ in range(PAGES_MAX):
                both = self._peer.read_log(party, start).entries[: max(0, end - start)]
                if not both:
                    break
                self._node.receive(self._line, party, start, both, None, self._peer.party)
                start += len(both)
            else:
                # There is more of it than one exchange reads.
                self._looked_through[party] = start
                return
        wait.refused()

    def _confront(self, party: str, size: int) -> None:
        """Show the peer, once, what we hold of a log of which it holds another.

        Else only we would know: it may never be able to call us, and so to find out by itself.
        """
        if party in self._confronted:
            return
        start = 0
        with suppress(ForkError, QuotaError):
            for _ in range(PAGES_MAX):
                if start >= size:
                    break
                page = self._node.read_log(self._line, party, start, self._peer.party)
                self._peer.push(party, start, page.entries, page.checkpoint)
                start += len(page.entries)
        self._confronted.add(party)

    def _compare(self, party: str, ours: Head, theirs: Head) -> None:
        """Have the entries compared that both hold and no checkpoint here covers.

        Two checkpoints betray a party that tells two nodes different things. One that signs none
        is betrayed by the entries themselves. Every node signs one with its entries, so that there
        is nothing to compare between honest ones but for moments.
        """
        start = max(_covered(ours.checkpoint), self._compared.get(party, 0))
        end = min(ours.size, theirs.size)
        for _ in range(PAGES_MAX):
            if start >= end:
                break
            page = self._peer.read_log(party, start)
            both = page.entries[: end - start]
            self._node.receive(self._line, party, start, both, None, self._peer.party)
            if not both:
                break
            start += len(both)
            self._compared[party] = start

    def _take(self, party: str, held: int, theirs: Head) -> None:
        """Take what we lack of one log, then what its checkpoint and cosignatures say."""
        note = theirs.checkpoint
        wait = self._wait("take", party)
        if held < theirs.size and not wait.over():
            return
        for _ in range(PAGES_MAX):
            if held >= theirs.size:
                break
            page = self._peer.read_log(party, held)
            try:
                receipt = self._node.receive(
                    self._line, party, held, page.entries, page.checkpoint, self._peer.party
                )
            except QuotaError:
                # We show that ourselves, and it says nothing of how the peer is reached.
                wait.refused()
                return
            wait.taken()
            note = page.checkpoint or note
            if receipt.size <= held:
                break
            held = receipt.size
        if note is None or self._notes.get(party) == note:
            return
        if party != self._node.party:
            receipt = self._node.receive(self._line, party, held, [], note, self._peer.party)
            if _covered(note) > receipt.size or self._node.parted(self._line, self._peer.party):
                return
            ours = receipt.cosignature
            if ours is not None and ours not in cosignatures_of(note):
                self._peer.send_cosignatures(party, with_cosignatures(note, [ours]))
            if ours is None:
                # Others have received it all the same. We may cosign later, and then do.
                self._node.receive_cosignatures(self._line, party, note, self._peer.party)
                return
        self._node.receive_cosignatures(self._line, party, note, self._peer.party)
        self._notes[party] = note

    def _send_witnessed(self) -> None:
        """Deliver the witnesses' cosignatures of our own log, as far as the peer holds it.

        The newest checkpoint alone, which the peer asks for, would never bear one on a busy line.
        """
        for one in self._node.witnessed(self._line):
            if self._witnessed_told.get(one.witness, 0) < one.size <= self._own_told:
                self._peer.send_cosignatures(self._node.party, one.note)
                self._witnessed_told[one.witness] = one.size

    def _show_witnessed(self, theirs: dict[str, Head]) -> None:
        """Of logs known to have two histories, show how far witnesses have signed for ours.

        Where the peer's is another one, it refuses that, and keeps it.
        """
        for one in self._node.witnessed_of_forked(self._line):
            of = one.party, one.witness
            shown = self._witnessed_shown.get(of, 0)
            if one.party in theirs and shown < one.size <= theirs[one.party].size:
                self._witnessed_shown[of] = one.size
                # It refuses what is not of its own history, or by a key that is not in it.
                with suppress(RecordError):
                    self._peer.send_cosignatures(one.party, one.note)

    def _send(self, party: str, ours: int, theirs: int) -> None:
        """Send what the peer lacks of one log, unless it has said that it takes no more of it."""
        wait = self._wait("send", party)
        if theirs < ours and not wait.over() and not self._urgent_since(wait, party, ours):
            return
        try:
            self._send_pages(party, ours, theirs)
        except QuotaError as error:
            wait.refused(ours)
            # Whose log it is tells its own officers.
            why: str | None = str(error)
        else:
            wait.taken()
            why = None
        if party == self._node.party:
            self._node.refused_by(self._line, self._peer.party, why)

    def _urgent_since(self, wait: "_Wait", party: str, ours: int) -> bool:
        """Whether something urgent was written since a log was refused: it does not wait."""
        known, wait.size = wait.size, ours
        return known < ours and self._node.urgent_ahead(self._line, party, known)

    def _send_pages(self, party: str, ours: int, theirs: int) -> None:
        """Send what the peer lacks of one log; keep the cosignatures it answers with."""
        urgent = False
        for _ in range(PAGES_MAX):
            if theirs >= ours:
                break
            page = self._node.read_log(self._line, party, theirs, self._peer.party)
            if not page.entries:
                # The next one is recalled, and what recalls it is not here yet to be sent with it.
                break
            try:
                receipt = self._peer.push(
                    party, theirs, page.entries, page.checkpoint, urgent=urgent
                )
            except QuotaError:
                if urgent or not self._node.urgent_ahead(self._line, party, theirs):
                    raise
                urgent = True
                continue
            except GapError as gap:
                if gap.size >= theirs:
                    raise
                # It lost entries since it told of them, or was restored from a backup.
                theirs = gap.size
                continue
            if receipt.cosignature is not None and page.checkpoint is not None:
                note = with_cosignatures(page.checkpoint, [receipt.cosignature])
                self._node.receive_cosignatures(self._line, party, note, self._peer.party)
            if receipt.size <= theirs:
                raise RecordError(
                    f"took {len(page.entries)} entries of {party} and holds no more than before",
                    where=f"peer {self._peer.party}",
                    remedy="tell its operators",
                )
            theirs = receipt.size
            urgent = urgent and self._node.urgent_ahead(self._line, party, theirs)
        if party == self._node.party:
            self._own_told = theirs


class _Wait:
    """How many exchanges pass before a log is tried again: after each refusal twice as many."""

    def __init__(self) -> None:
        self.size = 0
        """How many entries of it have been looked through for urgent ones."""
        self._next = 1
        self._left = 0

    def over(self) -> bool:
        """Whether it is time again; asked once in each exchange."""
        self._left -= 1
        return self._left < 0

    def refused(self, size: int = 0) -> None:
        self.size, self._left = size, self._next
        self._next = min(WAIT_MAX, 2 * self._next)

    def taken(self) -> None:
        self._left, self._next = 0, 1


def _covered(note: str | None) -> int:
    """How many entries a checkpoint covers that was read before, by our store or by ``receive``."""
    return 0 if note is None else int(note.split("\n", 2)[1])

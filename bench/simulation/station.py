"""One node at work: on its disk, with its clock, exchanging with the others, and watched.

The node, its store and its side of the exchange are the product's own. A hostile party may have two
stations with the keys of one party.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, event

from bench.simulation.disk import BEGIN_S, MARKS, Disk, Frozen
from bench.simulation.face import serve
from bench.simulation.network import Letter, SimulatedWire
from bench.simulation.truth import ViolationError, header_of
from detente.errors import DetenteError, StoreError
from detente.line import open_founding
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.quota import Quota
from detente.node.rekeying import replace
from detente.node.wire import UnreachableError
from detente.record import PublicKey, open_card

Carry = Callable[[Letter], tuple[int, bytes]]


class Clock:
    """A clock that is moved from outside, and may be wrong."""

    def __init__(self, wrong_s: float) -> None:
        self.at_s = BEGIN_S
        self.wrong_s = wrong_s

    def now_s(self) -> float:
        return self.at_s + self.wrong_s


class Fuse:
    """A power failure to come: at which commit from now on, and at which moment of it.

    ``share`` of what that commit writes is on the disk: none (just before it), some of it (torn),
    or all (None: just after it, before anybody was told).
    """

    def __init__(self, commits: int, share: float | None) -> None:
        self.commits = commits
        self.share = share


class OneLine(NamedTuple):
    """What all stations of a run have in common."""

    id: str
    cards: dict[str, bytes]
    """The cards with a new key that parties have told each other of."""
    day_entries: int
    """What a node keeps of another's log a day: more than any honest party writes."""


class Station:
    """A node, running or down."""

    def __init__(
        self, party: str, line: OneLine, disk: Disk, clock: Clock, others: list[str]
    ) -> None:
        self.party = party
        self.line = line.id
        self.disk = disk
        self.clock = clock
        self.others = others
        self.restored = 0
        self.up = True
        self.held: dict[str, list[bytes]] = {p: [] for p in (party, *others)}
        self.private: dict[str, bytes] = {}
        """What may not stand in an entry of ours, by what it is of."""
        self.told_cards = line.cards
        self._quota = Quota(day_entries=line.day_entries, day_mib=100, entries=10**6, mib=10**3)
        self.may_leave = False
        self.may_replace = True
        self.unsure = False
        """Whether something may be on the record that nobody here was told of."""
        self._fuse: Fuse | None = None
        self._frozen: Frozen | None = None
        self._held_at_backup: dict[str, list[bytes]] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._open()
        cards = open_founding(self.node.founding(self.line)).cards
        self._first_key = (cards[party].public if party in cards else self.public).raw

    def tell(self, plan: str) -> None:
        """Where this plan is is private no more; nor is it of another that is in the same place."""
        mark = self.private.pop(plan, None)
        for other in [one for one, said in self.private.items() if said == mark]:
            del self.private[other]

    # --- its machine ------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the node, as its operator would."""
        self.up = False
        self.node.close()

    def cut_power(self) -> None:
        """Stop the node by a power cut: what it acknowledged is on the disk, nothing is tidied."""
        self.disk.cut_power()
        self.stop()

    def start(self) -> None:
        """Start it again. Nothing that only memory held is there."""
        self._open()
        self._exchanges.clear()
        self.up = True

    def light(self, fuse: Fuse | None) -> None:
        """Have the power fail at a commit to come; None: have it not fail."""
        self._fuse = fuse

    @property
    def dead(self) -> bool:
        """Whether the power has failed and the node does not know it yet: nobody hears from it."""
        return self._frozen is not None

    def revive(self) -> None:
        """Start it again after the power has failed."""
        assert self._frozen is not None
        with suppress(DetenteError):
            self.stop()
        self.disk.thaw(self._frozen)
        self._frozen = None
        self.unsure = True
        self.start()

    def backup(self) -> None:
        """Make a backup of what it holds now."""
        self.disk.backup()
        self.remember()

    def remember(self) -> None:
        """What it holds now is what its backup holds."""
        self._held_at_backup = {party: list(leaves) for party, leaves in self.held.items()}

    def restore(self, *, whole: bool) -> None:
        """Put the backup in the place of all that was written since."""
        self.stop()
        self.disk.restore(whole=whole)
        self.restored += 1
        self.held = {party: list(leaves) for party, leaves in self._held_at_backup.items()}
        self.start()

    def marked(self, party: str) -> int:
        """How many entries of a log its marks say it has shown, or cosigned."""
        try:
            shown = json.loads((self.disk.live / MARKS).read_bytes())["shown"]
        except FileNotFoundError:
            return 0
        return int(shown.get(self.line, {}).get(party, [0])[0])

    def _open(self) -> None:
        self.node: Node = self.disk.open(self.clock)
        self.node._core.quota = self._quota
        self._fuse = None
        store = self.node._core.store
        announce = store._announce

        def committed() -> None:
            self._after_commit()
            announce()

        event.listen(store._engines[0], "commit", self._before_commit)
        store._writer._committed = committed

    def _before_commit(self, _: Connection) -> None:
        """On the writer's thread, whose caller waits."""
        if self._fuse is None or self.dead:
            return
        self._fuse.commits -= 1
        if self._fuse.commits < 0 and self._fuse.share is not None:
            self._frozen = self.disk.freeze()

    def _after_commit(self) -> None:
        fuse, self._fuse = self._fuse, None
        if fuse is None or fuse.commits >= 0:
            self._fuse = fuse
        elif self._frozen is None:
            self._frozen = self.disk.freeze()
        else:
            self._frozen.tear(fuse.share or 0.0)

    # --- its keys ---------------------------------------------------------------------------------

    @property
    def public(self) -> PublicKey:
        """The key that it signs with."""
        return open_card(self.node.card()).public

    @property
    def unadopted(self) -> bool:
        """Whether the line, as far as it is held here, knows another key than ours."""
        known = base64.b64encode(self._first_key).decode()
        for leaf in self.held[self.party]:
            header = header_of(leaf)
            if header["type"] == "key.rotate":
                known = header["about"]["sign_key"]
        return base64.b64decode(known) != self.public.raw

    def rotate(self, officer: str) -> None:
        """Hand over to a new key."""
        self.node.rotate_key(self.disk.live, None, officer=officer)
        self._reopen()

    def replace(self, officer: str) -> None:
        """Make a new key without the old one, and tell the others of it over another channel."""
        self.stop()
        card = replace(self.disk.live, None, officer=officer, clock=self.clock)
        self.told_cards[self.party] = card.raw
        self.start()

    def _reopen(self) -> None:
        self.unsure = True
        if not self.dead:
            self.stop()
            self.start()

    # --- its side of the line ---------------------------------------------------------------------

    def exchange(self, other: str, carry: Carry) -> str:
        """One exchange with another party's node; what came of it."""
        node = self.node
        if other not in self._exchanges:
            peer = Peer(other, SimulatedWire(self.party, other, carry))
            self._exchanges[other] = Exchange(node, self.line, peer)
        try:
            self._exchanges[other].run()
        except DetenteError as error:
            if self.node is not node or not self.up or self.dead:
                return "broken off"
            if isinstance(error, StoreError):
                raise ViolationError(f"the store of {self.party} failed: {error}") from error
            node.failed(self.line, other, str(error))
            return str(error)
        return "done"

    def answer(self, letter: Letter) -> tuple[int, bytes]:
        """Answer another node's request."""
        try:
            answer = serve(
                self.node, self.line, letter.src, letter.method, letter.path, letter.content
            )
        except StoreError as error:
            if not self.dead:
                raise ViolationError(f"the store of {self.party} failed: {error}") from error
            answer = (503, b"")
        if self.dead:
            raise UnreachableError("did not answer in time")
        return answer

    def read(self, party: str, start: int) -> list[dict[str, Any]]:
        """A page of the bundles it holds of a log; an empty one is the end."""
        return self.node.read_log(self.line, party, start, self.party).entries

    def knows(self, party: str) -> bool:
        """Whether its node would call another party."""
        return any(one.party == party for one in self.node.peers())

    def knows_left(self, party: str) -> bool:
        """Whether it holds the end of a party's log."""
        log = self.held[party]
        return bool(log) and header_of(log[-1])["type"] == "line.leave"

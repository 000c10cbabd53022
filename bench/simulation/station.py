"""One node at work: on its disk, with its clock, exchanging with the others, and watched.

The node, its store and its side of the exchange are the product's own. A hostile party may have two
stations with the keys of one party.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from bench.simulation.disk import BEGIN_S, Disk
from bench.simulation.face import serve
from bench.simulation.network import Letter, SimulatedWire
from bench.simulation.truth import SECRET, Truth, ViolationError, check, header_bytes, leaf_of
from detente.errors import DetenteError, StoreError
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.peer import Peer

Carry = Callable[[Letter], tuple[int, bytes]]


class Clock:
    """A clock that is moved from outside, and may be wrong."""

    def __init__(self, wrong_s: float) -> None:
        self.at_s = BEGIN_S
        self.wrong_s = wrong_s

    def now_s(self) -> float:
        return self.at_s + self.wrong_s


class Station:
    """A node, running or down."""

    def __init__(self, party: str, line: str, disk: Disk, clock: Clock, others: list[str]) -> None:
        self.party = party
        self.line = line
        self.disk = disk
        self.clock = clock
        self.others = others
        self.restored = 0
        self.node: Node = disk.open(clock)
        self.up = True
        self.held: dict[str, list[bytes]] = {p: [] for p in (party, *others)}
        self.private: dict[str, bytes] = {}
        self._held_at_backup: dict[str, list[bytes]] = {}
        self._exchanges: dict[str, Exchange] = {}

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
        self.node = self.disk.open(self.clock)
        self._exchanges.clear()
        self.up = True

    def backup(self) -> None:
        """Make a backup of what it holds now."""
        self.disk.backup()
        self._held_at_backup = {party: list(leaves) for party, leaves in self.held.items()}

    def restore(self) -> None:
        """Put the backup in the place of all that was written since."""
        self.stop()
        self.disk.restore()
        self.restored += 1
        self.held = {party: list(leaves) for party, leaves in self._held_at_backup.items()}
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
            if self.node is not node or not self.up:
                return "broken off"
            if isinstance(error, StoreError):
                raise ViolationError(f"the store of {self.party} failed: {error}") from error
            node.failed(self.line, other, str(error))
            return str(error)
        return "done"

    def answer(self, letter: Letter) -> tuple[int, bytes]:
        """Answer another node's request."""
        try:
            return serve(
                self.node, self.line, letter.src, letter.method, letter.path, letter.content
            )
        except StoreError as error:
            raise ViolationError(f"the store of {self.party} failed: {error}") from error

    def read(self, party: str, start: int) -> list[dict[str, Any]]:
        """A page of the bundles it holds of a log; an empty one is the end."""
        return self.node.read_log(self.line, party, start, self.party).entries

    # --- watched ----------------------------------------------------------------------------------

    def inspect(self, truth: Truth) -> None:
        """Read what it holds now that it did not hold before, and hold it against the truth."""
        for party, head in self.node.heads(self.line, self.party).items():
            held = self.held[party]
            what = f"{self.party}'s copy of the log of {party}"
            check(head.size >= len(held), f"{what} had {len(held)} entries and has {head.size}")
            while len(held) < head.size:
                page = self.read(party, len(held))
                check(bool(page), f"{what} has fewer than its {head.size} entries")
                for bundle in page:
                    self._inspect_entry(truth, party, bundle)
            log = truth.leaves.get(party, [])
            if truth.one_history(party):
                check(len(held) <= len(log), f"{what} has {len(held)} entries of {len(log)}")
        self._inspect_own(truth)

    def _inspect_own(self, truth: Truth) -> None:
        held = len(self.held[self.party])
        if truth.missing.get(self.party, held + 1) <= held:
            del truth.missing[self.party]
        if truth.one_history(self.party) and self.party not in truth.missing:
            written = len(truth.leaves[self.party])
            check(held == written, f"{self.party} wrote {written} entries and holds {held}")

    def _inspect_entry(self, truth: Truth, party: str, bundle: dict[str, Any]) -> None:
        held = self.held[party]
        index, leaf = len(held), leaf_of(bundle)
        header = json.loads(header_bytes(bundle))
        check(
            (header["party"], header["index"]) == (party, index),
            f"{self.party} holds {header['party']}/{header['index']} as {party}/{index}",
        )
        if truth.one_history(party):
            log = truth.leaves[party]
            check(
                index < len(log) and log[index] == leaf,
                f"{self.party} holds another {party}/{index} than was written",
            )
        if party == self.party and party in truth.honest:
            body = base64.b64decode(bundle["body"])
            for plan, mark in [*self.private.items(), ("a title or a name", SECRET)]:
                check(mark not in body, f"{party}/{index} gives away {plan}")
        held.append(leaf)

    def reread(self) -> None:
        """Read everything it holds once more: it is what it was."""
        for party, leaves in self.held.items():
            read: list[bytes] = []
            while page := self.read(party, len(read)):
                read += [leaf_of(bundle) for bundle in page]
            check(read == leaves, f"{self.party}'s copy of the log of {party} has changed")

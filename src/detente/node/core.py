"""What every use case of a node works with: who we are, the store, the clock, the lines joined."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from detente.errors import NotFoundError, SignatureError
from detente.line import Founding, KeyChain, View, open_founding, read
from detente.node import shapes
from detente.node.clock import Clock
from detente.node.engine import Engine
from detente.node.guessing import Guesses
from detente.node.marks import Marks
from detente.node.overwriting import Overwriting
from detente.node.quota import Quota
from detente.node.unstated import Unstated
from detente.node.vault import Vault
from detente.record import Entry, OpenCard, PublicKey, SealingKey, SigningKey, open_card
from detente.store import logs
from detente.store.links import Link
from detente.store.logs import Row
from detente.store.projection import rows_of
from detente.store.store import Store, Tx


class Core:
    """One party's identity and state. Use cases are functions over it, a module each."""

    def __init__(
        self,
        key: SigningKey,
        card: OpenCard,
        store: Store,
        clock: Clock,
        marks: Marks,
        quota: Quota,
        sealing: SealingKey | None = None,
        sealing_before: SealingKey | None = None,
        *,
        vault: Vault,
    ) -> None:
        self.key = key
        self.vault = vault
        self.sealing = sealing
        self.sealing_before = sealing_before
        self.unpacking = Lock()
        self.folder: Path | None = None
        """The node's folder, once it is opened from one."""
        self.card = card
        self.party = card.card.party
        self.store = store
        self.clock = clock
        self.marks = marks
        self.quota = quota
        self.counters: Counter[str] = Counter()
        self.overwriting = Overwriting(store, clock, self._forget)
        self.unstated = Unstated()
        self.guesses = Guesses()
        self.heard: dict[tuple[str, str], Link] = {}
        self.refused_by: dict[tuple[str, str], str] = {}
        self.joint_parts: dict[Any, Any] = {}
        """Joint parts of daily reports, kept to spare computing anew (``together.joint_part``)."""
        self._foundings: dict[str, Founding] = {}
        self.engine = Engine(store, self._founded)

    @contextmanager
    def settled(self) -> Iterator[Tx]:
        """A snapshot in which every conflict is known, as far as that can be had soon."""
        self.engine.settle()
        with self.store.read() as tx:
            yield tx

    @property
    def opening_keys(self) -> list[SealingKey]:
        """The keys that open what is carried to us: the present one, and the one before it."""
        return [key for key in (self.sealing, self.sealing_before) if key is not None]

    @property
    def language(self) -> str:
        """The language our officers read best."""
        return self.card.card.languages[0]

    def lines(self, tx: Tx) -> list[Founding]:
        """The lines this node has joined, by name."""
        return [self._as_held(tx, one) for one in self._founded(tx)]

    def _founded(self, tx: Tx) -> list[Founding]:
        """The same as they were founded, which is all that comparing asks for."""
        documents = logs.founding_documents(tx)
        return [self._open(line, raw) for line, raw in documents.items()]

    def founding(self, tx: Tx, line: str) -> Founding:
        """The line of this id or name, with its parties as ``tx`` has them.

        Raises NotFoundError.
        """
        known = self._known(line)
        if known is None:
            self._founded(tx)
            known = self._known(line)
        if known is None:
            raise NotFoundError(
                f"this node has joined no line {line[:80]!r}",
                remedy="list its lines with `detente lines`",
            )
        return self._as_held(tx, known)

    def joined(self, tx: Tx, line: str) -> Founding | None:
        """The line of this id, if this node is on it."""
        raw = logs.founding_documents(tx).get(line)
        return None if raw is None else self._as_held(tx, self._open(line, raw))

    def with_members(self, tx: Tx, view: View, founding: Founding) -> Founding:
        """The line with the parties it has taken in by these rows, and with us, who may wait.

        While we wait, our log there begins under the card of the day on which we joined.
        """
        cards = read.admitted(view, founding)
        if self.party not in founding.founders and self.party not in cards:
            raw = logs.joined_under(tx, founding.id)
            cards[self.party] = self.card if raw is None else open_card(raw)
        return founding.with_members(cards)

    def _forget(self) -> None:
        """Let go of what was computed from what others told, and may since have been recalled."""
        shapes.forget()
        self.joint_parts.clear()

    def _known(self, line: str) -> Founding | None:
        # A line, once joined, stays; and two lines of one node never have one name.
        found = self._foundings.get(line)
        if found is not None:
            return found
        return next((one for one in list(self._foundings.values()) if one.name == line), None)

    def keys(self, tx: Tx, founding: Founding, party: str) -> KeyChain:
        """The keys of a member's log, as far as it is held. Raises LookupError."""
        return read.keys(rows_of(tx, founding.id), founding, party)

    def key_for(self, public: PublicKey) -> SigningKey | None:
        """Our signing key with the halves that a line knows; None where that key is not here.

        A line may have been founded with a card of ours that had no second half yet.
        """
        try:
            return self.key.known_as(public)
        except SignatureError:
            return None

    def entries(self, tx: Tx, founding: Founding, rows: Sequence[Row]) -> list[Entry]:
        """Stored entries, taken apart again."""
        chains = {party: self.keys(tx, founding, party) for party in {row.party for row in rows}}
        return [row.entry(chains[row.party].at(row.index).keyid) for row in rows]

    def _as_held(self, tx: Tx, founding: Founding) -> Founding:
        return self.with_members(tx, rows_of(tx, founding.id), founding)

    def _open(self, line: str, raw: bytes) -> Founding:
        # A founding document never changes, so it is read and its cards verified once.
        if line not in self._foundings:
            self._foundings[line] = open_founding(raw)
        return self._foundings[line]

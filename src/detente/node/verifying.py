"""Verifying the record: is every byte of it what it was when it was signed, hashed or computed?

For every log of every line, from its first entry on: the header parses and stands at its index;
its party signed it; id, body and salt are those it was signed with; the stored tree is the one that
RFC 6962 gives over the leaves; every checkpoint and cosignature verifies and is true of that tree;
what others say they had seen of it is what is there. Then the state of the line: every row is what
folding the entries anew gives.

What is found names the first bad entry of each log. Everything after it in that log hangs on it, so
nothing more is said about the log until it is repaired.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from detente.conflict import Index
from detente.errors import DetenteError, StoreError
from detente.line import (
    Founding,
    KeyChain,
    MemoryView,
    Rows,
    apply,
    compared,
    open_founding,
    project,
    read,
)
from detente.line.abouts import ADMIT, LEAVE, RECALL, RECALLABLE, VOUCH
from detente.line.conflict_id import Pair
from detente.line.keychain import rotation
from detente.node.core import Core
from detente.node.cosigning import by_one_of
from detente.node.views import Finding
from detente.record import Entry, PublicKey, decode_header, open_card
from detente.record.checkpoint import origin
from detente.record.entry import body_hash, entry_id
from detente.record.header import MAX_PARTIES
from detente.record.tree import Frontier, leaf_hash, root_at
from detente.store import auditing, logs, raw
from detente.store.logs import Row
from detente.store.store import Tx
from detente.volumes import Activity

PAGE = 256
RESTORE = (
    "restore the store from a backup; what is missing then, delivery takes back from the peers"
)
TAKE_BACK = (
    "the database is an older copy of itself, or rows are gone: let the node reach every peer, "
    "which brings back what they hold, and write nothing until this is no longer said"
)
RESTORE_STATE = "the entries are intact; run `detente record rebuild`"
COMPARE = (
    "no byte is damaged here: either entries are missing, and delivery takes them back from the "
    "peers, or one of the two has signed what is not so; compare checkpoints over another channel"
)


def verify(core: Core) -> list[Finding]:
    """Everything that is wrong with the record held here; empty if nothing is."""
    try:
        with core.store.read(damaged=True) as tx:
            found = [_of_store(damage) for damage in raw.damage(tx)]
            checks = [
                _Line(core, tx, line, name, document) for line, name, document in raw.lines(tx)
            ]
            for check in checks:
                found += check.findings()
            found += _strays(tx, {check.line: check.founding for check in checks})
            found += [_of_audit(n) for n in auditing.damage(tx)]
    except StoreError as error:
        return [_of_store(error.message)]
    return found


def _of_store(what: str) -> Finding:
    return Finding(line="", line_name="", party="", index=None, what=what, remedy=RESTORE)


def _of_audit(n: int) -> Finding:
    what = f"row {n} of the internal audit log is not what was written, or is missing"
    return Finding(line="", line_name="", party="", index=None, what=what, remedy=RESTORE)


def _strays(tx: Tx, known: Mapping[str, Founding | None]) -> Iterator[Finding]:
    """Rows of no line or of no member: a damaged name takes a row out of its log."""
    for table, line, party in raw.owners(tx):
        founding = known.get(line)
        if line not in known or (
            founding is not None and party is not None and party not in founding.cards
        ):
            yield Finding(
                line=line,
                line_name=founding.name if founding else "",
                party=party or "",
                index=None,
                what=f"{table} has rows of a log that does not exist",
                remedy=RESTORE,
            )


def _founding(document: bytes) -> Founding | None:
    try:
        return open_founding(document)
    except DetenteError:
        return None


class Projected(NamedTuple):
    """The rows of a line's state as its entries give them, and as they are stored, finished.

    ``sizes`` are how many entries of each log that is of.
    """

    founding: Founding
    sizes: dict[str, int]
    rows: Rows
    stored: Rows


def projected(core: Core, tx: Tx, line: str, name: str, document: bytes) -> Projected | None:
    """The state of one line folded anew; None if its entries are not sound."""
    check = _Line(core, tx, line, name, document)
    if check.founding is None or check.log_findings(check.founding):
        return None
    founding = check.founding
    sizes = {party: len(log.entries) for party, log in check.logs.items()}
    stored = raw.projection(tx, line)
    # Damage can make any reader fail in any way; then it is not what the entries give.
    with suppress(Exception):
        stored = _finished(founding, stored)
    return Projected(founding, sizes, check.projected(founding), stored)


class _BadError(Exception):
    """What is wrong, with the index of the entry it is wrong at."""

    def __init__(self, index: int | None, what: str) -> None:
        super().__init__(what)
        self.index = index
        self.what = what


def _finished(founding: Founding, stored: Rows) -> Rows:
    """The state's rows as they will be when everything held has been compared."""
    waiting = [key for kind, key in stored if kind == "uncompared"]
    if not waiting:
        return stored
    view = MemoryView(stored)
    index = Index(read.terms(view, founding).separation)
    index.put_many([one.activity for one in read.activities(view) if one.activity is not None])

    def near(activity: Activity) -> list[Pair]:
        return [(found.party, found.id) for found in index.near(activity)]

    view.apply(compared(view, founding, waiting, near))
    return view.rows()


class _Log(NamedTuple):
    """A log whose entries are sound: them, and the tree over them as it ought to be."""

    entries: list[Entry]
    nodes: dict[tuple[int, int], bytes]

    def root(self, size: int) -> bytes:
        return root_at(size, lambda level, index: self.nodes[level, index])

    @property
    def has_ended(self) -> bool:
        return bool(self.entries) and self.entries[-1].header.type == LEAVE


def _check_bodies(entries: list[Entry]) -> Iterator[_BadError]:
    """Every body is there that was not recalled, and none that was."""
    recalled = {
        entry.header.about["entry"]: entry.header.index
        for entry in entries
        if entry.header.type == RECALL and isinstance(entry.header.about.get("entry"), str)
    }
    for entry in entries:
        index = entry.header.index
        may_be = entry.header.type in RECALLABLE and index < recalled.get(entry.id, -1)
        if entry.body is None and not may_be:
            yield _BadError(index, "the body is missing")
        elif entry.body is not None and may_be:
            yield _BadError(index, "the body was recalled and is still here")


class _Line:
    """The verification of one line."""

    def __init__(self, core: Core, tx: Tx, line: str, name: str, document: bytes) -> None:
        self.core = core
        self.tx = tx
        self.line = line
        self.name = name
        self.document = document
        self.founding = _founding(document)
        """With every party of the line, once the logs have been looked at."""
        self.logs: dict[str, _Log] = {}
        self.keys: dict[str, KeyChain] = {}
        self.witnesses: dict[str, tuple[PublicKey, ...]] | None = None

    def findings(self) -> Iterator[Finding]:
        founding = self.founding
        if founding is None or (founding.id, founding.name) != (self.line, self.name):
            yield self._finding("", None, "the founding document is not that of this line")
            return
        card = self._guarded("", self._check_joined_under())
        if card:
            yield from card
            return
        found = self.log_findings(founding)
        # The state hangs on all the logs: as long as one is damaged it says nothing more.
        yield from found or self._guarded("", self._check_state(), remedy=RESTORE_STATE)
        # What a party says of another's log damages nothing, and must not keep the state unchecked.
        for party in self.logs:
            yield from self._guarded(party, self._check_seen(party), remedy=COMPARE)
            if all(finding.party != party for finding in found):
                yield from self._guarded(party, self._check_marks(party), remedy=TAKE_BACK)

    def _check_joined_under(self) -> Iterator[_BadError]:
        raw_card = logs.joined_under(self.tx, self.line)
        if raw_card is not None and open_card(raw_card).card.party != self.core.party:
            yield _BadError(None, "the card that we joined it under is another party's")

    def log_findings(self, founding: Founding) -> list[Finding]:
        """What is wrong with the logs themselves.

        Whose logs there are is told by the state, and then by the entries, until both agree.
        """
        known = founding
        with suppress(Exception):
            # Damage can make any reader fail in any way.
            known = self.core.with_members(
                self.tx, MemoryView(raw.projection(self.tx, self.line)), founding
            )
        for _ in range(MAX_PARTIES):
            self.founding = known
            found = self._entry_findings(known)
            if found:
                break
            known = self.core.with_members(self.tx, self._folded(known), founding)
            if known.members == self.founding.members:
                break
        for party in list(self.logs):
            found += self._guarded(party, self._check_log(known, party))
        return found

    def _entry_findings(self, founding: Founding) -> list[Finding]:
        self.logs.clear()
        found = []
        for party in founding.members:
            found += self._guarded(party, self._check_entries(founding, party))
        return found

    def _folded(self, founding: Founding) -> MemoryView:
        """What the entries say of who is on the line; nothing where nobody was taken in."""
        view, entries = MemoryView(), self._entries()
        if any(entry.header.type == ADMIT for entry in entries):
            for entry in entries:
                view.apply(apply(view, founding, entry))
        return view

    def _entries(self) -> list[Entry]:
        return [entry for log in self.logs.values() for entry in log.entries]

    def projected(self, founding: Founding) -> Rows:
        """The state's rows as the entries give them, once the logs are found to be sound."""
        return project(founding, self._entries())

    def _guarded(
        self, party: str, check: Iterable[_BadError], remedy: str = RESTORE
    ) -> list[Finding]:
        """The first thing that a check finds. Damage can make any reader fail in any way, and
        then to be named is what it needs."""
        try:
            bad = next(iter(check), None)
        except DetenteError as error:
            bad = _BadError(None, str(error))
        except Exception as error:
            bad = _BadError(None, f"cannot be read: {type(error).__name__}: {error}")
        return [] if bad is None else [self._finding(party, bad.index, bad.what, remedy)]

    def _finding(self, party: str, index: int | None, what: str, remedy: str = RESTORE) -> Finding:
        return Finding(
            line=self.line, line_name=self.name, party=party, index=index, what=what, remedy=remedy
        )

    def _check_entries(self, founding: Founding, party: str) -> Iterator[_BadError]:
        entries: list[Entry] = []
        tree, nodes = Frontier(), dict[tuple[int, int], bytes]()
        self.keys[party] = KeyChain.from_card(founding.cards[party].public)
        while page := logs.read(self.tx, self.line, party, len(entries), PAGE):
            for row in page:
                entry = self._entry(row, len(entries))
                if isinstance(entry, _BadError):
                    yield entry
                    return
                self.keys[party] = self.keys[party].followed_by(entry.header)
                for level, index, hash_ in tree.append(leaf_hash(entry.leaf)):
                    nodes[level, index] = hash_
                entries.append(entry)
        yield from _check_bodies(entries)
        if raw.entry_count(self.tx, self.line, party) != len(entries):
            yield _BadError(0, "there are entries before the first one")
        self.logs[party] = _Log(entries, nodes)

    def _entry(self, row: Row, index: int) -> Entry | _BadError:
        """The entry of a row that should stand at ``index``, or what is wrong with it."""
        if row.index != index:
            return _BadError(index, "the entry is missing")
        try:
            key = self.keys[row.party].signer(decode_header(row.header))
            entry = row.entry(key.keyid)
            entry.envelope.verify(key)
        except DetenteError as error:
            return _BadError(index, f"the header is not what was signed: {error.message}")
        header = entry.header
        if (header.line, header.party, header.index) != (self.line, row.party, index):
            return _BadError(index, "the entry belongs elsewhere")
        if row.id != entry_id(entry.leaf):
            return _BadError(index, "the entry's id is not that of its header")
        if row.salt is None or row.body is None:
            # Whether it was recalled is asked when the log is known to its end.
            return _BadError(index, "the body is missing") if row.salt or row.body else entry
        if body_hash(row.salt, row.body) != header.body_sha256:
            return _BadError(index, "the body or its salt is not what was signed for")
        return entry

    def _check_log(self, founding: Founding, party: str) -> Iterator[_BadError]:
        yield from self._check_vouched(founding, party)
        yield from self._check_tree(party)
        yield from self._check_checkpoints(party)
        yield from self._check_cosignatures(founding, party)

    def _check_vouched(self, founding: Founding, party: str) -> Iterator[_BadError]:
        """Every key that its own party could not hand over, the others have vouched for."""
        ended = {one for one, log in self.logs.items() if log.has_ended}
        vouched = {link.start for link in self.keys[party].links if link.vouched}
        for entry in self.logs[party].entries:
            rotated = rotation(entry.header)
            if rotated is None or not rotated.vouched or entry.header.index not in vouched:
                continue
            # Whoever was taken in later had no part in it; who has left need not have had one.
            others = {*founding.founders, *entry.header.seen} - {party} - ended
            wanted = {"party": party, "card_sha256": rotated.card_sha256}
            given = {
                other
                for other in others & self.logs.keys()
                for one in self.logs[other].entries
                if one.header.type == VOUCH and one.header.about == wanted
            }
            for other in sorted((others & self.logs.keys()) - given):
                yield _BadError(entry.header.index, f"{other} has not vouched for this key")

    def _check_tree(self, party: str) -> Iterator[_BadError]:
        expected = self.logs[party].nodes
        stored = raw.tree(self.tx, self.line, party)
        for level, index in sorted(expected.keys() | stored.keys()):
            if expected.get((level, index)) != stored.get((level, index)):
                yield _BadError(
                    index << level,
                    f"the stored tree is wrong at level {level}, index {index}",
                )

    def _check_checkpoints(self, party: str) -> Iterator[_BadError]:
        log = self.logs[party]
        stored = raw.checkpoints(self.tx, self.line, party)
        keys, name = self.keys[party], origin(self.line, party)
        for size, data in stored.items():
            last = max(0, size - 1)
            try:
                note = data.decode("utf-8")
                found = keys.open_checkpoint(note, name)
                sound = (found.size, keys.bare(note, name)) == (size, note)
            except (DetenteError, UnicodeDecodeError):
                sound = False
            if not sound:
                yield _BadError(last, f"the checkpoint of {size} entries does not verify")
            elif size > len(log.entries):
                yield _BadError(len(log.entries), f"entries up to {last} were there and are not")
            elif found.root != log.root(size):
                yield _BadError(last, f"the checkpoint of {size} entries is of other entries")
        if party == self.core.party and len(log.entries) not in stored:
            yield _BadError(len(log.entries) - 1, "our newest entry has no checkpoint")

    def _check_cosignatures(self, founding: Founding, party: str) -> Iterator[_BadError]:
        notes = raw.checkpoints(self.tx, self.line, party)
        for row in raw.cosignatures(self.tx, self.line, party):
            if not self._cosigned(founding, party, row, notes.get(row.size)):
                yield _BadError(
                    max(0, row.size - 1),
                    f"the cosignature by {row.cosigner} of {row.size} entries does not verify",
                )

    def _cosigned(
        self, founding: Founding, party: str, row: raw.Cosignature, note: bytes | None
    ) -> bool:
        if row.cosigner in founding.cards:
            keys = self.keys[row.cosigner].all
        else:
            keys = self._witnesses(founding).get(row.cosigner, ())
        if note is None or not keys or row.cosigner == party:
            return False
        try:
            line, text = row.signature.decode("utf-8"), note.decode("utf-8")
            return by_one_of(keys, line, text, row.cosigner) == row.time_s
        except (DetenteError, UnicodeDecodeError):
            return False

    def _check_marks(self, party: str) -> Iterator[_BadError]:
        """What the marks outside the store say was shown, or cosigned by us, is here.

        A row that is gone leaves no trace in the store. So this finds that the end of a log is
        gone, and our newest cosignature of another; of older ones, and of what others cosigned,
        nothing is known outside.
        """
        log, own = self.logs[party], party == self.core.party
        shown, root = self.core.marks.of(self.line, party)
        what = "shown to others" if own else "cosigned by us"
        cosigned = logs.newest_cosigned(self.tx, self.line, party, self.core.party)
        held = len(log.entries)
        if shown > held:
            yield _BadError(
                held, f"{shown} entries of {party} have been {what}, and {held} are held here"
            )
        elif log.root(shown) != root:
            yield _BadError(max(0, shown - 1), f"another log of {party} has been {what}")
        elif not own and cosigned < shown:
            yield _BadError(shown - 1, f"our cosignature of {shown} entries is missing")

    def _witnesses(self, founding: Founding) -> dict[str, tuple[PublicKey, ...]]:
        """By the state as it is stored, which is checked for itself."""
        if self.witnesses is None:
            stored = MemoryView(raw.projection(self.tx, self.line))
            self.witnesses = read.witness_keys(stored, founding)
        return self.witnesses

    def _check_seen(self, party: str) -> Iterator[_BadError]:
        """What a writer says it has seen of a log must be what is held of that log here."""
        for entry in self.logs[party].entries:
            for other, seen in entry.header.seen.items():
                held = self.logs.get(other)
                if held is None:
                    continue
                if seen.size > len(held.entries):
                    # What only others hold of others' logs may be on its way to us.
                    if self.core.party in (party, other):
                        yield _BadError(
                            entry.header.index,
                            f"{party} has seen {seen.size} entries of {other}, and "
                            f"{len(held.entries)} are held here",
                        )
                elif held.root(seen.size).hex() != seen.root:
                    yield _BadError(
                        entry.header.index,
                        f"{party} has seen another log of {other} than is held here",
                    )

    def _check_state(self) -> Iterator[_BadError]:
        assert self.founding is not None
        expected = self.projected(self.founding)
        stored = _finished(self.founding, raw.projection(self.tx, self.line))
        for kind, key in sorted(expected.keys() | stored.keys()):
            if expected.get((kind, key)) != stored.get((kind, key)):
                yield _BadError(None, f"the state's row {kind} {key} is not what the entries give")

"""A line's record as it was exported, read and verified without any node and without any secret.

The folder is what ``detente record export`` writes: the founding document, and of each log the
bundles of its entries and a checkpoint. Every entry is verified by the key its party had at that
place, every log's tree against its checkpoint, and the entries are folded as a node folds them. So
what is read here of the line is what its parties have signed, whoever hands the folder over.

What an export leaves out cannot be seen in it: a log is as long as its checkpoint says, and a later
one may say more.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from typing import BinaryIO

import msgspec

from detente.errors import LimitError, RecordError, SignatureError
from detente.line import read
from detente.line.fold import apply
from detente.line.founding import MAX_FOUNDING_BYTES, Founding, open_founding
from detente.line.keychain import KeyChain, claimed_size, rotation
from detente.line.recalling import check_recalled
from detente.line.view import MemoryView
from detente.record.checkpoint import origin
from detente.record.entry import MAX_BUNDLE_BYTES, Entry, read_entry
from detente.record.header import MAX_PARTIES, Header
from detente.record.keys import PublicKey
from detente.record.note import MAX_NOTE_BYTES
from detente.record.tiles import number_path, widths
from detente.record.tree import Frontier, leaf_hash

EXPORT_AGAIN = "export the record again, from another node if need be"

Opened = Callable[[str], BinaryIO | None]
"""Opens a file of the folder by its path there; None where there is none."""
Told = Callable[[str, int, int], None]
"""Is told of which log how many entries of how many are verified."""


class Exported(msgspec.Struct, frozen=True):
    """A verified record: the line with its members, its state, and each log's keys and size."""

    founding: Founding
    view: MemoryView
    keys: dict[str, KeyChain]
    sizes: dict[str, int]


def read_exported(open_: Opened, told: Told = lambda *_: None) -> Exported:
    """Read and verify an exported record.

    Raises RecordError (or InputError, LimitError) that names the log and the entry at which it is
    not what was signed.
    """
    founding = open_founding(_whole(open_, "founding.json", MAX_FOUNDING_BYTES))
    view, logs = MemoryView(), dict[str, _Log]()
    for _ in range(MAX_PARTIES):
        left = [party for party in founding.members if party not in logs]
        if not left:
            break
        for party in left:
            # What names a party that is taken in later stands in the logs of those before it.
            logs[party] = _Log(founding, party)
            logs[party].read(open_, view, told)
        founding = founding.with_members(read.admitted(view, founding))
    for log in logs.values():
        log.check_vouched(view, founding)
    keys = {party: log.keys for party, log in logs.items()}
    return Exported(founding, view, keys, {party: log.size for party, log in logs.items()})


class _Log:
    """The reading of one log."""

    def __init__(self, founding: Founding, party: str) -> None:
        self.founding = founding
        self.party = party
        self.keys = KeyChain.from_card(founding.cards[party].public)
        self.size = 0
        self._vouched: list[Header] = []

    def read(self, open_: Opened, view: MemoryView, told: Told) -> None:
        """Verify every entry and fold it into ``view``; then the tree against the checkpoint."""
        path = f"{self.party}/checkpoint"
        note = _whole(open_, path, MAX_NOTE_BYTES, needed=False).decode("utf-8", "replace")
        if not note:
            return
        size = claimed_size(note)
        if size < 0:
            raise RecordError("is no checkpoint", where=path, remedy=EXPORT_AGAIN)
        tree = Frontier()
        for bundle in self._bundles(open_, size):
            entry = self._entry(bundle)
            view.apply(apply(view, self.founding, entry))
            tree.append(leaf_hash(entry.leaf))
            told(self.party, self.size, size)
        self._check_root(note, tree)

    def _bundles(self, open_: Opened, size: int) -> Iterator[bytes]:
        for number, width in widths(size):
            path = f"{self.party}/bundles/{number_path(number, width)}"
            with _file(open_, path) as file:
                if file is None:
                    raise _missing(path)
                for _ in range(width):
                    yield file.readline(MAX_BUNDLE_BYTES + 1)
                if file.read(1):
                    raise RecordError(
                        f"has more than {width} entries", where=path, remedy=EXPORT_AGAIN
                    )

    def _entry(self, bundle: bytes) -> Entry:
        index, later = self.size, self.keys

        def key_of(header: Header) -> PublicKey:
            nonlocal later
            if header.party != self.party:
                raise LookupError(header.party)
            if header.index == index:
                return self.keys.signer(header)
            # What recalls a body stands in its place, with the changes of keys before it.
            key, later = later.signer(header), later.followed_by(header)
            return key

        entry = read_entry(bundle, key_of)
        check_recalled(entry)
        if (entry.header.line, entry.header.index) != (self.founding.id, index):
            raise RecordError(
                f"entry {entry.header.party}/{entry.header.index} stands where entry {index} "
                "of this line belongs",
                where=f"log of {self.party}",
                remedy=EXPORT_AGAIN,
            )
        following = self.keys.followed_by(entry.header)
        if following.links[-1:] != self.keys.links[-1:] and following.links[-1].vouched:
            self._vouched.append(entry.header)
        self.keys, self.size = following, index + 1
        return entry

    def _check_root(self, note: str, tree: Frontier) -> None:
        where = f"log of {self.party}"
        found = self.keys.open_checkpoint(note, origin(self.founding.id, self.party))
        if found.root != tree.root():
            raise RecordError(
                "its entries are not those that its checkpoint covers",
                where=where,
                remedy=EXPORT_AGAIN,
            )

    def check_vouched(self, view: MemoryView, founding: Founding) -> None:
        """Every key that its own party could not hand over, the others have vouched for."""
        for header in self._vouched:
            rotated = rotation(header)
            assert rotated is not None
            missing = read.unvouched(view, founding, self.party, rotated.card_sha256, header.seen)
            if missing:
                raise SignatureError(
                    f"{', '.join(sorted(missing))} has not vouched for the key of {self.party} "
                    f"from entry {header.index} on, by this record",
                    where=f"log of {self.party}",
                    remedy="export the record from a node that holds every log",
                )


def _file(open_: Opened, path: str) -> AbstractContextManager[BinaryIO | None]:
    file = open_(path)
    return nullcontext() if file is None else closing(file)


def _whole(open_: Opened, path: str, limit_bytes: int, *, needed: bool = True) -> bytes:
    with _file(open_, path) as file:
        if file is None and needed:
            raise _missing(path)
        data = b"" if file is None else file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise LimitError(
            f"is longer than {limit_bytes:,} bytes", where=path, remedy="refuse this folder"
        )
    return data


def _missing(path: str) -> RecordError:
    return RecordError(
        "is not in the folder",
        where=path,
        remedy="give the folder that `detente record export --tiles` wrote, all of it",
    )

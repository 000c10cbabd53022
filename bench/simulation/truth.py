"""What is true, kept apart from the nodes: what officers were told is on the record, and what was
signed. Whatever a node holds, says or signs is held against this.

Roots are computed here from leaves by the definition in RFC 6962, section 2.1, and not by the
product. A party whose own node has signed two histories (a hostile one, or one restored from a
backup that could not know) has no one truth any more: it is *split*, and what is checked then is
that nobody else suffers by it.
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from detente.errors import DetenteError
from detente.record import PublicKey
from detente.record.checkpoint import (
    cosignatures_of,
    cosigner_of,
    open_checkpoint,
    origin,
    read_checkpoint,
    verify_cosignature,
)

SECRET = b"secret"
"""Stands in every title and every officer's name; nothing with it may leave a node."""

BY_ITSELF = "recall.honoured"
"""What a node writes of its own accord."""


class ViolationError(Exception):
    """What must never happen has happened."""


def check(holds: bool, what: str) -> None:
    """Raise ViolationError unless it holds."""
    if not holds:
        raise ViolationError(what)


class Statement(NamedTuple):
    """A genuine signature under a checkpoint: its party's, or a cosigner's."""

    party: str
    cosigner: str | None
    size: int
    root: bytes


class Truth:
    """One line's truth."""

    def __init__(self, line: str, parties: tuple[str, ...], honest: tuple[str, ...]) -> None:
        self.line = line
        self.parties = parties
        self.honest = honest
        self.leaves: dict[str, list[bytes]] = {party: [] for party in honest}
        self.split: list[str] = []
        self.missing: dict[str, int] = {}
        self.shown: dict[str, int] = dict.fromkeys(honest, 0)
        self.silenced: set[str] = set()
        """Parties whose marks speak of entries that are nowhere any more: they may never write."""
        self._keys: dict[str, list[PublicKey]] = {party: [] for party in parties}
        self._read: dict[str, list[Statement]] = {}
        self._cosigned: dict[tuple[str, str, int], set[bytes]] = defaultdict(set)

    def one_history(self, party: str) -> bool:
        """Whether there is one true log of a party."""
        return party in self.honest and party not in self.split

    def know(self, party: str, key: PublicKey) -> None:
        """A party's node signs with this key. Every key that it ever had makes a signature genuine:
        which of them belongs where is for the nodes to know."""
        if key not in self._keys[party]:
            self._keys[party].insert(0, key)
            self._read.clear()

    # --- what officers were told ------------------------------------------------------------------

    def written(self, party: str, index: int, leaf: bytes) -> None:
        """An officer was told that an entry is on the record at ``index``."""
        if party not in self.honest:
            return
        log = self.leaves[party]
        if party in self.split or (index < len(log) and log[index] == leaf):
            return
        check(index <= len(log), f"{party}/{index} leaves a gap behind {len(log)} entries")
        if index == len(log):
            log.append(leaf)
            return
        check(party in self.missing, f"{party}/{index} was written twice")
        check(
            index >= self.shown[party],
            f"{party}/{index} was written although its node had been shown that it had signed "
            f"{self.shown[party]} entries",
        )
        self.split.append(party)
        self.missing.pop(party)

    def rolled_back(
        self,
        party: str,
        held: int,
        elsewhere: int,
        *,
        may_be_accused: bool,
        marks_stay: bool,
        marked: int,
    ) -> None:
        """A node was restored to ``held`` entries of its own; others hold ``elsewhere`` of them.

        What nobody holds is gone: no protocol can bring it back. If somebody may have kept a
        checkpoint of it, then what is written in its place will be a second history. If its marks
        stayed (``marks_stay``), it knows of everything that others hold, and may write nothing in
        the place of that. By its marks, whichever they are now, it has shown ``marked`` of them: of
        what nobody holds any more it may write nothing again.
        """
        log, left = self.leaves[party], max(held, elsewhere)
        lost = left < len(log) or party in self.silenced
        if marked > left:
            self.silenced.add(party)
        else:
            # A second backup may have brought back older marks than the first.
            self.silenced.discard(party)
            if lost and not marks_stay and may_be_accused:
                self.split.append(party)
        del log[left:]
        self.shown[party] = left if marks_stay else 0
        if held < left:
            self.missing[party] = left

    # --- what was signed --------------------------------------------------------------------------

    def hear(self, content: bytes, pushed: bytes | None = None) -> Iterator[Statement]:
        """The statements in a message; ``pushed`` is what it answers to."""
        value, asked = _json(content), _json(pushed)
        notes = list(_notes(value))
        if isinstance(value, dict) and isinstance(line := value.get("cosignature"), str):
            notes += [f"{note}{line}\n" for note in _notes(asked)]
        for note in notes:
            yield from self._statements(note)

    def judge(self, said: Statement, held: list[bytes] | None, restored: int) -> None:
        """Hold a statement against the truth.

        ``held`` is what its cosigner holds of that log, if it was heard from the cosigner itself;
        ``restored`` is how often that one was restored from a backup.
        """
        party, cosigner, size, root = said
        what = f"the checkpoint of {size} entries of {party}"
        if cosigner is None:
            if self.one_history(party):
                log = self.leaves[party]
                check(size <= len(log), f"{what} covers more than were written")
                check(root == root_of(log[:size]), f"{what} is of other entries than were written")
            return
        if cosigner not in self.honest:
            return
        roots = self._cosigned[cosigner, party, size]
        roots.add(root)
        # One that was restored may have forgotten the first, and is then told of a second.
        check(len(roots) <= 1 + restored, f"{cosigner} cosigned two roots of {what}")
        if held is not None:
            check(len(held) >= size, f"{cosigner} cosigned {what} and holds {len(held)}")
            check(root == root_of(held[:size]), f"{cosigner} cosigned {what}, and holds others")

    def _statements(self, note: str) -> list[Statement]:
        if note not in self._read:
            self._read[note] = list(self._verified(note))
        return self._read[note]

    def _verified(self, note: str) -> Iterator[Statement]:
        """Only genuine ones: what somebody else made up binds nobody.

        Of a hostile party's checkpoint its own signature counts for nothing here: whether another
        cosigns it is what matters.
        """
        for party in self.parties:
            name = origin(self.line, party)
            if not note.startswith(name + "\n"):
                continue
            try:
                size, root = self._opened(note, party, name)
                lines = cosignatures_of(note)
            except DetenteError:
                return
            yield Statement(party, None, size, root)
            for line in lines:
                cosigner = cosigner_of(line)
                if cosigner in self.honest and self._cosigned_by(cosigner, line, note):
                    yield Statement(party, cosigner, size, root)

    def _opened(self, note: str, party: str, name: str) -> tuple[int, bytes]:
        if party not in self.honest:
            found = read_checkpoint(note)
            return found.size, found.root
        for key in self._keys[party][:-1]:
            with suppress(DetenteError):
                found = open_checkpoint(note, key, name)
                return found.size, found.root
        found = open_checkpoint(note, self._keys[party][-1], name)
        return found.size, found.root

    def _cosigned_by(self, cosigner: str, line: str, note: str) -> bool:
        for key in self._keys[cosigner]:
            with suppress(DetenteError):
                verify_cosignature(line, note, cosigner, key)
                return True
        return False


def leaf_of(bundle: dict[str, Any]) -> bytes:
    """The leaf of an entry: DSSE's pre-authentication encoding of its header."""
    kind, header = bundle["envelope"]["payloadType"].encode(), header_bytes(bundle)
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(header), header)


def header_bytes(bundle: dict[str, Any]) -> bytes:
    """The header of an entry as it was signed."""
    return base64.b64decode(bundle["envelope"]["payload"])


@lru_cache(maxsize=4096)
def header_of(leaf: bytes) -> dict[str, Any]:
    """The header in a leaf: what follows the last of DSSE's lengths."""
    header: dict[str, Any] = json.loads(leaf.split(b" ", 4)[4])
    return header


def type_of(leaf: bytes) -> str:
    """What kind of entry it is."""
    return str(header_of(leaf)["type"])


def about_of(leaf: bytes) -> dict[str, Any]:
    """The facts in its header."""
    about: dict[str, Any] = header_of(leaf)["about"]
    return about


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash (RFC 6962, section 2.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def _json(content: bytes | None) -> Any:
    try:
        return json.loads(content or b"null")
    except (ValueError, RecursionError):
        return None


def _notes(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("detente.invalid/line/"):
            yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _notes(one)

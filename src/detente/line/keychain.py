"""Which keys of a party sign which entries of its log: docs/protocol.md, section 2.

A log begins under the key of the founding card. A ``key.rotate`` entry signed by the present key
hands over to the key that it names: the next entry is signed by that one, and so on from there.
Where the present key is lost or stolen, the entry is *vouched*: signed by the new key itself, and
worth something only once every other member has vouched for that key on its own log.

Each key is a pair, of which the second half (ML-DSA-44) may be missing, may be added or replaced
along with the first, and never goes.

So every entry names no key, and each is verified by its place alone, for ever: what was signed
before a rotation stays signed by the key of that time. Everything here is decided by headers, in
the order of one log, so that two nodes holding the same log hold the same chain. A checkpoint of
*n* entries is signed by the key that signed entry *n* - 1, and so is whole with it.
"""

from typing import Self

import msgspec

from detente.errors import DetenteError, InputError, SignatureError
from detente.line.abouts import ROTATE, KeyRotated, read_about
from detente.record.checkpoint import Checkpoint, bare_note, open_checkpoint
from detente.record.header import Header
from detente.record.keys import PublicKey
from detente.record.mldsa import MlDsaPublicKey
from detente.record.reading import decode_base64


class Link(msgspec.Struct, frozen=True):
    """``key`` signs from entry ``start`` on; ``vouched``: the key before it had no part in that."""

    start: int
    key: PublicKey
    vouched: bool = False


class KeyChain(msgspec.Struct, frozen=True):
    """The keys of one log, oldest first."""

    links: tuple[Link, ...]

    @classmethod
    def from_card(cls, public: PublicKey) -> Self:
        """The chain of a log that has rotated no key."""
        return cls((Link(0, public),))

    @property
    def newest(self) -> PublicKey:
        """The key that signs the next entry."""
        return self.links[-1].key

    @property
    def all(self) -> tuple[PublicKey, ...]:
        """Every key there was, newest first."""
        return tuple(link.key for link in reversed(self.links))

    @property
    def trusted(self) -> tuple[PublicKey, ...]:
        """The keys whose new cosignatures are taken, newest first.

        A cosignature names no place in its cosigner's log, and may be passed on long after. So
        every key counts that was handed over in order; none from before one was lost or stolen.
        """
        found: list[PublicKey] = []
        for link in reversed(self.links):
            found.append(link.key)
            if link.vouched:
                break
        return tuple(found)

    def at(self, index: int) -> PublicKey:
        """The key that signs entry ``index``."""
        return next(link.key for link in reversed(self.links) if link.start <= max(0, index))

    def of_checkpoint(self, size: int) -> PublicKey:
        """The key that signs the checkpoint of ``size`` entries."""
        return self.at(size - 1)

    def signer(self, header: Header) -> PublicKey:
        """The key that must have signed this entry, the next one or an earlier one.

        For a vouched rotation that is its own new key: whether the others have vouched for it is
        for whoever holds their logs to say (``vouched``).
        """
        link = self._next(header)
        return link.key if link is not None and link.vouched else self.at(header.index)

    def by_itself(self, header: Header) -> bool:
        """Whether this entry hands over to the very key that it is signed with."""
        link = self._next(header)
        return link is not None and link.vouched

    def open_checkpoint(self, note: str, origin: str) -> Checkpoint:
        """A checkpoint of this log, signed by the key of its size.

        Raises as ``record.checkpoint.open_checkpoint`` does.
        """
        wrong: SignatureError | None = None
        for key in self.all:
            try:
                found = open_checkpoint(note, key, origin)
            except SignatureError as error:
                wrong = wrong or error
                continue
            if self.of_checkpoint(found.size) == key:
                return found
        raise wrong or SignatureError(
            "signed by a key of its party that does not sign checkpoints of that size",
            remedy="refuse it and ask its party for its checkpoint",
            where="checkpoint",
        )

    def bare(self, note: str, origin: str) -> str:
        """An opened checkpoint's note with the signature of its own party alone."""
        return bare_note(note, self.of_checkpoint(claimed_size(note)), origin)

    def followed_by(self, header: Header) -> "KeyChain":
        """The chain after an entry: itself, or with one link more."""
        link = self._next(header)
        return self if link is None else KeyChain((*self.links, link))

    def _next(self, header: Header) -> Link | None:
        rotated = rotation(header)
        if rotated is None or header.index < self.links[-1].start:
            return None
        try:
            key = new_key(rotated, self.newest)
        except InputError:
            return None
        # A key that was left behind may have been left because it was stolen.
        if key.raw in {one.raw for one in self.all}:
            return None
        return Link(header.index + (not rotated.vouched), key, rotated.vouched)


def claimed_size(note: str) -> int:
    """The size that a note says it is a checkpoint of, unverified; -1 where it says none."""
    size = [*note.split("\n", 2), "", ""][1]
    return int(size) if size.isdecimal() and size.isascii() and len(size) < 17 else -1


def rotation(header: Header) -> KeyRotated | None:
    """The facts of a rotation whose facts are sound; None for every other entry."""
    if header.type != ROTATE:
        return None
    try:
        about = read_about(header.type, header.about)
    except InputError:
        return None
    return about if isinstance(about, KeyRotated) else None


def new_key(rotated: KeyRotated, before: PublicKey) -> PublicKey:
    """The key that follows ``before`` by a rotation. Raises ``InputError`` for what is no key."""
    try:
        return key_after(rotated.sign_key, rotated.ml_dsa_44_key, before)
    except DetenteError as error:
        raise InputError(error.message, where="key", remedy=error.remedy) from None


def key_after(sign_key: str, ml_dsa: str | None, before: PublicKey) -> PublicKey:
    """The key of these halves, base64; the second of ``before`` stays where none is named.

    Raises RecordError.
    """
    second = before.ml_dsa
    if ml_dsa is not None:
        second = MlDsaPublicKey(decode_base64(ml_dsa, "ml_dsa_44_key"))
    return PublicKey(decode_base64(sign_key, "sign_key"), second)

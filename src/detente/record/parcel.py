"""Parcels: what is carried to a party by hand, sealed (docs/protocol.md, section 9).

::

    detente-parcel 1␊
    {"to":"ru","key":"hex SHA-256 of the x_wing_key","sealed":"b64 of the file key, sealed"}␊
    <length, 4 bytes><chunk 0, sealed><length><chunk 1, sealed> …

The two lines are the *label*. A chunk is AES-256-GCM under the file key; its nonce is its number in
eleven bytes and one that says whether it is the last, its associated data the label's SHA-256. This
is the STREAM construction (Hoang and others, 2015) as age has it, with larger chunks, each a whole
JSON document: so nothing of a document is read before all of it is found to be authentic, and no
more than one is ever held.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from detente.errors import LimitError, RecordError
from detente.record.reading import (
    Hash,
    PartyId,
    decode_base64,
    encode_base64,
    read_json,
    read_struct,
)
from detente.record.sealing import SealingKey, SealingPublicKey
from detente.record.strict_json import canonical

MAGIC = b"detente-parcel "
VERSION = b"1"
LABEL_BYTES_MAX = 4 * 1024
LETTER_BYTES_MAX = 1024 * 1024
CHUNK_BYTES_MAX = 8 * 1024 * 1024
CHUNKS_MAX = 65_536
PARCEL_BYTES_MAX = 2**32 - 1

FILE_KEY_BYTES = 32
_TAG_BYTES = 16
_USE = b"detente/parcel/v1\n"

ASK_AGAIN = "ask for a new one; what came before the damage is kept"


class Source(Protocol):
    """What a parcel is read from: a file, or what comes over a connection."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second line: for whom, under which of its keys, and the file key, sealed to it."""

    to: PartyId
    key: Hash
    sealed: str


class Sealer:
    """Writes one parcel. ``label`` comes first, then what ``seal`` gives for each chunk."""

    def __init__(self, to: str, key: SealingPublicKey, file_key: bytes) -> None:
        """``file_key`` is 32 bytes of new randomness for every parcel."""
        sealed = encode_base64(key.seal(file_key, _USE + to.encode()))
        wire = canonical(msgspec.to_builtins(Label(to, key.keyid, sealed)))
        self.label = MAGIC + VERSION + b"\n" + wire + b"\n"
        self._digest = hashlib.sha256(self.label).digest()
        self._cipher = AESGCM(file_key)
        self._number = 0
        self._bytes = len(self.label)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the label: which parcel this is."""
        return self._digest.hex()

    def seal(self, chunk: bytes, *, last: bool = False) -> bytes:
        """The bytes of the next chunk in the file. Raises LimitError beyond the limits."""
        self._bytes += 4 + len(chunk) + _TAG_BYTES
        too_long = len(chunk) > _limit_bytes(self._number) or self._bytes > PARCEL_BYTES_MAX
        if too_long or self._number >= CHUNKS_MAX:
            raise LimitError(
                "more than a parcel holds",
                where=f"chunk {self._number}",
                remedy="make several parcels, of one log or of part of one each",
            )
        nonce = _nonce(self._number, last=last)
        self._number += 1
        sealed = self._cipher.encrypt(nonce, chunk, self._digest)
        return len(sealed).to_bytes(4, "big") + sealed


class Opener:
    """Reads one parcel. Nothing that it gives has not been found to be authentic."""

    def __init__(self, source: Source, party: str, keys: Sequence[SealingKey]) -> None:
        """Read the label and open what is sealed to one of ``keys``, those of ``party``.

        Raises RecordError if this is no parcel of this version, for somebody else, or sealed to
        another key, LimitError for a label too long.
        """
        self._source = source
        first = self._line(LABEL_BYTES_MAX, MAGIC)
        _check_version(first)
        second = self._line(LABEL_BYTES_MAX - len(first))
        self._digest = hashlib.sha256(first + second).digest()
        label = read_struct(read_json(second, LABEL_BYTES_MAX, "label"), Label, "label")
        self._cipher = AESGCM(_file_key(label, party, keys))
        self._bytes = len(first) + len(second)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the label: which parcel this is."""
        return self._digest.hex()

    def chunks(self) -> Iterator[bytes]:
        """Every chunk in its order, up to the last one, behind which there is nothing.

        Raises RecordError for one that is not authentic, or at its place, and where they end
        before the last; LimitError for one that is too long, or one too many.
        """
        for number in range(CHUNKS_MAX):
            chunk, last = self._chunk(number)
            if last and self._source.read(1):
                raise _damaged("something stands behind its end", number)
            yield chunk
            if last:
                return
        raise LimitError(
            f"more than {CHUNKS_MAX:,} chunks", where="parcel", remedy="refuse it; ask for less"
        )

    def _chunk(self, number: int) -> tuple[bytes, bool]:
        length = int.from_bytes(self._exactly(4, number), "big")
        limit_bytes = _limit_bytes(number) + _TAG_BYTES
        if length > limit_bytes:
            raise LimitError(
                f"says it is {length:,} bytes long, where at most {limit_bytes:,} are accepted",
                where=f"chunk {number}",
                remedy=ASK_AGAIN,
            )
        self._bytes += 4 + length
        if self._bytes > PARCEL_BYTES_MAX:
            raise LimitError(
                f"is longer than {PARCEL_BYTES_MAX:,} bytes",
                where="parcel",
                remedy="ask for one log at a time; what came before is kept",
            )
        sealed = self._exactly(length, number)
        for last in (False, True):
            try:
                nonce = _nonce(number, last=last)
                return self._cipher.decrypt(nonce, sealed, self._digest), last
            except (InvalidTag, ValueError):
                continue
        raise _damaged(
            "its bytes were changed, or chunks are missing or out of their order", number
        )

    def _exactly(self, size: int, number: int) -> bytes:
        pieces, missing = [], size
        while missing:
            piece = self._source.read(missing)
            if not piece:
                raise RecordError(
                    f"is cut short: it ends in or before chunk {number}, which is not its last",
                    where="parcel",
                    remedy="copy the whole file again, or " + ASK_AGAIN,
                )
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _line(self, limit_bytes: int, begins: bytes = b"") -> bytes:
        """The next line of the label, with its end."""
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = self._source.read(1)
            line += byte
            as_begun = line[: len(begins)] == begins[: len(line)]
            if not byte or not as_begun or len(line) > limit_bytes:
                raise _no_parcel()
        return bytes(line)


def _limit_bytes(number: int) -> int:
    return CHUNK_BYTES_MAX if number else LETTER_BYTES_MAX


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _check_version(line: bytes) -> None:
    version = line.removeprefix(MAGIC).removesuffix(b"\n")
    if version == VERSION:
        return
    shown = version[:20].decode("ascii", "replace")
    raise RecordError(
        f"is a parcel of version {shown if shown.isprintable() else '?'!r}, and this node reads "
        f"version {VERSION.decode()}",
        where="label",
        remedy="ask its sender which version of Détente it was made with, and for one of this",
    )


def _file_key(label: Label, party: str, keys: Sequence[SealingKey]) -> bytes:
    if label.to != party:
        raise RecordError(
            f"is for {label.to}, not for {party}",
            where="label",
            remedy=f"hand it to {label.to}; nobody else can open it",
        )
    key = next((one for one in keys if one.public.keyid == label.key), None)
    if key is None:
        raise RecordError(
            f"is sealed to a key of {party} that this node has not",
            where="label",
            remedy="give its sender our present card (`detente card`), and ask for a new one; if "
            "the node lost its keys, restore all of them together",
        )
    opened = key.open(decode_base64(label.sealed, "label"), _USE + party.encode())
    if len(opened) != FILE_KEY_BYTES:
        raise _damaged("its key is none", 0)
    return opened


def _no_parcel() -> RecordError:
    return RecordError(
        "is no parcel",
        where="label",
        remedy="check that this is the file that `detente line export` has written",
    )


def _damaged(why: str, number: int) -> RecordError:
    return RecordError(why, where=f"chunk {number}", remedy=ASK_AGAIN)

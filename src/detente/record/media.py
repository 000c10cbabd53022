"""Sealed media: what was collected on a visit, in a file that opens with both parties' keys only.

docs/protocol.md, section 10, "Sealed media"::

    detente-media 1␊
    {"item":"roll-1","line":"hex","visit":"hex"}␊
    <chunk 0, sealed><chunk 1, sealed> …
    <envelope of the manifest, JSON><its length, 4 bytes>

The two lines are the *head*. The content is cut into pieces of 1 MiB, the last one shorter, each
sealed with AES-256-GCM under the content key: its nonce is its number in eleven bytes and one that
says whether it is the last, its associated data the head's SHA-256 (the STREAM construction, as in
``parcel``). What is held is one piece, however long the content.

The *manifest* comes last, because it names the hash of all that stands before it; so the file is
written in one go. Both parties sign it. It holds each party's share of the content key (``shares``)
and therefore binds every byte of the file but the signatures, which have one spelling.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from detente.errors import LimitError, RecordError, SignatureError
from detente.record.countersigned import Countersigned
from detente.record.keys import PublicKey
from detente.record.reading import Hash, PartyId, read_json, read_struct
from detente.record.strict_json import canonical
from detente.volumes.printable import is_printable

MAGIC = b"detente-media "
VERSION = b"1"
MANIFEST_TYPE = "application/vnd.detente.media.v1+json"
CHUNK_BYTES = 1024 * 1024
MANIFEST_BYTES_MAX = 1024 * 1024
ENVELOPE_BYTES_MAX = 2 * MANIFEST_BYTES_MAX
CONTENT_BYTES_MAX = 1 << 40
FILES_MAX = 4096

_TAG_BYTES = 16
_LENGTH_BYTES = 4
_HEAD_BYTES_MAX = 1024
_NAME_BYTES_MAX = 255
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\.|\Z)", re.IGNORECASE | re.ASCII)
"""What Windows takes for a device, whatever the ending."""

Item = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")]
ContentSize = Annotated[int, Meta(ge=0, le=CONTENT_BYTES_MAX)]
Told = Callable[[int, int], None]
"""Is told how many bytes of how many are done."""


class Source(Protocol):
    """A file to read a sealed one from: it can be read at any place."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, from the beginning (0) or the end (2); which one that is."""
        ...


class Keyed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two parties: the ids of the keys it signs with and its share is sealed to.

    ``share`` is base64 of its half of the content key, sealed; ``share_sha256`` is of the half.
    """

    sign_key: Hash
    x_wing_key: Hash
    share: Annotated[str, Meta(max_length=4096)]
    share_sha256: Hash


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the files whose bytes, one after the other, are the content."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    size_bytes: ContentSize


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: Hash
    visit: Hash
    item: Item


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What both sign. ``content_sha256`` and ``size_bytes`` are of the content as collected.

    ``sealed_sha256`` and ``sealed_bytes`` are of all that stands before the manifest's envelope.
    """

    v: Literal[1]
    line: Hash
    visit: Hash
    item: Item
    sealed_by: PartyId
    parties: Annotated[dict[PartyId, Keyed], Meta(min_length=2, max_length=2)]
    files: Annotated[tuple[Part, ...], Meta(max_length=FILES_MAX)]
    content_sha256: Hash
    size_bytes: ContentSize
    sealed_sha256: Hash
    sealed_bytes: Annotated[int, Meta(ge=0, le=2 * CONTENT_BYTES_MAX)]

    def other(self, party: str) -> str:
        """The one of the two that is not ``party``. Raises RecordError if it is none of them."""
        if party not in self.parties:
            raise RecordError(
                f"is for {' and '.join(sorted(self.parties))}, and {party} is neither",
                where="manifest",
                remedy="hand it to one of them",
            )
        return next(one for one in self.parties if one != party)


class SealedMedia(msgspec.Struct, frozen=True):
    """The end of a sealed file, read: nothing of it is verified but that it fits together."""

    envelope: Countersigned
    manifest: Manifest
    manifest_sha256: str


def head(line: str, visit: str, item: str) -> bytes:
    """The first two lines of the file of an item."""
    facts = canonical({"line": line, "visit": visit, "item": item})
    return MAGIC + VERSION + b"\n" + facts + b"\n"


class Sealer:
    """Writes one file: ``head``, what ``seal`` gives for the content, and then ``finish``."""

    def __init__(self, line: str, visit: str, item: str, key: bytes) -> None:
        """``key`` is 32 bytes of new randomness for every file (``shares.content_key``)."""
        self._facts = (line, visit, item)
        self.head = head(line, visit, item)
        self._digest = hashlib.sha256(self.head).digest()
        self._cipher = AESGCM(key)
        self._content = hashlib.sha256()
        self._sealed = hashlib.sha256(self.head)
        self._sealed_bytes = len(self.head)
        self._size_bytes = 0

    @property
    def content_sha256(self) -> str:
        """Hex SHA-256 of the content so far."""
        return self._content.hexdigest()

    @property
    def sealed_sha256(self) -> str:
        """Hex SHA-256 of the file so far."""
        return self._sealed.hexdigest()

    def seal(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks of all the content, which comes in pieces of any length."""
        number, waiting = 0, None
        for piece in _cut(content):
            if waiting is not None:
                yield self._chunk(number, waiting, last=False)
                number += 1
            waiting = piece
        yield self._chunk(number, waiting or b"", last=True)

    def _chunk(self, number: int, piece: bytes, *, last: bool) -> bytes:
        self._size_bytes += len(piece)
        if self._size_bytes > CONTENT_BYTES_MAX:
            raise LimitError(
                f"more than {CONTENT_BYTES_MAX:,} bytes",
                where="content",
                remedy="seal it as several items",
            )
        self._content.update(piece)
        sealed = self._cipher.encrypt(_nonce(number, last=last), piece, self._digest)
        self._sealed.update(sealed)
        self._sealed_bytes += len(sealed)
        return sealed

    def manifest(
        self, sealed_by: str, parties: Mapping[str, Keyed], files: Iterable[Part]
    ) -> bytes:
        """The manifest of what has been sealed. Raises RecordError as ``read_manifest`` does."""
        line, visit, item = self._facts
        manifest = Manifest(
            v=1,
            line=line,
            visit=visit,
            item=item,
            sealed_by=sealed_by,
            parties=dict(parties),
            files=tuple(files),
            content_sha256=self.content_sha256,
            size_bytes=self._size_bytes,
            sealed_sha256=self.sealed_sha256,
            sealed_bytes=self._sealed_bytes,
        )
        raw = canonical(msgspec.to_builtins(manifest))
        read_manifest(raw)
        return raw


def trailer(envelope: Countersigned) -> bytes:
    """What stands behind the chunks: the manifest's envelope, and its length."""
    data = envelope.to_json()
    return data + len(data).to_bytes(_LENGTH_BYTES, "big")


def read_manifest(raw: bytes) -> Manifest:
    """A manifest whose facts fit together. Raises RecordError or LimitError."""
    manifest = read_struct(read_json(raw, MANIFEST_BYTES_MAX, "manifest"), Manifest, "manifest")
    manifest.other(manifest.sealed_by)
    _check_names(manifest.files)
    if sum(part.size_bytes for part in manifest.files) != manifest.size_bytes:
        raise _unsound("the sizes of its files do not add up to the content's")
    length = len(head(manifest.line, manifest.visit, manifest.item))
    count = max(1, -(-manifest.size_bytes // CHUNK_BYTES))
    if manifest.sealed_bytes != length + manifest.size_bytes + count * _TAG_BYTES:
        raise _unsound("the sealed content cannot be as long as it says")
    keys = [(one.sign_key, one.x_wing_key) for one in manifest.parties.values()]
    if any(one == other for one, other in zip(*keys, strict=True)):
        raise _unsound("its two parties have one key")
    return manifest


def read_envelope(data: bytes) -> SealedMedia:
    """The manifest in its envelope. Raises RecordError or LimitError."""
    envelope = Countersigned.from_json(
        data, payload_type=MANIFEST_TYPE, limit_bytes=ENVELOPE_BYTES_MAX
    )
    manifest = read_manifest(envelope.payload)
    foreign = envelope.signatures.keys() - {one.sign_key for one in manifest.parties.values()}
    if foreign:
        raise SignatureError(
            f"is signed by key {min(foreign)[:16]}…, which is neither party's by its manifest: "
            + ", ".join(f"{party}'s is {one.sign_key[:16]}…" for party, one in _sorted(manifest)),
            where="manifest",
            remedy="refuse it; both parties sign with the keys that it names",
        )
    return SealedMedia(envelope, manifest, hashlib.sha256(envelope.payload).hexdigest())


def read_media(source: Source) -> SealedMedia:
    """The end of a sealed file, whose head and length are as its manifest says.

    Its content is not read: that is for ``sealed_sha256`` and ``opened``. Raises RecordError for
    what is no sealed file, or has been cut short or made longer, LimitError.
    """
    end = source.seek(0, 2)
    if end < _LENGTH_BYTES:
        raise _no_media("is too short for one")
    source.seek(end - _LENGTH_BYTES)
    length = int.from_bytes(_exactly(source, _LENGTH_BYTES), "big")
    start = end - _LENGTH_BYTES - length
    if length > ENVELOPE_BYTES_MAX or start < 0:
        raise _no_media("does not end with a manifest: it may have been cut short or made longer")
    source.seek(start)
    found = read_envelope(_exactly(source, length))
    if found.manifest.sealed_bytes != start:
        raise _no_media(
            f"has {start:,} bytes before its manifest, which names {found.manifest.sealed_bytes:,}"
        )
    expected = _head_of(found.manifest)
    source.seek(0)
    if _exactly(source, len(expected)) != expected:
        raise _no_media("begins with another item, visit or line than its manifest names")
    return found


def read_head(source: Source) -> tuple[str, str, str] | None:
    """Line, visit and item that a file begins with, whatever follows; None if it does not."""
    source.seek(0)
    lines = source.read(_HEAD_BYTES_MAX).split(b"\n", 2)
    if len(lines) < 3 or lines[0] != MAGIC + VERSION:
        return None
    try:
        found = read_struct(read_json(lines[1], _HEAD_BYTES_MAX, "head"), _Head, "head")
    except (RecordError, LimitError):
        return None
    return found.line, found.visit, found.item


def check_signature(media: SealedMedia, party: str, key: PublicKey) -> None:
    """Return if ``party``, whose key was ``key`` at the time, has signed this manifest.

    Raises SignatureError, which says whose key it should be.
    """
    media.manifest.other(party)
    named = media.manifest.parties[party].sign_key
    if named != key.keyid:
        raise SignatureError(
            f"its manifest names {named[:16]}… as the key of {party}, and by the record the key "
            f"of {party} is {key.keyid[:16]}…",
            where="manifest",
            remedy=f"refuse it; it is to be sealed with the key {key.keyid[:16]}… of {party}",
        )
    try:
        media.envelope.verify(key)
    except SignatureError as error:
        if key.keyid in media.envelope.signatures:
            raise SignatureError(
                f"the signature of {party} does not fit these bytes",
                where="manifest",
                remedy="refuse it; ask the other side for its copy",
            ) from None
        raise SignatureError(
            f"{error.message}; the key of {party} is {key.keyid[:16]}…",
            where="manifest",
            remedy=f"refuse it; {party} has to sign it with that key",
        ) from None


def sealed_sha256(source: Source, manifest: Manifest, told: Told = lambda *_: None) -> str:
    """Hex SHA-256 of what stands before the manifest, read in pieces."""
    source.seek(0)
    digest, left = hashlib.sha256(), manifest.sealed_bytes
    while left:
        piece = _exactly(source, min(CHUNK_BYTES, left))
        digest.update(piece)
        left -= len(piece)
        told(manifest.sealed_bytes - left, manifest.sealed_bytes)
    return digest.hexdigest()


def opened(
    source: Source, manifest: Manifest, key: bytes, told: Told = lambda *_: None
) -> Iterator[bytes]:
    """The content, piece by piece, each found to be authentic.

    Raises RecordError for a chunk that is not, or not at its place. That the whole has the hash
    which both signed, the caller still has to find.
    """
    expected = _head_of(manifest)
    source.seek(len(expected))
    cipher, digest = AESGCM(key), hashlib.sha256(expected).digest()
    left, number = manifest.size_bytes, 0
    while True:
        length = min(CHUNK_BYTES, left)
        left -= length
        sealed = _exactly(source, length + _TAG_BYTES)
        try:
            piece = cipher.decrypt(_nonce(number, last=not left), sealed, digest)
        except InvalidTag:
            raise RecordError(
                "does not open: its bytes were changed, or it was sealed under another key than "
                "the two shares give",
                where=f"chunk {number}",
                remedy="compare with the other party's copy, and with the record: "
                "`detente media verify`",
            ) from None
        yield piece
        number += 1
        told(manifest.size_bytes - left, manifest.size_bytes)
        if not left:
            return


def _head_of(manifest: Manifest) -> bytes:
    return head(manifest.line, manifest.visit, manifest.item)


def _sorted(manifest: Manifest) -> list[tuple[str, Keyed]]:
    return sorted(manifest.parties.items())


def _cut(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content in pieces of CHUNK_BYTES, the last one shorter or as long."""
    held = bytearray()
    for some in content:
        held += some
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _exactly(source: Source, size: int) -> bytes:
    pieces, missing = [], size
    while missing:
        piece = source.read(missing)
        if not piece:
            raise _no_media("is cut short")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _check_names(parts: Iterable[Part]) -> None:
    """Names that can stand side by side in a folder of any system, and lead nowhere else."""
    seen = set()
    for part in parts:
        name = part.name
        plain = is_printable(name) and not set(name) & set('/\\:*?"<>|')
        if not plain or name.strip(". ") != name or _DEVICES.match(name):
            raise _unsound(f"{name[:40]!r} is no plain file name")
        if len(name.encode()) > _NAME_BYTES_MAX:
            raise _unsound(f"the name {name[:40]!r}… is too long for a file")
        # Some systems hold two spellings of one letter for one name.
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise _unsound(f"two files are named {name[:40]!r}")
        seen.add(folded)


def _unsound(why: str) -> RecordError:
    return RecordError(
        why, where="manifest", remedy="refuse it, and ask who sealed it for a new one"
    )


def _no_media(why: str) -> RecordError:
    return RecordError(
        f"is no whole file of sealed media: it {why}",
        where="media",
        remedy="copy it again from the medium; compare it with the other party's copy",
    )

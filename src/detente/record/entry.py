"""Entries: one signed statement by one party on one line.

An entry travels, and is kept, as a *bundle*::

    {"envelope":{…},"salt":"b64","body":"b64"}
    {"envelope":{…},"recalled_by":[{…}]}            its body was recalled by its writer

The envelope holds the signed header. Body and salt lie beside it, bound by
``body_sha256 = SHA-256(salt ‖ body)``; without the salt nobody who holds only the header can find a
short body by trying out all likely ones. The *leaf* of the log is the PAE of the header, and the
*entry id* the hex SHA-256 of the leaf: neither depends on the signature or on how the JSON around
it was written.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente.errors import LimitError, RecordError, SignatureError
from detente.record.envelope import Envelope, sign_envelope
from detente.record.header import (
    HEADER_TYPE,
    MAX_HEADER_BYTES,
    Header,
    Seen,
    decode_header,
    encode_header,
)
from detente.record.keys import PublicKey, SigningKey
from detente.record.reading import decode_base64, encode_base64, read_json, read_struct

MAX_BODY_BYTES = 1024 * 1024
MAX_BUNDLE_BYTES = 1536 * 1024
"""A full body and a full header in base64, with room for the JSON around them."""

SALT_BYTES = 32

LATER_MAX = 32
"""Envelopes in the place of a body: its recall, and every change of keys before that."""


class Entry(msgspec.Struct, frozen=True):
    """A verified entry. ``salt`` and ``body`` are None where this node does not hold them.

    ``recalled_by`` are the signed headers that came in the place of the body: that they end in one
    which recalls it is for the line to judge.
    """

    id: str
    header: Header
    envelope: Envelope
    salt: bytes | None
    body: bytes | None
    leaf: bytes
    recalled_by: tuple[Header, ...] = ()


def body_hash(salt: bytes, body: bytes) -> str:
    """Hex SHA-256(salt ‖ body), as the header states it."""
    return hashlib.sha256(salt + body).hexdigest()


def entry_id(leaf: bytes) -> str:
    """Hex SHA-256 of a leaf. (The tree hashes it once more, with a prefix: ``tree.leaf_hash``.)"""
    return hashlib.sha256(leaf).hexdigest()


def write_entry(
    key: SigningKey,
    *,
    line: str,
    party: str,
    index: int,
    type: str,
    time: str,
    seen: dict[str, Seen],
    about: dict[str, Any],
    body: bytes,
    salt: bytes,
) -> Entry:
    """Write and sign an entry. ``salt`` is 32 bytes of new randomness for every entry.

    Raises:
        RecordError: a field is not what the protocol allows.
        LimitError: the header is longer than 16 KiB or the body than 1 MiB.
        InputError: ``about`` holds what JSON cannot (``strict_json.canonical``).
    """
    _check_salt(salt, "salt")
    if len(body) > MAX_BODY_BYTES:
        raise LimitError(
            f"a body of {len(body)} bytes where at most {MAX_BODY_BYTES} are accepted",
            remedy="say less in one entry",
            where="body",
        )
    header = Header(
        v=1,
        line=line,
        party=party,
        index=index,
        type=type,
        time=time,
        seen=seen,
        about=about,
        body_sha256=body_hash(salt, body),
    )
    envelope = sign_envelope(key, HEADER_TYPE, encode_header(header))
    leaf = envelope.pae
    return Entry(entry_id(leaf), header, envelope, salt, body, leaf)


def read_entry(bundle: bytes | dict[str, Any], key_of: Callable[[Header], PublicKey]) -> Entry:
    """Read a bundle and verify that its party signed it and that its body is the one signed for.

    Whether it belongs here (its line, its index, what it has ``seen``) is for the log to say.

    Args:
        bundle: JSON bytes, or the same already read by ``strict_json``.
        key_of: the key that the party of a header signs with at its place; raises
            ``SignatureError`` or ``LookupError`` for a stranger. Asked for the entry first, then
            for the later ones in the place of its body, in their order.

    Raises:
        RecordError: a part has not the form of section 4 of the protocol, or the body is another.
        SignatureError: it is not signed by its party.
        LimitError: a part is too long.
    """
    if isinstance(bundle, bytes):
        bundle = read_json(bundle, MAX_BUNDLE_BYTES, "bundle")
    wire = read_struct(bundle, _Bundle, "bundle")
    header, envelope = _read_envelope(wire.envelope, key_of)
    leaf = envelope.pae
    if wire.recalled_by is None:
        salt, body = _read_body(wire, header, f"entry {header.party}/{header.index}")
        return Entry(entry_id(leaf), header, envelope, salt, body, leaf)
    recalled_by = _read_recall(wire, header, key_of)
    return Entry(entry_id(leaf), header, envelope, None, None, leaf, recalled_by)


def _read_envelope(
    wire: dict[str, Any], key_of: Callable[[Header], PublicKey]
) -> tuple[Header, Envelope]:
    """A signed header, found to be signed by its party."""
    envelope = Envelope.from_wire(wire, payload_type=HEADER_TYPE, limit_bytes=MAX_HEADER_BYTES)
    header = decode_header(envelope.payload)
    where = f"entry {header.party}/{header.index}"
    try:
        envelope.verify(key_of(header))
    except SignatureError as error:
        raise error.at(where) from None
    except LookupError:
        raise SignatureError(
            f"{header.party} is a stranger here",
            remedy="refuse it; only parties of the line write on it",
            where=where,
        ) from None
    return header, envelope


def entry_to_bundle(entry: Entry, recalled_by: Sequence[Envelope] = ()) -> dict[str, Any]:
    """The bundle of an entry as JSON values.

    ``recalled_by`` are the envelopes that stand for a recalled body (docs/protocol.md, section 4).
    Raises ``RecordError`` if the body is not held and there are none.
    """
    if recalled_by:
        later = [one.to_wire() for one in recalled_by]
        return {"envelope": entry.envelope.to_wire(), "recalled_by": later}
    if entry.salt is None or entry.body is None:
        raise RecordError(
            "its body is not held here",
            remedy="ask its writer for it",
            where=f"entry {entry.header.party}/{entry.header.index}",
        )
    return {
        "envelope": entry.envelope.to_wire(),
        "salt": encode_base64(entry.salt),
        "body": encode_base64(entry.body),
    }


class _Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    envelope: dict[str, Any]
    salt: str | None = None
    body: str | None = None
    recalled_by: Annotated[list[dict[str, Any]], Meta(max_length=LATER_MAX)] | None = None


def _read_recall(
    wire: _Bundle, header: Header, key_of: Callable[[Header], PublicKey]
) -> tuple[Header, ...]:
    """The headers that stand for a body: of later entries of the same log, in its order."""
    where = f"entry {header.party}/{header.index}"
    if wire.salt is not None or wire.body is not None:
        raise RecordError(
            "comes with a body and with its recall",
            remedy="refuse it; send one or the other",
            where=where,
        )
    found: list[Header] = []
    for envelope in wire.recalled_by or ():
        later, _ = _read_envelope(envelope, key_of)
        before = found[-1] if found else header
        if (later.line, later.party) != (header.line, header.party) or later.index <= before.index:
            break
        found.append(later)
    if not found or len(found) != len(wire.recalled_by or ()):
        raise RecordError(
            "is recalled by what is no later entry of its own log",
            remedy="refuse it and ask for the entry with its body",
            where=where,
        )
    return tuple(found)


def _read_body(wire: _Bundle, header: Header, where: str) -> tuple[bytes, bytes]:
    """Salt and body of a bundle, found to be those the header was signed for."""
    if wire.salt is None or wire.body is None:
        raise RecordError(
            "comes without its body, and without what recalls it",
            remedy="refuse it and ask for the entry with its body",
            where=where,
        )
    salt = decode_base64(wire.salt, f"{where} salt")
    body = decode_base64(wire.body, f"{where} body", MAX_BODY_BYTES)
    # Salts of one length only: else the end of a salt could pass for the beginning of a body.
    _check_salt(salt, where)
    if body_hash(salt, body) != header.body_sha256:
        raise RecordError(
            "its body is not the one it was signed for",
            remedy="refuse it and ask its writer for the entry again",
            where=where,
        )
    return salt, body


def _check_salt(salt: bytes, where: str) -> None:
    if len(salt) != SALT_BYTES:
        raise RecordError(
            f"a salt has {SALT_BYTES} bytes, not {len(salt)}", remedy="refuse it", where=where
        )

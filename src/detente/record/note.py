"""Signed notes (C2SP signed-note, version 1.0.0): text with signature lines below it.

::

    <text, any lines, ending in a newline>
    <an empty line, the last one in the note>
    — <key name> <b64 of key id ‖ signature>
    — …

A note may carry signatures by keys its reader does not know; those are ignored. A key is known by
its name and its id together, where the id is the first four bytes of
SHA-256(name ‖ 0x0A ‖ signature type ‖ public key).
"""

import hashlib
import re

import msgspec

from detente.errors import LimitError, RecordError
from detente.record.reading import decode_base64, encode_base64

MAX_SIGNATURES = 64
"""Two kinds of signature by each of 16 parties and by a witness, and as many by nobody we know."""

MAX_NOTE_BYTES = 128 * 1024
"""Room for 32 signatures of the post-quantum kind, of 3.3 kB each, beside as many others."""

ED25519 = 0x01
"""Signature type of a plain Ed25519 signature over the text."""
COSIGNATURE = 0x04
"""Signature type of a timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""

ML_DSA_44 = 0x06
"""Signature type of an ML-DSA-44 cosignature, of a log's own as well (C2SP tlog-cosignature)."""

MAX_VERIFIER_KEY = 4096
"""Characters of a verifier key; one of ML-DSA-44 has some 1,800 beside its name."""

_KEY_ID_BYTES = 4
# Halves of surrogate pairs, too: what is no UTF-8 on a command line comes as such.
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line: the key's name and id, and what the key made."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, without its newline."""
        return f"— {self.name} {encode_base64(self.key_id + self.signature)}"


class Note(msgspec.Struct, frozen=True):
    """A note taken apart; nothing about its signatures is verified by that."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        """The note, byte for byte as it was parsed."""
        return self.text + "\n" + "".join(f"{s.line}\n" for s in self.signatures)

    def by(self, name: str, key_id: bytes) -> list[NoteSignature]:
        """The signatures by the key of this name and id."""
        return [s for s in self.signatures if (s.name, s.key_id) == (name, key_id)]


def key_id(name: str, signature_type: int, public_key: bytes) -> bytes:
    """The four bytes that stand before a signature and say which key and algorithm made it."""
    named = name.encode("utf-8") + b"\n" + bytes([signature_type]) + public_key
    return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]


def verifier_key(name: str, signature_type: int, public_key: bytes) -> str:
    """A key as tools for signed notes are told it: name, id, and type with the key itself."""
    typed = encode_base64(bytes([signature_type]) + public_key)
    return f"{name}+{key_id(name, signature_type, public_key).hex()}+{typed}"


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with the name it signs under and the type of its signatures."""

    name: str
    type: int
    raw: bytes

    @property
    def id(self) -> bytes:
        """What stands before its signatures."""
        return key_id(self.name, self.type, self.raw)


def parse_verifier_key(text: str) -> VerifierKey:
    """Take a verifier key, as ``verifier_key`` writes it, apart. Raises RecordError."""
    name, *rest = text.split("+", 2)
    if len(text) > MAX_VERIFIER_KEY or len(rest) != 2 or not _is_key_name(name):
        raise _not_a_key("it is not name+id+base64")
    typed = decode_base64(rest[1], "verifier key")
    key = VerifierKey(name, typed[0] if typed else 0, typed[1:])
    if key.id.hex() != rest[0]:
        raise _not_a_key("its id is not that of its name and bytes")
    return key


def parse_note(note: str) -> Note:
    """Take a signed note apart.

    Raises:
        RecordError: it is not one.
        LimitError: it is longer than 128 KiB or has more than 64 signature lines.
    """
    if len(note) > MAX_NOTE_BYTES or len(_utf8(note)) > MAX_NOTE_BYTES:
        raise LimitError(f"longer than {MAX_NOTE_BYTES} bytes", remedy="send less", where="note")
    if _CONTROL.search(note):
        raise _not_a_note("it has a control character")
    # The text may hold empty lines of its own: the last one in the note ends it. And only \n ends
    # a line, so str.splitlines, which knows nine other endings, must not be used.
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not text or not signatures.endswith("\n"):
        raise _not_a_note("it has no text, an empty line and signature lines")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LimitError(
            f"{len(lines)} signatures where at most {MAX_SIGNATURES} are accepted",
            remedy="send fewer",
            where="note",
        )
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> NoteSignature:
    """Take one signature line, without its newline, apart."""
    _utf8(line)
    if len(line) > MAX_NOTE_BYTES:
        raise LimitError(f"longer than {MAX_NOTE_BYTES} bytes", remedy="send less", where="note")
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not _is_key_name(parts[1]):
        raise _not_a_note("a signature line is not '— name base64'")
    blob = decode_base64(parts[2], "note signature")
    if len(blob) <= _KEY_ID_BYTES:
        raise _not_a_note("a signature is too short")
    return NoteSignature(parts[1], blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def _is_key_name(name: str) -> bool:
    """Whether it is not empty and holds no white space, control characters or plus signs."""
    return _KEY_NAME.fullmatch(name) is not None


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise _not_a_note("it holds half of a surrogate pair") from None


def _not_a_key(why: str) -> RecordError:
    return RecordError(
        f"not a verifier key: {why}",
        remedy="copy it again, whole, from where its owner shows it",
        where="verifier key",
    )


def _not_a_note(why: str) -> RecordError:
    return RecordError(
        f"not a signed note: {why}", remedy="refuse it and ask for it again", where="note"
    )

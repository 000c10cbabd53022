"""How the record's decoders read: strict JSON, exact fields, canonical base64, one family of error.

Whoever reads an entry, card or checkpoint meets ``RecordError`` when it is wrong and
``LimitError`` when it is too large, whatever lay underneath.
"""

import base64
import binascii
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from detente.errors import InputError, LimitError, RecordError
from detente.record import strict_json

T = TypeVar("T")

# A pattern ends in \Z, because $ would let a final newline through.
PARTY_PATTERN = r"[a-z][a-z0-9-]{0,31}"
PartyId = Annotated[str, Meta(pattern=rf"^{PARTY_PATTERN}\Z")]
"""The name of a party: a lower-case letter, then at most 31 letters, digits and hyphens."""

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A SHA-256 value in lower-case hexadecimal."""

Count = Annotated[int, Meta(ge=0, le=strict_json.MAX_INTEGER)]
"""A size or an index."""


def read_json(data: bytes, limit_bytes: int, where: str) -> Any:
    """Read strict JSON; what is wrong with it becomes a ``RecordError`` at ``where``."""
    try:
        return strict_json.loads(data, limit_bytes)
    except LimitError as error:
        raise error.at(where) from None
    except InputError as error:
        raise RecordError(error.message, remedy=error.remedy, where=where) from error


def read_struct(value: Any, kind: type[T], where: str) -> T:
    """Turn decoded JSON into the Struct ``kind``: exact types, no coercion."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        # The second comes of half a surrogate pair in values that strict_json did not read.
        raise RecordError(
            f"does not have the fields it should have: {_shown(str(error))}",
            remedy="refuse it, and ask its writer which version of the protocol it speaks",
            where=where,
        ) from None


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, where: str, limit_bytes: int | None = None) -> bytes:
    """Decode standard base64, and only the one spelling that ``encode_base64`` gives.

    Python's decoder skips foreign characters and ignores the spare bits before the padding, so that
    many texts would stand for the same bytes and a changed text could still verify.

    Raises:
        RecordError: it is not that.
        LimitError: it stands for more than ``limit_bytes`` bytes.
    """
    # Four characters stand for three bytes, so the length is known before anything is decoded.
    length_bytes = len(text) // 4 * 3 - text[-2:].count("=")
    if limit_bytes is not None and length_bytes > limit_bytes:
        raise LimitError(
            f"{length_bytes} bytes where at most {limit_bytes} are accepted",
            remedy="send less",
            where=where,
        )
    try:
        data = base64.b64decode(text)
    except (binascii.Error, ValueError):
        data = None
    if data is None or encode_base64(data) != text:
        raise RecordError(
            "not standard base64 with padding", remedy="send it again unchanged", where=where
        )
    return data


def _shown(text: str) -> str:
    """What names a stranger's field, safe to print: one short line without control characters."""
    return "".join(c if c.isprintable() else "?" for c in text[:200])

"""The small types that every document of a line is built from, and how they are read.

What comes from another party is JSON read strictly by ``record.strict_json`` and then fitted into a
Struct: exact types, no coercion. Whatever is wrong becomes an ``InputError`` that names the place.
"""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from detente.errors import InputError
from detente.record import strict_json
from detente.record.card import Language
from detente.record.reading import Hash, PartyId

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_NOTE",
    "ActivityId",
    "Hash",
    "Language",
    "LineName",
    "Note",
    "PartyId",
    "read_json",
    "read_struct",
    "write_struct",
]

T = TypeVar("T")

# A pattern ends in \Z, because $ would let a final newline through.
LineName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}\Z")]
ActivityId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")]
MAX_NOTE = 1_000
Note = Annotated[str, Meta(max_length=MAX_NOTE)]
MAX_BODY_BYTES = 1024 * 1024
"""What the body of one entry may take."""


def read_json(data: bytes, limit_bytes: int, where: str) -> Any:
    """Strict JSON of at most ``limit_bytes``; InputError or LimitError at ``where``."""
    try:
        return strict_json.loads(data, limit_bytes)
    except InputError as error:
        raise error.at(where) from None


def read_struct(value: Any, kind: type[T], where: str) -> T:
    """The decoded JSON ``value`` as a ``kind``; InputError at ``where`` if it does not fit."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError) as error:
        raise InputError(
            f"does not have the fields it should have: {error}",
            remedy="write it as docs/protocol.md shows",
            where=where,
        ) from None


def write_struct(value: msgspec.Struct) -> bytes:
    """The body of an entry: canonical JSON, if its reader would take it; else InputError."""
    builtins = msgspec.to_builtins(value)
    read_struct(builtins, type(value), "body")
    body = strict_json.canonical(builtins)
    read_json(body, MAX_BODY_BYTES, "body")
    return body

"""The header of an entry: the part that is signed, logged and kept for ever.

::

    {"v":1,"line":"hex","party":"us","index":3,"type":"activity.release",
     "time":"2026-11-22T08:00:00.123Z","seen":{"ru":{"size":5,"root":"hex"}},
     "about":{…},"body_sha256":"hex"}

What was said stands in the body, beside the header, so that it can one day be recalled without
breaking the log (docs/decisions/0001). ``seen`` ties the logs of a line together: it names the
newest checkpoint of every other party that the writer had verified, which orders the record by
cause without any clock.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente.errors import InputError, RecordError
from detente.record.reading import Count, Hash, PartyId, read_json, read_struct
from detente.record.strict_json import canonical
from detente.volumes.times import read_time_s

HEADER_TYPE = "application/vnd.detente.header.v1+json"
MAX_HEADER_BYTES = 16 * 1024
MAX_PARTIES = 16


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint of another party's log that the writer had verified; ``root`` in hex."""

    size: Count
    root: Hash


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry's writer signed.

    ``time`` is the writer's claim, RFC 3339 in UTC with at most milliseconds, kept as it was
    written; nothing is ordered by it. ``about`` holds the facts of the entry's type that outlive
    its body.
    """

    v: Literal[1]
    line: Hash
    party: PartyId
    index: Count
    type: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9.-]{0,63}\Z")]
    time: str
    seen: Annotated[dict[PartyId, Seen], Meta(max_length=MAX_PARTIES - 1)]
    about: dict[str, Any]
    body_sha256: Hash


def encode_header(header: Header) -> bytes:
    """The bytes of a header, checked by reading them back.

    Raises:
        RecordError, LimitError: as ``decode_header``, which would not take these bytes.
        InputError: ``about`` holds NaN, an infinity or half of a surrogate pair.
    """
    data = canonical(msgspec.to_builtins(header))
    decode_header(data)
    return data


def decode_header(data: bytes) -> Header:
    """Read a header.

    Raises:
        RecordError: it is not strict JSON, or has not exactly the fields above.
        LimitError: it is longer than 16 KiB.
    """
    value = read_json(data, MAX_HEADER_BYTES, "header")
    header = read_struct(value, Header, "header")
    if header.party in header.seen:
        raise RecordError(
            "says it has seen its own log", remedy="refuse it; seen is for others", where="header"
        )
    _check_time(header.time)
    return header


def _check_time(text: str) -> None:
    """Refuse what is no time, and years that no clock of a working node shows."""
    try:
        read_time_s(text)
    except InputError as error:
        raise RecordError(
            error.message,
            remedy="refuse it; times are RFC 3339 in UTC with at most milliseconds",
            where="header time",
        ) from None

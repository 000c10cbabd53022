"""JSON from outside, with everything that two readers could understand differently refused.

Python's own parser is used and not a faster one because it lets NaN and Infinity through: they are
not JSON (RFC 8259, section 6), but so many programs write them that the error had better name the
item they stand in than the byte. Names that stand twice in one object, and nesting beyond
``MAX_JSON_DEPTH``, make the whole text unusable.
"""

import json
import re
from typing import Any

import msgspec
import numpy as np

from detente.errors import InputError, LimitError
from detente.formats.reading import MAX_JSON_DEPTH

# One that is never closed reaches to the end, so that each character is looked at once.
_SPACED = re.compile(rb'"\s+:')
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def decode_json(text: str) -> Any:
    """The value of a JSON text; InputError or LimitError if there is none that is certain."""
    if _depth(text) > MAX_JSON_DEPTH:
        raise too_deep()
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise InputError(
            f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}",
            remedy="correct it there",
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON: a number is too long", remedy="shorten it") from error


def decode_items(text: bytes) -> list[Any] | None:
    """The values of a text of many, with commas between; None if not all of them are certain.

    They are decoded by msgspec, which is several times as fast, but keeps the last of two members
    of one name and says nothing. So members are counted in the text as well, where each stands as
    a quote and a colon; where they may stand otherwise, nothing is certain.
    """
    try:
        items: list[Any] = msgspec.json.decode(b"[" + text + b"]", type=list[Any])
        whole = text.decode()
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if _SPACED.search(text) or text.count(b'":') != sum(map(_members, items)):
        return None
    return items if _depth(whole) < MAX_JSON_DEPTH else None


def decode_utf8(data: bytes) -> str:
    """The text of a file, without a byte order mark; InputError if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8"
        ) from error


def too_deep() -> LimitError:
    """What to say of JSON that is nested beyond the limit."""
    return LimitError(
        f"its JSON is nested more than {MAX_JSON_DEPTH} deep",
        remedy="take nested lists and objects out of its items; no geometry needs so many levels",
    )


def _members(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_members, value.values()))
    if isinstance(value, list) and value and not isinstance(value[0], int | float):
        return sum(map(_members, value))
    return 0


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings."""
    codes = np.frombuffer(_STRING.sub("", text).encode(errors="replace"), dtype=np.uint8)
    # Bit 5 tells square brackets from curly ones, and the others from neither.
    brackets = codes[((codes | 0x20) == ord("{")) | ((codes | 0x20) == ord("}"))]
    steps = np.where((brackets | 0x20) == ord("{"), np.int64(1), np.int64(-1))
    return int(np.cumsum(steps).max(initial=0))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InputError(
                f"is not clear: {name[:40]!r} stands twice in one object",
                remedy="remove one of them",
            )
        found[name] = value
    return found

"""JSON from outside, with everything that two readers could understand differently refused.

Python's own parser is used and not a faster one because it lets NaN and Infinity through: they are
not JSON (RFC 8259, section 6), but so many programs write them that the error had better name the
item they stand in than the byte. Names that stand twice in one object, and nesting beyond
``MAX_JSON_DEPTH``, make the whole text unusable.
"""

import json
import re
from typing import Any

import numpy as np

from detente.errors import InputError, LimitError
from detente.formats.reading import MAX_JSON_DEPTH

# One that is never closed reaches to the end, so that each character is looked at once.
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


def too_deep() -> LimitError:
    """What to say of JSON that is nested beyond the limit."""
    return LimitError(
        f"its JSON is nested more than {MAX_JSON_DEPTH} deep",
        remedy="take nested lists and objects out of its items; no geometry needs so many levels",
    )


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings."""
    codes = np.frombuffer(_STRING.sub("", text).encode(errors="replace"), dtype=np.uint8)
    steps = np.isin(codes, [ord("["), ord("{")]).astype(np.int8)
    steps -= np.isin(codes, [ord("]"), ord("}")]).astype(np.int8)
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


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

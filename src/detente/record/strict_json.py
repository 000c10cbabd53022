"""JSON from strangers, read so that two programs cannot read it differently (RFC 8259, RFC 7493).

Where parties hold each other to what was signed, text that one program reads as one thing and
another program as a second thing is an attack. ``json.loads`` keeps the last of two equal keys,
takes ``NaN`` and lone surrogates and follows any depth; here all of that is refused. This reader
serves everything that comes from outside as JSON: entries, cards, founding documents, requests.

``canonical`` is the one way Détente *writes* JSON that is signed or hashed: keys sorted, no white
space, no escapes for non-ASCII. No reader may rely on that: hashes are over the bytes that came.
"""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from detente.errors import InputError, LimitError

MAX_DEPTH = 16
"""Arrays and objects inside each other; the outermost counts as one."""

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493, section 2.2)."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def loads(data: bytes, limit_bytes: int) -> Any:
    """Read one JSON document of at most ``limit_bytes`` bytes of UTF-8.

    Raises:
        LimitError: it is longer, or nested deeper than ``MAX_DEPTH``.
        InputError: it is not JSON, or is JSON that could be read in two ways.
    """
    if len(data) > limit_bytes:
        raise LimitError(
            f"{len(data)} bytes of JSON where at most {limit_bytes} are accepted",
            remedy="send less at once",
        )
    try:
        value = _read(data.decode("utf-8"))
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", remedy="send UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg} at character {error.pos}", remedy="send one JSON document"
        ) from None
    # Few brackets cannot be nested deep, and only an escape makes half of a surrogate pair: so most
    # documents, and all headers, need not be walked through.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH or b"\\u" in data:
        _check(value, 1)
    return value


def canonical(value: Any) -> bytes:
    """Write ``value`` as the bytes that Détente signs and hashes.

    Raises:
        InputError: it holds NaN, an infinity or a lone surrogate, which JSON in UTF-8 cannot.
    """
    try:
        return _write(value).encode("utf-8")
    except ValueError as error:
        raise InputError(
            f"cannot be written as JSON: {error}", remedy="use finite numbers and whole characters"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise InputError(f"the key {_shown(twice)} stands twice", remedy="send each key once")
    return found


def _integer(text: str) -> int:
    # Longer texts are refused before int() sees them: its cost grows with the square of the
    # length, and beyond 4,300 digits it raises an error of its own.
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise InputError(
            f"the integer {text[:20]}… is beyond ±(2^53-1)", remedy="send a smaller number"
        )
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InputError(f"the number {text[:20]} is beyond all range", remedy="send less")
    return number


def _constant(text: str) -> NoReturn:
    raise InputError(f"{text} is not JSON", remedy="send null where a value is not known")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(value, dict):
            for key in value:
                _check_text(key)
        for item in value.values() if isinstance(value, dict) else value:
            # Most items of a large document are coordinates: a call for each would double its time.
            if isinstance(item, (str, dict, list)):
                _check(item, depth + 1)


def _check_text(text: str) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        raise InputError(
            f"{_shown(text)} holds half of a surrogate pair", remedy="send whole characters"
        )


# Made once: to make one for each document would take longer than to read it.
_read = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
).decode
_write = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def _too_deep() -> LimitError:
    return LimitError(f"nested deeper than {MAX_DEPTH}", remedy="send flatter JSON")


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "…")

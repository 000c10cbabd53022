"""Changing an input at random: as the JSON that it is, inside the base64 in it, or as bytes."""

import base64
import binascii
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

EDITS_MAX = 4
BYTES_MAX = 200_000
WORDS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 16, 17, 255, 256, 2**31, 2**53 - 1, 2**53, 2**63, 2**64),
    *(-(2**53), 0.5, -0.0, 1e-320, 1e308, 90.0, 90.0000001, -180.0, 540.0, 541.0, 1e15),
    *("", " ", "\0", "\n", "us", "ru", "tj", "\u202e", "\ud800", "𝕏", "a" * 65, "x" * 5000),
    *("0" * 64, "f" * 64, "AA==", "$0", "$1", "1900-01-01T00:00:00Z", "2199-12-31T23:59:59.999Z"),
    *("2026-02-29T00:00:00Z", "2026-11-22T08:00:00.1234Z", "9999-12-31T23:59:60Z", "exact"),
    *(
        "coarse",
        "urgent-safety",
        "*",
        [],
        {},
        [[]],
        [None],
        {"": {}},
        [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]],
    ),
)
"""What readers trip over: ends of ranges, other types, names that mean something, and nothing."""

Path = tuple[Any, ...]


def mutate(
    chance: random.Random, data: bytes, others: Sequence[bytes], *, as_json: float = 0.85
) -> bytes:
    """``data`` changed in one to four places; ``others`` are inputs that parts are taken from.

    What is JSON is changed as such with the probability ``as_json``, and else as bytes.
    """
    for _ in range(chance.randint(1, EDITS_MAX)):
        value = _json(data) if chance.random() < as_json else _NONE
        data = _bytes(chance, data, others) if value is _NONE else _edited(chance, value, others)
    return data[:BYTES_MAX]


_NONE = object()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return _NONE


def _edited(chance: random.Random, value: Any, others: Sequence[bytes]) -> bytes:
    places = list(_places(value))
    path = chance.choice(places)
    value = _changed(value, path, lambda old: _other(chance, old, others))
    escaped = chance.random() < 0.5
    text = json.dumps(value, ensure_ascii=escaped, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, key))


def _changed(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(copy[path[0]], path[1:], change)
    return copy


def _other(chance: random.Random, old: Any, others: Sequence[bytes]) -> Any:
    """Something in the place of ``old``."""
    how = chance.randrange(8)
    if how == 0:
        return chance.choice(WORDS)
    if how == 1:
        other = _json(chance.choice(others))
        return old if other is _NONE else _at(other, chance.choice(list(_places(other))))
    if isinstance(old, dict):
        return _other_object(chance, old)
    if isinstance(old, list):
        return _other_list(chance, old)
    if isinstance(old, str):
        return _other_text(chance, old, others)
    if isinstance(old, bool) or old is None:
        return chance.choice(WORDS)
    return chance.choice([old + 1, old - 1, -old, old * 2, old / 3, old * 1e6, str(old), [old]])


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _other_object(chance: random.Random, old: dict[str, Any]) -> Any:
    rest = dict(old)
    how = chance.randrange(4)
    if how == 0 and rest:
        del rest[chance.choice(list(rest))]
    elif how == 1:
        rest[str(chance.choice(WORDS))] = chance.choice(WORDS)
    elif how == 2 and rest:
        name = chance.choice(list(rest))
        rest[chance.choice([name.upper(), name + "s", f" {name}"])] = rest.pop(name)
    elif len(rest) > 1:
        one, two = chance.sample(list(rest), 2)
        rest[one], rest[two] = rest[two], rest[one]
    return rest


def _other_list(chance: random.Random, old: list[Any]) -> Any:
    if not old:
        return [chance.choice(WORDS)]
    at = chance.randrange(len(old))
    many = chance.choice([1, 1, 2, 300])
    return chance.choice(
        [
            old[:at] + old[at + 1 :],
            old[: at + 1] + old[at:] * many,
            old[::-1],
            [old],
            old[:1] * many,
        ]
    )


def _other_text(chance: random.Random, old: str, others: Sequence[bytes]) -> str:
    """Other text; what is base64 is mostly opened first, changed inside, and closed again."""
    try:
        inner = base64.b64decode(old, validate=True)
    except (binascii.Error, ValueError):
        inner = b""
    if len(inner) > 16 and chance.random() < 0.7:
        return base64.b64encode(mutate(chance, inner, others)).decode()
    data = _bytes(chance, old.encode("utf-8", "surrogatepass"), others)
    return data.decode("utf-8", chance.choice(["ignore", "replace", "surrogateescape"]))


def _bytes(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A stretch replaced, left out, doubled, put elsewhere, or taken from another input."""
    start = chance.randint(0, len(data))
    end = min(len(data), start + chance.choice([0, 1, 1, 2, 8, 40, 400]))
    before, piece, after = data[:start], data[start:end], data[end:]
    how = chance.randrange(7)
    if how == 0 and piece:
        flipped = bytearray(piece)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        return before + bytes(flipped) + after
    if how == 1:
        return before + after
    if how == 2:
        return before + piece * chance.choice([2, 2, 3, 100]) + after
    if how == 3:
        return before + chance.randbytes(chance.choice([1, 1, 4, 32])) + after
    if how == 4:
        other = chance.choice(others)
        at = chance.randint(0, len(other))
        return before + other[at : at + 60] + after
    if how == 5:
        lines = data.split(b"\n")
        chance.shuffle(lines)
        return b"\n".join(lines)
    return before + str(chance.choice(WORDS)).encode("utf-8", "surrogatepass") + after

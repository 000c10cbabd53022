"""Features out of a GeoJSON text of any length, some thousand at a time.

A FeatureCollection of a gigabyte is one JSON value, and no parser of Python's gives a part of it
before it has read the whole. But its features are objects in one array: outside strings, braces
nest, and where they are balanced again a feature ends. That is all that is looked for here, with
numpy's comparisons of many bytes at once. Whether the text of a feature is JSON, and whether
nothing but commas stands between features, is judged by whoever decodes a stretch of them
(``jsontext.decode_items``): a text that is not JSON may be cut in odd places but not be accepted.

What stands before and after the array is kept as a document with an empty array in its place.
"""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.errors import InputError, LimitError
from detente.formats.jsontext import decode_json, decode_utf8, too_deep
from detente.formats.reading import MAX_ITEM_BRACES, MAX_ITEM_BYTES, MAX_JSON_DEPTH, CutError

STRETCH_BYTES = 1024 * 1024
"""About as many are read, and given on, at a time."""
BLANK = b" \t\r\n"
_BETWEEN = BLANK + b","
_TOKENS_MAX = 1000
"""Strings and brackets between two features; more are no slip of a program."""

_MEMBER = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*+")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^\s,\[\]{}"]+', re.DOTALL)
_COMMA = re.compile(rb"[ \t\r\n]*,")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{}]', re.DOTALL)

Ints = npt.NDArray[np.int64]


class Stretch(NamedTuple):
    """Items of a file, one after another."""

    first: int
    """The number of the first, from 1."""
    size: int
    """How many there are."""
    records: list[bytes]
    """Their texts: one of all, with commas between; or one each."""


class Collection:
    """A JSON document with an array of ``features`` at its top, read as it comes.

    After ``stretches`` have been gone through, ``document`` is all the rest of it. If the text has
    no such array it is decoded whole, and there are no stretches.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._buffer = b""
        self._ended = False
        self._head = b""
        self.document = self._begin()
        """The document; before the stretches have been gone through, what stands before them."""

    @property
    def streams(self) -> bool:
        """Whether there is an array of features to be gone through."""
        return bool(self._head)

    def stretches(self) -> Iterator[Stretch]:
        """Some features at a time. Raises CutError where the text cannot be followed any more."""
        if not self._head:
            return
        number = 1
        while (text := self._next(number)) is not None:
            if number > 1:
                comma = _COMMA.match(text)
                text = text[comma.end() :] if comma else b""
            if not text.strip(BLANK):
                raise CutError(
                    f"is not JSON: one comma has to stand between features, after feature "
                    f"{number - 1:,}",
                    remedy="correct it; nothing from there on was read",
                )
            stretch = Stretch(number, 0, [text])
            stretch = stretch._replace(size=len(texts_of(stretch)))
            yield stretch
            number += stretch.size
        tail = b"]" + self._rest()
        self.document = _decoded(self._head + tail)

    def _begin(self) -> object:
        self._fill(STRETCH_BYTES)
        while (start := _array_start(self._buffer)) is None:
            if self._ended or len(self._buffer) > MAX_ITEM_BYTES:
                return _decoded(self._rest())
            self._fill(min(2 * len(self._buffer), MAX_ITEM_BYTES + 1))
        self._head, self._buffer = self._buffer[:start], self._buffer[start:]
        before = self._head[: self._head.rindex(b'"features"')].rstrip(_BETWEEN)
        # Whether the features may be used at all is better known before them.
        return _decoded(before + b"}") if before.lstrip(BLANK) != b"{" else {}

    def _fill(self, size: int) -> None:
        """Read on until the buffer has this many bytes, or to the end."""
        parts, have = [self._buffer], len(self._buffer)
        while have < size:
            more = self._source.read(STRETCH_BYTES)
            if not more:
                self._ended = True
                break
            parts.append(more)
            have += len(more)
        self._buffer = b"".join(parts)

    def _rest(self) -> bytes:
        self._fill(MAX_ITEM_BYTES + 1)
        if len(self._buffer) > MAX_ITEM_BYTES:
            raise LimitError(
                f"has more than {MAX_ITEM_BYTES // 2**20} MiB besides its features",
                remedy="take out what is no feature",
            )
        rest, self._buffer = self._buffer, b""
        return rest

    def _next(self, number: int) -> bytes | None:
        """The text of the next features; None at the end of the array."""
        size = STRETCH_BYTES
        while True:
            self._fill(size)
            end, closed = _last_end(self._buffer)
            if closed:
                text, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
                if not text.strip(BLANK):
                    return None
                self._buffer = b"]" + self._buffer
                return text
            if end:
                text, self._buffer = self._buffer[:end], self._buffer[end:]
                return text
            if self._ended:
                raise CutError(
                    f"ends within its features, after feature {number - 1:,}",
                    remedy="fetch or export it again; nothing from there on was read",
                )
            if len(self._buffer) > MAX_ITEM_BYTES:
                raise CutError(
                    f"feature {number:,} does not end within {MAX_ITEM_BYTES // 2**20} MiB",
                    remedy="close its quotes and brackets, or simplify it; nothing from there on "
                    "was read",
                )
            size = min(2 * len(self._buffer), MAX_ITEM_BYTES + 1)


def records(source: BinaryIO) -> Iterator[Stretch]:
    """The texts of a sequence (RFC 8142), or of lines (``.geojsonl``), some at a time.

    Records begin with an ASCII record separator, or else end with a line.
    """
    number, rest, separator = 1, b"", b""
    while True:
        more = source.read(STRETCH_BYTES)
        data = rest + more
        if not separator:
            separator = b"\x1e" if data.lstrip(b"\xef\xbb\xbf" + BLANK)[:1] == b"\x1e" else b"\n"
            data = data.removeprefix(b"\xef\xbb\xbf")
        cut = data.rfind(separator) if more else len(data)
        texts, rest = data[: max(cut, 0)], data[max(cut, 0) :]
        some = [text for text in texts.split(separator) if text.strip(BLANK)]
        if some:
            yield Stretch(number, len(some), some)
            number += len(some)
        if not more:
            return
        if len(rest) > MAX_ITEM_BYTES:
            raise CutError(
                f"feature {number:,} does not end within {MAX_ITEM_BYTES // 2**20} MiB",
                remedy="end each feature with a line; nothing from there on was read",
            )


def texts_of(stretch: Stretch) -> list[bytes]:
    """The text of each item of a stretch, however odd it may be."""
    if len(stretch.records) == stretch.size:
        return stretch.records
    (text,) = stretch.records
    starts, ends = _objects(text)
    texts: list[bytes] = []
    at = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        texts += _odd_texts(text[at:start])
        texts.append(text[start : end + 1])
        at = end + 1
    return texts + _odd_texts(text[at:])


def _odd_texts(between: bytes) -> list[bytes]:
    """What stands between features and is not one, item by item if that can be told."""
    between = between.strip(_BETWEEN)
    if not between:
        return []
    try:
        items = decode_json(decode_utf8(b"[" + between + b"]"))
    except InputError:
        return [between]
    return [json.dumps(item).encode() for item in items]


def _decoded(data: bytes) -> object:
    return decode_json(decode_utf8(data))


def _array_start(data: bytes) -> int | None:
    """Where the array of features begins, behind its bracket; None if that is not to be seen."""
    at = len(data) - len(data.lstrip(b"\xef\xbb\xbf" + BLANK))
    if data[at : at + 1] != b"{":
        return None
    at += 1
    while member := _MEMBER.match(data, at):
        at = member.end()
        if data[at : at + 1] == b"[" and member.group(1) == b'"features"':
            return at + 1
        end = _value_end(data, at)
        comma = _COMMA.match(data, end) if end else None
        if comma is None:
            return None
        at = comma.end()
    return None


def _value_end(data: bytes, at: int) -> int:
    """Where the value that begins here ends, 0 if it does not."""
    opening = data[at : at + 1]
    if opening in (b"{", b"["):
        _, ends = _objects(data[at:], opening, b"}" if opening == b"{" else b"]")
        return at + int(ends[0]) + 1 if len(ends) else 0
    scalar = _SCALAR.match(data, at)
    # What reaches to the end of the text may go on.
    return scalar.end() if scalar and scalar.end() < len(data) else 0


def _last_end(data: bytes) -> tuple[int, bool]:
    """Where the last whole feature ends; or where the array does, and that it does."""
    starts, ends = _objects(data)
    at = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        if data[at:start].strip(_BETWEEN) and (closing := _closing(data, at, start)) >= 0:
            return closing, True
        at = end + 1
    begun = int(starts[len(ends)]) if len(starts) > len(ends) else len(data)
    closing = _closing(data, at, begun)
    return (closing, True) if closing >= 0 else (at, False)


def _closing(data: bytes, at: int, end: int) -> int:
    """Where, between two features, the bracket stands that closes their array; -1 if nowhere."""
    depth = 0
    for count, token in enumerate(_TOKEN.finditer(data, at, end)):
        found = token.group()
        if found == b"[":
            depth += 1
        elif found == b"]":
            depth -= 1
        if depth < 0:
            return token.start()
        if depth > MAX_JSON_DEPTH:
            raise too_deep()
        if count > _TOKENS_MAX:
            raise CutError(
                "has many things that are no features among them",
                remedy="leave only features; nothing from there on was read",
            )
    return -1


def _objects(data: bytes, opening: bytes = b"{", closing: bytes = b"}") -> tuple[Ints, Ints]:
    """Where the outermost brackets of a kind open, and where they close, outside strings."""
    codes = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    if b"\\" in data:
        quotes = quotes[~_escaped(codes, quotes)]
    brackets = np.flatnonzero((codes == ord(opening)) | (codes == ord(closing)))
    if len(brackets) > MAX_ITEM_BRACES:
        raise CutError(
            f"has {len(brackets):,} brackets within {len(data) / 2**20:.1f} MiB",
            remedy="leave only features; nothing from there on was read",
        )
    brackets = brackets[np.searchsorted(quotes, brackets) % 2 == 0]
    opens = codes[brackets] == ord(opening)
    depth = np.cumsum(np.where(opens, 1, -1))
    below = np.flatnonzero(depth < 0)
    if len(below):
        # It closes something that was opened before: what follows is of no concern.
        brackets, opens, depth = (part[: below[0]] for part in (brackets, opens, depth))
    return brackets[opens & (depth == 1)], brackets[~opens & (depth == 0)]


def _escaped(codes: npt.NDArray[np.uint8], places: Ints) -> npt.NDArray[np.bool_]:
    """Whether an odd number of backslashes stands before each of these places."""
    other = np.where(codes != ord("\\"), np.arange(len(codes), dtype=np.int32), np.int32(-1))
    last = np.maximum.accumulate(other)[places - 1]
    last[places == 0] = -1
    escaped: npt.NDArray[np.bool_] = (places - 1 - last) % 2 == 1
    return escaped

"""XML from outside, as a stream of events, with everything refused that an attacker needs.

The parser is the standard library's expat (ADR 9). What it is not allowed:

- a **DOCTYPE**, and with it every entity that could grow (a billion laughs) or that names a file or
  an address: no document type is needed by any format read here;
- nesting beyond ``MAX_XML_DEPTH``, more than ``MAX_XML_ITEMS`` elements and attributes;
- a single tag, comment or instruction of more than ``MAX_TAG_BYTES``, which expat keeps in memory
  and, fed in pieces, would look at again with every piece.

Nothing is kept of what was read, unless the visitor keeps it: no tree is built here.
"""

from typing import Protocol
from xml.parsers import expat

from detente.errors import InputError, LimitError
from detente.formats.reading import MAX_TAG_BYTES, MAX_XML_DEPTH, MAX_XML_ITEMS

_CHUNK_BYTES = 64 * 1024


class Visitor(Protocol):
    """Is told what a document has, in its order. Names are ``namespace local``, or ``local``."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def text(self, text: str) -> None:
        """A piece of text; what stands between two tags may come in several."""

    def end(self) -> None:
        """The element that began last, and has not ended, ends."""


def walk(data: bytes, visitor: Visitor) -> None:
    """Tell the visitor all of a document; InputError, or LimitError, where it cannot go on."""
    guard = _Guard(visitor)
    # The third argument keeps the parser from keeping every name it meets.
    parser = expat.ParserCreate(None, " ", None)
    parser.buffer_text = True
    parser.buffer_size = _CHUNK_BYTES
    parser.StartDoctypeDeclHandler = guard.refuse_doctype
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = visitor.text
    try:
        for begin in range(0, len(data), _CHUNK_BYTES):
            piece = data[begin : begin + _CHUNK_BYTES]
            parser.Parse(piece, False)
            if begin + len(piece) - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise LimitError(
                    f"has a tag or a comment of more than {MAX_TAG_BYTES:,} bytes",
                    remedy="shorten it",
                )
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InputError(
            f"is not XML: {expat.ErrorString(error.code)} in line {error.lineno}, column "
            f"{error.offset + 1}",
            remedy="correct it there",
        ) from error
    except (LookupError, ValueError) as error:
        raise InputError(
            "is in an encoding that cannot be read", remedy="save it as UTF-8"
        ) from error


class _Guard:
    """Counts what the visitor is told, and stops when it is too much."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._depth = 0
        self._count = 0

    def refuse_doctype(self, *_: object) -> None:
        raise InputError(
            "has a DOCTYPE, which could make it grow without end or fetch other files",
            remedy="take the line out; KML needs none",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1 + len(attributes)
        if self._depth > MAX_XML_DEPTH:
            raise LimitError(f"is nested more than {MAX_XML_DEPTH} deep", remedy="flatten it")
        if self._count > MAX_XML_ITEMS:
            raise LimitError(
                f"has more than {MAX_XML_ITEMS:,} elements and attributes", remedy="split the file"
            )
        self._visitor.start(name, attributes)

    def end(self, _name: str) -> None:
        self._depth -= 1
        self._visitor.end()

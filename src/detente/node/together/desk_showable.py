"""What may lie on a desk: plain text and pictures, and of a picture nothing but the picture.

A browser shows text, PNG and JPEG by itself; every other kind would have to be handed out. What a
camera or a program has written into a picture beside it (place, time, owner, a smaller copy of
what was cut away) nobody sees when laying it out, so it is left out: of a PNG all chunks that do
not say how it looks (W3C PNG, section 11), of a JPEG all application segments but JFIF and Adobe's
colour transform, and comments (ITU-T T.81, table B.1).
"""

import struct

from detente.errors import InputError, LimitError

FILE_BYTES_MAX = 7 * 1024 * 1024
"""What fits, in base64, into one request (``api.bodies``)."""
TEXT = "text/plain; charset=utf-8"
PNG = "image/png"
JPEG = "image/jpeg"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB"})
_JPEG_MAGIC = b"\xff\xd8\xff"
_SOS, _EOI = 0xDA, 0xD9
_NOT_KEPT = frozenset({0xFE, *range(0xE1, 0xEE), 0xEF})


def showable(content: bytes, where: str) -> tuple[str, bytes]:
    """The media type of a file and the bytes that are shown of it.

    Raises LimitError if it is too long, InputError if it is neither text nor a picture.
    """
    if len(content) > FILE_BYTES_MAX:
        raise LimitError(
            f"has {len(content)} bytes, more than {FILE_BYTES_MAX}",
            where=where,
            remedy="lay out a smaller picture, or less text",
        )
    if content.startswith(_PNG_MAGIC):
        return PNG, _plain_png(content, where)
    if content.startswith(_JPEG_MAGIC):
        return JPEG, _plain_jpeg(content, where)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _neither(where) from None
    if not text or any(ord(one) < 32 and one not in "\t\r\n" for one in text):
        raise _neither(where)
    return TEXT, content


def _neither(where: str) -> InputError:
    return InputError(
        "is neither text nor a PNG or JPEG picture that can be read",
        where=where,
        remedy="export it as one of these",
    )


def _plain_png(content: bytes, where: str) -> bytes:
    kept, at = [_PNG_MAGIC], len(_PNG_MAGIC)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            break
        if kind in _PNG_KEPT:
            kept.append(content[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    raise _neither(where)


def _plain_jpeg(content: bytes, where: str) -> bytes:
    kept, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(content):
            break
        if marker not in _NOT_KEPT:
            kept.append(content[at:end])
        at = end
        if marker == _SOS:
            # Scans, and tables between them, up to the end; what is behind the end is no picture.
            at = _scan_end(content, at)
            kept.append(content[end:at])
            if content[at : at + 2] == bytes([0xFF, _EOI]):
                return b"".join([*kept, content[at : at + 2]])
    raise _neither(where)


def _scan_end(content: bytes, at: int) -> int:
    """Where the compressed data that begin at ``at`` end: at the next marker but a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        if content[at + 1] == 0 or 0xD0 <= content[at + 1] <= 0xD7:
            at += 2
        else:
            return at

"""KMZ: a ZIP archive with one KML document (OGC KML 2.3, annex C; PKWARE APPNOTE).

Read is ``doc.kml``, or the only file that ends in ``.kml``. Any other such file is *unknown*, since
it may be linked to. Pictures and models are passed over without being unpacked.

An archive says how large its members are before they are unpacked, and may lie. So the directory
is counted before it is read, a member that claims too much is not begun, and unpacking stops at
what was claimed, where the checksum must agree; no more than one member is ever unpacked, and none
inside another.
"""

import io
import struct
import zipfile
import zlib

from detente.errors import InputError, LimitError
from detente.formats.reading import MAX_MEMBERS, MAX_XML_BYTES

_DIRECTORY_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def unpack(data: bytes) -> tuple[bytes, list[str]]:
    """The main document, and the names of other KML files that are not read."""
    # Python's reader makes an object of each entry, and millions fit into a small file.
    if data.count(_DIRECTORY_ENTRY) > MAX_MEMBERS:
        raise LimitError(f"has more than {MAX_MEMBERS:,} files in it", remedy="take them out")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [info for info in archive.infolist() if info.filename.lower().endswith(".kml")]
            main = _main(found)
            others = [info.filename for info in found if info is not main]
            return _read(archive, main), others
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise InputError("is not a whole ZIP archive", remedy="fetch it again") from error


def _main(found: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    named = [info for info in found if info.filename.lower() == "doc.kml"]
    chosen = named or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise InputError("has no KML document in it", remedy="put it in as doc.kml")
    raise InputError(
        "has several KML documents in it", remedy="name the main one doc.kml, or give each alone"
    )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MAX_XML_BYTES:
        raise LimitError(
            f"its document has more than {MAX_XML_BYTES // 2**20} MiB unpacked", remedy="split it"
        )
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise InputError(
            "its document is encrypted or packed in an unusual way", remedy="pack it with zip"
        )
    with archive.open(info) as member:
        # One byte more than there should be, so that the checksum at the end is reached.
        return member.read(info.file_size + 1)

"""Which reader a file goes to, and how much of it is read.

========================  ===============================================================
``.geojson``, ``.json``    GeoJSON if it is an object, samples of trajectories if an array
``.geojsonl``, …           a sequence of GeoJSON Features, see ``SEQUENCES``
``.csv``                   activities or samples, told apart by their columns
``.kml``, ``.kmz``         KML, the latter in an archive
``.notam``                 ICAO NOTAM
``.openair``, ``.air``     OpenAir airspaces
``.txt``                   one of these two, told apart by their records
``….gz``                   any of these, compressed
========================  ===============================================================

GeoJSON and tables of activities are read piece by piece: of a file of gigabytes no more than a few
megabytes are held at a time. The others are read whole, and so are limited.

No exception other than InputError comes from the bytes of a file.
"""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from detente.errors import InputError, LimitError
from detente.formats.geojson import check_frame, read_feature, read_stretch
from detente.formats.jsontext import decode_utf8
from detente.formats.kml import read_kml, read_kmz
from detente.formats.notam import looks_like_notams, read_notams
from detente.formats.openair import looks_like_openair, read_openair
from detente.formats.reading import (
    MAX_FILE_BYTES,
    MAX_ITEM_BYTES,
    MAX_STREAM_FEATURES,
    CutError,
    Gathering,
    ReadOptions,
)
from detente.formats.samples import read_sample_table, read_samples
from detente.formats.stretches import Collection, Stretch, records
from detente.formats.table import (
    ACTIVITY_COLUMNS,
    SAMPLE_COLUMNS,
    AnyRow,
    Table,
    read_rows,
    rows_of_activities,
)
from detente.volumes.check import check_party

SEQUENCES = (".geojsonl", ".geojsons", ".geojsonseq", ".ndgeojson", ".ndjson", ".jsonl")
"""Endings of files that hold one Feature a line, or after each record separator (RFC 8142)."""
_NO_RECORD = re.compile(rb"[\xef\xbb\xbf \t\r\n]*\[\s*[^{\]\s]")
"""A JSON array that begins with something else than an object."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
PEEK_BYTES = 65_536
_KINDS = ".geojson, .geojsonl, .json, .csv, .kml, .kmz, .notam, .openair or .txt, also with .gz"


class Task(NamedTuple):
    """Some items of a file, to be read by any process."""

    read: Callable[..., None]
    """Takes the items and a Gathering."""
    items: Stretch | list[AnyRow]


def tasks_of(
    name: str, source: BinaryIO, options: ReadOptions, gathering: Gathering
) -> Iterator[Task]:
    """What is to be done to read a file; what cannot be done in pieces goes to ``gathering``.

    ``source`` is unpacked. Raises CutError where the rest of the file cannot be used, and
    InputError where the whole of it cannot.
    """
    ending = Path(name.removesuffix(".gz")).suffix
    first, source = _begun(source)
    if ending in (".geojson", ".json"):
        yield from _json_tasks(first, source, options, gathering)
    elif ending in SEQUENCES:
        for stretch in records(source):
            yield Task(read_stretch, _limited(stretch))
    elif ending == ".csv":
        yield from _csv_tasks(Table(source), options, gathering)
    elif ending == ".kml":
        read_kml(_whole(source), options, gathering)
    elif ending == ".kmz":
        read_kmz(_whole(source), options, gathering)
    elif ending in (".txt", ".notam", ".openair", ".air"):
        text = decode_utf8(_whole(source))
        if ending in (".openair", ".air") or (ending == ".txt" and _is_openair(text)):
            read_openair(text, gathering)
        else:
            read_notams(text, gathering)
    else:
        raise InputError(f"files ending in {ending!r} are not read", remedy=f"give {_KINDS}")


def party_of_name(name: str) -> str:
    """The party that a file's name stands for: ``plans/US cell.geojson`` gives ``us-cell``.

    InputError for a name that gives no party id: one cut short or with letters left out could
    stand for somebody else's too.
    """
    stem = Path(name).name.removesuffix(".gz")
    stem = stem[: stem.rfind(".")] if "." in stem[1:] else stem
    slug = re.sub(r"[\s._-]+", "-", stem.lower()).strip("-")
    return check_party(f"p-{slug}" if slug[:1].isdigit() else slug)


def _json_tasks(
    first: bytes, source: BinaryIO, options: ReadOptions, gathering: Gathering
) -> Iterator[Task]:
    if first == b"[":
        data = _whole(source)
        if _NO_RECORD.match(data):
            raise _neither()
        read_samples(data, options, gathering)
        return
    collection = Collection(source)
    if not isinstance(collection.document, dict):
        raise _neither()
    if not collection.streams and collection.document.get("type") == "Feature":
        read_feature(collection.document, gathering)
        return
    check_frame(collection.document, whole=not collection.streams)
    for stretch in collection.stretches():
        yield Task(read_stretch, _limited(stretch))
    check_frame(collection.document, whole=True)


def _limited(stretch: Stretch) -> Stretch:
    if stretch.first + stretch.size - 1 > MAX_STREAM_FEATURES:
        raise CutError(
            f"has more than {MAX_STREAM_FEATURES:,} features",
            remedy="split the file; nothing from there on was read",
        )
    return stretch


def _neither() -> InputError:
    return InputError(
        "is neither GeoJSON nor trajectory records",
        remedy="give a FeatureCollection, or an array of objects with timestamp, latitude, "
        "longitude, altitude and callsign",
    )


def _csv_tasks(table: Table, options: ReadOptions, gathering: Gathering) -> Iterator[Task]:
    columns = set(table.columns)
    if columns >= ACTIVITY_COLUMNS:
        for rows in rows_of_activities(table, gathering):
            yield Task(read_rows, rows)
    elif columns >= SAMPLE_COLUMNS:
        read_sample_table(table, options, gathering)
    else:
        raise InputError(
            "its columns are neither those of activities nor of trajectories",
            remedy="give a header with id, start, end and wkt, or with timestamp, latitude, "
            "longitude, altitude and callsign",
        )


def _is_openair(text: str) -> bool:
    """Whether a text is OpenAir and not NOTAMs; InputError if it could be both."""
    if not looks_like_openair(text):
        return False
    if looks_like_notams(text):
        raise InputError(
            "has both OpenAir's records and NOTAMs", remedy="name it .openair or .notam"
        )
    return True


class _Again(io.RawIOBase):
    """A source of which the first bytes have been read already."""

    def __init__(self, first: bytes, source: BinaryIO) -> None:
        self._first, self._source = first, source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        data = self._first[: len(buffer)] or self._source.read(len(buffer))
        self._first = self._first[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _begun(source: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first character that is not blank, and the source again from its beginning."""
    read = b""
    while data := source.read(max(PEEK_BYTES, len(read))):
        read += data
        if begun := read.lstrip(_BLANK):
            return begun[:1], io.BufferedReader(_Again(read, source), PEEK_BYTES)
        if len(read) > MAX_ITEM_BYTES:
            break
    raise InputError("is empty", remedy="export it again, or leave it out")


def _whole(source: BinaryIO) -> bytes:
    data = bytearray()
    while more := source.read(PEEK_BYTES):
        data += more
        if len(data) > MAX_FILE_BYTES:
            raise _too_large()
    return bytes(data)


def _too_large() -> LimitError:
    return LimitError(
        f"has more than {MAX_FILE_BYTES // 2**20} MiB unpacked", remedy="split the file"
    )

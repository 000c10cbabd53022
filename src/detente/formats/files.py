"""Which reader a file goes to, and how much of it is read.

======================  =================================================================
``.geojson``, ``.json``  GeoJSON if it is an object, samples of trajectories if an array
``.csv``                 activities or samples, told apart by their columns
``.kml``, ``.kmz``       KML, the latter in an archive
``.notam``               ICAO NOTAM
``.openair``, ``.air``   OpenAir airspaces
``.txt``                 one of these two, told apart by their records
``….gz``                 any of these, compressed
======================  =================================================================

No exception other than InputError, and that only inside a Reading, comes from the bytes of a file.
"""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from detente.errors import InputError, LimitError
from detente.formats.geojson import read_geojson
from detente.formats.jsontext import decode_json
from detente.formats.kml import read_kml, read_kmz
from detente.formats.notam import looks_like_notams, read_notams
from detente.formats.notam_succession import settled
from detente.formats.openair import looks_like_openair, read_openair
from detente.formats.reading import (
    MAX_FILE_BYTES,
    Gathering,
    Notice,
    Progress,
    Reading,
    ReadOptions,
    printable,
)
from detente.formats.samples import read_sample_table, read_samples
from detente.formats.table import ACTIVITY_COLUMNS, SAMPLE_COLUMNS, Table, read_activities
from detente.volumes.check import check_party

_NO_RECORD = re.compile(rb"[\xef\xbb\xbf \t\r\n]*\[\s*[^{\]\s]")
"""A JSON array that begins with something else than an object."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
_KINDS = ".geojson, .json, .csv, .kml, .kmz, .notam, .openair or .txt, also with .gz"


def read(
    path: Path, options: ReadOptions | None = None, *, progress: Progress | None = None
) -> Reading:
    """Read one file; whatever is wrong with it or its items is in the reading's ``bad``."""
    return settled(_read_path(path, options, progress))


def read_bytes(
    name: str,
    data: bytes,
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Reading:
    """Read a file's bytes; ``name`` is its name, whose ending tells its format."""
    return settled(_read(name, lambda: data, options or ReadOptions(), progress))


def read_all(
    paths: Iterable[Path],
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Reading:
    """Read several files as one.

    An id that one party has in two files is bad, and so is a second file whose *name* would stand
    for the same party as another's: taken for one party, the two would never be compared.
    """
    together = Reading(activities=[], bad=[], unknown=[], notes=[], dropped=[])
    places: dict[tuple[str, str], tuple[int, Path]] = {}
    named: dict[str, Path] = {}
    notices: list[Notice] = []
    for number, path in enumerate(paths):
        reading = _read_path(path, options, progress)
        gathering = Gathering(printable(str(path)), reading.assumed_party or "")
        if reading.assumed_party is not None:
            first = named.setdefault(reading.assumed_party, path)
            if _is_another(first, path):
                gathering.refuse_file(_same_name(reading.assumed_party, first))
                reading = Reading(activities=[], bad=[], unknown=[], notes=[], dropped=[])
        for activity in reading.activities:
            key = (activity.party, activity.id)
            first_number, first = places.setdefault(key, (number, path))
            if first_number == number:
                together.activities.append(activity)
            else:
                gathering.refuse(
                    _twice(activity.party, first),
                    "activity",
                    party=activity.party,
                    identifier=activity.id,
                )
        for part in (reading, gathering.reading()):
            together.bad.extend(part.bad)
            together.unknown.extend(part.unknown)
            together.notes.extend(part.notes)
            together.dropped.extend(part.dropped)
        notices += reading.notices
    return settled(msgspec.structs.replace(together, notices=tuple(notices)))


def party_of_name(name: str) -> str:
    """The party that a file's name stands for: ``plans/US cell.geojson`` gives ``us-cell``.

    InputError for a name that gives no party id: one cut short or with letters left out could
    stand for somebody else's too.
    """
    stem = Path(name).name.removesuffix(".gz")
    stem = stem[: stem.rfind(".")] if "." in stem[1:] else stem
    slug = re.sub(r"[\s._-]+", "-", stem.lower()).strip("-")
    return check_party(f"p-{slug}" if slug[:1].isdigit() else slug)


def _is_another(first: Path, second: Path) -> bool:
    """Two files may stand for one party by their names if these differ in the ending alone."""

    def stem(path: Path) -> tuple[Path, str]:
        return path.parent.absolute(), path.name.split(".")[0]

    return stem(first) != stem(second)


def _same_name(party: str, first: Path) -> InputError:
    return InputError(
        f"its name stands for the same party, {party}, as that of {first}",
        remedy="add a party to each item, or rename one of the two files",
    )


def _twice(party: str, first: Path) -> InputError:
    return InputError(
        f"party {party} has this id in {first} already",
        remedy="give each activity an id of its own",
    )


def _read_path(path: Path, options: ReadOptions | None, progress: Progress | None) -> Reading:
    return _read(str(path), lambda: _bytes_of(path), options or ReadOptions(), progress)


def _read(
    name: str, load: Callable[[], bytes], options: ReadOptions, progress: Progress | None
) -> Reading:
    try:
        party = options.party or party_of_name(name)
    except InputError:
        # It matters only to items that name no party; they say so.
        party = ""
    gathering = Gathering(printable(name), party, progress=progress)
    try:
        if options.party is not None:
            check_party(options.party, where="party")
        _dispatch(name.lower(), load(), options, gathering)
    except InputError as error:
        gathering.refuse_file(error)
    gathering.note_if_empty()
    return gathering.reading()


def _dispatch(name: str, data: bytes, options: ReadOptions, gathering: Gathering) -> None:
    if name.endswith(".gz"):
        name, data = name.removesuffix(".gz"), _unpacked(data)
    ending = Path(name).suffix
    if len(data) > MAX_FILE_BYTES:
        raise _too_large()
    if not data.lstrip(_BLANK):
        raise InputError("is empty", remedy="export it again, or leave it out")
    if ending in (".geojson", ".json"):
        _read_json(data, options, gathering)
    elif ending == ".csv":
        _read_csv(Table(_text(data)), options, gathering)
    elif ending == ".kml":
        read_kml(data, options, gathering)
    elif ending == ".kmz":
        read_kmz(data, options, gathering)
    elif ending in (".txt", ".notam", ".openair", ".air"):
        text = _text(data)
        if ending in (".openair", ".air") or (ending == ".txt" and _is_openair(text)):
            read_openair(text, gathering)
        else:
            read_notams(text, gathering)
    else:
        raise InputError(f"files ending in {ending!r} are not read", remedy=f"give {_KINDS}")


def _read_json(data: bytes, options: ReadOptions, gathering: Gathering) -> None:
    if _NO_RECORD.match(data):
        raise _neither()
    if data.lstrip(_BLANK)[:1] == b"[":
        read_samples(data, options, gathering)
        return
    document = decode_json(_text(data))
    if not isinstance(document, dict):
        raise _neither()
    read_geojson(document, gathering)


def _neither() -> InputError:
    return InputError(
        "is neither GeoJSON nor trajectory records",
        remedy="give a FeatureCollection, or an array of objects with timestamp, latitude, "
        "longitude, altitude and callsign",
    )


def _read_csv(table: Table, options: ReadOptions, gathering: Gathering) -> None:
    columns = set(table.columns)
    if columns >= ACTIVITY_COLUMNS:
        read_activities(table, gathering)
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


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not a file name"
        raise InputError(
            f"cannot be opened ({reason})", remedy="check its name and permissions"
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise _too_large()
    return data


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is not whole gzip ({error})", remedy="fetch it again") from error


def _too_large() -> LimitError:
    return LimitError(
        f"has more than {MAX_FILE_BYTES // 2**20} MiB unpacked", remedy="split the file"
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8"
        ) from error

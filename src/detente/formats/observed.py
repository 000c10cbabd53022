"""Observations of a party's own files: GeoJSON (RFC 7946) and CSV, one after another.

==================  ===========================================================================
``id``              required; the same in every export of the same observation
``kind``            required; a code of the taxonomy (docs/observations.md)
``from``, ``until`` required; RFC 3339 with offset, or a date alone, which is taken as that day in
                    every zone at once, 26 hours longer than a day
``radius_m``        required; the metres within which it happened
``how``             ``seen``, ``heard``, ``sensor``, ``visit``, ``media``, ``third-party``;
                    ``unknown`` if missing
``confidence``      ``low``, ``moderate``, ``high``; ``unknown`` if missing
``seeing``          ``good``, ``limited``, ``poor``; ``unknown`` if missing
``marking``         TLP 2.0; the import's if missing
``counts``          numbers by what they count: an object, in CSV ``vehicles=40;tents=3``
``place``, ``district``, ``text``, ``language``, ``source``, ``edges``
==================  ===========================================================================

The place is the geometry of a feature; in CSV ``longitude`` and ``latitude``, or ``wkt``. Any other
column or property is refused by name, once for the file: a misspelt one would be lost in silence.

UCDP's georeferenced events are told by their columns (``formats.ged``).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from detente.errors import InputError
from detente.formats.files import SEQUENCES
from detente.formats.ged import GED_COLUMNS, ged_observation
from detente.formats.geojson import check_frame, values_of
from detente.formats.geometry import cores_of
from detente.formats.profile import edges_of, identifier_of, number_of_text
from detente.formats.reading import MAX_STREAM_FEATURES, CutError, printable
from detente.formats.stretches import Collection, Stretch, records
from detente.formats.table import Table, geometry_of_wkt
from detente.observations import Observation, check_kind, check_observation
from detente.observations.zones import any_zone
from detente.volumes import Core, Edges, Shape
from detente.volumes.times import parse_time_s

UCDP_GED = "ucdp-ged"
OWN_FILE = "own-file"

WORDS = ("how", "confidence", "seeing")
TEXTS = ("place", "district", "text", "source")
PROPERTIES = frozenset(
    {"id", "kind", "from", "until", "radius_m", "marking", "counts", "language", "edges"}
    | {*WORDS, *TEXTS}
)
PLACES = frozenset({"longitude", "latitude", "wkt"})
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COUNT = re.compile(r"\s*([a-z][a-z0-9-]*)\s*=\s*(\d{1,10})\s*", re.ASCII)

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")
"""What spreadsheets take for the beginning of a formula, or of text that would be one."""
BESIDE = frozenset({"party", "version", "reported"})
"""What our own exports have besides; it is not read, but ``party`` has to be us."""


class Options(NamedTuple):
    """What a file does not say itself: whose it is, and the marking of what bears none."""

    party: str
    marking: str


Item = Observation | InputError
"""An observation, or why a row or feature cannot be used; a CutError is the last."""
ReadRow = Callable[[Mapping[str, str], Options], Observation]


class Observations(NamedTuple):
    """A file's observations, to be gone through once."""

    format: str
    items: Iterator[Item]


def read_observations(name: str, source: BinaryIO, options: Options) -> Observations:
    """The observations of a file, whatever its length.

    Raises InputError where the file as a whole cannot be used.
    """
    ending = Path(name.lower()).suffix
    if ending in (".geojson", ".json"):
        return Observations(OWN_FILE, _of_collection(Collection(source), options))
    if ending in SEQUENCES:
        return Observations(OWN_FILE, _of_stretches(records(source), options))
    if ending != ".csv":
        raise InputError(
            f"files ending in {ending!r} are not read as observations",
            where=printable(name),
            remedy="give .csv, .geojson or .geojsonl",
        )
    table = Table(source)
    columns = set(table.columns)
    if columns >= GED_COLUMNS:
        return Observations(UCDP_GED, _of_rows(table, options, _ged_row))
    _check_names(columns, PROPERTIES | PLACES | BESIDE)
    if not ({"id", "kind", "from", "until", "radius_m"} <= columns and columns & PLACES):
        raise InputError(
            "its columns are neither those of UCDP GED nor of observations",
            where=printable(name),
            remedy="give id, kind, from, until, radius_m, longitude and latitude",
        )
    return Observations(OWN_FILE, _of_rows(table, options, _row_observation))


def _check_names(names: set[str], known: frozenset[str]) -> None:
    unused = sorted(names - known - {""})
    if unused:
        raise InputError(
            f"has {unused[0][:40]!r}, which is not used",
            remedy="see docs/files.md for the names; take out or rename what is not of them",
        )


def _of_rows(table: Table, options: Options, read: ReadRow) -> Iterator[Item]:
    try:
        for number, row in table.rows():
            where = f"line {number}"
            if isinstance(row, InputError):
                yield _at(row, where)
                continue
            try:
                yield check_observation(read(row, options))
            except InputError as error:
                yield _at(error, f"{where} ({row['id'][:64]})" if row.get("id") else where)
    except CutError as error:
        yield error


def _of_collection(collection: Collection, options: Options) -> Iterator[Item]:
    if not isinstance(collection.document, dict):
        raise InputError("is not GeoJSON", remedy="give a FeatureCollection or a Feature")
    if not collection.streams and collection.document.get("type") == "Feature":
        yield _of_feature(collection.document, 1, options)
        return
    check_frame(collection.document, whole=not collection.streams)
    yield from _of_stretches(collection.stretches(), options)
    try:
        check_frame(collection.document, whole=True)
    except InputError as error:
        yield CutError(error.message, remedy=error.remedy, where=error.where)


def _of_stretches(stretches: Iterator[Stretch], options: Options) -> Iterator[Item]:
    try:
        for stretch in stretches:
            for number, value in enumerate(values_of(stretch), stretch.first):
                if number > MAX_STREAM_FEATURES:
                    yield CutError(
                        f"has more than {MAX_STREAM_FEATURES:,} features", remedy="split the file"
                    )
                    return
                yield _of_feature(value, number, options)
    except CutError as error:
        yield error


def _of_feature(value: object, number: int, options: Options) -> Item:
    where = f"feature {number:,}"
    try:
        properties, geometry = _parts(value)
        if named := identifier_of(properties):
            where += f" ({named[:64]})"
        _check_names(set(properties), PROPERTIES | BESIDE)
        core = _one_core(geometry, edges_of(properties.get("edges")))
        counts = properties.get("counts")
        return check_observation(
            _observation(properties, core, options, {} if counts is None else _counts(counts))
        )
    except InputError as error:
        return _at(error, where)


def _parts(value: object) -> tuple[dict[str, Any], object]:
    """The properties and the geometry of a feature."""
    if isinstance(value, InputError):
        raise value
    if not isinstance(value, dict) or value.get("type") != "Feature":
        raise InputError("is not a Feature", remedy='give it "type": "Feature" (RFC 7946)')
    properties = value.get("properties")
    if not isinstance(properties, dict):
        raise InputError("has no properties", remedy="add id, kind, from, until and radius_m")
    if "id" not in properties and "id" in value:
        properties = {**properties, "id": value["id"]}
    return properties, value.get("geometry")


def _ged_row(row: Mapping[str, str], options: Options) -> Observation:
    return ged_observation(row, options.marking)


def _row_observation(row: Mapping[str, str], options: Options) -> Observation:
    cells: dict[str, Any] = {
        name: _unquoted(cell) if name in TEXTS else cell.strip() for name, cell in row.items()
    }
    cells["radius_m"] = number_of_text(cells["radius_m"], "radius_m")
    edges = edges_of(cells.get("edges"))
    if cells.get("wkt"):
        core = _one_core(geometry_of_wkt(cells["wkt"]), edges)
    else:
        core = point_of(cells.get("longitude", ""), cells.get("latitude", ""))
    return _observation(cells, core, options, _counts_of_text(cells.get("counts", "")))


def _unquoted(cell: str) -> str:
    """Text as it was, without what ``formats.observed_out`` put before it for spreadsheets."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULAS else cell


def point_of(longitude: str, latitude: str) -> Core:
    """The point of two cells of a table."""
    lon, lat = number_of_text(longitude, "longitude"), number_of_text(latitude, "latitude")
    if lon is None or lat is None:
        raise InputError("has no place", remedy="give longitude and latitude, or wkt")
    return Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC)


def _observation(
    properties: Mapping[str, Any], core: Core, options: Options, counts: dict[str, int]
) -> Observation:
    identifier = identifier_of(properties)
    if identifier is None:
        raise InputError("has no id", remedy="give it one, the same in every export of it")
    party = properties.get("party")
    if party not in (None, "", options.party):
        raise InputError(
            f"is of {str(party)[:40]!r}, and as a note of ours it would outlive its recall",
            remedy="look at it on the line; import own observations only",
        )
    radius_m = properties.get("radius_m")
    if isinstance(radius_m, bool) or not isinstance(radius_m, int | float):
        raise InputError(
            "has no radius_m", remedy="add the metres within which it happened, without a unit"
        )
    kind = _text(properties, "kind", "")
    check_kind(kind)
    return Observation(
        id=identifier,
        kind=kind,
        core=core,
        radius_m=float(min(radius_m, 1e18)),
        from_s=_time_s(properties, "from", 0),
        until_s=_time_s(properties, "until", 1),
        marking=_text(properties, "marking", "") or options.marking,
        counts=counts,
        language=_text(properties, "language", "") or "en",
        **{name: _text(properties, name, "") or "unknown" for name in WORDS},
        **{name: _text(properties, name, "") for name in TEXTS},
    )


def _text(properties: Mapping[str, Any], name: str, otherwise: str) -> str:
    value = properties.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, str):
        raise InputError(f"its {name} is not text", remedy="write it as text")
    return value


def _time_s(properties: Mapping[str, Any], name: str, end: int) -> float:
    text = _text(properties, name, "").strip()
    if not text:
        raise InputError(f"has no {name}", remedy="add a time such as 2026-11-22T08:00:00Z")
    if _DATE.fullmatch(text):
        return any_zone(day_of_text(text))[end]
    return parse_time_s(text, where=name)


def day_of_text(text: str) -> date:
    """The date that a text of the right form names; InputError for the 30th of February."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no such day", remedy="write it as 2026-11-22") from None


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not all(
        isinstance(number, int) and not isinstance(number, bool) for number in value.values()
    ):
        raise InputError(
            "its counts are not whole numbers by name", remedy='write {"vehicles": 40}'
        )
    return dict(value)


def _counts_of_text(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in text.split(";") if text.strip() else ():
        match = _COUNT.fullmatch(part)
        if match is None or match[1] in counts:
            raise InputError(
                f"its count {part.strip()[:40]!r} cannot be read",
                remedy="write vehicles=40;tents=3, each once",
            )
        counts[match[1]] = int(match[2])
    return counts


def _one_core(geometry: object, edges: Edges) -> Core:
    cores, _ = cores_of(geometry, edges)
    if len(cores) != 1:
        raise InputError(
            "its geometry has several parts", remedy="report each place by itself, or one outline"
        )
    return cores[0]


def _at(error: InputError, where: str) -> InputError:
    # An error that is kept would keep the frames it came through, and with them the row.
    error.__traceback__ = error.__context__ = error.__cause__ = None
    error.at(where)
    error.where, error.message, error.remedy = (
        printable(text) for text in (error.where, error.message, error.remedy)
    )
    return error

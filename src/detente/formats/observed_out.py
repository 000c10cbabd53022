"""Observations out: GeoJSON and CSV, with the names that ``formats.observed`` reads, and more.

What is written is read again as it was; beside it stand the reporter (``party``), the version, and
when it was reported. The marking stands on every one of them, and on the whole of a GeoJSON file.
Everything is written piece by piece: no file is held whole.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from detente.formats.observed import FORMULAS, TEXTS
from detente.observations import Observation, narrowest
from detente.volumes import Shape
from detente.volumes.codec import coordinates_of
from detente.volumes.times import ceil_ms, floor_ms, format_time

COLUMNS = (
    *("id", "kind", "longitude", "latitude", "wkt", "edges", "radius_m", "from", "until"),
    *("how", "confidence", "seeing", "marking", "place", "district", "counts", "text"),
    *("language", "source"),
)
"""Columns that are read again."""
BESIDE = ("party", "version", "reported")


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """An observation with who reported it, on which line (its id) and as which version, first and
    last at which times."""

    line: str
    party: str
    said: Observation
    version: int
    first: str
    reported: str


def write_geojson(some: Iterable[Reported]) -> Iterator[bytes]:
    """A FeatureCollection; ``marking`` at its end is the narrowest of its observations."""
    yield b'{"type":"FeatureCollection","features":['
    markings: set[str] = set()
    for number, one in enumerate(some):
        markings.add(one.said.marking)
        yield b",\n" * bool(number) + _encoded(_feature(one))
    yield b'],"marking":' + _encoded(narrowest(markings)) + b"}\n"


def write_csv(some: Iterable[Reported]) -> Iterator[bytes]:
    """A table (RFC 4180), one observation a row; every row bears its marking."""
    columns = (*COLUMNS, *BESIDE)
    yield _row(columns)
    for one in some:
        cells = _cells(one) | {
            "party": one.party,
            "version": str(one.version),
            "reported": one.reported,
        }
        yield _row(_harmless(cells[name]) if name in TEXTS else cells[name] for name in columns)


def _feature(one: Reported) -> dict[str, Any]:
    said = one.said
    properties: dict[str, Any] = {
        "id": said.id,
        "kind": said.kind,
        "radius_m": said.radius_m,
        **_window(said),
        "how": said.how,
        "confidence": said.confidence,
        "seeing": said.seeing,
        "marking": said.marking,
        "place": said.place,
        "district": said.district,
        "counts": said.counts,
        "text": said.text,
        "language": said.language,
        "source": said.source,
        "edges": said.core.edges.value,
        "party": one.party,
        "version": one.version,
        "reported": one.reported,
    }
    geometry = {"type": said.core.shape.value, "coordinates": coordinates_of(said.core)}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _cells(one: Reported) -> dict[str, str]:
    said = one.said
    point = said.core.rings[0][0] if said.core.shape is Shape.POINT else None
    return {
        "id": said.id,
        "kind": said.kind,
        "longitude": repr(point[0]) if point else "",
        "latitude": repr(point[1]) if point else "",
        "wkt": "" if point else _wkt(said),
        "edges": said.core.edges.value,
        "radius_m": repr(said.radius_m),
        **_window(said),
        "how": said.how,
        "confidence": said.confidence,
        "seeing": said.seeing,
        "marking": said.marking,
        "place": said.place,
        "district": said.district,
        "counts": ";".join(f"{name}={number}" for name, number in sorted(said.counts.items())),
        "text": said.text,
        "language": said.language,
        "source": said.source,
    }


def _window(said: Observation) -> dict[str, str]:
    return {
        "from": format_time(floor_ms(said.from_s)),
        "until": format_time(ceil_ms(said.until_s)),
    }


def _wkt(said: Observation) -> str:
    def listed(positions: Any) -> str:
        return "(" + ", ".join(f"{lon!r} {lat!r}" for lon, lat in positions) + ")"

    coordinates = coordinates_of(said.core)
    if said.core.shape is Shape.POLYLINE:
        return "LINESTRING " + listed(coordinates)
    return "POLYGON (" + ", ".join(listed(ring) for ring in coordinates) + ")"


def _harmless(cell: str) -> str:
    """Text as no spreadsheet takes it for a formula: an apostrophe stands before it."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def _row(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

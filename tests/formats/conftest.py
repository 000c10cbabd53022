"""Small builders of files that the tests of the readers share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.formats import Reading, read_bytes

DATA = Path(__file__).parent / "data"

PROPERTIES: dict[str, Any] = {
    "id": "orbit-1",
    "party": "us",
    "radius_m": 9260,
    "start": "2021-08-09T00:30:00Z",
    "end": "2021-08-09T05:00:00Z",
}


@pytest.fixture
def data() -> Path:
    """The folder of invented files."""
    return DATA


Reader = Callable[..., Reading]


@pytest.fixture
def read_feature() -> Reader:
    """Reads one feature: a geometry and changes to sound properties (None takes one away)."""

    def read(geometry: Any, **changes: Any) -> Reading:
        properties = {**PROPERTIES, **changes}
        feature = {
            "type": "Feature",
            "geometry": geometry,
            "properties": {name: value for name, value in properties.items() if value is not None},
        }
        document = {"type": "FeatureCollection", "features": [feature]}
        return read_bytes("plans.geojson", json.dumps(document).encode())

    return read


@pytest.fixture
def read_row() -> Reader:
    """Reads one CSV row of activities, from cells by column."""

    def read(**changes: str) -> Reading:
        cells = {**{name: str(value) for name, value in PROPERTIES.items()}, **changes}
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells.values()]
        text = ",".join(cells) + "\n" + ",".join(quoted) + "\n"
        return read_bytes("plans.csv", text.encode())

    return read


@pytest.fixture
def read_notam() -> Reader:
    """Reads one NOTAM made of its items."""

    def read(e: str, **changes: str) -> Reading:
        items = {
            "head": "A1234/21 NOTAMN",
            "q": "OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010",
            "a": "OAKX",
            "b": "2108090000",
            "c": "2108090600",
            "d": "",
            "f": "SFC",
            "g": "3000FT AMSL",
            **changes,
        }
        lines = [f"({items['head']}", f"Q) {items['q']}"]
        lines.append(f"A) {items['a']} B) {items['b']} C) {items['c']}")
        lines += [f"D) {items['d']}"] if items["d"] else []
        lines.append(f"E) {e}")
        limits = [f"{letter.upper()}) {items[letter]}" for letter in "fg" if items[letter]]
        return read_bytes("notams.txt", ("\n".join([*lines, *limits]) + ")\n").encode())

    return read

"""Whatever the bytes of a file: a reading comes back, and every error in it is one whole line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError
from detente.formats import Reading, read_bytes
from detente.volumes.check import check_activity

DATA = Path(__file__).parent / "data"
ENDINGS = st.sampled_from(
    [".geojson", ".json", ".csv", ".txt", ".notam", ".openair", ".kml", ".kmz", ".json.gz"]
)


def judge(reading: Reading) -> None:
    for error in reading.bad:
        assert isinstance(error, InputError)
        assert error.where
        assert error.message
        assert error.remedy
        assert str(error).isprintable()
        str(error).encode()
    for item in (*reading.unknown, *reading.dropped):
        assert item.why
        assert item.id.isprintable()
    assert len(reading.bad) == len(reading.dropped)
    for activity in reading.activities:
        check_activity(activity)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), ENDINGS)
def test_any_bytes(data: bytes, ending: str) -> None:
    judge(read_bytes(f"us{ending}", data))
    judge(read_bytes(f"us{ending}.gz", gzip.compress(data)))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), ENDINGS)
def test_any_text(text: str, ending: str) -> None:
    judge(read_bytes(f"us{ending}", text.encode("utf-8", "surrogatepass")))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Feature", "Point", "MultiPolygon", "FL", "MSL", "2021-08-09T00:30:00Z"])
)
NAMES = st.sampled_from(
    ["type", "features", "geometry", "coordinates", "properties", "id", "party", "radius_m",
     "altitude_lower", "altitude_upper", "value", "units", "reference", "start", "end", "edges",
     "kind", "timestamp", "latitude", "longitude", "altitude", "callsign", "icao24"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json(value: Any) -> None:
    judge(read_bytes("us.json", json.dumps(value).encode()))


@settings(max_examples=150, deadline=None)
@given(NAMES, JSON, st.sampled_from(["geometry", "properties", "coordinates"]))
def test_a_sound_feature_with_one_part_exchanged(name: str, value: Any, place: str) -> None:
    document = json.loads((DATA / "exercise-us.geojson").read_text())
    feature = document["features"][0]
    if place == "coordinates":
        feature["geometry"]["coordinates"] = value
    else:
        feature[place][name] = value
    judge(read_bytes("us.geojson", json.dumps(document).encode()))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "timestamp": st.floats(1.6e12, 1.6e12 + 1e7) | st.integers(0, 10**14),
                "latitude": st.none() | st.floats(-91, 91),
                "longitude": st.none() | st.floats(-361, 361),
                "altitude": st.none() | st.floats(-1e6, 1e6),
                "callsign": st.sampled_from(["A", "B", "B ", "", None, "a b", "\ud800"]),
            },
            optional={"icao24": st.sampled_from(["a", "b", ""])},
        ),
        max_size=12,
    )
)
def test_any_samples(records: list[dict[str, Any]]) -> None:
    judge(read_bytes("us.json", json.dumps(records).encode()))


CELLS = st.text(alphabet="0123456789.,-+eE: TZ()\"'{}FLMSNaAGPOINTYnul\n\r\0;é", max_size=24)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["id,radius_m,start,end,wkt", "timestamp,latitude,longitude,altitude,callsign", "wkt"]
    ),
    st.lists(st.lists(CELLS, max_size=6), max_size=4),
)
def test_any_cells(header: str, rows: list[list[str]]) -> None:
    text = "\n".join([header, *(",".join(cells) for cells in rows)])
    judge(read_bytes("us.csv", text.encode()))


WKT_WORDS = st.sampled_from(
    ["POINT", "LINESTRING", "POLYGON", "MULTIPOLYGON", "GEOMETRYCOLLECTION", "CURVEPOLYGON", "TIN",
     "TRIANGLE", "Z", "M", "ZM", "EMPTY", "(", ")", ",", "0 0", "1 1", "1 0", "nan 5", "1e999 0",
     "180 1", "-180 1", "SRID=4326;", " "]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WKT_WORDS, max_size=16))
def test_any_well_known_text(words: list[str]) -> None:
    cell = " ".join(words)
    times = "2021-08-09T00:30:00Z,2021-08-09T05:00:00Z"
    judge(read_bytes("us.csv", f'id,radius_m,start,end,wkt\na,5,{times},"{cell}"\n'.encode()))


NOTAM_WORDS = st.sampled_from(
    ["A1234/21", "A1235/21", "NOTAMN", "NOTAMR", "NOTAMC", "DAILY", "0100-0500", "EXC", "MON",
     "Q)", "A)", "B)", "C)", "D)", "E)", "F)", "G)", "(", ")",
     "OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010", "2108090000", "2108090600", "9999999999",
     "PERM", "EST", "WI", "5NM", "RADIUS", "OF", "3641N06852E", "3645N06900E", "3638N06855E",
     "9959N17959E", "8959N17959W", "AREA", "BOUNDED", "BY", "-", "AND", "SFC", "UNL", "FL999",
     "999999FT", "AMSL", "\n", "é", "EXERCISE"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(NOTAM_WORDS, max_size=40))
def test_any_notam_words(words: list[str]) -> None:
    judge(read_bytes("us.txt", " ".join(words).encode()))


HEAD = "(A1234/21 NOTAMN Q) OAKX/QRTCA/IV/BO/W/000/100/{place} A) OAKX B) 2108090000 C) 2108090600"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(NOTAM_WORDS.filter(lambda word: not word.endswith(")")), max_size=12),
    st.sampled_from(["3641N06852E010", "9000N18000W999", "0000N00000E000"]),
)
def test_any_item_e(words: list[str], place: str) -> None:
    text = f"{HEAD.format(place=place)} E) {' '.join(words)} F) SFC G) UNL)"
    judge(read_bytes("us.txt", text.encode()))


@pytest.mark.parametrize("name", [path.name for path in sorted(DATA.iterdir())])
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_exercises_files_with_bytes_changed(name: str, data: st.DataObject) -> None:
    text = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.integers(0, 255))
    judge(read_bytes(name, bytes(text)))

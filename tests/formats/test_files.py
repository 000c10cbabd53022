"""Which reader a file goes to, what stands in for a party, and limits on what is read."""

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from detente.errors import InputError
from detente.formats import (
    Reading,
    ReadOptions,
    features_of,
    party_of_name,
    read,
    read_all,
    read_bytes,
    streams,
)


def plan(identifier: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [68.8, 36.5]},
        "properties": {
            "id": identifier,
            "radius_m": 1000,
            "start": "2021-08-09T00:30:00Z",
            "end": "2021-08-09T05:00:00Z",
            **properties,
        },
    }


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def ids(reading: Reading) -> list[str]:
    return [f"{activity.party}/{activity.id}" for activity in reading.activities]


@pytest.mark.parametrize(
    ("name", "party"),
    [
        ("us.geojson", "us"),
        ("plans/US cell.geojson", "us-cell"),
        ("us_cell.v2.csv.gz", "us-cell-v2"),
        ("2021-08.json", "p-2021-08"),
        (".us.json", "us"),
        ("quickstart.json.gz", "quickstart"),
    ],
)
def test_a_files_name_stands_for_a_party(name: str, party: str) -> None:
    assert party_of_name(name) == party


@pytest.mark.parametrize("name", ["план.geojson", "a" * 33 + ".csv", "---.csv", "a(1).csv"])
def test_a_name_that_could_stand_for_two_is_not_taken(name: str) -> None:
    with pytest.raises(InputError):
        party_of_name(name)


def test_items_that_name_a_party_need_no_telling_name() -> None:
    reading = read_bytes("план.geojson", collection(plan("a", party="us"), plan("b")))
    assert ids(reading) == ["us/a"]
    (error,) = reading.bad
    assert error.where == "план.geojson: feature 2 (b)"
    assert "cannot stand in for one" in error.message


def test_an_option_gives_the_party() -> None:
    reading = read_bytes("x.geojson", collection(plan("a")), ReadOptions(party="us"))
    assert ids(reading) == ["us/a"]
    (error,) = read_bytes("x.geojson", collection(plan("a")), ReadOptions(party="U S")).bad
    assert "not a party id" in error.message


@pytest.mark.parametrize("name", ["us.geojson", "US.GEOJSON", "us.json"])
def test_compressed_files_are_read_alike(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(collection(plan("a")))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(collection(plan("a"))))
    assert read(tmp_path / name).activities == read(tmp_path / f"{name}.gz").activities
    assert ids(read(tmp_path / name)) == ["us/a"]


DEEP = b"[" * 100_000 + b"]" * 100_000
PACKED = gzip.compress(bytes(range(256)) * 10, mtime=0)


@pytest.mark.parametrize("data", [b"not gzip", PACKED[:-9], PACKED[:40], PACKED[:40] + b"\0" * 30])
def test_broken_gzip_is_one_bad_item(data: bytes) -> None:
    (error,) = read_bytes("us.csv.gz", data).bad
    assert error.where == "us.csv.gz"
    assert "not whole gzip" in error.message


def test_more_than_the_limit_is_refused_without_unpacking_it_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(streams, "MAX_STREAM_BYTES", 10_000)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as out:
        for _ in range(100):
            out.write(b"\0" * 100_000)
    for name, data in (("us.csv.gz", packed.getvalue()), ("us.csv", b" " * 10_001)):
        (tmp_path / name).write_bytes(data)
        for reading in (read_bytes(name, data), read(tmp_path / name)):
            (error,) = reading.bad
            assert "more than 10,000 bytes unpacked" in error.message


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("us.shp", b"<kml/>", "'.shp' are not read"),
        ("us", b"x", "'' are not read"),
        ("us.gz", gzip.compress(b"x", mtime=0), "'' are not read"),
        ("us.csv", b"\xff\xfe", "not UTF-8"),
        ("us.txt", b"\xff\xfe", "not UTF-8"),
        ("us.geojson", b'{"a":"\xff"}', "not UTF-8"),
        ("us.json", b"[1,2,3]", "is neither GeoJSON nor trajectory records"),
        ("us.geojson", b" [null]", "is neither GeoJSON nor trajectory records"),
        ("us.geojson", b"", "is empty"),
        ("us.csv", b"\xef\xbb\xbf \r\n", "is empty"),
        ("us.kml.gz", gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_bad_item(name: str, data: bytes, what: str) -> None:
    reading = read_bytes(name, data)
    assert reading.activities == []
    assert what in str(reading.bad[0])
    assert reading.bad[0].remedy


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("us.geojson", collection()),
        ("us.json", b"[]"),
        ("us.csv", b"id,start,end,wkt\n"),
        ("us.kml", b'<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>'),
    ],
)
def test_a_file_that_holds_nothing_is_named(name: str, data: bytes, tmp_path: Path) -> None:
    reading = read_bytes(name, data)
    assert reading.bad == []
    assert reading.notes == [f"{name}: holds no activities"]
    one = write(tmp_path, "one.geojson", plan("a"))
    (tmp_path / name).write_bytes(data)
    assert read_all([one, tmp_path / name]).notes == [f"{tmp_path / name}: holds no activities"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("us.geojson", b'{"features":' + DEEP + b"}"),
        ("us.json", b'[{"timestamp":0,"more":' + DEEP + b"}]"),
        ("us.json", b'[{"timestamp":"x","callsign":' + DEEP + b"}]"),
    ],
)
def test_json_nested_too_deep_is_told_in_words_of_the_file(name: str, data: bytes) -> None:
    (error,) = read_bytes(name, data).bad
    assert error.message == "its JSON is nested more than 16 deep"
    assert "nested lists and objects" in error.remedy


def test_a_file_that_is_not_there_is_one_bad_item(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "a\0b.csv"):
        (error,) = read(path).bad
        assert "cannot be opened" in error.message
        assert error.remedy
        assert "\0" not in str(error)


def write(folder: Path, name: str, *features: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(collection(*features))
    return path


def test_several_files_are_read_as_one(tmp_path: Path) -> None:
    us = write(tmp_path, "us.geojson", plan("a"), plan("b"))
    ru = write(tmp_path, "ru.geojson", plan("a"), plan("c", party="us"))
    reading = read_all([us, ru])
    assert ids(reading) == ["us/a", "us/b", "ru/a", "us/c"]
    assert reading.bad == []


def test_one_id_in_two_files_is_bad(tmp_path: Path) -> None:
    one = write(tmp_path, "one.geojson", plan("a", party="us"))
    two = write(tmp_path, "two.geojson", plan("a", party="us"), plan("b", party="us"))
    reading = read_all([one, two])
    assert ids(reading) == ["us/a", "us/b"]
    (error,) = reading.bad
    assert error.where == f"{two}: activity (a)"
    assert str(one) in error.message
    assert [(item.party, item.id) for item in reading.dropped] == [("us", "a")]


def test_one_file_twice_is_two_files(tmp_path: Path) -> None:
    one = write(tmp_path, "us.geojson", plan("a"))
    reading = read_all([one, one])
    assert ids(reading) == ["us/a"]
    assert len(reading.bad) == 1


def test_files_of_one_name_in_two_folders_are_not_taken_for_one_party(tmp_path: Path) -> None:
    us = write(tmp_path / "us", "plans.geojson", plan("a"))
    ru = write(tmp_path / "ru", "plans.geojson", plan("b"))
    reading = read_all([us, ru])
    assert ids(reading) == ["plans/a"]
    (error,) = reading.bad
    assert error.where == str(ru)
    assert "same party, plans" in error.message
    assert len(reading.dropped) == 1


def test_files_that_differ_in_their_ending_are_of_one_party(tmp_path: Path) -> None:
    one = write(tmp_path, "us.geojson", plan("a"))
    two = write(tmp_path, "us.json", plan("b"))
    assert ids(read_all([one, two])) == ["us/a", "us/b"]


def test_what_is_written_is_read_again(data: Path) -> None:
    original = read_all([data / "exercise-us.geojson", data / "exercise-ru.csv"])
    features = [feature for activity in original.activities for feature in features_of(activity)]
    again = read_bytes("x.geojson", collection(*features))
    assert again.bad == []
    assert [(a.party, a.id, a.kind, a.volumes) for a in again.activities] == [
        (a.party, a.id, a.kind, a.volumes) for a in original.activities
    ]


def test_an_activity_of_unlike_volumes_is_several_features(data: Path) -> None:
    (track,) = read(data / "exercise-tracks.csv").activities
    features = features_of(track)
    assert len(features) == len(track.volumes) > 1
    assert {feature["properties"]["id"] for feature in features} == {"EXERCISE1"}


def test_the_document_names_every_ending_that_is_read() -> None:
    text = (Path(__file__).parents[2] / "docs/files.md").read_text()
    table = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `.")]
    named = set(re.findall(r"`(\.[a-z]+)`", "".join(table)))
    for ending in named:
        assert "are not read" not in str(read_bytes(f"us{ending}", b"").bad[0])
    remedy = read_bytes("us.shp", b"").bad[0].remedy
    assert set(re.findall(r"\.[a-z]+", remedy)) - {".gz"} <= named

"""Observations over HTTP: a file as it comes, notes, reports, exports by marking."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stix2

V1 = "/api/v1"
ON = f"{V1}/lines/northern-watch/observations"
GED = (Path(__file__).parents[2] / "examples" / "observations-ged-invented.csv").read_bytes()
OBSERVED = {
    "kind": "crossing-closed",
    "core": {"type": "Point", "coordinates": [68.605, 37.185], "edges": "geodesic"},
    "radius_m": 500.0,
    "from": "2021-08-09T00:10:00Z",
    "until": "2021-08-09T00:40:00Z",
    "how": "seen",
    "confidence": "moderate",
}


@pytest.fixture
def desk(posts: Any, joined: Any) -> Iterator[httpx.Client]:
    """A senior officer of ``us`` at the API; the line with ``ru`` is in force."""
    us, ru = posts("us", "ru")
    line = joined([us, ru])
    page = ru.node.read_log(line, "ru", 0, "us")
    us.node.receive(line, "ru", 0, page.entries, page.checkpoint, "ru")
    headers = {"Authorization": f"Bearer {us.duty}"}
    with httpx.Client(
        base_url=us.officers(), headers=headers, timeout=60, trust_env=False
    ) as client:
        yield client


def pieces(data: bytes) -> Iterator[bytes]:
    source = io.BytesIO(data)
    yield from iter(lambda: source.read(100), b"")


def take(http: httpx.Client, name: str, data: bytes, **query: str) -> httpx.Response:
    return http.post(
        f"{V1}/observations/import", content=pieces(data), params={"name": name, **query}
    )


def test_a_time_with_an_offset_is_noted_and_reported_in_utc(desk: httpx.Client) -> None:
    ends = {"from": " 2021-08-09t04:40:00+04:30", "until": "2021-08-09 00:40:00.0001Z"}
    note = {"id": "o1", "marking": "TLP:GREEN", "observed": OBSERVED | ends}
    noted = desk.post(f"{V1}/observations", json=note)
    assert noted.status_code == 201, noted.text
    observed = noted.json()["observed"]
    assert (observed["from"], observed["until"]) == (OBSERVED["from"], "2021-08-09T00:40:00.001Z")


def test_a_file_is_taken_as_it_comes(desk: httpx.Client) -> None:
    found = take(desk, "ged.csv", GED, marking="TLP:CLEAR").json()
    assert (found["format"], found["new"], found["refused_in_all"]) == ("ucdp-ged", 3, 0)
    assert take(desk, "ged.csv", GED, marking="TLP:CLEAR").json()["same"] == 3
    table = desk.get(f"{V1}/observations/table").json()
    assert (table["counted"], table["marking"]) == (3, "TLP:CLEAR")
    assert [one["id"] for one in desk.get(f"{V1}/observations", params={"limit": 2}).json()["notes"]
            ] == ["ged-900001", "ged-900002"]  # fmt: skip
    assert desk.get(ON).json() == []


def test_what_cannot_be_used_is_refused_in_one_error(desk: httpx.Client) -> None:
    for name, data, status in (
        ("x.kml", b"<kml/>", 400),
        ("x.csv", b"a,b\n1,2\n", 400),
        ("x.csv", b"", 400),
        ("x.geojson", b"{", 400),
        ("", b"", 400),
    ):
        answer = take(desk, name, data)
        assert (answer.status_code, answer.json()["error"]) == (status, "bad-input"), name
    assert take(desk, "x.csv", GED, marking="TLP:WHITE").status_code == 400
    assert desk.get(f"{V1}/observations/table").json()["counted"] == 0


def note(http: httpx.Client, name: str, marking: str, **changes: Any) -> httpx.Response:
    body = {"id": name, "marking": marking, "observed": OBSERVED | changes}
    return http.post(f"{V1}/observations", json=body)


def test_from_note_to_export(desk: httpx.Client) -> None:
    assert note(desk, "gate", "TLP:GREEN").status_code == 201
    assert note(desk, "mine", "TLP:AMBER").json()["district"] == "N37.0 E068.5"
    assert note(desk, "gate", "TLP:GREEN").json()["error"] == "wrong-state"
    assert note(desk, "a/b", "TLP:GREEN").json()["error"] == "bad-input"
    assert note(desk, "x", "TLP:GREEN", kind="Battle").json()["error"] == "bad-input"
    assert note(desk, "x", "TLP:GREEN", core={"type": "Point"}).json()["error"] == "bad-input"
    assert note(desk, "x", "TLP:GREEN", radius_m=10**400).status_code == 400
    assert "future" in note(desk, "x", "TLP:GREEN", until="2190-01-01T00:00:00Z").text
    asked = {"observation": "gate", "coarse": True}
    shown = desk.post(f"{ON}/preview", json=asked).json()
    entry = desk.post(ON, json=asked | {"shown": shown["sha256"]})
    assert entry.status_code == 201
    desk.post(ON, json={"observation": "mine"})
    export = {"format": "stix", "audience": "community"}
    found = desk.get(f"{ON}/export", params=export).json()
    assert (found["exported"], found["withheld"], found["marking"]) == (1, 1, "TLP:GREEN")
    bundle = stix2.parse(json.loads(found["document"]), version="2.1")
    [location] = [one for one in bundle.objects if one.type == "location"]
    assert (location.longitude, location.latitude) == (68.75, 37.25)
    single = desk.get(ON, params={"audience": "community"}).json()
    assert [one["observation"] for one in single] == ["gate"]
    assert desk.get(f"{ON}/by/us/gate").json()[0]["id"] == entry.json()["id"]
    assert desk.get(f"{ON}/by/us/nothing").status_code == 404
    changed = {"observed": OBSERVED | {"confidence": "high"}, "marking": "TLP:GREEN"}
    assert desk.put(f"{V1}/observations/gate", json=changed).json()["revision"] == 2
    assert len(desk.get(f"{V1}/observations/gate/versions").json()) == 2
    assert desk.delete(f"{V1}/observations/gate").status_code == 409
    desk.post(f"{ON}/retract", json={"observation": "gate", "note": "another gate"})
    assert desk.get(f"{ON}/table").json()["retracted"] == 1
    assert desk.delete(f"{V1}/observations/gate").status_code == 204

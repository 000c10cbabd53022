"""STIX 2.1 out, read back by OASIS' own library and held against the standard's text."""

import json
import re
from typing import Any

import msgspec
import pytest
import stix2

from detente.formats.observed_out import Reported
from detente.formats.stix import write_stix
from detente.observations import Observation
from detente.volumes import Core, Edges, Shape
from detente.volumes.times import parse_time_s

TLP = {
    "TLP:CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
}
"""The identifiers in OASIS' cti-stix-common-objects, copied by hand."""


LINES = ("1" * 64, "2" * 64)


def reported(name: str = "a", party: str = "us", line: str = LINES[0], **changes: Any) -> Reported:
    fields: dict[str, Any] = {
        "id": name,
        "kind": "crossing-closed",
        "core": Core(Shape.POINT, (((68.605, 37.185),),), Edges.GEODESIC),
        "radius_m": 500.0,
        "from_s": 1_628_467_800.0,
        "until_s": 1_628_469_600.0,
        "how": "seen",
        "confidence": "moderate",
        "marking": "TLP:GREEN",
        "place": "Sher Khan Bandar",
        "district": "Imam Sahib",
        "seeing": "limited",
        "counts": {"vehicles": 40},
        "text": "The gate is shut.",
        "source": "own post",
    }
    return Reported(
        line=line,
        party=party,
        said=Observation(**(fields | changes)),
        version=2,
        first="2021-08-09T01:00:00Z",
        reported="2021-08-09T02:00:00Z",
    )


def written(*some: Reported) -> Any:
    return json.loads(b"".join(write_stix(some)))


def test_the_library_reads_what_it_is() -> None:
    bundle = stix2.parse(written(reported()), version="2.1", allow_custom=False)
    by_type = {one["type"]: one for one in bundle.objects}
    assert sorted(by_type) == ["identity", "incident", "location", "marking-definition", "sighting"]
    location, sighting, incident = (by_type[t] for t in ("location", "sighting", "incident"))
    assert (location.longitude, location.latitude, location.precision) == (68.605, 37.185, 500.0)
    assert location.administrative_area == "Imam Sahib"
    assert sighting.sighting_of_ref == incident.id
    assert sighting.where_sighted_refs == [location.id]
    assert sighting.first_seen.isoformat() == "2021-08-09T00:10:00+00:00"
    assert sighting.last_seen.isoformat() == "2021-08-09T00:40:00+00:00"
    # Appendix A, None/Low/Med/High: 30 to 69 is medium.
    assert 30 <= sighting.confidence <= 69
    assert incident.labels == ["crossing-closed"]
    assert "The gate is shut." in incident.description
    assert "vehicles: 40" in incident.description
    assert (by_type["identity"].name, by_type["identity"].identity_class) == ("us", "organization")
    for one in (location, sighting, incident):
        assert one.created_by_ref == by_type["identity"].id
        assert one.object_marking_refs == [by_type["marking-definition"].id]
        assert one.created.isoformat() == "2021-08-09T01:00:00+00:00"
        assert one.modified.isoformat() == "2021-08-09T02:00:00+00:00"


@pytest.mark.parametrize(("marking", "identifier"), sorted(TLP.items()))
def test_tlp_2_0_is_as_oasis_defines_it(marking: str, identifier: str) -> None:
    [definition] = [
        one
        for one in written(reported(marking=marking))["objects"]
        if one["type"] == "marking-definition"
    ]
    assert definition == {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{identifier}",
        "created": "2022-10-01T00:00:00.000Z",
        "name": marking,
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": marking[4:].lower(),
            }
        },
    }


def test_ids_are_the_same_in_every_export_and_nobody_elses() -> None:
    first = written(reported(), reported("b"), reported("a", party="ru"))
    assert first == written(reported(), reported("b"), reported("a", party="ru"))
    ids = [one["id"] for one in first["objects"]]
    assert len(ids) == len(set(ids))
    assert [one.partition("--")[0] for one in ids].count("identity") == 2
    revised = written(reported(confidence="high"))
    named = {one["type"]: one["id"] for one in revised["objects"]}
    assert set(named.values()) < set(ids)
    assert revised["id"] != written(reported())["id"]
    # Section 2.9: a version 5 UUID of an object that is no cyber observable has another namespace.
    for one in [first["id"], *ids]:
        assert re.fullmatch(
            r"[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one
        )


def test_the_same_name_on_two_lines_is_two_observations_by_one_party() -> None:
    here, there = (
        {one["type"]: one["id"] for one in written(reported(line=line))["objects"]}
        for line in LINES
    )
    same = {type_ for type_ in here if here[type_] == there[type_]}
    assert same == {"identity", "marking-definition"}
    both = written(*(reported(line=line, confidence="high") for line in LINES))["objects"]
    assert len({one["id"] for one in both}) == len(both) == 2 + 2 * 3
    [one, other] = [one for one in both if one["type"] == "sighting"]
    assert one["sighting_of_ref"] != other["sighting_of_ref"]
    assert one["where_sighted_refs"] != other["where_sighted_refs"]


def test_every_reference_is_in_the_bundle_and_every_line_fits_the_standard() -> None:
    bundle = written(
        reported(
            confidence="unknown", text="", source="", language="ru", kind="of-a-later-version"
        ),
        reported("b", core=Core(Shape.POLYLINE, (((68.0, 37.0), (69.0, 37.0)),), Edges.STRAIGHT)),
        reported("c", district="", place=""),
    )
    ids = {one["id"] for one in bundle["objects"]}
    for one in bundle["objects"]:
        refs = [value for name, value in one.items() if name.endswith("_ref")]
        refs += [
            value for name, values in one.items() if name.endswith("_refs") for value in values
        ]
        assert set(refs) <= ids
        assert one["spec_version"] == "2.1"
    locations = [one for one in bundle["objects"] if one["type"] == "location"]
    # Half of 89 km of the 37th parallel, and the radius.
    assert 44_000 < locations[1]["precision"] < 46_000
    assert "confidence" not in bundle["objects"][2]
    assert stix2.parse(bundle, version="2.1", allow_custom=False).objects


def test_of_nothing_there_is_a_bundle_without_objects() -> None:
    bundle = written()
    assert set(bundle) == {"type", "id"}
    stix2.parse(bundle, version="2.1")


def test_a_clock_that_was_set_back_does_not_change_before_it_creates() -> None:
    back = msgspec.structs.replace(reported(), reported="2021-08-09T00:30:00.500Z")
    for one in written(back)["objects"]:
        assert parse_time_s(one["created"]) <= parse_time_s(one.get("modified", one["created"]))

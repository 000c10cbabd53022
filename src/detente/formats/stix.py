"""Observations out as a STIX 2.1 bundle (OASIS Standard, June 2021), by OASIS' own library.

STIX was made for other threats and has no object for a closed border crossing; but it has one each
for that something happened, where, who says so and under which marking, and these are used as they
are, without custom properties:

=====================  ========================================================================
``incident``           what happened: its kind as a label and in words, the text, the counts
``location``           the middle of the place, with how far it may lie from there (``precision``)
``sighting``           of the incident, at the location, within the window
                       (``first_seen``, ``last_seen``), with ``confidence``
``identity``           the reporting party, an organisation; nobody else
``marking-definition``  TLP 2.0, as OASIS' common objects define them
=====================  ========================================================================

``observed-data`` is not used: in STIX 2.1 it holds cyber-observable objects, and there are none.
Confidence is by the scale None/Low/Med/High of its appendix A. Ids are the same in every export of
the same report: version 5 UUIDs of its line, reporter and name, in a namespace of our own. One
observation that is reported on two lines is two reports, for they may say different things of it.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from detente.formats.observed_out import Reported
from detente.observations import KINDS, middle_of, words
from detente.observations.places import reach_m
from detente.volumes.times import ceil_ms, floor_ms, format_time, parse_time_s

if TYPE_CHECKING:
    from stix2.v21 import Identity, Incident, Location, MarkingDefinition, Sighting

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "observations.detente.invalid")
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP_IDS = {
    "TLP:CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "TLP:RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP_CREATED = "2022-10-01T00:00:00.000Z"
CONFIDENCE = {"low": 15, "moderate": 50, "high": 85}
EPOCH = "2021-01-01T00:00:00.000Z"
"""When identities and places were "created": they have no time of their own."""


def write_stix(some: Iterable[Reported]) -> Iterator[bytes]:
    """A bundle, piece by piece."""
    bundle, shared, begun = NAMESPACE, set[str](), False
    yield b'{"type":"bundle"'
    for one in some:
        for made in _objects(one):
            if made.id in shared:
                continue
            if made.type in ("identity", "marking-definition"):
                shared.add(made.id)
            text = made.serialize()
            bundle = uuid.uuid5(bundle, text)
            # A bundle of nothing has no list of objects (section 8).
            yield (b",\n" if begun else b',"objects":[') + text.encode()
            begun = True
    yield (f'{"]" if begun else ""},"id":"bundle--{bundle}"}}\n').encode()


def _objects(one: Reported) -> Iterator[Any]:
    marking = _marking(one.said.marking)
    party = _identity(one.party)
    common = {
        "created_by_ref": party.id,
        "created": one.first,
        # A clock that was set back in between would have it changed before it was made (3.6).
        "modified": max(one.first, one.reported, key=parse_time_s),
        "object_marking_refs": [marking.id],
    }
    incident = _incident(one, common)
    location = _location(one, common)
    yield from (marking, party, incident, location)
    yield _sighting(one, common, incident.id, location.id)


def _id(type_: str, *names: str) -> str:
    return f"{type_}--{uuid.uuid5(NAMESPACE, json.dumps([type_, *names]))}"


def _marking(marking: str) -> "MarkingDefinition":
    from stix2.v21 import MarkingDefinition

    level = marking.removeprefix("TLP:").lower()
    extension = {"extension_type": "property-extension", "tlp_2_0": level}
    return MarkingDefinition(
        id=TLP_IDS[marking],
        created=TLP_CREATED,
        name=marking,
        extensions={TLP_EXTENSION: extension},
    )


def _identity(party: str) -> "Identity":
    from stix2.v21 import Identity

    return Identity(
        id=_id("identity", party),
        created=EPOCH,
        modified=EPOCH,
        name=party,
        identity_class="organization",
    )


def _incident(one: Reported, common: dict[str, Any]) -> "Incident":
    from stix2.v21 import Incident

    said = one.said
    name = words(said.kind) + (f", {said.place}" if said.place else "")
    told = [KINDS[said.kind].sentence] if said.kind in KINDS else []
    told += [said.text] if said.text else []
    told += [f"{counted}: {number}" for counted, number in sorted(said.counts.items())]
    told.append(f"How it is known: {said.how}. Conditions of observation: {said.seeing}.")
    more: dict[str, Any] = {}
    if said.source:
        more["external_references"] = [{"source_name": "source", "description": said.source}]
    return Incident(
        id=_id("incident", one.line, one.party, said.id),
        name=name,
        description="\n".join(told),
        labels=[said.kind],
        **({"lang": said.language} if said.language != "en" else {}),
        **_confidence(one),
        **more,
        **common,
    )


def _location(one: Reported, common: dict[str, Any]) -> "Location":
    from stix2.v21 import Location

    said = one.said
    lon, lat = middle_of(said.core)
    more = {"administrative_area": said.district} if said.district else {}
    return Location(
        id=_id("location", one.line, one.party, said.id),
        name=said.place or said.district or "place of the observation",
        longitude=lon,
        latitude=lat,
        precision=said.radius_m + reach_m(said.core),
        **more,
        **common,
    )


def _sighting(one: Reported, common: dict[str, Any], incident: str, location: str) -> "Sighting":
    from stix2.v21 import Sighting

    return Sighting(
        id=_id("sighting", one.line, one.party, one.said.id),
        sighting_of_ref=incident,
        where_sighted_refs=[location],
        first_seen=format_time(floor_ms(one.said.from_s)),
        last_seen=format_time(ceil_ms(one.said.until_s)),
        **_confidence(one),
        **common,
    )


def _confidence(one: Reported) -> dict[str, int]:
    value = CONFIDENCE.get(one.said.confidence)
    return {} if value is None else {"confidence": value}

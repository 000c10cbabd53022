"""What requests, limits and visits are described by: roles, equipment, hours and places.

People are named by role and number and never by name; equipment by what it is. A place is a core on
WGS84 with a radius, as in a volume, but without height and time::

    {"name":"Khujand airfield","core":{"type":"Point","coordinates":[69.69,40.21],
     "edges":"geodesic"},"radius_m":5000.0}
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente.errors import InputError
from detente.line.wire import Language
from detente.volumes.codec import core_from_wire
from detente.volumes.model import Core

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Count = Annotated[int, Meta(ge=0, le=100_000)]
Text = Annotated[str, Meta(max_length=4_000)]
Hour = Annotated[float, Meta(ge=0, le=24)]


class People(msgspec.Struct, frozen=True, kw_only=True):
    """So many people of one role."""

    role: Name
    count: Count


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one item."""

    item: Name
    count: Count


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place by its name and, where it is stated, by its extent."""

    name: Name
    core: dict[str, Any] | None = None
    radius_m: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0

    @property
    def extent(self) -> Core | None:
        """The core, checked; None where only a name is given."""
        return None if self.core is None else core_from_wire(self.core, where=self.name)


AllPeople = Annotated[tuple[People, ...], Meta(max_length=64)]
AllEquipment = Annotated[tuple[Equipment, ...], Meta(max_length=256)]
Places = Annotated[tuple[Place, ...], Meta(max_length=64)]
Hours = Annotated[tuple[tuple[Hour, Hour], ...], Meta(min_length=1, max_length=12)]
"""Spans of the day in UTC, hours; one that ends before it begins goes over midnight."""


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Words, in the writer's language."""

    text: Text
    language: Language


def check_places(places: Places | None) -> None:
    """Return if every extent can be read. Raises InputError or LimitError."""
    for place in places or ():
        if place.extent is None and place.radius_m:
            raise InputError(
                "has a radius and no core",
                remedy="give the core, or the name alone",
                where=place.name,
            )

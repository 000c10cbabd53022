"""Bodies of visits (protocol, section 6, "Visit")."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from detente.line.bodies.giving import (
    AllEquipment,
    AllPeople,
    Count,
    Hours,
    Name,
    Places,
    Text,
    check_places,
)
from detente.line.wire import (
    MAX_BODY_BYTES,
    Language,
    Note,
    read_json,
    read_struct,
    write_struct,
)

T = TypeVar("T")
Conditions = Annotated[str, Meta(max_length=1_000)]
Sentences = Annotated[tuple[Annotated[str, Meta(max_length=500)], ...], Meta(max_length=100)]


class NoticeBody(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes with what, and by which point of entry."""

    point_of_entry: Name
    people: AllPeople = ()
    equipment: AllEquipment = ()
    note: Note = ""


class NotedBody(msgspec.Struct, frozen=True, kw_only=True):
    """How the host receives the visit: escorts by role, the hours in which it may move."""

    point_of_entry: Name | None = None
    escorts: AllPeople = ()
    hours_utc: Hours | None = None
    note: Note = ""


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the agreed list, and how many of it were found."""

    item: Name
    agreed: Count
    found: Count


class InspectionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    items: Annotated[tuple[Inspected, ...], Meta(max_length=256)] = ()
    note: Note = ""


class RemarkBody(msgspec.Struct, frozen=True, kw_only=True):
    """Words about a review, a stage or a deviation, in the writer's language."""

    text: Text = ""
    language: Language = "en"


class RestrictionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the host closes to the visit: hours of the day, places, or what the words say."""

    hours_utc: Hours | None = None
    places: Places = ()
    text: Text = ""
    language: Language = "en"


class ReportBody(msgspec.Struct, frozen=True, kw_only=True):
    """A side's report of a visit; both sides' is joint where the bytes are the same."""

    text: Annotated[str, Meta(min_length=1, max_length=20_000)]
    language: Language
    conditions: Conditions = ""
    access_denied: Sentences = ()
    not_observed: Sentences = ()


def write_visit(body: msgspec.Struct) -> bytes:
    """Any of these bodies."""
    _check(body)
    return write_struct(body)


def read_visit(body: bytes, kind: type[T]) -> T:
    """The body of the ``kind`` that its type has."""
    found = read_struct(read_json(body, MAX_BODY_BYTES, "body"), kind, "body")
    _check(found)
    return found


def _check(body: object) -> None:
    if isinstance(body, RestrictionBody):
        check_places(body.places)

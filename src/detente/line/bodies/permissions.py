"""Bodies of the permission ledger (protocol, section 6, "Permission")."""

from typing import Annotated

import msgspec
from msgspec import Meta

from detente.line.bodies.giving import (
    AllEquipment,
    AllPeople,
    Hours,
    Name,
    Places,
    check_places,
)
from detente.line.wire import MAX_BODY_BYTES, Note, read_json, read_struct, write_struct

Units = Annotated[int, Meta(ge=0, le=10_000)]


class RequestBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: for what, where, by whom, with what; ``quota`` is one of the terms'."""

    purpose: Annotated[str, Meta(min_length=1, max_length=1_000)]
    places: Places = ()
    people: AllPeople = ()
    equipment: AllEquipment = ()
    quota: Name | None = None
    note: Note = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a host grants less than was asked for; None where it grants that as asked.

    ``quota_units`` is how many visits or crossings the grant is good for.
    """

    purpose: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None
    hours_utc: Hours | None = None
    places: Places | None = None
    people: AllPeople | None = None
    equipment: AllEquipment | None = None
    quota_units: Units | None = None


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True):
    """The answer's limits, and why."""

    limits: Limits = Limits()
    note: Note = ""


def write_request(asked: RequestBody) -> bytes:
    """The body of a request."""
    check_places(asked.places)
    return write_struct(asked)


def read_request(body: bytes) -> RequestBody:
    """What is asked for."""
    asked = read_struct(read_json(body, MAX_BODY_BYTES, "body"), RequestBody, "body")
    check_places(asked.places)
    return asked


def write_answer(answer: AnswerBody) -> bytes:
    """The body of an answer."""
    check_places(answer.limits.places)
    return write_struct(answer)


def read_answer(body: bytes) -> AnswerBody:
    """The limits under which it is granted."""
    answer = read_struct(read_json(body, MAX_BODY_BYTES, "body"), AnswerBody, "body")
    check_places(answer.limits.places)
    return answer

"""Bodies of observations and daily reports (protocol, section 6, "Observation").

What was observed is told by a plain taxonomy, which names occurrences and nobody. Where and when
are told with how uncertain they are: it happened within ``radius_m`` of the core, at some time from
``from`` until ``until``.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente.errors import InputError
from detente.line.bodies.giving import Name, Text
from detente.line.wire import (
    MAX_BODY_BYTES,
    Hash,
    Language,
    read_json,
    read_struct,
    write_struct,
)
from detente.volumes.codec import core_from_wire
from detente.volumes.model import Core
from detente.volumes.times import read_time_s

How = Literal["seen", "heard", "sensor", "visit", "media", "third-party", "unknown"]
Confidence = Literal["low", "moderate", "high", "unknown"]
Seeing = Literal["good", "limited", "poor", "unknown"]
Counts = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")],
        Annotated[int, Meta(ge=0, le=1_000_000_000)],
    ],
    Meta(max_length=16),
]


class ObservedBody(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One reported occurrence. ``kind`` is of the taxonomy of ``detente.observations``.

    A ``kind`` that this version does not know is kept and shown by its code. ``seeing`` is how well
    could be observed; ``visit`` names the visit on which it was, ``source`` where it was published.
    """

    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}\Z")]
    core: dict[str, Any]
    radius_m: Annotated[float, Meta(ge=0, le=1_000_000)]
    from_: str
    until: str
    how: How
    confidence: Confidence
    place: Annotated[str, Meta(max_length=120)] = ""
    district: Annotated[str, Meta(max_length=120)] = ""
    seeing: Seeing = "unknown"
    counts: Counts = {}
    text: Text = ""
    language: Language = "en"
    visit: Hash | None = None
    source: Annotated[str, Meta(max_length=300)] = ""

    @property
    def extent(self) -> Core:
        """The core, checked."""
        return core_from_wire(self.core, where="body")


class DailyBody(msgspec.Struct, frozen=True, kw_only=True):
    """A side's own part of its daily report."""

    text: Annotated[str, Meta(max_length=20_000)] = ""
    language: Language = "en"
    conditions: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    access_denied: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    not_observed: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    areas: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()


def write_observed(observed: ObservedBody) -> bytes:
    """The body of an observation."""
    check_observed(observed)
    return write_struct(observed)


def read_observed(body: bytes) -> ObservedBody:
    """What was observed."""
    found = read_struct(read_json(body, MAX_BODY_BYTES, "body"), ObservedBody, "body")
    check_observed(found)
    return found


def check_observed(observed: ObservedBody) -> None:
    """Return if its place can be read and its time does not end before it begins."""
    if observed.extent is not None and (
        read_time_s(observed.from_, "from") > read_time_s(observed.until, "until")
    ):
        raise InputError("ends before it begins", remedy="exchange from and until", where="body")


def write_daily(daily: DailyBody) -> bytes:
    """The body of a daily report."""
    return write_struct(daily)


def read_daily(body: bytes) -> DailyBody:
    """A side's own part."""
    return read_struct(read_json(body, MAX_BODY_BYTES, "body"), DailyBody, "body")

"""Terms: the numbers a line agrees on, protocol section 3.

Both sides sign the exact bytes, so terms are read strictly: a field that is not known here is
refused, because it may mean something that its signer counts on.
"""

import hashlib
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente.conflict import Separation
from detente.errors import InputError
from detente.line.abouts import Version
from detente.line.watching import Watching, check_watching
from detente.line.wire import Language, PartyId, read_json, read_struct
from detente.line.witnesses import Witness, check_witnesses
from detente.record.strict_json import canonical
from detente.volumes.areas import are_alike
from detente.volumes.times import format_time, read_time_s

MAX_TERMS_BYTES = 64 * 1024
ANY_KIND = "*"
_DAY_S = 86_400
_CENTURY_S = 36_525 * _DAY_S

Deadline = Annotated[int, Meta(ge=1, le=7 * _DAY_S)]
Notice = Annotated[int, Meta(ge=0, le=60 * _DAY_S)]


class _Exact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Area(_Exact, frozen=True, kw_only=True):
    """What the line is about, degrees; ``west`` > ``east`` crosses the antimeridian."""

    west: Annotated[float, Meta(ge=-180, le=180)]
    south: Annotated[float, Meta(ge=-90, le=90)]
    east: Annotated[float, Meta(ge=-180, le=180)]
    north: Annotated[float, Meta(ge=-90, le=90)]


class NoticeTimes(_Exact, frozen=True, kw_only=True):
    """How long before its start an activity is to be released, seconds."""

    normal_s: Notice
    emergency_s: Notice


class AcknowledgeTimes(_Exact, frozen=True, kw_only=True):
    """How long after receipt an acknowledgement is owed, seconds."""

    understood_s: Deadline
    disseminated_s: Deadline
    urgent_understood_s: Deadline


class LineChecks(_Exact, frozen=True, kw_only=True):
    """At which hours (UTC, domain time) every member checks the line, and how late it may be."""

    hours_utc: Annotated[tuple[Annotated[int, Meta(ge=0, le=23)], ...], Meta(max_length=24)]
    grace_s: Annotated[int, Meta(ge=60, le=6 * 3600)]


class Exercise(_Exact, frozen=True, kw_only=True):
    """Everything on the line is invented; domain time is real time plus ``clock_offset_s``."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    clock_offset_s: Annotated[int, Meta(ge=-_CENTURY_S, le=_CENTURY_S)]


class TwoPerson(_Exact, frozen=True, kw_only=True):
    """What takes two officers of a party: exact releases of these kinds (``*``: of every kind), new
    terms, leaving. Each node holds its own officers to it; the record cannot show it."""

    exact_releases: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=64)
    ] = ()
    terms: bool = False
    leaving: bool = False

    def asks_for(self, kind: str) -> bool:
        """Whether an exact release of this kind takes two.

        However it is spelt: who files a plan chooses that, and could spell it past the rule.
        """
        return any(one == ANY_KIND or are_alike(one, kind) for one in self.exact_releases)


class _Separation(_Exact, frozen=True, kw_only=True):
    lateral_m: Annotated[float, Meta(ge=0, le=500_000)]
    vertical_m: Annotated[float, Meta(ge=0, le=30_000)]
    time_s: Annotated[float, Meta(ge=0, le=_DAY_S)]


class _Wire(_Exact, frozen=True, kw_only=True):
    version: Version
    members: Annotated[tuple[PartyId, ...], Meta(min_length=2, max_length=16)]
    area: Area
    separation: _Separation
    notice: NoticeTimes
    acknowledge: AcknowledgeTimes
    line_checks: LineChecks
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=16)]
    effective_from: str
    review_on: str
    exercise: Exercise | None
    two_person: TwoPerson | None = None
    witnesses: tuple[Witness, ...] = ()
    watching: Watching | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a line's terms. ``effective_from_s`` is POSIX seconds of domain time."""

    version: int
    members: tuple[str, ...]
    area: Area
    separation: Separation
    notice: NoticeTimes
    acknowledge: AcknowledgeTimes
    line_checks: LineChecks
    languages: tuple[str, ...]
    effective_from_s: float
    review_on: date
    exercise: Exercise | None = None
    two_person: TwoPerson | None = None
    witnesses: tuple[Witness, ...] = ()
    watching: Watching | None = None

    @property
    def clock_offset_s(self) -> int:
        """What is added to real time to get this line's domain time."""
        return self.exercise.clock_offset_s if self.exercise else 0


def standard_terms(
    members: tuple[str, ...] | list[str],
    *,
    area: Area,
    effective_from_s: float,
    review_on: date,
    languages: tuple[str, ...] = ("en",),
    exercise: Exercise | None = None,
) -> Terms:
    """Version 1 with the shipped defaults: 5 NM, 1,000 ft, 10 min; checks at 00, 06, 12 and 18 Z.

    Notice is 12 h (emergency 1 h); understood is owed within 15 min (5 when urgent), disseminated
    within 60. Every line may agree on others.
    """
    terms = Terms(
        version=1,
        members=tuple(sorted(members)),
        area=area,
        separation=Separation(),
        notice=NoticeTimes(normal_s=12 * 3600, emergency_s=3600),
        acknowledge=AcknowledgeTimes(
            understood_s=900, disseminated_s=3600, urgent_understood_s=300
        ),
        line_checks=LineChecks(hours_utc=(0, 6, 12, 18), grace_s=1800),
        languages=languages,
        effective_from_s=effective_from_s,
        review_on=review_on,
        exercise=exercise,
    )
    return terms_from_wire(terms_to_wire(terms))


def terms_sha256(data: bytes) -> str:
    """How a signature names terms: hex SHA-256 of their exact bytes."""
    return hashlib.sha256(data).hexdigest()


def encode_terms(terms: Terms) -> bytes:
    """Terms as the bytes that are signed, checked as a reader checks them."""
    data = canonical(terms_to_wire(terms))
    decode_terms(data)
    return data


def decode_terms(data: bytes) -> Terms:
    """Terms from bytes. Raises InputError or LimitError naming the field."""
    return terms_from_wire(read_json(data, MAX_TERMS_BYTES, "terms"))


def terms_to_wire(terms: Terms) -> dict[str, Any]:
    """The JSON value of ``terms``."""
    wire: dict[str, Any] = msgspec.to_builtins(terms)
    wire["effective_from"] = format_time(wire.pop("effective_from_s"))
    if wire["two_person"] is None:
        # Terms that name nothing have the bytes that they had before there was this field.
        del wire["two_person"]
    elif not wire["two_person"]["leaving"]:
        del wire["two_person"]["leaving"]
    for name in ("witnesses", "watching"):
        if not wire[name]:
            del wire[name]
    return wire


def terms_from_wire(value: object) -> Terms:
    """Terms from a decoded JSON value. Raises InputError naming the field."""
    wire = read_struct(value, _Wire, "terms")
    _check_members(wire.members)
    _check_area(wire.area)
    _check_hours(wire.line_checks.hours_utc)
    _check_order("notice: emergency_s", wire.notice.emergency_s, wire.notice.normal_s)
    _check_order(
        "acknowledge: urgent_understood_s",
        wire.acknowledge.urgent_understood_s,
        wire.acknowledge.understood_s,
    )
    _check_order(
        "acknowledge: understood_s", wire.acknowledge.understood_s, wire.acknowledge.disseminated_s
    )
    if len(set(wire.languages)) != len(wire.languages):
        raise _wrong("a language stands twice", "name each once", "languages")
    check_witnesses(wire.witnesses)
    if wire.watching is not None:
        check_watching(wire.watching)
    separation = wire.separation
    return Terms(
        version=wire.version,
        members=wire.members,
        area=wire.area,
        separation=Separation(
            lateral_m=separation.lateral_m,
            vertical_m=separation.vertical_m,
            time_s=separation.time_s,
        ),
        notice=wire.notice,
        acknowledge=wire.acknowledge,
        line_checks=wire.line_checks,
        languages=wire.languages,
        effective_from_s=read_time_s(wire.effective_from, "terms: effective_from"),
        review_on=_date(wire.review_on),
        exercise=wire.exercise,
        two_person=wire.two_person,
        witnesses=wire.witnesses,
        watching=wire.watching,
    )


def _check_members(members: tuple[str, ...]) -> None:
    if list(members) != sorted(set(members)):
        raise _wrong(
            "the members are not sorted, or one stands twice",
            "sort them and name each once",
            "members",
        )


def _check_area(area: Area) -> None:
    if area.south >= area.north or area.west == area.east:
        raise _wrong("the area is empty", "give south below north, and west unlike east", "area")


def _check_hours(hours: tuple[int, ...]) -> None:
    if list(hours) != sorted(set(hours)):
        raise _wrong(
            "the hours are not sorted, or one stands twice",
            "sort them and name each once",
            "line_checks: hours_utc",
        )


def _check_order(name: str, shorter: int, longer: int) -> None:
    if shorter > longer:
        raise _wrong(
            f"{shorter} s is longer than the {longer} s it should not exceed",
            "shorten it",
            name,
        )


def _date(text: str) -> date:
    try:
        # The length rules out the other spellings of ISO 8601, such as 20271122 and 2027-W47-1.
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise _wrong(f"{text[:40]!r} is not a date", "write it as in 2027-11-22", "review_on")
    return found


def _wrong(message: str, remedy: str, field: str) -> InputError:
    return InputError(message, remedy=remedy, where=f"terms: {field}")

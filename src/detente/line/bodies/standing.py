"""Bodies of what keeps a line going.

::

    activity.release   {"kind":"surveillance","volumes":[…],"note":""}
    message            {"text":"…","language":"en"}  or  {"phrase":"say-again","slots":{}}
    proposal           {"shift":{"time_s":2700},"note":""}  or {"altitude_m":…},
                       {"place":[lon,lat],"bearing_deg":…,"distance_m":…}, {"volumes":[…]}
    key.rotate         the new card
    key.vouch          the other party's new card
    most others        {"note":"…"}
"""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detente.errors import DetenteError, InputError, LimitError
from detente.line.abouts import Admitted, KeyRotated
from detente.line.wire import (
    MAX_BODY_BYTES,
    ActivityId,
    Language,
    Note,
    read_json,
    read_struct,
    write_struct,
)
from detente.record.card import open_card
from detente.record.reading import encode_base64
from detente.record.strict_json import canonical
from detente.volumes.check import check_activity
from detente.volumes.codec import volumes_from_wire, volumes_to_wire
from detente.volumes.model import Activity, Position

MAX_TEXT = 4_000
MAX_SLOTS = 16
MAX_SHIFT_S = 30 * 86_400.0
MAX_SHIFT_M = 50_000.0
MAX_DISTANCE_M = 1_000_000.0

SlotValue = Annotated[str, Meta(max_length=200)]
Slots = Annotated[dict[Annotated[str, Meta(max_length=32)], SlotValue], Meta(max_length=MAX_SLOTS)]


class NoteBody(msgspec.Struct, frozen=True):
    """``{"note":"…"}``"""

    note: Note = ""


class TextBody(msgspec.Struct, frozen=True):
    """Free text, in the writer's language."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    language: Language


class PhraseBody(msgspec.Struct, frozen=True):
    """A phrase by its code, with what is filled into it. Slot values are text (phrasebook)."""

    phrase: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}\Z")]
    slots: Slots


class Shift(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of an activity, in exactly one of four ways.

    Later (``time_s`` > 0); higher (``altitude_m`` > 0); sideways: as a whole by ``distance_m``
    towards the true bearing ``bearing_deg``, stated for the ``place`` (longitude, latitude); or to
    these ``volumes`` instead of its own, in the protocol's JSON.
    """

    time_s: float | None = None
    altitude_m: float | None = None
    place: Position | None = None
    bearing_deg: float | None = None
    distance_m: float | None = None
    volumes: list[Any] | None = None


class ProposalBody(msgspec.Struct, frozen=True):
    """The change that is proposed, and why."""

    shift: Shift
    note: Note = ""


class _ReleasedBody(msgspec.Struct, frozen=True):
    kind: str
    volumes: list[Any]
    note: Note = ""


class _OpenedBody(msgspec.Struct, frozen=True):
    activity: ActivityId


def write_note(note: str) -> bytes:
    """``{"note":"…"}``"""
    return write_struct(NoteBody(note))


def read_note(body: bytes) -> str:
    """The note of a body that holds nothing else."""
    return read_struct(read_json(body, MAX_BODY_BYTES, "body"), NoteBody, "body").note


def write_message(said: TextBody | PhraseBody) -> bytes:
    """The body of a message."""
    return write_struct(said)


def read_message(body: bytes) -> TextBody | PhraseBody:
    """Free text or a phrase. Whether the phrasebook has the phrase is not asked here."""
    value = read_json(body, MAX_BODY_BYTES, "body")
    if isinstance(value, dict) and "phrase" in value:
        if "text" in value:
            raise InputError("holds both text and a phrase", remedy="send two", where="body")
        return read_struct(value, PhraseBody, "body")
    return read_struct(value, TextBody, "body")


def write_proposal(shift: Shift, note: str) -> bytes:
    """The body of a proposal."""
    check_shift(shift)
    return write_struct(ProposalBody(shift, note))


def read_proposal(body: bytes) -> ProposalBody:
    """The change that is proposed."""
    proposal = read_struct(read_json(body, MAX_BODY_BYTES, "body"), ProposalBody, "body")
    check_shift(proposal.shift)
    return proposal


def check_shift(shift: Shift) -> Shift:
    """The same shift, if it changes something in exactly one way, and not absurdly far."""
    sideways = (shift.place, shift.bearing_deg, shift.distance_m)
    ways = [
        shift.time_s is not None,
        shift.altitude_m is not None,
        any(one is not None for one in sideways),
        shift.volumes is not None,
    ]
    if sum(ways) != 1:
        raise InputError(
            "a shift is in time, in altitude, sideways, or to other volumes",
            remedy="give exactly one of them",
            where="shift",
        )
    if shift.volumes is not None:
        # A party, an id and a kind are the activity's own; what counts here is what they occupy.
        volumes = volumes_from_wire(shift.volumes, where="shift", check=False)
        check_activity(Activity("shift", "shift", "shift", volumes))
    elif ways[2]:
        _check_sideways(shift)
    elif shift.time_s is not None:
        _check_amount(shift.time_s, MAX_SHIFT_S, "s")
    else:
        _check_amount(shift.altitude_m or 0.0, MAX_SHIFT_M, "m")
    return shift


def _check_amount(amount: float, most: float, unit: str) -> None:
    if amount == 0 or not abs(amount) <= most:
        raise InputError(
            f"a shift of {amount:g} {unit}", remedy=f"give at most ±{most:g}, not 0", where="shift"
        )


def _check_sideways(shift: Shift) -> None:
    place, bearing_deg, distance_m = shift.place, shift.bearing_deg, shift.distance_m
    if place is None or bearing_deg is None or distance_m is None:
        raise InputError(
            "a move sideways has a place, a bearing and a distance",
            remedy="give all three",
            where="shift",
        )
    sound = (
        abs(place[0]) <= 180
        and abs(place[1]) <= 90
        and 0 <= bearing_deg < 360
        and 0 < distance_m <= MAX_DISTANCE_M
    )
    if not sound:
        raise InputError(
            f"a move of {distance_m:g} m towards {bearing_deg:g} degrees from "
            f"{place[1]:g}, {place[0]:g}",
            remedy=f"give a place on the globe, longitude first, a bearing from 0 to less than 360 "
            f"and a distance of at most {MAX_DISTANCE_M:g} m, not 0",
            where="shift",
        )


def write_activity(activity: Activity, note: str) -> bytes:
    """The body of a release: kind, volumes and ``note``. Notes of the activity are not written."""
    check_activity(activity)
    wire = {"kind": activity.kind, "volumes": volumes_to_wire(activity.volumes), "note": note}
    read_struct(wire, _ReleasedBody, "released activity")
    body = canonical(wire)
    if len(body) > MAX_BODY_BYTES:
        raise LimitError(
            f"takes {len(body)} bytes to release, more than {MAX_BODY_BYTES}",
            remedy="release it coarse, or split it into several activities",
            where=f"{activity.party}/{activity.id}",
        )
    return body


def write_opening(said: Activity | TextBody, note: str = "") -> bytes:
    """What is committed to, and later opened: an activity with its id and ``note``, or text."""
    if isinstance(said, TextBody):
        return write_message(said)
    wire = read_json(write_activity(said, note), MAX_BODY_BYTES, "body")
    return canonical({"activity": said.id, **wire})


def read_opening(body: bytes, subject: str, party: str) -> tuple[Activity, str] | TextBody:
    """What was opened: the activity of ``party`` and the note beside it, or a statement."""
    value = read_json(body, MAX_BODY_BYTES, "body")
    if subject == "statement":
        return read_struct(value, TextBody, "body")
    name = read_struct(value, _OpenedBody, "body").activity
    return read_activity(body, party, name)


def read_activity(body: bytes, party: str, activity_id: str) -> tuple[Activity, str]:
    """The activity that a release of ``party`` stands for, checked, and the note beside it."""
    wire = read_struct(read_json(body, MAX_BODY_BYTES, "body"), _ReleasedBody, "body")
    volumes = volumes_from_wire(wire.volumes, where="body", check=False)
    return check_activity(Activity(party, activity_id, wire.kind, volumes)), wire.note


def read_card(body: bytes, party: str, about: KeyRotated | Admitted) -> str:
    """The card of ``party`` that an entry names, in base64. Raises ``InputError``."""
    try:
        card = open_card(body)
    except DetenteError as error:
        raise InputError(error.message, where="card", remedy=error.remedy) from None
    named = (party, about.sign_key, about.card_sha256)
    second = about.ml_dsa_44_key if isinstance(about, KeyRotated) else None
    if (card.card.party, card.card.sign_key, hashlib.sha256(body).hexdigest()) != named or (
        second is not None and card.card.ml_dsa_44_key != second
    ):
        raise InputError("is not the card that was named", where="card", remedy="ask for it")
    return encode_base64(body)

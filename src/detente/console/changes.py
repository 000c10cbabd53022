"""Changes that would end a conflict, between the page and the node: as links, fields and words.

A link or a form carries the change itself and never its place in a list: lists change while an
officer reads. Only a route that is led round is too long for a link; that goes by the digest of its
volumes, and a digest that no suggestion has any more is refused.
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from detente.console import words
from detente.errors import InputError, NotFoundError
from detente.node.views import ConflictView, PlaceView, ShiftView, SuggestionView
from detente.record.strict_json import canonical
from detente.volumes.units import FT_M, parse_duration_s, parse_length_m

Fields = Mapping[str, str]

DIRECTIONS = ("later", "earlier", "higher", "lower", "sideways")
ROUND = "round"
"""The direction of a change to other volumes."""


def link(suggestion: SuggestionView) -> str:
    """The query of the form, and of the map's preview, for a suggestion."""
    shift = suggestion.shift
    fields: dict[str, str] = {"moves": suggestion.moves}
    if shift.volumes is not None:
        fields["round"] = digest(shift)
    for name in ("time_s", "altitude_m", "bearing_deg", "distance_m"):
        amount = getattr(shift, name)
        if amount is not None:
            fields[name] = repr(float(amount))
    if shift.place is not None:
        fields |= {"lon": repr(shift.place.lon), "lat": repr(shift.place.lat)}
    return urlencode(fields)


def linked(query: Fields, conflict: ConflictView) -> ShiftView | None:
    """The change that a link names, or None if it names none."""
    if query.get("round"):
        for suggestion in conflict.suggestions:
            if (
                suggestion.moves == query.get("moves")
                and digest(suggestion.shift) == query["round"]
            ):
                return suggestion.shift
        raise NotFoundError(
            "that way round is no longer suggested",
            remedy="look at the conflict as it stands now",
        )

    def amount(name: str) -> float | None:
        return _number(query, name) if query.get(name) else None

    distance_m = amount("distance_m")
    place = None
    if distance_m is not None:
        place = PlaceView(lon=_number(query, "lon"), lat=_number(query, "lat"))
    shift = ShiftView(
        time_s=amount("time_s"),
        altitude_m=amount("altitude_m"),
        place=place,
        bearing_deg=amount("bearing_deg"),
        distance_m=distance_m,
    )
    return None if shift == ShiftView() else shift


def digest(shift: ShiftView) -> str:
    """Names a change to other volumes."""
    return hashlib.sha256(canonical(shift.volumes)).hexdigest()[:32]


class Filled(msgspec.Struct, frozen=True):
    """A change as the form's fields; ``volumes`` is JSON, for a change that is to other volumes."""

    amount: str = ""
    direction: str = "later"
    bearing: str = ""
    volumes: str = ""


def filled(shift: ShiftView) -> Filled:
    """``45 min`` and ``later``; ``13 km``, ``sideways`` and ``045``."""
    if shift.volumes is not None:
        return Filled(direction=ROUND, volumes=canonical(shift.volumes).decode())
    if shift.time_s is not None:
        return Filled(words.duration(shift.time_s), "later" if shift.time_s > 0 else "earlier")
    if shift.distance_m is not None:
        return Filled(
            f"{shift.distance_m / 1000:g} km", "sideways", f"{shift.bearing_deg or 0.0:03g}"
        )
    metres = shift.altitude_m or 0.0
    return Filled(f"{round(abs(metres) / FT_M)} ft", "higher" if metres > 0 else "lower")


def read_shift(fields: Fields) -> ShiftView:
    """The change that a form asks for."""
    direction, amount = fields.get("direction", ""), fields.get("amount", "")
    if direction == ROUND:
        return ShiftView(volumes=_volumes(fields.get("volumes", "")))
    where = "by how much"
    if direction in ("later", "earlier"):
        seconds = parse_duration_s(amount, where=where)
        return ShiftView(time_s=seconds if direction == "later" else -seconds)
    if direction in ("higher", "lower"):
        metres = parse_length_m(amount, where=where)
        return ShiftView(altitude_m=metres if direction == "higher" else -metres)
    if direction == "sideways":
        return ShiftView(
            place=PlaceView(lon=_number(fields, "lon"), lat=_number(fields, "lat")),
            bearing_deg=_bearing(fields.get("bearing", "")),
            distance_m=parse_length_m(amount, where=where),
        )
    raise InputError(
        f"{direction[:20]!r} is no direction", remedy=f"choose one of {', '.join(DIRECTIONS)}"
    )


def _bearing(text: str) -> float:
    digits = text.strip().removesuffix("°")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3 and int(digits) <= 360):
        raise InputError(
            f"{text[:20]!r} is no bearing",
            where="towards",
            remedy="for a move sideways, write whole degrees from true north, for example 045",
        )
    return float(int(digits) % 360)


def _number(fields: Fields, name: str) -> float:
    try:
        # What is no finite number is no JSON number either.
        return msgspec.json.decode(fields.get(name, "").encode(), type=float)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InputError(
            f"the field “{name}” is no number", remedy="open the form again from the conflict"
        ) from error


def _volumes(text: str) -> list[dict[str, object]]:
    try:
        return msgspec.json.decode(text.encode(), type=list[dict[str, object]])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InputError(
            "the changed volumes cannot be read", remedy="open the form again from the conflict"
        ) from error

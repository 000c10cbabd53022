"""What is filled into a phrase: typed text, checked when written, rendered for its reader.

Every value travels as text that a person could have typed, with its unit::

    time      2021-08-09T03:00:00Z        RFC 3339 in UTC
    duration  45min                       s, min, h, d
    position  36.7300N 068.8700E          WGS84 degrees, latitude first as it is spoken
    altitude  FL240   3000m MSL   500ft AGL   9000m W84   7300m STD
    length    5NM   9.3km                 m, km, ft, NM, mi
    activity  orbit-kunduz                an activity id
    text      at most 200 characters on one line

A position is shown in two notations, because a slip in one is seen in the other.
"""

import re
from enum import StrEnum

from detente.errors import InputError
from detente.volumes.check import check_activity_id
from detente.volumes.model import Limit, Reference
from detente.volumes.printable import is_printable
from detente.volumes.times import format_time, read_time_s
from detente.volumes.units import FL_M, FT_M, NM_M, parse_duration_s, parse_length_m

MAX_SLOT_TEXT = 200


class SlotKind(StrEnum):
    """The type of a slot."""

    TIME = "time"
    DURATION = "duration"
    POSITION = "position"
    ALTITUDE = "altitude"
    LENGTH = "length"
    ACTIVITY = "activity"
    TEXT = "text"


EXAMPLES: dict[SlotKind, str] = {
    SlotKind.TIME: "2021-08-09T03:00:00Z",
    SlotKind.DURATION: "45min",
    SlotKind.POSITION: "36.7300N 068.8700E",
    SlotKind.ALTITUDE: "FL240",
    SlotKind.LENGTH: "5NM",
    SlotKind.ACTIVITY: "orbit-kunduz",
    SlotKind.TEXT: "thunderstorms over the route",
}

_POSITION = re.compile(r"(\d{1,2}(?:\.\d{1,6})?)([NS])\s+(\d{1,3}(?:\.\d{1,6})?)([EW])", re.ASCII)
_LEVEL = re.compile(r"FL(\d{1,3})", re.ASCII)
_HEIGHT = re.compile(r"(-?)(\S.*\S)\s+(MSL|AGL|W84|STD)", re.ASCII)


def render_slot(kind: SlotKind, value: str, language: str, *, where: str = "") -> str:
    """``value`` as an officer reads it in ``language`` (``ru``, or English for any other).

    Raises:
        InputError: it is not a value of this kind.
    """
    if len(value) > MAX_SLOT_TEXT:
        raise InputError(
            f"has more than {MAX_SLOT_TEXT} characters", remedy="shorten it", where=where
        )
    russian = language == "ru"
    match kind:
        case SlotKind.TIME:
            text = format_time(read_time_s(value, where)).replace("T", " ").removesuffix("Z")
            return f"{text.removesuffix(':00')} UTC"
        case SlotKind.DURATION:
            return _duration(parse_duration_s(value, where=where), russian)
        case SlotKind.POSITION:
            return _position(value, russian, where)
        case SlotKind.ALTITUDE:
            return _altitude(_read_altitude(value, where), russian)
        case SlotKind.LENGTH:
            return _length(parse_length_m(value, where=where), russian)
        case SlotKind.ACTIVITY:
            return check_activity_id(value, where=where)
        case SlotKind.TEXT:
            return _text(value, where)


def _text(value: str, where: str) -> str:
    if not value.strip() or not is_printable(value):
        raise InputError("is not one line of text", remedy="write one line", where=where)
    return value.strip()


def _number(value: float, digits: int, russian: bool) -> str:
    text = f"{value:.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",") if russian else text


def _duration(seconds: float, russian: bool) -> str:
    if seconds % 60:
        return f"{_number(seconds, 3, russian)} {'с' if russian else 's'}"
    hours, minutes = divmod(round(seconds / 60), 60)
    words = ("ч", "мин") if russian else ("h", "min")
    parts = [
        f"{count} {word}" for count, word in zip((hours, minutes), words, strict=True) if count
    ]
    return " ".join(parts) or f"0 {words[1]}"


def read_position(value: str, where: str = "") -> tuple[float, float]:
    """Longitude and latitude, degrees, of text such as ``36.7300N 068.8700E``."""
    match = _POSITION.fullmatch(value.strip())
    if match is None:
        raise InputError(
            f"{value[:40]!r} is not a position",
            remedy=f"write it as in {EXAMPLES[SlotKind.POSITION]}",
            where=where,
        )
    lat, lon = float(match[1]), float(match[3])
    if lat > 90 or lon > 180:
        raise InputError(
            f"{value[:40]!r} is beyond 90 or 180 degrees", remedy="correct it", where=where
        )
    return (-lon if match[4] == "W" else lon, -lat if match[2] == "S" else lat)


def _position(value: str, russian: bool, where: str) -> str:
    lon, lat = read_position(value, where)
    north, east = ("с. ш.", "в. д.") if russian else ("N", "E")
    south, west = ("ю. ш.", "з. д.") if russian else ("S", "W")
    axes = ((lat, 2, north, south), (lon, 3, east, west))
    space = " " if russian else ""
    point = "," if russian else "."
    degrees = ", ".join(
        f"{abs(value):0{width + 6}.5f}°{space}{plus if value >= 0 else minus}".replace(
            ".", point, 1
        )
        for value, width, plus, minus in axes
    )
    return f"{degrees} ({', '.join(_minutes(*axis, space, point) for axis in axes)})"


def _minutes(value: float, width: int, plus: str, minus: str, space: str, point: str) -> str:
    hundredths = round(abs(value) * 6000)
    degrees, rest = divmod(hundredths, 6000)
    minutes = f"{rest // 100:02d}{point}{rest % 100:02d}"
    return f"{degrees:0{width}d}°{minutes}′{space}{plus if value >= 0 else minus}"


def _read_altitude(value: str, where: str) -> Limit:
    level = _LEVEL.fullmatch(value.strip())
    if level is not None:
        return Limit(int(level[1]) * FL_M, Reference.STD)
    height = _HEIGHT.fullmatch(value.strip())
    if height is None:
        raise InputError(
            f"{value[:40]!r} is not an altitude",
            remedy="write FL240, or a height and its reference: 3000m MSL, 500ft AGL",
            where=where,
        )
    sign, length, reference = height.groups()
    value_m = parse_length_m(length, where=where)
    return Limit(-value_m if sign else value_m, Reference(reference))


_ABOVE = {
    Reference.MSL: ("above mean sea level", "над уровнем моря"),
    Reference.AGL: ("above ground", "над поверхностью земли"),
    Reference.W84: ("above the WGS84 ellipsoid", "над эллипсоидом WGS84"),
    Reference.STD: ("at standard pressure", "по стандартному давлению"),
}


def _altitude(limit: Limit, russian: bool) -> str:
    level = round(limit.value_m / FL_M)
    if limit.reference is Reference.STD and level >= 0 and level * FL_M == limit.value_m:
        return f"эшелон {level:03d}" if russian else f"FL{level:03d}"
    metres = _number(limit.value_m, 0, russian)
    feet = _number(limit.value_m / FT_M, 0, russian)
    above = _ABOVE[limit.reference][russian]
    return f"{metres} м ({feet} фт) {above}" if russian else f"{metres} m ({feet} ft) {above}"


def _length(metres: float, russian: bool) -> str:
    km, miles = _number(metres / 1000, 3, russian), _number(metres / NM_M, 1, russian)
    return f"{km} {'км' if russian else 'km'} ({miles} NM)"

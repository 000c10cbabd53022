"""The area of a NOTAM: from item E if it draws one, else the circle of the Q line.

Taken literally are only

- one circle: ``WI 5NM RADIUS CENTERED ON 364100N0685200E`` and its usual variants;
- one polygon: ``AREA BOUNDED BY LINES JOINING 3640N06850E - 3645N06900E - 3630N06855E``;
- no drawing at all: then the Q line's circle, which by its definition (Doc 8126) encloses the whole
  area of influence.

Everything else is unclear: arcs, exclusions, sectors, borders, several areas, bearings, points
without a radius. So is a drawing that reaches outside the circle of the Q line: one of the two is
a misprint, and nobody here can say which.

What joins two corners of a NOTAM's polygon is not defined: see ``formats.outlines``.
"""

import re
from itertools import pairwise

import msgspec
from pyproj import Geod

from detente.formats.coordinates import Found, coordinates_in
from detente.formats.outlines import reaches_a_pole, stray_note, strays_m
from detente.volumes import Core, Edges, Position, Shape
from detente.volumes.units import NM_M

_WGS84 = Geod(ellps="WGS84")

_SLACK_M = 2 * NM_M
"""A Q line gives whole minutes and whole miles."""
_WHOLE_FIR_NM = 999

_TROUBLE = re.compile(
    r"\b(ARCS?|CLOCKWISE|ANTI-?CLOCKWISE|COUNTER-?CLOCKWISE|C?CW|ACW|EXCLUD\w*|EXCL?|EXCEPT\w*"
    r"|OUTSIDE|BEYOND|BORDER\w*|BOUNDARY|BOUNDARIES|COAST\w*|SHORE\w*|RIVER\w*|ALONG|FOLLOWING"
    r"|SECTORS?|RADIALS?|RDL|BEARINGS?|BRG|QUADRANTS?|SEMI-?CIRCLES?|ELLIPSE|ROUTES?|TRACKS?"
    r"|CORRIDORS?|(?:EITHER|EACH|BOTH) SIDES?|WIDTH|WIDE|CENT(?:RE|ER) ?LINE|PARTS?|PARTIAL\w*"
    r"|PORTIONS?|HALF|AREAS|CIRCLES|MOVING|CNL|CANCEL\w*|DEACTIVATED|DEACT|WITHDRAWN|SUSPENDED"
    r"|NOT ACT\w*|DAILY|HJ|HN|SR|SS|SUNRISE|SUNSET|DIAMETER|DEG|TRIGGER"
    r"|(?:NORTH|SOUTH|EAST|WEST|[NSEW]|NE|NW|SE|SW)(?:ERN)? (?:OF|PART|SIDE|HALF))\b",
    re.ASCII,
)
_HOURS = re.compile(r"\b[0-9]{4} ?- ?[0-9]{4}\b", re.ASCII)
_LIST = re.compile(r"(?:^|[ (])(?:[0-9]{1,2}|[A-Z])\)", re.ASCII)
_HALF_READ = re.compile(
    r"°|[0-9]{2}[.0-9'\" ]*[NS](?![A-Z])|(?<![A-Z])[NS] ?[0-9]{2}"
    r"|[0-9]{3}[.0-9'\" ]*[EW](?![A-Z])|(?<![A-Z])[EW] ?[0-9]{3}"
    r"|\b[0-9]{1,2}[C-X][A-Z]{2} ?[0-9]{4,10}\b",
    re.ASCII,
)
_ROUND = re.compile(r"\b(?:RADIUS|RAD|CIRCLE|CIRCULAR|CENT(?:RE|ER)(?:D|ED)?)\b", re.ASCII)
_DISTANCE = re.compile(r"[0-9](?:\.[0-9]+)? ?(?:NM|KM|MI|SM|MET(?:RE|ER)S?)\b", re.ASCII)

_SIZE = r"(?P<size>[0-9]{1,6}(?:\.[0-9]{1,3})?) ?(?P<unit>NM|KM|M)\b"
_RADIUS = r"\b(?:RADIUS|RAD)\b"
_AT = (
    r"[ ,:]*(?:(?:OF|FROM|FM|AROUND|ABOUT|AND|WITH) )?(?:(?:A|THE) )?"
    r"(?:CENT(?:RE|ER)(?:D|ED)?\b[ :]*)?(?:(?:ON|AT|IN|OF) )?(?:THE )?"
    r"(?:(?:PSN|POSITION|POINT|COORD|COORDINATES)\b[ :]*)?@"
)
_CIRCLES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"{_RADIUS}(?: OF)?[ :]*{_SIZE}{_AT}",
        rf"{_SIZE}[ -]?{_RADIUS}(?: CIRCLE)?{_AT}",
        rf"\b(?:WITHIN|WI) {_SIZE}{_AT}",
        rf"@[ ,]*(?:(?:AND|WITH) )?(?:A )?{_RADIUS}(?: OF)?[ :]*{_SIZE}",
        rf"@[ ,]*(?:(?:AND|WITH) )?(?:A )?{_SIZE}[ -]?{_RADIUS}",
    )
)
_UNIT_M = {"NM": NM_M, "KM": 1000.0, "M": 1.0}
_LEADS = re.compile(
    r"\b(?:WITHIN|WI|BOUNDED|AREA|JOINING|CONNECTING|LIMITS|COORD|COORDINATES|POLYGON|POINTS?)\b",
    re.ASCII,
)
_NEXT = re.compile(r"[ ,/-]*(?:(?:TO|THEN|THENCE)[ ,/-]+){0,2}", re.ASCII)
_LAST = re.compile(r"[ ,/-]*(?:(?:TO|THEN|THENCE|AND)[ ,/-]+){0,3}", re.ASCII)


class Circle(msgspec.Struct, frozen=True):
    """A circle of the Q line: its centre, and its radius in nautical miles."""

    centre: Position
    radius_nm: int


class Area(msgspec.Struct, frozen=True):
    """A core, the radius around it and what had to be assumed."""

    core: Core
    radius_m: float
    notes: tuple[str, ...] = ()


class Unclear(msgspec.Struct, frozen=True):
    """Why a NOTAM cannot be taken literally, as the end of a sentence about it."""

    why: str


def area_of(text: str, q: Circle) -> Area | Unclear:
    """The area of item E and the Q line; InputError for a coordinate that is not on Earth."""
    # An @ will stand for a coordinate, so none may come from an address.
    text = " ".join(text.upper().replace("@", " ").split())
    found = list(coordinates_in(text))
    plain = _blanked(text, found)
    if unclear := _unclear(plain):
        return unclear
    if not found:
        return _of_q_line(plain, q)
    area = _circle(plain, found) if len(found) == 1 else _polygon(text, plain, found)
    if isinstance(area, Area) and not _inside(area, q):
        return Unclear("item E draws an area that reaches outside the circle of the Q line")
    return area


def _blanked(text: str, found: list[Found]) -> str:
    """The text with an @ in place of each coordinate."""
    parts, at = [], 0
    for coordinate in found:
        parts += [text[at : coordinate.start], "@"]
        at = coordinate.end
    return "".join([*parts, text[at:]])


def _unclear(plain: str) -> Unclear | None:
    if any(letter.isalpha() and not letter.isascii() for letter in plain):
        return Unclear("item E is not in English")
    if trouble := _TROUBLE.search(plain):
        return Unclear(f"item E says {trouble[0]}, so the area is not one that can be drawn")
    if _HOURS.search(plain):
        return Unclear("item E gives hours of its own")
    if _LIST.search(plain):
        return Unclear("item E lists several things")
    if half := _HALF_READ.search(plain):
        return Unclear(f"item E has {half[0].strip()!r}, which is no coordinate that can be read")
    return None


def _of_q_line(plain: str, q: Circle) -> Area | Unclear:
    if _ROUND.search(plain) or _DISTANCE.search(plain):
        return Unclear("item E describes an area without coordinates")
    if q.radius_nm == _WHOLE_FIR_NM or q.radius_nm == 0:
        return Unclear(f"no area is given: the Q line's radius is {q.radius_nm:03d}")
    return Area(
        Core(Shape.POINT, ((q.centre,),)),
        q.radius_nm * NM_M,
        ("item E draws no area: the circle of the Q line is taken",),
    )


def _circle(plain: str, found: list[Found]) -> Area | Unclear:
    matches = [match for pattern in _CIRCLES if (match := pattern.search(plain))]
    radii = {float(match["size"]) * _UNIT_M[match["unit"]] for match in matches}
    if not radii:
        return Unclear("item E has one coordinate, and no radius that clearly belongs to it")
    if len(radii) > 1 or len(_DISTANCE.findall(plain)) > 1:
        return Unclear("item E gives several distances")
    radius_m = radii.pop()
    if radius_m == 0:
        return Unclear("item E gives a radius of 0")
    return Area(Core(Shape.POINT, ((found[0].position,),)), radius_m)


def _polygon(text: str, plain: str, found: list[Found]) -> Area | Unclear:
    if _ROUND.search(plain) or _DISTANCE.search(plain):
        return Unclear("item E gives several coordinates and a distance")
    if not _LEADS.search(text[: found[0].start]):
        return Unclear("item E gives coordinates but does not say that they bound the area")
    if not _is_one_list([text[a.end : b.start] for a, b in pairwise(found)]):
        return Unclear("item E gives coordinates in more than one list")
    ring = [coordinate.position for coordinate in found]
    if ring[0] == ring[-1]:
        ring = ring[:-1]
    if len(set(ring)) != len(ring):
        return Unclear("item E passes a point twice, so it may draw several areas")
    if len(ring) < 3:
        return Unclear("item E gives fewer than three corners")
    return _joined(ring)


def _is_one_list(joints: list[str]) -> bool:
    """Whether the texts between coordinates only join them, and all in one way.

    A blank among dashes is where a line ends, and perhaps one area and the next begins.
    """
    *inner, last = joints
    if not (all(map(_NEXT.fullmatch, inner)) and _LAST.fullmatch(last)):
        return False
    alike = inner if "AND" in last else joints
    return len({bool(joint.strip()) for joint in alike}) <= 1


def _joined(ring: list[Position]) -> Area | Unclear:
    placed = [ring[0]]
    for lon, lat in ring[1:]:
        placed.append((lon + 360 * round((placed[-1][0] - lon) / 360), lat))
    core = Core(Shape.POLYGON, (tuple(placed),), Edges.GEODESIC)
    if reaches_a_pole(core):
        return Unclear("item E draws an area at a pole, where straight lines are not defined")
    radius_m = strays_m(core)
    return Area(core, radius_m, stray_note(radius_m))


def _inside(area: Area, q: Circle) -> bool:
    """Whether the drawing keeps within the Q line's circle, as far as that is one."""
    if q.radius_nm in (0, _WHOLE_FIR_NM):
        return True
    limit_m = q.radius_nm * NM_M + _SLACK_M
    grown_m = area.radius_m if area.core.shape is Shape.POINT else 0.0
    return all(
        _WGS84.inv(*q.centre, *position)[2] + grown_m <= limit_m for position in area.core.rings[0]
    )

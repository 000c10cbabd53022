"""The shape of an OpenAir airspace: its records D and V, in order.

::

    DP 53:47:06N 008:21:41E     a corner                 V X=50:35.6N 007:56.7E  a centre
    DA 10,270,290               an arc: radius in NM,    V D=-                   arcs turn left
                                from and to azimuth      V W=5                   width of an airway
    DB 39:36N 119:46W, 39:29N 119:36W                    DC 2                    a circle, NM
                                an arc from here to there

Circles stay circles. Corners and arcs make one polygon, closed from the last to the first; corners
are joined in every way (``formats.outlines``), arcs are held by a radius (``formats.arcs``). Where
an arc ends next to the corner before or after it, the two are one place that was rounded twice:
the later is left out, and its distance from the earlier is added to the radius.

Airways (DY) are unclear: OpenAir says neither where one begins nor what its width is measured from.
"""

import re

from pyproj import Geod

from detente.errors import InputError, LimitError
from detente.formats.arcs import Arc, arc_between_azimuths, arc_between_points
from detente.formats.outlines import reaches_a_pole, stray_note, strays_m
from detente.volumes import Core, Edges, Position, Shape
from detente.volumes.check import MAX_VERTICES, MAX_VOLUMES
from detente.volumes.units import NM_M

SNAP_M = 200.0
"""How far rounding moves the end of an arc: a centre by half a second, a radius by 0.1 NM."""
SNAP = 0.05
"""By how much of its radius at most."""

_PART = r"([0-9]{{1,{0}}})(?::([0-9]{{1,2}}))?(?::([0-9]{{1,2}}))?(\.[0-9]{{0,9}})?"
_COORDINATE = re.compile(
    rf"{_PART.format(2)} ?([NS])[ ,]*{_PART.format(3)} ?([EW])(?![A-Z0-9])", re.ASCII
)
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", re.ASCII)
_VARIABLE = re.compile(r"([A-Z]) ?= ?(.*)", re.ASCII)
_WGS84 = Geod(ellps="WGS84")

Piece = tuple[Core, float, tuple[str, ...]]
"""A core, the radius around it and notes on it."""


class Outline:
    """Gathers the shape of one airspace. InputError for a record that cannot be used."""

    def __init__(self) -> None:
        self.airway = False
        self.made = 0
        """Corners that were made of arcs."""
        self._centre: Position | None = None
        self._clockwise = True
        self._circles: list[tuple[Position, float]] = []
        # Each corner with the distance within which another is the same place.
        self._corners: list[tuple[Position, float]] = []
        self._snapped_m = 0.0
        self._stray_m = 0.0

    def add(self, record: str, text: str) -> None:
        """One record: V, DP, DA, DB, DC or DY, and what follows it, in capitals."""
        text = " ".join(text.split())
        if record == "V":
            self._set(text)
        elif record == "DP":
            (corner,) = _coordinates(text, 1, record)
            self._join(corner, 0.0)
        elif record == "DC":
            (radius_nm,) = _numbers(text, 1, record)
            self._circles.append((self._the_centre(record), radius_nm * NM_M))
            if len(self._circles) > MAX_VOLUMES:
                raise LimitError(f"has more than {MAX_VOLUMES} circles", remedy="split it")
        elif record == "DA":
            radius_nm, begin_deg, end_deg = _numbers(text, 3, record)
            if max(begin_deg, end_deg) > 360:
                raise InputError(f"DA {text[:40]!r} has an angle above 360", remedy="correct it")
            centre = self._the_centre(record)
            self._extend(
                arc_between_azimuths(
                    centre, radius_nm * NM_M, begin_deg, end_deg, clockwise=self._clockwise
                )
            )
        elif record == "DB":
            start, end = _coordinates(text, 2, record)
            centre = self._the_centre(record)
            if start == end:
                # Programs write arcs of no length; a circle is written with DC.
                self._join(start, 0.0)
            else:
                self._extend(arc_between_points(centre, start, end, clockwise=self._clockwise))
        elif record == "DY":
            self.airway = True
        else:
            raise InputError(
                f"has a record {record.lstrip('?')!r}, which is not known", remedy="correct it"
            )

    def pieces(self) -> list[Piece]:
        """The circles and the polygon."""
        pieces: list[Piece] = [
            (Core(Shape.POINT, ((centre,),)), radius_m, ()) for centre, radius_m in self._circles
        ]
        if self._corners or not pieces:
            pieces.append(self._polygon())
        return pieces

    def _polygon(self) -> Piece:
        while len(self._corners) > 1 and self._is_same(self._corners[-1], self._corners[0]):
            del self._corners[-1]
        if len(self._corners) < 3:
            raise InputError(
                "has fewer than three corners" if self._corners else "has no shape",
                remedy="give it DP records, arcs or a circle (DC)",
            )
        placed = [self._corners[0][0]]
        for (lon, lat), _ in self._corners[1:]:
            placed.append((lon + 360 * round((placed[-1][0] - lon) / 360), lat))
        core = Core(Shape.POLYGON, (tuple(placed),), Edges.GEODESIC)
        if reaches_a_pole(core):
            raise InputError(
                "has a corner near a pole, where straight lines are not defined",
                remedy="draw it as a circle (DC)",
            )
        lines_m = strays_m(core)
        room_m = self._stray_m + self._snapped_m
        notes = (f"arcs held by a radius of {room_m:.0f} m",) if room_m >= 1 else ()
        return core, lines_m + room_m, (*stray_note(lines_m), *notes)

    def _set(self, text: str) -> None:
        match = _VARIABLE.fullmatch(text)
        name, value = (match[1], match[2]) if match else ("", "")
        if name == "X":
            (self._centre,) = _coordinates(value, 1, "V X=")
        elif name == "D" and value in ("+", "-"):
            self._clockwise = value == "+"
        elif name not in ("W", "Z", "T"):
            # Width is for airways; zoom and label are for the screen.
            raise InputError(
                f"V {text[:40]!r} sets nothing that is known", remedy="use V X= or V D="
            )

    def _the_centre(self, record: str) -> Position:
        if self._centre is None:
            raise InputError(
                f"{record} comes before a centre is set", remedy="put V X= in the same airspace"
            )
        return self._centre

    def _extend(self, arc: Arc) -> None:
        self.made += len(arc.corners)
        self._stray_m = max(self._stray_m, arc.stray_m)
        snap_m = min(SNAP_M, SNAP * arc.radius_m)
        first, *inner, last = arc.corners
        self._join(first, snap_m)
        self._corners += [(corner, 0.0) for corner in inner]
        self._corners.append((last, snap_m))
        self._check_count()

    def _join(self, corner: Position, snap_m: float) -> None:
        """Go on to a corner, unless it is the place where the last one is."""
        if self._corners and self._is_same((corner, snap_m), self._corners[-1]):
            # What follows may be next to either of the two.
            kept, kept_snap_m = self._corners[-1]
            self._corners[-1] = (kept, max(snap_m, kept_snap_m))
            return
        self._corners.append((corner, snap_m))
        self._check_count()

    def _check_count(self) -> None:
        if len(self._corners) > MAX_VERTICES:
            raise LimitError(f"has more than {MAX_VERTICES:,} corners", remedy="split it")

    def _is_same(self, one: tuple[Position, float], other: tuple[Position, float]) -> bool:
        if one[0] == other[0]:
            return True
        snap_m = max(one[1], other[1])
        if snap_m == 0:
            return False
        distance_m = float(_WGS84.inv(*one[0], *other[0])[2])
        if distance_m > snap_m:
            return False
        self._snapped_m = max(self._snapped_m, distance_m)
        return True


def _coordinates(text: str, count: int, record: str) -> list[Position]:
    matches = list(_COORDINATE.finditer(text))
    if len(matches) != count or _COORDINATE.sub("", text).strip(" ,"):
        raise InputError(
            f"{record} {text[:60]!r} is not {'a coordinate' if count == 1 else 'two coordinates'}",
            remedy="write it as 54:25:00N 010:40:00E or 54:25.000N 010:40.000E",
        )
    return [(_angle(match, 6, 180), _angle(match, 1, 90)) for match in matches]


def _angle(match: re.Match[str], first: int, limit: int) -> float:
    """Degrees of the groups from ``first`` on; decimals belong to the last part that is there.

    Sixty seconds are what a program writes that rounds 59.99, and mean the next minute.
    """
    parts = [float(part) for part in match.group(first, first + 1, first + 2) if part is not None]
    parts[-1] += float(f"{match[first + 3] or ''}0")
    degrees = sum(part / 60.0**power for power, part in enumerate(parts))
    if any(part >= 60 for part in parts[1:2]) or any(part > 60 for part in parts[2:]):
        raise InputError(f"{match[0]!r} has too many minutes or seconds", remedy="correct it")
    if degrees > limit:
        raise InputError(f"{match[0]!r} is not on Earth", remedy="correct the coordinate")
    return -degrees if match[first + 4] in "SW" else degrees


def _numbers(text: str, count: int, record: str) -> list[float]:
    parts = [part for part in re.split(r"[ ,]+", text) if part]
    if len(parts) != count or not all(map(_NUMBER.fullmatch, parts)):
        what = "a radius in NM" if count == 1 else "a radius in NM and two angles"
        raise InputError(f"{record} {text[:60]!r} is not {what}", remedy="correct it")
    return [float(part) for part in parts]

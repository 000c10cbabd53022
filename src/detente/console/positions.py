"""Positions as officers type them, each way that a chart or a radio gives them.

::

    36.58N 068.62E          degrees            36.58 68.62 (latitude first, signs for S and W)
    36°34.8′N 068°37.2′E    degrees, minutes   3634.8N 06837.2E
    36°34′48″N 068°37′12″E  and seconds        363448N 0683712E
    42S VF 65930 48390      MGRS

Latitude comes first, as it is spoken. What could be read in two ways is refused.
"""

import math
import re

import mgrs

from detente.errors import InputError, LimitError
from detente.volumes import Position

MAX_POSITIONS = 500
_REMEDY = "write it as 36.58N 068.62E, 36°34.8′N 068°37.2′E or 42S VF 65930 48390"

_GRID = mgrs.MGRS()
_MGRS = re.compile(r"(\d{1,2}[C-HJ-NP-X])([A-HJ-NP-Z]{2})(\d{4,10})", re.ASCII)
_SIGNED = re.compile(r"([+-]?\d{1,2}(?:\.\d{1,9})?)[,\s]+([+-]?\d{1,3}(?:\.\d{1,9})?)", re.ASCII)
_ANGLE = (
    r"(\d{{1,{width}}})(?:\.(\d{{1,9}}))?°?"
    r"(?:(\d{{1,2}}(?:\.\d{{1,6}})?)['′])?(?:(\d{{1,2}}(?:\.\d{{1,4}})?)[\"″])?\s*([{sides}])"
)
_SPACED = re.compile(
    _ANGLE.format(width=2, sides="NS") + r"[,\s]*" + _ANGLE.format(width=3, sides="EW"), re.ASCII
)
_PACKED = re.compile(
    r"(\d{2})(\d{2})(\d{2})?(\.\d{1,4})?([NS])[,\s]*(\d{3})(\d{2})(\d{2})?(\.\d{1,4})?([EW])",
    re.ASCII,
)


def read_positions(text: str) -> tuple[Position, ...]:
    """One position a line; longitudes follow each other without a jump, as in the model."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_POSITIONS:
        raise LimitError(
            f"there are {len(lines)} positions, more than {MAX_POSITIONS}",
            where="positions",
            remedy="file it as GeoJSON",
        )
    if not lines:
        raise InputError("there is no position", where="positions", remedy=_REMEDY)
    points: list[Position] = []
    for number, line in enumerate(lines, 1):
        lon, lat = read_position(line, where=f"position {number}")
        if points:
            lon += 360.0 * round((points[-1][0] - lon) / 360.0)
        points.append((lon, lat))
    return tuple(points)


def read_position(text: str, *, where: str = "position") -> Position:
    """Longitude and latitude, degrees, of one position."""
    line = re.sub(r"\s+", " ", text.strip().upper())[:80]
    if found := _MGRS.fullmatch(line.replace(" ", "")):
        return _of_grid(found, where)
    if found := _SIGNED.fullmatch(line):
        return _checked(float(found[2]), float(found[1]), line, where)
    if found := _PACKED.fullmatch(line):
        lat = _packed(found.group(1, 2, 3, 4, 5), line, where)
        return _checked(_packed(found.group(6, 7, 8, 9, 10), line, where), lat, line, where)
    if found := _SPACED.fullmatch(line.replace("° ", "°").replace("′ ", "′").replace("' ", "'")):
        lat = _angle(found.group(1, 2, 3, 4, 5), line, where)
        return _checked(_angle(found.group(6, 7, 8, 9, 10), line, where), lat, line, where)
    raise InputError(f"{line!r} is not a position", where=where, remedy=_REMEDY)


def _angle(parts: tuple[str | None, ...], line: str, where: str) -> float:
    """Degrees of whole degrees, their fraction, minutes, seconds and side."""
    degrees, fraction, minutes, seconds, side = parts
    if fraction is not None and (minutes is not None or seconds is not None):
        raise InputError(
            f"{line!r} has both decimal degrees and minutes", where=where, remedy=_REMEDY
        )
    value = float(f"{degrees}.{fraction or 0}")
    value += _sixtieths(minutes, line, where) / 60 + _sixtieths(seconds, line, where) / 3600
    return -value if side in ("S", "W") else value


def _packed(parts: tuple[str | None, ...], line: str, where: str) -> float:
    """``3634.8N``: the fraction belongs to the last unit written."""
    degrees, minutes, seconds, fraction, side = parts
    if seconds is None:
        minutes, seconds = f"{minutes}{fraction or ''}", "0"
    else:
        seconds = f"{seconds}{fraction or ''}"
    return _angle((degrees, None, minutes, seconds, side), line, where)


def _sixtieths(text: str | None, line: str, where: str) -> float:
    value = float(text or 0)
    if value >= 60:
        raise InputError(f"{line!r} has 60 or more minutes or seconds", where=where, remedy=_REMEDY)
    return value


def _of_grid(found: re.Match[str], where: str) -> Position:
    if len(found[3]) % 2:
        raise InputError(
            f"{found[0]!r} has an odd number of digits", where=where, remedy="write them in pairs"
        )
    try:
        lat, lon = _GRID.toLatLon(found[0])
    except mgrs.core.MGRSError as error:
        raise InputError(
            f"{found[0]!r} is not a square of the grid", where=where, remedy=_REMEDY
        ) from error
    return _checked(lon, lat, found[0], where)


def _checked(lon: float, lat: float, line: str, where: str) -> Position:
    if not (math.isfinite(lon) and math.isfinite(lat)) or abs(lat) > 90 or abs(lon) > 180:
        raise InputError(
            f"{line!r} is beyond 90 or 180 degrees",
            where=where,
            remedy="latitude comes first; correct it",
        )
    return (lon, lat)

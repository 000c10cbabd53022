"""The geometries of a Placemark, and the altitudes that they have by themselves.

Point, LineString, LinearRing and Polygon give one volume each, a MultiGeometry one for each part.
Their ``altitudeMode`` says what the third number of a coordinate is:

=====================  =================================================================
``clampToGround``      nothing: it is drawn on the ground, and how high the activity
                       reaches is not said. The default, and what programs write when
                       an area is drawn on a map; so all altitudes are taken
``relativeToGround``   metres above the ground (AGL)
``absolute``           metres above the sea (MSL; KML's datum is EGM96)
=====================  =================================================================

The band reaches from the lowest to the highest of its coordinates, and with ``extrude`` from the
surface. Coordinates without a third number, or all with 0, say nothing of altitude either.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from detente.errors import InputError, LimitError
from detente.formats.kml_element import Element
from detente.volumes import Band, Limit, Reference
from detente.volumes.check import MAX_VERTICES

GEOMETRIES = ("Point", "LineString", "LinearRing", "Polygon")
TRACKS = ("Track", "MultiTrack")
_REFERENCES = {"relativeToGround": Reference.AGL, "absolute": Reference.MSL}
_CLAMPED = ("clampToGround", "clampToSeaFloor")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}

Coordinates = list[tuple[float, ...]]


class Shape(msgspec.Struct, frozen=True):
    """A GeoJSON geometry, and the band that its coordinates give; None if they give none."""

    geometry: dict[str, Any]
    band: Band | None


def shapes_of(placemark: Element, *, banded: bool) -> list[Shape]:
    """Every shape of a Placemark, with its band if that is asked for; InputError if there is none
    or one cannot be read."""
    shapes = [_shape(element, banded=banded) for element in _geometries(placemark)]
    if not shapes:
        raise InputError("has no geometry", remedy="give it a Point, LineString or Polygon")
    return shapes


def _geometries(parent: Element) -> Iterator[Element]:
    for child in parent.every(*GEOMETRIES, "MultiGeometry", "Model", *TRACKS):
        if child.name == "MultiGeometry":
            yield from _geometries(child)
        elif child.name in GEOMETRIES:
            yield child
        else:
            raise InputError(
                f"has a {child.name} beside other shapes"
                if child.name in TRACKS
                else "has a Model, whose extent is not in the file",
                remedy="give each a Placemark of its own"
                if child.name in TRACKS
                else "draw the area as a Polygon",
            )


def _shape(element: Element, *, banded: bool) -> Shape:
    if element.name == "Polygon":
        outer = element.only("outerBoundaryIs")
        if outer is None:
            raise InputError("a Polygon has no outerBoundaryIs", remedy="give it one")
        inner = list(element.every("innerBoundaryIs"))
        rings = [ring for boundary in (outer, *inner) for ring in _rings(boundary)]
        positions = [position for ring in rings for position in ring]
        coordinates: Any = [[position[:2] for position in ring] for ring in rings]
    else:
        positions = _coordinates(element)
        coordinates = [position[:2] for position in positions]
        if element.name == "Point":
            if len(positions) != 1:
                raise InputError("a Point has not one coordinate", remedy="give it one")
            coordinates = coordinates[0]
    kind = "LineString" if element.name == "LinearRing" else element.name
    band = _band(element, positions) if banded else None
    return Shape({"type": kind, "coordinates": coordinates}, band)


def _rings(boundary: Element) -> list[Coordinates]:
    rings = [_coordinates(ring) for ring in boundary.every("LinearRing")]
    if not rings or (len(rings) > 1 and boundary.name == "outerBoundaryIs"):
        # Old files have several LinearRings in one innerBoundaryIs.
        raise InputError(f"an {boundary.name} has not one LinearRing", remedy="give it one")
    return rings


def _coordinates(element: Element) -> Coordinates:
    # No more is split off than is needed to see that there are too many.
    parts = (element.text_of("coordinates") or "").split(None, MAX_VERTICES + 1)
    if len(parts) > MAX_VERTICES + 1:
        raise LimitError(
            f"has more than {MAX_VERTICES:,} vertices in one {element.name}",
            remedy="simplify the shape outward or split it",
        )
    return [numbers_of(part.split(",")) for part in parts]


def numbers_of(parts: list[str]) -> tuple[float, ...]:
    """Longitude, latitude and perhaps altitude."""
    if len(parts) not in (2, 3) or not all(map(_NUMBER.fullmatch, parts)):
        raise InputError(
            f"{','.join(parts)[:60]!r} is not a coordinate",
            remedy="write lon,lat or lon,lat,altitude without blanks",
        )
    return tuple(map(float, parts))


def reference_of(element: Element) -> Reference | None:
    """What the altitudes of a geometry are measured from; None if they are not used."""
    mode = element.text_of("altitudeMode") or _CLAMPED[0]
    if mode in _CLAMPED:
        return None
    if mode not in _REFERENCES:
        raise InputError(
            f"its altitudeMode is {mode[:40]!r}",
            remedy="use absolute or relativeToGround, or give altitude_lower and altitude_upper",
        )
    return _REFERENCES[mode]


def _band(element: Element, positions: Coordinates) -> Band | None:
    reference = reference_of(element)
    extrude = _BOOLEANS.get(element.text_of("extrude") or "0")
    if extrude is None:
        raise InputError("extrude is neither 0 nor 1", remedy="use one of them")
    heights_m = [position[2] for position in positions if len(position) == 3]
    if reference is None or len(heights_m) < len(positions) or not any(heights_m):
        return None
    lower = Limit(0.0, Reference.SFC) if extrude else Limit(min(heights_m), reference)
    return Band(lower, Limit(max(heights_m), reference))

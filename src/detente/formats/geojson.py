"""Planned activities in GeoJSON (RFC 7946): a FeatureCollection, one Feature, or a sequence.

::

    {"type":"FeatureCollection","features":[
      {"type":"Feature",
       "geometry":{"type":"Point","coordinates":[68.8,36.5]},
       "properties":{"id":"orbit-1","party":"us","radius_m":9260,
                     "altitude_lower":{"value":240,"units":"FL"},
                     "altitude_upper":{"value":260,"units":"FL"},
                     "start":"2021-08-09T00:30:00Z","end":"2021-08-09T05:00:00Z"}}]}

The properties are those of ``formats.profile``. A sequence (RFC 8142, or one Feature a line) has
the Features alone. All are read a stretch of features at a time (``stretches``), however long.

NaN and Infinity, which are not JSON but are written by many a program, are read so that the error
can name the feature they stand in; a feature in which a name stands twice in one object is
unusable, because nobody can say which one counts. What is wrong beside the features makes the
whole file unusable, for it may change what they mean.
"""

from typing import Any

from detente.errors import InputError
from detente.formats.altitudes import limit_of_json
from detente.formats.jsontext import decode_items, decode_json, decode_utf8
from detente.formats.profile import PROPERTIES, activity_of, label_of
from detente.formats.reading import Gathering
from detente.formats.stretches import Stretch, texts_of

_WGS84_NAMES = (
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "urn:ogc:def:crs:OGC::CRS84",
    "urn:ogc:def:crs:EPSG::4326",
    "EPSG:4326",
)
"""Names of WGS84 degrees; GeoJSON's longitude comes first in all of them."""
_USED = frozenset(PROPERTIES)


def check_frame(document: dict[str, Any], *, whole: bool) -> None:
    """Raises InputError if the features of a document cannot be used for what stands beside them.

    Of one that is not ``whole`` the beginning alone is given.
    """
    _check_crs(document)
    kind = document.get("type")
    if kind != "FeatureCollection" and (whole or kind is not None):
        raise InputError(
            f"its JSON has the type {str(kind)[:40]!r}",
            remedy="give a GeoJSON FeatureCollection or Feature",
        )
    if whole and not isinstance(document.get("features"), list):
        raise InputError("has no list of features", remedy='add "features": [ … ]')


def read_feature(document: dict[str, Any], gathering: Gathering) -> None:
    """Gather the activity of a document that is one Feature."""
    _check_crs(document)
    _read_feature(document, 1, gathering)


def read_stretch(stretch: Stretch, gathering: Gathering) -> None:
    """Gather the activities of some features."""
    for number, value in enumerate(values_of(stretch), stretch.first):
        _read_feature(value, number, gathering)


def values_of(stretch: Stretch) -> list[Any]:
    """The decoded features of a stretch, each or the InputError that makes it unusable."""
    values: list[Any] | None = decode_items(b",".join(stretch.records))
    if values is None or len(values) != stretch.size:
        return _one_by_one(stretch)
    return values


def _one_by_one(stretch: Stretch) -> list[Any]:
    """The slow way: each item, or the error that makes it unusable."""
    try:
        values: list[Any] = decode_json(decode_utf8(b"[%b]" % b",".join(stretch.records)))
    except InputError:
        values = []
    if len(values) == stretch.size:
        return values
    values = [_value_of(text) for text in texts_of(stretch)]
    if not any(isinstance(value, InputError) for value in values):
        error = InputError(
            "is not JSON: one comma has to stand between features", remedy="correct it there"
        )
        values.append(error)
    return values


def _value_of(text: bytes) -> object:
    try:
        return decode_json(decode_utf8(text))
    except InputError as error:
        return error


def _check_crs(document: dict[str, Any]) -> None:
    """Files of 2008's GeoJSON may name another reference system, which RFC 7946 took out."""
    crs = document.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if name not in _WGS84_NAMES:
        raise InputError(
            f"its coordinates are in {str(name)[:60]!r}",
            remedy="convert them to WGS84 degrees, longitude first, and leave crs out",
        )


def _read_feature(value: object, number: int, gathering: Gathering) -> None:
    item = f"feature {number}"
    party = named = None
    try:
        if isinstance(value, InputError):
            raise value
        feature, properties = _parts(value)
        party, named = label_of(properties)
        activity = activity_of(properties, feature.get("geometry"), gathering, limit_of_json)
        gathering.keep(activity, item)
        for name in properties.keys() - _USED:
            gathering.name_unused(name)
    except InputError as error:
        gathering.refuse(error, item, party=party, identifier=named)


def _parts(value: object) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        raise InputError("is not a Feature", remedy='give it "type": "Feature" (RFC 7946)')
    properties = value.get("properties")
    if not isinstance(properties, dict):
        raise InputError("has no properties", remedy="add id, start, end and radius_m")
    if "id" not in properties and "id" in value:
        # RFC 7946, section 3.2, has a place of its own for an identifier.
        properties = {**properties, "id": value["id"]}
    return value, properties

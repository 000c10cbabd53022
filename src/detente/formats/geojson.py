"""Planned activities in GeoJSON (RFC 7946): a FeatureCollection or one Feature.

::

    {"type":"FeatureCollection","features":[
      {"type":"Feature",
       "geometry":{"type":"Point","coordinates":[68.8,36.5]},
       "properties":{"id":"orbit-1","party":"us","radius_m":9260,
                     "altitude_lower":{"value":240,"units":"FL"},
                     "altitude_upper":{"value":260,"units":"FL"},
                     "start":"2021-08-09T00:30:00Z","end":"2021-08-09T05:00:00Z"}}]}

The properties are those of ``formats.profile``. NaN and Infinity, which are not JSON but are
written by many a program, are read so that the error can name the feature they stand in; a name
that stands twice in one object makes the file unusable, because nobody can say which one counts.
"""

from typing import Any

from detente.errors import InputError, LimitError
from detente.formats.altitudes import limit_of_json
from detente.formats.profile import PROPERTIES, activity_of, label_of
from detente.formats.reading import MAX_FEATURES, Gathering

_WGS84_NAMES = (
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "urn:ogc:def:crs:OGC::CRS84",
    "urn:ogc:def:crs:EPSG::4326",
    "EPSG:4326",
)
"""Names of WGS84 degrees; GeoJSON's longitude comes first in all of them."""


def read_geojson(document: dict[str, Any], gathering: Gathering) -> None:
    """Gather the activities of a decoded GeoJSON document."""
    _check_crs(document)
    features = _features(document)
    unused: set[str] = set()
    for number, feature in enumerate(features, 1):
        _read_feature(feature, number, gathering, unused)
        if number % 1000 == 0:
            gathering.progress(number, len(features))
    gathering.progress(len(features), len(features))
    if unused:
        names = ", ".join(sorted(unused)[:10])
        gathering.note(f"properties not used: {names}")


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


def _features(document: dict[str, Any]) -> list[Any]:
    kind = document.get("type")
    if kind == "Feature":
        return [document]
    if kind != "FeatureCollection":
        raise InputError(
            f"its JSON has the type {str(kind)[:40]!r}",
            remedy="give a GeoJSON FeatureCollection or Feature",
        )
    features = document.get("features")
    if not isinstance(features, list):
        raise InputError("has no list of features", remedy='add "features": [ … ]')
    if len(features) > MAX_FEATURES:
        raise LimitError(
            f"has {len(features):,} features, more than {MAX_FEATURES:,}",
            remedy="split the file",
        )
    return features


def _read_feature(value: object, number: int, gathering: Gathering, unused: set[str]) -> None:
    item = f"feature {number}"
    party = named = None
    try:
        feature, properties = _parts(value)
        party, named = label_of(properties)
        activity = activity_of(properties, feature.get("geometry"), gathering, limit_of_json)
        gathering.keep(activity)
        unused.update(name for name in properties if name not in PROPERTIES)
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

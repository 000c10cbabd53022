"""A gx:Track or gx:MultiTrack: the samples of one flight, as receivers of GPS write them.

::

    <gx:Track><altitudeMode>absolute</altitudeMode>
      <when>2021-08-09T04:00:00Z</when><gx:coord>68.80 36.50 3000</gx:coord>
      <when>2021-08-09T04:00:10Z</when><gx:coord>68.81 36.51 3010</gx:coord>
    </gx:Track>

It becomes a corridor like the samples of other files (``formats.corridors``). A coordinate without
numbers is a position that is not known.
"""

import math

import numpy as np

from detente.errors import InputError
from detente.formats.corridors import Track
from detente.formats.kml_element import Element
from detente.formats.kml_geometry import numbers_of, reference_of
from detente.volumes import Reference
from detente.volumes.times import parse_time_s

_UNKNOWN = (math.nan, math.nan, math.nan)


def tracks_of(element: Element, name: str, party: str) -> list[Track]:
    """The tracks of a Track or MultiTrack; InputError if one cannot be read."""
    if element.name == "Track":
        return [_track(element, name, party)]
    tracks = [_track(track, name, party) for track in element.every("Track")]
    if not tracks:
        raise InputError("a MultiTrack has no Track", remedy="give it one")
    return tracks


def _track(element: Element, name: str, party: str) -> Track:
    times = [parse_time_s(when.text, where="when") for when in element.every("when")]
    samples = [_sample(coord.text) for coord in element.every("coord")]
    if not times or len(times) != len(samples):
        raise InputError(
            f"a Track has {len(times)} times for {len(samples)} positions",
            remedy="give each coord its when",
        )
    reference = reference_of(element)
    time_s = np.array(times)
    lon, lat, altitude_m = np.array(samples).T
    if reference is None or not np.any(altitude_m[np.isfinite(altitude_m)]):
        # As of other shapes: heights of 0 are what is written when none is known.
        altitude_m = np.full_like(altitude_m, math.nan)
    order = np.argsort(time_s, kind="stable")
    time_s, lon, lat, altitude_m = (column[order] for column in (time_s, lon, lat, altitude_m))
    known = np.isfinite(lon)
    lon[known] = np.unwrap(lon[known], period=360)
    return Track(name, time_s, lon, lat, altitude_m, reference or Reference.MSL, party)


def _sample(text: str) -> tuple[float, ...]:
    if not text:
        return _UNKNOWN
    lon, lat, *altitude = numbers_of(text.split())
    if not (-360 <= lon <= 360 and -90 <= lat <= 90):
        raise InputError(f"{text[:60]!r} is not on Earth", remedy="write lon lat altitude")
    return lon, lat, *(altitude or [math.nan])

"""Activities out, as GeoJSON features of the same profile that ``formats.geojson`` reads.

Volumes that differ only in their core share one feature with a Multi geometry; an activity whose
volumes differ in height, time or radius has one feature for each group of them, with the same id.
A feature shows the core: how far the volume reaches beyond it is in ``radius_m``, because a
polygonised buffer is too small between its corners.
"""

from itertools import groupby
from typing import Any

from detente.volumes import Activity, Limit, Volume
from detente.volumes.codec import coordinates_of
from detente.volumes.times import ceil_ms, floor_ms, format_time


def features_of(activity: Activity) -> list[dict[str, Any]]:
    """The GeoJSON features of an activity, in the order of its volumes."""
    return [_feature(activity, list(alike)) for _, alike in groupby(activity.volumes, _apart_core)]


def _apart_core(volume: Volume) -> tuple[object, ...]:
    core = volume.core
    return core.shape, core.edges, volume.radius_m, volume.band, volume.start_s, volume.end_s


def _feature(activity: Activity, volumes: list[Volume]) -> dict[str, Any]:
    first = volumes[0]
    parts = [coordinates_of(volume.core) for volume in volumes]
    several = len(parts) > 1
    return {
        "type": "Feature",
        "geometry": {
            "type": f"Multi{first.core.shape}" if several else str(first.core.shape),
            "coordinates": parts if several else parts[0],
        },
        "properties": {
            "id": activity.id,
            "party": activity.party,
            "kind": activity.kind,
            "radius_m": first.radius_m,
            "altitude_lower": _limit(first.band.lower),
            "altitude_upper": _limit(first.band.upper),
            "start": format_time(floor_ms(first.start_s)),
            "end": format_time(ceil_ms(first.end_s)),
            "edges": str(first.core.edges),
        },
    }


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {"value": limit.value_m, "units": "M", "reference": str(limit.reference)}

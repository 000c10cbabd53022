"""Volumes as the line protocol writes them (docs/protocol.md, section 6, "Released activity").

::

    {"core":{"type":"LineString","coordinates":[[68.8,36.2],[69.1,36.2]],"edges":"geodesic"},
     "radius_m":9260.0,
     "lower":{"value_m":7315.2,"reference":"STD"},"upper":null,
     "start":"2021-08-09T00:30:00Z","end":"2021-08-09T05:00:00Z"}

Unlike a core in memory, a ring on the wire is closed, as in GeoJSON. A window with parts of a
millisecond is written rounded outward. What is read is checked: it comes from another party.
"""

from typing import Any

import msgspec

from detente.errors import InputError, LimitError
from detente.volumes.check import MAX_VOLUMES, check_core, check_volume
from detente.volumes.model import Band, Core, Edges, Limit, Position, Ring, Shape, Volume
from detente.volumes.times import TimeReader, ceil_ms, floor_ms, format_time, read_time_s

_REMEDY = "write it as docs/protocol.md, section 6 shows"


class _WireCore(msgspec.Struct):
    type: Shape
    coordinates: Any
    edges: Edges


class _WireVolume(msgspec.Struct):
    core: _WireCore
    radius_m: float
    lower: Limit | None
    upper: Limit | None
    start: str
    end: str


def volumes_to_wire(volumes: tuple[Volume, ...]) -> list[dict[str, Any]]:
    """The JSON value of ``volumes``: a list of objects in the same order."""
    return [_volume_to_wire(volume) for volume in volumes]


def volumes_from_wire(
    value: object, *, where: str = "", check: bool = True, time_s: TimeReader = read_time_s
) -> tuple[Volume, ...]:
    """The volumes of a decoded JSON value, checked; InputError or LimitError if it is unsound.

    Without ``check`` they are only decoded: for what was checked before it was stored, and where
    ``check_activity`` follows. ``time_s`` is ``parse_time_s`` for what somebody typed, and nothing
    of that is signed as it is: it is written anew.
    """
    if not isinstance(value, list | tuple) or not value:
        raise InputError("volumes is not a list of volumes", remedy=_REMEDY, where=where)
    if len(value) > MAX_VOLUMES:
        raise LimitError(
            f"has {len(value)} volumes, more than {MAX_VOLUMES}",
            remedy="split it into several activities",
            where=where,
        )
    return tuple(
        _volume_from_wire(
            item, f"{where}: volume {number}" if where else f"volume {number}", check, time_s
        )
        for number, item in enumerate(value, 1)
    )


def _volume_to_wire(volume: Volume) -> dict[str, Any]:
    return {
        "core": core_to_wire(volume.core),
        "radius_m": volume.radius_m,
        "lower": _limit_to_wire(volume.band.lower),
        "upper": _limit_to_wire(volume.band.upper),
        "start": format_time(floor_ms(volume.start_s)),
        "end": format_time(ceil_ms(volume.end_s)),
    }


def core_to_wire(core: Core) -> dict[str, Any]:
    """The JSON value of a core by itself: a place without height and time."""
    return {
        "type": core.shape.value,
        "coordinates": coordinates_of(core),
        "edges": core.edges.value,
    }


def core_from_wire(value: object, *, where: str = "", check: bool = True) -> Core:
    """The core of a decoded JSON value, checked; InputError or LimitError if it is unsound.

    Without ``check`` it is only decoded: for what was checked before it was stored.
    """
    try:
        core = _core(msgspec.convert(value, _WireCore), where)
        return check_core(core, where=where) if check else core
    except (msgspec.ValidationError, OverflowError) as error:
        raise InputError(f"is not a core: {error}", remedy=_REMEDY, where=where) from error


def coordinates_of(core: Core) -> list[Any]:
    """The core's GeoJSON coordinates; rings are closed."""
    if core.shape is Shape.POINT:
        return list(core.rings[0][0])
    if core.shape is Shape.POLYLINE:
        return [list(position) for position in core.rings[0]]
    return [[list(position) for position in (*ring, ring[0])] for ring in core.rings]


def _limit_to_wire(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {"value_m": limit.value_m, "reference": limit.reference.value}


def _volume_from_wire(item: object, where: str, check: bool, time_s: TimeReader) -> Volume:
    try:
        wire = msgspec.convert(item, _WireVolume)
        core = _core(wire.core, where)
    except (msgspec.ValidationError, OverflowError) as error:
        raise InputError(f"is not a volume: {error}", remedy=_REMEDY, where=where) from error
    volume = Volume(
        core=core,
        radius_m=wire.radius_m,
        band=Band(wire.lower, wire.upper),
        start_s=time_s(wire.start, where=where),
        end_s=time_s(wire.end, where=where),
    )
    return check_volume(volume, where=where) if check else volume


def _core(wire: _WireCore, where: str) -> Core:
    rings = _rings(wire)
    if wire.type is Shape.POLYGON:
        rings = tuple(_opened(ring, where) for ring in rings)
    return Core(wire.type, rings, wire.edges)


def _rings(core: _WireCore) -> tuple[Ring, ...]:
    if core.type is Shape.POINT:
        return ((msgspec.convert(core.coordinates, Position),),)
    if core.type is Shape.POLYLINE:
        return (msgspec.convert(core.coordinates, Ring),)
    return msgspec.convert(core.coordinates, tuple[Ring, ...])


def _opened(ring: Ring, where: str) -> Ring:
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise InputError(
            "a ring of the polygon is not closed",
            remedy="repeat its first position at its end",
            where=where,
        )
    return ring[:-1]

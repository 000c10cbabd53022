"""A plan or an entry as it lies on a desk: first in words, for the guest, then as data.

The data, JSON as in the protocol, begin with the first line that begins with a brace; the desk's
map is drawn from them, and whoever has the file later can read them with a program.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from detente.line.bodies import ObservedBody
from detente.volumes import Core, Limit, Shape, Volume
from detente.volumes.codec import volumes_to_wire
from detente.volumes.times import format_time


def of_activity(kind: str, volumes: tuple[Volume, ...], said: dict[str, Any]) -> bytes:
    """An activity: its kind, and where, how high and when each of its volumes is."""
    words = [kind]
    for number, one in enumerate(volumes, 1):
        words += [
            "",
            f"{number}. {_where(one.core, one.radius_m)}",
            f"   {_height(one.band.lower, 'without lower limit')} to "
            f"{_height(one.band.upper, 'without upper limit')}",
            f"   {format_time(one.start_s)} to {format_time(one.end_s)}",
        ]
    return _with(words, {**said, "kind": kind, "volumes": volumes_to_wire(volumes)})


def of_observation(seen: ObservedBody, said: dict[str, Any]) -> bytes:
    """An observation: what, when, where, and how it is known."""
    words = [
        seen.kind,
        "",
        f"{seen.from_} to {seen.until}",
        _where(seen.extent, seen.radius_m),
        f"known by: {seen.how}; confidence: {seen.confidence}; could be observed: {seen.seeing}",
        *(one for one in (seen.place, seen.district) if one),
        *(f"{name}: {count}" for name, count in sorted(seen.counts.items())),
    ]
    return _with([*words, "", seen.text], {**said, "observed": msgspec.to_builtins(seen)})


def data_of(content: bytes) -> dict[str, Any]:
    """The data behind the words. They are our own writing."""
    found: dict[str, Any] = msgspec.json.decode(content[content.index(b"\n{") :])
    return found


def _with(words: Iterable[str], data: dict[str, Any]) -> bytes:
    # A line of words that begins with a brace would be taken for the data.
    text = "\n".join(line if not line.startswith("{") else f" {line}" for line in _lines(words))
    pretty = msgspec.json.format(msgspec.json.encode(data, order="sorted"), indent=1)
    return text.rstrip().encode() + b"\n\n" + pretty


def _lines(words: Iterable[str]) -> Iterable[str]:
    for one in words:
        yield from one.splitlines() or [""]


def _where(core: Core, radius_m: float) -> str:
    lon, lat = core.rings[0][0]
    first = f"{abs(lat):.4f}°{'N' if lat >= 0 else 'S'} {abs(lon):.4f}°{'E' if lon >= 0 else 'W'}"
    match core.shape:
        case Shape.POINT:
            what = f"of {first}"
        case Shape.POLYLINE:
            what = f"of a line of {len(core.rings[0])} points from {first}"
        case _:
            what = f"of an area of {len(core.rings[0])} corners from {first}"
    return f"within {radius_m:,.0f} m {what}" if radius_m else what.removeprefix("of ")


def _height(limit: Limit | None, without: str) -> str:
    return without if limit is None else f"{limit.value_m:,.0f} m {limit.reference.value}"

"""The plan form's fields: read into an activity, and filled in from a plan that is held.

The form says one volume: a circle round one position, or a corridor along several. What it writes
out is what it reads back; a plan that it cannot say without changing it is changed by a file.
"""

import re
from collections.abc import Mapping
from itertools import pairwise

from detente.console import words
from detente.console.positions import read_positions
from detente.errors import InputError
from detente.formats.altitudes import limit_of_text
from detente.node.views import PlanView
from detente.volumes import Activity, Band, Core, Edges, Limit, Reference, Shape, Volume
from detente.volumes.codec import volumes_from_wire
from detente.volumes.times import format_time, parse_time_s
from detente.volumes.units import FL_M, FT_M, NM_M, parse_length_m

POSITIONS_MAX = 200
_BARE = re.compile(r"[+-]?[0-9.,]+")


def read_plan(party: str, fields: Mapping[str, str], notes: tuple[str, ...] = ()) -> Activity:
    """The activity of the form. Raises InputError naming the field."""
    points = read_positions(need(fields, "positions"))
    core = Core(Shape.POINT if len(points) == 1 else Shape.POLYLINE, (points,), Edges.GEODESIC)
    volume = Volume(
        core,
        parse_length_m(need(fields, "radius"), where="radius"),
        Band(
            _limit(need(fields, "lower"), "lower limit"),
            _limit(need(fields, "upper"), "upper limit"),
        ),
        parse_time_s(need(fields, "start"), where="start"),
        parse_time_s(need(fields, "end"), where="end"),
    )
    return Activity(party, need(fields, "id"), need(fields, "kind"), (volume,), notes)


def fields_of(plan: PlanView) -> dict[str, str] | None:
    """The form's fields for a plan; None where the form cannot say it exactly."""
    volumes = volumes_from_wire(plan.volumes)
    if len(volumes) != 1 or len(volumes[0].core.rings[0]) > POSITIONS_MAX:
        return None
    (volume,) = volumes
    fields = {
        "id": plan.id,
        "kind": plan.kind,
        "title": plan.title,
        "positions": "\n".join(_position(lon, lat) for lon, lat in volume.core.rings[0]),
        "radius": _length(volume.radius_m),
        "lower": _limit_text(volume.band.lower),
        "upper": _limit_text(volume.band.upper),
        "start": format_time(volume.start_s),
        "end": format_time(volume.end_s),
    }
    try:
        (said,) = read_plan(plan.party, fields).volumes
    except InputError:
        return None
    return fields if _same(said, volume) else None


def need(fields: Mapping[str, str], name: str) -> str:
    """A field that must be filled in."""
    value = fields.get(name, "").strip()
    if not value:
        raise InputError(f"the field “{name}” is empty", remedy="fill it in")
    return value


def _same(said: Volume, held: Volume) -> bool:
    """Whether the form says the plan but for a tenth of a millimetre in its positions."""
    edges_matter = held.core.shape is not Shape.POINT
    return (
        said.core.shape is held.core.shape
        and (said.core.edges is held.core.edges or not edges_matter)
        and said.radius_m == held.radius_m
        and said.band == held.band
        and (said.start_s, said.end_s) == (held.start_s, held.end_s)
        and all(abs(b[0] - a[0]) <= 180 for a, b in pairwise(held.core.rings[0]))
    )


def _limit(text: str, name: str) -> Limit | None:
    if _BARE.fullmatch(text):
        raise InputError(
            f"{name} {text[:40]!r} has no unit and no reference",
            remedy="write FL240, 3000 m MSL, 5000 ft MSL, 500 ft AGL, SFC or UNL",
        )
    return limit_of_text(text, name)


def _limit_text(limit: Limit | None) -> str:
    if limit is None:
        return "UNL"
    if limit.reference is Reference.SFC:
        return "SFC"
    level, feet = limit.value_m / FL_M, round(limit.value_m / FT_M)
    if limit.reference is Reference.STD and level == int(level):
        return f"FL{int(level):03d}"
    if limit.value_m == feet * FT_M and feet % 100 == 0:
        return f"{feet} ft {limit.reference}"
    return f"{_plain(limit.value_m)} m {limit.reference}"


def _length(metres: float) -> str:
    miles = f"{metres / NM_M:g} NM"
    return miles if parse_length_m(miles) == metres else f"{_plain(metres)} m"


def _position(lon: float, lat: float) -> str:
    east = words.east(lon)
    return f"{_plain(abs(lat))}{'NS'[lat < 0]} {_plain(abs(east))}{'EW'[east < 0]}"


def _plain(number: float) -> str:
    """As few digits as say it, to the ninth decimal."""
    return f"{number:.9f}".rstrip("0").rstrip(".")

"""UCDP's Georeferenced Event Dataset (GED) as CSV: what happened, where and when, and no more.

Uppsala's dataset names the sides of each event, in columns and in the names of conflicts and dyads.
None of these is read: an observation has no field for persons or sides. Of the dead only how many
there were is taken, by the three estimates of the dataset and not by side.

``where_prec`` and ``date_prec`` say how far the coordinates and dates can be trusted; they become
the radius and the window. The figures are ours, on the large side, but for the 25 km of code 2.

==============  =================================================  ==========================
``where_prec``  the codebook                                       ``radius_m``
==============  =================================================  ==========================
1               the exact place (a village, a town)                5 km
2               within about 25 km of a known place                25 km
3               a district (second-order division), by a point     60 km
4               a province (first-order division), by a point      200 km
5               an estimated point for a river, a road, a region   300 km
6               the country alone, by a point                      1,000 km, and no district
7               international waters or airspace, estimated        1,000 km, and no district
==============  =================================================  ==========================

The dates are local days, and no zone is told: they are taken in every zone at once. ``date_prec``
2, 3, 4 and 5 say that the day is known to within 6 days, a week, a month, a year; where both dates
are one day all the same, the window reaches that far to both sides.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from detente.errors import InputError
from detente.formats.profile import number_of_text
from detente.observations import Observation
from detente.observations.model import MAX_NAME, MAX_RADIUS_M
from detente.observations.zones import any_zone
from detente.volumes import Core, Edges, Shape

GED_COLUMNS = frozenset(
    {"id", "type_of_violence", "where_prec", "latitude", "longitude", "date_prec"}
    | {"date_start", "date_end", "best", "high", "low"}
)
"""Columns that no other file has together."""

KINDS = {"1": "fighting", "2": "fighting", "3": "harm-to-civilians"}
"""State-based, non-state and one-sided violence."""
RADIUS_M = {
    "1": 5_000.0,
    "2": 25_000.0,
    "3": 60_000.0,
    "4": 200_000.0,
    "5": 300_000.0,
    "6": MAX_RADIUS_M,
    "7": MAX_RADIUS_M,
}
SLACK_DAYS = {"1": 0, "2": 6, "3": 7, "4": 31, "5": 366}
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)([ T]00:00(:00(\.0+)?)?Z?)?", re.ASCII)
_DAY_S = 86_400.0

T = TypeVar("T")


def ged_observation(row: Mapping[str, str], marking: str) -> Observation:
    """The observation of one row. Raises InputError."""
    cells = {name: cell.strip() for name, cell in row.items()}
    if not re.fullmatch(r"\d{1,12}", cells["id"], re.ASCII):
        raise InputError(f"its id {cells['id'][:40]!r} is not a number", remedy="leave the row out")
    from_s, until_s = _window_s(cells)
    precision = cells["where_prec"]
    return Observation(
        id=f"ged-{cells['id']}",
        kind=_coded(cells, "type_of_violence", KINDS),
        core=_point(cells),
        radius_m=_coded(cells, "where_prec", RADIUS_M),
        from_s=from_s,
        until_s=until_s,
        how="third-party",
        confidence="unknown",
        marking=marking,
        place=cells.get("where_coordinates", "")[:MAX_NAME],
        district=_district(cells, precision),
        counts={f"fatalities-{name}": _whole(cells, name) for name in ("best", "high", "low")},
        source=f"UCDP GED, event {cells['id']}",
    )


def _point(cells: Mapping[str, str]) -> Core:
    lon, lat = (number_of_text(cells[name], name) for name in ("longitude", "latitude"))
    if lon is None or lat is None:
        raise InputError("has no coordinates", remedy="leave the row out")
    return Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC)


def _coded(cells: Mapping[str, str], name: str, known: Mapping[str, T]) -> T:
    value = known.get(cells[name])
    if value is None:
        raise InputError(
            f"its {name} {cells[name][:20]!r} is not one of {', '.join(known)}",
            remedy="compare it with the codebook of that version of the dataset",
        )
    return value


def _district(cells: Mapping[str, str], precision: str) -> str:
    """The division that is known: the second-order one, but for what is known no closer."""
    if precision in ("1", "2", "3"):
        name = cells.get("adm_2", "") or cells.get("adm_1", "")
    else:
        name = cells.get("adm_1", "") if precision == "4" else ""
    return name[:MAX_NAME]


def _window_s(cells: Mapping[str, str]) -> tuple[float, float]:
    first, last = _day(cells, "date_start"), _day(cells, "date_end")
    if last < first:
        raise InputError("ends before it begins", remedy="exchange date_start and date_end")
    slack_days = _coded(cells, "date_prec", SLACK_DAYS)
    slack_s = slack_days * _DAY_S if first == last else 0.0
    return any_zone(first)[0] - slack_s, any_zone(last)[1] + slack_s


def _day(cells: Mapping[str, str], name: str) -> date:
    match = _DAY.fullmatch(cells[name])
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise InputError(
            f"its {name} {cells[name][:40]!r} is not a day", remedy="write it as 2021-08-09"
        ) from None


def _whole(cells: Mapping[str, str], name: str) -> int:
    if not re.fullmatch(r"\d{1,9}", cells[name], re.ASCII):
        raise InputError(
            f"its {name} {cells[name][:20]!r} is not a count", remedy="write a whole number"
        )
    return int(cells[name])

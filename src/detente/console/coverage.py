"""The coverage page: what was observed, and what could have been from which ground.

The map is drawn here, as SVG in plain colours and patterns, so that it stands without script and
can be printed. What was not observed has colours of its own, unlike anything observed, and the page
says in words that it does not mean that nothing happened.
"""

from itertools import groupby
from math import cos, radians
from typing import TYPE_CHECKING, Any

from detente.console.board import Board
from detente.errors import InputError
from detente.node.together.covering import FILE
from detente.node.views.coverage import CoverageView, CoveredCellView, GroundView
from detente.observations import MEANINGS
from detente.volumes.times import parse_time_s

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

Context = dict[str, Any]

WIDTH = 620.0
MARGIN = 24.0
DAYS = 7

STATES = {
    "observed": ("observed", "observed: by a mission that was there, or by an observer"),
    "poor": ("observed poorly", "observed under poor seeing only"),
    "unknown": ("UNKNOWN", "it is not known here whether somebody looked"),
    "missed": ("NOT OBSERVED", "not observed, and could have been watched"),
    "unreached": ("NOT OBSERVED, out of reach", "not observed, and out of reach"),
}
"""Each state in a word for the table and a phrase for the legend, as in ``coverage.observed``."""

FILLS = {
    "observed": "#3d8be0",
    "poor": "url(#poor)",
    "unknown": "url(#unknown)",
    "unreached": "url(#unreached)",
}
MISSED = (
    (1.0 - 1e-6, "#c98312", "all the time"),
    (0.5, "#8a5f1a", "half of the time or more"),
    (0.0, "#50401f", "less than half of the time"),
)
"""What could have been watched and was not, from this share of the time on: so a loss shows."""
LETTERS = {"observed": "O", "poor": "P", "unknown": "?", "missed": "N", "unreached": "–"}


def coverage(board: Board, query: "QueryParams") -> Context:
    """What the page shows. Raises InputError for a query that cannot be read."""
    ground = board.node.coverage(board.line.id, days=1)
    context: Context = {
        "coverage": None,
        "file": FILE,
        "states": STATES,
        "legend": _legend(),
        "letters": LETTERS,
        "looked": board.node.looked(board.line.id),
        "marking": board.node.observation_table(board.line.id).marking,
        "meanings": MEANINGS,
    }
    if ground is None:
        return context
    names = [one.name for one in ground.ground]
    # A box that is not ticked is not sent: so the form says that it is one.
    kept = query.getlist("with") if "chosen" in query else names
    lost = [name for name in names if name not in kept]
    days = _number(query.get("days", ""), DAYS)
    found = board.node.coverage(board.line.id, lost, last_s=_last_s(query), days=days)
    assert found is not None
    return context | {
        "coverage": found,
        "lost": lost,
        "days": days,
        "shown": found.days[-1],
        "map": _map(found),
        "rows": [_row(one) for one in found.places],
    }


def _fill(state: str, share: float) -> str:
    if state != "missed":
        return FILLS[state]
    return next(fill for least, fill, _ in MISSED if share >= least)


def _legend() -> list[tuple[str, str, str]]:
    """Fill, letter and words, in the order of the states."""
    rows = []
    for state, (_, words) in STATES.items():
        if state == "missed":
            rows += [(fill, LETTERS[state], f"{words} {how}") for _, fill, how in MISSED]
        else:
            rows.append((FILLS[state], LETTERS[state], words))
    return rows


def _number(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    if not text.isdecimal() or len(text) > 3:
        raise InputError(f"{text[:20]!r} is no number of days", remedy="give one", where="days")
    return int(text)


def _last_s(query: "QueryParams") -> float | None:
    text = query.get("day", "")
    return parse_time_s(f"{text[:10]}T00:00:00Z", where="day") if text else None


def _row(place: Any) -> Context:
    days = place.days
    by = dict.fromkeys(one for day in days for one in day.by)
    unknown = dict.fromkeys(one for day in days for one in day.blank)
    return {
        "place": place,
        "days": [(day, _fill(day.state, place.share)) for day in days],
        "observed": duration(sum(day.observed_s for day in days)),
        "poor": duration(sum(day.poor_s for day in days)),
        "sightings": sum(day.sightings for day in days),
        "seeing": sorted({one for day in days for one in day.seeing}),
        "by": [*by, *(f"{one} (unknown)" for one in unknown if one not in by)],
        "not_observed": sum(day.state in ("missed", "unreached") for day in days),
        "share": f"{int((place.share + 1e-9) * 1000) / 10:g} %" if place.share else "never",
        "gap": "always" if place.gap_s is None else duration(place.gap_s, up=True),
    }


def duration(seconds: float, *, up: bool = False) -> str:
    """Hours and minutes, rounded down, as what is gained is; or ``up``, as what is lost."""
    minutes = int(-(-seconds // 60)) if up else int(seconds // 60)
    return (
        f"{minutes // 60} h {minutes % 60:02d}" if minutes else "0" if seconds <= 0 else "< 1 min"
    )


def _map(found: CoverageView) -> Context:
    """Sizes and shapes of the map: cells of one look that stand side by side are one box."""
    west, south, east, north = found.area
    width_deg = (east - west) % 360.0
    scale = WIDTH / (width_deg * cos(radians((south + north) / 2)))
    across = WIDTH / width_deg

    def x(lon: float) -> float:
        # From the middle, so that a base just west of the area does not land far east of it.
        middle = west + width_deg / 2
        return WIDTH / 2 + ((lon - middle + 180.0) % 360.0 - 180.0) * across + MARGIN

    def y(lat: float) -> float:
        return (north - lat) * scale + MARGIN

    height = (north - south) * scale
    boxes = []
    for lat, row in groupby(found.cells, key=lambda cell: cell.lat):
        for (state, fill), run in groupby(row, key=_look):
            cells: list[CoveredCellView] = list(run)
            box = _box(cells, x, y, across, scale, lat)
            boxes.append(box | {"state": state, "fill": fill})
    bases = [one for one in found.ground if one.lon is not None and one.lat is not None]
    inside: list[tuple[GroundView, float, float]] = []
    beyond: list[GroundView] = []
    for one in bases:
        left, top = round(x(one.lon or 0.0), 1), round(y(one.lat or 0.0), 1)
        if 0 <= left <= WIDTH + 2 * MARGIN and 0 <= top <= height + 2 * MARGIN:
            inside.append((one, left, top))
        else:
            beyond.append(one)
    return {
        "width": round(WIDTH + 2 * MARGIN),
        "height": round(height + 2 * MARGIN),
        "boxes": boxes,
        "bases": inside,
        "beyond": beyond,
        "places": [(one.name, round(x(one.lon), 1), round(y(one.lat), 1)) for one in found.places],
    }


def _look(cell: CoveredCellView) -> tuple[str, str]:
    return cell.seen.state, _fill(cell.seen.state, cell.share)


def _box(
    cells: list[CoveredCellView],
    x: Any,
    y: Any,
    across: float,
    scale: float,
    lat: float,
) -> Context:
    first, last = cells[0], cells[-1]
    left = x(first.lon) - first.half_lon * across
    return {
        "x": round(left, 2),
        "y": round(y(lat) - first.half_lat * scale, 2),
        "width": round(x(last.lon) + last.half_lon * across - left, 2),
        "height": round(2 * first.half_lat * scale, 2),
    }

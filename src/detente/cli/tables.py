"""What `detente check` found, as a table for people, JSON for programs and GeoJSON for maps.

Everything is rounded the way that never hides a conflict: distances down, starts down, ends up.
The JSON, whose shape is a promise to scripts::

    {"activities": 12,
     "separation": {"lateral_m": 9260.0, "vertical_m": 304.8, "time_s": 600.0},
     "conflicts": [{"a": {"party": "ru", "id": "recon-2"}, "b": {"party": "us", "id": "orbit-1"},
                    "kind": "separation",
                    "start": "2021-08-09T02:35:00Z", "end": "2021-08-09T03:25:00Z",
                    "lateral_m": 0.0, "vertical_m": 0.0, "place": {"lon": 68.83, "lat": 36.42}}],
     "unknown": [{"party": "relief", "id": "feature 3", "why": "…"}]}

As NDJSON (``--format ndjson``) each item of ``unknown`` and each conflict is an object on a line of
its own, written as it is found; a last line, without which the result is not whole, counts them::

    {"unknown": {"party": "relief", "id": "feature 3", "why": "…"}}
    {"a": {"party": "ru", "id": "recon-2"}, "b": {"party": "us", "id": "orbit-1"}, …}
    {"activities": 12, "separation": {…}, "conflicts": 1, "unknown": 1}

The GeoJSON has one Point per conflict, where the two are closest, with the same members as
properties; then the activities in conflict, as ``formats.features`` writes them; and the other
three members beside ``features`` (RFC 7946, section 6.1).
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice, zip_longest
from typing import IO, Any

import msgspec

from detente.conflict import Conflict, Key, Separation
from detente.conflict.words import words_of
from detente.formats import Unknown, features_of
from detente.volumes.model import Activity, Band, Limit, Reference
from detente.volumes.times import ceil_ms, floor_ms, format_time, within_calendar_s
from detente.volumes.units import FL_M, FT_M, NM_M

TABLE_MAX = 1000
"""Conflicts that are printed as a table; more are for a program to read."""
WIDTH = 100
"""Columns of the table: what a printed page and the narrowest console in use can hold."""


_HEAD = [["#"], ["Who", "with whom"], ["From, UTC", "to"], ["Lateral"], ["Vertical"], ["Where"]]
_WIDTHS = [20, 9, 9, 24]
"""Of the columns after the names, which have what is left; two spaces stand between columns."""
_RIGHT = (0, 3, 4)
"""Columns of numbers, set to the right."""


class Result(msgspec.Struct, frozen=True):
    """What one check read and finds. ``activities`` counts those that are compared, ``places``
    those of them that are protected sites or lines.

    ``conflicts`` may be found only as they are written, and be gone through once: there may be
    millions.
    """

    activities: int
    separation: Separation
    conflicts: Iterable[Conflict]
    unknown: tuple[Unknown, ...]
    places: int = 0


ActivitiesOf = Callable[[Collection[Key]], Iterable[Activity]]
"""The activities of some keys."""


def write_json(result: Result, out: IO[str]) -> int:
    """The JSON document, indented: people read it too. Returns how many conflicts there are."""
    out.write("{\n" + _member("activities", result.activities) + ",\n")
    out.write(_member("separation", msgspec.to_builtins(result.separation)) + ",\n")
    found = _write_array("conflicts", map(_conflict, result.conflicts), out)
    out.write(",\n" + _member("unknown", msgspec.to_builtins(result.unknown)) + "\n}\n")
    return found


def write_geojson(result: Result, activities_of: ActivitiesOf, out: IO[str]) -> int:
    """A FeatureCollection of the places of conflict and of the activities that meet there.

    Returns how many conflicts there are.
    """
    meeting: set[Key] = set()
    found = 0

    def features() -> Iterator[dict[str, Any]]:
        nonlocal found
        for conflict in result.conflicts:
            found += 1
            meeting.update((conflict.a, conflict.b))
            yield _place(conflict)
        for activity in activities_of(meeting):
            yield from features_of(activity)

    out.write("{\n" + _member("type", "FeatureCollection") + ",\n")
    _write_array("features", features(), out)
    out.write(",\n" + _member("activities", result.activities) + ",\n")
    out.write(_member("separation", msgspec.to_builtins(result.separation)) + ",\n")
    out.write(_member("unknown", msgspec.to_builtins(result.unknown)) + "\n}\n")
    return found


def write_ndjson(result: Result, out: IO[str]) -> int:
    """One JSON object a line, as in the head of this module. Returns how many conflicts."""
    encode = msgspec.json.Encoder().encode
    for item in result.unknown:
        out.write(encode({"unknown": item}).decode() + "\n")
    found = 0
    for conflict in result.conflicts:
        found += 1
        out.write(encode(_conflict(conflict)).decode() + "\n")
    whole = {
        "activities": result.activities,
        "separation": result.separation,
        "conflicts": found,
        "unknown": len(result.unknown),
    }
    out.write(encode(whole).decode() + "\n")
    return found


def write_table(result: Result, out: IO[str], *, within: bool) -> int:
    """The result as text of ``WIDTH`` columns: what is unknown first, then what conflicts.

    Of more than ``TABLE_MAX`` conflicts the first are printed and the others counted. Returns how
    many there are.
    """
    for item in result.unknown:
        # A file whose name stands for no party has none.
        who = f"{item.party}/{item.id}" if item.party else item.id
        out.write(printable(f"UNKNOWN: {who}: {item.why}") + "\n")
    conflicts = iter(result.conflicts)
    printed = tuple(islice(conflicts, TABLE_MAX))
    found = len(printed) + sum(1 for _ in conflicts)
    if printed:
        out.write(_table(printed) + "\n")
    if found > len(printed):
        out.write(
            f"… and {found - len(printed):,} more, not printed here: the above are the earliest. "
            "--format ndjson has all.\n\n"
        )
    out.write(summary(result, found, within=within))
    return found


def summary(result: Result, found: int, *, within: bool) -> str:
    """The last lines: how many conflicts, among what, by which separation."""
    activities = result.activities
    head = "No conflict" if found == 0 else f"{found} conflict{'s' if found > 1 else ''}"
    among = f"{activities} activit{'y' if activities == 1 else 'ies'}"
    between = "of the same party too" if within else "between different parties"
    unknown = f"; {len(result.unknown)} unknown" if result.unknown else ""
    return (
        f"{head} found among {among}, {between}{unknown}.\n"
        f"Separation: {spoken_separation(result.separation)}.\n"
        f"{_places(result.places)}"
    )


def _places(places: int) -> str:
    if not places:
        return ""
    are = (
        "1 is a protected site or line" if places == 1 else f"{places} are protected sites or lines"
    )
    return f"Of the activities {are}: to these no lateral separation is added.\n"


def _member(name: str, value: object) -> str:
    return " " + _indented(f"{json.dumps(name)}: {_json(value)}", 1)


def _write_array(name: str, items: Iterable[Any], out: IO[str]) -> int:
    """A member that is an array, item by item, as ``json.dumps`` indents it; their number."""
    out.write(f" {json.dumps(name)}: [")
    count = 0
    for item in items:
        out.write(("," if count else "") + "\n  " + _indented(_json(item), 2))
        count += 1
    out.write("\n ]" if count else "]")
    return count


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)


def _indented(text: str, by: int) -> str:
    # No string of JSON has a line feed in it.
    return text.replace("\n", "\n" + " " * by)


def _place(conflict: Conflict) -> dict[str, Any]:
    properties = _conflict(conflict)
    place = properties.pop("place")
    geometry = {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def spoken_separation(separation: Separation) -> str:
    """``5 NM (9260 m) laterally, 1000 ft (304.8 m) vertically, 10 min``."""
    lateral_m, vertical_m, time_s = msgspec.structs.astuple(separation)
    duration = f"{time_s / 60:g} min" if time_s % 6 == 0 else f"{time_s:g} s"
    return (
        f"{lateral_m / NM_M:.6g} NM ({lateral_m:.6g} m) laterally, "
        f"{vertical_m / FT_M:.6g} ft ({vertical_m:.6g} m) vertically, {duration}"
    )


def lateral(length_m: float) -> str:
    """``5.00 NM (9260 m)``, both rounded down."""
    return f"{_down(length_m / NM_M, 2):.2f} NM ({_down(length_m, 0):.0f} m)"


def vertical(length_m: float) -> str:
    """``1000 ft (304 m)``, both rounded down."""
    return f"{_down(length_m / FT_M, 0):.0f} ft ({_down(length_m, 0):.0f} m)"


def spoken_band(band: Band) -> str:
    """``FL240 – FL260``, ``SFC – 3000 m MSL``: a band as its limits were stated."""
    lower = "no lower limit" if band.lower is None else _spoken_limit(band.lower)
    upper = "no upper limit" if band.upper is None else _spoken_limit(band.upper)
    return f"{lower} – {upper}"


def degrees_minutes(lon: float, lat: float) -> str:
    """``36°25.200'N 068°49.800'E``: degrees and minutes, as charts and radio have them."""
    return f"{_dm(lat, 2, 'NS')} {_dm(lon, 3, 'EW')}"


def grid_reference(lon: float, lat: float) -> str:
    """The MGRS (or, near the poles, UPS) reference to 1 m, in groups: ``42SVF 84759 30547``."""
    text: str = _mgrs().toMGRS(lat, lon)
    return f"{text[:-10]} {text[-10:-5]} {text[-5:]}"


def printable(text: str) -> str:
    """The text without control characters: a file's content must not drive the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def whole_seconds(start_s: float, end_s: float) -> tuple[str, str]:
    """Both ends of a window as text, rounded outward to the second."""
    ends_s = (within_calendar_s(math.floor(start_s)), within_calendar_s(math.ceil(end_s)))
    return format_time(ends_s[0]), format_time(ends_s[1])


@cache
def _mgrs() -> Any:
    import mgrs

    return mgrs.MGRS()


def _spoken_limit(limit: Limit) -> str:
    hundreds_ft = limit.value_m / FL_M
    if limit.reference is Reference.STD and abs(hundreds_ft - round(hundreds_ft)) < 1e-6:
        return f"FL{round(hundreds_ft):03d}"
    if limit.reference is Reference.SFC:
        return "SFC"
    return f"{limit.value_m:.0f} m {limit.reference}"


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "a": msgspec.to_builtins(conflict.a),
        "b": msgspec.to_builtins(conflict.b),
        "kind": str(conflict.kind),
        "start": format_time(within_calendar_s(floor_ms(conflict.start_s))),
        "end": format_time(within_calendar_s(ceil_ms(conflict.end_s))),
        "lateral_m": _down(conflict.lateral_m, 1),
        "vertical_m": _down(conflict.vertical_m, 1),
        "place": {"lon": round(conflict.lon, 6), "lat": round(conflict.lat, 6)},
    }


def _table(conflicts: tuple[Conflict, ...]) -> str:
    number = len(str(len(conflicts)))
    widths = [number, WIDTH - number - sum(_WIDTHS) - 2 * len(_WIDTHS) - 2, *_WIDTHS]
    rows = [_row(_HEAD, widths), "─" * WIDTH]
    for count, conflict in enumerate(conflicts, start=1):
        rows.append(_row([[str(count)], *_cells(conflict, widths[1])], widths))
        if words := words_of(conflict.kind, conflict.lateral_m, conflict.vertical_m):
            rows.append(" " * (number + 2) + words)
    return "\n".join(rows) + "\n"


def _row(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    """The lines of one row, each cell being a column of lines."""
    lines = []
    for words in zip_longest(*cells, fillvalue=""):
        padded = [
            word.rjust(width) if column in _RIGHT else word.ljust(width)
            for column, (word, width) in enumerate(zip(words, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _cells(conflict: Conflict, who_width: int) -> list[list[str]]:
    names = (f"{key.party}/{key.id}" for key in (conflict.a, conflict.b))
    return [
        [name[at : at + who_width] for name in names for at in range(0, len(name), who_width)],
        [*whole_seconds(conflict.start_s, conflict.end_s)],
        lateral(conflict.lateral_m).rstrip(")").split(" ("),
        vertical(conflict.vertical_m).rstrip(")").split(" ("),
        [
            degrees_minutes(conflict.lon, conflict.lat),
            grid_reference(conflict.lon, conflict.lat),
        ],
    ]


def _down(value: float, digits: int) -> float:
    """Rounded down, but not by a whole digit for a float's last bit (5 NM is 5.00, not 4.99)."""
    scale = 10.0**digits
    return math.floor(value * scale * (1 + 1e-12)) / scale


def _dm(angle: float, width: int, signs: str) -> str:
    # Rounded as a whole number of thousandths of a minute, so that no 60.000' can appear.
    thousandths = round(abs(angle) * 60_000)
    degrees, rest = divmod(thousandths, 60_000)
    return f"{degrees:0{width}d}°{rest / 1000:06.3f}'{signs[angle < 0]}"

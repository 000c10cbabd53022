"""The observations' page: counts by district and week first, single reports when asked for.

A single report can tell who saw it, or whom to look for; so the page opens with the counts, and
shows reports, and the map with how uncertain their places are, for one cell of the table at a time
and to whose role permits it. What nobody observed is hatched and says so: it is never a nought. The
counts end at the week that runs, so that the last week of which something is told is not taken for
today, and what is told of a week to come stands apart: nobody can have seen it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from shapely.geometry import Point

from detente.console import outlines
from detente.console.board import Board
from detente.console.picture import ATTRIBUTION, bounds_of, feature_of
from detente.console.planform import need
from detente.errors import InputError
from detente.line.bodies import ObservedBody
from detente.line.wire import read_struct
from detente.node import roles
from detente.node.views import (
    ObservationCellView,
    ObservationTableView,
    ObservationView,
    OfficerView,
)
from detente.observations import (
    AUDIENCES,
    KINDS,
    MARKINGS,
    MEANINGS,
    QUIET,
    UNKNOWN,
    Audience,
    Observation,
    observation_from_wire,
    untold,
    words,
)
from detente.observations.model import CONFIDENCE, HOW, SEEING
from detente.volumes import Band, Volume
from detente.volumes.codec import core_from_wire
from detente.volumes.times import format_time, parse_time_s

if TYPE_CHECKING:
    from detente.node import Node

WEEKS_AT_ONCE = 12
DISTRICTS_MAX = 200
SINGLE_MAX = 200

SAID = {
    "observe": "Noted. It is private: no line has been told of it as it is now.",
    "report": "Reported: it is on the record.",
    "retract": "The retraction is on the record.",
}
"""What was done, by its action: the page's address holds no words of its own."""

Context = dict[str, Any]


class Asked(NamedTuple):
    """What of the page is looked at: a cell of the table, an own note, weeks until which."""

    district: str = ""
    week: str = ""
    kind: str = ""
    note: str = ""
    coarse: bool = False
    until: str = ""
    everything: bool = False


def asked_of(query: Mapping[str, str]) -> Asked:
    """What a page's address asks for."""
    return Asked(
        district=query.get("district", "")[:120],
        week=query.get("week", "")[:10],
        kind=query.get("kind", "")[:64],
        note=query.get("note", "")[:64],
        coarse=query.get("coarse") == "1",
        until=query.get("until", "")[:10],
        everything=query.get("all") == "1",
    )


def observations(board: Board, officer: OfficerView, asked: Asked, said: str) -> Context:
    """What the page shows."""
    table = board.node.observation_table(board.line.id)
    singles = officer.role in roles.MAY[roles.SINGLE]
    found = single(board, officer, asked) if singles else []
    notes = board.node.notes(officer=officer, limit=100) if singles else None
    return {
        **_grid(table, asked.until),
        "table": table,
        "asked": asked,
        "singles": singles,
        "found": found[:SINGLE_MAX],
        "more_found": max(0, len(found) - SINGLE_MAX),
        "versions": {
            one.id: board.node.observation(board.line.id, one.party, one.observation)
            for one in found[:SINGLE_MAX]
            if one.version > 1
        },
        "looking": bool(asked.district or asked.week or asked.kind or asked.everything),
        "notes": notes,
        "note": _note(board, officer, asked) if singles and asked.note else None,
        "meanings": MEANINGS,
        "audiences": AUDIENCES,
        "kinds": list(KINDS.values()),
        "markings": MARKINGS,
        "how": HOW,
        "confidence": CONFIDENCE,
        "seeing": SEEING,
        "said": SAID.get(said, ""),
        "may_export": officer.role in roles.MAY[roles.RELEASE],
        "now": format_time(board.now_s // 60 * 60),
    }


def single(board: Board, officer: OfficerView, asked: Asked) -> list[ObservationView]:
    """The single observations that are looked at; none unless a part is chosen. AccessError."""
    roles.check(officer.name, officer.role, roles.SINGLE)
    if not (asked.district or asked.week or asked.kind or asked.everything):
        return []
    return board.node.observations(
        board.line.id, district=asked.district, week=asked.week, kind=asked.kind
    )


def _grid(table: ObservationTableView, until: str) -> Context:
    """The rows and columns of the table that are shown, and the way to the others.

    Shown are the weeks until the running one, unless another is asked for.
    """
    known = [week for week in table.weeks if week != UNKNOWN]
    running = known.index(table.running)
    last = known.index(until) if until in known else running
    longer = [UNKNOWN] if UNKNOWN in table.weeks and last == running else []
    first = max(0, last + 1 + len(longer) - WEEKS_AT_ONCE)
    weeks = known[first : last + 1]
    end = running if last < running else len(known) - 1
    told = {one.week for one in table.cells if one.week in weeks}
    before = {one.week for one in table.cells if one.week < weeks[0]}
    weeks += longer
    cells = {(one.district, one.week): one for one in table.cells}
    return {
        "weeks": weeks,
        "rows": [
            (district, [(week, shown(cells.get((district, week)), week, table)) for week in weeks])
            for district in table.districts[:DISTRICTS_MAX]
        ],
        "more_districts": max(0, len(table.districts) - DISTRICTS_MAX),
        "earlier": known[first - 1] if first else None,
        "later": known[min(last + WEEKS_AT_ONCE, end)] if last < end else None,
        # What lies ahead of the running week is no news of the week after: it is named as such.
        "to_come": end - last if last >= running else 0,
        "newest": max(before) if before and not told else None,
    }


def shown(cell: ObservationCellView | None, week: str, table: ObservationTableView) -> Context:
    """How a cell of the table looks: its class, its counts in words, its conditions."""
    if cell is None:
        return {"style": "unseen", "untold": untold(week, table.running)}
    counts = [
        (kind, words(kind), size, cell.as_held.get(kind, {})) for kind, size in cell.counts.items()
    ]
    poor = {how: size for how, size in cell.seeing.items() if how in ("limited", "poor")}
    unknown = cell.seeing.get("unknown", 0)
    told = [f"{size} {how}" for how, size in poor.items()]
    told += [f"{unknown} not told"] if unknown else []
    style = "limited" if poor else "quiet" if set(cell.counts) == {QUIET} else "seen"
    if week != UNKNOWN and week > table.running:
        style = "ahead"
    return {
        "style": style,
        "counts": counts,
        "conditions": ", ".join(told),
    }


def _note(board: Board, officer: OfficerView, asked: Asked) -> Context:
    """An own note, and exactly what the line would see of it, or why it may not."""
    note = board.node.own_note(asked.note, officer=officer)
    try:
        preview = board.node.preview_report(
            board.line.id, asked.note, coarse=asked.coarse, officer=officer
        )
    except InputError as error:
        return {"note": note, "preview": None, "why_not": f"{error.message}; {error.remedy}"}
    return {"note": note, "preview": preview, "why_not": ""}


def picture(board: Board, found: Sequence[ObservationView]) -> Context:
    """The map of single observations: within these outlines each of them happened."""
    features, shapes = [], []
    for one in found:
        if one.observed is None:
            continue
        observed = one.observed
        volume = Volume(
            core=core_from_wire(observed["core"], check=False),
            # A point that is known exactly is still to be seen.
            radius_m=max(float(observed["radius_m"]), 50.0),
            band=Band(None, None),
            start_s=0.0,
            end_s=0.0,
        )
        shape = outlines.outline(volume)
        key, style = f"{one.party}/{one.observation}", board.styles.get(one.party, "peer-0")
        shapes.append(shape)
        when = f"{observed['from']} – {observed['until']}"
        features.append(
            feature_of(
                shape, role="outline", key=key, style=style, area="", heights="", window=when
            )
        )
        label = f"{key}\n{words(observed['kind'])}"
        features.append(
            feature_of(
                Point(outlines.name_place(shape)),
                role="name",
                key=key,
                style=style,
                label=label,
                meets=False,
            )
        )
    return {
        "features": {"type": "FeatureCollection", "features": features},
        "bounds": bounds_of(shapes, board.line),
        "legend": [
            {"style": style, "text": f"reported by {party}"}
            for party, style in board.styles.items()
            if any(one.party == party for one in found)
        ],
        "attribution": ATTRIBUTION,
    }


def export_of(query: Mapping[str, str]) -> tuple[str, Audience]:
    """Format and audience that an export is asked for. Raises InputError."""
    audience = query.get("audience", "")
    for one in AUDIENCES:
        if one == audience:
            return query.get("format", ""), one
    raise InputError(
        f"{audience[:20]!r} is no audience", remedy=f"use {', '.join(AUDIENCES)}", where="audience"
    )


# --- what an officer does -------------------------------------------------------------------------


def observe(node: "Node", line: str, officer: OfficerView, fields: Mapping[str, str]) -> str:
    """Keep a note; or, of a form that was filled with one, change it."""
    name, marking = need(fields, "id"), need(fields, "marking")
    key = fields.get("key") or None
    typed = {field: fields.get(field, "") for field in ("place", "district", "text")}
    typed |= {field: need(fields, field) for field in ("kind", "from", "until", *WORDS)}
    if fields.get("change") != "1":
        noted = node.note(
            _typed(name, marking, typed | _place(fields)), officer=officer.name, key=key
        )
        return f"{noted.id} is noted, in {noted.district}, {noted.week}. No line has been told."
    held = node.own_note(name, officer=officer).observed
    # A place that is no point has no fields in the form, and stays.
    place = _place(fields) if held["core"]["type"] == "Point" else {}
    changed = node.change_note(
        _typed(name, marking, held | typed | place), officer=officer, key=key
    )
    return f"{name} is revision {changed.revision}. Lines are told when it is reported."


WORDS = ("how", "confidence", "seeing")


def _typed(name: str, marking: str, observed: Context) -> Observation:
    body = read_struct(observed, ObservedBody, "observation")
    return observation_from_wire(name, marking, msgspec.to_builtins(body), time_s=parse_time_s)


def _place(fields: Mapping[str, str]) -> Context:
    coordinates = [_number(fields, "longitude"), _number(fields, "latitude")]
    return {
        "core": {"type": "Point", "coordinates": coordinates, "edges": "geodesic"},
        "radius_m": _number(fields, "radius_m"),
    }


def report(node: "Node", line: str, officer: OfficerView, fields: Mapping[str, str]) -> str:
    """Report a note as it was previewed."""
    entry = node.report(
        line,
        need(fields, "observation"),
        coarse=fields.get("coarse") == "1",
        shown=need(fields, "shown"),
        officer=officer,
        key=fields.get("key") or None,
    )
    return f"Reported on the line as version {entry.about['version']}."


def retract(node: "Node", line: str, officer: OfficerView, fields: Mapping[str, str]) -> str:
    """Say that a report of ours does not stand."""
    name = need(fields, "observation")
    node.retract(
        line,
        name,
        fields.get("note", ""),
        officer=officer.name,
        key=fields.get("key") or None,
    )
    return f"The retraction of {name} is on the record."


def _number(fields: Mapping[str, str], name: str) -> float:
    try:
        return float(need(fields, name))
    except ValueError:
        raise InputError(
            f"the field “{name}” is not a number", remedy="write it as in 68.605"
        ) from None

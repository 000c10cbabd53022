"""Observations as they are shown: counted by district and week, or one by one."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec

from detente.line import Counting, read
from detente.line.read import Observed
from detente.node.show.reader import LineReader
from detente.node.views import ObservationCellView, ObservationTableView, ObservationView
from detente.observations import (
    FUTURE_SLACK_S,
    QUIET,
    UNKNOWN,
    district_of,
    narrowest,
    observation_to_wire,
    week_of,
)
from detente.store.observations import Tally
from detente.volumes.times import parse_time_s

WEEKS_MAX = 400
"""So many weeks up to the running one are shown, told of or not; of others those told of."""


def observation(reader: LineReader, one: Observed, *, newest: bool = True) -> ObservationView:
    """One version of an observation, with all that it says."""
    said = one.said
    return ObservationView(
        id=one.entry,
        line=reader.id,
        party=one.party,
        own=reader.is_own(one.party),
        observation=one.observation,
        version=one.version,
        newest=newest,
        time=one.time,
        first=_first(reader, one),
        state=one.standing,
        marking=one.marking,
        district=UNKNOWN if said is None else district_of(said),
        week=UNKNOWN if said is None else week_of(said.from_s, said.until_s),
        observed=None if said is None else observation_to_wire(said),
        note=one.note or "",
        unknown=one.unknown,
        ahead=said is not None and _is_ahead(reader, one, said.from_s),
        receipts=reader.receipts(one.party, one.index),
    )


def _first(reader: LineReader, one: Observed) -> str:
    if one.version == 1:
        return one.time
    first = read.observed(reader.rows, one.party, one.observation, 1)
    return one.time if first is None else first.time


def _is_ahead(reader: LineReader, one: Observed, from_s: float) -> bool:
    claimed_s = parse_time_s(one.time) + reader.terms.clock_offset_s
    return from_s > claimed_s + FUTURE_SLACK_S


def table(reader: LineReader) -> ObservationTableView:
    """Everything that is reported on a line, counted by district and week."""
    standing: Counter[str] = Counter()
    markings: set[str] = set()
    tallies: Counter[tuple[str, str, str, str]] = Counter()
    reports: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in read.observations(reader.rows):
        standing[one.standing] += 1
        if one.said is not None and one.marking is not None:
            said = one.said
            markings.add(one.marking)
            key = (district_of(said), week_of(said.from_s, said.until_s), said.kind, said.seeing)
            tallies[key] += 1
            cell = reports.setdefault(key[:2], {})
            cell.setdefault(said.kind, []).append(f"{one.party}/{one.observation}")
    found = counted(
        (Tally(*key, size) for key, size in tallies.items()),
        markings,
        now_s=reader.now_s,
        retracted=standing["retracted"],
        recalled=standing["recalled"],
        unknown=standing["unknown"],
    )
    return _with_events(found, reports, read.counting(reader.rows))


def _with_events(
    found: ObservationTableView,
    reports: dict[tuple[str, str], dict[str, list[str]]],
    counting: Counting,
) -> ObservationTableView:
    """The table with linked reports counted once, and how else they are counted beside it.

    That nothing was seen is no event: of such reports each is told, and no total has them.
    """
    cells = []
    for cell in found.cells:
        of = {
            kind: counting.count(names)
            for kind, names in sorted(reports[cell.district, cell.week].items())
            if kind != QUIET
        }
        watched = {QUIET: cell.counts[QUIET]} if QUIET in cell.counts else {}
        cells.append(
            msgspec.structs.replace(
                cell,
                counts={kind: one.events for kind, one in of.items()} | watched,
                as_held={kind: one.as_held for kind, one in of.items() if one.as_held},
            )
        )
    everything = counting.count(
        name
        for cell in reports.values()
        for kind, names in cell.items()
        if kind != QUIET
        for name in names
    )
    return msgspec.structs.replace(
        found, cells=cells, events=everything.events, as_held=everything.as_held
    )


def counted(
    tallies: Iterable[Tally],
    markings: Iterable[str],
    *,
    now_s: float,
    retracted: int = 0,
    recalled: int = 0,
    unknown: int = 0,
    withheld: int = 0,
) -> ObservationTableView:
    """The table of these counts, up to the week that runs at ``now_s``."""
    cells: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    size, watched, running = 0, 0, week_of(now_s, now_s)
    for one in tallies:
        cell = cells.setdefault(
            (one.district, one.week), {"counts": Counter(), "seeing": Counter()}
        )
        cell["counts"][one.kind] += one.size
        cell["seeing"][one.seeing] += one.size
        if one.kind == QUIET:
            watched += one.size
        else:
            size += one.size
    return ObservationTableView(
        districts=sorted({district for district, _ in cells}, key=_last_if_unknown),
        weeks=_weeks({week for _, week in cells}, running),
        running=running,
        cells=[
            ObservationCellView(
                district=district,
                week=week,
                counts=dict(sorted(cell["counts"].items())),
                seeing=dict(sorted(cell["seeing"].items())),
                as_held={},
            )
            for (district, week), cell in sorted(cells.items())
        ],
        counted=size,
        watched=watched,
        retracted=retracted,
        recalled=recalled,
        unknown=unknown,
        withheld=withheld,
        marking=narrowest(markings),
        events=size,
        as_held={},
    )


def _last_if_unknown(name: str) -> tuple[bool, str]:
    return name == UNKNOWN, name


def _weeks(told: set[str], running: str) -> list[str]:
    """The weeks from the first to the running one, also those of which nothing is told, and others.

    What is told of a far week, to come or long past, fills nothing in and so pushes nothing out.
    """
    known = {running, *told} - {UNKNOWN}
    last = _monday(running)
    monday = max(_monday(min(known)), last - timedelta(weeks=WEEKS_MAX - 1))
    while monday < last:
        known.add(_week(monday))
        monday += timedelta(weeks=1)
    return [*sorted(known), *sorted(told & {UNKNOWN})]


def _monday(week: str) -> date:
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def _week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def fits(said: Any, district: str, week: str, kind: str) -> bool:
    """Whether an observation is one of those asked for; an empty word asks for all."""
    return (
        kind in ("", said.kind)
        and week in ("", week_of(said.from_s, said.until_s))
        and district in ("", district_of(said))
    )

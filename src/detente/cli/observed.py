"""`detente coverage --observed`: what was observed by a node's record, by place and day.

Who looked where comes from the node (`GET /lines/{line}/looked`), what could have been watched from
the scenario that the command was given.
"""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.errors import InputError

if TYPE_CHECKING:
    from detente.coverage import Looked, Scenario

DAY_S = 86_400.0
DAYS_MAX = 366

WORDS = {
    "observed": "observed",
    "poor": "observed poorly",
    "unknown": "UNKNOWN",
    "missed": "NOT OBSERVED",
    "unreached": "NOT OBSERVED, out of reach",
}
"""Each state (``coverage.observed``) in words."""

Interval = tuple[float, float]


def asked(directory: Path, line: str) -> "tuple[Looked, float]":
    """Who looked where by the record of a line, and its time now."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json
    from detente.coverage import Blank, Looked, Sighting, Stretch
    from detente.volumes.codec import core_from_wire
    from detente.volumes.times import parse_time_s

    told = ask_json(directory, "GET", f"/lines/{quote(line, safe='')}/looked")

    def where(one: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": one["name"],
            "core": core_from_wire(one["core"], where=one["name"]),
            "radius_m": one["radius_m"],
            "start_s": parse_time_s(one["start"]),
            "end_s": parse_time_s(one["end"]),
            "seeing": one["seeing"],
        }

    blanks = [
        Blank(
            name=one["name"],
            core=one["core"] and core_from_wire(one["core"], where=one["name"]),
            radius_m=one["radius_m"],
            start_s=parse_time_s(one["start"]),
            end_s=parse_time_s(one["end"]),
            why=one["why"],
        )
        for one in told["blanks"]
    ]
    found = Looked(
        stretches=tuple(Stretch(**where(one)) for one in told["stretches"]),
        sightings=tuple(
            Sighting(**where(one), reach_m=one["reach_m"]) for one in told["sightings"]
        ),
        blanks=tuple(blanks),
    )
    return found, parse_time_s(told["now"])


def windows_of(first: str | None, days: int, now_s: float) -> list[Interval]:
    """So many days from ``first`` (2021-08-09); without it, up to the day of ``now_s``."""
    from detente.volumes.times import parse_time_s

    if not 1 <= days <= DAYS_MAX:
        raise InputError(f"{days} days", remedy=f"give 1 to {DAYS_MAX}", where="--days")
    if first is None:
        start_s = now_s // DAY_S * DAY_S - (days - 1) * DAY_S
    else:
        start_s = parse_time_s(f"{first}T00:00:00Z", where="--from")
    return [(start_s + n * DAY_S, start_s + (n + 1) * DAY_S) for n in range(days)]


def rows_of(
    scenarios: "dict[str, Scenario]", looked: "Looked", windows: Sequence[Interval]
) -> list[dict[str, Any]]:
    """One row for each place and day, of each scenario."""
    from detente.coverage import rota, seen_at, sorties
    from detente.volumes.times import format_time

    rows = []
    for given, scenario in scenarios.items():
        able = [rota(sorties(scenario, place)).share > 0 for place in scenario.places]
        points = [(place.lon, place.lat) for place in scenario.places]
        found = seen_at(looked, points, windows, able, near_m=scenario.step_m / 2)
        for place, days in zip(scenario.places, found, strict=True):
            for (start_s, _), day in zip(windows, days, strict=True):
                rows.append(
                    {
                        "given": given,
                        "place": place.name,
                        "day": format_time(start_s)[:10],
                        "state": day.state,
                        "observed_s": round(day.observed_s),
                        "poor_s": round(day.poor_s),
                        "sightings": day.sightings,
                        "seeing": list(day.seeing),
                        "by": list(day.by),
                        "unknown": list(day.blank),
                    }
                )
    return rows


def print_rows(rows: list[dict[str, Any]], as_: str, *, exercise: str) -> None:
    """Write them as ``table``, ``json`` or ``csv``."""
    if as_ == "json":
        print(json.dumps(rows, indent=2))
        return
    if as_ == "csv":
        written = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [])
        written.writeheader()
        joined = {"seeing", "by", "unknown"}
        for row in rows:
            written.writerow(
                {name: " ".join(value) if name in joined else value for name, value in row.items()}
            )
        return
    if exercise:
        print(f"EXERCISE: {exercise} is invented.")
    print("What was observed, by the record. Not observed never means that nothing happened.")
    for given in dict.fromkeys(row["given"] for row in rows):
        print(f"\n{given}")
        lines: list[tuple[str, ...]] = [
            ("place", "day", "", "at most", "poorly", "sightings", "seeing", "by")
        ]
        lines += [_line(row) for row in rows if row["given"] == given]
        widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
        for line in lines:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            print("  ".join(padded).rstrip())


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    unknown = [f"{name} (unknown)" for name in row["unknown"]]
    return (
        row["place"],
        row["day"],
        WORDS[row["state"]],
        _hours(row["observed_s"]),
        _hours(row["poor_s"]),
        str(row["sightings"] or ""),
        ", ".join(row["seeing"]),
        ", ".join([*row["by"], *unknown]) or "nobody",
    )


def _hours(seconds: int) -> str:
    """Hours and minutes, rounded down; nothing for none."""
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}" if seconds else ""

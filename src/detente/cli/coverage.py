"""`detente coverage FILE`: how long and how often places could be watched; no node is needed.

What it tells is what is *possible* from given ground under given permissions, if everything flew
for that one place. It says nothing of what was seen.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from detente.coverage import Rota, Scenario


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def coverage(
    file: Annotated[
        Path, typer.Argument(metavar="SCENARIO", help="Ground, routes, aircraft, places: TOML.")
    ],
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Compare with this base, permission, … lost; repeatable."
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw the area, and beside it what is left."),
    ] = None,
    observed: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Tell what was observed, by this node's record."),
    ] = None,
    line: Annotated[str, typer.Option(help="With --observed: on which line.")] = "",
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="With --observed: 2021-08-09.")
    ] = None,
    days: Annotated[int, typer.Option(help="With --observed: so many days.")] = 7,
) -> None:
    """Tell how much of the time places could be watched, and for how long they are left alone.

    For each place: the share of the time it could be watched if every aircraft flew for it alone,
    by a timetable that can be flown, and the longest time it is not watched. What is not watched
    is unknown; it never means that nothing happens there.

    With --observed: what was observed of each place on each day, by the record of a line, for how
    long at most and under which conditions; and of what was not, whether it could have been.
    """
    from detente.cli.files import read_file
    from detente.coverage import decode_scenario
    from detente.coverage import without as lose
    from detente.coverage.scenario import SCENARIO_BYTES_MAX

    whole = decode_scenario(read_file(file, SCENARIO_BYTES_MAX), where=str(file))
    scenarios = {"with everything": whole}
    if without:
        scenarios[f"without {', '.join(without)}"] = lose(whole, without)
    if observed is not None:
        _observed(scenarios, observed, line, first, days, format, plot)
        return
    rows = _rows(scenarios)
    if format is Format.JSON:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
    elif format is Format.CSV:
        _print_csv(rows)
    else:
        _print_tables(whole, rows)
    if plot is not None:
        from detente.cli.plot.reach import write_reach

        write_reach(plot, scenarios)


def _observed(
    scenarios: "dict[str, Scenario]",
    directory: Path,
    line: str,
    first: str | None,
    days: int,
    format: Format,
    plot: Path | None,
) -> None:
    from detente.cli import observed

    looked, now_s = observed.asked(directory, line)
    windows = observed.windows_of(first, days, now_s)
    whole = next(iter(scenarios.values()))
    rows = observed.rows_of(scenarios, looked, windows)
    observed.print_rows(rows, format.value, exercise=whole.name if whole.exercise else "")
    if plot is not None:
        from detente.cli.plot.observed import write_observed

        write_observed(plot, scenarios, looked, (windows[0][0], windows[-1][1]))


def _rows(scenarios: "dict[str, Scenario]") -> list[dict[str, Any]]:
    """One row for each place and each planned track, of each scenario."""
    from detente.coverage import gaps_s, rota, sorties, watched

    rows: list[dict[str, Any]] = []
    for given, scenario in scenarios.items():
        for place in scenario.places:
            able = sorties(scenario, place)
            found = rota(able)
            nearest = min(able, key=lambda one: one.out_s, default=None)
            rows.append(
                {
                    "given": given,
                    "place": place.name,
                    "by": "all aircraft",
                    "nearest_route": nearest and nearest.route.name,
                    "way_s": nearest and round(nearest.out_s),
                    "station_s": nearest and round(nearest.station_s),
                    "share": _down(found.share),
                    "longest_gap_s": _gap(found),
                    "flights_per_day": round(found.flights_per_day, 1),
                    "unbroken_with": found.unbroken_with,
                }
            )
    first, scenario = next(iter(scenarios.items()))
    for track in scenario.tracks:
        for place in scenario.places:
            seen = watched(track, place.lon, place.lat)
            long_s = track.end_s - track.start_s
            gaps = gaps_s(seen, track.start_s, track.end_s)
            rows.append(
                {
                    "given": first,
                    "place": place.name,
                    "by": f"track {track.name}",
                    "nearest_route": None,
                    "way_s": None,
                    "station_s": round(sum(end - start for start, end in seen)),
                    "share": _down(sum(end - start for start, end in seen) / long_s),
                    "longest_gap_s": round(max(gaps, default=0.0)),
                    "flights_per_day": None,
                    "unbroken_with": None,
                }
            )
    return rows


def _down(share: float) -> float:
    """A share rounded down, so that only what is whole reads as whole."""
    return int((share + 1e-9) * 1000) / 1000


def _gap(found: "Rota") -> int | None:
    return None if found.share == 0 else round(found.gap_s)


def _print_csv(rows: list[dict[str, Any]]) -> None:
    import csv

    written = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [])
    written.writeheader()
    written.writerows(rows)


def _print_tables(scenario: "Scenario", rows: list[dict[str, Any]]) -> None:
    if scenario.exercise:
        print(f"EXERCISE: {scenario.name} is invented.")
    print("What could be watched, if every aircraft flew for one place alone. Not what was seen.")
    for given in dict.fromkeys(row["given"] for row in rows):
        print(f"\n{scenario.name}, {given}")
        head = (
            "place",
            "by",
            "nearest way",
            "there",
            "stays",
            "watched",
            "longest gap",
            "unbroken",
        )
        lines = [head, *(_line(row) for row in rows if row["given"] == given)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
        for line in lines:
            print(
                "  ".join(
                    text.ljust(width) for text, width in zip(line, widths, strict=True)
                ).rstrip()
            )


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    if row["by"] != "all aircraft":
        seen = f"{row['share']:.1%}"
        return row["place"], row["by"], "", "", _hours(row["station_s"], up=False), seen, _hours(
            row["longest_gap_s"]), ""  # fmt: skip
    if row["share"] == 0:
        return row["place"], row["by"], "OUT OF REACH", "", "", "never", "always", ""
    enough = row["unbroken_with"]
    return (
        row["place"],
        row["by"],
        row["nearest_route"],
        _hours(row["way_s"]),
        _hours(row["station_s"], up=False),
        f"{row['share']:.1%}",
        _hours(row["longest_gap_s"]),
        f"with {enough}" if enough else "no",
    )


def _hours(seconds: int, *, up: bool = True) -> str:
    """Hours and minutes; what is lost is rounded up, and what is gained down."""
    minutes = -(-seconds // 60) if up else seconds // 60
    return f"{minutes // 60} h {minutes % 60:02d}"

"""`detente check FILES…`: where planned activities meet, from files alone; no node is needed.

The result goes to standard output and nothing else does; what had to be assumed, and what cannot be
used, goes to standard error. Exit status::

    1  there are conflicts
    2  there are none that could be seen, but something could not be used or is unknown;
       also for a wrong option, and for a bad item without --skip-bad (then nothing is checked)
    0  everything was read, everything was checked, nothing conflicts

Heavy imports stand inside the functions, so that ``detente --help`` stays fast.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from detente.errors import InputError

if TYPE_CHECKING:
    from detente.cli.tables import Result
    from detente.conflict import Separation
    from detente.formats import Progress, Reading
    from detente.volumes import Activity, Band

CONFLICTS, UNSURE, CLEAR = 1, 2, 0
"""Exit statuses."""
MAX_REMARKS = 20
"""Kinds of notes that are printed; of each kind the first is, and the others are counted."""


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
    GEOJSON = "geojson"


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES",
            help="Planned activities: GeoJSON, KML, CSV, ICAO NOTAM text, OpenAir airspaces, or "
            "recorded trajectories.",
            show_default=False,
        ),
    ],
    within: Annotated[
        bool, typer.Option("--within", help="Compare the activities of one party too.")
    ] = False,
    lateral: Annotated[
        str, typer.Option(metavar="LENGTH", help="Lateral separation; m, km, NM, mi or ft.")
    ] = "5NM",
    vertical: Annotated[
        str, typer.Option(metavar="LENGTH", help="Vertical separation; m, km, NM, mi or ft.")
    ] = "1000ft",
    time: Annotated[
        str, typer.Option(metavar="DURATION", help="Time separation; s, min or h.")
    ] = "10min",
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png", help="Draw the conflicts: maps and altitude–time profiles."
        ),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad", help="Check the rest when items are bad; they are listed as unknown."
        ),
    ] = False,
    track_radius: Annotated[
        str, typer.Option(metavar="LENGTH", help="Trajectories: half the corridor's width.")
    ] = "0.5NM",
    track_height: Annotated[
        str, typer.Option(metavar="LENGTH", help="Trajectories: margin above and below.")
    ] = "300ft",
    track_time: Annotated[
        str, typer.Option(metavar="DURATION", help="Trajectories: margin before and after.")
    ] = "30s",
    track_gap: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Trajectories: the longest gap in altitude that is interpolated; "
            "longer ones occupy all altitudes.",
        ),
    ] = "60s",
) -> None:
    """Find where planned activities of different parties meet. Needs no node.

    Two activities conflict when they come within the lateral and the vertical separation while
    their time windows, each widened by half of the time separation, overlap. Activities of one
    party are compared with each other only with --within. To protected sites (whose radius is
    their buffer) and lines (which count where they are crossed) no lateral separation is added;
    two of these never conflict.

    Exit status: 1 if there are conflicts; else 2 if anything could not be used or is unknown;
    0 only if everything was read and nothing conflicts.
    """
    from detente.conflict import Separation
    from detente.formats import ReadOptions, read_all
    from detente.volumes.units import parse_duration_s, parse_length_m

    separation = Separation(
        lateral_m=parse_length_m(lateral, where="--lateral"),
        vertical_m=parse_length_m(vertical, where="--vertical"),
        time_s=parse_duration_s(time, where="--time"),
    )
    options = ReadOptions(
        track_radius_m=parse_length_m(track_radius, where="--track-radius"),
        track_height_m=parse_length_m(track_height, where="--track-height"),
        track_time_s=parse_duration_s(track_time, where="--track-time"),
        track_altitude_gap_s=parse_duration_s(track_gap, where="--track-gap"),
    )
    _check_plot_path(plot)
    with _progress("reading") as progress:
        reading = read_all(files, options, progress=progress)
    if reading.bad and not skip_bad:
        _refuse(reading.bad)
    _report(reading, within=within)
    result = _compare(reading, separation, within=within, skip_bad=skip_bad)
    _write(result, reading.activities, format, within=within)
    if plot is not None:
        _plot(plot, result, reading.activities)
    raise typer.Exit(CONFLICTS if result.conflicts else UNSURE if result.unknown else CLEAR)


def _compare(
    reading: "Reading", separation: "Separation", *, within: bool, skip_bad: bool
) -> "Result":
    from detente.cli.tables import Result
    from detente.conflict import find
    from detente.volumes.areas import PLACES, area_of

    with _progress("comparing") as progress:
        conflicts = find(reading.activities, separation, within=within, progress=progress)
    return Result(
        activities=len(reading.activities),
        separation=separation,
        conflicts=tuple(conflicts),
        unknown=(*reading.unknown, *(reading.dropped if skip_bad else ())),
        places=sum(area_of(activity.kind) in PLACES for activity in reading.activities),
    )


def _write(
    result: "Result", activities: Iterable["Activity"], format: Format, *, within: bool
) -> None:
    from detente.cli.tables import document, geojson, write_json, write_table

    if format is Format.TABLE:
        write_table(result, sys.stdout, within=within)
    elif format is Format.JSON:
        write_json(document(result), sys.stdout)
    else:
        write_json(geojson(result, activities), sys.stdout)


def _check_plot_path(path: Path | None) -> None:
    """Refuse before long work what would fail after it."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise InputError(
            f"{str(path)!r} is not a .png file", remedy="name it FILE.png", where="--plot"
        )
    if not path.parent.is_dir():
        raise InputError(
            f"there is no folder {str(path.parent)!r}", remedy="make it first", where="--plot"
        )


def _plot(path: Path, result: "Result", activities: Iterable["Activity"]) -> None:
    from detente.conflict import Key

    if not result.conflicts:
        _say(f"--plot: nothing conflicts, so {path} was not written")
        return
    from detente.cli.plot import write_plot

    by_key = {Key(activity.party, activity.id): activity for activity in activities}
    try:
        write_plot(path, result.conflicts, by_key, result.separation)
    except InputError as error:
        _say(str(error))


def _refuse(bad: Sequence[InputError]) -> NoReturn:
    for error in bad:
        _say(str(error))
    items = "1 item" if len(bad) == 1 else f"{len(bad)} items"
    _say(
        f"{items} cannot be used, so nothing was checked; correct the above, "
        "or add --skip-bad to check the rest"
    )
    raise typer.Exit(UNSURE)


def _report(reading: "Reading", *, within: bool) -> None:
    """On standard error: what was left out, what was assumed, what was widened."""
    for error in reading.bad:
        _say(str(error))
    groups: dict[str, list[str]] = {}
    # Those of files are alike only under one name; those of activities whatever their ids are.
    for note in reading.notes:
        groups.setdefault(re.sub(r"[\d,.]+", "", note), []).append(note)
    for remark in _remarks(reading.activities):
        groups.setdefault(re.sub(r"\A\S+?/\S+: |[\d,.]+", "", remark), []).append(remark)
    for first, *others in islice(groups.values(), MAX_REMARKS):
        alike = f" (and {len(others)} more like this)" if others else ""
        _say(f"note: {first}{alike}")
    if len(groups) > MAX_REMARKS:
        _say(f"note: … and {len(groups) - MAX_REMARKS} more kinds of notes")
    if not within:
        _say_if_nothing_was_compared(reading.activities)


def _say_if_nothing_was_compared(activities: Sequence["Activity"]) -> None:
    parties = {activity.party for activity in activities}
    if not parties:
        _say("note: nothing was compared: no activity was read")
    elif len(parties) == 1:
        _say(
            f"note: nothing was compared: all activities are of one party, {parties.pop()}; add "
            "the files of another, or --within to compare them with each other"
        )


def _remarks(activities: Sequence["Activity"]) -> Iterator[str]:
    """What was assumed of each activity, and how its bands were widened."""
    from detente.volumes.datums import widenings

    bands = {volume.band for activity in activities for volume in activity.volumes}
    widened = {band: widenings(band) for band in bands} if _mixed(bands) else {}
    for activity in activities:
        said = dict.fromkeys(activity.notes)
        for volume in activity.volumes:
            said.update(dict.fromkeys(widened.get(volume.band, ())))
        for remark in said:
            yield f"{activity.party}/{activity.id}: {remark}"


def _mixed(bands: Iterable["Band"]) -> bool:
    """Whether bands are widened to be compared: limits of different references meet, or heights
    above ground, which are never compared as they stand."""
    from detente.volumes import Reference

    limits = (limit for band in bands for limit in (band.lower, band.upper) if limit is not None)
    references = {limit.reference for limit in limits}
    return len(references) > 1 or bool(references & {Reference.AGL, Reference.SFC})


@contextmanager
def _progress(what: str) -> "Iterator[Progress]":
    """A bar on standard error while this runs, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _say(line: str) -> None:
    from detente.cli.tables import printable

    sys.stderr.write(printable(line) + "\n")

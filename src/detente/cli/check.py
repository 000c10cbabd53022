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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from detente.errors import InputError

if TYPE_CHECKING:
    from detente.cli.plans import Plans
    from detente.cli.tables import Result
    from detente.conflict import Conflict, Separation
    from detente.formats import Progress, Reading, ReadOptions, Unknown

CONFLICTS, UNSURE, CLEAR = 1, 2, 0
"""Exit statuses."""
INTERRUPTED = 130
"""The same as a shell gives what Ctrl-C has ended."""
DRAWN_MAX = 10_000
"""Conflicts that ``--plot`` draws on its map."""
MAX_REMARKS = 20
"""Kinds of notes that are printed; of each kind the first is, and the others are counted."""


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
    GEOJSON = "geojson"
    NDJSON = "ndjson"


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
    from detente.formats import ReadOptions
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
    with _told_if_interrupted("reading: nothing was compared"):
        shapes = plot is not None or format is Format.GEOJSON
        plans, reading = _read(files, options, shapes=shapes)
    if reading.bad and not skip_bad:
        _refuse(reading.bad)
    _report(reading, plans)
    unknown = (*reading.unknown, *(reading.dropped if skip_bad else ()))
    if not within:
        unknown += _of_one_party(plans.bulk.parties())
    drawn: list[Conflict] = []
    with (
        _told_if_interrupted("comparing: there may be conflicts that were not found"),
        _progress("comparing") as progress,
    ):
        from detente.cli.tables import Result

        activities = len(plans.bulk)
        conflicts = plans.bulk.conflicts(separation, within=within, progress=progress)
        if plot is not None:
            conflicts = _remembering(conflicts, drawn)
        result = Result(activities, separation, conflicts, unknown, plans.places)
        found = _write(result, plans, format, within=within)
    if plot is not None:
        _plot(plot, drawn, found, plans, separation)
    raise typer.Exit(CONFLICTS if found else UNSURE if unknown else CLEAR)


def _read(files: list[Path], options: "ReadOptions", *, shapes: bool) -> "tuple[Plans, Reading]":
    """Reads files piece by piece; with ``shapes`` the activities themselves are kept."""
    from detente.cli.plans import Plans, keep, keep_whole, readers
    from detente.formats import Stream, file_source

    sources = [file_source(path) for path in files]
    plans, make = Plans(), keep_whole if shapes else keep
    size = sum(source.size for source in sources)
    with _progress("reading") as progress, readers(size) as (pool, ahead):
        stream = Stream(sources, options, make, pool=pool, ahead=ahead, progress=progress)
        for piece in stream:
            plans.add(piece)
    return plans, stream.reading


def _remembering(conflicts: "Iterator[Conflict]", drawn: "list[Conflict]") -> "Iterator[Conflict]":
    """The same conflicts, of which as many as are drawn are put aside."""
    for conflict in conflicts:
        if len(drawn) < DRAWN_MAX:
            drawn.append(conflict)
        yield conflict


def _write(result: "Result", plans: "Plans", format: Format, *, within: bool) -> int:
    """Writes the result; how many conflicts there are."""
    from detente.cli import tables

    if format is Format.TABLE:
        return tables.write_table(result, sys.stdout, within=within)
    if format is Format.JSON:
        return tables.write_json(result, sys.stdout)
    if format is Format.NDJSON:
        return tables.write_ndjson(result, sys.stdout)
    return tables.write_geojson(result, plans.activities_of, sys.stdout)


@contextmanager
def _told_if_interrupted(doing: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        _say(f"interrupted while {doing}")
        raise typer.Exit(INTERRUPTED) from None


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


def _plot(
    path: Path,
    drawn: "list[Conflict]",
    found: int,
    plans: "Plans",
    separation: "Separation",
) -> None:
    from detente.conflict import Key

    if not drawn:
        _say(f"--plot: nothing conflicts, so {path} was not written")
        return
    if found > len(drawn):
        _say(f"--plot: the first {len(drawn):,} of {found:,} conflicts are drawn")
    from detente.cli.plot import write_plot

    keys = {key for conflict in drawn for key in (conflict.a, conflict.b)}
    by_key = {Key(one.party, one.id): one for one in plans.activities_of(keys)}
    try:
        write_plot(path, drawn, by_key, separation)
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


def _report(reading: "Reading", plans: "Plans") -> None:
    """On standard error: what was left out, what was assumed, what was widened."""
    for error in reading.bad:
        _say(str(error))
    groups: dict[str, tuple[str, int]] = {}
    # Those of files are alike only under one name; those of activities whatever their ids are.
    for note in reading.notes:
        kind = re.sub(r"[\d,.]+", "", note)
        first, count = groups.get(kind, (note, 0))
        groups[kind] = first, count + 1
    notes = [*groups.values(), *plans.remarks()]
    for first, count in notes[:MAX_REMARKS]:
        alike = f" (and {count - 1} more like this)" if count > 1 else ""
        _say(f"note: {first}{alike}")
    if len(notes) > MAX_REMARKS:
        _say(f"note: … and {len(notes) - MAX_REMARKS} more kinds of notes")
    if not plans.bulk.parties():
        _say("note: nothing was compared: no activity was read")


def _of_one_party(parties: set[str]) -> "tuple[Unknown, ...]":
    """What must not read as clear: that there was nobody to compare with."""
    from detente.formats import Unknown

    if len(parties) != 1:
        return ()
    why = (
        "nothing was compared: all activities are of one party; add the files of another, or "
        "--within to compare them with each other"
    )
    return (Unknown(parties.pop(), "all activities", why),)


@contextmanager
def _progress(what: str) -> "Iterator[Progress]":
    """A bar on standard error while this runs, if that is a terminal and it takes a while."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from detente.cli.bar import Bar

    with Bar(what) as bar:
        yield bar.show


def _say(line: str) -> None:
    from detente.cli.tables import printable

    sys.stderr.write(printable(line) + "\n")

"""CSV (RFC 4180, UTF-8, a header row): planned activities, or samples of trajectories.

Which of the two is told by the columns: activities have ``wkt``, trajectories ``timestamp``,
``latitude`` and ``longitude``. Activities use the property names of ``formats.profile`` as columns,
plus ``wkt`` (OGC well-known text, longitude first):

::

    id,radius_m,altitude_lower,altitude_upper,start,end,wkt
    p-1,2000,SFC,3000 M MSL,2021-08-09T00:00:00Z,2021-08-09T06:00:00Z,"LINESTRING(68 37,69 37)"
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import shapely
from shapely.geometry import mapping

from detente.errors import InputError, LimitError
from detente.formats.altitudes import limit_of_text
from detente.formats.profile import PROPERTIES, activity_of, label_of, number_of_text
from detente.formats.reading import MAX_LINE_CHARACTERS, MAX_ROWS, CutError, Gathering
from detente.volumes import Limit

# A polygon of 10,000 vertices in one cell is longer than the csv module's own limit, which is one
# for the whole process. Lines are measured here before that module sees them.
csv.field_size_limit(MAX_LINE_CHARACTERS)

ACTIVITY_COLUMNS = frozenset({"wkt"})
SAMPLE_COLUMNS = frozenset({"timestamp", "latitude", "longitude"})

_MAX_WKT_NESTING = 4

Row = tuple[int, dict[str, str]]
"""The line a row ends on, and its cells by column."""
AnyRow = Row | tuple[int, InputError]
"""A row, or the error that makes it unusable."""
ROWS_AT_ONCE = 1000


class Table:
    """The rows of a CSV text, one at a time, each checked for its number of cells."""

    def __init__(self, source: BinaryIO) -> None:
        lines = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
        self._reader = csv.reader(_measured(lines), strict=True)
        self.columns = self._header()

    def _header(self) -> list[str]:
        header = self._next() or []
        columns = [cell.strip().lower() for cell in header]
        if len(columns) == 1 and ";" in columns[0]:
            raise InputError("its columns are separated by ;", remedy="separate them by commas")
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise InputError(f"has the column {twice[0][:40]!r} twice", remedy="remove one")
        return columns

    def rows(self) -> Iterator[AnyRow]:
        """Each row, or the error that makes it unusable. InputError ends the table."""
        while (cells := self._next()) is not None:
            number = self._reader.line_num
            if not cells:
                continue
            if len(cells) != len(self.columns):
                yield (
                    number,
                    InputError(
                        f"has {len(cells)} cells where the header has {len(self.columns)}",
                        remedy="quote cells that contain commas",
                    ),
                )
                continue
            yield number, dict(zip(self.columns, cells, strict=True))

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise CutError(
                f"line {self._reader.line_num} is not CSV ({error})",
                remedy="close its quotes; nothing from here on was read",
            ) from error
        except UnicodeDecodeError as error:
            raise CutError(
                f"is not UTF-8 text, not far after line {self._reader.line_num}",
                remedy="save it as UTF-8; nothing from here on was read",
            ) from error


def rows_of_activities(table: Table, gathering: Gathering) -> Iterator[list[AnyRow]]:
    """The rows of a table that has a ``wkt`` column, some at a time, for ``read_rows``."""
    unused = sorted(set(table.columns) - {*PROPERTIES, "wkt", ""})
    if unused:
        gathering.note(f"columns not used: {', '.join(unused[:10])}")
    some: list[AnyRow] = []
    try:
        for row in table.rows():
            some.append(row)
            if len(some) == ROWS_AT_ONCE:
                yield some
                some = []
    except CutError:
        yield some
        raise
    yield some


def read_rows(rows: list[AnyRow], gathering: Gathering) -> None:
    """Gather the activities of some rows."""
    for line, row in rows:
        _read_row(line, row, gathering)


def _read_row(line: int, row: dict[str, str] | InputError, gathering: Gathering) -> None:
    party = named = None
    try:
        if isinstance(row, InputError):
            raise row
        party, named = label_of(row)
        properties: dict[str, Any] = {name: cell.strip() for name, cell in row.items()}
        properties["radius_m"] = number_of_text(row.get("radius_m", ""), "radius_m")
        activity = activity_of(properties, geometry_of_wkt(row["wkt"]), gathering, _limit_of_cell)
        gathering.keep(activity, f"line {line}")
    except InputError as error:
        gathering.refuse(error, f"line {line}", party=party, identifier=named)


def _limit_of_cell(value: object, name: str) -> Limit | None:
    return limit_of_text(str(value or ""), name)


def geometry_of_wkt(wkt: str) -> Any:
    """A GeoJSON geometry of well-known text; nesting is measured before it is parsed."""
    nesting = deepest = 0
    for bracket in re.findall(r"[()]", wkt):
        nesting += 1 if bracket == "(" else -1
        deepest = max(deepest, nesting)
    if deepest > _MAX_WKT_NESTING:
        raise LimitError("its wkt is nested too deep", remedy="write one geometry a row")
    try:
        geometry = shapely.from_wkt(wkt.strip())
    except (shapely.errors.ShapelyError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"its wkt {wkt.strip()[:40]!r} cannot be read",
            remedy="write it as in LINESTRING (68 37, 69 37), rings closed",
        ) from error
    if geometry is None or geometry.is_empty:
        raise InputError("its wkt is empty", remedy="give it at least one position")
    return mapping(geometry)


def _measured(lines: io.TextIOWrapper) -> Iterator[str]:
    """Lines up to the limits; a longer file or line is refused before it is parsed."""
    number = 0
    while line := lines.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise CutError(
                f"line {number} has more than {MAX_LINE_CHARACTERS:,} characters",
                remedy="simplify its shape; nothing from here on was read",
            )
        if number > MAX_ROWS:
            raise CutError(f"has more than {MAX_ROWS:,} lines", remedy="split the file")
        yield line

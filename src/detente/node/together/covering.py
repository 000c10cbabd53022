"""What was observed on a line beside what could have been, from the record and a scenario.

The scenario is the node's own file (``coverage.toml`` in its folder): ground, leave and aircraft
are this party's reckoning, and nothing of it leaves the node.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from detente.coverage import (
    Looked,
    Scenario,
    Seen,
    Sighting,
    Stretch,
    decode_scenario,
    rota,
    seen_at,
    sorties,
    without,
)
from detente.coverage.raster import Cell, raster
from detente.coverage.scenario import SCENARIO_BYTES_MAX
from detente.errors import InputError, LimitError
from detente.line.read.looked import looked
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.views.base import Json
from detente.node.views.coverage import (
    BlankView,
    CoverageView,
    CoveredCellView,
    CoveredPlaceView,
    GroundView,
    LookedView,
    SeenView,
    SightingView,
    StretchView,
)
from detente.volumes.codec import core_to_wire
from detente.volumes.times import format_time

FILE = "coverage.toml"
DAY_S = 86_400.0
DAYS_MAX = 31
CELLS_MAX = 6_000
"""Cells that a page draws; a file for `detente coverage` may have more."""


class Covering:
    """The part of a node's door that is about what was observed and what could have been."""

    _core: Core

    def looked(self, line: str) -> LookedView:
        """Who looked where, by the record of a line."""
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line)
            return _view(reader, _looked(reader))

    def coverage(
        self, line: str, lost: Sequence[str] = (), *, last_s: float | None = None, days: int = 7
    ) -> CoverageView | None:
        """Coverage of ``days`` days, without what is lost; its cells are those of the last day.

        The last day is today, or the one that begins at ``last_s`` (domain time). None where the
        node has no scenario. Raises InputError or LimitError for a scenario that cannot be used,
        NotFoundError for what it does not have.
        """
        whole = _scenario(self._core)
        if whole is None:
            return None
        if not 1 <= days <= DAYS_MAX:
            raise LimitError(
                f"shows 1 to {DAYS_MAX} days at once", where="days", remedy="choose fewer"
            )
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line)
            now_s, found = reader.now_s, _looked(reader)
        start_s = (now_s if last_s is None else last_s) // DAY_S * DAY_S - (days - 1) * DAY_S
        windows = [(start_s + n * DAY_S, start_s + (n + 1) * DAY_S) for n in range(days)]
        return _coverage(whole, tuple(lost), found, windows)


def _looked(reader: LineReader) -> Looked:
    return looked(reader.rows, reader.now_s, reader.terms.clock_offset_s)


def _scenario(core: Core) -> Scenario | None:
    if core.folder is None:
        return None
    path: Path = core.folder / FILE
    try:
        with path.open("rb") as file:
            data = file.read(SCENARIO_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the file"
        ) from None
    return decode_scenario(data, where=FILE)


def _coverage(
    whole: Scenario,
    lost: tuple[str, ...],
    found: Looked,
    windows: Sequence[tuple[float, float]],
) -> CoverageView:
    left = without(whole, lost)
    able = [rota(sorties(left, place)) for place in left.places]
    points = [(place.lon, place.lat) for place in left.places]
    near_m = whole.step_m / 2
    reach = [one.share > 0 for one in able]
    seen = seen_at(found, points, windows, reach, near_m=near_m)
    gaps_s = [one.gap_s if one.share > 0 else None for one in able]
    places = [
        CoveredPlaceView(
            name=place.name,
            lon=place.lon,
            lat=place.lat,
            share=one.share,
            gap_s=gap_s,
            days=[_seen(day) for day in days],
        )
        for place, one, gap_s, days in zip(left.places, able, gaps_s, seen, strict=True)
    ]
    return CoverageView(
        scenario=whole.name,
        exercise=whole.exercise,
        area=whole.area,
        ground=_ground(whole, lost),
        days=[format_time(start_s)[:10] for start_s, _ in windows],
        places=places,
        cells=_cells(left, found, windows[-1], near_m),
    )


def _cells(
    left: Scenario, found: Looked, window: tuple[float, float], near_m: float
) -> list[CoveredCellView]:
    cells = _raster(left)
    points = [(cell.lon, cell.lat) for cell in cells]
    reach = [cell.rota.share > 0 for cell in cells]
    seen = seen_at(found, points, [window], reach, near_m=near_m)
    return [
        CoveredCellView(
            lon=cell.lon,
            lat=cell.lat,
            half_lon=cell.half_lon,
            half_lat=cell.half_lat,
            share=cell.rota.share,
            seen=_seen(one[0]),
        )
        for cell, one in zip(cells, seen, strict=True)
    ]


@lru_cache(maxsize=16)
def _raster(scenario: Scenario) -> list[Cell]:
    """The raster of a scenario, which hangs on nothing else and takes a while."""
    west, south, east, north = scenario.area
    # A degree is at most 112 km, so this is no less than there will be.
    about = ((east - west) % 360.0) * (north - south) * (112_000.0 / scenario.step_m) ** 2
    cells = raster(scenario) if about < 4 * CELLS_MAX else []
    if not cells or len(cells) > CELLS_MAX:
        raise LimitError(
            f"the area has more than {CELLS_MAX:,} cells of this step",
            where=f"{FILE}, step",
            remedy="write a longer step",
        )
    return cells


def _ground(whole: Scenario, lost: Sequence[str]) -> list[GroundView]:
    bases = [
        GroundView(
            kind="base",
            name=one.name,
            host=one.host,
            lost=one.name in lost,
            lon=one.lon,
            lat=one.lat,
        )
        for one in whole.bases
    ]
    permissions = [
        GroundView(kind="permission", name=one.name, host=one.host, lost=one.name in lost)
        for one in whole.permissions
    ]
    return [*bases, *permissions]


def _seen(one: Seen) -> SeenView:
    return SeenView(
        state=one.state,
        observed_s=one.observed_s,
        poor_s=one.poor_s,
        sightings=one.sightings,
        seeing=list(one.seeing),
        by=list(one.by),
        blank=list(one.blank),
    )


def _view(reader: LineReader, found: Looked) -> LookedView:
    exercise = reader.terms.exercise
    return LookedView(
        now=format_time(reader.now_s),
        exercise=None if exercise is None else exercise.name,
        stretches=[StretchView(**_where(one)) for one in found.stretches],
        sightings=[SightingView(**_where(one), reach_m=one.reach_m) for one in found.sightings],
        blanks=[
            BlankView(
                name=one.name,
                core=None if one.core is None else core_to_wire(one.core),
                radius_m=one.radius_m,
                start=format_time(one.start_s),
                end=format_time(one.end_s),
                why=one.why,
            )
            for one in found.blanks
        ],
    )


def _where(one: Stretch | Sighting) -> Json:
    return {
        "name": one.name,
        "core": core_to_wire(one.core),
        "radius_m": one.radius_m,
        "start": format_time(one.start_s),
        "end": format_time(one.end_s),
        "seeing": one.seeing,
    }

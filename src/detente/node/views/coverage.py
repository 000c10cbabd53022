"""What was observed on a line, and beside it what could have been."""

from typing import Literal

from detente.coverage.observed import State
from detente.node.views.base import Json, View


class StretchView(View, frozen=True, kw_only=True):
    """A part of a mission that was flown, within ``radius_m`` of a core (domain times)."""

    name: str
    core: Json
    radius_m: float
    start: str
    end: str
    seeing: str


class SightingView(StretchView, frozen=True, kw_only=True):
    """What an observer saw, within ``radius_m`` of a core, at some time between two (domain times).

    It was somewhere in the core, which reaches ``reach_m`` from its middle; or, where that is 0,
    all of the core was watched.
    """

    reach_m: float


class BlankView(View, frozen=True, kw_only=True):
    """A time in which somebody may have looked, within ``radius_m`` of a core or anywhere."""

    name: str
    core: Json | None
    radius_m: float
    start: str
    end: str
    why: str


class LookedView(View, frozen=True, kw_only=True):
    """Who looked where: missions flown, what observers saw, and what is not known of either."""

    now: str
    exercise: str | None
    stretches: list[StretchView]
    sightings: list[SightingView]
    blanks: list[BlankView]


class SeenView(View, frozen=True, kw_only=True):
    """What was observed of one place in one window (``coverage.observed.Seen``)."""

    state: State
    observed_s: float
    poor_s: float
    sightings: int
    seeing: list[str]
    by: list[str]
    blank: list[str]


class CoveredPlaceView(View, frozen=True, kw_only=True):
    """A place: what was observed of it on each day, and how well it could have been watched.

    ``share`` of the time, if all flew for it alone; ``gap_s`` is None where it is out of reach.
    """

    name: str
    lon: float
    lat: float
    share: float
    gap_s: float | None
    days: list[SeenView]


class CoveredCellView(View, frozen=True, kw_only=True):
    """A cell of the map, by its middle and half its sides in degrees, on the last day."""

    lon: float
    lat: float
    half_lon: float
    half_lat: float
    share: float
    seen: SeenView


class GroundView(View, frozen=True, kw_only=True):
    """Something that coverage hangs on and that may be lost; bases have a place."""

    kind: Literal["base", "permission"]
    name: str
    host: str
    lost: bool
    lon: float | None = None
    lat: float | None = None


class CoverageView(View, frozen=True, kw_only=True):
    """Everything of the coverage page. ``area`` is west, south, east, north; ``days`` are dates."""

    scenario: str
    exercise: bool
    area: tuple[float, float, float, float]
    ground: list[GroundView]
    days: list[str]
    places: list[CoveredPlaceView]
    cells: list[CoveredCellView]

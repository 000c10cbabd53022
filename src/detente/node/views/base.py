"""What all views have in common."""

from typing import Any

import msgspec

Json = dict[str, Any]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all views."""


class PlaceView(View, frozen=True, kw_only=True):
    """A place on WGS84, degrees."""

    lon: float
    lat: float


class ShiftView(View, frozen=True, kw_only=True):
    """A change of an activity, in exactly one of four ways.

    Later (positive ``time_s``); higher (positive ``altitude_m``); sideways, as a whole, by
    ``distance_m`` towards the true bearing ``bearing_deg`` as it is at ``place``; or to
    ``volumes`` instead of its own. All are None where it is not known here what is proposed.
    """

    time_s: float | None = None
    altitude_m: float | None = None
    place: PlaceView | None = None
    bearing_deg: float | None = None
    distance_m: float | None = None
    volumes: list[Json] | None = None

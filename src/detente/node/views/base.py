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
    """A change of an activity: later (positive ``time_s``) or higher (positive ``altitude_m``).

    Exactly one of the two is set.
    """

    time_s: float | None = None
    altitude_m: float | None = None

"""What a conflict is, as data: the separation asked for, and what falls short of it.

Two volumes conflict when their cores grown by their radii come within ``lateral_m``, their bands
within ``vertical_m``, and their windows, each widened by half of ``time_s`` at both ends, overlap.
Touching counts in all three. A separation of 0 means intersection.

Areas take part (``volumes.areas``). What may be in a special caution area or a restricted operating
zone may be at its edge, so both are held to the full separation. A protected site's radius is its
buffer, and a line counts where it is crossed, so of these two only the separations in altitude and
time apply, and the lateral one is 0. Nothing moves at a site or along a line, so two of them never
conflict.
"""

import math
from enum import StrEnum

import msgspec

from detente.errors import InputError

SLACK_M = 0.01
"""Lengths are compared with this much to spare (ASTM F3548-21): shapes meant to touch do."""
SLACK_S = 0.0005
"""Times are written to the millisecond; half of one absorbs what binary fractions add."""

LATERAL_M_MAX = 1_000_000.0
VERTICAL_M_MAX = 100_000.0
TIME_S_MAX = 31 * 86_400.0


class Separation(msgspec.Struct, frozen=True):
    """How far apart two parties' volumes must be. Defaults: 5 NM, 1,000 ft, 10 min."""

    lateral_m: float = 9260.0
    vertical_m: float = 304.8
    time_s: float = 600.0

    def __post_init__(self) -> None:
        """Raises InputError for what is no separation."""
        for name, value, most, unit in (
            ("lateral", self.lateral_m, LATERAL_M_MAX, "m"),
            ("vertical", self.vertical_m, VERTICAL_M_MAX, "m"),
            ("time", self.time_s, TIME_S_MAX, "s"),
        ):
            if not (math.isfinite(value) and 0 <= value <= most):
                raise InputError(
                    f"a {name} separation of {value:,.2f} {unit} cannot be used",
                    remedy=f"give one between 0 and {most:,.0f} {unit}",
                    where=f"separation, {name}",
                )


class Key(msgspec.Struct, frozen=True, order=True):
    """Names an activity: its party, and its identifier within that party."""

    party: str
    id: str


class Kind(StrEnum):
    """What a conflict is with: each other's activities, or an area of one of the two parties.

    A later one goes before an earlier one, where one activity is of one kind and one of another.
    """

    SEPARATION = "separation"
    SPECIAL_CAUTION_AREA = "special-caution-area"
    RESTRICTED_OPERATING_ZONE = "restricted-operating-zone"
    LINE_CROSSING = "line-crossing"
    PROTECTED_SITE = "protected-site"


class Part(msgspec.Struct, frozen=True):
    """Two volumes that conflict.

    ``a_volume`` and ``b_volume`` number the volumes within each activity, from 0. Distances are 0
    where the volumes overlap; ``vertical_m`` is the gap that can be proved. ``start_s`` to
    ``end_s`` is the overlap of the widened windows, in POSIX seconds. ``lon`` and ``lat`` are
    where the two are closest laterally, or a point inside both.
    """

    a_volume: int
    b_volume: int
    start_s: float
    end_s: float
    lateral_m: float
    vertical_m: float
    lon: float
    lat: float


class Conflict(msgspec.Struct, frozen=True):
    """Two activities that conflict, ``a`` before ``b`` in the order of their keys.

    The distances are the least, the start the earliest and the end the latest of all parts; the
    place is that of the closest part.
    """

    a: Key
    b: Key
    kind: Kind
    start_s: float
    end_s: float
    lateral_m: float
    vertical_m: float
    lon: float
    lat: float
    parts: tuple[Part, ...]

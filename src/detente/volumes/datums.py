"""Altitude references: when two bands are apart for certain, and what had to be assumed.

Two bands are compared in a reference both are *stated* in: pressure altitude against pressure
altitude (STD) and mean sea level against mean sea level (MSL) need no conversion. Where they share
none, each is first widened to a band of heights above WGS84 that holds it for certain. Heights
above ground are never compared with each other, because within a separation of miles the ground
below the one is not the ground below the other; they are always widened.

Widening errs to one side only: a band may come out too large, never too small. The bounds:

===========  ======================================================================================
geoid        Between -107 m (south of India) and +86 m (New Guinea) from the ellipsoid: EGM96 and
             EGM2008 alike, rounded outward.
terrain      Between 450 m below (the Dead Sea's shore, at 439 m and falling by a metre a year) and
             8,849 m above mean sea level (Everest).
pressure     Pressure at sea level between 870 hPa (Typhoon Tip, 1979) and 1085 hPa (Tosontsengel,
             2001), which put sea level at pressure altitudes of 1,268 m and -581 m. From there on
             the air between two pressure levels is as thick as its mean virtual temperature says:
             between 0.75 and 1.20 times the standard atmosphere's. Air at -57 °C from the sea up
             gives 0.75 (the coldest Siberian winters reach 0.78), air at 50 °C with a dew point
             of 30 °C gives 1.14; the rest covers gravity (0.5 %) and the difference between
             geopotential and true height (1.3 % at 80 km).
===========  ======================================================================================
"""

from math import inf

import msgspec

from detente.volumes.model import Band, Limit, Reference
from detente.volumes.units import FL_M

Interval = tuple[float, float]
"""Lowest and highest value in metres; infinite where there is no limit."""

GEOID_M: Interval = (-107.0, 86.0)
TERRAIN_M: Interval = (-450.0, 8849.0)
SEA_LEVEL_STD_M: Interval = (-581.0, 1268.0)
"""Pressure altitudes at which mean sea level can lie."""
THICKNESS: Interval = (0.75, 1.20)
"""True thickness of a layer of air per metre of pressure altitude."""


class Heights(msgspec.Struct, frozen=True):
    """A band as it can be compared: an interval in each of three references, in metres.

    ``w84`` holds the band for certain, whatever its limits refer to. ``msl`` and ``std`` hold the
    limits that are stated in that reference, exactly, and are infinite where they are not.

    An interval whose low end lies above its high end would lie apart from everything. Only a band
    with both limits in one reference, the lower above the upper, has one, and ``conflict`` refuses
    to compare it.
    """

    w84: Interval
    msl: Interval
    std: Interval


def height_interval_m(band: Band) -> Heights:
    """The intervals in which ``band`` is compared with others."""
    return Heights(
        w84=_widened(band),
        msl=_stated(band, Reference.MSL),
        std=_stated(band, Reference.STD),
    )


def vertical_gap_m(a: Band, b: Band) -> float:
    """The greatest gap between two bands that can be proved, in metres.

    It is negative where they overlap in every reference they can be compared in (the depth of the
    shallowest overlap), zero where they touch, and minus infinity where nothing bounds them.
    """
    one, other = height_interval_m(a), height_interval_m(b)
    return max(_gap_m(one.w84, other.w84), _gap_m(one.msl, other.msl), _gap_m(one.std, other.std))


def heights_of(limit: Limit) -> Interval:
    """The heights above WGS84 at which a limit can lie, for certain."""
    if limit.reference is Reference.W84:
        return limit.value_m, limit.value_m
    low_m, high_m = _above_sea_m(limit)
    return low_m + GEOID_M[0], high_m + GEOID_M[1]


def widenings(band: Band) -> tuple[str, ...]:
    """One sentence for each limit that had to be widened to a height above WGS84."""
    said = []
    for name, limit in (("lower", band.lower), ("upper", band.upper)):
        if limit is not None and limit.reference is not Reference.W84:
            low_m, high_m = heights_of(limit)
            said.append(
                f"The {name} limit, {_spoken(limit)}, is taken to lie between {low_m:,.0f} m and "
                f"{high_m:,.0f} m above WGS84{_unless(limit)}."
            )
    return tuple(said)


def _widened(band: Band) -> Interval:
    """Heights above WGS84 that hold the band."""
    low_m = -inf if band.lower is None else heights_of(band.lower)[0]
    high_m = inf if band.upper is None else heights_of(band.upper)[1]
    if low_m > high_m and band.lower and band.upper and not _alike(band.lower, band.upper):
        # Such a band is refused where it enters (``check_band``), but moving one can make it: the
        # bounds of a flight level do not move as far as the level is shifted. What lies between
        # the two ends is held, so that it meets something.
        return high_m, low_m
    return low_m, high_m


def _alike(one: Limit, other: Limit) -> bool:
    return one.reference is other.reference


def _stated(band: Band, reference: Reference) -> Interval:
    lower, upper = band.lower, band.upper
    return (
        lower.value_m if lower is not None and lower.reference is reference else -inf,
        upper.value_m if upper is not None and upper.reference is reference else inf,
    )


def _gap_m(a: Interval, b: Interval) -> float:
    return max(a[0] - b[1], b[0] - a[1])


def _above_sea_m(limit: Limit) -> Interval:
    """Heights above mean sea level at which a limit in MSL, STD, AGL or SFC can lie."""
    value_m = limit.value_m
    if limit.reference is Reference.MSL:
        return value_m, value_m
    if limit.reference is Reference.STD:
        # The layer between sea level and the limit is thinnest over a deep low and thickest over
        # a strong high; below sea level thin and thick change places.
        thinnest, thickest = THICKNESS
        low_m, high_m = value_m - SEA_LEVEL_STD_M[1], value_m - SEA_LEVEL_STD_M[0]
        return (
            low_m * (thinnest if low_m >= 0 else thickest),
            high_m * (thickest if high_m >= 0 else thinnest),
        )
    return value_m + TERRAIN_M[0], value_m + TERRAIN_M[1]


def _spoken(limit: Limit) -> str:
    if limit.reference is Reference.STD:
        return f"FL{limit.value_m / FL_M:03.0f} ({limit.value_m:,.0f} m of pressure altitude)"
    if limit.reference is Reference.MSL:
        return f"{limit.value_m:,.0f} m above mean sea level"
    if limit.reference is Reference.SFC:
        return "the surface"
    return f"{limit.value_m:,.0f} m above ground"


def _unless(limit: Limit) -> str:
    if limit.reference is Reference.STD:
        return (
            ", because true height at a flight level changes with pressure and temperature;"
            " against another flight level it is compared exactly"
        )
    if limit.reference is Reference.MSL:
        return (
            ", because sea level lies that far from the ellipsoid somewhere;"
            " against another altitude above mean sea level it is compared exactly"
        )
    return ", because the height of the ground is not known here"

"""The plans, terms and talk of exercise NORTHERN WATCH, as data.

EXERCISE. The geography and the public history are real (the Afghan–Tajik border, 8–10 August
2021); every plan, time and message here is invented. There are no real units and no persons.

Two parties, ``us`` and ``ru``, share the line ``northern-watch``. The exercise opens at 01:20 Z on
9 August 2021 on its own clock. One conflict is open then: the ``us`` surveillance orbit south of
Kunduz and the ``ru`` reconnaissance corridor overlap in space and height for 40 minutes, counted
with the ten minutes the terms keep between them. Two protected sites, a line and a special caution
area stand on the map and meet nothing yet.
"""

from typing import Any

from detente.volumes import Activity, Band, Core, Edges, Limit, Position, Reference, Shape, Volume
from detente.volumes.times import parse_time_s
from detente.volumes.units import FT_M, NM_M

NAME = "NORTHERN WATCH"
LINE = "northern-watch"
OPENS = "2021-08-09T01:20:00Z"

PARTY_NAMES = {
    "us": "Deconfliction cell, Gulf (exercise)",
    "ru": "Deconfliction cell, Dushanbe (exercise)",
}
PARTY_LANGUAGES = {"us": ["en"], "ru": ["ru", "en"]}

# Public positions, WGS84, longitude first.
KUNDUZ: Position = (68.870, 36.730)
BAGHLAN: Position = (68.700, 36.130)
KABUL_OAKB: Position = (69.2123, 34.5659)
MAZAR_OAMS: Position = (67.2097, 36.7069)
DUSHANBE_UTDD: Position = (68.8250, 38.5433)
PANJ: Position = (69.100, 37.240)
AYVAJ: Position = (68.030, 36.970)
SHER_KHAN_BANDAR: Position = (68.605, 37.185)
TRAINING_GROUND: Position = (68.350, 37.460)


def terms(real_now_s: float) -> dict[str, Any]:
    """The line's first terms, with the exercise clock set to open now.

    ``real_now_s`` is POSIX seconds. The domain clock runs with the real one, at a fixed distance.
    """
    return {
        "version": 1,
        "members": ["ru", "us"],
        "area": {"west": 65.0, "south": 35.0, "east": 73.0, "north": 40.0},
        "separation": {"lateral_m": 5 * NM_M, "vertical_m": 1000 * FT_M, "time_s": 600.0},
        "notice": {"normal_s": 12 * 3600, "emergency_s": 3600},
        "acknowledge": {
            "understood_s": 15 * 60,
            "disseminated_s": 60 * 60,
            "urgent_understood_s": 5 * 60,
        },
        "line_checks": {"hours_utc": [0, 6, 12, 18], "grace_s": 1800},
        "languages": ["en", "ru"],
        "effective_from": "2021-08-08T23:00:00Z",
        "review_on": "2021-11-09",
        "exercise": {"name": NAME, "clock_offset_s": int(parse_time_s(OPENS) - real_now_s)},
    }


def _flight_levels(lower: int, upper: int) -> Band:
    return Band(
        Limit(lower * 100 * FT_M, Reference.STD),
        Limit(upper * 100 * FT_M, Reference.STD),
    )


def _surface_to(upper_m: float) -> Band:
    # Above mean sea level, not above ground: a height above unknown ground has to be widened by
    # the highest mountain there is, and would meet every flight overhead.
    return Band(Limit(0.0, Reference.SFC), Limit(upper_m, Reference.MSL))


def _corridor(
    points: tuple[Position, ...], radius_m: float, band: Band, start: str, end: str
) -> Volume:
    core = Core(Shape.POLYLINE, (points,), Edges.GEODESIC)
    return Volume(core, radius_m, band, parse_time_s(start), parse_time_s(end))


def _circle(centre: Position, radius_m: float, band: Band, start: str, end: str) -> Volume:
    core = Core(Shape.POINT, ((centre,),))
    return Volume(core, radius_m, band, parse_time_s(start), parse_time_s(end))


ORBIT = Activity(
    "us",
    "orbit-kunduz",
    "surveillance",
    (
        _corridor(
            ((68.62, 36.58), (69.12, 36.58)),
            10_000.0,
            _flight_levels(240, 260),
            "2021-08-09T00:30:00Z",
            "2021-08-09T03:55:00Z",
        ),
    ),
)

TANKER = Activity(
    "us",
    "tanker-baghlan",
    "tanker",
    (
        _corridor(
            (BAGHLAN, (69.05, 36.13)),
            12_000.0,
            _flight_levels(200, 220),
            "2021-08-09T00:10:00Z",
            "2021-08-09T05:50:00Z",
        ),
    ),
)

AIRLIFT = Activity(
    "us",
    "airlift-kabul-mazar",
    "airlift",
    (
        _corridor(
            (KABUL_OAKB, MAZAR_OAMS),
            9_260.0,
            _flight_levels(160, 200),
            "2021-08-09T04:30:00Z",
            "2021-08-09T07:30:00Z",
        ),
    ),
)

CONVOY = Activity(
    "us",
    "convoy-kunduz",
    "movement",
    (
        _corridor(
            (SHER_KHAN_BANDAR, (68.76, 36.96), KUNDUZ),
            500.0,
            _surface_to(800.0),
            "2021-08-09T03:00:00Z",
            "2021-08-09T08:00:00Z",
        ),
    ),
)

KABUL_AIRPORT = Activity(
    "us",
    "kabul-airport",
    "protected site",
    (
        _circle(
            KABUL_OAKB,
            9_260.0,
            _surface_to(5_000.0),
            "2021-08-09T00:00:00Z",
            "2021-08-10T00:00:00Z",
        ),
    ),
)
HOSPITAL = Activity(
    "us",
    "hospital-kunduz",
    "protected site",
    (
        _circle(
            KUNDUZ,
            5_000.0,
            _surface_to(3_000.0),
            "2021-08-09T00:00:00Z",
            "2021-08-10T00:00:00Z",
        ),
    ),
)

ORBIT_WEST = Activity(
    "us",
    "orbit-west",
    "surveillance",
    (
        _corridor(
            ((66.30, 36.20), (66.80, 36.20)),
            10_000.0,
            _flight_levels(280, 300),
            "2021-08-09T02:00:00Z",
            "2021-08-09T08:00:00Z",
        ),
    ),
)

ORBIT_EAST = Activity(
    "us",
    "orbit-east",
    "surveillance",
    (
        _corridor(
            ((70.40, 36.60), (70.90, 36.60)),
            10_000.0,
            _flight_levels(280, 300),
            "2021-08-09T05:00:00Z",
            "2021-08-09T11:00:00Z",
        ),
    ),
)

RECONNAISSANCE = Activity(
    "ru",
    "recon-panj-kunduz",
    "reconnaissance",
    (
        _corridor(
            (DUSHANBE_UTDD, PANJ),
            10_000.0,
            _flight_levels(230, 250),
            "2021-08-09T03:05:00Z",
            "2021-08-09T03:30:00Z",
        ),
        _corridor(
            (PANJ, KUNDUZ),
            10_000.0,
            _flight_levels(230, 250),
            "2021-08-09T03:25:00Z",
            "2021-08-09T03:45:00Z",
        ),
        _corridor(
            (KUNDUZ, AYVAJ),
            10_000.0,
            _flight_levels(230, 250),
            "2021-08-09T03:40:00Z",
            "2021-08-09T04:10:00Z",
        ),
    ),
)

PATROL = Activity(
    "ru",
    "patrol-panj",
    "patrol",
    (
        _corridor(
            ((68.20, 37.02), (68.68, 37.22), (69.10, 37.24), (69.50, 37.52)),
            3_000.0,
            _surface_to(3_000.0),
            "2021-08-09T09:00:00Z",
            "2021-08-09T13:00:00Z",
        ),
    ),
)

TRAINING = Activity(
    "ru",
    "training-area",
    "special caution area",
    (
        _circle(
            TRAINING_GROUND,
            8_000.0,
            Band(Limit(0.0, Reference.SFC), Limit(300 * 100 * FT_M, Reference.STD)),
            "2021-08-09T05:00:00Z",
            "2021-08-09T15:00:00Z",
        ),
    ),
)

PANJ_LINE = Activity(
    "ru",
    "line-panj",
    "line",
    (
        _corridor(
            ((68.20, 37.05), (68.68, 37.25), (69.10, 37.27), (69.50, 37.55)),
            1.0,
            _surface_to(3_000.0),
            "2021-08-09T00:00:00Z",
            "2021-08-10T00:00:00Z",
        ),
    ),
)
"""North of the bank, so that the convoy, which begins at the crossing, does not cross it."""

PATROL_NIGHT = Activity(
    "ru",
    "patrol-night",
    "patrol",
    (
        _corridor(
            ((69.10, 37.24), (69.50, 37.52), (70.00, 37.55)),
            3_000.0,
            _surface_to(3_000.0),
            "2021-08-09T18:00:00Z",
            "2021-08-09T22:00:00Z",
        ),
    ),
)

PLANS: dict[str, tuple[Activity, ...]] = {
    "us": (ORBIT, TANKER, AIRLIFT, CONVOY, KABUL_AIRPORT, HOSPITAL, ORBIT_WEST, ORBIT_EAST),
    "ru": (RECONNAISSANCE, PATROL, TRAINING, PANJ_LINE, PATROL_NIGHT),
}
"""Every plan, filed privately at its party's node."""

RELEASED: dict[str, tuple[tuple[str, str], ...]] = {
    "us": (
        (ORBIT.id, "exact"),
        (TANKER.id, "coarse"),
        (AIRLIFT.id, "exact"),
        (CONVOY.id, "exact"),
        (KABUL_AIRPORT.id, "exact"),
        (HOSPITAL.id, "exact"),
    ),
    "ru": (
        (RECONNAISSANCE.id, "exact"),
        (PATROL.id, "exact"),
        (TRAINING.id, "coarse"),
        (PANJ_LINE.id, "exact"),
    ),
}
"""What has been released when the exercise opens, and how; the rest stays private."""

PROPOSED_SHIFT_S = 45 * 60
"""``ru`` has proposed to fly its corridor this much later; 40 minutes would not quite do."""

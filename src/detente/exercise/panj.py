"""What the parties of exercise NORTHERN WATCH watch together, as data.

EXERCISE. Places, airfields and border crossings are real; every request, visit, flight and report
here is invented, and nobody in it is a real unit or person.

Three parties share the line ``panj``: ``us``, ``ru`` and the host ``tj``. Observers of ``us`` work
at Kulob airfield and fly along the northern bank of the Panj, under escort. For the way there
``us`` has asked two more hosts for transit, each on a line of its own: ``kg`` has granted it with
limits, ``uz`` has not answered. These two have no node that runs here; they are reached by parcels.
"""

from typing import Any

from detente.exercise.northern_watch import NAME, OPENS, PANJ, SHER_KHAN_BANDAR
from detente.observations import Observation
from detente.volumes import Activity, Band, Core, Edges, Limit, Position, Reference, Shape, Volume
from detente.volumes.times import parse_time_s
from detente.volumes.units import FT_M, NM_M

LINE = "panj"
PERMISSION = "observers-panj"
VISIT = "panj-1"
WINDOW = ("2021-08-06T00:00:00Z", "2021-08-20T00:00:00Z")
"""What is asked for, domain times."""
GUEST, HOST, THIRD = "us", "tj", "ru"
BY_DAY, SILENT = ASKED_BY_HAND = ("kg", "uz")

PARTY_NAMES = {
    "tj": "Host cell, Dushanbe (exercise)",
    "kg": "Transit desk, Bishkek (exercise)",
    "uz": "Transit desk, Tashkent (exercise)",
}

# Public positions, WGS84, longitude first.
KULOB_UTDK: Position = (69.805, 37.988)
AIVAJ: Position = (68.030, 36.970)
IMAM_SAHIB: Position = (68.900, 37.189)
BANK: tuple[Position, ...] = ((69.70, 37.75), (69.35, 37.42), (68.95, 37.36), (68.45, 37.24))
"""Along the northern bank, some way from it."""


def terms(real_now_s: float, members: tuple[str, ...], effective_from: str) -> dict[str, Any]:
    """The first terms of a line on which ``members`` watch together.

    ``real_now_s`` is the moment, POSIX seconds, at which the exercise opens.
    """
    hour = 3600
    return {
        "version": 1,
        "members": sorted(members),
        "area": {"west": 65.0, "south": 35.0, "east": 75.0, "north": 41.0},
        "separation": {"lateral_m": 5 * NM_M, "vertical_m": 1000 * FT_M, "time_s": 600.0},
        "notice": {"normal_s": 12 * hour, "emergency_s": hour},
        "acknowledge": {
            "understood_s": 15 * 60,
            "disseminated_s": 60 * 60,
            "urgent_understood_s": 5 * 60,
        },
        "line_checks": {"hours_utc": [], "grace_s": 1800},
        "languages": ["en", "ru"],
        "effective_from": effective_from,
        "review_on": "2021-11-09",
        "exercise": {"name": NAME, "clock_offset_s": int(parse_time_s(OPENS) - real_now_s)},
        "watching": {
            "answer_s": 5 * 24 * hour,
            "visit": {
                "notice_s": 72 * hour,
                "acknowledge_s": 24 * hour,
                "plan_s": 24 * hour,
                "review_s": 4 * hour,
                "agree_s": 8 * hour,
                "fly_s": 96 * hour,
                "report_s": 7 * 24 * hour,
                "restrict_s": 24 * hour,
            },
            "cutoff_utc": 19.5,
            "quotas": [
                {
                    "name": "observation visits",
                    "guest": GUEST,
                    "host": HOST,
                    "units": 3,
                    "start": "2021-08-01T00:00:00Z",
                    "end": "2021-11-01T00:00:00Z",
                }
            ]
            if HOST in members
            else [],
        },
    }


def _strip(radius_m: float) -> dict[str, Any]:
    coordinates = [list(position) for position in (KULOB_UTDK, *BANK)]
    core = {"type": "LineString", "coordinates": coordinates, "edges": "geodesic"}
    return {"name": "northern bank of the Panj", "core": core, "radius_m": radius_m}


BASE = {
    "name": "Kulob airfield",
    "core": {"type": "Point", "coordinates": list(KULOB_UTDK), "edges": "geodesic"},
    "radius_m": 5_000.0,
}

ASKED: dict[str, Any] = {
    "purpose": "EXERCISE. Observe traffic at the border crossings from the northern bank",
    "places": [BASE, _strip(25_000.0)],
    "people": [{"role": "observer", "count": 4}, {"role": "air crew", "count": 3}],
    "equipment": [
        {"item": "observation aircraft, unarmed", "count": 1},
        {"item": "daylight camera", "count": 2},
        {"item": "infrared camera", "count": 1},
    ],
    "quota": "observation visits",
    "note": "",
}

GRANTED: dict[str, Any] = {
    "limits": {
        "hours_utc": [[0.0, 14.0]],
        "people": [{"role": "observer", "count": 3}, {"role": "air crew", "count": 3}],
        "equipment": [
            {"item": "observation aircraft, unarmed", "count": 1},
            {"item": "daylight camera", "count": 2},
        ],
        "quota_units": 1,
    },
    "note": "EXERCISE. No infrared camera on this visit.",
}

TRANSIT: dict[str, Any] = {
    "purpose": "EXERCISE. Transit of one unarmed observation aircraft to Kulob",
    "people": [{"role": "air crew", "count": 3}],
    "equipment": [{"item": "observation aircraft, unarmed", "count": 1}],
}

TRANSIT_GRANTED: dict[str, Any] = {
    "limits": {"hours_utc": [[2.0, 8.0]], "quota_units": 2},
    "note": "EXERCISE. By day, and twice in all.",
}

COMING: dict[str, Any] = {
    "point_of_entry": "Kulob airfield",
    "people": [{"role": "observer", "count": 3}, {"role": "air crew", "count": 3}],
    "equipment": [
        {"item": "observation aircraft, unarmed", "count": 1},
        {"item": "daylight camera", "count": 2},
    ],
}

RECEIVED: dict[str, Any] = {
    "point_of_entry": "Kulob airfield",
    "escorts": [{"role": "escort officer", "count": 2}],
    "hours_utc": [[0.0, 14.0]],
}


INSPECTED: dict[str, Any] = {
    "items": [
        {"item": "observation aircraft, unarmed", "agreed": 1, "found": 1},
        {"item": "daylight camera", "agreed": 2, "found": 2},
    ],
    "note": "EXERCISE. As on the list.",
}


def _mission(lower: int) -> Activity:
    """The mission along the bank, between flight levels ``lower`` and 10 above it."""
    band = Band(
        Limit(lower * 100 * FT_M, Reference.STD), Limit((lower + 10) * 100 * FT_M, Reference.STD)
    )
    core = Core(Shape.POLYLINE, ((KULOB_UTDK, *BANK),), Edges.GEODESIC)
    start_s, end_s = (parse_time_s(f"2021-08-09T{at}:00Z") for at in ("00:30", "04:40"))
    volume = Volume(core, 5_000.0, band, start_s, end_s)
    return Activity(GUEST, "mission-panj", "observation flight", (volume,))


MISSIONS = (_mission(80), _mission(200))
"""As it was planned first, and as it was agreed."""

TOO_LOW = "EXERCISE. Helicopters fly along the bank up to 3,000 m; please plan above FL190."

RESTRICTED: dict[str, Any] = {
    "text": "EXERCISE. The western end of the bank is closed for works on a power line.",
    "language": "en",
    "places": [
        {
            "name": "west of Ayvaj road",
            "core": {"type": "Point", "coordinates": list(BANK[-1]), "edges": "geodesic"},
            "radius_m": 12_000.0,
        }
    ],
}
CLOSED = ("2021-08-09T04:00:00Z", "2021-08-09T06:00:00Z")
STAY = ("2021-08-07T12:00:00Z", "2021-08-12T12:00:00Z")


LAID_OUT = {
    "Crossings on 7 August": (
        "EXERCISE. Sher Khan Bandar, from the south: 212 lorries, 40 buses.\n"
        "Ayvaj: 18 lorries. Ishkashim: closed from 14:00.\n"
    ),
    "Weather along the Panj": "EXERCISE. Haze below 2,000 m until noon; west wind, 15 kt.\n",
}
"""What the host has laid on the guest's desk, by title."""

NOTED = ("Seen on 7 August", "EXERCISE. The count at Ayvaj agrees with ours.")


def _report(
    name: str,
    kind: str,
    place: str,
    at: Position,
    radius_m: float,
    start: str,
    end: str,
    **more: Any,
) -> Observation:
    return Observation(
        id=name,
        kind=kind,
        place=place,
        core=Core(Shape.POINT, ((at,),)),
        radius_m=radius_m,
        from_s=parse_time_s(f"2021-08-08T{start}:00Z"),
        until_s=parse_time_s(f"2021-08-08T{end}:00Z"),
        marking="TLP:GREEN",
        **more,
    )


OBSERVED: dict[str, tuple[Observation, ...]] = {
    "us": (
        _report(
            "crossing-skb",
            "crossing-closed",
            "Sher Khan Bandar",
            SHER_KHAN_BANDAR,
            500.0,
            "05:10",
            "05:40",
            district="Imam Sahib",
            how="sensor",
            confidence="high",
            seeing="good",
            counts={"vehicles": 40},
            text="EXERCISE. Lorries wait on the southern side.",
        ),
        _report(
            "road-imam-sahib",
            "displacement",
            "Imam Sahib",
            IMAM_SAHIB,
            4_000.0,
            "07:00",
            "09:00",
            district="Imam Sahib",
            how="sensor",
            confidence="moderate",
            seeing="limited",
            counts={"vehicles": 15},
            text="EXERCISE. Families on the road to the north, haze.",
        ),
        _report(
            "quiet-aivaj",
            "quiet",
            "Ayvaj",
            AIVAJ,
            6_000.0,
            "06:00",
            "08:00",
            district="Shahrtuz",
            how="sensor",
            confidence="moderate",
            seeing="good",
            text="EXERCISE. Watched for two hours; no traffic seen.",
        ),
    ),
    "ru": (
        _report(
            "gate-shut",
            "crossing-closed",
            "Sher Khan Bandar",
            (68.60, 37.19),
            1_500.0,
            "04:30",
            "06:00",
            district="Imam Sahib",
            how="third-party",
            confidence="moderate",
            counts={"vehicles": 60},
            text="EXERCISE. The bridge is shut to lorries.",
        ),
        _report(
            "people-panj",
            "displacement",
            "Panj",
            PANJ,
            3_000.0,
            "09:30",
            "11:00",
            district="Panj",
            how="seen",
            confidence="moderate",
            seeing="good",
            counts={"people": 120},
            text="EXERCISE. People on the northern bank.",
        ),
    ),
    "tj": (
        _report(
            "shelter-panj",
            "relief-delivery",
            "Panj",
            PANJ,
            800.0,
            "12:00",
            "13:00",
            district="Panj",
            how="seen",
            confidence="high",
            seeing="good",
            text="EXERCISE. Tents and water brought to the northern bank.",
        ),
        _report(
            "bank-panj",
            "displacement",
            "Panj",
            (69.08, 37.23),
            1_000.0,
            "09:00",
            "10:30",
            district="Panj",
            how="seen",
            confidence="high",
            seeing="good",
            counts={"people": 90},
            text="EXERCISE. Registered at the bank.",
        ),
    ),
}
"""A day's observations, by reporter and name."""

LINKED = (
    ("us", "ru/gate-shut", "us/crossing-skb"),
    ("ru", "ru/people-panj", "us/road-imam-sahib"),
    ("tj", "ru/people-panj", "tj/bank-panj"),
)
"""Who links what; the second link is disputed."""

DISSENT = "EXERCISE. That road lies on the southern bank, and we saw it two hours earlier."

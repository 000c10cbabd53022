"""How the console says things: times, heights, distances, places, changes.

Always UTC with a ``Z``; always the unit beside the number, and the reference beside a height. A
place is given in two formats, latitude and longitude in degrees and decimal minutes and MGRS,
because a slip in one shows as a difference from the other when it is read back.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import mgrs

from detente.conflict import Kind
from detente.conflict.words import MARKS, words_of
from detente.node.views import (
    ConflictSideView,
    ConflictView,
    DetourView,
    LinkView,
    PlaceView,
    ShiftView,
)
from detente.observations import middle_of
from detente.volumes.codec import core_from_wire, volumes_from_wire
from detente.volumes.times import parse_time_s
from detente.volumes.units import FL_M, FT_M, NM_M

_GRID = mgrs.MGRS()
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z")
PLACES_MAX = 60

ENTRY_WORDS = {
    "line.join": "joining the line",
    "terms.sign": "signature under terms",
    "activity.release": "release",
    "activity.withdraw": "withdrawal",
    "message": "message",
    "acknowledgement": "acknowledgement",
    "proposal": "proposal",
    "proposal.assent": "assent",
    "proposal.decline": "declining",
    "line.check": "line check",
    "line.suspend": "suspension",
    "line.resume": "end of the suspension",
    "line.leave": "leaving the line",
    "line.admit": "signature for taking a party in",
    "key.rotate": "change of keys",
    "key.vouch": "vouching for new keys",
    "lapse": "lapse",
    "recall": "recall",
    "recall.honoured": "receipt for a recall",
    "commitment": "commitment",
    "commitment.open": "opening of a commitment",
    "permission.request": "request for permission",
    "permission.answer": "answer to a request",
    "permission.revoke": "revocation",
    "permission.withdraw": "withdrawal of a request",
    "visit.notice": "notice of a visit",
    "visit.acknowledge": "acknowledgement of a visit",
    "visit.stage": "stage of a visit",
    "visit.inspect": "inspection on a visit",
    "visit.plan": "mission plan",
    "visit.review": "review of a mission plan",
    "visit.restrict": "restriction of a visit",
    "visit.deviation": "deviation on a visit",
    "visit.cancel": "cancelling of a visit",
    "visit.seal": "seal on what was collected",
    "visit.open": "opening of what was sealed",
    "visit.session": "session at the guest's desk",
    "visit.report": "report of a visit",
    "observation.report": "report of an observation",
    "observation.retract": "retraction of an observation",
    "observation.link": "link of reports of one event",
    "observation.dispute": "dispute of a link",
    "observation.takeback": "taking back a link or a dispute",
    "report.daily": "daily report",
}
"""What an entry of each type is called; of a type that is not known here, its code."""
OWED_WORDS = {
    "permission-answer": "an answer to the",
    "visit-acknowledge": "an acknowledgement of the",
    "visit-plan": "a mission plan after the",
    "visit-review": "a review of the",
    "visit-report": "a report after the",
}
"""What is owed, before the words for what it is owed for."""
LINK_WORDS = {
    "up": "in contact",
    "late": "LATE",
    "down": "NO CONTACT",
    "never": "NEVER HEARD",
}
LINK_ERRORS = (
    ("connection refused", "its machine is there, and no node answers on it"),
    ("timed out", "no answer in time"),
    ("timeout", "no answer in time"),
    ("no route to host", "no way to its machine"),
    ("network is unreachable", "no way out of our own network"),
    ("name or service not known", "the name in its address is not known"),
    ("temporary failure in name resolution", "names cannot be looked up now"),
    ("connection reset", "it broke the connection off"),
    ("disconnected without sending", "it broke the connection off"),
    ("certificate", "the certificates do not fit: tell your administrator"),
)
"""What the system says when a peer is not reached, and what it means."""
_ERRNO = re.compile(r"\[Errno -?\d+\]\s*")
_ORIGIN = re.compile(r"detente\.invalid/line/[0-9a-f]{64}/([a-z0-9-]+)")
WITNESS_WORDS = {
    "up": "up",
    "down": "down",
    "never": "not asked yet",
    "not-called": "not asked by us",
}
WITNESS_ERRORS = (
    ("did not answer in time", "down"),
    ("cannot be reached", "down"),
    ("it is asked too often", "refuses for now"),
    ("it does not trust the keys", "refuses"),
    ("it does not know our log", "refuses"),
    ("it refuse", "refuses"),
    ("it answered with status", "refuses"),
    ("signature", "holds a checkpoint that cannot be verified"),
)
"""What a try at a witness ended with, and how the witness stands by that."""
COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)
STATUS_WORDS = {
    "open": "awaits an answer",
    "assented": "assented to, not carried out yet",
    "declined": "declined",
    "carried-out": "carried out",
    "overtaken": "overtaken by a newer version",
}


def moment(seconds: float) -> datetime:
    """POSIX seconds as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def clock(time: str, offset_s: float = 0.0) -> str:
    """``03:05Z`` of an RFC 3339 time, moved by an exercise's clock if it is a real time."""
    return moment(parse_time_s(time) + offset_s).strftime("%H:%MZ")


def clock_dated(time: str, now_s: float, offset_s: float = 0.0) -> str:
    """As ``clock``, after the date where that is not the date of ``now_s``."""
    then = moment(parse_time_s(time) + offset_s)
    today = then.date() == moment(now_s).date()
    return f"{then:%H:%M}Z" if today else f"{then:%d %b %Y %H:%M}Z"


def stamp(time: str, offset_s: float = 0.0) -> str:
    """``22 Nov 2026 03:05:12Z``: where nothing may be left out; moved as in ``clock``."""
    return f"{moment(parse_time_s(time) + offset_s):%d %b %Y %H:%M:%S}Z"


def stamp_minute(time: str) -> str:
    """``22 Nov 2026 03:05Z``."""
    return f"{moment(parse_time_s(time)):%d %b %Y %H:%M}Z"


def with_times(said: str) -> str:
    """A sentence in which every RFC 3339 time reads as other times on a page do."""
    return _TIME.sub(lambda found: stamp_minute(found[0]), said)


def by_hand(link: LinkView, members: int, offset_s: float) -> str:
    """Of a peer never heard whose entries are held: how they came, and of when the newest is."""
    if link.state != "never" or link.newest_held is None:
        return ""
    # Among more than two, another party may have passed them on over the network.
    way = "by parcel" if members == 2 else "by parcel or through others"
    newest = moment(parse_time_s(link.newest_held) + offset_s)
    return f"{way}, its newest entry is of {newest.day} {newest:%b %Y %H:%M}Z"


def hour(hours: float) -> str:
    """``02:30`` of 2.5 hours after midnight."""
    minutes = round(hours * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def listed(said: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = said
    return f"{', '.join(most)} and {last}" if most else last


def window(start: str | None, end: str | None, now_s: float) -> str:
    """``09 Aug 00:30–03:55Z``; both dates where they differ, and the year where it is not now's."""
    if start is None or end is None:
        return "no time stated"
    first, last = moment(parse_time_s(start)), moment(parse_time_s(end))
    year = moment(now_s).year
    date = "%d %b" if first.year == last.year == year else "%d %b %Y"
    if first.date() == last.date():
        return f"{first:{date} %H:%M}–{last:%H:%M}Z"
    return f"{first:{date} %H:%M}Z – {last:{date} %H:%M}Z"


def hours(start: str | None, end: str | None, now_s: float) -> str:
    """``00:30–03:55Z`` where both lie on today's date, else as ``window``: for names on the map."""
    said = window(start, end, now_s)
    return said.removeprefix(f"{moment(now_s):%d %b} ") if said.count("Z") == 1 else said


def height(limit: Mapping[str, Any] | None, unlimited: str) -> str:
    """One limit of a band in the protocol's JSON: ``FL240``, ``3,000 m MSL``, ``surface``."""
    if limit is None:
        return unlimited
    value_m, reference = limit["value_m"], limit["reference"]
    if reference == "SFC":
        return "surface"
    if reference == "STD":
        level = value_m / FL_M
        near = round(level)
        return f"FL{near:03d}" if abs(level - near) < 0.01 else f"FL{level:06.2f}"
    return f"{value_m:,.0f} m {reference}"


def heights(volumes: list[dict[str, Any]]) -> str:
    """The bands of an activity's volumes, each said once: ``FL240–FL260``."""
    said = [f"{height(v['lower'], 'no floor')}–{height(v['upper'], 'no ceiling')}" for v in volumes]
    distinct = list(dict.fromkeys(said))
    return ", ".join(distinct[:3]) + (" …" if len(distinct) > 3 else "")


def lateral(metres: float) -> str:
    """A lateral distance: in nautical miles and kilometres, or that they overlap."""
    if metres <= 0:
        return "overlapping"
    return f"{metres / NM_M:.1f} NM ({metres / 1000:.1f} km)"


def lateral_short(metres: float) -> str:
    """A lateral distance that was agreed: ``5.0 NM``."""
    return f"{metres / NM_M:.1f} NM"


def vertical_short(metres: float) -> str:
    """A vertical distance that was agreed: ``1,000 ft``."""
    return f"{metres / FT_M:,.0f} ft"


def vertical(metres: float) -> str:
    """A vertical distance: in feet and metres, or that they overlap."""
    if metres <= 0:
        return "overlapping"
    return f"{metres / FT_M:,.0f} ft ({metres:,.0f} m)"


def shift(change: ShiftView) -> str:
    """``45 min later``, ``2,000 ft lower``, ``13 km to the north-east (045° true)``."""
    if change.time_s is not None:
        return f"{duration(change.time_s)} {'later' if change.time_s > 0 else 'earlier'}"
    if change.altitude_m is not None:
        metres = change.altitude_m
        return f"{abs(metres) / FT_M:,.0f} ft {'higher' if metres > 0 else 'lower'}"
    if change.distance_m is not None and change.bearing_deg is not None:
        far = f"{round(change.distance_m / 1000, 1):g} km"
        return f"{far} to the {compass(change.bearing_deg)} ({change.bearing_deg:03.0f}° true)"
    if change.volumes is not None:
        return f"to another {_form(change.volumes)}"
    return "in a way that is not known here"


def _form(volumes: list[dict[str, Any]]) -> str:
    routes = {volume["core"]["type"] for volume in volumes} == {"LineString"}
    return "route" if routes else "shape, place or time"


def compass(bearing_deg: float) -> str:
    """The nearest of eight winds: ``north-east``."""
    return COMPASS[round(bearing_deg / 45) % 8]


def detour(found: DetourView) -> str:
    """What a route that is led round costs: how far off, how much longer, how much later."""
    longer, later = round(found.longer_m / 1000), found.later_s
    said = [f"up to {round(found.off_m / 1000)} km off its route"]
    if longer:
        said.append(f"{abs(longer)} km {'longer' if longer > 0 else 'shorter'}")
    if found.left_out:
        said.append(f"leaves out {found.left_out} of its waypoints")
    if later:
        order = "later" if later > 0 else "earlier"
        said.append(f"ends about {duration(later)} {order} at its own speed (an estimate)")
    return ", ".join(said)


def duration(seconds: float) -> str:
    """``45 min``, ``3 h 51 min``, ``2 h``: the amount, without its sign."""
    hours, minutes = divmod(abs(seconds) / 60, 60)
    if not hours:
        return f"{minutes:g} min"
    return f"{hours:.0f} h {minutes:g} min" if minutes else f"{hours:.0f} h"


def link_error(error: str) -> str:
    """Why a peer was not reached, in plain words where they are known; else as it was said."""
    known = next((said for mark, said in LINK_ERRORS if mark in error.lower()), "")
    return known or _ERRNO.sub("", error)


def witness_state(state: str, error: str | None) -> str:
    """How a witness stands: one that answers and does not sign is not ``down``."""
    if state != "down" or error is None:
        return WITNESS_WORDS.get(state, "UNKNOWN")
    return next((said for mark, said in WITNESS_ERRORS if mark in error), "does not sign as agreed")


def short_origin(error: str) -> str:
    """The words with each log's name in them given by its party: it is 64 hex digits long."""
    return _ORIGIN.sub(r"the log of \1", error)


def middle(observed: Mapping[str, Any]) -> PlaceView:
    """The middle of the place of an observation, as the protocol's JSON has it."""
    lon, lat = middle_of(core_from_wire(observed["core"], check=False))
    return PlaceView(lon=lon, lat=lat)


def position(lon: float, lat: float) -> str:
    """``36°34.8′N 068°55.3′E``."""
    return f"{_minutes(lat, 2, 'NS')} {_minutes(lon, 3, 'EW')}"


_EQUATOR_DEG = 1e-5
"""About a metre."""


def grid(lon: float, lat: float) -> str:
    """MGRS to 100 m; empty near the poles, where the grid is another."""
    if not -80 <= lat <= 84:
        return ""
    if -_EQUATOR_DEG < lat < 0:
        # So little south of the equator the library rounds into a square that there is not.
        lat = 0.0
    text: str = _GRID.toMGRS(lat, (lon + 180) % 360 - 180, MGRSPrecision=3)
    zone, square, digits = text[:3], text[3:5], text[5:]
    return f"{zone} {square} {digits[:3]} {digits[3:]}"


def shapes(volumes: list[dict[str, Any]]) -> str:
    """``circle, radius 5.0 NM (9.3 km)``; of several volumes the number and the first."""
    if not volumes:
        return "nothing"
    first = volumes[0]
    count = f"{len(volumes)} volumes, the first a " if len(volumes) > 1 else ""
    shape = {"Point": "circle", "LineString": "corridor", "Polygon": "polygon"}
    kind = shape[first["core"]["type"]]
    if not first["radius_m"]:
        return f"{count}{kind}"
    word = "radius" if kind == "circle" else "half width" if kind == "corridor" else "grown by"
    return f"{count}{kind}, {word} {lateral(first['radius_m'])}"


def places(volumes: list[dict[str, Any]]) -> list[str]:
    """Every vertex in both notations, up to ``PLACES_MAX``, and how many more there are."""
    said = []
    # A withdrawn activity, or one whose content is not known here, has none.
    for number, volume in enumerate(volumes_from_wire(volumes) if volumes else (), 1):
        for ring in volume.core.rings:
            prefix = f"{number}: " if len(volumes) > 1 else ""
            said += [f"{prefix}{position(east(lon), lat)} · {grid(lon, lat)}" for lon, lat in ring]
    more = len(said) - PLACES_MAX
    return said if more <= 0 else [*said[:PLACES_MAX], f"and {more} more"]


def east(lon: float) -> float:
    """A longitude that ran on across the antimeridian, back within ±180 degrees."""
    return (lon + 180.0) % 360.0 - 180.0


def met(conflict: ConflictView) -> str:
    """``in the buffer of a protected site``, or empty: what kind of area it is about."""
    return words_of(conflict.kind, conflict.lateral_m, conflict.vertical_m)


def seen(conflict: ConflictView, exactly: bool = False) -> str:
    """Who can find a conflict of an own basis; with ``exactly``, at exact precision."""
    own, other = sides_of(conflict)
    said = []
    for one in conflict.elsewhere:
        if exactly and one.form != "exact":
            continue
        how = "released" if one.form == "exact" else "released coarsely"
        when = "" if one.current else ", as it was before its last change"
        if one.received:
            told = f"{other.party} holds {own.id} too, {how} on the line {one.line_name}{when}"
        else:
            told = (
                f"{own.id} is {how} to {other.party} on the line {one.line_name}{when}, "
                "and no receipt of it is held here"
            )
        said.append(told)
    return f"{'; '.join(said)}: it can find this there" if said else "only you see this"


def sides_of(conflict: ConflictView) -> tuple[ConflictSideView, ConflictSideView]:
    """Our side and the other party's."""
    return (conflict.a, conflict.b) if conflict.a.own else (conflict.b, conflict.a)


def mark(kind: str) -> str:
    """``SITE`` and the like for a conflict with an area, else empty."""
    return MARKS[Kind(kind)]


def tag(conflict_id: str) -> str:
    """A conflict's short name. Both sides compute the same id, so it can be said over a radio."""
    return conflict_id[:4].upper()


def _minutes(degrees: float, width: int, hemispheres: str) -> str:
    tenths = round(abs(degrees) * 600)
    whole, rest = divmod(tenths, 600)
    return f"{whole:0{width}d}°{rest / 10:04.1f}′{hemispheres[degrees < 0]}"

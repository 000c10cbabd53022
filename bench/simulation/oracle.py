"""Conflicts by brute force, straight from the entries: docs/protocol.md, section 7, read once more.

It shares nothing with the product but the protocol: JSON is read by the standard library, distances
are GeographicLib's, and every pair of versions is compared. It knows circles between pressure
altitudes, which is all that the simulation's officers file.
"""

import base64
import hashlib
import json
from collections import defaultdict
from datetime import datetime
from itertools import combinations
from typing import Any, NamedTuple

from pyproj import Geod

from bench.simulation.truth import header_bytes, leaf_of

Pair = tuple[tuple[str, str], tuple[str, str]]
Bundle = dict[str, Any]

LEAVE = "line.leave"
WGS84 = Geod(ellps="WGS84")
DOUBTFUL_M = 1.0
DOUBTFUL_S = 1.0
"""Nearer to the separation than this, either answer is right."""


class Version(NamedTuple):
    """One version of an activity; ``volume`` is None when it is withdrawn, and when it is
    recalled: then it may be anywhere (``unknown``)."""

    entry: str
    place: int
    seen: dict[str, int]
    volume: dict[str, Any] | None
    unknown: bool

    @property
    def withdrawn(self) -> bool:
        """Whether the activity is off."""
        return self.volume is None and not self.unknown


def conflicts(
    logs: dict[str, list[Bundle]], terms: dict[str, Any], parties: set[str]
) -> dict[Pair, str | None]:
    """Every pair of activities that conflict, with ``open``, ``ended`` or ``unknown``; None where
    doubtful, as where one of the parties has left.

    ``logs`` are the bundles of every party's log, ``terms`` version 1. Compared are the activities
    of ``parties``, whose logs were written by nodes and say nothing odd.
    """
    separation = _terms(logs, terms)["separation"]
    histories = {
        (party, name): history
        for party in sorted(parties)
        for name, history in _histories(logs[party]).items()
    }
    found: dict[Pair, str | None] = {}
    for one, other in combinations(sorted(histories), 2):
        if one[0] != other[0]:
            state = _state(one[0], histories[one], other[0], histories[other], separation)
            if state == "open" and {one[0], other[0]} & _left(logs):
                state = "unknown"
            elif {one[0], other[0]} & _left(logs):
                state = None
            if state != "none":
                found[one, other] = state
    return found


def _left(logs: dict[str, list[Bundle]]) -> set[str]:
    return {party for party, log in logs.items() if log and _header(log[-1])["type"] == LEAVE}


def _header(bundle: Bundle) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(header_bytes(bundle))
    return header


def _body(bundle: Bundle) -> bytes:
    return base64.b64decode(bundle["body"])


def _terms(logs: dict[str, list[Bundle]], founded: dict[str, Any]) -> dict[str, Any]:
    """The newest terms that everybody has signed: the founders that have not left, and who was
    taken in and is named in the ``seen`` of one of the signatures."""
    signers: dict[tuple[int, str], dict[str, set[str]]] = defaultdict(dict)
    texts: dict[str, dict[str, Any]] = {}
    for party, log in logs.items():
        for bundle in log:
            header = _header(bundle)
            if header["type"] != "terms.sign":
                continue
            body, digest = _body(bundle), header["about"].get("terms_sha256")
            if digest == hashlib.sha256(body).hexdigest():
                signers[header["about"]["version"], digest][party] = set(header["seen"])
                texts[digest] = json.loads(body)
    current, left = founded, _left(logs)
    founders = set(founded["members"])
    while True:
        version = current["version"] + 1
        agreed = sorted(
            digest
            for (of, digest), by in signers.items()
            if of == version and by.keys() >= (founders | set().union(*by.values())) - left
        )
        if not agreed:
            return current
        current = texts[agreed[0]]


def _histories(log: list[Bundle]) -> dict[str, list[Version]]:
    """The versions of each activity, those that follow one another."""
    found: dict[str, list[Version]] = {}
    for index, bundle in enumerate(log):
        header = _header(bundle)
        about = header["about"]
        if header["type"] not in ("activity.release", "activity.withdraw"):
            continue
        history = found.setdefault(about["activity"], [])
        before = history[-1] if history else None
        withdrawn = header["type"] == "activity.withdraw"
        unknown = "body" not in bundle
        fits = about["version"] == len(history) + 1 and about["supersedes"] == (
            before.entry if before else None
        )
        if not fits or (withdrawn and (before is None or before.withdrawn)):
            continue
        volume = None if withdrawn or unknown else json.loads(_body(bundle))["volumes"][0]
        seen = {party: one["size"] for party, one in header["seen"].items()}
        entry = hashlib.sha256(leaf_of(bundle)).hexdigest()
        history.append(Version(entry, index, seen, volume, unknown))
    return found


def _state(
    a_party: str, a: list[Version], b_party: str, b: list[Version], separation: dict[str, float]
) -> str | None:
    ended: str | None = "none"
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            a_replaced = i + 1 < len(a) and other.seen.get(a_party, 0) > a[i + 1].place
            b_replaced = j + 1 < len(b) and one.seen.get(b_party, 0) > b[j + 1].place
            if a_replaced or b_replaced or one.volume is None or other.volume is None:
                continue
            meet = _meet(one.volume, other.volume, separation)
            if meet is None:
                return None
            if meet and (i, j) == (len(a) - 1, len(b) - 1):
                return "open"
            if meet:
                ended = "unknown" if a[-1].unknown or b[-1].unknown else "ended"
    return ended


def _meet(a: dict[str, Any], b: dict[str, Any], separation: dict[str, float]) -> bool | None:
    """Whether two volumes conflict, or None where it is too near to tell."""
    lateral_m = _distance_m(a, b) - separation["lateral_m"]
    vertical_m = _gap(_band_m(a), _band_m(b)) - separation["vertical_m"]
    time_s = _gap(_window_s(a), _window_s(b)) - separation["time_s"]
    if lateral_m > DOUBTFUL_M or vertical_m > DOUBTFUL_M or time_s > DOUBTFUL_S:
        return False
    if lateral_m < -DOUBTFUL_M and vertical_m < -DOUBTFUL_M and time_s < -DOUBTFUL_S:
        return True
    return None


def _distance_m(a: dict[str, Any], b: dict[str, Any]) -> float:
    (lon, lat), (other_lon, other_lat) = (one["core"]["coordinates"] for one in (a, b))
    between_m: float = WGS84.inv(lon, lat, other_lon, other_lat)[2]
    return max(0.0, between_m - float(a["radius_m"]) - float(b["radius_m"]))


def _band_m(volume: dict[str, Any]) -> tuple[float, float]:
    lower, upper = volume["lower"], volume["upper"]
    assert all(limit is None or limit["reference"] == "STD" for limit in (lower, upper))
    return (
        float("-inf") if lower is None else lower["value_m"],
        float("inf") if upper is None else upper["value_m"],
    )


def _window_s(volume: dict[str, Any]) -> tuple[float, float]:
    start, end = (datetime.fromisoformat(volume[name]).timestamp() for name in ("start", "end"))
    return start, end


def _gap(a: tuple[float, float], b: tuple[float, float]) -> float:
    return max(0.0, a[0] - b[1], b[0] - a[1])

"""The joint part of a daily report: what everybody who holds the same entries writes alike.

It is a function of a beginning of each log and of nothing else (protocol, section 10, "Daily
report"): ``view`` is the fold of these beginnings, and of the recalls that empty observations in
them (``forget``). There is no number in it that is not whole, and no word that is not a party's.

What was reported is told by the end of its window: by then it has surely happened. A day ends with
the cut-off, and what nobody observed is said in words of its own and never as a count of nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from detente.line import abouts
from detente.line.counting import Counting, Figures
from detente.line.fold.step import RECALLED
from detente.line.founding import Founding
from detente.line.read.agreement import present, terms
from detente.line.read.links import counting
from detente.line.read.observations import Observed, observations
from detente.line.read.talk import checks_that_count, lapses
from detente.line.view import Change, View, load, place_key, put, scan
from detente.observations import OBSTRUCTION, QUIET, district_of, narrowest
from detente.volumes.times import format_time, read_time_s, within_calendar_s

DAY_S = 86_400.0

Json = dict[str, Any]


class Beginning(msgspec.Struct, frozen=True):
    """So many entries of a log, and the root (hex) of the tree over them."""

    size: int
    root: str


class Day(msgspec.Struct, frozen=True):
    """The ``name`` of a day (2021-08-09), and the cut-off that it ends with (domain time)."""

    name: str
    cutoff_s: float


class Daily(msgspec.Struct, frozen=True, kw_only=True):
    """A party's daily report, as its entry has it. ``own`` is its own part, or None: ``unknown``.

    ``party`` and ``index`` are its place; several of one party for one day follow each other.
    """

    entry: str
    party: str
    index: int
    time: str
    day: str
    cutoff: str
    joint_sha256: str
    own: Json | None
    unknown: str | None


def dailies(view: View, day: str | None = None) -> list[Daily]:
    """Every daily report, or those for one day, by day, party and index."""
    found = [
        Daily(
            entry=doc["entry"],
            party=doc["party"],
            index=doc["index"],
            time=doc["time"],
            day=doc["day"],
            cutoff=doc["cutoff"],
            joint_sha256=doc["joint_sha256"],
            own=doc["content"],
            unknown=doc["unknown"],
        )
        for _, doc in scan(view, "daily")
        if day in (None, doc["day"])
    ]
    return sorted(found, key=lambda one: (one.day, one.party, one.index))


def forget(view: View, recalled: Iterable[str]) -> Iterator[Change]:
    """The rows of observations as they are once a later recall of these entries is known."""
    for entry in recalled:
        place = load(view, "id", entry)
        row = place and load(view, "entry", place_key(place["party"], place["index"]))
        if row is None or place is None or row["type"] != abouts.OBSERVE or row["void"] is not None:
            continue
        about = row["about"]
        key = f"{place['party']}/{about['observation']}/{about['version']:07d}"
        doc = load(view, "observed", key) or {}
        yield put("observed", key, {**doc, "content": None, "unknown": RECALLED})
        yield put("recall", entry, {})


def joint_part(
    view: View,
    founding: Founding,
    logs: Mapping[str, Beginning],
    day: Day,
    recalled_since: Iterable[str] = (),
) -> Json:
    """The joint part, ready to be written as canonical JSON.

    ``logs`` are the beginnings that ``view`` is folded from; ``recalled_since`` the observations
    in them that recalls beyond them have emptied.
    """
    made = _Day(view, founding, day)
    exercise = founding.terms.exercise
    return {
        "v": 1,
        "line": founding.id,
        # A file of it is carried away from every page that says so.
        "exercise": exercise.name if exercise else None,
        "day": day.name,
        "from": format_time(made.from_s),
        "cutoff": format_time(day.cutoff_s),
        "logs": {party: msgspec.to_builtins(one) for party, one in sorted(logs.items())},
        "recalled_since": sorted(recalled_since),
        **made.observed(),
        "access_denied": made.access_denied(),
        "not_observed": made.not_observed(),
        "visits": made.visits(),
        "line_checks": made.line_checks(),
        "lapses": made.lapses(),
    }


class _Day:
    """One day of a line, read from the fold of what was claimed to be written up to its cut-off."""

    def __init__(self, view: View, founding: Founding, day: Day) -> None:
        self.view = view
        self.founding = founding
        # A peer's cut-off may lie at the calendar's edge.
        self.from_s, self.cutoff_s = within_calendar_s(day.cutoff_s - DAY_S), day.cutoff_s
        self.offset_s = founding.terms.clock_offset_s
        self.newest = list(observations(view))
        self.counting: Counting = counting(view)
        self.said = [one for one in self.newest if one.standing == "reported" and one.said]

    def observed(self) -> Json:
        """Counts by district and kind, beside the day before and the same weekday before."""
        days = {"day": 0.0, "day_before": DAY_S, "week_before": 7 * DAY_S}
        events = {name: self._of(ago_s) for name, ago_s in days.items()}
        totals = {
            name: self.counting.count(_key(one) for one in of if _kind(one) != QUIET)
            for name, of in events.items()
        }
        cells: dict[tuple[str, str], dict[str, list[str]]] = {}
        for name, of in events.items():
            for one in of:
                cell = cells.setdefault((_district(one), _kind(one)), {n: [] for n in days})
                cell[name].append(_key(one))
        return {
            "totals": {name: _figures(one) for name, one in totals.items()},
            "cells": [
                {
                    "district": district,
                    "kind": kind,
                    **{name: _figures(self.counting.count(of)) for name, of in cell.items()},
                }
                for (district, kind), cell in sorted(cells.items())
            ],
            "disputed": [{"a": a, "b": b, **self._who(a, b)} for a, b in totals["day"].disputed],
            "seeing": self._seeing(events["day"]),
            "marking": narrowest(one.marking for one in events["day"] if one.marking),
            "late": sorted(
                _key(one)
                for one in self.said
                if self._written_today(one.time)
                and one.version == 1
                and _until_s(one) <= self.from_s
            ),
            "retracted": self._newest_that("retracted"),
            "recalled": self._newest_that("recalled"),
            "unknown": self._newest_that("unknown"),
        }

    def access_denied(self) -> Json:
        """What hosts closed and refused, and where somebody's way was blocked, this day."""
        restrictions = [
            {
                "entry": doc["entry"],
                "visit": doc["about"]["visit"],
                "host": doc["party"],
                "from": doc["about"]["from"],
                "until": doc["about"]["until"],
            }
            for _, doc in scan(self.view, "visit-said")
            if doc["type"] == abouts.RESTRICT
            and self._is_host(doc["about"]["visit"], doc["party"])
            and self._meets(doc["about"]["from"], doc["about"]["until"])
        ]
        refusals = []
        for _, doc in scan(self.view, "permission-answer"):
            asked = load(self.view, "permission", doc["request"])
            if (
                asked is not None
                and (doc["answer"], doc["party"]) == ("refused", asked["host"])
                and self._written_today(doc["time"])
            ):
                refusals.append(
                    {
                        "entry": doc["entry"],
                        "request": doc["request"],
                        "permission": asked["permission"],
                        "asked_by": asked["party"],
                        "host": doc["party"],
                    }
                )
        return {
            "restrictions": sorted(restrictions, key=lambda one: str(one["entry"])),
            "refusals": sorted(refusals, key=lambda one: str(one["entry"])),
            "observations": sorted(_key(one) for one in self._of(0) if _kind(one) == OBSTRUCTION),
        }

    def not_observed(self) -> Json:
        """Districts of which somebody has told on this line, and nobody this day, or only poorly.

        That the way was blocked tells nothing of the district: access to it was denied.

        Of every other place in the terms' area nobody has told anything: it is not observed.
        """
        today: dict[str, set[str]] = {}
        for one in self._of(0):
            if _kind(one) == OBSTRUCTION:
                continue
            today.setdefault(_district(one), set()).add(one.said.seeing if one.said else "unknown")
        ever = {_district(one) for one in self.said if _until_s(one) <= self.cutoff_s}
        return {
            "districts": sorted(ever - today.keys()),
            "poorly": sorted(
                district for district, seeing in today.items() if seeing <= {"poor", "unknown"}
            ),
        }

    def visits(self) -> list[Json]:
        """Visits whose window meets the day and that nobody has cancelled before it."""
        found = []
        for entry, doc in scan(self.view, "visit"):
            said = [one for _, one in scan(self.view, "visit-said", f"{entry}/")]
            sides = (doc["party"], doc["host"])
            ended_s = [
                self._domain_s(one["time"])
                for one in said
                if one["type"] == abouts.CANCEL and one["party"] in sides
            ]
            if not self._meets(doc["from"], doc["until"]) or any(
                at_s <= self.from_s for at_s in ended_s
            ):
                continue
            found.append(
                {
                    "visit": entry,
                    "name": doc["visit"],
                    "guest": doc["party"],
                    "host": doc["host"],
                    "from": doc["from"],
                    "until": doc["until"],
                    "cancelled": bool(ended_s),
                    "stages": {
                        side: {
                            one["about"]["stage"]: one["about"]["at"]
                            for one in said
                            if one["type"] == abouts.STAGE and one["party"] == side
                        }
                        for side in sides
                    },
                }
            )
        return found

    def line_checks(self) -> list[Json]:
        """How many line checks fell due in the day, and how many each party made."""
        agreed = terms(self.view, self.founding)
        grace_s = agreed.line_checks.grace_s
        first_s = self.from_s - grace_s
        midnight_s = first_s - first_s % DAY_S
        slots_s = {
            midnight_s + day * DAY_S + hour * 3600
            for day in range(3)
            for hour in agreed.line_checks.hours_utc
        }
        due = {
            format_time(slot_s)
            for slot_s in slots_s
            if self.from_s < slot_s + grace_s <= self.cutoff_s and slot_s >= agreed.effective_from_s
        }
        return [
            {
                "party": party,
                "due": len(due),
                "made": len(
                    due & {one.slot for one in checks_that_count(self.view, party, agreed)}
                ),
            }
            for party in present(self.view, self.founding)
        ]

    def lapses(self) -> list[Json]:
        """What was stated this day to have been waited for in vain."""
        found = [
            {
                "entry": one.entry,
                "stated_by": one.party,
                "owed_by": one.owed_by,
                "what": one.what,
                "for": one.owed_for,
                "due": one.due,
            }
            for one in lapses(self.view)
            if self._written_today(one.time)
        ]
        return sorted(found, key=lambda one: str(one["entry"]))

    def _of(self, ago_s: float) -> list[Observed]:
        """What happened, at the latest, in the 24 hours up to so long before the cut-off."""
        end_s = self.cutoff_s - ago_s
        return [one for one in self.said if end_s - DAY_S < _until_s(one) <= end_s]

    def _seeing(self, today: list[Observed]) -> list[Json]:
        """How well could be observed, by district: how many reports say so."""
        found: dict[str, Counter[str]] = {}
        for one in today:
            seeing = one.said.seeing if one.said else "unknown"
            found.setdefault(_district(one), Counter())[seeing] += 1
        return [{"district": name, "reports": dict(of)} for name, of in sorted(found.items())]

    def _who(self, a: str, b: str) -> Json:
        linked_by, disputed_by = self.counting.sides((a, b))
        return {"linked_by": sorted(linked_by), "disputed_by": sorted(disputed_by)}

    def _newest_that(self, standing: str) -> list[str]:
        """Observations whose newest version, written this day, stands so."""
        return sorted(
            _key(one)
            for one in self.newest
            if one.standing == standing
            and (standing != "retracted" or self._written_today(one.time))
        )

    def _is_host(self, visit: str, party: str) -> bool:
        doc = load(self.view, "visit", visit)
        return doc is not None and doc["host"] == party

    def _meets(self, start: str, end: str) -> bool:
        return read_time_s(start) <= self.cutoff_s and read_time_s(end) > self.from_s

    def _written_today(self, time: str) -> bool:
        return self.from_s < self._domain_s(time) <= self.cutoff_s

    def _domain_s(self, time: str) -> float:
        return within_calendar_s(read_time_s(time) + self.offset_s)


def _key(one: Observed) -> str:
    return f"{one.party}/{one.observation}"


def _kind(one: Observed) -> str:
    return one.said.kind if one.said else ""


def _district(one: Observed) -> str:
    return district_of(one.said) if one.said else ""


def _until_s(one: Observed) -> float:
    return one.said.until_s if one.said else 0.0


def _figures(one: Figures) -> Json:
    found: Json = {"reports": one.reports, "events": one.events}
    return {**found, "as_held": one.as_held} if one.as_held else found

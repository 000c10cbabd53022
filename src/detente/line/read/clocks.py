"""How far a visit is, and its clocks: functions of the entries, of receipts and of domain time.

Every clock is one of the terms' (``watching``). It runs from something the record shows, and is met
by something the record shows; whether it is late follows from the domain time alone, so that nobody
has to say so. When something was said is what its writer claims. Where no receipt is known, or the
terms have no such clock, what it would say is unknown.

A clock *stops* when the visit is cancelled, or the plan it is for superseded, before it was due:
nothing is owed then any more. What was late by then stays late.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from detente.line.abouts import Owed
from detente.line.read.base import Stamp
from detente.line.read.visits import MissionPlan, Restriction, Visit
from detente.line.terms import Terms
from detente.line.watching import VisitTimes
from detente.volumes.times import read_time_s, within_calendar_s

Receipts = Callable[[str, int, str], int | None]
"""(party, index, by) → when the node of ``by`` received that entry, POSIX seconds, real time."""

Name = Literal["notice", "acknowledge", "plan", "review", "agree", "fly", "report"]
ClockState = Literal["met", "met-late", "due", "late", "stopped", "unknown"]
Mission = Literal["none", "planned", "change-asked", "agreed"]
Phase = Literal[
    "notified",
    "acknowledged",
    "planned",
    "agreed",
    "off",
    "arrived",
    "under-way",
    "ended",
    "reported",
    "cancelled",
    "passed",
]

OWED: dict[Name, Owed] = {
    "acknowledge": "visit-acknowledge",
    "plan": "visit-plan",
    "review": "visit-review",
    "report": "visit-report",
}
"""The clocks for which an obligation stands (protocol, section 10)."""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of a visit; times are POSIX seconds, domain time.

    ``runs_for`` is the entry whose writer waits, or None. ``due_s`` is None while it is not known.
    """

    name: Name
    owed_by: str
    runs_for: Stamp | None
    due_s: float | None
    met_at_s: float | None
    state: ClockState


def claimed_s(said: Stamp, terms: Terms) -> float:
    """When an entry was written, as its writer claims, in domain time."""
    return within_calendar_s(read_time_s(said.time) + terms.clock_offset_s)


def clocks(visit: Visit, terms: Terms, receipts: Receipts, now_s: float) -> list[Clock]:
    """The clocks of a visit that have begun to run, in the order of the workflow."""
    return list(_Clocks(visit, terms, receipts, now_s).all())


def late_by_s(visit: Visit, restriction: Restriction, terms: Terms) -> float | None:
    """How much less than ``restrict_s`` before the visit it was made; 0 if in time, None: unknown.

    What is made during the visit is late by all of that time and more.
    """
    if terms.watching is None:
        return None
    last_s = visit.from_s - terms.watching.visit.restrict_s
    return max(0.0, claimed_s(restriction, terms) - last_s)


def mission(visit: Visit) -> Mission:
    """What became of the newest version of the mission plan."""
    if visit.plan is None:
        return "none"
    if visit.plan.review is None:
        return "planned"
    return "agreed" if visit.plan.review.answer == "agreed" else "change-asked"


def phase(visit: Visit, running: list[Clock], now_s: float) -> Phase:
    """How far the visit is; ``running`` are its ``clocks`` at ``now_s``.

    What either side states moves it on. A cancelled visit is so until both sides state that it
    ended, or both report; a mission without an agreed plan in time is ``off`` until it begins all
    the same; a visit that nobody says began has ``passed`` when its window has.
    """
    if len(visit.reports) == 2:
        return "reported"
    if visit.cancels and len(visit.stated("ended")) < 2:
        return "cancelled"
    if visit.stated("ended") or visit.stated("departed"):
        return "ended"
    if visit.stated("begun"):
        return "under-way"
    if now_s > visit.until_s:
        return "passed"
    if any(one.name == "agree" and one.state == "late" for one in running):
        return "off"
    return _before_it_begins(visit)


def _before_it_begins(visit: Visit) -> Phase:
    if visit.stated("arrived"):
        return "arrived"
    if visit.plan is not None:
        return "agreed" if mission(visit) == "agreed" else "planned"
    return "notified" if visit.noted is None else "acknowledged"


class _Clocks:
    """What is needed to tell the clocks of one visit."""

    def __init__(self, visit: Visit, terms: Terms, receipts: Receipts, now_s: float) -> None:
        self.visit = visit
        self.terms = terms
        self.receipts = receipts
        self.now_s = now_s
        self.times: VisitTimes | None = terms.watching.visit if terms.watching else None
        self.cancelled_s = min((self._said_s(one) for one in visit.cancels), default=None)

    def all(self) -> Iterator[Clock]:
        yield from (self.notice(), self.acknowledge())
        if self.visit.noted is not None:
            yield self.plan(self.visit.noted)
        for number, plan in enumerate(self.visit.plans):
            yield self.review(plan, self.visit.plans[number + 1 :])
        if self.visit.plans:
            yield self.agree(self.visit.plans[0])
        if self.visit.stated("arrived"):
            yield self.fly()
        yield from self.reports()

    def notice(self) -> Clock:
        due_s: float | None = None
        if self.times is not None:
            due_s = within_calendar_s(self.visit.from_s - self.times.notice_s)
        said_s = self._said_s(self.visit)
        return self._clock("notice", self.visit.guest, None, due_s, said_s)

    def acknowledge(self) -> Clock:
        due_s = self._after(self.visit, self.visit.host, "acknowledge_s")
        met_at_s = None if self.visit.noted is None else self._said_s(self.visit.noted)
        return self._clock("acknowledge", self.visit.host, self.visit, due_s, met_at_s)

    def plan(self, noted: Stamp) -> Clock:
        """Due before the visit, and not before the guest knows how the host receives it."""
        received_s = self._received_s(noted, self.visit.guest)
        due_s: float | None = None
        if self.times is not None and received_s is not None:
            due_s = max(self.visit.from_s - self.times.plan_s, received_s)
        met_at_s = min((self._said_s(one) for one in self.visit.plans), default=None)
        return self._clock("plan", self.visit.guest, noted, due_s, met_at_s)

    def review(self, plan: MissionPlan, later: tuple[MissionPlan, ...]) -> Clock:
        due_s = self._after(plan, self.visit.host, "review_s")
        met_at_s = None if plan.review is None else self._said_s(plan.review)
        replaced_s = self._said_s(later[0]) if later else None
        return self._clock("review", self.visit.host, plan, due_s, met_at_s, replaced_s)

    def agree(self, first: MissionPlan) -> Clock:
        """Both are to agree on some version; it is the host who says so."""
        due_s = self._after(first, self.visit.host, "agree_s")
        reviews = [one.review for one in self.visit.plans if one.review is not None]
        agreed_s = [self._said_s(one) for one in reviews if one.answer == "agreed"]
        met_at_s = min(agreed_s, default=None)
        return self._clock("agree", self.visit.host, None, due_s, met_at_s)

    def fly(self) -> Clock:
        """Late if it is by either side's account: from the first arrival to the last beginning."""
        arrived_s = min(one.at_s for one in self.visit.stated("arrived").values())
        begun_s = [one.at_s for one in self.visit.stated("begun").values()]
        due_s = None if self.times is None else within_calendar_s(arrived_s + self.times.fly_s)
        return self._clock("fly", self.visit.guest, None, due_s, max(begun_s, default=None))

    def reports(self) -> Iterator[Clock]:
        """Each side owes its report for the end that the other states, once it knows of that."""
        ends = self.visit.stated("ended")
        for debtor, waits in (self.visit.sides, self.visit.sides[::-1]):
            if waits not in ends:
                continue
            end = ends[waits]
            received_s = self._received_s(end, debtor)
            due_s: float | None = None
            if self.times is not None and received_s is not None:
                due_s = within_calendar_s(max(end.at_s, received_s) + self.times.report_s)
            said_s = [self._said_s(one) for one in self.visit.reported if one.party == debtor]
            met_at_s = min(said_s, default=None)
            yield self._clock("report", debtor, end, due_s, met_at_s, stops=False)

    def _clock(
        self,
        name: Name,
        owed_by: str,
        runs_for: Stamp | None,
        due_s: float | None,
        met_at_s: float | None,
        replaced_s: float | None = None,
        *,
        stops: bool = True,
    ) -> Clock:
        cancelled_s = self.cancelled_s if stops else None
        ends_s = [one for one in (replaced_s, cancelled_s) if one is not None]
        return Clock(
            name=name,
            owed_by=owed_by,
            runs_for=runs_for,
            due_s=due_s,
            met_at_s=met_at_s,
            state=self._state(due_s, met_at_s, min(ends_s, default=None)),
        )

    def _state(
        self, due_s: float | None, met_at_s: float | None, stopped_s: float | None
    ) -> ClockState:
        if due_s is None:
            return "stopped" if stopped_s is not None and met_at_s is None else "unknown"
        if met_at_s is not None:
            return "met" if met_at_s <= due_s else "met-late"
        if stopped_s is not None and stopped_s <= due_s:
            return "stopped"
        return "late" if self.now_s > due_s else "due"

    def _after(self, said: Stamp, by: str, clock: str) -> float | None:
        """So much after ``by`` received it; None where that is not known."""
        received_s = self._received_s(said, by)
        if self.times is None or received_s is None:
            return None
        within_s: int = getattr(self.times, clock)
        return within_calendar_s(received_s + within_s)

    def _received_s(self, said: Stamp, by: str) -> float | None:
        real_s = self.receipts(said.party, said.index, by)
        return None if real_s is None else self._domain_s(real_s)

    def _said_s(self, said: Stamp) -> float:
        return claimed_s(said, self.terms)

    def _domain_s(self, real_s: float) -> float:
        return within_calendar_s(real_s + self.terms.clock_offset_s)

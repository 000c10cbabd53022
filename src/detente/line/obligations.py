"""Who owes what by when: protocol section 7, "obligations".

A pure function of the state of the line, of the receipts this node knows of, and of now. Receipts
are cosignature timestamps and so in real time; everything returned is in the line's domain time,
which an exercise's clock moves.

Silence is a fact: what is not met when due is *late* until it is met. What has not been received is
said to be so, because its clock has not begun; that is no excuse, and the console shows it.
"""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from detente.line import abouts
from detente.line.founding import Founding
from detente.line.read import (
    Check,
    Lapse,
    Stamp,
    all_acknowledgements,
    checks_that_count,
    lapses,
)
from detente.line.read.agreement import in_force, joined, present, terms
from detente.line.read.clocks import OWED, Clock, clocks
from detente.line.read.members import owes_for
from detente.line.read.permissions import permissions
from detente.line.read.settlement import Proposal, proposal
from detente.line.read.visits import visits
from detente.line.terms import Terms
from detente.line.view import View, load, scan
from detente.volumes.times import format_time, read_time_s, within_calendar_s

SLOTS_BACK = 8
"""How many past line-check slots are looked at."""

State = Literal["met", "due", "late", "not-received"]
Receipts = Callable[[str, int, str], int | None]
"""(party, index, by) → when the node of ``by`` received that entry, POSIX seconds, real time."""


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing owed. Times are POSIX seconds, domain time.

    Args:
        owed_to: whoever waits: the writer of ``entry``; for a line check every other member.
        what: ``understood``, ``disseminated``, ``line-check`` or what section 10 names.
        entry: what it is owed for, or None for a line check.
        slot: the scheduled time of a line check, RFC 3339, else None.
        due_s: None while it is not received.
        met_at_s: when it was met, as its writer claims.
        lapse: the entry that states it as lapsed, if one does.
    """

    owed_by: str
    owed_to: tuple[str, ...]
    what: abouts.Owed
    entry: str | None
    slot: str | None
    due_s: float | None
    state: State
    met_at_s: float | None
    lapse: str | None


def owed(view: View, founding: Founding, receipts: Receipts, now_s: float) -> list[Obligation]:
    """Every obligation of the line, met or not; ``now_s`` is domain time.

    Sorted by due time, with what is not received first.
    """
    book = _Book(view, founding, receipts, now_s)
    found = [
        *book.acknowledgements(),
        *book.line_checks(),
        *book.permission_answers(),
        *book.visits(),
    ]
    return sorted(found, key=_order)


def answers_owed(
    view: View, founding: Founding, receipts: Receipts, now_s: float
) -> dict[str, Obligation]:
    """What hosts owe for requests, by the request's entry: of all that is owed, this alone."""
    book = _Book(view, founding, receipts, now_s)
    return {one.entry: one for one in book.permission_answers() if one.entry is not None}


def _order(obligation: Obligation) -> tuple[Any, ...]:
    due_s = obligation.due_s if obligation.due_s is not None else float("-inf")
    return (due_s, obligation.owed_by, obligation.what, obligation.entry or "")


class _Book:
    """What is needed to tell every obligation of one line, read once."""

    def __init__(self, view: View, founding: Founding, receipts: Receipts, now_s: float) -> None:
        self.view = view
        # Who has been taken in and has not come yet owes nothing, and is owed nothing.
        here = {*founding.founders, *joined(view)}
        self.founding = founding
        self.members = tuple(one for one in present(view, founding) if one in here)
        self.in_force = in_force(view, founding)
        self.receipts = receipts
        self.now_s = now_s
        self.terms: Terms = terms(view, founding)
        self.acks = all_acknowledgements(view)
        self.lapses = _by_debt(lapses(view))
        self.recalled = {entry for entry, _ in view.scan("recall")}

    def acknowledgements(self) -> Iterator[Obligation]:
        for key, row in scan(self.view, "entry"):
            if row["void"] is not None or row["id"] in self.recalled:
                # Nobody can understand what is gone; that it is gone is owed for its recall.
                continue
            proposed: Proposal | None = None
            if row["type"] == abouts.PROPOSAL:
                proposed = proposal(self.view, row["id"])
                if proposed is None or proposed.void is not None:
                    # Void by the logs of its sides. Nothing else that is owed for can be so.
                    continue
            times_s = _deadlines(self.terms, row["type"], row["about"])
            writer, _, index = key.partition("/")
            # Who has left is owed nothing any more, and owes nothing.
            for debtor in self.members if times_s and writer in self.members else ():
                if debtor != writer and self._was_told(debtor, writer, int(index)):
                    received_s = self.receipts(writer, int(index), debtor)
                    for what, within_s in times_s.items():
                        met_at_s = self._met_at_s(row["id"], debtor, what, proposed)
                        yield self._owed(
                            row["id"], writer, debtor, what, received_s, within_s, met_at_s
                        )

    def _owed(
        self,
        entry: str,
        writer: str,
        debtor: str,
        what: abouts.Owed,
        received_s: float | None,
        within_s: float,
        met_at_s: float | None,
    ) -> Obligation:
        """What ``debtor`` owes for an entry, from its receipt on."""
        due_s = None if received_s is None else self._domain_s(received_s) + within_s
        return Obligation(
            owed_by=debtor,
            owed_to=(writer,),
            what=what,
            entry=entry,
            slot=None,
            due_s=due_s,
            state=self._state(met_at_s is not None, due_s),
            met_at_s=met_at_s,
            lapse=self.lapses.get((debtor, what, entry)),
        )

    def _met_at_s(
        self, entry: str, debtor: str, what: abouts.Owed, proposed: Proposal | None
    ) -> float | None:
        """When ``debtor`` first said what it owed, as it claims; ``proposed``: for a proposal."""
        # What has been disseminated has been understood, and so has a proposal that was answered.
        enough = ("disseminated",) if what == "disseminated" else ("understood", "disseminated")
        said = [
            ack.time
            for ack in self.acks.get(entry, [])
            if ack.party == debtor and ack.level in enough
        ]
        # Only the side that was asked answers: anybody else's assent is void, and meets nothing.
        answer = proposed.answer if proposed and proposed.answered_by == debtor else None
        if what == "understood" and answer is not None:
            said.append(answer.time)
        return min((self._domain_s(read_time_s(time)) for time in said), default=None)

    def line_checks(self) -> Iterator[Obligation]:
        if not self.in_force:
            return
        slots_s = list(_slots_s(self.terms, self.now_s))
        grace_s = self.terms.line_checks.grace_s
        for debtor in self.members:
            made = checks_that_count(self.view, debtor, self.terms) if slots_s else []
            since_s = self._since_s(debtor)
            for slot_s in (one for one in slots_s if one >= since_s):
                slot, due_s = format_time(slot_s), slot_s + grace_s
                met_at_s = self._checked_s(made, slot)
                yield Obligation(
                    owed_by=debtor,
                    owed_to=tuple(party for party in self.members if party != debtor),
                    what="line-check",
                    entry=None,
                    slot=slot,
                    due_s=due_s,
                    state=self._state(met_at_s is not None, due_s),
                    met_at_s=met_at_s,
                    lapse=self.lapses.get((debtor, "line-check", format_time(due_s))),
                )

    def permission_answers(self) -> Iterator[Obligation]:
        """What hosts owe for requests, but for those given up before they were answered."""
        watching = self.terms.watching
        for one in permissions(self.view, self.founding) if watching else ():
            given_up = one.forgone is not None and one.reply is None
            if given_up or one.party not in self.members or one.host not in self.members:
                continue
            if watching and self._was_told(one.host, one.party, one.index):
                yield self._owed(
                    one.entry,
                    one.party,
                    one.host,
                    "permission-answer",
                    self.receipts(one.party, one.index, one.host),
                    watching.answer_s,
                    None if one.reply is None else one.reply.at_s,
                )

    def visits(self) -> Iterator[Obligation]:
        """What the two sides of each visit owe, by its clocks that have not been stopped."""
        if self.terms.watching is None:
            return
        for visit in visits(self.view):
            running = clocks(visit, self.terms, self.receipts, self.now_s)
            for one in running if set(visit.sides) <= set(self.members) else ():
                said = one.runs_for
                if one.name not in OWED or said is None or one.state == "stopped":
                    continue
                if self._was_told(one.owed_by, said.party, said.index):
                    yield self._of_clock(one, said)

    def _of_clock(self, clock: Clock, said: Stamp) -> Obligation:
        what = OWED[clock.name]
        return Obligation(
            owed_by=clock.owed_by,
            owed_to=(said.party,),
            what=what,
            entry=said.entry,
            slot=None,
            due_s=clock.due_s,
            state=self._state(clock.met_at_s is not None, clock.due_s),
            met_at_s=clock.met_at_s,
            lapse=self.lapses.get((clock.owed_by, what, said.entry)),
        )

    def _was_told(self, party: str, writer: str, index: int) -> bool:
        return owes_for(self.view, self.founding, party, writer, index)

    def _since_s(self, party: str) -> float:
        """From when on a member checks the line: one taken in, from when it says it joined."""
        if party in self.founding.founders:
            return -math.inf
        return self._domain_s(read_time_s((load(self.view, "join", party) or {})["time"]))

    def _checked_s(self, made: list[Check], slot: str) -> float | None:
        """When a slot was first checked."""
        times_s = [self._domain_s(read_time_s(check.time)) for check in made if check.slot == slot]
        return next(iter(times_s), None)

    def _state(self, met: bool, due_s: float | None) -> State:
        if met:
            return "met"
        if due_s is None:
            return "not-received"
        return "late" if self.now_s > due_s else "due"

    def _domain_s(self, real_s: float) -> float:
        # A peer's claim of a time may lie at the calendar's edge, and an exercise move it beyond.
        return within_calendar_s(real_s + self.terms.clock_offset_s)


def _deadlines(terms: Terms, type_: str, about: dict[str, Any]) -> dict[abouts.Owed, int]:
    """What is owed for an entry of this kind, and within how many seconds of receipt."""
    times = terms.acknowledge
    match type_:
        case abouts.RELEASE | abouts.WITHDRAW:
            return {"understood": times.understood_s, "disseminated": times.disseminated_s}
        case abouts.PROPOSAL | abouts.RECALL:
            return {"understood": times.understood_s}
        case abouts.MESSAGE if about["precedence"] == "urgent-safety":
            return {"understood": times.urgent_understood_s, "disseminated": times.disseminated_s}
        case abouts.MESSAGE:
            return {"understood": times.understood_s}
    return {}


def _by_debt(stated: list[Lapse]) -> dict[tuple[str, str, str], str]:
    """The entry that states each lapse: by debtor, what, and entry or due time."""
    found: dict[tuple[str, str, str], str] = {}
    for lapse in sorted(stated, key=lambda lapse: (lapse.party, lapse.index), reverse=True):
        found[lapse.owed_by, lapse.what, lapse.owed_for or lapse.due] = lapse.entry
    return found


def _slots_s(terms: Terms, now_s: float) -> Iterator[float]:
    """The last slots before now, oldest first, and the next one; none before the terms begin."""
    hours = terms.line_checks.hours_utc
    if not hours:
        return
    today = datetime.fromtimestamp(now_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days_back = SLOTS_BACK // len(hours) + 1
    slots_s = [
        (today + timedelta(days=day, hours=hour)).timestamp()
        for day in range(-days_back, 2)
        for hour in hours
    ]
    past_s = [slot_s for slot_s in slots_s if slot_s <= now_s][-SLOTS_BACK:]
    next_s = [slot_s for slot_s in slots_s if slot_s > now_s][:1]
    yield from (slot_s for slot_s in past_s + next_s if slot_s >= terms.effective_from_s)

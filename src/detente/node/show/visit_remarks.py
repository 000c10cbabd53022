"""What of a visit is out of order, in sentences for an officer.

A time is told in whole minutes that have passed for certain: who is told of a lateness holds it
against somebody.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from detente.line import read
from detente.line.read import Clock, Restriction, Visit
from detente.line.read.visits import Statement
from detente.line.terms import Terms
from detente.node.show.reader import LineReader
from detente.volumes.times import format_time


def remarks(reader: LineReader, visit: Visit, running: Sequence[Clock]) -> Iterator[str]:
    """What is out of order, in sentences."""
    by_name: Mapping[str, Clock] = {one.name: one for one in running}
    notice = by_name["notice"]
    if notice.state == "met-late":
        yield f"the notice was given {_too_late(_late_s(notice), reader.terms, 'notice_s')}"
    for one in visit.restrictions:
        late = late_words(reader, visit, one)
        if late:
            made = format_time(int(read.claimed_s(one, reader.terms)))
            yield f"the restriction by {visit.host} was {late}, at {made}"
    agree = by_name.get("agree")
    if agree is not None and agree.state == "late":
        yield f"no plan was agreed by {format_time(agree.due_s or 0)}: off by the terms"
    if agree is not None and agree.state == "met-late":
        yield f"a plan was agreed {_span(_late_s(agree))} after it was off by the terms"
    if visit.stated("begun") and read.mission(visit) != "agreed":
        yield "it began without an agreed mission plan"
    if visit.plan is not None and visit.plan.changed:
        yield f"{visit.plan.activity} went on to a version that the mission plan does not name"
    for inspection in visit.inspections:
        if inspection.finding == "differs":
            yield f"the inspection by {inspection.party} found other equipment than agreed"
    for item in visit.items:
        if item.broken_by:
            yield f"{item.name} was found broken by {', '.join(_who(item.broken_by))}"
        elif item.state == "differing":
            yield f"the two seals on {item.name} differ"
    for session in visit.sessions:
        if session.state == "differing":
            yield f"the two sides hold different logs of session {session.name}"
    if visit.accounts == "two":
        yield "the two sides' reports differ"


def _who(said: Sequence[Statement]) -> list[str]:
    return sorted({one.party for one in said})


def late_words(reader: LineReader, visit: Visit, one: Restriction) -> str:
    """By how much a restriction is late, and against what; empty if it is not known to be."""
    late_s = read.late_by_s(visit, one, reader.terms)
    return f"made {_too_late(late_s, reader.terms, 'restrict_s')}" if late_s else ""


def _too_late(late_s: float, terms: Terms, clock: Literal["notice_s", "restrict_s"]) -> str:
    before_s: int = getattr(terms.watching.visit, clock) if terms.watching else 0
    return (
        f"{_span(late_s)} later than the terms allow ({_plain_span(before_s)} before the visit "
        "begins)"
    )


def _late_s(clock: Clock) -> float:
    return (clock.met_at_s or 0) - (clock.due_s or 0)


def _span(seconds: float) -> str:
    """A time for an officer, in whole minutes: as much as has passed for certain."""
    if seconds < 60:
        return "less than 1 min"
    hours, rest = divmod(int(seconds // 60), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def _plain_span(seconds: int) -> str:
    """A time of the terms: whole hours are given as such."""
    return _span(seconds) if seconds % 3600 else f"{seconds // 3600} h"

"""Daily reports: the day as it is seen here, publishing ours, and checking everybody's."""

from datetime import UTC, datetime, timedelta

import msgspec

from detente.errors import StateError
from detente.line import Draft, Founding, daily_draft, read
from detente.line.bodies import DailyBody
from detente.line.read.daily import Daily, Day, dailies
from detente.node.clock import domain_now_s
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show.heard import known_size
from detente.node.show.reader import LineReader
from detente.node.together import joint_part
from detente.node.together.joint_part import Joint, Missing
from detente.node.views import EntryView
from detente.node.views.daily import DailyReportView, DailyView
from detente.node.writing import seen_now
from detente.observations import narrowest
from detente.store import logs
from detente.store.store import Tx
from detente.volumes.times import format_time, parse_time_s

DAYS_MAX = 14
"""Days of which the reports are listed at once; any other day is shown when it is asked for."""
REPLACED = Missing("its party has replaced it by a later one")


class Reporting:
    """The part of a node's door that is about daily reports."""

    _core: Core

    def daily(self, line: str, day: str) -> DailyView:
        """A day (2021-08-09): its joint part by all that is held here, and everybody's reports."""
        with self._core.store.read() as tx:
            return _day(LineReader(self._core, tx, line), day)

    def daily_joint(self, line: str, day: str) -> bytes:
        """The joint part of a day by all that is held here, as the bytes that are hashed."""
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line)
            return _by_all_held(reader, _agreed(reader, day)).raw

    def dailies(self, line: str) -> list[DailyReportView]:
        """The daily reports of the newest days, each with whether we compute its joint part alike.

        Of several by one party for one day only the newest is computed.
        """
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line)
            return _reports(reader, None)

    def last_day(self, line: str) -> str:
        """The newest day whose cut-off is past."""
        with self._core.store.read() as tx:
            return _last_day(LineReader(self._core, tx, line))

    def publish_daily(
        self,
        line: str,
        day: str,
        own: DailyBody,
        *,
        shown: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Publish our report of a day; ``shown`` is the joint part's hash that was decided upon.

        Raises StateError before the cut-off, and if the joint part is not ``shown`` any more.
        """
        return _publish(self._core, line, day, own, shown=shown, officer=officer, key=key)


def _publish(
    core: Core,
    line: str,
    day: str,
    own: DailyBody,
    *,
    shown: str | None,
    officer: str,
    key: str | None,
) -> EntryView:
    with core.store.read() as tx:
        # Computed before the writer is held up by it; what arrives in between is computed there.
        reader = LineReader(core, tx, line)
        _by_all_held(reader, _agreed(reader, day))

    def make(reader: LineReader) -> Draft:
        which = _agreed(reader, day)
        if reader.now_s <= which.cutoff_s:
            raise StateError(
                f"the day {day} is not over before {joint_part.ends(which)}",
                where="daily report",
                remedy="publish it then",
            )
        part = _by_all_held(reader, which)
        if shown is not None and shown != part.sha256:
            raise StateError(
                "the joint part has changed since it was looked at",
                where="daily report",
                remedy="look at what would be published now",
            )
        return daily_draft(which.name, which.cutoff_s, part.sha256, own)

    content = {"day": day, "own": msgspec.to_builtins(own), "shown": shown}
    return say(core, line, make, officer=officer, key=key, action="daily", content=content)


def _agreed(reader: LineReader, day: str) -> Day:
    return joint_part.day_of(joint_part.cutoff_utc(reader.tx, reader.founding), day)


def _last_day(reader: LineReader) -> str:
    cutoff = joint_part.cutoff_utc(reader.tx, reader.founding)
    now_s = domain_now_s(reader.core.clock, reader.terms)
    today = datetime.fromtimestamp(now_s, UTC)
    hours = (today - today.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    return (today - timedelta(days=hours <= cutoff * 3600)).date().isoformat()


def _seen(reader: LineReader) -> dict[str, int]:
    """How much of each log our next entry will say that it has seen; of our own, all."""
    core, founding = reader.core, reader.founding
    seen = {one: at.size for one, at in seen_now(core, reader.tx, founding, reader.rows).items()}
    return {**seen, core.party: logs.size(reader.tx, founding.id, core.party)}


def _by_all_held(reader: LineReader, day: Day) -> Joint:
    found = joint_part.joint(reader.core, reader.tx, reader.founding, day, _seen(reader))
    if isinstance(found, Missing):
        raise StateError(
            f"the joint part cannot be computed: {found.why}",
            where=f"line {reader.name}",
            remedy="wait until it is held, or verify the record",
        )
    return found


def _day(reader: LineReader, name: str) -> DailyView:
    day = _agreed(reader, name)
    found = _by_all_held(reader, day)
    own = reader.core.party
    return DailyView(
        line=reader.id,
        line_name=reader.name,
        exercise=reader.terms.exercise.name if reader.terms.exercise else None,
        party=own,
        day=name,
        cutoff=joint_part.ends(day),
        over=reader.now_s > day.cutoff_s,
        joint=found.part,
        joint_sha256=found.sha256,
        marking=narrowest(
            one.marking for one in read.observations(reader.rows) if one.said and one.marking
        ),
        missing=[
            f"{missing:,} of {party}"
            for party in read.present(reader.rows, reader.founding)
            if party != own
            and (
                missing := known_size(reader.core, reader.tx, reader.id, party)
                - logs.size(reader.tx, reader.id, party)
            )
            > 0
        ],
        reports=_reports(reader, name),
    )


def _reports(reader: LineReader, day: str | None) -> list[DailyReportView]:
    found = dailies(reader.rows, day)
    # Each is computed of the whole record: a peer chooses how many reports there are, not we.
    # Days that have not come are shown when they are asked for: they must not crowd out the rest.
    today = format_time(reader.now_s)[:10]
    come = {one.day for one in found if day is not None or one.day <= today}
    days = set(sorted(come, reverse=True)[:DAYS_MAX])
    found = [one for one in found if one.day in days]
    newest = {(one.party, one.day): one.entry for one in found}
    held = _seen(reader)
    return [
        _report(reader, one, held, newest=newest[one.party, one.day] == one.entry) for one in found
    ]


def _report(
    reader: LineReader, one: Daily, held: dict[str, int], *, newest: bool
) -> DailyReportView:
    founding = reader.founding
    day = Day(one.day, parse_time_s(one.cutoff))
    seen = _seen_by(reader.tx, founding, one)
    computed: Joint | Missing = REPLACED
    if newest:
        computed = joint_part.joint(reader.core, reader.tx, founding, day, seen)
    verdict, why, sha256 = "unknown", "", None
    if isinstance(computed, Missing):
        why = computed.why
    else:
        sha256 = computed.sha256
        verdict = "agrees" if sha256 == one.joint_sha256 else "differs"
    return DailyReportView(
        id=one.entry,
        line=reader.id,
        party=one.party,
        own=reader.is_own(one.party),
        time=one.time,
        day=one.day,
        cutoff=one.cutoff,
        as_agreed=_is_agreed(reader, day),
        joint_sha256=one.joint_sha256,
        computed_sha256=sha256,
        verdict=verdict,
        why=why,
        behind=_behind(reader, day, seen, held),
        newest=newest,
        own_part=one.own,
        unknown_own=one.unknown,
        receipts=reader.receipts(one.party, one.index),
    )


def _seen_by(tx: Tx, founding: Founding, one: Daily) -> dict[str, int]:
    """How much of each log the writer of a report had seen, by what it signed."""
    [header] = logs.headers(tx, founding.id, one.party, one.index, 1)
    return {**{party: seen.size for party, seen in header.seen.items()}, one.party: one.index}


def _behind(
    reader: LineReader, day: Day, seen: dict[str, int], held: dict[str, int]
) -> dict[str, int]:
    """Entries up to the cut-off that are held here and that the writer had not seen."""
    found = {}
    for party in reader.founding.members:
        of = [
            joint_part.beginning(reader.tx, reader.founding, party, limit, day.cutoff_s)
            for limit in (held.get(party, 0), seen.get(party, 0))
        ]
        if of[0] > of[1]:
            found[party] = of[0] - of[1]
    return found


def _is_agreed(reader: LineReader, day: Day) -> bool:
    """Whether a report was cut off as the terms in force have it."""
    watching = reader.terms.watching
    return watching is not None and joint_part.day_of(watching.cutoff_utc, day.name) == day

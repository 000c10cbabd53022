"""One line as one snapshot of the store shows it, with what several views need of it read once."""

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property

from detente.errors import NotFoundError
from detente.line import Founding, Terms, read
from detente.line.conflict_id import Pair
from detente.line.read import Version
from detente.node import evidence, quota
from detente.node.clock import domain_now_s
from detente.node.core import Core
from detente.node.replica import engine_words
from detente.node.show.heard import known_size
from detente.node.views import AcknowledgementView
from detente.store import aside, logs, plans
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes import Activity
from detente.volumes.times import format_time

TALK = ("ack", "answer", "entry", "id", "message", "proposal")
"""Kinds of rows that say of an entry what was said to it, and whether it counts."""
_WHY_UNKNOWN = {
    "recalled": "was recalled by its party",
    "not-held": "is not held here",
    "unreadable": "cannot be read here",
}
NAMED_MAX = 3
"""Activities that are named where some have not been compared."""


class LineReader:
    """Reads one line inside ``tx``; good for as long as that lasts."""

    def __init__(self, core: Core, tx: Tx, line: str) -> None:
        self.core = core
        self.tx = tx
        self.founding: Founding = core.founding(tx, line)
        self.rows = rows_of(tx, self.founding.id)
        self._listing = False
        self._knows_all = True
        self._newest: dict[Pair, Version | None] = {}

    @property
    def id(self) -> str:
        """The line's id."""
        return self.founding.id

    @property
    def name(self) -> str:
        """The line's name."""
        return self.founding.name

    @cached_property
    def other_lines(self) -> "list[LineReader]":
        """Our other lines, in the same snapshot."""
        lines = self.core.lines(self.tx)
        return [LineReader(self.core, self.tx, one.id) for one in lines if one.id != self.id]

    @cached_property
    def terms(self) -> Terms:
        """The terms that hold."""
        return read.terms(self.rows, self.founding)

    @cached_property
    def now_s(self) -> float:
        """The line's domain time."""
        return domain_now_s(self.core.clock, self.terms)

    @cached_property
    def titles(self) -> dict[str, str]:
        """Our private titles of own plans, by activity id."""
        return {plan.id: plan.title for plan in plans.all_plans(self.tx)}

    def holds(self, entry: str) -> bool:
        """Whether an entry of this id is on the line, as far as is known here."""
        return self.rows.get("id", entry) is not None

    def acknowledgements_of(self, entry: str) -> list[AcknowledgementView]:
        """The acknowledgements of one entry, in the order they were claimed to be written."""
        found = sorted(read.acknowledgements(self.rows, entry), key=lambda one: one.time)
        return [
            AcknowledgementView(
                entry=one.entry,
                party=one.party,
                level=one.level,
                note=one.note or "",
                time=one.time,
            )
            for one in found
        ]

    @cached_property
    def _received(self) -> dict[tuple[str, str], tuple[list[int], list[int]]]:
        """Per log and cosigner: the sizes cosigned, rising, and since when each was held.

        That is the earliest time under it or a later size. Else whoever had signed for more could
        still sign for less, later, and so owe its answer later.
        """
        found: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
        for party in self.founding.members:
            for one in reversed(logs.cosigned_above(self.tx, self.id, party, -1)):
                sizes, times_s = found.setdefault((party, one.cosigner), ([], []))
                sizes.append(one.size)
                times_s.append(min([one.time_s, *times_s[-1:]]))
        return {of: (sizes[::-1], times_s[::-1]) for of, (sizes, times_s) in found.items()}

    def received_s(self, party: str, index: int, by: str) -> int | None:
        """When the node of ``by`` received an entry: the first it signed for having it."""
        sizes, times_s = self._received.get((party, by), ([], []))
        first = bisect_right(sizes, index)
        return times_s[first] if first < len(sizes) else None

    def receipts(self, party: str, index: int) -> dict[str, str | None]:
        """When every other member received an entry of ``party``, real time."""
        if self._listing:
            times_s = {by: self.received_s(party, index, by) for by in self.founding.members}
        else:
            times_s = {**logs.received(self.tx, self.id, party, index)}
        found: dict[str, str | None] = {}
        for member in self.founding.members:
            if member != party:
                time_s = times_s.get(member)
                found[member] = None if time_s is None else format_time(time_s)
        return found

    def witnesses(self, party: str, index: int) -> dict[str, str | None]:
        """When each witness cosigned a checkpoint that covers an entry, real time."""
        names = [one.name for one in self.terms.witnesses]
        if self._listing:
            times_s = {name: self.received_s(party, index, name) for name in names}
        else:
            times_s = {**logs.received(self.tx, self.id, party, index)} if names else {}
        return {
            name: None if (time_s := times_s.get(name)) is None else format_time(time_s)
            for name in names
        }

    def joint(
        self, receipts: Mapping[str, str | None], seen: Mapping[str, str | None]
    ) -> str | None:
        """Since when an entry is joint: signed for by every other party, and every witness.

        A party that has left without having received it is a party no more.
        """
        present = read.present(self.rows, self.founding)
        owed = [*seen.values(), *(at for by, at in receipts.items() if at or by in present)]
        return max([at for at in owed if at], default=None) if all(owed) else None

    def near(self, activity: Activity) -> set[Pair] | None:
        """Released activities of others that might conflict with this one; None: not known now."""
        replica = self.core.engine.replica(self.founding)
        found = replica.near(self.tx, self.terms.separation, activity)
        self._knows_all = self._knows_all and found is not None
        return found

    @cached_property
    def uncompared(self) -> read.Uncompared:
        """What of the line has not been compared."""
        return read.uncompared(self.rows)

    def unknown_of_plans(self) -> list[str]:
        """Why conflicts of own plans asked for so far are not all known; empty if they are."""
        if self._knows_all:
            return []
        progress = self.core.engine.replica(self.founding).progress
        return [f"conflicts of our plans are not known: {engine_words(progress)}"]

    def unknown(self) -> list[str]:
        """Why conflicts asked for so far are not all known, in sentences; empty if they are."""
        said = self.unknown_of_plans()
        if self.uncompared.everything:
            said.append("nothing has been compared yet under the terms that have come into force")
        elif names := sorted(f"{party} {one}" for party, one in self.uncompared.activities):
            more = f" and {len(names) - NAMED_MAX:,} more" if len(names) > NAMED_MAX else ""
            said.append(f"not compared yet: {', '.join(names[:NAMED_MAX])}{more}")
        return said + self._unknown_contents() + self._refused() + self._missing() + self._forked()

    def _refused(self) -> list[str]:
        """Whose entries are not taken: what they have said since is not known here."""
        return [
            f"what {party} goes on with is not taken here: its quota is used up"
            for party in read.present(self.rows, self.founding)
            if quota.refuses(self.tx, self.id, party)
        ]

    def _missing(self) -> list[str]:
        """Whose logs are known to be longer than what is held: anything may stand in the rest.

        Ours may be as well, in a store that was brought back from an older copy.
        """
        said = []
        for party in read.present(self.rows, self.founding):
            held = logs.size(self.tx, self.id, party)
            if aside.kept(self.tx, self.id, party)[0]:
                said.append(
                    f"entries of {party} are kept aside: those before them are missing here"
                )
            elif missing := known_size(self.core, self.tx, self.id, party) - held:
                entries = "1 entry" if missing == 1 else f"{missing:,} entries"
                said.append(f"not held here yet: {entries} of {party}")
        return said

    def _forked(self) -> list[str]:
        """Who has signed two histories: only one is held here, and others may act on the other."""
        return [
            f"{party} has signed two histories: what the other one says is not known here"
            for party in read.present(self.rows, self.founding)
            if evidence.binding(self.core, self.tx, self.founding, party)
        ]

    def _unknown_contents(self) -> list[str]:
        """What is released and may be anywhere, since what it occupies is not known here.

        A conflict that only its recalled content told of has left no trace: whoever never had
        that content could not know of it, and all members hold the same (protocol, section 7).
        """
        found = [
            f"what {one.party} {one.id} occupies {_WHY_UNKNOWN[one.unknown]}"
            for one in read.activities(self.rows)
            if one.state == "released" and one.unknown is not None
        ]
        more = [f"and so {len(found) - NAMED_MAX:,} more"] if len(found) > NAMED_MAX else []
        return found[:NAMED_MAX] + more

    def newest(self, pair: Pair) -> Version | None:
        """The newest version of an activity, read once."""
        if pair not in self._newest:
            self._newest[pair] = read.newest(self.rows, *pair)
        return self._newest[pair]

    def version_of(self, party: str, activity_id: str, entry: str) -> Version | None:
        """The version of an activity that an entry released."""
        versions = read.versions(self.rows, party, activity_id)
        return next((one for one in versions if one.entry == entry), None)

    def for_list(self) -> "LineReader":
        """The same, having read at once what a list of many entries asks for one by one."""
        self.rows.read_whole(*TALK)
        self._listing = True
        return self

    def void(self, party: str, index: int) -> str | None:
        """Why an entry changes nothing, in a sentence, or None."""
        void = read.void_of(self.rows, party, index)
        return None if void is None else void.why

    def is_own(self, party: str) -> bool:
        """Whether that is us."""
        return party == self.core.party


def no_such(what: str, name: str, founding: Founding) -> NotFoundError:
    """The error for something that is not on this line."""
    return NotFoundError(
        f"there is no {what} {name[:80]!r}",
        where=f"line {founding.name}",
        remedy="list what is on the line and take an id from there",
    )

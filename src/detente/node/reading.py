"""The half of a node's door that only reads: each call is one snapshot of the store."""

import msgspec

from detente.line import state_document
from detente.node import admitting, measuring, proving, views
from detente.node.core import Core
from detente.node.show import (
    activities,
    commitments,
    conflicts,
    keys,
    lines,
    recalls,
    record,
    suggestions,
    talk,
)
from detente.node.show.reader import LineReader
from detente.store import changes, plans
from detente.volumes.times import format_time


class Reading:
    """Everything of a node that may be looked at without changing anything."""

    def __init__(self, core: Core) -> None:
        """Use ``Node.open``."""
        self._core = core

    def lines(self) -> list[views.LineView]:
        """All lines this node has joined, by name."""
        with self._core.store.read() as tx:
            return [
                lines.line(LineReader(self._core, tx, founding.id))
                for founding in self._core.lines(tx)
            ]

    def line(self, id_or_name: str) -> views.LineView:
        """One line: members, terms, state."""
        with self._core.store.read() as tx:
            return lines.line(LineReader(self._core, tx, id_or_name))

    def founding(self, line: str) -> bytes:
        """The document a line was founded by, byte for byte."""
        with self._core.store.read() as tx:
            return self._core.founding(tx, line).raw

    def admissions(self, line: str) -> views.AdmissionsView:
        """Who is being taken into a line or was, and how much a newcomer is sent."""
        with self._core.store.read() as tx:
            return admitting.admissions(LineReader(self._core, tx, line))

    def activities(self, line: str) -> list[views.ReleasedView]:
        """The newest version of every activity on a line."""
        with self._core.settled() as tx:
            return activities.released(LineReader(self._core, tx, line).for_list())

    def conflicts(self, line: str) -> list[views.ConflictView]:
        """Where activities meet: joint conflicts as every member has them, then our own."""
        return self.conflicts_and_unknown(line).conflicts

    def conflicts_and_unknown(self, line: str) -> views.ConflictsView:
        """The same, and why they may not be all: what has not been compared yet."""
        with self._core.settled() as tx:
            reader = LineReader(self._core, tx, line).for_list()
            own = activities.plan_activities(self._core, tx)
            found = [*conflicts.joint(reader), *conflicts.own(reader, own)]
            return views.ConflictsView(conflicts=found, unknown=reader.unknown())

    def conflict(self, line: str, conflict: str, basis: str = "joint") -> views.ConflictView:
        """One conflict, ``joint`` or ``own``, with every kind of change that would end it."""
        with self._core.settled() as tx:
            reader = LineReader(self._core, tx, line)
            if basis == "own":
                plans = activities.plan_activities(self._core, tx)
                return conflicts.one_own(reader, plans, conflict)
            return conflicts.one_joint(reader, conflict)

    def prospect(
        self, line: str, conflict: str, moves: str, shift: views.ShiftView
    ) -> views.ProspectView:
        """What a change of what ``moves`` has released would do. Nothing is written."""
        with self._core.settled() as tx:
            reader = LineReader(self._core, tx, line)
            return conflicts.prospect_of(reader, conflict, moves, suggestions.shift_of(shift))

    def messages(self, line: str) -> list[views.MessageView]:
        """All messages, by the time their writers claim."""
        with self._core.store.read() as tx:
            return talk.messages(LineReader(self._core, tx, line).for_list())

    def recalls(self, line: str) -> list[views.RecallView]:
        """Every recall, and who by what is known here still holds what it recalls."""
        with self._core.store.read() as tx:
            return recalls.recalls(LineReader(self._core, tx, line).for_list())

    def commitments(self, line: str) -> list[views.CommitmentView]:
        """Every commitment, and how it was opened."""
        with self._core.store.read() as tx:
            return commitments.commitments(LineReader(self._core, tx, line).for_list())

    def proposals(self, line: str) -> list[views.ProposalView]:
        """All proposals, and what became of each."""
        with self._core.settled() as tx:
            return talk.proposals(LineReader(self._core, tx, line).for_list())

    def obligations(self, line: str) -> list[views.ObligationView]:
        """What is owed on a line, met or not, by when it is due."""
        with self._core.store.read() as tx:
            return talk.obligations(LineReader(self._core, tx, line).for_list())

    def logs(self, line: str) -> list[views.LogView]:
        """Every party's log, and how much of it each other member has signed for holding."""
        with self._core.store.read() as tx:
            return record.held_logs(LineReader(self._core, tx, line))

    def entries(
        self, line: str, party: str | None = None, start: int = 0, limit: int = 100
    ) -> list[views.EntryView]:
        """Entries of one log by index, or of all by the times they claim."""
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line).for_list()
            return record.entries(reader, party, start, limit)

    def entry(self, line: str, entry_id: str) -> views.EntryView:
        """One entry."""
        with self._core.store.read() as tx:
            return record.entry(LineReader(self._core, tx, line), entry_id)

    def state_document(self, line: str) -> bytes:
        """The line's state as canonical JSON: equal bytes wherever the same entries are held."""
        with self._core.settled() as tx:
            return state_document(LineReader(self._core, tx, line).rows)

    def links(self, line: str) -> list[views.LinkView]:
        """How every other member is reached, and forks it was caught in."""
        with self._core.store.read() as tx:
            return lines.link_views(LineReader(self._core, tx, line))

    def keys(self, line: str) -> list[views.PartyKeysView]:
        """Which keys every member signs with on a line, since when, and who knows its card."""
        with self._core.store.read() as tx:
            return keys.keys(LineReader(self._core, tx, line))

    def witnesses(self, line: str) -> list[views.WitnessView]:
        """The witnesses that a line's terms name, and how much each has signed for."""
        with self._core.store.read() as tx:
            return lines.witness_views(LineReader(self._core, tx, line))

    def proofs(self, line: str) -> list[views.ProofView]:
        """Every fork a party or a witness was caught in, as a proof to be carried away."""
        return proving.proofs(self._core, line)

    def phrases(self) -> list[views.PhraseView]:
        """The phrasebook."""
        return talk.phrases()

    def changes_since(self, n: int, limit: int = 1000) -> list[views.ChangeView]:
        """The first ``limit`` changes numbered above ``n``."""
        with self._core.store.read() as tx:
            return [
                views.ChangeView(n=change.n, line=change.line, kind=change.kind, key=change.key)
                for change in changes.since(tx, n, limit)
            ]

    def newest_change(self) -> int:
        """The newest change number; 0 before the first change."""
        with self._core.store.read() as tx:
            return changes.newest(tx)

    def wait_change(self, n: int, timeout_s: float) -> int:
        """Wait for a change numbered above ``n``; the newest number, then or when time is up."""
        return self._core.store.wait_change(n, timeout_s)

    def audit(self, start: int = 0, limit: int = 100) -> list[views.AuditView]:
        """The internal audit log from row ``start`` on."""
        with self._core.store.read() as tx:
            return [
                views.AuditView(
                    n=act.n,
                    time=format_time(act.time_s),
                    officer=act.officer,
                    action=act.action,
                    subject=act.subject,
                    detail=msgspec.json.decode(act.detail),
                )
                for act in plans.acts(tx, start, limit)
            ]

    def engine(self) -> views.EngineView:
        """How far the conflict engine is, and how much memory it takes."""
        with self._core.store.read() as tx:
            return measuring.engine_of(self._core, tx)

    def quota_word(self) -> str:
        """``ok``, ``near`` or ``refused``: how far the members' quotas are used up."""
        with self._core.store.read() as tx:
            return measuring.quota_word(self._core, tx)

    def metrics(self) -> dict[str, float]:
        """Counters since the node was opened (``…_total``), and how much it holds now."""
        return measuring.metrics(self._core)

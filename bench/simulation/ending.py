"""How a run ends: the network heals, and what a line promises must come true.

In a few rounds, in each of which any two nodes do one exchange: all honest nodes hold all that was
acknowledged, every node has cosigned it, the state is the same byte for byte and is what a brute
force over the entries gives, every party can write, and whoever signed two histories has been found
out by everybody.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

from bench.simulation import oracle
from bench.simulation.disk import BEGIN_S, DATABASE
from bench.simulation.safety import reread
from bench.simulation.station import Station
from bench.simulation.truth import check, header_of, root_of
from detente.node.views import EntryView

if TYPE_CHECKING:
    from bench.simulation.world import World

ROUNDS_MAX = 3
"""Entries reach everybody in the first; the last cosignatures may take one more, or two."""


class Ending:
    """The end of one run."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._truth = world.truth
        self._honest = [world.stations[party] for party in world.honest]

    def run(self) -> None:
        """Heal, and check. Raises ViolationError."""
        self._heal()
        self._level("after the network has healed", self._lacking)
        self._recover_keys()
        for party in self._writers():
            what = self._world.urge(party)
            check(what.startswith(f"{party}/"), f"{party} cannot write any more: {what}")
        self._world.settle()
        self._level("after everybody has written again", self._unfinished)
        self._check_witness()
        if any(True for one in self._honest for _ in self._not_accused(one)):
            # The last exchange may have brought the second history, which is in nobody's sight yet.
            self._round()
        # The dearest of all checks, by one node's own code: each seed has another one do it.
        self._world.verify(self._world.chance.choice(self._honest))
        safety, counts = self._world.safety, self._world.counts
        for station in self._honest:
            reread(station, self._truth)
            counts["recalls shown"] += safety.recalls(station)
            counts["bodies recalled"] += safety.bodies(station)
            self._check_conflicts(station)
            self._check_commitments(station)
            self._check_forks(station)
            self._check_cosignatures(station)
            self._check_quota(station)
            if self._world.calls:
                self._world.calls.check_joint(station)
                self._world.calls.check_accused(station)
        self._check_states()
        self._count()

    def _heal(self) -> None:
        world = self._world
        world.network.heal()
        for station in world.every_station():
            station.clock.wrong_s = 0.0
            station.light(None)
            if not station.up:
                station.start()
                world.truth.know(station.party, station.public)
        if world.calls:
            world.calls.heal()
        # By then nobody's signature, made by a clock that was ahead, is of the future any more.
        world.pass_time(2 * 3600.0)

    def _level(self, when: str, lacking: Callable[[], list[str]]) -> None:
        for _ in range(ROUNDS_MAX):
            self._round()
            if not lacking():
                return
        for lack in lacking():
            check(False, f"{when}, and {ROUNDS_MAX} rounds: {lack}")

    def _recover_keys(self) -> None:
        """Whose key is lost, or not known to the line yet, has all others vouch for a new one.

        Where one is hostile nobody can count on that, nor where one can write no more; and two who
        have lost theirs at once can neither vouch nor be vouched for, and have to found another
        line.
        """
        present = set(self._present())
        lost = [p for p in self._sound() if p in present and self._station(p).unadopted]
        able = present <= {*lost, *self._writers()}
        # Nor can who is silenced: its node may write nothing more, under whatever key.
        if len(lost) != 1 or self._world.hostile or not able or lost[0] in self._truth.silenced:
            return
        for party in lost:
            self._told(self._world.watch(party).renew(self._truth))
        for party in self._present():
            for other in lost:
                if other != party:
                    self._told(self._world.watch(party).vouch_for(self._truth, other))
        self._world.settle()
        self._level("after all have vouched", self._lacking)
        for party in lost:
            if not self._alone(party):
                what = self._world.watch(party).adopt(self._truth)
                check(what.startswith(f"{party}/"), f"{party} cannot adopt its key: {what}")
        self._world.settle()
        self._world.counts["keys recovered"] += len(lost)

    def _told(self, what: str) -> None:
        self._world.trace.append(what)

    def _round(self) -> None:
        world = self._world
        pairs = list(combinations(world.every_station(), 2))
        world.chance.shuffle(pairs)
        for pair in pairs:
            one, other = world.chance.sample(pair, 2)
            if one.party != other.party:
                what = world.exchange(one, other.party)
                world.trace.append(f"{one.party} with {other.party}: {what}")
        if world.calls:
            world.calls.round()
        world.settle()
        world.pass_time(3.0)

    def _sound(self) -> list[str]:
        """The honest parties of which there is one history, held by somebody honest."""
        return [
            party
            for party in self._world.honest
            if self._truth.one_history(party) and self._held_whole(party)
        ]

    def _held_whole(self, party: str) -> bool:
        """What only a hostile party holds of a restored node's log it may keep to itself."""
        log = self._truth.leaves[party]
        return party not in self._truth.missing or any(
            station.held[party] == log for station in self._honest
        )

    def _station(self, party: str) -> Station:
        return self._world.stations[party]

    def _present(self) -> list[str]:
        """The honest parties that have not left."""
        return [party for party in self._world.honest if not self._station(party).knows_left(party)]

    def _alone(self, party: str) -> bool:
        """Whether everybody else has left."""
        station = self._station(party)
        return all(station.knows_left(other) for other in station.others)

    def _writers(self) -> list[str]:
        """Parties that must be able to write: the line is in force where they are, it knows their
        key, and they have not signed for more than is left anywhere."""
        return [
            party
            for party in self._sound()
            if party in self._present()
            and party not in self._truth.silenced
            and all(self._station(party).held.values())
            and not self._station(party).unadopted
            and not self._alone(party)
            and self._truth.shown[party] <= len(self._truth.leaves[party])
        ]

    def _lacking(self) -> list[str]:
        """What the honest nodes still lack of each other's logs."""
        return [
            f"{station.party} holds {len(station.held[party])} of {party}'s {len(written)} entries"
            for party in self._sound()
            for written in [self._truth.leaves[party]]
            for station in self._honest
            if station.held[party] != written and self._owed(station, party)
        ]

    def _owed(self, station: Station, party: str) -> bool:
        """Whether a node must hold all of a party's log: who has left takes nothing any more."""
        return station.party in (party, *self._present())

    def _unfinished(self) -> list[str]:
        """The same, and what they lack of cosignatures and of receipts for recalls."""
        lacks = self._lacking()
        if lacks:
            return lacks
        present = [party for party in self._present() if not self._station(party).unadopted]
        for party in set(self._sound()) & set(self._present()):
            newest = hashlib.sha256(self._truth.leaves[party][-1]).hexdigest()
            for who in self._present():
                view = self._station(who).node.entry(self._world.template.line, newest)
                lacks += [
                    f"{who} does not know that {other} holds {party}'s newest entry"
                    for other in present
                    if other != party
                    and view.receipts[other] is None
                    and not self._has_other_marks(other, party)
                ]
                lacks += self._lacks_witness(who, party, view)
        writers = set(self._writers())
        for station in self._honest:
            if station.party in writers:
                lacks += self._world.safety.unhonoured(station)
        return sorted(lacks)

    def _lacks_witness(self, who: str, party: str, view: EntryView) -> list[str]:
        """Whether a node does not know that the witness has signed for a party's newest entry."""
        owed = [*view.witnesses.values()]
        owed += [
            at for by, at in view.receipts.items() if at or not self._station(who).knows_left(by)
        ]
        what = f"{who} shows {party}'s newest entry as {'' if view.joint else 'not '}joint"
        check((view.joint is not None) == (owed != [] and all(owed)), f"{what}, signed for {owed}")
        calls = self._world.calls
        hostile = calls is not None and calls.third.hostile
        if party not in self._writers() or all(view.witnesses.values()) or hostile:
            return []
        return [f"{who} does not know that the witness has signed for {party}'s newest entry"]

    # --- what is then so --------------------------------------------------------------------------

    def _has_other_marks(self, cosigner: str, party: str) -> bool:
        """Whether a node has cosigned what is nowhere any more, after two backups, and its marks
        say so: it cosigns nothing else in its place."""
        line, log = self._world.template.line, self._truth.leaves[party]
        size, root = self._station(cosigner).node._core.marks.of(line, party)
        return size > len(log) or root != root_of(log[:size])

    def _check_states(self) -> None:
        for one, other in combinations(self._honest, 2):
            # A hostile party may give one of them an entry without its body, as if recalled.
            if one.held == other.held and _unheld(one) == _unheld(other):
                same = one.node.state_document(one.line) == other.node.state_document(one.line)
                check(same, f"{one.party} and {other.party} hold the same in other states")
                check(
                    _owes(one) == _owes(other),
                    f"{one.party} and {other.party} hold the same and see other obligations",
                )
                self._world.counts["states compared"] += 1

    def _check_conflicts(self, station: Station) -> None:
        logs: dict[str, list[dict[str, Any]]] = {party: [] for party in self._world.parties}
        # Who has left before a newcomer was taken in never knew of a log of it.
        known = station.node.heads(station.line, station.party)
        for party, log in [(party, log) for party, log in logs.items() if party in known]:
            while page := station.node.read_log(
                station.line, party, len(log), station.party
            ).entries:
                log += page
        sound = set(self._sound())
        expected = oracle.conflicts(logs, self._world.template.terms, sound)
        found = {
            ((one.a.party, one.a.id), (one.b.party, one.b.id)): one.state
            for one in station.node.conflicts(station.line)
            if one.basis == "joint" and {one.a.party, one.b.party} <= sound
        }
        for pair in sorted({*expected, *found}):
            state = expected.get(pair, "none")
            if state is not None:
                check(
                    state == found.get(pair, "none"),
                    f"{station.party} finds {pair} {found.get(pair, 'none')}; it is {state}",
                )
                self._world.counts[f"conflicts {state}"] += 1

    def _check_commitments(self, station: Station) -> None:
        """What is opened, by the two headers alone."""
        shown = {one.id: one.state for one in station.node.commitments(station.line)}
        for party in self._sound():
            openings: dict[str, list[bool]] = {}
            hashes: dict[str, str] = {}
            for leaf in station.held[party]:
                header = header_of(leaf)
                if header["type"] == "commitment":
                    hashes[hashlib.sha256(leaf).hexdigest()] = header["about"]["sha256"]
                if header["type"] == "commitment.open":
                    one = header["about"]["commitment"]
                    right = hashes.get(one) == header["body_sha256"]
                    openings.setdefault(one, []).append(right)
            for one in hashes:
                found = openings.get(one, [])
                check(all(found), f"{party} opened a commitment with what it did not commit to")
                state = "opened" if found else "unopened"
                what = f"{station.party} shows a commitment of {party} as {shown.get(one)}"
                check(shown.get(one) == state, f"{what}; it is {state}")
                self._world.counts[f"commitments {state}"] += 1

    def _check_forks(self, station: Station) -> None:
        accused = self._accused(station)
        for party in sorted(accused):
            check(not self._truth.one_history(party), f"{station.party} wrongly accuses {party}")
        for party in self._not_accused(station):
            check(False, f"{station.party} does not know that {party} has two histories")
        self._world.counts["forks found"] += len(accused)

    def _accused(self, station: Station) -> set[str]:
        return {fork.party for link in station.node.links(station.line) for fork in link.forks}

    def _not_accused(self, station: Station) -> Iterator[str]:
        """Of whom there are two histories that a node should know of, and does not."""
        # Who has left takes nothing any more, and shows nothing to anybody.
        present = [self._station(party) for party in self._present()]
        accused = self._accused(station)
        for party in self._world.parties if station in present else ():
            copies = combinations([one.held[party] for one in present], 2)
            # Of whom one history ends with a leave, nothing more is taken: that there is another is
            # heard as soon as who holds it calls, which need not be within these rounds.
            if (
                party not in (*accused, station.party)
                and not station.knows_left(party)
                and any(_part(one, other) for one, other in copies)
                and not any(_vouched(one.held[party]) for one in self._honest)
            ):
                yield party

    def _check_witness(self) -> None:
        """Whether who can know that a hostile witness signed two histories does.

        Nobody is told by the witness, nor by the party that it is with: so every two honest nodes
        have called each other.
        """
        calls = self._world.calls
        if calls is None or not calls.third.hostile:
            return
        present = [self._station(party) for party in self._present()]
        for _ in range(2):
            for one, other in permutations(present, 2):
                self._told(
                    f"{one.party} with {other.party}: {self._world.exchange(one, other.party)}"
                )
            self._world.settle()
        for station in present:
            if not station.restored:
                calls.check_shown(station)
        for party in self._world.parties:
            for one, other in permutations(present, 2):
                if not (one.knows_left(party) or other.knows_left(party) or other.restored):
                    calls.check_found(party, one, other)

    def _check_cosignatures(self, station: Station) -> None:
        """In the order in which they were made, sizes only rise; told by the store's own rows."""
        if station.restored:
            return
        with closing(sqlite3.connect(station.disk.live / DATABASE)) as database:
            rows = database.execute(
                "SELECT party, size FROM cosignatures WHERE cosigner = ? ORDER BY rowid",
                (station.party,),
            ).fetchall()
        newest: dict[str, int] = {}
        for party, size in rows:
            check(
                size > newest.get(party, 0),
                f"{station.party} cosigned {size} entries of {party} after {newest.get(party)}",
            )
            newest[party] = size

    def _check_quota(self, station: Station) -> None:
        """A hostile party wastes at most its own quota, and its reserve, a day."""
        hostile = self._world.hostile
        if hostile is None:
            return
        days = 2 + int((station.clock.at_s - BEGIN_S) // 86_400)
        most = 1 + days * (self._world.day_entries * 11 // 10)
        held = len(station.held[hostile.party])
        check(held <= most, f"{station.party} keeps {held} entries of {hostile.party}")
        self._world.counts["nodes that refused a flood"] += any(
            link.quota_refused_s is not None for link in station.node.links(station.line)
        )

    def _count(self) -> None:
        counts = self._world.counts
        counts["entries"] += sum(len(log) for log in self._truth.leaves.values())
        counts["split by a backup"] += len(self._truth.split)


def _owes(station: Station) -> list[tuple[Any, ...]]:
    """What a node says is owed, without what is its own: whether a receipt has reached it."""
    return sorted(
        (one.owed_by, one.what, one.entry or "", one.slot or "")
        for one in station.node.obligations(station.line)
    )


def _unheld(station: Station) -> list[tuple[str, int]]:
    """The entries of which a node holds no body, told by the store's own rows."""
    with closing(sqlite3.connect(station.disk.live / DATABASE)) as database:
        return database.execute(
            'SELECT party, "index" FROM entries WHERE body IS NULL ORDER BY party, "index"'
        ).fetchall()


def _vouched(log: list[bytes]) -> bool:
    """Whether a key came that others vouched for: what another key signed is nobody's then."""
    return any(
        header_of(leaf)["type"] == "key.rotate" and header_of(leaf)["about"]["vouched"]
        for leaf in log
    )


def _part(one: list[bytes], other: list[bytes]) -> bool:
    """Whether two copies of a log are not beginnings of one."""
    return any(a != b for a, b in zip(one, other, strict=False))

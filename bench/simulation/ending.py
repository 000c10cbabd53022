"""How a run ends: the network heals, and what a line promises must come true.

In a few rounds, in each of which any two nodes do one exchange: all honest nodes hold all that was
acknowledged, every node has cosigned it, the state is the same byte for byte and is what a brute
force over the entries gives, every party can write, and whoever signed two histories has been found
out by everybody.
"""

import hashlib
import sqlite3
from contextlib import closing
from itertools import combinations
from typing import TYPE_CHECKING, Any

from bench.simulation import oracle
from bench.simulation.disk import DATABASE
from bench.simulation.station import Station
from bench.simulation.truth import check

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
        self._level("after the network has healed")
        for party in self._writers():
            what = self._world.urge(party)
            check(what.startswith(f"{party}/"), f"{party} cannot write any more: {what}")
        self._world.settle()
        self._level("after everybody has written again")
        for station in self._honest:
            station.reread()
            self._world.verify(station)
            self._check_conflicts(station)
            self._check_forks(station)
            self._check_cosignatures(station)
        self._check_states()
        self._count()

    def _heal(self) -> None:
        world = self._world
        world.network.heal()
        for station in world.every_station():
            station.clock.wrong_s = 0.0
            if not station.up:
                station.start()
        # By then nobody's signature, made by a clock that was ahead, is of the future any more.
        world.pass_time(2 * 3600.0)

    def _level(self, when: str) -> None:
        for _ in range(ROUNDS_MAX):
            self._round()
            if not self._lacking():
                return
        for lack in self._lacking():
            check(False, f"{when}, and {ROUNDS_MAX} rounds: {lack}")

    def _round(self) -> None:
        world = self._world
        pairs = list(combinations(world.every_station(), 2))
        world.chance.shuffle(pairs)
        for pair in pairs:
            one, other = world.chance.sample(pair, 2)
            if one.party != other.party:
                what = world.exchange(one, other.party)
                world.trace.append(f"{one.party} with {other.party}: {what}")
        world.settle()
        world.pass_time(3.0)

    def _sound(self) -> list[str]:
        return [party for party in self._world.honest if self._truth.one_history(party)]

    def _writers(self) -> list[str]:
        """Parties that must be able to write: the line is in force where they are, and they have
        not signed for more than is left anywhere."""
        return [
            party
            for party in self._sound()
            if all(self._world.stations[party].held.values())
            and self._truth.shown[party] <= len(self._truth.leaves[party])
        ]

    def _lacking(self) -> list[str]:
        """What the honest nodes still lack of each other's logs and cosignatures."""
        lacks = []
        for party in self._sound():
            written = self._truth.leaves[party]
            newest = hashlib.sha256(written[-1]).hexdigest()
            for station in self._honest:
                who, held = station.party, station.held[party]
                if held != written:
                    lacks.append(f"{who} holds {len(held)} of {party}'s {len(written)} entries")
                    continue
                receipts = station.node.entry(station.line, newest).receipts
                lacks += [
                    f"{who} does not know that {other} holds {party}'s newest entry"
                    for other in self._world.honest
                    if other != party and receipts[other] is None
                ]
        return lacks

    # --- what is then so --------------------------------------------------------------------------

    def _check_states(self) -> None:
        for one, other in combinations(self._honest, 2):
            if one.held == other.held:
                same = one.node.state_document(one.line) == other.node.state_document(one.line)
                check(same, f"{one.party} and {other.party} hold the same in other states")
                self._world.counts["states compared"] += 1

    def _check_conflicts(self, station: Station) -> None:
        logs: dict[str, list[dict[str, Any]]] = {party: [] for party in self._world.parties}
        for party, log in logs.items():
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

    def _check_forks(self, station: Station) -> None:
        accused = {fork.party for link in station.node.links(station.line) for fork in link.forks}
        for party in sorted(accused):
            check(not self._truth.one_history(party), f"{station.party} wrongly accuses {party}")
        for party in self._world.parties:
            copies = combinations([one.held[party] for one in self._honest], 2)
            if party not in (*accused, station.party):
                check(
                    not any(_part(one, other) for one, other in copies),
                    f"{station.party} does not know that {party} has two histories",
                )
        self._world.counts["forks found"] += len(accused)

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

    def _count(self) -> None:
        counts = self._world.counts
        counts["entries"] += sum(len(log) for log in self._truth.leaves.values())
        counts["split by a backup"] += len(self._truth.split)


def _part(one: list[bytes], other: list[bytes]) -> bool:
    """Whether two copies of a log are not beginnings of one."""
    return any(a != b for a, b in zip(one, other, strict=False))

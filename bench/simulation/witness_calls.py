"""What happens around the witness of a simulated world: calls by every node, and what goes wrong.

Its chance is its own: a world without a witness is what it would be if there were none anywhere.
"""

import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.simulation.station import Station
from bench.simulation.truth import SECRET, ViolationError, check, root_of
from bench.simulation.two_faced import TwoFaced
from bench.simulation.witness import MOODS, NAME, Asked, Third
from detente.errors import DetenteError, LimitError, StoreError
from detente.node.wire import UnreachableError
from detente.node.witness_calls import Caller
from detente.node.witness_wire import ANSWER_BYTES_MAX, Answer
from detente.record.checkpoint import read_checkpoint
from detente.record.witness import decode_submission

if TYPE_CHECKING:
    from bench.simulation.world import World

HAPPENS = 0.5
"""How often something happens around the witness after a step."""

LOST, LATE, ANSWER_LOST, MEANWHILE = 0.06, 0.04, 0.06, 0.08
SLOW = 0.7
"""How often a request is lost, or comes long after its sender has given up; the answer is lost; or
something else happens while it is under way. And how often a slow witness answers too late."""


ASKED_MAX = 4
"""In one call, beside one look at each log: two submissions, and two looks at what refuses them."""


class Calls:
    """The witness of one world, and all that is between it and the parties."""

    def __init__(self, chance: random.Random, world: "World", third: Third) -> None:
        self._chance = chance
        self._world = world
        self.third = third
        self.counts: Counter[str] = Counter()
        self._healed = False
        self._asked = 0
        self._looks: list[tuple[str, int, bytes]] = []
        self._contradicted: set[tuple[str, str, int]] = set()
        """Node, party and size, where it has shown a node another log of a party than it holds."""
        self._late: list[tuple[str, Asked]] = []
        self._events: dict[Callable[[], str], int] = {
            self._call_some: 14,
            self._tell_some: 2,
            self._deliver_late: 1,
            self._stop_or_start: chance.choice((0, 2)),
            self._cut_power: 1,
            self._back_up: 1,
            self._restore: chance.choice((0, 1, 2)),
            self._change_mood: chance.choice((0, 2, 4)),
            self._set_clock: chance.choice((0, 1)),
        }

    def step(self) -> str | None:
        """One event, perhaps."""
        if self._chance.random() >= HAPPENS:
            return None
        [event] = self._chance.choices(list(self._events), list(self._events.values()))
        return f"witness, {event.__name__.strip('_')}: {event()}"

    # --- calls ------------------------------------------------------------------------------------

    def call(self, station: Station, *, looks: bool) -> str:
        """One call of a node's; ``looks``: it holds what the witness has of all logs against its
        own as well."""
        node = station.node
        named = next((one for one in node.witnesses_to_call() if one.line == station.line), None)
        check(named is not None, f"{station.party} knows of no witness, and the terms name one")
        assert named is not None
        caller = Caller(node, named, _Wire(lambda asked: self._ask(station, asked)))
        # By a clock that the simulation does not have in its hand: it looks now, or never.
        caller._looked_s = None if looks else math.inf
        self._asked = 0
        self._looks.clear()
        self._world._touch(station)
        try:
            caller.run()
        except DetenteError as error:
            if station.node is not node or not station.up or station.dead:
                return "broken off"
            if isinstance(error, StoreError):
                raise ViolationError(f"the store of {station.party} failed: {error}") from error
            node.failed(station.line, NAME, str(error))
            self._note_contradicted(station)
            # Keys and ids are others in every run.
            return re.sub("[0-9a-f]{8,}", "…", str(error))
        self._note_contradicted(station)
        self.counts["calls done"] += 1
        return "done"

    def _note_contradicted(self, station: Station) -> None:
        """What it has shown a node in a call that was not broken off, and the node can judge."""
        for party, size, root in self._looks:
            held = station.held[party]
            if size <= len(held) and root != root_of(held[:size]):
                self._contradicted.add((station.party, party, size))

    def _ask(self, station: Station, asked: Asked) -> Answer:
        if station.dead:
            raise UnreachableError("the power has failed")
        self._check_sent(station, asked)
        self._asked += 1
        most = ASKED_MAX + len(self._world.parties)
        check(
            self._asked <= most, f"{station.party} asks the witness {self._asked} times in a call"
        )
        if self._happens("lost", LOST):
            raise UnreachableError("cannot be reached")
        if asked.content is not None and self._happens("late", LATE):
            self._late.append((station.party, asked))
            raise UnreachableError("did not answer in time")
        node = station.node
        if self._happens("meanwhile", MEANWHILE):
            self._world.meanwhile()
        answer = self.third.ask(asked)
        if len(answer.body) > ANSWER_BYTES_MAX:
            raise LimitError("its answer is larger than is taken")
        if self._happens("answer lost", SLOW if self.third.mood == "slow" else ANSWER_LOST):
            raise UnreachableError("did not answer in time")
        if station.node is node and asked.content is None and answer.status == 200:
            if isinstance(self.third, TwoFaced) and self.third.shown is not None:
                self._looks.append(self.third.shown)
            self._world._show(station.party, _in_json(answer.body.decode("utf-8", "replace")))
        return answer

    def _check_sent(self, station: Station, asked: Asked) -> None:
        """It is sent a checkpoint and the proof of it, and nothing else."""
        check(SECRET not in (asked.content or b""), f"{station.party} tells the witness a secret")
        if asked.content is not None:
            submission = decode_submission(asked.content)
            self._world._overhear(station, _in_json(submission.note), None)

    def _happens(self, what: str, probability: float) -> bool:
        happens = not self._healed and self._chance.random() < probability
        self.counts[what] += happens
        return happens

    # --- events -----------------------------------------------------------------------------------

    def _call_some(self) -> str:
        up = [station for station in self._world.every_station() if station.up]
        if not up:
            return "nobody is up"
        station = self._chance.choice(up)
        done = self.call(station, looks=self._chance.random() < 0.4)
        self._world._revive(station)
        return f"{station.party}: {done}"

    def _tell_some(self) -> str:
        station = self._chance.choice(self._world.every_station())
        self._tell(station)
        return station.party

    def _tell(self, station: Station) -> None:
        self.third.tell(station.line, station.party, station.public)

    def _deliver_late(self) -> str:
        if not self._late or not self.third.up:
            return "nothing is late, or it is down"
        party, asked = self._late.pop(self._chance.randrange(len(self._late)))
        try:
            return f"{party}: {self.third.ask(asked).status}"
        except UnreachableError:
            return f"{party}: nothing"

    def _stop_or_start(self) -> str:
        (self.third.stop if self.third.up else self.third.start)()
        return "up" if self.third.up else "down"

    def _cut_power(self) -> str:
        self.third.cut_power()
        return "up"

    def _back_up(self) -> str:
        self.third.back_up()
        return "done"

    def _restore(self) -> str:
        whole = self._chance.random() < 0.3
        self.third.restore(whole=whole)
        self.counts["restored, its marks too" if whole else "restored, its marks stayed"] += 1
        return "its marks too" if whole else "its marks stayed"

    def _change_mood(self) -> str:
        self.third.mood = self._chance.choice(MOODS)
        self.counts[self.third.mood] += 1
        return self.third.mood

    def _set_clock(self) -> str:
        self.third.wrong_s = self._chance.choice((-4000.0, -30.0, 0.0, 60.0, 4000.0))
        return f"{self.third.wrong_s:.0f} s wrong"

    def forget(self, party: str) -> None:
        """Lose what is under way of a party's log: it was restored, long after."""
        self._late = [one for one in self._late if one[0] != party]

    # --- the end ----------------------------------------------------------------------------------

    def heal(self) -> None:
        """End every fault."""
        self._healed = True
        self._late.clear()
        self.third.mood, self.third.wrong_s = "well", 0.0
        self.third.start()

    def round(self) -> None:
        """One call of every node's, whose keys the operator has been told."""
        for station in self._world.every_station():
            self._tell(station)
            done = self.call(station, looks=True)
            self._world.trace.append(f"{station.party} at the witness: {done}")

    def check_joint(self, station: Station) -> None:
        """Nothing is shown as joint that the witness has not signed for, nor as signed by it."""
        for log in station.node.logs(station.line):
            covered = self.third.covers(log.party, station.held[log.party])
            what = f"{station.party} shows {log.joint} entries of {log.party} as joint"
            check(log.joint <= covered, f"{what}; the witness has signed for {covered}")
            [shown] = [one.entries for one in log.witnesses]
            what = f"{station.party} shows {shown} entries of {log.party} as witnessed"
            check(shown <= covered, f"{what}; the witness has signed for {covered}")
            self.counts["entries shown as joint"] += log.joint

    def check_accused(self, station: Station) -> None:
        """It is shown to have signed two histories only if it has, and by what it has signed."""
        for one in station.node.proofs(station.line):
            if one.witness is None:
                continue
            assert one.proof is not None
            before, after = (read_checkpoint(one.proof[side]) for side in ("before", "after"))
            held = station.held[one.party]
            what = f"{station.party} accuses the witness: {one.what}"
            for side in (before, after):
                check(self.third.has_signed(one.party, side.size, side.root), f"{what}; not so")
            check(
                after.root == root_of(held[: after.size]), f"{what}, of another log than it holds"
            )
            check(before.root != root_of(held[: before.size]), f"{what}; they are of one history")
            self.counts["shown to have signed two histories"] += 1

    def check_found(self, party: str, one: Station, other: Station) -> None:
        """Where it has signed for two histories that two nodes hold, the one whose was cosigned
        further knows."""
        few, many = (self._witnessed(station, party) for station in (one, other))
        if not 0 < few <= many or root_of(one.held[party][:few]) == root_of(
            other.held[party][:few]
        ):
            return
        accused = {fork.party for link in one.node.links(one.line) for fork in link.forks}
        known = self._knows(other, party)
        what = f"{other.party} does not know that the witness signed two histories of {party}"
        check(known or party not in accused, what)
        self.counts["found by two nodes together"] += known

    def check_shown(self, station: Station) -> None:
        """What it has shown a node itself, that node knows, once its own history is cosigned as
        far."""
        for by, party, size in sorted(self._contradicted):
            if by == station.party and self._witnessed(station, party) >= size:
                what = f"{by} was shown by the witness that it signed two histories of {party}"
                check(self._knows(station, party), f"{what}, and does not know")
                self.counts["found by one node"] += 1

    def _knows(self, station: Station, party: str) -> bool:
        [shown] = station.node.witnesses(station.line)
        return any(f"the log of {party} " in what for what in shown.twice)

    def _witnessed(self, station: Station, party: str) -> int:
        """How much of a log a node shows that the witness has signed for."""
        logs = {log.party: log for log in station.node.logs(station.line)}
        return logs[party].witnesses[0].entries if party in logs else 0


class _Wire:
    """A ``witness_wire.WitnessWire`` to the simulated witness."""

    def __init__(self, ask: Callable[[Asked], Answer]) -> None:
        self._ask = ask

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        return self._ask(Asked(method, path, content))

    def close(self) -> None:
        """There is no connection."""


def _in_json(note: str) -> bytes:
    """A note as it stands in what parties send each other."""
    return json.dumps([note]).encode()

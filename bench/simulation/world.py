"""One run of the simulation: a seed gives a line of two to five parties, what they live through,
and how it ends.

First everything goes wrong that can: officers act while the network loses, delays and repeats, the
parties are parted, nodes stop, lose power or are restored from old backups, clocks are wrong, and
perhaps one party is hostile. After each step every node that did anything is held against the
truth. Then the network heals, and within a few rounds all honest nodes must hold the same, all of
it cosigned, in the same state, and be able to write.
"""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.simulation.disk import BEGIN_S, PARTIES, Disk, Kind, Templates
from bench.simulation.ending import Ending
from bench.simulation.hostile import Hostile
from bench.simulation.network import Faults, Letter, Network
from bench.simulation.officers import Watch
from bench.simulation.safety import Safety
from bench.simulation.station import Clock, Fuse, OneLine, Station
from bench.simulation.sticks import Sticks, unpack
from bench.simulation.truth import Statement, Truth, check, leaf_of
from bench.simulation.two_faced import TwoFaced
from bench.simulation.witness import Third
from bench.simulation.witness_calls import Calls
from detente.node.views import Finding
from detente.node.wire import UnreachableError

NESTED_MAX = 2
"""How deep something else may happen while something else happens."""

MET = 0.8
HOSTILE = 0.4
CAREFUL = 0.7
HYBRID = 0.25
TWO = 0.15
NEWCOMER = 0.12
WITNESSED = 0.15
TWO_FACED, COLLUDES = 0.35, 0.8
"""How probable it is that the line is in force from the beginning; that a party is hostile; that
the officers at a restored node wait for its log; that what is signed is signed twice; that some of
it takes two officers; that a line of three or more has just signed for the last one; that the terms
name a witness; that it is hostile, too; and that a party is then."""

COUNTS, STEPS = {2: 58, 3: 34, 4: 5, 5: 3}, {10: 40, 20: 45, 50: 12, 120: 3}
"""How often a world has so many parties, and so many steps. Most are small: ten small ones find
more than a large one, and sooner; what takes many parties or a long history, a few find."""


class World:
    """The parties of one run, and all that is between them."""

    def __init__(self, seed: int, templates: Templates, folder: Path) -> None:
        """``folder`` is made for it, and is the caller's to remove."""
        self.chance = random.Random(seed)
        self.trace: list[str] = []
        self.counts: Counter[str] = Counter()
        apart, hostile = (random.Random(f"{of} of {seed}") for of in ("witness", "bad witness"))
        witnessed = apart.random() < WITNESSED
        self._two_faced = witnessed and hostile.random() < TWO_FACED
        count = self._some(COUNTS)
        if self._two_faced:
            # It takes two honest nodes to hold both histories, each unknown to the other.
            count = max(count, hostile.choice((2, 3)))
        self.parties = PARTIES[:count]
        given = (MET, HYBRID, TWO, NEWCOMER * (count > 2))
        chances = [self.chance.random() < one for one in given]
        kind = Kind(count, *chances, *[witnessed])
        self.template = templates.line_of(kind)
        self.newcomer = self.parties[-1] if kind.newcomer else None
        self._folder = folder
        self._depth = 0
        self._touched: dict[str, Station] = {}
        self._marked: set[str] = set()
        self._heard: list[tuple[Station, Statement]] = []
        self._shown: list[tuple[str, int]] = []
        self._steps = self._some(STEPS)
        self._line = OneLine(self.template.line, {}, 2 * self._steps + 30)
        self.stations = {party: self._station(party) for party in self.parties}
        self.hostile = self._some_hostile()
        self.honest = tuple(p for p in self.parties if not self._is_hostile(p))
        self.truth = Truth(self.template.line, self.parties, self.honest)
        self.safety = Safety(self.truth, self.newcomer)
        self.network = Network(self.chance, self, Faults.some(self.chance))
        self.sticks = Sticks(self.chance)
        self._watches = {one: Watch(self.chance, one) for one in self.stations.values()}
        self._careful = {party: self.chance.random() < CAREFUL for party in self.parties}
        self._events = self._some_events()
        self._passed_s = 0.0
        self.calls = self._some_witness(apart, hostile) if kind.witness else None

    def run(self) -> None:
        """Live through it. Raises ViolationError, or whatever else a node did not foresee."""
        hostile = self.hostile and self.hostile.party
        witness = ""
        if self.calls:
            witness = ", a hostile witness" if self.calls.third.hostile else ", a witness"
        new = f"new: {self.newcomer}{witness}"
        self._tell(f"{len(self.parties)} parties, hostile: {hostile}, {new}")
        for station in self.stations.values():
            self.truth.know(station.party, station.public)
            for index, bundle in enumerate(station.read(station.party, 0)):
                self.truth.written(station.party, index, leaf_of(bundle))
        self._settle(self.every_station())
        for station in self.every_station():
            station.remember()
        for _ in range(self._steps):
            self.step()
        for station in self._up():
            self.counts["recalls shown"] += self.safety.recalls(station)
            if self.calls and not self._is_hostile(station.party):
                self.calls.check_joint(station)
                self.calls.check_accused(station)
        Ending(self).run()

    def close(self) -> None:
        """Stop every node, and count what was done."""
        for watch in self._watches.values():
            for act, times in watch.done.items():
                self.counts[f"act: {act}"] += times
        self.counts.update({f"fault: {one}": n for one, n in self.network.counts.items()})
        if self.hostile:
            self.counts.update({f"hostile: {one}": n for one, n in self.hostile.counts.items()})
        if self.calls:
            self.counts.update({f"witness: {one}": n for one, n in self.calls.counts.items()})
            self.calls.third.stop()
        for station in self.every_station():
            if station.up:
                station.stop()

    def step(self) -> None:
        """One event, and the checks after it."""
        [event] = self.chance.choices(list(self._events), list(self._events.values()))
        self.counts["steps"] += 1
        self._tell(f"{event.__name__.strip('_')}: {event()}")
        self.settle()
        if self.calls and (happened := self.calls.step()):
            self._tell(happened)
            self.settle()

    def every_station(self) -> list[Station]:
        """Every node there is, the hostile party's too."""
        second = self.hostile.stations[1:] if self.hostile else []
        return [*self.stations.values(), *second]

    # --- what is around the network ---------------------------------------------------------------

    def deliver(self, letter: Letter) -> tuple[int, bytes]:
        """Have a request answered by the node it is for."""
        station = self._receiver(letter)
        if not station.up:
            raise UnreachableError("cannot be reached")
        self._touch(station)
        if letter.content is not None and not self._is_hostile(letter.src):
            self._show(letter.dst, letter.content)
        try:
            status, answer = station.answer(letter)
        finally:
            self._revive(station)
        check(status < 500, f"{station.party} answered {letter.path} with {status}: {answer!r}")
        self.safety.sent(station, letter.src, answer, status)
        self._overhear(station, answer, letter.content)
        if self.hostile and self._is_hostile(letter.dst):
            return self.hostile.tamper_answer(letter, status, answer)
        return status, answer

    def meanwhile(self) -> None:
        """Something else happens while a request is under way."""
        if self._depth >= NESTED_MAX:
            return
        self._depth += 1
        event = self.chance.choice(
            (self._act, self._act, self._exchange, self._late, self._restart, self._cut_power)
        )
        self._tell(f"meanwhile, {event.__name__.strip('_')}: {event()}")
        self._depth -= 1

    def exchange(self, station: Station, other: str) -> str:
        """One exchange of a node with another party's."""
        self._touch(station)
        if not station.knows(other):
            return "not known"
        return station.exchange(other, lambda letter: self._carry(station, letter))

    def _carry(self, station: Station, letter: Letter) -> tuple[int, bytes]:
        if station.dead:
            raise UnreachableError("the power has failed")
        self.safety.sent(station, letter.dst, letter.content, None)
        if letter.content is not None:
            self._overhear(station, letter.content, None)
        if self.hostile and self._is_hostile(letter.src):
            letter = self.hostile.tamper(letter)
        node = station.node
        status, answer = self.network.carry(letter)
        if status == 200 and not self._is_hostile(letter.dst) and station.node is node:
            self._show(letter.src, answer)
        return status, answer

    def _receiver(self, letter: Letter) -> Station:
        if self.hostile and self._is_hostile(letter.dst):
            return self.hostile.station_for(letter.src)
        return self.stations[letter.dst]

    def _overhear(self, station: Station, content: bytes, pushed: bytes | None) -> None:
        self._heard += [(station, said) for said in self.truth.hear(content, pushed)]

    def _show(self, party: str, content: bytes) -> None:
        """``party`` is shown a message in which there may be a checkpoint of its own."""
        self._shown += [
            (party, said.size)
            for said in self.truth.hear(content)
            if said.cosigner is None and said.party == party
        ]

    # --- events -----------------------------------------------------------------------------------

    def _some(self, choices: dict[int, int]) -> int:
        return self.chance.choices(list(choices), list(choices.values()))[0]

    def _up(self) -> list[Station]:
        return [station for station in self.every_station() if station.up]

    def _some_events(self) -> dict[Callable[[], str], int]:
        """What may happen in this run, and how often: some of it more, some not at all."""
        seldom = (
            self._late,
            self._repeat,
            self._pack,
            self._unpack,
            self._part,
            self._mend,
            self._restart,
            self._cut_power,
            self._stop,
            self._start,
            self._backup,
            self._restore,
            self._fail_power,
            self._set_clock,
            self._wait,
            self._verify,
        )
        events: dict[Callable[[], str], int] = {self._act: 60, self._exchange: 22}
        events.update({event: self.chance.choice((0, 1, 2, 4)) for event in seldom})
        events[self._restore] *= 3
        events[self._mend] += 1
        events[self._start] += 1
        if self.hostile:
            events[self._second_history] = 6 if self._two_faced else self.chance.choice((0, 2, 6))
            events[self._flood] = self.chance.choice((0, 0, 0, 2))
            events[self._write_by_hand] = self.chance.choice((0, 2, 6))
        return events

    def _act(self) -> str:
        station = self.chance.choice(self.every_station())
        party = station.party
        # Where its marks stayed the node has to know by itself that it may not write.
        careful = self._careful[party] and party not in self._marked
        waits = party in self.truth.missing and careful
        if not station.up or waits:
            return f"nobody on watch at {party}"
        self._touch(station)
        station.may_leave = self._may_leave(party)
        done = self._watches[station].act(self.truth)
        self._revive(station)
        return f"{party} {done}"

    def _may_leave(self, party: str) -> bool:
        """Not while somebody lacks what perhaps only this one has: it will give nothing any more.

        Nor if another has left: the one that is left could not even write.
        """
        return not self.truth.missing and not any(
            station.knows_left(other) for station in self.every_station() for other in self.parties
        )

    def _exchange(self) -> str:
        station = self.chance.choice(self.every_station())
        other = self.chance.choice(station.others)
        what = f"{station.party} with {other}"
        if not station.up:
            return f"{what}: down"
        done = self.exchange(station, other)
        self._revive(station)
        return f"{what}: {done}"

    def _late(self) -> str:
        return self.network.deliver_late()

    def _repeat(self) -> str:
        return self.network.repeat()

    def _pack(self) -> str:
        station = self._running()
        if station is None:
            return "nobody is up"
        to = self.stations[self.chance.choice(station.others)]
        if not to.up or not station.knows(to.party):
            return f"{to.party} is down, or not known"
        self._touch(station)

        def sent(chunk: bytes) -> None:
            self.safety.sent(station, to.party, chunk, None)
            self._overhear(station, chunk, None)

        done = self.sticks.pack(station, to, sent)
        self._revive(station)
        return f"{station.party} for {to.party}: {done}"

    def _unpack(self) -> str:
        stick = self.sticks.some()
        station = self.stations[stick.dst] if stick else None
        if stick is None or station is None or not station.up:
            return "nothing to take in, or nobody"
        self._touch(station)
        done = unpack(stick, station)
        if done.endswith(" 0 problems") and not self._is_hostile(stick.src):
            for chunk in stick.chunks:
                self._show(stick.dst, chunk)
        self.counts["taken in by hand"] += done.endswith("problems")
        self._revive(station)
        return f"{stick.src} for {stick.dst}: {done}"

    def _part(self) -> str:
        return self.network.part(self.parties)

    def _mend(self) -> str:
        return self.network.mend()

    def _restart(self) -> str:
        return self._again(Station.stop)

    def _cut_power(self) -> str:
        return self._again(Station.cut_power)

    def _again(self, stop: Callable[[Station], None]) -> str:
        station = self._running()
        if station is None:
            return "nobody is up"
        self._down(station, stop)
        station.start()
        self._started(station)
        return station.party

    def _fail_power(self) -> str:
        """Let the power fail at a commit to come."""
        station = self._running()
        if station is None:
            return "nobody is up"
        fuse = Fuse(self.chance.randrange(4), self.chance.choice((0.0, 0.5, 0.999, None)))
        station.light(fuse)
        return f"{station.party} at commit {fuse.commits}, {fuse.share}"

    def _revive(self, station: Station) -> None:
        """Start a node again if its power has failed, whatever it was doing."""
        if station.dead:
            station.revive()
            self._forget_shown(station)
            self._started(station)
            self._tell(f"the power failed at {station.party}")
            self.counts["fault: power failed at a commit"] += 1

    def _stop(self) -> str:
        station = self._running()
        if station is None:
            return "nobody is up"
        self._down(station, Station.stop)
        return station.party

    def _start(self) -> str:
        down = [station for station in self.every_station() if not station.up]
        for station in down:
            station.start()
            self._started(station)
        return ", ".join(station.party for station in down)

    def _down(self, station: Station, stop: Callable[[Station], None]) -> None:
        stop(station)
        self._forget_shown(station)

    def _forget_shown(self, station: Station) -> None:
        # What it was shown and had not yet done with is gone with its memory.
        self._shown = [one for one in self._shown if one[0] != station.party]

    def _started(self, station: Station) -> None:
        """It may have new keys, and its private memory of what waits is gone."""
        self.truth.know(station.party, station.public)
        self._touch(station)

    def _running(self) -> Station | None:
        up = self._up()
        return self.chance.choice(up) if up else None

    def _backup(self) -> str:
        station = self._running()
        if station is None:
            return "nobody is up"
        station.backup()
        return station.party

    def _restore(self) -> str:
        """One at a time: what two have lost at once may be gone from everywhere."""
        backed_up = [
            station
            for party, station in self.stations.items()
            if station.up and self._may_lose(party)
        ]
        if not backed_up or self.truth.missing:
            return "nobody"
        station = self.chance.choice(backed_up)
        party = station.party
        marks_stay = self.chance.random() < 0.5 and station.disk.same_keys_in_backup()
        station.restore(whole=not marks_stay)
        (self._marked.add if marks_stay else self._marked.discard)(party)
        self._forget_shown(station)
        self._started(station)
        self.network.forget(party)
        if self.calls:
            self.calls.forget(party)
        self.sticks.lose()
        held, elsewhere = len(station.held[party]), self._elsewhere(party, self.every_station())
        # Whoever lost its copy of it too may have kept its marks, and so know what it cosigned.
        others = [one for one in self.every_station() if one.party != party]
        known = max([self._witnessed(party), *(one.marked(party) for one in others)])
        self.truth.rolled_back(
            party,
            held,
            elsewhere,
            may_be_accused=self.hostile is not None or known > max(held, elsewhere),
            marks_stay=marks_stay,
            marked=station.marked(party),
        )
        self.counts["restored and behind"] += party in self.truth.missing
        kept = "its marks stayed" if marks_stay else "its marks too"
        return f"{party} to {held} entries of its own, {kept}; {elsewhere} are elsewhere"

    def _may_lose(self, party: str) -> bool:
        """Not if only they have its entries who have left, and give nothing any more."""
        stations = self.every_station()
        present = [one for one in stations if not one.knows_left(one.party)]
        return (
            self.truth.one_history(party)
            and self.stations[party] in present
            and self._elsewhere(party, stations) == self._elsewhere(party, present)
        )

    def _elsewhere(self, party: str, stations: list[Station]) -> int:
        return max((len(one.held[party]) for one in stations if one.party != party), default=0)

    def _witnessed(self, party: str) -> int:
        return self.calls.third.size_of(party) if self.calls else 0

    def _set_clock(self) -> str:
        station = self.chance.choice(list(self.stations.values()))
        station.clock.wrong_s = self.chance.choice((-4000.0, -30.0, 0.0, 0.0, 60.0, 4000.0))
        return f"{station.party} is {station.clock.wrong_s:.0f} s wrong"

    def _wait(self) -> str:
        passed_s = self.chance.choice((0.5, 5.0, 200.0, 2000.0, 20_000.0))
        self.pass_time(passed_s)
        return f"{passed_s} s"

    def pass_time(self, passed_s: float) -> None:
        """Time passes for everybody."""
        self._passed_s += passed_s
        for station in self.every_station():
            station.clock.at_s += passed_s

    def _verify(self) -> str:
        station = self._running()
        if station is None:
            return "nobody is up"
        self.verify(station)
        return station.party

    def verify(self, station: Station) -> None:
        """Whether a node's own verification finds its record sound."""
        for finding in station.node.verify():
            check(
                self._may_be_found(station, finding),
                f"{station.party} finds in its record: {finding.party} {finding.what}",
            )

    def _may_be_found(self, station: Station, finding: Finding) -> bool:
        """Whether what a node finds is what others did to it, or what its backup lacks still."""
        if self._is_hostile(station.party):
            # With two nodes under one key each finds that it has forgotten what the other wrote.
            return True
        of_split = any(
            finding.party == party or f"has seen another log of {party} than" in finding.what
            for party in self.parties
            if not self.truth.one_history(party)
        )
        lacks = " entries of " in finding.what and " are held here" in finding.what
        lacks = lacks or "our cosignature of" in finding.what
        return of_split or (lacks and station.restored > 0)

    # --- the hostile party ------------------------------------------------------------------------

    def _some_hostile(self) -> Hostile | None:
        # A hostile party can keep a newcomer out for ever, and who is held up is not known then.
        if self.chance.random() >= (COLLUDES if self._two_faced else HOSTILE) or self.newcomer:
            return None
        station = self.stations[self.chance.choice(self.parties)]
        # With two histories and a key that others vouched for in only one of them, nobody could
        # say afterwards who signed the other.
        station.may_replace = False
        return Hostile(self.chance, [station], self.chance.choice((0.05, 0.3, 0.8)))

    def _is_hostile(self, party: str) -> bool:
        return self.hostile is not None and self.hostile.party == party

    def _second_history(self) -> str:
        assert self.hostile is not None
        first, *second = self.hostile.stations
        if second or not first.up:
            return "has two already, or is down"
        disk = first.disk.clone(self._folder / "second")
        station = Station(first.party, self._line, disk, first.clock, first.others)
        station.may_replace = False
        self.hostile.stations.append(station)
        self._watches[station] = Watch(self.chance, station)
        self._touch(station)
        if self._two_faced:
            # What both hold is to be known first: behind that they part.
            self._touch(first)
            self.settle()
            self._touch(first)
            self._touch(station)
            return f"{first.party}: {self.hostile.part()}"
        return first.party

    def _write_by_hand(self) -> str:
        assert self.hostile is not None
        station = self.chance.choice(self.hostile.stations)
        if not station.up:
            return "down"
        self._touch(station)
        return self.hostile.write(station)

    def _flood(self) -> str:
        assert self.hostile is not None
        station = self.chance.choice(self.hostile.stations)
        if not station.up:
            return "down"
        self._touch(station)
        return self.hostile.flood(station)

    # --- and --------------------------------------------------------------------------------------

    def urge(self, party: str) -> str:
        """Have a party's officer send an urgent message."""
        station = self.stations[party]
        self._touch(station)
        return self._watches[station].urge(self.truth)

    def watch(self, party: str) -> Watch:
        """The officers of a party."""
        self._touch(self.stations[party])
        return self._watches[self.stations[party]]

    @property
    def day_entries(self) -> int:
        """What a node keeps of another's log a day."""
        return self._line.day_entries

    def settle(self) -> None:
        """Hold every node that did anything against the truth."""
        self._settle(list(self._touched.values()))

    def _station(self, party: str) -> Station:
        folder = self._folder / party
        disk = Disk(self.template.folder / party, folder)
        others = [other for other in self.parties if other != party]
        wrong_s = self.chance.choice((0.0, 0.0, -40.0, 25.5))
        return Station(party, self._line, disk, Clock(wrong_s), others)

    def _some_witness(self, chance: random.Random, hostile: random.Random) -> Calls:
        """A witness, or a hostile one, whose chance is apart from that of the others."""
        folder, template = self._folder / "witness", self.template.witness
        if not self._two_faced:
            return Calls(chance, self, Third(chance, template, folder, self._third_s))
        third = TwoFaced(hostile, template, folder, self._third_s)
        if self.hostile:
            self.hostile.accomplice = third
        return Calls(chance, self, third)

    def _third_s(self) -> float:
        return BEGIN_S + self._passed_s

    def _touch(self, station: Station) -> None:
        self._touched[f"{station.party} {id(station)}"] = station

    def _settle(self, stations: list[Station]) -> None:
        for station in stations:
            self._revive(station)
        self.safety.inspect([station for station in stations if station.up])
        for station, (party, cosigner, size, root) in self._heard:
            made = cosigner == station.party
            signer = self.stations[cosigner or party]
            self.truth.judge(
                Statement(party, cosigner, size, root),
                station.held[party] if made else None,
                signer.restored,
            )
        for party, size in self._shown:
            if party in self.truth.shown:
                self.truth.shown[party] = max(self.truth.shown[party], size)
        self._heard.clear()
        self._shown.clear()
        self._touched.clear()

    def _tell(self, what: str) -> None:
        self.trace.append(f"{'  ' * self._depth}{what}")

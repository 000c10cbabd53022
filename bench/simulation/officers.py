"""The officers of the simulation: they file, release, talk, settle and check, as they happen to;
what they do to the record itself stands in ``keeping``.
"""

from collections.abc import Callable
from random import Random

from bench.simulation.desk import Act
from bench.simulation.disk import PARTIES
from bench.simulation.keeping import Keeping
from bench.simulation.station import Station
from bench.simulation.truth import SECRET, Truth, check
from detente.node.views import EntryView, ProposalView, ShiftView
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume

DRAWS = 6
"""Acts that come to mind, until there is one for which there is cause."""

PLANS_MAX = 4
FLIGHT_LEVEL_M = 30.48
LATERAL_M = (9_260.0, 40_000.0, 3_000.0)
"""Separations that the versions of the terms take in turn, so that all happen to sign the same."""


class Watch(Keeping):
    """The officers on watch at one node."""

    def __init__(self, chance: Random, station: Station) -> None:
        super().__init__(chance, station)
        self._acts: dict[Callable[[], Act | None], int] = {
            self._file: 8,
            self._change: 3,
            self._release: 16,
            self._withdraw: 2,
            self._drop: 1,
            self._message: 4,
            self._acknowledge: 4,
            self._propose: 10,
            self._answer: 10,
            self._carry_out: 10,
            self._check_line: 1,
            self._suspend: chance.choice((0, 0, 1)),
            self._resume: 8,
            self._lapse: 2,
            self._terms: chance.choice((0, 1, 3)),
            self._again: 2,
            self._look: 2,
            **self.keeping(),
        }

    def act(self, truth: Truth) -> str:
        """One act; what came of it."""
        for _ in range(DRAWS):
            [draw] = self._chance.choices(list(self._acts), list(self._acts.values()))
            act = draw()
            if act is not None:
                name, done = draw.__name__.strip("_"), self.do(truth, act)
                self.done[name] += done == "done" or done.startswith(f"{self._party}/")
                return f"{name}: {done}"
        return "nothing to do"

    def urge(self, truth: Truth) -> str:
        """Send what no suspension holds up."""
        return self.do(truth, lambda: self._send("urgent-safety", None, None))

    # --- plans ------------------------------------------------------------------------------------

    def _activity(self, name: str) -> Activity:
        chance = self._chance
        lon = 68.0 + (chance.randrange(4_000) * 10 + 1) / 100_000
        # Each party's levels are a little off the others', so that no gap is ever exactly the
        # separation: what is then a conflict hangs on the last bit.
        floor_m = chance.randrange(200, 260, 10) * FLIGHT_LEVEL_M + 7 * PARTIES.index(self._party)
        start_s = self.station.clock.at_s + chance.randrange(-60, 180) * 60 + 1
        volume = Volume(
            Core(Shape.POINT, (((lon, 36.0 + chance.randrange(3) / 10),),)),
            chance.choice((2_000.0, 15_000.0)),
            Band(
                Limit(floor_m, Reference.STD) if chance.random() < 0.9 else None,
                Limit(floor_m + chance.choice((300.0, 1500.0)), Reference.STD),
            ),
            start_s,
            start_s + chance.choice((1800.0, 7200.0)),
        )
        return Activity(self._party, name, "surveillance", (volume,))

    def _plan(self) -> str | None:
        return self._one_of(plan.id for plan in self._node.plans())

    def _keep_private(self, activity: Activity) -> None:
        ((lon, _),) = activity.volumes[0].core.rings[0]
        self.station.private[activity.id] = repr(lon).encode()

    def _file(self) -> Act | None:
        taken = {plan.id for plan in self._node.plans()}
        names = (f"{self._party}-{number}" for number in range(PLANS_MAX))
        name = next((name for name in names if name not in taken), None)
        if name is None:
            return None
        activity = self._activity(name)

        def act() -> None:
            title = f"{SECRET.decode()} {name}"
            self._node.file(activity, title=title, officer=self._officer)
            self._keep_private(activity)

        return act

    def _change(self) -> Act | None:
        name = self._plan()
        if name is None:
            return None
        activity = self._activity(name)

        def act() -> None:
            self._node.change(activity, officer=self._officer)
            self._keep_private(activity)

        return act

    def _drop(self) -> Act | None:
        name = self._plan()
        return None if name is None else lambda: self._node.drop(name, self._officer)

    def _release(self) -> Act | None:
        new = (
            plan.id
            for plan in self._node.plans()
            if not any(release.current for release in plan.releases)
        )
        name, form = self._one_of(new), self._chance.choice(("exact", "exact", "coarse"))
        if name is None:
            return None

        def act(key: str) -> EntryView:
            view = self._node.release(name, self._line, form, officer=self._officer, key=key)
            if form == "exact":
                self.station.tell(name)
            return view

        return self._keyed(act)

    def _withdraw(self) -> Act | None:
        seen = (plan.id for plan in self._node.plans() if plan.releases)
        name = self._one_of(seen)
        if name is None:
            return None
        return self._keyed(
            lambda key: self._node.withdraw(name, self._line, "off", officer=self._officer, key=key)
        )

    # --- talk -------------------------------------------------------------------------------------

    def _send(self, precedence: str, reply_to: str | None, key: str | None) -> EntryView:
        return self._node.send(
            self._line,
            text="hello",
            precedence=precedence,
            reply_to=reply_to,
            officer=self._officer,
            key=key,
        )

    def _message(self) -> Act:
        precedence = self._chance.choice(("routine", "priority", "urgent-safety"))
        reply_to = self._one_of([None, *self._places()])
        return self._keyed(lambda key: self._send(precedence, reply_to, key))

    def _acknowledge(self) -> Act | None:
        places = self._places()
        entry = self._one_of(entry for entry, (party, _) in places.items() if party != self._party)
        level = self._chance.choice(("understood", "disseminated"))
        if entry is None:
            return None
        return self._keyed(
            lambda key: self._node.acknowledge(
                self._line, entry, level, officer=self._officer, key=key
            )
        )

    def _check_line(self) -> Act:
        return lambda: self._node.check_line(self._line, officer=self._officer)

    def _suspend(self) -> Act:
        return lambda: self._node.suspend(self._line, officer=self._officer)

    def _resume(self) -> Act | None:
        if self._party not in self._node.line(self._line).suspended_by:
            return None
        return lambda: self._node.resume(self._line, officer=self._officer)

    def _lapse(self) -> Act | None:
        places = self._places()
        late = [
            (one.owed_by, one.what, one.slot or "", places.get(one.entry or "", ("", 0)), one.id)
            for one in self._node.obligations(self._line)
            if one.state == "late" and self._party in one.owed_to and one.lapse is None
        ]
        found = self._one_of(sorted(late))
        if found is None:
            return None
        return lambda: self._node.state_lapse(self._line, found[-1], officer=self._officer)

    def _terms(self) -> Act:
        terms = dict(self._node.line(self._line).terms)
        version = terms["version"] + 1
        separation = {**terms["separation"], "lateral_m": LATERAL_M[version % len(LATERAL_M)]}
        day = self._chance.choice(("22", "22", "22", "23"))
        signed = terms | {"version": version, "separation": separation}
        signed["review_on"] = f"2027-11-{day}"
        return lambda: self._node.sign_terms(self._line, signed, officer=self._officer)

    # --- settling ---------------------------------------------------------------------------------

    def _propose(self) -> Act | None:
        open_ones = [
            (one.a.party, one.a.id, one.b.party, one.b.id, one.id)
            for one in self._node.conflicts(self._line)
            if (one.basis, one.state) == ("joint", "open") and (one.a.own or one.b.own)
        ]
        found = self._one_of(sorted(open_ones))
        if found is None:
            return None
        moves = self._chance.choice((found[0], found[2]))
        shift = self._one_of((ShiftView(time_s=7200.0), ShiftView(altitude_m=1524.0)))
        assert shift is not None
        return self._keyed(
            lambda key: self._node.propose(
                self._line, found[-1], moves, shift, officer=self._officer, key=key
            )
        )

    def _answer(self) -> Act | None:
        proposal = self._proposal(lambda one: one.may_answer)
        answer = self._node.assent if self._chance.random() < 0.8 else self._node.decline
        if proposal is None:
            return None
        return lambda: answer(self._line, proposal, officer=self._officer)

    def _carry_out(self) -> Act | None:
        proposal = self._proposal(lambda one: one.may_carry_out)
        if proposal is None:
            return None
        return lambda: self._node.carry_out(self._line, proposal, officer=self._officer)

    def _proposal(self, fits: Callable[[ProposalView], bool]) -> str | None:
        places = self._places()
        fitting = [
            (places.get(one.id, ("", 0)), one.id)
            for one in self._node.proposals(self._line)
            if fits(one)
        ]
        found = self._one_of(sorted(fitting))
        return None if found is None else found[1]

    # --- and --------------------------------------------------------------------------------------

    def _again(self) -> Act | None:
        """Ask once more for what was done last, under the same key: it is done once."""
        if self._last is None:
            return None
        entry, restored, act = self._last

        def again() -> EntryView | None:
            view = act()
            same = view is not None and view.id == entry
            # A node that was restored may have forgotten the first time.
            check(
                same or self.station.restored != restored,
                f"{self._party} did under one key twice what it was asked for",
            )
            return view

        return again

    def _look(self) -> Act:
        """Ask for everything there is to see: nothing that is on a line may stand in the way."""

        def look() -> None:
            node, line = self._node, self._line
            node.lines(), node.activities(line), node.conflicts(line), node.messages(line)
            node.obligations(line), node.entries(line), node.links(line), node.metrics()
            node.proposals(line), node.plans(), node.audit(), node.recalls(line)
            node.commitments(line), node.proofs(line), node.pending(line)

        return look

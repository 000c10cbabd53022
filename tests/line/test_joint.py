"""Conflicts as a function of the set of entries, held against an oracle that knows no rows.

Histories of two to four parties are invented from a seed: releases, new versions that cross each
other in flight, withdrawals, bodies not held, impossible entries, new terms. Whatever the order in
which the logs reach a node, and whether it asks an index or compares everything, the state must
come out equal, byte for byte.
"""

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.conflict import Index, Separation
from detente.line import (
    MemoryView,
    Shift,
    acknowledgement_draft,
    apply,
    assent_draft,
    conflict_id,
    decline_draft,
    message_draft,
    project,
    proposal_draft,
    read,
    read_activity,
    release_draft,
    state_document,
    suspend_draft,
    terms_draft,
    to_compare,
)
from detente.record import Entry
from detente.volumes import Activity

Circle = Callable[..., Activity]
GEOD = Geod(ellps="WGS84")
SEPARATIONS = (Separation(), Separation(0.0, 0.0, 0.0), Separation(40_000.0, 304.8, 7200.0))


# --- an invented history ---------------------------------------------------------------------


class History:
    """Writes on a world at random, as its members might."""

    def __init__(self, world: Any, circle: Circle, rng: random.Random) -> None:
        self.world = world
        self.circle = circle
        self.rng = rng

    def run(self, steps: int) -> None:
        acts = [self.release] * 6 + [self.receive] * 4 + [
            self.withdraw,
            self.drop_body,
            self.impossible,
            self.sign_terms,
            self.talk,
            self.propose,
        ]  # fmt: skip
        for _ in range(steps):
            self.rng.choice(acts)(self.rng.choice(list(self.world.logs)))

    def receive(self, party: str) -> None:
        """Some of what the others wrote arrives."""
        sizes = {other: self.rng.randint(0, len(log)) for other, log in self.world.logs.items()}
        self.world.receive(party, sizes)

    def release(self, party: str) -> None:
        self.world.release(party, self._activity(party))

    def _activity(self, party: str) -> Activity:
        activity = self.circle(
            party,
            self.rng.choice(["a", "b"]),
            lon=self.rng.choice([68.0, 68.3, 68.8]),
            level=self.rng.choice([240, 255, 300]),
            start_s=self.rng.choice([0.0, 3600.0, 9000.0]),
        )
        kind = self.rng.choice([*["patrol"] * 4, "Danger area", "EXERCISE protected-site"])
        return msgspec.structs.replace(activity, kind=kind)

    def withdraw(self, party: str) -> None:
        released = {
            entry.header.about["activity"]: entry.header.type
            for entry in self.world.logs[party]
            if entry.header.about.get("version") != 999 and "activity" in entry.header.about
        }
        for name, kind in released.items():
            if kind == "activity.release":
                self.world.withdraw(party, name)
                return

    def drop_body(self, party: str) -> None:
        """The newest release is not held, or was not readable, anywhere."""
        log = self.world.logs[party]
        if log[-1].header.type == "activity.release":
            log[-1] = msgspec.structs.replace(log[-1], body=self.rng.choice([None, b"?"]))

    def impossible(self, party: str) -> None:
        draft = release_draft(self._activity(party), version=999, supersedes="0" * 64, form="exact")
        self.world.write(party, draft)

    def sign_terms(self, party: str) -> None:
        """Every member signs, but at times of its own."""
        signed = [
            entry.header.about["version"]
            for entry in self.world.logs[party]
            if entry.header.type == "terms.sign"
        ]
        version = max(signed, default=1) + 1
        separation = SEPARATIONS[version % len(SEPARATIONS)]
        terms = msgspec.structs.replace(self.world.terms, version=version, separation=separation)
        for member in self.world.logs if self.rng.random() < 0.5 else (party,):
            self.world.write(member, terms_draft(terms))

    def talk(self, party: str) -> None:
        others = [entry for entry in self.world.entries() if entry.header.party != party]
        about = self.rng.choice(others).id
        draft = self.rng.choice(
            [
                message_draft(text="a", reply_to=about),
                acknowledgement_draft(about, "understood"),
                assent_draft(about),
                decline_draft(about),
                suspend_draft(),
            ]
        )
        self.world.write(party, draft)

    def propose(self, party: str) -> None:
        own, theirs = (
            [
                entry
                for entry in self.world.entries()
                if entry.header.type == "activity.release" and (entry.header.party == party) is mine
            ]
            for mine in (True, False)
        )
        if own and theirs:
            sides = [self.rng.choice(own), self.rng.choice(theirs)]
            pairs = [(side.header.party, side.header.about["activity"]) for side in sides]
            draft = proposal_draft(
                conflict=conflict_id(self.world.founding.id, *pairs),
                versions={side.header.party: side.id for side in sides},
                moves=party,
                shift=Shift(2700.0),
            )
            self.world.write(party, draft)


def _arrivals(world: Any, rng: random.Random) -> list[Entry]:
    """All entries, each log in its order, the logs interleaved at random."""
    turns = [party for party, log in world.logs.items() for _ in log]
    rng.shuffle(turns)
    logs = {party: iter(log) for party, log in world.logs.items()}
    return [next(logs[party]) for party in turns]


def _near(index: Index) -> Callable[[Activity], list[tuple[str, str]]]:
    return lambda activity: [(found.party, found.id) for found in index.near(activity)]


def _live(world: Any, entries: list[Entry]) -> MemoryView:
    """Rows as a node keeps them: with an index of the newest released versions."""
    view, founding = MemoryView(), world.founding
    index = Index(founding.terms.separation)
    for entry in entries:
        view.apply(apply(view, founding, entry))
        world.compare(view, entry, _near(index))
        separation = read.terms(view, founding).separation
        if separation != index.separation or entry.header.type.startswith("activity."):
            index = Index(separation)
            for version in read.activities(view):
                if version.activity is not None:
                    index.put(version.activity)
    return view


# --- the oracle ------------------------------------------------------------------------------


def _meet(a: Activity, b: Activity, separation: Separation) -> bool:
    [one], [other] = a.volumes, b.volumes
    [[(lon1, lat1)]], [[(lon2, lat2)]] = one.core.rings, other.core.rings
    apart_m = GEOD.inv(lon1, lat1, lon2, lat2)[2] - one.radius_m - other.radius_m
    bands = [(v.band.lower.value_m, v.band.upper.value_m) for v in (one, other)]  # type: ignore[union-attr]
    (low1, high1), (low2, high2) = bands
    sites = [activity.kind == "EXERCISE protected-site" for activity in (a, b)]
    return bool(
        not all(sites)
        and apart_m <= (0.0 if any(sites) else separation.lateral_m) + 0.01
        and max(low1 - high2, low2 - high1) <= separation.vertical_m + 0.01
        and max(one.start_s - other.end_s, other.start_s - one.end_s) <= separation.time_s
    )


def _expected(world: Any, separation: Separation) -> dict[str, str]:
    """State by conflict id, from the entries alone and by the words of protocol section 7."""
    chains: dict[tuple[str, str], list[Entry]] = {}
    for entry in world.entries():
        about = entry.header.about
        if "activity" in about and about["version"] != 999:
            chains.setdefault((entry.header.party, about["activity"]), []).append(entry)
    expected = {}
    for a, ours in chains.items():
        for b, theirs in chains.items():
            if a[0] < b[0]:
                state = _state(ours, theirs, separation)
                if state:
                    expected[conflict_id(world.founding.id, a, b)] = state
    return expected


def _state(ours: list[Entry], theirs: list[Entry], separation: Separation) -> str | None:
    met = {
        (i, j)
        for i, one in enumerate(ours)
        for j, other in enumerate(theirs)
        if _coexisted(ours, i, other)
        and _coexisted(theirs, j, one)
        and _conflict(one, other, separation)
    }
    if (len(ours) - 1, len(theirs) - 1) in met:
        return "open"
    if not met:
        return None
    unknown = any(
        chain[-1].header.type == "activity.release" and _shape(chain[-1]) is None
        for chain in (ours, theirs)
    )
    return "unknown" if unknown else "ended"


def _coexisted(chain: list[Entry], number: int, other: Entry) -> bool:
    if number + 1 == len(chain):
        return True
    successor = chain[number + 1].header
    seen = other.header.seen.get(successor.party)
    return seen is None or seen.size <= successor.index


def _shape(entry: Entry) -> Activity | None:
    if entry.header.type != "activity.release" or entry.body in (None, b"?"):
        return None
    assert entry.body is not None
    return read_activity(entry.body, entry.header.party, entry.header.about["activity"])[0]


def _conflict(one: Entry, other: Entry, separation: Separation) -> bool:
    a, b = _shape(one), _shape(other)
    return a is not None and b is not None and _meet(a, b, separation)


# --- the tests -------------------------------------------------------------------------------


@given(rng=st.randoms(use_true_random=False), members=st.integers(2, 4))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_arrival_gives_the_same_state(
    rng: random.Random, members: int, new_world: Callable[..., Any], circle: Circle
) -> None:
    world = new_world(*("us", "ru", "tj", "uz")[:members])
    History(world, circle, rng).run(25)
    scratch = MemoryView(project(world.founding, world.entries()))
    document = state_document(scratch)
    for live in (False, True):
        arrivals = _arrivals(world, rng)
        view = _live(world, arrivals) if live else world.view(arrivals)
        assert state_document(view) == document
        assert view.rows() == scratch.rows()
    separation = read.terms(scratch, world.founding).separation
    found = {conflict.id: conflict.state for conflict in read.conflicts(scratch)}
    assert found == _expected(world, separation)


def test_the_invented_histories_are_worth_inventing(
    new_world: Callable[..., Any], circle: Circle
) -> None:
    """Every state of a conflict, of a proposal, and several kinds of void occur in them."""
    states: set[str] = set()
    for seed in range(40):
        world = new_world("us", "ru")
        History(world, circle, random.Random(seed)).run(25)
        view = MemoryView(project(world.founding, world.entries()))
        states |= {conflict.state for conflict in read.conflicts(view)}
        states |= {proposal.status for proposal in read.proposals(view)}
        states |= {void.reason for void in read.voids(view)}
        states |= {f"terms {read.terms(view, world.founding).version}"}
    assert states >= {"open", "ended", "unknown", "overtaken", "out-of-sequence", "terms 2"}


@pytest.mark.parametrize("seed", range(3))
def test_every_prefix_of_an_arrival_equals_its_rebuild(
    seed: int, new_world: Callable[..., Any], circle: Circle
) -> None:
    rng = random.Random(seed)
    world = new_world("us", "ru", "tj")
    History(world, circle, rng).run(30)
    arrivals = _arrivals(world, rng)
    view = MemoryView()
    for count, entry in enumerate(arrivals, 1):
        view.apply(apply(view, world.founding, entry))
        world.compare(view, entry)
        assert view.rows() == project(world.founding, arrivals[:count])


def _one(view: MemoryView) -> read.Conflict:
    [conflict] = read.conflicts(view)
    return conflict


def test_an_area_gives_the_conflict_its_kind_and_a_site_is_not_asked_to_move(
    world: Any, circle: Circle
) -> None:
    site = msgspec.structs.replace(circle("us", "hospital"), kind="protected site")
    world.release("us", site)
    beside = circle("ru", "corridor", lon=69.1, level=240)
    world.release("ru", beside)
    # 7 km apart: within the separation, and outside the buffer.
    assert read.conflicts(world.view()) == []
    world.release("ru", circle("ru", "corridor", lon=69.0, level=240))
    conflict = _one(world.view())
    assert (conflict.kind, conflict.lateral_m) == ("protected-site", 0)
    assert conflict.suggestions["us"] == read.Suggestion(None, None, None, None)
    assert conflict.suggestions["ru"].higher_m is not None

    world.release("us", msgspec.structs.replace(site, kind="special caution area"))
    conflict = _one(world.view())
    assert conflict.kind == "special-caution-area"
    assert conflict.suggestions["us"].later_s is not None
    # What was a site is now held to the separation.
    world.release("ru", beside)
    assert _one(world.view()).state == "open"


def test_a_conflict_names_what_it_is_of(world: Any, circle: Circle) -> None:
    ours = world.release("us", circle("us"))
    theirs = world.release("ru", circle("ru", "corridor", lon=69.1, level=255, start_s=3000))
    conflict = _one(world.view())
    pairs = ("ru", "corridor"), ("us", "orbit")
    assert conflict.id == conflict_id(world.founding.id, *pairs)
    assert conflict.id == conflict_id(world.founding.id, *reversed(pairs))
    assert (conflict.a, conflict.b) == (read.Side("ru", "corridor"), read.Side("us", "orbit"))
    assert conflict.versions == {"us": ours.id, "ru": theirs.id}
    assert conflict.state == "open"
    # 27.1 km apart on the parallel less twice 10 km; FL250 to FL255; both windows ± 5 min.
    assert conflict.lateral_m == int(GEOD.inv(68.8, 36, 69.1, 36)[2] - 20_000)
    assert conflict.vertical_m == 152
    assert (conflict.start, conflict.end) == ("2026-11-22T06:45:00Z", "2026-11-22T07:05:00Z")
    assert [(part.a_volume, part.b_volume) for part in conflict.parts] == [(0, 0)]
    assert read.conflict(world.view(), conflict.id) == conflict
    assert read.conflict(world.view(), "0" * 64) is None


def test_figures_are_rounded_outward(world: Any, circle: Circle) -> None:
    world.release("us", circle("us", start_s=0.25))
    world.release("ru", circle("ru", lon=69.1, level=255, start_s=0.75))
    conflict = _one(world.view())
    exact_m = GEOD.inv(68.8, 36, 69.1, 36)[2] - 20_000
    assert exact_m - 1 < conflict.lateral_m <= exact_m
    assert conflict.lateral_m == int(conflict.lateral_m)
    assert (conflict.start, conflict.end) == ("2026-11-22T05:55:00Z", "2026-11-22T07:05:01Z")
    for value in (conflict.lon, conflict.lat, conflict.parts[0].lon, conflict.parts[0].lat):
        assert value == round(value, 5)


def test_of_very_many_parts_the_first_are_told_and_the_rest_counted(
    world: Any, circle: Circle
) -> None:
    def many(party: str, step_s: float) -> Any:
        one = circle(party)
        [volume] = one.volumes
        volumes = [
            msgspec.structs.replace(volume, start_s=volume.start_s + n * step_s) for n in range(20)
        ]
        return msgspec.structs.replace(one, volumes=tuple(volumes))

    world.release("us", many("us", 60))
    world.release("ru", many("ru", 30))
    conflict = _one(world.view())
    assert (len(conflict.parts), conflict.more_parts) == (256, 20 * 20 - 256)
    told = [(part.start, part.a_volume, part.b_volume) for part in conflict.parts]
    # Party ru is side a. A pair begins with the later of its two, 5 min earlier.
    every = [(max(a * 30, b * 60), a, b) for a in range(20) for b in range(20)]
    assert [(a, b) for _, a, b in told] == [(a, b) for _, a, b in sorted(every)[:256]]
    assert told == sorted(told)
    assert (conflict.start, conflict.end) == ("2026-11-22T05:55:00Z", "2026-11-22T07:05:00Z")


def test_suggestions_would_end_it(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("ru", circle("ru"))
    for party, suggestion in _one(world.view()).suggestions.items():
        still = circle("ru" if party == "us" else "us")
        assert suggestion.later_s is not None
        assert suggestion.earlier_s is not None
        assert suggestion.higher_m is not None
        assert suggestion.lower_m is not None
        for moved in (
            circle(party, start_s=suggestion.later_s),
            circle(party, start_s=-suggestion.earlier_s),
            circle(party, level=240 + suggestion.higher_m / 30.48),
            circle(party, level=240 - suggestion.lower_m / 30.48),
        ):
            assert not _meet(moved, still, Separation())


def test_it_ends_when_one_side_moves(world: Any, circle: Circle) -> None:
    first, theirs = world.release("us", circle("us")), world.release("ru", circle("ru"))
    world.sync()
    world.release("us", circle("us", level=300))
    conflict = _one(world.view())
    assert (conflict.state, conflict.suggestions) == ("ended", {})
    assert conflict.versions == {"us": first.id, "ru": theirs.id}
    world.release("us", circle("us", start_s=600))
    assert _one(world.view()).state == "open"
    world.sync()
    world.withdraw("ru", "orbit")
    assert _one(world.view()).state == "ended"


def test_versions_that_never_coexisted_never_conflicted(world: Any, circle: Circle) -> None:
    """The second side releases only after it has seen that the first has moved away."""
    world.release("us", circle("us"))
    world.release("us", circle("us", level=300))
    world.sync()
    world.release("ru", circle("ru"))
    assert read.conflicts(world.view()) == []


@pytest.mark.parametrize("first", ["us", "ru"])
def test_versions_that_crossed_in_flight_did_coexist(
    first: str, world: Any, circle: Circle
) -> None:
    world.release("us", circle("us"))
    world.release("us", circle("us", level=300))
    world.release("ru", circle("ru"))
    order = sorted(world.logs, key=lambda party: party != first)
    view = world.view([entry for party in order for entry in world.logs[party]])
    assert _one(view).state == "ended"


def test_a_successor_that_arrives_late_can_show_that_there_was_no_conflict(
    world: Any, circle: Circle
) -> None:
    world.release("us", circle("us"))
    world.release("us", circle("us", level=300))
    world.sync()
    world.release("ru", circle("ru"))
    early = [*world.logs["us"][:-1], *world.logs["ru"]]
    view = world.view(early)
    assert _one(view).state == "open"
    last = world.logs["us"][-1]
    view.apply(apply(view, world.founding, last))
    world.compare(view, last)
    assert read.conflicts(view) == []
    assert list(view.scan("meeting")) == []


def test_what_becomes_unknown_is_not_ended(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("ru", circle("ru"))
    world.sync()
    entry = world.release("us", circle("us", level=300))
    world.logs["us"][-1] = msgspec.structs.replace(entry, body=None, salt=None)
    assert _one(world.view()).state == "unknown"


def test_parties_do_not_conflict_with_themselves(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("us", circle("us", "other"))
    assert read.conflicts(world.view()) == []


def test_new_terms_judge_everything_anew(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("ru", circle("ru", lon=69.1))
    assert _one(world.view()).state == "open"
    touching = msgspec.structs.replace(world.terms, version=2, separation=Separation(0.0, 0.0, 0.0))
    world.write("us", terms_draft(touching))
    assert _one(world.view()).state == "open"
    world.write("ru", terms_draft(touching))
    assert read.conflicts(world.view()) == []


def test_terms_signed_once_more_or_not_by_all_cost_nothing(world: Any, circle: Circle) -> None:
    """Else a party could have everything judged anew, over and over, with a few bytes."""
    world.release("us", circle("us"))
    world.release("ru", circle("ru"))

    def touched(party: str, **changes: Any) -> int:
        terms = msgspec.structs.replace(world.terms, **changes)
        entry = world.write(party, terms_draft(terms))
        return len(to_compare(world.view(), world.founding, entry))

    assert [touched(party, version=2) for party in ("us", "us", "ru")] == [0, 0, 1]
    assert [touched(party, version=2) for party in ("us", "ru")] == [0, 0]
    assert [touched("ru", version=number, languages=("ru",)) for number in (2, 3)] == [0, 0]


def test_terms_signed_ahead_come_into_force_together(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("ru", circle("ru", lon=69.1))
    second = msgspec.structs.replace(world.terms, version=2)
    third = msgspec.structs.replace(second, version=3, separation=Separation(0.0, 0.0, 0.0))
    for party, terms in (("us", second), ("us", third), ("ru", third), ("ru", second)):
        assert _one(world.view()).state == "open"
        world.write(party, terms_draft(terms))
    assert read.terms(world.view(), world.founding) == third
    assert read.conflicts(world.view()) == []


def test_the_document_is_canonical_json(world: Any, circle: Circle) -> None:
    world.release("us", circle("us"))
    world.release("ru", circle("ru"))
    document = state_document(world.view())
    state = json.loads(document)
    assert (
        document
        == json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    rows = {(kind, key) for kind, docs in state.items() for key in docs}
    assert rows == set(world.view().rows())

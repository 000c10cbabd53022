"""A line of two to four parties with fixed keys, whose members write real, signed entries."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.line import (
    Area,
    Draft,
    Founding,
    MemoryView,
    Terms,
    apply,
    compared,
    join_draft,
    make_founding,
    open_founding,
    release_draft,
    standard_terms,
    to_compare,
    withdraw_draft,
)
from detente.line.joint import Near
from detente.record import (
    Entry,
    OpenCard,
    Seen,
    SigningKey,
    make_card,
    open_card,
    write_entry,
)
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume
from detente.volumes.times import format_time, parse_time_s

CA = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUTm90UmVhbA==\n-----END CERTIFICATE-----\n"
AREA = Area(west=65.0, south=35.0, east=73.0, north=40.0)
BEGIN_S = parse_time_s("2026-11-22T00:00:00Z")
PARTIES = ("ru", "tj", "us", "uz")
IMPOSSIBLE = 999
"""A version number that no test reaches: entries that carry it are void."""

_KEYS = {
    party: SigningKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(party.encode()).digest()))
    for party in PARTIES
}
_CARDS = {
    party: make_card(
        key,
        party=party,
        name=f"Cell {party}",
        ca=CA,
        endpoint="https://192.0.2.1:7443",
        languages=["en"],
    )
    for party, key in _KEYS.items()
}


class World:
    """One line, and every entry that its members wrote on it.

    ``held`` is what each member holds of the others' logs, which is what its headers name as seen.
    """

    def __init__(self, members: Sequence[str], **changes: Any) -> None:
        terms = standard_terms(
            tuple(members),
            area=AREA,
            effective_from_s=changes.pop("effective_from_s", BEGIN_S),
            review_on=date(2027, 11, 22),
            languages=("en", "ru"),
            exercise=changes.pop("exercise", None),
        )
        terms = msgspec.structs.replace(terms, **changes)
        cards = {party: _CARDS[party] for party in members}
        self.founding: Founding = open_founding(make_founding("watch", terms, cards, bytes(16)))
        self.logs: dict[str, list[Entry]] = {party: [] for party in sorted(members)}
        self.held: dict[str, dict[str, int]] = {party: {} for party in members}
        self.now_s = BEGIN_S

    @property
    def terms(self) -> Terms:
        return self.founding.terms

    def write(self, party: str, draft: Draft, *, time_s: float | None = None) -> Entry:
        """Sign a draft as the next entry of ``party``, having seen what it holds."""
        self.now_s += 1
        entry = write_entry(
            _KEYS[party],
            line=self.founding.id,
            party=party,
            index=len(self.logs[party]),
            type=draft.type,
            time=format_time(self.now_s if time_s is None else time_s),
            seen={
                other: Seen(size, hashlib.sha256(f"{other}/{size}".encode()).hexdigest())
                for other, size in self.held[party].items()
            },
            about=draft.about,
            body=draft.body,
            salt=bytes(32),
        )
        self.logs[party].append(entry)
        return entry

    def join(self) -> None:
        for party in self.logs:
            self.write(party, join_draft(self.founding.raw))

    def sync(self, *parties: str) -> None:
        """These members (or all) now hold everything that was written."""
        for party in parties or tuple(self.logs):
            self.receive(party, {other: len(log) for other, log in self.logs.items()})

    def receive(self, party: str, sizes: dict[str, int]) -> None:
        """``party`` now holds so much of the others' logs; never less than before."""
        held = self.held[party]
        for other, size in sizes.items():
            if other != party and size > held.get(other, 0):
                held[other] = size

    def release(
        self, party: str, activity: Activity, *, form: str = "exact", settles: str | None = None
    ) -> Entry:
        """The next version of an activity, whatever came before it."""
        version, before = self._before(party, activity.id)
        draft = release_draft(
            activity, version=version + 1, supersedes=before, form=form, settles=settles
        )
        return self.write(party, draft)

    def withdraw(self, party: str, activity_id: str) -> Entry:
        version, before = self._before(party, activity_id)
        assert before is not None
        return self.write(
            party, withdraw_draft(activity_id, version=version + 1, supersedes=before)
        )

    def _before(self, party: str, activity_id: str) -> tuple[int, str | None]:
        for entry in reversed(self.logs[party]):
            about = entry.header.about
            if not entry.header.type.startswith("activity."):
                continue
            if about.get("activity") == activity_id and about["version"] != IMPOSSIBLE:
                return about["version"], entry.id
        return 0, None

    def entries(self) -> list[Entry]:
        """All entries, log after log."""
        return [entry for log in self.logs.values() for entry in log]

    def view(self, entries: Iterable[Entry] | None = None, near: Near | None = None) -> MemoryView:
        """The rows that these entries, arriving in this order, leave behind."""
        view = MemoryView()
        for entry in self.entries() if entries is None else entries:
            view.apply(apply(view, self.founding, entry))
            self.compare(view, entry, near)
        return view

    def compare(self, view: MemoryView, entry: Entry, near: Near | None = None) -> None:
        """Compare at once an entry that has just been folded."""
        view.apply(to_compare(view, self.founding, entry))
        waiting = [key for key, _ in view.scan("uncompared")]
        view.apply(compared(view, self.founding, waiting, near))


@pytest.fixture(scope="session")
def cards() -> dict[str, bytes]:
    """The cards of all parties there are."""
    return _CARDS


@pytest.fixture(scope="session")
def other_card() -> Callable[..., OpenCard]:
    """``other_card("tj", key_of="uz")``: a card of that party with another's, or any, key."""

    def make(party: str, *, key_of: str) -> OpenCard:
        seed = hashlib.sha256(key_of.encode()).digest()
        key = SigningKey(Ed25519PrivateKey.from_private_bytes(seed))
        return open_card(
            make_card(
                key,
                party=party,
                name="x",
                ca=CA,
                endpoint="https://192.0.2.1:7443",
                languages=["en"],
            )
        )

    return make


@pytest.fixture(scope="session")
def new_world() -> Callable[..., World]:
    """``new_world("us", "ru", **terms)``: a line that its members have joined and synchronised."""

    def make(*members: str, **changes: Any) -> World:
        world = World(members or ("ru", "us"), **changes)
        world.join()
        world.sync()
        return world

    return make


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """The line of ``us`` and ``ru``."""
    return new_world("us", "ru")


@pytest.fixture(scope="session")
def circle() -> Callable[..., Activity]:
    """A flight-level circle of 10 km on the 36th parallel, an hour long."""

    def make(
        party: str,
        name: str = "orbit",
        *,
        lon: float = 68.8,
        level: int = 240,
        start_s: float = 0.0,
        radius_m: float = 10_000.0,
    ) -> Activity:
        band = Band(
            Limit(level * 30.48, Reference.STD),
            Limit((level + 10) * 30.48, Reference.STD),
        )
        core = Core(Shape.POINT, (((lon, 36.0),),))
        start_s += BEGIN_S + 6 * 3600
        return Activity(
            party, name, "survey", (Volume(core, radius_m, band, start_s, start_s + 3600),)
        )

    return make

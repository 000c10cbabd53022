"""A party taken in is a member by the set of entries, in whatever order they came, and for ever."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from detente.errors import RecordError
from detente.line import (
    admit_draft,
    apply,
    check_draft,
    join_draft,
    lapse_draft,
    leave_draft,
    message_draft,
    owed,
    project,
    read,
    state_document,
    terms_draft,
    vouch_draft,
)
from detente.record import Entry, open_card
from detente.record.header import MAX_PARTIES


class Growing:
    """A line of ``ru`` and ``us`` which takes in ``tj`` and then, with it, ``uz``."""

    def __init__(self, world: Any, cards: dict[str, bytes]) -> None:
        self.world = world
        self.cards = {party: open_card(raw) for party, raw in cards.items()}

    def admit(self, party: str, newcomer: str) -> Entry:
        written: Entry = self.world.write(party, admit_draft(self.cards[newcomer]))
        return written

    def come(self, newcomer: str) -> None:
        self.world.logs[newcomer] = []
        self.world.held[newcomer] = {}
        self.world.write(newcomer, join_draft(self.world.founding.raw))

    def members(self, entries: Sequence[Entry] | None = None) -> set[str]:
        """Who was taken in, by these entries: as a node folds them, whatever it does not know."""
        return set(read.admitted(self.view(entries), self.world.founding))

    def view(self, entries: Sequence[Entry] | None = None) -> Any:
        kept = self.world.founding
        self.world.founding = kept.with_members(self.cards)
        try:
            return self.world.view(entries)
        finally:
            self.world.founding = kept


@pytest.fixture
def growing(new_world: Any, cards: dict[str, bytes]) -> Growing:
    return Growing(new_world("ru", "us"), cards)


def grown(growing: Growing, circle: Any) -> None:
    """Both newcomers are in, with something said and released before, between and after."""
    world = growing.world
    world.release("us", circle("us"))
    for party in ("us", "ru"):
        growing.admit(party, "tj")
    growing.come("tj")
    world.sync()
    world.release("tj", circle("tj"))
    wider = msgspec.structs.replace(world.terms, version=2)
    for party in ("us", "tj", "ru"):
        world.write(party, terms_draft(wider))
        growing.admit(party, "uz")
    growing.come("uz")
    world.sync()
    world.release("uz", circle("uz"))
    world.write("ru", leave_draft())
    world.sync("us", "tj", "uz")
    third = msgspec.structs.replace(world.terms, version=3)
    for party in ("uz", "us", "tj"):
        world.write(party, terms_draft(third))


def shuffled(logs: dict[str, list[Entry]], seed: int) -> list[Entry]:
    """All entries, each log in its own order."""
    left = {party: list(log) for party, log in logs.items()}
    chance, entries = random.Random(seed), []
    while any(left.values()):
        entries.append(left[chance.choice([p for p in left if left[p]])].pop(0))
    return entries


def test_the_state_is_the_same_in_whatever_order_the_logs_come(
    growing: Growing, circle: Any
) -> None:
    grown(growing, circle)
    world = growing.world
    assert growing.members() == {"tj", "uz"}
    assert read.terms(growing.view(), world.founding).version == 3
    documents = set()
    for seed in range(8):
        entries = shuffled(world.logs, seed)
        view = growing.view(entries)
        documents.add(state_document(view))
        assert view.rows() == project(world.founding.with_members(growing.cards), entries)
    assert len(documents) == 1
    pairs = {(one.a.party, one.b.party) for one in read.conflicts(growing.view())}
    assert pairs == {("tj", "us"), ("tj", "uz"), ("us", "uz")}


def test_who_is_a_member_stays_one_whatever_arrives_later(growing: Growing, circle: Any) -> None:
    grown(growing, circle)
    for seed in range(12):
        entries = shuffled(growing.world.logs, seed)
        known: set[str] = set()
        version = 1
        for end in range(len(entries) + 1):
            view = growing.view(entries[:end])
            now = set(read.admitted(view, growing.world.founding))
            assert known <= now
            known = now
            newest = read.terms(view, growing.world.founding).version
            assert version <= newest
            version = newest


def test_everybody_signs_or_nobody_comes(growing: Growing) -> None:
    assert growing.members() == set()
    growing.admit("us", "tj")
    assert growing.members() == set()
    [asked] = read.admissions(growing.view(), growing.world.founding)
    assert (asked.party, asked.signed_by, asked.waits_for) == ("tj", ("us",), ("ru",))
    growing.admit("ru", "tj")
    assert growing.members() == {"tj"}


def test_a_newcomer_has_to_sign_once_somebody_who_signs_has_met_it(growing: Growing) -> None:
    for party in ("us", "ru"):
        growing.admit(party, "tj")
    growing.come("tj")
    growing.world.sync("us")
    growing.admit("ru", "uz")
    growing.admit("us", "uz")
    [_, uz] = read.admissions(growing.view(), growing.world.founding)
    assert (uz.admitted, uz.waits_for) == (False, ("tj",))
    growing.admit("tj", "uz")
    assert growing.members() == {"tj", "uz"}


def test_who_leaves_need_not_sign_and_founders_must(new_world: Any, cards: Any) -> None:
    growing = Growing(new_world("ru", "tj", "us"), cards)
    growing.admit("us", "uz")
    growing.admit("ru", "uz")
    assert growing.members() == set()
    growing.world.write("tj", leave_draft())
    assert growing.members() == {"uz"}
    # With every founder gone, who is left cannot go on taking parties in.
    growing.come("uz")
    for party in ("us", "ru"):
        growing.world.write(party, leave_draft())
    lone = msgspec.structs.replace(growing.world.terms, version=2)
    growing.world.write("uz", terms_draft(lone))
    assert read.terms(growing.view(), growing.world.founding).version == 1


def test_one_log_names_a_party_and_a_key_once(growing: Growing, other_card: Any) -> None:
    world = growing.world
    first = growing.admit("us", "tj")
    twice = growing.admit("us", "tj")
    card, keys = other_card("tj", key_of="uz"), other_card("xx", key_of="tj")
    founder, itself = growing.admit("us", "ru"), growing.admit("us", "us")
    other = world.write("us", admit_draft(card))
    same_key = world.write("us", admit_draft(keys))
    founders_key = world.write("us", admit_draft(other_card("yy", key_of="ru")))
    void = {one.entry: one.reason for one in read.voids(growing.view())}
    wrong = (twice, founder, itself, other, same_key, founders_key)
    assert void == {one.id: "admitted-before" for one in wrong}
    # The other party may sign for the other card; then neither ever gets both signatures.
    world.write("ru", admit_draft(card))
    growing.admit("ru", "tj")
    assert growing.members() == set()
    assert first.id not in void


def test_a_line_has_room_for_sixteen(growing: Growing, other_card: Any) -> None:
    for n in range(MAX_PARTIES - 2):
        for party in ("us", "ru"):
            growing.world.write(party, admit_draft(other_card(f"p{n:02d}", key_of=f"p{n:02d}")))
    assert len(growing.members()) == MAX_PARTIES - 2
    last = [growing.admit(party, "tj").id for party in ("us", "ru")]
    reasons = {one.entry: one.reason for one in read.voids(growing.view())}
    assert reasons == dict.fromkeys(last, "line-full")
    assert "tj" not in growing.members()


def test_a_card_that_is_not_the_named_one_takes_nobody_in(growing: Growing) -> None:
    for party in ("us", "ru"):
        draft = admit_draft(growing.cards["tj"])
        growing.world.write(party, draft._replace(body=growing.cards["uz"].raw))
    [asked] = read.admissions(growing.view(), growing.world.founding)
    assert (asked.admitted, asked.card, asked.waits_for) == (False, None, ())


def test_what_is_owed_begins_when_the_writer_has_met_it(growing: Growing) -> None:
    world = growing.world
    world.write("us", message_draft(text="before"))
    for party in ("us", "ru"):
        growing.admit(party, "tj")
    founding = world.founding.with_members(growing.cards)

    def debts() -> dict[tuple[str, str], int]:
        found = owed(growing.view(), founding, lambda *_: 0, world.now_s + 13 * 3600)
        count: dict[tuple[str, str], int] = {}
        for one in found:
            key = (one.owed_by, "check" if one.what == "line-check" else one.what)
            count[key] = count.get(key, 0) + 1
        return count

    assert {party for party, _ in debts()} == {"ru", "us"}
    world.now_s += 7 * 3600
    growing.come("tj")
    world.write("us", message_draft(text="not known to tj's joining yet"))
    world.sync()
    world.write("us", message_draft(text="to all"))
    said = world.write("tj", message_draft(text="hello"))
    counted = debts()
    assert counted["tj", "understood"] == 1
    assert (counted["us", "understood"], counted["ru", "understood"]) == (1, 4)
    assert 0 < counted["tj", "check"] < counted["us", "check"]
    lapse = lapse_draft(owed_by="tj", entry=None, what="line-check", due_s=world.now_s)
    world.write("us", lapse)
    world.write("tj", check_draft(world.now_s))
    assert read.voids(growing.view()) == []
    assert said.header.seen.keys() == {"ru", "us"}


def test_a_lapse_or_vouching_of_a_stranger_is_void(growing: Growing) -> None:
    world = growing.world
    world.write("us", lapse_draft(owed_by="tj", entry=None, what="line-check", due_s=world.now_s))
    world.write("us", vouch_draft(growing.cards["tj"]))
    reasons = [one.reason for one in read.voids(growing.view())]
    assert reasons == ["not-owed", "not-a-side"]


def test_the_log_of_nobody_is_refused(growing: Growing) -> None:
    growing.come("tj")
    with pytest.raises(RecordError, match="no member"):
        apply(growing.view([]), growing.world.founding, growing.world.logs["tj"][0])

"""A line by hand: the same record as over a network, whoever carries what in which order."""

import io
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detente.errors import AccessError, DetenteError, InputError, RecordError, StateError
from detente.line import Letter, write_letter
from detente.node import Node, aside, peering, rekeying
from detente.node.keys import SEALING, add_sealing, read_signing_key
from detente.node.quota import Quota
from detente.record import SigningKey, open_card
from detente.record.parcel import Sealer
from detente.store import aside as kept_aside

LINE = "northern-watch"
TIME = "2026-11-22T08:00:00Z"


def pack(node: Node, to: str, **asked: Any) -> bytes:
    return b"".join(node.pack(LINE, to, officer="courier", **asked).pieces)


def unpack(node: Node, parcel: bytes) -> Any:
    return node.unpack(io.BytesIO(parcel), officer="courier")


def carry(sender: Node, receiver: Node, **asked: Any) -> Any:
    return unpack(receiver, pack(sender, receiver.party, **asked))


def log_of(taken: Any, party: str) -> Any:
    [found] = [log for log in taken.logs if log.party == party]
    return found


def say(node: Node, *texts: str) -> None:
    for text in texts:
        node.send(LINE, text=text, officer="watch")


def same(*nodes: Node) -> None:
    assert len({node.state_document(LINE) for node in nodes}) == 1
    for node in nodes:
        assert node.verify() == []


class Forger:
    """Makes parcels for ``us`` with the keys of ``ru``, as its node never would."""

    def __init__(self, pair: Any) -> None:
        self.us: Node = pair.nodes["us"]
        self.line = self.us.line(LINE).id
        self.key = read_signing_key(pair.directory / "ru/keys", None)

    def parcel(self, *chunks: Any, key: SigningKey | None = None, **letter: Any) -> bytes:
        sealing = open_card(self.us.card()).sealing
        assert sealing is not None
        sealer = Sealer("us", sealing, bytes(32))
        fields = {"v": 1, "line": self.line, "sender": "ru", "to": "us", "time": TIME}
        signed = Letter(**{**fields, "label": sealer.digest, **letter})
        first = write_letter(key or self.key, signed, [])
        raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in chunks]
        sealed = [sealer.seal(chunk, last=at == len(raw)) for at, chunk in enumerate([first, *raw])]
        return b"".join([sealer.label, *sealed])

    def refused(self, *chunks: Any, **letter: Any) -> str:
        with pytest.raises(RecordError) as told:
            unpack(self.us, self.parcel(*chunks, **letter))
        return str(told.value)

    def problems(self, *chunks: Any) -> list[tuple[str | None, str]]:
        taken = unpack(self.us, self.parcel(*chunks))
        return [(one.party, one.error) for one in taken.problems]


@pytest.fixture
def forger(pair: Any) -> Forger:
    return Forger(pair)


HEADS: Any = {"heads": {}}


def span(party: str, start: int, entries: list[Any], checkpoint: str | None = None) -> Any:
    return {"log": party, "from": start, "entries": entries, "checkpoint": checkpoint}


# --- any order ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_any_parts_comes_to_the_same(pair: Any, seed: int) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    chance = random.Random(seed)
    us.file(pair.circle("us", "orbit"), title="", officer="watch")
    parcels = []
    for number in range(6):
        if number in (1, 4):
            us.release("orbit", LINE, "exact", officer="watch")
        elif number == 3:
            us.withdraw("orbit", LINE, officer="watch")
        else:
            say(us, f"message {number}")
        parcels.append(pack(us, "ru", log="us", start=chance.randint(1, number + 1)))
    parcels += parcels
    chance.shuffle(parcels)
    for parcel in parcels:
        assert unpack(ru, parcel).problems == []
    same(us, ru)
    with ru._core.store.read() as tx:
        assert kept_aside.indexes(tx, us.line(LINE).id, "us") == []


def test_what_is_missing_is_told_exactly_and_kept_until_it_comes(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    held = us.heads(us.line(LINE).id, "us")["us"].size
    parcels = []
    for number in range(6):
        say(us, str(number))
        parcels.append(pack(us, "ru", log="us", start=held + number))
    state = ru.state_document(LINE)
    unpack(ru, parcels[4])
    taken = unpack(ru, parcels[2])
    log = log_of(taken, "us")
    assert (log.carried, log.added, log.held, log.aside) == (1, 0, held, 2)
    assert log.missing == [(held, held + 1), (held + 3, held + 3)]
    # What is aside is no part of anything.
    assert ru.state_document(LINE) == state
    assert ru.heads(us.line(LINE).id, "us")["us"].size == held
    assert [entry.index for entry in ru.entries(LINE, "us")] == list(range(held))
    # It outlives a restart, and closes with what comes over the network as well.
    ru = pair.open("ru")
    page = us.read_log(us.line(LINE).id, "us", held, "ru")
    receipt = ru.receive(us.line(LINE).id, "us", held, page.entries[:2], None, "us")
    assert receipt.size == held + 3
    unpack(ru, parcels[3])
    assert log_of(unpack(ru, parcels[5]), "us").missing == []
    same(us, ru)


def test_what_is_aside_or_told_of_leaves_conflicts_unknown(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    held = us.heads(line, "us")["us"].size
    say(us, "before it")
    us.file(pair.circle("us", "orbit"), title="", officer="watch")
    us.release("orbit", LINE, "exact", officer="watch")
    later = pack(us, "ru", log="us", start=held + 1)
    assert ru.conflicts_and_unknown(LINE).unknown == []
    unpack(ru, later)
    [link] = ru.links(LINE)
    assert (link.held_by_us, link.peer_size) == (held, held + 2)
    [why] = ru.conflicts_and_unknown(LINE).unknown
    assert "entries of us are kept aside" in why
    unpack(ru, pack(us, "ru", log="us", start=held))
    assert ru.conflicts_and_unknown(LINE).unknown == []
    # Told of is enough.
    ru.heard(line, "us", {"us": held + 5})
    assert ru.conflicts_and_unknown(LINE).unknown == ["not held here yet: 3 entries of us"]


def test_received_is_known_by_what_is_carried_back(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(us, "one")
    [sent] = us.messages(LINE)
    carry(us, ru)
    assert us.entry(LINE, sent.id).receipts == {"ru": None}
    pair.clock.at_s += 60
    taken = carry(ru, us)
    assert (taken.acknowledged, taken.own_size) == (2, 2)
    # Received when the other node had it, not when we heard of that.
    assert us.entry(LINE, sent.id).receipts == {"ru": TIME}
    # What they have signed for is not sent again, unless it is asked for.
    assert [log.carried for log in carry(us, ru).logs] == [0, 0]
    assert [log.carried for log in carry(us, ru, start=0).logs] == [1, 2]


def test_others_entries_and_signatures_are_carried_on(
    make_pair: Callable[[dict[str, str]], Any],
) -> None:
    three = make_pair(dict.fromkeys(("ru", "tj", "us"), "detente.db"))
    us, ru, tj = (three.nodes[party] for party in ("us", "ru", "tj"))
    say(tj, "from tj")
    say(us, "from us")
    carry(tj, us)
    carry(us, ru)
    carry(ru, us)
    carry(us, tj)
    same(us, ru, tj)
    [sent] = [message for message in tj.messages(LINE) if message.party == "tj"]
    assert set(tj.entry(LINE, sent.id).receipts.values()) == {TIME}


def test_a_party_is_taken_in_by_hand(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(us, "said before it came")
    pair.create({"tj": "detente.db"})
    tj = pair.nodes["tj"]
    card = open_card(tj.card())
    confirm = {node.party: open_card(node.card()).fingerprint for node in (us, ru)}
    tj.join(us.founding(LINE), confirm, newcomer=True)
    us.admit(LINE, card.raw, fingerprint=card.fingerprint, officer="admin")
    with pytest.raises(InputError, match="no other member"):
        pack(us, "tj")
    carry(us, ru)
    ru.admit(LINE, card.raw, fingerprint=card.fingerprint, officer="admin")
    carry(ru, us)
    for sender, receiver in ((us, tj), (ru, tj), (tj, us), (tj, ru), (us, ru), (ru, us), (us, tj)):
        assert carry(sender, receiver).problems == []
    same(us, ru, tj)
    assert tj.line(LINE).state == "in-force"


# --- two histories ------------------------------------------------------------------------------


def second_ru(pair: Any) -> Node:
    """The same party with the same keys, which says something else."""
    pair.nodes["ru"].close()
    shutil.copytree(pair.directory / "ru", pair.directory / "ru2")
    pair.open("ru")
    return Node.open(pair.directory / "ru2", clock=pair.clock)


def forks(node: Node) -> list[tuple[str, int]]:
    return [(proof.party, proof.index) for proof in node.proofs(LINE) if proof.proof is not None]


def test_two_histories_in_two_files_are_found_and_kept_as_proof(pair: Any) -> None:
    other = second_ru(pair)
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    try:
        say(ru, "one")
        say(other, "another")
        carry(ru, us)
        taken = carry(other, us)
    finally:
        other.close()
    assert {(one.party, one.error) for one in taken.problems} == {("ru", "fork")}
    assert forks(us)[0] == ("ru", 1)
    assert [message.text for message in us.messages(LINE)] == ["one"]
    assert us.verify() == []


@pytest.mark.parametrize("by_network", [False, True])
def test_two_histories_are_found_also_where_one_is_aside(pair: Any, by_network: bool) -> None:
    other = second_ru(pair)
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    try:
        say(ru, "one", "two")
        say(other, "one, too", "another two")
        assert log_of(carry(ru, us, log="ru", start=2), "ru").aside == 1
        if by_network:
            page = other.read_log(line, "ru", 1, "us")
            with pytest.raises(RecordError, match="two different entries"):
                us.receive(line, "ru", 1, page.entries, page.checkpoint, "ru")
        else:
            taken = carry(other, us, log="ru", start=2)
            assert [(one.party, one.error) for one in taken.problems] == [("ru", "fork")]
    finally:
        other.close()
    assert forks(us) == [("ru", 2)]


@pytest.mark.parametrize("at_once", [False, True])
def test_what_is_aside_by_a_key_that_does_not_sign_there_is_dropped(
    pair: Any, at_once: bool
) -> None:
    other = second_ru(pair)
    us = pair.nodes["us"]
    try:
        say(other, "one", "by a key that is left behind")
        assert log_of(carry(other, us, log="ru", start=2), "ru").aside == 1
    finally:
        other.close()
    ru = rotated(pair, "ru")
    if not at_once:
        assert carry(ru, us).problems == []
        assert log_of(carry(ru, us), "ru").aside == 0
    say(ru, "by the new key")
    assert carry(ru, us).problems == []
    assert [message.text for message in us.messages(LINE)] == ["by the new key"]
    assert forks(us) == []
    carry(us, ru)
    same(us, ru)


# --- recalled, left, restored, over quota --------------------------------------------------------


def bytes_of(pair: Any, party: str) -> bytes:
    return b"".join(path.read_bytes() for path in (pair.directory / party).glob("detente.db*"))


@pytest.mark.parametrize("recall_first", [False, True])
def test_a_file_made_before_a_recall_brings_nothing_back(pair: Any, recall_first: bool) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(us, "said in error")
    before = pack(us, "ru", start=0)
    [sent] = us.messages(LINE)
    us.recall(LINE, sent.id, officer="watch")
    after = pack(us, "ru", log="us", start=2)
    for parcel in (after, before) if recall_first else (before, after):
        unpack(ru, parcel)
    for parcel in (before, after, before):
        assert unpack(ru, parcel).problems == []
    [message] = ru.messages(LINE)
    assert message.unknown == "recalled"
    assert b"said in error" not in bytes_of(pair, "ru")
    carry(ru, us)
    [recall] = us.recalls(LINE)
    assert [holder.state for holder in recall.holders] == ["erased", "erased"]
    same(us, ru)


@pytest.mark.parametrize("recall_first", [False, True])
def test_a_recall_reaches_a_body_that_is_aside(pair: Any, recall_first: bool) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    held = us.heads(line, "us")["us"].size
    say(us, "before it", "said in error")
    body = pack(us, "ru", log="us", start=held + 1)
    us.recall(LINE, us.messages(LINE)[-1].id, officer="watch")
    recall = pack(us, "ru", log="us", start=held + 2)
    for parcel in (recall, body) if recall_first else (body, recall):
        assert unpack(ru, parcel).problems == []
    with ru._core.store.read() as tx:
        assert kept_aside.indexes(tx, line, "us") == [held + 2]
    assert not ru._core.overwriting.is_owed
    carry(us, ru)
    assert [one.unknown for one in ru.messages(LINE)] == [None, "recalled"]
    carry(ru, us)
    same(us, ru)


def test_nothing_stays_aside_once_we_have_left(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(ru, "one", "two")
    assert log_of(carry(ru, us, log="ru", start=2), "ru").aside == 1
    us.leave(LINE, officer="admin")
    with us._core.store.read() as tx:
        assert kept_aside.kept(tx, us.line(LINE).id, "ru") == (0, 0)


def test_who_has_left_is_sent_nothing_and_taken_nothing_from(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(us, "for whoever stays")
    early, late = pack(ru, "us"), pack(us, "ru")
    ru.leave(LINE, officer="admin")
    assert carry(ru, us).problems == []
    assert ru.party in {member.party for member in us.line(LINE).members if member.left}
    with pytest.raises(StateError, match="ru has left this line"):
        pack(us, "ru")
    with pytest.raises(AccessError, match="ru has left"):
        unpack(us, early)
    with pytest.raises(AccessError, match="we have left"):
        unpack(ru, late)


def test_own_entries_that_come_back_show_that_the_store_is_old(pair: Any) -> None:
    pair.nodes["us"].close()
    shutil.copytree(pair.directory / "us", pair.directory / "old")
    us, ru = pair.open("us"), pair.nodes["ru"]
    say(us, "one", "two")
    carry(us, ru)
    back, whole = pack(ru, "us", log="us", start=2), pack(ru, "us", log="us", start=1)
    old = Node.open(pair.directory / "old", clock=pair.clock)
    try:
        assert log_of(unpack(old, back), "us").missing == [(1, 1)]
        with pytest.raises(StateError, match="restored from an older copy"):
            say(old, "a second history")
        assert log_of(unpack(old, whole), "us").held == 3
        say(old, "three")
        assert old.verify() == []
    finally:
        old.close()


def test_a_quota_holds_by_hand_too(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    held = us.heads(us.line(LINE).id, "us")["us"].size
    say(us, "one", "two", "three")
    first, later = pack(us, "ru"), pack(us, "ru", log="us", start=held + 1)
    plenty = ru._core.quota
    ru._core.quota = Quota(day_entries=1, day_mib=100, entries=1, mib=100)
    assert log_of(unpack(ru, later), "us").aside == 2
    assert [one.error for one in unpack(ru, first).problems] == ["over-quota"]
    assert len(ru.messages(LINE)) == 0
    ru._core.quota = plenty
    assert unpack(ru, first).problems == []
    same(us, ru)


def test_what_leads_up_to_something_urgent_is_taken_from_the_tenth_for_it(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    monkeypatch.setattr(peering, "PAGE_ENTRIES_MAX", 2)
    held = ru.heads(us.line(LINE).id, "ru")["us"].size
    say(us, *map(str, range(21 - held)))
    us.send(LINE, text="now", precedence="urgent-safety", officer="watch")
    ru._core.quota = Quota(day_entries=20, day_mib=100, entries=20, mib=100)
    taken = carry(us, ru)
    assert (taken.problems, log_of(taken, "us").held) == ([], 22)
    say(us, "not urgent")
    assert [one.error for one in carry(us, ru).problems] == ["over-quota"]
    assert ru.messages(LINE)[-1].text == "now"


# --- keys ---------------------------------------------------------------------------------------


def rotated(pair: Any, party: str) -> Node:
    pair.nodes[party].rotate_key(pair.directory / party, None, officer="admin")
    node: Node = pair.open(party)
    return node


def test_a_changed_key_is_known_by_the_letter(pair: Any) -> None:
    for _ in range(2):
        rotated(pair, "ru")
    say(pair.nodes["ru"], "under the third key")
    assert carry(pair.nodes["ru"], pair.nodes["us"]).problems == []
    assert carry(pair.nodes["us"], pair.nodes["ru"]).problems == []
    same(pair.nodes["us"], pair.nodes["ru"])


def test_what_was_sealed_before_a_change_opens_after_one_and_not_after_two(pair: Any) -> None:
    say(pair.nodes["us"], "on its way")
    parcel = pack(pair.nodes["us"], "ru")
    assert unpack(rotated(pair, "ru"), parcel).whole
    with pytest.raises(RecordError, match="sealed to a key of ru that this node has not"):
        unpack(rotated(pair, "ru"), parcel)


def test_a_replaced_key_signs_letters_once_it_is_vouched_for_and_adopted(pair: Any) -> None:
    stolen = Forger(pair)
    pair.nodes["ru"].close()
    card = rekeying.replace(pair.directory / "ru", None, officer="admin", clock=pair.clock)
    us, ru = pair.nodes["us"], pair.open("ru")
    with pytest.raises(StateError, match="does not know our new signing key yet"):
        pack(ru, "us")
    us.vouch_key(LINE, card.raw, card.fingerprint, officer="admin")
    # Sealed to the new card at once: the old one may be in other hands.
    assert carry(us, ru).problems == []
    ru.adopt_key(LINE, officer="admin")
    assert carry(ru, us).problems == []
    same(us, ru)
    assert "is not signed by ru" in stolen.refused(HEADS)


def test_a_party_without_a_sealing_key_is_told_of_and_helped_by_its_card(strangers: Any) -> None:
    for name in SEALING:
        (strangers.directory / "ru/keys" / name).unlink()
    strangers.open("ru")
    strangers.join()
    us = strangers.nodes["us"]
    say(us, "one")
    with pytest.raises(StateError, match="no key to seal to") as told:
        pack(us, "ru")
    assert "detente keys add-sealing" in told.value.remedy
    with pytest.raises(InputError, match="has no key to seal to"):
        pack(us, "ru", card=strangers.nodes["ru"].card())
    add_sealing(strangers.directory / "ru/keys", None)
    ru = strangers.open("ru")
    for wrong in (us.card(), b"{}", b""):
        with pytest.raises(InputError, match="card"):
            pack(us, "ru", card=wrong)
    assert carry(us, ru, card=ru.card()).problems == []
    same(us, ru)


# --- what is no parcel from a member --------------------------------------------------------------


def test_a_letter_has_to_be_by_another_member_of_a_line_of_ours(forger: Forger) -> None:
    assert "is not signed by ru" in forger.refused(HEADS, key=SigningKey.generate())
    assert "has not joined" in forger.refused(HEADS, line="0" * 64)
    assert "no other member" in forger.refused(HEADS, sender="tj")
    assert "no other member" in forger.refused(HEADS, sender="us")
    assert "for another parcel" in forger.refused(HEADS, to="tj")
    assert "for another parcel" in forger.refused(HEADS, label="0" * 64)
    assert "letter" in forger.refused(HEADS, time="yesterday")
    assert forger.problems(HEADS) == []


def test_rotations_in_a_letter_are_of_its_sender(forger: Forger, pair: Any) -> None:
    entry = pair.nodes["ru"].read_log(forger.line, "ru", 0, "us").entries[0]
    chunks = forger.parcel(HEADS)
    assert unpack(forger.us, chunks).problems == []
    sealing = open_card(forger.us.card()).sealing
    assert sealing is not None
    wrong: list[list[Any]] = [[entry["envelope"]], [{}], [entry["envelope"]] * 32]
    for rotations in wrong:
        sealer = Sealer("us", sealing, bytes(32))
        letter = Letter(1, forger.line, "ru", "us", TIME, sealer.digest)
        first = json.loads(write_letter(forger.key, letter, []))
        raw = json.dumps(first | {"rotations": rotations}).encode()
        with pytest.raises(RecordError):
            unpack(forger.us, sealer.label + sealer.seal(raw, last=True))


@pytest.mark.parametrize(
    "chunk",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"log":"ru"}',
        b'{"heads":{"ru":{"size":-1,"checkpoint":null}}}',
        b'{"heads":{},"more":1}',
        json.dumps(span("ru", -1, [])).encode(),
        json.dumps(span("ru", 2**53, [])).encode(),
        json.dumps(span("ru", 0, [{}] * 257)).encode(),
        b'{"log":"ru","from":0,"entries":' + b"[" * 40 + b"]" * 40 + b',"checkpoint":null}',
    ],
)
def test_what_is_no_chunk_ends_the_parcel(forger: Forger, chunk: bytes) -> None:
    taken = unpack(forger.us, forger.parcel(chunk, HEADS))
    assert not taken.whole
    assert [one.party for one in taken.problems] == [None]
    assert forger.us.verify() == []


def test_a_log_of_nobody_known_here_holds_up_no_other(forger: Forger, pair: Any) -> None:
    say(pair.nodes["ru"], "good")
    page = pair.nodes["ru"].read_log(forger.line, "ru", 1, "us")
    heads = {"heads": {"tj": {"size": 1, "checkpoint": None}}}
    chunks = (span("tj", 0, [{}]), span("tj", 1, [{}]), span("ru", 1, page.entries), heads)
    taken = unpack(forger.us, forger.parcel(*chunks))
    assert [(one.party, one.error) for one in taken.problems] == [("tj", "not-found")]
    assert taken.whole
    assert log_of(taken, "ru").added == 1
    many = [span(f"p{number}", 0, []) for number in range(17)]
    assert not unpack(forger.us, forger.parcel(*many, HEADS)).whole


def test_a_parcel_ends_with_its_heads(forger: Forger) -> None:
    for chunks in ((HEADS, HEADS), (HEADS, span("ru", 1, [])), (span("ru", 1, []),), ()):
        taken = unpack(forger.us, forger.parcel(*chunks))
        assert (taken.whole, [one.party for one in taken.problems]) == (False, [None])


def test_what_is_wrong_with_one_log_holds_up_no_other(forger: Forger, pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(ru, "good")
    good = ru.read_log(forger.line, "ru", 1, "us")
    own = span("us", 0, [{"envelope": {}}])
    head = {"ru": {"size": 2, "checkpoint": good.checkpoint}}
    taken = unpack(
        us, forger.parcel(own, span("ru", 1, good.entries), span("us", 1, []), {"heads": head})
    )
    assert [(one.party, one.error) for one in taken.problems] == [("us", "bad-record")]
    assert taken.whole
    assert log_of(taken, "ru").added == 1
    assert us.heads(forger.line, "us")["ru"].checkpoint.count("party/us") == 2


def test_only_a_logs_own_party_can_fill_what_is_kept_aside(forger: Forger, pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(ru, "one", "two", "three")
    entries = ru.read_log(forger.line, "ru", 1, "us").entries
    altered = json.loads(json.dumps(entries[1]))
    altered["salt"] = entries[2]["salt"]
    wrong: list[Any] = [altered, entries[2], {}]
    for bad in wrong:
        assert forger.problems(span("ru", 2, [bad]), HEADS) == [("ru", "bad-record")]
    assert forger.problems(span("ru", 2, entries[1:]), HEADS) == []
    assert log_of(unpack(us, forger.parcel(HEADS)), "ru").aside == 2


def test_there_is_a_most_that_is_kept_aside(
    forger: Forger, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(ru, "one", "two", "three", "four")
    parcel = pack(ru, "us", log="ru", start=2)
    monkeypatch.setattr(aside, "ENTRIES_MAX", 2)
    taken = unpack(us, parcel)
    assert "entries from 4 on cannot be kept aside" in taken.problems[0].message
    assert log_of(taken, "ru").missing == [(1, 1), (4, 4)]
    monkeypatch.setattr(aside, "ENTRIES_MAX", 20_000)
    monkeypatch.setattr(aside, "BYTES_MAX", 10)
    assert log_of(unpack(us, parcel), "ru").aside == 2
    assert carry(ru, us).problems == []
    same(us, ru)


def test_one_parcel_is_taken_in_at_a_time(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    parcel = pack(us, "ru")
    met: list[str] = []

    class Nested(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if not met:
                with pytest.raises(StateError) as told:
                    unpack(ru, parcel)
                met.append(str(told.value))
            return super().read(size)

    assert ru.unpack(Nested(parcel), officer="courier").whole
    assert "another parcel is being taken in" in met[0]
    assert unpack(ru, parcel).whole


@pytest.mark.parametrize(
    ("to", "asked", "words"),
    [
        ("tj", {}, "is no other member of this line"),
        ("us", {}, "is no other member of this line"),
        ("ru", {"log": "tj"}, "has no log on this line"),
        ("ru", {"start": -1}, "begins before entry 0"),
    ],
)
def test_what_cannot_be_asked_for(pair: Any, to: str, asked: Any, words: str) -> None:
    with pytest.raises(DetenteError, match=words) as told:
        pack(pair.nodes["us"], to, **asked)
    assert told.value.remedy


def test_what_is_beyond_the_end_is_empty_and_still_acknowledges(pair: Any) -> None:
    taken = carry(pair.nodes["us"], pair.nodes["ru"], start=99)
    assert [(log.carried, log.missing) for log in taken.logs] == [(0, []), (0, [])]
    assert (taken.whole, taken.acknowledged) == (True, 1)


def test_nothing_of_a_damaged_chunk_is_taken(pair: Any, tmp_path: Path) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    say(us, "whole")
    parcel = bytearray(pack(us, "ru"))
    parcel[-1] ^= 1
    taken = unpack(ru, bytes(parcel))
    assert (taken.whole, taken.problems[0].error) == (False, "bad-record")
    # The entries stood in a chunk of their own, before the one that is damaged.
    assert [message.text for message in ru.messages(LINE)] == ["whole"]
    assert taken.acknowledged == 1
    acts = [act for act in ru.audit(0, 100) if act.action == "parcel.import"]
    assert [(act.officer, act.detail["whole"]) for act in acts] == [("courier", False)]

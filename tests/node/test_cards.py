"""What a new card changes: second keys, authorities for a while, and proofs across all of it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from detente.errors import ForkError, SignatureError, StateError
from detente.line import KeyChain, message_draft, open_founding, rotate_draft
from detente.node import rekeying
from detente.node.certificates import BEFORE, make_authority
from detente.node.keys import card_of, read_signing_key
from detente.node.settings import load_settings
from detente.record import OpenCard, SigningKey, open_card, read_entry, tree, write_entry
from detente.record.checkpoint import Checkpoint, origin, sign_checkpoint
from detente.record.entry import Entry, entry_to_bundle
from detente.record.mldsa import MlDsaKey
from detente.record.proof import check_proof, encode_proof

LINE = "northern-watch"
DAY_S = 86_400.0


def signing(pair: Any, party: str) -> SigningKey:
    return read_signing_key(pair.directory / party / "keys", None)


def rotate(pair: Any, party: str, *, authority: bool = False) -> OpenCard:
    node = pair.nodes[party]
    card = node.rotate_key(pair.directory / party, None, authority=authority, officer="admin")
    pair.open(party)
    for other, receiver in pair.nodes.items():
        if other != party:
            pair.push(pair.nodes[party], receiver)
    return open_card(card)


def replace(pair: Any, party: str) -> OpenCard:
    """Everything new, vouched for by the other side and adopted."""
    pair.nodes[party].close()
    card = rekeying.replace(pair.directory / party, None, officer="admin", clock=pair.clock)
    pair.open(party)
    for other, node in pair.nodes.items():
        if other != party:
            node.vouch_key(LINE, card.raw, card.fingerprint, officer="admin")
    pair.sync()
    pair.nodes[party].adopt_key(LINE, officer="admin")
    for other, node in pair.nodes.items():
        if other != party:
            pair.push(pair.nodes[party], node)
    return card


def trusted(pair: Any) -> list[str]:
    """The authorities of ``us`` that ``ru`` trusts, newest first, by their serial numbers."""
    [view] = pair.nodes["ru"].peers()
    return [str(x509.load_pem_x509_certificate(a.encode()).serial_number) for a in view.authorities]


def own(pair: Any) -> str:
    data = (pair.directory / "us/keys/ca.crt").read_bytes()
    return str(x509.load_pem_x509_certificate(data).serial_number)


def test_an_earlier_authority_is_trusted_for_thirty_days(pair: Any) -> None:
    first = own(pair)
    assert trusted(pair) == [first]
    rotate(pair, "us", authority=True)
    second = own(pair)
    assert second != first
    pair.clock.at_s += 30 * DAY_S - 1
    assert trusted(pair) == [second, first]
    pair.clock.at_s += 1
    assert trusted(pair) == [second]


def test_of_two_changes_only_the_last_overlaps(pair: Any) -> None:
    rotate(pair, "us", authority=True)
    second = own(pair)
    pair.sync()
    for suffix in (".pem", ".crt"):
        # As delivery does it, once everybody knows the new one.
        (pair.directory / f"us/keys/{BEFORE}{suffix}").unlink()
    rotate(pair, "us", authority=True)
    assert trusted(pair) == [own(pair), second]


def test_a_second_change_waits_until_everybody_knows_the_first(pair: Any) -> None:
    rotate(pair, "us", authority=True)
    with pytest.raises(StateError, match="not everybody"):
        pair.nodes["us"].rotate_key(pair.directory / "us", None, authority=True, officer="admin")
    rotate(pair, "us")


def test_our_server_shows_the_old_certificate_until_all_know_and_not_for_ever(pair: Any) -> None:
    us = pair.nodes["us"]
    assert not us.shows_before()
    us.rotate_key(pair.directory / "us", None, authority=True, officer="admin")
    us = pair.open("us")
    assert us.shows_before()
    assert [peer.knows_ours for peer in us.peers()] == [False]
    pair.clock.at_s += 15 * DAY_S
    assert not us.shows_before()
    pair.clock.at_s -= 15 * DAY_S
    pair.push(us, pair.nodes["ru"])
    pair.sync()
    assert not us.shows_before()
    assert [peer.knows_ours for peer in us.peers()] == [True]


def test_from_a_vouched_change_on_the_old_authority_counts_no_more(pair: Any) -> None:
    first = own(pair)
    pair.nodes["us"].close()
    card = rekeying.replace(pair.directory / "us", None, officer="admin", clock=pair.clock)
    pair.open("us")
    assert trusted(pair) == [first]
    pair.nodes["ru"].vouch_key(LINE, card.raw, card.fingerprint, officer="admin")
    # Who has vouched can be called by both, until the change is made.
    assert trusted(pair) == [own(pair), first]
    pair.sync()
    pair.nodes["us"].adopt_key(LINE, officer="admin")
    pair.push(pair.nodes["us"], pair.nodes["ru"])
    assert trusted(pair) == [own(pair)]


class Liar:
    """Signs with the keys of ``us`` what its node would not."""

    def __init__(self, pair: Any) -> None:
        self.pair = pair
        self.line = pair.nodes["us"].line(LINE).id
        self.key = signing(pair, "us")
        self.log = self._log()

    def _log(self) -> list[Entry]:
        us = self.pair.nodes["us"]
        chain = KeyChain.from_card(open_founding(us.founding(LINE)).cards["us"].public)
        found = []
        for bundle in us.read_log(self.line, "us", 0, "ru").entries:
            found.append(read_entry(bundle, chain.signer))
            chain = chain.followed_by(found[-1].header)
        return found

    def write(self, index: int, draft: Any = None, key: SigningKey | None = None) -> Entry:
        draft = draft or message_draft(text=f"another at {index}")
        header = self.log[min(index, len(self.log) - 1)].header
        return write_entry(
            key or self.key, line=self.line, party="us", index=index, type=draft.type,
            time=header.time, seen=header.seen, about=draft.about, body=draft.body,
            salt=bytes(32),
        )  # fmt: skip

    def note(self, entries: list[Entry], key: SigningKey | None = None) -> str:
        root = tree.root_of(tree.leaf_hash(one.leaf) for one in entries)
        checkpoint = Checkpoint(origin(self.line, "us"), len(entries), root)
        return sign_checkpoint(key or self.key, checkpoint)

    def push(self, start: int, new: list[Entry], note: str | None) -> None:
        bundles = [entry_to_bundle(one) for one in new]
        with pytest.raises(ForkError):
            self.pair.nodes["ru"].receive(self.line, "us", start, bundles, note, "us")

    def card(self, authority: bytes, key: SigningKey) -> OpenCard:
        settings = load_settings(self.pair.directory / "us")
        return open_card(card_of(settings, key, authority))


def test_nobody_claims_the_authority_of_another(pair: Any) -> None:
    """The certificate in a card is public: whoever could put it into its own shut the other out."""
    liar = Liar(pair)
    theirs = (pair.directory / "ru/keys/ca.crt").read_bytes()
    named_for_ru = make_authority("ru", x509_now(pair))[1]
    first = own(pair)
    for authority in (theirs, named_for_ru):
        new = SigningKey.generate(MlDsaKey.generate())
        at = len(liar.log)
        draft = rotate_draft(liar.card(authority, new), liar.key.public, vouched=False)
        entry = liar.write(at, draft)
        pair.nodes["ru"].receive(liar.line, "us", at, [entry_to_bundle(entry)], None, "us")
        liar.key = new
        liar.log.append(entry)
        assert trusted(pair) == [first]


def x509_now(pair: Any) -> Any:
    return datetime.fromtimestamp(pair.clock.now_s(), UTC)


def proven(pair: Any, card: OpenCard) -> list[str]:
    """What the kept proofs prove to somebody who has this card and nothing else."""
    found = pair.nodes["ru"].proofs(LINE)
    assert all(one.proof is not None for one in found)
    assert {one.card for one in found} == {card.fingerprint}
    keys = KeyChain.from_card(card.public)
    return [check_proof(encode_proof(one.proof), "us", keys).what for one in found]


def say(pair: Any, text: str) -> None:
    pair.nodes["us"].send(LINE, text=text, officer="a")


def test_two_entries_after_rotations_are_proven_by_the_first_card(pair: Any) -> None:
    founded = open_card(pair.nodes["us"].card())
    say(pair, "under the first keys")
    second = rotate(pair, "us")
    third = rotate(pair, "us", authority=True)
    say(pair, "under the third keys")
    pair.sync()
    liar = Liar(pair)
    liar.push(4, [liar.write(4)], None)
    assert proven(pair, founded) == ["signed two different entries with index 4"]
    [one] = pair.nodes["ru"].proofs(LINE)
    for card in (second, third):
        check_proof(encode_proof(one.proof), "us", KeyChain.from_card(card.public))
    stranger = KeyChain.from_card(open_card(pair.nodes["ru"].card()).public)
    with pytest.raises(SignatureError):
        check_proof(encode_proof(one.proof), "us", stranger)
    without = {**one.proof, "rotations": []}
    with pytest.raises(SignatureError):
        check_proof(encode_proof(without), "us", KeyChain.from_card(founded.public))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_history_that_goes_on_over_a_rotation_is_proven(pair: Any, size: int) -> None:
    """The last checkpoint held before is by the first key, the false one by its own or the next."""
    founded = open_card(pair.nodes["us"].card())
    say(pair, "one")
    first = signing(pair, "us")
    # Not delivered in between: no checkpoint is held of sizes 2 to 4.
    pair.nodes["us"].rotate_key(pair.directory / "us", None, officer="admin")
    pair.open("us")
    say(pair, "two")
    say(pair, "three")
    pair.push(pair.nodes["us"], pair.nodes["ru"])
    liar = Liar(pair)
    signer = first if size <= 3 else liar.key
    other = [*liar.log[: size - 1], liar.write(size - 1, key=first if size <= 3 else None)]
    liar.push(5, [], liar.note(other, signer))
    [what] = proven(pair, founded)
    assert what == f"signed a checkpoint of {size} entries other than those it has signed"


def test_new_entries_with_a_rotation_among_them_and_a_false_checkpoint(pair: Any) -> None:
    founded = open_card(pair.nodes["us"].card())
    say(pair, "one")
    pair.sync()
    liar = Liar(pair)
    new = SigningKey.generate(MlDsaKey.generate())
    authority = (pair.directory / "us/keys/ca.crt").read_bytes()
    draft = rotate_draft(liar.card(authority, new), liar.key.public, vouched=False)
    pushed = [liar.write(2, draft), liar.write(3, key=new)]
    other = liar.write(3, message_draft(text="not this one"), new)
    liar.push(2, pushed, liar.note([*liar.log, pushed[0], other], new))
    assert proven(pair, founded) == [
        "signed a checkpoint of 4 entries other than those it has signed"
    ]


def test_after_a_vouched_change_the_card_that_was_vouched_for_proves_it(pair: Any) -> None:
    founded = open_card(pair.nodes["us"].card())
    say(pair, "one")
    vouched = replace(pair, "us")
    rotate(pair, "us")
    say(pair, "two")
    pair.sync()
    liar = Liar(pair)
    liar.push(4, [liar.write(4)], None)
    assert proven(pair, vouched) == ["signed two different entries with index 4"]
    [one] = pair.nodes["ru"].proofs(LINE)
    with pytest.raises(SignatureError):
        check_proof(encode_proof(one.proof), "us", KeyChain.from_card(founded.public))


def test_a_key_that_vouches_for_itself_proves_nothing(pair: Any) -> None:
    """Anybody can make a key and two entries with it, and say that it is the party's."""
    liar = Liar(pair)
    founded = open_card(pair.nodes["us"].card())
    thief = SigningKey.generate(MlDsaKey.generate())
    authority = (pair.directory / "us/keys/ca.crt").read_bytes()
    draft = rotate_draft(liar.card(authority, thief), liar.key.public, vouched=True)
    by_itself = liar.write(1, draft, thief)
    one, other = (
        liar.write(2, message_draft(text=text), thief).envelope.to_wire() for text in ("a", "b")
    )
    proof = {
        "v": 1, "kind": "entries", "line": liar.line, "party": "us", "envelopes": [one, other],
        "rotations": [by_itself.envelope.to_wire()],
    }  # fmt: skip
    with pytest.raises(SignatureError):
        check_proof(encode_proof(proof), "us", KeyChain.from_card(founded.public))


def test_an_owed_second_key_cannot_be_dropped(pair: Any) -> None:
    liar = Liar(pair)
    alone = SigningKey.generate()
    authority = (pair.directory / "us/keys/ca.crt").read_bytes()
    at = len(liar.log)
    draft = rotate_draft(liar.card(authority, alone), liar.key.public, vouched=False)
    assert "ml_dsa_44_key" not in draft.about
    ru = pair.nodes["ru"]
    entry = liar.write(at, draft)
    ru.receive(liar.line, "us", at, [entry_to_bundle(entry)], None, "us")
    after = liar.write(at + 1, key=alone)
    log = [*liar.log, entry, after]
    with pytest.raises(SignatureError, match="ML-DSA-44"):
        ru.receive(liar.line, "us", at + 1, [entry_to_bundle(after)], liar.note(log, alone), "us")
    kept = read_signing_key(pair.directory / "us/keys", None).ml_dsa
    assert kept is not None
    pem = alone.to_pem()
    note = liar.note(log, SigningKey.from_pem(pem, kept))
    receipt = ru.receive(liar.line, "us", at + 1, [entry_to_bundle(after)], note, "us")
    assert receipt.cosignature is not None


def test_a_card_that_is_not_the_named_one_changes_keys_and_nothing_else(pair: Any) -> None:
    liar, first = Liar(pair), own(pair)
    new, other = (SigningKey.generate(MlDsaKey.generate()) for _ in range(2))
    authority = make_authority("us", x509_now(pair))[1]
    named = rotate_draft(liar.card(authority, new), liar.key.public, vouched=False)
    mixed = SigningKey.from_pem(new.to_pem(), other.ml_dsa)
    draft = rotate_draft(liar.card(authority, mixed), liar.key.public, vouched=False)
    # The card names another second key than the header: the header counts.
    draft = draft._replace(about={**draft.about, "ml_dsa_44_key": named.about["ml_dsa_44_key"]})
    at = len(liar.log)
    entry = liar.write(at, draft)
    ru = pair.nodes["ru"]
    ru.receive(liar.line, "us", at, [entry_to_bundle(entry)], None, "us")
    assert trusted(pair) == [first]
    after = liar.write(at + 1, key=new)
    note = liar.note([*liar.log, entry, after], new)
    assert ru.receive(liar.line, "us", at + 1, [entry_to_bundle(after)], note, "us").cosignature


def test_who_knows_our_new_card_is_said(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    rotated = us.rotate_key(pair.directory / "us", None, officer="admin")
    us = pair.open("us")
    theirs, ours = us.keys(LINE)
    assert (theirs.party, theirs.unknown_to, theirs.brought_by) == ("ru", [], 0)
    assert (ours.card, ours.brought_by, ours.unknown_to) == (
        open_card(rotated).fingerprint, 1, ["ru"]
    )  # fmt: skip
    assert [(key.start, key.vouched) for key in ours.keys] == [(0, False), (2, False)]
    assert len({key.second for key in ours.keys} | {None}) == 3
    pair.push(us, ru)
    assert [one.unknown_to for one in us.keys(LINE)] == [[], []]
    assert ru.keys(LINE)[1].keys == us.keys(LINE)[1].keys


def test_verifying_finds_a_key_that_nobody_vouched_for(pair: Any) -> None:
    """As a thief who can write the store would put it there."""
    say(pair, "one")
    replace(pair, "us")
    pair.sync()
    ru = pair.nodes["ru"]
    assert ru.verify() == []
    at = next(e.index for e in ru.entries(LINE, "ru") if e.type == "key.vouch")
    with closing(sqlite3.connect(pair.directory / "ru/detente.db")) as db, db:
        db.execute("DELETE FROM entries WHERE party = 'ru' AND \"index\" >= ?", (at,))
    assert "ru has not vouched for this key" in {found.what for found in ru.verify()}


def test_keys_change_at_a_node_that_has_left_a_line(pair: Any) -> None:
    pair.nodes["us"].leave(LINE, "over", officer="admin")
    pair.push(pair.nodes["us"], pair.nodes["ru"])
    before = signing(pair, "us").public
    for party in ("us", "ru"):
        # Nobody is left to whom either could say so.
        size = len(pair.nodes[party].entries(LINE, party))
        pair.nodes[party].rotate_key(pair.directory / party, None, officer="admin")
        node = pair.open(party)
        assert len(node.entries(LINE, party)) == size
        assert node.verify() == []
    assert signing(pair, "us").public != before

"""New signing keys: handed over or vouched for, known to every node by the record alone."""

import base64
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from detente.errors import (
    DetenteError,
    ForkError,
    GapError,
    InputError,
    SignatureError,
    StateError,
)
from detente.line import message_draft, rotate_draft
from detente.node import Node, receiving, rekeying
from detente.node.keys import card_of, read_signing_key
from detente.node.settings import load_settings
from detente.record import Header, PublicKey, SigningKey, open_card, read_entry, write_entry
from detente.record.checkpoint import Checkpoint, origin, sign_checkpoint
from detente.record.entry import entry_to_bundle
from detente.record.header import Seen, decode_header
from detente.record.tree import Frontier, leaf_hash
from detente.store.links import FORKS_MAX

LINE = "northern-watch"


def signing(pair: Any, party: str) -> SigningKey:
    return read_signing_key(pair.directory / party / "keys", None)


def rotate(pair: Any, party: str) -> bytes:
    """A new key for a party, and a node that tells of it, as every exchange begins."""
    card: bytes = pair.nodes[party].rotate_key(pair.directory / party, None, officer="admin")
    pair.open(party)
    tell(pair, party)
    return card


def tell(pair: Any, party: str) -> None:
    for other, node in pair.nodes.items():
        if other != party:
            pair.push(pair.nodes[party], node)


def replace(pair: Any, party: str) -> bytes:
    pair.nodes[party].close()
    card = rekeying.replace(pair.directory / party, None, officer="admin", clock=pair.clock)
    pair.open(party)
    return card.raw


def say(pair: Any, party: str, text: str) -> Any:
    return pair.nodes[party].send(LINE, text=text, officer="watch")


def same(pair: Any) -> None:
    pair.sync()
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []


def test_what_was_said_before_and_after_a_rotation_stays_verifiable(pair: Any) -> None:
    first = signing(pair, "us").public
    say(pair, "us", "under the first key")
    pair.sync()
    card = rotate(pair, "us")
    second = signing(pair, "us").public
    assert second != first
    assert open_card(card).public == second
    assert pair.nodes["us"].card() == card
    say(pair, "us", "under the second key")
    say(pair, "ru", "heard")
    same(pair)
    rotate(pair, "us")
    say(pair, "us", "under the third key")
    same(pair)
    texts = [one.text for one in pair.nodes["ru"].messages(LINE)]
    assert {"under the first key", "under the second key", "under the third key"} <= set(texts)
    assert not [one for one in pair.nodes["ru"].entries(LINE, "us") if one.void]
    members = {one.party: one for one in pair.nodes["ru"].line(LINE).members}
    assert members["us"].fingerprint == open_card(pair.nodes["us"].card()).fingerprint


def test_received_is_said_by_the_new_key_as_by_the_old(pair: Any) -> None:
    say(pair, "ru", "before")
    pair.sync()
    rotate(pair, "us")
    say(pair, "ru", "after")
    pair.sync()
    [link] = pair.nodes["ru"].links(LINE)
    assert link.held_by_peer == link.own_size
    assert pair.nodes["ru"].verify() == []


def test_a_node_that_comes_later_takes_the_whole_log_with_all_its_keys(
    pair: Any, tmp_path: Path
) -> None:
    pair.nodes["ru"].close()
    shutil.copytree(pair.directory / "ru", tmp_path / "ru-before")
    pair.open("ru")
    for _ in range(3):
        say(pair, "us", "one")
        rotate(pair, "us")
    say(pair, "us", "last")
    pair.nodes["ru"].close()
    shutil.rmtree(pair.directory / "ru")
    shutil.copytree(tmp_path / "ru-before", pair.directory / "ru")
    pair.nodes["ru"] = Node.open(pair.directory / "ru", clock=pair.clock)
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    size = us.heads(line, "ru")["us"].size
    held = ru.heads(line, "us")["us"].size
    page = us.read_log(line, "us", held, "ru")
    # One entry at a time: the newest checkpoint, by the fourth key, is ahead of all but the last.
    for at, bundle in enumerate(page.entries):
        receipt = ru.receive(line, "us", held + at, [bundle], page.checkpoint, "us")
        assert (receipt.cosignature is not None) == (held + at + 1 == size)
    same(pair)


def test_the_old_key_signs_nothing_more(pair: Any) -> None:
    old = signing(pair, "us")
    rotate(pair, "us")
    pair.sync()
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    size = ru.heads(line, "us")["us"].size
    by_old = entry_to_bundle(forged(pair, old, size, "message", ABOUT, b'{"text":"x"}'))
    with pytest.raises(SignatureError):
        ru.receive(line, "us", size, [by_old], None, "us")
    by_new = forged(pair, signing(pair, "us"), size, "message", ABOUT, b'{"text":"x"}')
    checkpoint = checkpoint_of(pair, old, [by_new])
    with pytest.raises(SignatureError):
        ru.receive(line, "us", size, [entry_to_bundle(by_new)], checkpoint, "us")
    assert ru.heads(line, "us")["us"].size == size


ABOUT = {"precedence": "routine", "reply_to": None, "conflict": None}


def forged(pair: Any, key: SigningKey, index: int, type_: str, about: Any, body: bytes) -> Any:
    """An entry of the log of us, signed by a key."""
    us = pair.nodes["us"]
    line = us.line(LINE).id
    newest = us.entries(LINE, "us")[-1]
    head = pair.nodes["ru"].heads(line, "us")["ru"]
    seen = {"ru": Seen(head.size, root_of(pair, "ru"))} if newest.index else {}
    return write_entry(
        key, line=line, party="us", index=index, type=type_, time="2026-11-22T08:00:00Z",
        seen=seen, about=about, body=body, salt=bytes(32),
    )  # fmt: skip


def root_of(pair: Any, party: str) -> str:
    note = pair.nodes["ru"].heads(pair.nodes["ru"].line(LINE).id, "us")[party].checkpoint
    return base64.b64decode(note.split("\n")[2]).hex()


def checkpoint_of(pair: Any, key: SigningKey, new: list[Any]) -> str:
    us = pair.nodes["us"]
    line = us.line(LINE).id
    tree = Frontier()
    for bundle in us.read_log(line, "us", 0, "ru").entries:
        # Only the leaf is wanted; who signed it is another test's business.
        for public in (key.public, open_card(us.card()).public):
            with suppress(SignatureError):
                tree.append(leaf_hash(read_entry(bundle, partial(given, public)).leaf))
                break
    for entry in new:
        tree.append(leaf_hash(entry.leaf))
    return sign_checkpoint(key, Checkpoint(origin(line, "us"), tree.size, tree.root()))


def given(public: PublicKey, header: Header) -> PublicKey:
    return public


def test_a_lost_key_is_replaced_once_the_others_have_vouched(pair: Any) -> None:
    say(pair, "us", "before it was lost")
    pair.sync()
    card = replace(pair, "us")
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    with pytest.raises(StateError, match="does not know"):
        say(pair, "us", "too early")
    with pytest.raises(StateError, match="vouched"):
        us.adopt_key(LINE, officer="admin")
    say(pair, "ru", "you may read this")
    pair.sync()
    # Received, but not said so: the line would not know whose cosignature that is.
    [link] = ru.links(LINE)
    assert link.held_by_peer < link.own_size

    with pytest.raises(SignatureError, match="fingerprint"):
        ru.vouch_key(LINE, card, "0" * 32, officer="admin")
    with pytest.raises(InputError):
        us.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    ru.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    pair.sync()
    us.adopt_key(LINE, officer="admin")
    tell(pair, "us")
    with pytest.raises(StateError, match="knows our key"):
        us.adopt_key(LINE, officer="admin")
    say(pair, "us", "after")
    same(pair)
    [link] = ru.links(LINE)
    assert link.held_by_peer == link.own_size
    with pytest.raises(StateError, match="has signed"):
        ru.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    assert [a.action for a in us.audit()].count("key.replace") == 1


def test_nobody_adopts_a_key_for_another(pair: Any) -> None:
    """A made-up key signs for itself: without vouching it is refused, and makes no fork."""
    say(pair, "us", "something")
    pair.sync()
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    thief = SigningKey.generate(signing(pair, "us").ml_dsa)
    settings = load_settings(pair.directory / "us")
    authority = (pair.directory / "us/keys/ca.crt").read_bytes()
    draft = rotate_draft(
        open_card(card_of(settings, thief, authority)), signing(pair, "us").public, vouched=True
    )
    size = ru.heads(line, "us")["us"].size
    for index in (size - 1, size):
        entry = forged(pair, thief, index, draft.type, draft.about, draft.body)
        with pytest.raises(SignatureError, match="not vouched"):
            ru.receive(line, "us", index, [entry_to_bundle(entry)], None, "us")
    assert not ru.links(LINE)[0].forks
    assert ru.heads(line, "us")["us"].size == size


def test_a_key_that_was_left_does_not_come_back(pair: Any) -> None:
    """Old vouchings hold for ever; whoever has the old key cannot use them again."""
    first = replace(pair, "us")
    stolen = signing(pair, "us")
    pair.nodes["ru"].vouch_key(LINE, first, open_card(first).fingerprint, officer="admin")
    pair.sync()
    pair.nodes["us"].adopt_key(LINE, officer="admin")
    tell(pair, "us")
    rotate(pair, "us")
    same(pair)
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    size = ru.heads(line, "us")["us"].size
    draft = rotate_draft(open_card(first), signing(pair, "us").public, vouched=True)
    entry = forged(pair, stolen, size, draft.type, draft.about, draft.body)
    with pytest.raises(SignatureError):
        ru.receive(line, "us", size, [entry_to_bundle(entry)], None, "us")


def test_what_was_recalled_meanwhile_is_honoured_as_soon_as_the_key_counts(pair: Any) -> None:
    said = say(pair, "ru", "a slip")
    pair.sync()
    card = replace(pair, "us")
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    ru.recall(LINE, said.id, officer="b")
    ru.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    pair.sync()
    us.adopt_key(LINE, officer="admin")
    types = [entry.type for entry in us.entries(LINE, "us")]
    assert types[-2:] == ["key.rotate", "recall.honoured"]


def test_who_cannot_cosign_yet_is_told_of_others_receipts(
    pair: Any, make_pair: Callable[[dict[str, str]], Any]
) -> None:
    """And cosigns the same checkpoint itself, as soon as the line knows its key."""
    three = make_pair({"pk": "detente.db", "ru": "detente.db", "us": "detente.db"})
    card = replace(three, "us")
    said = three.nodes["ru"].send(LINE, text="who holds this?", officer="b")
    three.push(three.nodes["ru"], three.nodes["pk"])
    exchange, _ = three.exchange("us", "ru")
    for _ in ("the entries", "and who has received them"):
        exchange.run()
    receipts = three.nodes["us"].entry(LINE, said.id).receipts
    assert (receipts["pk"] is not None, receipts["us"]) == (True, None)
    for other in ("pk", "ru"):
        vouched = open_card(card).fingerprint
        three.nodes[other].vouch_key(LINE, card, vouched, officer="admin")
    three.sync()
    three.nodes["us"].adopt_key(LINE, officer="admin")
    three.push(three.nodes["us"], three.nodes["ru"])
    exchange.run()
    assert three.nodes["ru"].entry(LINE, said.id).receipts["us"] is not None


def test_three_parties_all_but_one_are_not_all(
    pair: Any, make_pair: Callable[[dict[str, str]], Any]
) -> None:
    three = make_pair({"pk": "detente.db", "ru": "detente.db", "us": "detente.db"})
    card = replace(three, "us")
    fingerprint = open_card(card).fingerprint
    three.nodes["ru"].vouch_key(LINE, card, fingerprint, officer="admin")
    three.sync()
    with pytest.raises(StateError, match="pk has not vouched"):
        three.nodes["us"].adopt_key(LINE, officer="admin")
    three.nodes["pk"].vouch_key(LINE, card, fingerprint, officer="admin")
    three.sync()
    three.nodes["us"].adopt_key(LINE, officer="admin")
    tell(three, "us")
    three.sync()
    documents = {node.state_document(LINE) for node in three.nodes.values()}
    assert len(documents) == 1
    assert all(node.verify() == [] for node in three.nodes.values())


def test_who_has_left_need_not_vouch(make_pair: Callable[[dict[str, str]], Any]) -> None:
    three = make_pair({"pk": "detente.db", "ru": "detente.db", "us": "detente.db"})
    pk, line = three.nodes["pk"], three.nodes["pk"].line(LINE).id
    pk.leave(LINE, officer="admin")
    for party in ("ru", "us"):
        page = pk.read_log(line, "pk", 0, party)
        three.nodes[party].receive(line, "pk", 0, page.entries, page.checkpoint, "pk")
    card = replace(three, "us")
    us, ru = three.nodes["us"], three.nodes["ru"]
    ru.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    three.push(ru, us)
    us.adopt_key(LINE, officer="admin")
    three.push(us, ru)
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["before the store", "after the store"])
def test_a_rotation_cut_off_has_happened_or_not(
    pair: Any, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signing(pair, "us").public
    node = pair.nodes["us"]

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        name = "rotate_draft" if where == "before the store" else "_settle"
        patched.setattr(rekeying, name, crash)
        with pytest.raises(Crash):
            node.rotate_key(pair.directory / "us", None, officer="admin")
    assert (pair.directory / "us/keys/signing.next.pem").exists()
    pair.open("us")
    assert not (pair.directory / "us/keys/signing.next.pem").exists()
    assert (signing(pair, "us").public != before) == (where == "after the store")
    say(pair, "us", "goes on")
    same(pair)


def test_a_body_that_is_no_card_of_that_key_is_unknown_and_the_key_counts(pair: Any) -> None:
    old = signing(pair, "us")
    new = SigningKey.generate(old.ml_dsa)
    settings = load_settings(pair.directory / "us")
    authority = (pair.directory / "us/keys/ca.crt").read_bytes()
    draft = rotate_draft(open_card(card_of(settings, new, authority)), old.public, vouched=False)
    pair.sync()
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    size = ru.heads(line, "us")["us"].size
    entry = forged(pair, old, size, draft.type, draft.about, b"junk")
    ru.receive(line, "us", size, [entry_to_bundle(entry)], None, "us")
    after = forged(pair, new, size + 1, "message", ABOUT, b'{"text":"x","language":"en"}')
    assert ru.receive(line, "us", size + 1, [entry_to_bundle(after)], None, "us").size == size + 2
    members = {one.party: one for one in ru.line(LINE).members}
    assert members["us"].fingerprint == open_card(pair.nodes["us"].card()).fingerprint


@pytest.mark.parametrize(
    "sign_key",
    ["A" * 44, "=" * 44, "AQ" + "A" * 41 + "=", "not base64 at all, but 44 characters long!!!!"],
)
def test_what_is_no_key_changes_nothing(pair: Any, sign_key: str) -> None:
    old = signing(pair, "us")
    pair.sync()
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    for vouched in (False, True):
        size = ru.heads(line, "us")["us"].size
        about = {"sign_key": sign_key, "card_sha256": "0" * 64, "vouched": vouched}
        entry = forged(pair, old, size, "key.rotate", about, b"{}")
        ru.receive(line, "us", size, [entry_to_bundle(entry)], None, "us")
        assert ru.entries(LINE, "us")[-1].void
    assert not [f for f in ru.verify() if f.party == "us" and f.index is not None]


def test_rotation_is_refused_while_the_line_does_not_know_the_present_key(pair: Any) -> None:
    replace(pair, "us")
    with pytest.raises(DetenteError):
        rotate(pair, "us")
    pair.open("us")
    assert pair.nodes["us"].verify() == []


def test_what_was_verified_by_keys_that_changed_meanwhile_is_not_kept(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds the old key sends an entry behind the change, while the change is coming in."""
    old = signing(pair, "us")
    pair.sync()
    pair.nodes["us"].rotate_key(pair.directory / "us", None, officer="admin")
    us, ru = pair.open("us"), pair.nodes["ru"]
    line = us.line(LINE).id
    held = ru.heads(line, "ru")["us"].size
    page = us.read_log(line, "us", held, "ru")
    late = forged(pair, old, held + 1, "line.check", {"slot": "2026-11-22T08:00:00Z"}, b"{}")
    real = receiving.check_vouched

    def meanwhile(*args: Any) -> None:
        monkeypatch.setattr(receiving, "check_vouched", real)
        ru.receive(line, "us", held, page.entries, page.checkpoint, "us")

    monkeypatch.setattr(receiving, "check_vouched", meanwhile)
    with pytest.raises(GapError):
        ru.receive(line, "us", held + 1, [entry_to_bundle(late)], None, "us")
    assert ru.heads(line, "ru")["us"].size == held + 1
    assert ru.verify() == []


def test_keys_restored_from_before_a_rotation_are_told_as_such(pair: Any, tmp_path: Path) -> None:
    """Together with the database of that day; the log is taken back, and names the newer keys."""
    folder = pair.directory / "us"
    pair.nodes["us"].close()
    shutil.copytree(folder, tmp_path / "us")
    pair.open("us")
    rotate(pair, "us")
    say(pair, "us", "under the new key")
    pair.sync()
    pair.nodes["us"].close()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "us", folder)
    pair.open("us")
    pair.sync()
    with pytest.raises(StateError, match="newer signing key of ours") as told:
        say(pair, "us", "under the old key")
    assert "keys replace" in told.value.remedy
    card = replace(pair, "us")
    pair.nodes["ru"].vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    pair.push(pair.nodes["ru"], pair.nodes["us"])
    pair.nodes["us"].adopt_key(LINE, officer="admin")
    say(pair, "us", "we are back")
    tell(pair, "us")
    same(pair)
    assert [link.forks for link in pair.nodes["ru"].links(LINE)] == [[]]


class TestWhoHasAnOldKey:
    """A second history of the time in which the old key counted, signed long after."""

    def forge(self, pair: Any, key: SigningKey, index: int, text: str) -> dict[str, Any]:
        """Another entry for a place in the log of ``ru``, as ``us`` would be brought it."""
        us = pair.nodes["us"]
        line = us.line(LINE).id
        page = us.read_log(line, "ru", index, "ru")
        held = decode_header(base64.b64decode(page.entries[0]["envelope"]["payload"]))
        draft = message_draft(text=text, language="en")
        entry = write_entry(
            key,
            line=line,
            party="ru",
            index=index,
            type=draft.type,
            time="2026-11-22T08:00:00Z",
            seen=held.seen,
            about=draft.about,
            body=draft.body,
            salt=bytes(32),
        )
        with pytest.raises(ForkError):
            us.receive(line, "ru", index, [entry_to_bundle(entry)], None, "ru")
        return entry_to_bundle(entry)

    def received(self, pair: Any) -> bool:
        """Whether ``us`` still says that it has received what ``ru`` writes."""
        said = say(pair, "ru", "and now?").id
        pair.sync()
        return pair.nodes["ru"].entry(LINE, said).receipts["us"] is not None

    def replaced(self, pair: Any) -> SigningKey:
        """The key of ``ru`` that was stolen, and that ``us`` has vouched against since."""
        say(pair, "ru", "under the old key")
        pair.sync()
        old = signing(pair, "ru")
        card = replace(pair, "ru")
        us = pair.nodes["us"]
        us.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
        pair.push(us, pair.nodes["ru"])
        pair.nodes["ru"].adopt_key(LINE, officer="admin")
        same(pair)
        return old

    def test_stops_nothing_once_the_others_have_vouched_for_a_new_one(self, pair: Any) -> None:
        old = self.replaced(pair)
        self.forge(pair, old, 1, "never said")
        [link] = pair.nodes["us"].links(LINE)
        assert [(fork.index, fork.what) for fork in link.forks] == [
            (1, "signed two different entries with index 1")
        ]
        assert len(pair.nodes["us"].proofs(LINE)) == 1
        assert self.received(pair)
        same(pair)

    def test_takes_no_room_from_evidence_against_the_party_itself(self, pair: Any) -> None:
        old = self.replaced(pair)
        for number in range(FORKS_MAX + 1):
            self.forge(pair, old, 1, f"never said {number}")
        assert self.received(pair)
        size = pair.nodes["ru"].heads(pair.nodes["ru"].line(LINE).id, "ru")["ru"].size
        self.forge(pair, signing(pair, "ru"), size - 1, "a second history")
        assert len(pair.nodes["us"].proofs(LINE)) == FORKS_MAX + 1
        assert not self.received(pair)

    def test_stops_the_log_where_its_party_handed_over_by_itself(self, pair: Any) -> None:
        say(pair, "ru", "under the old key")
        pair.sync()
        old = signing(pair, "ru")
        rotate(pair, "ru")
        assert self.received(pair)
        self.forge(pair, old, 1, "a second history")
        assert not self.received(pair)

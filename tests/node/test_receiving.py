"""What a peer may push and what it may not; nothing refused is half stored."""

import base64
import os
from collections.abc import Callable
from typing import Any

import pytest

from detente.errors import (
    DetenteError,
    ForkError,
    GapError,
    InputError,
    LimitError,
    NotFoundError,
    RecordError,
    SignatureError,
)
from detente.line import message_draft
from detente.node import Node
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, Seen, SigningKey, tree, write_entry
from detente.record.checkpoint import (
    cosign,
    cosignatures_of,
    origin,
    sign_checkpoint,
    with_cosignatures,
)
from detente.record.entry import entry_to_bundle, read_entry

LINE = "northern-watch"


class Liar:
    """Whoever holds the signing key of ``ru``, writing what a node would not."""

    def __init__(self, pair: Any) -> None:
        self.us: Node = pair.nodes["us"]
        ru: Node = pair.nodes["ru"]
        self.line = ru.line(LINE).id
        self.key = read_signing_key(pair.directory / "ru/keys", None)
        page = ru.read_log(self.line, "ru", 0, "us")
        self.leaves = [read_entry(b, lambda _: self.key.public).leaf for b in page.entries]
        head = self.us.heads(self.line, "us")["us"]
        note = str(head.checkpoint).split("\n")
        self.seen = {"us": Seen(head.size, base64.b64decode(note[2]).hex())}

    def bundle(self, text: str = "hello", **changes: Any) -> dict[str, Any]:
        draft = message_draft(text=text)
        fields: dict[str, Any] = {
            "line": self.line,
            "party": "ru",
            "index": len(self.leaves),
            "type": draft.type,
            "time": "2026-11-22T08:00:00Z",
            "seen": self.seen,
            "about": draft.about,
            "body": draft.body,
            "salt": os.urandom(32),
        }
        return entry_to_bundle(write_entry(self.key, **(fields | changes)))

    def note(self, *bundles: dict[str, Any], key: SigningKey | None = None) -> str:
        """A checkpoint of the log with these entries appended."""
        entries = [read_entry(bundle, lambda _: self.key.public) for bundle in bundles]
        leaves = [*self.leaves, *(entry.leaf for entry in entries)]
        root = tree.root_of(map(tree.leaf_hash, leaves))
        checkpoint = Checkpoint(origin(self.line, "ru"), len(leaves), root)
        return sign_checkpoint(key or self.key, checkpoint)

    def push(
        self,
        *bundles: dict[str, Any],
        start: int | None = None,
        note: str | None = None,
        caller: str = "ru",
        party: str = "ru",
    ) -> Any:
        start = len(self.leaves) if start is None else start
        return self.us.receive(self.line, party, start, list(bundles), note, caller)


@pytest.fixture
def liar(pair: Any) -> Liar:
    return Liar(pair)


def stored(node: Node) -> tuple[Any, ...]:
    """Everything a push could change: logs, checkpoints, cosignatures, state, change log."""
    line = node.line(LINE).id
    return (
        node.heads(line, node.party),
        node.state_document(LINE),
        node.entries(LINE),
        node.newest_change(),
    )


def test_a_push_is_stored_and_cosigned(liar: Liar) -> None:
    bundle = liar.bundle()
    receipt = liar.push(bundle, note=liar.note(bundle))
    assert receipt.size == 2
    head = liar.us.heads(liar.line, "ru")["ru"]
    assert head.size == 2
    assert cosignatures_of(str(head.checkpoint)) == [receipt.cosignature]
    [message] = liar.us.messages(LINE)
    assert message.text == "hello"
    assert liar.us.verify() == []


def test_a_replay_is_skipped_and_answered_as_the_first_time(liar: Liar) -> None:
    bundle = liar.bundle()
    first = liar.push(bundle, note=liar.note(bundle))
    before = stored(liar.us)
    assert liar.push(bundle, note=liar.note(bundle)) == first
    assert stored(liar.us) == before


def test_a_push_may_begin_with_what_is_held(liar: Liar) -> None:
    held = liar.us.read_log(liar.line, "ru", 0, "ru").entries
    assert liar.push(*held, liar.bundle(), start=0).size == 2


def test_an_empty_push_changes_nothing(liar: Liar) -> None:
    before = stored(liar.us)
    assert liar.push().size == 1
    assert stored(liar.us) == before


def test_a_gap_says_how_much_is_held(liar: Liar) -> None:
    before = stored(liar.us)
    with pytest.raises(GapError) as caught:
        liar.push(liar.bundle(index=5), start=5)
    assert caught.value.size == 1
    assert stored(liar.us) == before


def test_a_checkpoint_ahead_of_what_is_held_is_not_cosigned(liar: Liar) -> None:
    first = liar.bundle()
    note = liar.note(first, liar.bundle(index=2))
    receipt = liar.push(first, note=note)
    assert (receipt.size, receipt.cosignature) == (2, None)


def wrong_signature(liar: Liar) -> dict[str, Any]:
    bundle = liar.bundle()
    signature = bundle["envelope"]["signatures"][0]
    raw = bytearray(base64.b64decode(signature["sig"]))
    raw[7] ^= 1
    signature["sig"] = base64.b64encode(raw).decode()
    return bundle


def other_body(liar: Liar) -> dict[str, Any]:
    return liar.bundle() | {"body": liar.bundle("bye")["body"]}


def by_another_key(liar: Liar) -> dict[str, Any]:
    liar.key = SigningKey.generate()
    return liar.bundle()


def stranger(liar: Liar) -> dict[str, Any]:
    return liar.bundle(party="tj")


def replayed_on_another_line(liar: Liar) -> dict[str, Any]:
    return liar.bundle(line="0" * 64)


def of_another_log(liar: Liar) -> dict[str, Any]:
    return liar.bundle(index=7)


def saw_less_than_before(liar: Liar) -> dict[str, Any]:
    liar.push(liar.bundle())
    liar.leaves.append(b"")
    return liar.bundle(seen={})


def saw_another_log_of_ours(liar: Liar) -> dict[str, Any]:
    liar.push(liar.bundle())
    liar.leaves.append(b"")
    return liar.bundle(seen={"us": Seen(liar.seen["us"].size, "0" * 64)})


def saw_a_strangers_log(liar: Liar) -> dict[str, Any]:
    return liar.bundle(seen=liar.seen | {"tj": Seen(1, "0" * 64)})


def not_a_bundle(liar: Liar) -> dict[str, Any]:
    return {"envelope": {}, "salt": 3}


BAD = {
    wrong_signature: SignatureError,
    other_body: RecordError,
    by_another_key: SignatureError,
    stranger: SignatureError,
    replayed_on_another_line: RecordError,
    of_another_log: RecordError,
    saw_less_than_before: RecordError,
    saw_another_log_of_ours: RecordError,
    saw_a_strangers_log: RecordError,
    not_a_bundle: RecordError,
}


@pytest.mark.parametrize(("make", "error"), BAD.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_a_bad_entry_is_refused_with_all_that_came_with_it(
    liar: Liar, make: Callable[[Liar], dict[str, Any]], error: type[DetenteError]
) -> None:
    bad = make(liar)
    good = liar.bundle("good")
    before = stored(liar.us)
    with pytest.raises(error) as caught:
        liar.push(bad)
    assert caught.value.remedy
    # Behind a good one, it takes the good one with it.
    with pytest.raises(error):
        liar.push(good, bad)
    assert stored(liar.us) == before


def test_more_than_a_page_is_refused(liar: Liar) -> None:
    before = stored(liar.us)
    with pytest.raises(LimitError):
        liar.push(*[liar.bundle()] * 257)
    assert stored(liar.us) == before


def test_a_body_over_the_limit_is_refused(liar: Liar) -> None:
    bundle = liar.bundle()
    bundle["body"] = base64.b64encode(bytes(1024 * 1024 + 1)).decode()
    with pytest.raises(LimitError):
        liar.push(bundle)


def test_a_push_before_the_beginning_is_refused(liar: Liar) -> None:
    with pytest.raises(InputError):
        liar.push(start=-1)


@pytest.mark.parametrize(
    ("line", "party", "caller"),
    [("0" * 64, "ru", "ru"), (None, "ru", "tj"), (None, "tj", "ru"), (LINE, "ru", "ru")],
)
def test_whoever_is_not_on_the_line_finds_nothing(
    liar: Liar, line: str | None, party: str, caller: str
) -> None:
    asked = line or liar.line
    with pytest.raises(NotFoundError):
        liar.us.receive(asked, party, 0, [], None, caller)
    with pytest.raises(NotFoundError):
        liar.us.read_log(asked, party, 0, caller)
    with pytest.raises(NotFoundError):
        liar.us.receive_cosignatures(asked, party, liar.note(), caller)


class TestForks:
    def test_two_entries_for_one_place(self, liar: Liar) -> None:
        one, two = liar.bundle("one"), liar.bundle("two")
        liar.push(one)
        before = stored(liar.us)
        with pytest.raises(ForkError):
            liar.push(two, liar.bundle(index=2))
        assert stored(liar.us)[:3] == before[:3]
        [fork] = liar.us.links(LINE)[0].forks
        assert (fork.party, fork.index, fork.held, fork.offered) == ("ru", 1, one, two)
        assert fork.offered_by == "ru"

    def test_the_same_evidence_is_kept_once(self, liar: Liar) -> None:
        liar.push(liar.bundle("one"))
        two = liar.bundle("two")
        for _ in range(3):
            with pytest.raises(ForkError):
                liar.push(two)
        assert len(liar.us.links(LINE)[0].forks) == 1

    def test_two_checkpoints_for_one_size(self, liar: Liar) -> None:
        one, two = liar.bundle("one"), liar.bundle("two")
        first, other = liar.note(one), liar.note(two)
        liar.push(one, note=first)
        before = stored(liar.us)
        with pytest.raises(ForkError):
            liar.push(note=other)
        assert stored(liar.us)[:3] == before[:3]
        [fork] = liar.us.links(LINE)[0].forks
        assert fork.offered == {"checkpoint": other}
        assert fork.held["entries"] == [one]
        assert fork.held["checkpoint"] == first

    def test_a_checkpoint_of_other_entries_takes_the_push_with_it(self, liar: Liar) -> None:
        before = stored(liar.us)
        new = [liar.bundle("new"), liar.bundle("more", index=2)]
        with pytest.raises(ForkError):
            liar.push(*new, note=liar.note(liar.bundle("another")))
        assert stored(liar.us)[:3] == before[:3]
        [fork] = liar.us.links(LINE)[0].forks
        assert fork.held["entries"] == new

    def test_a_forked_log_is_not_cosigned_any_more_but_still_received(self, liar: Liar) -> None:
        one = liar.bundle("one")
        liar.push(one)
        with pytest.raises(ForkError):
            liar.push(liar.bundle("two"))
        receipt = liar.push(one, note=liar.note(one))
        assert (receipt.size, receipt.cosignature) == (2, None)
        assert len(liar.us.messages(LINE)) == 1

    def test_the_evidence_survives_a_restart(self, pair: Any, liar: Liar) -> None:
        liar.push(liar.bundle("one"))
        with pytest.raises(ForkError):
            liar.push(liar.bundle("two"))
        again = pair.open("us")
        assert len(again.links(LINE)[0].forks) == 1
        assert again.metrics()["forks"] == 1

    def test_a_checkpoint_by_another_key_is_no_evidence(self, liar: Liar) -> None:
        bundle = liar.bundle()
        stranger = SigningKey.generate()
        # Ahead of what came, it may be by a key that is still to come, and is disregarded.
        assert liar.push(note=liar.note(bundle, key=stranger)).cosignature is None
        with pytest.raises(SignatureError):
            liar.push(bundle, note=liar.note(bundle, key=stranger))
        assert liar.us.links(LINE)[0].forks == []


class TestCosigning:
    def test_never_a_smaller_size(self, liar: Liar) -> None:
        first = liar.bundle()
        small = liar.note(first)
        liar.leaves.append(read_entry(first, lambda _: liar.key.public).leaf)
        second = liar.bundle()
        liar.us.receive(liar.line, "ru", 1, [first, second], liar.note(second), "ru")
        assert liar.us.receive(liar.line, "ru", 3, [], small, "ru").cosignature is None

    def test_its_time_is_that_of_the_receipt(self, pair: Any, liar: Liar) -> None:
        pair.clock.at_s += 90
        bundle = liar.bundle()
        liar.push(bundle, note=liar.note(bundle))
        [entry] = liar.us.entries(LINE, "ru", 1)
        assert entry.receipts == {"us": "2026-11-22T08:01:30Z"}

    def test_nothing_is_cosigned_for_ourselves(self, liar: Liar) -> None:
        page = liar.us.read_log(liar.line, "us", 0, "ru")
        receipt = liar.us.receive(liar.line, "us", 0, page.entries, page.checkpoint, "ru")
        assert receipt.cosignature is None


class TestTakingCosignatures:
    def signed(self, liar: Liar, note: str | None = None, time_s: int = 1_795_334_400) -> str:
        note = note or str(liar.us.read_log(liar.line, "us", 0, "ru").checkpoint)
        return with_cosignatures(note, [cosign(liar.key, "ru", note, time_s)])

    def test_they_are_the_receipts(self, liar: Liar) -> None:
        sent = liar.us.send(LINE, text="hello", officer="a")
        liar.us.receive_cosignatures(liar.line, "us", self.signed(liar), "ru")
        assert liar.us.entry(LINE, sent.id).receipts == {"ru": "2026-11-22T08:00:00Z"}
        assert liar.us.links(LINE)[0].held_by_peer == 2
        assert liar.us.verify() == []

    def test_the_first_one_stays(self, liar: Liar) -> None:
        sent = liar.us.send(LINE, text="hello", officer="a")
        liar.us.receive_cosignatures(liar.line, "us", self.signed(liar), "ru")
        liar.us.receive_cosignatures(liar.line, "us", self.signed(liar, time_s=1_795_334_700), "ru")
        assert liar.us.entry(LINE, sent.id).receipts == {"ru": "2026-11-22T08:00:00Z"}

    def test_a_wrong_one_is_refused(self, liar: Liar) -> None:
        sent = liar.us.send(LINE, text="hello", officer="a")
        liar.key = SigningKey.generate()
        with pytest.raises(SignatureError):
            liar.us.receive_cosignatures(liar.line, "us", self.signed(liar), "ru")
        assert liar.us.entry(LINE, sent.id).receipts == {"ru": None}

    @pytest.mark.parametrize("time_s", [2**62, 1_795_334_400 + 301])
    def test_one_from_the_future_is_refused(self, liar: Liar, time_s: int) -> None:
        liar.us.send(LINE, text="hello", officer="a")
        with pytest.raises(RecordError):
            liar.us.receive_cosignatures(liar.line, "us", self.signed(liar, time_s=time_s), "ru")

    def test_one_of_more_than_is_held_is_a_gap(self, liar: Liar) -> None:
        note = liar.note(liar.bundle())
        with pytest.raises(GapError):
            liar.us.receive_cosignatures(liar.line, "ru", note, "ru")

    def test_one_of_another_history_of_ours_is_evidence(self, pair: Any, liar: Liar) -> None:
        """Our key has signed two histories: a copied key, or a node restored and run twice."""
        key = read_signing_key(pair.directory / "us/keys", None)
        other = sign_checkpoint(key, Checkpoint(origin(liar.line, "us"), 1, b"x" * 32))
        with pytest.raises(ForkError):
            liar.us.receive_cosignatures(liar.line, "us", other, "ru")
        [fork] = liar.us.links(LINE)[0].forks
        assert (fork.party, fork.offered_by) == ("us", "ru")

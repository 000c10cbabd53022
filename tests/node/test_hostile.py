"""What a member with a genuine key can try: all of it is signed, and none of it may work."""

import base64
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from detente.errors import DetenteError, ForkError, InputError, StateError
from detente.line import (
    Draft,
    Exercise,
    Shift,
    acknowledgement_draft,
    message_draft,
    proposal_draft,
    recall_draft,
    release_draft,
    rotate_draft,
    terms_draft,
)
from detente.node import Node
from detente.node.exchange import Exchange
from detente.node.keys import card_of, read_signing_key
from detente.node.peer import Peer
from detente.node.settings import load_settings
from detente.node.views import ShiftView
from detente.record import (
    Checkpoint,
    Seen,
    SigningKey,
    make_card,
    open_card,
    tree,
    write_entry,
)
from detente.record.checkpoint import (
    cosign,
    cosignatures_of,
    origin,
    sign_checkpoint,
    with_cosignatures,
)
from detente.record.entry import LATER_MAX, entry_to_bundle, read_entry
from detente.record.mldsa import MlDsaKey
from detente.record.note import MAX_SIGNATURES, Note, NoteSignature, parse_note
from detente.volumes import Activity

LINE = "northern-watch"


class Hand:
    """Writes with the signing key of ``ru``, and pushes to ``us``, what no node would."""

    def __init__(self, pair: Any) -> None:
        self.us: Node = pair.nodes["us"]
        self.line = self.us.line(LINE).id
        self.key = read_signing_key(pair.directory / "ru/keys", None)
        page = self.us.read_log(self.line, "ru", 0, "ru")
        self.entries = [read_entry(b, lambda _: self.key.public) for b in page.entries]

    def write(self, draft: Draft, **changes: Any) -> dict[str, Any]:
        """The next entry of the log, as a bundle; ``changes`` are fields of its header."""
        head = self.us.heads(self.line, "ru")["us"]
        root = base64.b64decode(str(head.checkpoint).split("\n")[2]).hex()
        fields = {
            "line": self.line,
            "party": "ru",
            "index": len(self.entries),
            "type": draft.type,
            "time": "2026-11-22T08:00:00Z",
            "seen": {"us": Seen(head.size, root)},
            "about": draft.about,
            "body": draft.body,
            "salt": os.urandom(32),
        }
        self.entries.append(write_entry(self.key, **(fields | changes)))
        return entry_to_bundle(self.entries[-1])

    def note(self) -> str:
        """A checkpoint of all that was written."""
        root = tree.root_of(tree.leaf_hash(entry.leaf) for entry in self.entries)
        name = origin(self.line, "ru")
        return sign_checkpoint(self.key, Checkpoint(name, len(self.entries), root))

    def push(self, *bundles: dict[str, Any], note: str | None = None) -> Any:
        """Push the newest entries of the log, and a checkpoint of it."""
        start = len(self.entries) - len(bundles)
        return self.us.receive(self.line, "ru", start, list(bundles), note or self.note(), "ru")


@pytest.fixture
def hand(pair: Any) -> Hand:
    return Hand(pair)


def test_terms_and_a_release_under_them_in_one_push_hide_no_conflict(pair: Any, hand: Hand) -> None:
    """The engine's index is made for one separation; these terms widen it half-way."""
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    old = pair.terms()
    separation = msgspec.structs.replace(old.separation, lateral_m=200_000.0)
    wide = msgspec.structs.replace(old, version=2, separation=separation)
    us.sign_terms(LINE, wide, officer="a")
    # 1.5 degrees are 134 km here: two circles of 20 km lie 94 km apart.
    far = pair.circle("ru", "recce-1", lon=68.86 + 1.5)
    signed = hand.write(terms_draft(wide))
    hand.push(signed, hand.write(release_draft(far, version=1, supersedes=None, form="exact")))
    assert [(c.a.id, c.b.id) for c in us.conflicts(LINE)] == [("recce-1", "orbit-1")]
    assert us.verify() == []


def test_what_comes_and_goes_within_one_push_is_not_forgotten(pair: Any, hand: Hand) -> None:
    """Conflict rows are computed once for a push; it is the versions in between that met."""
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    bundles, before = [], None
    for number, lon in enumerate((60.0, 68.86, 60.0, 60.1), 1):
        plan = pair.circle("ru", "recce-1", lon=lon)
        draft = release_draft(plan, version=number, supersedes=before, form="exact")
        bundles.append(hand.write(draft))
        before = hand.entries[-1].id
    hand.push(*bundles)
    [conflict] = us.conflicts(LINE)
    assert (conflict.state, conflict.a.version) == ("ended", 2)
    assert us.verify() == []


def test_lines_under_its_own_name_take_no_room_from_cosignatures(hand: Hand) -> None:
    """A full note would leave no node on the line able to say what it holds."""
    entry = hand.write(message_draft(text="hello"))
    name, note = origin(hand.line, "ru"), parse_note(hand.note())
    room = MAX_SIGNATURES - len(note.signatures)
    more = [NoteSignature(name, bytes([i] * 4), bytes(64)) for i in range(room)]
    receipt = hand.push(entry, note=str(Note(note.text, (*note.signatures, *more))))
    head = hand.us.heads(hand.line, "ru")["ru"]
    assert cosignatures_of(str(head.checkpoint)) == [receipt.cosignature]
    assert len(parse_note(str(head.checkpoint)).signatures) == 2 * len(note.signatures)
    assert hand.us.verify() == []


def test_who_signed_for_an_entry_cannot_put_the_receipt_off(pair: Any, hand: Hand) -> None:
    """A cosignature of less, made later, is nothing a node makes; a member's key can."""
    us = pair.nodes["us"]
    note_of: dict[int, str] = {}
    for text in ("one", "two"):
        sent = us.send(LINE, text=text, officer="a")
        note_of[sent.index + 1] = str(us.read_log(hand.line, "us", 0, "ru").checkpoint)
    first, both = note_of

    def receive(size: int) -> None:
        line = cosign(hand.key, "ru", note_of[size], int(pair.clock.now_s()))
        us.receive_cosignatures(hand.line, "us", with_cosignatures(note_of[size], [line]), "ru")

    receive(both)
    before = us.entries(LINE, "us", first - 1, 2), us.obligations(LINE)
    assert before[0][0].receipts == {"ru": "2026-11-22T08:00:00Z"}
    pair.clock.at_s += 120
    receive(first)
    assert (us.entries(LINE, "us", first - 1, 2), us.obligations(LINE)) == before
    assert us.entry(LINE, before[0][0].id).receipts == {"ru": "2026-11-22T08:00:00Z"}


def until_the_end_of_the_calendar(activity: Activity) -> Activity:
    """The activity, lasting to the last second that there is a way to write."""
    volumes = [msgspec.structs.replace(v, end_s=7_258_118_399.0) for v in activity.volumes]
    return msgspec.structs.replace(activity, volumes=tuple(volumes))


def test_a_conflict_at_the_end_of_the_calendar_is_told(pair: Any, hand: Hand) -> None:
    """Its window, half of the separation wider, would end in the year 2200."""
    us = pair.nodes["us"]
    theirs = until_the_end_of_the_calendar(pair.circle("ru", "theirs"))
    ours = until_the_end_of_the_calendar(pair.circle("us", "ours"))
    hand.push(hand.write(release_draft(theirs, version=1, supersedes=None, form="exact")))
    us.file(ours, title="", officer="a")
    assert [c.basis for c in us.conflicts(LINE)] == ["own"]
    us.release("ours", LINE, "exact", officer="a")
    [conflict] = us.conflicts(LINE)
    assert (conflict.basis, conflict.end) == ("joint", "2199-12-31T23:59:59.999Z")
    assert us.verify() == []


def test_a_time_at_the_beginning_of_the_calendar_leaves_obligations_readable(
    strangers: Any,
) -> None:
    """An exercise's clock moves it out of the calendar."""
    strangers.join(Exercise(name="NORTHERN WATCH", clock_offset_s=-160_000_000))
    us = strangers.nodes["us"]
    hand = Hand(strangers)
    sent = us.send(LINE, text="hello", officer="a")
    answer = acknowledgement_draft(sent.id, "understood")
    hand.push(hand.write(answer, time="1900-01-01T00:00:00Z"))
    [owed] = [one for one in us.obligations(LINE) if one.entry == sent.id]
    assert (owed.state, owed.met_at) == ("met", "1900-01-01T00:00:00Z")


def unreadable(activity: Activity, **about: Any) -> Draft:
    """A release, by ``about``, of a polygon that crosses itself: genuine, and without an inside."""
    draft = release_draft(activity, version=1, supersedes=None, form="exact")
    body = msgspec.json.decode(draft.body)
    bow_tie = [[68.0, 36.0], [69.0, 37.0], [69.0, 36.0], [68.0, 37.0], [68.0, 36.0]]
    body["volumes"][0]["core"] = {"type": "Polygon", "edges": "straight", "coordinates": [bow_tie]}
    return draft._replace(body=msgspec.json.encode(body), about=draft.about | about)


def test_what_cannot_be_read_is_shown_as_unknown(pair: Any, hand: Hand) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    clear = pair.circle("ru", "recce-1")
    hand.push(hand.write(release_draft(clear, version=1, supersedes=None, form="exact")))
    first = hand.entries[-1].id
    [shown] = [one for one in us.activities(LINE) if one.party == "ru"]
    assert shown.unknown is None
    hand.push(hand.write(unreadable(clear, version=2, supersedes=first)))
    hand.push(hand.write(unreadable(pair.circle("ru", "recce-2"))))
    again, new = (one for one in us.activities(LINE) if one.party == "ru")
    assert (again.version, again.unknown) == (2, "unreadable")
    assert (new.version, new.unknown) == (1, "unreadable")
    assert [conflict.state for conflict in us.conflicts(LINE)] == ["unknown"]
    assert us.verify() == []


def test_nobody_assents_to_what_cannot_be_read(pair: Any, hand: Hand) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    ours = us.release("orbit-1", LINE, "exact", officer="a").id
    theirs = pair.circle("ru", "recce-1")
    hand.push(hand.write(release_draft(theirs, version=1, supersedes=None, form="exact")))
    [conflict] = us.conflicts(LINE)
    draft = proposal_draft(
        conflict=conflict.id,
        versions={"us": ours, "ru": hand.entries[-1].id},
        moves="us",
        shift=Shift(time_s=60.0),
    )
    hand.push(hand.write(draft._replace(body=b'{"shift":{"time_s":0}}')))
    [proposal] = us.proposals(LINE)
    assert (proposal.shift, proposal.void, proposal.may_answer) == (ShiftView(), None, True)
    with pytest.raises(StateError, match="not known here"):
        us.assent(LINE, proposal.id, officer="a")
    us.decline(LINE, proposal.id, "say again", officer="a")
    assert us.proposals(LINE)[0].status == "declined"


def test_whoever_says_our_log_is_another_is_shown(pair: Any, hand: Hand) -> None:
    """One of two lies; the record is whole all the same, and the rest of it is still verified."""
    us = pair.nodes["us"]
    assert us.links(LINE)[0].disputed == []
    hand.push(hand.write(message_draft(text="hello"), seen={"us": Seen(2, "0" * 64)}))
    # Now of more than we have written, then of other than we have.
    for what in ("2 entries of us, and 1 are held", "another log of us"):
        [link] = us.links(LINE)
        assert (link.disputed, link.forks) == (["us"], [])
        [finding] = us.verify()
        assert (finding.party, finding.index) == ("ru", 1)
        assert what in finding.what
        assert "no byte is damaged" in finding.remedy
        us.send(LINE, text="hello", officer="a")


def test_what_the_other_of_two_histories_says_is_unknown_and_not_clear(
    pair: Any, hand: Hand
) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    said = hand.write(message_draft(text="nothing of ours is there", language="en"))
    hand.push(said)
    assert us.conflicts_and_unknown(LINE).unknown == []
    hand.entries.pop()
    shape = pair.circle("ru", "survey-1")
    there = hand.write(release_draft(shape, version=1, supersedes=None, form="exact", settles=None))
    with pytest.raises(ForkError):
        hand.push(there)
    found = us.conflicts_and_unknown(LINE)
    assert found.conflicts == []
    assert found.unknown == [
        "ru has signed two histories: what the other one says is not known here"
    ]


def test_a_recall_that_nobody_takes_holds_back_nothing_that_stands_before(
    pair: Any, hand: Hand
) -> None:
    """Its entry has to be sent with every change of keys since, and more than 31 are refused."""
    us = pair.nodes["us"]
    page = us.read_log(hand.line, "ru", 0, "ru")
    bundles = [hand.write(message_draft(text="gone soon", language="en"))]
    said = hand.entries[-1].id
    for _ in range(LATER_MAX):
        card = open_card(pair.nodes["ru"].card()).card
        new = SigningKey.generate(MlDsaKey.generate())
        raw = make_card(
            new,
            party="ru",
            name=card.name,
            ca=card.ca,
            endpoint=card.endpoint,
            languages=card.languages,
        )
        bundles.append(hand.write(rotate_draft(open_card(raw), hand.key.public, vouched=False)))
        hand.key = new
    # No node of ours writes such a recall itself.
    ru = pair.nodes["ru"]
    ru.receive(hand.line, "ru", 1, bundles, None, "us")
    with pytest.raises(StateError, match="changed 32 times or more"):
        ru.recall(LINE, said, officer="a")
    bundles.append(hand.write(recall_draft(said, "")))
    hand.push(*bundles)
    assert us.entry(LINE, said).body is None
    # Who comes later, and takes the log from us, gets what can be had of it.
    found = us.read_log(hand.line, "ru", 0, "ru").entries
    assert found == page.entries
    assert us.verify() == []


def test_whoever_forks_without_end_fills_no_disk(pair: Any, hand: Hand) -> None:
    us = pair.nodes["us"]
    hand.push(hand.write(message_draft(text="held")))
    for number in range(40):
        hand.entries.pop()
        other = hand.write(message_draft(text=f"other {number}"))
        with pytest.raises(ForkError):
            us.receive(hand.line, "ru", 1, [other], None, "ru")
    [link] = us.links(LINE)
    assert len(link.forks) == 16
    assert link.forks[0].offered["body"] != link.forks[-1].offered["body"]


def test_of_what_a_peer_tells_only_its_own_log_is_kept(pair: Any, hand: Hand) -> None:
    us = pair.nodes["us"]
    us.heard(hand.line, "ru", {"ru": 5} | {f"party-{number}": 1 for number in range(1000)})
    newest = us.newest_change()
    us.heard(hand.line, "ru", {"ru": 5} | {f"other-{number}": 1 for number in range(1000)})
    assert us.newest_change() == newest
    assert us.links(LINE)[0].peer_size == 5


def twin_of(pem: str) -> str:
    """An authority of the same name with another key."""
    old = x509.load_pem_x509_certificate(pem.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        issuer_name=old.subject,
        subject_name=old.subject,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
        extensions=list(old.extensions),
    )
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_nobody_on_a_new_line_bears_the_name_of_a_known_authority(pair: Any) -> None:
    """After the next start it might be learnt first, and shut the known one out."""
    us = pair.nodes["us"]
    [ru] = us.peers()
    card = make_card(
        SigningKey.generate(),
        party="tj",
        name="Cell tj",
        ca=twin_of(ru.authorities[0]),
        endpoint="https://192.0.2.2:7443",
        languages=("tg",),
    )
    terms = msgspec.structs.replace(pair.terms(), members=("tj", "us"))
    founding = us.found("a-line", terms, [card])
    with pytest.raises(InputError, match="bears the name"):
        us.join(founding, {"tj": open_card(card).fingerprint})
    assert [line.name for line in us.lines()] == [LINE]


class Wire:
    """Carries one node's requests to another in the same process."""

    def __init__(self, caller: Node, asked: Node, line: str) -> None:
        self.caller, self.asked, self.line = caller.party, asked, line

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        asked = urlsplit(path)
        body = msgspec.json.decode(content) if content else {}
        try:
            return 200, msgspec.json.encode(self._answer(asked.path, asked.query, body))
        except DetenteError as error:
            return 409, msgspec.json.encode({"error": error.code, "message": error.message})

    def _answer(self, path: str, query: str, body: dict[str, Any]) -> Any:
        if path == "/heads":
            return {"heads": self.asked.heads(self.line, self.caller)}
        party = path.split("/")[2]
        if query:
            start = int(query.removeprefix("from="))
            return self.asked.read_log(self.line, party, start, self.caller)
        note = body["checkpoint"]
        if path.endswith("/cosignatures"):
            return self.asked.receive_cosignatures(self.line, party, note, self.caller)
        entries, start = body["entries"], body["from"]
        return self.asked.receive(self.line, party, start, entries, note, self.caller)

    def close(self) -> None:
        """There is nothing to close."""


def test_two_histories_without_a_checkpoint_are_found_all_the_same(
    make_pair: Callable[[dict[str, str]], Any],
) -> None:
    """Checkpoints would betray whoever tells two nodes different things: so it signs none."""
    three = make_pair(dict.fromkeys(("ru", "tj", "us"), "detente.db"))
    us, tj = three.nodes["us"], three.nodes["tj"]
    hand = Hand(three)
    for node in (us, tj):
        said = hand.write(message_draft(text=f"to {node.party}"))
        node.receive(hand.line, "ru", 1, [said], None, "ru")
        hand.entries.pop()
    exchange = Exchange(us, hand.line, Peer("tj", Wire(us, tj, hand.line)))
    exchange.run()
    [fork] = next(link.forks for link in us.links(LINE) if link.peer == "ru")
    assert (fork.party, fork.index, fork.offered_by) == ("ru", 1, "tj")
    # ``tj`` has called nobody, and knows it too.
    [fork] = next(link.forks for link in tj.links(LINE) if link.peer == "ru")
    assert (fork.party, fork.index, fork.offered_by) == ("ru", 1, "us")
    # That is no failure of the link to who brought it, and holds up no other log.
    tj.send(LINE, text="hello", officer="c")
    exchange.run()
    assert [message.text for message in us.messages(LINE) if message.party == "tj"] == ["hello"]
    assert [link.state for link in us.links(LINE) if link.peer == "tj"] == ["up"]


@pytest.mark.parametrize("lengths", [(3, 3), (3, 5), (5, 3)])
@pytest.mark.parametrize("changed", [("tj",), ("us", "tj")])
@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_change_of_keys_in_one_of_two_histories_hides_none_of_them(
    make_pair: Callable[[dict[str, str]], Any],
    lengths: tuple[int, int],
    changed: tuple[str, ...],
    checkpoints: bool,
) -> None:
    """Whoever holds the other history knows no key that was handed over to in this one, and can
    verify nothing that follows: it would take both parties for garbled, and hear of no fork."""
    three = make_pair(dict.fromkeys(("ru", "tj", "us"), "detente.db"))
    us, tj = three.nodes["us"], three.nodes["tj"]
    settings = load_settings(three.directory / "ru")
    authority = (three.directory / "ru/keys/ca.crt").read_bytes()
    hand = Hand(three)
    first, common = hand.key, list(hand.entries)
    for node, length in zip((us, tj), lengths, strict=True):
        hand.us, hand.key, hand.entries = node, first, list(common)
        said = [hand.write(message_draft(text=f"to {node.party}"), seen={})]
        if node.party in changed:
            new = SigningKey.generate(MlDsaKey.generate())
            card = open_card(card_of(settings, new, authority))
            said.append(hand.write(rotate_draft(card, first.public, vouched=False), seen={}))
            hand.key = new
        while len(said) < length:
            said.append(hand.write(message_draft(text=f"more to {node.party}"), seen={}))
        hand.push(*said, note=hand.note()) if checkpoints else node.receive(
            hand.line, "ru", 1, said, None, "ru"
        )
    Exchange(us, hand.line, Peer("tj", Wire(us, tj, hand.line))).run()
    for node, other in ((us, "tj"), (tj, "us")):
        [fork] = next(link.forks for link in node.links(LINE) if link.peer == "ru")
        assert (fork.party, fork.index, fork.offered_by) == ("ru", 1, other)

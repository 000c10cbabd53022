"""The record's page: who holds what is what signatures prove, and nothing is told too early."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from detente.errors import ForkError
from detente.exercise import northern_watch as exercise
from detente.line import KeyChain, message_draft
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, decode_header, open_card, read_entry, tree
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.entry import entry_to_bundle, write_entry
from detente.record.proof import check_proof

LINE = "/console/lines/northern-watch"
RECORD = f"{LINE}/record"


def test_what_the_other_side_has_not_signed_for_is_not_joint(pair: Any) -> None:
    us = pair.us
    assert "All is joint" in us.page(RECORD)
    sent = us.node.send(exercise.LINE, text="<b>convoy</b> on time", officer="watch-1")
    page = us.page(RECORD)
    assert "All is joint" not in page
    assert "log of us: ru has signed for 1 of 2" in page
    row = page.partition(f'data-entry="{sent.id}"')[2].partition("</tr>")[0]
    assert "not known to hold it" in row
    assert "&lt;b&gt;convoy&lt;/b&gt; on time" in row
    pair.level()
    page = us.page(RECORD)
    assert "All is joint" in page
    received = us.node.entry(exercise.LINE, sent.id).receipts["ru"]
    assert received is not None
    row = page.partition(f'data-entry="{sent.id}"')[2].partition("</tr>")[0]
    assert received.partition("T")[2].partition(".")[0].removesuffix("Z") in row
    assert "joint" in row


def test_the_counts_of_each_log_are_those_that_were_signed(pair: Any) -> None:
    pair.release()
    pair.us.node.send(exercise.LINE, text="one more", officer="watch-1")
    for log in pair.us.node.logs(exercise.LINE):
        theirs = pair.ru.node.heads(pair.ru.node.line(exercise.LINE).id, "us")[log.party]
        assert log.entries == theirs.size + log.own
        assert log.joint == theirs.size
        assert [one.entries for one in log.holders] == [theirs.size]


def test_a_recall_says_who_still_holds_it(pair: Any) -> None:
    sent = pair.us.node.send(exercise.LINE, text="not for you", officer="watch-1")
    pair.level()
    pair.us.node.recall(exercise.LINE, sent.id, "sent in error", officer="watch-1")
    page = pair.us.page(RECORD)
    assert "ru: holds it since" in page
    assert "not for you" not in page
    pair.level()
    pair.ru.node.honour(pair.ru.node.line(exercise.LINE).id)
    pair.level()
    page = pair.us.page(RECORD)
    assert "ru: erased" in page
    assert "holds it since" not in page


def test_what_is_fixed_is_unknown_until_it_is_told(pair: Any) -> None:
    made = pair.us.node.commit(
        exercise.LINE, text="the bridge is closed on Monday", language="en", officer="watch-1"
    )
    pair.level()
    for desk in (pair.us, pair.ru):
        page = desk.page(RECORD)
        assert "not yet: what it is, is unknown" in page
        assert "bridge" not in page
    pair.us.node.open_commitment(exercise.LINE, made.id, officer="watch-1")
    pair.level()
    for desk in (pair.us, pair.ru):
        assert "the bridge is closed on Monday" in desk.page(RECORD)


def test_two_histories_are_shown_and_their_proof_can_be_carried_away(
    pair: Any, stranger: httpx.Client, tmp_path: Path
) -> None:
    pair.ru.node.send(exercise.LINE, text="first", officer="watch-1")
    pair.level()
    line = pair.us.node.line(exercise.LINE).id
    key = read_signing_key(tmp_path / "ru/keys", None)
    bundles = pair.ru.node.read_log(line, "ru", 0, "us").entries
    log = [read_entry(one, lambda _: key.public) for one in bundles]
    last, draft = decode_header(log[-1].envelope.payload), message_draft(text="second")
    other = write_entry(
        key, line=line, party="ru", index=last.index, type=draft.type, time=last.time,
        seen=last.seen, about=draft.about, body=draft.body, salt=bytes(32),
    )  # fmt: skip
    root = tree.root_of(tree.leaf_hash(one.leaf) for one in [*log[:-1], other])
    note = sign_checkpoint(key, Checkpoint(origin(line, "ru"), len(log), root))
    with pytest.raises(ForkError):
        pair.us.node.receive(line, "ru", last.index, [entry_to_bundle(other)], note, "ru")
    page = pair.us.page(RECORD)
    assert "TWO HISTORIES" in page
    assert f"{RECORD}/proofs/1" in page
    saved = pair.us.browser.get(f"{RECORD}/proofs/1")
    assert "attachment" in saved.headers["Content-Disposition"]
    keys = KeyChain.from_card(open_card(pair.ru.node.card()).public)
    check_proof(saved.content, "ru", keys)
    assert pair.us.browser.get(f"{RECORD}/proofs/99").status_code == 404
    for path in (RECORD, f"{RECORD}/proofs/1"):
        assert stranger.get(path).status_code == 401


def test_long_logs_come_in_pages_newest_first(pair: Any) -> None:
    for n in range(60):
        pair.us.node.send(exercise.LINE, text=f"message {n:02}", officer="watch-1")
    page = pair.us.page(f"{RECORD}?party=us")
    assert page.index("message 59") < page.index("message 58")
    assert "message 05" not in page
    assert "61 in all" in page
    older = pair.us.page(f"{RECORD}?party=us&start=0")
    assert "message 05" in older
    assert "message 59" not in older
    assert pair.us.browser.get(f"{RECORD}?party=nobody").status_code == 404
    assert pair.us.page(f"{RECORD}?party=us&start=999999999")

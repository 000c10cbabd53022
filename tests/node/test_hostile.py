"""What a member with a genuine key can try: all of it is signed, and none of it may work."""

import base64
import os
from typing import Any

import msgspec
import pytest

from detente.line import Draft, release_draft, terms_draft
from detente.node import Node
from detente.record import Checkpoint, Seen, SigningKey, tree, write_entry
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.entry import entry_to_bundle, read_entry

LINE = "northern-watch"


class Hand:
    """Writes with the signing key of ``ru``, and pushes to ``us``, what no node would."""

    def __init__(self, pair: Any) -> None:
        self.us: Node = pair.nodes["us"]
        self.line = self.us.line(LINE).id
        self.key = SigningKey.from_pem((pair.directory / "ru/keys/signing.pem").read_bytes())
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

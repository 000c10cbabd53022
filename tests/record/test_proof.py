"""Proofs of equivocation: what was signed twice convinces a stranger, and nothing else does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from detente.errors import RecordError, SignatureError
from detente.line import KeyChain
from detente.record import Checkpoint, Entry, Seen, SigningKey, tree, write_entry
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.proof import check_proof, encode_proof, prove_entries, prove_history

LINE = "5b" * 32


def keys(signer: SigningKey) -> KeyChain:
    """What a reader with the card of this key begins with."""
    return KeyChain.from_card(signer.public)


def entry(key: SigningKey, index: int, text: str = "", **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "line": LINE,
        "party": "us",
        "index": index,
        "type": "message",
        "time": "2026-11-22T08:00:00Z",
        "seen": {"ru": Seen(5, "00" * 32)},
        "about": {},
        "body": text.encode(),
        "salt": bytes(32),
    }
    return write_entry(key, **(fields | changes))


def log(key: SigningKey, texts: list[str]) -> list[Entry]:
    return [entry(key, index, text) for index, text in enumerate(texts)]


def note_of(key: SigningKey, entries: list[Entry], line: str = LINE) -> str:
    root = tree.root_of(tree.leaf_hash(one.leaf) for one in entries)
    return sign_checkpoint(key, Checkpoint(origin(line, "us"), len(entries), root))


def subtrees(entries: list[Entry]) -> list[bytes]:
    """The complete subtrees of a tree, from the definition."""
    hashes = [tree.leaf_hash(one.leaf) for one in entries]
    found = []
    for level, index in tree.peaks(0, len(hashes)):
        found.append(tree.root_of(hashes[index << level : (index + 1) << level]))
    return found


def history(key: SigningKey, one: list[Entry], other: list[Entry], before: int) -> dict[str, Any]:
    """That ``one`` was signed, up to ``before`` as a checkpoint, and ``other`` as well."""
    return prove_history(
        LINE,
        "us",
        note_of(key, one[:before]) if before else None,
        subtrees(one[:before]),
        [each.envelope for each in one[before:]],
        note_of(key, other),
    )


def test_two_entries_of_one_index_are_proof(us: SigningKey) -> None:
    one, other = entry(us, 3, "a"), entry(us, 3, "b")
    data = encode_proof(prove_entries(LINE, "us", one.envelope, other.envelope))
    proven = check_proof(data, "us", keys(us))
    assert (proven.party, proven.line, proven.index) == ("us", LINE, 3)


def test_the_same_or_another_place_is_none(us: SigningKey, ru: SigningKey) -> None:
    first = entry(us, 3, "a")
    for other in (
        first,
        entry(us, 4, "b"),
        entry(us, 3, "b", line="6c" * 32),
        entry(us, 3, "b", party="ru", seen={}),
        entry(ru, 3, "b"),
    ):
        data = encode_proof(prove_entries(LINE, "us", first.envelope, other.envelope))
        with pytest.raises(RecordError):
            check_proof(data, "us", keys(us))


@pytest.mark.parametrize("before", [0, 1, 3, 6, 7])
def test_a_checkpoint_of_other_entries_is_proof(us: SigningKey, before: int) -> None:
    """With a checkpoint of all, of some, or of none of what was signed before it."""
    one = log(us, list("abcdefg"))
    other = [*one[:4], entry(us, 4, "x"), *one[5:]]
    proven = check_proof(encode_proof(history(us, one, other, before)), "us", keys(us))
    assert proven.index == 6


@pytest.mark.parametrize("before", [0, 3, 7])
def test_a_history_that_was_kept_proves_nothing(us: SigningKey, before: int) -> None:
    one = log(us, list("abcdefg"))
    with pytest.raises(RecordError, match="very entries"):
        check_proof(encode_proof(history(us, one, one, before)), "us", keys(us))
    # Nor does a checkpoint of another size.
    for other in (one[:6], [*one, entry(us, 7, "h")]):
        with pytest.raises(RecordError):
            check_proof(encode_proof(history(us, one, other, before)), "us", keys(us))


def test_made_up_evidence_proves_nothing(us: SigningKey, ru: SigningKey) -> None:
    """By whoever has all that an honest party signed, and wants it to look guilty."""
    one = log(us, list("abcdefg"))
    sound = history(us, one, one, 3)
    forged: list[dict[str, Any]] = [
        {"subtrees": sound["subtrees"][::-1]},
        {"subtrees": []},
        {"subtrees": [*sound["subtrees"], sound["subtrees"][0]]},
        {"before": None, "subtrees": []},
        {"before": None},
        {"envelopes": sound["envelopes"][1:]},
        {"envelopes": sound["envelopes"][::-1]},
        {"envelopes": [*sound["envelopes"][:-1], entry(ru, 6, "x").envelope.to_wire()]},
        {"envelopes": [*sound["envelopes"][:-1], entry(us, 6, "x", line="6c" * 32)
                       .envelope.to_wire()]},
        {"after": note_of(ru, [*one[:6], entry(us, 6, "x")])},
        {"after": note_of(us, [*one[:6], entry(us, 6, "x")], "6c" * 32)},
        {"after": note_of(us, one[:3])},
        {"before": note_of(ru, one[:3])},
        {"line": "6c" * 32},
        {"party": "ru"},
        {"kind": "entries"},
        {"v": 2},
        {"more": 1},
    ]  # fmt: skip
    for change in forged:
        with pytest.raises(RecordError):
            check_proof(encode_proof(sound | change), "us", keys(us))


def test_only_the_partys_own_key_proves(us: SigningKey, ru: SigningKey) -> None:
    one, other = entry(us, 3, "a"), entry(us, 3, "b")
    data = encode_proof(prove_entries(LINE, "us", one.envelope, other.envelope))
    with pytest.raises(SignatureError):
        check_proof(data, "us", keys(ru))
    with pytest.raises(RecordError, match="a proof against us"):
        check_proof(data, "ru", keys(us))


def test_what_is_no_proof_is_refused(
    us: SigningKey,
    spoilt: Callable[[bytes], Iterator[bytes]],
    refused: Callable[..., bool],
) -> None:
    for data in (b"", b"{}", b"[]", b"null", b"\xff", b'{"kind":"entries","v":1}'):
        assert refused(check_proof, data, "us", keys(us))
    one = log(us, ["a", "b"])
    proof = encode_proof(history(us, one, one, 1))
    # No change of one byte makes an honest party guilty.
    for number, data in enumerate(spoilt(proof)):
        if number % 11 == 0:
            assert refused(check_proof, data, "us", keys(us)), data

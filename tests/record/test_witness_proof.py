"""Proofs against a witness: two of its cosignatures that cannot be of one history convince whoever
has its keys, and nothing else does."""

from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError, RecordError, SignatureError
from detente.record import Checkpoint, MlDsaKey, SigningKey, tree
from detente.record.checkpoint import cosign, cosigner_keys, origin, sign_checkpoint
from detente.record.proof import encode_proof
from detente.record.witness_proof import check_twice, keys_in, named_witness, prove_twice

LINE, NAME = "5b" * 32, "witness.example/w1"
LOG = SigningKey.generate()
ED25519 = Ed25519PrivateKey.generate()
PLAIN, BOTH = SigningKey(ED25519), SigningKey(ED25519, MlDsaKey.generate())
OTHER = SigningKey.generate()


def leaves(text: str) -> list[bytes]:
    return [tree.leaf_hash(one.encode()) for one in text]


def cosigned(log: Sequence[bytes], key: SigningKey = PLAIN, **changes: Any) -> str:
    said: dict[str, Any] = {"line": LINE, "party": "ru", "name": NAME, "at": 1_795_334_400}
    said |= changes
    checkpoint = Checkpoint(origin(said["line"], said["party"]), len(log), tree.root_of(log))
    note = sign_checkpoint(LOG, checkpoint)
    return f"{note}{cosign(key, said['name'], note, said['at'])}\n"


def path(log: Sequence[bytes], old: int) -> list[bytes]:
    frontier, nodes = tree.Frontier(), dict[tuple[int, int], bytes]()
    for leaf in log:
        for level, index, hash_ in frontier.append(leaf):
            nodes[level, index] = hash_
    return tree.consistency_proof(old, len(log), lambda level, index: nodes[level, index])


def twice(one: str, other: str, key: SigningKey = PLAIN) -> dict[str, Any]:
    """The proof that a witness signed for the leaves ``one``, and for the longer ``other``."""
    first, second = leaves(one), leaves(other)
    size = len(first)
    root = tree.root_of(second[:size])
    notes = cosigned(first, key), cosigned(second, key)
    return prove_twice(LINE, "ru", NAME, notes[0], root, path(second, size), notes[1])


def checked(proof: dict[str, Any], key: SigningKey = PLAIN) -> tuple[int, int]:
    proven = check_twice(encode_proof(proof), NAME, key.public)
    assert (proven.line, proven.party, proven.witness) == (LINE, "ru", NAME)
    return proven.before, proven.after


@settings(max_examples=40, deadline=None)
@given(st.text("ab", min_size=1, max_size=12), st.text("ab", min_size=1, max_size=12))
def test_two_histories_are_proven_and_one_is_not(one: str, other: str) -> None:
    """Held against the leaves themselves, for every pair of small logs."""
    one, other = sorted((one, other), key=len)
    proof = twice(one, other)
    if other.startswith(one):
        with pytest.raises(RecordError, match="goes on from the first"):
            checked(proof)
    else:
        assert checked(proof) == (len(one), len(other))


def test_both_halves_of_its_key_are_asked_for() -> None:
    assert checked(twice("abc", "abdef", BOTH), BOTH) == (3, 5)
    with pytest.raises(SignatureError):
        checked(twice("abc", "abdef", PLAIN), BOTH)


def test_whatever_times_it_states() -> None:
    proof = twice("abc", "abd")
    proof["before"] = cosigned(leaves("abc"), at=0)
    proof["after"] = cosigned(leaves("abd"), at=7_258_118_399)
    assert checked(proof) == (3, 3)


def test_lines_of_others_hide_nothing() -> None:
    proof = twice("abc", "abd")
    proof["before"] += "— nobody.example AAAAAAAAAAAA\n" + f"— {NAME} AAAAAAAAAAAA\n"
    assert checked(proof) == (3, 3)


WRONG: dict[str, dict[str, Any]] = {
    "another log": {"before": cosigned(leaves("abc"), party="us")},
    "another line": {"before": cosigned(leaves("abc"), line="00" * 32)},
    "another key": {"before": cosigned(leaves("abc"), OTHER)},
    "under another name": {"before": cosigned(leaves("abc"), name="other.example/w1")},
    "not cosigned": {"before": cosigned(leaves("abc")).rpartition("— ")[0]},
    "the shorter one last": {"after": cosigned(leaves("ab"))},
    "another root": {"root": "A" * 43 + "="},
    "no root": {"root": ""},
    "a longer path": {"path": ["A" * 43 + "="] * 4},
    "too long a path": {"path": ["A" * 43 + "="] * 64},
    "no path": {"path": []},
    "no note": {"after": "x"},
    "another version": {"v": 2},
    "another witness": {"witness": "other.example/w1"},
    "a party for a witness": {"witness": "ru"},
    "a field more": {"more": 1},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_proves_nothing_is_refused(change: dict[str, Any]) -> None:
    proof = twice("abc", "abdef")
    assert checked(proof) == (3, 5)
    with pytest.raises(RecordError):
        checked(proof | change)


def test_which_witness_a_file_is_against() -> None:
    assert named_witness(encode_proof(twice("abc", "abd"))) == NAME
    assert named_witness(b'{"v":1,"kind":"entries"}') is None
    for wrong in (b"", b"[]]", b'{"kind":"witness"}', b'{"kind":"witness","witness":7}'):
        with pytest.raises(RecordError):
            named_witness(wrong)
    assert named_witness(b"[]") is None
    with pytest.raises(LimitError):
        check_twice(b" " * 600_000, NAME, PLAIN.public)


def test_its_keys_are_found_in_whatever_gives_them() -> None:
    keys = cosigner_keys(NAME, BOTH.public)
    for text in ("\n".join(keys), f'keys = ["{keys[0]}", "{keys[1]}"]', f"witness w1 {keys[0]} "):
        public = keys_in(text.encode(), NAME)
        assert public.raw == BOTH.public.raw
        assert (public.ml_dsa is None) == (keys[1] not in text)
    other = cosigner_keys(NAME, OTHER.public)
    for wrong in (b"", b"\xff", "\n".join([*keys, *other]).encode(), keys[1].encode()):
        with pytest.raises(InputError):
            keys_in(wrong, NAME)
    name, _, typed = keys[0].split("+", 2)
    with pytest.raises(RecordError, match="id is not that"):
        keys_in(f"{name}+00000000+{typed}".encode(), NAME)

"""The key that carried files are sealed to: in the card at once, or given to a node later."""

import shutil
from typing import Any

import pytest

from detente.errors import StateError
from detente.node.keys import SEALING, SEALING_BEFORE, add_sealing, read_sealing_key
from detente.node.protection import protect, unlock
from detente.record import open_card


def without_sealing_key(pair: Any, party: str) -> None:
    for name in SEALING:
        (pair.directory / party / "keys" / name).unlink()
    pair.open(party)


def test_a_new_node_has_one_in_its_card(pair: Any) -> None:
    keys = pair.directory / "us/keys"
    key = read_sealing_key(keys, None)
    assert key is not None
    assert open_card(pair.nodes["us"].card()).sealing == key.public


def test_a_node_given_one_later_goes_on_with_a_new_card(strangers: Any) -> None:
    without_sealing_key(strangers, "ru")
    line = strangers.join()
    before = open_card(strangers.nodes["ru"].card())
    assert before.sealing is None
    keys = strangers.directory / "ru/keys"
    add_sealing(keys, None)
    with pytest.raises(StateError, match="already"):
        add_sealing(keys, None)
    ru = strangers.open("ru")
    after = open_card(ru.card())
    assert (after.sealing is not None, after.public) == (True, before.public)
    ru.send(line, text="two", officer="b")
    strangers.sync()
    assert strangers.nodes["us"].verify() == ru.verify() == []


def test_it_changes_with_the_signing_keys_and_the_one_before_still_opens(pair: Any) -> None:
    before = open_card(pair.nodes["us"].card()).sealing
    assert before is not None
    sealed = before.seal(b"on its way", b"for us")
    pair.nodes["us"].rotate_key(pair.directory / "us", None, officer="admin")
    after = open_card(pair.open("us").card()).sealing
    assert after not in (before, None)
    keys = pair.directory / "us/keys"
    kept = read_sealing_key(keys, None, SEALING_BEFORE)
    assert kept is not None
    assert kept.open(sealed, b"for us") == b"on its way"


def test_it_is_protected_like_the_others(pair: Any, tmp_path: Any) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(pair.directory / "us/keys", keys)
    plain = read_sealing_key(keys, None)
    protect(keys, "correct horse battery", None)
    secret = unlock(keys, lambda: "correct horse battery")
    for name in SEALING:
        assert (keys / name).read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    found = read_sealing_key(keys, secret)
    assert plain is not None
    assert found is not None
    assert found.public == plain.public

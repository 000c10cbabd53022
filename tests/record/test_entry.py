"""Entries: signed header, salted body, and no byte of either that can be changed unseen."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from detente.errors import InputError, LimitError, RecordError, SignatureError
from detente.record import (
    Entry,
    Header,
    PublicKey,
    SigningKey,
    entry_to_bundle,
    read_entry,
    sign_envelope,
    tree,
    write_entry,
)
from detente.record.strict_json import canonical

KeyOf = Callable[[Header], PublicKey]


@pytest.fixture(scope="session")
def key_of(us: SigningKey, ru: SigningKey) -> KeyOf:
    return lambda header: {"us": us.public, "ru": ru.public}[header.party]


def test_what_is_written_is_read_back(entry: Entry, bundle: bytes, key_of: KeyOf) -> None:
    assert read_entry(bundle, key_of) == entry
    assert read_entry(json.loads(bundle), key_of) == entry
    assert canonical(entry_to_bundle(read_entry(bundle, key_of))) == bundle


def test_the_identifiers_are_those_of_the_protocol(
    bundle: bytes, entry: Entry, us: SigningKey
) -> None:
    """Everything recomputed here from the wire, with nothing but hashlib and base64."""
    wire = json.loads(bundle)
    payload = base64.b64decode(wire["envelope"]["payload"])
    kind = b"application/vnd.detente.header.v1+json"
    leaf = b"DSSEv1 38 " + kind + b" " + str(len(payload)).encode() + b" " + payload
    assert entry.leaf == leaf
    assert entry.id == hashlib.sha256(leaf).hexdigest()
    assert tree.leaf_hash(entry.leaf) == hashlib.sha256(b"\0" + leaf).digest()
    [signature] = wire["envelope"]["signatures"]
    assert signature["keyid"] == hashlib.sha256(us.public.raw).hexdigest()
    us.public.verify(base64.b64decode(signature["sig"]), leaf)
    salted = base64.b64decode(wire["salt"]) + base64.b64decode(wire["body"])
    assert json.loads(payload)["body_sha256"] == hashlib.sha256(salted).hexdigest()


def test_no_byte_of_a_bundle_can_be_changed(
    bundle: bytes,
    key_of: KeyOf,
    spoilt: Callable[[bytes], Iterator[bytes]],
    refused: Callable[..., bool],
) -> None:
    accepted = [data for data in spoilt(bundle) if not refused(read_entry, data, key_of)]
    assert accepted == []


def test_the_writer_is_the_one_who_signed(
    us: SigningKey, ru: SigningKey, fields: dict[str, Any], key_of: KeyOf
) -> None:
    forged = entry_to_bundle(write_entry(ru, **fields))
    with pytest.raises(SignatureError, match="entry us/3") as caught:
        read_entry(forged, key_of)
    assert "\n" not in str(caught.value)
    # Its own key id put on the forgery does not help.
    forged["envelope"]["signatures"][0]["keyid"] = us.public.keyid
    with pytest.raises(SignatureError):
        read_entry(forged, key_of)


def test_a_stranger_is_refused(bundle: bytes, ru: SigningKey) -> None:
    with pytest.raises(SignatureError, match="us is a stranger here"):
        read_entry(bundle, lambda header: {"ru": ru.public}[header.party])


def test_an_entry_keeps_the_exact_bytes_of_another_writer(us: SigningKey, key_of: KeyOf) -> None:
    """A peer may order keys and place white space as it likes: nothing is re-encoded."""
    salt, body = b"\7" * 32, b"  { }\n"
    header = {
        "v": 1, "time": "2026-11-22T08:00:00Z", "type": "line.check", "index": 0, "party": "us",
        "line": "5b" * 32, "seen": {}, "about": {"slot": "2021-08-09T00:00:00Z"},
        "body_sha256": hashlib.sha256(salt + body).hexdigest(),
    }  # fmt: skip
    payload = json.dumps(header, indent=1).encode()
    envelope = sign_envelope(us, "application/vnd.detente.header.v1+json", payload)
    bundle = {
        "body": base64.b64encode(body).decode(),
        "salt": base64.b64encode(salt).decode(),
        "envelope": envelope.to_wire(),
    }
    entry = read_entry(json.dumps(bundle, indent=2).encode(), key_of)
    assert entry.envelope.payload == payload
    assert entry.body == body
    assert entry_to_bundle(entry) == bundle


def test_the_salt_hides_the_body(us: SigningKey, fields: dict[str, Any]) -> None:
    """The same words with another salt leave nothing in the header to compare."""
    one = write_entry(us, **fields | {"salt": b"\1" * 32})
    two = write_entry(us, **fields | {"salt": b"\2" * 32})
    assert one.body == two.body
    assert one.header.body_sha256 != two.header.body_sha256
    assert hashlib.sha256(fields["body"]).hexdigest() not in one.leaf.decode()


def test_the_line_between_salt_and_body_is_fixed(entry: Entry, key_of: KeyOf) -> None:
    """SHA-256(salt ‖ body) alone would let the salt's last byte pass for the body's first."""
    assert entry.salt is not None
    assert entry.body is not None
    bundle = entry_to_bundle(entry)
    bundle["salt"] = base64.b64encode(entry.salt[:-1]).decode()
    bundle["body"] = base64.b64encode(entry.salt[-1:] + entry.body).decode()
    with pytest.raises(RecordError, match="32 bytes"):
        read_entry(bundle, key_of)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"\ud800": 1},
        {"salt": None, "body": None},
        {"salt": None},
        {"body": None},
        {"body": ""},
        {"salt": ""},
        {"salt": "AA=="},
        {"body": "AA=="},
        {"envelope": None},
        {"envelope": "text"},
        {"envelope": {}},
    ],
)
def test_other_bundles_are_refused(entry: Entry, key_of: KeyOf, change: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        read_entry(entry_to_bundle(entry) | change, key_of)


def test_a_strangers_words_cannot_reach_the_terminal(entry: Entry, key_of: KeyOf) -> None:
    with pytest.raises(RecordError) as caught:
        read_entry(entry_to_bundle(entry) | {"\x1b[2J\nall clear\u202e" + "x" * 9999: 1}, key_of)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("field", ["envelope", "salt", "body"])
def test_every_part_is_required(entry: Entry, key_of: KeyOf, field: str) -> None:
    bundle = entry_to_bundle(entry)
    del bundle[field]
    with pytest.raises(
        RecordError, match="envelope" if field == "envelope" else "without its body"
    ):
        read_entry(bundle, key_of)


def test_the_card_of_a_party_is_no_entry(card: bytes, key_of: KeyOf) -> None:
    """Signed by the same key, but as something else."""
    bundle = {"envelope": json.loads(card), "salt": "", "body": ""}
    with pytest.raises(RecordError, match="signed as"):
        read_entry(bundle, key_of)


def test_a_body_is_at_most_1_mib(us: SigningKey, fields: dict[str, Any], key_of: KeyOf) -> None:
    largest = write_entry(us, **fields | {"body": b"x" * 2**20})
    data = canonical(entry_to_bundle(largest))
    assert read_entry(data, key_of) == largest

    with pytest.raises(LimitError, match="1048577"):
        write_entry(us, **fields | {"body": b"x" * (2**20 + 1)})
    for length in (2**20 + 1, 2**20 + 2, 2**20 + 4000):
        bundle = entry_to_bundle(msgspec.structs.replace(largest, body=b"x" * length))
        with pytest.raises(LimitError, match="entry us/3"):
            read_entry(bundle, key_of)


def test_a_bundle_is_limited_before_it_is_read(bundle: bytes, key_of: KeyOf) -> None:
    with pytest.raises(LimitError, match="bundle"):
        read_entry(bundle + b" " * 1536 * 1024, key_of)


def test_what_no_reader_would_take_is_not_written(us: SigningKey, fields: dict[str, Any]) -> None:
    for change in (
        {"party": "US"},
        {"line": "northern-watch"},
        {"index": -1},
        {"time": "now"},
        {"type": ""},
        {"salt": b"short"},
        {"seen": {"us": fields["seen"]["ru"]}},
    ):
        with pytest.raises(RecordError):
            write_entry(us, **fields | change)
    with pytest.raises(LimitError):
        write_entry(us, **fields | {"about": {"x": "a" * 16384}})
    with pytest.raises(InputError):
        write_entry(us, **fields | {"about": {"x": float("nan")}})


def test_an_entry_without_its_body_is_not_sent(entry: Entry) -> None:
    with pytest.raises(RecordError, match="not held here"):
        entry_to_bundle(msgspec.structs.replace(entry, salt=None, body=None))

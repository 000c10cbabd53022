"""Sealed media: opened by both keys only, and whatever is changed in a file is found out."""

import hashlib
import io
import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import SealingKey, SigningKey, media, shares
from detente.record.countersigned import Countersigned
from detente.record.media import CHUNK_BYTES, Part, SealedMedia

LINE, VISIT, ITEM = "5b" * 32, "77" * 32, "roll-1"
PARTIES = ("tj", "us")
SIGN = {p: SigningKey(Ed25519PrivateKey.from_private_bytes(p.encode() * 16)) for p in PARTIES}
SEALING = {party: SealingKey.generate() for party in PARTIES}
SHARES = {"tj": bytes(range(32)), "us": bytes(range(100, 132))}
KEY = bytes(a ^ b for a, b in zip(SHARES["tj"], SHARES["us"], strict=True))
VECTORS = Path(__file__).with_name("media_vectors.json")


def made(
    content: bytes, files: list[Part] | None = None, *, item: str = ITEM, signers: str = "tj us"
) -> bytes:
    """A sealed file of ``content``, by us; ``signers`` have signed it."""
    sealer = media.Sealer(LINE, VISIT, item, KEY)
    body = sealer.head + b"".join(sealer.seal([content]))
    parties = {
        party: shares.keyed(
            line=LINE,
            visit=VISIT,
            item=item,
            content_sha256=sealer.content_sha256,
            sealed_sha256=sealer.sealed_sha256,
            party=party,
            sign_key=SIGN[party].public.keyid,
            sealing=SEALING[party].public,
            share=SHARES[party],
        )
        for party in PARTIES
    }
    files = [Part("photo.jpg", len(content))] if files is None else files
    envelope = Countersigned(media.MANIFEST_TYPE, sealer.manifest("us", parties, files), {})
    for party in signers.split():
        envelope = envelope.signed(SIGN[party])
    return body + media.trailer(envelope)


CONTENT = b"what was seen " * 20
FILE = made(CONTENT)


def read(data: bytes) -> SealedMedia:
    """The file's end, and its hash and both signatures found to hold."""
    source = io.BytesIO(data)
    found = media.read_media(source)
    for party in PARTIES:
        media.check_signature(found, party, SIGN[party].public)
    if media.sealed_sha256(source, found.manifest) != found.manifest.sealed_sha256:
        raise RecordError("not the bytes that were sealed")
    return found


def opened(data: bytes, key: bytes = KEY) -> bytes:
    source = io.BytesIO(data)
    return b"".join(media.opened(source, media.read_media(source).manifest, key))


def tampered(**changed: Any) -> bytes:
    """The file with another manifest, signed by both."""
    found = media.read_media(io.BytesIO(FILE))
    facts = json.loads(found.envelope.payload) | changed
    envelope = Countersigned(media.MANIFEST_TYPE, msgspec.json.encode(facts), {})
    for party in PARTIES:
        envelope = envelope.signed(SIGN[party])
    return FILE[: found.manifest.sealed_bytes] + media.trailer(envelope)


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]
)
def test_what_is_sealed_is_opened(size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    data = made(content)
    found = read(data)
    assert opened(data) == content
    assert found.manifest.content_sha256 == hashlib.sha256(content).hexdigest()
    assert found.manifest.size_bytes == size


def test_it_is_what_the_protocol_says() -> None:
    """Opened a second time by the words of section 10 alone, with both private keys."""
    length = int.from_bytes(FILE[-4:], "big")
    envelope, body = json.loads(FILE[-4 - length : -4]), FILE[: -4 - length]
    assert [one["keyid"] for one in envelope["signatures"]] == sorted(
        SIGN[party].public.keyid for party in PARTIES
    )
    facts = json.loads(b64decode(envelope["payload"]))
    assert facts["sealed_sha256"] == hashlib.sha256(body).hexdigest()
    first, second, sealed = body.split(b"\n", 2)
    assert first == b"detente-media 1"
    assert json.loads(second) == {"item": ITEM, "line": LINE, "visit": VISIT}
    halves = []
    for party in PARTIES:
        info = [facts[key] for key in ("line", "visit", "item", "content_sha256", "sealed_sha256")]
        use = "\n".join(["detente/media/v1", *info, party]).encode()
        half = SEALING[party].open(b64decode(facts["parties"][party]["share"]), use)
        assert hashlib.sha256(half).hexdigest() == facts["parties"][party]["share_sha256"]
        halves.append(int.from_bytes(half, "big"))
    key = (halves[0] ^ halves[1]).to_bytes(32, "big")
    digest = hashlib.sha256(first + b"\n" + second + b"\n").digest()
    assert AESGCM(key).decrypt(bytes(11) + b"\x01", sealed, digest) == CONTENT


def test_the_vectors_open() -> None:
    """Fixed files and keys, against which a second implementation can check itself."""
    given_ = json.loads(VECTORS.read_text())
    data = b64decode(given_["file"])
    source = io.BytesIO(data)
    found = media.read_media(source)
    keys = {
        party: SealingKey.from_pems(*(pem.encode() for pem in pems))
        for party, pems in given_["x_wing_pems"].items()
    }
    for party, raw in given_["sign_keys"].items():
        media.check_signature(found, party, SigningKey.from_pem(raw.encode()).public)
    assert found.manifest_sha256 == given_["manifest_sha256"]
    assert hashlib.sha256(data).hexdigest() == given_["file_sha256"]
    own = shares.own_share(found.manifest, "tj", [keys["tj"]])
    handed = shares.read_share(b64decode(given_["share_us_to_tj"]), found, "tj", [keys["tj"]])
    content = b"".join(media.opened(source, found.manifest, shares.content_key(own, handed)))
    assert content == given_["content"].encode()
    # The rest is the same for the same shares, and can be made again.
    sealer = media.Sealer(
        found.manifest.line,
        found.manifest.visit,
        found.manifest.item,
        shares.content_key(own, handed),
    )
    again = sealer.head + b"".join(sealer.seal([content]))
    assert data.startswith(again)
    assert sealer.sealed_sha256 == found.manifest.sealed_sha256


# --- two keys ---------------------------------------------------------------------------------


def test_either_opens_with_what_the_other_hands_over() -> None:
    found = read(FILE)
    for party, other in (PARTIES, PARTIES[::-1]):
        own = shares.own_share(found.manifest, party, [SEALING[party]])
        theirs = shares.own_share(found.manifest, other, [SEALING[other]])
        handed = shares.write_share(found, other, theirs, SEALING[party].public)
        taken = shares.read_share(handed, found, party, [SEALING[party]])
        assert opened(FILE, shares.content_key(own, taken)) == CONTENT


@pytest.mark.parametrize("party", PARTIES)
def test_one_key_alone_opens_nothing(party: str) -> None:
    found = read(FILE)
    own = shares.own_share(found.manifest, party, [SEALING[party]])
    for key in (own, shares.content_key(own, bytes(32)), shares.content_key(own, own)):
        with pytest.raises(RecordError, match="does not open"):
            opened(FILE, key)
    other = found.manifest.other(party)
    with pytest.raises(RecordError, match="a key that this node has not"):
        shares.own_share(found.manifest, other, [SEALING[party]])


def test_a_third_party_is_neither() -> None:
    with pytest.raises(RecordError, match="ru is neither"):
        shares.own_share(read(FILE).manifest, "ru", list(SEALING.values()))


def test_a_share_is_of_one_manifest_and_for_one_party() -> None:
    found, other = read(FILE), read(made(CONTENT, item="roll-2"))
    handed = shares.write_share(found, "us", SHARES["us"], SEALING["tj"].public)
    with pytest.raises(RecordError, match="of another item"):
        shares.read_share(handed, other, "tj", [SEALING["tj"]])
    with pytest.raises(RecordError, match="is from us for tj, not from tj for us"):
        shares.read_share(handed, found, "us", [SEALING["us"]])
    renamed = handed.replace(found.manifest_sha256.encode(), other.manifest_sha256.encode())
    with pytest.raises(RecordError, match="not sealed to this key, or its bytes were changed"):
        shares.read_share(renamed, other, "tj", [SEALING["tj"]])


def test_a_false_share_is_found_out_before_anything_is_opened() -> None:
    found = read(FILE)
    false = shares.write_share(found, "us", bytes(32), SEALING["tj"].public)
    with pytest.raises(RecordError, match="that us handed over is not the one"):
        shares.read_share(false, found, "tj", [SEALING["tj"]])


def test_a_share_sealed_in_the_manifest_is_for_its_content() -> None:
    moved = media.read_media(io.BytesIO(tampered(content_sha256="00" * 32))).manifest
    with pytest.raises(RecordError, match="not sealed to this key, or its bytes were changed"):
        shares.own_share(moved, "us", [SEALING["us"]])


# --- what was changed -------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, by: int) -> None:
    data = FILE[:at] + bytes([FILE[at] ^ by]) + FILE[at + 1 :]
    with pytest.raises((RecordError, LimitError)):
        read(data)


@settings(max_examples=60)
@given(st.integers(0, len(FILE) - 1))
def test_nothing_can_be_cut_off(length: int) -> None:
    for data in (FILE[:length], FILE[len(FILE) - length :]):
        with pytest.raises((RecordError, LimitError)):
            read(data)


@given(st.binary(min_size=1, max_size=9))
def test_nothing_can_be_added(more: bytes) -> None:
    for data in (FILE + more, more + FILE):
        with pytest.raises((RecordError, LimitError)):
            read(data)


def test_chunks_open_at_their_own_place_only() -> None:
    """Even where both signed a file whose chunks were exchanged, it does not open."""
    content = bytes(3 * CHUNK_BYTES)
    data = made(content)
    start = len(media.head(LINE, VISIT, ITEM))
    step = CHUNK_BYTES + 16
    one, two = data[start : start + step], data[start + step : start + 2 * step]
    swapped = data[:start] + two + one + data[start + 2 * step :]
    with pytest.raises(RecordError, match="not the bytes"):
        read(swapped)
    given_: list[bytes] = []
    with pytest.raises(RecordError, match="chunk 0: does not open"):
        given_.extend(media.opened(io.BytesIO(swapped), read(data).manifest, KEY))
    assert given_ == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"v": 2}, "fields"),
        ({"item": "../up"}, "fields"),
        ({"item": "roll-9"}, "begins with another item"),
        ({"size_bytes": 281}, "do not add up"),
        ({"sealed_bytes": 400}, "cannot be as long"),
        ({"sealed_by": "ru"}, "neither"),
        ({"files": []}, "do not add up"),
        ({"files": [{"name": "a/b", "size_bytes": 280}]}, "no plain file name"),
        ({"files": [{"name": "..", "size_bytes": 280}]}, "no plain file name"),
        ({"files": [{"name": "a\n", "size_bytes": 280}]}, "no plain file name"),
        ({"files": [{"name": "nul.txt", "size_bytes": 280}]}, "no plain file name"),
        ({"files": [{"name": "я" * 128, "size_bytes": 280}]}, "too long for a file"),
        (
            {"files": [{"name": "é", "size_bytes": 280}, {"name": "e\u0301", "size_bytes": 0}]},
            "two files are named",
        ),
        (
            {"files": [{"name": "a", "size_bytes": 280}, {"name": "A", "size_bytes": 0}]},
            "two files are named",
        ),
        ({"files": [{"name": "a", "size_bytes": -1}]}, "fields"),
        ({"parties": {}}, "fields"),
        ({"more": 1}, "fields"),
    ],
)
def test_a_manifest_that_does_not_fit_together(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        media.read_media(io.BytesIO(tampered(**changed)))


# --- who signs --------------------------------------------------------------------------------


def test_a_seal_by_a_wrong_key_is_refused_and_says_whose_it_should_be() -> None:
    stranger = SigningKey(Ed25519PrivateKey.from_private_bytes(b"xy" * 16))
    found = media.read_media(io.BytesIO(FILE))
    wrong = found.envelope.signed(stranger)
    data = FILE[: found.manifest.sealed_bytes] + media.trailer(
        Countersigned(
            media.MANIFEST_TYPE,
            wrong.payload,
            {
                keyid: sig
                for keyid, sig in wrong.signatures.items()
                if keyid != SIGN["tj"].public.keyid
            },
        )
    )
    with pytest.raises(SignatureError, match=f"tj's is {SIGN['tj'].public.keyid[:16]}"):
        media.read_media(io.BytesIO(data))


def test_a_manifest_that_names_a_wrong_key_is_refused() -> None:
    found = media.read_media(io.BytesIO(FILE))
    with pytest.raises(SignatureError, match="by the record the key of tj is"):
        media.check_signature(found, "tj", SIGN["us"].public)


def test_a_missing_signature_is_missed() -> None:
    found = media.read_media(io.BytesIO(made(CONTENT, signers="us")))
    media.check_signature(found, "us", SIGN["us"].public)
    with pytest.raises(SignatureError, match="the key of tj is"):
        media.check_signature(found, "tj", SIGN["tj"].public)


def test_a_broken_signature_is_not_told_as_one_by_another_key() -> None:
    found = media.read_media(io.BytesIO(FILE))
    keyid = SIGN["us"].public.keyid
    broken = found.envelope.signatures | {keyid: bytes(64)}
    envelope = Countersigned(media.MANIFEST_TYPE, found.envelope.payload, broken)
    with pytest.raises(
        SignatureError, match="the signature of us does not fit these bytes"
    ) as told:
        media.check_signature(
            msgspec.structs.replace(found, envelope=envelope), "us", SIGN["us"].public
        )
    assert keyid[:16] not in str(told.value)


def test_who_signs_first_makes_no_difference() -> None:
    found = media.read_media(io.BytesIO(made(CONTENT, signers="")))
    one = found.envelope.signed(SIGN["us"]).signed(SIGN["tj"])
    other = found.envelope.signed(SIGN["tj"]).signed(SIGN["us"])
    assert media.trailer(one) == media.trailer(other)


def test_an_envelope_has_one_spelling() -> None:
    data = media.read_media(io.BytesIO(FILE)).envelope.to_json()
    with pytest.raises(RecordError, match="one spelling"):
        media.read_envelope(data.replace(b'","', b'", "', 1))


# --- size -------------------------------------------------------------------------------------


class Endless:
    """A file of zeros that nobody holds, and which notes the largest piece asked for."""

    def __init__(self, size: int) -> None:
        self.left = size

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            piece = bytes(min(self.left, 300_000))
            self.left -= len(piece)
            yield piece


def test_large_content_is_held_a_chunk_at_a_time() -> None:
    import tracemalloc

    sealer = media.Sealer(LINE, VISIT, ITEM, KEY)
    tracemalloc.start()
    try:
        size = sum(len(chunk) for chunk in sealer.seal(Endless(48 * CHUNK_BYTES)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 48 * (CHUNK_BYTES + 16)
    assert peak < 8 * CHUNK_BYTES


def test_pieces_of_any_length_give_the_same_file() -> None:
    content = bytes(range(256)) * 9000
    one = media.Sealer(LINE, VISIT, ITEM, KEY)
    other = media.Sealer(LINE, VISIT, ITEM, KEY)
    whole = b"".join(one.seal([content]))
    cut = b"".join(other.seal(content[at : at + 70_001] for at in range(0, len(content), 70_001)))
    assert whole == cut
    assert one.sealed_sha256 == other.sealed_sha256


def test_more_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "CONTENT_BYTES_MAX", 10)
    sealer = media.Sealer(LINE, VISIT, ITEM, KEY)
    with pytest.raises(LimitError, match="several items"):
        list(sealer.seal([bytes(11)]))


def test_a_share_too_long_is_refused() -> None:
    with pytest.raises(LimitError):
        shares.read_share(
            b"detente-media-share 1\n" + b" " * 9000, read(FILE), "tj", [SEALING["tj"]]
        )


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_anything_is_refused_in_our_words(data: bytes) -> None:
    for raw in (data, b"detente-media-share 1\n" + data):
        with pytest.raises((RecordError, LimitError)):
            media.read_media(io.BytesIO(raw))
        with pytest.raises((RecordError, LimitError)):
            shares.read_share(raw, read(FILE), "tj", [SEALING["tj"]])

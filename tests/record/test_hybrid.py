"""The second signature, ML-DSA-44, against the words of C2SP tlog-cosignature and OpenSSL's own."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from detente.errors import InputError, RecordError, SignatureError
from detente.record import (
    Checkpoint,
    MlDsaKey,
    PublicKey,
    SigningKey,
    make_card,
    open_card,
    tree,
)
from detente.record.checkpoint import (
    bare_note,
    cosign,
    cosignatures_of,
    cosigner_keys,
    log_keys,
    open_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    with_cosignatures,
)
from detente.record.mldsa import MlDsaPublicKey
from detente.record.note import parse_note

WHEN_S = 1795334400
ROOT = tree.root_of([tree.leaf_hash(b"%d" % n) for n in range(4)])


@pytest.fixture(scope="module")
def both() -> SigningKey:
    """A key of two halves."""
    return SigningKey(
        Ed25519PrivateKey.from_private_bytes(b"us" * 16),
        MlDsaKey(MLDSA44PrivateKey.from_seed_bytes(b"us" * 16)),
    )


@pytest.fixture(scope="module")
def twice(both: SigningKey, line: str) -> str:
    """A checkpoint signed by both halves."""
    return sign_checkpoint(both, Checkpoint(f"detente.invalid/line/{line}/us", 4, ROOT))


def message(signer: str, origin: str, timestamp: int, size: int, root: bytes) -> bytes:
    """``cosigned_message`` as C2SP writes it, in the presentation language of RFC 8446."""
    label = b"subtree/v1\n\0"
    assert len(label) == 12
    return b"".join(
        [
            label,
            bytes([len(signer)]) + signer.encode(),
            timestamp.to_bytes(8, "big"),
            bytes([len(origin)]) + origin.encode(),
            (0).to_bytes(8, "big"),
            size.to_bytes(8, "big"),
            root,
        ]
    )


def blob(line: str) -> tuple[bytes, int, bytes]:
    """Key id, timestamp and signature of a timestamped signature line."""
    raw = base64.b64decode(line.split(" ")[2])
    return raw[:4], int.from_bytes(raw[4:12], "big"), raw[12:]


def test_a_log_signs_twice(both: SigningKey, twice: str, origin: str) -> None:
    lines = twice.partition("\n\n")[2]
    first, second = lines.strip().split("\n")
    assert second.split(" ")[:2] == ["—", origin] == first.split(" ")[:2]
    assert both.public.ml_dsa is not None
    raw = both.public.ml_dsa.raw
    assert len(raw) == 1312
    key_id, timestamp, signature = blob(second)
    assert key_id == hashlib.sha256(origin.encode() + b"\n\x06" + raw).digest()[:4]
    assert (timestamp, len(signature)) == (0, 2420)
    signed = message(origin, origin, 0, 4, ROOT)
    MLDSA44PublicKey.from_public_bytes(raw).verify(signature, signed)
    assert open_checkpoint(twice, both.public, origin) == Checkpoint(origin, 4, ROOT)


def test_a_cosignature_has_two_lines(both: SigningKey, note: str, origin: str) -> None:
    text = cosign(both, "us", note, WHEN_S)
    first, second = text.split("\n")
    name = "detente.invalid/party/us"
    assert first.split(" ")[1] == second.split(" ")[1] == name
    assert both.public.ml_dsa is not None
    raw = both.public.ml_dsa.raw
    key_id, timestamp, signature = blob(second)
    assert key_id == hashlib.sha256(name.encode() + b"\n\x06" + raw).digest()[:4]
    assert timestamp == WHEN_S == blob(first)[1]
    MLDSA44PublicKey.from_public_bytes(raw).verify(
        signature, message(name, origin, WHEN_S, 4, ROOT)
    )
    assert verify_cosignature(text, note, "us", both.public) == WHEN_S
    assert cosignatures_of(with_cosignatures(note, [text])) == [text]


def test_one_signature_is_refused_where_two_are_owed(
    both: SigningKey, twice: str, note: str, origin: str
) -> None:
    """Whoever can forge the one, or strip the other, must not pass."""
    plain = SigningKey(Ed25519PrivateKey.from_private_bytes(b"us" * 16))
    once = sign_checkpoint(plain, Checkpoint(origin, 4, ROOT))
    with pytest.raises(SignatureError, match="ML-DSA-44"):
        open_checkpoint(once, both.public, origin)
    text, first, second = twice.partition("\n\n")[0], *twice.strip().split("\n")[-2:]
    for lines in ([first], [second], [first, first], [first, second, second]):
        with pytest.raises(SignatureError):
            open_checkpoint("\n".join([text, "", *lines, ""]), both.public, origin)
    cosigned = cosign(both, "us", note, WHEN_S).split("\n")
    other = cosign(both, "us", note, WHEN_S + 1).split("\n")
    for lines in (cosigned[:1], cosigned[1:], cosigned[::-1], [*cosigned, cosigned[1]]):
        with pytest.raises(RecordError):
            verify_cosignature("\n".join(lines), note, "us", both.public)
    with pytest.raises(RecordError, match="two times"):
        verify_cosignature("\n".join([cosigned[0], other[1]]), note, "us", both.public)


def test_a_signature_is_bound_to_signer_log_size_and_root(both: SigningKey, note: str) -> None:
    """Each half by itself: the Ed25519 line is made anew each time, the other one kept."""
    cosigned = cosign(both, "us", note, WHEN_S).split("\n")
    opened = note.split("\n")
    for at, text in ((0, opened[0] + "x"), (1, "5"), (2, base64.b64encode(bytes(32)).decode())):
        changed = "\n".join([*opened[:at], text, *opened[at + 1 :]])
        anew = cosign(both, "us", changed, WHEN_S).split("\n")
        with pytest.raises(SignatureError):
            verify_cosignature("\n".join([anew[0], cosigned[1]]), changed, "us", both.public)
    with pytest.raises(SignatureError):
        verify_cosignature("\n".join(cosigned), note, "ru", both.public)


def test_a_reader_of_one_kind_reads_both(both: SigningKey, twice: str, origin: str) -> None:
    """Who knows the older card alone ignores the second signature, as signed-note asks."""
    plain = PublicKey(both.public.raw)
    assert open_checkpoint(twice, plain, origin) == Checkpoint(origin, 4, ROOT)
    assert bare_note(twice, both.public, origin) == twice
    assert len(parse_note(bare_note(twice, plain, origin)).signatures) == 1


def test_no_byte_can_be_changed(
    both: SigningKey,
    twice: str,
    origin: str,
    spoilt: Callable[[bytes], Iterator[bytes]],
    refused: Callable[..., bool],
) -> None:
    for number, data in enumerate(spoilt(twice.encode())):
        if number % 7 == 0:
            changed = data.decode("utf-8", "surrogateescape")
            assert refused(open_checkpoint, changed, both.public, origin), changed


def test_a_card_carries_the_key(both: SigningKey, us: SigningKey, ca: str) -> None:
    fields: Any = {"party": "us", "name": "Us", "ca": ca, "endpoint": "https://192.0.2.1:1"}
    opened = open_card(make_card(both, **fields, languages=("en",)))
    assert opened.public == both.public
    older = open_card(make_card(us, **fields, languages=("en",)))
    assert (older.card.ml_dsa_44_key, older.public) == (None, us.public)
    # A node that gets its second key later signs older lines as their cards have it.
    assert both.known_as(older.public).ml_dsa is None
    assert both.known_as(opened.public) is both
    with pytest.raises(SignatureError):
        us.known_as(opened.public)
    with pytest.raises(SignatureError):
        SigningKey.generate().known_as(older.public)


def test_verifier_keys_name_both(both: SigningKey, us: SigningKey, line: str) -> None:
    for keys, types in ((log_keys(line, "us", both.public), (1, 6)),
                        (cosigner_keys("us", both.public), (4, 6)),
                        (cosigner_keys("us", us.public), (4,))):  # fmt: skip
        assert tuple(base64.b64decode(key.split("+", 2)[2])[0] for key in keys) == types


def test_a_key_comes_back_from_its_file() -> None:
    key = MlDsaKey.generate()
    assert MlDsaKey.from_pem(key.to_pem()).public == key.public
    for bad in (b"", SigningKey.generate().to_pem()):
        with pytest.raises(InputError):
            MlDsaKey.from_pem(bad)
    for length in (0, 32, 1311, 1313):
        with pytest.raises(RecordError):
            MlDsaPublicKey(bytes(length))

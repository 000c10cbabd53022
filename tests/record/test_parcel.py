"""Parcels: whatever is done to one on its way, no chunk is given that is not as it was."""

import hashlib
import io
import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import LimitError, RecordError
from detente.record import SealingKey, parcel
from detente.record.parcel import Opener, Sealer

KEY, OTHER = SealingKey.generate(), SealingKey.generate()
FILE_KEY = bytes(range(32))
CHUNKS = [b'{"letter":1}', b"", b"x" * 70, b'{"heads":{}}']


def sealed(chunks: Sequence[bytes], *, to: str = "ru", file_key: bytes = FILE_KEY) -> list[bytes]:
    """The label, then each chunk as it stands in the file."""
    sealer = Sealer(to, KEY.public, file_key)
    last = len(chunks) - 1
    return [
        sealer.label,
        *(sealer.seal(chunk, last=at == last) for at, chunk in enumerate(chunks)),
    ]


PIECES = sealed(CHUNKS)
PARCEL = b"".join(PIECES)


class Dribble(io.BytesIO):
    """Gives less than it is asked for, as a connection does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 3))


def opened(
    data: bytes, key: SealingKey = KEY
) -> tuple[list[bytes], RecordError | LimitError | None]:
    """The chunks that are given, and what ends them."""
    given: list[bytes] = []
    try:
        for chunk in Opener(Dribble(data), "ru", [OTHER, KEY]).chunks():
            given.append(chunk)
    except (RecordError, LimitError) as error:
        return given, error
    return given, None


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=6))
def test_what_is_sealed_is_opened(chunks: list[bytes]) -> None:
    assert opened(b"".join(sealed(chunks))) == (chunks, None)


def test_it_is_what_the_protocol_says() -> None:
    """Opened a second time by the words of section 9 alone."""
    first, second, rest = PARCEL.split(b"\n", 2)
    assert first == b"detente-parcel 1"
    label = json.loads(second)
    assert set(label) == {"to", "key", "sealed"}
    assert label["key"] == hashlib.sha256(KEY.public.raw).hexdigest()
    file_key = KEY.open(b64decode(label["sealed"]), b"detente/parcel/v1\nru")
    assert file_key == FILE_KEY
    digest = hashlib.sha256(first + b"\n" + second + b"\n").digest()
    for number, chunk in enumerate(CHUNKS):
        length, rest = int.from_bytes(rest[:4], "big"), rest[4:]
        nonce = number.to_bytes(11, "big") + (b"\x01" if number == len(CHUNKS) - 1 else b"\x00")
        assert AESGCM(file_key).decrypt(nonce, rest[:length], digest) == chunk
        rest = rest[length:]
    assert rest == b""


def changes() -> Iterator[tuple[str, bytes]]:
    """Everything that can be done to a parcel by whoever carries it, and names no secret."""
    label, *chunks = PIECES
    for at, (one, other) in enumerate(pairwise(chunks)):
        swapped = [*chunks[:at], other, one, *chunks[at + 2 :]]
        yield f"{at} and {at + 1} exchanged", label + b"".join(swapped)
    for at in range(len(chunks)):
        yield f"{at} left out", label + b"".join(chunks[:at] + chunks[at + 1 :])
        yield f"{at} twice", label + b"".join(chunks[: at + 1] + chunks[at:])
    foreign_label, *foreign = sealed([b"other"] * len(CHUNKS))
    for at in range(len(chunks)):
        mixed = [*chunks[:at], foreign[at], *chunks[at + 1 :]]
        yield f"{at} of another parcel under the same key", label + b"".join(mixed)
    yield "under another label", foreign_label + b"".join(chunks)
    yield "with more behind it", PARCEL + b"\n"
    yield "followed by another", PARCEL + PARCEL
    yield "nothing", b""


@pytest.mark.parametrize(("done", "data"), list(changes()), ids=[done for done, _ in changes()])
def test_no_chunk_can_be_moved_left_out_or_taken_from_elsewhere(done: str, data: bytes) -> None:
    given, error = opened(data)
    assert error is not None, done
    assert given == CHUNKS[: len(given)]


def test_any_cut_is_noticed() -> None:
    ends = [sum(map(len, PIECES[: at + 1])) for at in range(len(PIECES))]
    for cut in range(len(PARCEL)):
        given, error = opened(PARCEL[:cut])
        assert error is not None
        assert given == CHUNKS[: sum(cut >= end for end in ends[1:])], cut
        assert "is no parcel" in str(error) if cut < ends[0] else "is cut short" in str(error)


@settings(max_examples=300)
@given(st.integers(0, len(PARCEL) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(at: int, by: int) -> None:
    changed = bytearray(PARCEL)
    changed[at] ^= by
    given, error = opened(bytes(changed))
    assert error is not None
    whole = sum(at >= sum(map(len, PIECES[: end + 2])) for end in range(len(CHUNKS)))
    assert given == CHUNKS[:whole]


class Endless:
    """A file that goes on for ever after how it begins, and counts what is asked of it."""

    def __init__(self, begins: bytes, then: bytes) -> None:
        self._begins = io.BytesIO(begins)
        self._then = then
        self.given = 0

    def read(self, size: int, /) -> bytes:
        piece = self._begins.read(size) or (self._then * size)[:size]
        self.given += len(piece)
        return piece


def test_what_is_claimed_is_believed_only_within_limits() -> None:
    label, first, *_ = PIECES
    for begins, then, most in (
        (label + b"\xff\xff\xff\xff", b"\xff", len(label) + 4),
        (label + (2**20 + 17).to_bytes(4, "big"), b"x", len(label) + 4),
        (label + first + (8 * 2**20 + 17).to_bytes(4, "big"), b"x", len(label + first) + 4),
        (b"detente-parcel 1", b"1", 4097),
        (b"detente-parcel 1\n", b"{", 4097),
        (b"", b"\x00", 1),
    ):
        source = Endless(begins, then)
        with pytest.raises((RecordError, LimitError)):
            list(Opener(source, "ru", [KEY]).chunks())
        assert source.given <= most


def test_a_chunk_may_be_as_long_as_the_limit_and_no_longer() -> None:
    sealer = Sealer("ru", KEY.public, FILE_KEY)
    with pytest.raises(LimitError, match="more than a parcel holds"):
        sealer.seal(bytes(parcel.LETTER_BYTES_MAX + 1))
    longest = [bytes(parcel.LETTER_BYTES_MAX), bytes(parcel.CHUNK_BYTES_MAX)]
    data = b"".join(sealed(longest))
    assert list(Opener(io.BytesIO(data), "ru", [KEY]).chunks()) == longest


def test_there_is_a_most_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "CHUNKS_MAX", 3)
    given, error = opened(PARCEL)
    assert isinstance(error, LimitError)
    assert given == CHUNKS[:3]
    with pytest.raises(LimitError):
        sealed(CHUNKS)


def test_there_is_a_most_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "PARCEL_BYTES_MAX", len(PARCEL))
    assert opened(PARCEL) == (CHUNKS, None)
    monkeypatch.setattr(parcel, "PARCEL_BYTES_MAX", len(PARCEL) - 1)
    given, error = opened(PARCEL)
    assert isinstance(error, LimitError)
    assert given == CHUNKS[:-1]
    with pytest.raises(LimitError):
        sealed(CHUNKS)


def test_one_for_somebody_else_says_for_whom() -> None:
    with pytest.raises(RecordError, match="is for ru, not for us; hand it to ru"):
        Opener(io.BytesIO(PARCEL), "us", [KEY])


@pytest.mark.parametrize("keys", [[], [SealingKey.generate()]])
def test_one_for_a_key_that_is_not_here_says_so(keys: list[SealingKey]) -> None:
    with pytest.raises(RecordError, match="sealed to a key of ru that this node has not"):
        Opener(io.BytesIO(PARCEL), "ru", keys)


@pytest.mark.parametrize("version", ["2", "", "11", "\x1b[31m", "é"])
def test_another_version_is_named(version: str) -> None:
    data = PARCEL.replace(b"parcel 1", b"parcel " + version.encode(), 1)
    with pytest.raises(RecordError, match="is a parcel of version") as told:
        Opener(io.BytesIO(data), "ru", [KEY])
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    "second",
    [
        b"{}",
        b"[]",
        b"null",
        b"{",
        b'{"to":"ru","key":"00","sealed":""}',
        b'{"to":"RU","key":"' + b"0" * 64 + b'","sealed":""}',
        b'{"to":"ru","to":"ru","key":"' + b"0" * 64 + b'","sealed":""}',
        b'{"to":"ru","key":"' + b"0" * 64 + b'","sealed":"","more":1}',
        b'{"to":"ru","key":"' + KEY.public.keyid.encode() + b'","sealed":"!"}',
        b'{"to":"ru","key":"' + KEY.public.keyid.encode() + b'","sealed":"AAAA"}',
        b"\xff\xfe",
    ],
    # The key is made anew each time, and names of tests must not be.
    ids=range(11),
)
def test_a_label_is_read_strictly(second: bytes) -> None:
    with pytest.raises(RecordError):
        Opener(io.BytesIO(b"detente-parcel 1\n" + second + b"\n"), "ru", [KEY])


def test_a_file_key_of_another_length_is_none() -> None:
    sealer_label = Sealer("ru", KEY.public, bytes(16)).label
    with pytest.raises(RecordError, match="its key is none"):
        Opener(io.BytesIO(sealer_label), "ru", [KEY])

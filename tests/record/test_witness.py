"""What a log and a witness say to each other: the bytes of C2SP tlog-witness, and who is bound."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import Checkpoint, MlDsaKey, SigningKey
from detente.record.checkpoint import (
    cosign,
    cosign_text,
    cosigner_keys,
    cosigner_name,
    cosigner_of,
    is_witness,
    lines_by,
    log_keys,
    sign_checkpoint,
    verify_cosignature,
)
from detente.record.checkpoint import origin as origin_of
from detente.record.keys import PublicKey
from detente.record.note import COSIGNATURE, VerifierKey, parse_verifier_key, verifier_key
from detente.record.witness import (
    MAX_SUBMISSION_BYTES,
    Submission,
    decode_submission,
    encode_submission,
    log_key,
    own_lines,
    read_any_checkpoint,
    read_note,
    verify_log,
)

WITNESS = "witness.example/w1"
WHEN_S = 1_795_334_400
HASH = base64.b64encode(bytes(32)).decode()

# A witness that runs in public, its key as it publishes it, and a signature of its under a log that
# runs in public too (August 2026): nothing of either was made here.
WILD_WITNESS = "witness.navigli.sunlight.geomys.org"
WILD_KEY = f"{WILD_WITNESS}+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"
WILD_NOTE = (
    "coachandhorses2026h1.staging.certificate.transparency.goog\n"
    "185550722\n"
    "YXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=\n"
    "\n"
    f"— {WILD_WITNESS} o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwOjn7a72ccxBk+lKnZ7dKq"
    "kYKER1s/KxLTaVwQD7lJZTC/CQ==\n"
)


@pytest.fixture(scope="module")
def hybrid() -> SigningKey:
    return SigningKey.generate(MlDsaKey.generate())


@pytest.fixture(scope="module")
def plain() -> SigningKey:
    return SigningKey.generate()


def note_of(key: SigningKey, size: int = 4, root: bytes = bytes(32)) -> str:
    return sign_checkpoint(key, Checkpoint(origin_of("ab" * 32, "us"), size, root))


def trusted(key: SigningKey) -> list[VerifierKey]:
    return [log_key(text) for text in log_keys("ab" * 32, "us", key.public)]


# --- names and keys -----------------------------------------------------------------------------


def test_a_key_as_a_public_witness_publishes_it() -> None:
    key = parse_verifier_key(WILD_KEY)
    assert (key.name, key.type, key.id.hex()) == (WILD_WITNESS, COSIGNATURE, "a3e00fe2")
    assert verifier_key(key.name, key.type, key.raw) == WILD_KEY


def test_a_cosignature_that_a_public_witness_made() -> None:
    public = PublicKey(parse_verifier_key(WILD_KEY).raw)
    line = WILD_NOTE.split("\n\n")[1]
    text = lines_by(line.removesuffix("\n"), WILD_WITNESS, public)
    assert verify_cosignature(text, WILD_NOTE, WILD_WITNESS, public) == 0x6A6FB0F3
    with pytest.raises(SignatureError):
        verify_cosignature(text, WILD_NOTE.replace("185550722", "185550723"), WILD_WITNESS, public)


@pytest.mark.parametrize(
    "name", ["witness.example/w1", "a.b", "transparency.dev/DEV:garden", "a/b"]
)
def test_what_a_witness_may_be_called(name: str) -> None:
    assert is_witness(name)
    assert cosigner_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "us",
        "w1",
        "detente.invalid/party/us",
        "a b.c",
        "a+b.c",
        "é.example",
        ".a",
        "a." * 65,
        "a.b\n",
        "",
    ],
)
def test_what_a_witness_may_not_be_called(name: str) -> None:
    assert not is_witness(name)


def test_no_party_is_taken_for_a_witness_nor_a_witness_for_a_party(plain: SigningKey) -> None:
    note = note_of(plain)
    assert cosigner_of(cosign(plain, "us", note, WHEN_S)) == "us"
    assert cosigner_of(cosign(plain, WITNESS, note, WHEN_S)) == WITNESS
    with pytest.raises(SignatureError):
        verify_cosignature(cosign(plain, WITNESS, note, WHEN_S), note, "us", plain.public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "a+00000000+",
        WILD_KEY.replace("a3e0", "a3e1"),
        WILD_KEY + "=",
        "a b+0+AA==",
        f"{WILD_KEY[:-2]}",
        f"\udcff{WILD_KEY}",
        "x" * 5000,
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        parse_verifier_key(text)


def test_a_witness_key_is_no_key_of_a_log() -> None:
    with pytest.raises(RecordError, match="0x04"):
        log_key(WILD_KEY)


# --- a witness's two lines ----------------------------------------------------------------------


def test_two_lines_count_in_any_order_and_the_later_time(hybrid: SigningKey) -> None:
    note = note_of(hybrid)
    early = cosign(hybrid, WITNESS, note, WHEN_S).split("\n")
    late = cosign(hybrid, WITNESS, note, WHEN_S + 7).split("\n")
    stranger = cosign(SigningKey.generate(), "other.example", note, WHEN_S)
    answer = "\n".join([late[1], stranger, early[0]])
    text = lines_by(answer, WITNESS, hybrid.public)
    assert verify_cosignature(text, note, WITNESS, hybrid.public) == WHEN_S + 7


def test_of_a_party_two_times_are_refused(hybrid: SigningKey) -> None:
    note = note_of(hybrid)
    first = cosign(hybrid, "ru", note, WHEN_S).split("\n")[0]
    second = cosign(hybrid, "ru", note, WHEN_S + 1).split("\n")[1]
    with pytest.raises(RecordError, match="two times"):
        verify_cosignature(f"{first}\n{second}", note, "ru", hybrid.public)


@pytest.mark.parametrize("keep", [0, 1])
def test_one_line_of_two_is_none(hybrid: SigningKey, keep: int) -> None:
    line = cosign(hybrid, WITNESS, note_of(hybrid), WHEN_S).split("\n")[keep]
    with pytest.raises(SignatureError, match="where one belongs"):
        lines_by(line, WITNESS, hybrid.public)


def test_a_line_twice_is_none(plain: SigningKey) -> None:
    line = cosign(plain, WITNESS, note_of(plain), WHEN_S)
    with pytest.raises(SignatureError, match="2 signature lines"):
        lines_by(f"{line}\n{line}", WITNESS, plain.public)


# --- submissions --------------------------------------------------------------------------------


def test_a_submission_is_the_bytes_that_the_specification_shows() -> None:
    body = encode_submission(Submission(4, (bytes(32), b"\xff" * 32), "o\n5\nx\n\n— a b\n"))
    assert body == f"old 4\n{HASH}\n{'/' * 42}8=\n\no\n5\nx\n\n— a b\n".encode()


@given(
    st.builds(
        Submission,
        st.integers(0, 2**63 - 1),
        st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
        st.text(st.characters(codec="utf-8"), max_size=50),
    )
)
def test_a_submission_comes_back(submission: Submission) -> None:
    assert decode_submission(encode_submission(submission)) == submission


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old",
        "old ",
        "old -1\n\n",
        "old 01\n\n",
        f"old {2**63}\n\n",
        "old 1 \n\n",
        "new 1\n\n",
        "old 1\r\n\n",
        "old ١\n\n",
        "old 1\nx\n\n",
        "old 1\nAAAA\n\n",
        f"old 1\n{HASH[:-1]}\n\n",
        f"old 1\n{HASH} \n\n",
        "old 1\n" + f"{HASH}\n" * 64 + "\n",
    ],
)
def test_a_malformed_submission_is_refused(body: str) -> None:
    with pytest.raises((RecordError, LimitError)):
        decode_submission(body.encode())


def test_a_submission_is_bounded_and_text() -> None:
    with pytest.raises(LimitError):
        decode_submission(b"old 0\n\n" + b"x" * MAX_SUBMISSION_BYTES)
    with pytest.raises(RecordError, match="UTF-8"):
        decode_submission(b"old 0\n\n\xff")


# --- checkpoints of any log ---------------------------------------------------------------------


def test_extension_lines_are_left_alone_and_signed_for(plain: SigningKey) -> None:
    text = f"log.example\n7\n{HASH}\nsomething: else\n"
    assert read_any_checkpoint(text) == Checkpoint("log.example", 7, bytes(32))
    line = cosign_text(plain, WITNESS, text, read_any_checkpoint(text), WHEN_S)
    signed = base64.b64decode(line.split(" ")[2])[12:]
    plain.public.verify(signed, f"cosignature/v1\ntime {WHEN_S}\n{text}".encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"\n1\n{HASH}\n",
        f"a\n01\n{HASH}\n",
        f"a\n{2**63}\n{HASH}\n",
        "a\n1\nAAAA\n",
        f"a\n1\n{HASH}\n\nb\n",
        f"{'a' * 256}\n1\n{HASH}\n",
        f"a\nx\n{HASH}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises((RecordError, LimitError)):
        read_any_checkpoint(text)


def test_both_kinds_of_signature_are_asked_for(hybrid: SigningKey, plain: SigningKey) -> None:
    note, checkpoint = read_note(note_of(hybrid))
    keys = trusted(hybrid)
    verify_log(note, checkpoint, keys)
    verify_log(note, checkpoint, keys[:1])
    for signature in note.signatures:
        half, _ = read_note(f"{note.text}\n{signature.line}\n")
        with pytest.raises(SignatureError, match="trusted"):
            verify_log(half, checkpoint, keys)
    other, _ = read_note(note_of(plain))
    with pytest.raises(SignatureError, match="trusted"):
        verify_log(other, checkpoint, keys)
    with pytest.raises(SignatureError):
        verify_log(note, checkpoint, [])


def test_a_false_signature_by_a_trusted_key_spoils_a_good_one(plain: SigningKey) -> None:
    note, checkpoint = read_note(note_of(plain))
    line = note.signatures[0].line
    false = read_note(note_of(plain, size=5))[0].signatures[0].line
    spoiled, _ = read_note(f"{note.text}\n{line}\n{false}\n")
    with pytest.raises(SignatureError):
        verify_log(spoiled, checkpoint, trusted(plain))


def test_one_of_two_keys_of_a_kind_is_enough(plain: SigningKey) -> None:
    """A log whose key was changed: its operator tells the witness the new one."""
    note, checkpoint = read_note(note_of(plain))
    verify_log(note, checkpoint, [*trusted(SigningKey.generate()), *trusted(plain)])


def test_what_strangers_signed_is_not_kept(plain: SigningKey) -> None:
    wild = WILD_NOTE.split("\n\n")[1].removesuffix("\n")
    note, _ = read_note(f"{note_of(plain)}{wild}\n")
    assert str(own_lines(note, trusted(plain))) == note_of(plain)


def test_a_cosigner_tells_its_keys_as_tools_want_them(hybrid: SigningKey) -> None:
    for text in cosigner_keys(WITNESS, hybrid.public):
        assert parse_verifier_key(text).name == WITNESS

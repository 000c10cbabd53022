"""Checkpoints and cosignatures, against the words of C2SP and a cosignature made in the wild."""

import base64
from collections.abc import Callable, Iterator

import pytest

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import Checkpoint, MlDsaKey, PublicKey, SigningKey, tree
from detente.record.checkpoint import (
    bare_note,
    cosign,
    cosignatures_of,
    cosigned_message,
    cosigner_of,
    open_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    with_cosignatures,
)
from detente.record.note import COSIGNATURE, ED25519, Note, NoteSignature, key_id, parse_signature

# A checkpoint of a public certificate log, cosigned by a public witness that nobody here runs.
WILD_TEXT = (
    "coachandhorses2026h1.staging.certificate.transparency.goog\n"
    "185550722\n"
    "YXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=\n"
)
WILD_WITNESS = "BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"
WILD_LINE = (
    "— witness.navigli.sunlight.geomys.org o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwO"
    "jn7a72ccxBk+lKnZ7dKqkYKER1s/KxLTaVwQD7lJZTC/CQ=="
)

WHEN_S = 1795334400


def resigned(key: SigningKey, origin: str, text: str, *, times: int = 1) -> str:
    """A note over any text, well signed by the key of ``origin``."""
    signature = NoteSignature(
        origin, key_id(origin, ED25519, key.public.raw), key.sign(text.encode())
    )
    return str(Note(text, (signature,) * times))


def test_wire_bytes(us: SigningKey, line: str) -> None:
    """Section 5 of the protocol, put together here by hand."""
    origin = f"detente.invalid/line/{line}/us"
    root = tree.root_of([])
    text = f"{origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    blob = key_id(origin, 1, us.public.raw) + us.sign(text.encode())
    expected = f"{text}\n— {origin} {base64.b64encode(blob).decode()}\n"
    assert sign_checkpoint(us, Checkpoint(origin, 0, root)) == expected


def test_what_is_signed_is_opened(us: SigningKey, note: str, origin: str) -> None:
    opened = open_checkpoint(note, us.public, origin)
    assert (opened.origin, opened.size) == (origin, 4)
    assert opened.root == tree.root_of([tree.leaf_hash(b"%d" % n) for n in range(4)])


def test_no_byte_of_a_checkpoint_can_be_changed(
    us: SigningKey,
    note: str,
    origin: str,
    spoilt: Callable[[bytes], Iterator[bytes]],
    refused: Callable[..., bool],
) -> None:
    for data in spoilt(note.encode()):
        # What is not UTF-8 arrives as lone surrogates here; a reader of JSON refuses it earlier.
        changed = data.decode("utf-8", "surrogateescape")
        assert refused(open_checkpoint, changed, us.public, origin), changed


def test_another_key_or_another_log_is_refused(
    us: SigningKey, ru: SigningKey, note: str, origin: str
) -> None:
    with pytest.raises(SignatureError, match="0 signatures"):
        open_checkpoint(note, ru.public, origin)
    with pytest.raises(RecordError, match="not of"):
        open_checkpoint(note, us.public, origin.replace("/us", "/ru"))


def test_a_signature_under_another_name_does_not_count(
    us: SigningKey, ru: SigningKey, note: str, origin: str
) -> None:
    """The writer's name with a stranger's key, and the writer's own key under a stranger's name."""
    text = note.partition("\n\n")[0] + "\n"
    for key, name in ((ru, origin), (us, "example.com/other")):
        signature = NoteSignature(
            name, key_id(name, ED25519, key.public.raw), key.sign(text.encode())
        )
        with pytest.raises(SignatureError):
            open_checkpoint(str(Note(text, (signature,))), us.public, origin)


def test_a_wrong_signature_under_the_right_key_id_is_refused(
    us: SigningKey, ru: SigningKey, origin: str
) -> None:
    text = Checkpoint(origin, 4, bytes(32)).text
    forged = NoteSignature(origin, key_id(origin, ED25519, us.public.raw), ru.sign(text.encode()))
    with pytest.raises(SignatureError, match="checkpoint"):
        open_checkpoint(str(Note(text, (forged,))), us.public, origin)


@pytest.mark.parametrize("times", [2, 3])
def test_the_log_signs_once(us: SigningKey, origin: str, times: int) -> None:
    text = Checkpoint(origin, 4, bytes(32)).text
    open_checkpoint(resigned(us, origin, text), us.public, origin)
    with pytest.raises(SignatureError, match=f"{times} signatures"):
        open_checkpoint(resigned(us, origin, text, times=times), us.public, origin)


def test_a_bare_note_has_the_signature_of_its_log_and_no_other(
    us: SigningKey, ru: SigningKey, note: str, origin: str
) -> None:
    unknown = NoteSignature(origin, b"none", bytes(64)).line
    full = with_cosignatures(note, [unknown, cosign(ru, "ru", note, 1)])
    assert full != note
    assert bare_note(full, us.public, origin) == note


def test_signatures_by_unknown_keys_are_ignored(us: SigningKey, note: str, origin: str) -> None:
    for line in (WILD_LINE, "— grease.invalid " + base64.b64encode(bytes(2500)).decode()):
        assert open_checkpoint(f"{note}{line}\n", us.public, origin).size == 4
    # But a note that holds something else than signature lines is none.
    with pytest.raises(RecordError):
        open_checkpoint(f"{note}— grease.invalid !!!\n", us.public, origin)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "lines",
    [
        ["4"],
        ["4", ROOT, "an extension line"],
        ["4", ROOT, "", "more"],
        ["04", ROOT],
        ["+4", ROOT],
        ["-4", ROOT],
        [" 4", ROOT],
        ["4.0", ROOT],
        ["4e0", ROOT],
        ["٤", ROOT],
        ["", ROOT],
        ["9007199254740992", ROOT],
        ["9" * 5000, ROOT],
        ["4", ""],
        ["4", ROOT[:-1]],
        ["4", ROOT + "\r"],
        ["4", ROOT[:-2] + "B="],
        ["4", base64.b64encode(bytes(31)).decode()],
        ["4", base64.b64encode(bytes(33)).decode()],
        # A log of size 0 has one root.
        ["0", ROOT],
    ],
)
def test_what_is_signed_but_no_checkpoint_is_refused(
    us: SigningKey, origin: str, lines: list[str]
) -> None:
    text = "\n".join([origin, *lines]) + "\n"
    with pytest.raises(RecordError):
        open_checkpoint(resigned(us, origin, text), us.public, origin)


def test_a_cosignature_from_the_wild_verifies() -> None:
    """The signed message is the one that the witness network's own software signs."""
    raw = base64.b64decode(WILD_WITNESS)
    line = parse_signature(WILD_LINE)
    assert line.line == WILD_LINE
    assert raw[0] == COSIGNATURE
    assert key_id(line.name, COSIGNATURE, raw[1:]) == line.key_id
    timestamp_s = int.from_bytes(line.signature[:8], "big")
    assert timestamp_s == 1785704691
    message = cosigned_message(WILD_TEXT, timestamp_s)
    PublicKey(raw[1:]).verify(line.signature[8:], message)


def test_the_published_cosignature_has_this_form() -> None:
    """C2SP tlog-cosignature's example line; its time stands in the example message."""
    line = parse_signature(
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
        "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert int.from_bytes(line.signature[:8], "big") == 1679315147
    assert len(line.signature) == 8 + 64


def test_a_cosignature_states_its_time(us: SigningKey, ru: SigningKey, note: str) -> None:
    line = cosign(ru, "ru", note, WHEN_S)
    assert verify_cosignature(line, note, "ru", ru.public) == WHEN_S
    # It is over the text alone: cosignatures gathered meanwhile change nothing.
    more = with_cosignatures(note, [cosign(us, "xx", note, 1)])
    assert cosign(ru, "ru", more, WHEN_S) == line
    assert verify_cosignature(line, more, "ru", ru.public) == WHEN_S


def test_cosigned_bytes(ru: SigningKey, note: str) -> None:
    text = note.partition("\n\n")[0] + "\n"
    line = parse_signature(cosign(ru, "ru", note, 7))
    assert line.name == "detente.invalid/party/ru"
    assert line.signature[:8] == bytes([0, 0, 0, 0, 0, 0, 0, 7])
    ru.public.verify(line.signature[8:], b"cosignature/v1\ntime 7\n" + text.encode())


def test_no_byte_of_a_cosignature_can_be_changed(
    ru: SigningKey,
    note: str,
    spoilt: Callable[[bytes], Iterator[bytes]],
    refused: Callable[..., bool],
) -> None:
    for data in spoilt(cosign(ru, "ru", note, WHEN_S).encode()):
        changed = data.decode("utf-8", "surrogateescape")
        assert refused(verify_cosignature, changed, note, "ru", ru.public), changed


def test_a_cosignature_holds_for_one_checkpoint_by_one_party(
    us: SigningKey, ru: SigningKey, note: str, origin: str
) -> None:
    line = cosign(ru, "ru", note, WHEN_S)
    other = sign_checkpoint(us, Checkpoint(origin, 5, bytes(32)))
    with pytest.raises(SignatureError, match="cosignature"):
        verify_cosignature(line, other, "ru", ru.public)
    with pytest.raises(SignatureError):
        verify_cosignature(line, note, "us", ru.public)
    with pytest.raises(SignatureError):
        verify_cosignature(line, note, "ru", us.public)


def test_a_signature_of_the_log_is_no_cosignature(us: SigningKey, note: str) -> None:
    with pytest.raises(SignatureError):
        verify_cosignature(note.split("\n")[-2], note, "us", us.public)


@pytest.mark.parametrize("timestamp_s", [0, 7_258_118_399])
def test_the_ends_of_time(ru: SigningKey, note: str, timestamp_s: int) -> None:
    line = cosign(ru, "ru", note, timestamp_s)
    assert verify_cosignature(line, note, "ru", ru.public) == timestamp_s


@pytest.mark.parametrize("timestamp_s", [7_258_118_400, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_time_beyond_its_range_is_refused_though_well_signed(
    ru: SigningKey, note: str, timestamp_s: int
) -> None:
    text = note.partition("\n\n")[0] + "\n"
    name = "detente.invalid/party/ru"
    blob = timestamp_s.to_bytes(8, "big") + ru.sign(cosigned_message(text, timestamp_s))
    line = NoteSignature(name, key_id(name, COSIGNATURE, ru.public.raw), blob).line
    with pytest.raises(RecordError, match="time"):
        verify_cosignature(line, note, "ru", ru.public)


def test_nothing_but_a_checkpoint_is_cosigned(ru: SigningKey, us: SigningKey, origin: str) -> None:
    for text in ("cosign this\n", f"{origin}\n4\n{ROOT}\nand agree to this\n"):
        with pytest.raises(RecordError):
            cosign(ru, "ru", resigned(us, origin, text), WHEN_S)


def test_cosignatures_are_gathered_below_the_checkpoint(
    us: SigningKey, ru: SigningKey, note: str, origin: str
) -> None:
    first, second = cosign(ru, "ru", note, WHEN_S), cosign(us, "tj", note, WHEN_S)
    gathered = with_cosignatures(with_cosignatures(note, [first]), [second])
    assert gathered == f"{note}{first}\n{second}\n"
    assert cosignatures_of(note) == []
    assert cosignatures_of(gathered) == [first, second]
    assert open_checkpoint(gathered, us.public, origin).size == 4


def test_the_first_cosignature_of_a_party_stays(ru: SigningKey, note: str) -> None:
    """The earliest one is the time of receipt; sending again must not move it."""
    first, later = cosign(ru, "ru", note, WHEN_S), cosign(ru, "ru", note, WHEN_S + 60)
    gathered = with_cosignatures(note, [first, first, later])
    assert cosignatures_of(gathered) == [first]
    assert cosignatures_of(with_cosignatures(gathered, [later])) == [first]


def test_a_line_of_sixteen_parties_fits(us: SigningKey, note: str) -> None:
    """And all of them with two signatures each."""
    parties = [f"p{n}" for n in range(15)]
    lines = [
        cosign(SigningKey.generate(MlDsaKey.generate()), party, note, WHEN_S) for party in parties
    ]
    assert sum(text.count("\n") + 1 for text in lines) == 30
    assert cosignatures_of(with_cosignatures(note, lines)) == lines
    more = [cosign(us, f"q{n}", note, WHEN_S) for n in range(64)]
    with pytest.raises(LimitError, match="65 signatures"):
        with_cosignatures(note, more)


@pytest.mark.parametrize("line", ["", "— x", "text", "— a b c", f"{WILD_LINE}\n"])
def test_what_is_no_signature_line_is_not_added(note: str, line: str) -> None:
    with pytest.raises(RecordError):
        with_cosignatures(note, [line])


def test_the_cosigner_a_line_names(ru: SigningKey, note: str) -> None:
    assert cosigner_of(cosign(ru, "ru", note, WHEN_S)) == "ru"
    assert cosigner_of(WILD_LINE) == parse_signature(WILD_LINE).name
    blob = base64.b64encode(bytes(76)).decode()
    for name in ("party/", "party/RU", "party/ru/x", "line/ru", "x/detente.invalid/party/ru"):
        assert cosigner_of(f"— detente.invalid/{name} {blob}") is None

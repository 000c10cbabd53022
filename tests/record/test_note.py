"""Signed notes, against the published example and the words of C2SP signed-note."""

import base64

import pytest

from detente.errors import LimitError, RecordError, SignatureError
from detente.record import PublicKey
from detente.record.note import ED25519, Note, key_id, parse_note, parse_signature

# The example of Go's golang.org/x/mod/sumdb/note.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM="
)
# The example of verifier keys in C2SP signed-note.
C2SP_VERIFIER = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_TEXT = "This is an example message.\n"
C2SP_SIGNED = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM="
)
# The example of C2SP signed-note: its text holds an empty line.
POEM = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU"
    "0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


def verifier_key(text: str) -> tuple[str, bytes, int, PublicKey]:
    """A C2SP verifier key: name, key id, signature type, public key."""
    name, identifier, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded)
    return name, bytes.fromhex(identifier), raw[0], PublicKey(raw[1:])


@pytest.mark.parametrize(
    ("verifier", "text", "signed"),
    [(VERIFIER, TEXT, SIGNED), (C2SP_VERIFIER, C2SP_TEXT, C2SP_SIGNED)],
)
def test_the_published_notes_verify(verifier: str, text: str, signed: str) -> None:
    note = parse_note(f"{text}\n{signed}\n")
    name, identifier, signature_type, public = verifier_key(verifier)
    assert signature_type == ED25519
    assert key_id(name, signature_type, public.raw) == identifier
    [signature] = note.by(name, identifier)
    public.verify(signature.signature, note.text.encode())
    with pytest.raises(SignatureError):
        public.verify(signature.signature, note.text.replace("i", "o").encode())


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = parse_note(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    [signature] = note.signatures
    assert signature.name == "quasimodo.example/salvatore"
    assert signature.key_id.hex() == "367ba04b"
    assert len(signature.signature) == 64


@pytest.mark.parametrize("note", [POEM, f"{TEXT}\n{SIGNED}\n{SIGNED}\n"])
def test_a_note_is_kept_byte_for_byte(note: str) -> None:
    assert str(parse_note(note)) == note


def test_a_key_is_known_by_name_and_id_together() -> None:
    note = parse_note(f"{TEXT}\n{SIGNED}\n")
    name, identifier, _, _ = verifier_key(VERIFIER)
    assert len(note.by(name, identifier)) == 1
    assert note.by(name, b"\0\0\0\0") == []
    assert note.by("OtherNeumann", identifier) == []


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{SIGNED}\n",
        f"{TEXT}\n{SIGNED}",
        f"\n\n{SIGNED}\n",
        f"\n{SIGNED}\n",
        f"{TEXT}\n\n{SIGNED}\n\n",
        f"{TEXT}\n{SIGNED}\n\n{SIGNED}\nmore",
        f"{TEXT}\n{SIGNED}\nmore\n",
        f"{TEXT}\n{SIGNED} \n",
        f"{TEXT}\n {SIGNED}\n",
        f"{TEXT}\n-{SIGNED[1:]}\n",
        f"{TEXT}\n–{SIGNED[1:]}\n",
        f"{TEXT}\n{SIGNED}\r\n",
        f"{TEXT}\t\n{SIGNED}\n",
        f"{TEXT}\0\n\n{SIGNED}\n",
        f"{TEXT}\ud800\n\n{SIGNED}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter ')}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter+')}\n",
        f"{TEXT}\n{SIGNED.replace('PeterNeumann', '')}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter' + chr(0xA0))}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter' + chr(0x2003))}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter' + chr(0x3000))}\n",
        f"{TEXT}\n{SIGNED.replace('Peter', 'Peter' + chr(0x85))}\n",
        f"{TEXT}\n{SIGNED.removesuffix('=')}\n",
        f"{TEXT}\n{SIGNED.replace('AM=', 'AN=')}\n",
        f"{TEXT}\n— PeterNeumann\n",
        f"{TEXT}\n— PeterNeumann \n",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n— PeterNeumann x08g\n",
    ],
)
def test_what_is_not_a_note_is_refused(note: str) -> None:
    with pytest.raises(RecordError, match="note"):
        parse_note(note)


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_only_a_newline_ends_a_line(separator: str) -> None:
    """Python's splitlines would see more lines in this text than its signer signed."""
    note = parse_note(f"one{separator}two\n\n{SIGNED}\n")
    assert note.text == f"one{separator}two\n"


def test_sixty_four_signatures_are_read_and_one_more_is_not() -> None:
    assert len(parse_note(f"{TEXT}\n" + f"{SIGNED}\n" * 64).signatures) == 64
    with pytest.raises(LimitError, match="65 signatures"):
        parse_note(f"{TEXT}\n" + f"{SIGNED}\n" * 65)


def test_sixteen_post_quantum_signatures_fit() -> None:
    """C2SP asks verifiers to remember that those have up to nearly 5 kB."""
    line = parse_signature(SIGNED).line.split(" ")
    line[2] = base64.b64encode(bytes(5000)).decode()
    assert len(parse_note(f"{TEXT}\n" + f"{' '.join(line)}\n" * 16).signatures) == 16


def test_a_note_is_limited() -> None:
    for filler in ("x", "ж"):
        with pytest.raises(LimitError, match="131072"):
            parse_note(f"{filler * 131072}\n\n{SIGNED}\n")
    with pytest.raises(LimitError):
        parse_signature(SIGNED + "A" * 131072)


def test_key_ids_differ_by_name_type_and_key() -> None:
    assert len({key_id(n, t, k) for n in "ab" for t in (1, 4) for k in (b"x", b"y")}) == 8


def test_a_note_is_put_together_as_it_is_taken_apart() -> None:
    signature = parse_signature(SIGNED)
    assert signature.line == SIGNED
    assert parse_note(str(Note(TEXT, (signature,)))) == Note(TEXT, (signature,))

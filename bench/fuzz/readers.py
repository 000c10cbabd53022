"""Every reader that needs no node: it reads an input, or refuses it with an error of ours.

Signatures are made here, over whatever an input says, so that what lies behind a genuine signature
is reached: a member of a line may sign anything.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from bench.fuzz import media
from detente.cli.terms import read_terms
from detente.errors import InputError, RecordError
from detente.line import (
    Area,
    Founding,
    KeyChain,
    MemoryView,
    apply,
    check_recalled,
    compared,
    decode_terms,
    make_founding,
    open_founding,
    owed,
    read,
    standard_terms,
    state_document,
    terms_from_wire,
    to_compare,
)
from detente.node.settings import load_settings
from detente.record import (
    Entry,
    Envelope,
    Header,
    MlDsaKey,
    PublicKey,
    SigningKey,
    checkpoint,
    decode_header,
    make_card,
    open_card,
    read_entry,
    sign_envelope,
    strict_json,
)
from detente.record.card import CARD_TYPE
from detente.record.entry import MAX_BODY_BYTES
from detente.record.header import HEADER_TYPE
from detente.record.note import (
    ED25519,
    Note,
    NoteSignature,
    key_id,
    parse_note,
    parse_signature,
)
from detente.record.proof import check_proof
from detente.record.reading import encode_base64
from detente.record.tiles import read_path
from detente.volumes.times import parse_time_s

LINE = "5b" * 32
CA = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUTm90UmVhbA==\n-----END CERTIFICATE-----\n"
NOW_S = parse_time_s("2026-11-22T08:00:00Z")
BYTES_MAX = 1_000_000

T = TypeVar("T")
Read = Callable[[bytes], object]


def key_of(party: str) -> SigningKey:
    """A party's fixed key; ``us`` has the second half as well, and in the next one a new one."""
    digest = hashlib.sha256(party.encode()).digest()
    seeds = {"us": b"us" * 16, "us's next": digest}
    second = MlDsaKey(MLDSA44PrivateKey.from_seed_bytes(seeds[party])) if party in seeds else None
    return SigningKey(Ed25519PrivateKey.from_private_bytes(digest), second)


@cache
def line_key(party: str) -> SigningKey:
    """``key_of``, made once."""
    return key_of(party)


def card_of(party: str) -> bytes:
    """A party's card."""
    return make_card(
        line_key(party),
        party=party,
        name=f"Cell {party}",
        ca=CA,
        endpoint="https://192.0.2.1:7443",
        languages=["en"],
    )


@cache
def line() -> Founding:
    """A line of ``us`` and ``ru``."""
    terms = standard_terms(
        ("ru", "us"),
        area=Area(west=65.0, south=35.0, east=73.0, north=40.0),
        effective_from_s=NOW_S - 1800,
        review_on=date(2027, 11, 22),
        languages=("en", "ru"),
    )
    cards = {party: card_of(party) for party in ("ru", "us")}
    return open_founding(make_founding("watch", terms, cards, bytes(16)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _note(data: bytes) -> None:
    text = _text(data)
    key = line_key("us")
    origin = checkpoint.origin(LINE, "us")
    first: Exception | None = None
    for reader in (
        lambda: parse_note(text),
        lambda: checkpoint.cosignatures_of(text),
        lambda: checkpoint.cosign(key, "us", text, 1),
        lambda: checkpoint.bare_note(text, key.public, origin),
        lambda: checkpoint.open_checkpoint(text, key.public, origin),
        lambda: KeyChain.from_card(key.public).open_checkpoint(text, origin),
    ):
        # Each reads by itself: what one refuses may be an accident in the next.
        try:
            reader()
        except RecordError as error:
            first = first or error
    if first is not None:
        raise first


def _signature(data: bytes) -> None:
    text = _text(data)
    note = checkpoint.sign_checkpoint(
        line_key("ru"), checkpoint.Checkpoint(checkpoint.origin(LINE, "ru"), 4, bytes(32))
    )
    for one in text.split("\n"):
        parse_signature(one)
    checkpoint.cosigner_of(text)
    checkpoint.with_cosignatures(note, [text])
    checkpoint.verify_cosignature(text, note, "us", line_key("us").public)


def _checkpoint(data: bytes) -> None:
    """A checkpoint's text, well signed: a log's party may sign any."""
    text, name = _text(data), checkpoint.origin(LINE, "ru")
    key = line_key("ru")
    made = key_id(name, ED25519, key.public.raw)
    signed = key.sign(text.encode("utf-8", "surrogatepass"))
    checkpoint.open_checkpoint(
        str(Note(text, (NoteSignature(name, made, signed),))), key.public, name
    )


def _header(data: bytes) -> None:
    decode_header(data)
    envelope = sign_envelope(line_key("us"), HEADER_TYPE, data)
    wire = {"envelope": envelope.to_wire(), "salt": "AA==", "body": "AA=="}
    read_entry(wire, lambda _: line_key("us").public)


def _bundle(data: bytes) -> None:
    def key(header: Header) -> PublicKey:
        return {"us": line_key("us").public}[header.party]

    check_recalled(read_entry(data, key))


def _card(data: bytes) -> None:
    """A card's payload, well signed: what is inside comes from strangers too."""
    open_card(sign_envelope(line_key("us"), CARD_TYPE, data).to_json())


def _terms_file(data: bytes) -> None:
    terms_from_wire(read_terms(Path("terms.toml"), data, ("ru", "us")))


def _founding(data: bytes) -> None:
    open_founding(data)


def _proof(data: bytes) -> None:
    check_proof(data, "us", KeyChain.from_card(line_key("us").public))


def _envelope(data: bytes) -> None:
    Envelope.from_json(data, payload_type=HEADER_TYPE, limit_bytes=16 * 1024)


def _settings(data: bytes, folder: Path) -> None:
    (folder / "detente.toml").write_bytes(data)
    load_settings(folder, {})


def lenient(data: bytes, what: str, kind: type[T]) -> T:
    """JSON of ours that says what is to be signed or sent: that may hold what no reader takes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise InputError(f"no {what}", remedy="write one", where="corpus")
    return value


def _entries(data: bytes) -> str:
    """A list of what members say, each well signed, folded, and all that is shown of it read.

    Gives what became of it in few words: what gives others is worth going on with.
    """
    view, written = MemoryView(), list[Entry]()
    sizes = {"ru": 0, "us": 0}
    for party in sizes:
        _fold(view, _said({"party": party, "type": "line.join", "about": {}}, sizes, []))
    for one in lenient(data, "list", list)[:12]:
        if isinstance(one, dict):
            entry = _said(_filled(one, [entry.id for entry in written]), sizes, written)
            _fold(view, entry)
            written.append(entry)
    _look(view)
    voids = {one.why for one in read.voids(view)}
    states = {one.state for one in read.conflicts(view)} | {
        f"{one.state} {one.unknown}" for one in read.activities(view)
    }
    return f"read: void {sorted(voids)}, {sorted(states)}"


def _said(one: dict[str, Any], sizes: dict[str, int], written: list[Entry]) -> Entry:
    """An entry as a receiver reads it."""
    party = "ru" if one.get("party") == "ru" else "us"
    body = (
        line().raw if one.get("type") == "line.join" and not written else body_of(one.get("body"))
    )
    wire = signed(line_key(party), line().id, party, sizes[party], one, body)
    entry = read_entry(wire, lambda _: line_key(party).public)
    sizes[party] += 1
    return entry


def body_of(body: Any) -> bytes:
    """A body's bytes: text as it is, anything else as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return text.encode("utf-8", "surrogatepass")[:MAX_BODY_BYTES]


def signed(
    key: SigningKey, line_id: str, party: str, index: int, one: dict[str, Any], body: bytes
) -> dict[str, Any]:
    """The bundle of an entry that says whatever ``one`` says."""
    salt = hashlib.sha256(str(one.get("salt")).encode("utf-8", "surrogatepass")).digest()
    header = {
        "v": 1,
        "line": line_id,
        "party": party,
        "index": index,
        "type": one.get("type", "message"),
        "time": one.get("time", "2026-11-22T08:00:00Z"),
        "seen": one.get("seen", {}),
        "about": one.get("about", {}),
        "body_sha256": hashlib.sha256(salt + body).hexdigest(),
    }
    envelope = sign_envelope(key, HEADER_TYPE, json.dumps(header).encode())
    return {
        "envelope": envelope.to_wire(),
        "salt": encode_base64(salt),
        "body": encode_base64(body),
    }


def _filled(value: Any, ids: list[str]) -> Any:
    """``$0`` stands for the id of the first entry, and so on."""
    if isinstance(value, dict):
        return {name: _filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, ids) for inner in value]
    if isinstance(value, str) and value[:1] == "$" and value[1:].isdecimal() and len(value) < 4:
        return ids[int(value[1:])] if int(value[1:]) < len(ids) else value
    return value


def _fold(view: MemoryView, entry: Entry) -> None:
    founding = line()
    view.apply(apply(view, founding, entry))
    view.apply(to_compare(view, founding, entry))
    waiting = [key for key, _ in view.scan("uncompared")]
    view.apply(compared(view, founding, waiting, None))


def _look(view: MemoryView) -> None:
    """Read all that anybody is shown."""
    founding = line()
    state_document(view)
    for shown in (
        read.activities, read.messages, read.proposals, read.conflicts, read.voids,
        read.commitments, read.recalls, read.checks, read.lapses, read.left, read.suspended_by,
    ):  # fmt: skip
        shown(view)
    read.proposed_terms(view, founding)
    _look_at_watching(view)
    for party in founding.members:
        read.card(view, founding, party)
        read.keys(view, founding, party)
        read.seen_by(view, party)
    read.terms(view, founding)
    owed(view, founding, lambda *_: int(NOW_S), NOW_S + 7200)


def _look_at_watching(view: MemoryView) -> None:
    """Read what is shown of permissions, visits and observations."""
    founding = line()
    against = read.granted(view, founding, NOW_S)
    agreed = read.terms(view, founding)
    for visit in read.visits(view):
        running = read.clocks(visit, agreed, lambda *_: int(NOW_S), NOW_S + 7200)
        read.phase(visit, running, NOW_S + 7200)
        read.mission(visit)
        read.exceedings(view, visit, against)
        for restriction in visit.restrictions:
            read.late_by_s(visit, restriction, agreed)
    for party in founding.members:
        for seen in read.observations(view, party):
            read.observed_versions(view, party, seen.observation)
    read.links(view)
    read.counting(view)


def readers(folder: Path) -> dict[str, Read]:
    """Every reader by the name of its corpus; ``folder`` is for those that read files."""
    return {
        "bundle": _bundle,
        "card": open_card,
        "card-payload": _card,
        "checkpoint": _checkpoint,
        "entries": _entries,
        "envelope": _envelope,
        "founding": _founding,
        "header": _header,
        "json": lambda data: strict_json.loads(data, BYTES_MAX),
        "note": _note,
        "proof": _proof,
        "settings": lambda data: _settings(data, folder),
        "signature": _signature,
        "terms": decode_terms,
        "terms-file": _terms_file,
        "tile-path": lambda data: read_path(_text(data)),
        **media.READERS,
    }

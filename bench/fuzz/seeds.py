"""The corpus: what is in it from the beginning, one valid input or more of each kind.

``./dev bench fuzz --seeds`` writes these files anew; signatures by ML-DSA-44 are other ones each
time. What a run has found stands beside them under its hash, and stays.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.fuzz import media
from bench.fuzz.asked import requests, routes
from bench.fuzz.readers import LINE, card_of, key_of, line, line_key, signed
from bench.fuzz.said import CARDS, WITNESSED, rotation, talks
from bench.fuzz.thirds import (
    LETTER,
    letter_by,
    log_keys,
    origin,
    root,
    sealed,
    sealing_key,
    signed_note,
    submission,
    witness,
    witnessed,
)
from detente.cli.terms import template
from detente.line import encode_terms
from detente.record import (
    Checkpoint,
    Entry,
    checkpoint,
    entry_to_bundle,
    tree,
    write_entry,
)
from detente.record.envelope import Envelope
from detente.record.proof import encode_proof, prove_entries, prove_history
from detente.record.strict_json import canonical

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "fuzz" / "corpus"


def pushes() -> dict[str, dict[str, Any]]:
    """What a peer pushes."""
    entries = [{name: one[name] for name in ("type", "about", "body")}
               for talk in talks().values() for one in talk if one["party"] == "ru"]  # fmt: skip
    # What names another entry has no place in a push that begins anywhere.
    left = ("line.leave", "key.rotate")
    kept = [one for one in entries if one["type"] not in left and "$" not in json.dumps(one)]
    return {
        "hello": {"entries": [{}], "from": 0, "note": 0, "with": {}},
        "many": {"entries": [*kept, {}, {}], "from": 0, "note": 1, "with": {"urgent": True}},
        "rotate": {
            "entries": [
                {"type": "key.rotate", "about": rotation(), "body": CARDS["next"].decode()}
            ],
            "from": 0,
            "note": 0,
            "with": {},
        },
        "again": {"entries": [{}], "from": -1, "note": 0, "with": {"checkpoint": None}},
        "cosignatures": {"path": "/logs/us/cosignatures", "raw": '{"checkpoint":"x\\n"}'},
    }


def carried() -> dict[str, dict[str, Any]]:
    """What is carried by hand to ``us``."""
    heads = {"heads": {"tj": {"size": 2, "checkpoint": None}}}
    parcel = {"letter": {}, "rotations": [], "spans": [], "last": heads, "cut": 0}
    return {
        "hello": parcel | {"spans": [pushes()["hello"] | {"with": {"checkpoint": None}}]},
        "ahead": parcel | {"spans": [{"entries": [{}, {}], "skip": 1, "with": {"urgent": True}},
                                     {"entries": [{}], "with": {"checkpoint": None}}]},
        "short": parcel | {"cut": 5},
    }  # fmt: skip


def shown() -> dict[str, dict[str, Any]]:
    """What a witness is asked."""
    digest = hashlib.sha256(origin().encode()).hexdigest()
    other = Checkpoint(origin(), 9, bytes(32)).text
    return {
        "again": {"old": 0, "grow": 0},
        "checkpoint": {"path": f"{digest}/checkpoint"},
        "grows": {"old": 0, "grow": 7},
        "other": {"old": 0, "grow": 1, "text": other, "proof": []},
        "stale": {"old": 3, "grow": 8},
    }


def witness_calls() -> dict[str, list[dict[str, Any]]]:
    """What a witness answers."""
    cosigned = {"status": 200, "kind": "text/plain", "body": "$cosigned"}
    nothing = {"status": 404, "kind": "text/plain", "body": ""}
    stale = {"status": 409, "kind": "text/x.tlog.size", "body": "1\n"}
    return {
        "cosigned": [cosigned, nothing],
        "seen": [cosigned, nothing, nothing, nothing, cosigned | {"body": "$note"}],
        "stale": [stale, cosigned, nothing],
    }


def answers() -> dict[str, dict[str, Any]]:
    """What a peer answers."""
    head = {"size": 3, "checkpoint": _note("us", [_entry(0, "a")])}
    quota = {"error": "over-quota", "message": "used up", "remedy": "go on later", "retry_s": 3600}
    gap = {"error": "gap", "message": "entries before 5 are missing", "size": 3}
    return {
        "heads": {"status": 200, "body": {"heads": {"us": head}}},
        "page": {"status": 200, "body": {"entries": [], "checkpoint": None}},
        "receipt": {"status": 200, "body": {"size": 3, "cosignature": None}},
        "over-quota": {"status": 429, "body": quota},
        "gap": {"status": 409, "body": gap},
    }


def by_hand() -> dict[str, dict[str, bytes]]:
    """Sealed things, and what goes to a witness and back."""
    key, rotated = line_key("us"), signed(
        line_key("us"), LINE, "us", 3, {"type": "key.rotate", "about": rotation()}, CARDS["next"]
    )  # fmt: skip
    said = LETTER | {"label": "0" * 64}
    letters = {
        "plain": letter_by(key, said, []),
        "rotated": letter_by(key_of("us's next"), said, [rotated["envelope"]]),
    }
    bundle = entry_to_bundle(_entry(0, "a"))
    span = {"log": "us", "from": 0, "entries": [bundle], "checkpoint": None, "urgent": True}
    heads = {"heads": {"us": {"size": 1, "checkpoint": _note("us", [_entry(0, "a")])}}}
    parcel = sealed(
        "us",
        sealing_key().public,
        lambda digest: letter_by(key, LETTER | {"label": digest}, []),
        [canonical(span), canonical(heads)],
    )
    keys = [*log_keys(), *witness().keys]
    return {
        "letter": letters,
        "parcel": {"whole": parcel},
        "policy": {"log": "\n".join([f"log {log_keys()[0]}", "quorum none", ""]).encode()},
        "submission": {"first": submission(0, 7), "next": submission(4, 7)},
        "verifier-key": {str(number): text.encode() for number, text in enumerate(keys)},
        "witness-answer": {"lines": witnessed(signed_note(Checkpoint(origin(), 7, root(7)).text)),
                           "size": b"7\n"},
    }  # fmt: skip


def _entry(index: int, text: str) -> Entry:
    return write_entry(
        line_key("us"),
        line=LINE,
        party="us",
        index=index,
        type="message",
        time="2026-11-22T08:00:00.123Z",
        seen={},
        about={"precedence": "routine", "reply_to": None, "conflict": None},
        body=json.dumps({"text": text, "language": "en"}).encode(),
        salt=bytes(range(32)),
    )


def _note(key: str, entries: list[Entry]) -> str:
    root = tree.root_of(tree.leaf_hash(one.leaf) for one in entries)
    place = Checkpoint(checkpoint.origin(LINE, key), len(entries), root)
    return checkpoint.sign_checkpoint(line_key(key), place)


def record() -> dict[str, dict[str, bytes]]:
    """Signed things."""
    one, other = [_entry(n, "a") for n in range(4)], [_entry(n, "b") for n in range(4)]
    note = _note("us", one)
    cosigned = checkpoint.cosign(line_key("us"), "us", _note("ru", []), 1795334400)
    ru_note = checkpoint.sign_checkpoint(
        line_key("ru"), Checkpoint(checkpoint.origin(LINE, "ru"), 4, bytes(32))
    )
    cosignature = checkpoint.cosign(line_key("us"), "us", ru_note, 1795334400)
    history = prove_history(
        LINE, "us", None, [], [entry.envelope for entry in one], _note("us", other)
    )
    envelope: Envelope = one[0].envelope
    card = card_of("us")
    return {
        "bundle": {"message": canonical(entry_to_bundle(one[3]))},
        "card": {"us": card, "ru": card_of("ru"), "next": CARDS["next"]},
        "card-payload": {"us": base64.b64decode(json.loads(card)["payload"])},
        "checkpoint": {
            "text": Checkpoint(checkpoint.origin(LINE, "ru"), 4, bytes(32)).text.encode()
        },
        "envelope": {"message": envelope.to_json()},
        "founding": {"watch": line().raw},
        "header": {"message": envelope.payload},
        "note": {
            "twice": note.encode(),
            "cosigned": checkpoint.with_cosignatures(note, [cosigned]).encode(),
        },
        "proof": {
            "entries": encode_proof(prove_entries(LINE, "us", one[3].envelope, other[3].envelope)),
            "history": encode_proof(history),
        },
        "signature": {"cosignature": cosignature.encode()},
    }


SETTINGS = (
    'party = "us"\nname = "Us"\nlanguages = ["en"]\nendpoint = "https://192.0.2.1:7443"\n'
    'database = "detente.db"\napi = "127.0.0.1:7080"\n'
    'line = "[::1]:7443"\nhosts = []\npoll_s = 3.0\n'
)


def seeds() -> dict[str, dict[str, bytes]]:
    """All of it: by the reader, and by name."""

    def of(values: dict[str, Any]) -> dict[str, bytes]:
        return {
            name: json.dumps(value, ensure_ascii=False).encode() for name, value in values.items()
        }

    terms = template(datetime(2026, 11, 22, tzinfo=UTC))
    return (
        record()
        | by_hand()
        | media.seeds()
        | {
            "carried": of(carried()),
            "peer-answer": of(answers()),
            "shown": of(shown()),
            "witness-call": of(witness_calls()),
            "entries": of(talks()),
            "json": of({"all": [None, True, -1, 1.5e3, "Ж\n\u2028", {"a": {"b": []}}]}),
            "push": of(pushes()),
            "request": of(requests()),
            "settings": {"plain": SETTINGS.encode()},
            "terms": {"standard": encode_terms(line().terms), "witnessed": encode_terms(WITNESSED)},
            "terms-file": {"template": terms.encode()},
            "tile-path": {"leaf": b"tile/0/x001/x234/067", "entries": b"tile/entries/000.p/5"},
        }
    )


def write(folder: Path = CORPUS) -> None:
    """Write them."""
    for kind, named in seeds().items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, data in named.items():
            (folder / kind / name).write_bytes(data)


def load(folder: Path = CORPUS) -> dict[str, dict[str, bytes]]:
    """What the corpus holds, with what was found since, and a request for every route."""
    found = {
        kind.name: {file.name: file.read_bytes() for file in sorted(kind.iterdir())}
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
    }
    found["request"] |= {name: json.dumps(asked).encode() for name, asked in routes().items()}
    return found

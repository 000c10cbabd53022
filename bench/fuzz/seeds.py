"""The corpus: what is in it from the beginning, one valid input or more of each kind.

``./dev bench fuzz --seeds`` writes these files anew; signatures by ML-DSA-44 are other ones each
time. What a run has found stands beside them under its hash, and stays.
"""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.fuzz.readers import LINE, card_of, line, line_key
from detente.cli.terms import template
from detente.line import encode_terms
from detente.record import Checkpoint, Entry, checkpoint, entry_to_bundle, tree, write_entry
from detente.record.envelope import Envelope
from detente.record.proof import encode_proof, prove_entries, prove_history
from detente.record.strict_json import canonical

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "fuzz" / "corpus"

VOLUME = {
    "core": {
        "type": "LineString",
        "coordinates": [[68.8, 36.2], [69.1, 36.2]],
        "edges": "geodesic",
    },
    "radius_m": 9260.0,
    "lower": {"value_m": 7315.2, "reference": "STD"},
    "upper": {"value_m": 7924.8, "reference": "STD"},
    "start": "2026-11-22T09:00:00Z",
    "end": "2026-11-22T10:00:00Z",
}
SQUARE = [[68.5, 36.0], [69.5, 36.0], [69.5, 36.5], [68.5, 36.5], [68.5, 36.0]]
AREA = VOLUME | {
    "core": {"type": "Polygon", "coordinates": [SQUARE], "edges": "straight"},
    "radius_m": 0.0,
    "lower": None,
    "upper": {"value_m": 9000.0, "reference": "MSL"},
}
RELEASED = {"kind": "surveillance", "volumes": [VOLUME], "note": ""}
PLACE = [68.87, 36.65513]
NOTHING: dict[str, Any] = {}


def release(party: str, name: str, **more: Any) -> dict[str, Any]:
    """A release of version 1."""
    about = {"activity": name, "version": 1, "supersedes": None, "form": "exact", "settles": None}
    said = {"party": party, "type": "activity.release", "about": about, "body": RELEASED}
    return said | more


def say(party: str, kind: str, about: dict[str, Any], body: Any = None) -> dict[str, Any]:
    """Any entry."""
    return {
        "party": party,
        "type": kind,
        "about": about,
        "body": {"note": ""} if body is None else body,
    }


def talks() -> dict[str, list[dict[str, Any]]]:
    """What members say to each other, by what it is about."""
    hello = {"precedence": "routine", "reply_to": None, "conflict": None}
    conflict = line_conflict()
    versions = {"ru": "$1", "us": "$0"}
    area = {"kind": "danger area", "volumes": [AREA], "note": ""}
    proposal = {"conflict": conflict, "versions": versions, "moves": "ru"}
    side = {"place": PLACE, "bearing_deg": 45.0, "distance_m": 13000.0}
    commitment = {"sha256": "0" * 64, "subject": "statement", "open_from": None, "open_by": None}
    sides = [release("us", "orbit-1"), release("ru", "drop-2")]
    return {
        "messages": [
            say("us", "message", hello, {"text": "hello", "language": "en"}),
            say("ru", "message", hello | {"reply_to": "$0"}, {"phrase": "say-again", "slots": {}}),
            say("ru", "acknowledgement", {"entry": "$0", "level": "understood"}),
            say("us", "lapse", {"owed_by": "ru", "entry": "$0", "what": "disseminated",
                                "due": "2026-11-22T08:30:00Z"}, NOTHING),
        ],
        "settled": [
            *sides,
            say("us", "proposal", proposal, {"shift": {"time_s": 2700}, "note": ""}),
            say("ru", "proposal.assent", {"proposal": "$2"}),
        ],
        "sideways": [
            *sides,
            say("us", "proposal", proposal, {"shift": side, "note": ""}),
            say("ru", "proposal.decline", {"proposal": "$2"}),
            say("us", "proposal", proposal, {"shift": {"altitude_m": -609.6}, "note": ""}),
            say("us", "proposal", proposal, {"shift": {"volumes": [AREA]}, "note": ""}),
        ],
        "areas": [release("us", "orbit-1"), release("ru", "sca", body=area)],
        "withdrawn": [
            release("us", "orbit-1"),
            say("us", "activity.withdraw",
                {"activity": "orbit-1", "version": 2, "supersedes": "$0"}),
        ],
        "recalled": [
            release("us", "orbit-1"),
            say("us", "recall", {"entry": "$0"}),
            say("ru", "recall.honoured", {"recall": "$1"}, NOTHING),
        ],
        "committed": [
            say("us", "commitment", commitment),
            say("us", "commitment.open", {"commitment": "$0"}, {"text": "so", "language": "en"}),
        ],
        "suspended": [
            say("ru", "line.suspend", {}),
            say("ru", "line.check", {"slot": "2026-11-22T12:00:00Z"}, NOTHING),
            say("ru", "line.resume", {}),
            say("ru", "line.leave", {}),
        ],
        "unknown": [say("ru", "visit.later", {"to": "tj"}, {"anything": [1, 2, {"more": None}]})],
    }  # fmt: skip


def line_conflict() -> str:
    """The id of the conflict of the two activities."""
    from detente.line import conflict_id

    return conflict_id(line().id, ("ru", "drop-2"), ("us", "orbit-1"))


def requests() -> dict[str, dict[str, Any]]:
    """What officers send."""
    on = "/api/v1/lines/$line"
    plan = {"id": "orbit-1", "kind": "surveillance", "volumes": [VOLUME], "title": "orbit"}
    asked: dict[str, tuple[str, str, Any]] = {
        "file": ("POST", "/api/v1/plans", plan),
        "change": ("PUT", "/api/v1/plans/orbit-1", {"kind": "survey", "volumes": [AREA]}),
        "preview": ("POST", "/api/v1/plans/orbit-1/preview", {"line": "$line", "form": "coarse"}),
        "release": ("POST", "/api/v1/plans/orbit-1/release", {"line": "northern-watch"}),
        "withdraw": ("POST", "/api/v1/plans/orbit-1/withdraw", {"line": "northern-watch"}),
        "plans": ("GET", "/api/v1/plans?limit=10", None),
        "import": ("POST", "/api/v1/plans/import?name=a.geojson",
                   {"type": "Feature", "properties": {}, "geometry": {"type": "Point",
                    "coordinates": PLACE}}),
        "message": ("POST", f"{on}/messages", {"text": "hello", "language": "en"}),
        "phrase": ("POST", f"{on}/messages", {"phrase": "say-again", "slots": {}}),
        "recall": ("POST", f"{on}/recalls", {"entry": "$entry", "note": ""}),
        "commit": ("POST", f"{on}/commitments", {"text": "so", "language": "en"}),
        "propose": ("POST", f"{on}/proposals", {"conflict": "0" * 64, "moves": "us",
                    "shift": {"time_s": 60}, "note": ""}),
        "acknowledge": ("POST", f"{on}/acknowledgements", {"entry": "0" * 64,
                        "level": "understood"}),
        "check": ("POST", f"{on}/line-checks", {}),
        "lapse": ("POST", f"{on}/lapses", {"obligation": "x"}),
        "terms": ("POST", f"{on}/terms", json.loads(encode_terms(line().terms))),
        "entries": ("GET", f"{on}/entries?party=us&start=0&limit=5", None),
        "log": ("GET", f"{on}/logs/us?from=0", None),
        "tile": ("GET", f"{on}/logs/us/tile/0/000.p/1", None),
        "conflicts": ("GET", f"{on}/conflicts", None),
        "found": ("POST", "/api/v1/lines/found", {"name": "other", "terms": {}, "cards": []}),
        "officer": ("POST", "/api/v1/officers", {"name": "one", "role": "watch"}),
    }  # fmt: skip
    return {
        name: {
            "method": method,
            "path": path,
            "body": body,
            "as": int(name in ("found", "officer")),
        }
        for name, (method, path, body) in asked.items()
    }


def pushes() -> dict[str, dict[str, Any]]:
    """What a peer pushes."""
    entries = [{name: one[name] for name in ("type", "about", "body")}
               for talk in talks().values() for one in talk if one["party"] == "ru"]  # fmt: skip
    # What names another entry has no place in a push that begins anywhere.
    kept = [one for one in entries if one["type"] != "line.leave" and "$" not in json.dumps(one)]
    return {
        "hello": {"entries": [{}], "from": 0, "note": 0, "with": {}},
        "many": {"entries": [*kept, {}, {}], "from": 0, "note": 1, "with": {"urgent": True}},
        "again": {"entries": [{}], "from": -1, "note": 0, "with": {"checkpoint": None}},
        "cosignatures": {"path": "/logs/us/cosignatures", "raw": '{"checkpoint":"x\\n"}'},
    }


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
        "card": {"us": card, "ru": card_of("ru")},
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
    return record() | {
        "entries": of(talks()),
        "json": of({"all": [None, True, -1, 1.5e3, "Ж\n\u2028", {"a": {"b": []}}]}),
        "push": of(pushes()),
        "request": of(requests()),
        "settings": {"plain": SETTINGS.encode()},
        "terms": {"standard": encode_terms(line().terms)},
        "terms-file": {"template": terms.encode()},
        "tile-path": {"leaf": b"tile/0/x001/x234/067", "entries": b"tile/entries/000.p/5"},
    }


def write(folder: Path = CORPUS) -> None:
    """Write them."""
    for kind, named in seeds().items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, data in named.items():
            (folder / kind / name).write_bytes(data)


def load(folder: Path = CORPUS) -> dict[str, dict[str, bytes]]:
    """What the corpus holds, with what was found since."""
    return {
        kind.name: {file.name: file.read_bytes() for file in sorted(kind.iterdir())}
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
    }
